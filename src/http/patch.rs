//! JSON merge patch (RFC 7396), for every resource alike: the record's own document, patched, must be a good document.

use super::schemas::{shape_of, unfit};
use crate::error::{Error, Result};
use crate::record::{bare, or_null};
use crate::shape::Misfit;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Object, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A patch of a document of type `T`: any of its properties, null to take an optional one away; objects in it are
/// merged, lists replaced.
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

impl<T: Serialize + DeserializeOwned + ToSchema + 'static> Patch<T> {
    /// The document after the patch.
    ///
    /// # Errors
    /// `validation-failed` with everything of the patched document that its schema does not allow.
    pub fn apply(&self, present: &T) -> Result<T> {
        let mut document = serde_json::to_value(present)?;
        json_patch::merge(&mut document, &self.changes);
        let misfits = shape_of::<T>()?.misfits(&document).into_iter().map(Misfit::fault);
        // A null that is left was in the record: it stands for what is absent there.
        let faults: Vec<_> = misfits.filter(|at| document.pointer(&at.pointer) != Some(&Value::Null)).collect();
        if !faults.is_empty() {
            return Err(Error::validation(faults));
        }
        serde_json::from_value(document).map_err(unfit)
    }

    /// Whether the patch says anything of a property.
    pub fn touches(&self, property: &str) -> bool {
        self.changes.get(property).is_some()
    }
}

/// The schema of a patch is that of its document with nothing required, no defaults, and null where absence is
/// allowed; so are the objects in it.
impl<T: ToSchema> PartialSchema for Patch<T> {
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        relax(&mut schema, &named::<T>(), &mut Vec::new());
        schema
    }
}

impl<T: ToSchema> ToSchema for Patch<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        patch_of(bare(&T::name())).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
        let (named, mut merged) = (named::<T>(), Vec::new());
        relax(&mut T::schema(), &named, &mut merged);
        while let Some(name) = merged.pop() {
            let patch = patch_of(&name);
            if let Some(mut schema) = named.get(&name).cloned().filter(|_| schemas.iter().all(|(n, _)| *n != patch)) {
                relax(&mut schema, &named, &mut merged);
                schemas.push((patch, schema));
            }
        }
    }
}

fn patch_of(name: &str) -> String {
    format!("{name}Patch")
}

type Named = BTreeMap<String, RefOr<Schema>>;

/// What a type's schema refers to.
fn named<T: ToSchema>() -> Named {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    schemas.into_iter().collect()
}

/// Makes the schema of a document that of a patch. The names of the objects in it, which become those of patches too,
/// are added to `merged`.
fn relax(schema: &mut RefOr<Schema>, named: &Named, merged: &mut Vec<String>) {
    match schema {
        RefOr::Ref(reference) => {
            reference.default = None;
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default().to_owned();
            if let Some(RefOr::T(Schema::Object(object))) = named.get(&name)
                && !object.properties.is_empty()
            {
                reference.ref_location = patch_of(&reference.ref_location);
                merged.push(name);
            }
        }
        RefOr::T(Schema::Object(object)) => {
            object.default = None;
            object.min_properties = None;
            let required = std::mem::take(&mut object.required);
            for (name, property) in &mut object.properties {
                relax(property, named, merged);
                if !required.contains(name) {
                    nullable(property);
                }
            }
            if !object.properties.is_empty() {
                let meaning = "Any of the properties. Null removes an optional property (RFC 7396).";
                object.description = Some(meaning.to_owned());
            }
            if let Some(AdditionalProperties::RefOr(member)) = object.additional_properties.as_deref_mut() {
                relax(member, named, merged);
                nullable(member);
            }
        }
        RefOr::T(Schema::Array(array)) => array.default = None,
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(|item| relax(item, named, merged)),
        RefOr::T(Schema::AnyOf(any)) => any.items.iter_mut().for_each(|item| relax(item, named, merged)),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(|item| relax(item, named, merged)),
        RefOr::T(_) => {}
    }
}

/// Lets the schema take null too.
fn nullable(schema: &mut RefOr<Schema>) {
    let null = || Object::with_type(Type::Null);
    match schema {
        RefOr::T(Schema::Object(object)) if object.enum_values.is_none() => or_null(&mut object.schema_type),
        RefOr::T(Schema::Array(array)) => or_null(&mut array.schema_type),
        RefOr::T(Schema::OneOf(one)) if one.items.contains(&null().into()) => {}
        other => *other = OneOfBuilder::new().item(other.clone()).item(null()).into(),
    }
}
