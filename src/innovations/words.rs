//! The closed lists an innovation is described in. Categories, areas, care settings and standards are those of the NHS
//! Innovation Service, so that records can be matched.

use crate::words;

words! {
    /// What kind of innovation it is.
    pub enum Category {
        MedicalDevice = "medical-device",
        InVitroDiagnostic = "in-vitro-diagnostic",
        Pharmaceutical = "pharmaceutical",
        Digital = "digital",
        Ai = "ai",
        Education = "education",
        Ppe = "ppe",
        ModelsOfCare = "models-of-care",
        EstatesFacilities = "estates-facilities",
        TravelTransport = "travel-transport",
        FoodNutrition = "food-nutrition",
        DataMonitoring = "data-monitoring",
        Other = "other",
    }
}

words! {
    /// An area that it helps with.
    pub enum Area {
        DataAnalyticsAndResearch = "data-analytics-and-research",
        DigitalisingSystem = "digitalising-system",
        EmergingInfectiousDiseases = "emerging-infectious-diseases",
        HospitalToCommunity = "hospital-to-community",
        ImprovingSystemFlow = "improving-system-flow",
        NetZeroGreenerInnovation = "net-zero-greener-innovation",
        PatientSafety = "patient-safety",
        PreventiveCare = "preventive-care",
        SupportingPeopleHealth = "supporting-people-health",
        WorkforceResourceOptimisation = "workforce-resource-optimisation",
        None = "none",
    }
}

words! {
    /// A setting that it is used in.
    pub enum CareSetting {
        Academia = "academia",
        AcuteTrustsInpatient = "acute-trusts-inpatient",
        AcuteTrustsOutpatient = "acute-trusts-outpatient",
        Ambulance = "ambulance",
        CareHomes = "care-homes-care-setting",
        EndLifeCare = "end-life-care",
        Ics = "ics",
        Industry = "industry",
        LocalAuthorityEducation = "local-authority-education",
        MentalHealth = "mental-health",
        Pharmacy = "pharmacy",
        PrimaryCare = "primary-care",
        SocialCare = "social-care",
        ThirdSectorOrganisations = "third-sector-organisations",
        UrgentAndEmergency = "urgent-and-emergency",
        Other = "other",
    }
}

words! {
    /// Which of the three shifts of the health service it serves.
    pub enum Shift {
        HospitalToCommunity = "hospital-to-community",
        AnalogueToDigital = "analogue-to-digital",
        SicknessToPrevention = "sickness-to-prevention",
    }
}

words! {
    /// An area in which the health service looks for innovation first.
    pub enum OpportunityArea {
        ProcurementProductivity = "procurement-productivity",
        RecruitmentTraining = "recruitment-training",
        Prevention = "prevention",
        WinterSelfCare = "winter-self-care",
        AiPathologyRadiology = "ai-pathology-radiology",
        PatientSafety = "patient-safety",
        MentalHealth = "mental-health",
        SocialCare = "social-care",
        Research = "research",
    }
}

words! {
    /// The stage it has reached: six stages in order, then three ways to end.
    pub enum Stage {
        ProofOfConcept = "proof-of-concept",
        Development = "development",
        RealWorldTesting = "real-world-testing",
        EarlyAdoption = "early-adoption",
        Spread = "spread",
        Embedded = "embedded",
        /// Another innovation took its place.
        Superseded = "superseded",
        /// It was taken out of use.
        Decommissioned = "decommissioned",
        /// It was given up before it spread.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// A regulation, certification or assessment it may have to meet.
    pub enum Standard {
        CeUkcaNonMedical = "ce-ukca-non-medical",
        CeUkcaClassI = "ce-ukca-class-i",
        CeUkcaClassIiA = "ce-ukca-class-ii-a",
        CeUkcaClassIiB = "ce-ukca-class-ii-b",
        CeUkcaClassIii = "ce-ukca-class-iii",
        IvdGeneral = "ivd-general",
        IvdSelfTest = "ivd-self-test",
        IvdAnnexListA = "ivd-annex-list-a",
        IvdAnnexListB = "ivd-annex-list-b",
        Marketing = "marketing",
        Cqc = "cqc",
        Dtac = "dtac",
        Other = "other",
    }
}

words! {
    /// Whether a standard is met.
    pub enum StandardStatus { Yes = "yes", InProgress = "in-progress", NotYet = "not-yet" }
}

words! {
    /// What kind of evidence it is.
    pub enum EvidenceType {
        RandomisedControlledTrial = "randomised-controlled-trial",
        NonRandomisedComparativeData = "non-randomised-comparative-data",
        NonRandomisedNonComparativeData = "non-randomised-non-comparative-data",
        RealWorldEvaluation = "real-world-evaluation",
        DataPublished = "data-published",
        UnpublishedData = "unpublished-data",
        Conference = "conference",
        NiceGuidance = "nice-guidance",
        BudgetImpact = "budget-impact",
        CostEffectiveness = "cost-effectiveness",
        Other = "other",
    }
}
