//! HTTP: everything that every request passes. It knows no feature. [`gate`] is the way in; [`problem`] the only way
//! out for a failure.

pub mod context;
pub mod csv;
pub mod documents;
pub mod gate;
pub mod guides;
pub mod health;
pub mod idempotency;
pub mod inflate;
pub mod limits;
pub mod lists;
pub mod metrics;
pub mod openapi;
pub mod operations;
pub mod params;
pub mod patch;
pub mod problem;
pub mod reply;
pub mod request;
pub mod schemas;
pub mod service;
pub mod streaming;

pub use context::{Context, IfMatch};
pub use lists::Listed;
pub use params::{Asked, CodeParam, Codes, Decimal, Line, OneOf, OneWord, Query, Whole};
pub use patch::Patch;
pub use reply::{Answer, CSV, Collection, Created, JSON, Listing, NDJSON, Reply, SVG};
pub use request::{Body, Cx, IdPath, Upload};
