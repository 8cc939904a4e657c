//! How a KPI's values are broken down, and how people write a member of each dimension.

use crate::error::Faults;
use crate::populations::rules::{DeprivationEdition, Dimension, PopulationGroup};
use crate::vocabulary::Word as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A dimension that values are broken down by, such as `sex`, with all its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KpiBreakdown, example = json!({ "dimension": "type", "members": ["1", "2", "other"] }))]
pub struct Breakdown {
    /// One of your own, or a standard one of the code list `population-dimensions`.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$", max_length = 40)]
    pub dimension: String,
    /// The edition of the indices of deprivation that quintiles are of, as in the code list `deprivation-editions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub edition: Option<DeprivationEdition>,
    /// A standard dimension has by default the members of the code list of its name.
    #[serde(default)]
    #[schema(max_items = 100, value_type = Vec<Member>)]
    pub members: Vec<String>,
}

impl Breakdown {
    /// The standard dimension of its name, if there is one.
    fn standard(&self) -> Option<Dimension> {
        Dimension::parse(&self.dimension)
    }

    /// Gives a standard dimension without members those of its list.
    pub fn complete(&mut self) {
        if let Some(dimension) = self.standard().filter(|_| self.members.is_empty()) {
            self.members = PopulationGroup::of(dimension).map(|group| group.member().to_owned()).collect();
        }
    }
}

/// Notes which standard dimensions have other members than their lists, or lack the edition. Sexes are written in several ways,
/// of which `f` and `m` are in use.
pub fn check_standard(breakdowns: &[Breakdown], faults: &mut Faults) {
    for (index, breakdown) in breakdowns.iter().enumerate() {
        let dimension = breakdown.standard();
        let has_editions = dimension == Some(Dimension::ImdQuintile);
        if has_editions && breakdown.edition.is_none() {
            let expected = format!("Name the edition of the quintiles: {}.", DeprivationEdition::WORDS.join(" or "));
            faults.add(format!("/breakdowns/{index}/edition"), "missing", expected);
        }
        if breakdown.edition.is_some() && !has_editions {
            let detail = "Only quintiles of deprivation (imd-quintile) have an edition.";
            faults.add(format!("/breakdowns/{index}/edition"), "not-applicable", detail);
        }
        let Some(dimension) = dimension.filter(|dimension| *dimension != Dimension::Sex) else { continue };
        let list: Vec<&str> = PopulationGroup::of(dimension).map(PopulationGroup::member).collect();
        for (at, member) in breakdown.members.iter().enumerate().filter(|(_, member)| !list.contains(&member.as_str()))
        {
            let (name, known) = (&breakdown.dimension, list.join(", "));
            let detail = format!(
                "{member} is no member of the standard dimension {name}, which has {known}. Leave members out for all."
            );
            faults.add(format!("/breakdowns/{index}/members/{at}"), "unknown-word", detail);
        }
    }
}

/// A member of a dimension.
#[derive(ToSchema)]
#[schema(as = KpiBreakdownMember, example = "1", pattern = "^[a-z0-9][a-z0-9-]{0,39}$", max_length = 40)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Member(String);

/// A breakdown in a body: a member, or with several dimensions an object of members.
pub struct BreakdownInput;

impl PartialSchema for BreakdownInput {
    fn schema() -> RefOr<Schema> {
        let member = json!({ "type": "string", "maxLength": 400 });
        let members = json!({ "type": "object", "additionalProperties": member, "maxProperties": 8 });
        let schema = json!({ "oneOf": [member, members], "description": "A member, or with several dimensions an object of members." });
        serde_json::from_value(schema).unwrap_or_default()
    }
}

impl ToSchema for BreakdownInput {}

/// A breakdown in a body, documented as [`BreakdownInput`], as a query parameter writes it: `type=1;sex=f`, or the member
/// alone where there is one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Sent")]
pub struct BreakdownText(pub String);

#[derive(Deserialize)]
#[serde(untagged)]
enum Sent {
    Text(String),
    Members(BTreeMap<String, String>),
}

impl From<Sent> for BreakdownText {
    fn from(sent: Sent) -> Self {
        match sent {
            Sent::Text(text) => Self(text),
            Sent::Members(members) => {
                let pairs = members.iter().map(|(dimension, member)| format!("{dimension}={member}"));
                Self(pairs.collect::<Vec<_>>().join(";"))
            }
        }
    }
}

/// A breakdown as it may be sent: its member alone where there is one dimension.
pub fn shown_breakdown(canonical: &str) -> Value {
    let members = split_breakdown(canonical);
    match members.values().next() {
        Some(only) if members.len() == 1 => json!(only),
        _ => json!(members),
    }
}

/// Whether a text can name a dimension or a member, without the characters that separate them.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=40).contains(&text.len()) && text.starts_with(plain) && text.chars().all(|c| plain(c) || c == '-')
}

/// Notes what is wrong with the breakdowns of a definition.
pub fn check(breakdowns: &[Breakdown], faults: &mut Faults) {
    let mut dimensions = BTreeSet::new();
    for (index, breakdown) in breakdowns.iter().enumerate() {
        let mut members = BTreeSet::new();
        if !dimensions.insert(&breakdown.dimension) {
            faults.add(format!("/breakdowns/{index}/dimension"), "duplicate", "The dimension is named twice.");
        }
        if breakdown.members.is_empty() {
            faults.add(format!("/breakdowns/{index}/members"), "too-few", "A dimension must have at least one member.");
        }
        for (at, member) in breakdown.members.iter().enumerate() {
            if !members.insert(member) {
                faults.add(format!("/breakdowns/{index}/members/{at}"), "duplicate", "The member is named twice.");
            }
        }
        if !breakdown.members.iter().chain([&breakdown.dimension]).all(|name| is_name(name)) {
            let expected = "Dimensions and members are 1 to 40 lower-case letters, digits and hyphens, and do not begin with a hyphen.";
            faults.add(format!("/breakdowns/{index}"), "format", expected);
        }
    }
}

/// The canonical text of a combination of members: `dimension=member;dimension=member`, in the KPI's order of
/// dimensions. `None` unless every dimension has exactly one of its members. Case does not matter.
pub fn canonical_breakdown(breakdowns: &[Breakdown], given: &BTreeMap<String, String>) -> Option<String> {
    if given.len() != breakdowns.len() {
        return None;
    }
    let pair = |breakdown: &Breakdown| {
        let (_, wanted) = given.iter().find(|(dimension, _)| dimension.eq_ignore_ascii_case(&breakdown.dimension))?;
        let member = breakdown.members.iter().find(|member| member.eq_ignore_ascii_case(wanted))?;
        Some(format!("{}={member}", breakdown.dimension))
    };
    Some(breakdowns.iter().map(pair).collect::<Option<Vec<_>>>()?.join(";"))
}

/// Reads a breakdown as a CSV cell or a query parameter writes it: `type=1;sex=f` in any order, or the member alone
/// where there is one dimension; empty where there is none. Returns the canonical text, or `None` if it is not a breakdown.
pub fn parse_breakdown_text(breakdowns: &[Breakdown], text: &str) -> Option<String> {
    let text = text.trim();
    let mut given = BTreeMap::new();
    match breakdowns {
        [] => return text.is_empty().then(String::new),
        [one] if !text.contains('=') => {
            given.insert(one.dimension.clone(), text.to_owned());
        }
        _ => {
            for pair in text.split(';') {
                let (dimension, member) = pair.split_once('=')?;
                if given.insert(dimension.trim().to_owned(), member.trim().to_owned()).is_some() {
                    return None;
                }
            }
        }
    }
    canonical_breakdown(breakdowns, &given)
}

/// The members of a canonical text by their dimensions; none of the empty one.
pub fn split_breakdown(canonical: &str) -> BTreeMap<String, String> {
    let pairs = canonical.split(';').filter_map(|pair| pair.split_once('='));
    pairs.map(|(dimension, member)| (dimension.to_owned(), member.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn breakdown(dimension: &str, members: &[&str]) -> Breakdown {
        let members = members.iter().map(|m| (*m).to_owned()).collect();
        Breakdown { dimension: dimension.to_owned(), edition: None, members }
    }

    #[test]
    fn a_standard_dimension_has_the_members_of_its_list() {
        let edition = Some(DeprivationEdition::Imd2019);
        let mut whole = Breakdown { edition, ..breakdown("imd-quintile", &[]) };
        whole.complete();
        assert_eq!(whole.members, ["1", "2", "3", "4", "5", "unknown"]);
        for (breakdown, expected) in [
            (whole, ""),
            (breakdown("imd-quintile", &["1"]), "/breakdowns/0/edition missing"),
            (Breakdown { edition, ..breakdown("imd-quintile", &["1", "6"]) }, "/breakdowns/0/members/1 unknown-word"),
            (Breakdown { edition, ..breakdown("type", &["1"]) }, "/breakdowns/0/edition not-applicable"),
            (breakdown("ethnicity", &["asian", "a"]), "/breakdowns/0/members/1 unknown-word"),
            (breakdown("sex", &["f", "m"]), ""),
        ] {
            let mut faults = Faults::default();
            check_standard(&[breakdown], &mut faults);
            let told =
                faults.check().err().map(|error| format!("{} {}", error.listed()[0].pointer, error.listed()[0].code));
            assert_eq!(told.unwrap_or_default(), expected);
        }
    }

    #[test]
    fn breakdowns_are_read_as_people_write_them() {
        let one = vec![breakdown("type", &["1", "2", "other"])];
        let two = vec![breakdown("type", &["1", "2"]), breakdown("sex", &["f", "m"])];
        for (breakdowns, text, expected) in [
            (&one, "1", Some("type=1")),
            (&one, " Other ", Some("type=other")),
            (&one, "type=2", Some("type=2")),
            (&one, "Type = OTHER", Some("type=other")),
            (&one, "3", None),
            (&one, "", None),
            (&one, "sex=1", None),
            (&one, "type=1;type=1", None),
            (&one, "type=1;sex=f", None),
            (&two, "type=1;sex=f", Some("type=1;sex=f")),
            (&two, "sex=m; type=2", Some("type=2;sex=m")),
            (&two, "type=1", None),
            (&two, "1;f", None),
            (&two, "type=1;Type=2", None),
            (&two, "type=1;sex=f;", None),
            (&Vec::new(), "", Some("")),
            (&Vec::new(), "  ", Some("")),
            (&Vec::new(), "type=1", None),
        ] {
            assert_eq!(parse_breakdown_text(breakdowns, text).as_deref(), expected, "{text:?}");
        }
        assert_eq!(split_breakdown(""), BTreeMap::new());
    }

    prop_compose! {
        fn dimensions()(names in prop::collection::btree_map("[a-z0-9][a-z0-9-]{0,8}", prop::collection::btree_set("[a-z0-9][a-z0-9-]{0,8}", 1..6), 1..5))
            -> Vec<Breakdown> {
            names.into_iter().map(|(dimension, members)| Breakdown { dimension, edition: None, members: members.into_iter().collect() }).collect()
        }
    }

    proptest! {
        #[test]
        fn a_breakdown_reads_back_whatever_its_order(
            (breakdowns, chosen, order) in dimensions().prop_flat_map(|breakdowns| {
                let members: Vec<_> = breakdowns.iter().map(|b| prop::sample::select(b.members.clone())).collect();
                let order = Just((0..breakdowns.len()).collect::<Vec<_>>()).prop_shuffle();
                (Just(breakdowns), members, order)
            })
        ) {
            let given: BTreeMap<String, String> =
                breakdowns.iter().map(|b| b.dimension.clone()).zip(chosen.iter().cloned()).collect();
            let canonical = canonical_breakdown(&breakdowns, &given).expect("every dimension has a member");
            prop_assert_eq!(split_breakdown(&canonical), given);
            let shuffled: Vec<_> = order.iter().map(|i| format!("{}={}", breakdowns[*i].dimension, chosen[*i])).collect();
            prop_assert_eq!(parse_breakdown_text(&breakdowns, &shuffled.join(";")), Some(canonical.clone()));
            prop_assert_eq!(parse_breakdown_text(&breakdowns, &canonical.to_ascii_uppercase()), Some(canonical));
        }

        #[test]
        fn no_text_makes_the_reader_of_breakdowns_panic(breakdowns in dimensions(), text in "\\PC{0,40}|[a-z0-9=; -]{0,40}") {
            if let Some(canonical) = parse_breakdown_text(&breakdowns, &text) {
                prop_assert_eq!(split_breakdown(&canonical).len(), breakdowns.len());
            }
        }
    }
}
