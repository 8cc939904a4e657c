//! What every operation knows beside its input: the time, the caller, the request, and the version it was sent for.

use crate::access::{Actor, Operation, Reach};
use crate::calendar::london_date;
use crate::error::{Code, Error, Result};
use crate::http::patch::Patch;
use crate::vocabulary::{Id, Timestamp};
use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Debug, Clone)]
pub struct Context {
    pub now: Timestamp,
    pub actor: Arc<Actor>,
    /// What is done: a row of the permission table.
    pub operation: Operation,
    pub request_id: String,
    pub if_match: Option<IfMatch>,
}

/// The versions an `If-Match` header allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    Any,
    Versions(Vec<i32>),
}

impl Context {
    /// A command given on the machine itself: everything is allowed, and the audit trail says who by `subject`.
    pub fn local(operation: Operation, now: Timestamp) -> Self {
        use crate::access::{Grant, Role, Scope};
        let grant = Grant { role: Role::NationalAdmin, scope: Scope::National, from: now, to: now };
        let actor = Actor {
            subject: "local-operator".to_owned(),
            grants: vec![grant],
            expires_at: None,
            body: None,
            end_user: None,
        };
        Self { now, actor: Arc::new(actor), operation, request_id: Id::generate().to_string(), if_match: None }
    }

    /// The same caller and moment, for one step of a command that takes several. Foreseen ids begin anew with it.
    #[must_use]
    pub fn step(&self, operation: Operation) -> Self {
        crate::vocabulary::begin_step(operation.id());
        Self { operation, ..self.clone() }
    }

    pub fn today(&self) -> NaiveDate {
        london_date(self.now)
    }

    pub fn reach(&self) -> Reach {
        self.actor.reach(self.operation)
    }

    /// The end user's organisation, within which alone records may be seen.
    pub fn within(&self) -> Option<Id> {
        self.actor.end_user.as_ref().map(|end_user| end_user.id)
    }

    /// Whether the caller keeps what belongs to this programme; without one it is a national administrator's.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn keep_programme(&self, programme: Option<&str>) -> Result<()> {
        if self.reach().covers_programme(programme) { Ok(()) } else { Err(crate::access::outside()) }
    }

    /// Holds the record's present version against `If-Match`.
    ///
    /// # Errors
    /// `version-required` without the header, `version-mismatch` with another version.
    pub fn check_version(&self, present: i32) -> Result<()> {
        match &self.if_match {
            None => Err(Error::new(Code::VersionRequired)),
            Some(IfMatch::Any) => Ok(()),
            Some(IfMatch::Versions(versions)) if versions.contains(&present) => Ok(()),
            Some(IfMatch::Versions(_)) => Err(crate::record::changed(present)),
        }
    }

    /// The document of a record as the patch makes it, once `If-Match` has named the record's present version; nothing
    /// where the patch changes nothing, so that the version stays.
    ///
    /// # Errors
    /// As [`Context::check_version`] and [`Patch::apply`].
    pub fn revised<T>(&self, present: &T, version: i32, patch: &Patch<T>) -> Result<Option<T>>
    where
        T: Serialize + DeserializeOwned + PartialEq + ToSchema + 'static,
    {
        self.revised_by(present, version, patch, Ok)
    }

    /// As [`Context::revised`], of a document that `normal` checks and writes as the register does, such as a code in
    /// upper case.
    ///
    /// # Errors
    /// As [`Context::revised`], and what `normal` fails with.
    pub fn revised_by<T>(
        &self,
        present: &T,
        version: i32,
        patch: &Patch<T>,
        normal: impl FnOnce(T) -> Result<T>,
    ) -> Result<Option<T>>
    where
        T: Serialize + DeserializeOwned + PartialEq + ToSchema + 'static,
    {
        self.check_version(version)?;
        let revised = normal(patch.apply(present)?)?;
        Ok((revised != *present).then_some(revised))
    }
}
