//! Reading a delivery, JSON or CSV, into compact rows. Neither is ever held as a document: two hundred thousand rows
//! take a few tens of megabytes.

use super::rules::{Cell, Held, Place, RawRow};
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv;
use crate::decimal;
use crate::vocabulary::Change;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::BufReader;

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
            // No database can hold it, and no code has it: the row is told that there is no such thing.
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

/// A delivery, read.
#[derive(Debug, Default)]
pub struct Input {
    /// The KPI of rows that name none.
    pub kpi: Option<String>,
    pub rows: Vec<RawRow>,
    pub texts: Texts,
}

/// Columns of a CSV submission; the last three are those of our own answer, which may be sent back.
pub const COLUMNS: [&str; 15] = [
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
    "illustrative",
    "outcome",
    "problem",
    "expected",
];

/// Reads CSV.
///
/// # Errors
/// As [`csv::Reader::open`] and [`csv::Reader::next_row`]; `too-many-rows`.
pub fn read_csv(file: File) -> Result<Input> {
    let mut reader = csv::Reader::open(file, &COLUMNS, &[])?;
    let mut input = Input::default();
    while let Some(row) = reader.next_row()? {
        if input.rows.len() >= MOST_ROWS {
            return Err(too_many(format!("/line/{}", row.line)));
        }
        let texts = &mut input.texts;
        let number = |column: usize| {
            let text = clipped(row.text(column)?, LONGEST_CELL);
            Some(match decimal::plain(text) {
                Ok(text) => Cell::Number(text.into()),
                Err(error) => Cell::NotANumber(error.detail().into()),
            })
        };
        let mut held = |text: &str| texts.hold(clipped(text.trim(), LONGEST_CELL));
        let said = RawRow {
            line: row.line,
            kpi: row.text(0).and_then(&mut held),
            organisation: row.text(1).and_then(&mut held),
            innovation: row.text(2).and_then(&mut held),
            period: row.text(3).and_then(&mut held),
            breakdown: row.text(4).and_then(&mut held),
            value: number(5),
            numerator: number(6),
            denominator: number(7),
            qualifier: row.change(8).and_then(&mut held),
            basis: row.change(9).and_then(&mut held),
            comment: row.change(10).map(|text| clipped(text, LONGEST_COMMENT + 1).into()),
            // Spreadsheets write their own TRUE and FALSE.
            illustrative: row.text(11).and_then(|text| held(&text.to_ascii_lowercase())),
        };
        input.rows.push(said);
    }
    Ok(input)
}

/// No code or number is longer than this; what is, is wrong at its beginning already.
fn clipped(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}

fn too_many(pointer: String) -> Error {
    let detail = format!("A submission holds at most {MOST_ROWS} rows.");
    Error::new(Code::TooManyRows).detail(detail.clone()).fault(Fault::new(pointer, "too-many-rows", detail))
}

/// Reads JSON: `{"kpi": ..., "rows": [...]}`, row by row.
///
/// # Errors
/// `malformed-body` with line and column of the first fault of form or shape, `too-many-rows`.
pub fn read_json(file: File) -> Result<Input> {
    let mut input = Input::default();
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, file));
    let read = Document(&mut input).deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|cause| misfit(&cause, input.rows.len()))?;
    if input.rows.len() > MOST_ROWS { Err(too_many(format!("/rows/{MOST_ROWS}"))) } else { Ok(input) }
}

/// Reads JSON lines: a row a line.
///
/// # Errors
/// As [`read_json`].
pub fn read_ndjson(file: File) -> Result<Input> {
    let mut input = Input::default();
    let reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, file));
    for row in reader.into_iter::<JsonRow>() {
        if input.rows.len() >= MOST_ROWS {
            return Err(too_many(format!("/rows/{MOST_ROWS}")));
        }
        let row = row.map_err(|cause| misfit(&cause, input.rows.len()))?;
        input.push(row);
    }
    Ok(input)
}

fn misfit(cause: &serde_json::Error, row: usize) -> Error {
    if !cause.is_data() {
        return crate::http::schemas::malformed(cause);
    }
    let (line, column) = (cause.line(), cause.column());
    let detail = format!("The body does not fit the schema at line {line}, column {column}: {}.", reason(cause));
    Error::new(Code::MalformedBody).detail(detail.clone()).fault(Fault::new(format!("/rows/{row}"), "shape", detail))
}

/// The library's reason without its position, which is told already.
fn reason(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    text.split(" at line ").next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect()
}

impl Input {
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

/// The members of several dimensions.
#[derive(serde::Deserialize)]
#[serde(try_from = "BTreeMap<String, Text>")]
struct Members(BTreeMap<String, Text>);

impl TryFrom<BTreeMap<String, Text>> for Members {
    type Error = String;

    fn try_from(members: BTreeMap<String, Text>) -> Result<Self, String> {
        let fits = members.len() <= MOST_DIMENSIONS;
        if fits { Ok(Self(members)) } else { Err(format!("a breakdown has more than {MOST_DIMENSIONS} dimensions")) }
    }
}

/// A text in place of a number is a fault of the row, told beside its other faults.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(serde_json::Number),
    Text(Text),
}

impl Scalar {
    fn cell(self) -> Cell {
        match self {
            Self::Number(number) => Cell::Number(number.to_string().into()),
            Self::Text(Text(text)) => Cell::NotANumber(match decimal::plain(&text) {
                Ok(_) => "Expected a JSON number, without quotation marks.".into(),
                Err(error) => error.detail().into(),
            }),
        }
    }
}

/// Whether a comment may be kept.
pub fn comment_fault(comment: &str) -> Option<super::rules::RowError> {
    if comment.chars().count() > LONGEST_COMMENT {
        return Some(super::rules::RowError::new("too-long", "A comment may have at most 2,000 characters."));
    }
    crate::http::schemas::text_fault(comment).map(|(code, detail)| super::rules::RowError::new(code, detail))
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
        let input = read_json(spooled(&format!(r#"{{"rows":{rows}}}"#))).unwrap();
        assert!(matches!(input.rows[0].value, Some(Cell::NotANumber(_))));
        assert_eq!(input.rows[1].value, Some(Cell::Number("1.5".into())));
        for body in [r#"{"rows":[{"organization":"A"}]}"#, r#"{"row":[]}"#, r#"{"rows":{}}"#, "[", r#"{"rows":[]} x"#] {
            assert_eq!(read_json(spooled(body)).unwrap_err().code(), Code::MalformedBody, "{body}");
        }
    }
}
