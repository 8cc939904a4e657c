//! How small counts are shown to readers without the grant to see them as they are: `counts` one by one and a total of some, `nested`
//! totals of totals, so that no answer tells what another keeps back.

mod counts;
mod nested;

pub use counts::{rounded, total};
pub use nested::Nested;
