//! How events are chained: each hash is taken over the hash before and every field, so that a changed, missing or inserted
//! event breaks the chain. There are two rules. The first was taken over the texts themselves. The second is taken over
//! digests of the details and of who is named, each with a salt of its own, so that those can be forgotten and the chain
//! still be made again.

use crate::db::schema::{events, subjects};
use crate::error::Result;
use crate::vocabulary::{Id, random};
use aws_lc_rs::digest::{Context, SHA256};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

/// The number of the second rule, in the rows that it chained; the first leaves none.
pub const RULE: i32 = 2;
/// What stands for details that an erasure took.
pub const FORGOTTEN: &str = "null";

/// What stands for the subject of this number once it is erased.
pub fn nobody(subject_id: i64) -> String {
    format!("erased:{subject_id}")
}

/// A salt, so that a digest cannot be guessed from what it may be a digest of.
///
/// # Errors
/// `internal` without randomness.
pub fn salt() -> Result<Vec<u8>> {
    random::<16>().map(Vec::from)
}

/// SHA-256 of the salt and the text.
pub fn salted(salt: &[u8], text: &str) -> Vec<u8> {
    let mut digest = Context::new(&SHA256);
    digest.update(salt);
    digest.update(text.as_bytes());
    digest.finish().as_ref().to_vec()
}

/// Whoever acts, or is named as an owner.
#[derive(Queryable, Insertable, Clone, Debug)]
#[diesel(table_name = subjects)]
pub struct SubjectRow {
    pub id: i64,
    /// Nothing, as the salt, once it is erased.
    pub subject: Option<String>,
    pub salt: Option<Vec<u8>>,
    pub digest: Vec<u8>,
    /// The event of the erasure.
    pub erased_by: Option<Id>,
}

/// Subjects by their number.
pub type Subjects = HashMap<i64, SubjectRow>;

/// An event as it is hashed.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = events)]
pub struct EventRow {
    pub id: Id,
    pub occurred_at: NaiveDateTime,
    pub subject: String,
    pub end_user_organisation: Option<String>,
    pub operation: String,
    pub resource: String,
    pub resource_key: String,
    pub resource_version: i32,
    pub organisation_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub programme: Option<String>,
    pub request_id: String,
    pub data: String,
    pub rule: Option<i32>,
    pub subject_id: Option<i64>,
    pub salt: Option<Vec<u8>>,
    pub digest: Option<Vec<u8>>,
    pub owner: Option<String>,
    pub owner_id: Option<i64>,
    pub other_organisation_id: Option<Id>,
    pub other_programme: Option<String>,
    pub erased_by: Option<Id>,
}

/// A hash in the making. Each field comes after its length, so that none can pass for a part of the next.
struct Fields(Context);

impl Fields {
    fn of(before: &[u8], position: i64, id: Id) -> Self {
        let mut digest = Context::new(&SHA256);
        digest.update(before);
        digest.update(&position.to_be_bytes());
        digest.update(id.as_bytes());
        Self(digest)
    }

    fn add(&mut self, field: &[u8]) {
        self.0.update(&(field.len() as u64).to_be_bytes());
        self.0.update(field);
    }

    fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

fn id(id: Option<Id>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

impl EventRow {
    /// The hash of this event at this position, after the event whose hash is `before`.
    pub fn chained_to(&self, before: &[u8], position: i64, subjects: &Subjects) -> Vec<u8> {
        match self.rule {
            Some(_) => self.by_the_second_rule(before, position, subjects),
            None => self.by_the_first_rule(before, position),
        }
    }

    /// A digest of what no erasure takes.
    fn remains(&self) -> Vec<u8> {
        let nameless = Self { subject: String::new(), data: String::new(), ..self.clone() };
        nameless.by_the_first_rule(&[], 0)
    }

    fn by_the_first_rule(&self, before: &[u8], position: i64) -> Vec<u8> {
        let mut fields = Fields::of(before, position, self.id);
        for field in [
            &id(self.organisation_id),
            &id(self.innovation_id),
            self.programme.as_deref().unwrap_or_default(),
            &self.occurred_at.and_utc().timestamp_micros().to_string(),
            &self.subject,
            self.end_user_organisation.as_deref().unwrap_or_default(),
            &self.operation,
            &self.resource,
            &self.resource_key,
            &self.resource_version.to_string(),
            &self.request_id,
            &self.data,
        ] {
            fields.add(field.as_bytes());
        }
        fields.finish()
    }

    fn by_the_second_rule(&self, before: &[u8], position: i64, subjects: &Subjects) -> Vec<u8> {
        let mut fields = Fields::of(before, position, self.id);
        fields.add(&self.rule.unwrap_or_default().to_be_bytes());
        for who in [self.subject_id, self.owner_id] {
            fields.add(&who.unwrap_or_default().to_be_bytes());
            let known = who.and_then(|who| subjects.get(&who));
            fields.add(known.map_or(&[], |known| &known.digest));
        }
        for field in [
            &id(self.organisation_id),
            &id(self.other_organisation_id),
            &id(self.innovation_id),
            self.programme.as_deref().unwrap_or_default(),
            self.other_programme.as_deref().unwrap_or_default(),
            &self.occurred_at.and_utc().timestamp_micros().to_string(),
            self.end_user_organisation.as_deref().unwrap_or_default(),
            &self.operation,
            &self.resource,
            &self.resource_key,
            &self.resource_version.to_string(),
            &self.request_id,
        ] {
            fields.add(field.as_bytes());
        }
        fields.add(self.digest.as_deref().unwrap_or_default());
        fields.finish()
    }
}

/// What an erasure says about the events it emptied, in the order of their positions: the hashes, which cannot be made
/// again where the first rule took them over what is gone, and what remains.
pub struct Voucher(Context, u64);

impl Default for Voucher {
    fn default() -> Self {
        Self(Context::new(&SHA256), 0)
    }
}

impl Voucher {
    pub fn add(&mut self, position: i64, hash: &[u8], event: &EventRow) {
        self.0.update(&position.to_be_bytes());
        self.0.update(hash);
        self.0.update(&event.remains());
        self.1 += 1;
    }

    /// How many there were, and the digest of them all.
    pub fn finish(self) -> (u64, String) {
        (self.1, crate::vocabulary::hex(self.0.finish().as_ref()))
    }
}
