//! The impact report, in a fixed number of queries.

use super::people::{Persons, reached};
use super::places::Nesting;
use super::rules::{Sum, leverage, sum};
use super::store::{self, CURRENCY, ClaimRow, Counted, FirstUse};
use super::yearly::{Achieved, OfYears, Stated, achieved, claimed};
use crate::access::Operation;
use crate::adoptions::store::Window;
use crate::benefits::kinds::{BenefitKind, Counts, Recurrence, SavingClass};
use crate::benefits::realisations::store::in_force;
use crate::benefits::rules::{stated_years, year_of};
use crate::calendar::{Period, PeriodType, Span, london_midnight};
use crate::db::Conn;
use crate::disclosure::rounded;
use crate::error::Result;
use crate::funding::external_investments::rules::Sector;
use crate::http::Context;
use crate::programmes::ops::get_programme;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// One figure of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub key: String,
    /// The class of a saving.
    pub class: Option<SavingClass>,
    /// The financial years it is of.
    pub period: Option<String>,
    /// None where there are no rows, and for a small count of patients that is kept back.
    pub value: Option<f64>,
    pub unit: &'static str,
    /// How certain it is and how it was obtained; none where there are no rows.
    pub known: Option<(Qualifier, Basis)>,
    /// Whether some of its rows are invented for illustration.
    pub illustrative: bool,
    /// Whether it is a small count of patients that is kept back from the caller.
    pub suppressed: bool,
    /// The slugs of other programmes that count some of the same.
    pub shared_with: Vec<String>,
    /// The list of the rows it was made of; none where the caller may not read that list.
    pub rows: Option<String>,
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

/// A count of rows: without a row it is exactly nothing.
fn counted(key: &str, unit: &'static str, (count, illustrative): Counted, rows: String) -> Figure {
    let known = Some((Qualifier::Exact, Basis::Measured));
    Figure { value: Some(count as f64), known, illustrative, ..summed(key, unit, None, rows) }
}

/// A count of rows, some of which other programmes count too.
fn shared(key: &str, unit: &'static str, (count, shared_with): (Counted, Vec<String>), rows: String) -> Figure {
    Figure { shared_with, ..counted(key, unit, count, rows) }
}

/// A sum over rows: without a row nothing is known.
fn summed(key: &str, unit: &'static str, sum: Option<Sum>, rows: impl Into<Option<String>>) -> Figure {
    Figure {
        key: key.to_owned(),
        class: None,
        period: None,
        value: sum.map(|sum| sum.hundredths as f64 / 100.0),
        unit,
        known: sum.map(|sum| (sum.qualifier, sum.basis)),
        illustrative: sum.is_some_and(|sum| sum.illustrative),
        suppressed: false,
        shared_with: Vec::new(),
        rows: rows.into(),
    }
}

fn of_years(key: &str, unit: &'static str, figure: Option<OfYears>, rows: String) -> Figure {
    let period = figure.map(|figure| figure.label());
    Figure { period, ..summed(key, unit, figure.map(|figure| figure.sum), rows) }
}

/// Who asks, about what.
struct Asked {
    slug: String,
    as_of: NaiveDate,
    /// Whether the caller sees counts of patients as they are.
    is_whole: bool,
}

impl Asked {
    /// A count of patients or of their care, as it is or as others may see it.
    fn of_patients(&self, figure: Figure) -> Figure {
        let hundredths = |value: f64| (value * 100.0).round() as i64;
        let shown = |value| rounded(hundredths(value), 100).map(|shown| shown as f64 / 100.0);
        let value = if self.is_whole { figure.value } else { figure.value.and_then(shown) };
        Figure { suppressed: value.is_none() && figure.value.is_some(), value, ..figure }
    }

    fn claims(&self, kind: BenefitKind, more: &str) -> String {
        let Self { slug, as_of, .. } = self;
        format!("/v1/benefits?programme={slug}&kind={}{more}&counted=true&to={as_of}", kind.as_str())
    }

    fn realised(&self, kind: BenefitKind, more: &str) -> String {
        let Self { slug, as_of, .. } = self;
        format!("/v1/benefit-realisations?programme={slug}&kind={}{more}&asOf={as_of}", kind.as_str())
    }
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
    let is_whole = context.actor.reach(Operation::see_unsuppressed_values).covers_programme(Some(&slug));
    let asked = Asked { slug, as_of, is_whole };
    let mut figures = uses(conn, &asked)?;
    let claims = store::claims(conn, &asked.slug, as_of)?;
    let nesting = store::nesting(conn, &claims, as_of)?;
    figures.extend(people(&asked, &claims, &nesting));
    figures.extend(money(conn, context, &asked)?);
    figures.extend(by_year(conn, &asked, &claims, &nesting)?);
    let next = as_of.checked_add_days(Days::new(1)).unwrap_or(as_of);
    let slug = &asked.slug;
    figures.extend([
        counted(
            "supporting-networks",
            "organisations",
            store::supporting_networks(conn, slug, as_of)?,
            format!("/v1/programmes/{slug}/partners?role=supporting-network&on={as_of}"),
        ),
        counted(
            "events",
            "events",
            store::events(conn, slug, london_midnight(next).naive_utc())?,
            format!("/v1/events?programme={slug}&to={as_of}"),
        ),
    ]);
    for figure in &mut figures {
        figure.illustrative |= programme.illustrative;
    }
    let marked = figures.iter().any(|figure| figure.illustrative).then_some(ILLUSTRATIVE);
    let notes = marked.into_iter().chain(NOTES).map(str::to_owned).collect();
    Ok(Impact { programme: asked.slug, name: programme.name, as_of, figures, notes })
}

/// Fellows, innovations and who uses these.
fn uses(conn: &mut Conn, asked: &Asked) -> Result<Vec<Figure>> {
    let Asked { slug, as_of, .. } = asked;
    let using = shared(
        "organisations-using",
        "organisations",
        store::organisations_using(conn, slug, *as_of)?,
        format!("/v1/adoptions?programme={slug}&usingOn={as_of}"),
    );
    let (first_uses, windows) = store::first_uses_by(conn, slug, *as_of)?;
    let rows = format!("/v1/adoptions?additionalFor={slug}&firstUseBy={as_of}");
    let sites = sum(store::sites(conn, slug, *as_of)?);
    let counts = format!("/v1/adoption-counts?programme={slug}&usingOn={as_of}&asOf={as_of}");
    let sites = summed("sites", "sites", sites, counts);
    let shared_with = using.shared_with.clone();
    let begun = format!("/v1/fellowships?programme={slug}&begunBy={as_of}");
    Ok(vec![
        counted("fellows", "fellows", store::fellows(conn, slug, *as_of, false)?, begun.clone()),
        counted(
            "fellows-active",
            "fellows",
            store::fellows(conn, slug, *as_of, true)?,
            format!("{begun}&activeOn={as_of}"),
        ),
        shared(
            "innovations",
            "innovations",
            store::innovations(conn, slug, *as_of, false)?,
            format!("/v1/innovations?programme={slug}&joinedBy={as_of}"),
        ),
        shared(
            "innovations-active",
            "innovations",
            store::innovations(conn, slug, *as_of, true)?,
            format!("/v1/innovations?programme={slug}&memberOn={as_of}"),
        ),
        using,
        shared("additional-organisations", "organisations", additional(&first_uses, &windows, slug), rows),
        Figure { shared_with, ..sites },
    ])
}

/// How many organisations first used an innovation within the programme's window, and the other programmes whose windows hold one of
/// these first uses.
fn additional(uses: &[FirstUse], windows: &[Window], programme: &str) -> (Counted, Vec<String>) {
    let mut of: HashMap<Id, Vec<&Window>> = HashMap::new();
    for window in windows {
        of.entry(window.innovation).or_default().push(window);
    }
    let (mut organisations, mut programmes, mut illustrative) = (HashSet::new(), BTreeSet::new(), false);
    for (innovation, organisation, on, invented) in uses {
        let windows = of.get(innovation).map(Vec::as_slice).unwrap_or_default();
        let holding = windows.iter().filter(|window| window.from <= *on && *on < window.to);
        let holding: Vec<&str> = holding.map(|window| window.programme.as_str()).collect();
        if holding.contains(&programme) {
            organisations.insert(*organisation);
            illustrative |= invented;
            programmes.extend(holding.into_iter().filter(|other| *other != programme).map(str::to_owned));
        }
    }
    ((organisations.len() as i64, illustrative), programmes.into_iter().collect())
}

/// People, by what the claims count.
fn people(asked: &Asked, claims: &[ClaimRow], nesting: &Nesting) -> Vec<Figure> {
    let of = |kind: BenefitKind, counts: Counts| -> Vec<Persons> {
        let is_one = |claim: &&ClaimRow| claim.kind == kind && claim.counts.unwrap_or(Counts::Persons) == counts;
        let those: Vec<&ClaimRow> = claims.iter().filter(is_one).collect();
        // What there were at most holds nothing: its parts count.
        let sure = those.iter().filter(|claim| claim.qualifier != Qualifier::AtMost);
        let sure: HashSet<Id> = sure.map(|claim| claim.id).collect();
        let persons = |claim: &ClaimRow| Persons {
            innovation: claim.innovation,
            place: claim.place(),
            period: Span { from: claim.from, to: claim.to.day() },
            figure: claim.figure(),
            counted_by: claim.counted_by,
            depth: claim.depth,
            new_in_period: claim.new_in_period,
            within: nesting.holders.around(claim.id, |holder| sure.contains(&holder)).is_some(),
        };
        those.into_iter().map(persons).collect()
    };
    let rows = |counts: Counts| asked.claims(BenefitKind::PatientsReached, &format!("&counts={}", counts.as_str()));
    let answers = reached(&of(BenefitKind::PatientsReached, Counts::Persons), nesting);
    let mut figures: Vec<Figure> = [
        ("patients-reached", answers.reached),
        ("patients-reached-sure", answers.sure),
        ("patients-reached-upper", answers.upper),
    ]
    .into_iter()
    .map(|(key, sum)| asked.of_patients(summed(key, "patients", sum, rows(Counts::Persons))))
    .collect();
    // Never people: a person may be pregnant twice, and be tested often.
    for counts in Counts::ALL.iter().copied().filter(|counts| *counts != Counts::Persons) {
        let claims = of(BenefitKind::PatientsReached, counts);
        let sum = sum(claims.iter().filter(|claim| !claim.within).map(|claim| claim.figure));
        if sum.is_some() {
            figures.push(asked.of_patients(summed(counts.as_str(), counts.as_str(), sum, rows(counts))));
        }
    }
    let covered = reached(&of(BenefitKind::PopulationCovered, Counts::Persons), nesting).reached;
    if covered.is_some() {
        let rows = asked.claims(BenefitKind::PopulationCovered, "");
        figures.push(asked.of_patients(summed("population-covered", "people", covered, rows)));
    }
    figures
}

/// What was put in and what others raised.
fn money(conn: &mut Conn, context: &Context, asked: &Asked) -> Result<Vec<Figure>> {
    let Asked { slug, as_of, .. } = asked;
    let invested = sum(store::invested(conn, slug, *as_of)?);
    let made = store::raised(conn, slug, *as_of)?;
    let raised = sum(made.iter().map(|(_, figure)| *figure));
    let readable = |list, rows: String| context.actor.reach(list).covers_programme(Some(slug)).then_some(rows);
    let given = format!("/v1/contributions?programme={slug}&currency={CURRENCY}&to={as_of}");
    let given = readable(Operation::list_contributions, given);
    let rows = format!("/v1/external-investments?programme={slug}&whileMember=true&currency={CURRENCY}&to={as_of}");
    let rows = readable(Operation::list_external_investments, rows);
    let ratio = leverage(raised, invested);
    let mut figures = vec![
        summed("invested", CURRENCY, invested, given),
        summed("raised", CURRENCY, raised, rows.clone()),
        Figure {
            value: ratio.map(|(value, _)| value),
            known: ratio.zip(raised).map(|((_, qualifier), raised)| (qualifier, raised.basis)),
            illustrative: [raised, invested].into_iter().flatten().any(|sum| sum.illustrative),
            ..summed("leverage", "ratio", None, rows.clone())
        },
    ];
    for sector in Sector::ALL {
        let of_it = sum(made.iter().filter(|(of, _)| *of == Some(*sector)).map(|(_, figure)| *figure));
        if of_it.is_some() {
            let rows = rows.as_ref().map(|rows| format!("{rows}&sector={}", sector.as_str()));
            figures.push(summed(&format!("raised-{}", sector.as_str()), CURRENCY, of_it, rows));
        }
    }
    Ok(figures)
}

/// The kinds that a report always has, beside savings; others join where there are rows.
const ALWAYS: [BenefitKind; 5] = [
    BenefitKind::Admissions,
    BenefitKind::BedDays,
    BenefitKind::JobsCreated,
    BenefitKind::JobsSafeguarded,
    BenefitKind::TrainingHours,
];

/// Savings by class and the other kinds, claimed and achieved apart.
fn by_year(conn: &mut Conn, asked: &Asked, claims: &[ClaimRow], nesting: &Nesting) -> Result<Vec<Figure>> {
    let year = Period::containing(PeriodType::FinancialYear, asked.as_of).start();
    let claims: Vec<&ClaimRow> = claims.iter().filter(|claim| !claim.kind.is_of_people()).collect();
    let mut achieved_of: HashMap<Id, Vec<(NaiveDate, Sum)>> = HashMap::new();
    for row in in_force(conn, &claims.iter().map(|claim| claim.id).collect::<Vec<_>>(), asked.as_of)? {
        let known =
            Sum { hundredths: row.figure, qualifier: row.qualifier, basis: row.basis, illustrative: row.illustrative };
        achieved_of.entry(row.benefit_id).or_default().push((row.year_on, known));
    }
    let mut groups: BTreeMap<(BenefitKind, Option<SavingClass>), Vec<&ClaimRow>> = BTreeMap::new();
    for kind in ALWAYS {
        groups.insert((kind, None), Vec::new());
    }
    for claim in claims {
        groups.entry((claim.kind, claim.class)).or_default().push(claim);
    }
    if !groups.keys().any(|(kind, _)| *kind == BenefitKind::Saving) {
        groups.insert((BenefitKind::Saving, None), Vec::new());
    }
    let mut figures = Vec::new();
    for ((kind, class), claims) in groups {
        let stated = claims.iter().map(|claim| {
            let (first, last) = stated_years(claim.recurrence, claim.from, claim.to.into());
            let yearly = claim.recurrence == Recurrence::Yearly;
            Stated { claim: claim.subject(), first, last, yearly, figure: claim.figure() }
        });
        let claimed = claimed(&stated.collect::<Vec<_>>(), nesting, year);
        let rows = claims.iter().flat_map(|claim| {
            let own = achieved_of.get(&claim.id).map(Vec::as_slice).unwrap_or_default();
            own.iter().map(|(year, figure)| {
                let figure = Sum { illustrative: figure.illustrative || claim.is_illustrative(), ..*figure };
                Achieved { claim: claim.subject(), year: *year, figure }
            })
        });
        let achieved = achieved(&rows.collect::<Vec<_>>(), nesting);
        figures.extend(figures_of(asked, (kind, class), claimed, achieved));
    }
    Ok(figures)
}

fn figures_of(
    asked: &Asked,
    (kind, class): (BenefitKind, Option<SavingClass>),
    claimed: Option<OfYears>,
    achieved: Option<(OfYears, OfYears)>,
) -> Vec<Figure> {
    let unit = kind.unit().unwrap_or("as each claim says");
    let of_class = class.map(|class| format!("&class={}", class.as_str())).unwrap_or_default();
    let of_year = |year: Option<NaiveDate>| {
        year.map(|year| format!("{of_class}&year={}", year_of(year))).unwrap_or_else(|| of_class.clone())
    };
    let is_saving = kind == BenefitKind::Saving;
    let name = if is_saving { "savings" } else { kind.as_str() };
    let (claimed_key, realised_key) =
        (if is_saving { "savings-claimed".to_owned() } else { name.to_owned() }, format!("{name}-realised"));
    // What was claimed of several years is found by the last of them that is asked about.
    let year = Period::containing(PeriodType::FinancialYear, asked.as_of).start();
    let last = claimed.map(|claimed| claimed.last.min(year));
    let mut figures = vec![of_years(&claimed_key, unit, claimed, asked.claims(kind, &of_year(last)))];
    if is_saving || achieved.is_some() {
        let (in_year, to_date) = achieved.unzip();
        let rows = asked.realised(kind, &of_year(in_year.map(|found| found.last)));
        figures.push(of_years(&realised_key, unit, in_year, rows));
        let to_date_key = format!("{realised_key}-to-date");
        figures.push(of_years(&to_date_key, unit, to_date, asked.realised(kind, &of_class)));
    }
    let finish = |figure: Figure| {
        let figure = Figure { class, ..figure };
        if kind.is_of_patients() { asked.of_patients(figure) } else { figure }
    };
    figures.into_iter().map(finish).collect()
}

/// The first note where a figure is illustrative.
pub const ILLUSTRATIVE: &str =
    "Illustrative: a figure marked illustrative is made of invented records, in whole or in part.";

/// How the figures were counted.
const NOTES: [&str; 11] = [
    "Patients reached: claims of persons that are not counted within another, added; claims of at most so many are left out. Periods add only where nobody was counted before. It is exact only where every claim is, and was counted by residence or registration at places that share nobody.",
    "Patients reached for sure: persons counted by residence or registration add up over places that share nobody; of other counts the largest is taken, since one person may attend two providers or hold two accounts. patients-reached-upper adds up every claim. Pregnancies, cases, tests and treatments are never people.",
    "Patients, for readers without the grant to see them as they are: 1 to 7 are kept back, other counts are to the nearest 5.",
    "Benefits: those that every side they name has accepted. A claim within another, or of a place that lay within another's on its days, adds to it only where the wider one does not hold more: then there is at least so much. Disbenefits are added up in the same way and subtracted. Of several savings that put one benefit into money the largest counts.",
    "Savings: each class apart, since classes never add up. Claimed is what is stated for the latest year that claims are stated for; realised is what was confirmed for the latest year, and to date for all years. What was claimed and what was realised are never mixed.",
    "Organisations using: organisations at the stage piloting, implementing, adopted or sustained on the day with an innovation that was in the programme on it, each counted once even if it uses several. sharedWith names other programmes that one of these innovations was in.",
    "Additional organisations: those whose first use ever of an innovation began while it was in the programme, or within the programme's attributionMonths after it left. What a successor took over is not additional. Figures are observed: they do not say what would have happened without the programme.",
    "Sites: what was last counted by the day of the adoptions in use on it.",
    "Fellows and innovations: all fellows whose fellowship had begun and all innovations that had joined by the day, including those that have left since; fellows-active and innovations-active are those that had not.",
    "Money: in pounds. Invested is what was contributed to the programme's funds, raised is what others invested while the innovation or the fellow was in the programme. Other currencies are left out.",
    "Leverage: raised divided by invested, to two decimal places. A figure without a single row is null, not zero.",
];
