//! A resource is said once: the type that clients write is the body of a create, the base of a patch, what the rules
//! check, and, as [`Stored`], the core of the answer.

use crate::error::{Code, Error};
use crate::vocabulary::instant;
use chrono::NaiveDateTime;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Object, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// What clients write of a resource.
pub trait Written: Serialize + ToSchema {
    /// What the register adds in its answers: the id, the names of what is referred to, what it derives.
    type Added: Serialize + ToSchema;

    /// What the record is called in its address.
    fn key(&self, added: &Self::Added) -> String;
}

/// Says what the register adds to a type that clients write, and what a record of it is called in its address.
#[macro_export]
macro_rules! written {
    ($written:ty, $added:ty, |$one:pat_param, $beside:pat_param| $key:expr) => {
        impl $crate::record::Written for $written {
            type Added = $added;

            fn key(&self, $beside: &$added) -> String {
                let $one = self;
                $key
            }
        }
    };
}

/// A record as it is answered: one flat object of what the register adds, what was written, the version and when that
/// was made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored<T: Written> {
    #[serde(flatten)]
    pub added: T::Added,
    #[serde(flatten)]
    pub written: T,
    pub version: i32,
    #[serde(serialize_with = "as_instant")]
    pub updated_at: NaiveDateTime,
}

fn as_instant<S: Serializer>(at: &NaiveDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant(*at))
}

/// Keeps a property out of answers: `#[serde(skip_serializing_if = "only_written")]` with `#[schema(write_only)]`.
pub fn only_written<T>(_: &T) -> bool {
    true
}

/// What an answer about one record needs to know of it.
pub trait Record: Serialize {
    /// What the record is called in its address.
    fn key(&self) -> String;
    fn version(&self) -> i32;
}

impl<T: Written> Record for Stored<T> {
    fn key(&self) -> String {
        self.written.key(&self.added)
    }

    fn version(&self) -> i32 {
        self.version
    }
}

/// The schema is flat too: an `allOf` over a type that takes no other properties could not be satisfied. Every property
/// that was written is always there; what a client may leave out is null when it was, or its default.
impl<T: Written> PartialSchema for Stored<T> {
    fn schema() -> RefOr<Schema> {
        let (added, written) = (object::<T::Added>(), object::<T>());
        let mut whole = ObjectBuilder::new().description(written.description.clone());
        for (name, property) in added.properties {
            whole = whole.property(&name, property);
            // What may be null is in the answer too: the document says so of every answer's properties.
            if added.required.contains(&name) {
                whole = whole.required(name);
            }
        }
        for (name, property) in written.properties.into_iter().filter(|(_, property)| !is_only_written(property)) {
            let always = written.required.contains(&name);
            whole = whole.property(&name, answered(property, always)).required(name);
        }
        let version = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).format(Some(int32()));
        let at = ObjectBuilder::new().schema_type(Type::String).format(Some(date_time())).max_length(Some(40));
        let whole = whole.property("version", version).required("version");
        whole.property("updatedAt", at).required("updatedAt").into()
    }
}

impl<T: Written> ToSchema for Stored<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Response", bare(&T::name())).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
        T::Added::schemas(schemas);
    }
}

/// The name of a resource without what says that it is a request.
pub fn bare(name: &str) -> &str {
    name.strip_prefix("Create").unwrap_or(name).trim_end_matches("Request")
}

fn object<T: ToSchema>() -> Object {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object,
        // What is written or added is a struct, whose schema is an object's.
        _ => Object::new(),
    }
}

fn int32() -> utoipa::openapi::SchemaFormat {
    utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Int32)
}

fn date_time() -> utoipa::openapi::SchemaFormat {
    utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)
}

/// Whether a property is sent and never answered, such as what a new record is put below.
fn is_only_written(property: &RefOr<Schema>) -> bool {
    match property {
        RefOr::T(Schema::Object(object)) => object.write_only == Some(true),
        RefOr::Ref(reference) => reference.write_only == Some(true),
        RefOr::T(_) => false,
    }
}

/// A property as an answer has it: without a default, and null where a client may leave it out and nothing stands for it.
fn answered(property: RefOr<Schema>, always: bool) -> RefOr<Schema> {
    match property {
        RefOr::T(Schema::Object(mut object)) => {
            if object.default.take().is_none() && !always {
                or_null(&mut object.schema_type);
            }
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::Array(mut array)) => {
            if array.default.take().is_none() && !always {
                or_null(&mut array.schema_type);
            }
            RefOr::T(Schema::Array(array))
        }
        RefOr::Ref(mut reference) => {
            if reference.default.take().is_some() || always {
                return RefOr::Ref(reference);
            }
            OneOfBuilder::new().item(reference).item(Object::with_type(Type::Null)).into()
        }
        other if always => other,
        other => OneOfBuilder::new().item(other).item(Object::with_type(Type::Null)).into(),
    }
}

/// Lets a schema's values be null as well.
pub fn or_null(schema_type: &mut SchemaType) {
    if let SchemaType::Type(one) = schema_type {
        *schema_type = SchemaType::Array(vec![one.clone(), Type::Null]);
    }
}

/// The answer to a change of a version that is no longer the present one.
pub fn changed(present: i32) -> Error {
    Error::new(Code::VersionMismatch).detail(format!("The present version is W/\"{present}\"; If-Match names another."))
}
