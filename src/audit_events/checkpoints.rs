//! Signed checkpoints: where the trail had got to and its hash there, signed by the key that signs tokens. Whoever rewrites
//! the end of the trail would have to sign them again.

use super::store::{self, CheckpointKeyRow, CheckpointRow};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::events::{self, End};
use crate::grants::keys::{self, SealingKey};
use crate::vocabulary::{Timestamp, hex, instant};
use chrono::TimeDelta;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// So that a checkpoint never passes for a token, nor a token for a checkpoint.
const TYPE: &str = "audit-checkpoint+jwt";

/// What is signed.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq, Clone)]
pub struct Signed {
    pub position: i64,
    pub hash: String,
    pub at: String,
}

/// How long the trail may grow before the service signs it again.
const EVERY: TimeDelta = TimeDelta::minutes(10);

/// Signs where the trail ends if that is due. Returns a new checkpoint.
///
/// # Errors
/// As [`sign`].
pub fn sign_now_and_then(conn: &mut Conn, sealing: &SealingKey, now: Timestamp) -> Result<Option<String>> {
    let last = store::last_checkpoint(conn)?;
    let end = events::end(conn)?.position;
    let is_due = last.is_none_or(|last| last.position < end && last.made_at.and_utc() + EVERY <= now);
    if is_due { sign(conn, sealing, now) } else { Ok(None) }
}

/// Signs where the trail ends, unless nothing was done since the last time. Returns the checkpoint as a signed text.
///
/// # Errors
/// `internal` without a signing key.
pub fn sign(conn: &mut Conn, sealing: &SealingKey, now: Timestamp) -> Result<Option<String>> {
    let End { position, hash } = events::end(conn)?;
    if position == 0 {
        return Ok(None);
    }
    if let Some(last) = store::last_checkpoint(conn)?
        && last.position >= position
    {
        return Ok(Some(last.signature).filter(|_| last.position == position));
    }
    let key = keys::signing(conn, sealing, now)?;
    let signed = Signed { position, hash: hex(&hash), at: instant(now.naive_utc()) };
    let mut header = Header::new(Algorithm::ES256);
    (header.typ, header.kid) = (Some(TYPE.to_owned()), Some(key.kid.clone()));
    let signature = jsonwebtoken::encode(&header, &signed, &key.key).map_err(Error::internal)?;
    let voucher = sealing.vouch(&vouched(&key.kid, &key.public_jwk));
    store::keep_key(conn, CheckpointKeyRow { kid: key.kid.clone(), public_jwk: key.public_jwk, voucher })?;
    let made_at = now.naive_utc();
    store::keep_checkpoint(
        conn,
        CheckpointRow { position, hash, made_at, kid: key.kid, signature: signature.clone() },
    )?;
    Ok(Some(signature))
}

/// What the sealing key vouches for: that this service used the public key of this id.
fn vouched(kid: &str, public_jwk: &str) -> String {
    format!("audit checkpoint key\n{kid}\n{public_jwk}")
}

/// The keys that checkpoints were signed with.
pub struct Keys {
    keys: Vec<(CheckpointKeyRow, Option<bool>)>,
}

impl Keys {
    /// Reads the keys. Without the sealing key nobody can say whether they are this service's.
    pub fn read(conn: &mut Conn, sealing: Option<&SealingKey>) -> Result<Self> {
        let keys = store::checkpoint_keys(conn)?.into_iter().map(|row| {
            let own = sealing.map(|sealing| sealing.vouch(&vouched(&row.kid, &row.public_jwk)) == row.voucher);
            (row, own)
        });
        Ok(Self { keys: keys.collect() })
    }

    /// What a checkpoint says, if one of the keys signed it.
    ///
    /// # Errors
    /// Why it does not hold, in words for the operator.
    pub fn verify(&self, signature: &str) -> Result<Signed, String> {
        let header = jsonwebtoken::decode_header(signature).map_err(|_| "it is no signed text".to_owned())?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err("it is signed, but is no checkpoint".to_owned());
        }
        let kid = header.kid.unwrap_or_default();
        let known = self.keys.iter().find(|(row, _)| row.kid == kid);
        let Some((row, own)) = known else { return Err(format!("its key {kid} is not kept")) };
        if *own == Some(false) {
            return Err(format!("its key {kid} is not one that this service used"));
        }
        let jwk: Jwk = serde_json::from_str(&row.public_jwk).map_err(|_| format!("its key {kid} cannot be read"))?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| format!("its key {kid} cannot be used"))?;
        let mut asked = Validation::new(Algorithm::ES256);
        asked.required_spec_claims.clear();
        (asked.validate_exp, asked.validate_aud) = (false, false);
        let read = jsonwebtoken::decode::<Signed>(signature, &key, &asked);
        read.map(|read| read.claims).map_err(|_| "its signature is not by its key".to_owned())
    }
}
