//! What an operation answers, made ready inside its database job so that rendering never holds up a web thread.

use super::csv;
use crate::db::list::Total;
use crate::error::Result;
use crate::record::Record;
use crate::vocabulary::hex;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use utoipa::ToSchema;

/// A finished answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    /// Names and values beyond the content type: `ETag`, `Location`, `Link`.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// A shorter body to keep for those who ask again with the same `Idempotency-Key`.
    pub kept: Option<Vec<u8>>,
    /// The path of the record that this is the answer about, where its body was too large to keep.
    pub elsewhere: Option<String>,
}

/// The path of the record with which a kept answer is completed.
#[derive(Clone)]
pub struct Elsewhere(pub String);

pub const JSON: &str = "application/json";
pub const CSV: &str = "text/csv; charset=utf-8";
pub const NDJSON: &str = "application/x-ndjson";
pub const SVG: &str = "image/svg+xml";

impl Reply {
    /// # Errors
    /// `internal` when the value cannot be written as JSON.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self> {
        Ok(Self {
            status: status.as_u16(),
            content_type: JSON,
            headers: Vec::new(),
            body: serde_json::to_vec(value)?,
            kept: None,
            elsewhere: None,
        })
    }

    /// 200 with a body.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn ok(value: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::OK, value)
    }

    /// 201 with a body and where it lives.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn created(location: String, version: i32, value: &impl Serialize) -> Result<Self> {
        Ok(Self::json(StatusCode::CREATED, value)?.header("Location", location).version(version))
    }

    /// 201 with a new record, whose address is below the path, or is the path for one without a name.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn of_new(path: &str, record: &impl Record) -> Result<Self> {
        let location = format!("{path}/{}", record.key());
        Self::created(location.trim_end_matches('/').to_owned(), record.version(), record)
    }

    pub fn no_content() -> Self {
        Self { status: 204, content_type: "", headers: Vec::new(), body: Vec::new(), kept: None, elsewhere: None }
    }

    /// A body in another media type than JSON.
    pub fn text(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: status.as_u16(), content_type, headers: Vec::new(), body, kept: None, elsewhere: None }
    }

    /// 200 with a record and its version.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn record(record: &impl Record) -> Result<Self> {
        Ok(Self::ok(record)?.version(record.version()))
    }

    /// An entity tag made of the body, for an answer that has no version of its own: the same content, the same tag.
    #[must_use]
    pub fn named_by_content(self) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.body);
        let tag = digest.as_ref().get(..12).map(hex).unwrap_or_default();
        self.header("ETag", format!("W/\"{tag}\""))
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The weak entity tag of a record's version.
    #[must_use]
    pub fn version(self, version: i32) -> Self {
        self.header("ETag", format!("W/\"{version}\""))
    }
}

/// Declares an answer that says in its type what its body is, as the API document does.
macro_rules! typed {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        pub struct $name<T> {
            reply: Reply,
            of: PhantomData<fn() -> T>,
        }

        impl<T> $name<T> {
            pub fn of(reply: Reply) -> Self {
                Self { reply, of: PhantomData }
            }
        }

        impl<T> Responder for $name<T> {
            type Body = actix_web::body::BoxBody;

            fn respond_to(self, request: &HttpRequest) -> HttpResponse {
                self.reply.respond_to(request)
            }
        }
    };
}

typed! {
    /// 200 with a body of this type.
    Answer
}

typed! {
    /// 201 with a body of this type.
    Created
}

impl<T: Serialize> Answer<T> {
    /// # Errors
    /// As [`Reply::json`].
    pub fn ok(value: &T) -> Result<Self> {
        Reply::ok(value).map(Self::of)
    }

    /// As [`Reply::named_by_content`].
    #[must_use]
    pub fn named_by_content(self) -> Self {
        Self::of(self.reply.named_by_content())
    }
}

impl Responder for Reply {
    type Body = actix_web::body::BoxBody;

    fn respond_to(mut self, request: &HttpRequest) -> HttpResponse {
        if self.content_type == CSV && csv::is_marked(request.query_string()) {
            self.body.splice(..0, csv::MARK.iter().copied());
        }
        let mut response =
            HttpResponse::build(StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        if let Some(path) = self.elsewhere {
            let mut response = response.finish();
            response.extensions_mut().insert(Elsewhere(path));
            return response;
        }
        if self.content_type.is_empty() {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, self.content_type)).body(self.body)
    }
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Listing<T> {
    #[schema(max_items = 500)]
    pub data: Vec<T>,
    pub page: PageInfo,
    /// With `facets` only: for each filter and word, the number of rows that fit the word and the other filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub facets: Option<Facets>,
}

/// The number of rows for each word of a filter.
pub type Facets = BTreeMap<String, BTreeMap<String, Count>>;

/// All records of one kind, without pages.
#[derive(Serialize, ToSchema)]
pub struct Collection<T> {
    #[schema(max_items = 10000)]
    pub data: Vec<T>,
}

/// The place of this page in the list.
#[derive(Serialize, ToSchema)]
pub struct PageInfo {
    /// The cursor of the next page. Null on the last page.
    #[schema(max_length = 4000)]
    pub next: Option<String>,
    /// The maximum number of rows of the page.
    #[schema(minimum = 1, maximum = 500)]
    pub limit: i64,
    /// The number of rows in all, with `count=true` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<Count>,
}

/// The number of rows that fit the filters.
#[derive(Serialize, ToSchema)]
pub struct Count {
    #[schema(minimum = 0, maximum = 10000)]
    total: usize,
    /// `exact`, or `at-least` if there are 10,000 rows or more.
    relation: Relation,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    Exact,
    AtLeast,
}

impl From<Total> for Count {
    fn from(total: Total) -> Self {
        Self { total: total.total, relation: if total.exact { Relation::Exact } else { Relation::AtLeast } }
    }
}
