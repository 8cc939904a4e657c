//! A submission from rows to answer. Everything here runs in the one transaction it is given: rows are resolved, series
//! made and locked, the values that are there read, each row judged, and, unless it is a dry run or an atomic one with
//! a wrong row, all good rows written.

use super::answer::Judged;
use super::bulk::{self, NewValue, Stamp};
use super::input::{Input, comment_fault};
use super::rules::{self, Counts, Measure, Mode, Outcome, RawRow, RowError, Said, Strategy, SubmissionState};
use super::store::{self, SubmissionRow};
use crate::auth::Reach;
use crate::context::Context;
use crate::db::Conn;
use crate::error::Result;
use crate::events::{self, Event};
use crate::kpis::catalogue::rules::KpiStatus;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::periods::Period;
use crate::kpis::series::SeriesKey;
use crate::kpis::{catalogue, sets};
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// How a submission is to be taken.
#[derive(Debug, Clone)]
pub struct Terms {
    pub kpi: Option<String>,
    pub dry_run: bool,
    pub mode: Mode,
    pub strategy: Strategy,
}

/// A row that refers to things that are there.
pub struct Resolved {
    /// Which of the submission's series.
    pub series: usize,
    pub period: Period,
    pub said: Option<Said>,
}

/// What is known of a KPI for this submission.
pub struct KpiFacts {
    pub row: KpiRow,
    /// `None` where every organisation may send values.
    assigned: Option<HashSet<Id>>,
}

/// What the codes of a submission stand for.
#[derive(Default)]
struct Directory {
    kpis: HashMap<String, KpiFacts>,
    organisations: HashMap<String, Id>,
    innovations: HashMap<String, Id>,
    reachable: HashSet<Id>,
}

/// Takes a submission.
///
/// # Errors
/// The database's own; wrong rows are part of the outcome.
pub fn submit_kpi_values(conn: &mut Conn, context: &Context, terms: &Terms, mut input: Input) -> Result<Judged> {
    let reach = context.reach();
    let fallback = terms.kpi.clone().or(input.kpi.take());
    let directory = look_up(conn, context, &reach, &input, fallback.as_deref())?;
    let mut resolver = Resolver {
        directory: &directory,
        reach: &reach,
        context,
        fallback: fallback.as_deref(),
        strategy: terms.strategy,
        series: Vec::new(),
        by_key: HashMap::new(),
        seen: HashSet::new(),
    };
    let resolved: Vec<Result<Resolved, Vec<RowError>>> =
        input.rows.iter().map(|row| resolver.resolve(row, &input)).collect();
    let keys = std::mem::take(&mut resolver.series);
    let certain_to_fail = terms.mode == Mode::Atomic && resolved.iter().any(Result::is_err);
    let writes = !terms.dry_run && !certain_to_fail;
    let ids = series_ids(conn, &keys, writes && terms.strategy != Strategy::Delete)?;
    if writes {
        store::lock_series(conn, &ids.iter().filter_map(|id| *id).collect::<Vec<_>>())?;
    }
    let mut judged = judge(conn, terms.strategy, resolved, &ids)?;
    judged.terms = terms.clone();
    judged.kpis = directory.kpis.into_values().map(|facts| (facts.row.id, facts.row)).collect();
    judged.series = keys;
    judged.input = input;
    let failed = terms.mode == Mode::Atomic && judged.counts.rejected > 0;
    judged.row = record(context, terms, fallback, &judged, failed);
    store::insert(conn, &judged.row)?;
    if writes && !failed {
        write(conn, context, &judged, &ids)?;
        trace(conn, context, &judged)?;
    }
    super::answer::keep_rejected(conn, &judged)?;
    Ok(judged)
}

fn look_up(
    conn: &mut Conn,
    context: &Context,
    reach: &Reach,
    input: &Input,
    fallback: Option<&str>,
) -> Result<Directory> {
    let mut directory = Directory::default();
    let distinct = |pick: fn(&RawRow) -> Option<u32>| -> Vec<&str> {
        let mut indexes: Vec<u32> = input.rows.iter().filter_map(pick).collect();
        indexes.sort_unstable();
        indexes.dedup();
        indexes.into_iter().map(|index| input.texts.get(index)).collect()
    };
    for code in distinct(|row| row.kpi).into_iter().chain(fallback) {
        let code = code.to_ascii_lowercase();
        if !directory.kpis.contains_key(&code)
            && let Some(row) = catalogue::store::find(conn, &code)?
        {
            let assigned = sets::store::assigned(conn, row.id, context.today())?;
            directory.kpis.insert(code, KpiFacts { row, assigned });
        }
    }
    let codes: Vec<String> = distinct(|row| row.organisation).into_iter().map(str::to_ascii_uppercase).collect();
    directory.organisations = store::organisations_by_code(conn, &codes)?;
    let slugs: Vec<String> = distinct(|row| row.innovation).into_iter().map(str::to_ascii_lowercase).collect();
    directory.innovations = store::innovations_by_slug(conn, &slugs)?;
    if !reach.everything {
        let ids: Vec<Id> = directory.organisations.values().copied().collect();
        directory.reachable =
            crate::organisations::store::those_below(conn, &reach.organisations, &ids, context.today())?;
    }
    Ok(directory)
}

struct Resolver<'a> {
    directory: &'a Directory,
    reach: &'a Reach,
    context: &'a Context,
    fallback: Option<&'a str>,
    strategy: Strategy,
    series: Vec<SeriesKey>,
    by_key: HashMap<SeriesKey, usize>,
    seen: HashSet<(usize, NaiveDate)>,
}

impl Resolver<'_> {
    /// Finds what a row refers to and checks what it says; every fault of the row is told.
    fn resolve(&mut self, row: &RawRow, input: &Input) -> Result<Resolved, Vec<RowError>> {
        let mut errors = Vec::new();
        let text = |index: Option<u32>| index.map(|index| input.texts.get(index));
        let kpi = self.kpi(text(row.kpi)).map_err(|error| errors.push(error)).ok();
        let organisation = self.organisation(text(row.organisation)).map_err(|error| errors.push(error)).ok();
        let innovation = self.innovation(text(row.innovation)).map_err(|error| errors.push(error)).ok();
        let said = self.say(kpi, row, input, &mut errors);
        let Some(facts) = kpi else { return Err(errors) };
        let period = text(row.period).ok_or_else(|| {
            RowError::new(
                "period-malformed",
                format!("Expected a period, such as {}.", facts.row.period_type.example()),
            )
        });
        let today = self.context.today();
        let period = period
            .and_then(|text| rules::period(&facts.row, text, today, self.context.now))
            .map_err(|error| errors.push(error))
            .ok();
        let breakdown = rules::breakdown(&facts.row, text(row.breakdown).unwrap_or_default())
            .map_err(|error| errors.push(error))
            .ok();
        if let (Some(organisation), Some(innovation)) = (organisation, innovation) {
            errors.extend(self.scope_error(facts, organisation, innovation));
        }
        let (Some(period), Some(breakdown), Some(organisation), Some(innovation), true) =
            (period, breakdown, organisation, innovation, errors.is_empty())
        else {
            return Err(errors);
        };
        let key = SeriesKey { kpi: facts.row.id, organisation, innovation, breakdown };
        let series = match self.by_key.get(&key) {
            Some(index) => *index,
            None => {
                self.series.push(key.clone());
                self.by_key.insert(key, self.series.len() - 1);
                self.series.len() - 1
            }
        };
        if !self.seen.insert((series, period.start())) {
            return Err(vec![RowError::new(
                "duplicate-key",
                "An earlier row of this submission has the same KPI, organisation, innovation, breakdown and period.",
            )]);
        }
        Ok(Resolved { series, period, said })
    }

    fn kpi(&self, code: Option<&str>) -> Result<&KpiFacts, RowError> {
        let code = code
            .or(self.fallback)
            .ok_or_else(|| RowError::new("unknown-kpi", "Name the KPI in the row, in the body or as ?kpi=."))?;
        let facts = self.directory.kpis.get(&code.to_ascii_lowercase());
        let facts = facts.ok_or_else(|| RowError::new("unknown-kpi", format!("There is no KPI {}.", shown(code))))?;
        if facts.row.status == KpiStatus::Live {
            return Ok(facts);
        }
        Err(RowError::new(
            "not-live",
            format!(
                "The KPI {} is {}; values are taken for live KPIs only.",
                facts.row.code,
                facts.row.status.as_str()
            ),
        ))
    }

    fn organisation(&self, code: Option<&str>) -> Result<Id, RowError> {
        let code =
            code.ok_or_else(|| RowError::new("unknown-organisation", "Expected the code of an organisation."))?;
        let found = self.directory.organisations.get(&code.to_ascii_uppercase()).copied();
        found.ok_or_else(|| RowError::new("unknown-organisation", format!("There is no organisation {}.", shown(code))))
    }

    fn innovation(&self, slug: Option<&str>) -> Result<Id, RowError> {
        let Some(slug) = slug else { return Ok(Id::NONE) };
        let found = self.directory.innovations.get(&slug.to_ascii_lowercase()).copied();
        found.ok_or_else(|| RowError::new("unknown-innovation", format!("There is no innovation {}.", shown(slug))))
    }

    fn scope_error(&self, facts: &KpiFacts, organisation: Id, innovation: Id) -> Option<RowError> {
        let inside = self.reach.everything
            || self.directory.reachable.contains(&organisation)
            || (innovation != Id::NONE && self.reach.innovations.contains(&innovation));
        if !inside {
            return Some(RowError::new(
                "out-of-scope",
                "Your grants do not let you send values for this organisation.",
            ));
        }
        let assigned = facts.assigned.as_ref().is_none_or(|assigned| assigned.contains(&organisation));
        (!assigned).then(|| RowError::new("not-assigned", "No set that holds this KPI asks it of this organisation."))
    }

    fn say(&self, kpi: Option<&KpiFacts>, row: &RawRow, input: &Input, errors: &mut Vec<RowError>) -> Option<Said> {
        let mut word = |index: Option<u32>, name: &str, expected: &[&str]| {
            let text = index.map(|index| input.texts.get(index))?;
            if !expected.contains(&text) {
                errors.push(RowError::new("unknown-word", format!("{name}: expected one of {}.", expected.join(", "))));
            }
            Some(text)
        };
        use crate::vocabulary::Word;
        let qualifier = word(row.qualifier, "qualifier", Qualifier::WORDS).and_then(Qualifier::parse);
        let basis = word(row.basis, "basis", Basis::WORDS).and_then(Basis::parse);
        errors.extend(row.comment.as_deref().and_then(comment_fault));
        if self.strategy == Strategy::Delete {
            return None;
        }
        match rules::measure(&kpi?.row, row) {
            Ok((value, numerator, denominator)) => {
                Some(Said { value, numerator, denominator, qualifier, basis, comment: row.comment.clone() })
            }
            Err(faults) => {
                errors.extend(faults);
                None
            }
        }
    }
}

/// A code as it was sent, short enough to repeat.
fn shown(code: &str) -> String {
    code.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// The ids of the submission's series, made where they are not there yet and may be.
fn series_ids(conn: &mut Conn, keys: &[SeriesKey], make: bool) -> Result<Vec<Option<i64>>> {
    let mut by_kpi: HashMap<Id, Vec<Id>> = HashMap::new();
    for key in keys {
        by_kpi.entry(key.kpi).or_default().push(key.organisation);
    }
    let mut find = |conn: &mut Conn| -> Result<HashMap<SeriesKey, i64>> {
        let mut found = HashMap::new();
        for (kpi, organisations) in &mut by_kpi {
            organisations.sort_unstable();
            organisations.dedup();
            found.extend(store::series_of(conn, *kpi, organisations)?.into_iter().map(|(id, key)| (key, id)));
        }
        Ok(found)
    };
    let mut found = find(conn)?;
    let mut missing: Vec<SeriesKey> = keys.iter().filter(|key| !found.contains_key(key)).cloned().collect();
    if make && !missing.is_empty() {
        missing.sort_unstable();
        store::ensure_series(conn, &missing)?;
        found = find(conn)?;
    }
    Ok(keys.iter().map(|key| found.get(key).copied()).collect())
}

/// Judges every row against the values that are there.
fn judge(
    conn: &mut Conn,
    strategy: Strategy,
    resolved: Vec<Result<Resolved, Vec<RowError>>>,
    ids: &[Option<i64>],
) -> Result<Judged> {
    let starts = || resolved.iter().flatten().map(|row| row.period.start());
    let (from, to) = (starts().min().unwrap_or_default(), starts().max().unwrap_or_default());
    let there: Vec<i64> = ids.iter().flatten().copied().collect();
    let present = store::present_values(conn, &there, from, to)?;
    let past = store::past_versions(conn, &there, from, to)?;
    let mut judged = Judged::default();
    for row in resolved {
        let verdict = row.and_then(|row| {
            let at = ids.get(row.series).copied().flatten().map(|id| (id, row.period.start()));
            let present = at.and_then(|at| present.get(&at));
            let (outcome, new) =
                rules::decide(strategy, row.said.as_ref(), present.map(|p| &p.measure)).map_err(|error| vec![error])?;
            let before = present.map(|p| p.version).or(at.and_then(|at| past.get(&at).copied())).unwrap_or(0);
            Ok(super::answer::Verdict {
                series: row.series,
                period: row.period,
                outcome,
                old: present.map(|p| p.measure.clone()),
                new,
                version: before + 1,
            })
        });
        judged.counts.add(verdict.as_ref().map_or(Outcome::Rejected, |verdict| verdict.outcome));
        judged.verdicts.push(verdict);
    }
    Ok(judged)
}

fn record(context: &Context, terms: &Terms, kpi_code: Option<String>, judged: &Judged, failed: bool) -> SubmissionRow {
    let state = match (terms.dry_run, failed) {
        (true, _) => SubmissionState::Checked,
        (false, true) => SubmissionState::Rejected,
        (false, false) => SubmissionState::Accepted,
    };
    let Counts { received, created, updated, unchanged, deleted, rejected } = judged.counts;
    let mut organisations = judged.series.iter().map(|key| key.organisation);
    let first = organisations.next();
    // What fails as a whole changes nothing, whatever its good rows would have done.
    let (created, updated, unchanged, deleted) =
        if failed { (0, 0, 0, 0) } else { (created, updated, unchanged, deleted) };
    SubmissionRow {
        id: Id::generate(),
        kpi_code: kpi_code.map(|code| shown(&code).to_ascii_lowercase()),
        state,
        dry_run: terms.dry_run,
        mode: terms.mode,
        strategy: terms.strategy,
        received,
        created,
        updated,
        unchanged,
        deleted,
        rejected,
        organisation_id: first.filter(|first| organisations.all(|other| other == *first)),
        submitted_by: context.actor.subject.clone(),
        submitted_at: context.now.naive_utc(),
    }
}

fn write(conn: &mut Conn, context: &Context, judged: &Judged, ids: &[Option<i64>]) -> Result<()> {
    let stamp = Stamp { submission_id: judged.row.id, at: context.now.naive_utc() };
    let nothing = Measure {
        value: 0,
        numerator: None,
        denominator: None,
        qualifier: Qualifier::Exact,
        basis: Basis::Measured,
        comment: None,
    };
    let select = |outcome: Outcome| -> Vec<NewValue<'_>> {
        let verdicts = judged.verdicts.iter().flatten().filter(|verdict| verdict.outcome == outcome);
        let values = verdicts.filter_map(|verdict| {
            let kpi_version = judged
                .series
                .get(verdict.series)
                .and_then(|key| judged.kpis.get(&key.kpi))
                .map_or(1, |kpi| kpi.definition_version);
            Some(NewValue {
                series_id: ids.get(verdict.series).copied().flatten()?,
                period_start: verdict.period.start(),
                measure: verdict.new.as_ref().unwrap_or(&nothing),
                version: verdict.version,
                kpi_version,
            })
        });
        let mut values: Vec<NewValue<'_>> = values.collect();
        // In the order of the primary key, so that the index is written from left to right.
        values.sort_unstable_by_key(|value| (value.series_id, value.period_start));
        values
    };
    bulk::create(conn, stamp, &select(Outcome::Created))?;
    bulk::update(conn, stamp, &select(Outcome::Updated))?;
    bulk::delete(conn, stamp, &select(Outcome::Deleted))
}

fn trace(conn: &mut Conn, context: &Context, judged: &Judged) -> Result<()> {
    let row = &judged.row;
    let data = json!({ "kpi": row.kpi_code, "strategy": row.strategy, "mode": row.mode, "received": row.received, "created": row.created,
        "updated": row.updated, "unchanged": row.unchanged, "deleted": row.deleted, "rejected": row.rejected });
    let event =
        Event { organisation_id: row.organisation_id, ..Event::new("kpi-submission", &row.id.to_string(), 1, data) };
    events::record(conn, context, event)
}
