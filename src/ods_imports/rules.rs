//! What a row of a file of the Organisation Data Service says. The files have no header and a fixed number of columns; dates
//! are `YYYYMMDD`, and a day on which something closed or was left is the last on which it held.

use super::names::in_title_case;
use crate::error::Fault;
use crate::organisations::edges::rules::can_stand;
use crate::organisations::rules::{EdgeKind, OrganisationStatus, OrganisationType};
use crate::words;
use chrono::NaiveDate;
use std::ops::RangeInclusive;

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

impl OdsFile {
    /// How many cells a row has: up to those of the file as it is published, less empty ones at the end that a spreadsheet may
    /// leave out.
    pub fn columns(self) -> RangeInclusive<usize> {
        match self {
            Self::Succ => 4..=5,
            Self::EpcnMembers => 5..=6,
            // All files have the day of opening, where it is known.
            _ => 11..=COLUMNS.len(),
        }
    }

    /// Whether a code has a form that the service gives to what the file is about. So a header is not taken for a row: its
    /// words have no digit, as codes of letters alone have three of them, or five as those of sites do.
    fn may_have(self, code: &str) -> bool {
        let of_letters: &[usize] = match self {
            Self::Etr | Self::Eccg | Self::Eauth => &[3],
            Self::Ets => &[5],
            Self::Succ => &[3, 5],
            Self::Epraccur | Self::Epcn | Self::EpcnMembers => &[],
        };
        let has_digit = code.bytes().any(|byte| byte.is_ascii_digit());
        (3..=9).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && (has_digit || of_letters.contains(&code.len()))
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
    /// How many there are, with empty ones.
    fn number(&self) -> usize;
}

/// An organisation as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub code: String,
    pub name: String,
    pub kind: OrganisationType,
    pub valid_from: Option<NaiveDate>,
    /// The first day on which it no longer existed.
    pub valid_to: Option<NaiveDate>,
    /// Whether it is active or closed, where the file says so.
    pub status: Option<OrganisationStatus>,
    pub postcode: Option<String>,
    /// The codes of what it may lie below: the first that the register has is meant.
    pub parents: Vec<String>,
    pub days: Days,
}

/// The days on which something lies below another, as far as a file says them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    pub joined: Option<NaiveDate>,
    /// The first day on which it no longer lay there.
    pub left: Option<NaiveDate>,
}

/// A member of a primary care network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub practice: String,
    pub network: String,
    pub days: Days,
}

/// A succession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succeeded {
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

impl Row {
    /// What a file says once: an organisation, a membership from a day on, a succession.
    pub fn subject(&self) -> Option<String> {
        match self {
            Self::Listed(row) => Some(row.code.clone()),
            Self::Membership(row) => {
                let from = row.days.joined.map(|day| format!(" from {day}")).unwrap_or_default();
                Some(format!("{} in {}{from}", row.practice, row.network))
            }
            Self::Succeeded(row) => Some(format!("{} and {} on {}", row.from, row.to, row.on)),
            Self::PassedOver => None,
        }
    }
}

fn at(line: u32, column: usize) -> String {
    format!("/line/{line}/{column}")
}

fn code(file: OdsFile, row: &impl Cells, line: u32, column: usize) -> Result<String, Fault> {
    let code = row.cell(column).unwrap_or_default().to_ascii_uppercase();
    let fault = || {
        let detail = format!(
            "Expected a code as the Organisation Data Service gives it in column {column}, such as {}. The file has no header.",
            match file {
                OdsFile::Etr => "RJZ",
                OdsFile::Ets => "RJZ01",
                OdsFile::Eccg => "72Q",
                OdsFile::Eauth => "Y56",
                OdsFile::Epraccur => "A81001",
                OdsFile::Epcn => "U12345",
                OdsFile::EpcnMembers => "A81001 in column 1 and U12345 in column 4",
                OdsFile::Succ => "RRK",
            }
        );
        Fault::new(at(line, column), "format", detail)
    };
    if file.may_have(&code) { Ok(code) } else { Err(fault()) }
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
    check_width(file, row, line)?;
    match file {
        OdsFile::Succ => {
            let (from, to) = (code(file, row, line, 1)?, code(file, row, line, 2)?);
            let on = date(row, line, 4)?
                .ok_or_else(|| Fault::new(at(line, 4), "missing", "Expected the day of the succession in column 4."))?;
            Ok(if from == to { Row::PassedOver } else { Row::Succeeded(Succeeded { from, to, on }) })
        }
        OdsFile::EpcnMembers => {
            let (practice, network) = (code(file, row, line, 1)?, code(file, row, line, 4)?);
            let days = Days { joined: date(row, line, 5)?, left: day_after(row, line, 6)? };
            Ok(Row::Membership(Membership { practice, network, days }))
        }
        _ => listed(file, row, line),
    }
}

fn check_width(file: OdsFile, row: &impl Cells, line: u32) -> Result<(), Fault> {
    let (columns, number) = (file.columns(), row.number());
    let (least, most) = (*columns.start(), *columns.end());
    let beyond = (most + 1..=number).any(|column| row.cell(column).is_some());
    if number >= least && !beyond {
        return Ok(());
    }
    let detail = format!(
        "The row has {number} columns. The file {} has {most} as it is published; empty ones after the {least}th may be missing.",
        file.as_str()
    );
    Err(Fault::new(format!("/line/{line}"), "columns", detail))
}

fn listed(file: OdsFile, row: &impl Cells, line: u32) -> Result<Row, Fault> {
    let code = code(file, row, line, 1)?;
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
    let status = match row.cell(13) {
        Some("A") => Some(OrganisationStatus::Active),
        Some("C") => Some(OrganisationStatus::Closed),
        _ => None,
    };
    let parents: Vec<String> = parents.into_iter().flatten().filter(|parent| *parent != code).collect();
    let days = Days { joined: date(row, line, 16)?, left: day_after(row, line, 17)? };
    let postcode = row.cell(10).map(str::to_owned);
    Ok(Row::Listed(Listed { code, name, kind, valid_from, valid_to, status, postcode, parents, days }))
}

/// The code of England, below which regions lie.
const ENGLAND: &str = crate::organisations::ops::ENGLAND;

/// Whether an organisation of a type lies below one of another by geography, as the service has it: of what can stand, what its files
/// list below England, regions, boards, their locations, and trusts and providers.
pub fn may_lie_below(child: OrganisationType, parent: OrganisationType) -> bool {
    use OrganisationType::{England, Icb, IndependentProvider, Locality, NhsTrust, Region, SubIcb, TrustSite};
    let listed = match parent {
        England | Region | Icb | SubIcb => true,
        Locality => ![England, Region, Icb, SubIcb].contains(&child),
        NhsTrust | IndependentProvider => child == TrustSite,
        _ => false,
    };
    listed && can_stand(EdgeKind::Geographic, parent, child)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line(Vec<&'static str>);

    impl Cells for Line {
        fn cell(&self, column: usize) -> Option<&str> {
            self.0.get(column - 1).copied().filter(|cell| !cell.is_empty())
        }

        fn number(&self) -> usize {
            self.0.len()
        }
    }

    /// A row of so many cells, of which these say something.
    fn line(number: usize, said: &[(usize, &'static str)]) -> Line {
        let mut cells = vec![""; number];
        for (column, cell) in said {
            cells[column - 1] = cell;
        }
        Line(cells)
    }

    #[test]
    fn a_practice_lies_below_its_commissioner_and_else_below_the_board() {
        let said = [
            (1, "A81001"),
            (2, "THE DENSHAM SURGERY"),
            (4, "QHM"),
            (11, "19740401"),
            (12, "20240331"),
            (13, "C"),
            (15, "16C"),
            (26, "4"),
        ];
        let Ok(Row::Listed(found)) = read(OdsFile::Epraccur, &line(27, &said), 1) else { panic!("a practice") };
        assert_eq!(found.valid_to, NaiveDate::from_ymd_opt(2024, 4, 1), "the day after its last");
        assert_eq!(found.status, Some(OrganisationStatus::Closed));
        assert_eq!(found.parents, ["16C", "QHM"]);
        let prison = [&said[..7], &[(26, "14")]].concat();
        assert_eq!(read(OdsFile::Epraccur, &line(27, &prison), 1), Ok(Row::PassedOver), "a prison is no practice");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line_and_column() {
        let practice = [(1, "A81001"), (2, "A"), (11, "1974-04-01")];
        let member = [(1, "A81001"), (4, "U12345"), (5, "20190701"), (7, "more")];
        for (file, line, pointer) in [
            (OdsFile::Epraccur, line(11, &practice), "/line/7/11"),
            (OdsFile::Epraccur, line(2, &practice[..2]), "/line/7"),
            (OdsFile::Epraccur, line(27, &[(1, "CODE"), (2, "NAME")]), "/line/7/1"),
            (OdsFile::Etr, line(27, &[(1, "CODE"), (2, "NAME")]), "/line/7/1"),
            (OdsFile::Succ, line(5, &[(1, "FROM"), (2, "TO"), (4, "DATE")]), "/line/7/1"),
            (OdsFile::EpcnMembers, line(7, &member), "/line/7"),
            (OdsFile::EpcnMembers, line(4, &member[..2]), "/line/7"),
        ] {
            assert_eq!(read(file, &line, 7).map_err(|fault| fault.pointer), Err(pointer.to_owned()), "{file:?}");
        }
    }

    #[test]
    fn codes_of_letters_alone_are_those_of_trusts_boards_and_sites() {
        for (file, code, may) in [
            (OdsFile::Etr, "RJZ", true),
            (OdsFile::Etr, "R1A", true),
            (OdsFile::Etr, "TRUST", false),
            (OdsFile::Ets, "RTEFA", true),
            (OdsFile::Ets, "SITE", false),
            (OdsFile::Eccg, "A3A8R", true),
            (OdsFile::Epcn, "U12345", true),
            (OdsFile::Epcn, "PCN", false),
            (OdsFile::Epraccur, "A-81001", false),
            (OdsFile::Succ, "PREDECESSOR", false),
        ] {
            assert_eq!(file.may_have(code), may, "{file:?} {code}");
        }
    }

    #[test]
    fn what_lies_in_a_place_is_smaller_than_it() {
        use OrganisationType::{GpPractice, Icb, NhsTrust, Pcn, Region, SubIcb, TrustSite};
        for (child, parent, may) in [
            (Icb, Region, true),
            (SubIcb, Icb, true),
            (GpPractice, SubIcb, true),
            (TrustSite, NhsTrust, true),
            (Icb, NhsTrust, false),
            (NhsTrust, TrustSite, false),
            (Pcn, Pcn, false),
            (GpPractice, Pcn, false),
            (Region, Icb, false),
        ] {
            assert_eq!(may_lie_below(child, parent), may, "{child:?} below {parent:?}");
        }
    }
}
