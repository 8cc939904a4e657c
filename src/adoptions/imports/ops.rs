//! A bulk return of adoptions, row by row in one transaction.

use super::rules::{Asked, ImportRow, faults_of, warning_of_row};
use crate::adoptions::dated::DatedAdoption;
use crate::adoptions::moves::ops::transition_adoption;
use crate::adoptions::moves::rules::{AdoptionStage, AskedStage};
use crate::adoptions::ops::{kept, record_said, transition_adoption_approval, update_adoption};
use crate::adoptions::rules::{Adoption, Approval, Barrier};
use crate::adoptions::store;
use crate::db::{Conn, part, wanted};
use crate::delivery::{Counts, MOST_ROWS, Mode, Outcome, RowError, SubmissionState};
use crate::error::{Error, Fault, Result};
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
    pub fn told(&self) -> (Vec<AdoptionRowResponse>, bool) {
        let changed =
            |row: &&AdoptionRowResponse| !self.failed() && matches!(row.outcome, Outcome::Created | Outcome::Updated);
        let rejected = self.rows.iter().filter(|row| row.outcome == Outcome::Rejected);
        let mut told: Vec<_> = rejected.chain(self.rows.iter().filter(changed)).take(MOST_ROWS + 1).cloned().collect();
        let truncated = told.len() > MOST_ROWS;
        told.truncate(MOST_ROWS);
        (told, truncated)
    }
}

/// Does what the rows say, each as the single operations do it. A row that is wrong changes nothing; of a dry run, and of an atomic
/// return with a wrong row, nothing stays.
///
/// # Errors
/// The database's own; wrong rows are part of the outcome.
pub fn import_adoptions(conn: &mut Conn, context: &Context, terms: Terms, rows: &[ImportRow]) -> Result<Done> {
    let context = Context { if_match: Some(IfMatch::Any), ..context.clone() };
    part(conn, |conn| {
        let mut done = Done {
            state: SubmissionState::Accepted,
            counts: Counts::default(),
            rows: Vec::new(),
            warnings: BTreeMap::new(),
        };
        for (place, row) in rows.iter().enumerate() {
            wanted()?;
            let (result, warning) = import_row(conn, &context, place, row)?;
            done.counts.add(result.outcome);
            done.warnings.extend(warning.map(|warning| (place, warning)));
            done.rows.push(result);
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

/// The result of a row, and what deserves a second look of what it changed.
fn import_row(
    conn: &mut Conn,
    context: &Context,
    place: usize,
    row: &ImportRow,
) -> Result<(AdoptionRowResponse, Option<Fault>)> {
    let (line, pointer, key) = (row.line, format!("/rows/{place}"), row.key());
    match part(conn, |conn| Ok((put(conn, context, row)?, true))) {
        Ok((outcome, old, new)) => {
            let changed = outcome != Outcome::Unchanged;
            let of_adoption = new.added.warnings.first().filter(|_| changed);
            let warning = of_adoption.map(|one| warning_of_row(&pointer, one));
            let (old, new) = (old.filter(|_| changed), Some(new.into()).filter(|_| changed));
            Ok((AdoptionRowResponse { line, pointer, outcome, errors: Vec::new(), key, old, new }, warning))
        }
        Err(error) => {
            let Some(errors) = faults_of(&error) else { return Err(error) };
            let (outcome, old, new) = (Outcome::Rejected, None, None);
            Ok((AdoptionRowResponse { line, pointer, outcome, errors, key, old, new }, None))
        }
    }
}

/// Records, moves or changes the adoption that a row names.
fn put(
    conn: &mut Conn,
    context: &Context,
    row: &ImportRow,
) -> Result<(Outcome, Option<AdoptionState>, Stored<Adoption>)> {
    check_words(row)?;
    let (slug, code) = (row.text("innovation").unwrap_or_default(), row.text("organisation").unwrap_or_default());
    let innovation = innovations::ops::referred(conn, "/innovation", slug)?;
    let organisation = organisations::ops::referred(conn, "/organisation", code)?;
    let indication = row.text("indication").map(str::to_ascii_lowercase);
    let asked = row.asked()?;
    let facts: Patch<Adoption> = serde_json::from_value(Value::Object(row.facts()))?;
    let key = (innovation, indication.as_deref().unwrap_or_default(), organisation);
    let Some(found) = store::find_by_key(conn, key)? else {
        let Asked { stage, on, reason } =
            asked.unwrap_or(Asked { stage: AdoptionStage::Identified, on: None, reason: None });
        let bare = Adoption { since: on, indication, ..Adoption::of(slug.to_owned(), code.to_owned(), stage) };
        // The day of the first stage is only written, so that a patch does not keep it.
        let new = Adoption { since: on, ..facts.apply(&bare)? };
        let made = record_said(conn, context, new, reason, |member| facts.touches(member))?;
        return Ok((Outcome::Created, None, made));
    };
    let id = found.row.id.to_string();
    let present = kept(conn, context, &id)?;
    if let Some(asked) = asked {
        reach_stage(conn, context, &present, asked)?;
    }
    let after = update_adoption(conn, context, &id, &facts)?;
    let outcome = if after.version == found.row.version { Outcome::Unchanged } else { Outcome::Updated };
    Ok((outcome, Some(present.stored(false).into()), after))
}

/// Moves an adoption to the stage that a row names, unless it is there: without a day, wherever it has that stage; with one, where it
/// came to the stage on that day. What a fellow proposed is approved by that too.
fn reach_stage(conn: &mut Conn, context: &Context, present: &DatedAdoption, asked: Asked) -> Result<()> {
    let (id, history, Asked { stage, on, reason }) = (present.named.row.id.to_string(), present.history(), asked);
    let is_there = on.map_or_else(|| history.stage() == Some(stage), |day| history.has(stage, day));
    if !is_there {
        let asked = AskedStage { to: stage, reason, effective_on: on, rank: None };
        return transition_adoption(conn, context, &id, asked).map(drop);
    }
    if present.named.row.approval == Approval::Proposed {
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
