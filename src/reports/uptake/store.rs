//! What uptake is made of: a fixed number of queries, each by an index of the innovation or the place.

use super::rules::{Patients, Unit, meets};
use crate::adoptions::dated::covers_and_confirmations;
use crate::adoptions::moves::rules::AdoptionStage;
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
use crate::organisations::store::{counted_below, days_below, ids_by_code, lives};
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An adoption that had reached the stages that are asked for, with the days on which it had.
pub struct Adopted {
    pub id: Id,
    pub organisation: Id,
    pub spans: Vec<Span>,
    /// What it covered on which days: codes with spaces between, or `all`.
    pub covers: Vec<(String, Span)>,
    /// The days on which its use was confirmed.
    pub confirmations: Vec<NaiveDate>,
}

/// The adoptions of an innovation that were at one of the stages on any day, for an indication or for any.
pub fn adopted(
    conn: &mut Conn,
    innovation: Id,
    stages: &[AdoptionStage],
    indication: Option<&str>,
) -> Result<Vec<Adopted>> {
    // An archived adoption has no spells.
    let mut spells = adoption_spells::table
        .filter(adoption_spells::innovation_id.eq(innovation))
        .filter(adoption_spells::stage.eq_any(stages.to_vec()))
        .select((
            adoption_spells::adoption_id,
            adoption_spells::organisation_id,
            adoption_spells::from_on,
            adoption_spells::to_on,
        ))
        .into_boxed::<crate::db::MultiBackend>();
    if let Some(indication) = indication {
        spells = spells.filter(adoption_spells::indication.eq_any([String::new(), indication.to_owned()]));
    }
    let (mut covers, mut confirmations) = covers_and_confirmations(conn, innovation)?;
    let mut found: BTreeMap<Id, Adopted> = BTreeMap::new();
    for (id, organisation, from, to) in spells.load::<(Id, Id, NaiveDate, Until)>(conn)? {
        let one = found.entry(id).or_insert_with(|| Adopted {
            id,
            organisation,
            spans: Vec::new(),
            covers: covers.remove(&id).unwrap_or_default(),
            confirmations: confirmations.remove(&id).unwrap_or_default(),
        });
        one.spans.push(Span { from, to: to.day() });
    }
    Ok(found.into_values().collect())
}

/// Whether any of those adoptions is invented.
pub fn any_illustrative(
    conn: &mut Conn,
    innovation: Id,
    stages: &[AdoptionStage],
    indication: Option<&str>,
) -> Result<bool> {
    let held = adoption_spells::table
        .filter(adoption_spells::adoption_id.eq(adoptions::id))
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

/// What adoptions reported of patients, in the order of days.
pub fn patients(conn: &mut Conn, adoptions: &[Id]) -> Result<HashMap<Id, Vec<Patients>>> {
    let mut found: HashMap<Id, Vec<Patients>> = HashMap::new();
    // SQLite takes a bounded number of parameters.
    for some in adoptions.chunks(10_000) {
        let counts = adoption_counts::table
            .filter(adoption_counts::adoption_id.eq_any(some.to_vec()))
            .filter(adoption_counts::withdrawn_at.is_null())
            .filter(adoption_counts::patients.is_not_null())
            .order_by((adoption_counts::counted_on, adoption_counts::id))
            .select((
                adoption_counts::adoption_id,
                adoption_counts::counted_on,
                adoption_counts::patients.assume_not_null(),
                adoption_counts::patients_qualifier,
                adoption_counts::patients_basis,
            ));
        type Row = (Id, NaiveDate, i64, Option<Qualifier>, Option<Basis>);
        for (adoption, on, value, qualifier, basis) in counts.load::<Row>(conn)? {
            let (qualifier, basis) = (qualifier.unwrap_or(Qualifier::Exact), basis.unwrap_or(Basis::Measured));
            found.entry(adoption).or_default().push(Patients { on, value, qualifier, basis });
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

    fn is(&self, id: Id, unit: Option<OrganisationType>) -> bool {
        unit.is_none_or(|unit| self.0.get(&id).is_some_and(|(kind, _)| *kind == unit))
    }
}

/// Of organisations of a type that are ever counted below places: by place, the days on which they are.
fn of_type_below(
    conn: &mut Conn,
    places: &BTreeSet<Id>,
    kind: Option<OrganisationType>,
    lives: &mut Lives,
) -> Result<HashMap<Id, Below>> {
    let mut below = organisation_closure::table
        .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::descendant_id)))
        .filter(organisation_closure::ancestor_id.eq_any(places.iter().copied().collect::<Vec<_>>()))
        .select((
            organisation_closure::ancestor_id,
            organisation_closure::descendant_id,
            organisation_closure::from_on,
            organisation_closure::to_on,
            organisations::kind,
            organisations::valid_from,
            organisations::valid_to,
        ))
        .into_boxed::<crate::db::MultiBackend>();
    if let Some(kind) = kind {
        below = below.filter(organisations::kind.eq(kind));
    }
    let mut days: HashMap<Id, Below> = HashMap::new();
    type Row = (Id, Id, NaiveDate, NaiveDate, OrganisationType, Option<NaiveDate>, Option<NaiveDate>);
    for (place, id, from, to, kind, opened, closed) in below.load::<Row>(conn)? {
        lives.0.insert(id, (kind, Span::between(opened, closed)));
        days.entry(place).or_default().entry(id).or_default().push(Span { from, to });
    }
    Ok(days)
}

/// The days on which an innovation was meant for each organisation.
pub struct Eligible {
    days: Below,
    lives: Lives,
}

/// Whom an innovation was meant for: by a row or a rule, less what rows take out.
pub fn eligible(conn: &mut Conn, rows: &[EligibilityRow], unit: Option<OrganisationType>) -> Result<Eligible> {
    let mut lives = Lives::default();
    let mut meant = Below::new();
    let mut taken = Below::new();
    let mut places: HashMap<Option<OrganisationType>, BTreeSet<Id>> = HashMap::new();
    for row in rows {
        places.entry(row.kind.or(unit)).or_default().extend(row.place_id);
    }
    let mut below: HashMap<Option<OrganisationType>, HashMap<Id, Below>> = HashMap::new();
    for (kind, places) in &places {
        below.insert(*kind, of_type_below(conn, places, *kind, &mut lives)?);
    }
    for row in rows {
        let days = if row.eligible { &mut meant } else { &mut taken };
        if let Some(organisation) = row.organisation_id {
            days.entry(organisation).or_default().push(row.span());
        }
        let of_kind = below.get(&row.kind.or(unit));
        let ruled = row.place_id.and_then(|place| of_kind?.get(&place));
        for (organisation, below) in ruled.into_iter().flatten() {
            let held = below.iter().filter_map(|span| span.meet(row.span()));
            days.entry(*organisation).or_default().extend(held);
        }
    }
    for (organisation, spans) in &mut meant {
        let out = Span::merged(taken.remove(organisation).unwrap_or_default());
        *spans = Span::merged(std::mem::take(spans)).into_iter().flat_map(|span| span.without(&out)).collect();
    }
    Ok(Eligible { days: meant, lives })
}

/// What each record above the adopting unit covers on which days: all of the unit below it, or those it lists.
fn covered(
    conn: &mut Conn,
    adopted: Vec<Adopted>,
    lives: &mut Lives,
    unit: Option<OrganisationType>,
) -> Result<(Vec<Adopted>, usize)> {
    let is_unit = |one: &Adopted| lives.is(one.organisation, unit);
    let (mut found, above): (Vec<Adopted>, Vec<Adopted>) = adopted.into_iter().partition(is_unit);
    let (above, bare): (Vec<Adopted>, Vec<Adopted>) = above.into_iter().partition(|one| !one.covers.is_empty());
    let mut part = bare.len();
    let listed = above.iter().flat_map(|one| &one.covers).flat_map(|(codes, _)| codes.split_whitespace());
    let listed: BTreeSet<String> = listed.filter(|code| *code != ALL_BELOW).map(str::to_owned).collect();
    let listed = ids_by_code(conn, &listed.into_iter().collect::<Vec<_>>())?;
    let below = of_type_below(conn, &above.iter().map(|one| one.organisation).collect(), unit, lives)?;
    for one in above {
        let Some(below) = below.get(&one.organisation) else {
            part += 1;
            continue;
        };
        for (codes, held) in &one.covers {
            let codes: Option<HashSet<Id>> = (codes != ALL_BELOW)
                .then(|| codes.split_whitespace().filter_map(|code| listed.get(code).copied()).collect());
            let those = below.iter().filter(|(id, _)| codes.as_ref().is_none_or(|codes| codes.contains(id)));
            for (organisation, days) in those {
                let spans = meets(&meets(days, &[*held]), &one.spans);
                // What the record above counts is its own and no part's.
                found.push(Adopted {
                    id: Id::NONE,
                    organisation: *organisation,
                    spans,
                    covers: Vec::new(),
                    confirmations: one.confirmations.clone(),
                });
            }
        }
    }
    Ok((found, part))
}

/// The organisations that count below a place, and how many organisations above the adopting unit have adopted for a part that
/// nobody named.
pub fn units(
    conn: &mut Conn,
    (place, map): (Id, Map),
    unit: Option<OrganisationType>,
    eligible: Eligible,
    adopted: Vec<Adopted>,
) -> Result<(BTreeMap<Id, Unit>, usize)> {
    let Eligible { days: mut eligible, mut lives } = eligible;
    lives.read(conn, adopted.iter().map(|one| one.organisation).chain(eligible.keys().copied()))?;
    let (adopted, part) = covered(conn, adopted, &mut lives, unit)?;
    let mut used: HashMap<Id, Vec<Span>> = HashMap::new();
    for one in &adopted {
        used.entry(one.organisation).or_default().extend(&one.spans);
    }
    let ids: BTreeSet<Id> = eligible.keys().chain(used.keys()).copied().filter(|id| lives.is(*id, unit)).collect();
    let mut inside = inside(conn, place, map, &ids.iter().copied().collect::<Vec<_>>())?;
    let mut units: BTreeMap<Id, Unit> = BTreeMap::new();
    for id in ids {
        let (Some(inside), Some((_, life))) = (inside.remove(&id), lives.0.get(&id)) else { continue };
        let used = Span::merged(used.remove(&id).unwrap_or_default());
        units.insert(id, Unit::new(&meets(&inside, &[*life]), eligible.remove(&id).unwrap_or_default(), used));
    }
    let own: Vec<Id> = adopted.iter().map(|one| one.id).filter(|id| *id != Id::NONE).collect();
    let mut patients = patients(conn, &own)?;
    for one in adopted {
        let Some(unit) = units.get_mut(&one.organisation) else { continue };
        unit.confirmations.extend(one.confirmations);
        unit.patients.extend(patients.remove(&one.id).unwrap_or_default());
    }
    for unit in units.values_mut() {
        unit.patients.sort_by_key(|count| count.on);
    }
    Ok((units, part))
}

fn inside(conn: &mut Conn, place: Id, map: Map, ids: &[Id]) -> Result<HashMap<Id, Vec<Span>>> {
    if map.geography == Geography::AtTime {
        return days_below(conn, place, ids);
    }
    let on_map: HashSet<Id> = counted_below(vec![place], map.as_of).load::<Id>(conn)?.into_iter().collect();
    Ok(ids.iter().filter(|id| on_map.contains(id)).map(|id| (*id, vec![Span::ALWAYS])).collect())
}

/// Where some organisations are counted among the places of a type, on the map of a day.
pub fn places_of(conn: &mut Conn, ids: &[Id], kind: OrganisationType, on: NaiveDate) -> Result<BTreeMap<Id, Vec<Id>>> {
    let mut found: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let above = organisation_closure::table
            .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::ancestor_id)))
            .filter(organisation_closure::descendant_id.eq_any(some.to_vec()))
            .filter(organisation_closure::from_on.le(on))
            .filter(organisation_closure::to_on.gt(on))
            .filter(organisations::kind.eq(kind))
            .select((organisation_closure::ancestor_id, organisation_closure::descendant_id));
        for (place, organisation) in above.load::<(Id, Id)>(conn)? {
            found.entry(place).or_default().push(organisation);
        }
    }
    Ok(found)
}

/// A stage, since when, and what stood in the way.
type Standing = (AdoptionStage, NaiveDate, BTreeSet<String>);

/// The stage that each organisation had reached with an innovation on a day, and what stood in its way then.
pub fn standing(conn: &mut Conn, innovation: Id, on: NaiveDate) -> Result<HashMap<Id, Standing>> {
    let spells = adoption_spells::table
        .filter(adoption_spells::innovation_id.eq(innovation))
        .filter(adoption_spells::from_on.le(on))
        .filter(adoption_spells::to_on.gt(on))
        .order_by((adoption_spells::from_on, adoption_spells::adoption_id))
        .select((adoption_spells::organisation_id, adoption_spells::stage, adoption_spells::from_on));
    let mut found: HashMap<Id, Standing> = HashMap::new();
    for (organisation, stage, from) in spells.load::<(Id, AdoptionStage, NaiveDate)>(conn)? {
        found.insert(organisation, (stage, from, BTreeSet::new()));
    }
    let barriers = adoption_barriers::table
        .inner_join(adoptions::table.on(adoptions::id.eq(adoption_barriers::adoption_id)))
        .filter(adoptions::innovation_id.eq(innovation))
        .filter(adoptions::archived_at.is_null())
        .filter(adoption_barriers::from_on.le(on))
        .filter(adoption_barriers::to_on.gt(on))
        .select((adoptions::organisation_id, adoption_barriers::barrier));
    for (organisation, barrier) in barriers.load::<(Id, String)>(conn)? {
        if let Some((_, _, barriers)) = found.get_mut(&organisation) {
            barriers.insert(barrier);
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
