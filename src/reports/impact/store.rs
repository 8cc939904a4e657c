//! The queries of an impact report. Each figure has the meaning of the list that it links to.

use super::holders::Holders;
use super::places::{Nesting, Place};
use super::rules::Sum;
use super::yearly::Claim;
use crate::adoptions::counts::store::held_on as counts_on;
use crate::adoptions::moves::rules::Measure;
use crate::adoptions::moves::store::{first_uses, held_on};
use crate::adoptions::store::{Window, windows_of};
use crate::benefits::kinds::{BenefitKind, CountedBy, Counts, Depth, Recurrence, SavingClass};
use crate::calendar::{Span, Until};
use crate::db::schema::{
    adoption_counts, adoption_spells, adoptions, benefits, contributions, external_investments, fellows, fellowships,
    funds, innovations, learning_events, organisations, people, programme_memberships, programme_partners,
};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::external_investments::rules::Sector;
use crate::funding::external_investments::store::while_member;
use crate::innovations::store::{HeldMemberships, held_memberships, members};
use crate::organisations::rules::OrganisationType;
use crate::organisations::store::nested;
use crate::people::fellowships::rules::FellowshipState;
use crate::people::fellowships::store::moved_to;
use crate::programmes::partners::rules::PartnerRole;
use crate::programmes::store::held_partners;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{self, count, count_star};
use diesel::prelude::*;
use std::collections::{BTreeSet, HashSet};

/// The one currency that is summed.
pub const CURRENCY: &str = "GBP";

/// How many there are, and whether one of them is invented for illustration.
pub type Counted = (i64, bool);

/// Fellows whose fellowships had begun; with `active`, those whose fellowships lasted too.
pub fn fellows(conn: &mut Conn, programme: &str, as_of: NaiveDate, active: bool) -> Result<Counted> {
    let held = || {
        let begun = fellowships::table
            .filter(fellowships::programme.eq(programme.to_owned()))
            .filter(fellowships::from_on.le(as_of))
            .filter(fellowships::state.ne_all(FellowshipState::UNAGREED))
            .filter(fellowships::id.eq_any(moved_to(vec![FellowshipState::Active], as_of)))
            .into_boxed::<MultiBackend>();
        let ended = moved_to(FellowshipState::ENDED.to_vec(), as_of);
        if active { begun.filter(fellowships::to_on.gt(as_of)).filter(fellowships::id.ne_all(ended)) } else { begun }
    };
    let number = held().select(count(fellowships::fellow_id).aggregate_distinct()).first(conn)?;
    let invented = fellows::table.inner_join(people::table).filter(people::illustrative.eq(true)).select(fellows::id);
    let marked: i64 = held().filter(fellowships::fellow_id.eq_any(invented)).select(count_star()).first(conn)?;
    Ok((number, marked > 0))
}

/// Innovations that had joined, and the other programmes that one of them was in on the day; with `active`, those that were still in it.
pub fn innovations(conn: &mut Conn, programme: &str, as_of: NaiveDate, active: bool) -> Result<(Counted, Vec<String>)> {
    let joined = || {
        let left = if active { as_of } else { Span::ALWAYS.from };
        let living = innovations::table.filter(innovations::archived_at.is_null()).select(innovations::id);
        members(programme.to_owned(), as_of, left).filter(programme_memberships::innovation_id.eq_any(living))
    };
    let those: Vec<Id> = joined().select(programme_memberships::innovation_id).distinct().load(conn)?;
    let invented = innovations::table.filter(innovations::illustrative.eq(true)).select(innovations::id);
    let marked = joined().filter(programme_memberships::innovation_id.eq_any(invented));
    let marked = marked.select(count_star()).first::<i64>(conn)? > 0;
    Ok(((those.len() as i64, marked), others_with(conn, programme, those, as_of)?))
}

/// Organisations that used on the day an innovation that was in the programme on it, and the other programmes that one of those
/// innovations was in.
pub fn organisations_using(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<(Counted, Vec<String>)> {
    let inside = || members(programme.to_owned(), as_of, as_of).select(programme_memberships::innovation_id);
    let used = || {
        held_on(Measure::InUse.stages().to_vec(), as_of)
            .inner_join(adoptions::table.inner_join(innovations::table))
            .filter(adoption_spells::innovation_id.eq_any(inside()))
    };
    let number = used().select(count(adoption_spells::organisation_id).aggregate_distinct()).first(conn)?;
    let marked = used().filter(adoptions::illustrative.eq(true).or(innovations::illustrative.eq(true)));
    let marked = marked.select(count_star()).first::<i64>(conn)? > 0;
    let innovations: Vec<Id> = used().select(adoption_spells::innovation_id).distinct().load(conn)?;
    Ok(((number, marked), others_with(conn, programme, innovations, as_of)?))
}

/// The other programmes that one of the innovations was in on the day.
fn others_with(conn: &mut Conn, programme: &str, innovations: Vec<Id>, as_of: NaiveDate) -> Result<Vec<String>> {
    let held: HeldMemberships = held_memberships();
    let others = programme_memberships::table
        .filter(programme_memberships::programme.ne(programme.to_owned()))
        .filter(held)
        .filter(programme_memberships::from_on.le(as_of))
        .filter(programme_memberships::to_on.gt(as_of))
        .filter(programme_memberships::innovation_id.eq_any(innovations));
    let programmes = others.select(programme_memberships::programme).distinct();
    Ok(programmes.order_by(programme_memberships::programme).load(conn)?)
}

/// Those of the adoptions that are invented for illustration, or whose innovation is.
fn invented(conn: &mut Conn, adoptions: Vec<Id>) -> Result<HashSet<Id>> {
    let marked = adoptions::table
        .inner_join(innovations::table)
        .filter(adoptions::id.eq_any(adoptions))
        .filter(adoptions::illustrative.eq(true).or(innovations::illustrative.eq(true)));
    Ok(marked.select(adoptions::id).load(conn)?.into_iter().collect())
}

/// A first use of an innovation by an organisation, the day on which it began, and whether it is invented for illustration.
pub type FirstUse = (Id, Id, NaiveDate, bool);

/// The first uses by the day of innovations that were ever in the programme, and the windows of all programmes for them.
pub fn first_uses_by(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<(Vec<FirstUse>, Vec<Window>)> {
    let inside = members(programme.to_owned(), as_of, Span::ALWAYS.from).select(programme_memberships::innovation_id);
    let uses = first_uses()
        .filter(adoption_spells::innovation_id.eq_any(inside))
        .filter(adoption_spells::from_on.le(as_of))
        .select((
            adoption_spells::innovation_id,
            adoption_spells::organisation_id,
            adoption_spells::from_on,
            adoption_spells::adoption_id,
        ));
    let uses: Vec<(Id, Id, NaiveDate, Id)> = uses.load(conn)?;
    let invented = invented(conn, uses.iter().map(|(.., adoption)| *adoption).collect())?;
    let marked =
        |(innovation, organisation, on, adoption)| (innovation, organisation, on, invented.contains(&adoption));
    let uses: Vec<FirstUse> = uses.into_iter().map(marked).collect();
    let innovations: BTreeSet<Id> = uses.iter().map(|(innovation, ..)| *innovation).collect();
    Ok((uses, windows_of(conn, innovations)?))
}

/// What was last counted by the day of the sites of adoptions in use on it of innovations that were in the programme.
pub fn sites(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<Sum>> {
    let inside = members(programme.to_owned(), as_of, as_of).select(programme_memberships::innovation_id);
    let used = held_on(Measure::InUse.stages().to_vec(), as_of)
        .filter(adoption_spells::innovation_id.eq_any(inside))
        .select(adoption_spells::adoption_id);
    let held = counts_on(as_of)
        .filter(adoption_counts::adoption_id.eq_any(used))
        .filter(adoption_counts::sites.is_not_null())
        .select((
            adoption_counts::adoption_id,
            adoption_counts::sites.assume_not_null(),
            adoption_counts::sites_qualifier,
            adoption_counts::sites_basis,
        ));
    type Row = (Id, i64, Option<Qualifier>, Option<Basis>);
    let held: Vec<Row> = held.load(conn)?;
    let invented = invented(conn, held.iter().map(|(adoption, ..)| *adoption).collect())?;
    let site = |(adoption, sites, qualifier, basis): Row| Sum {
        hundredths: sites.saturating_mul(100),
        qualifier: qualifier.unwrap_or(Qualifier::Exact),
        basis: basis.unwrap_or(Basis::Measured),
        illustrative: invented.contains(&adoption),
    };
    Ok(held.into_iter().map(site).collect())
}

/// A claim that had begun and that every side accepted.
#[derive(Queryable)]
pub struct ClaimRow {
    pub id: Id,
    pub innovation: Id,
    pub organisation: Option<Id>,
    pub organisation_type: Option<OrganisationType>,
    pub kind: BenefitKind,
    pub class: Option<SavingClass>,
    pub recurrence: Recurrence,
    pub counts: Option<Counts>,
    pub counted_by: Option<CountedBy>,
    pub depth: Option<Depth>,
    pub new_in_period: bool,
    pub monetises: Option<Id>,
    pub claimed: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub from: NaiveDate,
    pub to: Until,
    pub illustrative: bool,
    innovation_illustrative: bool,
}

impl ClaimRow {
    pub fn figure(&self) -> Sum {
        let illustrative = self.is_illustrative();
        Sum { hundredths: self.claimed, qualifier: self.qualifier, basis: self.basis, illustrative }
    }

    pub fn is_illustrative(&self) -> bool {
        self.illustrative || self.innovation_illustrative
    }

    /// What its figures by year are of.
    pub fn subject(&self) -> Claim {
        let period = Span { from: self.from, to: self.to.day() };
        let Self { id, innovation, monetises, .. } = *self;
        Claim { id, innovation, place: self.place(), period, monetises }
    }

    pub fn place(&self) -> Place {
        let country = self.organisation_type == Some(OrganisationType::England);
        self.organisation.filter(|_| !country).map_or(Place::Country, Place::Body)
    }
}

/// The claims of a programme by a day, save those that are described without a figure.
pub fn claims(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<ClaimRow>> {
    let begun = benefits::table
        .inner_join(innovations::table)
        .left_join(organisations::table)
        .filter(benefits::programme.eq(programme.to_owned()))
        .filter(benefits::from_on.le(as_of))
        .filter(benefits::counted.eq(true))
        .filter(benefits::archived_at.is_null())
        .order_by(benefits::id)
        .select((
            benefits::id,
            benefits::innovation_id,
            benefits::organisation_id,
            organisations::kind.nullable(),
            benefits::kind,
            benefits::class,
            benefits::recurrence,
            benefits::counts,
            benefits::counted_by,
            benefits::depth,
            benefits::new_in_period,
            benefits::monetises,
            benefits::claimed,
            benefits::qualifier,
            benefits::basis,
            benefits::from_on,
            benefits::to_on,
            benefits::illustrative,
            innovations::illustrative,
        ));
    let mut rows: Vec<ClaimRow> = begun.load(conn)?;
    rows.retain(|row| row.class != Some(SavingClass::Qualitative));
    // What puts an invented benefit into money is invented too.
    let behind: Vec<Id> = rows.iter().filter_map(|row| row.monetises).collect();
    let invented = benefits::table.filter(benefits::id.eq_any(behind)).filter(benefits::illustrative.eq(true));
    let invented: HashSet<Id> = invented.select(benefits::id).load(conn)?.into_iter().collect();
    for row in &mut rows {
        row.illustrative |= row.monetises.is_some_and(|behind| invented.contains(&behind));
    }
    Ok(rows)
}

/// Which of the places of these claims lay within which others by the day, and which claims hold which.
pub fn nesting(conn: &mut Conn, claims: &[ClaimRow], as_of: NaiveDate) -> Result<Nesting> {
    let places: BTreeSet<Id> = claims.iter().filter_map(|claim| claim.organisation).collect();
    let is_network = |claim: &&ClaimRow| claim.organisation_type == Some(OrganisationType::Hin);
    let networks = claims.iter().filter(is_network).filter_map(|claim| claim.organisation).collect();
    let pairs = nested(conn, &places.into_iter().collect::<Vec<_>>(), as_of)?;
    Ok(Nesting::new(pairs, networks, holders(conn, claims)?))
}

/// Which claims about the same innovations hold which others or took their places, those that are gone too.
fn holders(conn: &mut Conn, claims: &[ClaimRow]) -> Result<Holders> {
    let innovations: BTreeSet<Id> = claims.iter().map(|claim| claim.innovation).collect();
    let linked = benefits::table
        .filter(benefits::innovation_id.eq_any(innovations))
        .filter(benefits::counted_within.is_not_null().or(benefits::replaces.is_not_null()))
        .select((
            benefits::id,
            benefits::counted_within,
            // A claim takes the place of another once it counts.
            dsl::case_when(benefits::counted.eq(true), benefits::replaces),
        ));
    Ok(Holders::new(linked.load::<(Id, Option<Id>, Option<Id>)>(conn)?))
}

/// Money put into the programme's funds, in pence.
pub fn invested(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<Sum>> {
    let given = contributions::table
        .inner_join(funds::table)
        .filter(funds::programme.eq(programme))
        .filter(funds::currency.eq(CURRENCY))
        .filter(contributions::received_on.le(as_of))
        .filter(contributions::withdrawn_at.is_null())
        .select((contributions::amount_minor, funds::illustrative));
    let certain = |(hundredths, illustrative)| Sum {
        hundredths,
        qualifier: Qualifier::Exact,
        basis: Basis::Measured,
        illustrative,
    };
    Ok(given.load::<(i64, bool)>(conn)?.into_iter().map(certain).collect())
}

/// Money that others invested while the innovation or the fellow was in the programme, in pence, each with whose money it was.
pub fn raised(conn: &mut Conn, programme: &str, as_of: NaiveDate) -> Result<Vec<(Option<Sector>, Sum)>> {
    let made = external_investments::table
        .filter(external_investments::programme.eq(programme))
        .filter(external_investments::currency.eq(CURRENCY))
        .filter(external_investments::invested_on.le(as_of))
        .filter(external_investments::archived_at.is_null())
        .filter(while_member())
        .select((
            external_investments::sector,
            external_investments::amount_minor,
            external_investments::qualifier,
            external_investments::basis,
            external_investments::illustrative,
        ));
    type Row = (Option<Sector>, i64, Qualifier, Basis, bool);
    let given = |(sector, hundredths, qualifier, basis, illustrative): Row| {
        (sector, Sum { hundredths, qualifier, basis, illustrative })
    };
    Ok(made.load::<Row>(conn)?.into_iter().map(given).collect())
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
