//! The rules for an edge.

use crate::calendar::Span;
use crate::error::{Code, Error, Result};
use crate::organisations::rules::{EdgeKind, Organisation, OrganisationType};
use crate::vocabulary::{Id, instant};
use crate::written;
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// A dated edge of the hierarchy, above an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateOrganisationEdgeRequest, example = json!({ "parent": "RJ1", "kind": "legal", "from": "2026-04-01" }))]
pub struct Edge {
    /// The code of the organisation above.
    #[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub parent: String,
    pub kind: EdgeKind,
    /// The first day. Default: it always held.
    #[schema(nullable = false)]
    pub from: Option<NaiveDate>,
    /// The first day it no longer holds. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
    /// Whether the edge has no official source and is for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// That an edge was taken back, since it never held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Withdrawal {
    #[schema(format = "date-time", max_length = 40)]
    pub at: String,
    #[schema(max_length = 200)]
    pub reason: String,
}

impl Withdrawal {
    pub fn of(at: Option<NaiveDateTime>, reason: Option<String>) -> Option<Self> {
        Some(Self { at: instant(at?), reason: reason? })
    }
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EdgeAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub parent_name: String,
    /// The code of the organisation below.
    #[schema(example = "RJZ", max_length = 60)]
    pub child: String,
    #[schema(max_length = 300)]
    pub child_name: String,
    /// Null unless the edge was taken back as a mistake.
    pub withdrawn: Option<Withdrawal>,
}

written! { Edge, EdgeAdded, |_, added| added.id.to_string() }

impl Edge {
    /// Puts the code in upper case.
    #[must_use]
    pub fn normal(self) -> Self {
        Self { parent: self.parent.to_ascii_uppercase(), ..self }
    }

    /// # Errors
    /// `validation-failed` when it would hold on no day.
    pub fn span(&self) -> Result<Span> {
        Span::new(self.from, self.to)
    }

    /// Whether it may become the other: only its end changes.
    ///
    /// # Errors
    /// `immutable`.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        let ended = Self { to: new.to, ..self.clone() };
        if ended == *new {
            return Ok(());
        }
        let detail = "Only `to` can change. Where another day or parent was meant, delete the edge with a reason and add the right one.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

/// An edge among those of the same organisation below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    pub kind: EdgeKind,
    pub parent_kind: OrganisationType,
    pub span: Span,
}

/// Whether an edge can hold beside another above the same organisation: there is one geographic parent on a day, one
/// primary care network, and one network (HIN) of an organisation that is not a board.
///
/// # Errors
/// `validation-failed` with the days of the other.
pub fn check_beside(child: OrganisationType, new: Placed, other: Placed, other_parent: &str) -> Result<()> {
    let both = |kind: EdgeKind| [new, other].iter().all(|edge| edge.kind == kind);
    let to_hins = [new, other].iter().all(|edge| edge.parent_kind == OrganisationType::Hin);
    let detail = match (new, other) {
        _ if new.span.meet(other.span).is_none() => return Ok(()),
        _ if both(EdgeKind::Geographic) => "one organisation by geography",
        _ if both(EdgeKind::Member) => "one primary care network",
        _ if both(EdgeKind::Network) && to_hins && !child.may_have_several_networks() => {
            "one health innovation network"
        }
        _ => return Ok(()),
    };
    let (from, to) = other.span.ends();
    let days = match (from, to) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("until {to}"),
        (Some(from), Some(to)) => format!("from {from} until {to}"),
    };
    let detail = format!("It lies below {detail} on a day, and below {other_parent} {days}. End that edge first.");
    Err(Error::invalid("/from", "overlap", detail))
}

/// Whether an edge of a kind from `child` up to `parent` makes a circle: whether `child` stands above `parent` by edges of that kind
/// already, which `above` finds step by step. Of places and of owners a circle means that something lies below itself; network and
/// member edges lead no further than to their parent.
///
/// # Errors
/// What `above` fails with.
pub fn circles(
    kind: EdgeKind,
    parent: Id,
    child: Id,
    mut above: impl FnMut(Vec<Id>) -> Result<Vec<Id>>,
) -> Result<bool> {
    if parent == child {
        return Ok(true);
    }
    if !matches!(kind, EdgeKind::Geographic | EdgeKind::Legal) {
        return Ok(false);
    }
    let (mut seen, mut next) = (HashSet::from([parent]), vec![parent]);
    while !next.is_empty() && !seen.contains(&child) {
        next = above(next)?.into_iter().filter(|id| seen.insert(*id)).collect();
    }
    Ok(seen.contains(&child))
}

/// Whether an edge of this kind can stand between organisations of these types. Places lie below larger places, and what
/// gives care below places; a site also below its trust. Other bodies, such as companies and local authorities, may lie
/// anywhere and hold anything but England.
pub fn can_stand(kind: EdgeKind, parent: OrganisationType, child: OrganisationType) -> bool {
    use OrganisationType::{England, GpPractice, Hin, Icb, NhsTrust, Pcn, Region, SubIcb, TrustSite};
    match kind {
        EdgeKind::Legal => true,
        EdgeKind::Member => parent == Pcn && (child == GpPractice || child.is_other_body()),
        EdgeKind::Network if parent == Hin => child != Hin,
        EdgeKind::Network => !matches!(parent, NhsTrust | TrustSite | GpPractice | Pcn),
        EdgeKind::Geographic if child == England => false,
        EdgeKind::Geographic if child.is_other_body() || parent.is_other_body() => true,
        EdgeKind::Geographic => {
            let above: &[OrganisationType] = match child {
                Region => &[England],
                Icb => &[England, Region],
                SubIcb => &[England, Region, Icb],
                TrustSite => &[England, Region, Icb, SubIcb, NhsTrust],
                _ => &[England, Region, Icb, SubIcb],
            };
            above.contains(&parent)
        }
    }
}

/// # Errors
/// `validation-failed` for an edge that [cannot stand](can_stand).
pub fn check_ends(kind: EdgeKind, parent: OrganisationType, child: OrganisationType) -> Result<()> {
    if can_stand(kind, parent, child) {
        return Ok(());
    }
    let advice = match kind {
        EdgeKind::Member => "A member edge leads from a practice to a primary care network (type pcn).",
        EdgeKind::Network => {
            "A network edge leads to a health innovation network (type hin), and not from one to another."
        }
        _ => {
            "By geography regions lie below England, boards below regions, and trusts, practices and networks below boards. A practice is in its primary care network by a member edge, and what a health innovation network covers by network edges."
        }
    };
    let (kind, parent, child) = (kind.as_str(), parent.as_str(), child.as_str());
    let detail = format!("There is no {kind} edge from the type {child} up to the type {parent}. {advice}");
    Err(Error::invalid("/parent", "type", detail))
}

/// The days of an edge on which it can hold: up to the day on which the first of its ends closes. The days before one of them
/// began stay, since first days are often not known.
///
/// # Errors
/// `validation-failed` where both ends exist together on none of its days.
pub fn living(span: Span, parent: &Organisation, child: &Organisation) -> Result<Span> {
    let mut together = Some(span);
    for (pointer, end) in [("/parent", parent), ("/from", child)] {
        together = together.and_then(|days| days.meet(end.span()));
        if together.is_none() {
            let (parent, child) = ((&parent.code, parent.days()), (&child.code, child.days()));
            let detail = format!(
                "On no day of the edge do both exist: {} exists {}, {} {}.",
                parent.0, parent.1, child.0, child.1
            );
            return Err(Error::invalid(pointer, "not-living", detail));
        }
    }
    Ok(Span { to: span.to.min(parent.span().to).min(child.span().to), ..span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrganisationType::{
        Company, England, GpPractice, Hin, Icb, Locality, NhsTrust, Other, Pcn, Region, SubIcb, TrustSite,
    };
    use chrono::Datelike;

    #[test]
    fn an_edge_stands_between_types_that_fit() {
        use EdgeKind::{Geographic, Legal, Member, Network};
        let places = [England, Region, Icb, SubIcb];
        let care = [NhsTrust, GpPractice, Pcn];
        for (kind, parents, children, stands) in [
            (Geographic, &[England][..], &[Region, Icb, SubIcb][..], true),
            (Geographic, &[Region], &[Icb, SubIcb], true),
            (Geographic, &places, &care, true),
            (Geographic, &places, &[Hin, TrustSite, Company, Other], true),
            (Geographic, &[NhsTrust], &[TrustSite], true),
            (Geographic, &[Other, Locality], &[Region, Icb, NhsTrust, GpPractice, Company], true),
            (Geographic, &[NhsTrust, GpPractice, Pcn, Hin], &[Company], true),
            (Geographic, &[Hin, NhsTrust, Icb, Region, England, Other], &[England], false),
            (Geographic, &[Hin, GpPractice, Pcn, NhsTrust], &[NhsTrust, GpPractice, Pcn, Icb, Region, Hin], false),
            (Geographic, &[SubIcb, Icb], &[Icb, Region], false),
            (Geographic, &[GpPractice, Pcn, Hin], &[TrustSite], false),
            (Member, &[Pcn], &[GpPractice, Company], true),
            (Member, &[Pcn], &[NhsTrust, Hin, Icb, Pcn, TrustSite], false),
            (Member, &[Icb, Hin, Other], &[GpPractice], false),
            (Network, &[Hin], &[England, Region, Icb, SubIcb, NhsTrust, GpPractice, Pcn, TrustSite, Company], true),
            (Network, &[Hin], &[Hin], false),
            (Network, &[NhsTrust, TrustSite, GpPractice, Pcn], &[Icb, NhsTrust, GpPractice], false),
            (Network, &[Region, Icb, Other], &[NhsTrust, Icb], true),
            (Legal, &[NhsTrust, Hin, Icb, Company], &[Hin, NhsTrust, England, Company], true),
        ] {
            for (parent, child) in parents.iter().flat_map(|parent| children.iter().map(move |child| (*parent, *child)))
            {
                assert_eq!(can_stand(kind, parent, child), stands, "{kind:?}: {child:?} below {parent:?}");
                assert_eq!(check_ends(kind, parent, child).is_ok(), stands);
            }
        }
    }

    #[test]
    fn an_edge_ends_with_the_first_of_its_ends() {
        let day = |year: i32| NaiveDate::from_ymd_opt(year, 4, 1).expect("a day");
        let lived = |from: Option<i32>, to: Option<i32>| Organisation {
            valid_from: from.map(day),
            valid_to: to.map(day),
            ..Organisation::named("RJZ", "A trust", NhsTrust)
        };
        for (span, parent, child, expected) in [
            ((Some(2020), None), (None, None), (None, None), Ok((Some(2020), None))),
            ((Some(2020), None), (None, Some(2022)), (None, Some(2024)), Ok((Some(2020), Some(2022)))),
            ((None, Some(2021)), (Some(2010), Some(2022)), (Some(2015), None), Ok((None, Some(2021)))),
            ((Some(2021), None), (None, Some(2020)), (None, None), Err("/parent")),
            ((Some(2021), None), (None, None), (None, Some(2021)), Err("/from")),
            ((None, Some(2010)), (None, None), (Some(2010), None), Err("/from")),
            ((None, None), (None, Some(2015)), (Some(2015), None), Err("/from")),
        ] {
            let span = Span::between(span.0.map(day), span.1.map(day));
            let cut = living(span, &lived(parent.0, parent.1), &lived(child.0, child.1));
            let cut = cut.map(|cut| (cut.ends().0.map(|on| on.year()), cut.ends().1.map(|on| on.year())));
            assert_eq!(cut.map_err(|error| error.listed()[0].pointer.clone()), expected.map_err(str::to_owned));
        }
    }
}
