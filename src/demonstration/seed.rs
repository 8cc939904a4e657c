//! Loads the data.

use super::data::{self, DemonstrationInnovation, DemonstrationKpi, IllustrativeMeasure, IllustrativePoint};
use super::reading::{day, number, word, words};
use super::{access, calls, impact, measures, populations, programmes, spread};
use crate::access::Operation;
use crate::db::Conn;
use crate::delivery::Mode;
use crate::eligibility::rules::Eligibility;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::innovations::rules::{EligiblePopulation, Innovation};
use crate::kpis::catalogue::rules::{Breakdown, Kpi, KpiStatus, SeriesShape};
use crate::kpis::submissions::input::Input;
use crate::kpis::submissions::ops::{Terms, submit_kpi_values};
use crate::kpis::submissions::rules::{Cell, RawRow, Strategy};
use crate::kpis::targets::ops::create_kpi_target;
use crate::kpis::targets::rules::{KpiTarget, TargetKind};
use crate::organisations::edges::rules::Edge;
use crate::organisations::reference;
use crate::organisations::rules::{EdgeKind, Organisation, OrganisationType, SuccessionKind};
use crate::successions::rules::{Children, Succession, Successor};
use crate::vocabulary::{Change, with_foreseen_ids};

/// Loads reference and demonstration data, with the same ids in every register. A second run changes nothing. Returns a
/// line that says what there is now.
pub fn seed(conn: &mut Conn, context: &Context) -> Result<String> {
    with_foreseen_ids(|| load(conn, context))
}

fn load(conn: &mut Conn, context: &Context) -> Result<String> {
    crate::organisations::ops::load_reference_data(conn, &context.step(Operation::create_organisation))?;
    if crate::kpis::catalogue::store::find(conn, data::KPIS[0].code)?.is_some() {
        return Ok("the demonstration data is there already".to_owned());
    }
    load_trusts(conn, context)?;
    for entry in &data::INNOVATIONS {
        crate::innovations::ops::create_innovation(
            conn,
            &context.step(Operation::create_innovation),
            innovation(entry)?,
        )?;
    }
    let meant = Eligibility {
        indication: None,
        organisation: None,
        place: Some(reference::ENGLAND.code.to_owned()),
        kind: Some(OrganisationType::GpPractice),
        eligible: true,
        from: Some(day("2018-04-01")?),
        to: None,
        source: None,
        illustrative: true,
    };
    let step = context.step(Operation::create_eligibility);
    crate::eligibility::ops::create_eligibility(conn, &step, "mycopd", meant)?;
    programmes::load(conn, context)?;
    impact::load(conn, context)?;
    spread::load(conn, context)?;
    populations::load(conn, context)?;
    calls::load(conn, context)?;
    access::load(conn, context)?;
    for entry in &data::KPIS {
        crate::kpis::catalogue::ops::create_kpi(conn, &context.step(Operation::create_kpi), kpi(entry)?)?;
        if let Some(target) = entry.target {
            let from = "2016-04-01".to_owned();
            let kind = TargetKind::Target;
            let new = KpiTarget { value: number(target)?, from, to: None, organisation: None, kind };
            create_kpi_target(conn, &context.step(Operation::create_kpi_target), entry.code, &new)?;
        }
    }
    measures::load_set(conn, context)?;
    let mut values = 0;
    for entry in &data::KPIS {
        values += load_series(conn, context, entry)?;
    }
    measures::load(conn, context)?;
    Ok(format!(
        "{} trusts, {} named innovations, {} KPIs and {values} illustrative values loaded",
        reference::DEMONSTRATION_TRUSTS.len(),
        data::INNOVATIONS.len(),
        data::KPIS.len()
    ))
}

fn load_trusts(conn: &mut Conn, context: &Context) -> Result<()> {
    let step = context.step(Operation::create_organisation);
    for trust in &reference::DEMONSTRATION_TRUSTS {
        let new = Organisation {
            postcode: Some(trust.postcode.to_owned()),
            parent: Some(trust.icb.to_owned()),
            ..Organisation::named(trust.code, trust.name, OrganisationType::NhsTrust)
        };
        crate::organisations::ops::import_organisation(conn, &step, new)?;
    }
    for succession in &reference::DEMONSTRATION_SUCCESSIONS {
        let new = Succession {
            kind: word::<SuccessionKind>(succession.kind)?,
            effective_on: day(succession.effective_on)?,
            to: vec![Successor { code: succession.to.to_owned(), legal: true, share: None }],
            children: Children::default(),
            source: None,
            illustrative: false,
        };
        let step = context.step(Operation::create_organisation_succession);
        crate::successions::ops::create_organisation_succession(conn, &step, succession.from, new)?;
    }
    // What the trust is in through its board already, as an edge of its own.
    let edge = Edge { parent: "HIN-SL".to_owned(), kind: EdgeKind::Network, from: None, to: None, illustrative: true };
    let step = context.step(Operation::create_organisation_edge);
    crate::organisations::edges::ops::create_organisation_edge(conn, &step, "RJZ", &edge).map(drop)
}

fn innovation(entry: &DemonstrationInnovation) -> Result<Innovation> {
    let eligible = |population: &data::EligiblePopulation| -> Result<EligiblePopulation> {
        Ok(EligiblePopulation {
            value: population.value,
            qualifier: word(population.qualifier)?,
            basis: word(population.basis)?,
        })
    };
    Ok(Innovation {
        slug: Some(entry.slug.to_owned()),
        name: entry.name.to_owned(),
        summary: entry.summary.to_owned(),
        description: Some(entry.description.to_owned()),
        main_category: word(entry.main_category)?,
        categories: words(entry.categories)?,
        areas: words(entry.areas)?,
        care_settings: words(entry.care_settings)?,
        shifts: words(entry.shifts)?,
        priorities: Vec::new(),
        stage: word(entry.stage)?,
        owner: None,
        eligible_population: entry.eligible_population.as_ref().map(eligible).transpose()?,
        evidence: Vec::new(),
        standards_met: Vec::new(),
        adopting_units: spread::unit(entry.slug).into_iter().collect(),
        nis_unique_id: None,
        website: entry.website.map(str::to_owned),
        illustrative: false,
    })
}

fn kpi(entry: &DemonstrationKpi) -> Result<Kpi> {
    let days = |days: Option<u32>| days.map(i32::try_from).transpose().map_err(Error::internal);
    let breakdown = |(dimension, members): &(&str, &[&str])| Breakdown {
        dimension: (*dimension).to_owned(),
        edition: None,
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    let is_agreed = entry.status != KpiStatus::Proposed.as_str();
    Ok(Kpi {
        code: entry.code.to_owned(),
        name: entry.name.to_owned(),
        definition: entry.definition.to_owned(),
        level: word(entry.level)?,
        unit: entry.unit.to_owned(),
        period_type: word(entry.period_type)?,
        value_type: word(entry.value_type)?,
        improvement_direction: word(entry.improvement_direction)?,
        aggregation: word(entry.aggregation)?,
        decimals: entry.decimals,
        multiplier: None,
        breakdowns: entry.breakdowns.iter().map(breakdown).collect(),
        min: entry.min.map(number).transpose()?,
        max: entry.max.map(number).transpose()?,
        may_exceed: false,
        programme: entry.programme.map(str::to_owned),
        successor_of: None,
        due_days: days(entry.due_days)?,
        lock_days: days(entry.lock_days)?,
        open_future_periods: days(Some(entry.open_future_periods))?.unwrap_or(0),
        approval_required: entry.approval_required,
        // Published to the unit, or invented.
        disclosure_control: false,
        conflict_rule: word(entry.conflict_rule)?,
        shape: SeriesShape::Period,
        complete_at: None,
        validation_rules: Vec::new(),
        status: word(entry.status)?,
        agreed_by: is_agreed.then(|| "Data group of the demonstration (illustrative)".to_owned()),
        agreed_on: is_agreed.then(|| day("2016-03-01")).transpose()?,
        change_note: None,
    })
}

/// Sends the invented series of a KPI as one delivery. Returns how many values it held.
fn load_series(conn: &mut Conn, context: &Context, entry: &DemonstrationKpi) -> Result<usize> {
    let mut input = Input::default();
    for (index, trust) in (0u32..).zip(&reference::DEMONSTRATION_TRUSTS) {
        let ended = reference::DEMONSTRATION_SUCCESSIONS.iter().find(|succession| succession.from == trust.code);
        for point in data::illustrative_series(entry.code, index) {
            if ended.is_none_or(|succession| point.period.as_str() < &succession.effective_on[..7]) {
                push(&mut input, trust.code, entry.innovation, &point);
            }
        }
    }
    if input.rows.is_empty() {
        return Ok(0);
    }
    let terms = Terms {
        kpi: Some(entry.code.to_owned()),
        dry_run: false,
        mode: Mode::Atomic,
        strategy: Strategy::Upsert,
        forced: None,
    };
    let judged = submit_kpi_values(conn, &context.step(Operation::submit_kpi_values), &terms, input)?;
    match judged.row.rejected {
        0 => Ok(judged.verdicts.len()),
        rejected => Err(Error::internal(format!(
            "{rejected} illustrative rows of {} were rejected: {:?}",
            entry.code,
            judged.rows().0.first()
        ))),
    }
}

fn push(input: &mut Input, organisation: &str, innovation: Option<&str>, point: &IllustrativePoint) {
    let number = |number: i64| Some(Cell::Number(number.to_string().into()));
    let (value, numerator, denominator) = match point.measure {
        IllustrativeMeasure::Value(value) => (number(value), None, None),
        IllustrativeMeasure::Fraction { numerator, denominator } => (None, number(numerator), number(denominator)),
        IllustrativeMeasure::Mean { value, of } => (number(value), None, number(of)),
    };
    let row = RawRow {
        line: input.rows.len() as u32 + 1,
        organisation: input.texts.hold(organisation),
        innovation: innovation.and_then(|slug| input.texts.hold(slug)),
        breakdown: Some(point.breakdown)
            .filter(|member| !member.is_empty())
            .and_then(|member| input.texts.hold(member)),
        period: input.texts.hold(&point.period),
        value,
        numerator,
        denominator,
        illustrative: input.texts.hold("true"),
        comment: Change::Set(data::ILLUSTRATIVE_COMMENT.into()),
        ..RawRow::default()
    };
    input.rows.push(row);
}
