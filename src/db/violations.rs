//! What a constraint violation means, the same on both engines: PostgreSQL names the constraint, SQLite gives text.

use crate::error::{Code, Error};
use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// Whether the engine gave up waiting for another writer: worth another try, and nobody's fault.
pub fn is_busy(error: &Diesel) -> bool {
    match error {
        Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Diesel::DatabaseError(_, info) => {
            let message = info.message();
            message.contains("database is locked")
                || message.contains("deadlock detected")
                || message.contains("could not serialize")
                || message.contains("canceling statement due to")
        }
        _ => false,
    }
}

/// Turns a unique violation into `already-exists` with the given words; any other failure stays what it is.
pub fn unique(detail: impl Into<String>) -> impl FnOnce(Diesel) -> Error {
    let detail = detail.into();
    move |error| match error {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Error::new(Code::AlreadyExists).detail(detail).context(error)
        }
        other => other.into(),
    }
}
