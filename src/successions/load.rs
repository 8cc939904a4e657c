//! Loading successions from a file, with the organisations that they need: what an operator does when boards change.

use super::ops::create_organisation_succession;
use super::rules::Succession;
use super::store;
use crate::access::Operation;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::organisations::ops::{get_organisation, import_organisation};
use crate::organisations::rules::Organisation;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The changes of integrated care boards on 1 April 2026, as far as public sources tell them. The boards that began then have
/// codes of this register's own until a file of the Organisation Data Service brings theirs, and nothing says which successor
/// of a divided board is the legal one.
const ICB_CHANGES: &str = include_str!("icb-changes-2026-04-01.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    organisations: Vec<Organisation>,
    successions: Vec<Act>,
}

#[derive(Deserialize)]
struct Act {
    from: String,
    #[serde(flatten)]
    act: Succession,
}

/// Loads the changes of a file, or of 1 April 2026. What was loaded before stays as it is. Returns how many are new.
///
/// # Errors
/// `malformed-body` for a file that is none of these; as [`create_organisation_succession`].
pub fn load(conn: &mut Conn, context: &Context, file: Option<&str>) -> Result<usize> {
    let changes: Changes = serde_json::from_str(file.unwrap_or(ICB_CHANGES)).map_err(|cause| {
        Error::new(crate::error::Code::MalformedBody).detail(format!("This is no file of successions: {cause}."))
    })?;
    for organisation in changes.organisations {
        import_organisation(conn, &context.step(Operation::create_organisation), organisation)?;
    }
    let mut loaded = 0;
    for Act { from, act } in changes.successions {
        let predecessor = get_organisation(conn, &from)?.id;
        if store::days_of(conn, &BTreeSet::from([predecessor]))?.contains(&(predecessor, act.effective_on)) {
            continue;
        }
        let step = context.step(Operation::create_organisation_succession);
        create_organisation_succession(conn, &step, &from, act).map_err(|error| error.context(format!("of {from}")))?;
        loaded += 1;
    }
    Ok(loaded)
}
