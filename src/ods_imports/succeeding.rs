//! Recording the successions of a file.

use super::outcome::Outcome;
use super::rules::Succeeded;
use super::store::successors;
use crate::db::{Conn, part};
use crate::error::{Code, Result};
use crate::http::Context;
use crate::organisations::rules::SuccessionKind;
use crate::organisations::store::{OrganisationRow, by_codes};
use crate::successions;
use crate::successions::rules::{Children, Succession, Successor};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The rows about one predecessor and one day, with their lines.
type Acts = BTreeMap<(NaiveDate, String), Vec<(u32, String)>>;

/// Records the successions of which the register knows both ends and has none of that day yet.
///
/// # Errors
/// What the database fails with.
pub fn succeed(conn: &mut Conn, context: &Context, rows: Vec<(u32, Succeeded)>, outcome: &mut Outcome) -> Result<()> {
    let codes: BTreeSet<String> = rows.iter().flat_map(|(_, row)| [row.from.clone(), row.to.clone()]).collect();
    let known = by_codes(conn, &codes.into_iter().collect::<Vec<_>>())?;
    let froms: BTreeSet<Id> = rows.iter().filter_map(|(_, row)| known.get(&row.from)).map(|row| row.id).collect();
    let done = successors(conn, &froms)?;
    let mut joined: HashMap<(String, NaiveDate), u32> = HashMap::new();
    let mut acts = Acts::new();
    for (line, Succeeded { from, to, on }) in rows {
        let (Some(predecessor), Some(successor)) = (known.get(&from), known.get(&to)) else {
            outcome.counts.passed_over += 1;
            continue;
        };
        *joined.entry((to.clone(), on)).or_default() += 1;
        match done.get(&(predecessor.id, on)) {
            Some(heirs) if heirs.contains(&successor.id) => outcome.count(true, false),
            Some(_) => {
                let detail = format!(
                    "{from} was succeeded by others on {on}, and {to} is none of them. Take that succession back and record one with all."
                );
                outcome.refuse(line, "succession", detail);
            }
            None => acts.entry((on, from)).or_default().push((line, to)),
        }
    }
    for ((on, from), heirs) in acts {
        let merges = |to: &str| {
            joined.get(&(to.to_owned(), on)).is_some_and(|number| *number > 1)
                || known.get(to).is_some_and(|to| to.valid_from.is_none_or(|opened| opened < on))
        };
        record(conn, context, (on, &from, &heirs), merges, outcome)?;
    }
    Ok(())
}

fn record(
    conn: &mut Conn,
    context: &Context,
    (effective_on, from, heirs): (NaiveDate, &str, &[(u32, String)]),
    merges: impl Fn(&str) -> bool,
    outcome: &mut Outcome,
) -> Result<()> {
    let kind = match heirs {
        [(_, only)] if merges(only) => SuccessionKind::Merge,
        [_] => SuccessionKind::Rename,
        _ => SuccessionKind::Split,
    };
    // The file names no legal successor and no shares of several, and none is assumed.
    let to = heirs.iter().map(|(_, to)| Successor { code: to.clone(), legal: false, share: None }).collect();
    let source = Some("Organisation Data Service, succ".to_owned());
    let act = Succession { kind, effective_on, to, children: Children::default(), source, illustrative: false };
    let number = u32::try_from(heirs.len()).unwrap_or(u32::MAX);
    // What follows from an act may fail after some of it was written.
    let done = part(conn, |conn| {
        successions::ops::prepare(conn, from, act)?.record(conn, context)?;
        Ok(((), true))
    });
    match done {
        Ok(()) => outcome.counts.created += number,
        Err(error) if [Code::ValidationFailed, Code::AlreadyExists].contains(&error.code()) => {
            let first = error.listed().first().map(|fault| fault.detail.clone());
            let detail = first.unwrap_or_else(|| format!("{from} was succeeded by others already."));
            let line = heirs.first().map_or(0, |(line, _)| *line);
            outcome.warn(line, "succession", format!("{from}: {detail} Record it by hand."));
            outcome.counts.passed_over += number;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The organisations among these of which a succession made the end that they have.
///
/// # Errors
/// What the database fails with.
pub fn ended_by_one<'a>(conn: &mut Conn, rows: impl IntoIterator<Item = &'a OrganisationRow>) -> Result<BTreeSet<Id>> {
    let ended: BTreeMap<Id, NaiveDate> = rows.into_iter().filter_map(|row| Some((row.id, row.valid_to?))).collect();
    let days = successions::store::days_of(conn, &ended.keys().copied().collect())?;
    Ok(ended.into_iter().filter(|end| days.contains(end)).map(|(id, _)| id).collect())
}
