//! The variation and assurance icons, and their names in words.

use std::fmt::Write;

use super::super::rules::{Analysis, Assurance, Direction, Signal, Variation};
use super::canvas::{Canvas, INK, Mark, RED};
use super::sheet::{MARGIN, WIDTH};
use crate::drawing::{BLUE, GREY, ORANGE, safe};

/// Draws the two icons from the right edge inwards and says where they begin.
pub(super) fn draw_icons(canvas: &mut Canvas, analysis: &Analysis) -> f64 {
    const SPACING: f64 = 112.0;
    if analysis.variation == Variation::NotApplicable {
        return WIDTH;
    }
    let mut x = WIDTH - MARGIN - 46.0;
    if analysis.assurance != Assurance::NoTarget {
        let icon = Icon::of_assurance(analysis.assurance, analysis.parameters.direction);
        with_caption(canvas, x, &icon, assurance_caption(analysis.assurance));
        x -= SPACING;
    }
    with_caption(canvas, x, &Icon::of_variation(analysis.variation), variation_caption(analysis.variation));
    x - SPACING / 2.0
}

fn with_caption(canvas: &mut Canvas, x: f64, icon: &Icon, caption: &str) {
    icon.put(canvas, (x, ICON_Y));
    canvas.text(x, ICON_Y + 41.0, "text-anchor=\"middle\" font-size=\"11\"", INK, caption);
}

const WAVE: &str = "q3.75 -8 7.5 0 t7.5 0 t7.5 0 t7.5 0";
const ICON_Y: f64 = 42.0;

/// A round badge, drawn around its own centre.
pub struct Icon {
    colour: &'static str,
    /// What it says, for those who do not see it.
    pub title: String,
    drawing: String,
}

impl Icon {
    /// Every icon by the name that its file has across the NHS.
    const FILES: [(&str, Kind); 12] = [
        ("VariationIconCommonCause", Kind::Variation(Variation::Signal(Signal::CommonCause))),
        ("VariationIconImprovementHigh", Kind::Variation(Variation::Signal(Signal::ImprovementHigh))),
        ("VariationIconImprovementLow", Kind::Variation(Variation::Signal(Signal::ImprovementLow))),
        ("VariationIconConcernHigh", Kind::Variation(Variation::Signal(Signal::ConcernHigh))),
        ("VariationIconConcernLow", Kind::Variation(Variation::Signal(Signal::ConcernLow))),
        ("VariationIconNeitherHigh", Kind::Variation(Variation::Signal(Signal::NeitherHigh))),
        ("VariationIconNeitherLow", Kind::Variation(Variation::Signal(Signal::NeitherLow))),
        ("VariationIconInsufficientData", Kind::Variation(Variation::InsufficientData)),
        ("AssuranceIconPass", Kind::Assurance(Assurance::Pass)),
        ("AssuranceIconFail", Kind::Assurance(Assurance::Fail)),
        ("AssuranceIconHitOrMiss", Kind::Assurance(Assurance::HitOrMiss)),
        ("AssuranceIconInsufficientData", Kind::Assurance(Assurance::InsufficientData)),
    ];

    /// The icon of a file name.
    pub fn named(name: &str) -> Option<Self> {
        let kind = Self::FILES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)?;
        Some(match kind {
            Kind::Variation(variation) => Self::of_variation(variation),
            Kind::Assurance(assurance) => Self::of_assurance(assurance, Direction::Increase),
        })
    }

    /// The names of the files.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::FILES.iter().map(|(name, _)| *name)
    }

    /// The icon as an SVG that stands alone, as wide and high as so many pixels.
    pub fn svg(&self, size: u32) -> String {
        let title = safe(&self.title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" viewBox=\"-27 -27 54 54\" role=\"img\" \
             aria-label=\"{title}\" font-family=\"Arial, Helvetica, sans-serif\">{}</svg>",
            self.markup()
        )
    }

    /// The same as part of a larger drawing, around a point.
    pub fn put(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        canvas.put(format_args!("<g transform=\"translate({x:.1} {y})\">{}</g>", self.markup()));
    }

    fn markup(&self) -> String {
        let Self { colour, title, drawing } = self;
        format!(
            "<title>{}</title><circle r=\"25\" fill=\"#ffffff\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             <g fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\">{drawing}</g>",
            safe(title)
        )
    }

    pub fn of_variation(variation: Variation) -> Self {
        let (colour, drawing) = match variation {
            Variation::InsufficientData | Variation::NotApplicable => (GREY, dots(&WAITING, GREY)),
            Variation::Signal(Signal::CommonCause) => {
                let points = [(-16.0, 2.0), (-9.5, -4.0), (-3.0, 3.0), (3.5, -3.0), (10.0, 4.0), (16.0, -2.0)];
                let lines = "<path d=\"M-17 -11H17M-17 11H17\" stroke-dasharray=\"3 3.5\" stroke-width=\"1.5\"/>\
                             <path d=\"M-16 2L-9.5 -4L-3 3L3.5 -3L10 4L16 -2\"/>";
                (GREY, format!("{lines}{}", dots(&points, GREY)))
            }
            Variation::Signal(signal) => (Mark::of_signal(signal).colour(), leaving(signal)),
        };
        Self { colour, title: format!("Variation: {}", variation_caption(variation)), drawing }
    }

    /// The target is the straight line: clear of the wave where the process is sure of its outcome, on the side it lies on in the chart.
    pub fn of_assurance(assurance: Assurance, direction: Direction) -> Self {
        let title = format!("Assurance: {}", assurance_caption(assurance));
        let (colour, sign) = match assurance {
            Assurance::Pass => (BLUE, 'P'),
            Assurance::Fail => (ORANGE, 'F'),
            Assurance::HitOrMiss => (GREY, '?'),
            Assurance::InsufficientData | Assurance::NoTarget | Assurance::NotApplicable => {
                return Self { colour: GREY, title, drawing: dots(&WAITING, GREY) };
            }
        };
        let target_above = (assurance == Assurance::Pass) == (direction == Direction::Decrease);
        let (wave, target) = match (assurance, target_above) {
            (Assurance::HitOrMiss, _) => (10.0, 9.0),
            (_, true) => (14.0, 5.0),
            (_, false) => (6.0, 14.0),
        };
        let width = if target > 12.0 || wave > 12.0 { 0.85 } else { 1.0 };
        let drawing = format!(
            "{}<g transform=\"scale({width} 1)\"><path d=\"M-15 {wave}{WAVE}\"/><path d=\"M-18 {target}H18\" stroke=\"{RED}\" \
             stroke-dasharray=\"4.8 3\" stroke-linecap=\"butt\"/></g>",
            letter(sign, 0.0, -2.0, 19.0, colour)
        );
        Self { colour, title, drawing }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Variation(Variation),
    Assurance(Assurance),
}

/// The series wavers in grey, then leaves in the colour of what that means.
fn leaving(signal: Signal) -> String {
    let high = matches!(signal, Signal::ImprovementHigh | Signal::ConcernHigh | Signal::NeitherHigh);
    let colour = Mark::of_signal(signal).colour();
    let way = if high { 1.0 } else { -1.0 };
    let steady = [(-16.0, 9.0), (-10.5, 12.0), (-5.0, 9.0)].map(|(x, y)| (x, y * way));
    let leaving = [(1.0, 3.0), (7.0, -3.5), (13.0, -10.0)].map(|(x, y)| (x, y * way));
    let mut path = String::new();
    for (index, (x, y)) in steady.iter().chain(&leaving).enumerate() {
        let _ = write!(path, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
    }
    let letter = if high { letter('H', -8.5, 0.5, 16.0, colour) } else { letter('L', -8.5, 11.5, 16.0, colour) };
    format!(
        "<path d=\"{path}\" stroke=\"{GREY}\" stroke-width=\"1.5\"/>{}{}{letter}",
        dots(&steady, GREY),
        dots(&leaving, colour)
    )
}

fn letter(letter: char, x: f64, y: f64, size: f64, colour: &str) -> String {
    format!(
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-size=\"{size}\" font-weight=\"bold\" fill=\"{colour}\" stroke=\"none\">{letter}</text>"
    )
}

/// Three dots: not enough to say yet.
const WAITING: [(f64, f64); 3] = [(-9.0, 0.0), (0.0, 0.0), (9.0, 0.0)];

fn dots(places: &[(f64, f64)], colour: &str) -> String {
    let mut dots = String::new();
    for (x, y) in places {
        let _ = write!(dots, "<circle cx=\"{x}\" cy=\"{y}\" r=\"2.6\" fill=\"{colour}\" stroke=\"none\"/>");
    }
    dots
}

pub(super) const fn variation_caption(variation: Variation) -> &'static str {
    match variation {
        Variation::InsufficientData => "Too few points",
        Variation::NotApplicable => "Not applicable",
        Variation::Signal(Signal::CommonCause) => "Common cause",
        Variation::Signal(Signal::ImprovementHigh) => "Improvement, high",
        Variation::Signal(Signal::ImprovementLow) => "Improvement, low",
        Variation::Signal(Signal::ConcernHigh) => "Concern, high",
        Variation::Signal(Signal::ConcernLow) => "Concern, low",
        Variation::Signal(Signal::NeitherHigh) => "Special cause, high",
        Variation::Signal(Signal::NeitherLow) => "Special cause, low",
    }
}

pub(super) const fn assurance_caption(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Pass => "Meets target",
        Assurance::Fail => "Misses target",
        Assurance::HitOrMiss => "Hit or miss",
        Assurance::NoTarget => "No target",
        Assurance::InsufficientData => "Too few points",
        Assurance::NotApplicable => "Not applicable",
    }
}
