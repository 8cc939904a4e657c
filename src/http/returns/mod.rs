//! The page on which data is returned by hand, with its style and its script.

mod page;

pub use page::{page, script, style};
