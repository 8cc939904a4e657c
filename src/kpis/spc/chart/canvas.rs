//! The shapes of the kinds of point, and the pens of the lines.

use super::super::rules::{Point, Signal};
use crate::drawing::{BLUE, GREY, ORANGE, PURPLE};
pub(super) use crate::drawing::{Canvas, GRID, INK, MUTED, Pen, RED};

impl Canvas {
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

    /// What stands around the shape of a provisional point, whatever its kind.
    pub(super) fn ring(&mut self, x: f64, y: f64, radius: f64) {
        self.put(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"none\" stroke=\"{INK}\" stroke-dasharray=\"2 1.5\"/>"
        ));
    }
}

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
