//! An analysis drawn as an SVG that stands alone: no scripts, styles, ids or outside references, so
//! it may be served as a file or pasted into a page.
//!
//! The look follows NHS England's Making Data Count charts; the icons are drawn here. Colour is
//! never the only carrier of a meaning: each kind of point has its own shape, each icon its letter.

mod canvas;
mod drawing;
mod frame;
mod icons;
mod legend;
mod printed;
mod sheet;

pub use crate::drawing::is_per_cent;
pub use drawing::draw;
pub use icons::Icon;
pub use printed::{Printed, printed};
pub use sheet::Chart;

#[cfg(test)]
mod tests;
