//! HTTP: everything that every request passes. It knows no feature. [`gate`] is the way in; [`problem`] the only way
//! out for a failure.

pub mod context;
pub(crate) mod csv;
pub(crate) mod documents;
pub(crate) mod gate;
pub(crate) mod guides;
pub(crate) mod health;
pub(crate) mod heavy;
pub(crate) mod idempotency;
pub(crate) mod inflate;
pub mod jobs;
mod later;
pub(crate) mod limits;
pub(crate) mod lists;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub mod operations;
pub mod outbound;
pub(crate) mod params;
pub(crate) mod patch;
pub(crate) mod peer;
pub(crate) mod places;
pub(crate) mod problem;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod returns;
pub(crate) mod routing;
pub mod schemas;
pub(crate) mod service;
pub(crate) mod streaming;
pub(crate) mod strict;
pub(crate) mod workbook;
mod wrong;
mod yaml;

pub use context::{Context, IfMatch};
pub use lists::Listed;

pub use params::{Asked, CodeParam, Codes, Decimal, Line, OneOf, OneWord, Query, Whole};
pub use patch::Patch;
pub use places::Kind;
pub use reply::{Answer, CSV, Collection, Created, JSON, Listing, NDJSON, Reply, SVG};
pub use request::{Answerer, Body, Cx, IdPath, Upload};
pub use routing::Routes;
pub use wrong::Wrong;
