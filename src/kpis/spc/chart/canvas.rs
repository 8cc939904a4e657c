//! Markup: the pens and shapes a chart is drawn with.

use std::fmt::{Arguments, Write};

use super::super::rules::{Point, Signal};
use super::text::safe;

pub(super) const INK: &str = "#212b32";
pub(super) const MUTED: &str = "#4c6272";
pub(super) const GRID: &str = "#e8edee";
pub(super) const GREY: &str = "#768692";
pub(super) const BLUE: &str = "#005eb8";
pub(super) const ORANGE: &str = "#d46a00";
const PURPLE: &str = "#6f3fa0";
pub(super) const RED: &str = "#c8102e";

/// The SVG so far.
#[derive(Default)]
pub(super) struct Canvas(pub(super) String);

impl Canvas {
    /// Adds markup. Writing to a `String` cannot fail.
    pub(super) fn put(&mut self, markup: Arguments<'_>) {
        let _ = self.0.write_fmt(markup);
    }

    pub(super) fn text(&mut self, x: f64, y: f64, attributes: &str, colour: &str, text: &str) {
        let text = safe(text);
        self.put(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes} fill=\"{colour}\">{text}</text>"));
    }

    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), pen: Pen) {
        let Pen { colour, width, dashes } = pen;
        self.put(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-dasharray=\"{dashes}\"/>"
        ));
    }

    pub(super) fn path(&mut self, path: &str, pen: Pen) {
        if path.is_empty() {
            return;
        }
        let Pen { colour, width, dashes } = pen;
        self.put(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-dasharray=\"{dashes}\" \
             stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        ));
    }

    /// The shape of one kind of point, of about the same area whatever the kind.
    pub(super) fn mark(&mut self, mark: Mark, x: f64, y: f64, radius: f64) {
        let colour = mark.colour();
        match mark {
            Mark::CommonCause => self.put(format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"{colour}\" stroke=\"#ffffff\"/>"
            )),
            Mark::Excluded => self.put(format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"#ffffff\" stroke=\"{colour}\" stroke-dasharray=\"2 1.5\"/>"
            )),
            Mark::Partial => self.put(format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"#ffffff\" stroke=\"{colour}\" stroke-width=\"1.5\"/>"
            )),
            Mark::Improvement => self.polygon(colour, x, y, radius * 1.4, &[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]),
            Mark::Concern => self.polygon(colour, x, y, radius * 0.95, &[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]),
            Mark::NeitherHigh => self.polygon(colour, x, y, radius * 1.3, &[(0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)]),
            Mark::NeitherLow => self.polygon(colour, x, y, radius * 1.3, &[(0.0, 1.0), (1.0, -0.8), (-1.0, -0.8)]),
        }
    }

    fn polygon(&mut self, colour: &str, x: f64, y: f64, size: f64, corners: &[(f64, f64)]) {
        self.put(format_args!("<polygon fill=\"{colour}\" stroke=\"#ffffff\" points=\""));
        for (dx, dy) in corners {
            self.put(format_args!("{:.1},{:.1} ", x + dx * size, y + dy * size));
        }
        self.put(format_args!("\"/>"));
    }
}

#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) colour: &'static str,
    pub(super) width: f64,
    pub(super) dashes: &'static str,
}

pub(super) const HATCH: Pen = Pen { colour: "#d8dde0", width: 1.0, dashes: "none" };
pub(super) const SERIES: Pen = Pen { colour: GREY, width: 1.5, dashes: "none" };
pub(super) const MEAN: Pen = Pen { colour: INK, width: 1.5, dashes: "none" };
pub(super) const LIMIT: Pen = Pen { colour: GREY, width: 1.5, dashes: "7 4" };
pub(super) const TARGET: Pen = Pen { colour: RED, width: 1.5, dashes: "4 3" };
pub(super) const TRAJECTORY: Pen = Pen { colour: MUTED, width: 1.5, dashes: "1.5 4" };
pub(super) const RECALCULATION: Pen = Pen { colour: MUTED, width: 1.0, dashes: "1.5 3" };

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mark {
    CommonCause,
    Improvement,
    Concern,
    NeitherHigh,
    NeitherLow,
    Excluded,
    Partial,
}

impl Mark {
    /// The mark of a point; one that is not judged looks as common cause does.
    pub(super) fn of(point: &Point, signal: Option<Signal>) -> Self {
        match signal {
            _ if point.partial => Self::Partial,
            _ if point.excluded => Self::Excluded,
            Some(signal) => Self::of_signal(signal),
            None => Self::CommonCause,
        }
    }

    pub(super) fn of_signal(signal: Signal) -> Self {
        match signal {
            Signal::CommonCause => Self::CommonCause,
            Signal::ImprovementHigh | Signal::ImprovementLow => Self::Improvement,
            Signal::ConcernHigh | Signal::ConcernLow => Self::Concern,
            Signal::NeitherHigh => Self::NeitherHigh,
            Signal::NeitherLow => Self::NeitherLow,
        }
    }

    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::CommonCause | Self::Excluded | Self::Partial => GREY,
            Self::Improvement => BLUE,
            Self::Concern => ORANGE,
            Self::NeitherHigh | Self::NeitherLow => PURPLE,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CommonCause => "Common cause",
            Self::Improvement => "Improvement",
            Self::Concern => "Concern",
            Self::NeitherHigh => "Special cause, high",
            Self::NeitherLow => "Special cause, low",
            Self::Excluded => "Excluded",
            Self::Partial => "Partial",
        }
    }
}
