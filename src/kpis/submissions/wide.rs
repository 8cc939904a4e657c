//! A wide table: a row for each organisation, period and breakdown, and a column for each KPI of a set. Each cell that says
//! something becomes the row that it would be in a table with a value in each row.

use super::input::{Input, MOST_ROWS, figures, held, too_many};
use super::rules::RawRow;
use super::suggestions::{self, Known};
use crate::delivery::OURS;
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv;
use crate::kpis::sets::columns::{FIGURES, KEY, column};
use crate::vocabulary::Change;

/// The columns of the wide tables of a set.
#[derive(Debug, Clone)]
pub struct Form {
    /// Its KPIs, in order.
    kpis: Vec<Known>,
    /// Those of [`KEY`], those of each KPI, and those of our own answer.
    columns: Vec<String>,
}

impl Form {
    /// The columns for KPIs, each given by its code and its name.
    pub fn new(kpis: Vec<Known>) -> Self {
        let of_kpi = |kpi: &Known| FIGURES.map(|figure| column(&kpi.code, figure));
        let columns = KEY.map(str::to_owned).into_iter().chain(kpis.iter().flat_map(of_kpi));
        let columns = columns.chain(OURS.map(str::to_owned)).collect();
        Self { columns, kpis }
    }

    pub fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// What is said of the columns to somebody who sent another one.
    pub fn hint(&self, sent: Option<&str>) -> String {
        const MOST: usize = 50;
        let meant = sent.map(|sent| suggestions::nearest(sent, &self.kpis)).unwrap_or_default();
        let codes: Vec<&str> = self.kpis.iter().take(MOST).map(|kpi| kpi.code.as_str()).collect();
        let more = if self.kpis.len() > MOST { " and others" } else { "" };
        format!(
            "{}Expected {} and the KPIs of the set: {}{more}; beside a KPI <kpi>.numerator, .denominator, .qualifier, .basis, \
             .comment and .justification.",
            suggestions::question(&meant),
            KEY.join(", "),
            codes.join(", ")
        )
    }

    /// Reads a table of these columns.
    ///
    /// # Errors
    /// As [`csv::Rows::next_row`]; `too-many-rows`; `no-rows` where no row says anything of a KPI.
    pub fn read(&self, rows: &mut dyn csv::Rows) -> Result<Input> {
        let first = |kpi: usize| KEY.len() + kpi * FIGURES.len();
        let there: Vec<usize> = rows.present().into_iter().map(|(column, _)| column).collect();
        let is_there = |kpi: &usize| there.iter().any(|column| (first(*kpi)..first(kpi + 1)).contains(column));
        let kpis: Vec<usize> = (0..self.kpis.len()).filter(is_there).collect();
        let (mut input, mut of_values, mut number) = (Input::default(), Vec::new(), 0);
        while let Some(row) = rows.next_row()? {
            let texts = &mut input.texts;
            let key = RawRow {
                organisation: held(row.text(0), texts),
                innovation: held(row.text(2), texts),
                period: held(row.text(3), texts),
                breakdown: held(row.text(4), texts),
                ..RawRow::default()
            };
            for kpi in &kpis {
                let says = |figure: usize| row.change(first(*kpi) + figure) != Change::Keep;
                if !(0..FIGURES.len()).any(says) {
                    continue;
                }
                if input.rows.len() >= MOST_ROWS {
                    return Err(too_many(format!("/line/{}", row.line)));
                }
                let figures = figures(&row, first(*kpi), &mut input.texts);
                let code = self.kpis.get(*kpi).map(|kpi| kpi.code.as_str());
                let RawRow { organisation, innovation, period, breakdown, .. } = key;
                let kpi = held(code, &mut input.texts);
                input.rows.push(RawRow { kpi, organisation, innovation, period, breakdown, ..figures });
                of_values.push(number);
            }
            number += 1;
        }
        if input.rows.is_empty() {
            let detail = format!("No cell of a KPI is filled in, so there is nothing to take. {}", self.hint(None));
            return Err(Error::new(Code::NoRows)
                .detail(detail.clone())
                .fault(Fault::new("/line/1", "no-rows", detail)));
        }
        input.origin.rows = Some(of_values);
        Ok(input)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::Cell;
    use super::*;

    fn form() -> Form {
        let known = |code: &str, name: &str| Known::new(code, name, &[]);
        Form::new(vec![known("ae", "Attendances in A&E"), known("four-hours", "Seen within four hours")])
    }

    fn read(text: &str) -> Result<Input> {
        let form = form();
        let (columns, hint) = (form.columns(), |sent: Option<&str>| form.hint(sent));
        form.read(&mut csv::Reader::open_with(text.as_bytes(), &columns, &[], Some(&hint))?)
    }

    #[test]
    fn each_cell_that_says_something_is_a_value_and_points_at_itself() {
        let text = "Organisation,organisationName,period,breakdown,AE,four-hours.numerator,four-hours.denominator,ae.comment\n\
                    RF4,Barking,2024-01,,10,9,10,\nRJZ,,2024-01,,,,,(none)\nRF4,,2024-02,,,,,\nRF4,,2024-03,,x,,,\n";
        let input = read(text).unwrap();
        let pointers: Vec<String> = (0..input.rows.len()).map(|index| input.pointer(index, None)).collect();
        assert_eq!(pointers, ["/rows/0/ae", "/rows/0/four-hours", "/rows/1/ae", "/rows/3/ae"]);
        assert_eq!(input.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 2, 3, 5]);
        assert_eq!(input.rows[0].value, Some(Cell::Number("10".into())));
        assert_eq!((&input.rows[1].value, &input.rows[1].numerator), (&None, &Some(Cell::Number("9".into()))));
        assert_eq!(input.rows[2].comment, Change::Clear);
        assert!(matches!(input.rows[3].value, Some(Cell::NotANumber(_))));
    }

    #[test]
    fn a_column_that_is_none_of_the_set_is_refused_with_what_there_is() {
        let error = read("organisation,period,Seen within 4 hours\nRF4,2024-01,1\n").unwrap_err();
        assert_eq!(error.code(), Code::UnknownColumn);
        for part in ["Did you mean four-hours (Seen within four hours)?", "the KPIs of the set: ae, four-hours"] {
            assert!(error.listed()[0].detail.contains(part), "{}", error.listed()[0].detail);
        }
        assert_eq!(read("organisation,period,ae\nRF4,2024-01,\n").unwrap_err().code(), Code::NoRows);
    }
}
