//! How one innovation spreads among the trusts, and whom the trusts serve: invented, so that curves, charts and groups have
//! something to show.

use super::programmes::member;
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
use crate::organisations::reference;
use crate::organisations::rules::OrganisationType;
use crate::populations::ops::create_population;
use crate::populations::rules::{DeprivationEdition, Dimension, Population, PopulationGroup, PopulationKind};
use crate::vocabulary::{Basis, Qualifier};
use chrono::Days;

const INNOVATION: &str = "securacath";
/// The last trusts have no population loaded.
const COUNTED: usize = 22;

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    let meant = Eligibility {
        indication: None,
        organisation: None,
        place: Some(reference::ENGLAND.code.to_owned()),
        kind: Some(OrganisationType::NhsTrust),
        eligible: true,
        from: Some(day("2018-04-01")?),
        to: None,
        source: None,
        illustrative: true,
    };
    // It was paid for by the programme of that year; the days are illustrative.
    member(conn, context, INNOVATION, "itp", "2018-04-01", Some("2020-04-01"))?;
    create_eligibility(conn, &context.step(Operation::create_eligibility), INNOVATION, meant)?;
    for (at, trust) in (0u64..).zip(&reference::DEMONSTRATION_TRUSTS) {
        let ended = reference::DEMONSTRATION_SUCCESSIONS.iter().any(|succession| succession.from == trust.code);
        let stage = match at % 4 {
            0 | 1 => AdoptionStage::Adopted,
            2 => AdoptionStage::Implementing,
            _ => continue,
        };
        if !ended {
            let since = day("2018-07-01")?.checked_add_days(Days::new(60 * at));
            let new = Adoption::of(INNOVATION.to_owned(), trust.code.to_owned(), stage);
            let step = context.step(Operation::create_adoption);
            create_adoption(conn, &step, Adoption { since, illustrative: true, ..new })?;
        }
    }
    load_populations(conn, context)
}

fn load_populations(conn: &mut Conn, context: &Context) -> Result<()> {
    for (at, trust) in (0i64..).zip(reference::DEMONSTRATION_TRUSTS.iter().take(COUNTED)) {
        for (quintile, group) in (0i64..).zip(PopulationGroup::of(Dimension::ImdQuintile)) {
            // Each trust serves one fifth more than the others, and of a few people it is not known.
            let value = match quintile {
                5 => 4_000,
                fifth if fifth == at % 5 => 190_000,
                fifth => 60_000 + 5_000 * fifth,
            };
            let new = Population {
                organisation: trust.code.to_owned(),
                kind: PopulationKind::Resident,
                on: day("2018-06-30")?,
                group: Some(group),
                edition: Some(DeprivationEdition::Imd2019),
                innovation: None,
                indication: None,
                value,
                qualifier: Qualifier::Approximate,
                basis: Basis::Estimated,
                source: "Invented for illustration".to_owned(),
                illustrative: true,
            };
            create_population(conn, &context.step(Operation::create_population), new)?;
        }
    }
    Ok(())
}
