//! `/v1/funding/360giving.json` and what is left out of it.

use super::ops::{self, Judged};
use super::rules::{Beneficiary, Grant, Party};
use crate::access::Reach;
use crate::decimal::format_scaled;
use crate::error::{Error, Fault, Result};
use crate::funding::money::decimals;
use crate::http::streaming::{Spooled, spooled};
use crate::http::{Collection, Cx, JSON, Reply, Routes};
use crate::vocabulary::{Id, instant};
use actix_web::get;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(get_360giving_export).service(list_blocked_grants);
}

/// An organisation or person of a grant.
#[derive(Serialize, ToSchema)]
pub struct GivingParty {
    #[schema(example = "GB-NHS-RJZ", max_length = 200)]
    id: String,
    #[schema(max_length = 300)]
    name: String,
}

impl From<Party> for GivingParty {
    fn from(party: Party) -> Self {
        Self { id: party.id, name: party.name }
    }
}

/// The first and last day of a grant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivingDates {
    start_date: NaiveDate,
    end_date: NaiveDate,
}

/// The programme of a grant.
#[derive(Serialize, ToSchema)]
pub struct GivingProgramme {
    #[schema(example = "nia", max_length = 60)]
    code: String,
    #[schema(max_length = 300)]
    title: String,
}

/// The place that benefits.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivingLocation {
    #[schema(example = "E92000001", max_length = 60)]
    geo_code: String,
}

/// A grant of the 360Giving Data Standard: it goes to one organisation or one person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivingGrant {
    #[schema(example = "360G-innovationregister-AWD-2026-00042", max_length = 200)]
    id: String,
    #[schema(max_length = 200)]
    title: String,
    #[schema(max_length = 5000)]
    description: String,
    #[schema(example = "GBP", min_length = 3, max_length = 3)]
    currency: &'static str,
    #[schema(value_type = f64, example = 50000)]
    amount_awarded: Box<RawValue>,
    award_date: NaiveDate,
    #[schema(max_items = 1)]
    planned_dates: Vec<GivingDates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1, nullable = false)]
    recipient_organization: Option<Vec<GivingParty>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recipient_individual: Option<GivingParty>,
    #[schema(min_items = 1, max_items = 1)]
    funding_organization: Vec<GivingParty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1, nullable = false)]
    grant_programme: Option<Vec<GivingProgramme>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1, nullable = false)]
    beneficiary_location: Option<Vec<GivingLocation>>,
    #[schema(format = "date-time", max_length = 40)]
    date_modified: String,
}

/// Who publishes.
#[derive(Serialize, ToSchema)]
pub struct GivingPublisher {
    #[schema(max_length = 200)]
    name: String,
    #[schema(example = "360G-innovationregister", max_length = 100)]
    prefix: String,
}

/// A package of grants.
#[derive(Serialize, ToSchema)]
pub struct GivingPackage {
    /// Of the 360Giving Data Standard.
    #[schema(example = "1.4", max_length = 10)]
    version: String,
    publisher: GivingPublisher,
    /// The licence of the data.
    #[schema(example = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", max_length = 200)]
    license: String,
    #[schema(max_items = 10_000_000)]
    grants: Vec<GivingGrant>,
}

impl TryFrom<Grant> for GivingGrant {
    type Error = Error;

    fn try_from(grant: Grant) -> Result<Self> {
        let (organisation, individual) = match grant.beneficiary {
            Beneficiary::Organisation(party) => (Some(vec![party.into()]), None),
            Beneficiary::Individual(party) => (None, Some(party.into())),
        };
        let amount = format_scaled(grant.amount.minor, decimals(grant.amount.currency));
        Ok(Self {
            id: grant.id,
            title: grant.title,
            description: grant.description,
            currency: grant.amount.currency.code(),
            amount_awarded: RawValue::from_string(amount)?,
            award_date: grant.awarded_on.ok_or_else(|| Error::internal("a grant without a date passed the checks"))?,
            planned_dates: vec![GivingDates { start_date: grant.planned_from, end_date: grant.planned_to }],
            recipient_organization: organisation,
            recipient_individual: individual,
            funding_organization: grant.funder.into_iter().map(Into::into).collect(),
            grant_programme: grant.programme.map(|(code, title)| vec![GivingProgramme { code, title }]),
            beneficiary_location: grant.geocode.map(|geo_code| vec![GivingLocation { geo_code }]),
            date_modified: instant(grant.modified_at),
        })
    }
}

const LICENCE: &str = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/";

/// Get the grants as 360Giving open data
///
/// Returns every approved award that may be published, in the shape of the 360Giving Data Standard 1.4. Illustrative awards,
/// also those of an illustrative programme, innovation, fellowship or recipient or of a fund with illustrative money, and those that fail a
/// critical check of data quality, are left out. The funder is the one that the fund names, or else the one whose money was recorded
/// first. A person is an opaque id, and named only with recorded consent.
#[utoipa::path(tag = "reports", responses((status = 200, description = "A package of grants", body = GivingPackage)))]
#[get("/v1/funding/360giving.json")]
pub async fn get_360giving_export(cx: Cx) -> Result<Spooled> {
    let publisher = cx.service.config.giving.clone();
    spooled(cx, JSON, move |conn, context, spool| {
        let about = json!({ "name": publisher.name, "prefix": publisher.prefix });
        let head = format!("{{\"version\":\"1.4\",\"publisher\":{about},\"license\":\"{LICENCE}\",\"grants\":[");
        let (mut chunk, mut first) = (head.into_bytes(), true);
        let everything = Reach::everything();
        ops::each(conn, context, &publisher, everything, |judged| {
            for Judged { grant, .. } in judged.into_iter().filter(|judged| judged.blocks.is_empty()) {
                if !std::mem::take(&mut first) {
                    chunk.extend_from_slice(b",\n");
                }
                serde_json::to_writer(&mut chunk, &GivingGrant::try_from(grant)?)?;
            }
            spool.add(&std::mem::take(&mut chunk))?;
            Ok(true)
        })?;
        chunk.extend_from_slice(b"]}\n");
        spool.add(&chunk)
    })
    .await
}

/// An award that is left out of the open data.
#[derive(Serialize, ToSchema)]
pub struct BlockedGrantResponse {
    /// The award's id.
    award: Id,
    #[schema(example = "AWD-2026-00042", max_length = 20)]
    reference: String,
    /// The reasons, each with a pointer to what must be corrected.
    #[schema(max_items = 20)]
    reasons: Vec<Fault>,
}

/// The most awards in one answer.
const MOST: usize = 10_000;

/// List the awards that are left out of the open data
///
/// Lists the publishable awards of your programmes that are illustrative or fail a critical check, each with the reasons.
#[utoipa::path(tag = "reports", responses((status = 200, description = "Blocked awards", body = Collection<BlockedGrantResponse>)))]
#[get("/v1/funding/360giving-blocked")]
pub async fn list_blocked_grants(cx: Cx) -> Result<Reply> {
    let publisher = cx.service.config.giving.clone();
    cx.report(move |conn, context| {
        let mut data = Vec::new();
        ops::each(conn, context, &publisher, context.reach(), |judged| {
            data.extend(judged.into_iter().filter(|judged| !judged.blocks.is_empty()).map(|judged| {
                BlockedGrantResponse {
                    award: judged.award.row.id,
                    reference: judged.award.row.reference,
                    reasons: judged.blocks,
                }
            }));
            Ok(data.len() < MOST)
        })?;
        data.truncate(MOST);
        Reply::ok(&Collection { data })
    })
    .await
}
