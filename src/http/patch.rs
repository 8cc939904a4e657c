//! JSON merge patch (RFC 7396), for every resource alike: the record's own document, patched, must be a good document.

use crate::error::{Code, Error, Fault, Result};
use crate::record::{bare, or_null};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A patch of a document of type `T`: any of its properties, null to take an optional one away.
#[derive(Clone)]
pub struct Patch<T> {
    changes: Value,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<'de, T> serde::Deserialize<'de> for Patch<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { changes: Value::deserialize(deserializer)?, of: std::marker::PhantomData })
    }
}

impl<T: Serialize + DeserializeOwned> Patch<T> {
    /// The document after the patch.
    ///
    /// # Errors
    /// `malformed-body` when a property that must stay is taken away.
    pub fn apply(&self, present: &T) -> Result<T> {
        let mut document = serde_json::to_value(present)?;
        json_patch::merge(&mut document, &self.changes);
        serde_json::from_value(document).map_err(|cause| {
            let detail = format!("After the patch the record would not be whole: {cause}.");
            Error::new(Code::MalformedBody).detail(detail.clone()).fault(Fault::new("", "shape", detail))
        })
    }

    /// Whether the patch says anything of a property.
    pub fn touches(&self, property: &str) -> bool {
        self.changes.get(property).is_some()
    }
}

/// The schema of a patch is that of its document with nothing required, no defaults, and null where absence is allowed.
impl<T: ToSchema> PartialSchema for Patch<T> {
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let required = std::mem::take(&mut object.required);
            object.description = Some("Any of the properties; null takes an optional one away (RFC 7396).".to_owned());
            for (name, property) in &mut object.properties {
                if let RefOr::T(Schema::Object(property)) = property {
                    property.default = None;
                    if !required.contains(name) {
                        or_null(&mut property.schema_type);
                    }
                }
                if let RefOr::T(Schema::Array(property)) = property {
                    property.default = None;
                    if !required.contains(name) {
                        or_null(&mut property.schema_type);
                    }
                }
                if matches!(property, RefOr::Ref(_)) && !required.contains(name) {
                    let null = Object::with_type(Type::Null);
                    let either = OneOfBuilder::new().item(property.clone()).item(null);
                    *property = RefOr::T(Schema::OneOf(either.build()));
                }
            }
        }
        schema
    }
}

impl<T: ToSchema> ToSchema for Patch<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Patch", bare(&T::name())).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}
