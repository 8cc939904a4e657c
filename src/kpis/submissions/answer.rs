//! What a sender is told of each row: as JSON, the first thousand that matter; as CSV, the sender's own file with three
//! columns more.

use super::input::{Input, csv_reader};
use super::ops::Terms;
use super::rules::{Counts, Measure, Mode, Outcome, RowError, Strategy, SubmissionState};
use super::store::{self, SubmissionLineRow, SubmissionRow};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::kpis::catalogue::rules::split_breakdown;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::numbers::format_scaled;
use crate::kpis::periods::Period;
use crate::kpis::series::SeriesKey;
use crate::vocabulary::Id;
use serde_json::{Map, Value, json, value::RawValue};
use std::collections::HashMap;
use std::fs::File;

/// The most rows an answer holds.
pub const MOST_TOLD: usize = 1000;
/// The most rejected rows kept for later reading.
const MOST_KEPT: usize = 20_000;

/// What became of a good row.
pub struct Verdict {
    pub series: usize,
    pub period: Period,
    pub outcome: Outcome,
    pub old: Option<Measure>,
    pub new: Option<Measure>,
    pub version: i32,
}

/// A submission, judged.
pub struct Judged {
    pub row: SubmissionRow,
    pub terms: Terms,
    pub counts: Counts,
    pub verdicts: Vec<Result<Verdict, Vec<RowError>>>,
    pub series: Vec<SeriesKey>,
    pub kpis: HashMap<Id, KpiRow>,
    pub input: Input,
}

impl Default for Judged {
    fn default() -> Self {
        let terms = Terms { kpi: None, dry_run: false, mode: Mode::Atomic, strategy: Strategy::Upsert };
        let row = SubmissionRow {
            id: Id::NONE,
            kpi_code: None,
            state: SubmissionState::Checked,
            dry_run: false,
            mode: Mode::Atomic,
            strategy: Strategy::Upsert,
            received: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            deleted: 0,
            rejected: 0,
            organisation_id: None,
            submitted_by: String::new(),
            submitted_at: chrono::NaiveDateTime::default(),
        };
        Self {
            row,
            terms,
            counts: Counts::default(),
            verdicts: Vec::new(),
            series: Vec::new(),
            kpis: HashMap::new(),
            input: Input::default(),
        }
    }
}

impl Judged {
    /// Whether nothing was written because a row of an atomic submission is wrong.
    pub fn failed(&self) -> bool {
        self.row.state == SubmissionState::Rejected
    }

    /// The rows to tell: rejected first, then changed, each by line; and whether there were more.
    pub fn told(&self) -> (Vec<Value>, bool) {
        let rejected = self.verdicts.iter().enumerate().filter(|(_, verdict)| verdict.is_err());
        let changed =
            self.verdicts.iter().enumerate().filter(|(_, v)| v.as_ref().is_ok_and(|v| v.outcome != Outcome::Unchanged));
        let rows: Vec<Value> = rejected.chain(changed).take(MOST_TOLD + 1).map(|(index, _)| self.tell(index)).collect();
        let truncated = rows.len() > MOST_TOLD;
        (rows.into_iter().take(MOST_TOLD).collect(), truncated)
    }

    fn tell(&self, index: usize) -> Value {
        let (Some(raw), Some(verdict)) = (self.input.rows.get(index), self.verdicts.get(index)) else {
            return Value::Null;
        };
        let mut row = json!({ "line": raw.line, "pointer": format!("/rows/{index}") });
        match verdict {
            Err(errors) => {
                let text = |at: Option<u32>| at.map(|at| self.input.texts.get(at));
                let mut key = Map::new();
                let kpi = text(raw.kpi).or(self.row.kpi_code.as_deref());
                for (name, said) in [
                    ("kpi", kpi),
                    ("organisation", text(raw.organisation)),
                    ("innovation", text(raw.innovation)),
                    ("period", text(raw.period)),
                    ("breakdown", text(raw.breakdown)),
                ] {
                    key.extend(said.map(|said| (name.to_owned(), json!(said))));
                }
                row["outcome"] = json!(Outcome::Rejected);
                row["errors"] =
                    errors.iter().map(|error| json!({ "code": error.code, "detail": error.detail })).collect();
                row["key"] = Value::Object(key);
                row["old"] = Value::Null;
                row["new"] = Value::Null;
            }
            Ok(verdict) => {
                row["outcome"] = json!(verdict.outcome);
                row["errors"] = json!([]);
                row["key"] = self.key(verdict, raw);
                let decimals = self.decimals(verdict);
                row["old"] = verdict.old.as_ref().map_or(Value::Null, |measure| tell_measure(measure, decimals));
                row["new"] = verdict.new.as_ref().map_or(Value::Null, |measure| tell_measure(measure, decimals));
            }
        }
        row
    }

    fn kpi(&self, verdict: &Verdict) -> Option<&KpiRow> {
        self.series.get(verdict.series).and_then(|key| self.kpis.get(&key.kpi))
    }

    fn decimals(&self, verdict: &Verdict) -> u8 {
        self.kpi(verdict).map_or(0, KpiRow::decimals_u8)
    }

    /// The key as the register writes it: codes in their own case, the period's own label.
    fn key(&self, verdict: &Verdict, raw: &super::rules::RawRow) -> Value {
        let mut key = Map::new();
        let organisation = raw.organisation.map(|at| self.input.texts.get(at).to_ascii_uppercase());
        key.insert("kpi".to_owned(), json!(self.kpi(verdict).map(|kpi| kpi.code.as_str())));
        key.insert("organisation".to_owned(), json!(organisation));
        if let Some(slug) = raw.innovation.map(|at| self.input.texts.get(at).to_ascii_lowercase()) {
            key.insert("innovation".to_owned(), json!(slug));
        }
        key.insert("period".to_owned(), json!(verdict.period.label()));
        let breakdown = self.series.get(verdict.series).map_or("", |series| series.breakdown.as_str());
        if !breakdown.is_empty() {
            key.insert("breakdown".to_owned(), tell_breakdown(breakdown));
        }
        Value::Object(key)
    }
}

/// A breakdown as it may be sent: its member alone where there is one dimension.
pub fn tell_breakdown(canonical: &str) -> Value {
    let members = split_breakdown(canonical);
    match members.values().next() {
        Some(only) if members.len() == 1 => json!(only),
        _ => json!(members),
    }
}

fn tell_measure(measure: &Measure, decimals: u8) -> Value {
    let number = |scaled: i64| serde_json::from_str::<Value>(&format_scaled(scaled, decimals)).unwrap_or(Value::Null);
    let mut told = json!({ "value": number(measure.value), "qualifier": measure.qualifier, "basis": measure.basis });
    if let (Some(numerator), Some(denominator)) = (measure.numerator, measure.denominator) {
        told["numerator"] = number(numerator);
        told["denominator"] = number(denominator);
    }
    if let Some(comment) = &measure.comment {
        told["comment"] = json!(comment);
    }
    told
}

/// Keeps the rejected rows, so that all of them can be read for seven days.
///
/// # Errors
/// The database's own.
pub fn keep_rejected(conn: &mut Conn, judged: &Judged) -> Result<()> {
    let rejected = judged.verdicts.iter().enumerate().filter(|(_, verdict)| verdict.is_err()).take(MOST_KEPT);
    for (index, _) in rejected {
        let row = SubmissionLineRow {
            submission_id: judged.row.id,
            line: index as i64,
            outcome: Outcome::Rejected.as_str().to_owned(),
            document: judged.tell(index).to_string(),
        };
        store::insert_line(conn, row)?;
    }
    Ok(())
}

/// A JSON text as it is, without reading it again.
pub fn raw(document: String) -> Box<RawValue> {
    RawValue::from_string(document).unwrap_or_default()
}

/// The sender's own file with `outcome`, `problem` and `expected` beside each row. Mended, it can be sent as it is.
///
/// # Errors
/// `internal` when the spooled file cannot be read again.
pub fn annotate(file: File, judged: &Judged) -> Result<Vec<u8>> {
    const OURS: [&str; 3] = ["outcome", "problem", "expected"];
    let mut reader = csv_reader(file);
    let headers = reader.headers().map_err(Error::internal)?.clone();
    let theirs: Vec<usize> =
        headers.iter().enumerate().filter(|(_, name)| !OURS.contains(&name.trim())).map(|(index, _)| index).collect();
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let own = |record: &csv::StringRecord| -> Vec<String> {
        theirs.iter().map(|index| record.get(*index).unwrap_or_default().to_owned()).collect()
    };
    writer.write_record(own(&headers).iter().map(String::as_str).chain(OURS)).map_err(Error::internal)?;
    for (record, verdict) in reader.records().zip(&judged.verdicts) {
        let record = record.map_err(Error::internal)?;
        let (outcome, problem, expected) = match verdict {
            Ok(_) if judged.failed() => ("not-written", String::new(), String::new()),
            Ok(verdict) => (verdict.outcome.as_str(), String::new(), String::new()),
            Err(errors) => {
                let join = |part: fn(&RowError) -> &str| errors.iter().map(part).collect::<Vec<_>>().join("; ");
                (Outcome::Rejected.as_str(), join(|error| error.code), join(|error| &error.detail))
            }
        };
        let cells = own(&record).into_iter().chain([outcome.to_owned(), problem, expected]);
        writer.write_record(cells.map(|cell| crate::http::reply::harmless(&cell))).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}

/// The same three columns for a delivery that was JSON: one line a row that is told.
pub fn as_csv(judged: &Judged) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer
        .write_record([
            "line",
            "kpi",
            "organisation",
            "innovation",
            "period",
            "breakdown",
            "outcome",
            "problem",
            "expected",
        ])
        .map_err(Error::internal)?;
    for row in judged.told().0 {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
        };
        let key = |name: &str| row.pointer(&format!("/key/{name}")).map(text).unwrap_or_default();
        let errors = row["errors"].as_array().cloned().unwrap_or_default();
        let join = |name: &str| errors.iter().map(|error| text(&error[name])).collect::<Vec<_>>().join("; ");
        let cells = [
            text(&row["line"]),
            key("kpi"),
            key("organisation"),
            key("innovation"),
            key("period"),
            key("breakdown"),
            text(&row["outcome"]),
            join("code"),
            join("detail"),
        ];
        writer.write_record(cells.iter().map(|cell| crate::http::reply::harmless(cell))).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}
