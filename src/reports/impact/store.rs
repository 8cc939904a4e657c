//! The queries of an impact report. Each figure has the meaning of the list that it links to.

use super::rules::Claim;
use crate::adoptions::moves::rules::Measure;
use crate::adoptions::moves::store::held_on;
use crate::benefits::rules::BenefitKind;
use crate::db::Conn;
use crate::db::schema::{
    adoption_spells, adoptions, benefits, contributions, external_investments, fellows, fellowships, funds,
    innovations, learning_events, people, programme_memberships, programme_partners,
};
use crate::error::Result;
use crate::innovations::store::held_memberships;
use crate::people::fellowships::rules::FellowshipState;
use crate::programmes::partners::rules::PartnerRole;
use crate::programmes::store::held_partners;
use crate::vocabulary::{Basis, Qualifier};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;

/// The states of a fellowship that has begun.
pub const BEGUN: [FellowshipState; 3] = [FellowshipState::Active, FellowshipState::Paused, FellowshipState::Completed];

/// The one currency that is summed.
pub const CURRENCY: &str = "GBP";

/// How many there are, and whether one of them is invented for illustration.
pub type Counted = (i64, bool);

/// Fellows whose fellowships had begun.
pub fn fellows(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Counted> {
    let held = || {
        fellowships::table
            .filter(fellowships::programme.eq(programme))
            .filter(fellowships::from_on.le(as_of))
            .filter(fellowships::state.eq_any(BEGUN))
    };
    let number = held().select(count(fellowships::fellow_id).aggregate_distinct()).first(conn)?;
    let invented = fellows::table.inner_join(people::table).filter(people::illustrative.eq(true)).select(fellows::id);
    let marked: i64 = held().filter(fellowships::fellow_id.eq_any(invented)).select(count_star()).first(conn)?;
    Ok((number, marked > 0))
}

/// Innovations that had joined.
pub fn innovations(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Counted> {
    let joined = || {
        programme_memberships::table
            .filter(programme_memberships::programme.eq(programme))
            .filter(held_memberships())
            .filter(programme_memberships::from_on.le(as_of))
    };
    let number = joined().select(count(programme_memberships::innovation_id).aggregate_distinct()).first(conn)?;
    let invented = innovations::table.filter(innovations::illustrative.eq(true)).select(innovations::id);
    let marked = joined().filter(programme_memberships::innovation_id.eq_any(invented));
    Ok((number, marked.select(count_star()).first::<i64>(conn)? > 0))
}

/// Organisations that used an innovation that had joined.
pub fn organisations_using(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Counted> {
    let used = || {
        let joined = programme_memberships::table
            .filter(programme_memberships::programme.eq(programme))
            .filter(held_memberships())
            .filter(programme_memberships::from_on.le(as_of))
            .select(programme_memberships::innovation_id);
        held_on(Measure::InUse.stages().to_vec(), as_of)
            .inner_join(adoptions::table.inner_join(innovations::table))
            .filter(adoption_spells::innovation_id.eq_any(joined))
    };
    let number = used().select(count(adoption_spells::organisation_id).aggregate_distinct()).first(conn)?;
    let marked = used().filter(adoptions::illustrative.eq(true).or(innovations::illustrative.eq(true)));
    Ok((number, marked.select(count_star()).first::<i64>(conn)? > 0))
}

/// Benefits of one kind that had begun and that every side accepted: what was realised of them, and else what was claimed.
pub fn claims(conn: &mut Conn, programme: &str, kind: BenefitKind, as_of: NaiveDate) -> Result<Vec<Claim>> {
    let begun = benefits::table
        .inner_join(innovations::table)
        .filter(benefits::programme.eq(programme))
        .filter(benefits::kind.eq(kind))
        .filter(benefits::from_on.le(as_of))
        .filter(benefits::counted.eq(true))
        .filter(benefits::archived_at.is_null())
        .select((
            benefits::population,
            benefits::claimed,
            benefits::realised,
            benefits::qualifier,
            benefits::basis,
            benefits::illustrative,
            innovations::illustrative,
        ));
    type Row = (String, i64, Option<i64>, Qualifier, Basis, bool, bool);
    let claim = |(population, claimed, realised, qualifier, basis, invented, innovation): Row| Claim {
        population,
        hundredths: realised.unwrap_or(claimed),
        qualifier,
        basis,
        illustrative: invented || innovation,
    };
    Ok(begun.load::<Row>(conn)?.into_iter().map(claim).collect())
}

/// Money put into the programme's funds, in pence.
pub fn invested(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<Claim>> {
    let given = contributions::table
        .inner_join(funds::table)
        .filter(funds::programme.eq(programme))
        .filter(funds::currency.eq(CURRENCY))
        .filter(contributions::received_on.le(as_of))
        .select((contributions::amount_minor, funds::illustrative));
    let certain = |(hundredths, illustrative)| Claim {
        population: String::new(),
        hundredths,
        qualifier: Qualifier::Exact,
        basis: Basis::Measured,
        illustrative,
    };
    Ok(given.load::<(i64, bool)>(conn)?.into_iter().map(certain).collect())
}

/// Money that others invested, in pence.
pub fn raised(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<Claim>> {
    let made = external_investments::table
        .filter(external_investments::programme.eq(programme))
        .filter(external_investments::currency.eq(CURRENCY))
        .filter(external_investments::invested_on.le(as_of))
        .filter(external_investments::archived_at.is_null())
        .select((
            external_investments::amount_minor,
            external_investments::qualifier,
            external_investments::basis,
            external_investments::illustrative,
        ));
    let claim = |(hundredths, qualifier, basis, illustrative)| Claim {
        population: String::new(),
        hundredths,
        qualifier,
        basis,
        illustrative,
    };
    Ok(made.load::<(i64, Qualifier, Basis, bool)>(conn)?.into_iter().map(claim).collect())
}

/// Networks that supported it on the day.
pub fn supporting_networks(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Counted> {
    let partners = programme_partners::table
        .filter(programme_partners::programme.eq(programme))
        .filter(programme_partners::role.eq(PartnerRole::SupportingNetwork))
        .filter(held_partners())
        .filter(programme_partners::from_on.le(as_of))
        .filter(programme_partners::to_on.gt(as_of));
    let number = partners.select(count(programme_partners::organisation_id).aggregate_distinct()).first(conn)?;
    // Neither partners nor networks are ever invented.
    Ok((number, false))
}

/// Learning events that had begun before the instant.
pub fn events(conn: &mut Conn, programme: &str, before: NaiveDateTime) -> Result<Counted> {
    let held = || {
        learning_events::table
            .filter(learning_events::programme.eq(programme))
            .filter(learning_events::starts_at.lt(before))
    };
    let number = held().select(count_star()).first(conn)?;
    let marked = held().filter(learning_events::illustrative.eq(true));
    Ok((number, marked.select(count_star()).first::<i64>(conn)? > 0))
}
