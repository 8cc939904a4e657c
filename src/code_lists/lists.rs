//! The lists by name, each of the words that the code itself reads and writes.

use crate::access::Role;
use crate::adoptions::moves::rules::{AdoptionStage, Measure};
use crate::adoptions::rules::{Approval, Barrier};
use crate::applications::reviews::rules::{Recommendation, ReviewState};
use crate::applications::rules::ApplicationState;
use crate::benefits::kinds::{BenefitKind, Costs, CountedBy, Counts, Depth, KeptBy, Recurrence, SavingClass};
use crate::calendar::PeriodType;
use crate::db::jobs::{JobKind, JobState};
use crate::funding::awards::gateway_reviews::rules::{GatewayDecision, GatewayReviewState};
use crate::funding::awards::milestones::rules::MilestoneState;
use crate::funding::awards::rules::{AwardKind, AwardState, EvaluationDimension};
use crate::funding::awards::supplements::rules::SupplementState;
use crate::funding::contributions::rules::ContributionSource;
use crate::funding::external_investments::rules::{InvestmentKind, Sector};
use crate::funding::ledger::rules::{PledgeCertainty, TransactionKind};
use crate::funding::pledges::rules::PledgeNature;
use crate::innovations::words::{
    Area, CareSetting, Category, EvidenceType, OpportunityArea, Shift, Stage, Standard, StandardStatus,
};
use crate::kpis::acts::rules::{ActState, RecalculationKind};
use crate::kpis::catalogue::rules::validation::{MissingValue, RuleOperator};
use crate::kpis::catalogue::rules::{
    Aggregation, ConflictRule, ImprovementDirection, KpiLevel, KpiStatus, SeriesShape, ValueType,
};
use crate::kpis::flags::rules::FlagStatus;
use crate::kpis::library::rules::LibraryCollection;
use crate::kpis::releases::changed::ReleaseChange;
use crate::kpis::releases::rules::ReleaseStatus;
use crate::kpis::reporting_exceptions::rules::ExceptionKind;
use crate::kpis::returns::rules::ReturnState;
use crate::kpis::spc::rules::{Assurance, Profile, Rule, Signal};
use crate::kpis::targets::rules::TargetKind;
use crate::kpis::totals::rules::TotalBasis;
use crate::ods_imports::rules::OdsFile;
use crate::organisations::rules::{EdgeKind, Geography, OrganisationStatus, OrganisationType, SuccessionKind};
use crate::people::attendances::rules::{AttendanceRole, AttendanceState};
use crate::people::fellowships::rules::FellowshipState;
use crate::people::leaders::rules::LeaderKind;
use crate::people::learning_events::rules::EventKind;
use crate::populations::rules::{DeprivationEdition, Dimension, PopulationGroup, PopulationKind};
use crate::privacy::requests::rules::{Decision, RequestKind};
use crate::programmes::partners::rules::PartnerRole;
use crate::programmes::rules::ProgrammeKind;
use crate::successions::rules::ShareBasis;
use crate::vocabulary::{Basis, Qualifier, Word as _};

/// A closed list of words.
pub struct CodeList {
    pub name: &'static str,
    pub title: &'static str,
    words: fn() -> Vec<&'static str>,
    /// The dimension of which the words are the members.
    of: Option<Dimension>,
}

impl CodeList {
    /// Its words in their own order, each with its label.
    pub fn codes(&self) -> Vec<(&'static str, String)> {
        if let Some(dimension) = self.of {
            return PopulationGroup::of(dimension).map(|group| (group.member(), label(group.as_str()))).collect();
        }
        (self.words)().into_iter().map(|word| (word, label(word))).collect()
    }

    /// The editions that its words can be of.
    pub fn editions(&self) -> Option<&'static [&'static str]> {
        self.of.filter(|dimension| *dimension == Dimension::ImdQuintile).map(|_| DeprivationEdition::WORDS)
    }

    pub fn count(&self) -> usize {
        self.codes().len()
    }
}

macro_rules! lists {
    ($($name:literal, $title:literal => $words:ty;)*) => {
        /// The lists of words that belong to the API itself, by name.
        const LISTS: &[CodeList] = &[$(CodeList {
            name: $name,
            title: $title,
            words: || <$words>::ALL.iter().map(|word| word.as_str()).collect(),
            of: None,
        },)*];
    };
}

lists! {
    "adoption-approvals", "Whether an adoption counts" => Approval;
    "adoption-measures", "What it means that an innovation is adopted, where adoptions are counted" => Measure;
    "adoption-stages", "The stage that an organisation has reached with an innovation" => AdoptionStage;
    "aggregations", "How the values of several organisations are combined" => Aggregation;
    "application-states", "The state of an application" => ApplicationState;
    "areas", "What innovations help with" => Area;
    "attendance-roles", "The role of a person at a learning event" => AttendanceRole;
    "attendance-states", "Whether a person attended a learning event" => AttendanceState;
    "award-kinds", "Kinds of award" => AwardKind;
    "award-states", "The state of an award" => AwardState;
    "barriers", "Barriers to the use of an innovation" => Barrier;
    "bases", "How a figure was obtained" => Basis;
    "benefit-counted-by", "By whom people are counted" => CountedBy;
    "benefit-counts", "What a count of patients counts" => Counts;
    "benefit-depths", "How far the people that are counted came" => Depth;
    "benefit-kinds", "Kinds of benefit" => BenefitKind;
    "benefit-recurrences", "Whether a benefit is reached once or in every year" => Recurrence;
    "care-settings", "Where innovations are used" => CareSetting;
    "conflict-rules", "How to classify an SPC point that shows improvement and concern at once" => ConflictRule;
    "contribution-sources", "Sources of a contribution to a fund" => ContributionSource;
    "deprivation-editions", "Editions of the English Indices of Deprivation" => DeprivationEdition;
    "edge-kinds", "Kinds of hierarchy of organisations" => EdgeKind;
    "evaluation-dimensions", "Dimensions of an evaluation" => EvaluationDimension;
    "event-kinds", "Kinds of learning event" => EventKind;
    "evidence-types", "Kinds of evidence" => EvidenceType;
    "fellowship-states", "The state of a fellowship" => FellowshipState;
    "gateway-decisions", "Decisions of a gateway review" => GatewayDecision;
    "gateway-review-states", "The state of a gateway review" => GatewayReviewState;
    "geographies", "Maps on which the organisations of a place are counted" => Geography;
    "improvement-directions", "The direction in which a KPI improves" => ImprovementDirection;
    "innovation-categories", "Kinds of innovation" => Category;
    "investment-kinds", "Kinds of external investment" => InvestmentKind;
    "investment-sectors", "Whose money was invested" => Sector;
    "job-kinds", "What a job does" => JobKind;
    "job-states", "How far a job has come" => JobState;
    "kpi-levels", "Levels of a KPI" => KpiLevel;
    "kpi-library-collections", "What a definition of the library of KPIs belongs to" => LibraryCollection;
    "kpi-return-states", "How far a return has come" => ReturnState;
    "kpi-statuses", "The status of a KPI" => KpiStatus;
    "kpi-target-kinds", "Whether values are judged against a target" => TargetKind;
    "kpi-validation-missing-values", "What a validation rule makes of a value that was not reported" => MissingValue;
    "kpi-validation-operators", "How the left side of a validation rule should be to its right side" => RuleOperator;
    "kpi-value-flag-statuses", "How far the follow-up of a doubtful value has come" => FlagStatus;
    "leader-kinds", "Kinds of innovation leader" => LeaderKind;
    "milestone-states", "The state of a milestone" => MilestoneState;
    "ods-files", "Files of the Organisation Data Service" => OdsFile;
    "opportunity-areas", "Areas in which the health service looks for innovation first" => OpportunityArea;
    "organisation-statuses", "Whether an organisation is active or closed" => OrganisationStatus;
    "organisation-types", "Kinds of organisation" => OrganisationType;
    "partner-roles", "Roles of a partner" => PartnerRole;
    "period-types", "The length of a KPI's periods" => PeriodType;
    "person-request-decisions", "How a request of a person was decided" => Decision;
    "person-request-kinds", "What a person may ask about their data" => RequestKind;
    "pledge-certainties", "How sure a pledge is" => PledgeCertainty;
    "pledge-natures", "What pledged money may be spent on" => PledgeNature;
    "population-dimensions", "What people are grouped by" => Dimension;
    "population-groups", "Groups of people" => PopulationGroup;
    "population-kinds", "Whose people a population is of" => PopulationKind;
    "programme-kinds", "Kinds of programme" => ProgrammeKind;
    "qualifiers", "How certain a figure is" => Qualifier;
    "recalculation-kinds", "Why a series is recalculated" => RecalculationKind;
    "recalculation-states", "Whether a recalculation decides how a series is read" => ActState;
    "release-changes", "What became of a value since a release" => ReleaseChange;
    "release-statuses", "How settled the figures of a release are" => ReleaseStatus;
    "reporting-exception-kinds", "Reasons why values are not expected" => ExceptionKind;
    "review-recommendations", "Recommendations of a reviewer" => Recommendation;
    "review-states", "The state of a review" => ReviewState;
    "roles", "Roles of a grant" => Role;
    "saving-classes", "Classes of saving, which are never added to each other" => SavingClass;
    "saving-costs", "Whether a saving is stated before or after costs" => Costs;
    "saving-keepers", "Who keeps what is saved" => KeptBy;
    "series-shapes", "How the values of a KPI follow each other in time" => SeriesShape;
    "shifts", "The three shifts of the health service" => Shift;
    "spc-assurances", "Whether a process will meet its target" => Assurance;
    "spc-profiles", "Whose SPC rules are followed" => Profile;
    "spc-rules", "Signs of special cause" => Rule;
    "spc-signals", "What a point of an SPC chart says" => Signal;
    "stages", "The stage an innovation has reached" => Stage;
    "standard-statuses", "Whether a standard is met" => StandardStatus;
    "standards", "Regulations, certifications and assessments" => Standard;
    "succession-kinds", "Kinds of succession" => SuccessionKind;
    "succession-share-bases", "What a share of a succession was reckoned from" => ShareBasis;
    "supplement-states", "The state of a supplement of an award" => SupplementState;
    "total-bases", "Which organisations a total is made of" => TotalBasis;
    "transaction-kinds", "Kinds of posting to an award or a fund" => TransactionKind;
    "value-types", "Kinds of KPI value" => ValueType;
}

/// The standard dimensions that values are broken down by, each with its members.
const STANDARD: &[CodeList] = &[
    standard("age-band", "Ages, in bands", Dimension::AgeBand),
    standard("ethnicity", "Ethnic groups, in the five groups of the census and not known", Dimension::Ethnicity),
    standard(
        "imd-quintile",
        "Deprivation of where people live, in fifths of England's neighbourhoods",
        Dimension::ImdQuintile,
    ),
    standard("sex", "Sexes", Dimension::Sex),
];

const fn standard(name: &'static str, title: &'static str, dimension: Dimension) -> CodeList {
    CodeList { name, title, words: Vec::new, of: Some(dimension) }
}

/// Every list, by name.
pub fn all() -> Vec<&'static CodeList> {
    let mut all: Vec<&CodeList> = LISTS.iter().chain(STANDARD).collect();
    all.sort_unstable_by_key(|list| list.name);
    all
}

/// The list of that name.
pub fn find(name: &str) -> Option<&'static CodeList> {
    LISTS.iter().chain(STANDARD).find(|list| list.name == name)
}

/// Words whose label is more than the word with spaces.
const LABELS: &[(&str, &str)] = &[
    ("<", "Less than"),
    ("<=", "At most"),
    ("<>", "Not equal to"),
    ("=", "Equal to"),
    (">", "More than"),
    (">=", "At least"),
    ("acute-trusts-inpatient", "Acute trusts, inpatient"),
    ("acute-trusts-outpatient", "Acute trusts, outpatient"),
    ("age-band", "Age"),
    ("age-band=0-17", "0 to 17 years"),
    ("age-band=18-64", "18 to 64 years"),
    ("age-band=65-74", "65 to 74 years"),
    ("age-band=75-84", "75 to 84 years"),
    ("age-band=85-plus", "85 years and over"),
    ("age-band=unknown", "Age not known"),
    ("ai-pathology-radiology", "AI, pathology and radiology"),
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
    ("ethnicity=asian", "Asian or Asian British"),
    ("ethnicity=black", "Black, Black British, Caribbean or African"),
    ("ethnicity=mixed", "Mixed or multiple ethnic groups"),
    ("ethnicity=other", "Other ethnic group"),
    ("ethnicity=unknown", "Ethnicity not known"),
    ("ethnicity=white", "White"),
    ("food-nutrition", "Food and nutrition"),
    ("imd-2019", "Indices of Deprivation 2019"),
    ("imd-2025", "Indices of Deprivation 2025"),
    ("imd-quintile", "Deprivation, in fifths"),
    ("imd-quintile=1", "Most deprived fifth"),
    ("imd-quintile=2", "Second most deprived fifth"),
    ("imd-quintile=3", "Middle fifth"),
    ("imd-quintile=4", "Second least deprived fifth"),
    ("imd-quintile=5", "Least deprived fifth"),
    ("imd-quintile=unknown", "Deprivation not known"),
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
    ("sex=female", "Female"),
    ("sex=male", "Male"),
    ("sex=other", "Other sex"),
    ("sex=unknown", "Sex not known"),
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
