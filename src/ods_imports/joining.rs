//! Loading which practices are members of which primary care networks.

use super::hierarchy::Hierarchy;
use super::outcome::Outcome;
use super::placing::Said;
use super::rules::Membership;
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;
use crate::organisations::rules::{EdgeKind, OrganisationType};
use crate::organisations::store::{OrganisationRow, by_codes};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};

/// Has practices join networks and leave them, as a file of the day `on` says.
///
/// # Errors
/// What the database fails with.
pub fn join(
    conn: &mut Conn,
    context: &Context,
    rows: Vec<(u32, Membership)>,
    on: NaiveDate,
    outcome: &mut Outcome,
) -> Result<()> {
    let codes: BTreeSet<String> =
        rows.iter().flat_map(|(_, row)| [row.network.clone(), row.practice.clone()]).collect();
    let known = by_codes(conn, &codes.into_iter().collect::<Vec<_>>())?;
    let mut hierarchy = Hierarchy::default();
    hierarchy.load(conn, known.values().map(|row| row.id))?;
    for (line, row) in rows {
        let (practice, network) = match ends(&known, &row) {
            Ok(ends) => ends,
            Err((code, detail)) => {
                outcome.refuse(line, code, detail);
                continue;
            }
        };
        let (parent, parent_life) = (network.id, network.span());
        let said = Said { parent, days: row.days, life: practice.span(), parent_life, alone: false };
        let has = hierarchy.is_below(practice.id, EdgeKind::Member, network.id);
        match hierarchy.place(conn, practice.id, EdgeKind::Member, &said, on)? {
            Ok(changes) => outcome.count(has || !changes, changes),
            Err(objection) => {
                let detail = format!("{} in {}: {}", row.practice, row.network, objection.detail);
                outcome.refuse(line, objection.code, detail);
            }
        }
    }
    hierarchy.write(conn, context, &HashMap::new())
}

/// The practice and the network of a row.
///
/// # Errors
/// What is wrong with either.
fn ends<'a>(
    known: &'a HashMap<String, OrganisationRow>,
    row: &Membership,
) -> Result<(&'a OrganisationRow, &'a OrganisationRow), (&'static str, String)> {
    let of_type = |code: &str, kind: OrganisationType, what: &str| {
        let Some(found) = known.get(code) else {
            return Err(("unknown-organisation", format!("The register has no {code}, a {what}. Load that first.")));
        };
        if found.kind == kind { Ok(found) } else { Err(("type", format!("{code} is no {what}."))) }
    };
    let practice = of_type(&row.practice, OrganisationType::GpPractice, "GP practice")?;
    Ok((practice, of_type(&row.network, OrganisationType::Pcn, "primary care network")?))
}
