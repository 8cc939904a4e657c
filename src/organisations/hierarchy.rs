//! Who stands above whom, on which days. An organisation stands below another by its geographic edges; below a network
//! (HIN) by network edges, and below them again by geographic ones; below a primary care network (PCN) as its member.
//! Neither legal nor network edges lead anywhere else, so that no footprint leaks into the total of a board or region.

use super::rules::{EdgeKind, OrganisationType};
use crate::calendar::Span;
use crate::vocabulary::Id;
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, HashMap};

/// An edge to an organisation above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub kind: EdgeKind,
    pub parent: Id,
    pub span: Span,
    /// Whether it is invented.
    pub illustrative: bool,
}

/// Who took an organisation's place: from that day on it stands where its heir stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heir {
    pub id: Id,
    pub from: NaiveDate,
    /// Whether it is the legal successor, whose rights reach the past of its predecessor. Another only shows where figures
    /// of the predecessor belong on a later map.
    pub legal: bool,
    /// Whether the succession is invented.
    pub illustrative: bool,
}

/// What an organisation stands by.
#[derive(Debug, Clone)]
pub struct Body {
    pub kind: OrganisationType,
    pub links: Vec<Link>,
    pub heir: Option<Heir>,
}

/// Some organisations, and all above them.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy(pub HashMap<Id, Body>);

/// Some days on which an organisation stands below an ancestor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Above {
    pub ancestor: Id,
    pub span: Span,
    /// Whether it stands there by its edges. Otherwise no edge says anything of these days, and it stands where the nearest
    /// puts it: this tells where its figures belong, and gives no right.
    pub held: bool,
    /// Whether every way up to there goes over what is invented.
    pub illustrative: bool,
}

/// What counts: the edges as they are, or with their gaps filled by the nearest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Map {
    Held,
    Filled,
}

/// Days on which a way leads up, and whether something on it is invented.
#[derive(Clone, Copy)]
struct Way {
    span: Span,
    illustrative: bool,
}

impl Way {
    /// The way with one step more, on the days on which that can be taken.
    fn over(self, span: Span, illustrative: bool) -> Option<Self> {
        let span = self.span.meet(span)?;
        Some(Self { span, illustrative: self.illustrative || illustrative })
    }

    fn on(self, span: Span) -> Self {
        Self { span, ..self }
    }
}

impl From<Span> for Way {
    fn from(span: Span) -> Self {
        Self { span, illustrative: false }
    }
}

type Found = BTreeMap<Id, Vec<Way>>;
/// An organisation's own days, and its heir with the days on which that stands for it.
type Own = (Option<Way>, Option<(Id, Way)>);

/// The days on which an organisation stands below an ancestor.
#[derive(Default)]
struct Standing {
    all: Vec<Span>,
    /// Those on which it does by a way without anything invented.
    sound: Vec<Span>,
}

impl Standing {
    fn of(ways: &[Way]) -> Self {
        let spans = |ways: &mut dyn Iterator<Item = &Way>| Span::merged(ways.map(|way| way.span).collect());
        let (all, sound) = (spans(&mut ways.iter()), spans(&mut ways.iter().filter(|way| !way.illustrative)));
        Self { all, sound }
    }

    /// Its days save some, apart by whether something on the way is invented.
    fn without(&self, taken: &[Span]) -> impl Iterator<Item = Way> {
        let invented = self.all.iter().flat_map(|span| span.without(&self.sound));
        let ways =
            invented.map(|span| Way { span, illustrative: true }).chain(self.sound.iter().copied().map(Way::from));
        ways.flat_map(|way| way.span.without(taken).into_iter().map(move |span| way.on(span)))
    }
}

impl Hierarchy {
    /// Everything above an organisation, itself included, in spans that do not overlap.
    pub fn above(&self, organisation: Id) -> Vec<Above> {
        let held = self.standing(organisation, Map::Held);
        let mut above = Vec::new();
        let mut add = |ancestor: Id, standing: &Standing, taken: &[Span], held: bool| {
            let ways = standing.without(taken);
            above.extend(ways.map(|Way { span, illustrative }| Above { ancestor, span, held, illustrative }));
        };
        for (ancestor, standing) in self.standing(organisation, Map::Filled) {
            let by_edges = held.get(&ancestor).map(|held| held.all.as_slice()).unwrap_or_default();
            add(ancestor, &standing, by_edges, false);
        }
        for (ancestor, standing) in &held {
            add(*ancestor, standing, &[], true);
        }
        above
    }

    fn standing(&self, organisation: Id, map: Map) -> BTreeMap<Id, Standing> {
        let (mut found, always) = (Found::new(), Way::from(Span::ALWAYS));
        self.rise(organisation, always, map, &mut vec![organisation], &mut found);
        self.join(organisation, always, map, &mut vec![organisation], &mut found);
        let mut networks = Found::new();
        self.reach(organisation, always, map, &mut vec![organisation], &mut networks);
        let several = self.0.get(&organisation).is_some_and(|body| body.kind.may_have_several_networks());
        for (network, ways) in &networks {
            let others = networks.iter().filter(|(other, _)| !several && *other != network);
            let others = Span::merged(others.flat_map(|(_, ways)| ways.iter().map(|way| way.span)).collect());
            // Where several would have it and none is nearer, nothing says which: it belongs to none of them.
            let alone = ways.iter().flat_map(|way| way.span.without(&others).into_iter().map(|span| way.on(span)));
            found.entry(*network).or_default().extend(alone);
        }
        let standing = found.into_iter().map(|(ancestor, ways)| (ancestor, Standing::of(&ways)));
        standing.filter(|(_, standing)| !standing.all.is_empty()).collect()
    }

    /// The organisation itself and what lies above it by geography.
    fn rise(&self, at: Id, way: Way, map: Map, path: &mut Vec<Id>, found: &mut Found) {
        found.entry(at).or_default().push(way);
        self.each_parent(at, way, map, path, |parent, way, path| self.rise(parent, way, map, path, found));
    }

    /// The nearest networks: an organisation's own, and on days without one those of the organisation above it.
    fn reach(&self, at: Id, way: Way, map: Map, path: &mut Vec<Id>, found: &mut Found) {
        let Some((own, _)) = self.own(at, way, map) else { return };
        let mut taken = Vec::new();
        for link in self.links(at, EdgeKind::Network, OrganisationType::Hin) {
            if let Some(way) = own.and_then(|own| own.over(link.span, link.illustrative)) {
                found.entry(link.parent).or_default().push(way);
                taken.push(way.span);
            }
        }
        for free in way.span.without(&Span::merged(taken)) {
            self.each_parent(at, way.on(free), map, path, |parent, way, path| {
                self.reach(parent, way, map, path, found)
            });
        }
    }

    /// The primary care networks that it is a member of.
    fn join(&self, at: Id, way: Way, map: Map, path: &mut Vec<Id>, found: &mut Found) {
        let Some((own, heir)) = self.own(at, way, map) else { return };
        for link in self.links(at, EdgeKind::Member, OrganisationType::Pcn) {
            let joined = own.and_then(|own| own.over(link.span, link.illustrative));
            found.entry(link.parent).or_default().extend(joined);
        }
        if let Some((heir, way)) = heir
            && !path.contains(&heir)
        {
            path.push(heir);
            self.join(heir, way, map, path, found);
            path.pop();
        }
    }

    /// What of some days is an organisation's own, and from when on its heir stands for it.
    fn own(&self, at: Id, way: Way, map: Map) -> Option<Own> {
        let Some(heir) = self.0.get(&at)?.heir else { return Some((Some(way), None)) };
        let own = way.over(Span { to: heir.from, ..Span::ALWAYS }, false);
        let after = way.over(Span { from: heir.from, ..Span::ALWAYS }, heir.illustrative);
        let after = after.filter(|_| heir.legal || map == Map::Filled);
        Some((own, after.map(|after| (heir.id, after))))
    }

    fn links(&self, at: Id, kind: EdgeKind, parent: OrganisationType) -> impl Iterator<Item = &Link> {
        let links = self.0.get(&at).map(|body| body.links.as_slice()).unwrap_or_default();
        let of_kind = links.iter().filter(move |link| link.kind == kind);
        of_kind.filter(move |link| self.0.get(&link.parent).is_some_and(|body| body.kind == parent))
    }

    /// Goes one step up: by geography, or to the heir from the day on which that took its place. An organisation that has
    /// been passed is not passed again.
    fn each_parent(&self, at: Id, way: Way, map: Map, path: &mut Vec<Id>, mut go: impl FnMut(Id, Way, &mut Vec<Id>)) {
        let (Some(body), Some((own, heir))) = (self.0.get(&at), self.own(at, way, map)) else { return };
        let geographic = body.links.iter().filter(|link| link.kind == EdgeKind::Geographic);
        let mut steps: Vec<Link> = geographic.copied().collect();
        if map == Map::Filled {
            steps.extend(filling(&steps));
        }
        let steps = steps.into_iter().filter_map(|link| Some((link.parent, own?.over(link.span, link.illustrative)?)));
        for (next, way) in steps.chain(heir) {
            if !path.contains(&next) {
                path.push(next);
                go(next, way, path);
                path.pop();
            }
        }
    }
}

/// Who is above on the days of which no edge says anything: the nearest edge's parent, the earlier one's where two are as
/// near.
fn filling(edges: &[Link]) -> Vec<Link> {
    let covered = Span::merged(edges.iter().map(|link| link.span).collect());
    let mut filled = Vec::new();
    for gap in Span::ALWAYS.without(&covered) {
        let middle = if gap.from == Span::ALWAYS.from {
            gap.from
        } else if gap.to == Span::ALWAYS.to {
            gap.to
        } else {
            let days = (gap.to - gap.from).num_days().unsigned_abs();
            gap.from.checked_add_days(Days::new(days.div_ceil(2))).unwrap_or(gap.to)
        };
        let before = edges.iter().filter(|link| link.span.to == gap.from);
        let after = edges.iter().filter(|link| link.span.from == gap.to);
        let (early, late) = (gap.meet(Span { to: middle, ..gap }), gap.meet(Span { from: middle, ..gap }));
        filled.extend(before.filter_map(|link| Some(Link { span: early?, ..*link })));
        filled.extend(after.filter_map(|link| Some(Link { span: late?, ..*link })));
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODIES: usize = 8;
    const DAYS: u64 = 24;

    fn id(number: usize) -> Id {
        Id::foreseen("body", u32::try_from(number).expect("a small number"))
    }

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, 1).and_then(|first| first.checked_add_days(Days::new(number))).expect("a day")
    }

    /// Two networks, a primary care network, two boards and three practices, with edges between them on random days.
    fn histories() -> impl Strategy<Value = Hierarchy> {
        use EdgeKind::{Geographic, Legal, Member, Network};
        let kinds = [Geographic, Geographic, Geographic, Network, Network, Member, Legal];
        let edge = (0..kinds.len(), 0..BODIES, 0..BODIES, 0..DAYS, 1..DAYS, any::<bool>());
        let heir = (0..BODIES, 0..BODIES, 0..DAYS, any::<bool>(), any::<bool>());
        let drawn = (prop::collection::vec(edge, 0..14), prop::collection::vec(heir, 0..3));
        drawn.prop_map(move |(edges, heirs)| {
            let types = [
                OrganisationType::Hin,
                OrganisationType::Hin,
                OrganisationType::Pcn,
                OrganisationType::Icb,
                OrganisationType::Icb,
                OrganisationType::GpPractice,
                OrganisationType::GpPractice,
                OrganisationType::NhsTrust,
            ];
            let bodies = types.into_iter().enumerate();
            let body = |(at, kind)| (id(at), Body { kind, links: Vec::new(), heir: None });
            let mut bodies: HashMap<Id, Body> = bodies.map(body).collect();
            for (kind, child, parent, from, length, illustrative) in edges {
                let body = bodies.get_mut(&id(child)).expect("a body");
                let span = Span { from: day(from), to: day(from + length) };
                let kind = kinds[kind];
                let taken = body.links.iter().any(|link| {
                    link.kind == kind
                        && link.span.meet(span).is_some()
                        && (kind == Geographic || link.parent == id(parent))
                });
                if child != parent && !taken {
                    body.links.push(Link { kind, parent: id(parent), span, illustrative });
                }
            }
            for (from, to, on, legal, illustrative) in heirs {
                if from != to {
                    let heir = Heir { id: id(to), from: day(on), legal, illustrative };
                    bodies.get_mut(&id(from)).expect("a body").heir.get_or_insert(heir);
                }
            }
            Hierarchy(bodies)
        })
    }

    /// The same, asked anew for one day: who is directly above, by going through the edges.
    struct Naive<'a>(&'a Hierarchy, NaiveDate, Map);

    impl Naive<'_> {
        fn ended(&self, of: Id) -> Option<Heir> {
            self.0.0[&of].heir.filter(|heir| heir.from <= self.1)
        }

        fn heir(&self, of: Id) -> Option<(Id, bool)> {
            let heir = self.ended(of).filter(|heir| heir.legal || self.2 == Map::Filled);
            heir.map(|heir| (heir.id, heir.illustrative))
        }

        fn distance(&self, link: &Link) -> (i64, NaiveDate) {
            let before = (link.span.from - self.1).num_days();
            let after = (self.1 - link.span.to).num_days() + 1;
            (before.max(after).max(0), link.span.from)
        }

        fn parent(&self, of: Id) -> Option<(Id, bool)> {
            if self.ended(of).is_some() {
                return self.heir(of);
            }
            let links = self.0.0[&of].links.iter().filter(|link| link.kind == EdgeKind::Geographic);
            let nearest = links.min_by_key(|link| self.distance(link));
            let holds = |link: &&Link| self.2 == Map::Filled || self.distance(link).0 == 0;
            nearest.filter(holds).map(|link| (link.parent, link.illustrative))
        }

        /// The parents by edges of the day, each with whether the way there is invented, as that to the organisation may be.
        fn linked(&self, (of, invented): (Id, bool), kind: EdgeKind, parent: OrganisationType) -> Vec<(Id, bool)> {
            let links = self.0.0[&of].links.iter().filter(|link| link.kind == kind && self.distance(link).0 == 0);
            let links = links.filter(|link| self.0.0[&link.parent].kind == parent);
            links.map(|link| (link.parent, invented || link.illustrative)).collect()
        }

        /// Each organisation above, with whether every way there is invented.
        fn above(&self, of: Id) -> Vec<(Id, bool)> {
            let mut way = vec![(of, false)];
            let passed = |way: &[(Id, bool)], next: Id| way.iter().any(|(at, _)| *at == next);
            let mut at = (of, false);
            while let Some((next, invented)) = self.parent(at.0).filter(|(next, _)| !passed(&way, *next)) {
                at = (next, at.1 || invented);
                way.push(at);
            }
            let mut above = way.clone();
            let own = |at: Id| self.ended(at).is_none();
            let networks = |at: &(Id, bool)| {
                if own(at.0) { self.linked(*at, EdgeKind::Network, OrganisationType::Hin) } else { vec![] }
            };
            let nearest = way.iter().map(networks).find(|networks| !networks.is_empty()).unwrap_or_default();
            if nearest.len() == 1 || self.0.0[&of].kind.may_have_several_networks() {
                above.extend(nearest);
            }
            let mut member = (of, false);
            let mut seen = vec![member];
            while let Some((heir, invented)) = self.heir(member.0).filter(|(heir, _)| !passed(&seen, *heir)) {
                member = (heir, member.1 || invented);
                seen.push(member);
            }
            if own(member.0) {
                above.extend(self.linked(member, EdgeKind::Member, OrganisationType::Pcn));
            }
            // A sound way comes before an invented one.
            above.sort_unstable();
            above.dedup_by_key(|(id, _)| *id);
            above
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn on_every_day_it_is_what_a_walk_through_the_edges_finds(hierarchy in histories()) {
            for of in (0..BODIES).map(id) {
                let above = hierarchy.above(of);
                for on in (0..2 * DAYS).map(day) {
                    let holds: Vec<&Above> = above.iter().filter(|above| above.span.holds(on)).collect();
                    let found = |held: bool| {
                        let some = holds.iter().filter(|above| above.held == held);
                        let mut found: Vec<(Id, bool)> = some.map(|above| (above.ancestor, above.illustrative)).collect();
                        found.sort_unstable();
                        found
                    };
                    let held = found(true);
                    prop_assert_eq!(&held, &Naive(&hierarchy, on, Map::Held).above(of), "held on {}", on);
                    let mut on_map = Naive(&hierarchy, on, Map::Filled).above(of);
                    prop_assert!(held.iter().all(|(id, _)| on_map.iter().any(|(other, _)| other == id)), "on the map of {}", on);
                    on_map.retain(|(id, _)| held.iter().all(|(other, _)| other != id));
                    prop_assert_eq!(found(false), on_map, "on the map of {}", on);
                }
            }
        }
    }
}
