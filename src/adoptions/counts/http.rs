//! `/v1/adoptions/{id}/counts`.

use super::store::{self, CountRow, ListAdoptionCounts};
use crate::adoptions::ops::get_adoption;
use crate::adoptions::shown::{seen_whole_of, sees_whole};
use crate::adoptions::store::{ListAllAdoptionCounts, list_counts};
use crate::db::Conn;
use crate::disclosure::rounded;
use crate::error::Result;
use crate::http::params::Params;
use crate::http::{Asked, Context, Cx, IdPath, Listed, Listing, Routes};
use crate::vocabulary::{Basis, Change, Id, Qualifier, instant};
use crate::words;
use actix_web::{get, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(list_all_adoption_counts).service(list_adoption_counts);
}

words! {
    /// A number that an adoption counts.
    pub enum CountedNumber { Sites = "sites", Users = "users", Patients = "patients" }
}

/// What an adoption counted on a day. A number of which nothing was said that day is null.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionCountResponse {
    id: Id,
    /// The id of the adoption.
    adoption: Id,
    counted_on: NaiveDate,
    #[schema(minimum = 0)]
    sites: Option<i64>,
    sites_qualifier: Option<Qualifier>,
    sites_basis: Option<Basis>,
    #[schema(minimum = 0)]
    users: Option<i64>,
    users_qualifier: Option<Qualifier>,
    users_basis: Option<Basis>,
    /// Readers without the grant to see it get none for 1 to 7, and else the nearest 5.
    #[schema(minimum = 0)]
    patients: Option<i64>,
    patients_qualifier: Option<Qualifier>,
    patients_basis: Option<Basis>,
    /// The numbers that were taken away: from this day on they are not known, until they are counted again.
    #[schema(max_items = 3)]
    taken_away: Vec<CountedNumber>,
    /// Whoever recorded it.
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    made_at: String,
    /// Whether another count of the same day took its place.
    withdrawn: bool,
    #[schema(max_length = 300)]
    withdrawn_by: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    withdrawn_at: Option<String>,
    #[schema(max_length = 2000)]
    withdrawn_why: Option<String>,
    /// Whether small counts of patients are suppressed and others rounded for you.
    suppressed: bool,
}

impl AdoptionCountResponse {
    fn of(row: CountRow, suppressed: bool) -> Self {
        let said = row.said();
        let said = [
            (CountedNumber::Sites, said.sites),
            (CountedNumber::Users, said.users),
            (CountedNumber::Patients, said.patients),
        ];
        Self {
            id: row.id,
            adoption: row.adoption_id,
            counted_on: row.counted_on,
            sites: row.sites,
            sites_qualifier: row.sites_qualifier.filter(|_| row.sites.is_some()),
            sites_basis: row.sites_basis.filter(|_| row.sites.is_some()),
            users: row.users,
            users_qualifier: row.users_qualifier.filter(|_| row.users.is_some()),
            users_basis: row.users_basis.filter(|_| row.users.is_some()),
            patients: row.patients.and_then(|count| if suppressed { rounded(count, 1) } else { Some(count) }),
            patients_qualifier: row.patients_qualifier.filter(|_| row.patients.is_some()),
            patients_basis: row.patients_basis.filter(|_| row.patients.is_some()),
            taken_away: said.into_iter().filter(|(_, said)| *said == Change::Clear).map(|(number, _)| number).collect(),
            made_by: row.made_by,
            made_at: instant(row.made_at),
            withdrawn: row.withdrawn_at.is_some(),
            withdrawn_by: row.withdrawn_by,
            withdrawn_at: row.withdrawn_at.map(instant),
            withdrawn_why: row.withdrawn_why,
            suppressed,
        }
    }
}

/// List the counts of all adoptions
///
/// Lists what was last counted by a day: sites, users and patients of each adoption. Each row has what was counted on its own day and still
/// holds; what was counted on different days stands in different rows. These are the rows of a report's sites.
#[utoipa::path(tag = "adoptions", params(ListAllAdoptionCounts), responses((status = 200, description = "A page of counts", body = Listing<AdoptionCountResponse>)))]
#[get("/v1/adoption-counts")]
pub async fn list_all_adoption_counts(
    cx: Cx,
    asked: Asked<ListAllAdoptionCounts>,
) -> Result<Listed<AdoptionCountResponse>> {
    let day = ListAllAdoptionCounts::read(asked.0.clone())?.as_of;
    cx.list_with(asked, list_counts, move |conn, context, rows| {
        let adoptions: Vec<Id> = rows.iter().map(|row| row.adoption_id).collect();
        let whole = seen_whole_of(conn, context, &adoptions)?;
        let (day, all) = (day.unwrap_or_else(|| context.today()), store::counts(conn, &adoptions)?);
        let show = |row: CountRow| {
            let suppressed = !whole.contains(&row.adoption_id);
            AdoptionCountResponse::of(row.left_on(day, &all), suppressed)
        };
        Ok(rows.into_iter().map(show).collect())
    })
    .await
}

/// List the counts of an adoption
///
/// Lists what was counted on each day: sites, users and patients. A question about a day is answered, number by number, by the last count of it
/// by that day.
#[utoipa::path(tag = "adoptions", params(IdPath, ListAdoptionCounts), responses((status = 200, description = "A page of counts", body = Listing<AdoptionCountResponse>)))]
#[get("/v1/adoptions/{id}/counts")]
pub async fn list_adoption_counts(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListAdoptionCounts>,
) -> Result<Listed<AdoptionCountResponse>> {
    let id = path.id.clone();
    let rows = move |conn: &mut Conn, context: &Context, asked: &ListAdoptionCounts| {
        Ok(store::list(get_adoption(conn, context, &id)?.row.id, asked))
    };
    let show = move |conn: &mut Conn, context: &Context, rows: Vec<CountRow>| {
        let of = get_adoption(conn, context, &path.id)?.row;
        let suppressed = !sees_whole(conn, context, &of)?;
        Ok(rows.into_iter().map(|row| AdoptionCountResponse::of(row, suppressed)).collect())
    };
    cx.list_with(asked, rows, show).await
}
