//! What a failure of the database means, the same on both engines.
//!
//! diesel 2.3 names the commonest failures by their kind and hides the code of all others (SQLSTATE, SQLite's result
//! code): see `docs/decisions/0014-staying-up.md`. SQLite's text is one for each result code, compiled in with it, so
//! the text stands for the code. PostgreSQL's may be translated: it is read for two failures that are nobody's fault,
//! and for the others the server is asked (`dialect::why_writes_fail`).

use crate::error::{Code, Error};
use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};

/// The texts of SQLite's result codes BUSY, LOCKED and INTERRUPT, and of PostgreSQL's 40P01 and 57014.
const BUSY: [&str; 6] = [
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "interrupted",
    "deadlock detected",
    "canceling statement due to",
];
/// The texts of SQLite's READONLY and FULL.
const READ_ONLY: &str = "attempt to write a readonly database";
const FULL: &str = "database or disk is full";
/// The texts of SQLite's CANTOPEN and IOERR.
const UNREACHABLE: [&str; 2] = ["unable to open database file", "disk I/O error"];

/// Whether the failure says that a rule of the schema or of the transaction was broken: the connection is sound.
pub fn is_of_a_rule(error: &Diesel) -> bool {
    match error {
        Diesel::DatabaseError(kind, _) => matches!(
            kind,
            Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::NotNullViolation
                | Kind::CheckViolation
                | Kind::RestrictViolation
                | Kind::ExclusionViolation
                | Kind::SerializationFailure
        ),
        Diesel::NotFound => true,
        _ => false,
    }
}

/// The code of a failure that a caller can act on or wait out; any other is ours.
fn code(error: &Diesel) -> Code {
    let Diesel::DatabaseError(kind, info) = error else {
        return if matches!(error, Diesel::BrokenTransactionManager) { Code::Unavailable } else { Code::Internal };
    };
    match kind {
        Kind::ClosedConnection | Kind::UnableToSendCommand => Code::Unavailable,
        Kind::SerializationFailure => Code::Overloaded,
        Kind::ReadOnlyTransaction => Code::ReadOnly,
        Kind::Unknown => match info.message() {
            FULL => Code::StorageFull,
            READ_ONLY => Code::ReadOnly,
            text if UNREACHABLE.contains(&text) => Code::Unavailable,
            text if BUSY.iter().any(|busy| text.starts_with(busy)) => Code::Overloaded,
            _ => Code::Internal,
        },
        _ => Code::Internal,
    }
}

/// Turns a unique violation into `already-exists` with the given words; any other failure stays what it is.
pub fn unique(detail: impl Into<String>) -> impl FnOnce(Diesel) -> Error {
    let detail = detail.into();
    move |error| match error {
        Diesel::DatabaseError(Kind::UniqueViolation, _) => {
            Error::new(Code::AlreadyExists).detail(detail).context(error)
        }
        other => other.into(),
    }
}

/// A database failure nobody expected. Those a caller can act on are named by the store that knows them
/// by [`unique`]; a lost connection, a full disk and the like are not the caller's fault, nor ours.
impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        Self::new(code(&error)).context(error)
    }
}
