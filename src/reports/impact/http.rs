//! `/v1/programmes/{slug}/impact`.

use super::ops::{self, Figure, Impact};
use crate::benefits::kinds::SavingClass;
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::http::documents::{POLICY, escaped, html};
use crate::http::{CSV, Cx, Query, Reply, Routes};
use crate::params;
use crate::programmes::http::ProgrammePath;
use crate::vocabulary::{Basis, Qualifier};
use actix_web::http::StatusCode;
use actix_web::{get, web};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(get_programme_impact);
}

params! {
    /// The day of an impact report.
    pub struct GetProgrammeImpact {
        /// The last day that counts. Default: today.
        as_of: NaiveDate = "asOf",
    }
}

/// One figure of an impact report.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImpactFigureResponse {
    #[schema(example = "organisations-using", max_length = 60)]
    key: String,
    /// Null where no rows say anything, and where a small count of patients is kept back.
    #[schema(value_type = Option<f64>, example = 68)]
    value: Option<Number>,
    /// `GBP` for money, in pounds.
    #[schema(example = "organisations", max_length = 60)]
    unit: &'static str,
    /// Null where there are no rows.
    qualifier: Option<Qualifier>,
    /// Null where there are no rows.
    basis: Option<Basis>,
    /// The class of a saving; each has figures of its own.
    class: Option<SavingClass>,
    /// The financial years it is of, such as 2023-24 or 2022-23 to 2023-24.
    #[schema(example = "2023-24", max_length = 20)]
    period: Option<String>,
    /// Whether some of its rows are invented for illustration, or edges by which their places lie within each other.
    illustrative: bool,
    /// Whether it is a small count of patients that is kept back from you.
    suppressed: bool,
    /// The slugs of other programmes that count some of the same.
    #[schema(max_items = 1000)]
    shared_with: Vec<String>,
    /// The list of the rows that the figure was made of. Null where you may not read that list.
    #[schema(example = "/v1/adoptions?programme=nia&usingOn=2016-04-30", max_length = 300)]
    rows: Option<String>,
}

impl From<Figure> for ImpactFigureResponse {
    fn from(figure: Figure) -> Self {
        Self {
            key: figure.key,
            class: figure.class,
            period: figure.period,
            value: figure.value.and_then(|value| number(value, figure.unit)),
            unit: figure.unit,
            qualifier: figure.known.map(|(qualifier, _)| qualifier),
            basis: figure.known.map(|(_, basis)| basis),
            illustrative: figure.illustrative,
            suppressed: figure.suppressed,
            shared_with: figure.shared_with,
            rows: figure.rows,
        }
    }
}

/// A ratio keeps its decimal point; any other whole number is written without one.
fn number(value: f64, unit: &str) -> Option<Number> {
    if unit != "ratio" && value.fract() == 0.0 && value.abs() < 9e15 {
        // Exact: a whole float below 2^53.
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

/// The impact of a programme by a day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImpactResponse {
    #[schema(example = "nia", max_length = 60)]
    programme: String,
    as_of: NaiveDate,
    #[schema(max_items = 100)]
    figures: Vec<ImpactFigureResponse>,
    /// How the figures were counted.
    #[schema(max_items = 100)]
    notes: Vec<String>,
}

/// Get the impact of a programme
///
/// Returns the fellows, innovations, organisations, patients, money and leverage by a day. Each figure says how certain it
/// is and links to the list of its rows. As JSON, as CSV, or as a page to print (`text/html`).
#[utoipa::path(tag = "reports", params(ProgrammePath, GetProgrammeImpact), responses((status = 200, description = "The impact", content((ImpactResponse = "application/json"), (String = "text/csv"), (String = "text/html")))))]
#[get("/v1/programmes/{slug}/impact")]
pub async fn get_programme_impact(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    query: Query<GetProgrammeImpact>,
) -> Result<Reply> {
    let (csv, page) = (cx.wants("text/csv"), cx.wants("text/html"));
    cx.report(move |conn, context| {
        let impact = ops::get_programme_impact(conn, context, &path.slug, query.0.as_of)?;
        if csv {
            return Ok(Reply::text(StatusCode::OK, CSV, written(impact)?));
        }
        if page {
            let reply = Reply::text(StatusCode::OK, "text/html; charset=utf-8", printed(impact).into_bytes());
            return Ok(reply.header("Content-Security-Policy", POLICY.to_owned()));
        }
        let Impact { programme, as_of, figures, notes, .. } = impact;
        let figures = figures.into_iter().map(Into::into).collect();
        Reply::ok(&ImpactResponse { programme, as_of, figures, notes })
    })
    .await
}

fn cell(figure: &ImpactFigureResponse) -> String {
    figure.value.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn written(impact: Impact) -> Result<Vec<u8>> {
    let columns = [
        "programme",
        "asOf",
        "key",
        "value",
        "unit",
        "qualifier",
        "basis",
        "rows",
        "illustrative",
        "class",
        "period",
        "sharedWith",
        "suppressed",
    ];
    let mut sheet = Sheet::with_header(columns)?;
    let as_of = impact.as_of.to_string();
    for figure in impact.figures.into_iter().map(ImpactFigureResponse::from) {
        let value = cell(&figure);
        let qualifier = figure.qualifier.map(Qualifier::as_str).unwrap_or_default();
        let basis = figure.basis.map(Basis::as_str).unwrap_or_default();
        let marked = |is: bool| if is { "true" } else { "" };
        let class = figure.class.map(SavingClass::as_str).unwrap_or_default();
        let (period, shared) = (figure.period.unwrap_or_default(), figure.shared_with.join(" "));
        let programme = impact.programme.as_str();
        sheet.row([
            programme,
            &as_of,
            &figure.key,
            &value,
            figure.unit,
            qualifier,
            basis,
            figure.rows.as_deref().unwrap_or_default(),
            marked(figure.illustrative),
            class,
            &period,
            &shared,
            marked(figure.suppressed),
        ])?;
    }
    sheet.finish()
}

/// The name of a figure on the page.
fn title(figure: &ImpactFigureResponse) -> String {
    let words = figure.key.replace('-', " ");
    let mut letters = words.chars();
    let key: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let class = figure.class.map(|class| format!(", {}", class.as_str())).unwrap_or_default();
    let period = figure.period.as_ref().map(|period| format!(", {period}")).unwrap_or_default();
    format!("{key}{class}{period}")
}

/// The figure with commas between thousands.
fn grouped(figure: &str) -> String {
    let (whole, fraction) = figure.split_once('.').map_or((figure, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::with_capacity(figure.len() + 4);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && digit.is_ascii_digit() && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    fraction.map_or(text.clone(), |fraction| format!("{text}.{fraction}"))
}

fn printed(impact: Impact) -> String {
    let illustrative = impact.figures.iter().any(|figure| figure.illustrative);
    let (mark, notice) = if illustrative {
        ("Illustrative: ", format!("<p class=\"illustrative\">{}</p>", escaped(ops::ILLUSTRATIVE)))
    } else {
        ("", String::new())
    };
    let name = format!("{mark}{}: impact by {}", impact.name, impact.as_of.format("%-d %B %Y"));
    let mut body = format!(
        "<h1>{}</h1>{notice}<table><thead><tr><th scope=\"col\">Figure</th><th scope=\"col\">Value</th><th scope=\"col\">Unit</th><th scope=\"col\">How certain</th><th scope=\"col\">Rows</th></tr></thead><tbody>",
        escaped(&name)
    );
    for figure in impact.figures.into_iter().map(ImpactFigureResponse::from) {
        let value = match (&figure.value, figure.suppressed) {
            (Some(_), _) => grouped(&cell(&figure)),
            (None, true) => "Suppressed".to_owned(),
            (None, false) => "No data".to_owned(),
        };
        let link = |rows: String| format!("<a href=\"{rows}\">{rows}</a>");
        let rows = figure.rows.as_deref().map(escaped).map(link).unwrap_or_default();
        let known = figure.qualifier.zip(figure.basis);
        let known =
            known.map(|(qualifier, basis)| format!("{}, {}", qualifier.as_str().replace('-', " "), basis.as_str()));
        let shared = figure.shared_with.join(", ");
        let shared = if shared.is_empty() { shared } else { format!("; shared with {shared}") };
        body.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td class=\"figure\">{value}</td><td>{}</td><td>{}{}{shared}</td><td>{rows}</td></tr>",
            title(&figure),
            figure.unit,
            known.unwrap_or_default(),
            if figure.illustrative { ", <strong>illustrative</strong>" } else { "" }
        ));
    }
    body.push_str("</tbody></table><h2>How it was counted</h2><ul>");
    for note in impact.notes.into_iter().filter(|note| note != ops::ILLUSTRATIVE) {
        body.push_str(&format!("<li>{}</li>", escaped(&note)));
    }
    body.push_str("</ul>");
    html(&name, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (figure, grouped_figure) in
            [("17", "17"), ("3000000", "3,000,000"), ("8.0", "8.0"), ("-1234.5", "-1,234.5"), ("-123", "-123")]
        {
            assert_eq!(grouped(figure), grouped_figure);
        }
    }
}
