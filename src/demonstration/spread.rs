//! Who uses what out of who should: the founding documents' figures of spread, as adoptions and eligibility.
//!
//! The documents give how many and by when; which organisations these were, and the days between, are illustrative.

use super::reading::day;
use crate::access::Operation;
use crate::adoptions::moves::rules::AdoptionStage;
use crate::adoptions::ops::create_adoption;
use crate::adoptions::rules::Adoption;
use crate::db::Conn;
use crate::eligibility::ops::create_eligibility;
use crate::eligibility::rules::Eligibility;
use crate::error::Result;
use crate::http::Context;
use crate::innovations::rules::AdoptingUnit;
use crate::organisations::ops::import_organisation;
use crate::organisations::reference::{
    DEMONSTRATION_SUCCESSIONS, DEMONSTRATION_TRUSTS, ENGLAND, INTEGRATED_CARE_BOARDS,
};
use crate::organisations::rules::{Organisation, OrganisationType};
use crate::vocabulary::Qualifier;
use chrono::{Days, NaiveDate};

/// Maternity units, of which nine in ten had adopted PlGF-based testing or were implementing it in April 2024.
const UNITS: usize = 100;
/// Primary care networks, of which 53 in a hundred had access to FeNO testing.
const NETWORKS: usize = 100;

/// Some of those that an innovation is meant for begin to use it between two days, at even distances.
struct Wave {
    innovation: &'static str,
    first: usize,
    count: usize,
    from: &'static str,
    to: &'static str,
    stage: AdoptionStage,
}

const fn wave(
    innovation: &'static str,
    (first, count): (usize, usize),
    (from, to): (&'static str, &'static str),
    stage: AdoptionStage,
) -> Wave {
    Wave { innovation, first, count, from, to, stage }
}

/// Three hospitals came first; three in five units followed while two programmes carried it, and the mandate brought the rest.
const PLGF: [Wave; 4] = [
    wave("plgf-based-testing", (0, 3), ("2016-05-01", "2016-06-15"), AdoptionStage::Adopted),
    wave("plgf-based-testing", (3, 57), ("2018-06-01", "2021-03-01"), AdoptionStage::Adopted),
    wave("plgf-based-testing", (60, 15), ("2021-06-01", "2023-03-01"), AdoptionStage::Adopted),
    wave("plgf-based-testing", (75, 15), ("2023-05-01", "2024-04-01"), AdoptionStage::Implementing),
];

/// Within the two years of the programme SecurAcath and HeartFlow reached between 57 and 68 in a hundred trusts, and e-Stroke more
/// than 35 hospitals within twelve months.
const IN_TRUSTS: [Wave; 3] = [
    wave("securacath", (0, 14), ("2018-05-01", "2020-03-01"), AdoptionStage::Adopted),
    wave("heartflow", (4, 15), ("2018-06-01", "2020-03-01"), AdoptionStage::Adopted),
    wave("brainomix-e-stroke", (1, 20), ("2021-01-01", "2021-12-01"), AdoptionStage::Adopted),
];

const IN_NETWORKS: [Wave; 1] = [wave("feno-testing", (0, 53), ("2021-01-01", "2023-03-01"), AdoptionStage::Adopted)];

const IN_BOARDS: [Wave; 2] = [
    wave("holly-health", (2, 15), ("2021-06-01", "2024-03-01"), AdoptionStage::Adopted),
    wave("getubetter", (10, 17), ("2020-06-01", "2024-03-01"), AdoptionStage::Adopted),
];

/// In what type of organisation an innovation of the demonstration is taken into use.
pub fn unit(innovation: &str) -> Option<AdoptingUnit> {
    let kind = match innovation {
        "plgf-based-testing" => OrganisationType::TrustSite,
        "securacath" | "heartflow" | "brainomix-e-stroke" => OrganisationType::NhsTrust,
        "feno-testing" => OrganisationType::Pcn,
        "holly-health" | "getubetter" | "isla" => OrganisationType::Icb,
        _ => return None,
    };
    Some(AdoptingUnit { indication: None, kind })
}

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    let closed = DEMONSTRATION_SUCCESSIONS.map(|succession| succession.from);
    let trusts: Vec<&str> =
        DEMONSTRATION_TRUSTS.iter().map(|trust| trust.code).filter(|code| !closed.contains(code)).collect();
    let boards: Vec<&str> = INTEGRATED_CARE_BOARDS.iter().map(|board| board.code).collect();
    let units = organisations(conn, context, ("UNIT", "Maternity unit", OrganisationType::TrustSite), UNITS, &trusts)?;
    let networks =
        organisations(conn, context, ("PCN", "Primary care network", OrganisationType::Pcn), NETWORKS, &boards)?;
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    for (waves, of, kind) in [
        (&PLGF[..], units, OrganisationType::TrustSite),
        (&IN_TRUSTS[..], codes(&trusts), OrganisationType::NhsTrust),
        (&IN_NETWORKS[..], networks, OrganisationType::Pcn),
        (&IN_BOARDS[..], codes(&boards), OrganisationType::Icb),
    ] {
        for wave in waves {
            if waves
                .iter()
                .find(|first| first.innovation == wave.innovation)
                .is_some_and(|first| first.first == wave.first)
            {
                meant_for(conn, context, wave.innovation, kind)?;
            }
            begin(conn, context, wave, &of)?;
        }
    }
    // Named by the documents: over 6,000 clinicians in more than thirty hospitals of one board.
    let isla = Adoption::of("isla".to_owned(), "QRV".to_owned(), AdoptionStage::Adopted);
    let at_least = Some(Qualifier::AtLeast);
    let counts =
        Adoption { sites: Some(30), sites_qualifier: at_least, users: Some(6_000), users_qualifier: at_least, ..isla };
    let new = Adoption { since: Some(day("2022-04-01")?), counted_on: Some(day("2024-03-31")?), ..counts };
    meant_for(conn, context, "isla", OrganisationType::Icb)?;
    create_adoption(conn, &context.step(Operation::create_adoption), new).map(drop)
}

/// Illustrative organisations, each below one of others in turn.
fn organisations(
    conn: &mut Conn,
    context: &Context,
    (code, name, kind): (&str, &str, OrganisationType),
    count: usize,
    above: &[&str],
) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for (number, parent) in (1..=count).zip(above.iter().cycle()) {
        let code = format!("ILLUSTRATIVE-{code}-{number}");
        let named = Organisation::named(&code, &format!("{name} {number} (illustrative)"), kind);
        let new = Organisation { parent: Some((*parent).to_owned()), ..named };
        import_organisation(conn, &context.step(Operation::create_organisation), new)?;
        codes.push(code);
    }
    Ok(codes)
}

/// Says that an innovation is meant for all of a type in England.
fn meant_for(conn: &mut Conn, context: &Context, innovation: &str, kind: OrganisationType) -> Result<()> {
    let all = Eligibility {
        indication: None,
        organisation: None,
        place: Some(ENGLAND.code.to_owned()),
        kind: Some(kind),
        eligible: true,
        from: Some(day("2016-04-01")?),
        to: None,
        source: Some("The founding documents say of what type they are; which they are is illustrative.".to_owned()),
        illustrative: true,
    };
    create_eligibility(conn, &context.step(Operation::create_eligibility), innovation, all).map(drop)
}

fn begin(conn: &mut Conn, context: &Context, wave: &Wave, of: &[String]) -> Result<()> {
    let (from, to) = (day(wave.from)?, day(wave.to)?);
    let length = u64::try_from((to - from).num_days()).unwrap_or_default();
    let steps = u64::try_from(wave.count.saturating_sub(1)).unwrap_or(1).max(1);
    for (number, code) in (0..).zip(of.iter().skip(wave.first).take(wave.count)) {
        let since: Option<NaiveDate> = from.checked_add_days(Days::new(length * number / steps));
        let new = Adoption::of(wave.innovation.to_owned(), code.clone(), wave.stage);
        let new = Adoption { since, sites: sites(wave.innovation, number), illustrative: true, ..new };
        let sites_qualifier = new.sites.map(|_| Qualifier::AtLeast);
        let counted_on = new.sites.and(since);
        let new = Adoption { sites_qualifier, counted_on, ..new };
        create_adoption(conn, &context.step(Operation::create_adoption), new)?;
    }
    Ok(())
}

/// How the sites divide that the documents give for all: 35 hospitals in 20 trusts, 200 practices in 15 boards.
fn sites(innovation: &str, number: u64) -> Option<i64> {
    match innovation {
        "brainomix-e-stroke" => Some(if number < 15 { 2 } else { 1 }),
        "holly-health" => Some(if number < 5 { 14 } else { 13 }),
        _ => None,
    }
}
