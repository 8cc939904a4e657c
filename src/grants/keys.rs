//! The built-in issuer's signing keys: ES256, kept in the database with the private part sealed under a key that is
//! not, rotated every ninety days, and published one JWKS lifetime before they sign.

use super::store;
use crate::config::KeySource;
use crate::db::{Conn, dialect};
use crate::error::{Error, Result};
use crate::vocabulary::{Timestamp, hex, random};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use chrono::TimeDelta;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey};
use secrecy::{ExposeSecret, SecretBox};
use std::io::Write;
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
    /// Reads the key.
    ///
    /// # Errors
    /// Text for the operator.
    pub fn open(source: &KeySource) -> Result<Self, String> {
        match source {
            KeySource::Secret(secret) => Self::parse(secret.expose_secret()),
            KeySource::File(path) => {
                let text = std::fs::read_to_string(path);
                Self::parse(&text.map_err(|cause| format!("KEY_FILE: {}: {cause}", path.display()))?)
            }
        }
    }

    /// Reads the key, or makes its file, readable by its owner alone, where the database has no key yet that was sealed
    /// under another.
    ///
    /// # Errors
    /// `internal`, with words for the operator.
    pub fn open_or_make(conn: &mut Conn, source: &KeySource) -> Result<Self> {
        dialect::lock(conn, LOCK)?;
        if let KeySource::File(path) = source
            && !path.exists()
        {
            if store::newest_key(conn)?.is_some() {
                return Err(Error::internal(format!(
                    "KEY_FILE: {} is missing, and the database holds signing keys that were sealed under the key in it. Put \
                     that file back, from another instance or a back-up. If it is lost, delete the rows of signing_keys, \
                     which ends all tokens of the built-in issuer",
                    path.display()
                )));
            }
            write_key(path, &hex(&random::<32>()?)).map_err(|cause| Error::internal(format!("KEY_FILE: {cause}")))?;
        }
        Self::open(source).map_err(Error::internal)
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// Text for the operator.
    pub fn parse(hex: &str) -> Result<Self, String> {
        let mut bytes = [0u8; 32];
        let hex = hex.trim();
        let digits = |i: usize| hex.get(2 * i..2 * i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = digits(index).ok_or("KEY_FILE: expected 64 hexadecimal digits")?;
        }
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    /// Whether both are the same key.
    pub fn is(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }

    /// Unseals every signing key in the database, and says how many there are.
    ///
    /// # Errors
    /// `internal`, with words for the operator, where one was sealed under another key.
    pub fn unseal_all(&self, conn: &mut Conn) -> Result<usize> {
        let keys = store::keys(conn)?;
        keys.iter().try_for_each(|key| self.unseal(&key.kid, &key.private_sealed).map(drop))?;
        Ok(keys.len())
    }

    /// What shows that whoever holds the key knew this text.
    pub fn vouch(&self, text: &str) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    }

    fn cipher(&self) -> Result<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.expose_secret()).map_err(Error::internal)
    }

    /// Seals what only the service may read, under the name of what it belongs to.
    pub fn seal(&self, kid: &str, private: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = private.to_vec();
        let nonce = self.cipher()?.seal_in_place_append_tag(Aad::from(kid), &mut sealed).map_err(Error::internal)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// # Errors
    /// `internal` for what was sealed under another key, or name.
    pub fn unseal(&self, kid: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong =
            |_| Error::internal("a key cannot be unsealed: every instance needs the same KEY_FILE or KEY_SECRET");
        let (nonce, body) = sealed.split_at_checked(12).ok_or_else(|| Error::internal("a sealed key is cut short"))?;
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(Error::internal)?;
        Ok(self.cipher()?.open_in_place(nonce, Aad::from(kid), &mut body).map_err(wrong)?.to_vec())
    }
}

/// Writes the key into a file of its own, readable by its owner alone.
///
/// # Errors
/// Where the file exists already, or cannot be written.
pub fn write_key(path: &Path, key: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()
}

/// A key that can sign now.
pub struct SigningKey {
    pub kid: String,
    pub key: EncodingKey,
    /// The public half, as it is published.
    pub public_jwk: String,
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
    Ok(SigningKey { key: EncodingKey::from_ec_der(&private), kid: row.kid, public_jwk: row.public_jwk })
}

/// The public keys that verify at this moment.
pub fn published(conn: &mut Conn, now: Timestamp) -> Result<Vec<Jwk>> {
    let rows = store::verifying_keys(conn, now)?;
    rows.iter().map(|row| serde_json::from_str(&row.public_jwk).map_err(Error::from)).collect()
}
