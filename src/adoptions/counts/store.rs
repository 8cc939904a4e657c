//! Counts of adoptions in the database.

use super::rules::{Counted, Figure};
use crate::db::schema::adoption_counts;
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::{Basis, Change, Id, Qualifier};
use crate::{params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

/// What was said on one day. Where a number is null nothing was said of it, unless it has a qualifier: then it was taken away, and
/// is not known from that day on.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = adoption_counts)]
pub struct CountRow {
    pub id: Id,
    pub adoption_id: Id,
    pub counted_on: NaiveDate,
    pub sites: Option<i64>,
    pub sites_qualifier: Option<Qualifier>,
    pub sites_basis: Option<Basis>,
    pub users: Option<i64>,
    pub users_qualifier: Option<Qualifier>,
    pub users_basis: Option<Basis>,
    pub patients: Option<i64>,
    pub patients_qualifier: Option<Qualifier>,
    pub patients_basis: Option<Basis>,
    pub made_by: String,
    pub made_at: NaiveDateTime,
    pub withdrawn_by: Option<String>,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_why: Option<String>,
    pub updated_at: NaiveDateTime,
}

impl CountRow {
    pub fn new(context: &Context, adoption: Id, counted_on: NaiveDate, said: Counted) -> Self {
        let parts = |said: Change<Figure>| match said {
            Change::Keep => (None, None, None),
            Change::Clear => (None, Some(Qualifier::Exact), Some(Basis::Measured)),
            Change::Set(figure) => (Some(figure.value), Some(figure.qualifier), Some(figure.basis)),
        };
        let (sites, sites_qualifier, sites_basis) = parts(said.sites);
        let (users, users_qualifier, users_basis) = parts(said.users);
        let (patients, patients_qualifier, patients_basis) = parts(said.patients);
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            adoption_id: adoption,
            counted_on,
            sites,
            sites_qualifier,
            sites_basis,
            users,
            users_qualifier,
            users_basis,
            patients,
            patients_qualifier,
            patients_basis,
            made_by: context.actor.subject.clone(),
            made_at: now,
            withdrawn_by: None,
            withdrawn_at: None,
            withdrawn_why: None,
            updated_at: now,
        }
    }

    /// What it says of each.
    pub fn said(&self) -> Counted {
        Counted {
            sites: said(self.sites, self.sites_qualifier, self.sites_basis),
            users: said(self.users, self.users_qualifier, self.users_basis),
            patients: said(self.patients, self.patients_qualifier, self.patients_basis),
        }
    }

    /// The same without what no longer holds on a day, going by all counts of its adoption.
    #[must_use]
    pub fn left_on(mut self, day: NaiveDate, all: &[Self]) -> Self {
        let later = |other: &&Self| other.adoption_id == self.adoption_id && other.counted_on > self.counted_on;
        for said in all.iter().filter(later).filter(|other| other.counted_on <= day).map(Self::said) {
            if said.sites != Change::Keep {
                (self.sites, self.sites_qualifier, self.sites_basis) = (None, None, None);
            }
            if said.users != Change::Keep {
                (self.users, self.users_qualifier, self.users_basis) = (None, None, None);
            }
            if said.patients != Change::Keep {
                (self.patients, self.patients_qualifier, self.patients_basis) = (None, None, None);
            }
        }
        self
    }
}

/// What a row says of one number.
pub fn said(value: Option<i64>, qualifier: Option<Qualifier>, basis: Option<Basis>) -> Change<Figure> {
    match Figure::of(value, qualifier, basis) {
        Some(figure) => Change::Set(figure),
        None if qualifier.is_some() => Change::Clear,
        None => Change::Keep,
    }
}

/// The counts of these adoptions that hold, by their day.
pub fn counts(conn: &mut Conn, adoptions: &[Id]) -> Result<Vec<CountRow>> {
    let held = adoption_counts::table.filter(adoption_counts::adoption_id.eq_any(adoptions.to_vec()));
    let held = held.filter(adoption_counts::withdrawn_at.is_null());
    Ok(held.order_by((adoption_counts::counted_on, adoption_counts::id)).load(conn)?)
}

/// Writes a count in the place of that of the same day, if there is one.
pub fn replace(conn: &mut Conn, context: &Context, row: CountRow) -> Result<()> {
    use adoption_counts as all;
    let present = all::table
        .filter(all::adoption_id.eq(row.adoption_id))
        .filter(all::counted_on.eq(row.counted_on))
        .filter(all::withdrawn_at.is_null());
    let withdrawn = (
        all::withdrawn_by.eq(Some(context.actor.subject.clone())),
        all::withdrawn_at.eq(Some(context.now.naive_utc())),
        all::withdrawn_why.eq(Some("Counted anew.")),
        all::updated_at.eq(context.now.naive_utc()),
    );
    diesel::update(present).set(withdrawn).execute_kept(conn)?;
    diesel::insert_into(all::table).values(row).execute_kept(conn)?;
    Ok(())
}

pub type Query = adoption_counts::BoxedQuery<'static, MultiBackend>;

sortable! { CountRow, Query, key "id" => adoption_counts::id as Id;
    adoption_counts of |row| row => "countedOn" counted_on, "updatedAt" updated_at, then id;
}

params! {
    /// Which counts of an adoption.
    pub struct ListAdoptionCounts list of CountRow {
        /// Whether to list counts that were withdrawn, or those that hold. Default: both.
        withdrawn: bool = "withdrawn",
    }
}

/// The counts of one adoption.
pub fn list(adoption: Id, asked: &ListAdoptionCounts) -> Query {
    let counts = adoption_counts::table.filter(adoption_counts::adoption_id.eq(adoption)).into_boxed();
    match asked.withdrawn {
        None => counts,
        Some(true) => counts.filter(adoption_counts::withdrawn_at.is_not_null()),
        Some(false) => counts.filter(adoption_counts::withdrawn_at.is_null()),
    }
}

diesel::alias!(adoption_counts as later_counts: LaterCounts);

/// Counts of the same adoption of a later day, up to one.
#[diesel::dsl::auto_type]
fn later_by(day: NaiveDate) -> _ {
    later_counts
        .filter(later_counts.field(adoption_counts::adoption_id).eq(adoption_counts::adoption_id))
        .filter(later_counts.field(adoption_counts::withdrawn_at).is_null())
        .filter(later_counts.field(adoption_counts::counted_on).gt(adoption_counts::counted_on))
        .filter(later_counts.field(adoption_counts::counted_on).le(day))
}

/// The counts of sites that hold on a day: of each adoption the last by it that says anything of sites.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn held_on(day: NaiveDate) -> _ {
    let later: later_by = later_by(day);
    let later = later.filter(later_counts.field(adoption_counts::sites_qualifier).is_not_null());
    adoption_counts::table
        .filter(adoption_counts::withdrawn_at.is_null())
        .filter(adoption_counts::counted_on.le(day))
        .filter(adoption_counts::sites.is_not_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(later)))
}

/// The counts of which anything still holds on a day: a number of which no later one by the day says anything.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn standing_on(day: NaiveDate) -> _ {
    let later: later_by = later_by(day);
    let sites = later.filter(later_counts.field(adoption_counts::sites_qualifier).is_not_null());
    let later: later_by = later_by(day);
    let users = later.filter(later_counts.field(adoption_counts::users_qualifier).is_not_null());
    let later: later_by = later_by(day);
    let patients = later.filter(later_counts.field(adoption_counts::patients_qualifier).is_not_null());
    let sites = adoption_counts::sites.is_not_null().and(diesel::dsl::not(diesel::dsl::exists(sites)));
    let users = adoption_counts::users.is_not_null().and(diesel::dsl::not(diesel::dsl::exists(users)));
    let patients = adoption_counts::patients.is_not_null().and(diesel::dsl::not(diesel::dsl::exists(patients)));
    adoption_counts::table
        .filter(adoption_counts::withdrawn_at.is_null())
        .filter(adoption_counts::counted_on.le(day))
        .filter(sites.or(users).or(patients))
}
