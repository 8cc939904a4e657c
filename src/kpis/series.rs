//! The series a recalculation, an exclusion or a chart is of: one KPI, one organisation, an innovation or none, a
//! combination of breakdown members or their total.

use super::catalogue;
use super::catalogue::rules::parse_breakdown_text;
use super::catalogue::store::KpiRow;
use crate::access::outside;
use crate::calendar::Period;
use crate::db::Conn;
use crate::error::{Error, Fault, Result};
use crate::http::Context;
use crate::organisations::ops::Covered;
use crate::vocabulary::Id;
use crate::{innovations, organisations};
use chrono::NaiveDate;

/// Names a series in the database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    pub kpi: Id,
    pub organisation: Id,
    /// [`Id::NONE`] if the series is of no innovation.
    pub innovation: Id,
    /// Canonical; empty for the total.
    pub breakdown: String,
}

/// Names a series as a request does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesName {
    pub kpi: String,
    pub organisation: String,
    pub innovation: Option<String>,
    /// Written as [`parse_breakdown_text`] reads it. None means the total.
    pub breakdown: Option<String>,
}

impl SeriesName {
    /// The KPI and series that the body of a request names.
    ///
    /// # Errors
    /// `unknown-reference`; `validation-failed` for a breakdown the KPI does not have.
    pub fn resolve(&self, conn: &mut Conn) -> Result<(KpiRow, SeriesKey)> {
        let kpi = catalogue::ops::referred(conn, "/kpi", &self.kpi)?;
        let organisation = organisations::ops::referred(conn, "/organisation", &self.organisation)?;
        let innovation = innovation(conn, "/innovation", self.innovation.as_deref())?;
        let breakdown = breakdown(&kpi, "/breakdown", self.breakdown.as_deref())?.unwrap_or_default();
        let key = SeriesKey { kpi: kpi.id, organisation, innovation, breakdown };
        Ok((kpi, key))
    }
}

/// The innovation a request names, or [`Id::NONE`].
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn innovation(conn: &mut Conn, pointer: &str, slug: Option<&str>) -> Result<Id> {
    slug.map_or(Ok(Id::NONE), |slug| innovations::ops::referred(conn, pointer, slug))
}

/// The canonical text of a breakdown of the KPI; `None` if none is named.
///
/// # Errors
/// `validation-failed`, `unknown-breakdown`.
pub fn breakdown(kpi: &KpiRow, pointer: &str, text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let breakdowns = kpi.breakdowns();
    let expected = || match breakdowns.as_slice() {
        [] => format!("{} is not broken down.", kpi.code),
        many => {
            let each = many.iter().map(|b| format!("{}={}", b.dimension, b.members.join("|")));
            format!("Expected {}, one member of each.", each.collect::<Vec<_>>().join(";"))
        }
    };
    let canonical = parse_breakdown_text(&breakdowns, text).filter(|text| !text.is_empty());
    canonical.map(Some).ok_or_else(|| Error::invalid(pointer, "unknown-breakdown", expected()))
}

/// The period a body names.
///
/// # Errors
/// `validation-failed`, pointing at the value.
pub fn period(kpi: &KpiRow, pointer: &str, text: &str) -> Result<Period> {
    Period::parse(kpi.period_type, text).map_err(|error| Fault::new(pointer, error.code(), error.detail()).into())
}

/// The KPI of a key.
///
/// # Errors
/// `not-found`, which a key in the database never is.
pub fn kpi(conn: &mut Conn, id: Id) -> Result<KpiRow> {
    catalogue::store::find_by_ids(conn, &[id])?.remove(&id).ok_or_else(|| Error::not_found("KPI"))
}

/// Whether the caller may decide how the organisation's series of a KPI is read from a day on: with the KPI's programme, the
/// organisation, or the innovation where one is given, in the grants.
///
/// # Errors
/// `forbidden`.
pub fn permit(
    conn: &mut Conn,
    context: &Context,
    kpi: &KpiRow,
    (organisation, innovation): (Id, Option<Id>),
    day: NaiveDate,
) -> Result<()> {
    let covered = Covered::of(conn, context, context.reach(), &[organisation])?;
    let may = covered.covers_from(kpi.programme.as_deref(), Some(organisation), innovation, day);
    if may { Ok(()) } else { Err(outside()) }
}

/// The reason, trimmed.
///
/// # Errors
/// `validation-failed` for a blank one.
pub fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        Err(Error::invalid("/reason", "missing", "The reason cannot be blank."))
    } else {
        Ok(text.to_owned())
    }
}
