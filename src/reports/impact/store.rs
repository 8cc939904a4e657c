//! What an impact report is made of: one query a figure, each with the meaning of the list it points at.

use super::rules::Claim;
use crate::benefits::rules::BenefitKind;
use crate::db::Conn;
use crate::db::schema::{
    adoptions, benefits, contributions, external_investments, fellowships, funds, learning_events,
    programme_memberships, programme_partners,
};
use crate::error::Result;
use crate::people::fellowships::rules::FellowshipState;
use crate::programmes::partners::rules::PartnerRole;
use crate::vocabulary::{Basis, Qualifier};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;

/// The states of a fellowship that has begun.
pub const BEGUN: [FellowshipState; 3] = [FellowshipState::Active, FellowshipState::Paused, FellowshipState::Completed];

/// The one currency that is summed.
pub const CURRENCY: &str = "GBP";

/// Fellows whose fellowships had begun.
///
/// # Errors
/// The database's own.
pub fn fellows(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<i64> {
    let held = fellowships::table
        .filter(fellowships::programme.eq(programme))
        .filter(fellowships::from_on.le(as_of))
        .filter(fellowships::state.eq_any(BEGUN));
    Ok(held.select(count(fellowships::fellow_id).aggregate_distinct()).first(conn)?)
}

/// Innovations that had joined.
///
/// # Errors
/// The database's own.
pub fn innovations(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<i64> {
    let joined = programme_memberships::table
        .filter(programme_memberships::programme.eq(programme))
        .filter(programme_memberships::from_on.le(as_of));
    Ok(joined.select(count(programme_memberships::innovation_id).aggregate_distinct()).first(conn)?)
}

/// Organisations that used an innovation that had joined.
///
/// # Errors
/// The database's own.
pub fn organisations_using(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<i64> {
    let joined = programme_memberships::table
        .filter(programme_memberships::programme.eq(programme))
        .filter(programme_memberships::from_on.le(as_of))
        .select(programme_memberships::innovation_id);
    let used = adoptions::table
        .filter(adoptions::innovation_id.eq_any(joined))
        .filter(adoptions::using_from.le(as_of))
        .filter(adoptions::using_to.gt(as_of));
    Ok(used.select(count(adoptions::organisation_id).aggregate_distinct()).first(conn)?)
}

/// Benefits of one kind that had begun: what was realised of them, and else what was claimed.
///
/// # Errors
/// The database's own.
pub fn claims(conn: &mut Conn, programme: &str, kind: BenefitKind, as_of: NaiveDate) -> Result<Vec<Claim>> {
    let begun = benefits::table
        .filter(benefits::programme.eq(programme))
        .filter(benefits::kind.eq(kind))
        .filter(benefits::from_on.le(as_of))
        .filter(benefits::archived_at.is_null())
        .select((benefits::population, benefits::claimed, benefits::realised, benefits::qualifier, benefits::basis));
    let rows: Vec<(String, i64, Option<i64>, Qualifier, Basis)> = begun.load(conn)?;
    let claim = |(population, claimed, realised, qualifier, basis): (String, i64, Option<i64>, _, _)| Claim {
        population,
        hundredths: realised.unwrap_or(claimed),
        qualifier,
        basis,
    };
    Ok(rows.into_iter().map(claim).collect())
}

/// Money put into the programme's funds, in pence.
///
/// # Errors
/// The database's own.
pub fn invested(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<Claim>> {
    let given = contributions::table
        .inner_join(funds::table)
        .filter(funds::programme.eq(programme))
        .filter(funds::currency.eq(CURRENCY))
        .filter(contributions::received_on.le(as_of))
        .select(contributions::amount_minor);
    let certain = |minor| Claim {
        population: String::new(),
        hundredths: minor,
        qualifier: Qualifier::Exact,
        basis: Basis::Measured,
    };
    Ok(given.load::<i64>(conn)?.into_iter().map(certain).collect())
}

/// Money that others invested, in pence.
///
/// # Errors
/// The database's own.
pub fn raised(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<Claim>> {
    let made = external_investments::table
        .filter(external_investments::programme.eq(programme))
        .filter(external_investments::currency.eq(CURRENCY))
        .filter(external_investments::invested_on.le(as_of))
        .filter(external_investments::archived_at.is_null())
        .select((external_investments::amount_minor, external_investments::qualifier, external_investments::basis));
    let rows: Vec<(i64, Qualifier, Basis)> = made.load(conn)?;
    let claim = |(hundredths, qualifier, basis)| Claim { population: String::new(), hundredths, qualifier, basis };
    Ok(rows.into_iter().map(claim).collect())
}

/// Networks that supported it on the day.
///
/// # Errors
/// The database's own.
pub fn supporting_networks(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<i64> {
    let partners = programme_partners::table
        .filter(programme_partners::programme.eq(programme))
        .filter(programme_partners::role.eq(PartnerRole::SupportingNetwork))
        .filter(programme_partners::from_on.le(as_of))
        .filter(programme_partners::to_on.gt(as_of));
    Ok(partners.select(count(programme_partners::organisation_id).aggregate_distinct()).first(conn)?)
}

/// Learning events that had begun before the instant.
///
/// # Errors
/// The database's own.
pub fn events(conn: &mut Conn, programme: &str, before: NaiveDateTime) -> Result<i64> {
    let held = learning_events::table
        .filter(learning_events::programme.eq(programme))
        .filter(learning_events::starts_at.lt(before));
    Ok(held.select(count_star()).first(conn)?)
}
