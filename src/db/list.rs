//! Keyset lists: one piece of code sorts, pages and counts every list of the service. A resource declares its sorts
//! with [`crate::sortable!`], builds its filtered query, and calls [`page`].

use super::conn::{Conn, MultiBackend};
use super::dialect::{Engine, FEW, Seeks};
use crate::error::{Code, Error, Result};
use crate::vocabulary::{Id, Word};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Text, Timestamp};
use serde_json::Value;

/// The value of one sort column in one row: what a cursor is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortValue {
    Text(String),
    Number(i64),
    /// Of an INTEGER column, where `Number` is of a BIGINT one.
    Small(i32),
    Instant(NaiveDateTime),
    Day(NaiveDate),
    Id(Id),
}

impl SortValue {
    fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Number(_) => Kind::Number,
            Self::Small(_) => Kind::Small,
            Self::Instant(_) => Kind::Instant,
            Self::Day(_) => Kind::Day,
            Self::Id(_) => Kind::Id,
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Small,
    Instant,
    Day,
    Id,
}

/// A type of the database whose columns may be sorted by.
pub trait SortedType {
    const KIND: Kind;
}

macro_rules! sorted_type {
    ($($sql:ty, $kind:ident, $rust:ty;)*) => {
        $(
            impl SortedType for $sql {
                const KIND: Kind = Kind::$kind;
            }

            impl Sorted for $rust {
                fn value(&self) -> SortValue {
                    SortValue::$kind(self.clone())
                }
            }
        )*
    };
}

/// A member of a row that it may be sorted by.
pub trait Sorted {
    fn value(&self) -> SortValue;
}

sorted_type! {
    Text, Text, String;
    BigInt, Number, i64;
    Integer, Small, i32;
    Timestamp, Instant, NaiveDateTime;
    Date, Day, NaiveDate;
    Binary, Id, Id;
}

impl<W: Word> Sorted for W {
    fn value(&self) -> SortValue {
        SortValue::Text(self.as_str().to_owned())
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub table: &'static str,
    pub name: &'static str,
    pub kind: Kind,
    /// Whether SQLite may seek and sort through its index; PostgreSQL decides by its statistics.
    pub indexed: bool,
}

/// A condition on columns that are known at run time alone.
#[derive(Debug)]
pub enum Test {
    /// The column stands in this relation (`<`, `<=`, `=`, `>=`, `>`) to the value.
    Compare(Column, &'static str, SortValue),
    /// The column holds one of the values.
    Among(Column, Vec<SortValue>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
}

impl Column {
    /// `None` when the value is not of the column's kind.
    fn compare(self, relation: &'static str, value: &SortValue) -> Option<Test> {
        (self.kind == value.kind()).then(|| Test::Compare(self, relation, value.clone()))
    }

    fn push(&self, out: &mut AstPass<'_, '_, MultiBackend>) -> QueryResult<()> {
        if !self.indexed && out.backend().is_sqlite() {
            out.push_sql("+");
        }
        out.push_identifier(self.table)?;
        out.push_sql(".");
        out.push_identifier(self.name)
    }
}

impl SortValue {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        match self {
            Self::Text(text) => out.push_bind_param::<Text, _>(text),
            Self::Number(number) => out.push_bind_param::<BigInt, _>(number),
            Self::Small(number) => out.push_bind_param::<Integer, _>(number),
            Self::Instant(at) => out.push_bind_param::<Timestamp, _>(at),
            Self::Day(day) => out.push_bind_param::<Date, _>(day),
            Self::Id(id) => out.push_bind_param::<Binary, _>(id),
        }
    }
}

impl QueryFragment<MultiBackend> for Test {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("(");
        match self {
            Self::Compare(column, relation, value) => {
                column.push(&mut out)?;
                out.push_sql(relation);
                value.push(&mut out)?;
            }
            Self::Among(_, values) if values.is_empty() => out.push_sql("1 = 0"),
            Self::Among(column, values) => {
                column.push(&mut out)?;
                for (index, value) in values.iter().enumerate() {
                    out.push_sql(if index == 0 { " IN (" } else { ", " });
                    value.push(&mut out)?;
                }
                out.push_sql(")");
            }
            Self::And(left, right) | Self::Or(left, right) => {
                left.walk_ast(out.reborrow())?;
                out.push_sql(if matches!(self, Self::And(..)) { " AND " } else { " OR " });
                right.walk_ast(out.reborrow())?;
            }
        }
        out.push_sql(")");
        Ok(())
    }
}

impl Expression for Test {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for Test {}

impl<G> ValidGrouping<G> for Test {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for Test {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Test {
    /// The same of the columns of these names of another table.
    #[must_use]
    pub fn of(&self, table: &'static str) -> Self {
        let both = |left: &Self, right: &Self| (Box::new(left.of(table)), Box::new(right.of(table)));
        match self {
            Self::Compare(column, relation, value) => {
                Self::Compare(Column { table, ..*column }, relation, value.clone())
            }
            Self::Among(column, values) => Self::Among(Column { table, ..*column }, values.clone()),
            Self::And(left, right) => {
                let (left, right) = both(left, right);
                Self::And(left, right)
            }
            Self::Or(left, right) => {
                let (left, right) = both(left, right);
                Self::Or(left, right)
            }
        }
    }
}

/// A column to sort by.
#[derive(Debug, Clone, Copy)]
pub struct By {
    column: Column,
    descending: bool,
}

impl By {
    /// The same by the column of this name of another table.
    #[must_use]
    pub fn of(self, table: &'static str) -> Self {
        Self { column: Column { table, ..self.column }, ..self }
    }

    pub fn descends(&self) -> bool {
        self.descending
    }
}

impl QueryFragment<MultiBackend> for By {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.column.push(&mut out)?;
        out.push_sql(if self.descending { " DESC" } else { " ASC" });
        Ok(())
    }
}

impl Expression for By {
    type SqlType = diesel::expression::expression_types::NotSelectable;
}

impl<QS> AppearsOnTable<QS> for By {}

impl<G> ValidGrouping<G> for By {
    type IsAggregate = is_aggregate::No;
}

/// A row type with a boxed query and the columns it may be sorted by.
pub trait Listed: Sized {
    type Query;
    /// Names as clients write them.
    const SORTS: &'static [&'static str];
    /// The columns of these names, and a last one, which breaks ties.
    const COLUMNS: &'static [Column];
    /// What names a row in its address, where that is one column: the parameter that takes several of them, how it is
    /// written, and the column.
    const KEY: Option<(&'static str, keys::Read, Column)>;
    fn order(query: Self::Query, by: By) -> Self::Query;
    fn filter(query: Self::Query, test: Test) -> Self::Query;
    fn key(&self, column: usize) -> SortValue;
    fn load(query: Self::Query, limit: i64, conn: &mut Conn) -> QueryResult<Vec<Self>>;
    fn count(query: Self::Query, limit: i64, conn: &mut Conn) -> QueryResult<usize>;
}

/// The keys of several rows, as their column holds them, or what was expected of them.
#[allow(non_snake_case, reason = "named by `sortable!` as the kinds of keys are")]
pub mod keys {
    use super::SortValue;

    /// Text that says what was expected, when a key cannot be one.
    pub type Read = fn(&str) -> Result<SortValue, &'static str>;

    pub fn Id(key: &str) -> Result<SortValue, &'static str> {
        crate::vocabulary::Id::parse(key).map(SortValue::Id).ok_or("Expected UUIDs.")
    }

    pub fn Code(key: &str) -> Result<SortValue, &'static str> {
        Ok(SortValue::Text(key.to_ascii_uppercase()))
    }

    pub fn Small(key: &str) -> Result<SortValue, &'static str> {
        key.parse().map(SortValue::Small).map_err(|_| "Expected whole numbers.")
    }

    pub fn Slug(key: &str) -> Result<SortValue, &'static str> {
        Ok(SortValue::Text(key.to_ascii_lowercase()))
    }
}

/// Narrows a query by each of a list's parameters that is given: `parameter => condition`, where the condition has a
/// reference to what was given by the parameter's name.
#[macro_export]
macro_rules! narrow {
    ($query:ident, $asked:ident; $($parameter:ident => $condition:expr;)*) => {
        $(if let Some($parameter) = &$asked.$parameter {
            $query = $query.filter($condition);
        })*
    };
}

/// Declares what a row may be sorted by: names and the columns that stand for them, table by table, each with the part of
/// the row that has members of the columns' names. The first is the default order; the column after `then` makes it
/// total; `key` names the column by which several rows can be asked for at once. A list that can be sorted by
/// `updatedAt` can be narrowed by `updatedFrom` and `updatedTo`.
#[macro_export]
macro_rules! sortable {
    ($row:ty, $query:ty $(, key $key_name:literal => $key_table:ident::$key:ident as $key_kind:ident)?;
     $($table:ident of |$found:ident| $part:expr => $($name:literal $column:ident),* $(, then $tie:ident)?;)*) => {
        impl $crate::db::list::Listed for $row {
            type Query = $query;
            const SORTS: &'static [&'static str] = &[$($($name),*),*];
            const COLUMNS: &'static [$crate::db::list::Column] =
                &[$($($crate::sortable!(@column $table, $column),)* $($crate::sortable!(@column $table, $tie))?)*];
            const KEY: Option<(&'static str, $crate::db::list::keys::Read, $crate::db::list::Column)> =
                $crate::sortable!(@key $($key_name, $key_kind, $key_table, $key)?);

            fn order(query: Self::Query, by: $crate::db::list::By) -> Self::Query {
                diesel::QueryDsl::then_order_by(query, by)
            }

            fn filter(query: Self::Query, test: $crate::db::list::Test) -> Self::Query {
                diesel::QueryDsl::filter(query, test)
            }

            fn key(&self, column: usize) -> $crate::db::list::SortValue {
                use $crate::db::list::Sorted;
                let members: &[fn(&Self) -> $crate::db::list::SortValue] =
                    &[$($(|$found| $part.$column.value(),)* $(|$found| $part.$tie.value())?)*];
                members[column](self)
            }

            fn load(query: Self::Query, limit: i64, conn: &mut $crate::db::Conn) -> diesel::QueryResult<Vec<Self>> {
                use diesel::prelude::*;
                use $crate::db::Keep;
                query.limit(limit).kept().load::<Self>(conn)
            }

            fn count(query: Self::Query, limit: i64, conn: &mut $crate::db::Conn) -> diesel::QueryResult<usize> {
                use diesel::prelude::*;
                use $crate::db::Keep;
                let some = query.select(1.into_sql::<diesel::sql_types::Integer>()).limit(limit).kept();
                Ok(some.load::<i32>(conn)?.len())
            }
        }
    };
    (@column $table:ident, $column:ident) => {
        $crate::db::list::Column {
            table: stringify!($table),
            name: stringify!($column),
            kind: <<$table::$column as diesel::Expression>::SqlType as $crate::db::list::SortedType>::KIND,
            indexed: true,
        }
    };
    (@key) => { None };
    (@key $name:literal, $kind:ident, $table:ident, $column:ident) => {
        Some(($name, $crate::db::list::keys::$kind, $crate::sortable!(@column $table, $column)))
    };
}

/// The sort, and the bounds, by when a row was last written.
pub const UPDATED_AT: &str = "updatedAt";

/// What a caller asked of a list beside its filters.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    pub limit: i64,
    /// Columns by their index in `SORTS`, and whether each descends.
    pub sort: Vec<(usize, bool)>,
    pub cursor: Option<String>,
    pub count: bool,
    /// Rows last written in this span alone, both ends included.
    pub updated: (Option<NaiveDateTime>, Option<NaiveDateTime>),
    /// The rows with these keys alone.
    pub keys: Option<Vec<String>>,
    /// Names the filters and the sort, so that a cursor made for others is refused.
    pub fingerprint: u64,
}

/// One page of rows and the way to the next.
#[derive(Debug)]
pub struct Page<R> {
    pub rows: Vec<R>,
    pub next: Option<String>,
    pub limit: i64,
    pub total: Option<Total>,
}

/// How many rows the filters leave: exact up to ten thousand, then a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub total: usize,
    pub exact: bool,
}

const COUNTED_EXACTLY: usize = 10_000;
const MAGIC: &str = "ir1";

/// Sorts, pages and counts the filtered query that `build` makes.
///
/// # Errors
/// `invalid-cursor` or `unknown-cursor`; else what the database answers, and what `build` fails with.
pub fn page<R: Listed>(
    conn: &mut Conn,
    request: &PageRequest,
    build: &mut dyn FnMut(&mut Conn) -> Result<R::Query>,
) -> Result<Page<R>> {
    let tie = R::SORTS.len();
    let mut columns = request.sort.clone();
    if columns.is_empty() && tie > 0 {
        columns.push((0, false));
    }
    // The tie-breaker follows the last column's direction, so that one index serves both.
    let descending = columns.last().is_some_and(|(_, descending)| *descending);
    columns.push((tie, descending));

    let by_update = columns.first().is_some_and(|(column, _)| R::SORTS.get(*column) == Some(&UPDATED_AT));
    let seldom = !by_update && changed_seldom::<R>(conn, request, build)?;
    let mut query = narrowed::<R>(build(conn)?, request, seldom || by_update)?;
    if let Some(cursor) = &request.cursor {
        let values = read_cursor(cursor, request.fingerprint, columns.len())?;
        query = R::filter(query, beyond(R::COLUMNS, &columns, &values).ok_or_else(altered)?);
    }
    for &(column, descending) in &columns {
        let column = Column { indexed: !seldom, ..R::COLUMNS[column] };
        query = R::order(query, By { column, descending });
    }
    let mut rows = R::load(query, request.limit + 1, conn)?;
    let more = rows.len() as i64 > request.limit;
    rows.truncate(usize::try_from(request.limit).unwrap_or(0));
    let next = rows.last().filter(|_| more).map(|row| {
        let values: Vec<SortValue> = columns.iter().map(|(column, _)| row.key(*column)).collect();
        write_cursor(request.fingerprint, &values)
    });
    let total = if request.count { Some(count::<R>(conn, request, build)?) } else { None };
    Ok(Page { rows, next, limit: request.limit, total })
}

/// Whether few rows were written in the span that is asked for. SQLite, which cannot know, then finds those and sorts
/// them; otherwise it follows the list in its own order and looks at each row. PostgreSQL decides by its statistics.
fn changed_seldom<R: Listed>(
    conn: &mut Conn,
    request: &PageRequest,
    build: &mut dyn FnMut(&mut Conn) -> Result<R::Query>,
) -> Result<bool> {
    if conn.engine() == Engine::Postgres || request.updated == (None, None) {
        return Ok(false);
    }
    let query = narrowed::<R>(build(conn)?, request, true)?;
    Ok(R::count(query, FEW + 1, conn)? as i64 <= FEW)
}

/// How many rows the filters leave.
///
/// # Errors
/// As [`page`].
pub fn count<R: Listed>(
    conn: &mut Conn,
    request: &PageRequest,
    build: &mut dyn FnMut(&mut Conn) -> Result<R::Query>,
) -> Result<Total> {
    let query = narrowed::<R>(build(conn)?, request, true)?;
    let counted = R::count(query, COUNTED_EXACTLY as i64 + 1, conn)?;
    Ok(Total { total: counted.min(COUNTED_EXACTLY), exact: counted <= COUNTED_EXACTLY })
}

/// The query with what every list may be narrowed by; `seek` finds the rows of a span of changes through its index.
fn narrowed<R: Listed>(mut query: R::Query, request: &PageRequest, seek: bool) -> Result<R::Query> {
    if let (Some(keys), Some((name, read, column))) = (&request.keys, R::KEY) {
        let keys = keys.iter().map(|key| read(key)).collect::<Result<_, _>>();
        let keys = keys.map_err(|expected| Error::invalid(format!("?{name}"), "key", expected))?;
        query = R::filter(query, Test::Among(column, keys));
    }
    let Some(column) = R::SORTS.iter().position(|name| *name == UPDATED_AT) else { return Ok(query) };
    let (from, to) = request.updated;
    for (bound, relation) in [(from, ">="), (to, "<=")] {
        if let Some(bound) = bound {
            let column = Column { indexed: seek, ..R::COLUMNS[column] };
            query = R::filter(query, Test::Compare(column, relation, SortValue::Instant(bound)));
        }
    }
    Ok(query)
}

/// The rows after the cursor's: `a > x OR (a = x AND (b > y OR (b = y AND id > z)))`, led by `a >= x` in the first
/// column so that an index can start there.
fn beyond(of: &[Column], columns: &[(usize, bool)], values: &[SortValue]) -> Option<Test> {
    let mut test: Option<Test> = None;
    for (&(column, descending), value) in columns.iter().zip(values).rev() {
        let strictly = of[column].compare(if descending { "<" } else { ">" }, value)?;
        test = Some(match test {
            None => strictly,
            Some(rest) => {
                let same = Test::And(Box::new(of[column].compare("=", value)?), Box::new(rest));
                Test::Or(Box::new(strictly), Box::new(same))
            }
        });
    }
    let (&(first, descending), value) = (columns.first()?, values.first()?);
    let from = of[first].compare(if descending { "<=" } else { ">=" }, value)?;
    Some(Test::And(Box::new(from), Box::new(test?)))
}

fn write_cursor(fingerprint: u64, values: &[SortValue]) -> String {
    let values: Vec<Value> = values
        .iter()
        .map(|value| match value {
            SortValue::Text(text) => serde_json::json!({ "t": text }),
            SortValue::Number(number) => serde_json::json!({ "n": number }),
            SortValue::Small(number) => serde_json::json!({ "s": number }),
            SortValue::Instant(at) => serde_json::json!({ "i": at.and_utc().timestamp_micros() }),
            SortValue::Day(day) => serde_json::json!({ "d": day.to_string() }),
            SortValue::Id(id) => serde_json::json!({ "k": id.to_string() }),
        })
        .collect();
    URL_SAFE_NO_PAD.encode(serde_json::json!([MAGIC, fingerprint, values]).to_string())
}

fn read_cursor(cursor: &str, fingerprint: u64, columns: usize) -> Result<Vec<SortValue>> {
    let decoded = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    if !decoded.starts_with(format!("[\"{MAGIC}\"").as_bytes()) {
        return Err(Error::new(Code::UnknownCursor));
    }
    let (_, made_for, values): (String, u64, Vec<Value>) = serde_json::from_slice(&decoded).map_err(|_| altered())?;
    if made_for != fingerprint || values.len() != columns {
        return Err(altered());
    }
    values.iter().map(|value| read_value(value).ok_or_else(altered)).collect()
}

fn read_value(value: &Value) -> Option<SortValue> {
    let (kind, value) = value.as_object().filter(|o| o.len() == 1)?.iter().next()?;
    Some(match kind.as_str() {
        "t" => SortValue::Text(value.as_str().filter(|text| !text.contains('\0'))?.to_owned()),
        "n" => SortValue::Number(value.as_i64()?),
        "s" => SortValue::Small(i32::try_from(value.as_i64()?).ok()?),
        "i" => SortValue::Instant(chrono::DateTime::from_timestamp_micros(value.as_i64()?)?.naive_utc()),
        "d" => SortValue::Day(value.as_str()?.parse().ok()?),
        "k" => SortValue::Id(Id::parse(value.as_str()?)?),
        _ => return None,
    })
}

fn altered() -> Error {
    Error::new(Code::InvalidCursor).fault(crate::error::Fault::new(
        "?cursor",
        "invalid-cursor",
        "The cursor belongs to other filters or another sort, or was altered.",
    ))
}
