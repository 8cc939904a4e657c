//! Where a person can be in the register, what becomes of each place in an erasure, and for how long what is kept is kept.

use chrono::{Months, NaiveDate};

/// Years that records about money are kept after an award's planned end.
pub const MONEY_YEARS: u32 = 6;
/// Years that an unsuccessful application is kept after its last move.
pub const UNSUCCESSFUL_YEARS: u32 = 1;
/// Years that a successful application, and a review, is kept after its last move: the money rests on it.
pub const SUCCESSFUL_YEARS: u32 = 6;
/// Years after a fellow's last fellowship that contacts are kept.
pub const CONTACT_YEARS: u32 = 2;
/// Years after an erasure that the audit trail can still be shown to whoever it is about.
pub const AUDIT_YEARS: u32 = 6;

/// The day so many years later; the last of February for a leap day.
pub fn years_after(day: NaiveDate, years: u32) -> NaiveDate {
    day.checked_add_months(Months::new(12 * years)).unwrap_or(NaiveDate::MAX)
}

/// The day so many years before.
pub fn years_before(day: NaiveDate, years: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(12 * years)).unwrap_or(NaiveDate::MIN)
}

/// What stands in the place of the title of an application that is emptied.
pub const APPLICATION: &str = "Application that is no longer kept";

/// What may stand in a column that holds text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Codes, states, digests: nobody.
    Nobody,
    /// The name and contacts of people, and what describes them: emptied.
    Person,
    /// The subject of whoever did it, or whose it is: a number takes its place.
    Subject,
    /// A JSON document in which a subject may stand as a text of its own, and what people write.
    SubjectsAndWords,
    /// What people write: whoever erases decides on what names the person.
    Words,
    /// Made of the words in another column.
    Derived,
    /// The audit trail and its subjects, erased in their own way.
    Trail,
    /// What an erasure itself keeps, and answers that were kept to be given once more.
    Kept,
}

/// A table with columns that hold text.
#[derive(Debug)]
pub struct Place {
    pub table: &'static str,
    /// The columns that name a row.
    pub key: &'static [&'static str],
    pub columns: &'static [(&'static str, Holds)],
}

macro_rules! places {
    ($($table:ident [$($key:ident)+]: $($column:ident $holds:ident),+;)*) => {
        /// Every column of the database that holds text; a law holds the list against the schema.
        pub const PLACES: &[Place] = &[$(Place {
            table: stringify!($table),
            key: &[$(stringify!($key)),+],
            columns: &[$((stringify!($column), Holds::$holds)),+],
        },)*];
    };
}

places! {
    adoption_barriers [adoption_id barrier from_on]: barrier Nobody;
    adoption_covers [adoption_id from_on]: covers Nobody;
    adoption_counts [id]: sites_qualifier Nobody, sites_basis Nobody, users_qualifier Nobody, users_basis Nobody, patients_qualifier Nobody, patients_basis Nobody, made_by Subject, withdrawn_by Subject, withdrawn_why Words;
    adoption_moves [id]: to_stage Nobody, reason Words, made_by Subject, withdrawn_by Subject, withdrawn_why Words;
    adoption_spells [adoption_id from_on]: stage Nobody, indication Nobody;
    adoptions [id]: indication Words, stage Nobody, decided_by Words, evidence Words, approval Nobody, approved_by Subject, archived_by Subject, archived_why Words;
    annotations [id]: breakdown Nobody, text Words, made_by Subject, withdrawn_reason Words;
    application_versions [application_id number]: document Words, made_by Subject;
    applications [id]: reference Nobody, programme Nobody, applicant Subject, title Words, sort_title Derived, state Nobody, priorities Nobody;
    attendances [id]: role Nobody, state Nobody;
    audit_checkpoint_keys [kid]: kid Nobody, public_jwk Nobody;
    audit_checkpoints [position]: kid Nobody, signature Nobody;
    award_milestones [id]: title Words, state Nobody;
    award_reprofilings [id]: profile_before Nobody, profile Nobody, reason Words, made_by Subject;
    award_supplements [id]: profile Nobody, reason Words, state Nobody, proposed_by Subject, decided_by Subject;
    awards [id]: reference Nobody, programme Nobody, kind Nobody, title Words, sort_title Derived, description Words, currency Nobody, state Nobody, evaluation_plan Words, geocode Nobody, proposed_by Subject, approved_by Subject, search_text Derived;
    benefits [id]: programme Nobody, kind Nobody, unit Words, method Words, population Words, qualifier Nobody, basis Nobody, claimed_by Subject, claimed_from Nobody, class Nobody, kept_by Nobody, costs Nobody, recurrence Nobody, unit_cost_source Words, counts Nobody, counted_by Nobody, depth Nobody, source Words;
    benefit_realisations [id]: qualifier Nobody, basis Nobody, source Words, confirmed_by Subject, withdrawn_reason Words;
    benefit_sides [id]: side Nobody, state Nobody, decided_by Subject;
    call_forms [call_id number]: document Words, made_by Subject;
    calls [id]: programme Nobody, title Words, sort_title Derived, zone Nobody, priorities Words, criteria Words, created_by Subject;
    client_keys [id]: kid Words, algorithm Nobody, public_jwk Nobody, made_by Subject;
    client_secrets [id]: secret_hash Nobody, made_by Subject;
    clients [id]: name Words, sort_name Derived, jwks_url Words, state Nobody, made_by Subject;
    cohorts [id]: programme Nobody, name Words;
    contributions [id]: source Nobody, note Words, made_by Subject, withdrawn_reason Words;
    eligibility [id]: indication Nobody, kind Nobody, source Words, withdrawn_reason Words;
    erasures [id]: ground Words, texts Kept, made_by Subject;
    events [id]: subject Trail, end_user_organisation Nobody, operation Nobody, resource Nobody, resource_key Nobody, programme Nobody, request_id Nobody, data Trail, owner Trail, other_programme Nobody;
    external_investments [id]: programme Nobody, investor Words, sort_investor Derived, kind Nobody, currency Nobody, qualifier Nobody, basis Nobody, source Words, sector Nobody;
    feed_scopes [digest]: content Nobody;
    fellows [id]: profession Person, biography Person, website Person, keeper Nobody;
    fellowship_innovations [id]: state Nobody;
    fellowships [id]: programme Nobody, state Nobody;
    former_authors [resource record_id subject body_id]: resource Nobody, subject Subject;
    fund_transactions [id]: kind Nobody, note Words, made_by Subject;
    funds [id]: code Nobody, name Words, sort_name Derived, programme Nobody, currency Nobody, search_text Derived, publishing_funder Nobody;
    gateway_reviews [id]: title Words, state Nobody, recommendations SubjectsAndWords, decision Nobody, reason Words, decided_by Subject;
    grants [id]: subject Subject, role Nobody, programme Nobody, made_by Subject, revoked_by Subject;
    idempotency_keys [caller operation idempotency_key]: caller Kept, operation Nobody, idempotency_key Nobody, authority Nobody, headers Kept;
    innovation_tags [innovation_id list word]: list Nobody, word Nobody;
    innovations [id]: slug Nobody, reference Nobody, name Words, sort_name Derived, summary Words, description Words, main_category Nobody, categories Nobody, areas Nobody, care_settings Nobody, shifts Nobody, priorities Nobody, evidence Words, standards_met Words, stage Nobody, eligible_qualifier Nobody, eligible_basis Nobody, nis_unique_id Nobody, website Words, search_text Derived, created_by Subject, keeper Nobody, keeper_subject Subject, adopting_units Nobody;
    jobs [id]: kind Nobody, state Nobody, made_by Subject, request_id Nobody, target Kept, accept Nobody, content_type Nobody, result Nobody, answer_type Nobody;
    kpi_release_figures [release_id period_start number]: breakdown Nobody, exact Nobody, published Nobody;
    kpi_release_kpis [release_id kpi_id]: aggregation Nobody;
    kpi_release_places [release_id place_id]: geography Nobody;
    kpi_release_values [release_id period_start series_id]: breakdown Nobody, qualifier Nobody, basis Nobody;
    kpi_releases [id]: period_type Nobody, scope Nobody, status Nobody, reason Words;
    kpi_returns [id]: period_type Nobody, state Nobody, submitted_by Subject, approved_by Subject, accepted_by Subject, reminder Nobody;
    kpi_set_assignments [set_id number]: organisation_types Nobody;
    kpi_sets [id]: code Nobody, name Words, sort_name Derived, programme Nobody;
    kpi_submission_rows [submission_id line]: outcome Nobody, document Words;
    kpi_submissions [id]: kpi_code Nobody, state Nobody, mode Nobody, strategy Nobody, submitted_by Subject, forced_reason Words;
    kpi_targets [id]: made_by Subject, kind Nobody;
    kpi_total_summaries [kpi_number innovation_id breakdown place_id]: breakdown Nobody, document Nobody;
    kpi_value_drafts [kpi_number series_id period_start]: qualifier Nobody, basis Nobody, comment Words;
    kpi_value_flags [id]: breakdown Nobody, code Nobody, detail Words, status Nobody, justification Words, justified_by Subject;
    kpi_value_revisions [series_id period_start version]: qualifier Nobody, basis Nobody, comment Words;
    kpi_values [kpi_number series_id period_start]: qualifier Nobody, basis Nobody, comment Words;
    kpi_versions [kpi_id number]: document Words, made_by Subject, change_note Words;
    kpis [id]: code Nobody, name Words, sort_name Derived, definition Words, level Nobody, unit Words, period_type Nobody, value_type Nobody, improvement_direction Nobody, aggregation Nobody, breakdowns Nobody, programme Nobody, successor_of Nobody, conflict_rule Nobody, status Nobody, search_text Derived, shape Nobody, agreed_by Words, superseded_by Nobody, validation_rules Words;
    leaders [id]: kind Nobody, programme Nobody;
    learning_events [id]: programme Nobody, title Words, sort_title Derived, kind Nobody, zone Nobody, search_text Derived;
    lock_exceptions [id]: reason Words, made_by Subject, withdrawn_reason Words;
    mentorships [id]: programme Nobody, focus Words;
    network_memberships [id]: qualifier Nobody, basis Nobody, source Words;
    networks [id]: slug Nobody, name Words, sort_name Derived, purpose Words, programme Nobody, search_text Derived;
    organisation_edges [id]: kind Nobody, withdrawn_reason Words;
    organisation_successions [id]: kind Nobody, source Words, withdrawn_reason Words;
    organisation_successors [succession_id to_id]: share_basis Nobody, share_source Words;
    organisations [id]: code Nobody, ods_code Words, name Words, sort_name Derived, kind Nobody, status Nobody, postcode Nobody, identifiers Words, search_text Derived;
    people [id]: name Person, sort_name Person, email Person, subject Person, search_text Person;
    person_requests [id]: kind Nobody, decision Nobody, ground Words, made_by Subject;
    pledges [id]: certainty Nobody, nature Nobody, note Words, made_by Subject;
    populations [id]: indication Nobody, kind Nobody, population_group Nobody, edition Nobody, qualifier Nobody, basis Nobody, source Words, withdrawn_reason Words;
    programme_memberships [id]: programme Nobody, state Nobody, proposed_by Nobody;
    programme_partners [id]: programme Nobody, role Nobody, state Nobody;
    programmes [id]: slug Nobody, name Words, sort_name Derived, kind Nobody, summary Words, website Words, search_text Derived;
    reallocations [id]: reason Words, made_by Subject;
    reference_counters [prefix year]: prefix Nobody;
    reporting_exceptions [id]: breakdown Nobody, kind Nobody, reason Words, made_by Subject, withdrawn_reason Words;
    reviews [id]: reviewer Subject, state Nobody, conflict Words, scores Nobody, recommendation Nobody, comment Words;
    schema_checksums [version]: version Nobody;
    sealed_records [id]: resource Nobody, ground Nobody, document Kept;
    series [id]: breakdown Nobody;
    signing_keys [kid]: kid Nobody, algorithm Nobody, public_jwk Nobody;
    spc_acts [id]: kind Nobody, breakdown Nobody, reason Words, made_by Subject, state Nobody, recalculation_kind Nobody, evidence Words;
    storage_shares [client day]: client Subject;
    subjects [id]: subject Trail;
    succession_effects [id]: kind Nobody, added Nobody;
    transitions [id]: resource Nobody, from_state Nobody, to_state Nobody, reason Words, made_by Subject;
    webhook_deliveries [id]: message Nobody, after_cursor Nobody, resource Nobody, record_key Nobody, change Nobody, outcome Nobody, problem Nobody;
    webhooks [id]: name Words, sort_name Derived, url Words, resources Nobody, state Nobody, made_by Subject, after_cursor Nobody;
}

/// Every column that holds one of these, with its table.
pub fn columns(holding: &[Holds]) -> impl Iterator<Item = (&'static Place, &'static str, Holds)> {
    let all = PLACES.iter().flat_map(|place| place.columns.iter().map(move |(column, holds)| (place, *column, *holds)));
    all.filter(move |(_, _, holds)| holding.contains(holds))
}

/// The words by which a person is looked for in what others wrote: the name, the address, the subject. One of a letter or
/// two would be found everywhere.
pub fn words(name: &str, email: Option<&str>, subject: Option<&str>) -> Vec<String> {
    let words = [Some(name.trim()), email, subject].into_iter().flatten();
    words.filter(|word| word.chars().count() > 2).map(str::to_owned).collect()
}

/// Whether a text has one of the words in it, whatever the case.
pub fn names(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(&word.to_lowercase()))
}

/// A property as clients know it: `evaluation_plan` is `evaluationPlan`.
pub fn property(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, rest) = word.split_at(word.len().min(1));
        name + &head.to_ascii_uppercase() + rest
    })
}
