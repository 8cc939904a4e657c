//! What grants name, some awards at a time: six queries however many they are.

use super::rules::Party;
use crate::db::Conn;
use crate::db::schema::{funds, organisations, people, programmes};
use crate::error::Result;
use crate::funding::funds::store::funders;
use crate::organisations::identifiers::org_id;
use crate::organisations::store::OrganisationRow;
use crate::vocabulary::Id;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// What stands behind the ids of some awards.
#[derive(Default)]
pub struct Names {
    /// Who publishes the grants of each fund: the one it names, or else the one whose money was recorded first.
    pub funders: HashMap<Id, Id>,
    pub organisations: HashMap<Id, Party>,
    /// The names of those who agreed to be named to the public.
    pub people: HashMap<Id, String>,
    pub programmes: HashMap<String, String>,
}

/// The id by which the world knows an organisation (org-id.guide), or else one of the publisher's own.
fn party(row: &OrganisationRow, prefix: &str) -> Party {
    let identifiers = row.organisation().identifiers;
    let id = org_id(row.ods_code.as_deref(), &identifiers).unwrap_or_else(|| format!("{prefix}-ORG-{}", row.code));
    Party { id, name: row.name.clone() }
}

pub fn names(
    conn: &mut Conn,
    prefix: &str,
    of_funds: Vec<Id>,
    recipients: Vec<Id>,
    persons: Vec<Id>,
    slugs: Vec<String>,
) -> Result<Names> {
    let mut names = Names::default();
    let mut bodies: BTreeSet<Id> = recipients.into_iter().collect();
    let all = funders(conn, &of_funds)?;
    names.funders = all.iter().filter_map(|(fund, recorded)| Some((*fund, *recorded.first()?))).collect();
    let publishing = funds::table
        .inner_join(organisations::table.on(organisations::code.nullable().eq(funds::publishing_funder)))
        .filter(funds::id.eq_any(of_funds))
        .select((funds::id, organisations::id));
    for (fund, publisher) in publishing.load::<(Id, Id)>(conn)? {
        // While it is one of them: a pledge may be one no longer.
        if all.get(&fund).is_some_and(|funders| funders.contains(&publisher)) {
            names.funders.insert(fund, publisher);
        }
    }
    bodies.extend(names.funders.values().copied());
    let rows: Vec<OrganisationRow> =
        organisations::table.filter(organisations::id.eq_any(bodies.into_iter().collect::<Vec<_>>())).load(conn)?;
    names.organisations = rows.iter().map(|row| (row.id, party(row, prefix))).collect();
    if !persons.is_empty() {
        let agreed = people::table
            .filter(people::id.eq_any(persons))
            .filter(people::consented_at.is_not_null())
            .filter(people::erased_at.is_null())
            .select((people::id, people::name));
        names.people = agreed.load::<(Id, String)>(conn)?.into_iter().collect();
    }
    let called = programmes::table.filter(programmes::slug.eq_any(slugs)).select((programmes::slug, programmes::name));
    names.programmes = called.load::<(String, String)>(conn)?.into_iter().collect();
    Ok(names)
}
