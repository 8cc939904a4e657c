//! Keyset lists: one piece of code sorts, pages and counts every list of the service. A resource declares its sorts
//! with [`crate::sortable!`], builds its filtered query, and calls [`page`].

use super::conn::Conn;
use super::dialect::{Engine, FEW};
use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDate, NaiveDateTime};
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

/// The ways to compare a column with a cursor's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Before,
    Same,
    After,
}

/// A row type with a boxed query and the columns it may be sorted by.
pub trait Listed: Sized {
    type Query;
    type Condition;
    /// Names as clients write them; the last column, which breaks ties, is not among them.
    const SORTS: &'static [&'static str];
    /// Sorts by a column; `found` is for rows that are read by their filters first, whatever index the column has.
    fn order(query: Self::Query, column: usize, descending: bool, found: bool) -> Self::Query;
    /// `None` when the value is not of the column's type.
    fn compare(column: usize, comparison: Comparison, value: &SortValue) -> Option<Self::Condition>;
    fn and(left: Self::Condition, right: Self::Condition) -> Self::Condition;
    fn or(left: Self::Condition, right: Self::Condition) -> Self::Condition;
    fn filter(query: Self::Query, condition: Self::Condition) -> Self::Query;
    fn key(&self, column: usize) -> SortValue;
    fn load(query: Self::Query, limit: i64, conn: &mut Conn) -> diesel::QueryResult<Vec<Self>>;
    fn count(query: Self::Query, limit: i64, conn: &mut Conn) -> diesel::QueryResult<usize>;
    /// What names a row in its address, where that is one column: the parameter that takes several of them.
    const KEY: Option<&'static str>;
    /// Text that says what was expected, when one of the keys cannot be one.
    fn keyed(keys: &[String]) -> Result<Self::Condition, &'static str>;
}

/// The keys of several rows, as their column holds them, or what was expected of them.
#[allow(non_snake_case, reason = "named by `sortable!` as the kinds of columns are")]
pub mod keys {
    use super::Id;

    type Keys<T> = Result<Vec<T>, &'static str>;

    pub fn Id(keys: &[String]) -> Keys<Id> {
        keys.iter().map(|key| Id::parse(key)).collect::<Option<_>>().ok_or("Expected UUIDs.")
    }

    pub fn Code(keys: &[String]) -> Keys<String> {
        Ok(keys.iter().map(|key| key.to_ascii_uppercase()).collect())
    }

    pub fn Small(keys: &[String]) -> Keys<i32> {
        keys.iter().map(|key| key.parse().ok()).collect::<Option<_>>().ok_or("Expected whole numbers.")
    }

    pub fn Slug(keys: &[String]) -> Keys<String> {
        Ok(keys.iter().map(|key| key.to_ascii_lowercase()).collect())
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

/// Declares the columns a row may be sorted by. The first is the default order; `tie` makes it total; `key` names the
/// column by which several rows can be asked for at once. A list that can be sorted by `updatedAt` can be narrowed by
/// `updatedFrom` and `updatedTo`.
#[macro_export]
macro_rules! sortable {
    ($row:ty, $source:ty, $query:ty $(, select: $select:expr)?;
     $($index:literal: $name:literal => $column:path, $kind:ident, |$r:ident| $value:expr;)*
     tie $tie_index:literal => $tie:path, $tie_kind:ident, |$t:ident| $tie_value:expr;
     $(key $key_name:literal => $key:path, $key_kind:ident;)?) => {
        impl $crate::db::list::Listed for $row {
            type Query = $query;
            type Condition = $crate::db::dialect::Condition<$source>;
            const SORTS: &'static [&'static str] = &[$($name),*];

            fn order(query: Self::Query, column: usize, descending: bool, found: bool) -> Self::Query {
                use diesel::prelude::*;
                use $crate::db::dialect::Unindexed;
                match (column, descending) {
                    $(
                        ($index, false) => query.then_order_by(Unindexed::when(found, $column).asc()),
                        ($index, true) => query.then_order_by(Unindexed::when(found, $column).desc()),
                    )*
                    (_, false) => query.then_order_by(Unindexed::when(found, $tie).asc()),
                    (_, true) => query.then_order_by(Unindexed::when(found, $tie).desc()),
                }
            }

            fn compare(column: usize, comparison: $crate::db::list::Comparison, value: &$crate::db::list::SortValue) -> Option<Self::Condition> {
                use diesel::prelude::*;
                use $crate::db::list::{Comparison, SortValue};
                match (column, value) {
                    $(($index, SortValue::$kind(v)) => Some(match comparison {
                        Comparison::Before => Box::new($column.lt(v.clone())),
                        Comparison::Same => Box::new($column.eq(v.clone())),
                        Comparison::After => Box::new($column.gt(v.clone())),
                    }),)*
                    ($tie_index, SortValue::$tie_kind(v)) => Some(match comparison {
                        Comparison::Before => Box::new($tie.lt(v.clone())),
                        Comparison::Same => Box::new($tie.eq(v.clone())),
                        Comparison::After => Box::new($tie.gt(v.clone())),
                    }),
                    _ => None,
                }
            }

            fn and(left: Self::Condition, right: Self::Condition) -> Self::Condition {
                use diesel::prelude::*;
                Box::new(left.and(right))
            }

            fn or(left: Self::Condition, right: Self::Condition) -> Self::Condition {
                use diesel::prelude::*;
                Box::new(left.or(right))
            }

            fn filter(query: Self::Query, condition: Self::Condition) -> Self::Query {
                use diesel::prelude::*;
                query.filter(condition)
            }

            fn key(&self, column: usize) -> $crate::db::list::SortValue {
                use $crate::db::list::SortValue;
                match column {
                    $($index => { let $r = self; SortValue::$kind($value) })*
                    _ => { let $t = self; SortValue::$tie_kind($tie_value) }
                }
            }

            fn load(query: Self::Query, limit: i64, conn: &mut $crate::db::Conn) -> diesel::QueryResult<Vec<Self>> {
                use diesel::prelude::*;
                use $crate::db::statements::Keep;
                query.limit(limit).kept().load::<Self>(conn)
            }

            fn count(query: Self::Query, limit: i64, conn: &mut $crate::db::Conn) -> diesel::QueryResult<usize> {
                use diesel::prelude::*;
                use $crate::db::statements::Keep;
                let some = query.select(1.into_sql::<diesel::sql_types::Integer>()).limit(limit).kept();
                Ok(some.load::<i32>(conn)?.len())
            }

            const KEY: Option<&'static str> = $crate::sortable!(@key $($key_name)?);

            fn keyed(_keys: &[String]) -> Result<Self::Condition, &'static str> {
                $crate::sortable!(@keyed _keys $(, $key, $key_kind)?)
            }
        }
    };
    (@key) => { None };
    (@key $name:literal) => { Some($name) };
    (@keyed $keys:ident) => { Err("This list takes no keys.") };
    (@keyed $keys:ident, $key:path, $key_kind:ident) => {{
        use diesel::prelude::*;
        Ok(Box::new($key.eq_any($crate::db::list::keys::$key_kind($keys)?)))
    }};
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

    let mut query = narrowed::<R>(build(conn)?, request)?;
    if let Some(cursor) = &request.cursor {
        let values = read_cursor(cursor, request.fingerprint, columns.len())?;
        query = R::filter(query, beyond::<R>(&columns, &values).ok_or_else(altered)?);
    }
    let found = changed_seldom::<R>(conn, &columns, request, build)?;
    for (column, descending) in &columns {
        query = R::order(query, *column, *descending, found);
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
/// them; otherwise it follows the list in its own order. PostgreSQL decides by its statistics.
fn changed_seldom<R: Listed>(
    conn: &mut Conn,
    columns: &[(usize, bool)],
    request: &PageRequest,
    build: &mut dyn FnMut(&mut Conn) -> Result<R::Query>,
) -> Result<bool> {
    let by_update = columns.first().is_some_and(|(column, _)| R::SORTS.get(*column) == Some(&UPDATED_AT));
    if conn.engine() == Engine::Postgres || request.updated == (None, None) || by_update {
        return Ok(false);
    }
    let query = narrowed::<R>(build(conn)?, request)?;
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
    let query = narrowed::<R>(build(conn)?, request)?;
    let counted = R::count(query, COUNTED_EXACTLY as i64 + 1, conn)?;
    Ok(Total { total: counted.min(COUNTED_EXACTLY), exact: counted <= COUNTED_EXACTLY })
}

/// The query with what every list may be narrowed by.
fn narrowed<R: Listed>(mut query: R::Query, request: &PageRequest) -> Result<R::Query> {
    if let Some(keys) = &request.keys {
        let refused = |expected| Error::invalid(format!("?{}", R::KEY.unwrap_or_default()), "key", expected);
        query = R::filter(query, R::keyed(keys).map_err(refused)?);
    }
    let Some(column) = R::SORTS.iter().position(|name| *name == UPDATED_AT) else { return Ok(query) };
    let bounds = [(request.updated.0, Comparison::After), (request.updated.1, Comparison::Before)];
    for (bound, side) in bounds.into_iter().filter_map(|(bound, side)| Some((SortValue::Instant(bound?), side))) {
        let beside = R::compare(column, side, &bound).zip(R::compare(column, Comparison::Same, &bound));
        query = R::filter(query, beside.map(|(beside, same)| R::or(beside, same)).ok_or_else(altered)?);
    }
    Ok(query)
}

/// The rows after the cursor's: `a > x OR (a = x AND (b > y OR (b = y AND id > z)))`, led by `a >= x` in the first
/// column so that an index can start there.
fn beyond<R: Listed>(columns: &[(usize, bool)], values: &[SortValue]) -> Option<R::Condition> {
    let ahead = |descending: bool| if descending { Comparison::Before } else { Comparison::After };
    let mut condition: Option<R::Condition> = None;
    for ((column, descending), value) in columns.iter().zip(values).rev() {
        let strictly = R::compare(*column, ahead(*descending), value)?;
        condition = Some(match condition {
            None => strictly,
            Some(rest) => R::or(strictly, R::and(R::compare(*column, Comparison::Same, value)?, rest)),
        });
    }
    let (first, value) = (columns.first()?, values.first()?);
    let from = R::or(R::compare(first.0, ahead(first.1), value)?, R::compare(first.0, Comparison::Same, value)?);
    Some(R::and(from, condition?))
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
