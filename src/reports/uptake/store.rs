//! What uptake is made of: a fixed number of queries, each by an index of the innovation or the place.

use super::rules::{Reached, Report, Unit, UnitTypes, meets};
use crate::adoptions::counts::store::said;
use crate::adoptions::dated::covers_and_confirmations;
use crate::adoptions::moves::rules::{AdoptionStage, Measure};
use crate::adoptions::rules::ALL_BELOW;
use crate::calendar::{Span, Until};
use crate::db::Conn;
use crate::db::schema::{
    adoption_barriers, adoption_counts, adoption_spells, adoptions, organisation_closure, organisations,
    programme_memberships, programmes,
};
use crate::eligibility::store::EligibilityRow;
use crate::error::Result;
use crate::innovations::store::held_memberships;
use crate::organisations::ops::Map;
use crate::organisations::rules::{Geography, OrganisationType};
use crate::organisations::store::{DaysBelow, counted_below, ids_by_code, lives};
use crate::vocabulary::{Basis, Change, Id, Qualifier};
use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An adoption in use on any day, with the days on which it had reached the stages that are asked for.
pub struct Adopted {
    pub id: Id,
    pub organisation: Id,
    pub spans: Vec<Span>,
    /// The days of use, at whatever stage.
    pub using: Vec<Span>,
    /// What it covered on which days: codes with spaces between, or `all`.
    pub covers: Vec<(String, Span)>,
    /// The days on which its use was confirmed.
    pub confirmations: Vec<NaiveDate>,
}

impl Adopted {
    /// The same on some days alone; nothing where it was not in use on any of them.
    fn only_on(&self, days: &[Span]) -> Option<Self> {
        let (spans, using) = (meets(&self.spans, days), meets(&self.using, days));
        let (covers, confirmations) = (self.covers.clone(), self.confirmations.clone());
        (!using.is_empty()).then_some(Self { spans, using, covers, confirmations, ..*self })
    }
}

/// The adoptions of an innovation that were in use on any day, for an indication or for any.
pub fn adopted(
    conn: &mut Conn,
    innovation: Id,
    stages: &[AdoptionStage],
    indication: Option<&str>,
) -> Result<Vec<Adopted>> {
    // An archived adoption has no spells.
    let mut spells = adoption_spells::table
        .filter(adoption_spells::innovation_id.eq(innovation))
        .filter(adoption_spells::stage.eq_any(Measure::InUse.stages().to_vec()))
        .select((
            adoption_spells::adoption_id,
            adoption_spells::organisation_id,
            adoption_spells::stage,
            adoption_spells::from_on,
            adoption_spells::to_on,
        ))
        .into_boxed::<crate::db::MultiBackend>();
    if let Some(indication) = indication {
        spells = spells.filter(adoption_spells::indication.eq_any([String::new(), indication.to_owned()]));
    }
    let (mut covers, mut confirmations) = covers_and_confirmations(conn, innovation)?;
    let mut found: BTreeMap<Id, Adopted> = BTreeMap::new();
    for (id, organisation, stage, from, to) in spells.load::<(Id, Id, AdoptionStage, NaiveDate, Until)>(conn)? {
        let one = found.entry(id).or_insert_with(|| Adopted {
            id,
            organisation,
            spans: Vec::new(),
            using: Vec::new(),
            covers: covers.remove(&id).unwrap_or_default(),
            confirmations: confirmations.remove(&id).unwrap_or_default(),
        });
        let span = Span { from, to: to.day() };
        one.using.push(span);
        one.spans.extend(stages.contains(&stage).then_some(span));
    }
    Ok(found.into_values().collect())
}

/// Whether any adoption that had reached one of the stages on some days is invented.
pub fn any_illustrative(
    conn: &mut Conn,
    innovation: Id,
    stages: &[AdoptionStage],
    indication: Option<&str>,
    days: Span,
) -> Result<bool> {
    let held = adoption_spells::table
        .filter(adoption_spells::adoption_id.eq(adoptions::id))
        .filter(adoption_spells::from_on.lt(days.to))
        .filter(adoption_spells::to_on.gt(days.from))
        .filter(adoption_spells::stage.eq_any(stages.to_vec()));
    let mut invented = adoptions::table
        .filter(adoptions::innovation_id.eq(innovation))
        .filter(adoptions::archived_at.is_null())
        .filter(adoptions::illustrative.eq(true))
        .filter(exists(held))
        .select(adoptions::id)
        .into_boxed::<crate::db::MultiBackend>();
    if let Some(indication) = indication {
        invented = invented.filter(adoptions::indication.eq_any([String::new(), indication.to_owned()]));
    }
    Ok(invented.first::<Id>(conn).optional()?.is_some())
}

/// What an adoption reported of patients, in the order of days; none from the day on which the count was taken away.
type Reported = Vec<(NaiveDate, Option<Reached>)>;

/// What adoptions reported of patients.
pub fn patients(conn: &mut Conn, adoptions: &[Id]) -> Result<HashMap<Id, Reported>> {
    let mut found: HashMap<Id, Reported> = HashMap::new();
    // SQLite takes a bounded number of parameters.
    for some in adoptions.chunks(10_000) {
        let counts = adoption_counts::table
            .filter(adoption_counts::adoption_id.eq_any(some.to_vec()))
            .filter(adoption_counts::withdrawn_at.is_null())
            .filter(adoption_counts::patients_qualifier.is_not_null())
            .order_by((adoption_counts::counted_on, adoption_counts::id))
            .select((
                adoption_counts::adoption_id,
                adoption_counts::counted_on,
                adoption_counts::patients,
                adoption_counts::patients_qualifier,
                adoption_counts::patients_basis,
            ));
        type Row = (Id, NaiveDate, Option<i64>, Option<Qualifier>, Option<Basis>);
        for (adoption, on, value, qualifier, basis) in counts.load::<Row>(conn)? {
            let count = match said(value, qualifier, basis) {
                Change::Keep => continue,
                Change::Clear => None,
                Change::Set(count) => {
                    Some(Reached { value: count.value, qualifier: count.qualifier, basis: count.basis })
                }
            };
            found.entry(adoption).or_default().push((on, count));
        }
    }
    Ok(found)
}

/// The days on which each of some organisations counts below a place.
type Below = HashMap<Id, Vec<Span>>;

/// The types of organisations, and the days on which they exist.
#[derive(Default)]
struct Lives(HashMap<Id, (OrganisationType, Span)>);

impl Lives {
    /// Reads of those of the organisations of which nothing is known yet.
    fn read(&mut self, conn: &mut Conn, of: impl Iterator<Item = Id>) -> Result<()> {
        let new: BTreeSet<Id> = of.filter(|id| !self.0.contains_key(id)).collect();
        let read = lives(conn, &new.into_iter().collect::<Vec<_>>())?;
        self.0.extend(read.into_iter().map(|(id, kind, life)| (id, (kind, life))));
        Ok(())
    }

    /// The days on which an organisation exists, and is of the type that counts.
    fn counted(&self, id: Id, types: &UnitTypes) -> Vec<Span> {
        self.0.get(&id).map(|(kind, life)| meets(&types.days_of(*kind), &[*life])).unwrap_or_default()
    }
}

/// Of organisations of a type that are ever counted below places: by place, the days on which they are.
fn of_type_below(
    conn: &mut Conn,
    places: &BTreeSet<Id>,
    kind: Option<OrganisationType>,
    lives: &mut Lives,
) -> Result<HashMap<Id, DaysBelow>> {
    let mut below = organisation_closure::table
        .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::descendant_id)))
        .filter(organisation_closure::ancestor_id.eq_any(places.iter().copied().collect::<Vec<_>>()))
        .select((
            organisation_closure::ancestor_id,
            organisation_closure::descendant_id,
            organisation_closure::from_on,
            organisation_closure::to_on,
            organisation_closure::illustrative,
            organisations::kind,
            organisations::valid_from,
            organisations::valid_to,
        ))
        .into_boxed::<crate::db::MultiBackend>();
    if let Some(kind) = kind {
        below = below.filter(organisations::kind.eq(kind));
    }
    let mut days: HashMap<Id, DaysBelow> = HashMap::new();
    type Row = (Id, Id, NaiveDate, NaiveDate, bool, OrganisationType, Option<NaiveDate>, Option<NaiveDate>);
    for (place, id, from, to, illustrative, kind, opened, closed) in below.load::<Row>(conn)? {
        lives.0.insert(id, (kind, Span::between(opened, closed)));
        days.entry(place).or_default().add(id, Span { from, to }, illustrative);
    }
    Ok(days)
}

/// The days on which an innovation was meant for each organisation.
pub struct Eligible {
    days: Below,
    /// The days on which a rule names it by edges that are invented.
    invented: Below,
    lives: Lives,
}

/// Whom an innovation was meant for: by a row or a rule, less what rows take out. Of several indications what one takes out, another
/// may still be meant for. `unit` is the type of a rule that names none.
pub fn eligible(
    conn: &mut Conn,
    rows: &[EligibilityRow],
    unit: Option<OrganisationType>,
    indication: Option<&str>,
) -> Result<Eligible> {
    let mut lives = Lives::default();
    let mut places: HashMap<Option<OrganisationType>, BTreeSet<Id>> = HashMap::new();
    for row in rows {
        places.entry(row.kind.or(unit)).or_default().extend(row.place_id);
    }
    let mut below: HashMap<Option<OrganisationType>, HashMap<Id, DaysBelow>> = HashMap::new();
    for (kind, places) in &places {
        below.insert(*kind, of_type_below(conn, places, *kind, &mut lives)?);
    }
    let indications: BTreeSet<&str> = rows.iter().map(|row| row.indication.as_str()).collect();
    let of = |one: &str| rows.iter().filter(|row| row.indication.is_empty() || row.indication == one).collect();
    let asked: Vec<Vec<&EligibilityRow>> = match indication {
        Some(_) => vec![rows.iter().collect()],
        None => indications.into_iter().map(of).collect(),
    };
    let (mut days, mut invented) = (Below::new(), Below::new());
    for rows in asked {
        let (mut meant, mut taken) = (Below::new(), Below::new());
        for row in rows {
            let days = if row.eligible { &mut meant } else { &mut taken };
            if let Some(organisation) = row.organisation_id {
                days.entry(organisation).or_default().push(row.span());
            }
            let of_kind = below.get(&row.kind.or(unit));
            let Some(ruled) = row.place_id.and_then(|place| of_kind?.get(&place)) else { continue };
            for (days, below) in [(days, &ruled.all), (&mut invented, &ruled.invented)] {
                for (organisation, below) in below {
                    let held = below.iter().filter_map(|span| span.meet(row.span()));
                    days.entry(*organisation).or_default().extend(held);
                }
            }
        }
        for (organisation, spans) in meant {
            let out = Span::merged(taken.remove(&organisation).unwrap_or_default());
            let left = Span::merged(spans).into_iter().flat_map(|span| span.without(&out));
            days.entry(organisation).or_default().extend(left);
        }
    }
    for spans in days.values_mut() {
        *spans = Span::merged(std::mem::take(spans));
    }
    Ok(Eligible { days, invented, lives })
}

/// Days on which each of some organisations above the adopting unit had adopted for a part of what lies below it that no record names.
type Part = BTreeMap<Id, Vec<Span>>;

/// What records say of the adopting unit.
#[derive(Default)]
struct Covered {
    adopted: Vec<Adopted>,
    part: Part,
    /// The days on which a record above an organisation covers it by edges that are invented.
    invented: Below,
}

/// What each record above the adopting unit covers on which days: all of the unit below it, or those it lists.
fn covered(conn: &mut Conn, adopted: &[Adopted], lives: &mut Lives, types: &UnitTypes) -> Result<Covered> {
    let (Covered { adopted: mut found, mut part, mut invented }, mut above) = (Covered::default(), Vec::new());
    for one in adopted {
        let own = lives.0.get(&one.organisation).map(|(kind, _)| types.days_of(*kind)).unwrap_or_default();
        found.extend(one.only_on(&own));
        above.extend(one.only_on(&Span::ALWAYS.without(&own)));
    }
    let listed = above.iter().flat_map(|one| &one.covers).flat_map(|(codes, _)| codes.split_whitespace());
    let listed: BTreeSet<String> = listed.filter(|code| *code != ALL_BELOW).map(str::to_owned).collect();
    let listed = ids_by_code(conn, &listed.into_iter().collect::<Vec<_>>())?;
    let places: BTreeSet<Id> = above.iter().map(|one| one.organisation).collect();
    let types = if places.is_empty() { Vec::new() } else { types.alone() };
    for (kind, alone) in types {
        let below = of_type_below(conn, &places, Some(kind), lives)?;
        for one in &above {
            let (Some(below), Some(one)) = (below.get(&one.organisation), one.only_on(&alone)) else { continue };
            let said = Span::merged(one.covers.iter().map(|(_, held)| *held).collect());
            let bare = one.spans.iter().flat_map(|span| span.without(&said));
            part.entry(one.organisation).or_default().extend(bare);
            for (codes, held) in &one.covers {
                let codes: Option<HashSet<Id>> = (codes != ALL_BELOW)
                    .then(|| codes.split_whitespace().filter_map(|code| listed.get(code).copied()).collect());
                let is_meant = |id: &Id| codes.as_ref().is_none_or(|codes| codes.contains(id));
                for (organisation, days) in below.invented.iter().filter(|(id, _)| is_meant(id)) {
                    invented.entry(*organisation).or_default().extend(meets(&one.using, &meets(days, &[*held])));
                }
                for (organisation, days) in below.all.iter().filter(|(id, _)| is_meant(id)) {
                    let days = meets(days, &[*held]);
                    // What the record above counts is its own and no part's.
                    found.push(Adopted {
                        id: Id::NONE,
                        organisation: *organisation,
                        spans: meets(&one.spans, &days),
                        using: meets(&one.using, &days),
                        covers: Vec::new(),
                        confirmations: one.confirmations.clone(),
                    });
                }
            }
        }
    }
    Ok(Covered { adopted: found, part, invented })
}

/// What counts below a place: organisations of the adopting unit, and the days on which others above it had adopted for a part that
/// nobody named.
pub struct Counting {
    pub units: BTreeMap<Id, Unit>,
    pub part: Vec<Vec<Span>>,
    pub invented: Invented,
}

/// The days on which some of what counts below a place does so by edges or successions that are invented.
#[derive(Default)]
pub struct Invented {
    /// It lies below the place by them, or below a body whose adoption covers it.
    pub lying: Vec<Span>,
    /// The innovation is meant for it by them.
    pub meant: Vec<Span>,
}

/// What counts below a place.
pub fn counting(
    conn: &mut Conn,
    (place, map): (Id, Map),
    types: &UnitTypes,
    eligible: Eligible,
    adopted: &[Adopted],
) -> Result<Counting> {
    let Eligible { days: mut eligible, invented: invented_meant, mut lives } = eligible;
    lives.read(conn, adopted.iter().map(|one| one.organisation).chain(eligible.keys().copied()))?;
    let Covered { adopted, part, invented: invented_cover } = covered(conn, adopted, &mut lives, types)?;
    let (mut spans, mut using): (HashMap<Id, Vec<Span>>, HashMap<Id, Vec<Span>>) = (HashMap::new(), HashMap::new());
    for one in &adopted {
        spans.entry(one.organisation).or_default().extend(&one.spans);
        using.entry(one.organisation).or_default().extend(&one.using);
    }
    let ids: BTreeSet<Id> = eligible.keys().chain(using.keys()).copied().collect();
    let DaysBelow { all: mut inside, invented: invented_inside } = inside(conn, place, map)?;
    let mut invented = Invented::default();
    let of = |days: &Below, id: &Id| days.get(id).cloned().unwrap_or_default();
    let life = |id: &Id| lives.0.get(id).map_or(Span::ALWAYS, |(_, life)| *life);
    let always = [Span::ALWAYS];
    for (id, days) in &part {
        invented.lying.extend(meets(days, &of(&invented_inside, id)));
    }
    let part = part.iter().map(|(id, days)| {
        let there = inside.get(id).map(Vec::as_slice).unwrap_or_default();
        meets(&meets(days, if *id == place { &always } else { there }), &[life(id)])
    });
    let part = part.filter(|days| !days.is_empty()).collect();
    let mut units: BTreeMap<Id, Unit> = BTreeMap::new();
    for id in ids {
        let counted = lives.counted(id, types);
        let Some(inside) = inside.remove(&id).filter(|_| !counted.is_empty()) else { continue };
        let spans = Span::merged(spans.remove(&id).unwrap_or_default());
        let using = using.remove(&id).unwrap_or_default();
        let eligible = eligible.remove(&id).unwrap_or_default();
        let there = meets(&inside, &counted);
        let lying = [of(&invented_inside, &id), of(&invented_cover, &id)].concat();
        invented.lying.extend(meets(&there, &lying));
        invented.meant.extend(meets(&counted, &of(&invented_meant, &id)));
        units.insert(id, Unit::new(&there, eligible, spans, &using));
    }
    let own: Vec<Id> = adopted.iter().map(|one| one.id).filter(|id| *id != Id::NONE).collect();
    let mut patients = patients(conn, &own)?;
    for one in adopted {
        let Some(unit) = units.get_mut(&one.organisation) else { continue };
        unit.confirmations.extend(one.confirmations);
        let report = |counts| Report { adopted: Span::merged(one.spans), counts };
        unit.reports.extend(patients.remove(&one.id).map(report));
    }
    Ok(Counting { units, part, invented })
}

/// When what lies below a place counts there: on the map of a day, always.
fn inside(conn: &mut Conn, place: Id, map: Map) -> Result<DaysBelow> {
    let below = organisation_closure::table
        .filter(organisation_closure::ancestor_id.eq(place))
        .select((
            organisation_closure::descendant_id,
            organisation_closure::from_on,
            organisation_closure::to_on,
            organisation_closure::illustrative,
        ))
        .into_boxed::<crate::db::MultiBackend>();
    let is_current = map.geography == Geography::Current;
    let below = if is_current {
        below.filter(organisation_closure::from_on.le(map.as_of)).filter(organisation_closure::to_on.gt(map.as_of))
    } else {
        below
    };
    let mut days = DaysBelow::default();
    for (id, from, to, illustrative) in below.load::<(Id, NaiveDate, NaiveDate, bool)>(conn)? {
        days.add(id, if is_current { Span::ALWAYS } else { Span { from, to } }, illustrative);
    }
    Ok(days)
}

/// Those of some places that lie within another on the map of a day, or are it.
pub fn within(conn: &mut Conn, place: Id, places: Vec<Id>, on: NaiveDate) -> Result<BTreeSet<Id>> {
    let inside = counted_below(vec![place], on).filter(organisation_closure::descendant_id.eq_any(places));
    Ok(inside.load::<Id>(conn)?.into_iter().chain([place]).collect())
}

/// Some organisations that are counted at a place.
#[derive(Default)]
pub struct CountedAt {
    pub organisations: Vec<Id>,
    /// Whether one of them is by edges or successions that are invented.
    pub illustrative: bool,
}

/// Where some organisations are counted among the places of a type, on the map of a day.
pub fn places_of(
    conn: &mut Conn,
    ids: &[Id],
    kind: OrganisationType,
    on: NaiveDate,
) -> Result<BTreeMap<Id, CountedAt>> {
    let mut found: BTreeMap<Id, CountedAt> = BTreeMap::new();
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let above = organisation_closure::table
            .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::ancestor_id)))
            .filter(organisation_closure::descendant_id.eq_any(some.to_vec()))
            .filter(organisation_closure::from_on.le(on))
            .filter(organisation_closure::to_on.gt(on))
            .filter(organisations::kind.eq(kind))
            .select((
                organisation_closure::ancestor_id,
                organisation_closure::descendant_id,
                organisation_closure::illustrative,
            ));
        for (place, organisation, illustrative) in above.load::<(Id, Id, bool)>(conn)? {
            let counted = found.entry(place).or_default();
            counted.organisations.push(organisation);
            counted.illustrative |= illustrative;
        }
    }
    Ok(found)
}

/// What an organisation had come to with an innovation on a day.
pub struct Standing {
    pub stage: AdoptionStage,
    pub since: NaiveDate,
    /// What stood in its way.
    pub barriers: BTreeSet<String>,
    /// Whether the record of it is invented.
    pub illustrative: bool,
}

/// The stage that each organisation had reached with an innovation on a day, for an indication or for any, and what stood in its way
/// then.
pub fn standing(
    conn: &mut Conn,
    innovation: Id,
    indication: Option<&str>,
    on: NaiveDate,
) -> Result<HashMap<Id, Standing>> {
    let mut spells = adoption_spells::table
        .inner_join(adoptions::table)
        .filter(adoption_spells::innovation_id.eq(innovation))
        .filter(adoption_spells::from_on.le(on))
        .filter(adoption_spells::to_on.gt(on))
        .order_by((adoption_spells::from_on, adoption_spells::adoption_id))
        .select((
            adoption_spells::organisation_id,
            adoption_spells::stage,
            adoption_spells::from_on,
            adoptions::illustrative,
        ))
        .into_boxed::<crate::db::MultiBackend>();
    let mut barriers = adoption_barriers::table
        .inner_join(adoptions::table.on(adoptions::id.eq(adoption_barriers::adoption_id)))
        .filter(adoptions::innovation_id.eq(innovation))
        .filter(adoptions::archived_at.is_null())
        .filter(adoption_barriers::from_on.le(on))
        .filter(adoption_barriers::to_on.gt(on))
        .select((adoptions::organisation_id, adoption_barriers::barrier, adoptions::illustrative))
        .into_boxed::<crate::db::MultiBackend>();
    if let Some(indication) = indication {
        let those = [String::new(), indication.to_owned()];
        spells = spells.filter(adoption_spells::indication.eq_any(those.clone()));
        barriers = barriers.filter(adoptions::indication.eq_any(those));
    }
    let mut found: HashMap<Id, Standing> = HashMap::new();
    for (organisation, stage, since, illustrative) in spells.load::<(Id, AdoptionStage, NaiveDate, bool)>(conn)? {
        found.insert(organisation, Standing { stage, since, barriers: BTreeSet::new(), illustrative });
    }
    for (organisation, barrier, illustrative) in barriers.load::<(Id, String, bool)>(conn)? {
        if let Some(standing) = found.get_mut(&organisation) {
            standing.barriers.insert(barrier);
            standing.illustrative |= illustrative;
        }
    }
    Ok(found)
}

/// A programme that an innovation joined, and the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    pub programme: String,
    pub name: String,
    pub on: NaiveDate,
}

/// The programmes that an innovation joined, earliest first, each by the day on which it first did.
pub fn joined(conn: &mut Conn, innovation: Id) -> Result<Vec<Joined>> {
    let named = programmes::table.on(programmes::slug.eq(programme_memberships::programme));
    let memberships = programme_memberships::table
        .left_join(named)
        .filter(programme_memberships::innovation_id.eq(innovation))
        .filter(held_memberships())
        .order_by((programme_memberships::from_on, programme_memberships::programme))
        .select((programme_memberships::programme, programmes::name.nullable(), programme_memberships::from_on));
    let mut found: Vec<Joined> = Vec::new();
    for (programme, name, on) in memberships.load::<(String, Option<String>, NaiveDate)>(conn)? {
        if found.iter().all(|joined| joined.programme != programme) {
            found.push(Joined { name: name.unwrap_or_else(|| programme.clone()), programme, on });
        }
    }
    Ok(found)
}
