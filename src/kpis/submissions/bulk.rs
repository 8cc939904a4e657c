//! Writing many values at once. They are staged in a table of the connection's own, PostgreSQL by COPY and SQLite by
//! prepared statements, and then written by a few statements over all of them. On SQLite they can be staged before the
//! transaction begins that writes them, so that it holds up others for a short while only.

use super::rules::Measure;
use crate::db::schema::kpi_values;
use crate::db::{Conn, wanted};
use crate::delivery::Outcome;
use crate::error::Result;
use crate::vocabulary::{Id, hex};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::pg::CopyFormat;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::{PgConnection, SqliteConnection};
use std::cell::RefCell;
use std::io::Write;

/// A value to write.
pub struct NewValue {
    pub outcome: Outcome,
    pub kpi_number: i32,
    pub series_id: i64,
    pub period_start: NaiveDate,
    /// `None` for one to take away.
    pub measure: Option<Measure>,
    pub version: i32,
    pub kpi_version: i32,
}

/// What all values of one submission share.
#[derive(Clone, Copy)]
pub struct Stamp {
    pub submission_id: Id,
    pub at: NaiveDateTime,
}

/// The columns that a value and one to be written have in common.
const COLUMNS: &str = "kpi_number, series_id, period_start, value, numerator, denominator, qualifier, basis, comment, version, \
                       kpi_version, submission_id, updated_at";

/// Stages the values, in place of those that were staged before, and says whether anything is staged then: values that
/// are new to PostgreSQL are written at once.
///
/// # Errors
/// The database's own; `overloaded` where nobody waits for the submission any more.
pub fn stage(conn: &mut Conn, stamp: Stamp, values: Vec<NewValue>) -> Result<bool> {
    match conn {
        Conn::Postgres(c) => {
            let (created, changed): (Vec<_>, Vec<_>) =
                values.into_iter().partition(|value| value.outcome == Outcome::Created);
            if !created.is_empty() {
                copy_into(c, CopyTable::Values, stamp, created.into_iter())?;
            }
            let staged = !changed.is_empty();
            if staged {
                c.batch_execute(
                    "DROP TABLE IF EXISTS incoming; CREATE TEMPORARY TABLE incoming (LIKE kpi_values, outcome TEXT) ON COMMIT DROP",
                )?;
                copy_into(c, CopyTable::Incoming, stamp, changed.into_iter())?;
                c.batch_execute("ANALYZE incoming")?;
            }
            Ok(staged)
        }
        Conn::Sqlite(c) => {
            c.batch_execute(
                "CREATE TEMPORARY TABLE IF NOT EXISTS incoming (kpi_number INTEGER NOT NULL, series_id BIGINT NOT NULL, period_start DATE NOT NULL, \
                 value BIGINT, numerator BIGINT, denominator BIGINT, qualifier TEXT, basis TEXT, comment TEXT, \
                 version INTEGER NOT NULL, kpi_version INTEGER NOT NULL, submission_id BLOB NOT NULL, \
                 updated_at TIMESTAMP NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (kpi_number, series_id, period_start)) WITHOUT ROWID; \
                 DELETE FROM incoming",
            )?;
            let staged = !values.is_empty();
            fill(c, stamp, values).map(|()| staged)
        }
    }
}

fn fill(conn: &mut SqliteConnection, stamp: Stamp, values: Vec<NewValue>) -> Result<()> {
    for (index, value) in values.into_iter().enumerate() {
        if index % 1000 == 0 {
            wanted()?;
        }
        let measure = value.measure.as_ref();
        let row = (
            incoming::kpi_number.eq(value.kpi_number),
            incoming::series_id.eq(value.series_id),
            incoming::period_start.eq(value.period_start),
            incoming::value.eq(measure.map(|m| m.value)),
            incoming::numerator.eq(measure.and_then(|m| m.numerator)),
            incoming::denominator.eq(measure.and_then(|m| m.denominator)),
            incoming::qualifier.eq(measure.map(|m| m.qualifier.as_str())),
            incoming::basis.eq(measure.map(|m| m.basis.as_str())),
            incoming::comment.eq(measure.and_then(|m| m.comment.as_deref())),
            incoming::version.eq(value.version),
            incoming::kpi_version.eq(value.kpi_version),
            incoming::submission_id.eq(stamp.submission_id),
            incoming::updated_at.eq(stamp.at),
            incoming::outcome.eq(value.outcome.as_str()),
        );
        diesel::insert_into(incoming::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Whether the staged values still fit what is there: nobody wrote any of them since they were judged.
///
/// # Errors
/// The database's own.
pub fn fits(conn: &mut Conn) -> Result<bool> {
    // Cross joins are followed from left to right, so that what is staged is looked up, however much there is beside it.
    let fits = diesel::dsl::sql::<Bool>(
        "NOT EXISTS (SELECT 1 FROM incoming i LEFT JOIN kpi_values v USING (kpi_number, series_id, period_start) \
           WHERE CASE i.outcome WHEN 'created' THEN v.version IS NOT NULL ELSE v.version IS NOT i.version - 1 END) \
         AND NOT EXISTS (SELECT 1 FROM incoming i CROSS JOIN kpi_value_revisions r USING (series_id, period_start) \
           WHERE i.outcome = 'created' AND r.version >= i.version)",
    );
    Ok(diesel::select(fits).get_result(conn)?)
}

/// Writes what is staged; what was there before becomes a revision.
///
/// # Errors
/// The database's own.
pub fn write(conn: &mut Conn, stamp: Stamp) -> Result<()> {
    use diesel::sql_types::{Binary, Timestamp};
    let revisions = "INSERT INTO kpi_value_revisions (series_id, period_start, version, value, numerator, denominator, qualifier, \
         basis, comment, kpi_version, submission_id, updated_at, replaced_by, replaced_at) \
         SELECT v.series_id, v.period_start, v.version, v.value, v.numerator, v.denominator, v.qualifier, v.basis, v.comment, \
         v.kpi_version, v.submission_id, v.updated_at, $1, $2 \
         FROM incoming i CROSS JOIN kpi_values v \
         WHERE i.outcome <> 'created' AND v.kpi_number = i.kpi_number AND v.series_id = i.series_id AND v.period_start = i.period_start";
    let revisions = diesel::sql_query(revisions).bind::<Binary, _>(stamp.submission_id).bind::<Timestamp, _>(stamp.at);
    crate::on_engine!(conn, c => revisions.execute(c))?;
    conn.batch_execute(&format!(
        "INSERT INTO kpi_values ({COLUMNS}) SELECT {COLUMNS} FROM incoming WHERE outcome <> 'deleted' \
           ON CONFLICT (kpi_number, series_id, period_start) DO UPDATE SET value = excluded.value, numerator = excluded.numerator, \
           denominator = excluded.denominator, qualifier = excluded.qualifier, basis = excluded.basis, \
           comment = excluded.comment, version = excluded.version, kpi_version = excluded.kpi_version, \
           submission_id = excluded.submission_id, updated_at = excluded.updated_at; \
         DELETE FROM kpi_values WHERE (kpi_number, series_id, period_start) IN \
           (SELECT kpi_number, series_id, period_start FROM incoming WHERE outcome = 'deleted')"
    ))?;
    Ok(())
}

diesel::table! {
    incoming (kpi_number, series_id, period_start) {
        kpi_number -> Integer,
        series_id -> BigInt,
        period_start -> Date,
        value -> Nullable<BigInt>,
        numerator -> Nullable<BigInt>,
        denominator -> Nullable<BigInt>,
        qualifier -> Nullable<Text>,
        basis -> Nullable<Text>,
        comment -> Nullable<Text>,
        version -> Integer,
        kpi_version -> Integer,
        submission_id -> Binary,
        updated_at -> Timestamp,
        outcome -> Text,
    }
}

/// COPY in PostgreSQL's text format: tabs between columns, `\N` for null, backslashes and line breaks escaped.
fn copy_into(
    conn: &mut PgConnection,
    table: CopyTable,
    stamp: Stamp,
    values: impl Iterator<Item = NewValue>,
) -> Result<()> {
    let hex = hex(stamp.submission_id.as_bytes());
    let tail = format!("\\\\x{hex}\t{}", stamp.at);
    // Diesel asks for a closure that it could call twice, and calls it once.
    let values = RefCell::new(values);
    let write = |out: &mut dyn Write| -> QueryResult<()> {
        let mut line = String::with_capacity(256);
        for value in values.borrow_mut().by_ref() {
            line.clear();
            render(&mut line, &value);
            line.push_str(&tail);
            if table == CopyTable::Incoming {
                line.push('\t');
                line.push_str(value.outcome.as_str());
            }
            line.push('\n');
            out.write_all(line.as_bytes()).map_err(copy_failed)?;
        }
        Ok(())
    };
    let copied = match table {
        CopyTable::Incoming => diesel::copy_from(incoming::table)
            .from_raw_data(incoming::table, &write)
            .with_format(CopyFormat::Text)
            .execute(conn),
        CopyTable::Values => diesel::copy_from(kpi_values::table)
            .from_raw_data(kpi_values::table, &write)
            .with_format(CopyFormat::Text)
            .execute(conn),
    };
    copied?;
    Ok(())
}

/// Where values are copied to.
#[derive(Clone, Copy, PartialEq)]
enum CopyTable {
    Values,
    Incoming,
}

fn copy_failed(cause: std::io::Error) -> diesel::result::Error {
    diesel::result::Error::SerializationError(cause.into())
}

fn render(line: &mut String, value: &NewValue) {
    use std::fmt::Write;
    let measure = value.measure.as_ref();
    let number = |line: &mut String, number: Option<i64>| match number {
        // Writing to a String cannot fail.
        Some(number) => drop(write!(line, "\t{number}")),
        None => line.push_str("\t\\N"),
    };
    let _ = write!(
        line,
        "{}\t{}\t{}\t{}",
        value.kpi_number,
        value.series_id,
        value.period_start,
        measure.map_or(0, |m| m.value)
    );
    number(line, measure.and_then(|m| m.numerator));
    number(line, measure.and_then(|m| m.denominator));
    let (qualifier, basis) = measure.map_or(("", ""), |m| (m.qualifier.as_str(), m.basis.as_str()));
    let _ = write!(line, "\t{qualifier}\t{basis}\t");
    match measure.and_then(|m| m.comment.as_deref()) {
        None => line.push_str("\\N"),
        Some(comment) => {
            for c in comment.chars() {
                match c {
                    '\\' => line.push_str("\\\\"),
                    '\n' => line.push_str("\\n"),
                    '\r' => line.push_str("\\r"),
                    '\t' => line.push_str("\\t"),
                    c => line.push(c),
                }
            }
        }
    }
    let _ = write!(line, "\t{}\t{}\t", value.version, value.kpi_version);
}
