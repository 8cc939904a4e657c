//! What an event's place in the trail says of it, and who may see an event.

use crate::access::Operation;
use crate::events::chain::{FORGOTTEN, RULE, SubjectRow, Subjects, Voucher, nobody, salted};
use crate::events::store::Numbered;
use crate::vocabulary::Id;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;

/// The operation by which each kind of record is read: whoever may not do that for a part of the register does not see
/// what was done there. A kind that is not listed is for national administrators and for whoever did it or owns it.
pub const READ_BY: &[(&str, Operation)] = &[
    ("adoption", Operation::get_adoption),
    ("annotation", Operation::get_annotation),
    ("attendance", Operation::get_attendance),
    ("award", Operation::get_award),
    ("award-reprofiling", Operation::get_award_reprofiling),
    ("award-supplement", Operation::get_award_supplement),
    ("benefit", Operation::get_benefit),
    ("call", Operation::get_call),
    ("client", Operation::get_client),
    ("client-key", Operation::list_client_keys),
    ("client-secret", Operation::list_client_secrets),
    ("cohort", Operation::get_cohort),
    ("contribution", Operation::get_contribution),
    ("eligibility", Operation::get_eligibility),
    ("exclusion", Operation::get_exclusion),
    ("external-investment", Operation::get_external_investment),
    ("fellow", Operation::get_fellow),
    ("fellowship", Operation::get_fellowship),
    ("fund", Operation::get_fund),
    ("gateway-review", Operation::get_gateway_review),
    ("grant", Operation::get_grant),
    ("innovation", Operation::get_innovation),
    ("kpi", Operation::get_kpi),
    ("kpi-return", Operation::get_kpi_return),
    ("kpi-set", Operation::get_kpi_set),
    ("kpi-submission", Operation::get_kpi_submission),
    ("kpi-target", Operation::get_kpi_target),
    ("kpi-value-flag", Operation::get_kpi_value_flag),
    ("leader", Operation::get_leader),
    ("learning-event", Operation::get_learning_event),
    ("lock-exception", Operation::get_lock_exception),
    ("mentorship", Operation::get_mentorship),
    ("milestone", Operation::get_milestone),
    ("network", Operation::get_network),
    ("network-membership", Operation::get_network_membership),
    ("organisation", Operation::get_organisation),
    ("organisation-edge", Operation::get_organisation_edge),
    ("organisation-succession", Operation::get_organisation_succession),
    ("person", Operation::get_person),
    ("person-request", Operation::get_person_request),
    ("pledge", Operation::get_pledge),
    ("population", Operation::get_population),
    ("programme", Operation::get_programme),
    ("programme-membership", Operation::get_programme_membership),
    ("programme-partner", Operation::get_programme_partner),
    ("reallocation", Operation::get_reallocation),
    ("recalculation", Operation::get_recalculation),
    ("release", Operation::get_release),
    ("reporting-exception", Operation::get_reporting_exception),
    ("webhook", Operation::get_webhook),
];

/// Kinds that a programme sees, and else only whoever did it or owns it: an application is no business of others of the
/// same organisation, nor a review of its applicant.
pub const FOR_THE_PROGRAMME: &[&str] = &["application", "review"];
/// What is done to an application before it is submitted is its applicant's own.
pub const WHILE_DRAFTED: &[&str] = &["create_application", "update_application"];

/// What is wrong with the trail, by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Altered(i64),
    /// What the details, or the subject, hold is not what their digest was taken of.
    Details(i64),
    Emptied(i64),
    Removed {
        from: i64,
        to: i64,
    },
    /// Some are gone, and those behind them were given their positions.
    ClosedUp {
        before: i64,
        number: i64,
    },
    Inserted(i64),
    Swapped(i64, i64),
    Subject(i64),
    Erasure {
        by: Id,
        first: i64,
        number: u64,
    },
    Rewritten {
        from: i64,
        to: i64,
    },
    Tail {
        end: i64,
        signed: i64,
    },
    Signature {
        position: i64,
        why: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(at) => {
                write!(f, "event {at} was altered (or the one before it, together with that one's hash)")
            }
            Self::Details(at) => write!(f, "event {at} was altered: its details or its subject are not those recorded"),
            Self::Emptied(at) => write!(f, "event {at} was altered: its details are gone, and no erasure took them"),
            Self::Removed { from, to } if from == to => write!(f, "event {from} was removed"),
            Self::Removed { from, to } => write!(f, "events {from} to {to} were removed"),
            Self::ClosedUp { before, number } => write!(
                f,
                "{number} event(s) were removed before event {before}, and the positions from there on were closed up"
            ),
            Self::Inserted(at) => {
                write!(f, "event {at} was inserted, and those from there on were given later positions")
            }
            Self::Swapped(one, other) => write!(f, "events {one} and {other} were swapped"),
            Self::Subject(id) => {
                write!(f, "subject {id} was altered: it is not the text that events name by this number")
            }
            Self::Erasure { by, first, number } => write!(
                f,
                "event {first} was altered: it is one of {number} that say the erasure {by} emptied them, and that erasure \
                 does not say so"
            ),
            Self::Rewritten { from, to } => {
                write!(
                    f,
                    "some of the events {from} to {to} were rewritten: the checkpoint at {to} was signed over others"
                )
            }
            Self::Tail { end, signed } => {
                write!(f, "events {} to {signed} were removed: a checkpoint was signed at {signed}", end + 1)
            }
            Self::Signature { position, why } => write!(f, "the checkpoint at {position} does not hold: {why}"),
        }
    }
}

/// As many events may have been inserted, or removed and closed up, in one place and still be told as such.
pub const LOOKS_AHEAD: usize = 64;

/// A walk along the trail.
pub struct Walk<'a> {
    subjects: &'a Subjects,
    /// The hash before the next event, unless that event is gone.
    before: Option<Vec<u8>>,
    /// The position of the last event that was looked at.
    pub position: i64,
    /// By how much positions are later than they were, since some were inserted.
    shift: i64,
    vouchers: HashMap<Id, (i64, Voucher)>,
    /// The hashes that checkpoints are held against, by the position that they were signed at.
    wanted: BTreeMap<i64, Option<Vec<u8>>>,
    pub erased: u64,
    pub faults: Vec<Fault>,
}

impl<'a> Walk<'a> {
    /// `checkpoints` are the positions to remember the hashes of.
    pub fn new(subjects: &'a Subjects, checkpoints: impl Iterator<Item = i64>) -> Self {
        Self {
            subjects,
            before: Some(Vec::new()),
            position: 0,
            shift: 0,
            vouchers: HashMap::new(),
            wanted: checkpoints.map(|position| (position, None)).collect(),
            erased: 0,
            faults: Vec::new(),
        }
    }

    /// Takes the next event, or the next few, from the front. What comes behind says what happened where one does not fit.
    pub fn step(&mut self, ahead: &mut VecDeque<Numbered>) {
        let Some(here) = ahead.pop_front() else { return };
        if here.position > self.position + 1 {
            self.faults.push(Fault::Removed { from: self.position + 1, to: here.position - 1 });
            self.before = None;
        }
        self.position = here.position;
        let Some(before) = self.before.take() else { return self.pass(&here) };
        if self.fits(&here, &before, 0) || self.is_vouched(&here) {
            return self.pass(&here);
        }
        if let Some(next) = ahead.front().cloned()
            && self.fits(&next, &before, 1)
            && self.fits(&here, &next.hash, -1)
        {
            self.faults.push(Fault::Swapped(here.position, next.position));
            ahead.pop_front();
            self.position = next.position;
            self.before = Some(here.hash);
            return;
        }
        let inserted = (1..=LOOKS_AHEAD).find(|number| {
            let back = i64::try_from(*number).unwrap_or_default();
            ahead.get(number - 1).is_some_and(|next| self.fits(next, &before, back))
        });
        if let Some(number) = inserted {
            self.faults.push(Fault::Inserted(here.position));
            for more in ahead.drain(..number - 1) {
                self.faults.push(Fault::Inserted(more.position));
                self.position = more.position;
            }
            self.shift += i64::try_from(number).unwrap_or_default();
            self.before = Some(before);
            return;
        }
        let removed = (1..=LOOKS_AHEAD).map(|number| i64::try_from(number).unwrap_or_default());
        let removed = removed.filter(|_| ahead.front().is_some());
        let mut removed =
            removed.filter(|number| ahead.front().is_some_and(|next| self.fits(next, &here.hash, -number)));
        if let Some(number) = removed.next() {
            self.faults.push(Fault::ClosedUp { before: here.position, number });
            self.shift -= number;
        } else {
            self.faults.push(Fault::Altered(here.position));
        }
        self.pass(&here);
    }

    /// Whether the event follows what has this hash, `back` positions before where it stands.
    fn fits(&self, numbered: &Numbered, before: &[u8], back: i64) -> bool {
        let position = numbered.position - self.shift - back;
        numbered.event.chained_to(before, position, self.subjects) == numbered.hash
    }

    /// Whether its hash cannot be made again since an erasure took what the first rule took it over; the erasure says so.
    fn is_vouched(&self, numbered: &Numbered) -> bool {
        numbered.event.rule.is_none() && numbered.event.erased_by.is_some()
    }

    /// Looks into an event whose place is settled.
    fn pass(&mut self, here: &Numbered) {
        let (event, position) = (&here.event, here.position);
        if let Some(by) = event.erased_by {
            self.erased += 1;
            let (_, voucher) = self.vouchers.entry(by).or_insert_with(|| (position, Voucher::default()));
            voucher.add(position, &here.hash, event);
        }
        if event.rule.is_some() {
            let details = match (&event.salt, event.erased_by) {
                (None, None) if event.data == FORGOTTEN => Some(Fault::Emptied(position)),
                (None, Some(_)) if event.data == FORGOTTEN => None,
                (Some(salt), _) if event.digest.as_ref() == Some(&salted(salt, &event.data)) => None,
                _ => Some(Fault::Details(position)),
            };
            let named = [(event.subject_id, Some(&event.subject)), (event.owner_id, event.owner.as_ref())];
            let named = named.into_iter().all(|(id, text)| self.is_named(id, text));
            let details = details.or_else(|| (event.rule != Some(RULE) || !named).then_some(Fault::Details(position)));
            self.faults.extend(details.filter(|_| self.faults.last() != Some(&Fault::Altered(position))));
        }
        if let Some(hash) = self.wanted.get_mut(&(position - self.shift)) {
            *hash = Some(here.hash.clone());
        }
        self.before = Some(here.hash.clone());
    }

    fn is_named(&self, id: Option<i64>, text: Option<&String>) -> bool {
        match (id.map(|id| self.subjects.get(&id)), text) {
            (None, None) => true,
            (Some(Some(row)), Some(text)) => match &row.subject {
                // One that was altered is told once, not with each of its events.
                Some(subject) => subject == text || is_altered(row),
                None => *text == nobody(row.id),
            },
            _ => false,
        }
    }

    /// Ends the walk: which erasure each emptied event names, with what that erasure should say of them, and the hashes at
    /// the checkpoints.
    pub fn end(self) -> Walked {
        let vouchers = self.vouchers.into_iter().map(|(by, (first, voucher))| {
            let (number, digest) = voucher.finish();
            Vouched { by, first, number, digest }
        });
        Walked {
            end: self.position,
            erased: self.erased,
            faults: self.faults,
            vouched: vouchers.collect(),
            hashes: self.wanted,
        }
    }
}

/// Events that say which erasure emptied them.
#[derive(Debug)]
pub struct Vouched {
    pub by: Id,
    pub first: i64,
    pub number: u64,
    pub digest: String,
}

#[derive(Debug)]
pub struct Walked {
    pub end: i64,
    pub erased: u64,
    pub faults: Vec<Fault>,
    pub vouched: Vec<Vouched>,
    /// The hash at each checkpoint, where there is an event.
    pub hashes: BTreeMap<i64, Option<Vec<u8>>>,
}

fn is_altered(row: &SubjectRow) -> bool {
    match (&row.subject, &row.salt) {
        (Some(subject), Some(salt)) => salted(salt, subject) != row.digest,
        (None, None) => row.erased_by.is_none(),
        _ => true,
    }
}

/// The subjects whose text is not the one that was recorded; one without a text was erased.
pub fn altered_subjects(subjects: &Subjects) -> Vec<Fault> {
    let mut ids: Vec<i64> = subjects.values().filter(|row| is_altered(row)).map(|row| row.id).collect();
    ids.sort_unstable();
    ids.into_iter().map(Fault::Subject).collect()
}
