//! Numbers for people to name a record by, such as INN-2026-00042: year by year, without a gap.

use super::schema::reference_counters;
use super::{Conn, Keep, dialect};
use crate::error::Result;
use diesel::prelude::*;

/// "INNOREFS": holds back others who ask for a number, so that each is given once.
const LOCK: i64 = 0x494e_4e4f_5245_4653;

/// The next reference of a prefix and year; whoever fails after it gives it back with the transaction.
pub fn next(conn: &mut Conn, prefix: &str, year: i32) -> Result<String> {
    dialect::lock(conn, LOCK)?;
    let counter = reference_counters::table.find((prefix, year));
    let counted = diesel::update(counter).set(reference_counters::last_number.eq(reference_counters::last_number + 1));
    let number = if counted.execute_kept(conn)? == 1 {
        counter.select(reference_counters::last_number).first(conn)?
    } else {
        let first = (
            reference_counters::prefix.eq(prefix),
            reference_counters::year.eq(year),
            reference_counters::last_number.eq(1i64),
        );
        diesel::insert_into(reference_counters::table).values(first).execute_kept(conn)?;
        1i64
    };
    Ok(format!("{prefix}-{year}-{number:05}"))
}
