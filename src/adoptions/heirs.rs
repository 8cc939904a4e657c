//! What a successor takes over of its predecessor's adoptions: rows of its own, so that each organisation counts for its own days.

use super::moves::ops::rewrite;
use super::moves::rules::{AdoptionStage, Step};
use super::moves::store::{self as moves, MoveRow};
use super::ops::{finish, record_adoption};
use super::rules::Adoption;
use super::store;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde_json::json;

/// Writes the stages that an organisation had reached into the adoptions of its heir, as moves of the day on which that took its
/// place. Where the heir has come as far itself, nothing is written; neither is anything of a day that is still to come.
///
/// # Errors
/// What the database fails with.
pub fn take_over(conn: &mut Conn, context: &Context, from: (Id, &str), heir: (Id, &str), on: NaiveDate) -> Result<()> {
    let Some(eve) = on.pred_opt().filter(|_| on <= context.today()) else { return Ok(()) };
    let reason = Some(format!("Taken over from {}.", from.1));
    for (adoption, stage) in moves::held_by(conn, from.0, AdoptionStage::ALL.to_vec(), eve)? {
        let Some(named) = store::find(conn, adoption)? else { continue };
        let Some(dated) = store::dated(conn, vec![named])?.pop() else { continue };
        let row = &dated.named.row;
        let Some(present) = store::find_by_key(conn, (row.innovation_id, &row.indication, heir.0))? else {
            if !stage.needs_reason() {
                let known = dated.adoption();
                let new = Adoption::of(known.innovation, heir.1.to_owned(), stage);
                let (indication, illustrative) = (known.indication, known.illustrative);
                let new = Adoption { indication, illustrative, since: Some(on), ..new };
                record_adoption(conn, context, new, reason.clone())?;
            }
            continue;
        };
        let present =
            store::dated(conn, vec![present])?.pop().ok_or_else(|| Error::internal("an adoption was lost"))?;
        let step = Step { id: Id::generate(), on, rank: 0, to: stage };
        let (before, after) = (present.history(), present.history().with(step, None));
        // Only what is a step forward for the heir.
        if stage.needs_reason() || before.says(stage, on) || before.check_change(&after).is_err() {
            continue;
        }
        let changed = rewrite(conn, context, &present, &after, "/effectiveOn")?;
        let step = after.steps().iter().find(|known| known.id == step.id).copied().unwrap_or(step);
        moves::insert(conn, &MoveRow::new(context, changed.id, step, reason.clone()))?;
        let from = after.stage_before(step.id);
        finish(conn, context, &changed, json!({ "move": step.id, "from": from, "to": step.to, "effectiveOn": on }))?;
    }
    Ok(())
}
