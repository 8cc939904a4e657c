//! Who may do what, and where: one table ([`permissions::TABLE`]) says which role may do which operation, and an actor's
//! grants say where. Nothing is allowed that no row allows. It is pure: it asks neither the clock nor the database.

pub mod actor;
pub mod permissions;
pub mod references;

pub use actor::{Actor, Doorkeeper, EndUser, Grant, Reach, ReachParts, Scope, outside};
pub use permissions::{Answer, Operation, Role, ScopeKind};
