//! What the register has, in the form that files are held against.

use crate::db::Conn;
use crate::db::schema::{organisation_successions, organisation_successors, organisations};
use crate::error::Result;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// Who succeeded each of these organisations, by the days of the acts that stand.
pub fn successors(conn: &mut Conn, organisations: &BTreeSet<Id>) -> Result<HashMap<(Id, NaiveDate), BTreeSet<Id>>> {
    let mut found: HashMap<(Id, NaiveDate), BTreeSet<Id>> = HashMap::new();
    // SQLite takes a bounded number of parameters.
    for some in organisations.iter().copied().collect::<Vec<_>>().chunks(10_000) {
        let acts = organisation_successors::table
            .inner_join(organisation_successions::table)
            .filter(organisation_successions::from_id.eq_any(some.to_vec()))
            .filter(organisation_successions::withdrawn_at.is_null())
            .select((
                organisation_successions::from_id,
                organisation_successions::effective_on,
                organisation_successors::to_id,
            ));
        for (from, on, to) in acts.load::<(Id, NaiveDate, Id)>(conn)? {
            found.entry((from, on)).or_default().insert(to);
        }
    }
    Ok(found)
}

/// The codes of those organisations that have one of these as their ODS code, by it.
pub fn with_ods_codes(conn: &mut Conn, codes: &[String]) -> Result<HashMap<String, String>> {
    let mut found = HashMap::new();
    // SQLite takes a bounded number of parameters.
    for some in codes.chunks(10_000) {
        let rows = organisations::table.filter(organisations::ods_code.eq_any(some.to_vec()));
        let codes = rows.select((organisations::ods_code.assume_not_null(), organisations::code));
        found.extend(codes.load::<(String, String)>(conn)?);
    }
    Ok(found)
}
