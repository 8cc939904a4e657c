//! What a row of a file of the Organisation Data Service says. The files have no header and up to 27 columns; dates are
//! `YYYYMMDD`, and a day on which something closed or was left is the last on which it held.

use crate::error::Fault;
use crate::organisations::rules::{EdgeKind, OrganisationType, is_code};
use crate::words;
use chrono::NaiveDate;

words! {
    /// A file of the Organisation Data Service, by the name of its report.
    pub enum OdsFile {
        /// NHS trusts.
        Etr = "etr",
        /// Sites of trusts.
        Ets = "ets",
        /// Integrated care boards and sub-ICB locations.
        Eccg = "eccg",
        /// Regions.
        Eauth = "eauth",
        /// GP practices; other prescribing cost centres are passed over.
        Epraccur = "epraccur",
        /// Primary care networks.
        Epcn = "epcn",
        /// Which practice is a member of which primary care network, and when.
        EpcnMembers = "epcn-members",
        /// Who succeeded whom.
        Succ = "succ",
    }
}

/// The columns of the widest file. No file says their names.
pub const COLUMNS: [&str; 27] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "21", "22", "23", "24", "25", "26", "27",
];

/// The cells of a row, by the number of their column from 1.
pub trait Cells {
    fn cell(&self, column: usize) -> Option<&str>;
}

/// An organisation as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub line: u32,
    pub code: String,
    pub name: String,
    pub kind: OrganisationType,
    pub valid_from: Option<NaiveDate>,
    /// The first day on which it no longer existed.
    pub valid_to: Option<NaiveDate>,
    pub postcode: Option<String>,
    pub above: Option<AboveIt>,
}

/// What an organisation lies below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboveIt {
    pub kind: EdgeKind,
    /// The first of these that the register has.
    pub parents: Vec<String>,
    pub from: Option<NaiveDate>,
    /// The first day on which it no longer lay there.
    pub to: Option<NaiveDate>,
}

/// A member of a primary care network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub line: u32,
    pub practice: String,
    pub above: AboveIt,
}

/// A succession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succeeded {
    pub line: u32,
    pub from: String,
    pub to: String,
    pub on: NaiveDate,
}

/// A row, or that the register does not keep what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Listed(Listed),
    Membership(Membership),
    Succeeded(Succeeded),
    PassedOver,
}

fn at(line: u32, column: usize) -> String {
    format!("/line/{line}/{column}")
}

fn code(row: &impl Cells, line: u32, column: usize) -> Result<String, Fault> {
    let code = row.cell(column).unwrap_or_default().to_ascii_uppercase();
    let fault = || {
        Fault::new(
            at(line, column),
            "format",
            format!("Expected a code of the Organisation Data Service in column {column}."),
        )
    };
    if is_code(&code) { Ok(code) } else { Err(fault()) }
}

fn date(row: &impl Cells, line: u32, column: usize) -> Result<Option<NaiveDate>, Fault> {
    let Some(text) = row.cell(column) else { return Ok(None) };
    let day = (text.len() == 8).then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten();
    let fault =
        || Fault::new(at(line, column), "format", format!("Expected a date such as 20260401 in column {column}."));
    day.map(Some).ok_or_else(fault)
}

/// The day after the last on which something held.
fn day_after(row: &impl Cells, line: u32, column: usize) -> Result<Option<NaiveDate>, Fault> {
    Ok(date(row, line, column)?.and_then(|last| last.succ_opt()))
}

/// Reads a row of a file.
///
/// # Errors
/// A fault at its line and the number of the column.
pub fn read(file: OdsFile, row: &impl Cells, line: u32) -> Result<Row, Fault> {
    match file {
        OdsFile::Succ => {
            let (from, to) = (code(row, line, 1)?, code(row, line, 2)?);
            let on = date(row, line, 4)?
                .ok_or_else(|| Fault::new(at(line, 4), "missing", "Expected the day of the succession in column 4."))?;
            Ok(if from == to { Row::PassedOver } else { Row::Succeeded(Succeeded { line, from, to, on }) })
        }
        OdsFile::EpcnMembers => {
            let practice = code(row, line, 1)?;
            let (parents, from, to) = (vec![code(row, line, 4)?], date(row, line, 5)?, day_after(row, line, 6)?);
            Ok(Row::Membership(Membership {
                line,
                practice,
                above: AboveIt { kind: EdgeKind::Member, parents, from, to },
            }))
        }
        _ => listed(file, row, line),
    }
}

fn listed(file: OdsFile, row: &impl Cells, line: u32) -> Result<Row, Fault> {
    let code = code(row, line, 1)?;
    let cell = |column: usize| row.cell(column).map(str::to_ascii_uppercase);
    let (region, board, parent) = (cell(3), cell(4), cell(15));
    let own = |other: &Option<String>| other.as_deref().is_none_or(|other| other == code);
    let (kind, parents) = match file {
        OdsFile::Etr => (OrganisationType::NhsTrust, vec![board]),
        // The code of a site begins with that of its trust.
        OdsFile::Ets => (OrganisationType::TrustSite, vec![parent, code.get(..3).map(str::to_owned)]),
        OdsFile::Eccg if row.cell(14) == Some("B") || !own(&parent) => (OrganisationType::SubIcb, vec![parent, board]),
        OdsFile::Eccg => (OrganisationType::Icb, vec![region]),
        OdsFile::Eauth if own(&region) && row.cell(3).is_some() => {
            (OrganisationType::Region, vec![Some(ENGLAND.to_owned())])
        }
        OdsFile::Epraccur if row.cell(26).is_none_or(|setting| ["4", "RO76"].contains(&setting)) => {
            (OrganisationType::GpPractice, vec![parent, board])
        }
        OdsFile::Epcn => (OrganisationType::Pcn, vec![parent, board]),
        _ => return Ok(Row::PassedOver),
    };
    let name = row.cell(2).map(in_title_case).unwrap_or_default();
    if name.is_empty() {
        return Err(Fault::new(at(line, 2), "missing", "Expected a name in column 2."));
    }
    let (valid_from, valid_to) = (date(row, line, 11)?, day_after(row, line, 12)?);
    if valid_from.zip(valid_to).is_some_and(|(from, to)| to <= from) {
        return Err(Fault::new(at(line, 12), "range", "It closes before it opens."));
    }
    let parents: Vec<String> = parents.into_iter().flatten().filter(|parent| *parent != code).collect();
    let (from, to) = (date(row, line, 16)?.or(valid_from), day_after(row, line, 17)?.or(valid_to));
    let above = (!parents.is_empty()).then_some(AboveIt { kind: EdgeKind::Geographic, parents, from, to });
    let postcode = row.cell(10).map(str::to_owned);
    Ok(Row::Listed(Listed { line, code, name, kind, valid_from, valid_to, postcode, above }))
}

/// The code of England, below which regions lie.
const ENGLAND: &str = crate::organisations::ops::ENGLAND;

/// Words that stay as they are written.
const KEPT: [&str; 14] =
    ["NHS", "ICB", "GP", "PCN", "ICS", "HIN", "UK", "CIC", "LLP", "PMS", "APMS", "II", "III", "A&E"];
/// Words that are small within a name.
const SMALL: [&str; 10] = ["of", "and", "the", "for", "in", "on", "at", "with", "to", "by"];

/// A name that is all in capitals, as one reads it. Another stays as it is.
pub fn in_title_case(name: &str) -> String {
    if name.chars().any(char::is_lowercase) {
        return name.to_owned();
    }
    let word = |(at, word): (usize, &str)| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if KEPT.contains(&bare) {
            return word.to_owned();
        }
        let lower = word.to_lowercase();
        if at > 0 && SMALL.contains(&lower.as_str()) {
            return lower;
        }
        let mut text = String::with_capacity(word.len());
        let mut begins = true;
        for c in lower.chars() {
            if begins {
                text.extend(c.to_uppercase());
            } else {
                text.push(c);
            }
            // What follows an apostrophe is the end of a word, as in King's.
            begins = !c.is_alphanumeric() && c != '\'' && c != '’';
        }
        text
    };
    name.split_whitespace().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line(Vec<&'static str>);

    impl Cells for Line {
        fn cell(&self, column: usize) -> Option<&str> {
            self.0.get(column - 1).copied().filter(|cell| !cell.is_empty())
        }
    }

    #[test]
    fn names_in_capitals_are_read_as_names() {
        for (name, read) in [
            ("KING'S COLLEGE HOSPITAL NHS FOUNDATION TRUST", "King's College Hospital NHS Foundation Trust"),
            ("NHS SOUTH EAST LONDON ICB - 72Q", "NHS South East London ICB - 72q"),
            ("STOKE-ON-TRENT GP SURGERY", "Stoke-On-Trent GP Surgery"),
            ("SURGERY OF THE GREEN", "Surgery of the Green"),
            ("Already Written", "Already Written"),
        ] {
            assert_eq!(in_title_case(name), read);
        }
    }

    #[test]
    fn a_practice_lies_below_its_commissioner_and_else_below_the_board() {
        let mut cells = vec![""; 27];
        for (column, cell) in [
            (1, "A81001"),
            (2, "THE DENSHAM SURGERY"),
            (4, "QHM"),
            (11, "19740401"),
            (12, "20240331"),
            (15, "16C"),
            (26, "4"),
        ] {
            cells[column - 1] = cell;
        }
        let Ok(Row::Listed(found)) = read(OdsFile::Epraccur, &Line(cells.clone()), 1) else { panic!("a practice") };
        assert_eq!(found.valid_to, NaiveDate::from_ymd_opt(2024, 4, 1), "the day after its last");
        assert_eq!(found.above.map(|above| above.parents), Some(vec!["16C".to_owned(), "QHM".to_owned()]));
        cells[25] = "14";
        assert_eq!(read(OdsFile::Epraccur, &Line(cells), 1), Ok(Row::PassedOver), "a prison is no practice");
    }

    #[test]
    fn a_wrong_date_is_told_with_its_line_and_column() {
        let mut cells = vec!["A81001", "A"];
        cells.extend(["", "", "", "", "", "", "", "", "1974-04-01"]);
        assert_eq!(
            read(OdsFile::Epraccur, &Line(cells), 7).map_err(|fault| fault.pointer),
            Err("/line/7/11".to_owned())
        );
    }
}
