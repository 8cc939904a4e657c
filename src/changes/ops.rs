//! A page of the feed: what changed after a cursor, as far as the caller may see it.

use super::rules::{Change, Cursor, Named, Names, REPORTED, Reported, Resource, Scope, digest};
use super::store::{self, ReportedRow};
use crate::access::{self, Operation};
use crate::adoptions::ops::get_adoption;
use crate::applications::ops::get_application;
use crate::applications::reviews::ops::get_review;
use crate::benefits::ops::get_benefit;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::events;
use crate::funding::awards::ops::get_award;
use crate::funding::external_investments::ops::get_external_investment;
use crate::funding::funds::ops::{self as funds, get_fund, get_fund_with_money};
use crate::funding::reallocations::ops::get_reallocation;
use crate::grants::clients::ops::get_client;
use crate::grants::ops::get_grant;
use crate::http::Context;
use crate::innovations::{self, ops::get_innovation};
use crate::kpis::acts::rules::ActKind;
use crate::kpis::{acts, flags, lock_exceptions, reporting_exceptions, returns, submissions, values};
use crate::people::fellowships::ops::get_fellowship;
use crate::programmes::memberships::ops::get_programme_membership;
use crate::programmes::partners::ops::get_programme_partner;
use crate::vocabulary::{Id, hex, instant};
use chrono::TimeDelta;
use serde::Serialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use utoipa::ToSchema;

/// What changed: an entry names a record and says nothing of what is in it, nor who changed it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeResponse)]
pub struct Entry {
    /// The position among all changes of the register. There are gaps where others may see what you may not.
    #[schema(minimum = 0)]
    pub position: i64,
    /// The kind of record. Null for `scope`.
    pub resource: Option<Resource>,
    /// The record's key; of `kpi-values`, the id of the submission that wrote them.
    #[schema(max_length = 200)]
    pub key: Option<String>,
    /// The version that the record had then, where it has one.
    #[schema(minimum = 0)]
    pub version: Option<i32>,
    /// `created`, `changed`; `archived` and `deleted` for what you see no more; `erased` for what an erasure emptied; `scope`
    /// where what you may see changed.
    pub change: Change,
    #[schema(format = "date-time", max_length = 40)]
    pub at: String,
    /// The path of the record, or of the list that it is in.
    #[schema(max_length = 500)]
    pub href: Option<String>,
    /// Of `scope`: codes of organisations, slugs of programmes and innovations that you came to see; `*` for everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, max_items = 100000, nullable = false)]
    pub gained: Option<Names>,
    /// Of `scope`: those that you see no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, max_items = 100000, nullable = false)]
    pub lost: Option<Names>,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangesPageInfo)]
pub struct Next {
    /// The cursor to send as `after`.
    #[schema(max_length = 100)]
    pub next: String,
}

/// A part of the feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangesResponse)]
pub struct Changes {
    #[schema(max_items = 1000)]
    pub data: Vec<Entry>,
    pub page: Next,
}

/// Where a reader begins.
#[derive(Debug, Clone)]
pub enum After {
    Beginning,
    Now,
    Cursor(Cursor),
}

impl After {
    /// # Errors
    /// `unknown-cursor` for one that this service did not make.
    pub fn read(text: Option<&str>) -> Result<Self> {
        match text {
            None => Ok(Self::Beginning),
            Some("now") => Ok(Self::Now),
            Some(text) => Cursor::parse(text).map(Self::Cursor).map_err(|_| Error::new(Code::UnknownCursor)),
        }
    }
}

/// What of the feed is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// All, where none is named.
    pub resources: Vec<Resource>,
    pub place: Option<Id>,
    pub limit: usize,
}

/// A page, as it is read of one moment.
#[derive(Debug)]
pub struct Page {
    pub data: Vec<Entry>,
    pub next: Cursor,
    /// The scope that the cursor names, where it is yet to be kept.
    pub scope: Option<String>,
    /// Whether there was nothing more behind the page.
    pub is_last: bool,
}

/// Events read at a time.
const SOME: i64 = 500;
/// Events looked at for one page, of which a caller may see few.
const MOST: usize = 3_000;

/// What changed after a cursor.
///
/// # Errors
/// `cursor-expired`.
pub fn page(conn: &mut Conn, context: &Context, wanted: &Wanted, after: &After) -> Result<Page> {
    let end = events::end(conn)?.position;
    let whole_epoch = store::epoch(conn)?;
    let epoch = *whole_epoch.first_chunk().ok_or_else(|| Error::internal("the database has no epoch"))?;
    let scope = scope_of(conn, context, &whole_epoch)?;
    let content = serde_json::to_string(&scope)?;
    let named = digest(content.as_bytes());
    let kept = store::scope(conn, &named)?.is_some_and(|(_, used)| used.and_utc() > context.now - TimeDelta::days(1));
    let mut page = Page {
        data: Vec::new(),
        next: Cursor { epoch, position: end, scope: named },
        scope: (!kept).then_some(content),
        is_last: true,
    };
    page.next.position = match after {
        After::Now => return Ok(page),
        After::Beginning => 0,
        After::Cursor(cursor) if cursor.epoch != epoch || cursor.position > end || cursor.position < 0 => {
            return Err(Error::new(Code::CursorExpired));
        }
        After::Cursor(cursor) => cursor.position,
    };
    if let After::Cursor(cursor) = after
        && cursor.scope != named
    {
        let (before, _) = store::scope(conn, &cursor.scope)?.ok_or_else(|| Error::new(Code::CursorExpired))?;
        let before: Scope = serde_json::from_str(&before)?;
        page.data.push(Entry {
            position: cursor.position,
            resource: None,
            key: None,
            version: None,
            change: Change::Scope,
            at: instant(context.now.naive_utc()),
            href: None,
            gained: Some(scope.beyond(&before)),
            lost: Some(before.beyond(&scope)),
        });
        page.is_last = false;
        return Ok(page);
    }
    fill(conn, context, wanted, end, &mut page)?;
    Ok(page)
}

/// Keeps the scope that a page's cursor names, where it is not kept yet.
///
/// # Errors
/// The database's own.
pub fn keep_scope(conn: &mut Conn, context: &Context, page: &Page) -> Result<()> {
    match &page.scope {
        Some(content) => store::keep_scope(conn, &page.next.scope, content, context.now),
        None => Ok(()),
    }
}

/// Adds the entries after the page's cursor, and moves it on.
fn fill(conn: &mut Conn, context: &Context, wanted: &Wanted, end: i64, page: &mut Page) -> Result<()> {
    let mut sight = Sight::of(context, &wanted.resources);
    let kinds: HashSet<&'static str> = sight.reported.values().flatten().map(|(reported, _)| reported.kind).collect();
    let kinds: Vec<&'static str> = kinds.into_iter().collect();
    let mut looked_at = 0;
    loop {
        let rows = store::after(conn, context, (page.next.position, SOME), kinds.clone(), wanted.place)?;
        let more = rows.len() as i64 == SOME;
        looked_at += rows.len();
        // What belongs to an innovation is read below it.
        let ids: Vec<Id> = rows.iter().filter_map(|row| row.innovation_id).collect();
        let innovations = innovations::store::names(conn, &ids)?;
        for row in rows {
            if page.data.len() >= wanted.limit {
                page.is_last = false;
                return forget_unseen(conn, &sight, page);
            }
            page.next.position = row.position;
            let innovation = row.innovation_id.and_then(|id| innovations.get(&id)).map(|(slug, _)| slug.as_str());
            sight.tell(conn, &row, innovation, &mut page.data)?;
        }
        if !more {
            page.next.position = end;
            return forget_unseen(conn, &sight, page);
        }
        if looked_at >= MOST {
            page.is_last = false;
            return forget_unseen(conn, &sight, page);
        }
    }
}

/// Takes out what the caller never saw.
fn forget_unseen(conn: &mut Conn, sight: &Sight<'_>, page: &mut Page) -> Result<()> {
    let mut once_seen: HashSet<(i64, Resource)> = HashSet::new();
    for ((reported, shown), positions) in &sight.hidden {
        let reported = &REPORTED[*reported];
        let reach = sight.context.actor.reach(if *shown { reported.read } else { whole_by(reported) });
        let seen = store::once_seen(conn, sight.context, reported, reach, positions.clone())?;
        once_seen.extend(seen.into_iter().map(|position| (position, reported.resource)));
    }
    page.data.retain(|entry| {
        entry.change != Change::Deleted
            || entry.resource.is_some_and(|resource| once_seen.contains(&(entry.position, resource)))
    });
    Ok(())
}

/// The operation for which a reach of everything sees every record of the kind: reading it, or, where some are only proposed,
/// claimed or drafts, answering those. Events of the latter say whether the record was `shown`.
fn whole_by(reported: &Reported) -> Operation {
    match reported.resource {
        Resource::Benefits => Operation::transition_benefit_side,
        Resource::Fellowships => Operation::transition_fellowship,
        Resource::Innovations => Operation::update_innovation,
        Resource::ProgrammeMemberships => Operation::transition_programme_membership,
        Resource::ProgrammePartners => Operation::transition_programme_partner,
        _ => reported.read,
    }
}

/// Of which records of a kind the caller sees every one, so that none is asked for.
#[derive(Clone, Copy)]
struct Whole {
    /// Those that are shown to everyone whose grants let them read such records.
    shown: bool,
    /// Those that are only proposed, claimed or drafts.
    kept_back: bool,
}

/// What a caller sees of each kind of event.
struct Sight<'a> {
    context: &'a Context,
    /// By the kind of event, what it tells of.
    reported: HashMap<&'static str, Vec<(&'static Reported, Whole)>>,
    /// What was found out of single records.
    known: HashMap<(Resource, String), bool>,
    /// By place in the table, and by whether others than its own people saw the record, the positions of events about
    /// records that the caller does not see now.
    hidden: HashMap<(usize, bool), Vec<i64>>,
}

impl<'a> Sight<'a> {
    fn of(context: &'a Context, resources: &[Resource]) -> Self {
        let mut reported: HashMap<&'static str, Vec<(&'static Reported, Whole)>> = HashMap::new();
        let sees_all = |operation: Operation| context.actor.reach(operation).is_everything();
        for one in REPORTED.iter().filter(|one| resources.is_empty() || resources.contains(&one.resource)) {
            let is_public = one.read.row().anonymous;
            let whole = Whole { shown: is_public || sees_all(one.read), kept_back: sees_all(whole_by(one)) };
            if is_public || context.actor.may(one.read) {
                reported.entry(one.kind).or_default().push((one, whole));
            }
        }
        Self { context, reported, known: HashMap::new(), hidden: HashMap::new() }
    }

    /// Adds what an event says. What the caller does not see now is a tombstone, until it is known whether they ever did.
    fn tell(
        &mut self,
        conn: &mut Conn,
        row: &ReportedRow,
        innovation: Option<&str>,
        data: &mut Vec<Entry>,
    ) -> Result<()> {
        let details: Value = serde_json::from_str(&row.data)?;
        let find = |word: &str| match word {
            "key" => Some(row.key.clone()),
            "innovation" => innovation.map(str::to_owned),
            "programme" if row.programme.is_some() => row.programme.clone(),
            "number" => row.key.rsplit_once('/').map(|(_, number)| number.to_owned()),
            word => details[word].as_str().map(str::to_owned),
        };
        for (reported, whole) in self.reported.get(row.resource.as_str()).cloned().unwrap_or_default() {
            let Some(key) = find(reported.key) else { continue };
            let is_own = reported.key == "key" && reported.resource != Resource::KpiValues;
            let withdrawn = details["withdrawn"].is_string();
            let mut change = if is_own {
                Change::of(&row.operation, reported.kind, row.version, withdrawn)
            } else {
                Change::Changed
            };
            let href = reported.href(find);
            let shown = details["shown"].as_bool().unwrap_or_else(|| whole_by(reported) == reported.read);
            let whole = if shown { whole.shown } else { whole.kept_back };
            if !whole && !self.sees(conn, reported, &key, (row, innovation, &details))? {
                change = Change::Deleted;
                let place = REPORTED.iter().position(|one| std::ptr::eq(one, reported)).unwrap_or_default();
                self.hidden.entry((place, shown)).or_default().push(row.position);
            }
            data.push(Entry {
                position: row.position,
                resource: Some(reported.resource),
                key: Some(key),
                version: is_own.then_some(row.version),
                change,
                at: instant(row.occurred_at),
                href,
                gained: None,
                lost: None,
            });
        }
        Ok(())
    }

    /// Whether the record's own GET would show it to the caller now.
    fn sees(
        &mut self,
        conn: &mut Conn,
        reported: &Reported,
        key: &str,
        (row, innovation, details): (&ReportedRow, Option<&str>, &Value),
    ) -> Result<bool> {
        let known = (reported.resource, key.to_owned());
        if let Some(sees) = self.known.get(&known) {
            return Ok(*sees);
        }
        let context = Context { operation: reported.read, ..self.context.clone() };
        let within = |word: &str| details[word].as_str().unwrap_or_default();
        let found = match reported.resource {
            Resource::Adoptions => get_adoption(conn, &context, key).map(drop),
            Resource::Annotations => acts::annotations::ops::get_annotation(conn, &context, key).map(drop),
            Resource::Applications => get_application(conn, &context, key).map(drop),
            Resource::Awards => get_award(conn, &context, key).map(drop),
            Resource::Benefits => get_benefit(conn, &context, key).map(drop),
            Resource::Clients => get_client(conn, &context, key).map(drop),
            Resource::ClientKeys | Resource::ClientSecrets => get_client(conn, &context, within("client")).map(drop),
            Resource::Contributions => get_fund_with_money(conn, &context, within("fund")).map(drop),
            Resource::Exclusions => acts::ops::known(conn, &context, ActKind::Exclusion, key).map(drop),
            Resource::ExternalInvestments => get_external_investment(conn, &context, key).map(drop),
            Resource::Fellowships => get_fellowship(conn, &context, key).map(drop),
            Resource::Funds => get_fund(conn, &context, key).map(drop),
            Resource::GatewayReviews | Resource::Milestones => get_award(conn, &context, within("award")).map(drop),
            Resource::Grants => get_grant(conn, &context, key).map(drop),
            Resource::Innovations => get_innovation(conn, &context, key).map(drop),
            Resource::KpiReturns => returns::ops::get_kpi_return(conn, &context, key).map(drop),
            Resource::KpiSubmissions => submissions::ops::get_kpi_submission(conn, &context, key).map(drop),
            Resource::KpiValueFlags => flags::ops::get_kpi_value_flag(conn, &context, key).map(drop),
            Resource::KpiValues => values::ops::has_values_of(conn, &context, key),
            Resource::LockExceptions => lock_exceptions::ops::get_lock_exception(conn, &context, key).map(drop),
            Resource::ProgrammeMemberships => {
                get_programme_membership(conn, &context, innovation.unwrap_or_default(), key).map(drop)
            }
            Resource::ProgrammePartners => {
                get_programme_partner(conn, &context, row.programme.as_deref().unwrap_or_default(), key).map(drop)
            }
            Resource::Reallocations => get_reallocation(conn, &context, key).map(drop),
            Resource::Recalculations => acts::ops::known(conn, &context, ActKind::Recalculation, key).map(drop),
            Resource::ReportingExceptions => {
                reporting_exceptions::ops::get_reporting_exception(conn, &context, key).map(drop)
            }
            Resource::Reviews => get_review(conn, &context, key).map(drop),
            // Nobody else sees a webhook, and whose it is never changes.
            Resource::Webhooks if row.owner.as_ref() == Some(&context.actor.subject) => Ok(()),
            _ => Err(access::outside()),
        };
        let sees = match found {
            Ok(()) => true,
            Err(error) if matches!(error.code(), Code::NotFound | Code::Forbidden) => false,
            Err(error) => return Err(error),
        };
        self.known.insert(known, sees);
        Ok(sees)
    }
}

/// How far the caller sees today. Two scopes are the same only where every list shows them the same records.
fn scope_of(conn: &mut Conn, context: &Context, epoch: &[u8]) -> Result<Scope> {
    let (actor, today) = (&context.actor, context.today());
    let mut scope = Scope::default();
    let mut programmes = Vec::new();
    for grant in &actor.grants {
        let named: &mut Named = scope.roles.entry(grant.role.as_str().to_owned()).or_default();
        match &grant.scope {
            access::Scope::Organisation { id, .. } => {
                named.organisations.extend(store::codes_below(conn, *id, today)?);
            }
            access::Scope::Programme(slug) => {
                named.programmes.insert(slug.clone());
                named.innovations.extend(store::members(conn, slug, today)?);
                programmes.push(slug.as_str());
            }
            access::Scope::Innovation { slug, .. } => {
                named.innovations.insert(slug.clone());
            }
            access::Scope::National | access::Scope::Own | access::Scope::Assigned => {}
        }
    }
    let within = match &actor.end_user {
        Some(end_user) => store::codes_below(conn, end_user.id, today)?,
        None => Vec::new(),
    };
    programmes.sort_unstable();
    let deciding = (store::deciding(conn, &programmes, &actor.subject)?, funds::seen_by_scope(conn, context)?);
    let rest = format!("{}|{:?}|{within:?}|{deciding:?}", actor.subject, actor.body);
    // With the epoch, so that nobody is told by it who reads.
    scope.rest = hex(&digest::<16>(&[epoch, rest.as_bytes()].concat()));
    Ok(scope)
}
