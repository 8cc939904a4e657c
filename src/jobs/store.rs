//! Jobs as their makers see them.

use crate::access::Role;
use crate::db::jobs::{JobKind, JobRow, JobState};
use crate::db::schema::jobs;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::vocabulary::Id;
use crate::{one_of, params, sortable};
use diesel::prelude::*;

type Query = jobs::BoxedQuery<'static, MultiBackend>;

sortable! { JobRow, Query, key "id" => jobs::id as Id;
    jobs of |row| row => "createdAt" created_at, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of jobs may be narrowed to.
    pub struct ListJobs list of JobRow {
        /// How far they have come.
        state: OneOf<JobState> = "state",
        /// What they do.
        kind: OneOf<JobKind> = "kind",
    }
}

/// The caller's own jobs; all of them for a national administrator.
fn seen(context: &Context) -> Query {
    let (all, actor) = (jobs::table.into_boxed(), &context.actor);
    if actor.has(Role::NationalAdmin) { all } else { all.filter(jobs::made_by.eq(actor.subject.clone())) }
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(_: &mut Conn, context: &Context, asked: &ListJobs) -> Result<Query> {
    let mut query = seen(context);
    if let Some(OneOf(states)) = &asked.state {
        query = query.filter(one_of!(jobs::state, states.clone()));
    }
    if let Some(OneOf(kinds)) = &asked.kind {
        query = query.filter(one_of!(jobs::kind, kinds.clone()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<JobRow>> {
    Ok(seen(context).filter(jobs::id.eq(id)).first(conn).optional()?)
}
