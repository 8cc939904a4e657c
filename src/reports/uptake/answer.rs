//! What is answered of uptake, as JSON and as CSV.

use super::ops::{Compared, NonAdopter, NonAdopters, PeriodPoint, TimeTo, Uptake};
use super::rules::groups::{Group, Groups, People, Tally};
use super::rules::{Denominator, Point, Reached, Step};
use crate::adoptions::moves::rules::{AdoptionStage, Measure};
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::organisations::rules::{Geography, OrganisationType};
use crate::populations::rules::{Dimension, PopulationGroup};
use crate::vocabulary::{Basis, Qualifier};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

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
    /// Those of eligible adopters. Null where nobody reported any, and for small counts that are kept back.
    patients: Option<PatientsResponse>,
    /// Those of adopters that are not eligible, in the same way.
    ineligible_patients: Option<PatientsResponse>,
    /// The patients that it could reach. Null where no population is loaded.
    eligible_patients: Option<PatientsResponse>,
    /// Patients of eligible adopters of those eligible, where both are known. Above 1 where patients are counted more often than the population.
    #[schema(minimum = 0)]
    patients_share: Option<f64>,
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
    /// Days since `countedFrom`; below 0 where it was reached before that.
    days: Option<i64>,
}

impl From<TimeTo> for TimeToResponse {
    fn from(found: TimeTo) -> Self {
        Self { on: found.on, days: found.days }
    }
}

/// So many organisations.
#[derive(Serialize, ToSchema)]
#[schema(as = UptakeTally)]
pub struct TallyResponse {
    eligible: u64,
    adopters: u64,
    #[schema(minimum = 0, maximum = 1)]
    share: Option<f64>,
}

impl From<Tally> for TallyResponse {
    fn from(tally: Tally) -> Self {
        Self { eligible: tally.eligible, adopters: tally.adopters, share: tally.share() }
    }
}

/// People of the organisations that the innovation is meant for, and of those of them that had adopted it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UptakePeople)]
pub struct PeopleResponse {
    in_eligible: PatientsResponse,
    in_adopters: PatientsResponse,
    #[schema(minimum = 0, maximum = 1)]
    share: Option<f64>,
}

impl From<People> for PeopleResponse {
    fn from(people: People) -> Self {
        let share = people.share();
        Self { in_eligible: people.in_eligible.into(), in_adopters: people.in_adopters.into(), share }
    }
}

/// Uptake in one group of people.
#[derive(Serialize, ToSchema)]
#[schema(as = UptakeOfGroup)]
pub struct GroupResponse {
    group: PopulationGroup,
    /// The organisations of which it is the largest group. Null but for deprivation.
    organisations: Option<TallyResponse>,
    /// Null where no organisation has it loaded.
    people: Option<PeopleResponse>,
}

/// Uptake by the groups of one dimension, on the last day.
#[derive(Serialize, ToSchema)]
#[schema(as = UptakeByGroup)]
pub struct GroupsResponse {
    dimension: Dimension,
    on: NaiveDate,
    #[schema(max_items = 100)]
    data: Vec<GroupResponse>,
    /// People of every group, to hold each against. Null where none is loaded.
    all: Option<PeopleResponse>,
    /// Eligible organisations without a population by group, which are in none of the groups.
    unknown: TallyResponse,
    /// The editions of the indices of deprivation that the quintiles are of.
    #[schema(max_items = 10)]
    editions: Vec<String>,
}

impl GroupsResponse {
    fn of(groups: Groups, on: NaiveDate) -> Self {
        let one = |group: Group| GroupResponse {
            group: group.group,
            organisations: group.organisations.map(Into::into),
            people: group.people.map(Into::into),
        };
        Self {
            dimension: groups.dimension,
            on,
            data: groups.groups.into_iter().map(one).collect(),
            all: groups.all.map(Into::into),
            unknown: groups.unknown.into(),
            editions: groups.editions.into_iter().collect(),
        }
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
    /// The day from which the days to sites and share count: of the first use, or of joining the programme that `since` names.
    counted_from: Option<NaiveDate>,
    /// Null unless `sites` asks for it.
    time_to_sites: Option<TimeToResponse>,
    /// Null unless `share` asks for it.
    time_to_share: Option<TimeToResponse>,
    /// Null unless `places` asks for them.
    #[schema(max_items = 10000)]
    places: Option<Vec<ComparedResponse>>,
    /// Null unless `groups` asks for them.
    #[schema(max_items = 100)]
    groups: Option<Vec<GroupsResponse>>,
    /// Whether some of it is made of records invented for illustration, edges and successions among them.
    illustrative: bool,
    /// Whether small counts of patients are suppressed and others rounded for you.
    suppressed: bool,
    #[schema(max_items = 20)]
    notes: Vec<String>,
}

impl From<Uptake> for UptakeResponse {
    fn from(uptake: Uptake) -> Self {
        let on = uptake.last_on;
        let answered = |PeriodPoint { period, point, eligible_patients, patients_share }: PeriodPoint| PointResponse {
            period: period.label(),
            on: point.on,
            eligible: point.eligible,
            adopters: point.adopters,
            share: point.share,
            ineligible_adopters: point.ineligible,
            unconfirmed: point.unconfirmed,
            patients: point.patients.map(Into::into),
            ineligible_patients: point.ineligible_patients.map(Into::into),
            eligible_patients: eligible_patients.map(Into::into),
            patients_share,
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
            denominator: written(uptake.denominator),
            place: PlaceResponse { code, name },
            points: uptake.points.into_iter().map(answered).collect(),
            first_use_on: uptake.first_use_on,
            counted_from: uptake.counted_from,
            time_to_sites: uptake.time_to_sites.map(Into::into),
            time_to_share: uptake.time_to_share.map(Into::into),
            places: uptake.places.map(|places| places.into_iter().map(Into::into).collect()),
            groups: uptake.groups.map(|all| all.into_iter().map(|groups| GroupsResponse::of(groups, on)).collect()),
            illustrative: uptake.illustrative,
            suppressed: uptake.suppressed,
            notes: uptake.notes,
        }
    }
}

/// A denominator as it is asked for.
fn written(denominator: Denominator) -> String {
    match denominator {
        Denominator::AtDate => "at-date".to_owned(),
        Denominator::Fixed(day) => format!("fixed:{day}"),
    }
}

/// The curve as CSV, or the groups where they are asked for.
pub fn sheet(uptake: &UptakeResponse) -> Result<Vec<u8>> {
    match &uptake.groups {
        Some(groups) => sheet_of_groups(uptake, groups),
        None => curve(uptake),
    }
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
        "eligiblePatients",
        "eligiblePatientsQualifier",
        "eligiblePatientsBasis",
        "patientsShare",
        "ineligiblePatients",
        "ineligiblePatientsQualifier",
        "ineligiblePatientsBasis",
        "illustrative",
    ];
    let mut sheet = Sheet::with_header(columns)?;
    for point in &uptake.points {
        let [patients, qualifier, basis] = cells(point.patients.as_ref());
        let [eligible, eligible_qualifier, eligible_basis] = cells(point.eligible_patients.as_ref());
        let [apart, apart_qualifier, apart_basis] = cells(point.ineligible_patients.as_ref());
        sheet.row([
            uptake.innovation.as_str(),
            &uptake.place.code,
            uptake.measure.as_str(),
            &point.period,
            &point.on.to_string(),
            &point.eligible.to_string(),
            &point.adopters.to_string(),
            &shown(point.share),
            &point.ineligible_adopters.to_string(),
            &point.unconfirmed.to_string(),
            &patients,
            &qualifier,
            &basis,
            &eligible,
            &eligible_qualifier,
            &eligible_basis,
            &shown(point.patients_share),
            &apart,
            &apart_qualifier,
            &apart_basis,
            if uptake.illustrative { "true" } else { "" },
        ])?;
    }
    sheet.finish()
}

fn shown(share: Option<f64>) -> String {
    share.map(|share| share.to_string()).unwrap_or_default()
}

/// Value, qualifier and basis.
fn cells(people: Option<&PatientsResponse>) -> [String; 3] {
    let cells = |people: &PatientsResponse| {
        [people.value.to_string(), people.qualifier.as_str().to_owned(), people.basis.as_str().to_owned()]
    };
    people.map(cells).unwrap_or_default()
}

fn sheet_of_groups(uptake: &UptakeResponse, all: &[GroupsResponse]) -> Result<Vec<u8>> {
    let columns = [
        "innovation",
        "place",
        "measure",
        "on",
        "group",
        "editions",
        "eligible",
        "adopters",
        "share",
        "peopleInEligible",
        "peopleInEligibleQualifier",
        "peopleInEligibleBasis",
        "peopleInAdopters",
        "peopleInAdoptersQualifier",
        "peopleInAdoptersBasis",
        "peopleShare",
        "illustrative",
    ];
    let mut sheet = Sheet::with_header(columns)?;
    for groups in all {
        for GroupResponse { group, organisations, people } in &groups.data {
            let tally = organisations.as_ref();
            let number = |of: fn(&TallyResponse) -> u64| tally.map(|tally| of(tally).to_string()).unwrap_or_default();
            let [eligible, eligible_qualifier, eligible_basis] =
                cells(people.as_ref().map(|people| &people.in_eligible));
            let [adopters, adopters_qualifier, adopters_basis] =
                cells(people.as_ref().map(|people| &people.in_adopters));
            sheet.row([
                uptake.innovation.as_str(),
                &uptake.place.code,
                uptake.measure.as_str(),
                &groups.on.to_string(),
                group.as_str(),
                &groups.editions.join(";"),
                &number(|tally| tally.eligible),
                &number(|tally| tally.adopters),
                &shown(tally.and_then(|tally| tally.share)),
                &eligible,
                &eligible_qualifier,
                &eligible_basis,
                &adopters,
                &adopters_qualifier,
                &adopters_basis,
                &shown(people.as_ref().and_then(|people| people.share)),
                if uptake.illustrative { "true" } else { "" },
            ])?;
        }
    }
    sheet.finish()
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
    /// Whether it is made of records invented for illustration.
    illustrative: bool,
}

impl From<NonAdopter> for NonAdopterResponse {
    fn from(found: NonAdopter) -> Self {
        let (organisation, organisation_name) = (found.code, found.name);
        let (stage, stage_on) = found.stage.unzip();
        let (barriers, illustrative) = (found.barriers, found.illustrative);
        Self { organisation, organisation_name, stage, stage_on, barriers, illustrative }
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
    geography: Geography,
    as_of: NaiveDate,
    /// `at-date`, or `fixed:` and a day.
    #[schema(example = "at-date", max_length = 20)]
    denominator: String,
    place: PlaceResponse,
    eligible: u64,
    adopters: u64,
    #[schema(minimum = 0, maximum = 1)]
    share: Option<f64>,
    /// How many of them each barrier stands in the way of.
    by_barrier: BTreeMap<String, u64>,
    /// Whether some of it is made of records invented for illustration, edges and successions among them.
    illustrative: bool,
    #[schema(max_items = 20000)]
    data: Vec<NonAdopterResponse>,
}

impl From<NonAdopters> for NonAdoptersResponse {
    fn from(found: NonAdopters) -> Self {
        let data: Vec<NonAdopterResponse> = found.missing.into_iter().map(Into::into).collect();
        let mut by_barrier = BTreeMap::new();
        for barrier in data.iter().flat_map(|one| &one.barriers) {
            *by_barrier.entry(barrier.clone()).or_default() += 1;
        }
        let (code, name) = found.place;
        let Point { eligible, adopters, share, .. } = found.point;
        Self {
            innovation: found.innovation,
            measure: found.measure,
            on: found.on,
            geography: found.map.geography,
            as_of: found.map.as_of,
            denominator: written(found.denominator),
            place: PlaceResponse { code, name },
            eligible,
            adopters,
            share,
            by_barrier,
            illustrative: found.illustrative,
            data,
        }
    }
}

/// Who is missing, as CSV.
pub fn sheet_of_missing(answer: &NonAdoptersResponse) -> Result<Vec<u8>> {
    let columns = ["innovation", "organisation", "organisationName", "stage", "stageOn", "barriers", "illustrative"];
    let mut sheet = Sheet::with_header(columns)?;
    for row in &answer.data {
        sheet.row([
            answer.innovation.as_str(),
            &row.organisation,
            &row.organisation_name,
            row.stage.map(AdoptionStage::as_str).unwrap_or_default(),
            &row.stage_on.map(|day| day.to_string()).unwrap_or_default(),
            &row.barriers.join(";"),
            if row.illustrative { "true" } else { "" },
        ])?;
    }
    sheet.finish()
}

/// The curve as a drawing.
pub struct UptakeChart;

impl PartialSchema for UptakeChart {
    fn schema() -> RefOr<Schema> {
        let described = "An SVG that stands alone: no scripts, styles or outside references.";
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(20_000_000)).description(Some(described)).into()
    }
}

impl ToSchema for UptakeChart {}
