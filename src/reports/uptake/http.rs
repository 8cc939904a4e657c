//! `/v1/innovations/{slug}/uptake` and `/v1/innovations/{slug}/non-adopters`.

use super::ops::{self, Asked, Compared, NonAdopter, TimeTo, Uptake};
use super::rules::{Denominator, Point, Reached, Step};
use crate::adoptions::moves::rules::{AdoptionStage, Measure};
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::http::{CSV, CodeParam, Cx, OneWord, Query, Reply, Routes, Whole};
use crate::innovations::http::InnovationPath;
use crate::organisations::rules::{Geography, OrganisationType};
use crate::params;
use crate::vocabulary::{Basis, Qualifier};
use actix_web::http::StatusCode;
use actix_web::{get, web};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(get_innovation_uptake).service(list_non_adopters);
}

params! {
    /// Whose uptake is meant, and how it is told.
    pub struct GetInnovationUptake {
        /// The code of a place. Default: England.
        place: CodeParam = "place",
        /// What counts as adopted. Default: `adopted`.
        measure: OneWord<Measure> = "measure",
        /// The indication. Default: any.
        indication: CodeParam = "indication",
        /// The length of the periods. Default: month.
        by: OneWord<Step> = "by",
        /// The first day: the period that holds it is the first. Default: the first day of use or eligibility.
        from: NaiveDate = "from",
        /// The last day. Default: `asOf`.
        to: NaiveDate = "to",
        /// The map on which organisations are counted. Default: `current`, and for a place that exists no longer `at-time`.
        geography: OneWord<Geography> = "geography",
        /// The day whose map is meant by `current`, after which nothing counts. Default: today.
        as_of: NaiveDate = "asOf",
        /// The day whose eligible organisations every point is held against. Default: those of each point's own day.
        eligible_on: NaiveDate = "eligibleOn",
        /// A type of place, to set the places of that type beside each other on the last day.
        places: OneWord<OrganisationType> = "places",
        /// A number of organisations, to be told when so many had adopted.
        sites: Whole<1, 1000000> = "sites",
        /// A percentage, to be told when that share had adopted.
        share: Whole<1, 100> = "share",
    }
}

impl From<GetInnovationUptake> for Asked {
    fn from(query: GetInnovationUptake) -> Self {
        Self {
            place: query.place.map(|code| code.0),
            measure: query.measure.map(|word| word.0),
            indication: query.indication.map(|code| code.0),
            step: query.by.map(|word| word.0),
            from: query.from,
            to: query.to,
            map: (query.geography.map(|word| word.0), query.as_of),
            fixed: query.eligible_on,
            places: query.places.map(|word| word.0),
            sites: query.sites.map(|number| number.0.unsigned_abs()),
            share: query.share.map(|number| number.0 as f64),
        }
    }
}

/// A count of people, and how certain it is.
#[derive(Serialize, ToSchema)]
#[schema(as = UptakePatients)]
pub struct PatientsResponse {
    value: i64,
    qualifier: Qualifier,
    basis: Basis,
}

impl From<Reached> for PatientsResponse {
    fn from(reached: Reached) -> Self {
        Self { value: reached.value, qualifier: reached.qualifier, basis: reached.basis }
    }
}

/// Uptake on the last day of a period.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UptakePoint)]
pub struct PointResponse {
    #[schema(example = "2024-04", max_length = 12)]
    period: String,
    /// The day that is told.
    on: NaiveDate,
    eligible: u64,
    /// Adopters that are eligible.
    adopters: u64,
    /// Adopters of those eligible, from 0 to 1. Null where nobody is known to be eligible.
    #[schema(minimum = 0, maximum = 1)]
    share: Option<f64>,
    ineligible_adopters: u64,
    /// Adopters for over twelve months, whose routine use nobody confirmed in the twelve months before.
    unconfirmed: u64,
    /// Null where nobody reported any, and for small counts that are kept back.
    patients: Option<PatientsResponse>,
    eligible_patients: Option<PatientsResponse>,
}

/// A place beside others.
#[derive(Serialize, ToSchema)]
#[schema(as = UptakeOfPlace)]
pub struct ComparedResponse {
    #[schema(example = "QKK", max_length = 60)]
    code: String,
    #[schema(max_length = 300)]
    name: String,
    eligible: u64,
    adopters: u64,
    #[schema(minimum = 0, maximum = 1)]
    share: Option<f64>,
}

impl From<Compared> for ComparedResponse {
    fn from(compared: Compared) -> Self {
        let Point { eligible, adopters, share, .. } = compared.point;
        Self { code: compared.code, name: compared.name, eligible, adopters, share }
    }
}

/// When something was first reached.
#[derive(Serialize, ToSchema)]
#[schema(as = UptakeTimeTo)]
pub struct TimeToResponse {
    /// Null where it was not.
    on: Option<NaiveDate>,
    /// Days since the first use below the place.
    days: Option<i64>,
}

impl From<TimeTo> for TimeToResponse {
    fn from(found: TimeTo) -> Self {
        Self { on: found.on, days: found.days }
    }
}

/// A code and its name.
#[derive(Serialize, ToSchema)]
#[schema(as = UptakePlace)]
pub struct PlaceResponse {
    #[schema(example = "E92000001", max_length = 60)]
    code: String,
    #[schema(max_length = 300)]
    name: String,
}

/// The uptake of an innovation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UptakeResponse {
    #[schema(example = "heartflow", max_length = 60)]
    innovation: String,
    measure: Measure,
    #[schema(max_length = 60)]
    indication: Option<String>,
    /// The type of organisation that is counted. Null where none is known: all types.
    unit: Option<OrganisationType>,
    geography: Geography,
    as_of: NaiveDate,
    by: Step,
    /// `at-date`, or `fixed:` and a day.
    #[schema(example = "at-date", max_length = 20)]
    denominator: String,
    place: PlaceResponse,
    #[schema(max_items = 1500)]
    points: Vec<PointResponse>,
    /// The first day of use below the place.
    first_use_on: Option<NaiveDate>,
    /// Null unless `sites` asks for it.
    time_to_sites: Option<TimeToResponse>,
    /// Null unless `share` asks for it.
    time_to_share: Option<TimeToResponse>,
    /// Null unless `places` asks for them.
    #[schema(max_items = 10000)]
    places: Option<Vec<ComparedResponse>>,
    /// Whether some of it is made of records invented for illustration.
    illustrative: bool,
    /// Whether small counts of patients are suppressed and others rounded for you.
    suppressed: bool,
    #[schema(max_items = 20)]
    notes: Vec<String>,
}

impl From<Uptake> for UptakeResponse {
    fn from(uptake: Uptake) -> Self {
        let eligible_patients = uptake.eligible_patients;
        let told = |(period, point): (crate::calendar::Period, Point)| PointResponse {
            period: period.label(),
            on: point.on,
            eligible: point.eligible,
            adopters: point.adopters,
            share: point.share,
            ineligible_adopters: point.ineligible,
            unconfirmed: point.unconfirmed,
            patients: point.patients.map(Into::into),
            eligible_patients: eligible_patients.map(Into::into),
        };
        let denominator = match uptake.denominator {
            Denominator::AtDate => "at-date".to_owned(),
            Denominator::Fixed(day) => format!("fixed:{day}"),
        };
        let (code, name) = uptake.place;
        Self {
            innovation: uptake.innovation,
            measure: uptake.measure,
            indication: uptake.indication,
            unit: uptake.unit,
            geography: uptake.map.geography,
            as_of: uptake.map.as_of,
            by: uptake.step,
            denominator,
            place: PlaceResponse { code, name },
            points: uptake.points.into_iter().map(told).collect(),
            first_use_on: uptake.first_use_on,
            time_to_sites: uptake.time_to_sites.map(Into::into),
            time_to_share: uptake.time_to_share.map(Into::into),
            places: uptake.places.map(|places| places.into_iter().map(Into::into).collect()),
            illustrative: uptake.illustrative,
            suppressed: uptake.suppressed,
            notes: uptake.notes,
        }
    }
}

/// Get the uptake of an innovation
///
/// Returns, period by period, how many of the organisations that the innovation is meant for had adopted it: below England, a region, a board, a
/// network or any other place. Adopters that are not eligible stand apart, so that the share is never above 1. A past day's answer changes only by
/// information about that day. As JSON or CSV.
#[utoipa::path(tag = "reports", params(InnovationPath, GetInnovationUptake), responses((status = 200, description = "The uptake", content((UptakeResponse = "application/json"), (String = "text/csv")))))]
#[get("/v1/innovations/{slug}/uptake")]
pub async fn get_innovation_uptake(
    cx: Cx,
    path: web::Path<InnovationPath>,
    query: Query<GetInnovationUptake>,
) -> Result<Reply> {
    let (asked, csv): (Asked, bool) = (query.0.into(), cx.wants("text/csv"));
    cx.report(move |conn, context| {
        let uptake: UptakeResponse = ops::get_innovation_uptake(conn, context, &path.slug, &asked)?.into();
        if csv { Ok(Reply::text(StatusCode::OK, CSV, curve(&uptake)?)) } else { Reply::ok(&uptake) }
    })
    .await
}

fn curve(uptake: &UptakeResponse) -> Result<Vec<u8>> {
    let columns = [
        "innovation",
        "place",
        "measure",
        "period",
        "on",
        "eligible",
        "adopters",
        "share",
        "ineligibleAdopters",
        "unconfirmed",
        "patients",
        "qualifier",
        "basis",
        "illustrative",
    ];
    let mut sheet = Sheet::with_header(columns)?;
    for point in &uptake.points {
        let patients = point.patients.as_ref();
        sheet.row([
            uptake.innovation.as_str(),
            &uptake.place.code,
            uptake.measure.as_str(),
            &point.period,
            &point.on.to_string(),
            &point.eligible.to_string(),
            &point.adopters.to_string(),
            &point.share.map(|share| share.to_string()).unwrap_or_default(),
            &point.ineligible_adopters.to_string(),
            &point.unconfirmed.to_string(),
            &patients.map(|patients| patients.value.to_string()).unwrap_or_default(),
            patients.map(|patients| patients.qualifier.as_str()).unwrap_or_default(),
            patients.map(|patients| patients.basis.as_str()).unwrap_or_default(),
            if uptake.illustrative { "true" } else { "" },
        ])?;
    }
    sheet.finish()
}

params! {
    /// Who has not adopted an innovation.
    pub struct ListNonAdopters {
        /// The code of a place. Default: England.
        place: CodeParam = "place",
        /// What counts as adopted. Default: `adopted`.
        measure: OneWord<Measure> = "measure",
        /// The indication. Default: any.
        indication: CodeParam = "indication",
        /// The day. Default: today.
        on: NaiveDate = "on",
    }
}

/// An organisation that the innovation is meant for and that has not adopted it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NonAdopter)]
pub struct NonAdopterResponse {
    #[schema(example = "RJZ", max_length = 60)]
    organisation: String,
    #[schema(max_length = 300)]
    organisation_name: String,
    /// The stage it had reached on the day. Null where nothing is recorded.
    stage: Option<AdoptionStage>,
    stage_on: Option<NaiveDate>,
    /// What stood in its way on the day.
    #[schema(max_items = 6)]
    barriers: Vec<String>,
}

impl From<NonAdopter> for NonAdopterResponse {
    fn from(found: NonAdopter) -> Self {
        let (organisation, organisation_name) = (found.code, found.name);
        let (stage, stage_on) = found.stage.unzip();
        Self { organisation, organisation_name, stage, stage_on, barriers: found.barriers }
    }
}

/// Who has not adopted an innovation that is meant for them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NonAdoptersResponse {
    #[schema(example = "heartflow", max_length = 60)]
    innovation: String,
    measure: Measure,
    on: NaiveDate,
    place: PlaceResponse,
    eligible: u64,
    adopters: u64,
    #[schema(minimum = 0, maximum = 1)]
    share: Option<f64>,
    /// How many of them each barrier stands in the way of.
    by_barrier: BTreeMap<String, u64>,
    #[schema(max_items = 20000)]
    data: Vec<NonAdopterResponse>,
}

/// List who has not adopted an innovation
///
/// Lists the organisations below a place that the innovation is meant for and that had not adopted it on a day, with the stage they had reached and
/// what stood in their way, by code. As JSON or CSV.
#[utoipa::path(tag = "reports", params(InnovationPath, ListNonAdopters), responses((status = 200, description = "Who has not adopted it", content((NonAdoptersResponse = "application/json"), (String = "text/csv")))))]
#[get("/v1/innovations/{slug}/non-adopters")]
pub async fn list_non_adopters(
    cx: Cx,
    path: web::Path<InnovationPath>,
    query: Query<ListNonAdopters>,
) -> Result<Reply> {
    let (ListNonAdopters { place, measure, indication, on }, csv) = (query.0, cx.wants("text/csv"));
    let asked = Asked {
        place: place.map(|code| code.0),
        measure: measure.map(|word| word.0),
        indication: indication.map(|code| code.0),
        ..Asked::default()
    };
    cx.report(move |conn, context| {
        let found = ops::list_non_adopters(conn, context, &path.slug, &asked, on)?;
        let data: Vec<NonAdopterResponse> = found.missing.into_iter().map(Into::into).collect();
        if csv {
            return Ok(Reply::text(StatusCode::OK, CSV, missing(&found.innovation, &data)?));
        }
        let mut by_barrier = BTreeMap::new();
        for barrier in data.iter().flat_map(|one| &one.barriers) {
            *by_barrier.entry(barrier.clone()).or_default() += 1;
        }
        let (code, name) = found.place;
        Reply::ok(&NonAdoptersResponse {
            innovation: found.innovation,
            measure: found.measure,
            on: found.on,
            place: PlaceResponse { code, name },
            eligible: found.point.eligible,
            adopters: found.point.adopters,
            share: found.point.share,
            by_barrier,
            data,
        })
    })
    .await
}

fn missing(innovation: &str, rows: &[NonAdopterResponse]) -> Result<Vec<u8>> {
    let mut sheet =
        Sheet::with_header(["innovation", "organisation", "organisationName", "stage", "stageOn", "barriers"])?;
    for row in rows {
        sheet.row([
            innovation,
            &row.organisation,
            &row.organisation_name,
            row.stage.map(AdoptionStage::as_str).unwrap_or_default(),
            &row.stage_on.map(|day| day.to_string()).unwrap_or_default(),
            &row.barriers.join(";"),
        ])?;
    }
    sheet.finish()
}
