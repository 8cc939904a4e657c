//! The grants of the register, some at a time.

use super::rules::{Beneficiary, Grant, Party, blocks};
use super::store;
use crate::access::Reach;
use crate::config::Publisher;
use crate::db::Conn;
use crate::db::list::{PageRequest, page};
use crate::error::{Fault, Result};
use crate::funding::awards::rules::AwardState;
use crate::funding::awards::store::{ListAwards, NamedAward, Sight, illustrative, list_seen};
use crate::http::{Context, OneOf};
use chrono::Days;

/// How many awards are read at once.
const CHUNK: i64 = 500;

/// The states of an award that was approved, and all that follow.
const MADE: [AwardState; 5] =
    [AwardState::Approved, AwardState::Active, AwardState::Suspended, AwardState::Completed, AwardState::Terminated];

/// An award as a grant, and what keeps it from being published.
pub struct Judged {
    pub award: NamedAward,
    pub grant: Grant,
    pub blocks: Vec<Fault>,
}

/// Hands over all approved awards that may be published, some at a time, until `take` returns false.
///
/// # Errors
/// The database's own, and what `take` fails with.
pub fn each(
    conn: &mut Conn,
    context: &Context,
    publisher: &Publisher,
    reach: Reach,
    mut take: impl FnMut(Vec<Judged>) -> Result<bool>,
) -> Result<()> {
    let sight = Sight { reach, subject: String::new(), today: context.today() };
    let asked = ListAwards { state: Some(OneOf(MADE.to_vec())), published: Some(true), ..ListAwards::default() };
    let mut request = PageRequest { limit: CHUNK, ..PageRequest::default() };
    loop {
        let page = page::<NamedAward>(conn, &request, &mut |conn| list_seen(conn, &sight, &asked))?;
        let next = page.next.clone();
        if !take(judged(conn, context, publisher, page.rows)?)? {
            return Ok(());
        }
        match next {
            Some(cursor) => request.cursor = Some(cursor),
            None => return Ok(()),
        }
    }
}

fn judged(conn: &mut Conn, context: &Context, publisher: &Publisher, awards: Vec<NamedAward>) -> Result<Vec<Judged>> {
    let rows = || awards.iter().map(|award| &award.row);
    let names = store::names(
        conn,
        &publisher.prefix,
        rows().map(|row| row.fund_id).collect(),
        rows().filter_map(|row| row.recipient_organisation_id).collect(),
        rows().filter_map(|row| row.recipient_person_id).collect(),
        rows().filter_map(|row| row.programme.clone()).collect(),
    )?;
    let invented = illustrative(conn, rows().map(|row| row.id).collect())?;
    let judge = |award: NamedAward| {
        let row = &award.row;
        let unknown = || Party { id: String::new(), name: String::new() };
        let party = |id| names.organisations.get(&id).cloned().unwrap_or_else(unknown);
        let beneficiary = match (row.recipient_organisation_id, row.recipient_person_id) {
            (None, Some(person)) => Beneficiary::Individual(Party {
                id: format!("{}-PER-{person}", publisher.prefix),
                name: names.people.get(&person).cloned().unwrap_or_else(|| "An individual".to_owned()),
            }),
            (organisation, _) => Beneficiary::Organisation(organisation.map_or_else(unknown, party)),
        };
        let funder = names.funders.get(&row.fund_id).map(|id| party(*id));
        let grant = Grant {
            id: format!("{}-{}", publisher.prefix, row.reference),
            title: row.title.clone(),
            description: if row.description.is_empty() { row.title.clone() } else { row.description.clone() },
            amount: row.amount(),
            awarded_on: row.awarded_on,
            planned_from: row.planned_from,
            planned_to: row.planned_to.checked_sub_days(Days::new(1)).unwrap_or(row.planned_to),
            beneficiary,
            funder,
            programme: row
                .programme
                .clone()
                .map(|slug| (slug.clone(), names.programmes.get(&slug).cloned().unwrap_or_default())),
            geocode: row.geocode.clone(),
            modified_at: row.updated_at,
            illustrative: invented.contains(&row.id),
        };
        let blocks = blocks(&grant, context.today());
        Judged { award, grant, blocks }
    };
    Ok(awards.into_iter().map(judge).collect())
}
