//! Counts of adoptions in the database.

use super::rules::{Counts, Figure};
use crate::db::schema::adoption_counts;
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

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
    pub fn new(context: &Context, adoption: Id, counted_on: NaiveDate, counts: Counts) -> Self {
        let Counts { sites, users, patients } = counts;
        let parts =
            |figure: Option<Figure>| (figure.map(|f| f.value), figure.map(|f| f.qualifier), figure.map(|f| f.basis));
        let (sites, sites_qualifier, sites_basis) = parts(sites);
        let (users, users_qualifier, users_basis) = parts(users);
        let (patients, patients_qualifier, patients_basis) = parts(patients);
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

    pub fn counts(&self) -> Counts {
        Counts {
            sites: Figure::of(self.sites, self.sites_qualifier, self.sites_basis),
            users: Figure::of(self.users, self.users_qualifier, self.users_basis),
            patients: Figure::of(self.patients, self.patients_qualifier, self.patients_basis),
        }
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

/// The counts that hold on a day: the last of each adoption by it.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn held_on(day: NaiveDate) -> _ {
    let later = later_counts
        .filter(later_counts.field(adoption_counts::adoption_id).eq(adoption_counts::adoption_id))
        .filter(later_counts.field(adoption_counts::withdrawn_at).is_null())
        .filter(later_counts.field(adoption_counts::counted_on).gt(adoption_counts::counted_on))
        .filter(later_counts.field(adoption_counts::counted_on).le(day));
    adoption_counts::table
        .filter(adoption_counts::withdrawn_at.is_null())
        .filter(adoption_counts::counted_on.le(day))
        .filter(diesel::dsl::not(diesel::dsl::exists(later)))
}
