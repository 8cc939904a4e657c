//! What an operation answers, made ready inside its database job so that rendering never holds up a web thread.

use super::csv;
use crate::db::list::{Page, Total};
use crate::error::Result;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

/// A finished answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    /// Names and values beyond the content type: `ETag`, `Location`, `Link`.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

pub const JSON: &str = "application/json";
pub const CSV: &str = "text/csv; charset=utf-8";
pub const NDJSON: &str = "application/x-ndjson";
pub const SVG: &str = "image/svg+xml";

impl Reply {
    /// # Errors
    /// `internal` when the value cannot be written as JSON.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self> {
        Ok(Self { status: status.as_u16(), content_type: JSON, headers: Vec::new(), body: serde_json::to_vec(value)? })
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

    pub fn no_content() -> Self {
        Self { status: 204, content_type: "", headers: Vec::new(), body: Vec::new() }
    }

    /// A body in another media type than JSON.
    pub fn text(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: status.as_u16(), content_type, headers: Vec::new(), body }
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

    /// A page of a list, with its `Link` to the next. `target` is the path and query that were asked for.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn page<R, T: Serialize>(page: Page<R>, target: &str, mut render: impl FnMut(R) -> T) -> Result<Self> {
        Self::page_of(page, target, |row| Ok(render(row)))
    }

    /// As [`Reply::page`], of rows that may fail to be told.
    ///
    /// # Errors
    /// As [`Reply::json`], and what `render` fails with.
    pub fn page_of<R, T: Serialize>(page: Page<R>, target: &str, render: impl FnMut(R) -> Result<T>) -> Result<Self> {
        let link = page.next.as_ref().map(|next| format!("<{}>; rel=\"next\"", with_cursor(target, next)));
        let envelope = Listing {
            data: page.rows.into_iter().map(render).collect::<Result<Vec<T>>>()?,
            page: PageInfo { next: page.next, limit: page.limit, count: page.total.map(Into::into) },
        };
        let reply = Self::ok(&envelope)?;
        Ok(match link {
            Some(link) => reply.header("Link", link),
            None => reply,
        })
    }
}

fn with_cursor(target: &str, cursor: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let pairs: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("{path}?{}", pairs.join("&"))
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
}

/// Everything of one kind, where that is too little to page.
#[derive(Serialize, ToSchema)]
pub struct Collection<T> {
    #[schema(max_items = 10000)]
    pub data: Vec<T>,
}

/// Where in the list this page is.
#[derive(Serialize, ToSchema)]
pub struct PageInfo {
    /// Cursor of the next page, or null on the last one.
    #[schema(max_length = 4000)]
    next: Option<String>,
    /// The most rows this page could hold.
    #[schema(minimum = 1, maximum = 500)]
    limit: i64,
    /// Only with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    count: Option<Count>,
}

/// How many rows the filters leave.
#[derive(Serialize, ToSchema)]
pub struct Count {
    #[schema(minimum = 0, maximum = 10000)]
    total: usize,
    /// `exact`, or `at-least` from ten thousand on.
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
