//! The grid as a page that stands alone, fit for print.

use super::ops::{Cell, Grid};
use super::rules::{Band, Column, Standing, assurance_words, variation_words};
use crate::http::documents::{escaped, html};
use crate::kpis::spc::chart::Icon;
use crate::kpis::spc::rules::{Assurance, Direction, Signal, Variation};

/// How wide an icon is, in pixels: in the key, and in a table.
const LARGE: u32 = 44;
const SMALL: u32 = 36;

impl Grid {
    pub fn page(&self) -> String {
        let title = self.title();
        let mut body = format!("<div class=\"landscape\"><h1>{}</h1><p>{}</p>", escaped(&title), escaped(&self.head()));
        if self.is_illustrative() {
            body.push_str(
                "<p class=\"illustrative\">Illustrative: some or all of the values are invented, or where their organisations lie.</p>",
            );
        }
        body.push_str(&format!("<p><strong>{}</strong></p>", escaped(&self.headline())));
        for note in &self.notes {
            body.push_str(&format!("<p>{}</p>", escaped(&note.detail)));
        }
        body.push_str(&key());
        body.push_str(&self.table());
        body.push_str(&self.worries());
        body.push_str(&self.measures());
        body.push_str(&self.remarks());
        body.push_str("</div>");
        html(&title, &body)
    }

    /// The names of measures by variation and assurance, and those that stand beneath.
    fn table(&self) -> String {
        let head: String =
            Column::ALL.iter().map(|column| format!("<th scope=\"col\">{}</th>", column.title())).collect();
        let cell = |band: Band, column: Column| format!("<td>{}</td>", names(self.at(Standing::In(band, column))));
        let row = |band: &Band| {
            let cells: String = Column::ALL.iter().map(|column| cell(*band, *column)).collect();
            format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", band.title())
        };
        let rows: String = Band::ALL.iter().map(row).collect();
        let beneath = |title: &str, standing: Standing| {
            let some = self.at(standing).next().is_some();
            if some { format!("<h3>{title}</h3>{}", names(self.at(standing))) } else { String::new() }
        };
        format!(
            "<h2>Grid</h2><div class=\"wide\" tabindex=\"0\"><table class=\"grid\"><caption>Measures by variation (rows) and capability against \
             target (columns)</caption><thead><tr><th scope=\"col\">Variation</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>{}{}",
            beneath("Not enough data", Standing::NotEnoughData),
            beneath("Not applicable", Standing::NotApplicable)
        )
    }

    fn worries(&self) -> String {
        let worst = self.worst();
        if worst.is_empty() {
            return String::new();
        }
        let told = |cell: &&Cell| {
            let (variation, assurance) = (variation_words(cell.variation()), assurance_words(cell.assurance()));
            format!("<li>{}: {variation}; {assurance}</li>", escaped(&cell.printed().name))
        };
        format!("<h2>Exceptions</h2><ol>{}</ol>", worst.iter().map(told).collect::<String>())
    }

    fn measures(&self) -> String {
        let compared = self.against.as_ref().map(|against| against.name.clone());
        let heads = ["Measure", "Latest period", "Actual", "Target", "Variation", "Capability against target"];
        let more = ["Mean", "Lower limit", "Upper limit"];
        let heads = heads.into_iter().chain(more).map(str::to_owned).chain(compared).chain(["Updated".to_owned()]);
        let heads: String = heads.map(|head| format!("<th scope=\"col\">{}</th>", escaped(&head))).collect();
        let rows: String = self.cells.iter().map(|cell| row(cell, self.against.is_some())).collect();
        format!(
            "<h2>Measures</h2><div class=\"wide\" tabindex=\"0\"><table class=\"measures\"><caption>What each measure says of its latest \
             period</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    }

    fn remarks(&self) -> String {
        let mut text = String::from("<h2>What to know</h2>");
        let warnings = self.warnings();
        if warnings.is_empty() {
            text.push_str("<p>Nothing is missing or kept back.</p>");
        }
        for (name, notes) in warnings {
            let notes: String = notes.iter().map(|note| format!("<li>{}</li>", escaped(note))).collect();
            text.push_str(&format!("<h3>{}</h3><ul>{notes}</ul>", escaped(&name)));
        }
        for cell in &self.cells {
            let remarks = cell.study.iter().flat_map(|study| &study.remarks);
            let remarks: String = remarks.map(|remark| format!("<li>{}</li>", escaped(&remark.line()))).collect();
            if !remarks.is_empty() {
                let name = escaped(&cell.kpi.name);
                text.push_str(&format!("<h3>{name}: recalculations, exclusions and notes</h3><ul>{remarks}</ul>"));
            }
        }
        text
    }
}

/// What the icons mean.
fn key() -> String {
    let variations = [
        Signal::CommonCause,
        Signal::ImprovementHigh,
        Signal::ImprovementLow,
        Signal::ConcernHigh,
        Signal::ConcernLow,
        Signal::NeitherHigh,
        Signal::NeitherLow,
    ];
    let variation = |signal: Signal| {
        let variation = Variation::Signal(signal);
        (Icon::of_variation(variation), variation_words(variation))
    };
    let assurance =
        |assurance: Assurance| (Icon::of_assurance(assurance, Direction::Increase), assurance_words(assurance));
    let assurances = [Assurance::Pass, Assurance::HitOrMiss, Assurance::Fail].map(assurance);
    let icons = variations.map(variation).into_iter().chain(assurances);
    let icons: String = icons.map(|(icon, words)| format!("<li>{} {words}</li>", icon.svg(LARGE))).collect();
    format!("<h2>Icon key</h2><ul class=\"key\">{icons}</ul>")
}

fn names<'a>(cells: impl Iterator<Item = &'a Cell>) -> String {
    let names: String = cells.map(|cell| format!("<li>{}</li>", escaped(&cell.printed().name))).collect();
    if names.is_empty() { "None".to_owned() } else { format!("<ul>{names}</ul>") }
}

fn row(cell: &Cell, is_compared: bool) -> String {
    let printed = cell.printed();
    let figure = |text: &str| format!("<td class=\"figure\">{}</td>", escaped(text));
    let (variation, assurance) = (cell.variation(), cell.assurance());
    let variation_icon = match variation {
        Variation::Signal(_) | Variation::InsufficientData => Icon::of_variation(variation).svg(SMALL),
        Variation::NotApplicable => String::new(),
    };
    let direction = cell.kpi.improvement_direction.into();
    let assurance_icon = match assurance {
        Assurance::NoTarget | Assurance::NotApplicable => String::new(),
        known => Icon::of_assurance(known, direction).svg(SMALL),
    };
    let comparison = if is_compared { figure(&printed.comparison) } else { String::new() };
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td>{}{}<td>{variation_icon} {}</td><td>{assurance_icon} {}</td>{}{}{}{comparison}<td>{}</td></tr>",
        escaped(&printed.name),
        escaped(&printed.period),
        figure(&printed.value),
        figure(&printed.target),
        variation_words(variation),
        assurance_words(assurance),
        figure(&printed.mean),
        figure(&printed.lpl),
        figure(&printed.upl),
        escaped(&printed.updated)
    )
}
