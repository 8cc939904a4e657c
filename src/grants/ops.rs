//! What can be done with grants, each in one transaction.

use super::clients::store as clients;
use super::rules::{Grant, MayGive};
use super::store::{self, GrantRow, NamedGrant};
use super::{keys, tokens};
use crate::access::{Role, Scope, outside};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::vocabulary::{Id, Instant, Timestamp, instant};
use crate::{innovations, organisations};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// A grant that the caller may see: their own, those they gave, and those for what lies in their scope.
///
/// # Errors
/// `not-found`.
pub fn get_grant(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedGrant> {
    by_id(id, "grant", |id| store::find(conn, context, id))
}

/// Gives a grant.
///
/// # Errors
/// `forbidden` for what the caller may not give, `validation-failed`, `unknown-reference`.
pub fn create_grant(conn: &mut Conn, context: &Context, new: Grant) -> Result<NamedGrant> {
    let (from, to) = new.checked(context.now)?;
    let scope = scope(conn, &new)?;
    if let Scope::Programme(slug) = &scope
        && !innovations::store::is_programme(conn, slug)?
    {
        return Err(innovations::ops::unknown_programme(slug));
    }
    if !may_give(conn, context, (new.role, &scope), Some(to))? {
        return Err(outside());
    }
    let body = body_of(conn, context, &new)?;
    let row = GrantRow::new(context, new, &scope, body, (from, to));
    give(conn, context, &row)?;
    store::find(conn, context, row.id)?.ok_or_else(|| Error::internal("a grant was lost"))
}

/// Lets a grant end at another moment.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_grant(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Grant>) -> Result<NamedGrant> {
    let present = kept(conn, context, id)?;
    let before = present.grant();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    before.check_change(&new)?;
    if present.row.revoked_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("A grant that was taken back does not come back. Give another."));
    }
    let (_, to) = new.checked(context.now)?;
    if !may_give(conn, context, (present.row.role, &scope_of(&present)), Some(to))? {
        return Err(outside());
    }
    if to < present.row.to_at.and_utc() {
        check_ends(context, &present.row)?;
    }
    let row = present.row.ending(context, to);
    store::update(conn, &row)?;
    finish(conn, context, &row)?;
    get_grant(conn, context, id)
}

/// Takes a grant back: it ends now.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_grant(conn: &mut Conn, context: &Context, id: &str) -> Result<()> {
    let present = kept(conn, context, id)?.row;
    context.check_version(present.version)?;
    check_ends(context, &present)?;
    let row = present.revoked(context);
    store::update(conn, &row)?;
    finish(conn, context, &row)
}

fn check_ends(context: &Context, row: &GrantRow) -> Result<()> {
    if row.role == Role::NationalAdmin { check_not_shut_out(context, &row.subject) } else { Ok(()) }
}

/// Nobody ends their own national administration, so that no register is left without one by a slip.
///
/// # Errors
/// `forbidden`.
pub fn check_not_shut_out(context: &Context, subject: &str) -> Result<()> {
    if context.actor.subject == subject && context.actor.grants.iter().any(|held| held.role == Role::NationalAdmin) {
        let detail = "You would shut yourself out. Another national administrator can do this.";
        return Err(Error::new(Code::Forbidden).detail(detail));
    }
    Ok(())
}

/// A grant that the caller could have given.
fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedGrant> {
    let found = get_grant(conn, context, id)?;
    if may_give(conn, context, (found.row.role, &scope_of(&found)), None)? { Ok(found) } else { Err(outside()) }
}

/// The scope of a stored grant. One that does not fit its role reaches nothing, and may be taken back by a national
/// administrator.
fn scope_of(found: &NamedGrant) -> Scope {
    found.scope().unwrap_or(Scope::National)
}

/// Whether one of the caller's grants lets them give this role in this scope, until then. A grant that is passed down ends no
/// later than the one it is passed down from.
///
/// # Errors
/// The database's own.
pub fn may_give(
    conn: &mut Conn,
    context: &Context,
    (role, scope): (Role, &Scope),
    until: Option<Timestamp>,
) -> Result<bool> {
    for held in &context.actor.grants {
        if held.role != Role::NationalAdmin && until.is_some_and(|until| until > held.to) {
            continue;
        }
        let allowed = match (MayGive::of((held.role, &held.scope), role), scope) {
            (MayGive::Everywhere, _) => true,
            (MayGive::AtOrBelow(place), Scope::Organisation { id, .. }) => {
                organisations::store::is_below_any(conn, *id, &[place], context.today())?
            }
            (MayGive::Below(place), Scope::Organisation { id, .. }) => {
                *id != place && organisations::store::is_below_any(conn, *id, &[place], context.today())?
            }
            (MayGive::OfProgramme, Scope::Innovation { id, .. }) => {
                let keeper = innovations::store::keeper_of(conn, *id)?;
                matches!(&held.scope, Scope::Programme(own) if keeper.as_ref() == Some(own))
            }
            _ => false,
        };
        if allowed {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a grant is for.
fn scope(conn: &mut Conn, new: &Grant) -> Result<Scope> {
    let organisation = match &new.organisation {
        Some(code) => Some((organisations::ops::referred(conn, "/organisation", code)?, code.to_ascii_uppercase())),
        None => None,
    };
    let innovation = match &new.innovation {
        Some(slug) => Some((innovations::ops::referred(conn, "/innovation", slug)?, slug.to_ascii_lowercase())),
        None => None,
    };
    let programme = new.programme.as_deref().map(str::to_ascii_lowercase);
    let scope = store::scope_of(new.role, organisation, innovation, programme);
    scope.ok_or_else(|| Error::internal("a grant was not checked"))
}

/// The organisation that the subject belongs to: everybody belongs to exactly one. A client's is known.
fn body_of(conn: &mut Conn, context: &Context, new: &Grant) -> Result<Option<Id>> {
    let client = Id::parse(&new.subject).map(|id| clients::find(conn, id)).transpose()?.flatten();
    match (client, &new.body) {
        (Some(_), None) => Ok(None),
        (Some(_), Some(_)) => Err(Error::invalid(
            "/body",
            "client",
            "The subject is a client, which belongs to its own organisation. Leave body out.",
        )),
        (None, _) if !new.subject.contains('#') => {
            let detail = "There is no client with this id. A subject of another issuer is written as its issuer, # and the subject.";
            let fault = Fault::new("/subject", "unknown-subject", detail);
            Err(Error::new(Code::UnknownReference).detail(detail).fault(fault))
        }
        (None, None) => Err(Error::invalid("/body", "missing", "Name the organisation that the subject belongs to.")),
        (None, Some(code)) => {
            let body = organisations::ops::referred(conn, "/body", code)?;
            match store::body_of(conn, &new.subject, context.now)? {
                Some(other) if other != body => {
                    let detail =
                        "The subject belongs to another organisation by its other grants. Take those back first.";
                    Err(Error::invalid("/body", "other-body", detail))
                }
                _ => Ok(Some(body)),
            }
        }
    }
}

fn give(conn: &mut Conn, context: &Context, row: &GrantRow) -> Result<()> {
    store::insert(conn, row)?;
    finish(conn, context, row)
}

fn finish(conn: &mut Conn, context: &Context, row: &GrantRow) -> Result<()> {
    store::announce(conn)?;
    let data = json!({ "role": row.role, "from": instant(row.from_at), "until": instant(row.to_at),
        "revoked": row.revoked_at.is_some() });
    trace(conn, context, row, data)
}

fn trace(conn: &mut Conn, context: &Context, row: &GrantRow, data: Value) -> Result<()> {
    let event = Event {
        organisation_id: row.organisation_id,
        innovation_id: row.innovation_id,
        programme: row.programme.clone(),
        owner: Some(row.subject.clone()),
        ..Event::new("grant", &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)
}

/// What `token` on the command line asks for.
#[derive(Debug, Clone)]
pub struct NewLocalToken {
    pub role: Role,
    pub organisation: Option<String>,
    pub programme: Option<String>,
    pub innovation: Option<String>,
    pub subject: Option<String>,
    /// The code of the organisation that the subject belongs to. Default: the one the grant is for, else England.
    pub body: Option<String>,
    pub life: TimeDelta,
}

/// Writes the grant and signs a token for its subject.
///
/// # Errors
/// `validation-failed` when the scope does not fit the role, `unknown-reference`; `internal` where the signing key cannot
/// be unsealed.
pub fn issue_local_token(
    conn: &mut Conn,
    sealing: &keys::SealingKey,
    context: &Context,
    (issuer, audience): (&str, &str),
    wanted: &NewLocalToken,
) -> Result<String> {
    keys::ensure(conn, sealing, context.now)?;
    let invented = || format!("local-{}-{}", wanted.role.as_str(), Id::generate());
    let subject = wanted.subject.clone().unwrap_or_else(invented);
    let new = Grant {
        subject: subject.clone(),
        role: wanted.role,
        organisation: wanted.organisation.clone(),
        programme: wanted.programme.clone(),
        innovation: wanted.innovation.clone(),
        body: None,
        from: None,
        to: Some(Instant(context.now + wanted.life)),
    };
    let span = new.checked(context.now)?;
    let scope = scope(conn, &new)?;
    let code = wanted.body.as_deref().or(wanted.organisation.as_deref()).unwrap_or(organisations::ops::ENGLAND);
    let body = organisations::ops::referred(conn, "/body", code)?;
    give(conn, context, &GrantRow::new(context, new, &scope, Some(body), span))?;
    let key = keys::signing(conn, sealing, context.now)?;
    tokens::issue(&key, issuer, audience, &subject, context.now, wanted.life)
}
