//! The lists by name, each of the words that the code itself reads and writes.

use crate::access::Role;
use crate::adoptions::rules::{AdoptionStage, Barrier};
use crate::applications::reviews::rules::{Recommendation, ReviewState};
use crate::applications::rules::ApplicationState;
use crate::benefits::rules::BenefitKind;
use crate::calendar::PeriodType;
use crate::funding::awards::gateway_reviews::rules::{GatewayDecision, GatewayReviewState};
use crate::funding::awards::milestones::rules::MilestoneState;
use crate::funding::awards::rules::{AwardKind, AwardState, EvaluationDimension};
use crate::funding::contributions::rules::ContributionSource;
use crate::funding::external_investments::rules::InvestmentKind;
use crate::funding::ledger::rules::TransactionKind;
use crate::innovations::words::{
    Area, CareSetting, Category, EvidenceType, OpportunityArea, Shift, Stage, Standard, StandardStatus,
};
use crate::kpis::catalogue::rules::{Aggregation, ConflictRule, ImprovementDirection, KpiLevel, KpiStatus, ValueType};
use crate::kpis::spc::rules::{Assurance, Profile, Rule, Signal};
use crate::organisations::rules::{EdgeKind, OrganisationStatus, OrganisationType, SuccessionKind};
use crate::people::attendances::rules::{AttendanceRole, AttendanceState};
use crate::people::fellowships::rules::FellowshipState;
use crate::people::leaders::rules::LeaderKind;
use crate::people::learning_events::rules::EventKind;
use crate::programmes::partners::rules::PartnerRole;
use crate::programmes::rules::ProgrammeKind;
use crate::vocabulary::{Basis, Qualifier};

/// A closed list of words.
pub struct CodeList {
    pub name: &'static str,
    pub title: &'static str,
    words: fn() -> Vec<&'static str>,
}

impl CodeList {
    /// Its words in their own order, each with its label.
    pub fn codes(&self) -> Vec<(&'static str, String)> {
        (self.words)().into_iter().map(|word| (word, label(word))).collect()
    }

    pub fn count(&self) -> usize {
        (self.words)().len()
    }
}

macro_rules! lists {
    ($($name:literal, $title:literal => $words:ty;)*) => {
        /// All lists, by name.
        pub const LISTS: &[CodeList] = &[$(CodeList {
            name: $name,
            title: $title,
            words: || <$words>::ALL.iter().map(|word| word.as_str()).collect(),
        },)*];
    };
}

lists! {
    "adoption-stages", "How far an organisation has come with an innovation" => AdoptionStage;
    "aggregations", "How the values of several organisations make one" => Aggregation;
    "application-states", "How far an application has come" => ApplicationState;
    "areas", "What innovations help with" => Area;
    "attendance-roles", "As what somebody is at a learning event" => AttendanceRole;
    "attendance-states", "Whether somebody came to a learning event" => AttendanceState;
    "award-kinds", "What an award pays for" => AwardKind;
    "award-states", "Where an award stands" => AwardState;
    "barriers", "What stands in the way of an innovation" => Barrier;
    "bases", "How a figure was come by" => Basis;
    "benefit-kinds", "What an innovation brought" => BenefitKind;
    "care-settings", "Where innovations are used" => CareSetting;
    "conflict-rules", "What a point is called that says improvement and concern at once" => ConflictRule;
    "contribution-sources", "Where a contribution to a fund comes from" => ContributionSource;
    "edge-kinds", "What an edge of the organisations' hierarchy means" => EdgeKind;
    "evaluation-dimensions", "What an evaluation looks at" => EvaluationDimension;
    "event-kinds", "Kinds of learning event" => EventKind;
    "evidence-types", "Kinds of evidence" => EvidenceType;
    "fellowship-states", "Where a fellowship stands" => FellowshipState;
    "gateway-decisions", "What is decided at a gateway review" => GatewayDecision;
    "gateway-review-states", "How far a gateway review has come" => GatewayReviewState;
    "improvement-directions", "Which way a KPI moves when it gets better" => ImprovementDirection;
    "innovation-categories", "Kinds of innovation" => Category;
    "investment-kinds", "What kind of money others invested" => InvestmentKind;
    "kpi-levels", "What a KPI looks at" => KpiLevel;
    "kpi-statuses", "Where a KPI stands" => KpiStatus;
    "leader-kinds", "What makes somebody an innovation leader" => LeaderKind;
    "milestone-states", "Whether a milestone was reached" => MilestoneState;
    "opportunity-areas", "Where the health service looks for innovation first" => OpportunityArea;
    "organisation-statuses", "Whether an organisation still works" => OrganisationStatus;
    "organisation-types", "Kinds of organisation" => OrganisationType;
    "partner-roles", "What a partner does for a programme" => PartnerRole;
    "period-types", "How long a KPI's periods are" => PeriodType;
    "programme-kinds", "What a programme does for innovations" => ProgrammeKind;
    "qualifiers", "How sure a figure is" => Qualifier;
    "review-recommendations", "What a reviewer would do" => Recommendation;
    "review-states", "How far a review has come" => ReviewState;
    "roles", "What a grant makes of its bearer" => Role;
    "shifts", "The three shifts of the health service" => Shift;
    "spc-assurances", "Whether a process will meet its target" => Assurance;
    "spc-profiles", "Whose SPC rules are followed" => Profile;
    "spc-rules", "Signs of special cause" => Rule;
    "spc-signals", "What a point of an SPC chart says" => Signal;
    "stages", "How far an innovation has come" => Stage;
    "standard-statuses", "Whether a standard is met" => StandardStatus;
    "standards", "Regulations, certifications and assessments" => Standard;
    "succession-kinds", "How one organisation followed another" => SuccessionKind;
    "transaction-kinds", "What a posting to an award or a fund does" => TransactionKind;
    "value-types", "What kind of figure a KPI's values are" => ValueType;
}

/// The list of that name.
pub fn find(name: &str) -> Option<&'static CodeList> {
    LISTS.iter().find(|list| list.name == name)
}

/// Words whose label is more than the word with spaces.
const LABELS: &[(&str, &str)] = &[
    ("ai-pathology-radiology", "AI, pathology and radiology"),
    ("acute-trusts-inpatient", "Acute trusts, inpatient"),
    ("acute-trusts-outpatient", "Acute trusts, outpatient"),
    ("care-homes-care-setting", "Care homes"),
    ("ce-ukca-class-i", "CE/UKCA class I"),
    ("ce-ukca-class-ii-a", "CE/UKCA class IIa"),
    ("ce-ukca-class-ii-b", "CE/UKCA class IIb"),
    ("ce-ukca-class-iii", "CE/UKCA class III"),
    ("ce-ukca-non-medical", "CE/UKCA non-medical"),
    ("data-monitoring", "Data and monitoring"),
    ("data-published", "Published data"),
    ("end-life-care", "End-of-life care"),
    ("estates-facilities", "Estates and facilities"),
    ("food-nutrition", "Food and nutrition"),
    ("ivd-annex-list-a", "IVD annex list A"),
    ("ivd-annex-list-b", "IVD annex list B"),
    ("ivd-self-test", "IVD self-test"),
    ("local-authority-education", "Local authority, education"),
    ("marketing", "Marketing authorisation"),
    ("mdc", "Making Data Count"),
    ("net-zero-greener-innovation", "Net zero, greener innovation"),
    ("non-randomised-comparative-data", "Non-randomised comparative data"),
    ("non-randomised-non-comparative-data", "Non-randomised non-comparative data"),
    ("procurement-productivity", "Procurement and productivity"),
    ("ptd", "NHSRplotthedots"),
    ("real-world-evaluation", "Real-world evaluation"),
    ("real-world-testing", "Real-world testing"),
    ("recruitment-training", "Recruitment and training"),
    ("sub-icb", "Sub-ICB location"),
    ("travel-transport", "Travel and transport"),
    ("winter-self-care", "Winter and self-care"),
    ("workforce-resource-optimisation", "Workforce and resource optimisation"),
];

/// Parts of words that are written in capitals.
const CAPITALS: &[&str] = &["ai", "cqc", "dtac", "gp", "hin", "icb", "ics", "ivd", "kpi", "nhs", "nice", "pcn", "ppe"];

/// What people read in place of a word.
fn label(word: &str) -> String {
    if let Some((_, label)) = LABELS.iter().find(|(known, _)| *known == word) {
        return (*label).to_owned();
    }
    let part = |(index, part): (usize, &str)| {
        let mut letters = part.chars();
        match letters.next() {
            _ if CAPITALS.contains(&part) => part.to_ascii_uppercase(),
            Some(first) if index == 0 => first.to_ascii_uppercase().to_string() + letters.as_str(),
            _ => part.to_owned(),
        }
    };
    word.split('-').enumerate().map(part).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn labels_read_as_people_write() {
        for (word, expected) in [
            ("nhs-trust", "NHS trust"),
            ("gp-practice", "GP practice"),
            ("ai", "AI"),
            ("at-least", "At least"),
            ("nice-guidance", "NICE guidance"),
            ("ivd-general", "IVD general"),
            ("models-of-care", "Models of care"),
            ("mdc", "Making Data Count"),
        ] {
            assert_eq!(label(word), expected);
        }
    }

    #[test]
    fn lists_stand_by_name_and_every_label_of_its_own_is_used() {
        assert!(LISTS.is_sorted_by(|a, b| a.name < b.name));
        let words: BTreeSet<&str> = LISTS.iter().flat_map(|list| (list.words)()).collect();
        let unused: Vec<&str> = LABELS.iter().map(|(word, _)| *word).filter(|word| !words.contains(word)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}
