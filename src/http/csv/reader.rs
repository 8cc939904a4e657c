//! CSV bodies, as spreadsheet programs and people write them. What cannot be read for sure is refused whole and never
//! guessed. What does not fit the published schema, which pins the names in the header, is 400; what fits but breaks a rule of
//! CSV is 422.

use super::cells::{MARK, is_misread, refusal, takes_away};
use super::watch::Watch;
use crate::error::{Code, Error, Fault, Result};
use crate::vocabulary::Change;
use csv::{ByteRecord, ErrorKind, StringRecord};
use std::io::{Chain, Cursor, Read};

/// Where the header is looked for: the beginning of the file, in bytes.
const HEAD: u64 = 1 << 16;

const AS_UTF8: &str = "In Excel, choose File > Save As > CSV UTF-8 (Comma delimited); in LibreOffice, File > Save As > Text CSV \
     with the character set Unicode (UTF-8).";

/// Files that are no CSV, by their first bytes.
const FOREIGN: [(&[u8], &str, &str); 6] = [
    (
        b"PK\x03\x04",
        "workbook",
        "This is a workbook (such as .xlsx, .ods or .numbers) and not a CSV. What takes workbooks takes an .xlsx under its own media type.",
    ),
    (b"\xd0\xcf\x11\xe0", "workbook", "This is a workbook (.xls) and not a CSV."),
    (b"\xff\xfe", "utf-16", "This file is in UTF-16 (Excel calls it Unicode Text) and not in UTF-8."),
    (b"\xfe\xff", "utf-16", "This file is in UTF-16 (Excel calls it Unicode Text) and not in UTF-8."),
    (b"\x1f\x8b", "compressed", "This file is compressed: unpack it, or send it with Content-Encoding: gzip."),
    (b"%PDF", "pdf", "This is a PDF and not a CSV."),
];

/// What is said of the columns that there are, to somebody who sent one of another name; without one, to somebody who sent
/// none.
pub type Hint<'c> = &'c dyn Fn(Option<&str>) -> String;

/// A table being read, whatever file it is in.
pub trait Rows {
    /// The next row that says anything.
    ///
    /// # Errors
    /// Those of the file.
    fn next_row(&mut self) -> Result<Option<Row<'_>>>;

    /// The columns that are there, in the sender's order and with the sender's own names.
    fn present(&self) -> Vec<(usize, &str)>;

    /// What separates the cells.
    fn delimiter(&self) -> u8 {
        b','
    }
}

/// A CSV being read, by the columns that an operation knows.
pub struct Reader<'c, R> {
    rows: csv::Reader<Watch<Chain<Cursor<Vec<u8>>, R>>>,
    delimiter: u8,
    columns: &'c [&'c str],
    hint: Option<Hint<'c>>,
    header: StringRecord,
    /// Where each of the columns stands, if it is there.
    places: Vec<Option<usize>>,
    /// Where columns without a name stand.
    unnamed: Vec<usize>,
    record: StringRecord,
    /// Whether the file has shown by now that it is in UTF-8.
    is_utf8: bool,
    any: bool,
    /// Whether the file has no header of its own.
    headless: bool,
    /// How many cells a whole row has: as many as the header, or without one as the first row.
    width: Option<usize>,
}

/// One row, and the line on which it begins.
pub struct Row<'a> {
    pub line: u32,
    record: &'a StringRecord,
    places: &'a [Option<usize>],
}

impl<'a> Row<'a> {
    /// A row of a table that is no CSV.
    pub fn of(line: u32, record: &'a StringRecord, places: &'a [Option<usize>]) -> Self {
        Self { line, record, places }
    }

    /// The text of a column's cell just as it was meant; nothing where the cell is empty or the column is not there.
    pub fn verbatim(&self, column: usize) -> Option<&'a str> {
        let cell = self.record.get(self.places.get(column).copied().flatten()?)?;
        let meant = cell.strip_prefix('\'').filter(|text| is_misread(text)).unwrap_or(cell);
        (!meant.trim().is_empty()).then_some(meant)
    }

    /// How many cells it has, with empty ones.
    pub fn cells(&self) -> usize {
        self.record.len()
    }

    /// As [`Row::verbatim`], without the spaces around it.
    pub fn text(&self, column: usize) -> Option<&'a str> {
        self.verbatim(column).map(str::trim)
    }

    /// What the cell says of something that may be there already: an empty one says nothing, `(none)` takes it away.
    pub fn change(&self, column: usize) -> Change<&'a str> {
        let cell = self.places.get(column).copied().flatten().and_then(|place| self.record.get(place));
        if cell.is_some_and(takes_away) {
            return Change::Clear;
        }
        self.verbatim(column).map_or(Change::Keep, Change::Set)
    }
}

impl<'c, R: Read> Reader<'c, R> {
    /// Reads as far as the header.
    ///
    /// # Errors
    /// `malformed-body` for what is no CSV in UTF-8; `unknown-column`; `validation-failed` for a column that is there twice
    /// and for each that is needed and not there; `no-rows` for an empty file.
    pub fn open(file: R, columns: &'c [&'c str], needed: &[&str]) -> Result<Self> {
        Self::open_with(file, columns, needed, None)
    }

    /// As [`Reader::open`], for a file of many columns, of which a hint says in short what they are.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_with(mut file: R, columns: &'c [&'c str], needed: &[&str], hint: Option<Hint<'c>>) -> Result<Self> {
        let mut head = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut head).map_err(Error::internal)?;
        refuse_foreign(&head)?;
        let begin = marks(&head);
        let (declared, line, begin) = match separator_line(head.get(begin..).unwrap_or_default()) {
            Some((delimiter, length)) => {
                let after = begin + length;
                (Some(delimiter), 2, after + marks(head.get(after..).unwrap_or_default()))
            }
            None => (None, 1, begin),
        };
        let is_utf8 = head.starts_with(MARK);
        let text = head.get(begin..).unwrap_or_default();
        let delimiter = declared.unwrap_or_else(|| delimiter(text, columns));
        let mut head = Cursor::new(head);
        head.set_position(begin as u64);
        Self::read_header(head.chain(file), (columns, hint), (delimiter, line), is_utf8, needed)
    }

    fn read_header(
        file: Chain<Cursor<Vec<u8>>, R>,
        (columns, hint): (&'c [&'c str], Option<Hint<'c>>),
        (delimiter, line): (u8, u32),
        is_utf8: bool,
        needed: &[&str],
    ) -> Result<Self> {
        let mut rows = csv::ReaderBuilder::new();
        rows.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(HEAD as usize);
        let rows = rows.from_reader(Watch::new(file, delimiter, line));
        let (header, record) = (StringRecord::new(), StringRecord::new());
        let (places, unnamed) = (vec![None; columns.len()], Vec::new());
        // The header that is put before a file without one is its line 0.
        let (any, headless, width) = (false, line == 0, None);
        let mut reader =
            Self { rows, delimiter, columns, hint, header, places, unnamed, record, is_utf8, any, headless, width };
        let Some(line) = reader.advance()? else {
            let detail =
                format!("The file is empty; expected a header that names columns, and rows. {}", reader.known(None));
            return Err(refusal(Code::NoRows, 1, "no-rows", detail));
        };
        reader.header = std::mem::take(&mut reader.record);
        reader.find_columns(line, needed)?;
        // The header that is put before a file without one says nothing of how many cells that has.
        reader.width = (!headless).then_some(reader.header.len());
        Ok(reader)
    }

    /// Reads a file without a header, such as those of the Organisation Data Service: its cells stand in the order of the
    /// columns, with commas between them.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn headless(mut file: R, columns: &'c [&'c str]) -> Result<Self> {
        let mut start = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut start).map_err(Error::internal)?;
        refuse_foreign(&start)?;
        let is_utf8 = start.starts_with(MARK);
        let mut head = columns.join(",").into_bytes();
        head.push(b'\n');
        head.extend_from_slice(start.get(marks(&start)..).unwrap_or_default());
        Self::read_header(Cursor::new(head).chain(file), (columns, None), (b',', 0), is_utf8, &[])
    }

    /// As [`Rows::next_row`].
    ///
    /// # Errors
    /// `malformed-body` for a row that is not in UTF-8; `validation-failed` for a quotation that cannot be read for sure, a
    /// row that is cut off and a cell without a column; `no-rows` when the header was all there is.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>> {
        let Some(line) = self.advance()? else {
            if self.any {
                return Ok(None);
            }
            let detail = if self.headless {
                "The file is empty, so there is nothing to take."
            } else {
                "There is a header and no row below it, so there is nothing to take."
            };
            return Err(refusal(Code::NoRows, self.rows.get_mut().next_start(), "no-rows", detail));
        };
        self.any = true;
        let whole = *self.width.get_or_insert(self.record.len());
        self.check_width(line, whole)?;
        Ok(Some(Row { line, record: &self.record, places: &self.places }))
    }

    /// Reads the next record that is not all empty, and says on which line it begins.
    fn advance(&mut self) -> Result<Option<u32>> {
        loop {
            match self.rows.read_record(&mut self.record) {
                Ok(false) => return Ok(None),
                Ok(true) => {
                    let line = self.rows.get_mut().next_start();
                    self.is_utf8 |= !self.record.as_slice().is_ascii();
                    if !self.record.as_slice().trim().is_empty() {
                        return Ok(Some(line));
                    }
                }
                Err(cause) => return Err(self.unreadable(&cause)),
            }
        }
    }

    fn unreadable(&mut self, cause: &csv::Error) -> Error {
        let watch = self.rows.get_mut();
        match cause.kind() {
            ErrorKind::Io(_) => watch.refused().unwrap_or_else(|| Error::internal(cause)),
            _ => {
                let line = watch.next_start();
                let (word, what) = if self.is_utf8 {
                    ("two-encodings", "holds text in another encoding than the lines before it, which are in UTF-8")
                } else {
                    (
                        "encoding",
                        "is not in UTF-8; Excel's plain CSV is in Windows-1252, which cannot be told from others",
                    )
                };
                refusal(Code::MalformedBody, line, word, format!("Line {line} {what}. {AS_UTF8}"))
            }
        }
    }

    /// Finds where each of the columns stands in the header, which may name them in any order and case.
    fn find_columns(&mut self, line: u32, needed: &[&str]) -> Result<()> {
        let mut faults = Vec::new();
        let mut fault = |word, detail: String| faults.push(Fault::new(format!("/line/{line}"), word, detail));
        for (place, name) in self.header.iter().map(str::trim).enumerate() {
            if name.is_empty() {
                self.unnamed.push(place);
                continue;
            }
            let known = self.columns.iter().position(|known| known.eq_ignore_ascii_case(name));
            let Some((known, column)) = known.and_then(|known| Some((known, self.places.get_mut(known)?))) else {
                let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                let detail = format!("There is no column \"{name}\". {}", self.known(Some(&name)));
                return Err(refusal(Code::UnknownColumn, line, "unknown-column", detail));
            };
            if column.replace(place).is_some() {
                fault("column-twice", format!("The column {} is there twice.", self.columns[known]));
            }
        }
        for (name, place) in self.columns.iter().zip(&self.places) {
            if place.is_none() && needed.contains(name) {
                fault("column-missing", format!("The column {name} is missing."));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::validation(faults)) }
    }

    fn known(&self, sent: Option<&str>) -> String {
        if let Some(hint) = self.hint {
            return hint(sent);
        }
        format!("The first row is the header; its columns are {}.", self.columns.join(", "))
    }

    /// A row may leave out empty cells at its end, as Excel does, and have more of them than the header.
    fn check_width(&self, line: u32, whole: usize) -> Result<()> {
        let (cells, columns) = (self.record.len(), self.header.len());
        if cells < whole && self.rows.get_ref().is_cut_off() {
            let detail = format!(
                "The file breaks off in the middle of line {line}, with {cells} of {whole} cells. Send it whole."
            );
            return Err(refusal(Code::ValidationFailed, line, "cut-off", detail));
        }
        let mut nameless = self.unnamed.iter().copied().chain(columns..cells);
        let stray = nameless.find(|place| self.record.get(*place).is_some_and(|cell| !cell.trim().is_empty()));
        let Some(place) = stray else { return Ok(()) };
        if self.headless {
            let detail = format!("Line {line} has text in its cell {}, and the file has {columns} columns.", place + 1);
            return Err(refusal(Code::ValidationFailed, line, "no-column", detail));
        }
        let detail = format!(
            "Line {line} has text in its cell {}, where the header names no column. Empty the cell or name its column; a number \
             has no comma in it (85.3, 1234), and a text that holds what separates cells stands in quotation marks.",
            place + 1
        );
        Err(refusal(Code::ValidationFailed, line, "no-column", detail))
    }
}

impl<R: Read> Rows for Reader<'_, R> {
    fn next_row(&mut self) -> Result<Option<Row<'_>>> {
        Self::next_row(self)
    }

    fn present(&self) -> Vec<(usize, &str)> {
        present(&self.header, &self.places)
    }

    fn delimiter(&self) -> u8 {
        self.delimiter
    }
}

/// Which of the columns stand in a header, in its order, with the names that they have there.
pub fn present<'a>(header: &'a StringRecord, places: &[Option<usize>]) -> Vec<(usize, &'a str)> {
    let named = |(place, name)| Some((places.iter().position(|known| *known == Some(place))?, name));
    header.iter().enumerate().filter_map(named).collect()
}

/// How many bytes the byte order marks at the beginning take.
fn marks(text: &[u8]) -> usize {
    text.chunks(MARK.len()).take_while(|chunk| *chunk == MARK).count() * MARK.len()
}

fn refuse_foreign(head: &[u8]) -> Result<()> {
    // Latin letters in UTF-16 have a zero in every other byte.
    let wide = matches!(head, [a, b, c, d, ..] if [*a == 0, *b == 0] == [*c == 0, *d == 0] && (*a == 0) != (*b == 0));
    let found = FOREIGN.iter().find(|(start, ..)| head.starts_with(start) || (wide && *start == b"\xff\xfe"));
    let Some((_, word, what)) = found else { return Ok(()) };
    let advice = if *word == "compressed" { String::new() } else { format!(" Save the sheet as CSV. {AS_UTF8}") };
    Err(refusal(Code::MalformedBody, 1, word, format!("{what}{advice}")))
}

/// The separator that a first line such as `sep=;` declares, and how many bytes the line takes.
fn separator_line(text: &[u8]) -> Option<(u8, usize)> {
    let (name, rest) = text.split_at_checked(4)?;
    let (delimiter, rest) = rest.split_first()?;
    let ends =
        if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n") || rest.starts_with(b"\r")) };
    let separates = *delimiter == b'\t' || (delimiter.is_ascii_punctuation() && *delimiter != b'"');
    (name.eq_ignore_ascii_case(b"sep=") && separates && ends > 0).then_some((*delimiter, 5 + ends))
}

/// What separates the cells of the header: whatever finds most columns that are known, since no name of one holds it.
fn delimiter(head: &[u8], columns: &[&str]) -> u8 {
    let known = |name: &[u8]| columns.iter().any(|column| column.as_bytes().eq_ignore_ascii_case(name.trim_ascii()));
    let found = |delimiter: u8| {
        let rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(head);
        let mut records = rows.into_byte_records().map_while(std::result::Result::ok);
        let says = |record: &ByteRecord| record.iter().any(|cell| !cell.trim_ascii().is_empty());
        records.find(says).map_or(0, |header| header.iter().filter(|name| known(name)).count())
    };
    // The last of equals is chosen.
    b"\t;,".iter().copied().max_by_key(|delimiter| found(*delimiter)).unwrap_or(b',')
}
