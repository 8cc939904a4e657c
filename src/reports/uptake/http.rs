//! `/v1/innovations/{slug}/uptake`, the same drawn, and `/v1/innovations/{slug}/non-adopters`.

use super::answer::{NonAdoptersResponse, UptakeChart, UptakeResponse, sheet, sheet_of_missing};
use super::ops::{self, Asked};
use super::rules::{Denominator, Step};
use super::study;
use crate::adoptions::moves::rules::Measure;
use crate::error::Result;
use crate::http::params::Param;
use crate::http::{CSV, CodeParam, Cx, OneOf, OneWord, Query, Reply, Routes, SVG, Whole};
use crate::innovations::http::InnovationPath;
use crate::organisations::rules::{Geography, OrganisationType};
use crate::params;
use crate::populations::rules::Dimension;
use actix_web::http::StatusCode;
use actix_web::{get, web};
use chrono::NaiveDate;
use serde_json::{Value, json};

pub fn routes(routes: &mut Routes) {
    routes.service(get_innovation_uptake).service(get_innovation_uptake_chart).service(list_non_adopters);
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
        /// The eligible organisations that every point is held against: those of its own day (`at-date`), or those of one day (`fixed:2019-04-01`). Default: `at-date`.
        denominator: AskedDenominator = "denominator",
        /// A type of place, to set the places of that type within the asked one beside each other on the last day.
        places: OneWord<OrganisationType> = "places",
        /// A number of organisations, to be told when so many had adopted.
        sites: Whole<1, 1000000> = "sites",
        /// A percentage, to be told when that share had adopted.
        share: Whole<1, 100> = "share",
        /// From when the days to `sites` and `share` count: `programme:nia` is the day on which the innovation joined it. Default: the first use below the place, from `piloting` on.
        since: Since = "since",
        /// Dimensions of people, to be told on the last day who is left out.
        groups: OneOf<Dimension> = "groups",
    }
}

/// A programme, from whose joining days are counted.
pub struct Since(String);

impl Param for Since {
    fn read(text: &str) -> Result<Self, String> {
        let slug = text.strip_prefix("programme:").and_then(|slug| CodeParam::read(slug).ok());
        slug.map(|slug| Self(slug.0))
            .ok_or_else(|| "expected programme: and the slug of one, as programme:nia".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^programme:[A-Za-z0-9-]{1,60}$", "maxLength": 70 })
    }
}

/// Whom adopters are held against.
pub struct AskedDenominator(Denominator);

impl AskedDenominator {
    fn fixed(&self) -> Option<NaiveDate> {
        match self.0 {
            Denominator::AtDate => None,
            Denominator::Fixed(day) => Some(day),
        }
    }
}

impl Param for AskedDenominator {
    fn read(text: &str) -> Result<Self, String> {
        let fixed = || text.strip_prefix("fixed:").and_then(|day| NaiveDate::read(day).ok()).map(Denominator::Fixed);
        let read = if text == "at-date" { Some(Denominator::AtDate) } else { fixed() };
        read.map(Self).ok_or_else(|| "expected at-date, or fixed: and a day, as fixed:2019-04-01".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(at-date|fixed:[0-9]{4}-[0-9]{2}-[0-9]{2})$", "maxLength": 20 })
    }
}

/// An indication as records write it.
fn indication(code: CodeParam) -> String {
    code.0.to_ascii_lowercase()
}

impl From<GetInnovationUptake> for Asked {
    fn from(query: GetInnovationUptake) -> Self {
        Self {
            place: query.place.map(|code| code.0),
            measure: query.measure.map(|word| word.0),
            indication: query.indication.map(indication),
            step: query.by.map(|word| word.0),
            from: query.from,
            to: query.to,
            map: (query.geography.map(|word| word.0), query.as_of),
            fixed: query.denominator.and_then(|asked| asked.fixed()),
            places: query.places.map(|word| word.0),
            sites: query.sites.map(|number| number.0.unsigned_abs()),
            share: query.share.map(|number| number.0),
            since: query.since.map(|since| since.0),
            groups: query.groups.map(|words| words.0).unwrap_or_default(),
        }
    }
}

/// Get the uptake of an innovation
///
/// Returns, period by period, how many of the organisations that the innovation is meant for had adopted it: below England, a region, a board, a
/// network or any other place. Adopters that are not eligible stand apart, so that the share is never above 1. A past day's answer changes only by
/// information about that day. `groups` adds who is left out by deprivation, ethnicity, sex and age, where populations are loaded; as CSV the answer is
/// then the groups, and else the curve.
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
        if csv { Ok(Reply::text(StatusCode::OK, CSV, sheet(&uptake)?)) } else { Reply::ok(&uptake) }
    })
    .await
}

params! {
    /// Whose uptake is drawn.
    pub struct GetInnovationUptakeChart {
        /// The code of a place. Default: England.
        place: CodeParam = "place",
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
        /// The eligible organisations that every point is held against: those of its own day (`at-date`), or those of one day (`fixed:2019-04-01`). Default: `at-date`.
        denominator: AskedDenominator = "denominator",
    }
}

impl From<GetInnovationUptakeChart> for Asked {
    fn from(query: GetInnovationUptakeChart) -> Self {
        Self {
            place: query.place.map(|code| code.0),
            indication: query.indication.map(indication),
            step: query.by.map(|word| word.0),
            from: query.from,
            to: query.to,
            map: (query.geography.map(|word| word.0), query.as_of),
            fixed: query.denominator.and_then(|asked| asked.fixed()),
            ..Self::default()
        }
    }
}

/// Draw the uptake of an innovation
///
/// Returns the same curve as an SVG that stands alone, without scripts, styles or outside references: the share that had adopted, the share that had
/// adopted or was implementing, and the days on which the innovation joined programmes. The title says what was found.
#[utoipa::path(tag = "reports", params(InnovationPath, GetInnovationUptakeChart), responses((status = 200, description = "The chart", body = UptakeChart, content_type = "image/svg+xml", headers(("ETag" = String)))))]
#[get("/v1/innovations/{slug}/uptake.svg")]
pub async fn get_innovation_uptake_chart(
    cx: Cx,
    path: web::Path<InnovationPath>,
    query: Query<GetInnovationUptakeChart>,
) -> Result<Reply> {
    let asked = query.0.into();
    cx.report(move |conn, context| {
        let drawn = study::draw_innovation_uptake(conn, context, &path.slug, asked)?;
        Ok(Reply::text(StatusCode::OK, SVG, drawn.into_bytes()).named_by_content())
    })
    .await
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
        /// The day. Default: `asOf`.
        on: NaiveDate = "on",
        /// The map on which organisations are counted. Default: `current`, and for a place that exists no longer `at-time`.
        geography: OneWord<Geography> = "geography",
        /// The day whose map is meant by `current`, after which nothing counts. Default: today.
        as_of: NaiveDate = "asOf",
        /// The eligible organisations that are meant: those of the day (`at-date`), or those of another one (`fixed:2019-04-01`). Default: `at-date`.
        denominator: AskedDenominator = "denominator",
    }
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
    let (query, csv) = (query.0, cx.wants("text/csv"));
    let on = query.on;
    let asked = Asked {
        place: query.place.map(|code| code.0),
        measure: query.measure.map(|word| word.0),
        indication: query.indication.map(indication),
        map: (query.geography.map(|word| word.0), query.as_of),
        fixed: query.denominator.and_then(|asked| asked.fixed()),
        ..Asked::default()
    };
    cx.report(move |conn, context| {
        let found = ops::list_non_adopters(conn, context, &path.slug, &asked, on)?;
        let answer: NonAdoptersResponse = found.into();
        if csv { Ok(Reply::text(StatusCode::OK, CSV, sheet_of_missing(&answer)?)) } else { Reply::ok(&answer) }
    })
    .await
}
