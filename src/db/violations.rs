//! What a failure of the database means, the same on both engines: PostgreSQL names the constraint, SQLite gives text.

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

/// A database failure nobody expected. Those a caller can act on are named by the store that knows them
/// by [`unique`]; a lost connection is not the caller's fault.
impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        match &error {
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Diesel::BrokenTransactionManager => {
                Self::new(Code::Unavailable).context(error)
            }
            _ if is_busy(&error) => Self::new(Code::Overloaded).context(error),
            _ => Self::internal(error),
        }
    }
}
