//! What the accelerator's first nine months brought, and the money behind them. The totals are the founding documents':
//! 68 organisations, 3,000,000 patients, over 8,000,000 pounds on 1,000,000. How they divide is illustrative.

use super::programmes::{FELLOWS, FIRST, STARTS};
use super::reading::day;
use crate::access::{Actor, Grant, Operation, Role, Scope};
use crate::adoptions::moves::ops::transition_adoption;
use crate::adoptions::moves::{asked::AskedStage, rules::AdoptionStage};
use crate::adoptions::ops::create_adoption;
use crate::adoptions::rules::Adoption;
use crate::benefits::kinds::{BenefitKind, Costs, CountedBy, Counts, Recurrence, SavingClass};
use crate::benefits::ops::create_benefit;
use crate::benefits::realisations::ops::create_benefit_realisation;
use crate::benefits::realisations::rules::Realisation;
use crate::benefits::rules::Benefit;
use crate::db::Conn;
use crate::error::Result;
use crate::funding::awards::gateway_reviews::ops::{create_gateway_review, transition_gateway_review};
use crate::funding::awards::gateway_reviews::rules::{AskedReviewMove, GatewayReview};
use crate::funding::awards::milestones::ops::create_milestone;
use crate::funding::awards::milestones::rules::{Milestone, MilestoneState};
use crate::funding::awards::ops::{create_award, transition_award};
use crate::funding::awards::reprofilings::ops::create_award_reprofiling;
use crate::funding::awards::reprofilings::rules::Reprofiling;
use crate::funding::awards::rules::{AskedAwardMove, Authority, Award, AwardKind, EvaluationDimension, EvaluationPlan};
use crate::funding::awards::supplements::ops::create_award_supplement;
use crate::funding::awards::supplements::rules::Supplement;
use crate::funding::awards::transactions::ops::create_award_transaction;
use crate::funding::awards::transactions::rules::{NewTransaction, PostedKind};
use crate::funding::contributions::ops::create_contribution;
use crate::funding::contributions::rules::{Contribution, ContributionSource};
use crate::funding::external_investments::ops::create_external_investment;
use crate::funding::external_investments::rules::{Investment, InvestmentKind, Sector};
use crate::funding::funds::ops::create_fund;
use crate::funding::funds::rules::Fund;
use crate::funding::ledger::rules::PledgeCertainty;
use crate::funding::money::Money;
use crate::funding::pledges::ops::create_pledge;
use crate::funding::pledges::rules::{Pledge, PledgeNature};
use crate::funding::reallocations::ops::create_reallocation;
use crate::funding::reallocations::rules::Reallocation;
use crate::funding::years::PlannedYear;
use crate::http::{Context, IfMatch};
use crate::innovations::ops::referred;
use crate::organisations::ops::import_organisation;
use crate::organisations::rules::{Organisation, OrganisationType};
use crate::vocabulary::{Basis, Qualifier};
use chrono::Days;
use std::sync::Arc;

/// Organisations that used one or more of the first innovations.
const ORGANISATIONS: usize = 68;
/// Patients who began to access them.
const PATIENTS: i32 = 3_000_000;
/// What was invested, in pounds.
const INVESTED: i64 = 1_000_000;
/// Investments of others, of at least a million pounds each.
const INVESTMENTS: usize = 8;

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    load_adoptions(conn, context)?;
    load_benefits(conn, context)?;
    load_funds(conn, context)?;
    load_awards(conn, context)?;
    load_investments(conn, context)
}

/// The first innovations in order: those that are named, then the illustrative ones.
fn innovation(at: usize) -> String {
    let at = at % FELLOWS;
    FIRST.get(at).map_or_else(|| format!("illustrative-{}", at + 1 - FIRST.len()), |slug| (*slug).to_owned())
}

fn load_adoptions(conn: &mut Conn, context: &Context) -> Result<()> {
    let stages = [AdoptionStage::Piloting, AdoptionStage::Implementing, AdoptionStage::Adopted];
    for at in 0..ORGANISATIONS {
        let code = format!("ILLUSTRATIVE-{}", at + 1);
        let name = format!("Organisation {} (illustrative)", at + 1);
        let new = Organisation::named(&code, &name, OrganisationType::Other);
        import_organisation(conn, &context.step(Operation::create_organisation), new)?;
        // Some use two innovations, and are one organisation.
        for innovation in [Some(innovation(at)), (at % 10 == 0).then(|| innovation(at + 1))].into_iter().flatten() {
            let since = day(STARTS)?.checked_add_days(Days::new(4 * at as u64));
            let stage = stages.get(at % stages.len()).copied().unwrap_or(AdoptionStage::Piloting);
            let new = Adoption { since, illustrative: true, ..Adoption::of(innovation, code.clone(), stage) };
            let made = create_adoption(conn, &context.step(Operation::create_adoption), new)?;
            // The second has a history.
            if at == 0 && made.written.innovation == self::innovation(1) {
                let step = Context { if_match: Some(IfMatch::Any), ..context.step(Operation::transition_adoption) };
                let (to, effective_on) = (AdoptionStage::Implementing, Some(day("2015-09-01")?));
                let asked = AskedStage::alone(to, effective_on, None);
                transition_adoption(conn, &step, &made.added.id.to_string(), asked)?;
            }
        }
    }
    propose_adoption(conn, context)
}

/// A fellow of the first innovation proposes what the second organisation has not answered yet.
fn propose_adoption(conn: &mut Conn, context: &Context) -> Result<()> {
    let slug = innovation(0);
    let scope = Scope::Innovation { id: referred(conn, "/innovation", &slug)?, slug: slug.clone() };
    let grants = vec![Grant { role: Role::Fellow, scope, from: context.now, to: context.now }];
    let actor = Actor { subject: "illustrative-fellow".to_owned(), grants, ..(*context.actor).clone() };
    let fellow = Context { actor: Arc::new(actor), ..context.step(Operation::create_adoption) };
    let since = Some(day("2016-01-04")?);
    let known = Adoption::of(slug, "ILLUSTRATIVE-2".to_owned(), AdoptionStage::Identified);
    create_adoption(conn, &fellow, Adoption { since, illustrative: true, ..known }).map(drop)
}

fn benefit(innovation: &str, programme: &str, kind: BenefitKind, claimed: i32) -> Result<Benefit> {
    Ok(Benefit {
        innovation: innovation.to_owned(),
        programme: Some(programme.to_owned()),
        organisation: None,
        kind,
        unit: None,
        method: "As the founding documents say.".to_owned(),
        population: None,
        baseline: None,
        claimed: Some(claimed.into()),
        qualifier: Qualifier::Approximate,
        basis: Basis::Estimated,
        from: day(STARTS)?,
        to: None,
        replaces: None,
        source: Some("The founding documents.".to_owned()),
        stated_on: None,
        class: None,
        kept_by: None,
        costs: None,
        recurrence: Recurrence::Once,
        price_year: None,
        monetises: None,
        present_value: None,
        counts: None,
        counted_by: None,
        depth: None,
        new_in_period: false,
        counted_within: None,
        illustrative: false,
    })
}

fn load_benefits(conn: &mut Conn, context: &Context) -> Result<()> {
    let mut claim = |new: Benefit| create_benefit(conn, &context.step(Operation::create_benefit), new);
    let share = PATIENTS / FELLOWS as i32;
    let mut of_mycopd = None;
    for at in 0..FELLOWS {
        let slug = innovation(at);
        let patients = if at == 0 { PATIENTS - share * (FELLOWS as i32 - 1) } else { share };
        let new = benefit(&slug, "nia", BenefitKind::PatientsReached, patients)?;
        let method = "An illustrative share of the 3,000,000 that the founding documents give for all.".to_owned();
        let (population, counted_by) = (Some(format!("users-of-{slug}")), Some(CountedBy::Account));
        let made = claim(Benefit { population, counted_by, method, illustrative: true, ..new })?;
        of_mycopd = of_mycopd.or((slug == "mycopd").then_some(made.added.id));
    }
    // A second claim about people who are counted already: it raises the upper bound alone.
    let again = benefit("mycopd", "nia", BenefitKind::PatientsReached, 100_000)?;
    let method = "A second claim about the same people, for illustration.".to_owned();
    let (population, counted_by) = (Some("users-of-mycopd".to_owned()), Some(CountedBy::Account));
    claim(Benefit { population, counted_by, counted_within: of_mycopd, method, illustrative: true, ..again })?;
    let yearly = |kind, figure, basis| -> Result<Benefit> {
        let new = benefit("plgf-based-testing", "mtfm", kind, figure)?;
        Ok(Benefit {
            basis,
            recurrence: Recurrence::Yearly,
            from: day("2023-04-01")?,
            to: Some(day("2024-04-01")?),
            ..new
        })
    };
    let pregnancies = yearly(BenefitKind::PatientsReached, 41_500, Basis::Estimated)?;
    let (population, counts) = (Some("suspected-pre-eclampsia".to_owned()), Some(Counts::Pregnancies));
    claim(Benefit { population, counts, ..pregnancies })?;
    let saving = yearly(BenefitKind::Saving, 4_000_000, Basis::Projected)?;
    let (class, costs) = (Some(SavingClass::NonCashReleasing), Some(Costs::Gross));
    claim(Benefit { class, costs, ..saving })?;
    for (innovation, programme, kind, figure, qualifier, from) in CLAIMS {
        let new = benefit(innovation, programme, kind, figure)?;
        claim(Benefit { qualifier, from: day(from)?, ..new })?;
    }
    for (innovation, programme, figure, counts, qualifier, from) in COUNTED {
        let new = benefit(innovation, programme, BenefitKind::PatientsReached, figure)?;
        let counted_by = (counts == Counts::Persons).then_some(CountedBy::Account);
        let counts = Some(counts);
        claim(Benefit { qualifier, counts, counted_by, from: day(from)?, ..new })?;
    }
    for (innovation, programme, unit, figure, qualifier, from) in OTHERS {
        let new = benefit(innovation, programme, BenefitKind::Other, figure)?;
        claim(Benefit { unit: Some(unit.to_owned()), qualifier, from: day(from)?, ..new })?;
    }
    let beds = benefit("mycopd", "nia", BenefitKind::BedDays, 1_200)?;
    let method = "Drawn up for illustration.".to_owned();
    let beds = claim(Benefit { method, source: None, illustrative: true, ..beds })?.added.id;
    confirm(conn, context, &beds.to_string())
}

/// Somebody of a trust confirms what was achieved in the first year, for illustration.
fn confirm(conn: &mut Conn, context: &Context, claim: &str) -> Result<()> {
    let achieved = Realisation {
        financial_year: "2015-16".to_owned(),
        figure: Some(950.0),
        qualifier: Qualifier::Exact,
        basis: Basis::Measured,
        counted_to: None,
        source: None,
        illustrative: true,
    };
    let body = Some(crate::organisations::ops::referred(conn, "/organisation", "RJZ")?);
    let actor = Actor { subject: "illustrative-analyst".to_owned(), body, ..(*context.actor).clone() };
    let analyst = Context { actor: Arc::new(actor), ..context.step(Operation::create_benefit_realisation) };
    create_benefit_realisation(conn, &analyst, claim, achieved).map(drop)
}

/// What the founding documents say of innovations beside where they are used; the days are illustrative.
const CLAIMS: [(&str, &str, BenefitKind, i32, Qualifier, &str); 2] = [
    ("feno-testing", "rup", BenefitKind::TrainingHours, 5_000, Qualifier::Approximate, "2021-04-01"),
    ("getubetter", "nia", BenefitKind::PopulationCovered, 20_000_000, Qualifier::AtLeast, "2022-04-01"),
];

/// Patients of innovations, by what was counted.
const COUNTED: [(&str, &str, i32, Counts, Qualifier, &str); 3] = [
    ("feno-testing", "rup", 58_000, Counts::Cases, Qualifier::Approximate, "2021-04-01"),
    ("holly-health", "nia", 40_000, Counts::Persons, Qualifier::AtLeast, "2022-04-01"),
    ("brainomix-e-stroke", "nia", 150_000, Counts::Cases, Qualifier::AtLeast, "2021-04-01"),
];

/// Other figures, each in a unit of its own.
const OTHERS: [(&str, &str, &str, i32, Qualifier, &str); 3] = [
    ("feno-testing", "rup", "devices in primary care", 1_244, Qualifier::Exact, "2021-04-01"),
    ("holly-health", "nia", "per cent of users who adopted a habit", 79, Qualifier::Exact, "2022-04-01"),
    ("isla", "nia", "specialties", 44, Qualifier::Exact, "2022-04-01"),
];

fn pounds(pounds: i64) -> Money {
    Money::of(pounds * 100, "GBP")
}

fn load_funds(conn: &mut Conn, context: &Context) -> Result<()> {
    for (code, name, programme, amount, received_on, note) in [
        ("NIA-2015", "NHS Innovation Accelerator, first wave", "nia", INVESTED, STARTS, "The initial investment."),
        (
            "ITP-2018",
            "Innovation and Technology Payment 2018 (illustrative)",
            "itp",
            500_000,
            "2018-04-01",
            "Illustrative.",
        ),
        ("RUP-2020", "Rapid Uptake Products 2020 (illustrative)", "rup", 200_000, "2020-04-01", "Illustrative."),
    ] {
        let fund = Fund {
            code: code.to_owned(),
            name: name.to_owned(),
            programme: Some(programme.to_owned()),
            currency: "GBP".to_owned(),
            from: Some(day(received_on)?),
            publishing_funder: None,
            illustrative: programme != "nia",
        };
        create_fund(conn, &context.step(Operation::create_fund), fund)?;
        let given = Contribution {
            contributor: "NHS-ENGLAND".to_owned(),
            source: ContributionSource::Nhs,
            amount: pounds(amount),
            received_on: day(received_on)?,
            pledge: None,
            note: Some(note.to_owned()),
        };
        create_contribution(conn, &context.step(Operation::create_contribution), code, given)?;
    }
    let promised = Pledge {
        fund: "RUP-2020".to_owned(),
        contributor: "NHS-ENGLAND".to_owned(),
        financial_year: "2021-22".to_owned(),
        amount: pounds(100_000),
        certainty: PledgeCertainty::Confirmed,
        nature: PledgeNature::Revenue,
        announced_on: Some(day("2020-10-01")?),
        note: Some("A second year (illustrative).".to_owned()),
        illustrative: true,
    };
    create_pledge(conn, &context.step(Operation::create_pledge), promised)?;
    let moved = Reallocation {
        from_fund: "ITP-2018".to_owned(),
        to_fund: "RUP-2020".to_owned(),
        award: None,
        amount: pounds(50_000),
        reason: "What one programme left, another can use (illustrative).".to_owned(),
        made_on: Some(day("2020-06-01")?),
    };
    create_reallocation(conn, &context.step(Operation::create_reallocation), moved).map(drop)
}

/// The same command line in the name of another: nobody approves what they proposed, nor pays what they approved.
fn by(who: &str, context: &Context, operation: Operation) -> Context {
    let actor = Actor { subject: format!("{}-{who}", context.actor.subject), ..(*context.actor).clone() };
    Context { actor: Arc::new(actor), if_match: Some(IfMatch::Any), ..context.step(operation) }
}

/// Three awards, all illustrative: one that is paid, waits for its gateway and for more money, one that ended early, one that waits for
/// its approval.
fn load_awards(conn: &mut Conn, context: &Context) -> Result<()> {
    let mut made = Vec::new();
    for (title, slug, amount) in [
        ("Spread of MyCOPD to ten clinical groups (illustrative)", "mycopd", 300_000),
        ("Electronic observations in five trusts (illustrative)", "nervecentre", 200_000),
        ("A community for every long-term condition (illustrative)", "healthunlocked", 150_000),
    ] {
        let award = Award {
            fund: "NIA-2015".to_owned(),
            programme: None,
            kind: AwardKind::Grant,
            title: title.to_owned(),
            description: "Drawn up for illustration.".to_owned(),
            recipient_organisation: Some("UCLP".to_owned()),
            recipient_person: None,
            innovation: Some(slug.to_owned()),
            fellowship: None,
            amount: pounds(amount),
            planned_from: day("2015-09-01")?,
            planned_to: day("2017-04-01")?,
            profile: Vec::new(),
            evaluation_plan: Some(EvaluationPlan {
                design: "Before and after, with a comparison.".to_owned(),
                dimensions: vec![EvaluationDimension::Health, EvaluationDimension::Economic],
                reports_on: None,
            }),
            geocode: Some("E92000001".to_owned()),
            published: true,
            illustrative: true,
        };
        made.push(create_award(conn, &context.step(Operation::create_award), award)?.row.id.to_string());
    }
    let [first, second, ..] = made.as_slice() else { return Ok(()) };
    for (award, to, on) in [
        (first, "approved", "2015-09-01"),
        (first, "active", "2015-09-15"),
        (second, "approved", "2015-09-01"),
        (second, "active", "2015-09-15"),
    ] {
        let asked = AskedAwardMove { to: to.to_owned(), reason: None, effective_on: Some(day(on)?), authority: None };
        transition_award(conn, &by("approver", context, Operation::transition_award), award, asked)?;
    }
    for (award, amount) in [(first, 180_000), (second, 60_000)] {
        let paid = NewTransaction {
            kind: PostedKind::Disbursement,
            amount: pounds(amount),
            posted_on: Some(day("2015-10-01")?),
            note: None,
        };
        create_award_transaction(conn, &by("payer", context, Operation::create_award_transaction), award, paid)?;
    }
    let planned = |years: &[(&str, &str)]| {
        let year = |(year, amount): &(&str, &str)| PlannedYear {
            financial_year: (*year).to_owned(),
            amount: (*amount).to_owned(),
        };
        years.iter().map(year).collect::<Vec<_>>()
    };
    let later = Reprofiling {
        profile: planned(&[("2015-16", "250000.00"), ("2016-17", "50000.00")]),
        reason: "Two groups begin a year later (illustrative).".to_owned(),
    };
    create_award_reprofiling(conn, &context.step(Operation::create_award_reprofiling), first, later)?;
    let more = Supplement {
        amount: pounds(20_000),
        profile: planned(&[("2016-17", "20000.00")]),
        reason: "An eleventh group (illustrative).".to_owned(),
    };
    create_award_supplement(conn, &context.step(Operation::create_award_supplement), first, more)?;
    let milestone = Milestone {
        title: "Five groups have begun".to_owned(),
        due_on: day("2016-03-31")?,
        state: MilestoneState::Met,
        met_on: Some(day("2016-03-20")?),
    };
    create_milestone(conn, &context.step(Operation::create_milestone), first, milestone)?;
    let mut review = |title: &str, due_on: &str| {
        let new = GatewayReview { title: title.to_owned(), due_on: day(due_on)? };
        create_gateway_review(conn, &context.step(Operation::create_gateway_review), first, new)
    };
    review("After the first year", "2016-10-01")?;
    let held = review("After six months", "2016-03-31")?.added.id.to_string();
    let begun = AskedReviewMove {
        to: "in-progress".to_owned(),
        reason: None,
        effective_on: None,
        decision: None,
        conditions: Vec::new(),
    };
    let step = Context { if_match: Some(IfMatch::Any), ..context.step(Operation::transition_gateway_review) };
    transition_gateway_review(conn, &step, first, &held, begun)?;
    let end = AskedAwardMove {
        to: "terminated".to_owned(),
        reason: Some("The trusts chose another supplier.".to_owned()),
        effective_on: Some(day("2016-02-01")?),
        authority: Some(Authority { reference: "Board, minute 7".to_owned(), on: day("2016-02-01")? }),
    };
    transition_award(conn, &by("approver", context, Operation::transition_award), second, end)?;
    Ok(())
}

fn load_investments(conn: &mut Conn, context: &Context) -> Result<()> {
    for at in 0..INVESTMENTS {
        let new = Investment {
            innovation: Some(innovation(at)),
            fellow: None,
            programme: Some("nia".to_owned()),
            investor: format!("Investor {} (illustrative)", at + 1),
            kind: InvestmentKind::Equity,
            sector: Some(Sector::Private),
            amount: pounds(1_000_000),
            qualifier: Qualifier::AtLeast,
            basis: Basis::Measured,
            invested_on: day("2016-03-01")?,
            source: Some(
                "The founding documents give over 8,000,000 in all; how it divides is illustrative.".to_owned(),
            ),
            illustrative: true,
        };
        create_external_investment(conn, &context.step(Operation::create_external_investment), new)?;
    }
    Ok(())
}
