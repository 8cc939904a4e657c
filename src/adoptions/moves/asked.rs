//! The moves of an adoption as callers write them: entered, or corrected. What cannot stand alone, such as a pause between moves that
//! are there already, goes with what it needs in one request.

use super::rules::{AdoptionStage, Step};
use crate::error::{Faults, Result};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

/// Where a body says what took effect on a day: in its own `effectiveOn`, or in that of a member of a list in it.
pub fn pointer(list: &str, days: &[Option<NaiveDate>], day: NaiveDate) -> String {
    let at = days.iter().position(|other| *other == Some(day));
    at.map_or_else(|| "/effectiveOn".to_owned(), |at| format!("/{list}/{at}/effectiveOn"))
}

fn check_day(faults: &mut Faults, place: &str, on: Option<NaiveDate>, today: NaiveDate) {
    if on.is_some_and(|day| day > today) {
        faults.add(format!("{place}/effectiveOn"), "future", "The day it took effect cannot lie in the future.");
    }
}

/// A move of an adoption.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AdoptionMoveRequest, example = json!({ "to": "adopted", "effectiveOn": "2016-04-01" }))]
pub struct AskedStage {
    /// The stage to move to.
    pub to: AdoptionStage,
    /// The reason, which a move to declined, paused, decommissioned or superseded needs.
    #[schema(max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// The day the move took effect, which may lie before that of other moves. Default: today.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
    /// Its place among the moves of that day: before the move that has this rank. Default: after them.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub rank: Option<i32>,
    /// Moves that are entered with it, in one change: for what cannot stand alone, such as a pause that comes late and the end of
    /// that pause.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub then: Vec<NextStage>,
}

/// A move that is entered with another.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AdoptionNextMoveRequest)]
pub struct NextStage {
    /// The stage to move to.
    pub to: AdoptionStage,
    /// The reason, which a move to declined, paused, decommissioned or superseded needs.
    #[schema(max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// The day the move took effect.
    pub effective_on: NaiveDate,
    /// Its place among the moves of that day: before the move that has this rank. Default: after them.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub rank: Option<i32>,
}

impl AskedStage {
    /// A move to a stage and nothing else.
    pub fn alone(to: AdoptionStage, effective_on: Option<NaiveDate>, reason: Option<String>) -> Self {
        Self { to, reason, effective_on, rank: None, then: Vec::new() }
    }

    /// All the moves that are asked for, each with its day.
    ///
    /// # Errors
    /// `validation-failed` for a day in the future, or without the reason that a move needs.
    pub fn moves(self, today: NaiveDate) -> Result<Vec<NextStage>> {
        let (to, reason, rank) = (self.to, self.reason, self.rank);
        let first = NextStage { to, reason, rank, effective_on: self.effective_on.unwrap_or(today) };
        let moves: Vec<NextStage> = [first].into_iter().chain(self.then).collect();
        let mut faults = Faults::default();
        for (at, one) in moves.iter().enumerate() {
            let place = at.checked_sub(1).map_or_else(String::new, |at| format!("/then/{at}"));
            check_day(&mut faults, &place, Some(one.effective_on), today);
            if one.to.needs_reason() && one.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
                faults.add(
                    format!("{place}/reason"),
                    "missing",
                    format!("A move to {} needs a reason.", one.to.as_str()),
                );
            }
        }
        faults.check()?;
        Ok(moves)
    }
}

/// What a correction says of a move that was recorded wrongly.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AdoptionMoveCorrection, example = json!({ "effectiveOn": "2015-07-02", "reason": "The minutes give another day." }))]
pub struct Correction {
    /// The stage it led to. Default: as it was.
    #[schema(nullable = false)]
    pub to: Option<AdoptionStage>,
    /// The day it took effect. Default: as it was.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
    /// Its place among the moves of that day: before the move that has this rank.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub rank: Option<i32>,
    /// Other moves of the adoption that are corrected with it, in one change: for what cannot be corrected alone, such as the stage
    /// from which an adoption was paused and to which it resumed.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub also: Vec<AlsoCorrected>,
    /// Why what was recorded is wrong.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// A move that is corrected with another.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AdoptionMoveAlsoCorrected)]
pub struct AlsoCorrected {
    /// The id of the move.
    pub id: Id,
    /// The stage it led to. Default: as it was.
    #[schema(nullable = false)]
    pub to: Option<AdoptionStage>,
    /// The day it took effect. Default: as it was.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
    /// Its place among the moves of that day: before the move that has this rank.
    #[schema(minimum = 1, maximum = 1_000_000, nullable = false)]
    pub rank: Option<i32>,
}

impl AlsoCorrected {
    /// The move as it should have been recorded.
    pub fn of(&self, step: Step) -> Step {
        Step { to: self.to.unwrap_or(step.to), on: self.effective_on.unwrap_or(step.on), ..step }
    }
}

impl Correction {
    /// All that is corrected, beginning with the move of this id.
    ///
    /// # Errors
    /// `validation-failed` for a day in the future, for a move that is named twice, or without words of why.
    pub fn moves(&self, id: Id, today: NaiveDate) -> Result<Vec<AlsoCorrected>> {
        let first = AlsoCorrected { id, to: self.to, effective_on: self.effective_on, rank: self.rank };
        let moves: Vec<AlsoCorrected> = [first].into_iter().chain(self.also.iter().cloned()).collect();
        let mut faults = Faults::default();
        for (at, one) in moves.iter().enumerate() {
            let place = at.checked_sub(1).map_or_else(String::new, |at| format!("/also/{at}"));
            check_day(&mut faults, &place, one.effective_on, today);
            if moves.iter().take(at).any(|earlier| earlier.id == one.id) {
                faults.add(format!("{place}/id"), "repeated", "Each move is corrected once.");
            }
        }
        if self.reason.trim().is_empty() {
            faults.add("/reason", "missing", "Say why what was recorded is wrong. Do not name people.");
        }
        faults.check()?;
        Ok(moves)
    }
}

#[cfg(test)]
mod tests {
    use super::AdoptionStage::*;
    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2016, 1, 1).unwrap() + chrono::Days::new(number)
    }

    #[test]
    fn a_move_is_of_no_day_to_come_and_gives_the_reason_that_it_needs() {
        let next = |to, on, reason: Option<&str>| NextStage {
            to,
            reason: reason.map(str::to_owned),
            effective_on: day(on),
            rank: None,
        };
        for (to, reason, on, then, expected) in [
            (Adopted, None, None, vec![], Ok(1)),
            (Adopted, None, Some(4), vec![], Ok(1)),
            (Adopted, None, Some(5), vec![next(Sustained, 5, None)], Ok(2)),
            (Adopted, None, Some(6), vec![], Err("/effectiveOn")),
            (Adopted, None, None, vec![next(Sustained, 6, None)], Err("/then/0/effectiveOn")),
            (Adopted, None, None, vec![next(Sustained, 5, None), next(Paused, 5, None)], Err("/then/1/reason")),
            (Paused, None, None, vec![], Err("/reason")),
            (Paused, Some(" "), None, vec![], Err("/reason")),
            (Paused, Some("Winter"), None, vec![next(Adopted, 5, None)], Ok(2)),
        ] {
            let asked = AskedStage { then, ..AskedStage::alone(to, on.map(day), reason.map(str::to_owned)) };
            let moves = asked.clone().moves(day(5)).map_err(|error| error.listed()[0].pointer.clone());
            assert_eq!(moves.map(|moves| moves.len()), expected.map_err(str::to_owned), "{asked:?}");
        }
    }

    #[test]
    fn a_correction_changes_what_it_names_alone() {
        let wrong = Step { id: Id::generate(), on: day(5), rank: 3, to: Piloting };
        for (to, on, expected) in [
            (None, None, Some(wrong)),
            (Some(Adopted), None, Some(Step { to: Adopted, ..wrong })),
            (None, Some(8), Some(Step { on: day(8), ..wrong })),
            (None, Some(9), Some(Step { on: day(9), ..wrong })),
            (None, Some(10), None),
        ] {
            let (effective_on, reason) = (on.map(day), "Misread".to_owned());
            let correction = Correction { to, effective_on, rank: None, also: Vec::new(), reason };
            let corrected = correction.moves(wrong.id, day(9)).ok().map(|moves| moves[0].of(wrong));
            assert_eq!(corrected, expected, "{correction:?}");
        }
    }

    #[test]
    fn each_move_is_corrected_once() {
        let [first, second] = [Id::generate(), Id::generate()];
        let also = |id| AlsoCorrected { id, to: Some(Adopted), effective_on: None, rank: None };
        for (others, expected) in [
            (vec![second], Ok(vec![first, second])),
            (vec![first], Err("/also/0/id")),
            (vec![second, second], Err("/also/1/id")),
        ] {
            let also = others.into_iter().map(also).collect();
            let correction =
                Correction { to: None, effective_on: None, rank: None, also, reason: "Misread".to_owned() };
            let moves = correction.moves(first, day(5)).map_err(|error| error.listed()[0].pointer.clone());
            let ids = moves.map(|moves| moves.iter().map(|one| one.id).collect());
            assert_eq!(ids, expected.map_err(str::to_owned), "{correction:?}");
        }
    }

    #[test]
    fn a_fault_is_where_the_day_was_written() {
        assert_eq!(pointer("then", &[None, Some(day(3))], day(3)), "/then/1/effectiveOn");
        assert_eq!(pointer("then", &[Some(day(3))], day(4)), "/effectiveOn");
    }
}
