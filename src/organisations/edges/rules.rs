//! The rules for an edge.

use crate::calendar::Span;
use crate::error::{Code, Error, Result};
use crate::organisations::rules::{EdgeKind, OrganisationType};
use crate::vocabulary::{Id, instant};
use crate::written;
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
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

/// Whether an edge can hold beside another above the same organisation: there is one geographic parent on a day, and one
/// network (HIN) of an organisation that is not a board.
///
/// # Errors
/// `validation-failed` with the days of the other.
pub fn check_beside(child: OrganisationType, new: Placed, other: Placed, other_parent: &str) -> Result<()> {
    let network = |edge: Placed| edge.kind == EdgeKind::Network && edge.parent_kind == OrganisationType::Hin;
    let detail = match (new, other) {
        _ if new.span.meet(other.span).is_none() => return Ok(()),
        _ if [new, other].iter().all(|edge| edge.kind == EdgeKind::Geographic) => "one organisation by geography",
        _ if network(new) && network(other) && !child.may_have_several_networks() => "one health innovation network",
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

/// Whether an edge of this kind leads to such an organisation.
///
/// # Errors
/// `validation-failed`.
pub fn check_parent(kind: EdgeKind, parent: OrganisationType) -> Result<()> {
    if kind == EdgeKind::Member && parent != OrganisationType::Pcn {
        return Err(Error::invalid("/parent", "type", "A member edge leads to a primary care network (type pcn)."));
    }
    Ok(())
}
