//! What grants name, some awards at a time: four queries however many they are.

use super::rules::Party;
use crate::db::Conn;
use crate::db::schema::{contributions, organisations, people, programmes};
use crate::error::Result;
use crate::organisations::store::OrganisationRow;
use crate::vocabulary::Id;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// What stands behind the ids of some awards.
#[derive(Default)]
pub struct Names {
    /// Who contributed to each fund.
    pub funders: HashMap<Id, BTreeSet<Id>>,
    pub organisations: HashMap<Id, Party>,
    /// The names of those who agreed to be named to the public.
    pub people: HashMap<Id, String>,
    pub programmes: HashMap<String, String>,
}

/// The id by which the world knows an organisation (org-id.guide), or else one of the publisher's own.
fn party(row: &OrganisationRow, prefix: &str) -> Party {
    let organisation = row.organisation();
    let known = organisation.identifiers.iter().find(|identifier| identifier.scheme == "org-id");
    let id = match (known, &row.ods_code) {
        (Some(identifier), _) => identifier.value.clone(),
        (None, Some(ods)) => format!("GB-NHS-{ods}"),
        (None, None) => format!("{prefix}-ORG-{}", row.code),
    };
    Party { id, name: row.name.clone() }
}

pub fn names(
    conn: &mut Conn,
    prefix: &str,
    funds: Vec<Id>,
    recipients: Vec<Id>,
    persons: Vec<Id>,
    slugs: Vec<String>,
) -> Result<Names> {
    let mut names = Names::default();
    let given = contributions::table
        .filter(contributions::fund_id.eq_any(funds))
        .select((contributions::fund_id, contributions::contributor_id))
        .distinct();
    let mut bodies: BTreeSet<Id> = recipients.into_iter().collect();
    for (fund, contributor) in given.load::<(Id, Id)>(conn)? {
        names.funders.entry(fund).or_default().insert(contributor);
        bodies.insert(contributor);
    }
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
