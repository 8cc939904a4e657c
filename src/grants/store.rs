//! Grants and signing keys in the database.

use crate::access::{Grant, Role, Scope};
use crate::db::schema::{grant_generation, grants, innovations, organisations, signing_keys};
use crate::db::{Conn, Keep};
use crate::error::Result;
use crate::vocabulary::{Id, Timestamp};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable)]
#[diesel(table_name = signing_keys)]
pub struct SigningKeyRow {
    pub kid: String,
    pub algorithm: String,
    pub public_jwk: String,
    pub private_sealed: Vec<u8>,
    pub created_at: NaiveDateTime,
    pub signs_from: NaiveDateTime,
    pub verifies_until: NaiveDateTime,
}

pub fn newest_key(conn: &mut Conn) -> Result<Option<SigningKeyRow>> {
    Ok(signing_keys::table.order_by(signing_keys::signs_from.desc()).first(conn).optional()?)
}

/// The newest key that signs by now; where none does, the first one, which another instance made while this one waited,
/// or by a clock that is ahead.
pub fn signing_key(conn: &mut Conn, now: Timestamp) -> Result<Option<SigningKeyRow>> {
    let usable = signing_keys::table.filter(signing_keys::signs_from.le(now.naive_utc()));
    match usable.order_by(signing_keys::signs_from.desc()).first(conn).optional()? {
        None => Ok(signing_keys::table.order_by(signing_keys::signs_from).first(conn).optional()?),
        newest => Ok(newest),
    }
}

pub fn verifying_keys(conn: &mut Conn, now: Timestamp) -> Result<Vec<SigningKeyRow>> {
    let usable = signing_keys::table.filter(signing_keys::verifies_until.gt(now.naive_utc()));
    Ok(usable.order_by(signing_keys::signs_from.desc()).load(conn)?)
}

pub fn keys(conn: &mut Conn) -> Result<Vec<SigningKeyRow>> {
    Ok(signing_keys::table.load(conn)?)
}

pub fn insert_key(conn: &mut Conn, row: &SigningKeyRow) -> Result<()> {
    diesel::insert_into(signing_keys::table).values(row).execute_kept(conn)?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = grants)]
pub struct NewGrantRow {
    pub id: Id,
    pub subject: String,
    pub role: Role,
    pub organisation_id: Option<Id>,
    pub programme: Option<String>,
    pub innovation_id: Option<Id>,
    pub from_at: NaiveDateTime,
    pub to_at: NaiveDateTime,
    pub made_by: String,
    pub created_at: NaiveDateTime,
}

/// Writes a grant and lets every instance know that grants have changed.
pub fn insert_grant(conn: &mut Conn, row: &NewGrantRow) -> Result<()> {
    diesel::insert_into(grants::table).values(row).execute_kept(conn)?;
    diesel::update(grant_generation::table)
        .set(grant_generation::generation.eq(grant_generation::generation + 1))
        .execute_kept(conn)?;
    Ok(())
}

pub fn generation(conn: &mut Conn) -> Result<i64> {
    Ok(grant_generation::table.select(grant_generation::generation).first(conn)?)
}

/// The subject's grants that hold at this moment.
pub fn grants_of(conn: &mut Conn, subject: &str, now: Timestamp) -> Result<Vec<Grant>> {
    type GrantRow = (Role, Option<Id>, Option<Id>, Option<String>, NaiveDateTime, NaiveDateTime);
    let rows: Vec<GrantRow> = grants::table
        .filter(grants::subject.eq(subject))
        .filter(grants::from_at.le(now.naive_utc()))
        .filter(grants::to_at.gt(now.naive_utc()))
        .select((
            grants::role,
            grants::organisation_id,
            grants::innovation_id,
            grants::programme,
            grants::from_at,
            grants::to_at,
        ))
        .load(conn)?;
    // Where no grant names one, letting the subject in must not wait for whoever holds that table.
    let mut names: HashMap<Id, String> = HashMap::new();
    let named: Vec<Id> = rows.iter().filter_map(|row| row.1).collect();
    if !named.is_empty() {
        let codes = organisations::table.select((organisations::id, organisations::code));
        names.extend(codes.filter(organisations::id.eq_any(named)).load::<(Id, String)>(conn)?);
    }
    let named: Vec<Id> = rows.iter().filter_map(|row| row.2).collect();
    if !named.is_empty() {
        let slugs = innovations::table.select((innovations::id, innovations::slug));
        names.extend(slugs.filter(innovations::id.eq_any(named)).load::<(Id, String)>(conn)?);
    }
    let named = |id: Option<Id>| id.and_then(|id| names.get(&id).map(|name| (id, name.clone())));
    let grant = |(role, organisation, innovation, programme, from, to): GrantRow| {
        let scope = match (named(organisation), named(innovation), programme) {
            (Some((id, code)), _, _) => Scope::Organisation { id, code },
            (_, Some((id, slug)), _) => Scope::Innovation { id, slug },
            (_, _, Some(programme)) => Scope::Programme(programme),
            _ if matches!(role, Role::NationalAdmin) => Scope::National,
            _ => Scope::Unscoped,
        };
        Grant { role, scope, from: from.and_utc(), to: to.and_utc() }
    };
    Ok(rows.into_iter().map(grant).collect())
}
