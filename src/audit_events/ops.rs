//! Holding the audit trail against its hashes, its erasures and its checkpoints.

use super::checkpoints::Keys;
use super::rules::{Fault, LOOKS_AHEAD, Vouched, Walk, Walked, altered_subjects};
use super::store;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::events::chain::Subjects;
use crate::events::store::Numbered;
use crate::events::{End, store as events};
use crate::grants::keys::SealingKey;
use crate::vocabulary::hex;
use serde_json::Value;
use std::collections::VecDeque;

/// How many events are read at a time.
const SOME: i64 = 2_000;

/// What was found.
#[derive(Debug)]
pub struct Verified {
    pub end: End,
    /// How many events were emptied by an erasure.
    pub erased: u64,
    /// How many checkpoints hold.
    pub checkpoints: usize,
    pub faults: Vec<Fault>,
}

impl Verified {
    /// One line for each fault, or one that says what was looked at.
    pub fn in_words(&self) -> String {
        if self.faults.is_empty() {
            let Self { end, erased, checkpoints, .. } = self;
            return format!(
                "{} events, {erased} of them emptied by erasures, {checkpoints} checkpoints: the audit trail is whole; it \
                 ends with {}",
                end.position,
                hex(&end.hash)
            );
        }
        let lines: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }
}

/// Makes the chain again from the first event to the last and holds it against what is stored, the erasures and the
/// checkpoints: those that are kept here, and those that were kept elsewhere.
///
/// # Errors
/// The database's own. What is wrong with the trail is in the answer.
pub fn verify(conn: &mut Conn, sealing: Option<&SealingKey>, elsewhere: &[String]) -> Result<Verified> {
    if !events::can_forget(conn)? {
        return verify_by_the_first_rule(conn);
    }
    let keys = Keys::read(conn, sealing)?;
    let mut faults = Vec::new();
    let mut signed = Vec::new();
    for row in store::checkpoints(conn)? {
        match keys.verify(&row.signature) {
            Ok(said) if said.position == row.position && said.hash == hex(&row.hash) => signed.push(said),
            Ok(_) => faults.push(signature(row.position, "it was signed over another position or hash")),
            Err(why) => faults.push(signature(row.position, &why)),
        }
    }
    for (line, text) in (1..).zip(elsewhere) {
        match keys.verify(text) {
            Ok(said) => signed.push(said),
            Err(why) => return Err(Error::internal(format!("checkpoint {line} of those kept elsewhere: {why}"))),
        }
    }
    signed.sort_by_key(|said| said.position);
    let subjects = events::subjects(conn)?;
    faults.extend(altered_subjects(&subjects));
    let mut walk = Walk::new(&subjects, signed.iter().map(|said| said.position));
    go(conn, &mut walk, events::after)?;
    let Walked { end, erased, faults: found, vouched, hashes } = walk.end();
    faults.extend(found);
    for Vouched { by, first, number, digest } in vouched {
        let data = events::data_of(conn, by)?;
        let data: Value = data.and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default();
        if data["voucher"] != digest.as_str() || data["events"] != number {
            faults.push(Fault::Erasure { by, first, number });
        }
    }
    let (mut agreed, mut checkpoints, mut gone) = (0, 0, 0);
    for said in &signed {
        match hashes.get(&said.position).and_then(Option::as_ref) {
            Some(hash) if hex(hash) == said.hash => {
                (agreed, checkpoints) = (said.position, checkpoints + 1);
            }
            Some(_) => faults.push(Fault::Rewritten { from: agreed + 1, to: said.position }),
            None => gone = said.position,
        }
    }
    if gone > end {
        faults.push(Fault::Tail { end, signed: gone });
    }
    Ok(Verified { end: events::end(conn)?, erased, checkpoints, faults })
}

/// Walks to the end.
fn go(conn: &mut Conn, walk: &mut Walk, next: fn(&mut Conn, i64, i64) -> Result<Vec<Numbered>>) -> Result<()> {
    let (mut ahead, mut read) = (VecDeque::new(), 0);
    loop {
        if ahead.len() <= LOOKS_AHEAD {
            let more = next(conn, read, SOME)?;
            read = more.last().map_or(read, |last| last.position);
            ahead.extend(more);
        }
        if ahead.is_empty() {
            return Ok(());
        }
        walk.step(&mut ahead);
    }
}

/// As [`verify`], of a schema from before erasures and checkpoints.
fn verify_by_the_first_rule(conn: &mut Conn) -> Result<Verified> {
    let nobody = Subjects::new();
    let mut walk = Walk::new(&nobody, std::iter::empty());
    go(conn, &mut walk, events::after_of_old)?;
    Ok(Verified { end: events::end(conn)?, erased: 0, checkpoints: 0, faults: walk.end().faults })
}

fn signature(position: i64, why: &str) -> Fault {
    Fault::Signature { position, why: why.to_owned() }
}
