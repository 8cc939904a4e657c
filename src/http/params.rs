//! Query parameters, declared once: what is read, what is refused, and what the API document says of them all come
//! from the same lines. An unknown parameter, one given twice, or one that cannot be read is 400 with its name.

use crate::db::dialect::SearchTerms;
use crate::db::list::{Listed, PageRequest, UPDATED_AT};
use crate::error::{Code, Error, Fault, Result};
use crate::vocabulary::{Id, Timestamp, Word, read_instant};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};

/// A type that one query parameter can hold.
pub trait Param: Sized {
    /// # Errors
    /// Text that says what was expected.
    fn read(text: &str) -> Result<Self, String>;
    /// Its JSON Schema.
    fn schema() -> Value;
    /// Whether a comma separates several values.
    const LIST: bool = false;
    /// The words of a coded filter, for `facets`.
    const WORDS: Option<&'static [&'static str]> = None;
}

/// A code as clients write it: letters, digits and hyphens; compared in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeParam(pub String);

/// One or more words of a closed list, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOf<W>(pub Vec<W>);

/// One or more codes, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes(pub Vec<String>);

fn code(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!text.is_empty() && text.len() <= 60 && text.chars().all(fits)).then(|| text.to_owned())
}

const CODE: &str = "^[A-Za-z0-9-]{1,60}$";

impl Param for CodeParam {
    fn read(text: &str) -> Result<Self, String> {
        code(text).map(Self).ok_or_else(|| "expected a code of 1 to 60 letters, digits and hyphens".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": CODE, "maxLength": 60 })
    }
}

impl Param for Codes {
    fn read(text: &str) -> Result<Self, String> {
        let codes = text.split(',').map(code).collect::<Option<Vec<_>>>().filter(|codes| codes.len() <= 100);
        codes.map(Self).ok_or_else(|| "expected 1 to 100 codes separated by commas".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "array", "minItems": 1, "maxItems": 100, "items": CodeParam::schema() })
    }
    const LIST: bool = true;
}

impl<W: Word> Param for OneOf<W> {
    fn read(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(W::parse).collect::<Option<Vec<_>>>().filter(|words| words.len() <= 100);
        words.map(Self).ok_or_else(|| format!("expected 1 to 100 of {}, separated by commas", W::WORDS.join(", ")))
    }
    fn schema() -> Value {
        json!({ "type": "array", "minItems": 1, "maxItems": 100, "items": { "type": "string", "enum": W::WORDS } })
    }
    const LIST: bool = true;
    const WORDS: Option<&'static [&'static str]> = Some(W::WORDS);
}

/// A single word of a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneWord<W>(pub W);

impl<W: Word> Param for OneWord<W> {
    fn read(text: &str) -> Result<Self, String> {
        W::parse(text).map(Self).ok_or_else(|| format!("expected one of {}", W::WORDS.join(", ")))
    }
    fn schema() -> Value {
        json!({ "type": "string", "enum": W::WORDS })
    }
}

impl Param for SearchTerms {
    fn read(text: &str) -> Result<Self, String> {
        if text.chars().count() > 200 {
            Err("expected at most 200 characters".to_owned())
        } else {
            Ok(Self::parse(text))
        }
    }
    fn schema() -> Value {
        json!({ "type": "string", "maxLength": 200 })
    }
}

impl Param for NaiveDate {
    fn read(text: &str) -> Result<Self, String> {
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        date.ok_or_else(|| "expected a date, such as 2026-04-01".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "string", "format": "date", "maxLength": 10 })
    }
}

impl Param for Timestamp {
    fn read(text: &str) -> Result<Self, String> {
        read_instant(text).map_err(|expected| {
            // A form decodes + to a space.
            let unescaped = text.contains(' ') && read_instant(&text.replace(' ', "+")).is_ok();
            let hint = if unescaped { "; a + in a query stands for a space: write it as %2B, or use Z" } else { "" };
            format!("expected {expected}{hint}")
        })
    }
    fn schema() -> Value {
        json!({ "type": "string", "format": "date-time", "maxLength": 40 })
    }
}

impl Param for bool {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "expected true or false".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Param for Id {
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| "expected a UUID".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "string", "format": "uuid", "maxLength": 36 })
    }
}

/// A whole number between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: i64, const MAX: i64>(pub i64);

impl<const MIN: i64, const MAX: i64> Param for Whole<MIN, MAX> {
    fn read(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|n| (MIN..=MAX).contains(n) && !text.starts_with('+'));
        number.map(Self).ok_or_else(|| format!("expected a whole number from {MIN} to {MAX}"))
    }
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX, "format": "int64" })
    }
}

/// A finite number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimal(pub f64);

impl Param for Decimal {
    fn read(text: &str) -> Result<Self, String> {
        let number = serde_json::from_str::<f64>(text).ok().filter(|n| n.is_finite() && n.abs() <= 1e15);
        number.map(Self).ok_or_else(|| "expected a number".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "number", "format": "double", "minimum": -1e15, "maximum": 1e15 })
    }
}

/// Free text of at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(pub String);

impl Param for Line {
    fn read(text: &str) -> Result<Self, String> {
        let fits = text.chars().count() <= 200 && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or_else(|| "expected at most 200 printable characters".to_owned())
    }
    fn schema() -> Value {
        json!({ "type": "string", "maxLength": 200, "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f]*$" })
    }
}

/// The parameters of one request by name, each once.
pub type Pairs = BTreeMap<String, String>;

/// A set of query parameters, declared by [`crate::params!`].
pub trait Params: Sized {
    /// # Errors
    /// `unknown-parameter` or `invalid-parameter`, naming it.
    fn read(pairs: Pairs) -> Result<Self>;
    /// The coded filters, each with its words.
    fn coded() -> Vec<(&'static str, &'static [&'static str])>;
}

/// The query parameters of a list.
pub trait ListParams: Params + Send + 'static {
    type Row: Listed + Send;
    fn page(&mut self) -> &mut PageRequest;
}

/// Extracts declared parameters from the request.
pub struct Query<T>(pub T);

/// The parameters as they were sent, of which every page of a list is read anew.
pub struct Asked<T>(pub Pairs, std::marker::PhantomData<fn() -> T>);

impl<T: Params> FromRequest for Asked<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request.query_string()))
    }
}

impl<T: Params> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request.query_string()))
    }
}

impl<T: Params> Asked<T> {
    /// # Errors
    /// As a request with this query.
    pub fn of(query: &str) -> Result<Self> {
        asked(query).map(|pairs| Self(pairs, std::marker::PhantomData))
    }
}

impl<T: Params> Query<T> {
    /// # Errors
    /// As a request with this query.
    pub fn of(query: &str) -> Result<Self> {
        asked(query).and_then(T::read).map(Self)
    }
}

/// The parameters that an operation's own code reads.
fn asked(query: &str) -> Result<Pairs> {
    let mut pairs = pairs(query)?;
    // The gate lets it pass where CSV can be answered, and the reply minds it.
    if byte_order_mark(query)?.is_some() {
        pairs.remove(BYTE_ORDER_MARK);
    }
    Ok(pairs)
}

/// The parameter that every operation takes which can answer CSV.
const BYTE_ORDER_MARK: &str = "bom";

/// Whether a query asks for a byte order mark before CSV, by which Excel knows that it is in UTF-8.
///
/// # Errors
/// `invalid-parameter`.
pub fn byte_order_mark(query: &str) -> Result<Option<bool>> {
    let mut values = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name == BYTE_ORDER_MARK).then_some(value)
    });
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(invalid(BYTE_ORDER_MARK, "it is given twice".to_owned())),
        (Some(value), None) => bool::read(value).map(Some).map_err(|expected| invalid(BYTE_ORDER_MARK, expected)),
    }
}

fn pairs(query: &str) -> Result<Pairs> {
    let list: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| {
        Error::new(Code::InvalidParameter).detail("The query string is not valid percent-encoded UTF-8.")
    })?;
    let mut pairs = Pairs::new();
    for (name, value) in list {
        let name = name.strip_suffix("[]").unwrap_or(&name).to_owned();
        if pairs.contains_key(&name) {
            return Err(invalid(&name, "it is given twice; separate several values by commas".to_owned()));
        }
        pairs.insert(name, value);
    }
    Ok(pairs)
}

pub fn invalid(name: &str, expected: String) -> Error {
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    Error::new(Code::InvalidParameter)
        .detail(format!("The query parameter {name} cannot be read: {expected}."))
        .fault(Fault::new(format!("?{name}"), "invalid-parameter", expected))
}

/// Takes one parameter out of the pairs.
///
/// # Errors
/// `invalid-parameter`.
pub fn take<P: Param>(pairs: &mut Pairs, name: &str) -> Result<Option<P>> {
    pairs.remove(name).map(|text| P::read(&text).map_err(|expected| invalid(name, expected))).transpose()
}

/// # Errors
/// `unknown-parameter` if there is any but those known.
pub fn nothing_else(pairs: &Pairs, known: &[&str]) -> Result<()> {
    let Some(name) = pairs.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    let expected = if known.is_empty() {
        "this operation takes none".to_owned()
    } else {
        format!("known are {}", known.join(", "))
    };
    Err(Error::new(Code::UnknownParameter)
        .detail(format!("This operation has no query parameter {name}; {expected}."))
        .fault(Fault::new(format!("?{name}"), "unknown-parameter", expected)))
}

/// Describes one parameter for the API document.
pub fn describe<P: Param>(name: &str, description: &str) -> Parameter {
    parameter(name, description, P::schema(), P::LIST)
}

fn parameter(name: &str, description: &str, schema: Value, is_list: bool) -> Parameter {
    let schema: RefOr<Schema> = serde_json::from_value(schema).unwrap_or_default();
    let builder = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
    let builder = builder.description(Some(description.trim())).schema(Some(schema));
    if is_list {
        builder.explode(Some(false)).style(Some(utoipa::openapi::path::ParameterStyle::Form)).build()
    } else {
        builder.build()
    }
}

/// Reads what every list takes beside its filters.
///
/// # Errors
/// `invalid-parameter`.
pub fn page_request<R: Listed>(pairs: &mut Pairs) -> Result<PageRequest> {
    let (limit, cursor) = (take::<Whole<1, 500>>(pairs, "limit")?, pairs.remove("cursor"));
    let count = take::<bool>(pairs, "count")?.unwrap_or(false);
    pairs.remove("facets");
    let names = pairs.get("sort").cloned();
    let mut sort = Vec::new();
    for name in names.iter().flat_map(|names| names.split(',')) {
        let (bare, descending) = name.strip_prefix('-').map_or((name, false), |bare| (bare, true));
        let column = R::SORTS.iter().position(|known| *known == bare);
        let column = column.ok_or_else(|| {
            invalid("sort", format!("expected {}, each with - in front to descend", R::SORTS.join(", ")))
        })?;
        if sort.iter().any(|(other, _)| *other == column) {
            return Err(Error::invalid("?sort", "named-twice", format!("The list cannot be sorted by {bare} twice.")));
        }
        sort.push((column, descending));
    }
    if cursor.as_ref().is_some_and(|c| {
        c.len() < 24 || c.len() > 4000 || !c.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }) {
        return Err(Error::new(Code::InvalidCursor).fault(Fault::new(
            "?cursor",
            "invalid-cursor",
            "Expected a cursor from page.next or the Link header of a previous page.",
        )));
    }
    // What is left in the pairs, sort included, is what makes this list this list.
    let text = serde_urlencoded::to_string(&*pairs).unwrap_or_default();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let fingerprint = digest.as_ref().iter().take(6).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    pairs.remove("sort");
    let mut instant = |name| -> Result<_> { Ok(take::<Timestamp>(pairs, name)?.map(|at| at.naive_utc())) };
    let dated = R::SORTS.contains(&UPDATED_AT);
    let updated = if dated { (instant("updatedFrom")?, instant("updatedTo")?) } else { (None, None) };
    if let (Some(from), Some(to)) = updated
        && from > to
    {
        return Err(Error::invalid("?updatedTo", "range", "Expected an instant that is not before updatedFrom."));
    }
    let keys = R::KEY.map(|(name, ..)| take::<Keys>(pairs, name)).transpose()?.flatten().map(|keys| keys.0);
    Ok(PageRequest { limit: limit.map_or(50, |l| l.0), sort, cursor, count, updated, keys, fingerprint })
}

/// The parameters of a page, whatever the list.
pub const PAGE: [&str; 5] = ["limit", "cursor", "sort", "count", "facets"];

/// The parameters that a list takes beside its filters.
pub fn of_page<R: Listed>() -> Vec<&'static str> {
    let updated = R::SORTS.contains(&UPDATED_AT).then_some(["updatedFrom", "updatedTo"]);
    PAGE.into_iter().chain(updated.into_iter().flatten()).chain(R::KEY.map(|(name, ..)| name)).collect()
}

/// Describes what every list takes beside its filters.
pub fn describe_page<R: Listed>(coded: &[(&str, &[&str])]) -> Vec<Parameter> {
    let names = R::SORTS.join("|");
    let sort = json!({ "type": "string", "maxLength": 200, "pattern": format!("^-?({names})(,-?({names}))*$"), "example": R::SORTS.first() });
    let cursor = json!({ "type": "string", "minLength": 24, "maxLength": 4000, "pattern": "^[A-Za-z0-9_-]{24,4000}$" });
    let mut parameters = vec![describe::<Whole<1, 500>>("limit", "The maximum number of rows. Default: 50.")];
    let meaning = "The cursor of the page, from `page.next` of the previous page. Default: the first page.";
    parameters.push(parameter("cursor", meaning, cursor, false));
    if !R::SORTS.is_empty() {
        let meaning = "The columns to sort by, separated by commas. A minus sign sorts in descending order.";
        parameters.push(parameter("sort", meaning, sort, false));
    }
    parameters.push(describe::<bool>(
        "count",
        "Whether to count the rows that fit the filters, exactly up to 10,000. Default: false.",
    ));
    if !coded.is_empty() {
        let names: Vec<&str> = coded.iter().map(|(name, _)| *name).collect();
        let schema = json!({ "type": "array", "minItems": 1, "maxItems": names.len(), "items": { "type": "string", "enum": names } });
        let meaning = "Coded filters to count by, separated by commas. For each word of such a filter, `facets` in the answer gives the number of rows that fit it and the other filters.";
        parameters.push(parameter("facets", meaning, schema, true));
    }
    if R::SORTS.contains(&UPDATED_AT) {
        let from = "Rows last changed at this instant or later.";
        parameters.push(describe::<Timestamp>("updatedFrom", from));
        parameters.push(describe::<Timestamp>("updatedTo", "Rows last changed at this instant or earlier."));
    }
    if let Some((name, ..)) = R::KEY {
        parameters.push(describe::<Keys>(name, "Only the rows with these keys, separated by commas."));
    }
    parameters
}

/// Keys of records, separated by commas: codes, slugs or UUIDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(pub Vec<String>);

impl Param for Keys {
    fn read(text: &str) -> Result<Self, String> {
        Codes::read(text)
            .map(|codes| Self(codes.0))
            .map_err(|_| "expected 1 to 100 keys separated by commas".to_owned())
    }
    fn schema() -> Value {
        Codes::schema()
    }
    const LIST: bool = true;
}

/// Declares the query parameters of an operation. With `list of Row`, also those every list takes.
#[macro_export]
macro_rules! params {
    ($(#[$meta:meta])* pub struct $name:ident $(list of $row:ty)? { $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $query:literal,)* }) => {
        $(#[$meta])*
        #[derive(Default)]
        pub struct $name {
            $(#[allow(dead_code, reason = "an operation may only forward its page")] $(#[doc = $doc])+ pub $field: Option<$type>,)*
            $(pub page: $crate::params!(@page $row),)?
        }

        impl $crate::http::params::Params for $name {
            fn read(mut pairs: $crate::http::params::Pairs) -> $crate::error::Result<Self> {
                #[allow(unused_mut, reason = "not every set is of a list")]
                let mut known: Vec<&str> = vec![$($query,)*];
                $(known.extend($crate::http::params::of_page::<$row>());)?
                $crate::http::params::nothing_else(&pairs, &known)?;
                $(let asked = $crate::http::params::page_request::<$row>(&mut pairs)?;)?
                Ok(Self { $($field: $crate::http::params::take(&mut pairs, $query)?,)* $(page: $crate::params!(@asked $row, asked),)? })
            }

            fn coded() -> Vec<(&'static str, &'static [&'static str])> {
                let all: &[(&'static str, Option<&'static [&'static str]>)] = &[$(($query, <$type as $crate::http::params::Param>::WORDS),)*];
                all.iter().filter_map(|(name, words)| Some((*name, (*words)?))).collect()
            }
        }

        impl utoipa::IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
                #[allow(unused_mut, reason = "not every set is of a list")]
                let mut parameters = vec![$($crate::http::params::describe::<$type>($query, concat!($($doc, " "),+)),)*];
                $(parameters.extend($crate::http::params::describe_page::<$row>(&<Self as $crate::http::params::Params>::coded()));)?
                parameters
            }
        }

        $(impl $crate::http::params::ListParams for $name {
            type Row = $row;
            fn page(&mut self) -> &mut $crate::db::list::PageRequest {
                &mut self.page
            }
        })?
    };

    (@page $row:ty) => { $crate::db::list::PageRequest };
    (@asked $row:ty, $asked:ident) => { $asked };
}
