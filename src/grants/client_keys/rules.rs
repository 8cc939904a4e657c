//! Which public keys a client may sign with.

use crate::error::{Faults, Result};
use crate::record::Record;
use crate::vocabulary::{Id, Instant};
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A JSON Web Key Set (RFC 7517) of public keys. Each needs a `kid` that the client has not used before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateClientKeysRequest, example = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "2026-11", "x": "YaJo8_hPKB-jD9qjSgaZ_g0WxXr9GRt_oynpggt3mJk", "y": "wf9UiZQ0JPPBG8Vw9BAJwedyDe0cq6ms-j8yE8j_QPU" }] }))]
pub struct NewKeys {
    #[schema(value_type = Vec<Object>, min_items = 1, max_items = 10)]
    pub keys: Vec<Map<String, Value>>,
}

/// A public key of a client.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientKeyResponse {
    pub id: Id,
    #[schema(example = "2026-11", max_length = 200)]
    pub kid: String,
    /// The algorithms that it can be used with.
    #[schema(example = "ES256", max_length = 60)]
    pub algorithm: String,
    #[schema(value_type = Object)]
    pub key: Value,
    /// When it was taken out of use.
    pub retired_at: Option<Instant>,
    /// The subject of whoever added it.
    #[schema(max_length = 300)]
    pub made_by: String,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// The keys that were added.
#[derive(Serialize, ToSchema)]
pub struct ClientKeysResponse {
    #[schema(max_items = 10)]
    pub keys: Vec<ClientKeyResponse>,
}

impl Record for ClientKeysResponse {
    fn key(&self) -> String {
        String::new()
    }

    fn version(&self) -> i32 {
        1
    }
}

/// A key that was read.
pub struct PublicKey {
    pub kid: String,
    pub jwk: Jwk,
    pub algorithms: Vec<Algorithm>,
}

const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
/// The fewest bytes of an RSA modulus: 2048 bits.
const RSA_BYTES: usize = 256;

impl NewKeys {
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(self) -> Result<Vec<PublicKey>> {
        let mut faults = Faults::default();
        let mut keys: Vec<PublicKey> = Vec::new();
        for (index, members) in self.keys.into_iter().enumerate() {
            match read(members) {
                Ok(key) if keys.iter().any(|other| other.kid == key.kid) => {
                    faults.add(format!("/keys/{index}/kid"), "duplicate", "Another key of the set has this kid.");
                }
                Ok(key) => keys.push(key),
                Err((member, detail)) => faults.add(format!("/keys/{index}/{member}"), "key", detail),
            }
        }
        faults.check()?;
        Ok(keys)
    }
}

/// What a client publishes itself, as far as it could also have been uploaded. Other keys are left out (RFC 7517, 5), a
/// private one too, since whoever reads it can sign with it.
pub fn usable(keys: impl Iterator<Item = Map<String, Value>>) -> Vec<Jwk> {
    keys.filter_map(|members| read(members).ok()).map(|key| key.jwk).collect()
}

/// Reads a public key; else the member that is wrong, and what was expected.
fn read(members: Map<String, Value>) -> Result<PublicKey, (&'static str, String)> {
    if let Some(member) = PRIVATE.into_iter().find(|member| members.contains_key(*member)) {
        let detail =
            "This is a private key. Send its public half only, and make a new key, since this one has been sent.";
        return Err((member, detail.to_owned()));
    }
    let jwk: Jwk = serde_json::from_value(Value::Object(members)).map_err(|_| {
        ("kty", "Expected a public key of RFC 7517: RSA, EC with P-256, or OKP with Ed25519.".to_owned())
    })?;
    let kid = jwk.common.key_id.clone().filter(|kid| !kid.is_empty() && kid.len() <= 200);
    let kid = kid.ok_or_else(|| ("kid", "Expected a kid of 1 to 200 bytes, which assertions name.".to_owned()))?;
    if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return Err(("use", "Expected sig, or no use.".to_owned()));
    }
    if let AlgorithmParameters::RSA(rsa) = &jwk.algorithm {
        use base64::Engine as _;
        let modulus = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&rsa.n).unwrap_or_default();
        if !(RSA_BYTES..=4 * RSA_BYTES).contains(&modulus.len()) {
            return Err(("n", "Expected an RSA key of 2048 to 8192 bits.".to_owned()));
        }
    }
    let algorithms = algorithms(&jwk);
    if algorithms.is_empty() {
        return Err(("alg", format!("Expected a key for one of {}.", SIGNED_WITH.join(", "))));
    }
    if jsonwebtoken::DecodingKey::from_jwk(&jwk).is_err() {
        return Err(("kty", "The key cannot be read: one of its numbers is not base64url.".to_owned()));
    }
    Ok(PublicKey { kid, jwk, algorithms })
}

/// What clients may sign assertions with.
pub const SIGNED_WITH: [&str; 4] = ["RS512", "PS256", "ES256", "EdDSA"];

/// What a client's key may be used with: what it says itself, or what fits its kind.
pub fn algorithms(key: &Jwk) -> Vec<Algorithm> {
    match (&key.algorithm, key.common.key_algorithm) {
        (AlgorithmParameters::RSA(_), None) => vec![Algorithm::RS512, Algorithm::PS256],
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::RS512)) => vec![Algorithm::RS512],
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::PS256)) => vec![Algorithm::PS256],
        (AlgorithmParameters::EllipticCurve(point), None | Some(KeyAlgorithm::ES256))
            if point.curve == EllipticCurve::P256 =>
        {
            vec![Algorithm::ES256]
        }
        (AlgorithmParameters::OctetKeyPair(_), None | Some(KeyAlgorithm::EdDSA)) => vec![Algorithm::EdDSA],
        _ => Vec::new(),
    }
}
