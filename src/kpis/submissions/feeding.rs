//! What a submission brings to returns: which it feeds, and which of its values wait for their approval.

use super::answer::{Judged, Verdict};
use crate::db::Conn;
use crate::delivery::{Outcome, SubmissionState};
use crate::error::Result;
use crate::http::Context;
use crate::kpis::returns::deliveries::{self, Delivered};
use crate::kpis::returns::drafts::DraftRow;
use crate::kpis::returns::rules::ReturnKey;
use crate::vocabulary::{Basis, Id, Qualifier};
use std::collections::BTreeSet;

impl Judged {
    /// Whether any of its values wait for the approval of their return.
    pub fn awaits_approval(&self) -> bool {
        self.kpis.values().any(|kpi| kpi.approval_required)
    }

    /// The return that a good row belongs to.
    fn return_of(&self, verdict: &Verdict) -> Option<ReturnKey> {
        let series = self.series.get(verdict.series as usize)?;
        let (owner, organisation) = (*self.owners.get(&series.kpi)?, series.organisation);
        let (period_type, start) = (verdict.period.kind(), verdict.period.start());
        Some(ReturnKey { owner, period_type, start, organisation })
    }

    /// What a good row leaves for approval.
    fn draft(&self, verdict: &Verdict) -> Option<DraftRow> {
        let kpi = self.kpi(verdict)?;
        let measure = verdict.new_measure();
        Some(DraftRow {
            kpi_number: kpi.number,
            series_id: self.id_of(verdict)?,
            period_start: verdict.period.start(),
            value: measure.as_ref().map_or(0, |measure| measure.value),
            numerator: measure.as_ref().and_then(|measure| measure.numerator),
            denominator: measure.as_ref().and_then(|measure| measure.denominator),
            qualifier: measure.as_ref().map_or(Qualifier::Exact, |measure| measure.qualifier),
            basis: measure.as_ref().map_or(Basis::Measured, |measure| measure.basis),
            comment: measure.as_ref().and_then(|measure| measure.comment.as_deref().map(str::to_owned)),
            version: verdict.version,
            kpi_version: kpi.definition_version,
            submission_id: self.row.id,
            updated_at: self.row.submitted_at,
            return_id: Id::NONE,
            deleted: measure.is_none(),
        })
    }

    /// All returns that it feeds.
    pub fn returns(&self) -> BTreeSet<ReturnKey> {
        self.verdicts.iter().filter_map(|verdict| self.return_of(verdict.as_ref().ok()?)).collect()
    }
}

/// Moves the returns that these rows belong to, once their values are written, and keeps what awaits approval.
pub fn feed_returns(conn: &mut Conn, context: &Context, judged: &Judged, places: &[usize]) -> Result<()> {
    if judged.row.state != SubmissionState::Accepted || judged.owners.is_empty() {
        return Ok(());
    }
    let delivered = |place: &usize| {
        let verdict = judged.verdicts.get(*place)?.as_ref().ok()?;
        let (key, changed) = (judged.return_of(verdict)?, verdict.outcome != Outcome::Unchanged);
        if !changed && verdict.said.is_none() {
            return None;
        }
        let awaits = changed && judged.kpi(verdict)?.approval_required;
        Some(Delivered { key, changed, draft: if awaits { judged.draft(verdict) } else { None } })
    };
    deliveries::deliver(conn, context, judged.row.id, places.iter().filter_map(delivered).collect())
}
