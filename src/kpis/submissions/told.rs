//! What became of the rows of a sender's table, line by line: where a line holds several values, of all of them, each by its column.

use super::answer::Judged;
use crate::delivery::{Mode, Outcome};
use crate::error::Fault;
use std::collections::BTreeMap;
use std::ops::Range;

/// What is told beside a line.
#[derive(Debug, Default)]
pub struct Told {
    /// The outcome, the problems, and what was expected.
    pub ours: [String; 3],
    /// The columns with something to mend, in lower case.
    wrong: Vec<String>,
}

impl Told {
    /// Whether there is something to mend in the column of this name: its own, or that of the KPI that it is part of.
    pub fn is_wrong(&self, column: &str) -> bool {
        let column = column.trim().to_ascii_lowercase();
        let whole = column.split('.').next().unwrap_or_default();
        self.wrong.iter().any(|wrong| *wrong == column || wrong == whole)
    }
}

/// Of each line of the table in turn; of those after the last value, nothing.
pub fn of_lines(judged: &Judged) -> impl Iterator<Item = Told> {
    let warnings = judged.warnings();
    let mut next = 0;
    (0u32..).map(move |line| {
        let begin = next;
        match &judged.input.origin.rows {
            Some(lines) => next += lines.iter().skip(begin).take_while(|of| **of == line).count(),
            None => next += 1,
        }
        of_values(judged, &warnings, begin..next)
    })
}

fn of_values(judged: &Judged, warnings: &BTreeMap<usize, Vec<Fault>>, values: Range<usize>) -> Told {
    let is_wide = judged.input.origin.rows.is_some();
    let (mut outcomes, mut problems, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for index in values {
        let (Some(raw), Some(verdict)) = (judged.input.rows.get(index), judged.verdicts.get(index)) else { continue };
        let column = |code: Option<&str>| judged.input.column(raw, code);
        let mut problem = |code: &str, detail: &str| {
            let told = (column(Some(code)), code.to_owned(), detail.to_owned());
            if !problems.contains(&told) {
                problems.push(told);
            }
        };
        let outcome = match verdict {
            Err(errors) => {
                errors.iter().for_each(|error| problem(&error.code, &error.detail));
                wrong.extend(errors.iter().map(|error| column(Some(&error.code))));
                Outcome::Rejected.as_str()
            }
            Ok(verdict) => {
                for warning in warnings.get(&index).into_iter().flatten() {
                    problem(warning.code, &warning.detail);
                }
                if judged.failed() { "not-written" } else { verdict.outcome.as_str() }
            }
        };
        outcomes.push((column(None), outcome));
    }
    let rejected = Outcome::Rejected.as_str();
    let is_rejected = outcomes.iter().any(|(_, outcome)| *outcome == rejected);
    let outcome = match outcomes.first() {
        None => String::new(),
        // One wrong cell keeps the whole of an atomic submission from being written.
        Some(_) if is_rejected && judged.row.mode == Mode::Atomic => rejected.to_owned(),
        Some((_, first)) if outcomes.iter().all(|(_, outcome)| outcome == first) => (*first).to_owned(),
        _ => outcomes.iter().map(|(column, outcome)| format!("{column}: {outcome}")).collect::<Vec<_>>().join("; "),
    };
    let named = |column: &str, text: &str| if is_wide { format!("{column}: {text}") } else { text.to_owned() };
    let (codes, details): (Vec<String>, Vec<String>) =
        problems.iter().map(|(column, code, detail)| (named(column, code), named(column, detail))).unzip();
    Told { ours: [outcome, codes.join("; "), details.join("; ")], wrong }
}
