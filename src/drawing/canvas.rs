//! Markup: the pens and shapes a chart is drawn with.

use super::text::safe;
use std::fmt::{Arguments, Write};

pub const INK: &str = "#212b32";
pub const MUTED: &str = "#4c6272";
pub const GRID: &str = "#e8edee";
pub const GREY: &str = "#768692";
pub const BLUE: &str = "#005eb8";
pub const ORANGE: &str = "#d46a00";
pub const PURPLE: &str = "#6f3fa0";
pub const RED: &str = "#c8102e";

/// The SVG so far.
#[derive(Default)]
pub struct Canvas(pub String);

impl Canvas {
    /// A white sheet with its title and a description for those who do not see it.
    pub fn sheet(title: &str, description: &str, (width, height): (f64, f64)) -> Self {
        let (title, mut canvas) = (safe(title), Self::default());
        canvas.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-label=\"{title}\" font-family=\"Arial, Helvetica, sans-serif\" font-size=\"12\" fill=\"{INK}\">\
             <title>{title}</title><desc>{}</desc><rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>",
            safe(description)
        ));
        canvas
    }

    /// The whole SVG.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.put(format_args!("</svg>"));
        self.0
    }

    /// Adds markup. Writing to a `String` cannot fail.
    pub fn put(&mut self, markup: Arguments<'_>) {
        let _ = self.0.write_fmt(markup);
    }

    pub fn text(&mut self, x: f64, y: f64, attributes: &str, colour: &str, text: &str) {
        let text = safe(text);
        self.put(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes} fill=\"{colour}\">{text}</text>"));
    }

    pub fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), pen: Pen) {
        let Pen { colour, width, dashes } = pen;
        self.put(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-dasharray=\"{dashes}\"/>"
        ));
    }

    pub fn path(&mut self, path: &str, pen: Pen) {
        if path.is_empty() {
            return;
        }
        let Pen { colour, width, dashes } = pen;
        self.put(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-dasharray=\"{dashes}\" \
             stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        ));
    }

    pub fn polygon(&mut self, colour: &str, x: f64, y: f64, size: f64, corners: &[(f64, f64)]) {
        self.put(format_args!("<polygon fill=\"{colour}\" stroke=\"#ffffff\" points=\""));
        for (dx, dy) in corners {
            self.put(format_args!("{:.1},{:.1} ", x + dx * size, y + dy * size));
        }
        self.put(format_args!("\"/>"));
    }

    /// Slanted lines from one corner of a plot to the other, so that nobody takes invented values for real ones.
    pub fn hatch(&mut self, (left, top): (f64, f64), (right, bottom): (f64, f64)) {
        const APART: f64 = 16.0;
        let height = bottom - top;
        let mut path = String::new();
        let mut foot = left - height;
        while foot < right {
            let (from, to) = (foot.max(left), (foot + height).min(right));
            let _ = write!(path, "M{from:.1} {:.1}L{to:.1} {:.1}", bottom - (from - foot), bottom - (to - foot));
            foot += APART;
        }
        self.path(&path, HATCH);
    }

    /// An empty plot that says why it is empty.
    pub fn nothing(&mut self, (left, top): (f64, f64), (width, height): (f64, f64), reason: &str) {
        self.put(format_args!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"#f6f8f9\"/>"
        ));
        let (x, y) = (left + width / 2.0, top + height / 2.0 + 6.0);
        self.text(x, y, "text-anchor=\"middle\" font-size=\"18\"", MUTED, reason);
    }
}

#[derive(Clone, Copy)]
pub struct Pen {
    pub colour: &'static str,
    pub width: f64,
    pub dashes: &'static str,
}

pub const HATCH: Pen = Pen { colour: "#d8dde0", width: 1.0, dashes: "none" };
