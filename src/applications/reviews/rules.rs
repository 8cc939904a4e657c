//! The moves of a review, and how its score is calculated.

use crate::error::{Error, Fault, Result};
use crate::programmes::calls::rules::Criterion;
use crate::transitions::rules::Machine;
use crate::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

words! {
    /// The state of a review.
    pub enum ReviewState { Assigned = "assigned", Submitted = "submitted", Recused = "recused" }
}

impl Machine for ReviewState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Assigned => vec![Self::Submitted, Self::Recused],
            Self::Submitted | Self::Recused => Vec::new(),
        }
    }

    /// A reviewer who steps back must give the conflict of interest.
    fn needs_reason(self, to: Self) -> bool {
        to == Self::Recused
    }
}

words! {
    /// A reviewer's recommendation.
    pub enum Recommendation { Fund = "fund", FundWithChanges = "fund-with-changes", DoNotFund = "do-not-fund" }
}

/// Scores by the code of their criterion.
pub type Scores = BTreeMap<String, i64>;

/// A reviewer to ask.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateReviewRequest, example = json!({ "reviewer": "reviewer-7" }))]
pub struct NewReview {
    /// The subject in the reviewer's tokens.
    #[schema(min_length = 1, max_length = 300, pattern = "^\\S+$")]
    pub reviewer: String,
}

/// What a reviewer writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewRequest, example = json!({ "scores": { "impact": 4 }, "recommendation": "fund" }))]
pub struct Judgement {
    /// A score for each criterion, by the criterion's code: from 0 to the criterion's highest score.
    #[schema(value_type = std::collections::HashMap<String, i32>)]
    pub scores: Scores,
    #[schema(nullable = false)]
    pub recommendation: Option<Recommendation>,
    #[schema(max_length = 5000, nullable = false)]
    pub comment: Option<String>,
}

impl Judgement {
    /// # Errors
    /// `validation-failed` for scores that do not fit the criteria.
    pub fn check(self, criteria: &[Criterion]) -> Result<Self> {
        let faults = misfits(&self.scores, criteria, false);
        if faults.is_empty() { Ok(self) } else { Err(Error::validation(faults)) }
    }
}

/// The faults in the scores, held against the criteria. With `complete`, missing scores are faults too.
pub fn misfits(scores: &Scores, criteria: &[Criterion], complete: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (code, score) in scores {
        let pointer = format!("/scores/{code}");
        match criteria.iter().find(|criterion| criterion.code == *code) {
            None => {
                let known: Vec<&str> = criteria.iter().map(|criterion| criterion.code.as_str()).collect();
                let expected = format!("The call has no such criterion. Its criteria are {}.", known.join(", "));
                faults.push(Fault::new(pointer, "unknown-criterion", expected));
            }
            Some(criterion) if !(0..=criterion.max_score).contains(score) => {
                let expected = format!("Expected a whole number from 0 to {}.", criterion.max_score);
                faults.push(Fault::new(pointer, "score-range", expected));
            }
            Some(_) => {}
        }
    }
    if complete {
        let missing = criteria.iter().filter(|criterion| !scores.contains_key(&criterion.code));
        faults.extend(missing.map(|criterion| {
            let pointer = format!("/scores/{}", criterion.code);
            Fault::new(pointer, "missing", format!("Expected a score from 0 to {}.", criterion.max_score))
        }));
    }
    faults
}

/// The weighted mean of complete scores, in millionths of the highest possible, rounded down.
pub fn score_ppm(scores: &Scores, criteria: &[Criterion]) -> i64 {
    let weights: i64 = criteria.iter().map(|criterion| criterion.weight).sum();
    let share = |criterion: &Criterion| {
        let score = scores.get(&criterion.code).copied().unwrap_or(0);
        criterion.weight * 1_000_000 * score / criterion.max_score.max(1)
    };
    if weights == 0 { 0 } else { criteria.iter().map(share).sum::<i64>() / weights }
}

/// The mean of the submitted reviews, rounded down.
pub fn mean_ppm(scores: &[i64]) -> i64 {
    let count = i64::try_from(scores.len()).unwrap_or(i64::MAX);
    if count == 0 { 0 } else { scores.iter().sum::<i64>() / count }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criteria() -> Vec<Criterion> {
        let one = |code: &str, weight, max_score| Criterion {
            code: code.to_owned(),
            label: String::new(),
            weight,
            max_score,
        };
        vec![one("impact", 2, 5), one("team", 1, 10)]
    }

    fn scores(pairs: &[(&str, i64)]) -> Scores {
        pairs.iter().map(|(code, score)| ((*code).to_owned(), *score)).collect()
    }

    #[test]
    fn a_score_is_the_weighted_share_of_the_highest() {
        for (given, expected) in [
            (scores(&[("impact", 5), ("team", 10)]), 1_000_000),
            (scores(&[("impact", 0), ("team", 0)]), 0),
            (scores(&[("impact", 5), ("team", 0)]), 666_666),
            (scores(&[("impact", 3), ("team", 6)]), 600_000),
        ] {
            assert_eq!(score_ppm(&given, &criteria()), expected, "{given:?}");
        }
        assert_eq!((mean_ppm(&[]), mean_ppm(&[600_000, 700_001])), (0, 650_000));
    }

    #[test]
    fn scores_fit_the_criteria() {
        for (given, complete, expected) in [
            (scores(&[("impact", 5)]), false, vec![]),
            (scores(&[("impact", 5)]), true, vec!["/scores/team missing"]),
            (
                scores(&[("impact", 6), ("team", -1)]),
                true,
                vec!["/scores/impact score-range", "/scores/team score-range"],
            ),
            (scores(&[("golf", 1)]), false, vec!["/scores/golf unknown-criterion"]),
        ] {
            let found: Vec<String> = misfits(&given, &criteria(), complete)
                .into_iter()
                .map(|fault| format!("{} {}", fault.pointer, fault.code))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
