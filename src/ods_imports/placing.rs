//! What a file's word on where an organisation lies changes of the edges above it. What holds already is left as it is, and
//! the past changes by days alone that the file itself says.

use super::rules::Days;
use crate::calendar::Span;
use crate::vocabulary::Id;
use chrono::NaiveDate;

/// An edge that stands above an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    pub parent: Id,
    pub span: Span,
}

/// That an organisation lies below another.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    pub parent: Id,
    pub days: Days,
    /// The days on which the organisation exists, as far as they are known.
    pub life: Span,
    pub parent_life: Span,
    /// Whether it lies below one alone on a day.
    pub alone: bool,
}

/// What changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// New ends of edges, by their places among those given.
    pub ends: Vec<(usize, NaiveDate)>,
    pub begins: Option<Span>,
}

/// Why nothing changes, to be checked by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    pub code: &'static str,
    pub detail: String,
}

impl Objection {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    fn overlap(from: NaiveDate) -> Self {
        let from = if from == Span::ALWAYS.from { "always".to_owned() } else { format!("from {from} on") };
        Self::new("overlap", format!("The register has it elsewhere, or there, {from}. Correct its edges by hand."))
    }
}

/// What is to change of the edges of one kind above an organisation, so that it lies where a file of the day `on` says. Where
/// the file gives no day of joining, a new parent counts from `on`, or from the opening of what had no parent yet.
///
/// # Errors
/// What contradicts it.
pub fn place(edges: &[Stands], said: &Said, on: NaiveDate) -> Result<Moved, Objection> {
    let life = if said.alone { said.life } else { Span { to: said.life.to.min(said.parent_life.to), ..said.life } };
    let to = said.days.left.map_or(life.to, |left| left.min(life.to));
    let there = || edges.iter().enumerate().filter(|(_, edge)| edge.parent == said.parent);
    let same = match said.days.joined {
        Some(day) => there().find(|(_, edge)| edge.span.holds(day)),
        None if to <= on => there().max_by_key(|(_, edge)| edge.span.to),
        None => there().find(|(_, edge)| edge.span.holds(on)),
    };
    match same {
        Some((_, edge)) if edge.span.to == to => Ok(Moved::default()),
        Some((place, edge)) if said.days.left.is_some() || edge.span.to > to => {
            let gained = Span { from: edge.span.to, to };
            let other = edges.iter().find(|other| said.meets(other, gained));
            match other {
                _ if to <= edge.span.from => Err(Objection::new(
                    "range",
                    format!("It left before {}, from which on the register has it there.", edge.span.from),
                )),
                Some(other) => Err(Objection::overlap(other.span.from)),
                None => Ok(Moved { ends: vec![(place, to)], begins: None }),
            }
        }
        // Another edge to the same parent says that it came back, and an end to come is known from elsewhere.
        Some(_) if said.days.joined.is_none() || there().any(|(_, other)| other.span.to == to) => Ok(Moved::default()),
        Some((_, edge)) => {
            let detail = format!(
                "The register has it there until {}, and the file says no day on which it left. Correct its edges by hand.",
                edge.span.to
            );
            Err(Objection::new("left", detail))
        }
        None if said.days.joined.is_none() && to <= on && !edges.is_empty() => Ok(Moved::default()),
        None => begin(edges, said, on, to),
    }
}

fn begin(edges: &[Stands], said: &Said, on: NaiveDate, to: NaiveDate) -> Result<Moved, Objection> {
    let opened = if said.alone { said.life.from } else { said.life.from.max(said.parent_life.from) };
    let from = said.days.joined.unwrap_or(if edges.is_empty() { opened } else { on });
    if from >= said.life.to {
        return Err(Objection::new("closed", format!("It closed on {}, before it would lie there.", said.life.to)));
    }
    if from >= said.parent_life.to {
        let detail = format!("What it would lie below from {from} on closed on {}.", said.parent_life.to);
        return Err(Objection::new("closed", detail));
    }
    if from >= to {
        return Err(Objection::new("range", format!("It would join on {from} and leave by {to}. Correct the file.")));
    }
    let span = Span { from, to };
    let mut ends = Vec::new();
    for (place, edge) in edges.iter().enumerate().filter(|(_, edge)| said.meets(edge, span)) {
        // Of an edge that goes on after this one, nothing would be left for the days after it.
        if edge.parent == said.parent || edge.span.from >= from || edge.span.to > to {
            return Err(Objection::overlap(edge.span.from));
        }
        ends.push((place, from));
    }
    Ok(Moved { ends, begins: Some(span) })
}

impl Said {
    /// Whether an edge cannot hold beside one of this parent on those days.
    fn meets(&self, edge: &Stands, span: Span) -> bool {
        (self.alone || edge.parent == self.parent) && edge.span.meet(span).is_some()
    }
}

/// The new end of an edge of an organisation that now ends on another day than it did: an edge ends no later, and one that
/// ended with the organisation still does.
pub fn follow(edge: Span, was: Option<NaiveDate>, is: Option<NaiveDate>) -> Option<NaiveDate> {
    let to = is.unwrap_or(Span::ALWAYS.to);
    let changes = was == Some(edge.to) || edge.to > to;
    (changes && to != edge.to && to > edge.from).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 4, 1).expect("a day")
    }

    /// An edge to a parent over some years; 0 is no end.
    fn stands(parent: u32, from: i32, to: i32) -> Stands {
        let end = |year: i32, none| if year == 0 { none } else { day(year) };
        let span = Span { from: end(from, Span::ALWAYS.from), to: end(to, Span::ALWAYS.to) };
        Stands { parent: Id::foreseen("parent", parent), span }
    }

    fn said(parent: u32, joined: Option<i32>, left: Option<i32>) -> Said {
        Said {
            parent: Id::foreseen("parent", parent),
            days: Days { joined: joined.map(day), left: left.map(day) },
            life: Span { from: day(1994), ..Span::ALWAYS },
            parent_life: Span::ALWAYS,
            alone: true,
        }
    }

    fn moved(ends: &[(usize, i32)], begins: Option<(i32, i32)>) -> Result<Moved, &'static str> {
        let ends = ends.iter().map(|(place, year)| (*place, day(*year))).collect();
        Ok(Moved { ends, begins: begins.map(|(from, to)| stands(1, from, to).span) })
    }

    #[test]
    fn where_it_lies_changes_from_the_day_that_is_said_and_never_before() {
        let stays = || moved(&[], None);
        let one = [stands(1, 0, 0)];
        let returned = [stands(1, 0, 2025), stands(2, 2025, 0)];
        for (edges, said, expected) in [
            (&[][..], said(1, None, None), moved(&[], Some((1994, 0)))),
            (&[], said(1, Some(2022), Some(2024)), moved(&[], Some((2022, 2024)))),
            (&[], said(1, Some(2024), Some(2022)), Err("range")),
            (&one, said(1, None, None), stays()),
            (&one, said(1, Some(2022), None), stays()),
            (&one, said(1, Some(2022), Some(2024)), moved(&[(0, 2024)], None)),
            (&one, said(2, None, None), moved(&[(0, 2026)], Some((2026, 0)))),
            (&one, said(2, Some(2022), None), moved(&[(0, 2022)], Some((2022, 0)))),
            (&one, said(2, Some(2019), Some(2020)), Err("overlap")),
            (&returned, said(1, None, None), moved(&[(1, 2026)], Some((2026, 0)))),
            (&returned, said(1, Some(2022), None), Err("left")),
            (&returned, said(3, Some(2022), None), Err("overlap")),
            (&[stands(1, 2027, 0)], said(2, None, None), Err("overlap")),
            (&[stands(1, 2019, 2022)], said(1, Some(2019), Some(2021)), moved(&[(0, 2021)], None)),
            (&[stands(1, 2019, 2022)], said(1, Some(2019), Some(2018)), Err("range")),
            (&[stands(1, 2019, 2022)], said(1, None, Some(2022)), stays()),
        ] {
            let found = place(edges, &said, day(2026)).map_err(|objection| objection.code);
            assert_eq!(found, expected, "{edges:?} {said:?}");
        }
    }

    #[test]
    fn a_closed_organisation_gets_no_new_parent() {
        let closed = |said: Said| Said { life: Span { to: day(2020), ..said.life }, ..said };
        let edges = [stands(1, 0, 2020)];
        for (edges, said, expected) in [
            (&edges[..], closed(said(2, None, None)), moved(&[], None)),
            (&edges, closed(said(2, Some(2021), None)), Err("closed")),
            (&[], closed(said(2, None, None)), moved(&[], Some((1994, 2020)))),
            (&[], closed(Said { alone: false, ..said(2, Some(2021), None) }), Err("closed")),
        ] {
            let found = place(edges, &said, day(2026)).map_err(|objection| objection.code);
            assert_eq!(found, expected, "{edges:?} {said:?}");
        }
    }

    #[test]
    fn an_edge_ends_with_its_organisation() {
        let edge = |from, to| stands(1, from, to).span;
        for (edge, was, is, expected) in [
            (edge(0, 0), None, Some(2024), Some(2024)),
            (edge(0, 2024), Some(2024), Some(2025), Some(2025)),
            (edge(0, 2024), Some(2024), Some(2023), Some(2023)),
            (edge(0, 2020), Some(2024), Some(2023), None),
            (edge(2024, 0), None, Some(2023), None),
        ] {
            assert_eq!(follow(edge, was.map(day), is.map(day)), expected.map(day), "{edge:?}");
        }
        assert_eq!(follow(edge(0, 2024), Some(day(2024)), None), Some(Span::ALWAYS.to));
    }
}
