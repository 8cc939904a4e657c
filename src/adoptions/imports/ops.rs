//! A bulk return of adoptions, row by row in one transaction.

use super::rules::{Asked, ImportRow, faults_of, in_order, warning_of_row};
use crate::adoptions::dated::DatedAdoption;
use crate::adoptions::moves::asked::{AskedStage, NextStage};
use crate::adoptions::moves::ops::transition_adoption;
use crate::adoptions::moves::rules::AdoptionStage;
use crate::adoptions::ops::{kept, record_said, transition_adoption_approval, update_adoption};
use crate::adoptions::rules::{Adoption, Approval, Barrier};
use crate::adoptions::store;
use crate::db::{Conn, part, wanted};
use crate::delivery::{Counts, MOST_ROWS, Mode, Outcome, RowError, SubmissionState};
use crate::error::{Code, Error, Fault, Result};
use crate::http::schemas::{shape_of, tidied};
use crate::http::{Context, IfMatch, Patch};
use crate::record::Stored;
use crate::shape::Misfit;
use crate::transitions::rules::AskedMove;
use crate::{innovations, organisations};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How a return is processed.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub dry_run: bool,
    pub mode: Mode,
}

/// An adoption before or after a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionState {
    stage: AdoptionStage,
    stage_on: NaiveDate,
    using_from: Option<NaiveDate>,
    using_to: Option<NaiveDate>,
    #[schema(minimum = 0)]
    sites: Option<i64>,
    #[schema(minimum = 0)]
    users: Option<i64>,
    #[schema(minimum = 0)]
    patients: Option<i64>,
    counted_on: Option<NaiveDate>,
    #[schema(max_items = 6)]
    barriers: Vec<Barrier>,
}

impl From<Stored<Adoption>> for AdoptionState {
    fn from(Stored { added, written, .. }: Stored<Adoption>) -> Self {
        Self {
            stage: written.stage,
            stage_on: added.stage_on,
            using_from: added.using_from,
            using_to: added.using_to,
            sites: written.sites,
            users: written.users,
            patients: written.patients,
            counted_on: written.counted_on,
            barriers: written.barriers,
        }
    }
}

/// The result of one row.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdoptionRowResponse {
    /// The line of the CSV, where the header is line 1.
    #[schema(minimum = 1)]
    pub line: u32,
    /// The place of the row, counted from 0 without the header.
    #[schema(example = "/rows/5", max_length = 40)]
    pub pointer: String,
    pub outcome: Outcome,
    #[schema(max_items = 60)]
    pub errors: Vec<RowError>,
    /// Innovation, indication and organisation, as they were sent.
    #[schema(value_type = Object)]
    pub key: Map<String, Value>,
    /// The adoption before, where the row changed it.
    pub old: Option<AdoptionState>,
    /// The adoption after, where the row made or changed it.
    pub new: Option<AdoptionState>,
}

/// A return, and what became of its rows.
pub struct Done {
    pub state: SubmissionState,
    pub counts: Counts,
    pub rows: Vec<AdoptionRowResponse>,
    /// What deserves a second look, by the place of the row.
    pub warnings: BTreeMap<usize, Fault>,
}

impl Done {
    /// Whether nothing was written because a row of an atomic return is wrong.
    pub fn failed(&self) -> bool {
        self.state == SubmissionState::Rejected
    }

    /// The rows of the answer, rejected first, then changed, each by line; and whether there are more.
    pub fn listed(&self) -> (Vec<AdoptionRowResponse>, bool) {
        let changed =
            |row: &&AdoptionRowResponse| !self.failed() && matches!(row.outcome, Outcome::Created | Outcome::Updated);
        let rejected = self.rows.iter().filter(|row| row.outcome == Outcome::Rejected);
        let mut rows: Vec<_> = rejected.chain(self.rows.iter().filter(changed)).take(MOST_ROWS + 1).cloned().collect();
        let truncated = rows.len() > MOST_ROWS;
        rows.truncate(MOST_ROWS);
        (rows, truncated)
    }
}

/// How many rows of one adoption are tried together, where the first cannot stand alone: an end, a new beginning and what follows.
const MOST_TOGETHER: usize = 4;

/// Does what the rows say, each as the single operations do it, those of one adoption in the order of their days. A row that is wrong
/// changes nothing; of a dry run, and of an atomic return with a wrong row, nothing stays.
///
/// # Errors
/// The database's own; wrong rows are part of the outcome.
pub fn import_adoptions(conn: &mut Conn, context: &Context, terms: Terms, rows: &[ImportRow]) -> Result<Done> {
    let context = Context { if_match: Some(IfMatch::Any), ..context.clone() };
    part(conn, |conn| {
        let mut results = Vec::new();
        for places in in_order(rows) {
            let mut left = places.as_slice();
            while !left.is_empty() {
                wanted()?;
                let done = import_rows(conn, &context, rows, left)?;
                left = left.get(done.len()..).unwrap_or_default();
                results.extend(done);
            }
        }
        results.sort_by_key(|result| result.place);
        let mut done = Done {
            state: SubmissionState::Accepted,
            counts: Counts::default(),
            rows: Vec::new(),
            warnings: BTreeMap::new(),
        };
        for Imported { place, row, warning } in results {
            done.counts.add(row.outcome);
            done.warnings.extend(warning.map(|warning| (place, warning)));
            done.rows.push(row);
        }
        if terms.dry_run {
            done.state = SubmissionState::Checked;
        } else if terms.mode == Mode::Atomic && done.counts.rejected > 0 {
            done.state = SubmissionState::Rejected;
            done.counts = done.counts.of_failed();
        }
        let stays = done.state == SubmissionState::Accepted;
        Ok((done, stays))
    })
}

/// What became of the row in a place of the return, and what deserves a second look of what it changed.
struct Imported {
    place: usize,
    row: AdoptionRowResponse,
    warning: Option<Fault>,
}

impl Imported {
    fn put(place: usize, row: &ImportRow, Put { outcome, old, new }: Put) -> Self {
        let (line, pointer, key) = (row.line, format!("/rows/{place}"), row.key());
        let changed = outcome != Outcome::Unchanged;
        let of_adoption = new.added.warnings.first().filter(|_| changed);
        let warning = of_adoption.map(|one| warning_of_row(&pointer, one));
        let (old, new) = (old.filter(|_| changed), Some(new.into()).filter(|_| changed));
        let row = AdoptionRowResponse { line, pointer, outcome, errors: Vec::new(), key, old, new };
        Self { place, row, warning }
    }

    fn rejected(place: usize, row: &ImportRow, errors: Vec<RowError>) -> Self {
        let (line, pointer, key) = (row.line, format!("/rows/{place}"), row.key());
        let row = AdoptionRowResponse { line, pointer, outcome: Outcome::Rejected, errors, key, old: None, new: None };
        Self { place, row, warning: None }
    }
}

/// Imports the first of the rows of an adoption, with the next ones where it cannot stand alone, such as a pause that comes late with
/// the end of that pause.
fn import_rows(conn: &mut Conn, context: &Context, rows: &[ImportRow], places: &[usize]) -> Result<Vec<Imported>> {
    let some: Vec<(usize, &ImportRow)> =
        places.iter().take(MOST_TOGETHER).filter_map(|place| Some((*place, rows.get(*place)?))).collect();
    let mut rejected = None;
    for number in 1..=some.len() {
        let together = some.get(..number).unwrap_or_default();
        match part(conn, |conn| Ok((put(conn, context, together)?, true))) {
            Ok(put) => {
                return Ok(together
                    .iter()
                    .zip(put)
                    .map(|((place, row), put)| Imported::put(*place, row, put))
                    .collect());
            }
            Err(error) => {
                let Some(errors) = faults_of(&error) else { return Err(error) };
                rejected.get_or_insert(errors);
                if error.code() != Code::IllegalTransition {
                    break;
                }
            }
        }
    }
    let first = some.first().zip(rejected);
    Ok(first.map(|((place, row), errors)| Imported::rejected(*place, row, errors)).into_iter().collect())
}

/// What a row did to its adoption.
struct Put {
    outcome: Outcome,
    old: Option<AdoptionState>,
    new: Stored<Adoption>,
}

/// Records, moves or changes the adoption that rows name: the moves of all in one change, then the facts of each.
fn put(conn: &mut Conn, context: &Context, rows: &[(usize, &ImportRow)]) -> Result<Vec<Put>> {
    let Some((_, first)) = rows.first() else { return Ok(Vec::new()) };
    rows.iter().try_for_each(|(_, row)| check_words(row))?;
    let (slug, code) = (first.text("innovation").unwrap_or_default(), first.text("organisation").unwrap_or_default());
    let innovation = innovations::ops::referred(conn, "/innovation", slug)?;
    let organisation = organisations::ops::referred(conn, "/organisation", code)?;
    let indication = first.text("indication").map(str::to_ascii_lowercase);
    let key = (innovation, indication.as_deref().unwrap_or_default(), organisation);
    let Some(found) = store::find_by_key(conn, key)? else {
        let asked = first.asked()?.unwrap_or(Asked { stage: AdoptionStage::Identified, on: None, reason: None });
        let bare =
            Adoption { since: asked.on, indication, ..Adoption::of(slug.to_owned(), code.to_owned(), asked.stage) };
        let facts = facts(first)?;
        // The day of the first stage is only written, so that a patch does not keep it.
        let new = Adoption { since: asked.on, ..facts.apply(&bare)? };
        let new = record_said(conn, context, new, asked.reason, |member| facts.touches(member))?;
        return Ok(vec![Put { outcome: Outcome::Created, old: None, new }]);
    };
    let id = found.row.id.to_string();
    let old = kept(conn, context, &id)?;
    let asked = rows.iter().map(|(_, row)| row.asked()).collect::<Result<Vec<_>>>()?;
    reach_stages(conn, context, &old, asked.into_iter().flatten().collect())?;
    let mut done = Vec::new();
    for (_, row) in rows {
        let new = update_adoption(conn, context, &id, &facts(row)?)?;
        let unchanged = new.version == old.named.row.version;
        let outcome = if unchanged { Outcome::Unchanged } else { Outcome::Updated };
        done.push(Put { outcome, old: Some(old.clone().stored(false).into()), new });
    }
    Ok(done)
}

/// The facts of a row beside its move.
fn facts(row: &ImportRow) -> Result<Patch<Adoption>> {
    Ok(serde_json::from_value(Value::Object(row.facts()))?)
}

/// Moves an adoption through the stages that rows name, but for those where it is: without a day, wherever it has that stage; with
/// one, where it came to the stage on that day. What a fellow proposed is approved by that too.
fn reach_stages(conn: &mut Conn, context: &Context, present: &DatedAdoption, asked: Vec<Asked>) -> Result<()> {
    let (id, history, any) = (present.named.row.id.to_string(), present.history(), !asked.is_empty());
    let is_new = |asked: &Asked| {
        let is_there = |day| history.has(asked.stage, day);
        !asked.on.map_or_else(|| history.stage() == Some(asked.stage), is_there)
    };
    let mut moves = asked.into_iter().filter(is_new);
    if let Some(first) = moves.next() {
        let next = |Asked { stage, on, reason }: Asked| NextStage {
            to: stage,
            reason,
            effective_on: on.unwrap_or_else(|| context.today()),
            rank: None,
        };
        let then = moves.map(next).collect();
        let asked = AskedStage { then, ..AskedStage::alone(first.stage, first.on, first.reason) };
        return transition_adoption(conn, context, &id, asked).map(drop);
    }
    if any && present.named.row.approval == Approval::Proposed {
        let approved = AskedMove { to: Approval::Approved.as_str().to_owned(), reason: None, effective_on: None };
        transition_adoption_approval(conn, context, &id, approved)?;
    }
    Ok(())
}

/// Holds the texts of a row against what a body of JSON may say.
fn check_words(row: &ImportRow) -> Result<()> {
    let mut cells = Value::Object(row.cells.clone());
    let mut faults = tidied(&mut cells);
    if let Some(reason) = row.text("reason") {
        let body = json!({ "to": AdoptionStage::Identified, "reason": reason });
        faults.extend(shape_of::<AskedStage>()?.misfits(&body).into_iter().map(Misfit::fault));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::validation(faults)) }
}
