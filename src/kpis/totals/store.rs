//! The values of the series that a total or a chart is of.

use super::apportioning::{Division, Divisions, Portion};
use super::rules::{Arithmetic, Marks};
use crate::calendar::{Period, Span};
use crate::db::schema::{kpi_value_drafts, kpi_values, series};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations::ops::Map;
use crate::organisations::rules::{Geography, SuccessionKind};
use crate::organisations::store::{DaysBelow, counted_below, days_below, ever_below, lives};
use crate::successions;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Whose series are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    Organisation(Id),
    /// An organisation and all that count below it on a map.
    Place {
        id: Id,
        map: Map,
    },
}

/// A series whose values count in an area.
pub struct Source {
    pub organisation: Id,
    pub innovation: Id,
    pub breakdown: String,
    pub illustrative: bool,
}

/// A value that was found.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_values)]
pub struct Found {
    #[diesel(column_name = series_id)]
    pub series: i64,
    #[diesel(column_name = period_start)]
    pub start: NaiveDate,
    value: i64,
    numerator: Option<i64>,
    denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    updated_at: NaiveDateTime,
}

impl Found {
    /// Puts a part of the value in its place, which is an estimate.
    fn apportion(&mut self, part: ScaledValue) {
        (self.value, self.numerator, self.denominator) = (part.value, part.numerator, part.denominator);
        (self.qualifier, self.basis) = (Qualifier::Approximate, self.basis.max(Basis::Estimated));
    }

    pub fn value(&self) -> ScaledValue {
        ScaledValue { value: self.value, numerator: self.numerator, denominator: self.denominator }
    }
}

/// What is known of the values of an area.
pub struct Facts {
    pub sources: HashMap<i64, Source>,
    /// The days on which each organisation of a place counts there; empty where it counts throughout.
    pub days: HashMap<Id, Vec<Span>>,
    /// The days on which each counts there by edges or successions that are invented.
    pub invented: HashMap<Id, Vec<Span>>,
    /// The first day from which nothing is expected of an organisation here: it no longer exists, or was divided and stands
    /// elsewhere.
    pub closed: HashMap<Id, NaiveDate>,
    /// The organisations of a place that came, went or were succeeded, in the periods that another map tells other figures of.
    pub moved: Marks,
    /// The periods in which parts of what divided organisations had themselves count here, by shares.
    pub apportioned: BTreeSet<Period>,
    /// Those in which they had what cannot be apportioned, and some of it would belong here.
    pub undivided: BTreeSet<Period>,
    /// Those that were divided.
    pub divided: BTreeSet<Id>,
    /// The organisations that have values of periods in which they did not exist.
    pub outside_life: Marks,
    /// When a value of each period was last written, by the first day of the period.
    pub updated: BTreeMap<NaiveDate, NaiveDateTime>,
    /// The series and periods of which something awaits approval that is laid over what counts.
    pub provisional: BTreeSet<(i64, NaiveDate)>,
}

/// Which series are meant, whatever the KPI. Without a breakdown, those of every combination of members.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub area: Area,
    /// None for the series of every innovation, and of none.
    pub innovation: Option<Id>,
    pub breakdown: Option<&'a str>,
    /// Whether what awaits approval is laid over what counts.
    pub provisional: bool,
    /// Whether it is told how far the returns have come that the values are of.
    pub states: bool,
}

/// A KPI whose values are wanted.
#[derive(Clone, Copy)]
pub struct Sought<'a> {
    pub kpi: &'a KpiRow,
    pub by: Arithmetic,
    /// The last period asked for.
    pub to: Option<Period>,
}

/// The series of each KPI whose values count in an area.
type Sources = HashMap<Id, HashMap<i64, Source>>;

/// The values of the KPIs' series there, in the order of the KPIs, up to the last period asked for: those before the first tell
/// what is expected.
pub fn observations(conn: &mut Conn, sought: &[Sought<'_>], wanted: Wanted<'_>) -> Result<Vec<(Facts, Vec<Found>)>> {
    let divided = Divided::of(conn, wanted.area)?;
    let mut sources = sources(conn, sought, &divided, wanted)?;
    let mut found = values(conn, sought, &sources)?;
    let mut provisional = BTreeSet::new();
    if wanted.provisional {
        let kpi_of = kpi_of(&sources);
        let waiting = waiting(conn, sought, &kpi_of)?;
        provisional = lay_over(&mut found, &until(sought), &kpi_of, waiting);
    }
    let of = |one: &Sought<'_>| {
        let sources = sources.remove(&one.kpi.id).unwrap_or_default();
        let found = divided.apportion(one, &sources, found.remove(&one.kpi.id).unwrap_or_default());
        (sources, found)
    };
    let apportioned: Vec<(HashMap<i64, Source>, Apportioned)> = sought.iter().map(of).collect();
    let organisation = |(sources, (found, ..)): &(HashMap<i64, Source>, Apportioned)| {
        found.iter().map(|found| organisation_of(sources, found)).collect::<BTreeSet<Id>>()
    };
    let organisations: BTreeSet<Id> = apportioned.iter().flat_map(organisation).collect();
    let organisations: Vec<Id> = organisations.into_iter().collect();
    let lives = lives(conn, &organisations)?.into_iter().map(|(id, _, life)| (id, life)).collect::<HashMap<Id, Span>>();
    let below = match wanted.area {
        Area::Place { id, .. } => days_below(conn, id, &organisations)?,
        Area::Organisation(_) => DaysBelow::default(),
    };
    let facts = |(one, (sources, found))| {
        let of = |key: &&(i64, NaiveDate)| HashMap::contains_key(&sources, &key.0);
        let provisional = provisional.iter().filter(of).copied().collect();
        let (facts, found) = Facts::of(one, wanted.area, &divided, sources, found, (&lives, &below));
        (Facts { provisional, ..facts }, found)
    };
    Ok(sought.iter().zip(apportioned).map(facts).collect())
}

fn organisation_of(sources: &HashMap<i64, Source>, found: &Found) -> Id {
    sources.get(&found.series).map_or(Id::NONE, |source| source.organisation)
}

impl Facts {
    fn of(
        one: &Sought<'_>,
        area: Area,
        divided: &Divided,
        sources: HashMap<i64, Source>,
        (found, apportioned, undivided): Apportioned,
        (lives, below): (&HashMap<Id, Span>, &DaysBelow),
    ) -> (Self, Vec<Found>) {
        let those = |such: &dyn Fn(Id, Period) -> bool| {
            let period = |found: &Found| Period::containing(one.kpi.period_type, found.start);
            let all = found.iter().map(|found| (organisation_of(&sources, found), period(found)));
            Marks::of(all.filter(|(organisation, period)| such(*organisation, *period)))
        };
        let is_outside = |life: &Span, period: Period| life.meet(period.days()).is_none();
        let outside_life =
            those(&|organisation, period| lives.get(&organisation).is_some_and(|life| is_outside(life, period)));
        let (mut days, mut invented, mut moved) = (HashMap::new(), HashMap::new(), Marks::default());
        if let Area::Place { map, .. } = area {
            let on = |organisation: Id, day: NaiveDate| counts_on(&below.all, organisation, day);
            moved =
                those(&|organisation, period| on(organisation, map.as_of) != on(organisation, map_day(period, map)));
            if map.geography == Geography::AtTime {
                days.clone_from(&below.all);
            }
            invented.clone_from(&below.invented);
            invented.extend(divided.invented.iter().map(|of| (*of, vec![Span::ALWAYS])));
        }
        let mut closed: HashMap<Id, NaiveDate> = lives.iter().map(|(id, life)| (*id, life.to)).collect();
        closed.extend(divided.gone());
        let mut updated: BTreeMap<NaiveDate, NaiveDateTime> = BTreeMap::new();
        for one in &found {
            let at = updated.entry(one.start).or_insert(one.updated_at);
            *at = one.updated_at.max(*at);
        }
        let divided = divided.divisions.0.keys().copied().collect();
        let provisional = BTreeSet::new();
        let facts = Self {
            sources,
            days,
            invented,
            closed,
            moved,
            apportioned,
            undivided,
            divided,
            outside_life,
            updated,
            provisional,
        };
        (facts, found)
    }
}

/// The series whose values may count in the area.
fn sources(conn: &mut Conn, sought: &[Sought<'_>], divided: &Divided, wanted: Wanted<'_>) -> Result<Sources> {
    let kpis: Vec<Id> = sought.iter().map(|one| one.kpi.id).collect();
    let mut query = series::table
        .filter(series::kpi_id.eq_any(kpis))
        .select((
            series::kpi_id,
            series::id,
            series::organisation_id,
            series::innovation_id,
            series::breakdown,
            series::illustrative,
        ))
        .into_boxed::<MultiBackend>();
    query = match wanted.area {
        Area::Organisation(id) => query.filter(series::organisation_id.eq(id)),
        Area::Place { id, map: Map { geography: Geography::Current, as_of } } => {
            let below = series::organisation_id.eq_any(counted_below(vec![id], as_of));
            if divided.here.is_empty() {
                query.filter(below)
            } else {
                query.filter(below.or(series::organisation_id.eq_any(divided.here.clone())))
            }
        }
        Area::Place { id, map: Map { geography: Geography::AtTime, .. } } => {
            query.filter(series::organisation_id.eq_any(ever_below(id)))
        }
    };
    if let Some(innovation) = wanted.innovation {
        query = query.filter(series::innovation_id.eq(innovation));
    }
    if let Some(breakdown) = wanted.breakdown {
        query = query.filter(series::breakdown.eq(breakdown.to_owned()));
    }
    let mut sources = Sources::new();
    type Row = (Id, i64, Id, Id, String, bool);
    for (kpi, id, organisation, innovation, breakdown, illustrative) in query.load::<Row>(conn)? {
        sources.entry(kpi).or_default().insert(id, Source { organisation, innovation, breakdown, illustrative });
    }
    Ok(sources)
}

/// The series whose values are read by one statement: as many as keep its answer small.
const AT_A_TIME: usize = 2_000;

/// The values of these series, as they were sent, by KPI.
fn values(conn: &mut Conn, sought: &[Sought<'_>], sources: &Sources) -> Result<HashMap<Id, Vec<Found>>> {
    let (kpi_of, until) = (kpi_of(sources), until(sought));
    let mut ids: Vec<i64> = kpi_of.keys().copied().collect();
    ids.sort_unstable();
    let mut found: HashMap<Id, Vec<Found>> = HashMap::new();
    for some in ids.chunks(AT_A_TIME) {
        let rows: Vec<Found> = if let [only] = sought {
            let mut query = kpi_values::table
                .filter(kpi_values::kpi_number.eq(only.kpi.number))
                .filter(kpi_values::series_id.eq_any(some.to_vec()))
                .select(Found::as_select())
                .into_boxed::<MultiBackend>();
            if let Some(to) = only.to.map(Period::start) {
                query = query.filter(kpi_values::period_start.le(to));
            }
            query.load(conn)?
        } else {
            // Each series is looked up under the number of its own KPI.
            let each = kpi_values::table
                .inner_join(series::table)
                .filter(kpi_values::kpi_number.eq(series::kpi_number))
                .filter(series::id.eq_any(some.to_vec()));
            each.select(Found::as_select()).load(conn)?
        };
        for row in rows {
            let Some(kpi) = kpi_of.get(&row.series) else { continue };
            if until.get(kpi).copied().flatten().is_none_or(|until| row.start <= until) {
                found.entry(*kpi).or_default().push(row);
            }
        }
    }
    Ok(found)
}

fn kpi_of(sources: &Sources) -> HashMap<i64, Id> {
    sources.iter().flat_map(|(kpi, sources)| sources.keys().map(|id| (*id, *kpi))).collect()
}

/// The first day of the last period asked for, by KPI.
fn until(sought: &[Sought<'_>]) -> HashMap<Id, Option<NaiveDate>> {
    sought.iter().map(|one| (one.kpi.id, one.to.map(Period::start))).collect()
}

/// The most series by which what awaits approval is asked for; of more, all that awaits approval of the KPIs is read.
const MANY: usize = 10_000;

/// What awaits approval of the KPIs' series, each with whether it takes a value away: in one statement, however many there are.
fn waiting(conn: &mut Conn, sought: &[Sought<'_>], kpi_of: &HashMap<i64, Id>) -> Result<Vec<(Found, bool)>> {
    use kpi_value_drafts as draft;
    let found = (
        draft::series_id,
        draft::period_start,
        draft::value,
        draft::numerator,
        draft::denominator,
        draft::qualifier,
        draft::basis,
        draft::updated_at,
    );
    let numbers: Vec<i32> = sought.iter().map(|one| one.kpi.number).collect();
    let all = draft::table.filter(draft::kpi_number.eq_any(numbers)).select((found, draft::deleted));
    let mut query = all.into_boxed::<MultiBackend>();
    if kpi_of.len() <= MANY {
        query = query.filter(draft::series_id.eq_any(kpi_of.keys().copied().collect::<Vec<i64>>()));
    }
    Ok(query.load(conn)?)
}

/// Puts what awaits approval in the place of what counts, and says of which series and periods.
fn lay_over(
    found: &mut HashMap<Id, Vec<Found>>,
    until: &HashMap<Id, Option<NaiveDate>>,
    kpi_of: &HashMap<i64, Id>,
    waiting: Vec<(Found, bool)>,
) -> BTreeSet<(i64, NaiveDate)> {
    let is_asked = |one: &Found| {
        let until = kpi_of.get(&one.series).and_then(|kpi| until.get(kpi));
        until.is_some_and(|until| until.is_none_or(|until| one.start <= until))
    };
    let waiting: Vec<(Found, bool)> = waiting.into_iter().filter(|(one, _)| is_asked(one)).collect();
    let laid_over: BTreeSet<(i64, NaiveDate)> = waiting.iter().map(|(one, _)| (one.series, one.start)).collect();
    for values in found.values_mut() {
        values.retain(|one| !laid_over.contains(&(one.series, one.start)));
    }
    for (one, _) in waiting.into_iter().filter(|(_, deleted)| !deleted) {
        if let Some(kpi) = kpi_of.get(&one.series) {
            found.entry(*kpi).or_default().push(one);
        }
    }
    laid_over
}

/// What of the values counts at a place; the periods in which a part of one does, and those in which one cannot be divided though
/// some of it would.
type Apportioned = (Vec<Found>, BTreeSet<Period>, BTreeSet<Period>);

/// Who was divided before the day of a place's map, and which of the heirs count there.
#[derive(Default)]
struct Divided {
    divisions: Divisions,
    inside: BTreeSet<Id>,
    /// The divided ones of which a part may count there.
    here: Vec<Id>,
    /// Those of them of which an heir counts there by edges or successions that are invented.
    invented: Vec<Id>,
}

impl Divided {
    /// On the map of each time nothing was divided yet.
    fn of(conn: &mut Conn, area: Area) -> Result<Self> {
        let Area::Place { id: place, map: Map { geography: Geography::Current, as_of } } = area else {
            return Ok(Self::default());
        };
        let mut divisions = Divisions::default();
        for row in successions::store::divided(conn, as_of)? {
            let closes = row.kind == SuccessionKind::Split;
            // An organisation that ended is asked for by its own name: as it was.
            if closes && row.from_id == place {
                continue;
            }
            let all = divisions.0.entry(row.from_id).or_default();
            match all.last_mut().filter(|last| last.on == row.on) {
                Some(last) => last.among.push((row.to_id, row.share_ppm)),
                None => all.push(Division { on: row.on, closes, among: vec![(row.to_id, row.share_ppm)] }),
            }
        }
        let heirs = divisions.0.values().flatten().flat_map(|of| &of.among).map(|(id, _)| id);
        let all: BTreeSet<Id> = divisions.0.keys().chain(heirs).copied().collect();
        let days = days_below(conn, place, &all.iter().copied().collect::<Vec<_>>())?;
        let inside: BTreeSet<Id> = all.into_iter().filter(|id| counts_on(&days.all, *id, as_of)).collect();
        let heirs_in = |of: &Id, some: &dyn Fn(&Id) -> bool| divisions.heirs(*of).iter().any(some);
        let here: Vec<Id> =
            divisions.0.keys().copied().filter(|of| heirs_in(of, &|heir| inside.contains(heir))).collect();
        let by_invented = |heir: &Id| counts_on(&days.invented, *heir, as_of);
        let invented = here.iter().copied().filter(|of| heirs_in(of, &by_invented)).collect();
        Ok(Self { divisions, inside, here, invented })
    }

    /// Those of whom only a part of the past counts at the place, with the day it ended.
    fn gone(&self) -> impl Iterator<Item = (Id, NaiveDate)> {
        let elsewhere = self.here.iter().filter(|of| !self.inside.contains(of));
        elsewhere.filter_map(|of| Some((*of, self.divisions.0.get(of)?.last()?.on)))
    }

    fn apportion(&self, one: &Sought<'_>, sources: &HashMap<i64, Source>, mut found: Vec<Found>) -> Apportioned {
        let (mut apportioned, mut undivided) = (BTreeSet::new(), BTreeSet::new());
        found.retain_mut(|found| {
            let organisation = sources.get(&found.series).map(|source| source.organisation);
            let Some(organisation) = organisation.filter(|id| self.divisions.0.contains_key(id)) else { return true };
            let period = Period::containing(one.kpi.period_type, found.start);
            let value = found.value();
            match self.divisions.portion(one.by, organisation, period.end(), value, &self.inside) {
                Portion::Whole => true,
                Portion::Part(part) => {
                    found.apportion(part);
                    apportioned.insert(period);
                    true
                }
                Portion::Nothing { some } => {
                    if some {
                        undivided.insert(period);
                    }
                    false
                }
            }
        });
        (found, apportioned, undivided)
    }
}

/// The divided organisations of which a part may count in an area.
///
/// # Errors
/// What the database fails with.
pub fn divided(conn: &mut Conn, area: Area) -> Result<Vec<Id>> {
    Ok(Divided::of(conn, area)?.here)
}

/// The day on whose map a period stands: its last, or that of the map while it runs.
pub fn map_day(period: Period, map: Map) -> NaiveDate {
    period.end().min(map.as_of)
}

/// Whether an organisation counts on a day by the days on which each does.
pub fn counts_on(days: &HashMap<Id, Vec<Span>>, organisation: Id, day: NaiveDate) -> bool {
    let days = days.get(&organisation).map(Vec::as_slice).unwrap_or_default();
    days.iter().any(|span| span.holds(day))
}
