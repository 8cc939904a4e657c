//! What can be done with innovations, each in one transaction.

use super::rules::{self, EligiblePopulation, Evidence, Innovation, StandardMet};
use super::store::{self, InnovationRow, OwnedInnovation};
use super::words::{EvidenceType, Stage, Standard, StandardStatus};
use crate::access::{Operation, Reach};
use crate::access::outside;
use crate::http::context::Context;
use crate::db::{Conn, references};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::transitions;
use crate::transitions::rules::{AskedMove, Machine, Move};
use crate::vocabulary::{Id, Words, fold};
use chrono::{Datelike, NaiveDateTime};
use serde_json::{Value, json};

/// The name of an innovation's moves among those of every resource.
pub const RESOURCE: &str = "innovation";

/// # Errors
/// `not-found`, for an archived one too.
pub fn get_innovation(conn: &mut Conn, slug: &str) -> Result<OwnedInnovation> {
    let slug = slug.to_ascii_lowercase();
    let found = if rules::is_slug(&slug) { store::find(conn, &slug)? } else { None };
    found.ok_or_else(|| Error::not_found("innovation"))
}

/// The innovation a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, slug: &str) -> Result<Id> {
    store::id_of(conn, &slug.to_ascii_lowercase())?.ok_or_else(|| {
        let detail = format!("There is no innovation {slug}.");
        Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(
            pointer,
            "unknown-innovation",
            detail,
        ))
    })
}

/// Operations on one innovation that the caller may do now, for a client to offer.
///
/// # Errors
/// The database's own.
pub fn actions(conn: &mut Conn, context: &Context, found: &OwnedInnovation) -> Result<Vec<&'static str>> {
    let reaches = [Operation::delete_innovation, Operation::transition_innovation, Operation::update_innovation]
        .map(|operation| (operation, context.actor.reach(operation)));
    // Only a programme manager's reach depends on the programmes, so nobody else waits for them.
    let asked = reaches.iter().any(|(_, reach)| !reach.everything && !reach.programmes.is_empty());
    let programmes = if asked { store::programmes_of(conn, found.row.id, context.today())? } else { Vec::new() };
    let may = |operation: Operation, reach: &Reach| {
        let Some(standing) = Standing::of(reach, found.row.id, &programmes) else { return false };
        let alone = |to: &Stage| standing == Standing::Manager || !to.needs_second_party();
        operation != Operation::transition_innovation || found.row.stage.next().iter().any(alone)
    };
    Ok(reaches.iter().filter(|(operation, reach)| may(*operation, reach)).map(|(operation, _)| operation.id()).collect())
}

/// What lets a caller change an innovation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The whole register, or one of the innovation's programmes, is in the caller's hands.
    Manager,
    /// It is the caller's own.
    Fellow,
}

impl Standing {
    fn of(reach: &Reach, innovation: Id, programmes: &[String]) -> Option<Self> {
        if reach.everything || programmes.iter().any(|programme| reach.covers_programme(Some(programme))) {
            return Some(Self::Manager);
        }
        reach.innovations.contains(&innovation).then_some(Self::Fellow)
    }
}

/// An innovation that the caller may change, in the version the caller knows.
struct Held {
    present: OwnedInnovation,
    standing: Standing,
    /// The programme through which the caller holds it, or else one it is a member of.
    programme: Option<String>,
}

fn held(conn: &mut Conn, context: &Context, slug: &str) -> Result<Held> {
    let present = get_innovation(conn, slug)?;
    let reach = context.reach();
    let programmes = store::programmes_of(conn, present.row.id, context.today())?;
    let standing = Standing::of(&reach, present.row.id, &programmes).ok_or_else(outside)?;
    context.check_version(present.row.version)?;
    let through = programmes.iter().find(|programme| reach.covers_programme(Some(programme)));
    let programme = through.or(programmes.first()).cloned();
    Ok(Held { present, standing, programme })
}

/// What of a row outlives every change of the record.
struct Identity {
    id: Id,
    slug: String,
    reference: String,
    created_by: String,
    version: i32,
    created_at: NaiveDateTime,
}

fn row(innovation: Innovation, identity: Identity, owner_id: Option<Id>, now: NaiveDateTime) -> Result<InnovationRow> {
    let evidence = innovation.evidence.iter().map(|evidence| {
        let mut written = json!({ "type": evidence.kind, "title": evidence.title });
        if let Some(url) = &evidence.url {
            written["url"] = json!(url);
        }
        if let Some(year) = evidence.year {
            written["year"] = json!(year);
        }
        written
    });
    let standards =
        innovation.standards_met.iter().map(|met| json!({ "standard": met.standard, "status": met.status }));
    Ok(InnovationRow {
        sort_name: fold(&innovation.name),
        evidence: serde_json::to_string(&evidence.collect::<Vec<Value>>())?,
        standards_met: serde_json::to_string(&standards.collect::<Vec<Value>>())?,
        id: identity.id,
        slug: identity.slug,
        reference: identity.reference,
        name: innovation.name,
        summary: innovation.summary,
        description: innovation.description,
        main_category: innovation.main_category,
        categories: Words(innovation.categories),
        areas: Words(innovation.areas),
        care_settings: Words(innovation.care_settings),
        shifts: Words(innovation.shifts),
        priorities: Words(innovation.priorities),
        stage: innovation.stage,
        owner_id,
        eligible_value: innovation.eligible_population.map(|population| population.value),
        eligible_qualifier: innovation.eligible_population.map(|population| population.qualifier),
        eligible_basis: innovation.eligible_population.map(|population| population.basis),
        nis_unique_id: innovation.nis_unique_id,
        website: innovation.website,
        illustrative: innovation.illustrative,
        archived_at: None,
        created_by: identity.created_by,
        version: identity.version,
        created_at: identity.created_at,
        updated_at: now,
    })
}

impl InnovationRow {
    pub fn eligible_population(&self) -> Option<EligiblePopulation> {
        let (value, qualifier, basis) = (self.eligible_value?, self.eligible_qualifier?, self.eligible_basis?);
        Some(EligiblePopulation { value, qualifier, basis })
    }
}

impl OwnedInnovation {
    /// The innovation this row holds.
    ///
    /// # Errors
    /// `internal` when what was stored cannot be read.
    pub fn innovation(&self) -> Result<Innovation> {
        #[derive(serde::Deserialize)]
        struct StoredEvidence {
            #[serde(rename = "type")]
            kind: EvidenceType,
            title: String,
            url: Option<String>,
            year: Option<i32>,
        }
        #[derive(serde::Deserialize)]
        struct StoredStandard {
            standard: Standard,
            status: StandardStatus,
        }
        let row = self.row.clone();
        let evidence: Vec<StoredEvidence> = serde_json::from_str(&row.evidence)?;
        let standards: Vec<StoredStandard> = serde_json::from_str(&row.standards_met)?;
        let read = |e: StoredEvidence| Evidence { kind: e.kind, title: e.title, url: e.url, year: e.year };
        Ok(Innovation {
            eligible_population: row.eligible_population(),
            slug: Some(row.slug),
            name: row.name,
            summary: row.summary,
            description: row.description,
            main_category: row.main_category,
            categories: row.categories.0,
            areas: row.areas.0,
            care_settings: row.care_settings.0,
            shifts: row.shifts.0,
            priorities: row.priorities.0,
            stage: row.stage,
            owner: self.owner.clone(),
            evidence: evidence.into_iter().map(read).collect(),
            standards_met: standards.iter().map(|s| StandardMet { standard: s.standard, status: s.status }).collect(),
            nis_unique_id: row.nis_unique_id,
            website: row.website,
            illustrative: row.illustrative,
        })
    }
}

fn trace(
    conn: &mut Conn,
    context: &Context,
    row: &InnovationRow,
    programme: Option<String>,
    data: Value,
) -> Result<()> {
    let event = Event {
        organisation_id: row.owner_id,
        innovation_id: Some(row.id),
        programme,
        ..Event::new(RESOURCE, &row.slug, row.version, data)
    };
    events::record(conn, context, event)
}

/// The id and the code of the owner that was named.
fn owner(conn: &mut Conn, code: Option<&str>) -> Result<(Option<Id>, Option<String>)> {
    let Some(code) = code else { return Ok((None, None)) };
    let id = crate::organisations::ops::referred(conn, "/owner", code)?;
    Ok((Some(id), Some(code.to_ascii_uppercase())))
}

/// Registers an innovation; a programme manager's becomes a member of the manager's programmes from today.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference` for the owner, `already-exists` for the slug that was asked for.
pub fn create_innovation(conn: &mut Conn, context: &Context, new: Innovation) -> Result<OwnedInnovation> {
    let reach = context.reach();
    if !reach.everything && reach.programmes.is_empty() {
        return Err(outside());
    }
    let new = new.checked()?;
    let (owner_id, owner) = owner(conn, new.owner.as_deref())?;
    let (today, now) = (context.today(), context.now.naive_utc());
    let reference = references::next(conn, rules::REFERENCE_PREFIX, today.year())?;
    let slug = match new.slug.clone() {
        Some(slug) => slug,
        None => free_slug(conn, &new.name)?,
    };
    let identity = Identity {
        id: Id::generate(),
        slug,
        reference,
        created_by: context.actor.subject.clone(),
        version: 1,
        created_at: now,
    };
    let tags = new.tags();
    let search_text = new.search_text(&identity.slug, &identity.reference);
    let row = row(new, identity, owner_id, now)?;
    store::insert(conn, &row, search_text)?;
    store::retag(conn, row.id, &tags)?;
    let mut programmes = if reach.everything { Vec::new() } else { reach.programmes };
    programmes.sort_unstable();
    programmes.dedup();
    for programme in &programmes {
        store::insert_membership(conn, row.id, programme, today, now)?;
    }
    let data = json!({ "reference": row.reference, "stage": row.stage, "owner": owner, "programmes": programmes });
    trace(conn, context, &row, programmes.into_iter().next(), data)?;
    Ok(OwnedInnovation { row, owner })
}

/// The slug of the name, numbered where others have it.
fn free_slug(conn: &mut Conn, name: &str) -> Result<String> {
    let slug = rules::slug_of(name);
    if slug.is_empty() {
        let detail = "The name holds no Latin letter or digit to make a slug of, so give one.";
        return Err(Error::invalid("/slug", "missing", detail));
    }
    let taken = store::slugs_from(conn, &rules::slug_stem(&slug))?;
    Ok(rules::free_slug(slug, &taken))
}

/// Changes everything of an innovation but its slug and its stage.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference` for the owner.
pub fn update_innovation(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    change: impl FnOnce(&Innovation) -> Result<Innovation>,
) -> Result<OwnedInnovation> {
    let Held { present, programme, .. } = held(conn, context, slug)?;
    let before = present.innovation()?;
    let new = change(&before)?.checked()?;
    if new.slug != before.slug {
        return Err(Error::new(Code::Immutable).detail("A slug cannot change: others refer to the innovation by it."));
    }
    if new.stage != before.stage {
        return Err(Error::invalid(
            "/stage",
            "immutable",
            "The stage is changed by POST to the innovation's transitions.",
        ));
    }
    if new == before {
        return Ok(present);
    }
    let (owner_id, owner) = if new.owner == before.owner {
        (present.row.owner_id, present.owner)
    } else {
        owner(conn, new.owner.as_deref())?
    };
    let present = present.row;
    let identity = Identity {
        id: present.id,
        slug: present.slug,
        reference: present.reference,
        created_by: present.created_by,
        version: present.version + 1,
        created_at: present.created_at,
    };
    let tags = new.tags();
    let search_text = new.search_text(&identity.slug, &identity.reference);
    let row = row(new, identity, owner_id, context.now.naive_utc())?;
    store::update(conn, &row, Some(search_text))?;
    store::retag(conn, row.id, &tags)?;
    let data = json!({ "reference": row.reference, "stage": row.stage, "owner": owner });
    trace(conn, context, &row, programme, data)?;
    Ok(OwnedInnovation { row, owner })
}

/// Archives an innovation: it is seen no more, and its slug is not given again.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_innovation(conn: &mut Conn, context: &Context, slug: &str) -> Result<()> {
    let Held { present, programme, .. } = held(conn, context, slug)?;
    let now = context.now.naive_utc();
    let version = present.row.version + 1;
    let row = InnovationRow { archived_at: Some(now), updated_at: now, version, ..present.row };
    store::update(conn, &row, None)?;
    trace(conn, context, &row, programme, json!({ "reference": row.reference, "archived": true }))
}

/// Moves an innovation to another stage. From early adoption on that is not for its fellow alone.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed`.
pub fn transition_innovation(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    asked: AskedMove,
) -> Result<OwnedInnovation> {
    let Held { present: OwnedInnovation { row, owner }, standing, programme } = held(conn, context, slug)?;
    let step: Move<Stage> = asked.read(context.today())?;
    if standing == Standing::Fellow && step.to.needs_second_party() {
        return Err(Error::new(Code::Forbidden).detail(format!(
            "A move to {} needs a second party: a national-admin, or a programme-manager of one of its programmes, makes it.",
            step.to.as_str()
        )));
    }
    let from = row.stage;
    step.decide(from)?;
    let row = InnovationRow { stage: step.to, version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row, None)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    let data = json!({ "reference": row.reference, "from": from, "to": step.to, "effectiveOn": step.effective_on });
    trace(conn, context, &row, programme, data)?;
    Ok(OwnedInnovation { row, owner })
}
