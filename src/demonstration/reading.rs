//! The texts of the data as the register's own values.

use crate::error::{Error, Result};
use crate::vocabulary::Word;
use chrono::NaiveDate;
use serde_json::Number;

pub fn day(text: &str) -> Result<NaiveDate> {
    text.parse().map_err(Error::internal)
}

pub fn word<W: Word>(text: &str) -> Result<W> {
    W::parse(text).ok_or_else(|| Error::internal(format!("{text} is no word of its list")))
}

pub fn number(text: &str) -> Result<Number> {
    text.parse().map_err(Error::internal)
}

pub fn words<W: Word>(texts: &[&str]) -> Result<Vec<W>> {
    texts.iter().map(|text| word(text)).collect()
}
