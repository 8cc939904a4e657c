//! The programmes of the founding documents: who carries them, their cohorts and fellows, the innovations they
//! carried, and the calls of 2018.

use super::communities;
use super::reading::day;
use crate::access::Operation;
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Context, IfMatch};
use crate::innovations;
use crate::innovations::rules::Innovation;
use crate::innovations::words::{Category, Stage};
use crate::organisations::ops::import_organisation;
use crate::organisations::rules::{Organisation, OrganisationType};
use crate::people::fellows::rules::Fellow;
use crate::people::fellowships::rules::{Fellowship, InnovationSlug};
use crate::people::{fellows, fellowships};
use crate::programmes::calls::rules::{Call, Criterion, Priority};
use crate::programmes::cohorts::rules::Cohort;
use crate::programmes::memberships::rules::Membership;
use crate::programmes::partners::rules::{Partner, PartnerRole};
use crate::programmes::rules::{Programme, ProgrammeKind};
use crate::programmes::{calls, cohorts, memberships, ops, partners};
use crate::transitions::rules::AskedMove;
use crate::vocabulary::Id;
use crate::vocabulary::Instant;
use chrono::NaiveDate;
use serde_json::json;

const PROGRAMMES: [(&str, &str, ProgrammeKind, &str); 5] = [
    (
        "nia",
        "NHS Innovation Accelerator",
        ProgrammeKind::Fellowship,
        "Fellows who bring innovations of proven worth into use across the NHS.",
    ),
    (
        "itp",
        "Innovation and Technology Payment",
        ProgrammeKind::CentralPurchase,
        "Central purchase of innovations, so that trusts and practices have them without a local contract.",
    ),
    (
        "rup",
        "Rapid Uptake Products",
        ProgrammeKind::RapidUptake,
        "Support for products with NICE approval to be taken up faster.",
    ),
    (
        "mtfm",
        "MedTech Funding Mandate",
        ProgrammeKind::FundingMandate,
        "A mandate to fund devices, diagnostics and digital products that save money within the year.",
    ),
    (
        "aac",
        "Accelerated Access Collaborative",
        ProgrammeKind::Oversight,
        "Patient groups, government, industry and the NHS together, to see innovations through.",
    ),
];

/// Bodies that carry the accelerator and are no part of the reference data.
const BODIES: [(&str, &str, OrganisationType); 2] = [
    ("NHS-ENGLAND", "NHS England", OrganisationType::ProgrammeBody),
    ("HEALTH-FOUNDATION", "The Health Foundation", OrganisationType::Charity),
];

/// The first innovations of the accelerator that the founding documents name.
pub const FIRST: [&str; 4] = ["join-dementia-research", "nervecentre", "mycopd", "healthunlocked"];

/// The first cohort had seventeen fellows with an innovation each; those that the documents do not name are illustrative.
pub const FELLOWS: usize = 17;

/// PlGF-based testing went through four programmes. The documents give their order; the days are illustrative.
const PLGF: [(&str, &str, Option<&str>); 4] = [
    ("aac", "2018-04-01", Some("2019-04-01")),
    ("itp", "2019-04-01", Some("2020-04-01")),
    ("rup", "2020-04-01", Some("2021-04-01")),
    ("mtfm", "2021-04-01", None),
];

/// When the calls of 2018 closed, by the clocks of London; when they opened is illustrative.
const CALLS: [(&str, &str, &str); 2] = [
    ("itp", "Innovation and Technology Payment: call of 2018", "2018-10-03T12:00"),
    ("nia", "NHS Innovation Accelerator: call of 2018", "2018-10-24T24:00"),
];

/// The accelerator's first day.
pub const STARTS: &str = "2015-07-01";

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    for (slug, name, kind, summary) in PROGRAMMES {
        let new = Programme {
            slug: slug.to_owned(),
            name: name.to_owned(),
            kind,
            summary: summary.to_owned(),
            starts_on: (slug == "nia").then(|| day(STARTS)).transpose()?,
            ends_on: None,
            website: None,
            illustrative: false,
        };
        ops::create_programme(conn, &context.step(Operation::create_programme), new)?;
    }
    load_partners(conn, context)?;
    load_cohorts(conn, context)?;
    let fellows = load_fellows(conn, context)?;
    communities::load(conn, context, &fellows)?;
    for (programme, from, to) in PLGF {
        member(conn, context, "plgf-based-testing", programme, from, to)?;
    }
    for (programme, title, closes_at) in CALLS {
        let call = form(title, "2018-09-03T09:00", closes_at).checked()?;
        calls::ops::create_call(conn, &context.step(Operation::create_call), programme, &call)?;
    }
    Ok(())
}

fn load_partners(conn: &mut Conn, context: &Context) -> Result<()> {
    for (code, name, kind) in BODIES {
        let new = Organisation::named(code, name, kind);
        import_organisation(conn, &context.step(Operation::create_organisation), new)?;
    }
    let from: NaiveDate = day(STARTS)?;
    let mut add = |organisation: &str, role| -> Result<()> {
        let new = Partner { organisation: organisation.to_owned(), role, from, to: None };
        partners::ops::create_programme_partner(conn, &context.step(Operation::create_programme_partner), "nia", new)?;
        Ok(())
    };
    add("NHS-ENGLAND", PartnerRole::Lead)?;
    add("HEALTH-FOUNDATION", PartnerRole::Partner)?;
    add("UCLP", PartnerRole::Partner)?;
    for network in crate::organisations::reference::HEALTH_INNOVATION_NETWORKS {
        add(network.code, PartnerRole::SupportingNetwork)?;
    }
    Ok(())
}

fn load_cohorts(conn: &mut Conn, context: &Context) -> Result<()> {
    let zone = chrono_tz::Europe::London;
    let opens_at = calls::rules::moment("/opensAt", "2016-05-23T00:00", zone).ok().map(Instant);
    for (number, target_size, opens_at, starts_on) in [(1, 17, None, Some(day(STARTS)?)), (2, 8, opens_at, None)] {
        let new = Cohort {
            number,
            name: format!("Wave {number}"),
            target_size: Some(target_size),
            opens_at,
            starts_on,
            ends_on: None,
        };
        cohorts::ops::create_cohort(conn, &context.step(Operation::create_cohort), "nia", new)?;
    }
    Ok(())
}

/// The first cohort: the documents say how many fellows it had and name four of the innovations. Each person with the
/// fellowship.
fn load_fellows(conn: &mut Conn, context: &Context) -> Result<Vec<(Id, Id)>> {
    let mut made = Vec::with_capacity(FELLOWS);
    let illustrative = (1..).map(|number| format!("illustrative-{number}"));
    let named = FIRST.into_iter().map(str::to_owned);
    for (at, slug) in named.chain(illustrative).take(FELLOWS).enumerate() {
        if at >= FIRST.len() {
            let step = context.step(Operation::create_innovation);
            innovations::ops::create_innovation(conn, &step, illustrative_innovation(&slug))?;
        }
        member(conn, context, &slug, "nia", STARTS, None)?;
        let fellow = Fellow {
            name: format!("Fellow {} (illustrative)", at + 1),
            email: None,
            subject: None,
            named_publicly: false,
            profession: None,
            biography: None,
            website: None,
            illustrative: true,
        };
        let fellow = fellows::ops::create_fellow(conn, &context.step(Operation::create_fellow), fellow)?;
        let place = Fellowship {
            fellow: fellow.row.id,
            programme: "nia".to_owned(),
            cohort: 1,
            innovations: vec![InnovationSlug(slug)],
            host: None,
            industry_partner: None,
            whole_time_equivalent: 0.2,
            from: day(STARTS)?,
            to: None,
        };
        let step = context.step(Operation::create_fellowship);
        let held = fellowships::ops::create_fellowship(conn, &step, &place)?;
        let begun = AskedMove { to: "active".to_owned(), reason: None, effective_on: Some(day(STARTS)?) };
        let step = Context { if_match: Some(IfMatch::Any), ..context.step(Operation::transition_fellowship) };
        fellowships::ops::transition_fellowship(conn, &step, &held.added.id.to_string(), begun)?;
        made.push((fellow.person.id, held.added.id));
    }
    Ok(made)
}

fn illustrative_innovation(slug: &str) -> Innovation {
    Innovation {
        slug: Some(slug.to_owned()),
        name: format!("Innovation {} (illustrative)", slug.trim_start_matches("illustrative-")),
        summary: "One of the first seventeen innovations of the accelerator, which the documents do not name."
            .to_owned(),
        description: None,
        main_category: Category::Other,
        categories: Vec::new(),
        areas: Vec::new(),
        care_settings: Vec::new(),
        shifts: Vec::new(),
        priorities: Vec::new(),
        stage: Stage::EarlyAdoption,
        owner: None,
        eligible_population: None,
        evidence: Vec::new(),
        standards_met: Vec::new(),
        adopting_units: Vec::new(),
        nis_unique_id: None,
        website: None,
        illustrative: true,
    }
}

/// Puts an innovation into a programme.
pub fn member(
    conn: &mut Conn,
    context: &Context,
    innovation: &str,
    programme: &str,
    from: &str,
    to: Option<&str>,
) -> Result<()> {
    let new = Membership { programme: programme.to_owned(), from: day(from)?, to: to.map(day).transpose()? };
    let step = context.step(Operation::create_programme_membership);
    memberships::ops::create_programme_membership(conn, &step, innovation, new)?;
    Ok(())
}

/// A call by the form and criteria of 2018.
pub fn form(title: &str, opens_at: &str, closes_at: &str) -> Call {
    let priority = |(code, label): (&str, &str)| Priority { code: code.to_owned(), label: label.to_owned() };
    let criterion = |(code, label, weight): (&str, &str, i64)| Criterion {
        code: code.to_owned(),
        label: label.to_owned(),
        weight,
        max_score: 5,
    };
    Call {
        title: title.to_owned(),
        cohort: None,
        opens_at: opens_at.to_owned(),
        closes_at: closes_at.to_owned(),
        zone: "Europe/London".to_owned(),
        priorities: [
            ("prevention-early-diagnosis", "Prevention and early diagnosis: cancer, cardiovascular disease"),
            ("mental-health", "Mental health"),
            ("primary-care", "Primary care"),
        ]
        .map(priority)
        .to_vec(),
        criteria: [
            ("impact", "Impact on patients", 2),
            ("evidence", "Evidence", 2),
            ("spread", "Readiness to spread", 1),
        ]
        .map(criterion)
        .to_vec(),
        form: json!({
            "type": "object",
            "required": ["aim", "evidence"],
            "properties": {
                "aim": { "type": "string", "title": "What would change for patients?", "minLength": 1, "maxLength": 2000 },
                "evidence": { "type": "string", "title": "How do you know?", "minLength": 1, "maxLength": 5000 },
                "sitesUsing": { "type": "integer", "title": "How many sites use it?", "minimum": 0 }
            }
        }),
        offer_days: 28,
    }
}
