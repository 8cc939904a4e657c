//! One table of everything that can go wrong, and the one error type that carries a row of it.
//!
//! This module knows no HTTP: `http/problem.rs` alone turns a [`Kind`] into a status. What the caller may see
//! is in `detail`, `faults` and `extensions`; the cause is in `context`, goes to the log only, and no `Display` joins them.

use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use utoipa::ToSchema;

/// The family of a code, which decides the status of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Unreadable,
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Gone,
    MethodNotAllowed,
    NotAcceptable,
    Timeout,
    Conflict,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    UnsupportedMediaType,
    TooMany,
    Internal,
    Unavailable,
}

macro_rules! codes {
    ($($name:ident => $kind:ident, $code:literal, $title:literal, $meaning:literal;)*) => {
        /// Every code of the service. A code is stable; its title may be reworded.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// All codes, in the order of the table: the problem pages and the tests walk it.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];
            pub fn kind(self) -> Kind { match self { $(Code::$name => Kind::$kind,)* } }
            /// The stable, kebab-case word that clients match on.
            pub fn as_str(self) -> &'static str { match self { $(Code::$name => $code,)* } }
            pub fn title(self) -> &'static str { match self { $(Code::$name => $title,)* } }
            /// What happened and what to do about it: the text of the page at `/problems/{code}`.
            pub fn meaning(self) -> &'static str { match self { $(Code::$name => $meaning,)* } }
        }
    };
}

codes! {
    MalformedBody => Unreadable, "malformed-body", "The body cannot be read", "The body is not well-formed, or its shape is not what this operation expects: a property is missing, unknown or of the wrong type. The first such fault is listed under errors. Compare the body with the example in the API document.";
    MalformedHeader => Unreadable, "malformed-header", "A header cannot be read", "A request header does not have the form that it must have. The detail names the header and the form.";
    MalformedPath => Unreadable, "malformed-path", "The path cannot be read", "The path contains bytes that are not percent-encoded UTF-8.";
    InvalidParameter => Unreadable, "invalid-parameter", "A query parameter cannot be read", "A query parameter appears twice, or its value does not have the form that the API document gives.";
    UnknownParameter => Unreadable, "unknown-parameter", "Unknown query parameter", "This operation has no such query parameter. Unknown parameters are refused and never ignored, so that a spelling mistake cannot widen a result.";
    InvalidCursor => Unreadable, "invalid-cursor", "The cursor does not fit", "The cursor belongs to other filters or another sort order, or was altered. Start again from the first page.";
    UnknownCursor => Invalid, "unknown-cursor", "Unknown cursor", "This service did not issue the cursor. Take a cursor from page.next of an earlier answer, as it was.";
    CursorExpired => Gone, "cursor-expired", "The cursor is out of date", "The register was restored from a back-up, or nobody came back with this cursor for ninety days. What you keep may differ from the register: start again at after=now and read the lists.";
    UnknownColumn => Unreadable, "unknown-column", "Unknown column", "The CSV header names a column that this operation does not have. The detail lists the columns.";
    ValidationFailed => Invalid, "validation-failed", "The request breaks a rule", "The body is readable but breaks one or more rules. All of them are listed under errors, each with a pointer to the value.";
    UnknownReference => Invalid, "unknown-reference", "A record that the request names does not exist", "A code or id in the request names a record that does not exist or that you may not see.";
    RowsRejected => Invalid, "rows-rejected", "Rows were rejected and nothing was written", "One or more rows break a rule. The submission is atomic, so nothing was written. The rows member gives the rows and the reasons. Correct them, or send mode=partial to write the good rows only.";
    NoRows => Invalid, "no-rows", "There are no rows", "The CSV is empty, or has a header but no rows below it. Check that you saved the right sheet, and send it with its rows.";
    TooManyRows => Invalid, "too-many-rows", "Too many rows", "The submission has more rows than one request may carry. Split it.";
    IdempotencyMismatch => Invalid, "idempotency-mismatch", "The idempotency key was used for another request", "This Idempotency-Key was used within the last 24 hours with a different body or for another record. Use a new key.";
    Unauthenticated => Unauthenticated, "unauthenticated", "A bearer token is needed", "This operation needs a bearer token, and the request has none.";
    InvalidToken => Unauthenticated, "invalid-token", "The bearer token was refused", "The token is malformed, expired, not yet valid, not signed by a trusted key, or not meant for this service. The detail says which check failed.";
    Forbidden => Forbidden, "forbidden", "Not allowed", "You may see this, but your grants do not allow the operation, or not on this part of the register.";
    NotFound => NotFound, "not-found", "Not found", "There is nothing with this name or id that you may see.";
    MethodNotAllowed => MethodNotAllowed, "method-not-allowed", "Method not allowed", "The path exists but does not have this method. The Allow header lists its methods.";
    NotAcceptable => NotAcceptable, "not-acceptable", "No acceptable media type", "This operation cannot answer in any media type that the Accept header names.";
    RequestTimeout => Timeout, "request-timeout", "The request took too long to arrive", "The body did not arrive within the time allowed.";
    IllegalTransition => Conflict, "illegal-transition", "This move is not allowed", "The record cannot move to this state from its present state. The allowed member lists the possible moves.";
    AlreadyExists => Conflict, "already-exists", "It exists already", "Another record has the same key already. Change that record, or choose another key.";
    Immutable => Conflict, "immutable", "This cannot change", "The property cannot change once it is set, since other records rely on it. The detail says what to do instead.";
    NotAccepted => Conflict, "not-accepted", "Not every side has accepted it", "The claim names a side that has not accepted it yet, or has refused it. The figure that was achieved can be confirmed once every side under sides has accepted the claim.";
    CallNotOpen => Conflict, "call-not-open", "The call has not opened yet", "The call accepts applications from the instant it opens. The members opensAt and now give that instant and the present time of the server.";
    CallClosed => Conflict, "call-closed", "The call has closed", "The call accepted applications until the instant it closed. The members closesAt and now give that instant and the present time of the server.";
    InsufficientFunds => Conflict, "insufficient-funds", "There is not enough money", "The amount is more than the fund may commit to the end of a financial year, has in cash, promised to the award, or paid out and not yet got back, now or on the day it is dated or one since. The member available gives the amount that is there, and financialYear the first year that lacks it, with what may be committed to its end (capacity) and would be (committed).";
    EvaluationPlanMissing => Conflict, "evaluation-plan-missing", "An evaluation plan is needed first", "An award needs an evaluation plan before it becomes active. Add the plan to the award, then move it.";
    AuthorityMissing => Conflict, "authority-missing", "A decision to stop is needed first", "An award can be terminated after a gateway review decided to stop it, or with an authority that has a reference and a date. Decide the review, or send the authority.";
    SeparationOfDuties => Forbidden, "separation-of-duties", "Somebody else must do this", "Nobody may approve what they proposed or would receive, confirm what they claimed, or pay out what they approved, whatever their grants. Ask somebody else.";
    IdempotencyInFlight => Conflict, "idempotency-in-flight", "The same request is in progress", "An earlier request with this Idempotency-Key is still in progress. Retry-After says how many seconds to wait.";
    FormTooCostly => Conflict, "form-too-costly", "The form takes too much to check", "The form of the call was written when forms could be larger, or the answers are very long, and holding the one against the other would take too much time or memory. The programme can give the call a simpler form, or the applicant shorter answers.";
    PersonErased => Conflict, "person-erased", "The answer was about somebody who was erased", "This request was answered before, and the answer named a person who has been erased since. It is not answered as before, and it is not done again. Use a new key for a new request.";
    VersionMismatch => PreconditionFailed, "version-mismatch", "The record has changed since you read it", "The If-Match header does not name the present version. Read the record again and repeat the change.";
    VersionRequired => PreconditionRequired, "version-required", "If-Match is needed", "This operation changes an existing record, so it needs an If-Match header with the ETag of the version you read.";
    BodyTooLarge => TooLarge, "body-too-large", "The body is too large", "The body is larger than this operation accepts.";
    ExportTooLarge => TooLarge, "export-too-large", "The export is too large", "The rows that fit the filters are more than one answer may carry. Narrow the filters, for example to a year or a place, and export in parts.";
    UnsupportedMediaType => UnsupportedMediaType, "unsupported-media-type", "Unsupported media type", "This operation does not read the Content-Type or Content-Encoding of the request.";
    TooManyAtOnce => TooMany, "too-many-at-once", "Too many requests at once", "You have many long requests of this kind in progress already: imports, exports, reports, charts, or waiting for changes. Some of them are worked on, the others wait. Send this one again when some are answered.";
    StorageShare => TooMany, "storage-share", "Too much stored today", "What you have sent to be stored today is more than your share: large bodies, rejected rows and long answers are counted. Retry-After says how many seconds to wait; the operators can raise the share.";
    RateLimited => TooMany, "rate-limited", "Too many requests", "You have sent more requests than your limit allows. Retry-After says how many seconds to wait.";
    Internal => Internal, "internal", "Something went wrong here", "The fault is ours and has been logged under the request id. Quote that id when you report the problem.";
    Overloaded => Unavailable, "overloaded", "Too busy", "The service has more requests than it can answer in time. Retry-After says how many seconds to wait.";
    Unavailable => Unavailable, "unavailable", "The database cannot be reached", "The service cannot reach its database. Retry-After says how many seconds to wait.";
    ReadOnly => Unavailable, "read-only", "Nothing can be written at present", "The database takes no changes at present, for example while it is being moved or repaired. Reading works. Retry-After says how many seconds to wait.";
    StorageFull => Unavailable, "storage-full", "The database has no room left", "The disk of the database is full, so nothing can be written. Reading works. The operators of the service must make room. Retry-After says how many seconds to wait.";
    Leaving => Unavailable, "leaving", "This instance is being stopped", "This instance of the service is about to stop. Send the request again, to another instance.";
}

/// One fault inside a request: where it is, what it is, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemFault)]
pub struct Fault {
    /// JSON pointer into the body, or `?name` for a query parameter.
    #[schema(example = "/mainCategory", max_length = 500)]
    pub pointer: String,
    #[schema(example = "unknown-word", max_length = 60)]
    pub code: &'static str,
    #[schema(max_length = 2000)]
    pub detail: String,
}

/// The longest pointer and the longest detail that a problem may hold, in characters.
pub const LONGEST_POINTER: usize = 500;
const LONGEST_DETAIL: usize = 2000;
/// More faults than anyone mends one by one.
pub const MOST_FAULTS: usize = 1000;

impl Fault {
    /// What a client made too long is told in short: the place by what it lies in, the detail by its beginning.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        let (mut pointer, mut detail) = (pointer.into(), detail.into());
        if let Some((cut, _)) = pointer.char_indices().nth(LONGEST_POINTER) {
            let whole = pointer[..cut].rfind('/').unwrap_or(0);
            pointer.truncate(whole);
        }
        if let Some((cut, _)) = detail.char_indices().nth(LONGEST_DETAIL) {
            let short = detail[..cut].char_indices().next_back().map_or(0, |(last, _)| last);
            detail.truncate(short);
            detail.push('…');
        }
        Self { pointer, code, detail }
    }
}

/// A failure on its way to the caller.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    faults: Vec<Fault>,
    extensions: Vec<(&'static str, serde_json::Value)>,
    context: Option<String>,
    retry_in: Option<u64>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner {
            code,
            detail: Cow::Borrowed(code.meaning()),
            faults: Vec::new(),
            extensions: Vec::new(),
            context: None,
            retry_in: None,
        }))
    }

    /// The detail for the caller: never SQL, a path, or Debug output.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.0.faults.push(fault);
        self
    }

    #[must_use]
    pub fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// A member of the problem beyond the standard ones, such as `allowed` of `illegal-transition`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.0.extensions.push((name, value.into()));
        self
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn context(mut self, cause: impl fmt::Display) -> Self {
        self.0.context = Some(cause.to_string());
        self
    }

    /// For how many seconds the same request cannot succeed.
    #[must_use]
    pub fn retry_in(mut self, seconds: u64) -> Self {
        self.0.retry_in = Some(seconds);
        self
    }

    /// How many seconds to wait before the same request may succeed.
    pub fn retry_after(&self) -> Option<u64> {
        let soon =
            || (self.code().kind() == Kind::Unavailable || self.code() == Code::IdempotencyInFlight).then_some(1);
        self.0.retry_in.or_else(soon)
    }

    /// An unexpected failure: answered as `internal`, its cause logged.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::Internal).context(cause)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound).detail(format!("There is no {what} with this name or id that you may see."))
    }

    /// 422 with one fault.
    pub fn invalid(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::validation(vec![Fault::new(pointer, code, detail)])
    }

    /// 422 with every fault found.
    pub fn validation(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [one] => one.detail.clone(),
            many => format!("The request breaks {} rules. Each is listed under errors.", many.len()),
        };
        Self::new(Code::ValidationFailed).detail(detail).faults(faults)
    }

    pub fn code(&self) -> Code {
        self.0.code
    }
    pub fn public_detail(&self) -> &str {
        &self.0.detail
    }
    pub fn listed(&self) -> &[Fault] {
        &self.0.faults
    }
    pub fn extended(&self) -> &[(&'static str, serde_json::Value)] {
        &self.0.extensions
    }
    pub fn cause(&self) -> Option<&str> {
        self.0.context.as_deref()
    }

    /// For the operator at the command line: the faults in full, or the cause.
    pub fn in_words(self) -> String {
        let faults: Vec<&str> = self.listed().iter().map(|fault| fault.detail.as_str()).collect();
        if faults.is_empty() { self.cause().unwrap_or(self.public_detail()).to_owned() } else { faults.join("\n") }
    }
}

/// Collects rule faults so that all of them are reported at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(Fault::new(pointer, code, detail));
    }

    /// Keeps the value, or notes the fault and keeps nothing.
    pub fn take<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }

    /// # Errors
    /// `validation-failed` with every fault, if there is one.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::validation(self.0)) }
    }
}

/// 422 with one fault.
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::validation(vec![fault])
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
