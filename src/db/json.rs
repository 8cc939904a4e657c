//! Columns that hold JSON.

use crate::error::Result;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// What a text column holds as JSON. Stored text that cannot be read is a failure of the query.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Json<T: Debug> {
    pub value: T,
    /// As it is written, made where a failure can still be answered.
    text: String,
}

impl<T: Debug + Serialize> Json<T> {
    /// # Errors
    /// `internal` when the value cannot be written as JSON.
    pub fn new(value: T) -> Result<Self> {
        let text = serde_json::to_string(&value)?;
        Ok(Self { value, text })
    }
}

impl<T: Debug, DB: Backend> ToSql<Text, DB> for Json<T>
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.text.as_str().to_sql(out)
    }
}

impl<T: Debug + DeserializeOwned, DB: Backend> FromSql<Text, DB> for Json<T>
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(bytes)?;
        Ok(Self { value: serde_json::from_str(&text)?, text })
    }
}
