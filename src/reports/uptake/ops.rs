//! Uptake and who has not adopted, for as far as the caller may see it.

use super::rules::groups::{Groups, Member, grouped};
use super::rules::patients::{eligible_patients, share};
use super::rules::sweep::{Standing, Sweep};
use super::rules::{Denominator, Point, Reached, Step, Unit, UnitTypes, days, disclosed, point};
use super::store::{self, Counting, Invented, Joined};
use crate::access::Operation;
use crate::adoptions::moves::rules::{AdoptionStage, Measure};
use crate::calendar::{Period, Span};
use crate::db::Conn;
use crate::eligibility::store::{EligibilityRow, standing};
use crate::error::{Error, Result};
use crate::http::Context;
use crate::innovations::ops::get_innovation;
use crate::organisations;
use crate::organisations::ops::{ENGLAND, Map, Sight};
use crate::organisations::rules::{Geography, OrganisationType};
use crate::organisations::store::{OrganisationRow, names};
use crate::populations::rules::{Counted, Dimension};
use crate::populations::store::{Whose, counted};
use crate::reports::impact::ops::ILLUSTRATIVE;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap};

/// What is asked of the uptake of an innovation.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub place: Option<String>,
    pub measure: Option<Measure>,
    pub indication: Option<String>,
    pub step: Option<Step>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub map: (Option<Geography>, Option<NaiveDate>),
    pub fixed: Option<NaiveDate>,
    pub places: Option<OrganisationType>,
    pub sites: Option<u64>,
    /// A percentage.
    pub share: Option<i64>,
    /// The slug of the programme from whose joining days are counted.
    pub since: Option<String>,
    pub groups: Vec<Dimension>,
}

/// A place beside others, on the last day.
pub struct Compared {
    pub code: String,
    pub name: String,
    pub point: Point,
}

/// When uptake first reached something, and how many days after the first use below the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeTo {
    pub on: Option<NaiveDate>,
    pub days: Option<i64>,
}

/// Uptake on the last day of a period, with the patients that it could reach.
pub struct PeriodPoint {
    pub period: Period,
    pub point: Point,
    pub eligible_patients: Option<Reached>,
    pub patients_share: Option<f64>,
}

/// The uptake of an innovation below a place.
pub struct Uptake {
    pub innovation: String,
    pub name: String,
    pub measure: Measure,
    pub indication: Option<String>,
    pub unit: Option<OrganisationType>,
    pub map: Map,
    pub step: Step,
    pub denominator: Denominator,
    pub place: (String, String),
    pub points: Vec<PeriodPoint>,
    pub first_use_on: Option<NaiveDate>,
    /// The day from which the days to sites and share count.
    pub counted_from: Option<NaiveDate>,
    pub time_to_sites: Option<TimeTo>,
    pub time_to_share: Option<TimeTo>,
    pub places: Option<Vec<Compared>>,
    pub groups: Option<Vec<Groups>>,
    /// The day of the places and the groups.
    pub last_on: NaiveDate,
    pub joined: Vec<Joined>,
    pub illustrative: bool,
    pub suppressed: bool,
    pub notes: Vec<String>,
}

/// An organisation that an innovation is meant for and that had not adopted it on the day.
pub struct NonAdopter {
    pub code: String,
    pub name: String,
    pub stage: Option<(AdoptionStage, NaiveDate)>,
    pub barriers: Vec<String>,
    /// Whether the record of these, or what says whom the innovation is meant for, is invented.
    pub illustrative: bool,
}

/// Who had not adopted an innovation that was meant for them on a day.
pub struct NonAdopters {
    pub innovation: String,
    pub measure: Measure,
    pub on: NaiveDate,
    pub map: Map,
    pub denominator: Denominator,
    pub place: (String, String),
    /// Whether some of it is made of what is invented.
    pub illustrative: bool,
    /// The uptake of that day.
    pub point: Point,
    pub missing: Vec<NonAdopter>,
}

/// Everything that uptake is made of.
struct Made {
    slug: String,
    name: String,
    innovation: Id,
    place: OrganisationRow,
    map: Map,
    measure: Measure,
    types: UnitTypes,
    units: BTreeMap<Id, Unit>,
    /// The days on which others above the adopting unit had adopted for a part that nobody named.
    part: Vec<Vec<Span>>,
    invented: Invented,
    /// Whether the innovation itself is invented.
    illustrative: bool,
    rows: Vec<EligibilityRow>,
    indication: Option<String>,
    /// The patients that the place itself has.
    own_population: Vec<Counted>,
    /// The patients of England as the innovation's record says.
    whole: Option<Reached>,
    sees_all: bool,
}

fn made(conn: &mut Conn, context: &Context, slug: &str, asked: &Asked) -> Result<Made> {
    let innovation = get_innovation(conn, context, slug)?.row;
    let code = asked.place.as_deref().unwrap_or(ENGLAND);
    organisations::ops::referred(conn, "?place", code)?;
    let place = organisations::ops::get_organisation(conn, code)?;
    let reach = context.actor.reach(Operation::see_unsuppressed_values);
    let sees_all = organisations::ops::covers(conn, context, &reach, None, Some(place.id), Some(innovation.id))?;
    let sight = sees_all.then_some(Sight { reach, programme: None, innovation: innovation.id });
    let map = Map::asked(conn, context, &place, asked.map, sight)?;
    let measure = asked.measure.unwrap_or(Measure::Adopted);
    let indication = asked.indication.as_deref();
    let rows = standing(conn, innovation.id, indication)?;
    let unit = innovation.adopting_unit(indication);
    let types = unit.map_or_else(|| types_of(&rows), UnitTypes::always);
    let eligible = store::eligible(conn, &rows, unit, indication)?;
    let adopted = store::adopted(conn, innovation.id, measure.stages(), indication)?;
    let Counting { mut units, part, invented } = store::counting(conn, (place.id, map), &types, eligible, &adopted)?;
    let whose = Whose { innovation: Some((innovation.id, indication.unwrap_or_default())), dimension: None };
    let mut populations = counted(conn, whose, map.as_of)?;
    for (id, unit) in &mut units {
        unit.population = populations.remove(id).unwrap_or_default();
    }
    let own_population = populations.remove(&place.id).unwrap_or_default();
    let eligible_patients = innovation.eligible_population().filter(|_| place.code == ENGLAND);
    Ok(Made {
        slug: innovation.slug,
        name: innovation.name,
        innovation: innovation.id,
        indication: asked.indication.clone(),
        own_population,
        whole: eligible_patients.map(|population| Reached {
            value: population.value,
            qualifier: population.qualifier,
            basis: population.basis,
        }),
        illustrative: innovation.illustrative,
        place,
        map,
        measure,
        types,
        units,
        part,
        invented,
        rows,
        sees_all,
    })
}

/// The types that rules name on the days on which they hold.
fn types_of(rows: &[EligibilityRow]) -> UnitTypes {
    let rules = rows.iter().filter(|row| row.eligible);
    UnitTypes::of_rules(&rules.filter_map(|row| Some((row.kind?, row.span()))).collect::<Vec<_>>())
}

/// Days that are asked about.
#[derive(Clone, Copy)]
struct Days {
    span: Span,
    denominator: Denominator,
}

impl Days {
    fn new(from: NaiveDate, to: NaiveDate, denominator: Denominator) -> Self {
        Self { span: Span::through(from, to), denominator }
    }

    /// Whether what holds on some days of whom the innovation is meant for says anything of them.
    fn concern(&self, eligibility: Span) -> bool {
        match self.denominator {
            Denominator::AtDate => eligibility.meet(self.span).is_some(),
            Denominator::Fixed(day) => eligibility.holds(day),
        }
    }
}

impl Made {
    /// Uptake on a day, with counts of patients as the caller may see them.
    fn point<'a>(&self, units: impl Iterator<Item = &'a Unit>, on: NaiveDate, denominator: Denominator) -> Point {
        if self.sees_all { point(units, on, denominator) } else { disclosed(units, on, denominator) }
    }

    fn first_use_on(&self) -> Option<NaiveDate> {
        self.units.values().filter_map(Unit::first_use).min()
    }

    /// Whether some of what is said of the days is made of what is invented.
    fn is_illustrative(&self, conn: &mut Conn, days: Days) -> Result<bool> {
        let counts = self.units.values().flat_map(|unit| &unit.population).chain(&self.own_population);
        let mut counted = counts.filter(|count| count.on < days.span.to);
        if self.illustrative
            || self.rows.iter().any(|row| row.illustrative && days.concern(row.span()))
            || counted.any(|count| count.illustrative)
            || self.invented.meant.iter().any(|span| days.concern(*span))
        {
            return Ok(true);
        }
        let indication = self.indication.as_deref();
        let first = self.first_use_on().and_then(|first| Some(Span { from: first, to: first.succ_opt()? }));
        let mut asked = vec![(self.measure, days.span)];
        asked.extend(first.map(|first| (Measure::InUse, first)));
        for (measure, span) in asked {
            if self.invented.lying.iter().any(|lying| lying.meet(span).is_some())
                || store::any_illustrative(conn, self.innovation, measure.stages(), indication, span)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The most points of one curve.
const MOST: usize = 1500;

/// The uptake of an innovation below a place, by default below England.
///
/// # Errors
/// `not-found`, `unknown-reference`, `forbidden` for another map than the usual one; `validation-failed` for days that run
/// backwards or are too many.
pub fn get_innovation_uptake(conn: &mut Conn, context: &Context, slug: &str, asked: &Asked) -> Result<Uptake> {
    let made = made(conn, context, slug, asked)?;
    let all: Vec<&Unit> = made.units.values().collect();
    let units = || all.iter().copied();
    let first_use_on = made.first_use_on();
    let last = made.map.as_of.min(context.today());
    let to = asked.to.map_or(last, |to| to.min(last));
    let begun = units().flat_map(|unit| unit.eligible.iter().map(|span| span.from));
    let begun = begun.filter(|from| *from != Span::ALWAYS.from).min();
    let from = asked.from.or_else(|| first_use_on.into_iter().chain(begun).min()).unwrap_or(to);
    if asked.from.is_some_and(|from| from > to) {
        return Err(Error::invalid("?from", "range", format!("It lies after the last day, {to}.")));
    }
    let denominator = asked.fixed.map_or(Denominator::AtDate, Denominator::Fixed);
    let step = asked.step.unwrap_or(Step::Month);
    let mut periods = days(step, from.min(to), to);
    let left_out = periods.len().saturating_sub(MOST);
    if asked.from.is_none() {
        // A slip in one old day takes nobody's curve away.
        periods.drain(..left_out);
    } else if left_out > 0 {
        return Err(Error::invalid(
            "?from",
            "too-many",
            format!("More than {MOST} points; narrow the days or take longer periods."),
        ));
    }
    let counted: &[&Unit] = if units().any(|unit| !unit.population.is_empty()) { &all } else { &[] };
    let of_period = |(period, on): (Period, NaiveDate)| {
        let point = made.point(units(), on, denominator);
        let eligible_patients =
            eligible_patients(counted.iter().copied(), (on, denominator), &made.own_population, made.whole);
        let patients_share = share(point.patients, eligible_patients, made.sees_all);
        PeriodPoint { period, point, eligible_patients, patients_share }
    };
    let first = periods.first().map_or(to, |(period, _)| period.start());
    let points = periods.into_iter().map(of_period).collect();
    let joined = store::joined(conn, made.innovation)?;
    let counted_from = match &asked.since {
        None => first_use_on,
        Some(slug) => Some(day_of_joining(&joined, slug)?),
    };
    let sweep = LazyCell::new(|| Sweep::of(units(), denominator));
    let time_to = |reached: &dyn Fn(Standing) -> bool| {
        let on = sweep.first(to, reached);
        TimeTo { on, days: on.zip(counted_from).map(|(on, from)| (on - from).num_days()) }
    };
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let time_to_sites =
        asked.sites.map(|sites| time_to(&|standing| count(standing.adopters + standing.ineligible) >= sites));
    let time_to_share = asked.share.map(|share| time_to(&|standing| standing.has_share(share)));
    let (places, of_places) =
        asked.places.map(|kind| compared(conn, &made, kind, to, denominator)).transpose()?.unzip();
    let groups = asked.groups.iter().map(|dimension| by_group(conn, &made, *dimension, to, denominator));
    let groups = groups.collect::<Result<Vec<Groups>>>()?;
    let days = Days::new(first, to, denominator);
    let illustrative = made.is_illustrative(conn, days)?
        || groups.iter().any(|groups| groups.illustrative)
        || of_places.unwrap_or_default();
    let mut notes = notes(&made, illustrative, days, &groups);
    if asked.from.is_none() && left_out > 0 {
        notes
            .push(format!("The curve begins with the last {MOST} periods; earlier ones are asked for by from and to."));
    }
    Ok(Uptake {
        innovation: made.slug,
        name: made.name,
        measure: made.measure,
        indication: made.indication,
        unit: made.types.on(to),
        map: made.map,
        step,
        denominator,
        place: (made.place.code, made.place.name),
        points,
        first_use_on,
        counted_from,
        time_to_sites,
        time_to_share,
        places,
        groups: (!asked.groups.is_empty()).then_some(groups),
        last_on: to,
        joined,
        illustrative,
        suppressed: !made.sees_all,
        notes,
    })
}

fn day_of_joining(joined: &[Joined], slug: &str) -> Result<NaiveDate> {
    let found = joined.iter().find(|joined| joined.programme.eq_ignore_ascii_case(slug));
    let missing =
        || Error::invalid("?since", "not-a-member", format!("The innovation has not been in a programme {slug}."));
    found.map(|joined| joined.on).ok_or_else(missing)
}

/// Uptake by the groups of a dimension: of the people the innovation is meant for, where any are loaded, else of all people.
fn by_group(
    conn: &mut Conn,
    made: &Made,
    dimension: Dimension,
    on: NaiveDate,
    denominator: Denominator,
) -> Result<Groups> {
    let meant = Some((made.innovation, made.indication.as_deref().unwrap_or_default()));
    let mut populations: HashMap<Id, Vec<Counted>> =
        counted(conn, Whose { innovation: meant, dimension: Some(dimension) }, on)?;
    populations.retain(|id, _| made.units.contains_key(id));
    if populations.is_empty() {
        populations = counted(conn, Whose { innovation: None, dimension: Some(dimension) }, on)?;
    }
    let members = made.units.iter().filter(|(_, unit)| unit.is_meant_on(on, denominator)).map(|(id, unit)| Member {
        adopted: unit.has_adopted_on(on),
        counts: populations.get(id).map(Vec::as_slice).unwrap_or_default(),
    });
    Ok(grouped(dimension, on, members))
}

/// The places of a type that lie within the asked one: of another this would be a part, under the name of the whole. And whether what
/// counts at one of them does by edges that are invented.
fn compared(
    conn: &mut Conn,
    made: &Made,
    kind: OrganisationType,
    on: NaiveDate,
    denominator: Denominator,
) -> Result<(Vec<Compared>, bool)> {
    let ids: Vec<Id> = made.units.keys().copied().collect();
    let map_day = if made.map.geography == Geography::Current { made.map.as_of } else { on };
    let mut places = store::places_of(conn, &ids, kind, map_day)?;
    if made.place.code != ENGLAND {
        let within = store::within(conn, made.place.id, places.keys().copied().collect(), map_day)?;
        places.retain(|place, _| within.contains(place));
    }
    let names = names(conn, places.keys().copied())?;
    let illustrative = places.values().any(|counted| counted.illustrative);
    let mut compared: Vec<Compared> = places
        .into_iter()
        .map(|(place, counted)| {
            let units = counted.organisations.iter().filter_map(|id| made.units.get(id));
            let (code, name) = names.of(place);
            Compared { code, name, point: made.point(units, on, denominator) }
        })
        .collect();
    compared.sort_by(|one, other| one.code.cmp(&other.code));
    Ok((compared, illustrative))
}

fn notes(made: &Made, illustrative: bool, days: Days, groups: &[Groups]) -> Vec<String> {
    let illustrative = illustrative.then(|| ILLUSTRATIVE.to_owned());
    let known = made.rows.iter().any(|row| row.eligible && days.concern(row.span()));
    let unknown = (!known).then(|| {
        "Nobody is known to be eligible, so there is no share: whom the innovation is meant for is said by its eligibility.".to_owned()
    });
    let part = made.part.iter().filter(|spans| spans.iter().any(|span| span.meet(days.span).is_some())).count();
    let part = (part > 0).then(|| {
        format!("{part} organisations above the adopting unit have adopted for a part of what lies below them that no record names. They are not counted.")
    });
    let groups = groups.iter().map(note_of_groups);
    illustrative.into_iter().chain(unknown).chain(part).chain(groups).chain(NOTES.map(str::to_owned)).collect()
}

/// What the figures by group are made of.
fn note_of_groups(groups: &Groups) -> String {
    let (dimension, unknown) = (groups.dimension.as_str(), groups.unknown.eligible);
    if groups.all.is_none() {
        return format!(
            "By {dimension}: no population of the eligible organisations is loaded by then, so nothing is known of who is left out."
        );
    }
    let editions: Vec<&str> = groups.editions.iter().map(String::as_str).collect();
    let editions = if editions.is_empty() { String::new() } else { format!(", {}", editions.join(" and ")) };
    format!(
        "By {dimension}{editions}: the people of the eligible organisations as they were last counted by the day; {unknown} eligible organisations have none loaded. An adopter may not have reached all of its people."
    )
}

/// How uptake was counted.
const NOTES: [&str; 5] = [
    "Each point is of the last day of its period, the running one on the last day that counts.",
    "Share: adopters that are eligible on the day, of all that are eligible. Adopters that are not eligible stand apart.",
    "Each organisation counts once, in the type that takes the innovation into use, on the days on which it existed.",
    "Patients: what eligible adopters last reported by the day, added; those of adopters that are not eligible stand apart. One patient may attend two organisations, or be treated for two indications, so the sum of several is approximate.",
    "Eligible patients: the populations of the eligible organisations as they were last counted, else of the place, else as the innovation's record says of England.",
];

/// Who is meant to use an innovation and had not adopted it on a day, with the stage they had reached and what stood in their way.
///
/// # Errors
/// As [`get_innovation_uptake`].
pub fn list_non_adopters(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    asked: &Asked,
    on: Option<NaiveDate>,
) -> Result<NonAdopters> {
    let made = made(conn, context, slug, asked)?;
    let last = made.map.as_of.min(context.today());
    let on = on.map_or(last, |on| on.min(last));
    let denominator = asked.fixed.map_or(Denominator::AtDate, Denominator::Fixed);
    let missing: Vec<Id> = made
        .units
        .iter()
        .filter(|(_, unit)| unit.is_meant_on(on, denominator) && !unit.has_adopted_on(on))
        .map(|(id, _)| *id)
        .collect();
    let of_day = made.is_illustrative(conn, Days::new(on, on, denominator))?;
    let mut standing = store::standing(conn, made.innovation, made.indication.as_deref(), on)?;
    let names = names(conn, missing.iter().copied())?;
    let mut missing: Vec<NonAdopter> = missing
        .into_iter()
        .map(|id| {
            let ((code, name), standing) = (names.of(id), standing.remove(&id));
            NonAdopter {
                code,
                name,
                stage: standing.as_ref().map(|standing| (standing.stage, standing.since)),
                illustrative: of_day || standing.as_ref().is_some_and(|standing| standing.illustrative),
                barriers: standing.map(|standing| standing.barriers.into_iter().collect()).unwrap_or_default(),
            }
        })
        .collect();
    missing.sort_by(|one, other| one.code.cmp(&other.code));
    Ok(NonAdopters {
        illustrative: of_day || missing.iter().any(|one| one.illustrative),
        point: made.point(made.units.values(), on, denominator),
        innovation: made.slug,
        measure: made.measure,
        on,
        map: made.map,
        denominator,
        place: (made.place.code, made.place.name),
        missing,
    })
}
