//! What a client sends to the token endpoint, and how it is refused.

use crate::http::problem::TokenError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

fn request(detail: impl Into<String>) -> TokenError {
    TokenError { error: "invalid_request", error_description: detail.into() }
}

/// The refusal of a client that has not proven who it is.
pub fn client_refused(detail: impl Into<String>) -> TokenError {
    TokenError { error: INVALID_CLIENT, error_description: detail.into() }
}

pub const INVALID_CLIENT: &str = "invalid_client";

/// How a client proves who it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Proof {
    Assertion(String),
    Secret { client: String, secret: String },
}

/// The type of a client assertion (RFC 7523, 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const KNOWN: [&str; 6] =
    ["grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// Reads a request.
///
/// # Errors
/// What is missing, doubled, or of another grant type.
pub fn read(body: &[u8], authorization: Option<&str>) -> Result<Proof, TokenError> {
    let unreadable = || request("The body must be a form: application/x-www-form-urlencoded.");
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).map_err(|_| unreadable())?;
    let mut given = BTreeMap::new();
    for (name, value) in pairs {
        let known = KNOWN.contains(&name.as_str());
        if given.insert(name.clone(), value).is_some() && known {
            return Err(request(format!("{name} is given twice.")));
        }
    }
    match given.remove("grant_type").as_deref() {
        Some("client_credentials") => {}
        None => return Err(request("grant_type is missing; expected client_credentials.")),
        Some(_) => {
            let error_description = "The only grant_type here is client_credentials.".to_owned();
            return Err(TokenError { error: "unsupported_grant_type", error_description });
        }
    }
    if given.remove("scope").is_some_and(|scope| !scope.trim().is_empty()) {
        let error_description =
            "There are no scopes here: grants say what a client may do. Leave scope out.".to_owned();
        return Err(TokenError { error: "invalid_scope", error_description });
    }
    proof(given, authorization)
}

fn proof(mut given: BTreeMap<String, String>, authorization: Option<&str>) -> Result<Proof, TokenError> {
    let (client, secret) = (given.remove("client_id"), given.remove("client_secret"));
    let (assertion, kind) = (given.remove("client_assertion"), given.remove("client_assertion_type"));
    let basic = authorization.map(basic).transpose()?;
    let ways = [assertion.is_some(), secret.is_some(), basic.is_some()].into_iter().filter(|way| *way).count();
    if ways > 1 {
        return Err(request("Prove who you are in one way: an assertion, or a secret in the body or in the header."));
    }
    if let Some((id, secret)) = basic {
        return match client {
            Some(other) if other != id => Err(request("client_id is not the one in the Authorization header.")),
            _ => Ok(Proof::Secret { client: id, secret }),
        };
    }
    if let Some(assertion) = assertion {
        if kind.as_deref() != Some(ASSERTION_TYPE) {
            return Err(request(format!("client_assertion_type must be {ASSERTION_TYPE}.")));
        }
        return Ok(Proof::Assertion(assertion));
    }
    match (client, secret) {
        (Some(client), Some(secret)) => Ok(Proof::Secret { client, secret }),
        _ => Err(client_refused(
            "Nothing says who you are; expected client_assertion with client_assertion_type, or client_id and client_secret.",
        )),
    }
}

/// The client and secret of HTTP Basic, each form-encoded before they are put together (RFC 6749, 2.3.1).
fn basic(authorization: &str) -> Result<(String, String), TokenError> {
    let malformed =
        || client_refused("The Authorization header must be: Basic, and base64 of client_id:client_secret.");
    let (scheme, coded) = authorization.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let text =
        STANDARD.decode(coded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(malformed)?;
    let (client, secret) = text.split_once(':').ok_or_else(malformed)?;
    let decoded = |text: &str| {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(&format!("x={}", text.replace('&', "%26"))).ok()?;
        pairs.into_iter().next().map(|(_, value)| value)
    };
    decoded(client).zip(decoded(secret)).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_in_one_way_who_asks() {
        let id = "014e46e9-bc00-7c1e-9d00-000000400000";
        let encoded = format!("Basic {}", STANDARD.encode(format!("{id}:a%2Bb")));
        let good = "grant_type=client_credentials";
        let assertion = format!("client_assertion=a.b.c&client_assertion_type={}", ASSERTION_TYPE.replace(':', "%3A"));
        for (body, header, expected) in [
            (format!("{good}&client_id={id}&client_secret=s"), None, Ok(("s", id))),
            (good.to_owned(), Some(encoded.as_str()), Ok(("a+b", id))),
            (format!("{good}&{assertion}"), None, Ok(("a.b.c", ""))),
            (good.to_owned(), None, Err("invalid_client")),
            (good.to_owned(), Some("Bearer abc"), Err("invalid_client")),
            (format!("{good}&{assertion}&client_secret=s"), None, Err("invalid_request")),
            (format!("{good}&client_assertion=a.b.c"), None, Err("invalid_request")),
            (format!("{good}&client_id=a&client_id=b&client_secret=s"), None, Err("invalid_request")),
            (format!("{good}&client_id=other"), Some(&encoded), Err("invalid_request")),
            (format!("{good}&scope=all&client_id={id}&client_secret=s"), None, Err("invalid_scope")),
            ("grant_type=password".to_owned(), None, Err("unsupported_grant_type")),
            (String::new(), None, Err("invalid_request")),
        ] {
            let read = read(body.as_bytes(), header);
            match (read, expected) {
                (Ok(Proof::Secret { client, secret }), Ok((text, id))) => {
                    assert_eq!((secret.as_str(), client.as_str()), (text, id))
                }
                (Ok(Proof::Assertion(found)), Ok((text, _))) => assert_eq!(found, text),
                (Err(found), Err(code)) => assert_eq!(found.error, code, "{body}: {}", found.error_description),
                (found, _) => panic!("{body}: {found:?}"),
            }
        }
    }
}
