//! The built-in issuer's signing keys: ES256, kept in the database with the private part sealed under a key that is
//! not, rotated every ninety days, and published one JWKS lifetime before they sign.

use super::store;
use crate::config::KeySource;
use crate::db::{Conn, dialect};
use crate::error::{Error, Result};
use crate::vocabulary::{Timestamp, hex};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use chrono::TimeDelta;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey};
use secrecy::{ExposeSecret, SecretBox};
use std::io::{Read, Write};
use std::path::Path;

/// How long clients may keep the published keys.
pub const JWKS_LIFETIME: TimeDelta = TimeDelta::hours(1);
const SIGNS_FOR: TimeDelta = TimeDelta::days(90);
/// A key outlives its last signature by the longest life of a token.
const VERIFIES_AFTER: TimeDelta = TimeDelta::days(2);
const LOCK: i64 = 0x4b45_5953;

/// The key that seals the signing keys.
pub struct SealingKey(SecretBox<[u8; 32]>);

impl SealingKey {
    /// Reads the key, or makes the file where there is none yet, readable by its owner alone.
    ///
    /// # Errors
    /// Text for the operator.
    pub fn open(source: &KeySource) -> Result<Self, String> {
        let hex = match source {
            KeySource::Secret(secret) => secret.expose_secret().to_owned(),
            KeySource::File(path) => read_or_make(path).map_err(|cause| format!("KEY_FILE: {cause}"))?,
        };
        let mut bytes = [0u8; 32];
        let hex = hex.trim();
        let digits = |i: usize| hex.get(2 * i..2 * i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = digits(index).ok_or("KEY_FILE: expected 64 hexadecimal digits")?;
        }
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    fn cipher(&self) -> Result<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.expose_secret()).map_err(Error::internal)
    }

    fn seal(&self, kid: &str, private: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = private.to_vec();
        let nonce = self.cipher()?.seal_in_place_append_tag(Aad::from(kid), &mut sealed).map_err(Error::internal)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    fn unseal(&self, kid: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong = |_| {
            Error::internal("a signing key cannot be unsealed: every instance needs the same KEY_FILE or KEY_SECRET")
        };
        let (nonce, body) = sealed.split_at_checked(12).ok_or_else(|| Error::internal("a sealed key is cut short"))?;
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(Error::internal)?;
        Ok(self.cipher()?.open_in_place(nonce, Aad::from(kid), &mut body).map_err(wrong)?.to_vec())
    }
}

fn read_or_make(path: &Path) -> std::io::Result<String> {
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let mut bytes = [0u8; 32];
            aws_lc_rs::rand::fill(&mut bytes).map_err(|_| std::io::Error::other("no randomness"))?;
            let hex = hex(&bytes);
            file.write_all(hex.as_bytes())?;
            file.sync_all()?;
            Ok(hex)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mut text = String::new();
            std::fs::File::open(path)?.take(1024).read_to_string(&mut text)?;
            Ok(text)
        }
        Err(error) => Err(error),
    }
}

/// A key that can sign now.
pub struct SigningKey {
    pub kid: String,
    pub key: EncodingKey,
}

/// Makes the first key, or the next one when the present one grows old. Run at start and every hour, on every instance.
pub fn ensure(conn: &mut Conn, sealing: &SealingKey, now: Timestamp) -> Result<()> {
    dialect::lock(conn, LOCK)?;
    let newest = store::newest_key(conn)?;
    let signs_from = match &newest {
        None => now,
        Some(key) if key.signs_from.and_utc() + SIGNS_FOR < now + JWKS_LIFETIME => now + JWKS_LIFETIME,
        Some(_) => return Ok(()),
    };
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(Error::internal)?;
    let kid = crate::vocabulary::Id::generate().to_string();
    let encoding = EncodingKey::from_ec_der(pkcs8.as_ref());
    let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::ES256).map_err(Error::internal)?;
    jwk.common.key_id = Some(kid.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    jwk.common.key_algorithm = Some(KeyAlgorithm::ES256);
    store::insert_key(
        conn,
        &store::SigningKeyRow {
            algorithm: "ES256".to_owned(),
            public_jwk: serde_json::to_string(&jwk)?,
            private_sealed: sealing.seal(&kid, pkcs8.as_ref())?,
            kid,
            created_at: now.naive_utc(),
            signs_from: signs_from.naive_utc(),
            verifies_until: (signs_from + SIGNS_FOR + VERIFIES_AFTER).naive_utc(),
        },
    )
}

/// The key to sign with at this moment.
///
/// # Errors
/// `internal` where there is none, or where it was sealed under another key.
pub fn signing(conn: &mut Conn, sealing: &SealingKey, now: Timestamp) -> Result<SigningKey> {
    let row = store::signing_key(conn, now)?.ok_or_else(|| Error::internal("there is no signing key"))?;
    let private = sealing.unseal(&row.kid, &row.private_sealed)?;
    Ok(SigningKey { key: EncodingKey::from_ec_der(&private), kid: row.kid })
}

/// The public keys that verify at this moment.
pub fn published(conn: &mut Conn, now: Timestamp) -> Result<Vec<Jwk>> {
    let rows = store::verifying_keys(conn, now)?;
    rows.iter().map(|row| serde_json::from_str(&row.public_jwk).map_err(Error::from)).collect()
}
