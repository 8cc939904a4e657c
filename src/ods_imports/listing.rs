//! Loading the organisations of a file: what each row changes is decided first, with few questions to the database, and then
//! written at once.

use super::hierarchy::Hierarchy;
use super::outcome::{MOST, Outcome};
use super::placing::{Objection, Said};
use super::rules::{Listed, may_lie_below};
use super::store::with_ods_codes;
use super::succeeding::ended_by_one;
use crate::calendar::Span;
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::http::schemas::text_fault;
use crate::http::{Context, Patch};
use crate::organisations::ops::{Written, write_organisations};
use crate::organisations::rules::{EdgeKind, Organisation, OrganisationStatus, OrganisationType};
use crate::organisations::store::{OrganisationRow, by_codes, ids_by_code};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// Creates and changes the organisations of a file of the day `on`, and puts them where it says.
///
/// # Errors
/// `validation-failed` with the rows that break a rule for organisations; what the database fails with.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    mut rows: Vec<(u32, Listed)>,
    on: NaiveDate,
    outcome: &mut Outcome,
) -> Result<()> {
    // What lies in a board is put there after it.
    rows.sort_by_key(|(_, row)| row.kind != OrganisationType::Icb);
    let mut listing = Listing::read(conn, &rows, on)?;
    for (line, row) in rows {
        listing.take(conn, line, &row, outcome)?;
        if listing.faults.len() >= MOST {
            break;
        }
    }
    listing.write(conn, context)
}

/// What is to be written.
struct Listing {
    on: NaiveDate,
    /// Those in the register of which the row is still to come.
    known: HashMap<String, OrganisationRow>,
    /// Those that have the ODS code of a new one, by it.
    taken: HashMap<String, String>,
    /// Those of which a succession made the end that they have.
    ended: BTreeSet<Id>,
    /// What is in the register, and what the file brings that was taken.
    bodies: HashMap<String, Body>,
    /// The types of what the file lists.
    listed: HashMap<String, OrganisationType>,
    hierarchy: Hierarchy,
    written: Vec<Written>,
    /// The ids by which new organisations are known until they are written.
    new: Vec<(String, Id)>,
    faults: Vec<Fault>,
}

/// What another may lie below.
#[derive(Clone, Copy)]
struct Body {
    id: Id,
    kind: OrganisationType,
    life: Span,
}

impl Listing {
    fn read(conn: &mut Conn, rows: &[(u32, Listed)], on: NaiveDate) -> Result<Self> {
        let codes = rows.iter().flat_map(|(_, row)| row.parents.iter().cloned().chain([row.code.clone()]));
        let codes: BTreeSet<String> = codes.collect();
        let known = by_codes(conn, &codes.into_iter().collect::<Vec<_>>())?;
        let mut hierarchy = Hierarchy::default();
        hierarchy.load(conn, known.values().map(|row| row.id))?;
        let ends_otherwise = rows.iter().filter_map(|(_, row)| {
            let present = known.get(&row.code).filter(|present| present.valid_to.is_some())?;
            (end_of(&present.organisation(), row, on) != present.valid_to).then_some(present)
        });
        let ended = ended_by_one(conn, ends_otherwise)?;
        let listed = rows.iter().map(|(_, row)| &row.code).filter(|code| !known.contains_key(*code));
        let taken = with_ods_codes(conn, &listed.cloned().collect::<Vec<_>>())?;
        let body = |row: &OrganisationRow| Body { id: row.id, kind: row.kind, life: row.span() };
        Ok(Self {
            on,
            taken,
            ended,
            bodies: known.iter().map(|(code, row)| (code.clone(), body(row))).collect(),
            listed: rows.iter().map(|(_, row)| (row.code.clone(), row.kind)).collect(),
            known,
            hierarchy,
            written: Vec::new(),
            new: Vec::new(),
            faults: Vec::new(),
        })
    }

    /// Decides on a row.
    fn take(&mut self, conn: &mut Conn, line: u32, row: &Listed, outcome: &mut Outcome) -> Result<()> {
        if let Some(other) = self.taken.get(&row.code) {
            let detail = format!("{other} has the ODS code {}. Correct it by hand.", row.code);
            outcome.refuse(line, "ods-code", detail);
            return Ok(());
        }
        let present = self.known.remove(&row.code);
        let before = present.as_ref().map(OrganisationRow::organisation);
        let ended = present.as_ref().is_some_and(|present| self.ended.contains(&present.id));
        let (new, mut notes) = revised(before.as_ref(), row, ended, self.on);
        let new = match checked(before.as_ref(), new) {
            Ok(new) => new,
            Err(error) if error.code() == Code::ValidationFailed => {
                self.faults.extend(error.listed().iter().map(|fault| fault_of_row(line, fault)));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let id = present.as_ref().map_or_else(Id::generate, |present| present.id);
        if present.is_none() {
            self.hierarchy.add(id);
        }
        let body = Body { id, kind: new.kind, life: new.span() };
        let ends = (before.as_ref().and_then(|before| before.valid_to), new.valid_to);
        let as_it_was = self.hierarchy.before(id);
        let moved = match self.settle(conn, &body, row, ends, &mut notes)? {
            Ok(moved) => moved,
            Err(objection) => {
                self.hierarchy.take_back(as_it_was);
                outcome.refuse(line, objection.code, format!("{}: {}", row.code, objection.detail));
                return Ok(());
            }
        };
        for Objection { code, detail } in notes {
            outcome.warn(line, code, format!("{}: {detail}", row.code));
        }
        let changed = before.as_ref() != Some(&new);
        outcome.count(present.is_some(), changed || moved);
        self.bodies.insert(row.code.clone(), body);
        match present {
            Some(present) if changed => self.written.push(Written::Changed(Box::new(present), new)),
            Some(_) => {}
            None => {
                self.new.push((row.code.clone(), id));
                self.written.push(Written::New(new));
            }
        }
        Ok(())
    }

    /// Decides on the edges of an organisation that ends on another day than it did, and where it lies. Returns whether any
    /// changes, or why nothing of the row can be taken.
    fn settle(
        &mut self,
        conn: &mut Conn,
        body: &Body,
        row: &Listed,
        (was, is): (Option<NaiveDate>, Option<NaiveDate>),
        notes: &mut Vec<Objection>,
    ) -> Result<Result<bool, Objection>> {
        let (mut moved, late) = self.hierarchy.follow(body.id, was, is);
        notes.extend(late.map(|day| {
            let held = format!("The register has it below another from {day} on, when it was closed.");
            Objection::new("closed", format!("{held} Correct its edges by hand."))
        }));
        match self.place(conn, body, row)? {
            Ok(changes) => moved |= changes,
            Err(objection) if ["type", "circular"].contains(&objection.code) => return Ok(Err(objection)),
            Err(objection) => notes.push(objection),
        }
        if body.kind == OrganisationType::Pcn && was != is {
            moved |= self.hierarchy.follow_below(conn, body.id, was, is)?;
        }
        Ok(Ok(moved))
    }

    /// Puts an organisation below the first of its parents that there is. Returns whether anything changes.
    fn place(&mut self, conn: &mut Conn, body: &Body, row: &Listed) -> Result<Result<bool, Objection>> {
        if row.parents.is_empty() {
            return Ok(Ok(false));
        }
        let kind_of = |code: &String| self.bodies.get(code).map(|body| body.kind).or(self.listed.get(code).copied());
        let found = row.parents.iter().find_map(|code| Some((code, kind_of(code)?)));
        let parent = found.and_then(|(code, _)| self.bodies.get(code).copied());
        let is_there = parent.is_some_and(|parent| self.hierarchy.is_below(body.id, EdgeKind::Geographic, parent.id));
        if let Some((code, kind)) = found
            && !is_there
            && !may_lie_below(body.kind, kind)
        {
            let (below, kind) = (body.kind.as_str(), kind.as_str());
            let detail =
                format!("An organisation of the type {below} does not lie below {code}, which is of the type {kind}.");
            return Ok(Err(Objection::new("type", detail)));
        }
        let Some(parent) = parent else {
            let codes = row.parents.join(" or ");
            let detail = format!("It lies below {codes}, which the register does not have. Load that first.");
            return Ok(Err(Objection::new("unknown-parent", detail)));
        };
        let Body { id: parent, life: parent_life, .. } = parent;
        let said = Said { parent, days: row.days, life: body.life, parent_life, alone: true };
        self.hierarchy.place(conn, body.id, EdgeKind::Geographic, &said, self.on)
    }

    fn write(self, conn: &mut Conn, context: &Context) -> Result<()> {
        if !self.faults.is_empty() {
            return Err(Error::validation(self.faults));
        }
        write_organisations(conn, context, self.written)?;
        let codes: Vec<String> = self.new.iter().map(|(code, _)| code.clone()).collect();
        let ids = ids_by_code(conn, &codes)?;
        let new = self.new.into_iter().filter_map(|(code, id)| Some((id, ids.get(&code).copied()?))).collect();
        self.hierarchy.write(conn, context, &new)
    }
}

/// When an organisation of the register ends by a file, as far as nothing speaks against it. A file that calls it active opens
/// it again where it was closed by the day of the file.
fn end_of(before: &Organisation, row: &Listed, on: NaiveDate) -> Option<NaiveDate> {
    match (row.valid_to, row.status) {
        (Some(to), _) => Some(to),
        (None, Some(OrganisationStatus::Active)) if before.status_on(on) == OrganisationStatus::Closed => None,
        (None, _) => before.valid_to,
    }
}

/// An organisation as a file has it, and what of that is not taken, or is to be checked. Of one that was `ended` by a
/// succession the end stays.
fn revised(before: Option<&Organisation>, row: &Listed, ended: bool, on: NaiveDate) -> (Organisation, Vec<Objection>) {
    let first = || Organisation::named(&row.code, &row.name, row.kind);
    let (before, mut notes) = (before.cloned().unwrap_or_else(first), Vec::new());
    if before.kind != row.kind {
        let (is, listed) = (before.kind.as_str(), row.kind.as_str());
        notes.push(Objection::new("type", format!("It is of the type {is} and not {listed}; its type stays.")));
    }
    let (mut valid_to, mut status) = (end_of(&before, row, on), before.status);
    let closed = before.status_on(on) == OrganisationStatus::Closed;
    if ended && valid_to != before.valid_to {
        let detail = "A succession closed it, so its end stays. Take the succession back where that was wrong.";
        notes.push(Objection::new("succession", detail));
        valid_to = before.valid_to;
    } else if closed && valid_to.is_none() && row.status == Some(OrganisationStatus::Active) {
        status = OrganisationStatus::Active;
    } else if !closed && valid_to.is_none() && row.status == Some(OrganisationStatus::Closed) {
        let detail = "The file calls it closed and gives no day in column 12, so it stays open. Close it by hand.";
        notes.push(Objection::new("no-day", detail));
    }
    let new = Organisation {
        // A name differs when its letters do, and not for how they are written.
        name: if before.name.eq_ignore_ascii_case(&row.name) { before.name.clone() } else { row.name.clone() },
        valid_from: row.valid_from.or(before.valid_from),
        valid_to,
        status,
        postcode: row.postcode.clone().or_else(|| before.postcode.clone()),
        ..before
    };
    (new, notes)
}

/// Holds an organisation that is new, or changes, against the rules for one and the limits that are published.
///
/// # Errors
/// `validation-failed` with every fault.
fn checked(before: Option<&Organisation>, new: Organisation) -> Result<Organisation> {
    let new = new.checked(before.map_or(&[], |before| before.identifiers.as_slice()))?;
    if before == Some(&new) {
        return Ok(new);
    }
    let texts = [("/name", Some(&new.name)), ("/postcode", new.postcode.as_ref())];
    let fault = |(pointer, text): (&str, Option<&String>)| {
        text_fault(text?).map(|(code, detail)| Fault::new(pointer, code, detail))
    };
    let faults: Vec<Fault> = texts.into_iter().filter_map(fault).collect();
    if !faults.is_empty() {
        return Err(Error::validation(faults));
    }
    let nothing: Patch<Organisation> = serde_json::from_value(json!({}))?;
    nothing.apply(&new)
}

/// A fault of an organisation, at its line and the column that it comes from.
fn fault_of_row(line: u32, fault: &Fault) -> Fault {
    let column = match fault.pointer.as_str() {
        "/code" => "/1",
        "/name" => "/2",
        "/postcode" => "/10",
        "/validFrom" => "/11",
        "/validTo" => "/12",
        other => other,
    };
    Fault::new(format!("/line/{line}{column}"), fault.code, fault.detail.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, 4, 1)
    }

    #[test]
    fn an_organisation_closes_and_opens_as_the_file_says_unless_a_succession_closed_it() {
        use OrganisationStatus::{Active, Closed};
        for (was, ended, valid_to, status, expected, note) in [
            (None, false, day(2024), Some(Closed), day(2024), None),
            (day(2024), false, day(2025), Some(Closed), day(2025), None),
            (day(2024), false, None, Some(Active), None, None),
            (day(2024), false, None, None, day(2024), None),
            (day(2030), false, None, Some(Active), day(2030), None),
            (day(2024), true, None, Some(Active), day(2024), Some("succession")),
            (day(2024), true, day(2025), None, day(2024), Some("succession")),
            (None, false, None, Some(Closed), None, Some("no-day")),
        ] {
            let before = Organisation { valid_to: was, ..Organisation::named("A1", "A", OrganisationType::Pcn) };
            let row = Listed {
                code: "A1".to_owned(),
                name: "A".to_owned(),
                kind: OrganisationType::Pcn,
                valid_from: None,
                valid_to,
                status,
                postcode: None,
                parents: Vec::new(),
                days: Default::default(),
            };
            let (new, notes) = revised(Some(&before), &row, ended, day(2026).expect("a day"));
            let found = (new.valid_to, notes.first().map(|note| note.code));
            assert_eq!(found, (expected, note), "{was:?} {ended} {valid_to:?} {status:?}");
        }
    }
}
