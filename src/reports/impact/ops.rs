//! The impact report, in a fixed number of queries.

use super::rules::{Sum, leverage, people, sum};
use super::store::{self, BEGUN, CURRENCY, Counted};
use crate::access::Operation;
use crate::benefits::rules::BenefitKind;
use crate::calendar::london_midnight;
use crate::db::Conn;
use crate::disclosure::rounded;
use crate::error::Result;
use crate::http::Context;
use crate::programmes::ops::get_programme;
use crate::vocabulary::{Basis, Qualifier};
use chrono::{Days, NaiveDate};

/// One figure of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub key: &'static str,
    /// None where there is nothing to divide by, and for a small count of patients that is kept back.
    pub value: Option<f64>,
    pub unit: &'static str,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// Whether some of its rows are invented for illustration.
    pub illustrative: bool,
    /// The list of the rows it was made of.
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

fn counted(key: &'static str, unit: &'static str, (count, illustrative): Counted, rows: String) -> Figure {
    let (value, qualifier, basis) = (Some(count as f64), Qualifier::Exact, Basis::Measured);
    Figure { key, value, unit, qualifier, basis, illustrative, rows }
}

fn summed(key: &'static str, unit: &'static str, sum: Sum, rows: String) -> Figure {
    let Sum { hundredths, qualifier, basis, illustrative } = sum;
    Figure { key, value: Some(hundredths as f64 / 100.0), unit, qualifier, basis, illustrative, rows }
}

/// A count of patients, as it is or as others may see it.
fn patients(key: &'static str, sum: Sum, is_whole: bool, rows: String) -> Figure {
    let figure = summed(key, "patients", sum, rows);
    let shown = || rounded(sum.hundredths, 100).map(|hundredths| hundredths as f64 / 100.0);
    if is_whole { figure } else { Figure { value: shown(), ..figure } }
}

/// The impact of a programme up to a day, by default today.
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
    let is_whole = context.actor.reach(Operation::see_unsuppressed_values).covers_programme(Some(&slug));
    let claims = store::claims(conn, &slug, BenefitKind::PatientsReached, as_of)?;
    let (least, most) = people(&claims);
    let invested = sum(&store::invested(conn, &slug, as_of)?);
    let raised = sum(&store::raised(conn, &slug, as_of)?);
    let savings = sum(&store::claims(conn, &slug, BenefitKind::CashSaving, as_of)?);
    let ratio = leverage(raised, invested);
    let benefits =
        |kind: BenefitKind| format!("/v1/benefits?programme={slug}&kind={}&counted=true&to={as_of}", kind.as_str());
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
        patients("patients-reached", least, is_whole, benefits(BenefitKind::PatientsReached)),
        patients("patients-reached-upper", most, is_whole, benefits(BenefitKind::PatientsReached)),
        summed("invested", CURRENCY, invested, format!("/v1/contributions?programme={slug}&to={as_of}")),
        summed("raised", CURRENCY, raised, investments.clone()),
        Figure {
            key: "leverage",
            value: ratio.map(|(value, _)| value),
            unit: "ratio",
            qualifier: ratio.map_or(Qualifier::Exact, |(_, qualifier)| qualifier),
            basis: raised.basis,
            illustrative: raised.illustrative || invested.illustrative,
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
    let marked = figures.iter().any(|figure| figure.illustrative).then_some(ILLUSTRATIVE);
    let notes = marked.into_iter().chain(NOTES).map(str::to_owned).collect();
    Ok(Impact { programme: slug, name: programme.name, as_of, figures, notes })
}

/// The first note where a figure is illustrative.
pub const ILLUSTRATIVE: &str =
    "Illustrative: a figure marked illustrative is made of invented records, in whole or in part.";

/// How the figures were counted.
const NOTES: [&str; 7] = [
    "Patients: each person is counted once. Claims about the same population may be about the same people, so patients-reached takes the largest claim of each population, and patients-reached-upper adds up all claims.",
    "Patients, for readers without the grant to see them as they are: 1 to 7 are kept back, other counts are to the nearest 5.",
    "Benefits: those that every side they name has accepted; the confirmed figure if there is one, otherwise the claimed figure.",
    "Organisations using: organisations at the stage piloting, implementing, adopted or sustained on the day, each counted once even if it uses several innovations.",
    "Fellows and innovations: all fellows whose fellowship had begun and all innovations that had joined by the day, including those that have left since.",
    "Money: in pounds. Invested is what was contributed to the programme's funds, raised is what others invested. Other currencies are left out.",
    "Leverage: raised divided by invested, to two decimal places.",
];
