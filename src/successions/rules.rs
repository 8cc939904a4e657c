//! The rules for a succession.

use crate::calendar::Span;
use crate::error::{Faults, Result};
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::rules::SuccessionKind;
use crate::record::only_written;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

words! {
    /// What a share was reckoned from.
    pub enum ShareBasis {
        RegisteredPatients = "registered-patients",
        Resident = "resident",
        Weighted = "weighted",
        Allocation = "allocation",
    }
}

/// How much of the predecessor went to a successor, for figures that stand on the predecessor itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuccessionShare)]
pub struct Share {
    /// Of 1, to the millionth.
    #[schema(minimum = 0.000001, maximum = 1)]
    pub value: f64,
    pub basis: ShareBasis,
    /// Who published it.
    #[schema(min_length = 1, max_length = 300)]
    pub source: String,
    /// The day it was reckoned for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on: Option<NaiveDate>,
}

impl Share {
    pub fn millionths(&self) -> i64 {
        // Between 1e-6 and 1 by the schema, so the product is a whole number of millionths.
        (self.value * 1e6).round() as i64
    }
}

/// An organisation that took over, in whole or in part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuccessionSuccessor)]
pub struct Successor {
    #[schema(example = "RRK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub code: String,
    /// Whether it is the legal successor, who may mend the past of the predecessor and answers for its awards. The only successor is.
    #[serde(default)]
    #[schema(default = false)]
    pub legal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub share: Option<Share>,
}

/// Which of the successors an organisation below the predecessor goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuccessionChild)]
pub struct Child {
    #[schema(example = "H85001", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub code: String,
    /// The code of the successor.
    #[schema(example = "RRK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub parent: String,
}

/// Where the organisations below the predecessor go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = SuccessionChildren, max_items = 20000)]
pub struct Children(pub Vec<Child>);

/// How an organisation, or a part of it, became others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateOrganisationSuccessionRequest, example = json!({ "kind": "merge", "effectiveOn": "2018-04-01", "to": [{ "code": "RRK", "legal": true }] }))]
pub struct Succession {
    pub kind: SuccessionKind,
    /// The first day of the new arrangement, on which the predecessor no longer exists (except in a transfer).
    pub effective_on: NaiveDate,
    /// The successors. In a transfer with shares the predecessor is one of them: its share is what it keeps.
    #[schema(min_items = 1, max_items = 50)]
    pub to: Vec<Successor>,
    /// Where the organisations below the predecessor go. In a split all must be named, in a transfer those that go; otherwise
    /// those that are not named go to the only successor.
    #[serde(default, skip_serializing_if = "only_written")]
    #[schema(write_only)]
    pub children: Children,
    /// Who published it.
    #[schema(min_length = 1, max_length = 300, nullable = false)]
    pub source: Option<String>,
    /// Whether it has no official source and is for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuccessionAdded {
    pub id: Id,
    /// The code of the predecessor.
    #[schema(example = "RR1", max_length = 60)]
    pub from: String,
    #[schema(max_length = 300)]
    pub from_name: String,
    /// The names of the successors, in their order.
    #[schema(max_items = 50, value_type = Vec<String>)]
    pub to_names: Vec<String>,
    /// Null unless the succession was taken back as a mistake.
    pub withdrawn: Option<Withdrawal>,
}

written! { Succession, SuccessionAdded, |_, added| added.id.to_string() }

impl Succession {
    /// Puts codes in upper case and checks what can be said without the organisations themselves.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self, from: &str) -> Result<Self> {
        let mut faults = Faults::default();
        for successor in &mut self.to {
            successor.code = successor.code.to_ascii_uppercase();
        }
        for child in &mut self.children.0 {
            child.code = child.code.to_ascii_uppercase();
            child.parent = child.parent.to_ascii_uppercase();
        }
        let transfer = self.kind == SuccessionKind::Transfer;
        let mut seen = BTreeSet::new();
        for (at, successor) in self.to.iter_mut().enumerate() {
            let pointer = format!("/to/{at}/code");
            if !seen.insert(successor.code.clone()) {
                faults.add(&pointer, "duplicate", "Each successor is named once.");
            }
            let remainder = transfer && successor.share.is_some();
            if successor.code == from && !remainder {
                let detail = "An organisation cannot succeed itself. In a transfer with shares it may be named with the share that it keeps.";
                faults.add(&pointer, "circular", detail);
            }
            if let Some(share) = &mut successor.share {
                share.source = share.source.trim().to_owned();
                if share.source.is_empty() {
                    faults.add(format!("/to/{at}/share/source"), "missing", "Say who published the share.");
                }
            }
            if successor.legal && transfer {
                let detail = "A transfer has no legal successor, since the predecessor lives on.";
                faults.add(format!("/to/{at}/legal"), "not-applicable", detail);
            }
        }
        let others = self.to.iter().filter(|successor| successor.code != from).count();
        match self.kind {
            SuccessionKind::Merge | SuccessionKind::Rename if others != 1 => {
                faults.add(
                    "/to",
                    "count",
                    "A merge and a renaming have one successor. Where there are several, it is a split.",
                );
            }
            SuccessionKind::Split if others < 2 => {
                faults.add("/to", "count", "A split has two successors or more.");
            }
            SuccessionKind::Transfer if others == 0 => {
                faults.add("/to", "count", "A transfer goes to another organisation.");
            }
            _ => {}
        }
        if self.to.iter().filter(|successor| successor.legal).count() > 1 {
            faults.add("/to", "legal", "One successor at most is the legal one.");
        }
        if let [only] = self.to.as_mut_slice()
            && !transfer
        {
            only.legal = true;
        }
        self.source = self.source.map(|source| source.trim().to_owned());
        if self.source.as_deref() == Some("") {
            faults.add("/source", "missing", "Say who published it, or leave the source out.");
        }
        self.check_shares(&mut faults);
        let mut named = BTreeSet::new();
        for (at, child) in self.children.0.iter().enumerate() {
            if !named.insert(child.code.as_str()) {
                faults.add(
                    format!("/children/{at}/code"),
                    "duplicate",
                    "Each organisation below goes to one successor.",
                );
            }
            if child.parent == from || !self.to.iter().any(|successor| successor.code == child.parent) {
                let detail = format!("{} is none of the successors.", child.parent);
                faults.add(format!("/children/{at}/parent"), "unknown-successor", detail);
            }
        }
        faults.check()?;
        Ok(self)
    }

    /// Shares are given for all successors, and are the whole together, or for none: none is assumed.
    fn check_shares(&self, faults: &mut Faults) {
        let shares: Vec<i64> = self.to.iter().filter_map(|to| to.share.as_ref()).map(Share::millionths).collect();
        let whole: i64 = shares.iter().sum();
        if !shares.is_empty() && (shares.len() < self.to.len() || whole != 1_000_000) {
            let detail = format!(
                "The shares add up to {}. Give one for every successor (in a transfer with what the predecessor keeps), so that they add up to 1, or none.",
                whole as f64 / 1e6
            );
            faults.add("/to", "shares", detail);
        }
    }

    /// Where an organisation below the predecessor goes, if it goes: as it was named, or else to the only successor.
    pub fn heir_of(&self, child: &str) -> Option<&str> {
        let named = self.children.0.iter().find(|named| named.code == child).map(|named| named.parent.as_str());
        let only = matches!(self.kind, SuccessionKind::Merge | SuccessionKind::Rename);
        named.or_else(|| self.to.first().filter(|_| only).map(|only| only.code.as_str()))
    }

    /// The days from the act on.
    pub fn after(&self) -> Span {
        Span { from: self.effective_on, ..Span::ALWAYS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(kind: SuccessionKind, to: &[(&str, Option<f64>)]) -> Succession {
        let successor = |(code, share): &(&str, Option<f64>)| Successor {
            code: (*code).to_owned(),
            legal: false,
            share: share.map(|value| Share { value, basis: ShareBasis::Resident, source: "ONS".to_owned(), on: None }),
        };
        Succession {
            kind,
            effective_on: NaiveDate::from_ymd_opt(2026, 4, 1).expect("a day"),
            to: to.iter().map(successor).collect(),
            children: Children::default(),
            source: None,
            illustrative: false,
        }
    }

    #[test]
    fn shares_are_the_whole_or_unknown() {
        use SuccessionKind::{Merge, Split, Transfer};
        for (kind, to, taken) in [
            (Split, vec![("A", Some(0.4)), ("B", Some(0.6))], true),
            (Split, vec![("A", None), ("B", None)], true),
            (Split, vec![("A", Some(0.4)), ("B", None)], false),
            (Split, vec![("A", Some(0.4)), ("B", Some(0.5))], false),
            (Split, vec![("A", Some(1.0)), ("B", None)], false),
            (Split, vec![("A", Some(0.4))], false),
            (Transfer, vec![("A", Some(0.4)), ("X", Some(0.6))], true),
            (Transfer, vec![("A", Some(0.4))], false),
            (Transfer, vec![("A", None)], true),
            (Transfer, vec![("X", Some(1.0))], false),
            (Merge, vec![("A", None)], true),
            (Merge, vec![("A", None), ("B", None)], false),
            (Merge, vec![("X", None)], false),
        ] {
            assert_eq!(act(kind, &to).checked("X").is_ok(), taken, "{kind:?} {to:?}");
        }
    }

    #[test]
    fn every_fault_is_told_where_it_stands() {
        use SuccessionKind::{Merge, Rename, Split, Transfer};
        let legal = |mut act: Succession| {
            act.to.iter_mut().for_each(|successor| successor.legal = true);
            act
        };
        let child = |parent: &str, mut act: Succession| {
            act.children.0.push(Child { code: "h1".to_owned(), parent: parent.to_owned() });
            act
        };
        let (one, two) = ([("a", None)], [("A", None), ("B", None)]);
        let kept = [("A", Some(0.4)), ("X", Some(0.6))];
        let blank = |mut act: Succession| {
            act.source = Some(" ".to_owned());
            act.to.iter_mut().filter_map(|to| to.share.as_mut()).for_each(|share| share.source = "  ".to_owned());
            act
        };
        for (act, expected) in [
            (act(Rename, &one), vec![]),
            (act(Rename, &two), vec![("/to", "count")]),
            (act(Split, &one), vec![("/to", "count")]),
            (act(Split, &[("A", None), ("B", None), ("b", None)]), vec![("/to/2/code", "duplicate")]),
            (act(Merge, &[("A", None), ("x", None)]), vec![("/to/1/code", "circular")]),
            (act(Transfer, &[("A", None), ("X", None)]), vec![("/to/1/code", "circular")]),
            (act(Transfer, &[("X", Some(1.0))]), vec![("/to", "count")]),
            (legal(act(Split, &two)), vec![("/to", "legal")]),
            (legal(act(Merge, &one)), vec![]),
            (legal(act(Transfer, &one)), vec![("/to/0/legal", "not-applicable")]),
            (child("a", act(Merge, &one)), vec![]),
            (child("B", act(Merge, &one)), vec![("/children/0/parent", "unknown-successor")]),
            (child("X", act(Transfer, &kept)), vec![("/children/0/parent", "unknown-successor")]),
            (child("A", child("B", act(Split, &two))), vec![("/children/1/code", "duplicate")]),
            (child("a", child("A", act(Split, &two))), vec![("/children/1/code", "duplicate")]),
            (
                blank(act(Transfer, &kept)),
                vec![("/to/0/share/source", "missing"), ("/to/1/share/source", "missing"), ("/source", "missing")],
            ),
        ] {
            let checked = act.clone().checked("X");
            let faults = checked.as_ref().err().map(|error| error.listed()).unwrap_or_default();
            let faults: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
            assert_eq!(faults, expected, "{act:?}");
        }
    }

    #[test]
    fn the_only_successor_is_the_legal_one_unless_the_predecessor_lives_on() {
        use SuccessionKind::{Merge, Split, Transfer};
        for (kind, to, expected) in [
            (Merge, vec![("A", None)], vec![true]),
            (Split, vec![("A", None), ("B", None)], vec![false, false]),
            (Transfer, vec![("A", None)], vec![false]),
        ] {
            let act = act(kind, &to).checked("X").expect("no fault");
            assert_eq!(act.to.iter().map(|successor| successor.legal).collect::<Vec<_>>(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_child_goes_where_it_is_named_or_else_to_the_only_successor() {
        use SuccessionKind::{Merge, Rename, Split, Transfer};
        for (kind, to, other) in [
            (Merge, vec![("A", None)], Some("A")),
            (Rename, vec![("A", None)], Some("A")),
            (Split, vec![("A", None), ("B", None)], None),
            (Transfer, vec![("A", None)], None),
        ] {
            let mut act = act(kind, &to);
            let last = act.to[act.to.len() - 1].code.clone();
            act.children.0.push(Child { code: "H1".to_owned(), parent: last.clone() });
            assert_eq!((act.heir_of("H1"), act.heir_of("H2")), (Some(last.as_str()), other), "{kind:?}");
            assert_eq!(act.after(), Span { from: act.effective_on, to: Span::ALWAYS.to });
        }
    }
}
