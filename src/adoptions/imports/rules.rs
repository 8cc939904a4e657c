//! The rows of a bulk return of adoptions.

use crate::adoptions::moves::rules::AdoptionStage;
use crate::delivery::RowError;
use crate::error::{Code, Error, Fault, Result};
use crate::vocabulary::Word;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The most rows of one return.
pub const MOST_ROWS: usize = 5_000;

/// The columns of a return. The last three are those of our own answer, which may be sent back.
pub const COLUMNS: [&str; 27] = [
    "innovation",
    "indication",
    "organisation",
    "stage",
    "effectiveOn",
    "reason",
    "sites",
    "sitesQualifier",
    "sitesBasis",
    "users",
    "usersQualifier",
    "usersBasis",
    "patients",
    "patientsQualifier",
    "patientsBasis",
    "countedOn",
    "decidedBy",
    "barriers",
    "barriersOn",
    "covers",
    "coversOn",
    "confirmedOn",
    "evidence",
    "illustrative",
    "outcome",
    "problem",
    "expected",
];

/// What names an adoption, and what moves it; the other columns are its facts.
const KEY: [&str; 3] = ["innovation", "indication", "organisation"];
const MOVE: [&str; 3] = ["stage", "effectiveOn", "reason"];
/// How many columns are the sender's.
pub const THEIRS: usize = 24;

/// A row: its line, and its cells in the form of a merge patch of an adoption.
#[derive(Debug, Clone)]
pub struct ImportRow {
    pub line: u32,
    pub cells: Map<String, Value>,
}

/// The move that a row asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub stage: AdoptionStage,
    pub on: Option<NaiveDate>,
    pub reason: Option<String>,
}

/// What a cell says, as JSON would. What cannot be read stays the text that it is, and is found wrong with the rest.
pub fn value(column: &str, text: &str) -> Value {
    match column {
        "sites" | "users" | "patients" => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        "barriers" | "covers" => text.split(';').map(str::trim).filter(|word| !word.is_empty()).collect(),
        // Spreadsheets write their own TRUE and FALSE.
        "illustrative" => text.to_ascii_lowercase().parse::<bool>().map_or_else(|_| json!(text), |is| json!(is)),
        _ => json!(text),
    }
}

impl ImportRow {
    pub fn text(&self, column: &str) -> Option<&str> {
        self.cells.get(column).and_then(Value::as_str)
    }

    /// What names the adoption, as it was sent.
    pub fn key(&self) -> Map<String, Value> {
        self.only(|name| KEY.contains(&name))
    }

    /// The facts beside the move, as a merge patch.
    pub fn facts(&self) -> Map<String, Value> {
        self.only(|name| !KEY.contains(&name) && !MOVE.contains(&name))
    }

    fn only(&self, chosen: impl Fn(&str) -> bool) -> Map<String, Value> {
        let cells = self.cells.iter().filter(|(name, _)| chosen(name));
        cells.map(|(name, cell)| (name.clone(), cell.clone())).collect()
    }

    /// The move that it asks for, if it does.
    ///
    /// # Errors
    /// `validation-failed` for a stage or a day that is none, and a day without a stage.
    pub fn asked(&self) -> Result<Option<Asked>> {
        let day = "Expected a date, such as 2019-04-01: format the column as Text, write each date so and save again.";
        let on = match self.cells.get("effectiveOn") {
            None => None,
            Some(cell) => {
                let on = cell.as_str().filter(|text| text.len() == 10).and_then(|text| text.parse().ok());
                Some(on.ok_or_else(|| Error::invalid("/effectiveOn", "format", day))?)
            }
        };
        let Some(stage) = self.cells.get("stage") else {
            return match on {
                None => Ok(None),
                Some(_) => Err(Error::invalid("/stage", "missing", "Expected the stage that began on effectiveOn.")),
            };
        };
        let words = || format!("Expected one of {}.", AdoptionStage::WORDS.join(", "));
        let stage = stage.as_str().and_then(AdoptionStage::parse);
        let stage = stage.ok_or_else(|| Error::invalid("/stage", "unknown-word", words()))?;
        Ok(Some(Asked { stage, on, reason: self.text("reason").map(str::to_owned) }))
    }
}

/// The places of the rows, those of one adoption together, by the days of their moves: a move before what only states facts.
pub fn in_order(rows: &[ImportRow]) -> Vec<Vec<usize>> {
    let key = |row: &ImportRow| KEY.map(|name| row.text(name).map(str::to_ascii_lowercase));
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let group = *places.entry(key(row)).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    let day = |place: &usize| {
        let asked = rows.get(*place).and_then(|row| row.asked().ok().flatten());
        (asked.is_none(), asked.and_then(|asked| asked.on).unwrap_or(NaiveDate::MAX))
    };
    groups.iter_mut().for_each(|group| group.sort_by_cached_key(day));
    groups
}

/// What is wrong with a row, where the failure is the row's own.
pub fn faults_of(error: &Error) -> Option<Vec<RowError>> {
    let detail = |error: &Error| error.public_detail().to_owned();
    match error.code() {
        Code::Forbidden | Code::NotFound => {
            let detail = "Your grants do not let you record this for this organisation.";
            Some(vec![RowError::new("out-of-scope", detail)])
        }
        Code::IllegalTransition => Some(vec![RowError::new("illegal-transition", detail(error))]),
        Code::Immutable => Some(vec![RowError::new("immutable", detail(error))]),
        Code::AlreadyExists => Some(vec![RowError::new("already-exists", detail(error))]),
        Code::ValidationFailed | Code::MalformedBody | Code::UnknownReference => {
            Some(error.listed().iter().map(fault_of_cell).collect())
        }
        _ => None,
    }
}

/// What deserves a second look of an adoption, in its place in the return.
pub fn warning_of_row(row: &str, warning: &Fault) -> Fault {
    Fault::new(format!("{row}/effectiveOn"), warning.code, warning.detail.clone())
}

fn fault_of_cell(fault: &Fault) -> RowError {
    let column = fault.pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
    match (column, fault.code) {
        ("innovation", "unknown-reference") => RowError::new("unknown-innovation", fault.detail.clone()),
        ("organisation", "unknown-reference") => RowError::new("unknown-organisation", fault.detail.clone()),
        ("since", code) => RowError::new(code, format!("effectiveOn: {}", fault.detail)),
        (column, code) => RowError::new(code, format!("{column}: {}", fault.detail)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: Value) -> ImportRow {
        ImportRow { line: 2, cells: cells.as_object().unwrap().clone() }
    }

    #[test]
    fn cells_say_what_json_would() {
        assert_eq!(value("sites", "12"), json!(12));
        assert_eq!(value("sites", "a dozen"), json!("a dozen"));
        assert_eq!(
            value("barriers", "slow-procurement; evidence-clarity"),
            json!(["slow-procurement", "evidence-clarity"])
        );
        assert_eq!(value("illustrative", "TRUE"), json!(true));
        assert_eq!(value("decidedBy", "Medical director"), json!("Medical director"));
    }

    #[test]
    fn rows_of_one_adoption_are_taken_by_their_days() {
        let of = |organisation: &str, stage: Value, on: Value| {
            row(json!({ "innovation": "x", "organisation": organisation, "stage": stage, "effectiveOn": on }))
        };
        let rows = [
            of("RJZ", json!("paused"), json!("2020-01-01")),
            of("RBD", json!("adopted"), json!("2019-01-01")),
            row(json!({ "innovation": "X", "organisation": "rjz", "sites": 3 })),
            of("rjz", json!("adopted"), json!("2018-01-01")),
            row(json!({ "innovation": "x", "organisation": "RJZ", "stage": "adopted" })),
        ];
        assert_eq!(in_order(&rows), [vec![3, 0, 4, 2], vec![1]]);
    }

    #[test]
    fn a_row_may_ask_for_a_move_and_a_day_needs_its_stage() {
        let on = "2016-02-01".parse().ok();
        let asked = |cells| row(cells).asked().map_err(|error| error.listed()[0].pointer.clone());
        let stage = AdoptionStage::Piloting;
        assert_eq!(asked(json!({})), Ok(None));
        assert_eq!(
            asked(json!({ "stage": "piloting", "effectiveOn": "2016-02-01" })),
            Ok(Some(Asked { stage, on, reason: None }))
        );
        for (cells, pointer) in [
            (json!({ "effectiveOn": "2016-02-01" }), "/stage"),
            (json!({ "stage": "begun" }), "/stage"),
            (json!({ "stage": null }), "/stage"),
            (json!({ "stage": "piloting", "effectiveOn": "1 Feb 2016" }), "/effectiveOn"),
        ] {
            assert_eq!(asked(cells.clone()), Err(pointer.to_owned()), "{cells}");
        }
    }
}
