//! What can be done with partners, each in one transaction.

use super::store::{self, NamedPartner, PartnerRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::calendar::{FOREVER, told};
use crate::programmes::ops::{get_programme, kept};
use crate::vocabulary::Id;
use crate::{organisations, words};
use chrono::NaiveDate;
use serde_json::json;

words! {
    /// What a partner does for a programme.
    pub enum PartnerRole {
        Lead = "lead",
        Partner = "partner",
        Funder = "funder",
        SupportingNetwork = "supporting-network",
        Industry = "industry",
        Evaluator = "evaluator",
    }
}

/// A partner as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub organisation: String,
    pub role: PartnerRole,
    pub from: NaiveDate,
    /// The first day it is one no longer; until further notice without.
    pub to: Option<NaiveDate>,
}

impl Partner {
    fn checked(&self) -> Result<()> {
        if self.to.is_some_and(|to| to <= self.from) {
            let detail = "to is the first day it is a partner no longer, so it lies after from.";
            return Err(Error::invalid("/to", "range", detail));
        }
        Ok(())
    }
}

impl NamedPartner {
    pub fn partner(&self) -> Partner {
        Partner {
            organisation: self.code.clone(),
            role: self.row.role,
            from: self.row.from_on,
            to: told(self.row.to_on),
        }
    }
}

/// # Errors
/// `not-found` for the programme or the partner.
pub fn get_programme_partner(conn: &mut Conn, slug: &str, id: &str) -> Result<NamedPartner> {
    let programme = get_programme(conn, slug)?;
    by_id(id, "partner", |id| store::find(conn, &programme.slug, id))
}

fn finish(conn: &mut Conn, context: &Context, row: &PartnerRow) -> Result<NamedPartner> {
    let found = store::find(conn, &row.programme, row.id)?.ok_or_else(|| Error::internal("a partner was lost"))?;
    let data = json!({ "organisation": found.code, "role": row.role, "from": row.from_on, "to": told(row.to_on) });
    let event = Event::new("programme-partner", &row.id.to_string(), row.version, data);
    let scopes = Event { organisation_id: Some(row.organisation_id), programme: Some(row.programme.clone()), ..event };
    events::record(conn, context, scopes)?;
    Ok(found)
}

/// Makes an organisation a partner of a programme.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_programme_partner(conn: &mut Conn, context: &Context, slug: &str, new: &Partner) -> Result<NamedPartner> {
    let programme = kept(conn, context, slug)?;
    new.checked()?;
    let now = context.now.naive_utc();
    let row = PartnerRow {
        id: Id::generate(),
        programme: programme.slug,
        organisation_id: organisations::ops::referred(conn, "/organisation", &new.organisation)?,
        role: new.role,
        from_on: new.from,
        to_on: new.to.unwrap_or(FOREVER),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    finish(conn, context, &row)
}

/// Changes a partner's role and days; its organisation stays.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `already-exists`.
pub fn update_programme_partner(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    change: impl FnOnce(Partner) -> Result<Partner>,
) -> Result<NamedPartner> {
    kept(conn, context, slug)?;
    let present = get_programme_partner(conn, slug, id)?;
    context.check_version(present.row.version)?;
    let before = present.partner();
    let new = change(before.clone())?;
    new.checked()?;
    if !new.organisation.eq_ignore_ascii_case(&before.organisation) {
        return Err(Error::new(Code::Immutable).detail("The organisation cannot change: end this one and add another."));
    }
    if new == before {
        return Ok(present);
    }
    let row = PartnerRow {
        role: new.role,
        from_on: new.from,
        to_on: new.to.unwrap_or(FOREVER),
        version: present.row.version + 1,
        updated_at: context.now.naive_utc(),
        ..present.row
    };
    store::update(conn, &row)?;
    finish(conn, context, &row)
}
