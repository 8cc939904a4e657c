//! The grid as an SVG that stands alone.

use super::ops::{Cell, Grid};
use super::rules::{Band, Column, Standing};
use crate::drawing::{Canvas, GRID, INK, MUTED, Pen, wrapped};
use crate::kpis::spc::chart::Icon;
use crate::kpis::spc::rules::{Assurance, Direction, Signal, Variation};

const WIDTH: f64 = 1120.0;
const MARGIN: f64 = 24.0;
/// How wide the names of the rows are, and each column beside them.
const ROW_HEAD: f64 = 168.0;
const COLUMN: f64 = (WIDTH - 2.0 * MARGIN - ROW_HEAD) / 4.0;
const LINE: f64 = 16.0;
/// How high a row is at least: as high as its icons.
const LEAST: f64 = 72.0;
const BORDER: Pen = Pen { colour: MUTED, width: 1.0, dashes: "none" };

/// Nothing that a picture tells is cut off but what is longer than a page.
const MOST_LINES: usize = 60;

/// Lines of text, of which each begins with a name or goes on from the line before.
type Lines = Vec<String>;

impl Grid {
    pub fn picture(&self) -> String {
        let heading = wrapped(&self.title(), 22.0, WIDTH - 2.0 * MARGIN, 2);
        let intro: Lines = [self.head(), self.headline()].iter().flat_map(|text| small(text, 13.0)).collect();
        let cells: Vec<(Band, f64, Vec<Lines>)> = Band::ALL.iter().map(|band| self.row(*band)).collect();
        let beneath = self.beneath();
        let top = MARGIN + 26.0 * lines(&heading) + LINE * lines(&intro) + 24.0;
        let table = top + 56.0 + cells.iter().map(|(_, height, _)| height).sum::<f64>();
        let height = table + LINE * lines(&beneath) + 2.0 * MARGIN;
        let mut canvas = Canvas::sheet(&self.title(), &self.described(), (WIDTH, height));
        if self.is_illustrative() {
            canvas.hatch((MARGIN + ROW_HEAD, top + 56.0), (WIDTH - MARGIN, table));
        }
        let mut y = MARGIN + 16.0;
        for line in &heading {
            canvas.text(MARGIN, y, "font-size=\"20\" font-weight=\"bold\"", INK, line);
            y += 26.0;
        }
        for line in &intro {
            canvas.text(MARGIN, y, "font-size=\"13\"", INK, line);
            y += LINE;
        }
        self.columns(&mut canvas, top);
        let mut y = top + 56.0;
        for (band, height, columns) in &cells {
            draw_row(&mut canvas, *band, (y, *height), columns);
            y += height;
        }
        canvas.line((MARGIN, y), (WIDTH - MARGIN, y), BORDER);
        for (index, line) in beneath.iter().enumerate() {
            canvas.text(MARGIN, y + 24.0 + LINE * at(index), "font-size=\"12\"", MUTED, line);
        }
        canvas.finish()
    }

    fn columns(&self, canvas: &mut Canvas, top: f64) {
        for (index, column) in Column::ALL.iter().enumerate() {
            let left = MARGIN + ROW_HEAD + COLUMN * at(index);
            let assurance = match column {
                Column::Pass => Some(Assurance::Pass),
                Column::HitOrMiss => Some(Assurance::HitOrMiss),
                Column::Fail => Some(Assurance::Fail),
                Column::NoTarget => None,
            };
            if let Some(assurance) = assurance {
                Icon::of_assurance(assurance, Direction::Increase).put(canvas, (left + 30.0, top + 24.0));
            }
            let inset = if assurance.is_some() { 64.0 } else { 8.0 };
            canvas.text(left + inset, top + 29.0, "font-size=\"14\" font-weight=\"bold\"", INK, column.title());
        }
    }

    /// A row's height, and the lines of each of its columns.
    fn row(&self, band: Band) -> (Band, f64, Vec<Lines>) {
        let names = |column: &Column| {
            let names = self.at(Standing::In(band, *column)).map(|cell| cell.printed().name);
            names.flat_map(|name| wrapped(&format!("• {name}"), 12.0, COLUMN - 16.0, MOST_LINES)).collect::<Lines>()
        };
        let columns: Vec<Lines> = Column::ALL.iter().map(names).collect();
        let most = columns.iter().map(|names| lines(names)).fold(0.0, f64::max);
        (band, (LINE * most + 24.0).max(LEAST), columns)
    }

    /// What stands beneath the grid: the measures without a place in it, and every warning.
    fn beneath(&self) -> Lines {
        let named = |cells: Vec<&Cell>| cells.iter().map(|cell| cell.printed().name).collect::<Vec<_>>().join("; ");
        let standing = |title: &str, standing: Standing| {
            let cells: Vec<&Cell> = self.at(standing).collect();
            (!cells.is_empty()).then(|| format!("{title}: {}", named(cells)))
        };
        let notes = self.notes.iter().map(|note| note.detail.clone());
        let warnings = self
            .warnings()
            .into_iter()
            .flat_map(|(name, notes)| notes.into_iter().map(move |note| format!("{name}. {note}")).collect::<Vec<_>>());
        let told =
            [standing("Not enough data", Standing::NotEnoughData), standing("Not applicable", Standing::NotApplicable)];
        told.into_iter().flatten().chain(notes).chain(warnings).flat_map(|text| small(&text, 12.0)).collect()
    }

    /// The grid in words, for those who do not see it.
    fn described(&self) -> String {
        let mut text = format!("{} {}", self.head(), self.headline());
        for band in Band::ALL {
            for column in Column::ALL {
                let names: Vec<String> = self.at(Standing::In(band, column)).map(|cell| cell.printed().name).collect();
                if !names.is_empty() {
                    text.push_str(&format!(" {}, {}: {}.", band.title(), column.title(), names.join("; ")));
                }
            }
        }
        text
    }
}

fn draw_row(canvas: &mut Canvas, band: Band, (top, height): (f64, f64), columns: &[Lines]) {
    canvas.line((MARGIN, top), (WIDTH - MARGIN, top), BORDER);
    let icons: &[Signal] = match band {
        Band::Improvement => &[Signal::ImprovementHigh, Signal::ImprovementLow],
        Band::CommonCause => &[Signal::CommonCause],
        Band::Concern => &[Signal::ConcernHigh, Signal::ConcernLow],
        Band::Neither => &[Signal::NeitherHigh, Signal::NeitherLow],
    };
    canvas.text(MARGIN, top + 14.0, "font-size=\"14\" font-weight=\"bold\"", INK, band.title());
    for (index, signal) in icons.iter().enumerate() {
        let centre = (MARGIN + 28.0 + 58.0 * at(index), top + 44.0);
        Icon::of_variation(Variation::Signal(*signal)).put(canvas, centre);
    }
    for (index, names) in columns.iter().enumerate() {
        let left = MARGIN + ROW_HEAD + COLUMN * at(index);
        canvas.line((left, top), (left, top + height), Pen { colour: GRID, width: 1.0, dashes: "none" });
        for (row, name) in names.iter().enumerate() {
            canvas.text(left + 8.0, top + 20.0 + LINE * at(row), "font-size=\"12\"", INK, name);
        }
    }
}

fn small(text: &str, size: f64) -> Lines {
    wrapped(text, size, WIDTH - 2.0 * MARGIN, MOST_LINES)
}

fn lines(lines: &[String]) -> f64 {
    at(lines.len())
}

fn at(index: usize) -> f64 {
    u32::try_from(index).map_or(f64::from(u32::MAX), f64::from)
}
