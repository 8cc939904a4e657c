//! Writing many values at once, each engine by its own best way: PostgreSQL by COPY and set-based statements, SQLite
//! by prepared single-row statements in the one transaction.

use super::rules::Measure;
use crate::db::schema::{kpi_value_revisions, kpi_values};
use crate::db::{Conn, Keep};
use crate::error::{Error, Result};
use crate::vocabulary::{Basis, Id, Qualifier, hex};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::pg::CopyFormat;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use std::cell::RefCell;
use std::io::Write;

/// A value to write.
pub struct NewValue {
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

/// The columns a new value says, for one row of SQLite.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = kpi_values, treat_none_as_null = true)]
struct SaidRow {
    value: i64,
    numerator: Option<i64>,
    denominator: Option<i64>,
    qualifier: Qualifier,
    basis: Basis,
    comment: Option<String>,
    version: i32,
    kpi_version: i32,
    submission_id: Id,
    updated_at: NaiveDateTime,
}

fn said(value: NewValue, stamp: Stamp) -> Result<SaidRow> {
    let measure = value.measure.ok_or_else(|| Error::internal("a value to write says nothing"))?;
    Ok(SaidRow {
        value: measure.value,
        numerator: measure.numerator,
        denominator: measure.denominator,
        qualifier: measure.qualifier,
        basis: measure.basis,
        comment: measure.comment.map(Into::into),
        version: value.version,
        kpi_version: value.kpi_version,
        submission_id: stamp.submission_id,
        updated_at: stamp.at,
    })
}

/// Writes values that were not there.
pub fn create(conn: &mut Conn, stamp: Stamp, values: impl ExactSizeIterator<Item = NewValue>) -> Result<()> {
    if values.len() == 0 {
        return Ok(());
    }
    match conn {
        Conn::Postgres(c) => copy_into(c, CopyTable::Values, stamp, values),
        Conn::Sqlite(c) => {
            for value in values {
                let at = (kpi_values::series_id.eq(value.series_id), kpi_values::period_start.eq(value.period_start));
                diesel::insert_into(kpi_values::table).values((at, said(value, stamp)?)).execute(c)?;
            }
            Ok(())
        }
    }
}

/// Writes over values that are there; what they were becomes a revision.
pub fn update(conn: &mut Conn, stamp: Stamp, values: impl ExactSizeIterator<Item = NewValue>) -> Result<()> {
    if values.len() == 0 {
        return Ok(());
    }
    match conn {
        Conn::Postgres(c) => {
            stage(c, stamp, values)?;
            keep_revisions(c, stamp)?;
            c.batch_execute(
                "UPDATE kpi_values v SET value = i.value, numerator = i.numerator, denominator = i.denominator, \
                 qualifier = i.qualifier, basis = i.basis, comment = i.comment, version = i.version, \
                 kpi_version = i.kpi_version, submission_id = i.submission_id, updated_at = i.updated_at \
                 FROM incoming i WHERE v.series_id = i.series_id AND v.period_start = i.period_start; DROP TABLE incoming",
            )?;
            Ok(())
        }
        Conn::Sqlite(c) => {
            for value in values {
                keep_revision(c, stamp, &value)?;
                let present = kpi_values::table.find((value.series_id, value.period_start));
                diesel::update(present).set(said(value, stamp)?).execute_kept(c)?;
            }
            Ok(())
        }
    }
}

/// Takes values away; what they were becomes a revision.
pub fn delete(conn: &mut Conn, stamp: Stamp, values: impl ExactSizeIterator<Item = NewValue>) -> Result<()> {
    if values.len() == 0 {
        return Ok(());
    }
    match conn {
        Conn::Postgres(c) => {
            stage(c, stamp, values)?;
            keep_revisions(c, stamp)?;
            c.batch_execute(
                "DELETE FROM kpi_values v USING incoming i WHERE v.series_id = i.series_id AND v.period_start = i.period_start; \
                 DROP TABLE incoming",
            )?;
            Ok(())
        }
        Conn::Sqlite(c) => {
            for value in values {
                keep_revision(c, stamp, &value)?;
                diesel::delete(kpi_values::table.find((value.series_id, value.period_start))).execute(c)?;
            }
            Ok(())
        }
    }
}

/// The values to change, in a table of this transaction's own.
fn stage(conn: &mut PgConnection, stamp: Stamp, values: impl Iterator<Item = NewValue>) -> Result<()> {
    conn.batch_execute("CREATE TEMPORARY TABLE incoming (LIKE kpi_values) ON COMMIT DROP")?;
    copy_into(conn, CopyTable::Incoming, stamp, values)?;
    conn.batch_execute("ANALYZE incoming")?;
    Ok(())
}

fn keep_revisions(conn: &mut PgConnection, stamp: Stamp) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO kpi_value_revisions (series_id, period_start, version, value, numerator, denominator, qualifier, basis, \
         comment, kpi_version, submission_id, updated_at, replaced_by, replaced_at) \
         SELECT v.series_id, v.period_start, v.version, v.value, v.numerator, v.denominator, v.qualifier, v.basis, v.comment, \
         v.kpi_version, v.submission_id, v.updated_at, $1, $2 \
         FROM kpi_values v JOIN incoming i ON v.series_id = i.series_id AND v.period_start = i.period_start",
    )
    .bind::<diesel::sql_types::Binary, _>(stamp.submission_id)
    .bind::<diesel::sql_types::Timestamp, _>(stamp.at)
    .execute(conn)?;
    Ok(())
}

fn keep_revision(conn: &mut SqliteConnection, stamp: Stamp, value: &NewValue) -> Result<()> {
    use kpi_value_revisions as kept;
    type Row = (i64, Option<i64>, Option<i64>, Qualifier, Basis, Option<String>, i32, i32, Id, NaiveDateTime);
    let present = kpi_values::table.find((value.series_id, value.period_start)).select((
        kpi_values::value,
        kpi_values::numerator,
        kpi_values::denominator,
        kpi_values::qualifier,
        kpi_values::basis,
        kpi_values::comment,
        kpi_values::version,
        kpi_values::kpi_version,
        kpi_values::submission_id,
        kpi_values::updated_at,
    ));
    let (number, numerator, denominator, qualifier, basis, comment, version, kpi_version, submission_id, updated_at): Row =
        present.first(conn)?;
    diesel::insert_into(kept::table)
        .values((
            kept::series_id.eq(value.series_id),
            kept::period_start.eq(value.period_start),
            kept::version.eq(version),
            kept::value.eq(number),
            kept::numerator.eq(numerator),
            kept::denominator.eq(denominator),
            kept::qualifier.eq(qualifier),
            kept::basis.eq(basis),
            kept::comment.eq(comment),
            kept::kpi_version.eq(kpi_version),
            kept::submission_id.eq(submission_id),
            kept::updated_at.eq(updated_at),
            kept::replaced_by.eq(stamp.submission_id),
            kept::replaced_at.eq(stamp.at),
        ))
        .execute(conn)?;
    Ok(())
}

diesel::table! {
    incoming (series_id, period_start) {
        series_id -> BigInt,
        period_start -> Date,
        value -> BigInt,
        numerator -> Nullable<BigInt>,
        denominator -> Nullable<BigInt>,
        qualifier -> Text,
        basis -> Text,
        comment -> Nullable<Text>,
        version -> Integer,
        kpi_version -> Integer,
        submission_id -> Binary,
        updated_at -> Timestamp,
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
    let tail = format!("\\\\x{hex}\t{}\n", stamp.at);
    // Diesel asks for a closure that it could call twice, and calls it once.
    let values = RefCell::new(values);
    let write = |out: &mut dyn Write| -> QueryResult<()> {
        let mut line = String::with_capacity(256);
        for value in values.borrow_mut().by_ref() {
            line.clear();
            render(&mut line, &value);
            line.push_str(&tail);
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
#[derive(Clone, Copy)]
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
    let _ = write!(line, "{}\t{}\t{}", value.series_id, value.period_start, measure.map_or(0, |m| m.value));
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
