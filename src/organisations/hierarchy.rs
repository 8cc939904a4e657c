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
}

/// Who took an organisation's place: from that day on it stands where its heir stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heir {
    pub id: Id,
    pub from: NaiveDate,
    /// Whether it is the legal successor, whose rights reach the past of its predecessor. Another only shows where figures
    /// of the predecessor belong on a later map.
    pub legal: bool,
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
}

/// What counts: the edges as they are, or with their gaps filled by the nearest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Map {
    Held,
    Filled,
}

type Found = BTreeMap<Id, Vec<Span>>;
/// An organisation's own days, and its heir with the days on which that stands for it.
type Own = (Option<Span>, Option<(Id, Span)>);

impl Hierarchy {
    /// Everything above an organisation, itself included, in spans that do not overlap.
    pub fn above(&self, organisation: Id) -> Vec<Above> {
        let held = self.standing(organisation, Map::Held);
        let mut above = Vec::new();
        for (ancestor, spans) in self.standing(organisation, Map::Filled) {
            let by_edges = held.get(&ancestor).map(Vec::as_slice).unwrap_or_default();
            let filled = spans.iter().flat_map(|span| span.without(by_edges));
            above.extend(filled.map(|span| Above { ancestor, span, held: false }));
        }
        for (ancestor, spans) in held {
            above.extend(spans.into_iter().map(|span| Above { ancestor, span, held: true }));
        }
        above
    }

    fn standing(&self, organisation: Id, map: Map) -> Found {
        let mut found = Found::new();
        self.rise(organisation, Span::ALWAYS, map, &mut vec![organisation], &mut found);
        self.join(organisation, Span::ALWAYS, map, &mut vec![organisation], &mut found);
        let mut networks = Found::new();
        self.reach(organisation, Span::ALWAYS, map, &mut vec![organisation], &mut networks);
        let several = self.0.get(&organisation).is_some_and(|body| body.kind.may_have_several_networks());
        for (network, spans) in &networks {
            let others = networks.iter().filter(|(other, _)| !several && *other != network);
            let others = Span::merged(others.flat_map(|(_, spans)| spans.iter().copied()).collect());
            // Where several would have it and none is nearer, nothing says which: it belongs to none of them.
            found.entry(*network).or_default().extend(spans.iter().flat_map(|span| span.without(&others)));
        }
        found.retain(|_, spans| {
            *spans = Span::merged(std::mem::take(spans));
            !spans.is_empty()
        });
        found
    }

    /// The organisation itself and what lies above it by geography.
    fn rise(&self, at: Id, span: Span, map: Map, path: &mut Vec<Id>, found: &mut Found) {
        found.entry(at).or_default().push(span);
        self.each_parent(at, span, map, path, |parent, span, path| self.rise(parent, span, map, path, found));
    }

    /// The nearest networks: an organisation's own, and on days without one those of the organisation above it.
    fn reach(&self, at: Id, span: Span, map: Map, path: &mut Vec<Id>, found: &mut Found) {
        let Some((own, _)) = self.own(at, span, map) else { return };
        let mut taken = Vec::new();
        for (network, days) in self.links(at, EdgeKind::Network, OrganisationType::Hin) {
            if let Some(days) = own.and_then(|own| own.meet(days)) {
                found.entry(network).or_default().push(days);
                taken.push(days);
            }
        }
        for free in span.without(&Span::merged(taken)) {
            self.each_parent(at, free, map, path, |parent, span, path| self.reach(parent, span, map, path, found));
        }
    }

    /// The primary care networks that it is a member of.
    fn join(&self, at: Id, span: Span, map: Map, path: &mut Vec<Id>, found: &mut Found) {
        let Some((own, heir)) = self.own(at, span, map) else { return };
        for (network, days) in self.links(at, EdgeKind::Member, OrganisationType::Pcn) {
            found.entry(network).or_default().extend(own.and_then(|own| own.meet(days)));
        }
        if let Some((heir, span)) = heir
            && !path.contains(&heir)
        {
            path.push(heir);
            self.join(heir, span, map, path, found);
            path.pop();
        }
    }

    /// What of some days is an organisation's own, and from when on its heir stands for it.
    fn own(&self, at: Id, span: Span, map: Map) -> Option<Own> {
        let Some(heir) = self.0.get(&at)?.heir else { return Some((Some(span), None)) };
        let own = span.meet(Span { to: heir.from, ..Span::ALWAYS });
        let after = span.meet(Span { from: heir.from, ..Span::ALWAYS }).filter(|_| heir.legal || map == Map::Filled);
        Some((own, after.map(|after| (heir.id, after))))
    }

    fn links(&self, at: Id, kind: EdgeKind, parent: OrganisationType) -> impl Iterator<Item = (Id, Span)> {
        let links = self.0.get(&at).map(|body| body.links.as_slice()).unwrap_or_default();
        let of_kind = links.iter().filter(move |link| link.kind == kind);
        let above = of_kind.filter(move |link| self.0.get(&link.parent).is_some_and(|body| body.kind == parent));
        above.map(|link| (link.parent, link.span))
    }

    /// Goes one step up: by geography, or to the heir from the day on which that took its place. An organisation that has
    /// been passed is not passed again.
    fn each_parent(
        &self,
        at: Id,
        span: Span,
        map: Map,
        path: &mut Vec<Id>,
        mut go: impl FnMut(Id, Span, &mut Vec<Id>),
    ) {
        let (Some(body), Some((own, heir))) = (self.0.get(&at), self.own(at, span, map)) else { return };
        let geographic = body.links.iter().filter(|link| link.kind == EdgeKind::Geographic);
        let mut steps: Vec<(Id, Span)> = geographic.map(|link| (link.parent, link.span)).collect();
        if map == Map::Filled {
            steps.extend(filling(&steps));
        }
        let steps = steps.into_iter().filter_map(|(parent, days)| Some((parent, own?.meet(days)?)));
        for (next, days) in steps.chain(heir) {
            if !path.contains(&next) {
                path.push(next);
                go(next, days, path);
                path.pop();
            }
        }
    }
}

/// Who is above on the days of which no edge says anything: the nearest edge's parent, the earlier one's where two are as
/// near.
fn filling(edges: &[(Id, Span)]) -> Vec<(Id, Span)> {
    let covered = Span::merged(edges.iter().map(|(_, span)| *span).collect());
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
        let before = edges.iter().filter(|(_, span)| span.to == gap.from);
        let after = edges.iter().filter(|(_, span)| span.from == gap.to);
        filled.extend(before.filter_map(|(id, _)| Some((*id, gap.meet(Span { from: gap.from, to: middle })?))));
        filled.extend(after.filter_map(|(id, _)| Some((*id, gap.meet(Span { from: middle, to: gap.to })?))));
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
        let edge = (0..kinds.len(), 0..BODIES, 0..BODIES, 0..DAYS, 1..DAYS);
        let heir = (0..BODIES, 0..BODIES, 0..DAYS, any::<bool>());
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
            for (kind, child, parent, from, length) in edges {
                let body = bodies.get_mut(&id(child)).expect("a body");
                let span = Span { from: day(from), to: day(from + length) };
                let kind = kinds[kind];
                let taken = body.links.iter().any(|link| {
                    link.kind == kind
                        && link.span.meet(span).is_some()
                        && (kind == Geographic || link.parent == id(parent))
                });
                if child != parent && !taken {
                    body.links.push(Link { kind, parent: id(parent), span });
                }
            }
            for (from, to, on, legal) in heirs {
                if from != to {
                    let heir = Heir { id: id(to), from: day(on), legal };
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

        fn heir(&self, of: Id) -> Option<Id> {
            self.ended(of).filter(|heir| heir.legal || self.2 == Map::Filled).map(|heir| heir.id)
        }

        fn distance(&self, link: &Link) -> (i64, NaiveDate) {
            let before = (link.span.from - self.1).num_days();
            let after = (self.1 - link.span.to).num_days() + 1;
            (before.max(after).max(0), link.span.from)
        }

        fn parents(&self, of: Id) -> Vec<Id> {
            if self.ended(of).is_some() {
                return self.heir(of).into_iter().collect();
            }
            let links = self.0.0[&of].links.iter().filter(|link| link.kind == EdgeKind::Geographic);
            let nearest = links.min_by_key(|link| self.distance(link));
            let holds = |link: &&Link| self.2 == Map::Filled || self.distance(link).0 == 0;
            nearest.filter(holds).map(|link| link.parent).into_iter().collect()
        }

        fn linked(&self, of: Id, kind: EdgeKind, parent: OrganisationType) -> Vec<Id> {
            let links = self.0.0[&of].links.iter().filter(|link| link.kind == kind && self.distance(link).0 == 0);
            links.map(|link| link.parent).filter(|parent_id| self.0.0[parent_id].kind == parent).collect()
        }

        fn above(&self, of: Id) -> Vec<Id> {
            let mut way = vec![of];
            while let Some(next) = self.parents(way[way.len() - 1]).first().copied().filter(|next| !way.contains(next))
            {
                way.push(next);
            }
            let mut above = way.clone();
            let own = |at: &Id| self.ended(*at).is_none();
            let networks =
                |at: &Id| if own(at) { self.linked(*at, EdgeKind::Network, OrganisationType::Hin) } else { vec![] };
            let nearest = way.iter().map(networks).find(|networks| !networks.is_empty()).unwrap_or_default();
            if nearest.len() == 1 || self.0.0[&of].kind.may_have_several_networks() {
                above.extend(nearest);
            }
            let mut member = of;
            let mut seen = vec![of];
            while let Some(heir) = self.heir(member).filter(|heir| !seen.contains(heir)) {
                seen.push(heir);
                member = heir;
            }
            if own(&member) {
                above.extend(self.linked(member, EdgeKind::Member, OrganisationType::Pcn));
            }
            above.sort_unstable();
            above.dedup();
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
                    let found = |map: Map| {
                        let holds = above.iter().filter(|above| above.span.from <= on && on < above.span.to);
                        let mut found: Vec<Id> =
                            holds.filter(|above| map == Map::Filled || above.held).map(|above| above.ancestor).collect();
                        found.sort_unstable();
                        found
                    };
                    prop_assert_eq!(found(Map::Held), Naive(&hierarchy, on, Map::Held).above(of), "held on {}", on);
                    prop_assert_eq!(found(Map::Filled), Naive(&hierarchy, on, Map::Filled).above(of), "on the map of {}", on);
                }
            }
        }
    }
}
