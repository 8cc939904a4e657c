//! The impact report, in a fixed number of queries.

use super::rules::{Sum, leverage, people, sum};
use super::store::{self, BEGUN, CURRENCY};
use crate::benefits::rules::BenefitKind;
use crate::calendar::london_midnight;
use crate::db::Conn;
use crate::error::Result;
use crate::http::context::Context;
use crate::programmes::ops::get_programme;
use crate::vocabulary::{Basis, Qualifier};
use chrono::{Days, NaiveDate};

/// One figure of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub key: &'static str,
    /// None where there is nothing to divide by.
    pub value: Option<f64>,
    pub unit: &'static str,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// The list of what it was made of.
    pub rows: String,
}

/// The impact of a programme by a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    pub programme: String,
    pub name: String,
    pub as_of: NaiveDate,
    pub figures: Vec<Figure>,
    pub notes: Vec<String>,
}

fn counted(key: &'static str, unit: &'static str, count: i64, rows: String) -> Figure {
    Figure { key, value: Some(count as f64), unit, qualifier: Qualifier::Exact, basis: Basis::Measured, rows }
}

fn summed(key: &'static str, unit: &'static str, sum: Sum, rows: String) -> Figure {
    let Sum { hundredths, qualifier, basis } = sum;
    Figure { key, value: Some(hundredths as f64 / 100.0), unit, qualifier, basis, rows }
}

/// What a programme brought up to a day, by default today.
///
/// # Errors
/// `not-found`.
pub fn get_programme_impact(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    as_of: Option<NaiveDate>,
) -> Result<Impact> {
    let programme = get_programme(conn, slug)?;
    let (slug, as_of) = (programme.slug, as_of.unwrap_or_else(|| context.today()));
    let next = as_of.checked_add_days(Days::new(1)).unwrap_or(as_of);
    let claims = store::claims(conn, &slug, BenefitKind::PatientsReached, as_of)?;
    let (least, most) = people(&claims);
    let invested = sum(&store::invested(conn, &slug, as_of)?);
    let raised = sum(&store::raised(conn, &slug, as_of)?);
    let savings = sum(&store::claims(conn, &slug, BenefitKind::CashSaving, as_of)?);
    let ratio = leverage(raised, invested);
    let benefits = |kind: BenefitKind| format!("/v1/benefits?programme={slug}&kind={}&to={as_of}", kind.as_str());
    let investments = format!("/v1/external-investments?programme={slug}&to={as_of}");
    let begun = BEGUN.map(crate::people::fellowships::rules::FellowshipState::as_str).join(",");
    let figures = vec![
        counted(
            "fellows",
            "fellows",
            store::fellows(conn, &slug, as_of)?,
            format!("/v1/fellowships?programme={slug}&state={begun}&to={as_of}"),
        ),
        counted(
            "innovations",
            "innovations",
            store::innovations(conn, &slug, as_of)?,
            format!("/v1/innovations?programme={slug}&joinedBy={as_of}"),
        ),
        counted(
            "organisations-using",
            "organisations",
            store::organisations_using(conn, &slug, as_of)?,
            format!("/v1/adoptions?programme={slug}&usingOn={as_of}"),
        ),
        summed("patients-reached", "patients", least, benefits(BenefitKind::PatientsReached)),
        summed("patients-reached-upper", "patients", most, benefits(BenefitKind::PatientsReached)),
        summed("invested", CURRENCY, invested, format!("/v1/contributions?programme={slug}&to={as_of}")),
        summed("raised", CURRENCY, raised, investments.clone()),
        Figure {
            key: "leverage",
            value: ratio.map(|(value, _)| value),
            unit: "ratio",
            qualifier: ratio.map_or(Qualifier::Exact, |(_, qualifier)| qualifier),
            basis: raised.basis,
            rows: investments,
        },
        summed("savings", CURRENCY, savings, benefits(BenefitKind::CashSaving)),
        counted(
            "supporting-networks",
            "organisations",
            store::supporting_networks(conn, &slug, as_of)?,
            format!("/v1/programmes/{slug}/partners?role=supporting-network&on={as_of}"),
        ),
        counted(
            "events",
            "events",
            store::events(conn, &slug, london_midnight(next).naive_utc())?,
            format!("/v1/events?programme={slug}&to={as_of}"),
        ),
    ];
    Ok(Impact { programme: slug, name: programme.name, as_of, figures, notes: NOTES.map(str::to_owned).to_vec() })
}

/// The rules the report was made by.
const NOTES: [&str; 6] = [
    "Patients: each person is counted once. Claims of the same population may be about the same people, so patients-reached takes the largest claim of each population; patients-reached-upper adds all claims up.",
    "Benefits: what was realised where somebody confirmed it, and otherwise what was claimed.",
    "Organisations using: those at the stage of piloting, implementing, adopted or sustained on the day, each once however many innovations it uses.",
    "Fellows and innovations: all whose fellowship had begun, or that had joined, by the day, whether or not they left since.",
    "Money: in pounds; invested is what was contributed to the programme's funds, raised what others invested; other currencies are left out.",
    "Leverage: raised by invested, to the hundredth.",
];
