//! A partner's delivery of KPI values. It is read row by row, each row is judged on its own, and then all of it is
//! written or none (`mode=atomic`), or exactly the rows reported as written (`mode=partial`). A dry run takes the same
//! way to the last step and leaves that out. Sending the same twice changes nothing.

mod answer;
mod bulk;
pub mod http;
pub mod input;
pub mod ops;
pub mod rules;
mod store;

pub use answer::tell_breakdown;
pub use store::sweep;
