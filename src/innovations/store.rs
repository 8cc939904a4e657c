//! Innovations, the words they are found by, and their programmes in the database.

use super::rules::{self, AdoptingUnit, EligiblePopulation, Evidence, Innovation, StandardMet};
use super::words::{Area, CareSetting, Category, OpportunityArea, Shift, Stage};
use crate::access::Operation;
use crate::calendar::Until;
use crate::db::dialect::{self, SearchTerms, Unindexed};
use crate::db::json::Json;
use crate::db::schema::{applications, innovation_tags, innovations, organisations, programme_memberships, programmes};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context, OneOf};
use crate::organisations::rules::OrganisationType;
use crate::transitions::links::LinkState;
use crate::vocabulary::{Basis, Id, Qualifier, Word, Words, fold};
use crate::{among, insert_all, many, narrow, on_engine, one_of, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::HashMap;

/// A row without its search words, which are written and never read.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = innovations, treat_none_as_null = true)]
pub struct InnovationRow {
    pub id: Id,
    pub slug: String,
    pub reference: String,
    pub name: String,
    pub sort_name: String,
    pub summary: String,
    pub description: Option<String>,
    pub main_category: Category,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub categories: Words<Category>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub areas: Words<Area>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub care_settings: Words<CareSetting>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub shifts: Words<Shift>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub priorities: Words<OpportunityArea>,
    pub evidence: Json<Vec<Evidence>>,
    pub standards_met: Json<Vec<StandardMet>>,
    pub stage: Stage,
    pub owner_id: Option<Id>,
    pub eligible_value: Option<i64>,
    pub eligible_qualifier: Option<Qualifier>,
    pub eligible_basis: Option<Basis>,
    pub nis_unique_id: Option<String>,
    pub website: Option<String>,
    pub illustrative: bool,
    pub archived_at: Option<NaiveDateTime>,
    pub created_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The programme that keeps it.
    pub keeper: Option<String>,
    /// The subject of the applicant whose draft it is.
    pub keeper_subject: Option<String>,
    pub draft: bool,
    pub adopting_units: Json<Vec<AdoptingUnit>>,
}

impl InnovationRow {
    /// The type of organisation that takes it into use for an indication, or for any.
    pub fn adopting_unit(&self, indication: Option<&str>) -> Option<OrganisationType> {
        let units = &self.adopting_units.value;
        let of = |indication: Option<&str>| units.iter().find(|unit| unit.indication.as_deref() == indication);
        of(indication).or_else(|| of(None)).map(|unit| unit.kind)
    }

    /// # Errors
    /// `internal` when the evidence or the standards cannot be written.
    pub fn new(context: &Context, new: Innovation, slug: String, reference: String, owner: Option<Id>) -> Result<Self> {
        let (population, now) = (new.eligible_population, context.now.naive_utc());
        Ok(Self {
            id: Id::generate(),
            slug,
            reference,
            sort_name: fold(&new.name),
            name: new.name,
            summary: new.summary,
            description: new.description,
            main_category: new.main_category,
            categories: Words(new.categories),
            areas: Words(new.areas),
            care_settings: Words(new.care_settings),
            shifts: Words(new.shifts),
            priorities: Words(new.priorities),
            evidence: Json::new(new.evidence)?,
            standards_met: Json::new(new.standards_met)?,
            stage: new.stage,
            owner_id: owner,
            eligible_value: population.map(|population| population.value),
            eligible_qualifier: population.map(|population| population.qualifier),
            eligible_basis: population.map(|population| population.basis),
            adopting_units: Json::new(new.adopting_units)?,
            nis_unique_id: new.nis_unique_id,
            website: new.website,
            illustrative: new.illustrative,
            archived_at: None,
            created_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
            keeper: None,
            keeper_subject: None,
            draft: false,
        })
    }

    /// The next version.
    ///
    /// # Errors
    /// As [`InnovationRow::new`].
    pub fn revised(self, context: &Context, new: Innovation, owner: Option<Id>) -> Result<Self> {
        Ok(Self {
            id: self.id,
            created_by: self.created_by,
            version: self.version + 1,
            created_at: self.created_at,
            keeper: self.keeper,
            keeper_subject: self.keeper_subject,
            draft: self.draft,
            ..Self::new(context, new, self.slug, self.reference, owner)?
        })
    }

    /// The next version, which a programme keeps, or else national administrators: nobody's draft any more.
    pub fn passed(self, context: &Context, keeper: Option<String>) -> Self {
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { keeper, keeper_subject: None, draft: false, version, updated_at, ..self }
    }

    pub fn eligible_population(&self) -> Option<EligiblePopulation> {
        let (value, qualifier, basis) = (self.eligible_value?, self.eligible_qualifier?, self.eligible_basis?);
        Some(EligiblePopulation { value, qualifier, basis })
    }
}

/// An innovation with the code and the name of its owner, read in one query.
#[derive(Queryable, Clone)]
pub struct OwnedInnovation {
    pub row: InnovationRow,
    pub owner: Option<String>,
    pub owner_name: Option<String>,
}

impl OwnedInnovation {
    pub fn innovation(&self) -> Innovation {
        let row = self.row.clone();
        Innovation {
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
            evidence: row.evidence.value,
            standards_met: row.standards_met.value,
            adopting_units: row.adopting_units.value,
            nis_unique_id: row.nis_unique_id,
            website: row.website,
            illustrative: row.illustrative,
        }
    }
}

type Own = <InnovationRow as Selectable<MultiBackend>>::SelectExpression;
type Columns = (Own, dsl::Nullable<organisations::code>, dsl::Nullable<organisations::name>);
type Living = dsl::Select<dsl::LeftJoin<innovations::table, organisations::table>, Columns>;
type Query = dsl::IntoBoxed<'static, Living, MultiBackend>;

sortable! { OwnedInnovation, Query, key "slug" => innovations::slug as Slug;
    innovations of |found| found.row => "name" sort_name, "updatedAt" updated_at, "createdAt" created_at, "stage" stage, "reference" reference, then id;
}

params! {
    /// What a list of innovations may be narrowed to.
    pub struct ListInnovations list of OwnedInnovation {
        /// Searches the name, reference, summary and description. Put a phrase in quotation marks.
        q: SearchTerms = "q",
        /// The stage they have reached.
        stage: OneOf<Stage> = "stage",
        /// Any of the innovation's categories.
        category: OneOf<Category> = "category",
        /// Main categories.
        main_category: OneOf<Category> = "mainCategory",
        /// The areas they help with.
        area: OneOf<Area> = "area",
        /// The settings they are used in.
        care_setting: OneOf<CareSetting> = "careSetting",
        /// The shifts they serve.
        shift: OneOf<Shift> = "shift",
        /// The opportunity areas they address.
        priority: OneOf<OpportunityArea> = "priority",
        /// Codes of the organisations that own them.
        owner: Codes = "owner",
        /// The slug of a programme: innovations that are in it today, that were in it on the day of `memberOn`, or that had joined it by the day of
        /// `joinedBy`.
        programme: CodeParam = "programme",
        /// Innovations that had joined the programme by this day, whether or not they have left it since.
        joined_by: NaiveDate = "joinedBy",
        /// Innovations that were in the programme on this day.
        member_on: NaiveDate = "memberOn",
        /// The slug of a programme that you manage: innovations that were proposed for it and are not agreed.
        proposed_for: CodeParam = "proposedFor",
        /// `true` lists your own drafts instead. By default a draft is in no list.
        draft: bool = "draft",
    }
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListInnovations) -> Result<Query> {
    let drafts = asked.draft == Some(true);
    let living = owned().filter(innovations::archived_at.is_null()).filter(innovations::draft.eq(drafts));
    let mut query = living.into_boxed::<MultiBackend>();
    if drafts && !context.actor.reach(Operation::update_innovation).is_everything() {
        query = query.filter(innovations::keeper_subject.eq(context.actor.subject.clone()));
    }
    narrow! { query, asked;
        q => dialect::matches(conn, "innovations", q)?;
        stage => one_of!(innovations::stage, stage.0.clone());
        main_category => one_of!(innovations::main_category, main_category.0.clone());
    }
    let tags = [
        tagged(rules::list::CATEGORY, asked.category.as_ref()),
        tagged(rules::list::AREA, asked.area.as_ref()),
        tagged(rules::list::CARE_SETTING, asked.care_setting.as_ref()),
        tagged(rules::list::SHIFT, asked.shift.as_ref()),
        tagged(rules::list::PRIORITY, asked.priority.as_ref()),
    ];
    for (list, words) in tags.into_iter().flatten() {
        let tagged =
            innovation_tags::table.filter(innovation_tags::list.eq(list)).filter(innovation_tags::word.eq_any(words));
        query = query.filter(among!(conn, innovations::id, innovation_tags::innovation_id, tagged.clone()));
    }
    if let Some(codes) = &asked.owner {
        let codes: Vec<String> = codes.0.iter().map(|code| code.to_ascii_uppercase()).collect();
        let owners = organisations::table.filter(organisations::code.eq_any(codes.clone()));
        let owned = innovations::owner_id.eq_any(owners.select(organisations::id.nullable()));
        let many = many!(conn, innovations::table.filter(owned).select(innovations::version));
        let code = Unindexed::when(many, organisations::code);
        query = query.filter(code.eq_any(codes));
    }
    if let Some(programme) = &asked.programme {
        // An innovation that left had still joined.
        let (joined, left) = match (asked.joined_by, asked.member_on) {
            (Some(day), None) => (day, NaiveDate::default()),
            (None, day) => (day.unwrap_or_else(|| context.today()), day.unwrap_or_else(|| context.today())),
            (Some(joined), Some(day)) => (joined.min(day), day),
        };
        let members = members(programme.0.to_ascii_lowercase(), joined, left);
        query = query.filter(among!(conn, innovations::id, programme_memberships::innovation_id, members.clone()));
    }
    if let Some(CodeParam(slug)) = &asked.proposed_for {
        let slug = slug.to_ascii_lowercase();
        let kept = context.actor.reach(Operation::transition_programme_membership).covers_programme(Some(&slug));
        let proposed = programme_memberships::table
            .filter(programme_memberships::programme.eq_any(kept.then_some(slug)))
            .filter(programme_memberships::state.eq(LinkState::Proposed))
            .select(programme_memberships::innovation_id);
        query = query.filter(innovations::id.eq_any(proposed));
    }
    Ok(query)
}

/// Memberships that both ends agreed to: no other is counted, listed or gives a right.
pub fn held_memberships() -> HeldMemberships {
    let begun = programme_memberships::to_on.gt(programme_memberships::from_on);
    programme_memberships::state.eq_any(LinkState::HELD).and(begun)
}

/// The memberships of a programme that held, began by one day and had not ended by another.
#[dsl::auto_type]
pub fn members(programme: String, joined: NaiveDate, left: NaiveDate) -> _ {
    let held: HeldMemberships = held_memberships();
    programme_memberships::table
        .filter(programme_memberships::programme.eq(programme))
        .filter(held)
        .filter(programme_memberships::from_on.le(joined))
        .filter(programme_memberships::to_on.gt(left))
}

pub type HeldMemberships = dsl::And<
    dsl::EqAny<programme_memberships::state, [LinkState; 2]>,
    dsl::Gt<programme_memberships::to_on, programme_memberships::from_on>,
>;

/// A list, with the words of which an innovation must have one.
fn tagged<W: Word>(list: &'static str, words: Option<&OneOf<W>>) -> Option<(&'static str, Vec<&'static str>)> {
    words.map(|words| (list, words.0.iter().map(|word| word.as_str()).collect()))
}

fn owned() -> Living {
    let own = <InnovationRow as Selectable<MultiBackend>>::construct_selection();
    let owner = (organisations::code.nullable(), organisations::name.nullable());
    innovations::table.left_join(organisations::table).select((own, owner.0, owner.1))
}

/// The innovation of this slug, unless it is archived: one query.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<OwnedInnovation>> {
    let living = owned().filter(innovations::slug.eq(slug)).filter(innovations::archived_at.is_null());
    Ok(on_engine!(conn, c => living.first(c)).optional()?)
}

/// The slugs and names of somebody's drafts.
pub fn drafts_of(conn: &mut Conn, subject: &str) -> Result<Vec<(String, String)>> {
    let own = innovations::table.filter(innovations::keeper_subject.eq(subject)).order_by(innovations::id);
    Ok(own.select((innovations::slug, innovations::name)).load(conn)?)
}

/// Who keeps an innovation: a programme, or else national administrators.
pub fn keeper_of(conn: &mut Conn, id: Id) -> Result<Option<String>> {
    Ok(innovations::table.find(id).select(innovations::keeper).first(conn)?)
}

/// Whether an application to one of these programmes, which was submitted and not withdrawn, names the innovation.
pub fn is_shown_to(conn: &mut Conn, id: Id, programmes: &[String]) -> Result<bool> {
    let named = applications::table
        .filter(applications::innovation_id.eq(id))
        .filter(applications::programme.eq_any(programmes.to_vec()))
        .filter(applications::submitted_at.is_not_null())
        .filter(applications::state.ne("withdrawn"));
    Ok(diesel::select(dsl::exists(named)).get_result(conn)?)
}

pub fn is_programme(conn: &mut Conn, slug: &str) -> Result<bool> {
    Ok(diesel::select(dsl::exists(programmes::table.filter(programmes::slug.eq(slug)))).get_result(conn)?)
}

/// The innovation of this slug, unless it is archived or a draft.
pub fn id_of(conn: &mut Conn, slug: &str) -> Result<Option<Id>> {
    let living = innovations::table.filter(innovations::slug.eq(slug)).filter(innovations::archived_at.is_null());
    let living = living.filter(innovations::draft.eq(false));
    Ok(living.select(innovations::id).first(conn).optional()?)
}

/// The slugs and names of the given innovations, including archived ones.
pub fn names(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, (String, String)>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let found = innovations::table
            .filter(innovations::id.eq_any(some.to_vec()))
            .select((innovations::id, (innovations::slug, innovations::name)));
        names.extend(found.load::<(Id, (String, String))>(conn)?);
    }
    Ok(names)
}

/// Slugs with this prefix, including those of archived innovations.
pub fn slugs_from(conn: &mut Conn, stem: &str) -> Result<Vec<String>> {
    // A slug has no character that LIKE treats as a wildcard.
    let kin = innovations::table.filter(innovations::slug.like(format!("{stem}%")));
    Ok(kin.select(innovations::slug).load(conn)?)
}

/// # Errors
/// `already-exists` for a slug in use.
pub fn insert(conn: &mut Conn, row: &InnovationRow, search_text: String) -> Result<()> {
    let taken = violations::unique(format!("The slug {} is or was used by another innovation.", row.slug));
    let values = (row.clone(), innovations::search_text.eq(search_text));
    diesel::insert_into(innovations::table).values(values).execute_kept(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it, and its search words if they changed.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &InnovationRow, search_text: Option<String>) -> Result<()> {
    let present =
        innovations::table.filter(innovations::id.eq(row.id)).filter(innovations::version.eq(row.version - 1));
    match diesel::update(present)
        .set((row.clone(), search_text.map(|text| innovations::search_text.eq(text))))
        .execute_kept(conn)?
    {
        0 => Err(crate::record::changed(row.version)),
        _ => Ok(()),
    }
}

/// Replaces the search words of an innovation.
pub fn retag(conn: &mut Conn, innovation: Id, tags: &[(&'static str, &'static str)]) -> Result<()> {
    diesel::delete(innovation_tags::table.filter(innovation_tags::innovation_id.eq(innovation))).execute(conn)?;
    let tag = |(list, word): &(&'static str, &'static str)| {
        (
            innovation_tags::list.eq(*list),
            innovation_tags::word.eq(*word),
            innovation_tags::innovation_id.eq(innovation),
        )
    };
    let rows: Vec<_> = tags.iter().map(tag).collect();
    insert_all!(conn, innovation_tags::table, rows);
    Ok(())
}

/// Makes a new version of an innovation whose own columns stay as they are: what it answers depends on its programmes too.
pub fn touch(conn: &mut Conn, id: Id, at: NaiveDateTime) -> Result<()> {
    let next = (innovations::version.eq(innovations::version + 1), innovations::updated_at.eq(at));
    diesel::update(innovations::table.find(id)).set(next).execute_kept(conn)?;
    Ok(())
}

/// Puts a new innovation into the programme that registers it, from today on. Returns the membership's id.
pub fn insert_membership(conn: &mut Conn, context: &Context, innovation: Id, programme: String) -> Result<Id> {
    let (id, now) = (Id::generate(), context.now.naive_utc());
    let membership = (
        programme_memberships::id.eq(id),
        programme_memberships::innovation_id.eq(innovation),
        programme_memberships::programme.eq(programme),
        programme_memberships::from_on.eq(context.today()),
        programme_memberships::to_on.eq(Until::FURTHER_NOTICE),
        programme_memberships::version.eq(1),
        programme_memberships::created_at.eq(now),
        programme_memberships::updated_at.eq(now),
        programme_memberships::state.eq(LinkState::Agreed),
        programme_memberships::proposed_by.eq("programme"),
    );
    diesel::insert_into(programme_memberships::table).values(membership).execute_kept(conn)?;
    Ok(id)
}
