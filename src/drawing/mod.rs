//! The bricks of charts: an SVG that stands alone, without scripts, styles, ids or outside references, so it may be served as a file
//! or pasted into a page. It knows no feature.

mod canvas;
mod scale;
mod text;

#[cfg(test)]
pub use canvas::HATCH;
pub use canvas::{BLUE, Canvas, GREY, GRID, INK, MUTED, ORANGE, PURPLE, Pen, RED};
pub use scale::{label_every, nice_step};
pub use text::{PER_CENT, cut, figure, is_per_cent, safe, text_width, tidy, wrapped};
