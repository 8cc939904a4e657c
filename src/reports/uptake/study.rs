//! From the uptake of an innovation to what is drawn of it.

use super::chart::{Chart, Start, draw};
use super::ops::{Asked, Uptake, get_innovation_uptake};
use crate::adoptions::moves::rules::Measure;
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;

/// The curves of those that had adopted, and of those that had adopted or were implementing.
///
/// # Errors
/// As [`get_innovation_uptake`].
pub fn draw_innovation_uptake(conn: &mut Conn, context: &Context, slug: &str, asked: Asked) -> Result<String> {
    let wide = Asked { measure: Some(Measure::AdoptedOrImplementing), ..asked.clone() };
    let wide = get_innovation_uptake(conn, context, slug, &wide)?;
    // The wider measure begins first.
    let from = asked.from.or_else(|| wide.points.first().map(|one| one.period.start()));
    let narrow = Asked { measure: Some(Measure::Adopted), from, ..asked };
    let narrow = get_innovation_uptake(conn, context, slug, &narrow)?;
    Ok(draw(&chart(&narrow, &wide)))
}

fn chart(narrow: &Uptake, wide: &Uptake) -> Chart {
    let shares = |uptake: &Uptake| uptake.points.iter().map(|one| one.point.share).collect();
    let indication = narrow.indication.as_ref().map(|indication| format!(" for {indication}")).unwrap_or_default();
    let mut notes: Vec<String> = narrow.notes.clone();
    let of_wide = wide.notes.iter().filter(|note| !narrow.notes.contains(note));
    notes.extend(of_wide.map(|note| format!("Adopted or implementing: {note}")));
    let starts = narrow.joined.iter().map(|joined| Start { name: joined.name.clone(), on: joined.on });
    Chart {
        innovation: format!("{}{indication}", narrow.name),
        place: narrow.place.1.clone(),
        illustrative: narrow.illustrative || wide.illustrative,
        periods: narrow.points.iter().map(|one| one.period).collect(),
        adopted: shares(narrow),
        implementing: shares(wide),
        last: narrow.points.last().map(|one| one.point),
        starts: starts.collect(),
        notes,
    }
}
