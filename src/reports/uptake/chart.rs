//! Curves of uptake as an SVG that stands alone. Colour is never the only carrier of a meaning: one curve is dashed with hollow
//! points, and each has its name beside its end.

use super::rules::Point;
use crate::calendar::Period;
use crate::drawing::{BLUE, Canvas, GRID, INK, MUTED, ORANGE, Pen, cut, label_every, safe, text_width, tidy, wrapped};
use chrono::NaiveDate;
use std::fmt::Write;

/// The day on which the innovation joined a programme.
#[derive(Debug, Clone)]
pub struct Start {
    pub name: String,
    pub on: NaiveDate,
}

/// What is drawn. Text is taken as it comes and made safe here.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    pub innovation: String,
    pub place: String,
    /// Whether some of it is invented, which the title says and a hatched plot shows.
    pub illustrative: bool,
    pub periods: Vec<Period>,
    /// Shares from 0 to 1, one a period; none where nobody is known to be eligible.
    pub adopted: Vec<Option<f64>>,
    pub implementing: Vec<Option<f64>>,
    /// What the title tells.
    pub last: Option<Point>,
    pub starts: Vec<Start>,
    pub notes: Vec<String>,
}

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
const LEFT: f64 = 72.0;
/// Room for the names of the curves.
const RIGHT: f64 = WIDTH - 236.0;
const TOP: f64 = 104.0;
const PLOT: f64 = 300.0;
const ROW: f64 = 16.0;

const ADOPTED: Pen = Pen { colour: BLUE, width: 2.5, dashes: "none" };
const IMPLEMENTING: Pen = Pen { colour: ORANGE, width: 2.0, dashes: "6 4" };
const JOINED: Pen = Pen { colour: MUTED, width: 1.0, dashes: "1.5 3" };
const AXIS: Pen = Pen { colour: MUTED, width: 1.0, dashes: "none" };
const LINE: Pen = Pen { colour: GRID, width: 1.0, dashes: "none" };

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

/// A share as people read it; a little is not nothing.
fn per_cent(share: f64) -> String {
    match share * 100.0 {
        none if none <= 0.0 => "0%".to_owned(),
        little if little < 1.0 => "under 1%".to_owned(),
        most if most < 100.0 && most.round() >= 100.0 => "over 99%".to_owned(),
        other => format!("{other:.0}%"),
    }
}

fn written(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

impl Chart {
    /// The finding, in at most 15 words.
    fn title(&self) -> String {
        let finding = match &self.last {
            Some(Point { on, eligible, adopters, share: Some(share), .. }) => {
                let share = per_cent(*share);
                format!("{adopters} of {eligible} eligible organisations ({share}) had adopted by {}", written(*on))
            }
            _ => "Nobody is known to be eligible, so there is no share".to_owned(),
        };
        if self.illustrative { format!("Illustrative: {finding}") } else { finding }
    }

    fn subtitle(&self) -> String {
        let ends = self.periods.first().zip(self.periods.last());
        let period = ends.map(|(first, last)| format!(", {} to {}", first.label(), last.label())).unwrap_or_default();
        format!("{}: share of eligible organisations. {}{period}", self.innovation, self.place)
    }

    /// The curves in words, for those who do not see them.
    fn description(&self) -> String {
        let mut text = if self.illustrative { "Illustrative: some of it is invented. " } else { "" }.to_owned();
        let _ = write!(text, "{}. ", self.subtitle());
        for (name, shares) in self.curves() {
            let mut known = self.periods.iter().zip(shares).filter_map(|(period, share)| Some((period, (*share)?)));
            let Some((first, at_first)) = known.next() else {
                let _ = write!(text, "{name}: no data. ");
                continue;
            };
            let (last, at_last) = known.next_back().unwrap_or((first, at_first));
            let (from, to) = (per_cent(at_first), per_cent(at_last));
            let _ = write!(text, "{name}: {from} in {} and {to} in {}. ", first.label(), last.label());
        }
        for start in &self.starts {
            let _ = write!(text, "Joined {} on {}. ", start.name, written(start.on));
        }
        text + &self.notes.join(" ")
    }

    fn curves(&self) -> [(&'static str, &[Option<f64>]); 2] {
        [("Adopted", &self.adopted), ("Adopted or implementing", &self.implementing)]
    }

    /// The top of the axis: a round share above everything that is drawn.
    fn highest(&self) -> f64 {
        let most = self.adopted.iter().chain(&self.implementing).flatten().copied().fold(0.0, f64::max);
        [0.05, 0.1, 0.2, 0.5].into_iter().find(|top| *top >= most * 1.05).unwrap_or(1.0)
    }
}

/// Where things go.
struct Frame {
    top: f64,
    bottom: f64,
    /// The width of one period.
    band: f64,
    highest: f64,
}

impl Frame {
    fn x(&self, index: usize) -> f64 {
        LEFT + self.band * (count(index) + 0.5)
    }

    fn y(&self, share: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * (share / self.highest).clamp(0.0, 1.0)
    }

    /// The place of a day, where it lies in one of the periods.
    fn day(&self, chart: &Chart, day: NaiveDate) -> Option<f64> {
        let index = chart.periods.iter().position(|period| period.contains(day))?;
        let period = chart.periods.get(index)?;
        let (length, gone) = ((period.end() - period.start()).num_days() + 1, (day - period.start()).num_days());
        Some(LEFT + self.band * (count(index) + gone as f64 / length as f64))
    }
}

/// A programme's line with its name, and the row in which the name has room.
struct Marked {
    x: f64,
    row: usize,
    name: String,
}

fn marks(chart: &Chart, frame: &Frame) -> Vec<Marked> {
    const SIZE: f64 = 11.0;
    let mut ends: Vec<f64> = Vec::new();
    let placed = chart.starts.iter().filter_map(|start| Some((frame.day(chart, start.on)?, start)));
    let marked = placed.map(|(x, start)| {
        let name = cut(&tidy(&start.name), SIZE, 300.0);
        let end = x + text_width(&name, SIZE) + 12.0;
        let row = ends.iter().position(|taken| *taken <= x).unwrap_or(ends.len());
        match ends.get_mut(row) {
            Some(taken) => *taken = end,
            None => ends.push(end),
        }
        Marked { x, row, name }
    });
    marked.collect()
}

/// Draws the chart.
#[must_use]
pub fn draw(chart: &Chart) -> String {
    let has_data = chart.adopted.iter().chain(&chart.implementing).any(Option::is_some);
    let band = (RIGHT - LEFT) / count(chart.periods.len().max(1));
    let mut frame = Frame { top: TOP, bottom: TOP + PLOT, band, highest: chart.highest() };
    let marks = if has_data { marks(chart, &frame) } else { Vec::new() };
    // The names stand above the plot, in as many rows as they need.
    let rows = marks.iter().map(|mark| mark.row + 1).max().unwrap_or_default();
    frame.top += ROW * count(rows);
    frame.bottom += ROW * count(rows);
    let print: Vec<String> = chart.notes.iter().flat_map(|note| wrapped(note, 11.0, WIDTH - 2.0 * MARGIN, 4)).collect();
    let height = frame.bottom + 58.0 + ROW * count(print.len());
    let mut canvas = Canvas::sheet(&chart.title(), &chart.description(), (WIDTH, height));
    draw_heading(&mut canvas, chart);
    if has_data {
        if chart.illustrative {
            canvas.hatch((LEFT, frame.top), (RIGHT, frame.bottom));
        }
        draw_axes(&mut canvas, chart, &frame);
        draw_marks(&mut canvas, &marks, &frame);
        draw_curve(&mut canvas, chart, &frame, &chart.implementing, IMPLEMENTING);
        draw_curve(&mut canvas, chart, &frame, &chart.adopted, ADOPTED);
        draw_names(&mut canvas, chart, &frame);
    } else {
        canvas.nothing((MARGIN, TOP), (WIDTH - 2.0 * MARGIN, PLOT), "No data");
    }
    for (row, line) in print.iter().enumerate() {
        canvas.text(MARGIN, frame.bottom + 58.0 + ROW * count(row), "font-size=\"11\"", MUTED, line);
    }
    canvas.finish()
}

fn draw_heading(canvas: &mut Canvas, chart: &Chart) {
    let mut y = 36.0;
    for line in wrapped(&chart.title(), 18.0 * 1.1, WIDTH - 2.0 * MARGIN, 2) {
        canvas.text(MARGIN, y, "font-size=\"18\" font-weight=\"bold\"", INK, &line);
        y += 22.0;
    }
    for line in wrapped(&chart.subtitle(), 13.0, WIDTH - 2.0 * MARGIN, 2) {
        canvas.text(MARGIN, y, "font-size=\"13\"", MUTED, &line);
        y += 17.0;
    }
}

fn draw_axes(canvas: &mut Canvas, chart: &Chart, frame: &Frame) {
    for step in 0..=5_u8 {
        let share = frame.highest * f64::from(step) / 5.0;
        let y = frame.y(share);
        canvas.line((LEFT, y), (RIGHT, y), if step == 0 { AXIS } else { LINE });
        canvas.text(
            LEFT - 8.0,
            y + 4.0,
            "text-anchor=\"end\" font-size=\"11\"",
            MUTED,
            &format!("{:.0}%", share * 100.0),
        );
    }
    let labels: Vec<String> = chart.periods.iter().map(|period| period.label()).collect();
    let widest = labels.iter().map(|label| text_width(label, 11.0)).fold(0.0, f64::max);
    let every = label_every((widest + 14.0) / frame.band, labels.len());
    for (index, label) in labels.iter().enumerate().step_by(every) {
        let x = frame.x(index);
        canvas.line((x, frame.bottom), (x, frame.bottom + 5.0), AXIS);
        canvas.text(x, frame.bottom + 20.0, "text-anchor=\"middle\" font-size=\"11\"", MUTED, label);
    }
}

fn draw_marks(canvas: &mut Canvas, marks: &[Marked], frame: &Frame) {
    for Marked { x, row, name } in marks {
        let y = frame.top - 8.0 - ROW * count(*row);
        canvas.line((*x, y - 10.0), (*x, frame.bottom), JOINED);
        canvas.text(x + 4.0, y, "font-size=\"11\"", MUTED, name);
    }
}

/// One curve. A period without a share breaks it.
fn draw_curve(canvas: &mut Canvas, chart: &Chart, frame: &Frame, shares: &[Option<f64>], pen: Pen) {
    const MOST_DOTS: usize = 80;
    let (mut path, mut broken) = (String::new(), true);
    for (index, share) in shares.iter().enumerate() {
        let Some(share) = share else {
            broken = true;
            continue;
        };
        let start = if broken { 'M' } else { 'L' };
        let _ = write!(path, "{start}{:.1} {:.1}", frame.x(index), frame.y(*share));
        broken = false;
    }
    canvas.path(&path, pen);
    if shares.len() > MOST_DOTS {
        return;
    }
    for (index, (period, share)) in chart.periods.iter().zip(shares).enumerate() {
        let Some(share) = share else { continue };
        let (x, y, label, percentage) = (frame.x(index), frame.y(*share), safe(&period.label()), per_cent(*share));
        let colour = pen.colour;
        let fill = if pen.dashes == IMPLEMENTING.dashes { "#ffffff" } else { colour };
        canvas.put(format_args!(
            "<g><title>{label}: {percentage}</title><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\" fill=\"{fill}\" stroke=\"{colour}\"/></g>"
        ));
    }
}

/// Writes the name of each curve beside its end, so far apart that neither covers the other.
fn draw_names(canvas: &mut Canvas, chart: &Chart, frame: &Frame) {
    const APART: f64 = 16.0;
    let ends = chart.curves().map(|(name, shares)| {
        let last = shares.iter().enumerate().rev().find_map(|(index, share)| Some((index, (*share)?)));
        last.map(|(index, share)| (name, index, share))
    });
    let [adopted, implementing] = ends;
    let mut least = frame.top - APART;
    // The wider measure is never below the narrower one.
    for (end, pen) in [(implementing, IMPLEMENTING), (adopted, ADOPTED)] {
        let Some((name, index, share)) = end else { continue };
        let y = frame.y(share).max(least + APART);
        least = y;
        let label = format!("{name} {}", per_cent(share));
        canvas.text(frame.x(index) + 8.0, y + 4.0, "font-size=\"12\" font-weight=\"bold\"", pen.colour, &label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::PeriodType;

    fn month(text: &str) -> Period {
        Period::parse(PeriodType::Month, text).expect("a month")
    }

    fn chart() -> Chart {
        let last = Point {
            on: "2024-03-31".parse().unwrap(),
            eligible: 90,
            adopters: 62,
            share: Some(62.0 / 90.0),
            ineligible: 0,
            unconfirmed: 0,
            patients: None,
            ineligible_patients: None,
        };
        let joined = |name: &str, on: &str| Start { name: name.to_owned(), on: on.parse().unwrap() };
        Chart {
            innovation: "A <tool> & more".to_owned(),
            place: "England".to_owned(),
            illustrative: false,
            periods: ["2024-01", "2024-02", "2024-03"].map(month).to_vec(),
            adopted: vec![None, Some(0.3), Some(62.0 / 90.0)],
            implementing: vec![Some(0.2), Some(0.4), Some(0.7)],
            last: Some(last),
            starts: vec![
                joined("Programme one", "2024-02-10"),
                joined("Programme two", "2024-02-12"),
                joined("Before", "2019-01-01"),
            ],
            notes: vec!["How it was counted.".to_owned()],
        }
    }

    #[test]
    fn the_title_is_the_finding_in_few_words() {
        let title = chart().title();
        assert_eq!(title, "62 of 90 eligible organisations (69%) had adopted by 31 March 2024");
        let marked = Chart { illustrative: true, ..chart() }.title();
        let unknown = Chart { last: None, ..chart() }.title();
        for title in [title, marked, unknown] {
            assert!(title.split_whitespace().count() <= 15, "{title}");
        }
        let texts: Vec<String> = [0.0, 0.004, 0.5, 0.999, 1.0].map(per_cent).to_vec();
        assert_eq!(texts, ["0%", "under 1%", "50%", "over 99%", "100%"]);
    }

    #[test]
    fn programmes_are_lines_with_their_names_in_rows_of_their_own() {
        let svg = draw(&chart());
        assert!(svg.contains(">Programme one</text>") && svg.contains(">Programme two</text>"));
        assert!(!svg.contains(">Before</text>") && svg.contains("Joined Before on 1 January 2019"));
        let frame = Frame { top: TOP, bottom: TOP + PLOT, band: 200.0, highest: 1.0 };
        assert_eq!(marks(&chart(), &frame).iter().map(|mark| mark.row).collect::<Vec<_>>(), [0, 1]);
        assert!(svg.contains("A &lt;tool&gt; &amp; more") && svg.contains(">How it was counted.</text>"));
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn what_is_invented_is_hatched_and_nothing_is_said_to_be_nothing() {
        let hatch = crate::drawing::HATCH.colour;
        assert!(!draw(&chart()).contains(hatch));
        let svg = draw(&Chart { illustrative: true, ..chart() });
        assert!(svg.contains(hatch) && svg.contains(">Illustrative: 62 of 90"));
        let none = Chart { adopted: vec![None; 3], implementing: vec![None; 3], last: None, ..chart() };
        for empty in [none, Chart::default()] {
            let svg = draw(&empty);
            assert!(svg.contains(">No data</text>") && !svg.contains("<circle") && !svg.contains("NaN"), "{svg}");
        }
    }
}
