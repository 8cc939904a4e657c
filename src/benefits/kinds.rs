//! The words of benefits: what is claimed, and how it was counted.

use crate::words;

words! {
    /// The kind of benefit.
    pub enum BenefitKind {
        /// People who were reached. They are counted by who counted them.
        PatientsReached = "patients-reached",
        /// People to whom it is available, whether or not they were reached.
        PopulationCovered = "population-covered",
        /// Money saved, in a class.
        Saving = "saving",
        TimeSaving = "time-saving",
        Appointments = "appointments",
        /// Admissions to hospital that were avoided.
        Admissions = "admissions",
        BedDays = "bed-days",
        StaffHours = "staff-hours",
        TrainingHours = "training-hours",
        JobsCreated = "jobs-created",
        JobsSafeguarded = "jobs-safeguarded",
        Exports = "exports",
        Carbon = "carbon",
        Other = "other",
    }
}

impl BenefitKind {
    /// The unit it is counted in. `other` has a unit of its own.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::PatientsReached => Some("patients"),
            Self::PopulationCovered => Some("people"),
            Self::Saving | Self::Exports => Some("GBP"),
            Self::TimeSaving | Self::StaffHours | Self::TrainingHours => Some("hours"),
            Self::Appointments => Some("appointments"),
            Self::Admissions => Some("admissions"),
            Self::BedDays => Some("bed-days"),
            Self::JobsCreated | Self::JobsSafeguarded => Some("jobs"),
            Self::Carbon => Some("tCO2e"),
            Self::Other => None,
        }
    }

    /// Whether the figures can be counts of patients or of their care, which are kept back where they are small.
    pub fn is_of_patients(self) -> bool {
        match self {
            Self::PatientsReached
            | Self::PopulationCovered
            | Self::Appointments
            | Self::Admissions
            | Self::BedDays
            | Self::Other => true,
            Self::Saving
            | Self::TimeSaving
            | Self::StaffHours
            | Self::TrainingHours
            | Self::JobsCreated
            | Self::JobsSafeguarded
            | Self::Exports
            | Self::Carbon => false,
        }
    }
}

impl BenefitKind {
    /// Whether it is a count of people.
    pub fn is_of_people(self) -> bool {
        matches!(self, Self::PatientsReached | Self::PopulationCovered)
    }
}

words! {
    /// The class of a saving, by the classes of the NHS and of the Green Book. Classes are never added to each other.
    pub enum SavingClass {
        /// A budget can be reduced, as the organisation that holds it confirms.
        CashReleasing = "cash-releasing",
        /// Time, beds or supplies are freed and used for something else.
        NonCashReleasing = "non-cash-releasing",
        /// Others than the health service gain.
        Societal = "societal",
        /// It is counted, and not in money of any budget.
        Quantified = "quantified",
        /// It is described without a figure.
        Qualitative = "qualitative",
    }
}

words! {
    /// Who keeps what is saved.
    pub enum KeptBy {
        Provider = "provider",
        Commissioner = "commissioner",
        LocalAuthority = "local-authority",
        Patient = "patient",
        Economy = "economy",
    }
}

words! {
    /// Whether a saving is stated before or after the costs of the innovation, recurring ones and those that come once.
    pub enum Costs {
        Gross = "gross",
        Net = "net",
    }
}

words! {
    /// Whether the figure is reached once in its period, or in every financial year of it.
    #[derive(Default)]
    pub enum Recurrence {
        #[default]
        Once = "once",
        Yearly = "yearly",
    }
}

words! {
    /// What a count of patients counts. Only persons are people.
    pub enum Counts {
        Persons = "persons",
        Pregnancies = "pregnancies",
        Cases = "cases",
        Tests = "tests",
        Treatments = "treatments",
    }
}

words! {
    /// By whom people are counted, which says whether two counts may hold the same person.
    pub enum CountedBy {
        /// By the practices that they are registered with.
        Registered = "registered",
        /// By where they live.
        Resident = "resident",
        /// By the provider that treats them: a patient may attend two.
        Provider = "provider",
        /// By the accounts that were opened: a person may have two.
        Account = "account",
    }
}

impl CountedBy {
    /// Whether two places that do not overlap cannot both have counted a person.
    pub fn is_by_area(self) -> bool {
        matches!(self, Self::Registered | Self::Resident)
    }
}

words! {
    /// How far the people that are counted came: all who had access, those who used it, or those who completed its course.
    pub enum Depth {
        Access = "access",
        Use = "use",
        Completed = "completed",
    }
}
