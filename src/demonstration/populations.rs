//! Whom the trusts serve: invented, so that groups have something to show.

use super::reading::day;
use crate::access::Operation;
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;
use crate::organisations::reference;
use crate::populations::ops::create_population;
use crate::populations::rules::{DeprivationEdition, Dimension, Population, PopulationGroup, PopulationKind};
use crate::vocabulary::{Basis, Qualifier};

/// The last trusts have no population loaded.
const COUNTED: usize = 22;

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
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
