//! A request that reads as a sentence, and an answer that is held to the rules of every answer.

use super::contract;
use innovation_register::error::Code;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// A request to be awaited.
pub struct Request {
    method: String,
    target: String,
    builder: reqwest::RequestBuilder,
}

impl Request {
    pub fn new(method: &str, target: &str, builder: reqwest::RequestBuilder) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), builder }
    }

    /// The same request once more.
    pub fn again(&self) -> Self {
        let builder = self.builder.try_clone().expect("no body is streamed");
        Self { method: self.method.clone(), target: self.target.clone(), builder }
    }

    /// The request without one of its headers.
    pub fn without(self, name: &str) -> Self {
        let (client, request) = self.builder.build_split();
        let mut request = request.expect("a good request");
        request.headers_mut().remove(name);
        Self { builder: reqwest::RequestBuilder::from_parts(client, request), ..self }
    }

    /// The JSON that it sends; null where that is nothing.
    pub fn document(&self) -> Value {
        let request = self.again().builder.build().expect("a good request");
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or(b"null");
        serde_json::from_slice(body).expect("it sends JSON")
    }

    /// The same at another path and query.
    pub fn at(self, change: impl Fn(&str) -> String) -> Self {
        let (client, request) = self.builder.build_split();
        let mut request = request.expect("a good request");
        let url = change(request.url().as_str());
        *request.url_mut() = url.parse().expect("an address");
        let target = change(&self.target);
        Self { target, builder: reqwest::RequestBuilder::from_parts(client, request), ..self }
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    pub fn accept(self, media_type: &str) -> Self {
        self.header("accept", media_type)
    }

    pub fn with_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn if_match(self, version: i64) -> Self {
        self.header("if-match", &format!("W/\"{version}\""))
    }

    pub fn json(self, body: &Value) -> Self {
        Self { builder: self.builder.json(body), ..self }
    }

    pub fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Self { builder: self.builder.body(body), ..self }
    }
}

impl Request {
    /// The status, where an answer came.
    pub async fn status(self) -> Option<u16> {
        Some(self.builder.send().await.ok()?.status().as_u16())
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.builder.send().await.unwrap_or_else(|cause| panic!("{}: {cause:?}", self.target));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = response.bytes().await.unwrap_or_else(|cause| panic!("{}: {cause:?}", self.target));
            let answer = Answer { target: self.target, status, headers, body: body.to_vec() };
            contract::hold(&self.method, &answer);
            answer
        })
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    target: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Path and query that were asked for.
    pub fn target(&self) -> &str {
        &self.target
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The path and query of the next page, whose absolute address `Link` gives; empty on the last page.
    #[track_caller]
    pub fn next_page(&self) -> String {
        let Some(link) = self.header("link").strip_suffix(">; rel=\"next\"") else { return String::new() };
        let url = reqwest::Url::parse(link.trim_start_matches('<')).expect("Link is absolute");
        format!("{}?{}", url.path(), url.query().unwrap_or_default())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("every body is UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|cause| panic!("{}: {cause}: {}", self.target, self.text()))
    }

    /// The body of an answer with this status; null where there is none.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.target, self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// A page for people.
    #[track_caller]
    pub fn expect_html(&self) {
        assert_eq!(self.status, 200, "{}: {}", self.target, self.text());
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{}", self.target);
    }

    /// The problem that this answer must be, held to what is true of every problem.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let said = format!("{}: {} {}", self.target, self.status, self.text());
        assert_eq!(self.status, status, "{said}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{said}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{said}");
        assert_eq!(problem["status"], status, "{said}");
        assert_eq!(problem["type"], format!("/problems/{code}"), "{said}");
        assert_eq!(problem["instance"], self.target.split('?').next().unwrap_or_default(), "{said}");
        assert_eq!(problem["requestId"], self.header("x-request-id"), "{said}");
        // Every code of the table has a page: `laws::failures` asks for each.
        let known = Code::ALL.iter().find(|known| known.as_str() == code).expect("a code of the table");
        assert_eq!(problem["title"], known.title(), "{said}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{said}");
        for fault in problem["errors"].as_array().into_iter().flatten() {
            assert!(fault["pointer"].is_string() && fault["code"].is_string() && fault["detail"].is_string(), "{said}");
        }
        assert_nothing_leaks(self.text());
        problem
    }
}

/// No body tells of what is behind it.
#[track_caller]
fn assert_nothing_leaks(body: &str) {
    for secret in
        ["SQL", "diesel", "/src/", ".rs:", "panicked", "SELECT ", "constraint", "Some(", "Err(", "/tmp/", "/dev/shm"]
    {
        assert!(!body.contains(secret), "{secret:?} leaks: {body}");
    }
}
