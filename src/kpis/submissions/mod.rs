//! A submission of KPI values. It is read row by row, each row is checked on its own, and then all rows are
//! written or none (`mode=atomic`), or exactly the rows reported as written (`mode=partial`). A dry run does the same
//! but for the writing. Sending the same rows twice changes nothing.

mod answer;
mod bulk;
mod feeding;
pub mod http;
pub mod input;
pub mod ops;
mod origin;
pub mod quality;
pub mod rows;
pub mod rules;
mod second_look;
mod sent;
mod store;
mod suggestions;
mod told;
pub mod wide;

pub use ops::close_unfinished;
pub use store::sweep;
