//! The schema of a CSV body, by its columns.

use serde_json::json;
use utoipa::openapi::{RefOr, Schema};

/// The schema of a CSV body with these columns.
pub fn schema(columns: &[&str]) -> RefOr<Schema> {
    let names = columns.join("|");
    let description = format!(
        "A header that names columns in any order, then a line for each row. The columns are {}. Commas, semicolons or tabs \
         separate cells, names may be in any case, and an empty cell says nothing.",
        columns.join(", ")
    );
    let schema = json!({
        "type": "string",
        "description": description,
        "maxLength": i32::MAX,
        "pattern": format!("^(({names}),)*({names})(\\r?\\n|$)"),
    });
    serde_json::from_value(schema).unwrap_or_default()
}

/// Declares the schema of a CSV body by its columns.
#[macro_export]
macro_rules! csv_body {
    ($(#[$meta:meta])* $name:ident: $columns:expr) => {
        $(#[$meta])*
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::http::csv::schema(&$columns)
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
