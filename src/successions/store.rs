//! Successions in the database.

use super::rules::{Children, Share, ShareBasis, Succession, SuccessionAdded, Successor};
use crate::db::schema::{organisation_successions, organisation_successors, organisations};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::rules::SuccessionKind;
use crate::organisations::store::{known, names};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{insert_all, narrow, one_of, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = organisation_successions, treat_none_as_null = true)]
pub struct SuccessionRow {
    pub id: Id,
    pub from_id: Id,
    pub kind: SuccessionKind,
    pub effective_on: NaiveDate,
    pub created_at: NaiveDateTime,
    pub source: Option<String>,
    pub illustrative: bool,
    /// Whether the heir has what the predecessor had come to. Of a day still to come, it has not.
    pub taken_over: bool,
    /// Whether all that it changed is known. Of older ones it is not.
    pub effects_kept: bool,
    pub version: i32,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = organisation_successors)]
pub struct SuccessorRow {
    pub succession_id: Id,
    pub to_id: Id,
    pub legal: bool,
    /// The share of the predecessor, in millionths.
    pub share_ppm: Option<i64>,
    pub share_basis: Option<ShareBasis>,
    pub share_source: Option<String>,
    pub share_on: Option<NaiveDate>,
}

impl SuccessorRow {
    fn share(&self) -> Option<Share> {
        Some(Share {
            value: self.share_ppm? as f64 / 1e6,
            basis: self.share_basis?,
            source: self.share_source.clone()?,
            on: self.share_on,
        })
    }
}

/// Writes an act with its successors, whose ids are in their order.
///
/// # Errors
/// `already-exists` for a second act of the predecessor on that day.
pub fn insert(conn: &mut Conn, context: &Context, from_id: Id, new: &Succession, to: &[Id]) -> Result<SuccessionRow> {
    let now = context.now.naive_utc();
    let row = SuccessionRow {
        id: Id::generate(),
        from_id,
        kind: new.kind,
        effective_on: new.effective_on,
        created_at: now,
        source: new.source.clone(),
        illustrative: new.illustrative,
        taken_over: new.effective_on <= context.today(),
        effects_kept: true,
        version: 1,
        updated_at: now,
        withdrawn_at: None,
        withdrawn_reason: None,
    };
    let taken = violations::unique("There is a succession of this organisation on that day already.");
    diesel::insert_into(organisation_successions::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    let successor = |(to, to_id): (&Successor, &Id)| SuccessorRow {
        succession_id: row.id,
        to_id: *to_id,
        legal: to.legal,
        share_ppm: to.share.as_ref().map(Share::millionths),
        share_basis: to.share.as_ref().map(|share| share.basis),
        share_source: to.share.as_ref().map(|share| share.source.clone()),
        share_on: to.share.as_ref().and_then(|share| share.on),
    };
    let rows: Vec<SuccessorRow> = new.to.iter().zip(to).map(successor).collect();
    insert_all!(conn, organisation_successors::table, rows);
    Ok(row)
}

/// Writes that an act was taken back.
pub fn withdraw(conn: &mut Conn, context: &Context, row: SuccessionRow, reason: String) -> Result<SuccessionRow> {
    let now = context.now.naive_utc();
    let (withdrawn_at, withdrawn_reason) = (Some(now), Some(reason));
    let row = SuccessionRow { version: row.version + 1, updated_at: now, withdrawn_at, withdrawn_reason, ..row };
    diesel::update(organisation_successions::table.find(row.id)).set(row.clone()).execute_kept(conn)?;
    Ok(row)
}

/// Whether an act closed the organisation.
pub fn is_closed(conn: &mut Conn, organisation: Id) -> Result<bool> {
    let acts = organisation_successions::table.filter(organisation_successions::from_id.eq(organisation));
    let closing = acts
        .filter(organisation_successions::withdrawn_at.is_null())
        .filter(organisation_successions::kind.ne(SuccessionKind::Transfer));
    Ok(closing.count().get_result::<i64>(conn)? > 0)
}

/// When an organisation became the only one that took its place, and which that is. A divided one has several.
pub fn passed_on(conn: &mut Conn, organisation: Id) -> Result<Option<(NaiveDate, Id)>> {
    let acts = organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(organisation_successions::from_id.eq(organisation))
        .filter(organisation_successions::kind.eq_any([SuccessionKind::Merge, SuccessionKind::Rename]))
        .filter(organisation_successions::withdrawn_at.is_null())
        .order_by(organisation_successions::effective_on);
    Ok(acts.select((organisation_successions::effective_on, organisation_successors::to_id)).first(conn).optional()?)
}

/// The day on which an organisation was divided among others.
pub fn divided_on(conn: &mut Conn, organisation: Id) -> Result<Option<NaiveDate>> {
    let acts = organisation_successions::table
        .filter(organisation_successions::from_id.eq(organisation))
        .filter(organisation_successions::kind.eq(SuccessionKind::Split))
        .filter(organisation_successions::withdrawn_at.is_null());
    Ok(acts.select(organisation_successions::effective_on).first(conn).optional()?)
}

/// An act that stands, that was recorded after another, and of which what it moved passed through the predecessor of that.
pub fn passing_through(conn: &mut Conn, act: &SuccessionRow) -> Result<Option<SuccessionRow>> {
    if act.kind == SuccessionKind::Transfer {
        return Ok(None);
    }
    let later = organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(organisation_successors::to_id.eq(act.from_id))
        .filter(organisation_successions::from_id.ne(act.from_id))
        .filter(organisation_successions::id.gt(act.id))
        .filter(organisation_successions::effective_on.le(act.effective_on))
        .filter(organisation_successions::withdrawn_at.is_null())
        .order_by(organisation_successions::id.desc());
    Ok(later.select(organisation_successions::all_columns).first(conn).optional()?)
}

/// The latest of some acts that stands.
pub fn latest(conn: &mut Conn, acts: &BTreeSet<Id>) -> Result<Option<SuccessionRow>> {
    let mut found = Vec::new();
    // SQLite takes a bounded number of parameters.
    for some in acts.iter().copied().collect::<Vec<_>>().chunks(10_000) {
        let those = organisation_successions::table.filter(organisation_successions::id.eq_any(some.to_vec()));
        found.extend(those.filter(organisation_successions::withdrawn_at.is_null()).load::<SuccessionRow>(conn)?);
    }
    Ok(found.into_iter().max_by_key(|act| (act.effective_on, act.id)))
}

/// The acts whose day has come and of which the legal heir, named beside each, has not taken over yet.
pub fn due(conn: &mut Conn, today: NaiveDate) -> Result<Vec<(SuccessionRow, Id)>> {
    let legal = organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(organisation_successors::legal.eq(true))
        .filter(organisation_successions::taken_over.eq(false))
        .filter(organisation_successions::withdrawn_at.is_null())
        .filter(organisation_successions::effective_on.le(today))
        .order_by((organisation_successions::effective_on, organisation_successions::id));
    Ok(legal.select((organisation_successions::all_columns, organisation_successors::to_id)).load(conn)?)
}

/// The successors of an act, in their order.
pub fn heirs(conn: &mut Conn, act: Id) -> Result<Vec<Id>> {
    let of_act = organisation_successors::table.filter(organisation_successors::succession_id.eq(act));
    let ordered = of_act.order_by((organisation_successors::legal.desc(), organisation_successors::to_id));
    Ok(ordered.select(organisation_successors::to_id).load(conn)?)
}

/// The acts that stand of the day of another and of which one of its successors is the legal heir, with that.
pub fn beside(conn: &mut Conn, act: &SuccessionRow, heirs: &[Id]) -> Result<Vec<(SuccessionRow, Id)>> {
    let acts = organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(organisation_successors::to_id.eq_any(heirs.to_vec()))
        .filter(organisation_successors::legal.eq(true))
        .filter(organisation_successions::effective_on.eq(act.effective_on))
        .filter(organisation_successions::withdrawn_at.is_null())
        .order_by(organisation_successions::id);
    Ok(acts.select((organisation_successions::all_columns, organisation_successors::to_id)).load(conn)?)
}

/// Writes that the heir has taken over.
pub fn taken_over(conn: &mut Conn, act: Id) -> Result<()> {
    let done = organisation_successions::taken_over.eq(true);
    diesel::update(organisation_successions::table.find(act)).set(done).execute_kept(conn)?;
    Ok(())
}

/// On which days acts of these organisations are recorded.
pub fn days_of(conn: &mut Conn, organisations: &BTreeSet<Id>) -> Result<HashSet<(Id, NaiveDate)>> {
    let mut days = HashSet::new();
    // SQLite takes a bounded number of parameters.
    for some in organisations.iter().copied().collect::<Vec<_>>().chunks(10_000) {
        let acts = organisation_successions::table.filter(organisation_successions::from_id.eq_any(some.to_vec()));
        let standing = acts.filter(organisation_successions::withdrawn_at.is_null());
        let of = standing.select((organisation_successions::from_id, organisation_successions::effective_on));
        days.extend(of.load::<(Id, NaiveDate)>(conn)?);
    }
    Ok(days)
}

/// An act by which an organisation became part of another.
#[derive(Queryable)]
pub struct ArrivalRow {
    pub on: NaiveDate,
    /// The code of the one that came.
    pub code: String,
    pub illustrative: bool,
}

/// The acts by which others became part of an organisation, in whole or in part, in the order of their days.
pub fn arrivals(conn: &mut Conn, heir: Id) -> Result<Vec<ArrivalRow>> {
    let standing = organisation_successors::table
        .inner_join(organisation_successions::table)
        .inner_join(organisations::table.on(organisations::id.eq(organisation_successions::from_id)))
        .filter(organisation_successors::to_id.eq(heir))
        .filter(organisation_successions::withdrawn_at.is_null())
        .filter(organisation_successions::kind.ne(SuccessionKind::Rename))
        .order_by((organisation_successions::effective_on, organisations::code));
    let columns = (organisation_successions::effective_on, organisations::code, organisation_successions::illustrative);
    Ok(standing.select(columns).load(conn)?)
}

/// Who was divided up to a day, among whom: by a split, or by a transfer that says what the predecessor kept.
#[derive(Queryable)]
pub struct DividedRow {
    pub from_id: Id,
    pub on: NaiveDate,
    pub kind: SuccessionKind,
    pub to_id: Id,
    /// The share of the predecessor, in millionths.
    pub share_ppm: Option<i64>,
}

/// The divisions up to a day, in the order of their days.
pub fn divided(conn: &mut Conn, as_of: NaiveDate) -> Result<Vec<DividedRow>> {
    let is_split = organisation_successions::kind.eq(SuccessionKind::Split);
    let is_shared = organisation_successions::kind
        .eq(SuccessionKind::Transfer)
        .and(organisation_successors::share_ppm.is_not_null());
    let rows = organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(is_split.or(is_shared))
        .filter(organisation_successions::withdrawn_at.is_null())
        .filter(organisation_successions::effective_on.le(as_of))
        .order_by((organisation_successions::effective_on, organisation_successors::to_id))
        .select((
            organisation_successions::from_id,
            organisation_successions::effective_on,
            organisation_successions::kind,
            organisation_successors::to_id,
            organisation_successors::share_ppm,
        ));
    Ok(rows.load(conn)?)
}

type Successions = organisation_successions::BoxedQuery<'static, MultiBackend>;

sortable! { SuccessionRow, Successions, key "id" => organisation_successions::id as Id;
    organisation_successions of |row| row => "effectiveOn" effective_on, "updatedAt" updated_at, then id;
}

params! {
    /// What the successions of an organisation may be narrowed to.
    pub struct ListSuccessions list of SuccessionRow {
        /// Kinds of succession.
        kind: OneOf<SuccessionKind> = "kind",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

/// The successions from and to an organisation.
///
/// # Errors
/// `not-found` for the organisation.
pub fn list(conn: &mut Conn, code: &str, asked: &ListSuccessions) -> Result<Successions> {
    let mut query = touching(known(conn, code)?.id);
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(organisation_successions::withdrawn_at.is_not_null())
    } else {
        query.filter(organisation_successions::withdrawn_at.is_null())
    };
    narrow! { query, asked;
        kind => one_of!(organisation_successions::kind, kind.0.clone());
    }
    Ok(query)
}

/// A succession from an organisation or to it.
pub fn find(conn: &mut Conn, of: Id, id: Id) -> Result<Option<SuccessionRow>> {
    Ok(touching(of).filter(organisation_successions::id.eq(id)).first(conn).optional()?)
}

fn touching(of: Id) -> Successions {
    let to_it = organisation_successors::table
        .filter(organisation_successors::to_id.eq(of))
        .select(organisation_successors::succession_id);
    let either = organisation_successions::from_id.eq(of).or(organisation_successions::id.eq_any(to_it));
    organisation_successions::table.filter(either).into_boxed()
}

/// The successions with the codes and names at their ends.
pub fn named(conn: &mut Conn, rows: Vec<SuccessionRow>) -> Result<Vec<Stored<Succession>>> {
    let acts: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut successors: HashMap<Id, Vec<SuccessorRow>> = HashMap::new();
    let of_acts = organisation_successors::table.filter(organisation_successors::succession_id.eq_any(acts));
    let ordered = of_acts.order_by((organisation_successors::legal.desc(), organisation_successors::to_id));
    for row in ordered.load::<SuccessorRow>(conn)? {
        successors.entry(row.succession_id).or_default().push(row);
    }
    let ends = rows.iter().map(|row| row.from_id).chain(successors.values().flatten().map(|row| row.to_id));
    let names = names(conn, ends.collect::<Vec<_>>())?;
    let named = |row: SuccessionRow| {
        let (from, from_name) = names.of(row.from_id);
        let heirs = successors.remove(&row.id).unwrap_or_default();
        let to =
            |heir: &SuccessorRow| Successor { code: names.of(heir.to_id).0, legal: heir.legal, share: heir.share() };
        Stored {
            added: SuccessionAdded {
                id: row.id,
                from,
                from_name,
                to_names: heirs.iter().map(|heir| names.of(heir.to_id).1).collect(),
                withdrawn: Withdrawal::of(row.withdrawn_at, row.withdrawn_reason),
            },
            written: Succession {
                kind: row.kind,
                effective_on: row.effective_on,
                to: heirs.iter().map(to).collect(),
                children: Children::default(),
                source: row.source,
                illustrative: row.illustrative,
            },
            version: row.version,
            updated_at: row.updated_at,
        }
    };
    Ok(rows.into_iter().map(named).collect())
}
