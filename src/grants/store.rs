//! Grants and signing keys in the database.

use super::rules::{Grant, GrantAdded};
use crate::access::{self, Operation, ReachParts, Role, Scope, ScopeKind};
use crate::db::dialect::Condition;
use crate::db::schema::{grant_generation, grants, innovations, organisations, signing_keys};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context, Line, OneOf};
use crate::organisations::store::{below, referred};
use crate::record::Stored;
use crate::vocabulary::{Id, Instant, Timestamp};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::dsl;
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

/// A grant as it is stored.
#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = grants, treat_none_as_null = true)]
pub struct GrantRow {
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
    /// The organisation that the subject belongs to, unless it is a client, which has its own.
    pub body_id: Option<Id>,
    pub revoked_at: Option<NaiveDateTime>,
    pub revoked_by: Option<String>,
    pub version: i32,
    pub updated_at: NaiveDateTime,
}

impl GrantRow {
    pub fn new(
        context: &Context,
        new: Grant,
        scope: &Scope,
        body: Option<Id>,
        (from, to): (Timestamp, Timestamp),
    ) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            subject: new.subject,
            role: new.role,
            organisation_id: scope.organisation(),
            programme: if let Scope::Programme(slug) = scope { Some(slug.clone()) } else { None },
            innovation_id: if let Scope::Innovation { id, .. } = scope { Some(*id) } else { None },
            from_at: from.naive_utc(),
            to_at: to.naive_utc(),
            made_by: context.actor.subject.clone(),
            created_at: now,
            body_id: body,
            revoked_at: None,
            revoked_by: None,
            version: 1,
            updated_at: now,
        }
    }

    /// The next version, which ends at another moment.
    pub fn ending(self, context: &Context, to: Timestamp) -> Self {
        Self { to_at: to.naive_utc(), version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }

    /// The next version, which ends now.
    pub fn revoked(self, context: &Context) -> Self {
        let now = context.now.naive_utc();
        let to_at = self.to_at.min(now);
        let (revoked_at, revoked_by) = (Some(now), Some(context.actor.subject.clone()));
        Self { to_at, revoked_at, revoked_by, version: self.version + 1, updated_at: now, ..self }
    }
}

/// A grant with what it names, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedGrant {
    pub row: GrantRow,
    pub organisation: Option<(String, String)>,
    pub innovation: Option<String>,
}

impl NamedGrant {
    /// What it holds for, where that is of its role's kind.
    pub fn scope(&self) -> Option<Scope> {
        let row = &self.row;
        let organisation = row.organisation_id.zip(self.organisation.as_ref().map(|(code, _)| code.clone()));
        let innovation = row.innovation_id.zip(self.innovation.clone());
        scope_of(row.role, organisation, innovation, row.programme.clone())
    }

    pub fn grant(&self) -> Grant {
        let row = &self.row;
        Grant {
            subject: row.subject.clone(),
            role: row.role,
            organisation: self.organisation.as_ref().map(|(code, _)| code.clone()),
            programme: row.programme.clone(),
            innovation: self.innovation.clone(),
            body: None,
            from: Some(Instant(row.from_at.and_utc())),
            to: Some(Instant(row.to_at.and_utc())),
        }
    }
}

/// The scope of a role. One that is not of its kind, as earlier versions wrote them, is none.
pub fn scope_of(
    role: Role,
    organisation: Option<(Id, String)>,
    innovation: Option<(Id, String)>,
    programme: Option<String>,
) -> Option<Scope> {
    match (role.scope(), organisation, innovation, programme) {
        (ScopeKind::National, None, None, None) => Some(Scope::National),
        (ScopeKind::Own, None, None, None) => Some(Scope::Own),
        (ScopeKind::Assigned, None, None, None) => Some(Scope::Assigned),
        (ScopeKind::Organisation, Some((id, code)), None, None) => Some(Scope::Organisation { id, code }),
        (ScopeKind::Innovation, None, Some((id, slug)), None) => Some(Scope::Innovation { id, slug }),
        (ScopeKind::Programme, None, None, Some(programme)) => Some(Scope::Programme(programme)),
        _ => None,
    }
}

impl From<NamedGrant> for Stored<Grant> {
    fn from(found: NamedGrant) -> Self {
        let written = found.grant();
        let NamedGrant { row, organisation, .. } = found;
        let added = GrantAdded {
            id: row.id,
            scope: row.role.scope(),
            organisation_name: organisation.map(|(_, name)| name),
            made_by: row.made_by,
            revoked_at: row.revoked_at.map(|at| Instant(at.and_utc())),
            revoked_by: row.revoked_by,
        };
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Columns = (
    <grants::table as Table>::AllColumns,
    dsl::Nullable<(organisations::code, organisations::name)>,
    dsl::Nullable<innovations::slug>,
);
type Source =
    dsl::LeftJoinQuerySource<dsl::LeftJoinQuerySource<grants::table, organisations::table>, innovations::table>;
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedGrant, Query, key "id" => grants::id as Id;
    grants of |found| found.row => "from" from_at, "updatedAt" updated_at, then id;
}

writable! { grants, GrantRow, "There is such a grant already." }

params! {
    /// What a list of grants may be narrowed to.
    pub struct ListGrants list of NamedGrant {
        /// The subject that holds them: the id of a client, or an issuer, `#` and a subject.
        subject: Line = "subject",
        /// One or more roles.
        role: OneOf<Role> = "role",
        /// The code of the organisation they are for.
        organisation: CodeParam = "organisation",
        /// The slug of the programme they are for.
        programme: CodeParam = "programme",
        /// The subject of whoever gave them.
        made_by: Line = "madeBy",
        /// Grants that hold at this moment.
        active_at: Timestamp = "activeAt",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns =
        (grants::all_columns, (organisations::code, organisations::name).nullable(), innovations::slug.nullable());
    grants::table.left_join(organisations::table).left_join(innovations::table).select(columns)
}

/// The grants that the caller sees: their own, those they gave, and those for what lies in their scope, which for a programme
/// are the innovations that it keeps too.
fn seen(context: &Context) -> Query {
    let ReachParts { everything, organisations, programmes, innovations, .. } =
        context.actor.reach(Operation::get_grant).into_parts();
    if everything {
        return named().into_boxed::<MultiBackend>();
    }
    let (subject, today) = (&context.actor.subject, context.today());
    let own: Condition<Source> = Box::new(
        grants::subject
            .eq(subject.clone())
            .or(grants::made_by.eq(subject.clone()))
            .or(grants::organisation_id.assume_not_null().eq_any(below(organisations, today)))
            .or(grants::programme.assume_not_null().eq_any(programmes.clone()))
            .or(grants::innovation_id.assume_not_null().eq_any(innovations))
            .or(innovations::keeper.nullable().assume_not_null().eq_any(programmes)),
    );
    named().into_boxed::<MultiBackend>().filter(own)
}

/// # Errors
/// `unknown-reference` for the organisation.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListGrants) -> Result<Query> {
    let mut query = seen(context);
    narrow! { query, asked;
        subject => grants::subject.eq(subject.0.clone());
        organisation => grants::organisation_id.eq(referred(conn, "?organisation", &organisation.0)?);
        programme => grants::programme.eq(programme.0.to_ascii_lowercase());
        made_by => grants::made_by.eq(made_by.0.clone());
        active_at => grants::from_at.le(active_at.naive_utc()).and(grants::to_at.gt(active_at.naive_utc()));
    }
    if let Some(OneOf(roles)) = &asked.role {
        query = query.filter(one_of!(grants::role, roles.clone()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<NamedGrant>> {
    Ok(seen(context).filter(grants::id.eq(id)).first(conn).optional()?)
}

/// The grants of a subject that hold now or later.
pub fn of_subject(conn: &mut Conn, subject: &str, now: Timestamp) -> Result<Vec<NamedGrant>> {
    let own = named().filter(grants::subject.eq(subject.to_owned())).filter(grants::to_at.gt(now.naive_utc()));
    Ok(own.load(conn)?)
}

/// Whether anybody holds this role, now or later.
pub fn is_held(conn: &mut Conn, role: Role, now: Timestamp) -> Result<bool> {
    let held = grants::table.filter(grants::role.eq(role)).filter(grants::to_at.gt(now.naive_utc()));
    Ok(held.select(grants::id).first::<Id>(conn).optional()?.is_some())
}

/// The organisation that the grants of a subject say it belongs to: all say the same.
pub fn body_of(conn: &mut Conn, subject: &str, now: Timestamp) -> Result<Option<Id>> {
    let current = grants::table.filter(grants::subject.eq(subject)).filter(grants::to_at.gt(now.naive_utc()));
    let current = current.filter(grants::body_id.is_not_null());
    Ok(current.select(grants::body_id.assume_not_null()).first(conn).optional()?)
}

/// Ends whatever a subject was granted.
///
/// # Errors
/// The database's own.
pub fn end_all(conn: &mut Conn, subject: &str, now: NaiveDateTime) -> Result<()> {
    let present = grants::table.filter(grants::subject.eq(subject)).filter(grants::to_at.gt(now));
    if diesel::update(present).set(grants::to_at.eq(now)).execute(conn)? > 0 { announce(conn) } else { Ok(()) }
}

/// Lets every instance know that grants, or the clients that hold them, have changed.
pub fn announce(conn: &mut Conn) -> Result<()> {
    diesel::update(grant_generation::table)
        .set(grant_generation::generation.eq(grant_generation::generation + 1))
        .execute_kept(conn)?;
    Ok(())
}

pub fn generation(conn: &mut Conn) -> Result<i64> {
    Ok(grant_generation::table.select(grant_generation::generation).first(conn)?)
}

/// The subject's grants that hold at this moment, and the organisation that they say the subject belongs to.
pub fn grants_of(conn: &mut Conn, subject: &str, now: Timestamp) -> Result<(Vec<access::Grant>, Option<Id>)> {
    type HeldRow = (Role, Option<Id>, Option<Id>, Option<String>, NaiveDateTime, NaiveDateTime, Option<Id>);
    let rows: Vec<HeldRow> = grants::table
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
            grants::body_id,
        ))
        .load(conn)?;
    let body = rows.iter().find_map(|row| row.6);
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
    let grant = |(role, organisation, innovation, programme, from, to, _): HeldRow| {
        let scope = scope_of(role, named(organisation), named(innovation), programme)?;
        Some(access::Grant { role, scope, from: from.and_utc(), to: to.and_utc() })
    };
    Ok((rows.into_iter().filter_map(grant).collect(), body))
}
