//! Demonstration data: innovations, a KPI catalogue and illustrative monthly figures.
//!
//! The innovations are real and described in neutral words; their eligible populations are the
//! published estimates. The monthly figures are invented by [`illustrative_series`] and must be
//! stored with [`ILLUSTRATIVE_COMMENT`], so that nobody takes them for a trust's own.

/// An innovation of the demonstration register. Coded values are in their API spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemonstrationInnovation {
    pub slug: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    /// One of `categories`.
    pub main_category: &'static str,
    pub categories: &'static [&'static str],
    pub areas: &'static [&'static str],
    pub care_settings: &'static [&'static str],
    pub shifts: &'static [&'static str],
    pub stage: &'static str,
    pub eligible_population: Option<EligiblePopulation>,
    pub website: Option<&'static str>,
}

/// How many people an innovation could serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EligiblePopulation {
    /// People; a year's worth where the condition is an event, such as a pregnancy.
    pub value: i64,
    /// `exact`, `at-least`, `at-most` or `approximate`.
    pub qualifier: &'static str,
    /// `measured`, `estimated`, `projected` or `modelled`.
    pub basis: &'static str,
}

/// A KPI of the demonstration catalogue. Coded values are in their API spelling; numbers are
/// decimal text, so that they scale exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemonstrationKpi {
    pub code: &'static str,
    pub name: &'static str,
    pub definition: &'static str,
    pub level: &'static str,
    pub unit: &'static str,
    pub period_type: &'static str,
    pub value_type: &'static str,
    pub decimals: u8,
    pub improvement_direction: &'static str,
    pub aggregation: &'static str,
    /// Each dimension with its members.
    pub breakdowns: &'static [(&'static str, &'static [&'static str])],
    pub min: Option<&'static str>,
    pub max: Option<&'static str>,
    pub target: Option<&'static str>,
    /// The slug of the programme that asks for the KPI.
    pub programme: Option<&'static str>,
    /// The slug of the innovation it follows; `None` for a measure of the organisation alone.
    pub innovation: Option<&'static str>,
    /// Days after the period's end until the return is due.
    pub due_days: Option<u32>,
    /// Days after the period's end until values are locked; `None` for never.
    pub lock_days: Option<u32>,
    pub open_future_periods: u32,
    pub approval_required: bool,
    pub conflict_rule: &'static str,
    pub status: &'static str,
}

/// The innovations, grouped by the programme that carried them: the first fellowships, the payment
/// programme, rapid uptake, later fellowships.
pub const INNOVATIONS: [DemonstrationInnovation; 14] = [
    DemonstrationInnovation {
        slug: "join-dementia-research",
        name: "Join Dementia Research",
        summary: "A national service that matches people who want to take part in dementia \
                  research with studies that are looking for volunteers.",
        description: "People with or without dementia register their interest and some facts about \
                      their health. Researchers see who matches their study and invite them. It is \
                      run by the National Institute for Health and Care Research with dementia \
                      charities.",
        main_category: "digital",
        categories: &["digital", "data-monitoring"],
        areas: &["data-analytics-and-research"],
        care_settings: &["academia", "mental-health", "third-sector-organisations"],
        shifts: &["analogue-to-digital"],
        stage: "spread",
        eligible_population: None,
        website: Some("https://www.joindementiaresearch.nihr.ac.uk"),
    },
    DemonstrationInnovation {
        slug: "nervecentre",
        name: "Nervecentre",
        summary: "Mobile clinical software with which hospital teams record observations, hand \
                  over and share out tasks at the bedside.",
        description: "Nurses enter observations on a mobile device and early warning scores are \
                      worked out at once. A patient who deteriorates is escalated to the right \
                      clinician. The same software carries handover and tasks out of hours.",
        main_category: "digital",
        categories: &["digital", "data-monitoring"],
        areas: &["digitalising-system", "improving-system-flow", "patient-safety"],
        care_settings: &["acute-trusts-inpatient", "urgent-and-emergency"],
        shifts: &["analogue-to-digital"],
        stage: "spread",
        eligible_population: None,
        website: None,
    },
    DemonstrationInnovation {
        slug: "mycopd",
        name: "MyCOPD",
        summary: "A web and mobile application that helps people with chronic obstructive \
                  pulmonary disease to manage their condition.",
        description: "It teaches inhaler technique, offers a pulmonary rehabilitation course and \
                      keeps a symptom diary and a self-management plan. Clinicians can follow \
                      their patients from a dashboard.",
        main_category: "digital",
        categories: &["digital"],
        areas: &["digitalising-system", "supporting-people-health"],
        care_settings: &["acute-trusts-outpatient", "primary-care"],
        shifts: &["hospital-to-community", "analogue-to-digital"],
        stage: "spread",
        eligible_population: None,
        website: Some("https://mymhealth.com"),
    },
    DemonstrationInnovation {
        slug: "healthunlocked",
        name: "HealthUnlocked",
        summary: "An online network of communities in which people with the same condition support \
                  one another.",
        description: "Each community is about one condition or interest, and many are hosted by a \
                      patient organisation. Members ask, answer and share what helped them to live \
                      with their condition.",
        main_category: "digital",
        categories: &["digital"],
        areas: &["supporting-people-health"],
        care_settings: &["primary-care", "third-sector-organisations"],
        shifts: &["hospital-to-community", "analogue-to-digital"],
        stage: "spread",
        eligible_population: None,
        website: Some("https://healthunlocked.com"),
    },
    DemonstrationInnovation {
        slug: "heartflow",
        name: "HeartFlow",
        summary: "Software that turns a CT scan of the heart into a three-dimensional model of \
                  blood flow in the coronary arteries.",
        description: "The model shows clinicians whether a narrowing restricts the flow of blood, \
                      which a scan alone does not. It can spare a patient with stable chest pain \
                      an invasive angiogram. The eligible population is a yearly estimate by NICE.",
        main_category: "digital",
        categories: &["digital", "medical-device", "ai"],
        areas: &["digitalising-system", "improving-system-flow"],
        care_settings: &["acute-trusts-outpatient"],
        shifts: &["analogue-to-digital"],
        stage: "spread",
        eligible_population: Some(EligiblePopulation { value: 35_000, qualifier: "at-most", basis: "estimated" }),
        website: Some("https://www.heartflow.com"),
    },
    DemonstrationInnovation {
        slug: "plus-sutures",
        name: "Plus Sutures",
        summary: "Surgical sutures coated or impregnated with the antiseptic triclosan, meant to \
                  lower the risk of surgical site infection.",
        description: "They are handled like the sutures they replace, so theatre practice need not \
                      change. The antiseptic hinders bacteria from settling on the suture.",
        main_category: "medical-device",
        categories: &["medical-device"],
        areas: &["patient-safety", "preventive-care"],
        care_settings: &["acute-trusts-inpatient"],
        shifts: &["sickness-to-prevention"],
        stage: "spread",
        eligible_population: None,
        website: None,
    },
    DemonstrationInnovation {
        slug: "endocuff-vision",
        name: "Endocuff Vision",
        summary: "A soft cuff for the tip of a colonoscope that flattens the folds of the bowel so \
                  that more of its lining can be seen.",
        description: "Its small arms fold back on the way in and hold the folds apart on the way \
                      out. A clearer view helps the endoscopist to find and remove polyps before \
                      they become cancer.",
        main_category: "medical-device",
        categories: &["medical-device"],
        areas: &["preventive-care"],
        care_settings: &["acute-trusts-outpatient"],
        shifts: &["sickness-to-prevention"],
        stage: "spread",
        eligible_population: None,
        website: None,
    },
    DemonstrationInnovation {
        slug: "securacath",
        name: "SecurAcath",
        summary: "A device that holds a catheter in place with a small anchor under the skin, \
                  without sutures or adhesive.",
        description: "It stays in place for as long as the catheter does, which makes cleaning the \
                      site easier and lowers the risk that the catheter moves. The eligible \
                      population is a yearly estimate.",
        main_category: "medical-device",
        categories: &["medical-device"],
        areas: &["patient-safety"],
        care_settings: &["acute-trusts-inpatient", "acute-trusts-outpatient"],
        shifts: &[],
        stage: "spread",
        eligible_population: Some(EligiblePopulation { value: 120_000, qualifier: "at-most", basis: "estimated" }),
        website: None,
    },
    DemonstrationInnovation {
        slug: "plgf-based-testing",
        name: "PlGF-based testing",
        summary: "A blood test of placental growth factor that helps to diagnose or rule out \
                  pre-eclampsia in pregnancy.",
        description: "The test is offered with standard clinical assessment when pre-eclampsia is \
                      suspected. A clear result helps clinicians to decide who needs closer watch \
                      and who can safely go home. The eligible population is pregnancies a year.",
        main_category: "in-vitro-diagnostic",
        categories: &["in-vitro-diagnostic"],
        areas: &["patient-safety", "preventive-care"],
        care_settings: &["acute-trusts-inpatient", "acute-trusts-outpatient"],
        shifts: &["sickness-to-prevention"],
        stage: "embedded",
        eligible_population: Some(EligiblePopulation { value: 41_500, qualifier: "approximate", basis: "estimated" }),
        website: None,
    },
    DemonstrationInnovation {
        slug: "feno-testing",
        name: "FeNO testing",
        summary: "A breath test of exhaled nitric oxide that helps to diagnose asthma and to guide \
                  its treatment.",
        description: "Fractional exhaled nitric oxide rises when the airways are inflamed. The \
                      patient breathes into a small device and the result is known within minutes, \
                      so the test can be done in primary care.",
        main_category: "medical-device",
        categories: &["medical-device", "in-vitro-diagnostic"],
        areas: &["hospital-to-community", "preventive-care"],
        care_settings: &["acute-trusts-outpatient", "primary-care"],
        shifts: &["hospital-to-community", "sickness-to-prevention"],
        stage: "spread",
        eligible_population: None,
        website: None,
    },
    DemonstrationInnovation {
        slug: "holly-health",
        name: "Holly Health",
        summary: "A mobile application that coaches people to build small, lasting habits for \
                  their mental and physical health.",
        description: "People choose habits about sleep, movement, eating or stress and adapt them \
                      as they go. General practices invite patients, often those with long-term \
                      conditions, to use it.",
        main_category: "digital",
        categories: &["digital"],
        areas: &["preventive-care", "supporting-people-health"],
        care_settings: &["ics", "primary-care"],
        shifts: &["analogue-to-digital", "sickness-to-prevention"],
        stage: "early-adoption",
        eligible_population: None,
        website: Some("https://hollyhealth.io"),
    },
    DemonstrationInnovation {
        slug: "getubetter",
        name: "getUBetter",
        summary: "A mobile application that supports people to manage injuries and conditions of \
                  the muscles, bones and joints themselves.",
        description: "It follows the pathway of the local system from the first day of an injury, \
                      says when to seek help and refers to local services when needed. Integrated \
                      care systems offer it to their whole population.",
        main_category: "digital",
        categories: &["digital"],
        areas: &["improving-system-flow", "supporting-people-health"],
        care_settings: &["ics", "primary-care", "urgent-and-emergency"],
        shifts: &["hospital-to-community", "analogue-to-digital"],
        stage: "spread",
        eligible_population: Some(EligiblePopulation { value: 20_000_000, qualifier: "at-least", basis: "estimated" }),
        website: Some("https://www.getubetter.com"),
    },
    DemonstrationInnovation {
        slug: "isla",
        name: "Isla",
        summary: "A platform through which patients and clinicians securely share photographs, \
                  videos and forms as part of the care record.",
        description: "A patient receives a link, and what they send builds up a picture of change \
                      over time. Clinicians review it without an appointment and see those who \
                      need it sooner.",
        main_category: "digital",
        categories: &["digital", "data-monitoring"],
        areas: &["digitalising-system", "improving-system-flow", "workforce-resource-optimisation"],
        care_settings: &["acute-trusts-outpatient", "primary-care"],
        shifts: &["hospital-to-community", "analogue-to-digital"],
        stage: "spread",
        eligible_population: None,
        website: None,
    },
    DemonstrationInnovation {
        slug: "brainomix-e-stroke",
        name: "Brainomix e-Stroke",
        summary: "Imaging software that uses artificial intelligence to help clinicians to \
                  interpret brain scans of people with a suspected stroke.",
        description: "It reads the CT scans a hospital takes anyway and shows the result to the \
                      whole stroke team at once, in the referring hospital and in the thrombectomy \
                      centre. The clinicians decide on treatment and transfer.",
        main_category: "ai",
        categories: &["ai", "digital", "medical-device"],
        areas: &["digitalising-system", "improving-system-flow"],
        care_settings: &["acute-trusts-inpatient", "urgent-and-emergency"],
        shifts: &["analogue-to-digital"],
        stage: "spread",
        eligible_population: None,
        website: Some("https://www.brainomix.com"),
    },
];

/// What most KPIs of the catalogue have in common.
const LIVE_MONTHLY: DemonstrationKpi = DemonstrationKpi {
    code: "",
    name: "",
    definition: "",
    level: "process",
    unit: "",
    period_type: "month",
    value_type: "count",
    decimals: 0,
    improvement_direction: "neutral",
    aggregation: "sum",
    breakdowns: &[],
    min: Some("0"),
    max: None,
    target: None,
    programme: None,
    innovation: None,
    due_days: Some(20),
    lock_days: None,
    open_future_periods: 0,
    approval_required: false,
    conflict_rule: "improvement",
    status: "live",
};

/// The KPI catalogue of the demonstration.
pub const KPIS: [DemonstrationKpi; 6] = [
    DemonstrationKpi {
        code: "emergency-attendances",
        name: "A&E attendances",
        definition: "Attendances at accident and emergency departments in the month: type 1 \
                     (major), type 2 (single specialty) and other departments.",
        unit: "attendances",
        breakdowns: &[("type", &["1", "2", "other"])],
        ..LIVE_MONTHLY
    },
    DemonstrationKpi {
        code: "emergency-performance",
        name: "A&E four-hour performance",
        definition: "Attendances admitted, transferred or discharged within four hours of arrival, \
                     as a share of all attendances in the month.",
        unit: "share of attendances",
        value_type: "ratio",
        decimals: 4,
        improvement_direction: "increase",
        aggregation: "ratio-of-sums",
        max: Some("1"),
        target: Some("0.95"),
        ..LIVE_MONTHLY
    },
    DemonstrationKpi {
        code: "plgf-units-adopted",
        name: "Maternity units using PlGF-based testing",
        definition: "Eligible maternity units that have adopted or are implementing PlGF-based \
                     testing at the end of the quarter, as a percentage of eligible units.",
        level: "implementation",
        unit: "% of eligible maternity units",
        period_type: "quarter",
        value_type: "percentage",
        decimals: 1,
        improvement_direction: "increase",
        aggregation: "ratio-of-sums",
        max: Some("100"),
        programme: Some("mtfm"),
        innovation: Some("plgf-based-testing"),
        ..LIVE_MONTHLY
    },
    DemonstrationKpi {
        code: "feno-pcn-access",
        name: "Primary care networks with access to FeNO testing",
        definition: "Primary care networks whose patients can have a FeNO test at the end of the \
                     financial quarter, as a percentage of all primary care networks.",
        level: "implementation",
        unit: "% of primary care networks",
        period_type: "financial-quarter",
        value_type: "percentage",
        decimals: 1,
        improvement_direction: "increase",
        aggregation: "ratio-of-sums",
        max: Some("100"),
        programme: Some("rup"),
        innovation: Some("feno-testing"),
        ..LIVE_MONTHLY
    },
    DemonstrationKpi {
        code: "habit-adoption",
        name: "People who adopted a habit with Holly Health",
        definition: "People who kept at least one chosen habit, as a percentage of the people who \
                     began to use Holly Health in the month.",
        level: "outcome",
        unit: "% of people",
        value_type: "percentage",
        decimals: 1,
        improvement_direction: "increase",
        aggregation: "ratio-of-sums",
        max: Some("100"),
        programme: Some("nia"),
        innovation: Some("holly-health"),
        ..LIVE_MONTHLY
    },
    DemonstrationKpi {
        code: "stroke-door-to-decision",
        name: "Stroke: door to treatment decision",
        definition: "Mean time from arrival at hospital to the decision on treatment, for people \
                     with a confirmed stroke who arrived in the month.",
        level: "outcome",
        unit: "minutes",
        value_type: "duration",
        improvement_direction: "decrease",
        aggregation: "mean",
        programme: Some("nia"),
        innovation: Some("brainomix-e-stroke"),
        ..LIVE_MONTHLY
    },
];

/// The comment every illustrative value is stored with.
pub const ILLUSTRATIVE_COMMENT: &str = "illustrative";

/// How many months an illustrative series has: April 2016 to March 2019.
pub const ILLUSTRATIVE_MONTHS: u32 = 36;

/// The month, counted from April 2016, from which a [`Story::Shift`] shows: October 2017.
const INTERVENTION: u32 = 18;

/// One value of an illustrative series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllustrativePoint {
    /// A month, such as `2016-04`.
    pub period: String,
    /// The member of the KPI's breakdown, or empty where it has none.
    pub breakdown: &'static str,
    pub measure: IllustrativeMeasure,
}

/// What was counted, in whole units: not yet scaled by the KPI's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IllustrativeMeasure {
    Value(i64),
    Fraction {
        numerator: i64,
        denominator: i64,
    },
    /// A mean, and how many things it was taken of.
    Mean {
        value: i64,
        of: i64,
    },
}

/// What there is to see in a trust's charts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Story {
    /// Better for good after an intervention.
    Shift,
    /// One very bad month, January 2018.
    Outlier,
    /// Slowly worse, month after month, to the end.
    Trend,
    /// Common cause alone.
    Steady,
}

/// Invents 36 months of plausible figures for the trust at this place in the list of trusts:
/// the same ones every time, on every machine. Empty for a KPI that has no such series.
pub fn illustrative_series(kpi: &str, trust_index: u32) -> Vec<IllustrativePoint> {
    (0..ILLUSTRATIVE_MONTHS)
        .flat_map(|month| match kpi {
            "emergency-attendances" => attendances(trust_index, month)
                .map(|(breakdown, count)| point(month, breakdown, IllustrativeMeasure::Value(count)))
                .to_vec(),
            "emergency-performance" => vec![point(month, "", performance(trust_index, month))],
            "stroke-door-to-decision" => {
                vec![point(month, "", door_to_decision(trust_index, month))]
            }
            _ => Vec::new(),
        })
        .collect()
}

fn point(month: u32, breakdown: &'static str, measure: IllustrativeMeasure) -> IllustrativePoint {
    let months_since_january_2016 = month + 3;
    let year = 2016 + months_since_january_2016 / 12;
    let period = format!("{year}-{:02}", months_since_january_2016 % 12 + 1);
    IllustrativePoint { period, breakdown, measure }
}

/// Attendances by type of department. Only the major departments have a story.
fn attendances(trust: u32, month: u32) -> [(&'static str, i64); 3] {
    let member = |salt, story, base: i64| base - wander(salt, trust, month, story, base * 6 / 100);
    [
        ("1", member(11, story(trust), between(1, trust, 6_000, 20_000))),
        ("2", member(12, Story::Steady, between(2, trust, 600, 2_000))),
        ("other", member(13, Story::Steady, between(3, trust, 2_500, 6_000))),
    ]
}

/// Attendances within four hours out of all attendances of the same month.
fn performance(trust: u32, month: u32) -> IllustrativeMeasure {
    let denominator: i64 = attendances(trust, month).iter().map(|(_, count)| count).sum();
    let per_ten_thousand = between(4, trust, 8_600, 9_300) + wander(14, trust, month, story(trust), 150);
    IllustrativeMeasure::Fraction { numerator: denominator * per_ten_thousand / 10_000, denominator }
}

/// Minutes.
fn door_to_decision(trust: u32, month: u32) -> IllustrativeMeasure {
    // A trust need not tell the same story twice.
    let story = story(trust.wrapping_add(3));
    let value = between(5, trust, 44, 66) - wander(15, trust, month, story, 10);
    IllustrativeMeasure::Mean { value, of: between(6, trust, 30, 80) }
}

fn story(trust: u32) -> Story {
    match trust % 5 {
        0 => Story::Shift,
        1 => Story::Outlier,
        2 => Story::Trend,
        _ => Story::Steady,
    }
}

/// How far a month lies from the usual, better counted upwards: chance within `spread` either
/// way, plus the story. The sizes are chosen so that the SPC rules find each story, and chance
/// rarely looks like one.
fn wander(salt: u64, trust: u32, month: u32, story: Story, spread: i64) -> i64 {
    // Two dice crowd around nought as real figures do; one die would not.
    let die = |salt| between_seeded(salt, trust, month, -spread, spread);
    let chance = (die(salt) + die(salt + 100)) / 2;
    match story {
        Story::Shift if month >= INTERVENTION => chance + spread * 3 / 2,
        Story::Outlier if month == 21 => chance - spread * 9 / 2,
        // Chance must not break the run of months.
        Story::Trend if month >= 26 => chance / 8 - spread * i64::from(month - 25) * 2 / 5,
        _ => chance,
    }
}

/// A number of the trust's own that stays the same in every month.
fn between(salt: u64, trust: u32, low: i64, high: i64) -> i64 {
    between_seeded(salt, trust, ILLUSTRATIVE_MONTHS, low, high)
}

/// A number from `low` to `high`, both included, fixed by the other arguments.
fn between_seeded(salt: u64, trust: u32, month: u32, low: i64, high: i64) -> i64 {
    let seed = (salt << 48) | (u64::from(trust) << 16) | u64::from(month);
    let width = low.abs_diff(high) + 1;
    low.saturating_add_unsigned(scramble(seed) % width)
}

/// SplitMix64: neighbouring seeds give numbers that have nothing to do with each other.
const fn scramble(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const TRUSTS: u32 = 24;

    const CATEGORIES: [&str; 13] = [
        "medical-device",
        "in-vitro-diagnostic",
        "pharmaceutical",
        "digital",
        "ai",
        "education",
        "ppe",
        "models-of-care",
        "estates-facilities",
        "travel-transport",
        "food-nutrition",
        "data-monitoring",
        "other",
    ];
    const AREAS: [&str; 11] = [
        "data-analytics-and-research",
        "digitalising-system",
        "emerging-infectious-diseases",
        "hospital-to-community",
        "improving-system-flow",
        "net-zero-greener-innovation",
        "patient-safety",
        "preventive-care",
        "supporting-people-health",
        "workforce-resource-optimisation",
        "none",
    ];
    const CARE_SETTINGS: [&str; 16] = [
        "academia",
        "acute-trusts-inpatient",
        "acute-trusts-outpatient",
        "ambulance",
        "care-homes-care-setting",
        "end-life-care",
        "ics",
        "industry",
        "local-authority-education",
        "mental-health",
        "pharmacy",
        "primary-care",
        "social-care",
        "third-sector-organisations",
        "urgent-and-emergency",
        "other",
    ];
    const SHIFTS: [&str; 3] = ["hospital-to-community", "analogue-to-digital", "sickness-to-prevention"];
    const STAGES: [&str; 6] =
        ["proof-of-concept", "development", "real-world-testing", "early-adoption", "spread", "embedded"];

    fn is_kebab_case(word: &str) -> bool {
        !word.is_empty()
            && word.split('-').all(|part| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
    }

    #[test]
    fn every_innovation_has_its_own_slug_and_name() {
        let slugs: BTreeSet<_> = INNOVATIONS.iter().map(|innovation| innovation.slug).collect();
        let names: BTreeSet<_> = INNOVATIONS.iter().map(|innovation| innovation.name).collect();
        assert_eq!((slugs.len(), names.len()), (INNOVATIONS.len(), INNOVATIONS.len()));
        assert!(slugs.into_iter().all(is_kebab_case));
    }

    #[test]
    fn innovations_use_the_coded_lists_without_repeating_themselves() {
        for innovation in INNOVATIONS {
            for (words, allowed) in [
                (innovation.categories, CATEGORIES.as_slice()),
                (innovation.areas, AREAS.as_slice()),
                (innovation.care_settings, CARE_SETTINGS.as_slice()),
                (innovation.shifts, SHIFTS.as_slice()),
                (&[innovation.stage], STAGES.as_slice()),
            ] {
                assert!(words.iter().all(|word| allowed.contains(word)), "{}: {words:?}", innovation.slug);
                assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{}", innovation.slug);
            }
            assert!(innovation.categories.contains(&innovation.main_category), "{}", innovation.slug);
        }
    }

    #[test]
    fn texts_are_whole_sentences_without_stray_spaces() {
        for innovation in INNOVATIONS {
            for text in [innovation.summary, innovation.description] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}", innovation.slug);
            }
        }
        assert!(KPIS.iter().all(|kpi| kpi.definition.ends_with('.') && !kpi.definition.contains("  ")));
    }

    #[test]
    fn eligible_populations_are_the_published_ones() {
        let published: Vec<_> = INNOVATIONS
            .iter()
            .filter_map(|innovation| {
                innovation
                    .eligible_population
                    .map(|population| (innovation.slug, population.value, population.qualifier))
            })
            .collect();
        assert_eq!(
            published,
            [
                ("heartflow", 35_000, "at-most"),
                ("securacath", 120_000, "at-most"),
                ("plgf-based-testing", 41_500, "approximate"),
                ("getubetter", 20_000_000, "at-least"),
            ]
        );
    }

    #[test]
    fn kpis_use_the_coded_lists_and_follow_known_innovations() {
        let codes: BTreeSet<_> = KPIS.iter().map(|kpi| kpi.code).collect();
        assert_eq!(codes.len(), KPIS.len());
        for kpi in KPIS {
            for (word, allowed) in [
                (kpi.level, ["outcome", "implementation", "process", "balancing"].as_slice()),
                (kpi.period_type, &["month", "quarter", "financial-quarter"]),
                (kpi.value_type, &["count", "ratio", "percentage", "duration"]),
                (kpi.improvement_direction, &["increase", "decrease", "neutral"]),
                (kpi.aggregation, &["sum", "ratio-of-sums", "mean", "none", "unique-count"]),
                (kpi.status, &["proposed", "agreed", "live", "retired", "superseded"]),
            ] {
                assert!(allowed.contains(&word), "{}: {word}", kpi.code);
            }
            assert!(is_kebab_case(kpi.code) && !kpi.name.is_empty() && !kpi.unit.is_empty());
            let known = |slug| INNOVATIONS.iter().any(|innovation| innovation.slug == slug);
            assert!(kpi.innovation.is_none_or(known), "{}", kpi.code);
            let bound = match kpi.value_type {
                "ratio" => Some("1"),
                "percentage" => Some("100"),
                _ => None,
            };
            assert_eq!(kpi.max, bound, "{}", kpi.code);
        }
    }

    /// The values of one series, as a chart would draw them.
    fn drawn(kpi: &str, trust: u32, breakdown: &str) -> Vec<f64> {
        illustrative_series(kpi, trust)
            .into_iter()
            .filter(|point| point.breakdown == breakdown)
            .map(|point| match point.measure {
                IllustrativeMeasure::Value(value) | IllustrativeMeasure::Mean { value, .. } => value as f64,
                IllustrativeMeasure::Fraction { numerator, denominator } => numerator as f64 / denominator as f64,
            })
            .collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// Whether each rule fires: a point beyond a limit, seven on one side, seven in a row.
    fn signals(values: &[f64]) -> (bool, bool, bool) {
        let centre = mean(values);
        let ranges: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        let limit = 2.66 * mean(&ranges);
        let seven = |test: &dyn Fn(&[f64]) -> bool| values.windows(7).any(test);
        (
            values.iter().any(|value| (value - centre).abs() > limit),
            seven(&|run| run.iter().all(|x| *x > centre) || run.iter().all(|x| *x < centre)),
            seven(&|run| run.windows(2).all(|p| p[0] < p[1]) || run.windows(2).all(|p| p[0] > p[1])),
        )
    }

    #[test]
    fn a_series_covers_36_months_and_is_the_same_every_time() {
        let series = illustrative_series("emergency-performance", 0);
        assert_eq!(series.len(), 36);
        assert_eq!(series[0].period, "2016-04");
        assert_eq!(series[9].period, "2017-01");
        assert_eq!(series[35].period, "2019-03");
        assert_eq!(series, illustrative_series("emergency-performance", 0));
        assert_ne!(series, illustrative_series("emergency-performance", 1));
        assert_eq!(illustrative_series("emergency-attendances", 7).len(), 36 * 3);
        assert!(illustrative_series("feno-pcn-access", 0).is_empty());
    }

    #[test]
    fn ratios_lie_between_nought_and_one_and_everything_else_is_positive() {
        for trust in 0..TRUSTS {
            for breakdown in ["1", "2", "other"] {
                assert!(drawn("emergency-attendances", trust, breakdown).iter().all(|count| *count > 0.0));
            }
            let ratios = drawn("emergency-performance", trust, "");
            assert!(ratios.iter().all(|ratio| (0.7..1.0).contains(ratio)), "{ratios:?}");
            let minutes = drawn("stroke-door-to-decision", trust, "");
            assert!(minutes.iter().all(|minutes| (15.0..150.0).contains(minutes)), "{minutes:?}");
        }
    }

    #[test]
    fn the_parts_of_performance_add_up_with_the_attendances() {
        let mut attendances = illustrative_series("emergency-attendances", 4).into_iter();
        for point in illustrative_series("emergency-performance", 4) {
            let total: i64 = attendances
                .by_ref()
                .take(3)
                .map(|part| match part.measure {
                    IllustrativeMeasure::Value(count) => count,
                    IllustrativeMeasure::Fraction { .. } | IllustrativeMeasure::Mean { .. } => 0,
                })
                .sum();
            let IllustrativeMeasure::Fraction { denominator, .. } = point.measure else {
                panic!("performance is a fraction");
            };
            assert_eq!(denominator, total);
        }
    }

    #[test]
    fn the_charts_show_the_stories_they_are_meant_to_tell() {
        for trust in 0..TRUSTS {
            for (kpi, breakdown, story) in [
                ("emergency-attendances", "1", story(trust)),
                ("emergency-performance", "", story(trust)),
                ("stroke-door-to-decision", "", story(trust + 3)),
            ] {
                let (outlier, shift, trend) = signals(&drawn(kpi, trust, breakdown));
                match story {
                    Story::Shift => assert!(shift, "shift in {kpi} of trust {trust}"),
                    Story::Outlier => assert!(outlier, "outlier in {kpi} of trust {trust}"),
                    Story::Trend => assert!(trend, "trend in {kpi} of trust {trust}"),
                    Story::Steady => {}
                }
            }
        }
    }

    #[test]
    fn an_intervention_makes_things_better_each_in_its_own_direction() {
        let before_and_after = |kpi, trust| {
            let values = drawn(kpi, trust, "");
            let (before, after) = values.split_at(18);
            (mean(before), mean(after))
        };
        let (before, after) = before_and_after("emergency-performance", 0);
        assert!(after > before);
        let (before, after) = before_and_after("stroke-door-to-decision", 2);
        assert!(after < before);
    }
}
