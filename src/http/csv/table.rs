//! Any list as CSV: a column for each property, by the schema that the API document has of a row.

use super::writer::Sheet;
use crate::error::Result;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// The columns of rows of one type.
pub struct Table(Vec<Column>);

/// The names that lead to a cell from the row's object down; joined by points they are the column's name.
type Column = Vec<String>;

impl Table {
    pub fn of<T: ToSchema>() -> Self {
        let mut named = Vec::new();
        T::schemas(&mut named);
        let named: HashMap<String, RefOr<Schema>> = named.into_iter().collect();
        let mut columns = Vec::new();
        add_columns(&T::schema(), &named, &mut Vec::new(), &mut columns);
        Self(columns)
    }

    /// The rows as lines of CSV, below the names of the columns where they are the first.
    ///
    /// # Errors
    /// `internal` when a row cannot be written.
    pub fn lines(&self, rows: &[impl Serialize], first: bool) -> Result<Vec<u8>> {
        let mut sheet = if first {
            Sheet::with_header(self.0.iter().map(|column| column.join(".")))?
        } else {
            Sheet::without_header()
        };
        for row in rows {
            let row = serde_json::to_value(row)?;
            sheet.row(self.0.iter().map(|column| {
                cell(column.iter().try_fold(&row, |value, name| value.get(name)).unwrap_or(&Value::Null))
            }))?;
        }
        sheet.finish()
    }
}

/// An object's properties are columns of their own, so that each cell holds one thing.
fn add_columns(
    schema: &RefOr<Schema>,
    named: &HashMap<String, RefOr<Schema>>,
    above: &mut Column,
    columns: &mut Vec<Column>,
) {
    let schema = match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            match named.get(name) {
                Some(schema) => return add_columns(schema, named, above, columns),
                None => return columns.push(above.clone()),
            }
        }
        RefOr::T(schema) => schema,
    };
    match schema {
        Schema::Object(object) if !object.properties.is_empty() => {
            for (name, property) in &object.properties {
                above.push(name.clone());
                add_columns(property, named, above, columns);
                above.pop();
            }
        }
        // Of something and null, what it is when it is not null.
        Schema::OneOf(either) if !above.is_empty() => match either.items.iter().find(|item| !is_null(item)) {
            Some(item) => add_columns(item, named, above, columns),
            None => columns.push(above.clone()),
        },
        _ => columns.push(above.clone()),
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    use utoipa::openapi::schema::{SchemaType, Type};
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

/// A value as a cell: a list of words with semicolons between, anything deeper as JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if !items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().map(cell).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_holds_one_thing_and_a_list_of_words_is_joined() {
        for (value, expected) in [
            (json!(null), ""),
            (json!("a"), "a"),
            (json!(1.5), "1.5"),
            (json!(["a", "b"]), "a;b"),
            (json!([{ "a": 1 }]), r#"[{"a":1}]"#),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }
}
