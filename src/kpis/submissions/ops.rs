//! A submission from rows to answer: rows are resolved, series created and locked, present values read, each row checked,
//! and, unless it is a dry run or an atomic submission with a wrong row, all good rows written.

use super::answer::{Judged, Verdict};
use super::bulk::{self, NewValue, Stamp};
use super::feeding::feed_returns;
use super::input::{Input, Texts, text_fault};
use super::rules::{self, Held, NOT_APPLICABLE, Place, RawRow, Said, Strategy};
use super::second_look::{flag, look_again};
use super::store::{self, NamedSubmission, SubmissionRow};
use super::suggestions;
use crate::calendar::{Period, Span};
use crate::db::dialect::Engine;
use crate::db::{Conn, Steps, by_id, wanted};
use crate::delivery::{Counts, Mode, Outcome, RowError, SubmissionState};
use crate::error::Result;
use crate::events::{self, Event};
use crate::http::{Answerer, Context, Reply};
use crate::kpis::catalogue::rules::KpiStatus;
use crate::kpis::catalogue::rules::terms::TermsOverTime;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::lock_exceptions::store::LockExceptionRow;
use crate::kpis::returns::{deliveries, drafts};
use crate::kpis::series::SeriesKey;
use crate::kpis::sets::assigned::Assigned;
use crate::kpis::{catalogue, lock_exceptions, returns};
use crate::organisations::ops::Covered;
use crate::organisations::store::lives;
use crate::vocabulary::{Basis, Change, Id, Qualifier, Timestamp, Word};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How a submission is processed.
#[derive(Debug, Clone)]
pub struct Terms {
    pub kpi: Option<String>,
    pub dry_run: bool,
    pub mode: Mode,
    pub strategy: Strategy,
    /// Why it is written in spite of locks.
    pub forced: Option<String>,
}

impl Terms {
    /// Locks are passed over by national administrators alone.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn permit(&self, context: &Context) -> Result<()> {
        if self.forced.is_some() { context.reach().require_everything() } else { Ok(()) }
    }
}

/// What the codes of a submission stand for.
#[derive(Default)]
struct Directory {
    kpis: HashMap<String, KpiRow>,
    organisations: HashMap<String, Id>,
    innovations: HashMap<String, Id>,
    /// What is asked of a text that is no code of a KPI, or of an organisation.
    meant: [HashMap<String, String>; 2],
    /// The days on which each organisation exists, as far as they are known.
    lives: HashMap<Id, Span>,
    assigned: Assigned,
    /// What each KPI asked when.
    terms: HashMap<Id, TermsOverTime>,
    /// The lock exceptions that hold at present.
    unlocked: Vec<LockExceptionRow>,
}

impl Directory {
    /// What is asked of whoever sent this text as the code of a KPI (0) or an organisation (1).
    fn meant(&self, what: usize, code: &str) -> &str {
        self.meant.get(what).and_then(|meant| meant.get(code)).map_or("", String::as_str)
    }
}

/// The most rows that are written to SQLite in one step, of a submission that can be written in steps or beside others.
const STEP: usize = 1_000;

/// Processes a submission, and keeps the answer that `render` makes of it.
///
/// On PostgreSQL it is one transaction. SQLite has one writer: there a large submission is judged while others write. An
/// atomic one is then written at once, where nobody wrote the same values meanwhile, and else judged anew; a partial one
/// in steps, between which others write.
///
/// # Errors
/// The database's own; wrong rows are part of the outcome.
pub fn deliver(
    steps: &mut Steps,
    answerer: &Answerer,
    terms: &Terms,
    input: Input,
    render: impl Fn(&Judged) -> Result<Reply>,
) -> Result<Reply> {
    let context = &answerer.context;
    answerer.progress(0, input.rows.len());
    if steps.engine() == Engine::Postgres || input.rows.len() <= STEP {
        return steps.write(|conn| {
            let judged = submit_kpi_values(conn, context, terms, input)?;
            answerer.progress(judged.verdicts.len(), judged.verdicts.len());
            answerer.keep(conn, render(&judged)?)
        });
    }
    // What a job did is there once or not at all, so it is not written in steps.
    let is_whole = |judged: &Judged| judged.is_whole() || answerer.is_of_job();
    let mut judged = steps.snapshot(|conn| {
        let mut judged = resolve(conn, context, terms, input)?;
        if is_whole(&judged) {
            judge(conn, &mut judged)?;
        }
        Ok(judged)
    })?;
    let missing = judged.missing_series();
    for some in missing.chunks(STEP) {
        steps.write_some(|conn| store::ensure_series(conn, some))?;
    }
    if !missing.is_empty() {
        judged.ids = steps.snapshot(|conn| series_ids(conn, &judged.series))?;
    }
    if is_whole(&judged) { at_once(steps, answerer, judged, render) } else { in_steps(steps, answerer, judged, render) }
}

/// Writes a submission that was judged outside the transaction.
fn at_once(
    steps: &mut Steps,
    answerer: &Answerer,
    mut judged: Judged,
    render: impl Fn(&Judged) -> Result<Reply>,
) -> Result<Reply> {
    judged.conclude();
    answerer.progress(judged.verdicts.len(), judged.verdicts.len());
    // A temporary table is nobody else's: filling it holds up nobody.
    let staged = steps.snapshot(|conn| stage(conn, &judged, &judged.places()))?;
    let reply = render(&judged)?;
    steps.write_much(|conn| {
        if !judged.awaits_approval() && (!staged || bulk::fits(conn)?) {
            settle(conn, &answerer.context, &judged, staged)?;
            return answerer.keep(conn, reply);
        }
        judge(conn, &mut judged)?;
        judged.conclude();
        let staged = stage(conn, &judged, &judged.places())?;
        settle(conn, &answerer.context, &judged, staged)?;
        answerer.keep(conn, render(&judged)?)
    })
}

/// Writes a submission a few rows at a time. Its record tells at every moment what was written, and is closed in the end.
fn in_steps(
    steps: &mut Steps,
    answerer: &Answerer,
    mut judged: Judged,
    render: impl Fn(&Judged) -> Result<Reply>,
) -> Result<Reply> {
    judged.row.unfinished = true;
    judged.row.set_counts(Counts { received: judged.row.received, ..Counts::default() });
    steps.write(|conn| store::insert(conn, &judged.row))?;
    for rows in judged.by_period().chunks(STEP) {
        steps.write_some(|conn| {
            judge_some(conn, &mut judged, rows)?;
            look_again(conn, &mut judged, rows)?;
            let places: Vec<usize> = rows.iter().map(|(_, place)| *place).collect();
            if stage(conn, &judged, &places)? {
                bulk::write(conn, judged.stamp())?;
            }
            feed_returns(conn, &answerer.context, &judged, &places)?;
            judged.count(&places);
            store::update_counts(conn, &judged.row)
        })?;
    }
    judged.conclude();
    judged.row.unfinished = false;
    let reply = render(&judged)?;
    steps.write(|conn| {
        store::update_counts(conn, &judged.row)?;
        leave_traces(conn, &answerer.context, &judged)?;
        answerer.keep(conn, reply)
    })
}

/// Closes submissions that were being written in steps when the process ended, or that nobody waited for any more.
///
/// # Errors
/// The database's own.
pub fn close_unfinished(conn: &mut Conn, context: &Context, before: Timestamp) -> Result<()> {
    for row in store::unfinished(conn, before)? {
        store::update_counts(conn, &SubmissionRow { unfinished: false, ..row.clone() })?;
        trace(conn, context, &row, None)?;
    }
    Ok(())
}

/// Processes a submission in the caller's transaction.
///
/// # Errors
/// The database's own; wrong rows are part of the outcome.
pub fn submit_kpi_values(conn: &mut Conn, context: &Context, terms: &Terms, input: Input) -> Result<Judged> {
    let mut judged = resolve(conn, context, terms, input)?;
    let missing = judged.missing_series();
    if !missing.is_empty() {
        store::ensure_series(conn, &missing)?;
        judged.ids = series_ids(conn, &judged.series)?;
    }
    if judged.may_write() {
        store::lock_series(conn, &judged.ids.iter().filter_map(|id| *id).collect::<Vec<_>>())?;
        deliveries::hold(conn, &judged.returns())?;
    }
    judge(conn, &mut judged)?;
    judged.conclude();
    let staged = stage(conn, &judged, &judged.places())?;
    settle(conn, context, &judged, staged)?;
    Ok(judged)
}

/// Finds what the rows name, and checks each on its own.
fn resolve(conn: &mut Conn, context: &Context, terms: &Terms, mut input: Input) -> Result<Judged> {
    let fallback = terms.kpi.clone().or(input.kpi.take());
    let directory = look_up(conn, context, &input, fallback.as_deref())?;
    let organisations: Vec<Id> = directory.organisations.values().copied().collect();
    let mut resolver = Resolver {
        directory: &directory,
        covered: Covered::of(conn, context, context.reach(), &organisations)?,
        context,
        fallback: fallback.as_deref(),
        strategy: terms.strategy,
        forced: terms.forced.is_some(),
        series: Vec::new(),
        by_key: HashMap::new(),
        seen: HashSet::new(),
        illustrative: BTreeSet::new(),
    };
    let verdicts: Verdicts = input.rows.iter_mut().map(|row| resolver.resolve(row, &input.texts)).collect();
    let (series, illustrative) = (std::mem::take(&mut resolver.series), std::mem::take(&mut resolver.illustrative));
    let row = record(context, terms, fallback, verdicts.len(), &series);
    let Directory { kpis, lives, assigned, terms, .. } = directory;
    let owners = terms.iter().filter_map(|(kpi, terms)| Some((*kpi, returns::asked::owner(&assigned, *kpi, terms)?)));
    let owners = owners.collect();
    let kpis = kpis.into_values().map(|kpi| (kpi.id, kpi)).collect();
    let ids = series_ids(conn, &series)?;
    let doubts = BTreeMap::new();
    Ok(Judged { row, verdicts, series, ids, illustrative, kpis, owners, lives, input, doubts })
}

type Verdicts = Vec<Result<Verdict, Vec<RowError>>>;

fn look_up(conn: &mut Conn, context: &Context, input: &Input, fallback: Option<&str>) -> Result<Directory> {
    let mut directory = Directory::default();
    let distinct = |pick: fn(&RawRow) -> Held| -> Vec<&str> {
        let mut places: Vec<Held> = input.rows.iter().map(pick).filter(Option::is_some).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| input.texts.get(place)).collect()
    };
    let sent: Vec<&str> = distinct(|row| row.kpi).into_iter().chain(fallback).collect();
    let codes: Vec<String> = sent.iter().map(|code| code.to_ascii_lowercase()).collect();
    let kpis = catalogue::store::find_by_codes(conn, &codes)?;
    directory.terms = catalogue::history::terms(conn, kpis.iter())?;
    if directory.terms.values().flat_map(TermsOverTime::all).any(|terms| terms.lock_days.is_some()) {
        directory.unlocked = lock_exceptions::store::open(conn, context.now)?;
    }
    let is_known = |code: &str| kpis.iter().any(|kpi| kpi.code.eq_ignore_ascii_case(code));
    let unknown = sent.into_iter().filter(|code| !is_known(code));
    let of_kpis = suggestions::of_kpis(conn, &unknown.collect::<Vec<_>>())?;
    let sent = distinct(|row| row.organisation);
    let codes: Vec<String> = sent.iter().map(|code| code.to_ascii_uppercase()).collect();
    directory.organisations = crate::organisations::store::ids_by_code(conn, &codes)?;
    let unknown = sent.into_iter().filter(|code| !directory.organisations.contains_key(&code.to_ascii_uppercase()));
    directory.meant = [of_kpis, suggestions::of_organisations(conn, &unknown.collect::<Vec<_>>())?];
    let slugs: Vec<String> = distinct(|row| row.innovation).into_iter().map(str::to_ascii_lowercase).collect();
    directory.innovations = store::innovations_by_slug(conn, &slugs)?;
    let organisations: Vec<Id> = directory.organisations.values().copied().collect();
    let mut kinds = HashMap::with_capacity(organisations.len());
    for (id, kind, life) in lives(conn, &organisations)? {
        directory.lives.insert(id, life);
        kinds.insert(id, kind);
    }
    let ids: Vec<Id> = kpis.iter().map(|kpi| kpi.id).collect();
    directory.assigned = Assigned::of(conn, &ids, &kinds)?;
    directory.kpis = kpis.into_iter().map(|kpi| (kpi.code.clone(), kpi)).collect();
    Ok(directory)
}

struct Resolver<'a> {
    directory: &'a Directory,
    covered: Covered,
    context: &'a Context,
    fallback: Option<&'a str>,
    strategy: Strategy,
    /// Whether locks are passed over.
    forced: bool,
    series: Vec<SeriesKey>,
    by_key: HashMap<SeriesKey, u32>,
    seen: HashSet<(u32, NaiveDate)>,
    /// The places of the series that a row says are illustrative.
    illustrative: BTreeSet<u32>,
}

impl Resolver<'_> {
    /// Finds the records a row names and checks the row. Returns every fault of the row.
    fn resolve(&mut self, row: &mut RawRow, texts: &Texts) -> Result<Verdict, Vec<RowError>> {
        let mut errors = Vec::new();
        let kpi = self.kpi(texts.get(row.kpi)).map_err(|error| errors.push(error)).ok();
        let organisation = self.organisation(texts.get(row.organisation)).map_err(|error| errors.push(error)).ok();
        let innovation = self.innovation(texts.get(row.innovation)).map_err(|error| errors.push(error)).ok();
        let said = self.say(kpi, row, texts, &mut errors);
        let Some(kpi) = kpi else { return Err(errors) };
        let period = texts.get(row.period).ok_or_else(|| {
            let example = kpi.period_type.example();
            RowError::new("period-malformed", format!("Expected a period, such as {example}."))
        });
        let period = period.and_then(|text| rules::period(kpi, text, self.context.today()));
        let period = period.map_err(|error| errors.push(error)).ok();
        let breakdown = rules::breakdown(kpi, texts.get(row.breakdown).unwrap_or_default());
        let breakdown = breakdown.map_err(|error| errors.push(error)).ok();
        if let (Some(organisation), Some(innovation)) = (organisation, innovation) {
            errors.extend(self.scope_error(kpi, (organisation, innovation), period));
            errors.extend(period.and_then(|period| self.lock_error(kpi, organisation, period)));
        }
        let (Some(period), Some(breakdown), Some(organisation), Some(innovation), true) =
            (period, breakdown, organisation, innovation, errors.is_empty())
        else {
            return Err(errors);
        };
        let series = self.series(SeriesKey { kpi: kpi.id, organisation, innovation, breakdown });
        if !self.seen.insert((series, period.start())) {
            let detail =
                "An earlier row of this submission has the same KPI, organisation, innovation, breakdown and period.";
            return Err(vec![RowError::new("duplicate-key", detail)]);
        }
        if texts.get(row.illustrative) == Some("true") {
            self.illustrative.insert(series);
        }
        Ok(Verdict { series, period, said, outcome: Outcome::Unchanged, old: None, version: 0 })
    }

    /// The place of a series among those of the submission.
    fn series(&mut self, key: SeriesKey) -> u32 {
        if let Some(place) = self.by_key.get(&key) {
            return *place;
        }
        // At most one a row, of which there are at most half a million.
        let place = self.series.len() as u32;
        self.series.push(key.clone());
        self.by_key.insert(key, place);
        place
    }

    fn kpi(&self, code: Option<&str>) -> Result<&KpiRow, RowError> {
        let code = code
            .or(self.fallback)
            .ok_or_else(|| RowError::new("unknown-kpi", "Name the KPI in the row, in the body or as ?kpi=."))?;
        let kpi = self.directory.kpis.get(&code.to_ascii_lowercase());
        let kpi = kpi.ok_or_else(|| {
            let detail = format!("There is no KPI {}.{}", shown(code), self.directory.meant(0, code));
            RowError::new("unknown-kpi", detail)
        })?;
        if kpi.status == KpiStatus::Live {
            return Ok(kpi);
        }
        Err(RowError::new(
            "not-live",
            format!("The KPI {} is {}. Only live KPIs accept values.", kpi.code, kpi.status.as_str()),
        ))
    }

    fn organisation(&self, code: Option<&str>) -> Result<Id, RowError> {
        let code =
            code.ok_or_else(|| RowError::new("unknown-organisation", "Expected the code of an organisation."))?;
        let found = self.directory.organisations.get(&code.to_ascii_uppercase()).copied();
        found.ok_or_else(|| {
            let detail = format!("There is no organisation {}.{}", shown(code), self.directory.meant(1, code));
            RowError::new("unknown-organisation", detail)
        })
    }

    fn innovation(&self, slug: Option<&str>) -> Result<Id, RowError> {
        let Some(slug) = slug else { return Ok(Id::NONE) };
        let found = self.directory.innovations.get(&slug.to_ascii_lowercase()).copied();
        found.ok_or_else(|| RowError::new("unknown-innovation", format!("There is no innovation {}.", shown(slug))))
    }

    /// Why a row is not the caller's to send, as far as its period is known.
    fn scope_error(
        &self,
        kpi: &KpiRow,
        (organisation, innovation): (Id, Id),
        period: Option<Period>,
    ) -> Option<RowError> {
        let day = period.map_or(Span::ALWAYS.from, Period::start);
        if !self.covered.covers_from(None, Some(organisation), Some(innovation), day) {
            let detail = "Your grants do not let you send values for this organisation in this period.";
            return Some(RowError::new("out-of-scope", detail));
        }
        let assigned = period.is_none_or(|period| self.directory.assigned.asks(kpi.id, organisation, period.end()));
        let detail = "No set that holds this KPI asks this organisation for it in this period.";
        (!assigned).then(|| RowError::new("not-assigned", detail))
    }

    /// Why the period is locked for the organisation.
    fn lock_error(&self, kpi: &KpiRow, organisation: Id, period: Period) -> Option<RowError> {
        if self.forced {
            return None;
        }
        let Directory { assigned, unlocked, terms, .. } = self.directory;
        let lock_days = terms.get(&kpi.id)?.in_force(period).lock_days;
        let set = assigned.set(kpi.id).map(|set| set.id);
        let excepted = || unlocked.iter().any(|row| row.opens(set, kpi.id, organisation, period.end()));
        rules::lock(lock_days, period, self.context.now).filter(|_| !excepted())
    }

    fn say(&self, kpi: Option<&KpiRow>, row: &mut RawRow, texts: &Texts, errors: &mut Vec<RowError>) -> Option<Said> {
        let nothing = row.qualifier.and_then(|place| texts.get(Some(place))) == Change::Set(NOT_APPLICABLE);
        let qualifier =
            if nothing { Change::Keep } else { word::<Qualifier>(row.qualifier, texts, "qualifier", errors) };
        let basis = word::<Basis>(row.basis, texts, "basis", errors);
        if let Change::Set(comment) = &row.comment {
            errors.extend(text_fault("comment", comment));
        }
        errors.extend(row.justification.as_ref().and_then(|text| text_fault("justification", text)));
        if texts.get(row.illustrative).is_some_and(|word| !["true", "false"].contains(&word)) {
            errors.push(RowError::new("unknown-word", "illustrative: expected true or false."));
        }
        if self.strategy == Strategy::Delete {
            return None;
        }
        let (numbers, comment) = (rules::measure(kpi?, row, nothing), std::mem::take(&mut row.comment));
        (row.value, row.numerator, row.denominator) = (None, None, None);
        match numbers {
            Ok((value, numerator, denominator)) => {
                Some(Said { value, numerator, denominator, qualifier, basis, comment })
            }
            Err(faults) => {
                errors.extend(faults);
                None
            }
        }
    }
}

/// A word of a closed list; one that is not on it is kept out, and noted.
fn word<W: Word>(held: Change<Place>, texts: &Texts, name: &str, errors: &mut Vec<RowError>) -> Change<W> {
    match held {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(place) => texts.get(Some(place)).and_then(W::parse).map_or_else(
            || {
                let detail = format!("{name}: expected one of {}.", W::WORDS.join(", "));
                errors.push(RowError::new("unknown-word", detail));
                Change::Keep
            },
            Change::Set,
        ),
    }
}

/// A code as it was sent, short enough to repeat.
fn shown(code: &str) -> String {
    code.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// The ids of the submission's series, of those that are there.
fn series_ids(conn: &mut Conn, keys: &[SeriesKey]) -> Result<Vec<Option<i64>>> {
    let mut by_kpi: HashMap<Id, Vec<Id>> = HashMap::new();
    for key in keys {
        by_kpi.entry(key.kpi).or_default().push(key.organisation);
    }
    let mut found: HashMap<SeriesKey, i64> = HashMap::new();
    for (kpi, organisations) in &mut by_kpi {
        organisations.sort_unstable();
        organisations.dedup();
        found.extend(store::series_of(conn, *kpi, organisations)?.into_iter().map(|(id, key)| (key, id)));
    }
    Ok(keys.iter().map(|key| found.get(key).copied()).collect())
}

/// How many rows are judged at a time, so that the values they are held against never fill the memory.
const AT_A_TIME: usize = 20_000;

/// Judges every good row against the value that is there.
fn judge(conn: &mut Conn, judged: &mut Judged) -> Result<()> {
    for rows in judged.order().chunks(AT_A_TIME) {
        wanted()?;
        judge_some(conn, judged, rows)?;
    }
    look_again(conn, judged, &judged.order())
}

/// As [`judge`], of rows that are named by their series and their place in the submission.
fn judge_some(conn: &mut Conn, judged: &mut Judged, rows: &[(u32, usize)]) -> Result<()> {
    let Judged { verdicts, series, ids, kpis, row, .. } = judged;
    let id_of = |verdict: &Verdict| ids.get(verdict.series as usize).copied().flatten();
    let some = || rows.iter().filter_map(|(_, place)| verdicts.get(*place)?.as_ref().ok());
    let (from, to) = (some().map(|v| v.period.start()).min(), some().map(|v| v.period.start()).max());
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    let number = |verdict: &Verdict| Some(kpis.get(&series.get(verdict.series as usize)?.kpi)?.number);
    let mut there: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
    for verdict in some() {
        if let Some((number, id)) = number(verdict).zip(id_of(verdict)) {
            there.entry(number).or_default().insert(id);
        }
    }
    let (mut present, mut past, mut approved) = (HashMap::new(), HashMap::new(), HashSet::new());
    for (number, ids) in there {
        let ids: Vec<i64> = ids.into_iter().collect();
        let counting = store::present_values(conn, number, &ids, from, to)?;
        let awaits = kpis.values().any(|kpi| kpi.number == number && kpi.approval_required);
        approved.extend(counting.keys().copied().filter(|_| awaits));
        present.extend(counting);
        if awaits {
            // Of what awaits approval the sender knows more than of what counts.
            for draft in drafts::waiting(conn, number, &ids, (from, to))? {
                let at = (draft.series_id, draft.period_start);
                if draft.deleted {
                    present.remove(&at)
                } else {
                    present.insert(at, draft.into())
                };
            }
        }
        past.extend(store::past_versions(conn, &ids, from, to)?);
    }
    for (_, place) in rows {
        let Some(slot) = verdicts.get_mut(*place) else { continue };
        let Ok(verdict) = slot else { continue };
        let at = id_of(verdict).map(|id| (id, verdict.period.start()));
        let before = at.and_then(|at| present.remove(&at));
        match rules::decide(row.strategy, verdict.said.as_ref(), before.as_ref().map(|p| &p.measure)) {
            Err(_) if row.strategy == Strategy::Create && at.is_some_and(|at| approved.contains(&at)) => {
                let detail = "This value is approved already. To amend it, send it with strategy=upsert or update: the amendment waits for approval.";
                *slot = Err(vec![RowError::new("already-approved", detail)]);
            }
            Err(error) => *slot = Err(vec![error]),
            Ok(outcome) => {
                let version = before.as_ref().map(|p| p.version).or(at.and_then(|at| past.get(&at).copied()));
                verdict.outcome = outcome;
                verdict.version = version.unwrap_or(0) + 1;
                verdict.old = before.filter(|_| outcome != Outcome::Unchanged).map(|p| Box::new(p.measure));
            }
        }
    }
    Ok(())
}

/// The record of a submission whose rows are not judged yet.
fn record(
    context: &Context,
    terms: &Terms,
    kpi_code: Option<String>,
    received: usize,
    series: &[SeriesKey],
) -> SubmissionRow {
    let mut organisations = series.iter().map(|key| key.organisation);
    let first = organisations.next();
    SubmissionRow {
        id: Id::generate(),
        kpi_code: kpi_code.map(|code| shown(&code).to_ascii_lowercase()),
        state: if terms.dry_run { SubmissionState::Checked } else { SubmissionState::Accepted },
        dry_run: terms.dry_run,
        mode: terms.mode,
        strategy: terms.strategy,
        // At most half a million rows.
        received: received as i64,
        created: 0,
        updated: 0,
        unchanged: 0,
        deleted: 0,
        rejected: 0,
        organisation_id: first.filter(|first| organisations.all(|other| other == *first)),
        submitted_by: context.actor.subject.clone(),
        submitted_at: context.now.naive_utc(),
        unfinished: false,
        forced_reason: terms.forced.clone(),
    }
}

impl Judged {
    /// Whether the submission is one that may write, by what is known of it so far.
    fn may_write(&self) -> bool {
        let certain_to_fail = self.row.mode == Mode::Atomic && self.verdicts.iter().any(Result::is_err);
        !self.row.dry_run && !certain_to_fail
    }

    /// Whether it is judged and written as a whole.
    fn is_whole(&self) -> bool {
        self.row.mode == Mode::Atomic || self.row.dry_run
    }

    /// The series that must be made before values are written into them, in the order in which everyone makes them.
    fn missing_series(&self) -> Vec<(i32, SeriesKey)> {
        if !self.may_write() || self.row.strategy == Strategy::Delete {
            return Vec::new();
        }
        let missing = self.series.iter().zip(&self.ids).filter(|(_, id)| id.is_none());
        let numbered = missing.filter_map(|(key, _)| Some((self.kpis.get(&key.kpi)?.number, key.clone())));
        let mut missing: Vec<(i32, SeriesKey)> = numbered.collect();
        missing.sort_unstable();
        missing
    }

    /// The good rows by their series and their place in the submission, so that the rows of a series lie together.
    fn order(&self) -> Vec<(u32, usize)> {
        let good = |(place, verdict): (usize, &Result<Verdict, _>)| Some((verdict.as_ref().ok()?.series, place));
        let mut order: Vec<(u32, usize)> = self.verdicts.iter().enumerate().filter_map(good).collect();
        order.sort_unstable();
        order
    }

    /// The same by their periods, as most indexes hold them: so a step writes few of their pages.
    fn by_period(&self) -> Vec<(u32, usize)> {
        let period = |place: usize| Some(self.verdicts.get(place)?.as_ref().ok()?.period.start());
        let mut order = self.order();
        order.sort_by_key(|(_, place)| period(*place));
        order
    }

    /// All rows, by their place.
    fn places(&self) -> Vec<usize> {
        (0..self.verdicts.len()).collect()
    }

    /// Counts what became of these rows, in addition to those counted before.
    fn count(&mut self, places: &[usize]) {
        let mut counts = Counts { received: 0, ..self.row.counts() };
        for verdict in places.iter().filter_map(|place| self.verdicts.get(*place)) {
            counts.add(verdict.as_ref().map_or(Outcome::Rejected, |verdict| verdict.outcome));
        }
        self.row.set_counts(Counts { received: self.row.received, ..counts });
    }

    /// Says what became of all rows, and of the submission.
    fn conclude(&mut self) {
        self.row.set_counts(Counts { received: self.row.received, ..Counts::default() });
        self.count(&self.places());
        if !self.row.dry_run && self.row.mode == Mode::Atomic && self.row.rejected > 0 {
            self.row.state = SubmissionState::Rejected;
            self.row.set_counts(self.row.counts().of_failed());
        }
    }

    fn stamp(&self) -> Stamp {
        Stamp { submission_id: self.row.id, at: self.row.submitted_at }
    }
}

/// Stages the values of these rows, where they are to be written; says whether anything is staged.
fn stage(conn: &mut Conn, judged: &Judged, places: &[usize]) -> Result<bool> {
    if judged.row.state != SubmissionState::Accepted {
        return Ok(false);
    }
    let chosen = places.iter().filter_map(|place| judged.verdicts.get(*place)?.as_ref().ok());
    let value = |verdict: &Verdict| {
        if judged.kpi(verdict)?.approval_required {
            return None;
        }
        Some(NewValue {
            outcome: verdict.outcome,
            kpi_number: judged.kpi(verdict)?.number,
            series_id: judged.id_of(verdict)?,
            period_start: verdict.period.start(),
            measure: verdict.new_measure(),
            version: verdict.version,
            kpi_version: judged.kpi(verdict)?.definition_version,
        })
    };
    let mut values: Vec<NewValue> =
        chosen.filter(|verdict| verdict.outcome != Outcome::Unchanged).filter_map(value).collect();
    // In the order of the primary key, so that the index is written from left to right.
    values.sort_unstable_by_key(|value| (value.kpi_number, value.series_id, value.period_start));
    bulk::stage(conn, judged.stamp(), values)
}

/// Writes the record of a submission and all that was staged of it.
fn settle(conn: &mut Conn, context: &Context, judged: &Judged, staged: bool) -> Result<()> {
    store::insert(conn, &judged.row)?;
    if staged {
        bulk::write(conn, judged.stamp())?;
    }
    feed_returns(conn, context, judged, &judged.places())?;
    leave_traces(conn, context, judged)
}

fn leave_traces(conn: &mut Conn, context: &Context, judged: &Judged) -> Result<()> {
    if judged.row.state == SubmissionState::Accepted {
        let id_of = |place: &u32| judged.ids.get(*place as usize).copied().flatten();
        store::mark_illustrative(conn, &judged.illustrative.iter().filter_map(id_of).collect::<Vec<_>>())?;
        flag(conn, context, judged)?;
        let mut kpis: Vec<&str> = judged.kpis.values().map(|kpi| kpi.code.as_str()).collect();
        kpis.sort_unstable();
        trace(conn, context, &judged.row, Some(&kpis))?;
    }
    super::answer::keep_rejected(conn, context, judged)
}

/// A submission that the caller may see.
///
/// # Errors
/// `not-found`.
pub fn get_kpi_submission(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedSubmission> {
    by_id(id, "submission", |id| store::find(conn, context, id))
}

/// Records the submission, with the KPIs that it is of as far as they are known.
fn trace(conn: &mut Conn, context: &Context, row: &SubmissionRow, kpis: Option<&[&str]>) -> Result<()> {
    let data = json!({ "kpi": row.kpi_code, "kpis": kpis, "strategy": row.strategy, "mode": row.mode, "received": row.received, "created": row.created,
        "updated": row.updated, "unchanged": row.unchanged, "deleted": row.deleted, "rejected": row.rejected, "forced": row.forced_reason });
    let event =
        Event { organisation_id: row.organisation_id, ..Event::new("kpi-submission", &row.id.to_string(), 1, data) };
    events::record(conn, context, event)
}
