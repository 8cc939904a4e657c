//! What the operations refer to by name: headers, parameters, refusals with an example of each, and how to say who one is.

use crate::error::Code;
use crate::http::problem::status_of;
use crate::http::{gate, idempotency, problem};
use serde_json::{Map, Value, json};

/// A refusal by its status: the name and the description of its shared response.
pub const REFUSALS: [(&str, &str, &str); 17] = [
    ("400", "BadRequest", "The request cannot be read"),
    ("401", "Unauthenticated", "A bearer token is needed, or was refused"),
    ("403", "Forbidden", "Your grants do not allow this"),
    ("404", "NotFound", "There is nothing with this name or id that you may see"),
    ("406", "NotAcceptable", "The operation cannot answer in any media type of Accept"),
    ("408", "RequestTimeout", "The body took too long to arrive"),
    ("409", "Conflict", "The present state of the record does not allow this"),
    ("410", "Gone", "The cursor is out of date: start again"),
    ("412", "VersionMismatch", "The record has changed since the version in If-Match"),
    ("413", "BodyTooLarge", "The body is too large"),
    ("415", "UnsupportedMediaType", "The operation does not read this media type"),
    ("422", "Invalid", "The request is readable but breaks a rule"),
    ("428", "VersionRequired", "If-Match is needed"),
    ("429", "TooManyRequests", "Too many requests"),
    ("500", "InternalError", "Something went wrong here"),
    ("503", "Unavailable", "Too busy, or the database cannot be reached"),
    ("default", "Problem", "Any other failure"),
];

/// The headers of every answer.
pub const COMMON_HEADERS: [&str; 5] =
    ["X-Request-ID", "X-Correlation-ID", "RateLimit", "RateLimit-Policy", "Access-Control-Allow-Origin"];

pub fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// References to the common headers and to these.
pub fn headers_with(names: &[&str]) -> Value {
    COMMON_HEADERS.iter().chain(names).map(|name| ((*name).to_owned(), reference("headers", name))).collect()
}

/// The text beside the field for a token.
const AUTHORIZE: &str = "An access token, without the word Bearer. **Where it comes from:** a demonstration (`innovation-register demo`) \
prints six when it starts, one for each kind of user, that last for 24 hours; paste that of the national administrator to try everything. \
On a service for trials the operator makes one: `innovation-register token --role reader`. In production a registered client asks for one at \
`POST /oauth2/token`, or your organisation's OpenID Connect issuer issues it, once the operator trusts that issuer and has granted you a role. \
`GET /v1/me` answers what a token allows.\n\nA token is a signed JWT (RFC 9068), checked as RFC8725 advises. A system that acts for a \
person's organisation names it in `NHSD-End-User-Organisation-ODS`; its grants are then narrowed to that organisation.";

pub fn security() -> Value {
    json!({ "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": AUTHORIZE,
    } })
}

pub fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let text = |description: &str| header(description, json!({ "type": "string", "maxLength": 4000 }));
    json!({
        "X-Request-ID": header("The id of the request: yours from X-Request-ID, or a new one", uuid()),
        "X-Correlation-ID": text("Your X-Correlation-ID, if you sent one"),
        "RateLimit": text("What remains of your rate limit: r requests in the next t seconds"),
        "RateLimit-Policy": text("Your rate limit: q requests in w seconds"),
        "Access-Control-Allow-Origin": text("The origin of the page that sent the request, if the service allows it"),
        "Retry-After": header("How many seconds to wait", json!({ "type": "integer", "format": "int32", "minimum": 0, "maximum": 86400 })),
        "ETag": text("The version of the record"),
        "Location": text("The address of the new record"),
        "Preference-Applied": text("`respond-async`: the request is answered later, by the job at Location"),
        "Link": text("The address of the next page (RFC 8288)"),
        "Idempotency-Replayed": header("Present if this is the answer to an earlier request with the same Idempotency-Key", json!({ "type": "boolean" })),
        "WWW-Authenticate": text("The authentication scheme to use"),
    })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid", "maxLength": 36 })
}

pub fn parameters() -> Value {
    let header = |name: &str, required: bool, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema });
    let text = || json!({ "type": "string", "maxLength": gate::LONGEST_HEADER });
    let tags =
        json!({ "type": "string", "maxLength": gate::LONGEST_HEADER, "pattern": gate::TAGS, "example": "W/\"1\"" });
    let key = json!({ "type": "string", "minLength": 1, "maxLength": idempotency::LONGEST, "pattern": "^[!-~]+$" });
    let mark = json!({ "name": "bom", "in": "query", "required": false, "schema": { "type": "boolean" },
        "description": "Whether CSV begins with a byte order mark, which Excel needs to know that it is in UTF-8." });
    json!({
        "ByteOrderMark": mark,
        "IfMatch": header("If-Match", true, "The ETag of the version that you read.", tags),
        "IfNoneMatch": header("If-None-Match", false, "The ETag that you have. If it is still the present one, the answer is 304.", text()),
        "IdempotencyKey": header("Idempotency-Key", false, "A name of your choice for this request. Sent again with the same body, the request is carried out once and answered as before.", key),
        "Prefer": header("Prefer", false, "`respond-async` has the request answered later, by a job (RFC 7240). Other preferences are passed over.", json!({ "type": "string", "maxLength": gate::LONGEST_HEADER })),
        "RequestId": header("X-Request-ID", false, "Your id for this request, a UUID. Any other text is replaced by a new id.", text()),
        "CorrelationId": header("X-Correlation-ID", false, "Your id for the work that this request is part of. The answer repeats it.", text()),
    })
}

/// One problem for each code that an operation can answer, by the code. A wrong method meets no operation.
pub fn examples() -> Value {
    let answered = |code: &&Code| REFUSALS.iter().any(|(status, ..)| status_of(**code).as_str() == *status);
    Code::ALL
        .iter()
        .filter(answered)
        .map(|code| (code.as_str().to_owned(), json!({ "summary": code.title(), "value": problem::example(*code) })))
        .collect()
}

/// One response for each refusal, with an example of each problem, and the response 304.
pub fn responses() -> Value {
    let response = |status: &str, description: &str| {
        let headers = headers_with(match status {
            "401" => &["WWW-Authenticate"],
            "429" | "503" => &["Retry-After"],
            _ => &[],
        });
        let mut content = json!({ "schema": reference("schemas", "Problem") });
        let codes = Code::ALL.iter().filter(|code| status_of(**code).as_str() == status);
        let examples: Map<String, Value> =
            codes.map(|code| (code.as_str().to_owned(), reference("examples", code.as_str()))).collect();
        if !examples.is_empty() {
            content["examples"] = Value::Object(examples);
        }
        json!({ "description": description, "headers": headers, "content": { "application/problem+json": content } })
    };
    let unchanged =
        json!({ "description": "You have the present version already", "headers": headers_with(&["ETag"]) });
    let refusals =
        REFUSALS.iter().map(|(status, name, description)| ((*name).to_owned(), response(status, description)));
    refusals.chain([("NotModified".to_owned(), unchanged)]).collect()
}
