//! The stages of an adoption, which moves there are between them, and what a history of moves makes of each day.

use crate::calendar::{Span, Until};
use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use crate::words;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// The stage that an organisation has reached with an innovation.
    pub enum AdoptionStage {
        Identified = "identified",
        Engaged = "engaged",
        Committed = "committed",
        Piloting = "piloting",
        Implementing = "implementing",
        Adopted = "adopted",
        Sustained = "sustained",
        Declined = "declined",
        Paused = "paused",
        Decommissioned = "decommissioned",
        Superseded = "superseded",
    }
}

words! {
    /// What it means that an innovation is adopted, where adoptions are counted.
    pub enum Measure {
        /// Adopted or sustained.
        Adopted = "adopted",
        /// Implementing, adopted or sustained.
        AdoptedOrImplementing = "adopted-or-implementing",
        /// From piloting on.
        InUse = "in-use",
    }
}

impl Measure {
    /// The stages that count.
    pub fn stages(self) -> &'static [AdoptionStage] {
        let first = match self {
            Self::InUse => 3,
            Self::AdoptedOrImplementing => 4,
            Self::Adopted => 5,
        };
        &WAY[first..]
    }
}

/// The stages in the order they are gone through; any may be skipped.
const WAY: [AdoptionStage; 7] = [
    AdoptionStage::Identified,
    AdoptionStage::Engaged,
    AdoptionStage::Committed,
    AdoptionStage::Piloting,
    AdoptionStage::Implementing,
    AdoptionStage::Adopted,
    AdoptionStage::Sustained,
];

impl AdoptionStage {
    /// Whether the organisation uses the innovation: from piloting on, except while it is paused.
    pub fn is_use(self) -> bool {
        Measure::InUse.stages().contains(&self)
    }

    /// Whether a fellow of the innovation may record this stage first.
    pub fn is_proposal(self) -> bool {
        matches!(self, Self::Identified | Self::Engaged)
    }

    /// Whether a move to this stage needs a reason.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Declined | Self::Paused | Self::Decommissioned | Self::Superseded)
    }

    /// Whether nothing goes on after it: what comes next begins anew.
    fn is_end(self) -> bool {
        matches!(self, Self::Declined | Self::Decommissioned | Self::Superseded)
    }

    /// Whether an adoption can begin with this stage. A pause has a stage before it.
    pub fn can_be_first(self) -> bool {
        self != Self::Paused
    }

    /// Where a move leads from this stage; `left` is the stage before a pause.
    pub fn next(self, left: Option<Self>) -> Vec<Self> {
        let ahead = WAY.into_iter().skip_while(|stage| *stage != self).skip(1);
        match self {
            Self::Identified | Self::Engaged | Self::Committed => ahead.chain([Self::Declined]).collect(),
            Self::Piloting | Self::Implementing => ahead.chain([Self::Declined, Self::Paused]).collect(),
            Self::Adopted | Self::Sustained => {
                ahead.chain([Self::Paused, Self::Decommissioned, Self::Superseded]).collect()
            }
            Self::Declined => vec![Self::Engaged],
            Self::Paused => match left {
                Some(left @ (Self::Adopted | Self::Sustained)) => vec![left, Self::Decommissioned, Self::Superseded],
                Some(left) => vec![left, Self::Declined],
                None => Vec::new(),
            },
            // A new spell.
            Self::Decommissioned | Self::Superseded => WAY.into_iter().take(5).collect(),
        }
    }
}

/// A move, as far as the stages on days hang on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub id: Id,
    pub on: NaiveDate,
    /// Which of the moves of one day comes first.
    pub rank: i32,
    pub to: AdoptionStage,
}

/// The stage held from one day up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    pub stage: AdoptionStage,
    pub from: NaiveDate,
    pub to: Until,
}

impl Spell {
    pub fn span(&self) -> Span {
        Span { from: self.from, to: self.to.day() }
    }
}

/// The moves of an adoption that were not withdrawn, in their order: by day, and by rank those of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    steps: Vec<Step>,
    /// The highest rank that was given, to moves that were withdrawn too: no two have the same.
    last_rank: i32,
}

/// A move that the stage before it does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    /// What it follows; nothing where it is the first.
    after: Option<(Step, Option<AdoptionStage>)>,
    step: Step,
}

impl Fault {
    /// The same fault has the same ends, whatever else moved.
    fn ends(&self) -> (Option<(Id, AdoptionStage)>, (Id, AdoptionStage)) {
        (self.after.map(|(after, _)| (after.id, after.to)), (self.step.id, self.step.to))
    }

    fn error(&self) -> Error {
        let (to, on) = (self.step.to.as_str(), self.step.on);
        let (start, allowed) = match self.after {
            None => (
                format!("An adoption cannot begin with {to}, as it would on {on}"),
                AdoptionStage::ALL.iter().copied().filter(|stage| stage.can_be_first()).collect(),
            ),
            Some((after, left)) => (
                format!("There is no move from {} (since {}) to {to} (on {on})", after.to.as_str(), after.on),
                after.to.next(left),
            ),
        };
        let words: Vec<&str> = allowed.iter().map(|stage| stage.as_str()).collect();
        let detail = format!("{start}; allowed there: {}.", words.join(", "));
        Error::new(Code::IllegalTransition).detail(detail).with("allowed", words)
    }
}

impl History {
    pub fn new(mut steps: Vec<Step>, last_rank: i32) -> Self {
        steps.sort_by_key(|step| (step.on, step.rank));
        Self { steps, last_rank }
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The move with this id.
    pub fn step(&self, id: Id) -> Option<Step> {
        self.steps.iter().find(|step| step.id == id).copied()
    }

    /// The stage before this move; none for the first.
    pub fn stage_before(&self, id: Id) -> Option<AdoptionStage> {
        let at = self.steps.iter().position(|step| step.id == id)?;
        self.steps.get(at.checked_sub(1)?).map(|step| step.to)
    }

    /// The present stage.
    pub fn stage(&self) -> Option<AdoptionStage> {
        self.steps.last().map(|step| step.to)
    }

    /// Whether it has the stage on a day already, or a move to it that took effect then.
    pub fn says(&self, stage: AdoptionStage, day: NaiveDate) -> bool {
        let held = self.steps.iter().rev().find(|step| step.on <= day).map(|step| step.to);
        held == Some(stage) || self.has(stage, day)
    }

    /// Whether there is a move to the stage that took effect on the day.
    pub fn has(&self, stage: AdoptionStage, day: NaiveDate) -> bool {
        self.steps.iter().any(|step| (step.on, step.to) == (day, stage))
    }

    /// The rank of the next move that is entered.
    pub fn next_rank(&self) -> i32 {
        self.last_rank + 1
    }

    /// The history with one move more, or another in the place of that with the same id. Of the moves of its day it comes after all
    /// others, or before those of the rank that is given.
    #[must_use]
    pub fn with(&self, step: Step, before: Option<i32>) -> Self {
        let known = self.steps.iter().find(|known| known.id == step.id);
        let step = Step { rank: known.map_or(self.next_rank(), |known| known.rank), ..step };
        let others = self.steps.iter().copied().filter(|other| other.id != step.id);
        let (mut day, rest): (Vec<Step>, Vec<Step>) = others.partition(|other| other.on == step.on);
        match before {
            None => day.push(step),
            Some(before) => {
                // The day's moves share the ranks they have, in another order.
                day.insert(day.iter().filter(|other| other.rank < before).count(), step);
                let mut ranks: Vec<i32> = day.iter().map(|step| step.rank).collect();
                ranks.sort_unstable();
                day.iter_mut().zip(ranks).for_each(|(step, rank)| step.rank = rank);
            }
        }
        Self::new(rest.into_iter().chain(day).collect(), self.last_rank.max(step.rank))
    }

    /// The history without some of its moves.
    #[must_use]
    pub fn without(&self, ids: &[Id]) -> Self {
        let steps = self.steps.iter().copied().filter(|step| !ids.contains(&step.id)).collect();
        Self { steps, last_rank: self.last_rank }
    }

    fn faults(&self) -> Vec<Fault> {
        let (mut faults, mut before, mut left) = (Vec::new(), None::<Step>, None);
        for step in self.steps.iter().copied() {
            let allowed = match before {
                None => step.to.can_be_first(),
                Some(before) => before.to.next(left).contains(&step.to),
            };
            if !allowed {
                faults.push(Fault { after: before.map(|before| (before, left)), step });
            }
            left = before.filter(|_| step.to == AdoptionStage::Paused).map(|before| before.to);
            before = Some(step);
        }
        faults
    }

    /// Whether another history may take this one's place. What an earlier version of the register allowed may stay.
    ///
    /// # Errors
    /// `illegal-transition`, with the first two moves that cannot follow each other.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        let before = self.faults();
        let known = |fault: &Fault| before.iter().any(|one| one.ends() == fault.ends());
        new.faults().iter().find(|fault| !known(fault)).map_or(Ok(()), |fault| Err(fault.error()))
    }

    /// The stage held on each day from the first move on: the last move effective by the day.
    pub fn spells(&self) -> Vec<Spell> {
        let by_day: BTreeMap<NaiveDate, AdoptionStage> = self.steps.iter().map(|step| (step.on, step.to)).collect();
        let mut days: Vec<(NaiveDate, AdoptionStage)> = by_day.into_iter().collect();
        days.dedup_by_key(|(_, stage)| *stage);
        let ends = days.iter().skip(1).map(|(day, _)| Until::from(Some(*day))).chain([Until::FURTHER_NOTICE]);
        days.iter().zip(ends).map(|((from, stage), to)| Spell { stage: *stage, from: *from, to }).collect()
    }

    /// The spells of use: what was paused, or had ended, lies between them.
    pub fn used(&self) -> Vec<Span> {
        Span::merged(self.spells().iter().filter(|spell| spell.stage.is_use()).map(Spell::span).collect())
    }

    /// The days on which something begins: the adoption itself, what comes after an end, and each spell of use.
    fn beginnings(&self) -> BTreeSet<NaiveDate> {
        let before = [None].into_iter().chain(self.steps.iter().map(|step| Some(step.to)));
        let begun = self.steps.iter().zip(before).filter(|(_, before)| before.is_none_or(AdoptionStage::is_end));
        begun.map(|(step, _)| step.on).chain(self.used().iter().map(|span| span.from)).collect()
    }

    /// Whether everything that another history has begin does so while the organisation is there.
    ///
    /// # Errors
    /// `validation-failed` for what begins on the day it closed or later, at the pointer of that day.
    pub fn check_life(
        &self,
        new: &Self,
        closed: Option<NaiveDate>,
        pointer: impl Fn(NaiveDate) -> String,
    ) -> Result<()> {
        let Some(closed) = closed else { return Ok(()) };
        match new.beginnings().difference(&self.beginnings()).find(|day| **day >= closed) {
            None => Ok(()),
            Some(day) => {
                let detail = format!("The organisation closed on {closed}. Nothing can begin on that day or later.");
                Err(Error::invalid(pointer(*day), "closed", detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AdoptionStage::*;
    use super::*;
    use proptest::prelude::*;
    use std::cell::RefCell;

    #[test]
    fn an_adoption_goes_forward_and_may_skip() {
        for (from, expected) in [
            (Identified, vec![Engaged, Committed, Piloting, Implementing, Adopted, Sustained, Declined]),
            (Implementing, vec![Adopted, Sustained, Declined, Paused]),
            (Adopted, vec![Sustained, Paused, Decommissioned, Superseded]),
            (Sustained, vec![Paused, Decommissioned, Superseded]),
            (Declined, vec![Engaged]),
            (Decommissioned, vec![Identified, Engaged, Committed, Piloting, Implementing]),
            (Superseded, vec![Identified, Engaged, Committed, Piloting, Implementing]),
        ] {
            assert_eq!(from.next(None), expected, "{from:?}");
        }
    }

    #[test]
    fn a_paused_one_resumes_to_the_stage_it_left_or_ends() {
        assert_eq!(Paused.next(Some(Piloting)), [Piloting, Declined]);
        assert_eq!(Paused.next(Some(Sustained)), [Sustained, Decommissioned, Superseded]);
    }

    #[test]
    fn a_measure_counts_the_stages_from_its_own_on() {
        assert_eq!(Measure::Adopted.stages(), [Adopted, Sustained]);
        assert_eq!(Measure::AdoptedOrImplementing.stages(), [Implementing, Adopted, Sustained]);
        assert_eq!(Measure::InUse.stages(), [Piloting, Implementing, Adopted, Sustained]);
    }

    #[test]
    fn the_first_stages_are_proposals_and_whatever_ends_or_interrupts_needs_a_reason() {
        let all = |is: fn(AdoptionStage) -> bool| AdoptionStage::ALL.iter().copied().filter(move |one| is(*one));
        assert!(all(AdoptionStage::is_proposal).eq([Identified, Engaged]));
        assert!(all(AdoptionStage::needs_reason).eq([Declined, Paused, Decommissioned, Superseded]));
        assert!(all(|stage| !stage.can_be_first()).eq([Paused]));
        assert!(all(AdoptionStage::is_end).eq([Declined, Decommissioned, Superseded]));
    }

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2016, 1, 1).unwrap() + chrono::Days::new(number)
    }

    fn step(on: u64, to: AdoptionStage) -> Step {
        Step { id: Id::generate(), on: day(on), rank: 0, to }
    }

    fn history(steps: &[(u64, AdoptionStage)]) -> History {
        steps.iter().fold(History::default(), |history, (on, to)| history.with(step(*on, *to), None))
    }

    #[test]
    fn what_is_paused_is_no_use_and_moves_of_one_day_leave_its_last_stage() {
        let history =
            history(&[(0, Engaged), (5, Piloting), (9, Paused), (12, Piloting), (12, Adopted), (20, Superseded)]);
        let spells: Vec<_> = history.spells().iter().map(|spell| (spell.stage, spell.from)).collect();
        let expected =
            [(Engaged, 0), (Piloting, 5), (Paused, 9), (Adopted, 12), (Superseded, 20)].map(|(s, d)| (s, day(d)));
        assert_eq!(spells, expected);
        let used: Vec<_> = history.used().iter().map(|span| (span.from, span.to)).collect();
        assert_eq!(used, [(day(5), day(9)), (day(12), day(20))]);
    }

    #[test]
    fn a_move_is_put_before_others_of_its_day() {
        let piloting = history(&[(0, Identified), (3, Piloting), (3, Adopted)]);
        let late = step(3, Engaged);
        assert!(piloting.check_change(&piloting.with(late, None)).is_err());
        let new = piloting.with(late, Some(piloting.steps()[1].rank));
        let stages: Vec<AdoptionStage> = new.steps().iter().map(|step| step.to).collect();
        assert_eq!(stages, [Identified, Engaged, Piloting, Adopted]);
        assert!(piloting.check_change(&new).is_ok());
    }

    #[test]
    fn what_an_earlier_version_allowed_stays_and_goes_on() {
        let before = history(&[(0, Committed), (3, Paused)]);
        assert!(before.check_change(&before.with(step(5, Committed), None)).is_ok());
        let error = before.check_change(&before.with(step(5, Adopted), None)).expect_err("no such move");
        assert_eq!(error.code(), Code::IllegalTransition);
    }

    #[test]
    fn use_does_not_begin_once_the_organisation_is_closed() {
        let (before, at) = (history(&[(0, Piloting)]), |day: NaiveDate| day.to_string());
        let resumed = before.with(step(3, Paused), None).with(step(6, Piloting), None);
        assert!(before.check_life(&resumed, Some(day(7)), at).is_ok());
        assert!(before.check_life(&resumed, Some(day(6)), at).is_err());
        assert!(resumed.check_life(&resumed.with(step(8, Adopted), None), Some(day(6)), at).is_ok());
    }

    #[test]
    fn a_history_tells_its_stages_and_gives_no_rank_twice() {
        let history = history(&[(0, Engaged), (5, Piloting), (5, Adopted)]);
        let steps: Vec<_> = history.steps().iter().map(|step| (step.rank, history.stage_before(step.id))).collect();
        assert_eq!(steps, [(1, None), (2, Some(Engaged)), (3, Some(Piloting))]);
        assert_eq!((history.stage(), History::default().stage()), (Some(Adopted), None));
        let shorter = history.without(&[history.steps()[2].id]);
        assert_eq!((shorter.stage(), shorter.next_rank()), (Some(Piloting), 4));
        for (stage, says) in [
            (Engaged, [true, true, false, false]),
            (Piloting, [false, false, true, false]),
            (Adopted, [false, false, true, true]),
        ] {
            assert_eq!([0, 4, 5, 6].map(|on| history.says(stage, day(on))), says, "{stage:?}");
        }
        assert_eq!([4, 5, 6].map(|on| history.has(Piloting, day(on))), [false, true, false]);
        assert!(history.steps().iter().all(|step| history.step(step.id) == Some(*step)));
        assert_eq!(history.step(Id::NONE), None);
    }

    /// What is done to a history: a move entered with its day, a correction, a withdrawal.
    #[derive(Debug, Clone)]
    enum Act {
        Enter(u64, AdoptionStage, Option<i32>),
        Correct(prop::sample::Index, u64, AdoptionStage),
        Withdraw(prop::sample::Index),
    }

    fn any_act() -> impl Strategy<Value = Act> {
        let stage = || prop::sample::select(AdoptionStage::ALL.to_vec());
        prop_oneof![
            6 => (0..40u64, stage(), prop::option::weighted(0.2, 1..8i32)).prop_map(|(on, to, rank)| Act::Enter(on, to, rank)),
            2 => (any::<prop::sample::Index>(), 0..40u64, stage()).prop_map(|(at, on, to)| Act::Correct(at, on, to)),
            1 => any::<prop::sample::Index>().prop_map(Act::Withdraw),
        ]
    }

    /// The stage on a day, read from the moves as they come.
    fn naive(history: &History, on: NaiveDate) -> Option<AdoptionStage> {
        history.steps().iter().filter(|step| step.on <= on).max_by_key(|step| (step.on, step.rank)).map(|step| step.to)
    }

    fn held(history: &History, on: NaiveDate) -> Option<AdoptionStage> {
        let spells = history.spells();
        let mut held = spells.iter().filter(|spell| spell.from <= on && on < spell.to.day());
        let stage = held.next().map(|spell| spell.stage);
        assert!(held.next().is_none(), "two stages on {on}");
        stage
    }

    /// Does what is legal of these acts, and says how many of each kind that were.
    fn done(acts: Vec<Act>, seen: &mut [usize; 5]) -> History {
        let mut history = History::default();
        for act in acts {
            let steps = history.steps();
            let any = |at: prop::sample::Index| (!steps.is_empty()).then(|| steps[at.index(steps.len())]);
            let last = steps.last().copied();
            let (new, kind) = match act {
                Act::Enter(on, to, rank) => {
                    let one = step(on, to);
                    let late = last.is_some_and(|last| one.on < last.on);
                    let same = steps.iter().any(|other| other.on == one.on);
                    (history.with(one, rank), if late { Some(1) } else { same.then_some(0) })
                }
                Act::Correct(at, on, to) => {
                    let Some(step) = any(at) else { continue };
                    (history.with(Step { on: day(on), to, ..step }, None), None)
                }
                Act::Withdraw(at) => {
                    let Some(step) = any(at).filter(|_| steps.len() > 1) else { continue };
                    (history.without(&[step.id]), (step.id == steps[0].id).then_some(2))
                }
            };
            if history.check_change(&new).is_ok() {
                assert!(new.faults().is_empty(), "only what is legal is done");
                kind.into_iter().for_each(|kind| seen[kind] += 1);
                history = new;
            }
        }
        let stages: Vec<AdoptionStage> = history.steps().iter().map(|step| step.to).collect();
        seen[3] += usize::from(stages.contains(&Paused));
        seen[4] += stages.windows(2).filter(|pair| matches!(pair[0], Decommissioned | Superseded)).count().min(1);
        history
    }

    #[test]
    fn spells_are_what_a_count_day_by_day_finds_and_later_moves_change_no_day_before_them() {
        let seen = RefCell::new([0; 5]);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(2_000));
        let acts = (prop::collection::vec(any_act(), 1..40), prop::collection::vec(any_act(), 0..8), 0..40u64);
        runner
            .run(&acts, |(acts, later, until)| {
                let history = done(acts, &mut seen.borrow_mut());
                let days = || (0..45).map(day);
                for on in days() {
                    prop_assert_eq!(held(&history, on), naive(&history, on), "{}", on);
                    let used = history.used().iter().any(|span| span.from <= on && on < span.to);
                    prop_assert_eq!(used, naive(&history, on).is_some_and(AdoptionStage::is_use), "{}", on);
                }
                // Moves whose day lies behind `until`, whatever they are, leave every day up to it as it was.
                let mut after = history.clone();
                for act in later {
                    let Act::Enter(on, to, rank) = act else { continue };
                    let new = after.with(step(until + 1 + on, to), rank);
                    if after.check_change(&new).is_ok() {
                        after = new;
                    }
                }
                for on in days().filter(|on| *on <= day(until)) {
                    prop_assert_eq!(held(&after, on), held(&history, on), "{}", on);
                }
                Ok(())
            })
            .unwrap();
        let seen = seen.into_inner();
        let names = ["moves on one day", "late information", "a withdrawn first move", "pause", "re-adoption"];
        for (name, number) in names.iter().zip(seen) {
            println!("{name}: {number}");
            assert!(number > 20, "{name} was met {number} times only");
        }
    }
}
