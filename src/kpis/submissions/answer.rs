//! The answer about each row: as JSON, the first thousand that matter; as CSV, the sender's own file with three
//! more columns.

use super::input::Input;
use super::quality::Doubt;
use super::rows::{MeasureResponse, SubmissionRowResponse};
use super::rules::{Held, Measure, RawRow, Said};
use super::store::{self, SubmissionLineRow, SubmissionRow};
use crate::calendar::{Period, Span};
use crate::db::json::Json;
use crate::db::{Conn, shares};
use crate::delivery::{MOST_ROWS, OURS, Outcome, RowError, SubmissionState, said};
use crate::error::{Error, Fault, Result};
use crate::http::Context;
use crate::http::csv::Sheet;
use crate::http::workbook::{Cell, Look, Sheets};
use crate::kpis::catalogue::rules::shown_breakdown;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::returns::rules::Owner;
use crate::kpis::series::SeriesKey;
use crate::vocabulary::Id;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most rejected rows kept for later reading, and the most bytes of them: a wrong row of thirty bytes is answered with
/// several hundred.
const MOST_KEPT: usize = 20_000;
const MOST_KEPT_BYTES: usize = 1024 * 1024;
/// What is kept of a text that was sent, and of what is told about it, in characters.
const KEPT_TEXT: usize = 100;
const KEPT_DETAIL: usize = 300;
const KEPT_ERRORS: usize = 5;

/// A good row, and what became of it.
pub struct Verdict {
    /// Which of the submission's series.
    pub series: u32,
    pub period: Period,
    /// `None` for a delete.
    pub said: Option<Said>,
    pub outcome: Outcome,
    /// The value before, where it changes.
    pub old: Option<Box<Measure>>,
    pub version: i32,
}

impl Verdict {
    /// The value after; `None` for a deleted value.
    pub fn new_measure(&self) -> Option<Measure> {
        self.said.as_ref().map(|said| said.over(self.old.as_deref()))
    }
}

/// A submission, judged.
pub struct Judged {
    pub row: SubmissionRow,
    pub verdicts: Vec<Result<Verdict, Vec<RowError>>>,
    pub series: Vec<SeriesKey>,
    /// The ids of those series that are there.
    pub ids: Vec<Option<i64>>,
    /// The places of the series that a row says are illustrative.
    pub illustrative: BTreeSet<u32>,
    pub kpis: HashMap<Id, KpiRow>,
    /// What the returns of each KPI are of; KPIs without returns are not in it.
    pub owners: HashMap<Id, Owner>,
    /// The days on which each organisation exists, as far as they are known.
    pub lives: HashMap<Id, Span>,
    pub input: Input,
    /// What is doubtful of the rows, by their place.
    pub doubts: BTreeMap<usize, Vec<Doubt>>,
}

/// The most warnings of an answer.
pub const MOST_WARNINGS: usize = 1_000;

impl Judged {
    /// Whether nothing was written because a row of an atomic submission is wrong.
    pub fn failed(&self) -> bool {
        self.row.state == SubmissionState::Rejected
    }

    /// The KPI of a good row.
    pub fn kpi(&self, verdict: &Verdict) -> Option<&KpiRow> {
        self.series.get(verdict.series as usize).and_then(|key| self.kpis.get(&key.kpi))
    }

    /// The id of the series of a good row, where it is there.
    pub fn id_of(&self, verdict: &Verdict) -> Option<i64> {
        self.ids.get(verdict.series as usize).copied().flatten()
    }

    /// What deserves a second look, by row: values of periods in which their organisation did not exist, and those that look doubtful
    /// and that nobody justifies.
    pub fn warnings(&self) -> BTreeMap<usize, Vec<Fault>> {
        let of = |(index, verdict): (usize, &Result<Verdict, _>)| {
            let verdict = verdict.as_ref().ok().filter(|verdict| verdict.said.is_some())?;
            let doubts = self.doubts.get(&index).filter(|_| self.justification(index).is_none());
            let doubts = doubts.into_iter().flatten().map(|doubt| (doubt.code, doubt.detail.clone()));
            let outside = self.outside_life(index, verdict).map(|detail| ("outside-life", detail));
            let fault = |(code, detail)| Fault::new(self.input.pointer(index, Some(code)), code, detail);
            let faults: Vec<Fault> = outside.into_iter().chain(doubts).map(fault).collect();
            (!faults.is_empty()).then_some((index, faults))
        };
        self.verdicts.iter().enumerate().filter_map(of).take(MOST_WARNINGS).collect()
    }

    /// Why a row is right though it looks doubtful.
    pub fn justification(&self, index: usize) -> Option<&str> {
        self.input.rows.get(index)?.justification.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    fn outside_life(&self, index: usize, verdict: &Verdict) -> Option<String> {
        let life = self.lives.get(&self.series.get(verdict.series as usize)?.organisation)?;
        if life.meet(verdict.period.days()).is_some() {
            return None;
        }
        let code = self.input.texts.get(self.input.rows.get(index)?.organisation)?.to_ascii_uppercase();
        Some(format!("{code} exists {}, and not in {}.", life.in_words(), verdict.period.label()))
    }

    /// The rows of the answer, rejected first, then changed, each by line; and whether there are more.
    pub fn rows(&self) -> (Vec<SubmissionRowResponse>, bool) {
        let rejected = self.verdicts.iter().enumerate().filter(|(_, verdict)| verdict.is_err());
        let changes = |verdict: &Verdict| verdict.outcome != Outcome::Unchanged && !self.failed();
        let changed = self.verdicts.iter().enumerate().filter(|(_, v)| v.as_ref().is_ok_and(changes));
        let mut rows: Vec<_> =
            rejected.chain(changed).filter_map(|(index, _)| self.row(index)).take(MOST_ROWS + 1).collect();
        let truncated = rows.len() > MOST_ROWS;
        rows.truncate(MOST_ROWS);
        (rows, truncated)
    }

    /// The rejected rows that are kept for later reading, in short.
    pub fn kept(&self) -> Vec<(usize, SubmissionRowResponse)> {
        let rejected = self.verdicts.iter().enumerate().filter(|(_, verdict)| verdict.is_err()).take(MOST_KEPT);
        let mut room = MOST_KEPT_BYTES;
        let in_short = rejected.filter_map(|(index, _)| Some((index, shortened(self.row(index)?))));
        in_short
            .map_while(|(index, row)| {
                room = room.checked_sub(size(&row))?;
                Some((index, row))
            })
            .collect()
    }

    fn row(&self, index: usize) -> Option<SubmissionRowResponse> {
        let (raw, verdict) = (self.input.rows.get(index)?, self.verdicts.get(index)?);
        let first = verdict.as_ref().err().and_then(|errors| errors.first());
        let (line, pointer) = (raw.line, self.input.pointer(index, first.map(|error| &*error.code)));
        Some(match verdict {
            Err(errors) => {
                let (outcome, errors, key) = (Outcome::Rejected, errors.clone(), self.sent_key(raw));
                SubmissionRowResponse { line, pointer, outcome, errors, key, old: None, new: None }
            }
            Ok(verdict) => {
                let decimals = self.kpi(verdict).map_or(0, KpiRow::decimals_u8);
                let after = verdict.new_measure().filter(|_| verdict.outcome != Outcome::Unchanged);
                SubmissionRowResponse {
                    line,
                    pointer,
                    outcome: verdict.outcome,
                    errors: Vec::new(),
                    key: self.key(verdict, raw),
                    old: verdict.old.as_ref().map(|measure| MeasureResponse::of(measure, decimals)),
                    new: after.as_ref().map(|measure| MeasureResponse::of(measure, decimals)),
                }
            }
        })
    }

    /// The key of a row that was refused, in its own words.
    fn sent_key(&self, raw: &RawRow) -> Map<String, Value> {
        let text = |held: Held| self.input.texts.get(held);
        let parts = [
            ("kpi", text(raw.kpi).or(self.row.kpi_code.as_deref())),
            ("organisation", text(raw.organisation)),
            ("innovation", text(raw.innovation)),
            ("period", text(raw.period)),
            ("breakdown", text(raw.breakdown)),
        ];
        parts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))).collect()
    }

    /// The key as the register writes it: codes in their stored case, the period by its label.
    fn key(&self, verdict: &Verdict, raw: &RawRow) -> Map<String, Value> {
        let mut key = Map::new();
        let organisation = self.input.texts.get(raw.organisation).map(str::to_ascii_uppercase);
        key.insert("kpi".to_owned(), json!(self.kpi(verdict).map(|kpi| kpi.code.as_str())));
        key.insert("organisation".to_owned(), json!(organisation));
        if let Some(slug) = self.input.texts.get(raw.innovation).map(str::to_ascii_lowercase) {
            key.insert("innovation".to_owned(), json!(slug));
        }
        key.insert("period".to_owned(), json!(verdict.period.label()));
        let breakdown = self.series.get(verdict.series as usize).map_or("", |series| series.breakdown.as_str());
        if !breakdown.is_empty() {
            key.insert("breakdown".to_owned(), shown_breakdown(breakdown));
        }
        key
    }
}

/// A rejected row without what nobody needs for mending it.
fn shortened(mut row: SubmissionRowResponse) -> SubmissionRowResponse {
    let cut = |text: &str, most: usize| text.char_indices().nth(most).map(|(end, _)| format!("{}…", &text[..end]));
    row.errors.truncate(KEPT_ERRORS);
    for error in &mut row.errors {
        if let Some(short) = cut(&error.detail, KEPT_DETAIL) {
            error.detail = short.into();
        }
    }
    for value in row.key.values_mut() {
        if let Some(short) = value.as_str().and_then(|text| cut(text, KEPT_TEXT)) {
            *value = Value::String(short);
        }
    }
    row
}

/// About how many bytes a rejected row takes in the database.
fn size(row: &SubmissionRowResponse) -> usize {
    const BESIDE: usize = 200;
    let key: usize = row.key.iter().map(|(name, value)| name.len() + value.as_str().map_or(20, str::len) + 6).sum();
    let errors: usize = row.errors.iter().map(|error| error.code.len() + error.detail.len() + 24).sum();
    BESIDE + key + errors
}

/// Keeps the rejected rows for seven days, and counts them towards what their sender may have stored.
pub fn keep_rejected(conn: &mut Conn, context: &Context, judged: &Judged) -> Result<()> {
    let kept = judged.kept();
    let bytes: usize = kept.iter().map(|(_, row)| size(row)).sum();
    let row = |(index, document)| {
        Ok(SubmissionLineRow {
            submission_id: judged.row.id,
            line: index as i64,
            outcome: Outcome::Rejected,
            document: Json::new(document)?,
            updated_at: judged.row.submitted_at,
        })
    };
    store::insert_lines(conn, &kept.into_iter().map(row).collect::<Result<Vec<_>>>()?)?;
    shares::take(conn, &context.actor.subject, context.now, bytes as u64, None)
}

/// What is told of a row, with what deserves a second look where nothing is wrong with it.
fn warned([outcome, problem, expected]: [String; 3], warnings: Option<&Vec<Fault>>) -> [String; 3] {
    match warnings.filter(|_| problem.is_empty()) {
        Some(warnings) => {
            let joined = |part: fn(&Fault) -> &str| warnings.iter().map(part).collect::<Vec<_>>().join("; ");
            [outcome, joined(|warning| warning.code), joined(|warning| &warning.detail)]
        }
        None => [outcome, problem, expected],
    }
}

/// The same three columns for a delivery that was JSON: a line for each of the first `most` rows of the answer, below the names
/// of the columns.
pub fn lines(judged: &Judged, most: usize) -> Vec<Vec<String>> {
    const KEY: [&str; 5] = ["kpi", "organisation", "innovation", "period", "breakdown"];
    let header = ["line"].into_iter().chain(KEY).chain(OURS).map(str::to_owned).collect();
    let mut warnings: HashMap<String, Vec<Fault>> = HashMap::new();
    for (index, faults) in judged.warnings() {
        warnings.entry(judged.input.pointer(index, None)).or_default().extend(faults);
    }
    let line = |row: SubmissionRowResponse| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let key = KEY.map(|name| row.key.get(name).map(text).unwrap_or_default());
        let verdict = if row.errors.is_empty() { Ok(row.outcome) } else { Err(row.errors.as_slice()) };
        let ours = warned(said(verdict, false), warnings.get(&row.pointer));
        [row.line.to_string()].into_iter().chain(key).chain(ours).collect()
    };
    std::iter::once(header).chain(judged.rows().0.into_iter().take(most).map(line)).collect()
}

/// [`lines`] as CSV.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn as_csv(judged: &Judged, most: usize) -> Result<Vec<u8>> {
    let mut sheet = Sheet::without_header();
    lines(judged, most).iter().try_for_each(|line| sheet.row(line))?;
    sheet.finish()
}

/// [`lines`] as a workbook.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn as_book(judged: &Judged, most: usize) -> Result<Vec<u8>> {
    let lines = lines(judged, most);
    let (header, rows) = lines.split_first().ok_or_else(|| Error::internal("no header"))?;
    let mut sheets = Sheets::with_header(header.iter().map(String::as_str))?;
    rows.iter().try_for_each(|line| sheets.row(line.iter().map(|text| (Cell::Text(text), Look::Plain))))?;
    sheets.finish()
}
