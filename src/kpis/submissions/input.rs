//! Reading a submission, JSON or CSV, into compact rows. The document is never held whole: two hundred thousand rows
//! take a few tens of megabytes.

use super::origin::Origin;
use super::rules::{Cell, Held, Place, RawRow};
use crate::decimal;
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv;
use crate::http::strict::{self, Numbers};
use crate::shape::{Misfit, Shape};
use crate::vocabulary::Change;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Seek};

/// The most rows one submission may hold.
pub const MOST_ROWS: usize = 500_000;
const LONGEST_COMMENT: usize = 2000;
/// The longest text of a row in JSON; above that the body is not read.
const LONGEST_TEXT: usize = 20_000;
const LONGEST_CELL: usize = 400;
const MOST_DIMENSIONS: usize = 8;

/// Texts that many rows share, each held once.
#[derive(Debug, Default)]
pub struct Texts {
    places: HashMap<Box<str>, Place>,
    all: Vec<Box<str>>,
}

impl Texts {
    pub fn hold(&mut self, text: &str) -> Held {
        if text.contains('\0') {
            // No database can store a NUL and no code has one, so the row gets the error of an unknown code.
            return self.hold(&text.replace('\0', "\u{fffd}"));
        }
        if let Some(place) = self.places.get(text) {
            return Some(*place);
        }
        self.all.push(text.into());
        let place = u32::try_from(self.all.len()).ok().and_then(Place::new)?;
        self.places.insert(text.into(), place);
        Some(place)
    }

    /// The text, if there is one.
    pub fn get(&self, held: Held) -> Option<&str> {
        self.all.get(held?.get() as usize - 1).map(|text| &**text)
    }
}

/// A submission as it was read.
#[derive(Debug, Default)]
pub struct Input {
    /// The KPI of rows that name none.
    pub kpi: Option<String>,
    pub rows: Vec<RawRow>,
    pub texts: Texts,
    /// Where the rows stood in the delivery.
    pub origin: Origin,
}

/// The columns of a CSV submission. The last four are those of our own answers and exports, which may be sent back.
pub const COLUMNS: [&str; 17] = [
    "kpi",
    "organisation",
    "innovation",
    "period",
    "breakdown",
    "value",
    "numerator",
    "denominator",
    "qualifier",
    "basis",
    "comment",
    "justification",
    "illustrative",
    "outcome",
    "problem",
    "expected",
    "provisional",
];

/// Reads a table with a value in each row: CSV, or the sheet of a workbook.
///
/// # Errors
/// As [`csv::Rows::next_row`]; `too-many-rows`.
pub fn read_long(rows: &mut dyn csv::Rows) -> Result<Input> {
    let mut input = Input::default();
    while let Some(row) = rows.next_row()? {
        if input.rows.len() >= MOST_ROWS {
            return Err(too_many(format!("/line/{}", row.line)));
        }
        let figures = figures(&row, 5, &mut input.texts);
        let mut held = |column: usize| held(row.text(column), &mut input.texts);
        let said = RawRow {
            kpi: held(0),
            organisation: held(1),
            innovation: held(2),
            period: held(3),
            breakdown: held(4),
            // Spreadsheets write their own TRUE and FALSE.
            illustrative: row.text(12).and_then(|text| input.texts.hold(&text.to_ascii_lowercase())),
            ..figures
        };
        input.rows.push(said);
    }
    Ok(input)
}

/// What a row says of a value in the columns from `first` on that are those of [`FIGURES`](crate::kpis::sets::columns::FIGURES), but
/// for the justification.
pub fn figures(row: &csv::Row<'_>, first: usize, texts: &mut Texts) -> RawRow {
    let number = |place: usize| {
        let text = clipped(row.text(first + place)?, LONGEST_CELL);
        Some(match decimal::plain(text) {
            Ok(text) => Cell::Number(text.into()),
            Err(error) => Cell::NotANumber(error.detail().into()),
        })
    };
    RawRow {
        line: row.line,
        value: number(0),
        numerator: number(1),
        denominator: number(2),
        qualifier: row.change(first + 3).and_then(|text| held(Some(text), texts)),
        basis: row.change(first + 4).and_then(|text| held(Some(text), texts)),
        comment: row.change(first + 5).map(lengthy),
        justification: row.text(first + 6).map(lengthy),
        ..RawRow::default()
    }
}

/// A text of a cell, no longer than any valid code.
pub fn held(text: Option<&str>, texts: &mut Texts) -> Held {
    texts.hold(clipped(text?.trim(), LONGEST_CELL))
}

/// A comment or a justification, cut where it is too long to be kept.
fn lengthy(text: &str) -> Box<str> {
    clipped(text, LONGEST_COMMENT + 1).into()
}

/// Cuts a text to a length that no valid code or number exceeds.
fn clipped(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}

pub fn too_many(pointer: String) -> Error {
    let detail = format!("A submission can have at most {MOST_ROWS} rows.");
    Error::new(Code::TooManyRows).detail(detail.clone()).fault(Fault::new(pointer, "too-many-rows", detail))
}

/// Reads JSON: `{"kpi": ..., "rows": [...]}`, row by row.
///
/// # Errors
/// `malformed-body` with line and column of the first fault of form or shape, `too-many-rows`.
pub fn read_json(file: File, shape: &Shape) -> Result<Input> {
    let mut input = Input::default();
    let again = file.try_clone().map_err(Error::internal)?;
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, file));
    let read = Document(&mut input).deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|cause| {
        let twice = || Some(strict::misfit(&whole(&again)?, Numbers::AsWritten)?.fault());
        misfit(&cause, input.rows.len(), shape, |row| cut(&again, row), twice)
    })?;
    if input.rows.len() > MOST_ROWS { Err(too_many(format!("/rows/{MOST_ROWS}"))) } else { Ok(input) }
}

/// Reads JSON lines: one row in each line.
///
/// # Errors
/// As [`read_json`].
pub fn read_ndjson(file: File, shape: &Shape) -> Result<Input> {
    let mut input = Input::default();
    let again = file.try_clone().map_err(Error::internal)?;
    let reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, file));
    for row in reader.into_iter::<JsonRow>() {
        if input.rows.len() >= MOST_ROWS {
            return Err(too_many(format!("/rows/{MOST_ROWS}")));
        }
        let row = row.map_err(|cause| {
            let number = input.rows.len();
            let twice = || {
                let line = line(&again, number).ok()??;
                let Fault { pointer, code, detail } =
                    strict::misfit(line.get().as_bytes(), Numbers::AsWritten)?.fault();
                Some(Fault::new(format!("/rows/{number}{pointer}"), code, detail))
            };
            misfit(&cause, number, shape, |_| cut_line(&again, number), twice)
        })?;
        input.push(row);
    }
    Ok(input)
}

/// What could not be read, held against the published schema once more: it says what was expected, and where. `cut` reads
/// the delivery again, with the row of this number as its only one; `twice` finds what is named twice.
fn misfit(
    cause: &serde_json::Error,
    row: usize,
    shape: &Shape,
    cut: impl FnOnce(usize) -> serde_json::Result<Value>,
    twice: impl FnOnce() -> Option<Fault>,
) -> Error {
    if !cause.is_data() {
        return crate::http::schemas::malformed(cause);
    }
    let place = format!("line {}, column {}", cause.line(), cause.column());
    let found = cut(row).ok().and_then(|sent| shape.misfits(&sent).into_iter().next()).map(Misfit::fault);
    let fault = found
        .or_else(twice)
        .unwrap_or_else(|| Fault::new("", "shape", "The body is no object with rows. Compare it with the example."));
    let pointer = fault.pointer.strip_prefix("/rows/0").map(|rest| format!("/rows/{row}{rest}"));
    let detail = format!("{} It is at {place}.", fault.detail);
    let fault = Fault::new(pointer.unwrap_or(fault.pointer), fault.code, detail.clone());
    Error::new(Code::MalformedBody).detail(detail).fault(fault)
}

/// A delivery without its rows but one. The text of the rows is held, and never as values.
fn cut(mut file: &File, row: usize) -> serde_json::Result<Value> {
    file.rewind().map_err(serde_json::Error::io)?;
    let sent: BTreeMap<String, Box<RawValue>> = serde_json::from_reader(BufReader::new(file))?;
    let mut members = serde_json::Map::new();
    for (name, value) in sent {
        let text = value.get();
        let value = if name == "rows" && text.starts_with('[') {
            OneRow(row).deserialize(&mut serde_json::Deserializer::from_str(text))?
        } else {
            serde_json::from_str(text)?
        };
        members.insert(name, value);
    }
    Ok(Value::Object(members))
}

/// As [`cut`], of JSON lines.
fn cut_line(file: &File, row: usize) -> serde_json::Result<Value> {
    let row = line(file, row)?.map(|text| serde_json::from_str::<Value>(text.get())).transpose()?;
    Ok(serde_json::json!({ "rows": row.into_iter().collect::<Vec<_>>() }))
}

/// The text of one of the JSON lines.
fn line(mut file: &File, row: usize) -> serde_json::Result<Option<Box<RawValue>>> {
    file.rewind().map_err(serde_json::Error::io)?;
    let rows = serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter::<Box<RawValue>>();
    rows.skip(row).take(1).next().transpose()
}

/// The delivery as it was sent.
fn whole(mut file: &File) -> Option<Vec<u8>> {
    file.rewind().ok()?;
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut text).ok()?;
    Some(text)
}

/// Reads a list of the row of this number alone.
struct OneRow(usize);

impl<'de> DeserializeSeed<'de> for OneRow {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for OneRow {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Value, A::Error> {
        for _ in 0..self.0 {
            rows.next_element::<IgnoredAny>()?;
        }
        let row = rows.next_element::<Value>()?;
        while rows.next_element::<IgnoredAny>()?.is_some() {}
        Ok(row.into_iter().collect())
    }
}

impl Input {
    /// Where a value stood, or the cell of its row that a fault of this code is about.
    pub fn pointer(&self, index: usize, code: Option<&str>) -> String {
        let row = self.rows.get(index);
        let kpi = row.and_then(|row| self.texts.get(row.kpi)).unwrap_or_default();
        self.origin.pointer((index, row.map_or(0, |row| row.line)), kpi, code)
    }

    /// The column that a fault of this code is about, in lower case.
    pub fn column(&self, row: &RawRow, code: Option<&str>) -> String {
        self.origin.column(self.texts.get(row.kpi).unwrap_or_default(), code)
    }

    fn push(&mut self, row: JsonRow) {
        let line = self.rows.len() as u32 + 1;
        let texts = &mut self.texts;
        let mut held = |text: Option<Text>| texts.hold(&text?.0);
        let breakdown = row.breakdown.map(|breakdown| match breakdown {
            JsonBreakdown::Member(Text(member)) => member,
            JsonBreakdown::Members(Members(members)) => {
                members.iter().map(|(d, Text(m))| format!("{d}={m}")).collect::<Vec<_>>().join(";")
            }
        });
        // What several long members make together is cut as a cell of CSV is.
        let breakdown = breakdown.map(|text| Text(clipped(&text, LONGEST_CELL).to_owned()));
        let raw = RawRow {
            line,
            kpi: held(row.kpi),
            organisation: held(Some(row.organisation)),
            innovation: held(row.innovation),
            breakdown: held(breakdown),
            period: held(Some(row.period)),
            qualifier: row.qualifier.and_then(|word| held(Some(word))),
            basis: row.basis.and_then(|word| held(Some(word))),
            value: row.value.map(Scalar::cell),
            numerator: row.numerator.map(Scalar::cell),
            denominator: row.denominator.map(Scalar::cell),
            comment: row.comment.map(|Text(comment)| comment.into()),
            illustrative: row.illustrative.and_then(|is| texts.hold(if is { "true" } else { "false" })),
            justification: row.justification.map(|Text(text)| text.into()),
        };
        self.rows.push(raw);
    }
}

struct Document<'a>(&'a mut Input);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with kpi and rows")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut rows, mut kpi) = (false, false);
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "kpi" if !kpi => {
                    self.0.kpi = Some(map.next_value::<Text>()?.0.replace('\0', "\u{fffd}"));
                    kpi = true;
                }
                "rows" if !rows => {
                    map.next_value_seed(Rows(self.0))?;
                    rows = true;
                }
                other => return Err(A::Error::custom(format_args!("unknown or repeated property {other:?}"))),
            }
        }
        if rows { Ok(()) } else { Err(A::Error::missing_field("rows")) }
    }
}

struct Rows<'a>(&'a mut Input);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<JsonRow>()? {
            if self.0.rows.len() > MOST_ROWS {
                while rows.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            self.0.push(row);
        }
        Ok(())
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRow {
    #[serde(default, deserialize_with = "present")]
    kpi: Option<Text>,
    organisation: Text,
    #[serde(default, deserialize_with = "present")]
    innovation: Option<Text>,
    #[serde(default, deserialize_with = "present")]
    breakdown: Option<JsonBreakdown>,
    period: Text,
    #[serde(default, deserialize_with = "present")]
    value: Option<Scalar>,
    #[serde(default, deserialize_with = "present")]
    numerator: Option<Scalar>,
    #[serde(default, deserialize_with = "present")]
    denominator: Option<Scalar>,
    #[serde(default)]
    qualifier: Change<Text>,
    #[serde(default)]
    basis: Change<Text>,
    #[serde(default)]
    comment: Change<Text<LONGEST_TEXT>>,
    #[serde(default, deserialize_with = "present")]
    illustrative: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    justification: Option<Text<LONGEST_TEXT>>,
}

/// A property that is left out where there is nothing to say, and never null: nothing of it could be taken away.
fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(given: D) -> Result<Option<T>, D::Error> {
    T::deserialize(given).map(Some)
}

/// Text no longer than the schema says.
#[derive(serde::Deserialize)]
#[serde(try_from = "String")]
struct Text<const MOST: usize = LONGEST_CELL>(String);

impl<const MOST: usize> TryFrom<String> for Text<MOST> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = text.len() <= MOST || text.chars().nth(MOST).is_none();
        if fits { Ok(Self(text)) } else { Err(format!("a text is longer than {MOST} characters")) }
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum JsonBreakdown {
    Member(Text),
    Members(Members),
}

/// The members of several dimensions, each dimension once.
struct Members(BTreeMap<String, Text>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of members by dimension")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((dimension, member)) = map.next_entry::<String, Text>()? {
                    if members.insert(dimension, member).is_some() {
                        return Err(A::Error::custom("a dimension is named twice"));
                    }
                    if members.len() > MOST_DIMENSIONS {
                        return Err(A::Error::custom(format_args!("more than {MOST_DIMENSIONS} dimensions")));
                    }
                }
                Ok(Members(members))
            }
        }
        given.deserialize_map(Each)
    }
}

/// A number by its digits, of which none may be lost. A text in its place is a fault of the row, reported with its other
/// faults.
enum Scalar {
    Number(Box<str>),
    Text(Text),
}

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(given)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map(Self::Text).map_err(D::Error::custom),
            Some(b'-' | b'0'..=b'9') if raw.get().len() <= LONGEST_CELL => Ok(Self::Number(raw.get().into())),
            _ => Err(D::Error::custom("a number or text")),
        }
    }
}

impl Scalar {
    fn cell(self) -> Cell {
        match self {
            Self::Number(digits) => Cell::Number(digits),
            Self::Text(Text(text)) => Cell::NotANumber(match decimal::plain(&text) {
                Ok(_) => "Expected a JSON number, without quotation marks.".into(),
                Err(error) => error.detail().into(),
            }),
        }
    }
}

/// Why a comment or a justification cannot be kept.
pub fn text_fault(name: &str, text: &str) -> Option<crate::delivery::RowError> {
    if text.chars().count() > LONGEST_COMMENT {
        let detail = format!("A {name} may have at most 2,000 characters.");
        return Some(crate::delivery::RowError::new("too-long", detail));
    }
    crate::http::schemas::text_fault(text).map(|(code, detail)| crate::delivery::RowError::new(code, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    fn spooled(text: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn a_wrong_type_in_json_is_a_fault_of_its_row_and_a_wrong_shape_of_the_body() {
        let rows =
            r#"[{"organisation":"A","period":"2024","value":"x"},{"organisation":"A","period":"2024","value":1.50}]"#;
        let input = read_json(spooled(&format!(r#"{{"rows":{rows}}}"#)), &shape()).unwrap();
        assert!(matches!(input.rows[0].value, Some(Cell::NotANumber(_))));
        assert_eq!(input.rows[1].value, Some(Cell::Number("1.50".into())));
        for body in [r#"{"rows":[{"organization":"A"}]}"#, r#"{"row":[]}"#, r#"{"rows":{}}"#, "[", r#"{"rows":[]} x"#] {
            assert_eq!(read_json(spooled(body), &shape()).unwrap_err().code(), Code::MalformedBody, "{body}");
        }
    }

    fn shape() -> std::sync::Arc<Shape> {
        crate::http::schemas::shape_of::<crate::kpis::submissions::http::SubmitKpiValuesRequest>().unwrap()
    }

    #[test]
    fn a_wrong_shape_is_told_by_its_row_and_member() {
        let good = r#"{"organisation":"A","period":"2024"}"#;
        for (row, pointer, words) in [
            (r#"{"organization":"A","period":"2024"}"#, "/rows/1/organisation", "organisation is missing"),
            (r#"{"organisation":"A","period":2024}"#, "/rows/1/period", "Expected text, not a number."),
            (r#"{"organisation":"A","period":"2024","value":[7]}"#, "/rows/1/value", "a number or text"),
            (r#"{"organisation":"A","period":"2024","breakdown":{"sex":7}}"#, "/rows/1/breakdown/sex", "Expected text"),
            (r#"{"organisation":"A","period":"2024","note":"x"}"#, "/rows/1/note", "no property of this name"),
            ("7", "/rows/1", "an object with organisation, period"),
            (r#"{"organisation":"A","period":"2024","organisation":"B"}"#, "/rows/1/organisation", "named twice"),
            (
                r#"{"organisation":"A","period":"2024","breakdown":{"sex":"f","sex":"m"}}"#,
                "/rows/1/breakdown/sex",
                "named twice",
            ),
        ] {
            for error in [
                read_json(spooled(&format!(r#"{{"kpi":"ae","rows":[{good},{row},{good}]}}"#)), &shape()).unwrap_err(),
                read_ndjson(spooled(&format!("{good}\n{row}\n{good}\n")), &shape()).unwrap_err(),
            ] {
                let fault = &error.listed()[0];
                assert_eq!(fault.pointer, pointer, "{row}");
                assert!(fault.detail.contains(words) && fault.detail.contains("line "), "{row}: {}", fault.detail);
            }
        }
        for (body, pointer) in [
            (r#"{"kpi":7,"rows":[]}"#, "/kpi"),
            (r#"{"rows":{}}"#, "/rows"),
            ("{}", "/rows"),
            ("7", ""),
            (r#"{"kpi":"a","rows":[],"kpi":"b"}"#, "/kpi"),
        ] {
            assert_eq!(read_json(spooled(body), &shape()).unwrap_err().listed()[0].pointer, pointer, "{body}");
        }
    }
}
