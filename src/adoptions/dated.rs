//! What is dated of an adoption: beside its moves and counts the barriers, what it covers, and when its use was confirmed.

use super::counts::rules::{Counted, Counts, held};
use super::counts::store::{self as counts, CountRow};
use super::moves::rules::{History, Spell};
use super::moves::store::{self as moves, MoveRow};
use super::rules::{Adoption, AdoptionAdded, Barrier, CoveredCode, before_opening};
use super::store::NamedAdoption;
use crate::calendar::{Span, Until};
use crate::db::schema::{adoption_barriers, adoption_confirmations, adoption_covers, adoptions};
use crate::db::{Conn, Keep};
use crate::disclosure::rounded;
use crate::error::Result;
use crate::insert_all;
use crate::record::Stored;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What holds on which days once something else holds from a day on: until the next day on which a change was recorded, which
/// stays as it is.
pub fn restated<T: Ord + Clone>(present: &[(T, Span)], on: NaiveDate, new: &[T]) -> Vec<(T, Span)> {
    let changes = present.iter().flat_map(|(_, span)| [span.from, span.to]);
    let to = changes.filter(|day| *day > on).min().unwrap_or(Span::ALWAYS.to);
    let said = Span { from: on, to };
    let mut days: BTreeMap<&T, Vec<Span>> = BTreeMap::new();
    for (one, span) in present {
        days.entry(one).or_default().extend(span.without(&[said]));
    }
    for one in new {
        days.entry(one).or_default().push(said);
    }
    days.into_iter().flat_map(|(one, spans)| each(one, spans)).collect()
}

fn each<T: Clone>(one: &T, spans: Vec<Span>) -> Vec<(T, Span)> {
    Span::merged(spans).into_iter().map(|span| (one.clone(), span)).collect()
}

/// What an adoption covers on which days, without some codes from a day on.
pub fn without_codes(covers: &[(String, Span)], on: NaiveDate, gone: &BTreeSet<&str>) -> Vec<(String, Span)> {
    let (before, after) = (Span { to: on, ..Span::ALWAYS }, Span { from: on, ..Span::ALWAYS });
    let mut days: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for (codes, span) in covers {
        let left: Vec<&str> = codes.split_whitespace().filter(|code| !gone.contains(code)).collect();
        days.entry(codes.clone()).or_default().extend(span.meet(before));
        days.entry(left.join(" ")).or_default().extend(span.meet(after));
    }
    days.iter().filter(|(codes, _)| !codes.is_empty()).flat_map(|(codes, spans)| each(codes, spans.clone())).collect()
}

/// The days of confirmation once another is named, in their order; none once that is taken away.
pub fn confirmed(present: &[NaiveDate], named: Option<NaiveDate>) -> Vec<NaiveDate> {
    let Some(named) = named else { return Vec::new() };
    let days: BTreeSet<NaiveDate> = present.iter().copied().chain([named]).collect();
    days.into_iter().collect()
}

/// A barrier from one day up to another.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = adoption_barriers)]
struct BarrierRow {
    adoption_id: Id,
    barrier: Barrier,
    from_on: NaiveDate,
    to_on: Until,
}

/// What an adoption covers from one day up to another: codes with spaces between, or `all`.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = adoption_covers)]
struct CoversRow {
    adoption_id: Id,
    covers: String,
    from_on: NaiveDate,
    to_on: Until,
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = adoption_confirmations)]
struct ConfirmationRow {
    adoption_id: Id,
    confirmed_on: NaiveDate,
}

/// An adoption with all that is dated of it.
#[derive(Clone)]
pub struct DatedAdoption {
    pub named: NamedAdoption,
    /// Withdrawn ones too.
    pub moves: Vec<MoveRow>,
    /// Those that hold, by their day.
    pub counts: Vec<CountRow>,
    pub facts: DatedFacts,
}

/// The facts of an adoption that hold on some days.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DatedFacts {
    pub barriers: Vec<(Barrier, Span)>,
    /// Codes with spaces between, or `all`.
    pub covers: Vec<(String, Span)>,
    /// The days on which its use was confirmed, in their order.
    pub confirmations: Vec<NaiveDate>,
}

/// Those that hold until further notice.
fn lasting<T>(of: &[(T, Span)]) -> impl Iterator<Item = &T> {
    of.iter().filter(|(_, span)| span.to == Span::ALWAYS.to).map(|(one, _)| one)
}

impl DatedFacts {
    /// What it covers on a day: codes with spaces between, or `all`.
    pub fn covers_on(&self, day: NaiveDate) -> Option<&str> {
        self.covers.iter().find(|(_, span)| span.holds(day)).map(|(codes, _)| codes.as_str())
    }

    /// The same once what a client wrote of the facts that `speaks` names holds. What it covers is known of every day, where it was never
    /// said before.
    pub fn with(&self, new: &Adoption, today: NaiveDate, speaks: impl Fn(&str) -> bool) -> Self {
        let mut facts = self.clone();
        if speaks("barriers") {
            facts.barriers = restated(&self.barriers, new.barriers_on.unwrap_or(today), &new.barriers);
        }
        if speaks("covers") {
            let on = if self.covers.is_empty() { Span::ALWAYS.from } else { today };
            let codes: Vec<&str> = new.covers.iter().map(|code| code.0.as_str()).collect();
            let covers = if codes.is_empty() { vec![] } else { vec![codes.join(" ")] };
            facts.covers = restated(&self.covers, new.covers_on.unwrap_or(on), &covers);
        }
        if speaks("confirmedOn") {
            facts.confirmations = confirmed(&self.confirmations, new.confirmed_on);
        }
        facts
    }
}

impl DatedAdoption {
    /// One of which nothing is known yet beside its row.
    pub fn bare(named: NamedAdoption) -> Self {
        Self { named, moves: Vec::new(), counts: Vec::new(), facts: DatedFacts::default() }
    }

    pub fn history(&self) -> History {
        moves::history(&self.moves)
    }

    /// The spells by which it counts.
    pub fn spells(&self) -> Vec<Spell> {
        self.named.row.spells(&self.history())
    }

    /// What was counted by a day.
    pub fn counts_by(&self, day: NaiveDate) -> Counts {
        held(self.counts.iter().filter(|row| row.counted_on <= day).map(CountRow::said))
    }

    /// What was counted on a day.
    pub fn counted_on(&self, day: NaiveDate) -> Counted {
        self.counts.iter().find(|row| row.counted_on == day).map(CountRow::said).unwrap_or_default()
    }

    /// What a client writes of it.
    pub fn adoption(&self) -> Adoption {
        let NamedAdoption { row, innovation, organisation } = &self.named;
        let covers = lasting(&self.facts.covers).flat_map(|codes| codes.split_whitespace());
        let bare = Adoption {
            indication: Some(row.indication.clone()).filter(|indication| !indication.is_empty()),
            decided_by: row.decided_by.clone(),
            barriers: lasting(&self.facts.barriers).copied().collect(),
            covers: covers.map(|code| CoveredCode(code.to_owned())).collect(),
            confirmed_on: self.facts.confirmations.last().copied(),
            evidence: row.evidence.clone(),
            illustrative: row.illustrative,
            ..Adoption::of(innovation.0.clone(), organisation.0.clone(), row.stage)
        };
        bare.counting(self.counts_by(Span::ALWAYS.to), self.counts.last().map(|row| row.counted_on)).normal()
    }

    /// The answer, with the count of patients as it is or as others may see it.
    pub fn stored(self, suppressed: bool) -> Stored<Adoption> {
        let mut written = self.adoption();
        if suppressed {
            written.patients = written.patients.and_then(|count| rounded(count, 1));
        }
        let history = self.history();
        let (using_from, using_to) = history.used().last().copied().map_or((None, None), Span::ends);
        let NamedAdoption { row, innovation, organisation } = self.named;
        let first = history.steps().first().map(|step| step.on);
        let added = AdoptionAdded {
            id: row.id,
            innovation_name: innovation.1,
            organisation_name: organisation.1,
            stage_on: history.spells().last().map_or(row.created_at.date(), |spell| spell.from),
            using_from,
            using_to,
            approval: row.approval,
            approved_by: row.approved_by,
            approved_on: row.approved_on,
            warnings: before_opening(first, organisation.2).into_iter().collect(),
            suppressed,
        };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    }
}

/// The adoptions with all that is dated of them, in the same order.
pub fn dated(conn: &mut Conn, rows: Vec<NamedAdoption>) -> Result<Vec<DatedAdoption>> {
    let ids: Vec<Id> = rows.iter().map(|found| found.row.id).collect();
    let mut moves: HashMap<Id, Vec<MoveRow>> = HashMap::new();
    for row in moves::moves(conn, &ids)? {
        moves.entry(row.adoption_id).or_default().push(row);
    }
    let mut counts: HashMap<Id, Vec<CountRow>> = HashMap::new();
    for row in counts::counts(conn, &ids)? {
        counts.entry(row.adoption_id).or_default().push(row);
    }
    let mut facts = facts_of(conn, &ids)?;
    let dated = |named: NamedAdoption| {
        let id = named.row.id;
        DatedAdoption {
            named,
            moves: moves.remove(&id).unwrap_or_default(),
            counts: counts.remove(&id).unwrap_or_default(),
            facts: facts.remove(&id).unwrap_or_default(),
        }
    };
    Ok(rows.into_iter().map(dated).collect())
}

/// The facts of some adoptions that hold on some days.
pub fn facts_of(conn: &mut Conn, adoptions: &[Id]) -> Result<HashMap<Id, DatedFacts>> {
    let mut facts: HashMap<Id, DatedFacts> = HashMap::new();
    // SQLite takes a bounded number of parameters.
    for some in adoptions.chunks(10_000) {
        let of_barriers = adoption_barriers::adoption_id.eq_any(some.to_vec());
        for row in adoption_barriers::table.filter(of_barriers).load::<BarrierRow>(conn)? {
            let span = Span { from: row.from_on, to: row.to_on.day() };
            facts.entry(row.adoption_id).or_default().barriers.push((row.barrier, span));
        }
        let of_covers = adoption_covers::adoption_id.eq_any(some.to_vec());
        for row in adoption_covers::table.filter(of_covers).load::<CoversRow>(conn)? {
            let span = Span { from: row.from_on, to: row.to_on.day() };
            facts.entry(row.adoption_id).or_default().covers.push((row.covers, span));
        }
        let confirmations = adoption_confirmations::table
            .filter(adoption_confirmations::adoption_id.eq_any(some.to_vec()))
            .order_by((adoption_confirmations::adoption_id, adoption_confirmations::confirmed_on));
        for row in confirmations.load::<ConfirmationRow>(conn)? {
            facts.entry(row.adoption_id).or_default().confirmations.push(row.confirmed_on);
        }
    }
    for of in facts.values_mut() {
        // As `restated` puts them, so that two can be compared.
        of.barriers.sort_unstable();
        of.covers.sort_unstable();
    }
    Ok(facts)
}

type CoversOf = HashMap<Id, Vec<(String, Span)>>;
type ConfirmationsOf = HashMap<Id, Vec<NaiveDate>>;

/// What each adoption of an innovation covered, and when its use was confirmed.
pub fn covers_and_confirmations(conn: &mut Conn, innovation: Id) -> Result<(CoversOf, ConfirmationsOf)> {
    let of_innovation = adoptions::innovation_id.eq(innovation);
    // The index of adoptions by innovation is one of those that stand.
    let rows = adoption_covers::table.inner_join(adoptions::table).filter(of_innovation);
    let rows = rows.filter(adoptions::archived_at.is_null());
    let mut covers = CoversOf::new();
    for row in rows.select(adoption_covers::all_columns).load::<CoversRow>(conn)? {
        covers.entry(row.adoption_id).or_default().push((row.covers, Span { from: row.from_on, to: row.to_on.day() }));
    }
    let rows = adoption_confirmations::table.inner_join(adoptions::table).filter(of_innovation);
    let rows = rows.filter(adoptions::archived_at.is_null());
    let mut confirmations = ConfirmationsOf::new();
    for row in rows.select(adoption_confirmations::all_columns).load::<ConfirmationRow>(conn)? {
        confirmations.entry(row.adoption_id).or_default().push(row.confirmed_on);
    }
    Ok((covers, confirmations))
}

/// Writes the facts of an adoption anew.
pub fn write_facts(conn: &mut Conn, adoption_id: Id, facts: &DatedFacts) -> Result<()> {
    diesel::delete(adoption_barriers::table.filter(adoption_barriers::adoption_id.eq(adoption_id)))
        .execute_kept(conn)?;
    let barrier = |(barrier, span): &(Barrier, Span)| BarrierRow {
        adoption_id,
        barrier: *barrier,
        from_on: span.from,
        to_on: Some(span.to).into(),
    };
    insert_all!(conn, adoption_barriers::table, facts.barriers.iter().map(barrier).collect::<Vec<_>>());
    diesel::delete(adoption_covers::table.filter(adoption_covers::adoption_id.eq(adoption_id))).execute_kept(conn)?;
    let covers = |(covers, span): &(String, Span)| CoversRow {
        adoption_id,
        covers: covers.clone(),
        from_on: span.from,
        to_on: Some(span.to).into(),
    };
    insert_all!(conn, adoption_covers::table, facts.covers.iter().map(covers).collect::<Vec<_>>());
    let those = adoption_confirmations::table.filter(adoption_confirmations::adoption_id.eq(adoption_id));
    diesel::delete(those).execute_kept(conn)?;
    let confirmation = |day: &NaiveDate| ConfirmationRow { adoption_id, confirmed_on: *day };
    let rows: Vec<ConfirmationRow> = facts.confirmations.iter().map(confirmation).collect();
    insert_all!(conn, adoption_confirmations::table, rows);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, 1)
            .and_then(|first| first.checked_add_days(chrono::Days::new(number)))
            .expect("a day")
    }

    fn on(of: &[(u8, Span)], day: NaiveDate) -> Vec<u8> {
        let mut found: Vec<u8> =
            of.iter().filter(|(_, span)| span.from <= day && day < span.to).map(|(one, _)| *one).collect();
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn what_is_said_of_a_day_holds_until_the_next_change(said in prop::collection::vec((0_u64..20, prop::collection::btree_set(0_u8..4, 0..4)), 0..6), at in 0_u64..20, new in prop::collection::btree_set(0_u8..4, 0..4)) {
            let mut present = Vec::new();
            for (number, those) in &said {
                present = restated(&present, day(*number), &those.iter().copied().collect::<Vec<_>>());
            }
            let new: Vec<u8> = new.into_iter().collect();
            let after = restated(&present, day(at), &new);
            let changes = |number: &u64| on(&present, day(*number)) != on(&present, day(number - 1));
            let next = (at + 1..25).find(changes).unwrap_or(25);
            for number in 0..25 {
                let expected = if (at..next).contains(&number) { new.clone() } else { on(&present, day(number)) };
                prop_assert_eq!(on(&after, day(number)), expected, "on day {}", number);
            }
            prop_assert_eq!(restated(&after, day(at), &new), after);
        }
    }

    #[test]
    fn codes_are_taken_out_from_a_day_on_and_what_is_left_stays() {
        let span = |from: u64, to: u64| Span { from: day(from), to: day(to) };
        let covers =
            |rows: &[(&str, Span)]| rows.iter().map(|(codes, span)| ((*codes).to_owned(), *span)).collect::<Vec<_>>();
        let present = covers(&[("A", span(0, 5)), ("A B", span(5, 9)), ("A B C", span(9, 12)), ("B", span(12, 20))]);
        let expected = covers(&[("A", span(0, 9)), ("A C", span(9, 12))]);
        assert_eq!(without_codes(&present, day(5), &BTreeSet::from(["B"])), expected);
        let later = covers(&[("A", span(0, 5)), ("A B", span(5, 7)), ("A", span(7, 9)), ("A C", span(9, 12))]);
        let mut found = without_codes(&present, day(7), &BTreeSet::from(["B"]));
        found.sort_by_key(|(_, span)| span.from);
        assert_eq!(found, later);
    }

    #[test]
    fn confirmations_are_a_set_of_days() {
        let days = |numbers: &[u64]| numbers.iter().copied().map(day).collect::<Vec<_>>();
        for (named, expected) in [
            (Some(9), vec![1, 5, 9]),
            (Some(5), vec![1, 5]),
            (Some(3), vec![1, 3, 5]),
            (Some(0), vec![0, 1, 5]),
            (None, vec![]),
        ] {
            assert_eq!(confirmed(&days(&[1, 5]), named.map(day)), days(&expected), "{named:?}");
        }
    }
}
