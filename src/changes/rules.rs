//! What an event says to whoever keeps a copy: which record, where it is read, what became of it. And what a cursor holds.

use crate::access::Operation;
use crate::words;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// What became of a record.
    pub enum Change {
        Created = "created",
        Changed = "changed",
        Archived = "archived",
        Deleted = "deleted",
        Erased = "erased",
        Scope = "scope",
    }
}

impl Change {
    /// What an operation does to a record of this kind, which has this version then and may be withdrawn.
    pub fn of(operation: &str, kind: &str, version: i32, withdrawn: bool) -> Self {
        let deleted = operation.strip_prefix("delete_");
        match operation {
            // What ends stays readable.
            "delete_grant" | "delete_client_key" | "delete_client_secret" => Self::Changed,
            "erase_person" => Self::Erased,
            _ if withdrawn || deleted == Some(&kind.replace('-', "_")) => Self::Archived,
            // What another record shows of the one that was taken away, such as a pledge of what was paid.
            _ if deleted.is_some() => Self::Changed,
            // A record may be made by what makes another, such as a payment by which an award changes.
            _ if version <= 1 && !operation.starts_with("update_") => Self::Created,
            _ => Self::Changed,
        }
    }
}

/// A column of an event by which a record of its kind is seen, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Place,
    Programme,
    Innovation,
    Owner,
}

/// What an event of this kind says in the feed.
#[derive(Debug)]
pub struct Reported {
    pub kind: &'static str,
    pub resource: Resource,
    /// The operation by which the record is read, whose grants decide.
    pub read: Operation,
    /// The word of the event that is the record's key: `key` where the event is about the record itself.
    pub key: &'static str,
    /// Where it is read. `{key}` is the event's key, another word what the event says of the record by that name.
    href: &'static str,
    /// Where a reader's grants name one of these, they could see the record at the time of the event.
    pub by: &'static [By],
}

macro_rules! reported {
    ($($kind:literal $resource:ident = $name:literal $read:ident $href:literal [$($by:ident)*];)* and $($about:literal $other:ident $word:literal $reads:ident $at:literal;)*) => {
        words! {
            /// The kinds of records that the feed tells of.
            pub enum Resource { $($resource = $name,)* }
        }

        /// Every kind of event, and every resource that it tells of. A resource is called as the operation that lists it is.
        pub static REPORTED: &[Reported] = &[
            $(Reported {
                kind: $kind,
                resource: Resource::$resource,
                read: Operation::$read,
                key: "key",
                href: $href,
                by: &[$(By::$by),*],
            },)*
            $(Reported {
                kind: $about,
                resource: Resource::$other,
                read: Operation::$reads,
                key: $word,
                href: $at,
                by: &[],
            },)*
        ];
    };
}

reported! {
    "adoption" Adoptions = "adoptions" get_adoption "/v1/adoptions/{key}" [Place];
    "annotation" Annotations = "annotations" get_annotation "/v1/annotations/{key}" [Place Programme Innovation];
    "application" Applications = "applications" get_application "/v1/applications/{key}" [Owner];
    "attendance" Attendances = "attendances" get_attendance "/v1/events/{event}/attendances/{key}" [];
    "award" Awards = "awards" get_award "/v1/awards/{key}" [Place Programme Innovation Owner];
    "award-reprofiling" AwardReprofilings = "award-reprofilings" get_award_reprofiling "/v1/awards/{award}/reprofilings/{key}" [Place Programme Innovation Owner];
    "award-supplement" AwardSupplements = "award-supplements" get_award_supplement "/v1/awards/{award}/supplements/{key}" [Place Programme Innovation Owner];
    "benefit" Benefits = "benefits" get_benefit "/v1/benefits/{key}" [Place Programme Innovation Owner];
    "call" Calls = "calls" get_call "/v1/calls/{key}" [];
    "client" Clients = "clients" get_client "/v1/clients/{key}" [Place];
    "client-key" ClientKeys = "client-keys" list_client_keys "/v1/clients/{client}/keys" [Place];
    "client-secret" ClientSecrets = "client-secrets" list_client_secrets "/v1/clients/{client}/secrets" [Place];
    "cohort" Cohorts = "cohorts" get_cohort "/v1/programmes/{programme}/cohorts/{number}" [];
    "contribution" Contributions = "contributions" get_contribution "/v1/funds/{fund}/contributions/{key}" [Programme];
    "eligibility" Eligibility = "eligibility" get_eligibility "/v1/innovations/{innovation}/eligibility/{key}" [];
    "exclusion" Exclusions = "exclusions" get_exclusion "/v1/exclusions/{key}" [Place];
    "external-investment" ExternalInvestments = "external-investments" get_external_investment "/v1/external-investments/{key}" [Programme Innovation Owner];
    "fellow" Fellows = "fellows" get_fellow "/v1/fellows/{key}" [];
    "fellowship" Fellowships = "fellowships" get_fellowship "/v1/fellowships/{key}" [];
    "fund" Funds = "funds" get_fund "/v1/funds/{key}" [Programme];
    "gateway-review" GatewayReviews = "gateway-reviews" get_gateway_review "/v1/awards/{award}/gateway-reviews/{key}" [Place Programme Innovation Owner];
    "grant" Grants = "grants" get_grant "/v1/grants/{key}" [Place Programme Innovation Owner];
    "innovation" Innovations = "innovations" get_innovation "/v1/innovations/{key}" [Innovation Owner];
    "kpi" Kpis = "kpis" get_kpi "/v1/kpis/{key}" [];
    "kpi-return" KpiReturns = "kpi-returns" get_kpi_return "/v1/kpi-returns/{key}" [Place Programme];
    "kpi-set" KpiSets = "kpi-sets" get_kpi_set "/v1/kpi-sets/{key}" [];
    "kpi-submission" KpiSubmissions = "kpi-submissions" get_kpi_submission "/v1/kpi-submissions/{key}" [Place];
    "kpi-submission" KpiValues = "kpi-values" list_kpi_values "/v1/kpi-values?submission={key}" [];
    "kpi-target" KpiTargets = "kpi-targets" get_kpi_target "/v1/kpis/{kpi}/targets/{key}" [];
    "kpi-value-flag" KpiValueFlags = "kpi-value-flags" get_kpi_value_flag "/v1/kpi-value-flags/{key}" [Place Programme Innovation];
    "leader" Leaders = "leaders" get_leader "/v1/leaders/{key}" [];
    "learning-event" LearningEvents = "learning-events" get_learning_event "/v1/events/{key}" [];
    "lock-exception" LockExceptions = "lock-exceptions" get_lock_exception "/v1/lock-exceptions/{key}" [Place];
    "mentorship" Mentorships = "mentorships" get_mentorship "/v1/mentorships/{key}" [];
    "milestone" Milestones = "milestones" get_milestone "/v1/awards/{award}/milestones/{key}" [Place Programme Innovation Owner];
    "network" Networks = "networks" get_network "/v1/networks/{key}" [];
    "network-membership" NetworkMemberships = "network-memberships" get_network_membership "/v1/networks/{network}/memberships/{key}" [];
    "organisation" Organisations = "organisations" get_organisation "/v1/organisations/{key}" [];
    "organisation-edge" OrganisationEdges = "organisation-edges" get_organisation_edge "/v1/organisations/{child}/edges/{key}" [];
    "organisation-succession" OrganisationSuccessions = "organisation-successions" get_organisation_succession "/v1/organisations/{from}/successions/{key}" [];
    "person" People = "people" get_person "/v1/people/{key}" [];
    "person-request" PersonRequests = "person-requests" get_person_request "/v1/people/{person}/requests/{key}" [];
    "pledge" Pledges = "pledges" get_pledge "/v1/pledges/{key}" [Programme];
    "population" Populations = "populations" get_population "/v1/populations/{key}" [];
    "programme" Programmes = "programmes" get_programme "/v1/programmes/{key}" [];
    "programme-membership" ProgrammeMemberships = "programme-memberships" get_programme_membership "/v1/innovations/{innovation}/programme-memberships/{key}" [];
    "programme-partner" ProgrammePartners = "programme-partners" get_programme_partner "/v1/programmes/{programme}/partners/{key}" [];
    "reallocation" Reallocations = "reallocations" get_reallocation "/v1/reallocations/{key}" [Programme];
    "recalculation" Recalculations = "recalculations" get_recalculation "/v1/recalculations/{key}" [Place];
    "release" Releases = "releases" get_release "/v1/releases/{key}" [];
    "reporting-exception" ReportingExceptions = "reporting-exceptions" get_reporting_exception "/v1/reporting-exceptions/{key}" [Place];
    "review" Reviews = "reviews" get_review "/v1/reviews/{key}" [Owner];
    "webhook" Webhooks = "webhooks" get_webhook "/v1/webhooks/{key}" [];
    and
    // What another record shows of it, and who is asked for a review comes to see the application.
    "attendance" LearningEvents "event" get_learning_event "/v1/events/{event}";
    "programme-membership" Innovations "innovation" get_innovation "/v1/innovations/{innovation}";
    "review" Applications "application" get_application "/v1/applications/{application}";
    "person" Fellows "fellow" get_fellow "/v1/fellows/{fellow}";
}

/// The kind of record that a resource is of.
pub fn kind_of(resource: Resource) -> &'static str {
    match resource {
        Resource::KpiValues => "kpi-value",
        other => REPORTED.iter().find(|reported| reported.resource == other).map_or("record", |reported| reported.kind),
    }
}

impl Reported {
    /// The address of the record, unless the event no longer says what it lies in.
    pub fn href(&self, find: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut parts = self.href.split(['{', '}']);
        let mut href = parts.next().unwrap_or_default().to_owned();
        while let (Some(word), Some(rest)) = (parts.next(), parts.next()) {
            href += &find(word)?;
            href += rest;
        }
        Some(href)
    }
}

/// A cursor that cannot be one of this service's.
#[derive(Debug, PartialEq, Eq)]
pub struct Garbled;

/// Where a reader has got to: after which event, and with which scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Another one after a restore.
    pub epoch: [u8; 8],
    pub position: i64,
    pub scope: [u8; DIGEST],
}

/// How much of a SHA-256 names a scope.
pub const DIGEST: usize = 16;
/// As much of one tells a cursor that was garbled from one that is out of date.
const CHECK: usize = 4;
/// The length of a cursor as clients see it.
pub const CURSOR: usize = (16 + DIGEST + CHECK) / 3 * 4;

/// The first bytes of the SHA-256.
pub fn digest<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let whole = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    whole.as_ref().first_chunk().copied().unwrap_or([0; N])
}

impl Cursor {
    pub fn text(&self) -> String {
        let mut bytes = [self.epoch.as_slice(), &self.position.to_be_bytes(), &self.scope].concat();
        bytes.extend(digest::<CHECK>(&bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// [`Garbled`].
    pub fn parse(text: &str) -> Result<Self, Garbled> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Garbled)?;
        let (body, check) = bytes.split_at_checked(16 + DIGEST).ok_or(Garbled)?;
        if check != digest::<CHECK>(body) {
            return Err(Garbled);
        }
        let (epoch, rest) = body.split_first_chunk().ok_or(Garbled)?;
        let (position, scope) = rest.split_first_chunk().ok_or(Garbled)?;
        let scope = scope.first_chunk().ok_or(Garbled)?;
        Ok(Self { epoch: *epoch, position: i64::from_be_bytes(*position), scope: *scope })
    }
}

/// What one role of a reader names today.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub organisations: BTreeSet<String>,
    pub programmes: BTreeSet<String>,
    pub innovations: BTreeSet<String>,
}

/// How far a reader sees: what each of their roles names, and a digest of whatever else decides.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub rest: String,
    pub roles: BTreeMap<String, Named>,
}

/// Stands for everything that a reader may see.
pub const EVERYTHING: &str = "*";

/// What a reader came to see, or sees no more: codes of organisations, slugs of programmes and innovations.
pub type Names = BTreeSet<String>;

impl Scope {
    /// What is in this scope and not in the other: everything, where they differ in more than what they name.
    pub fn beyond(&self, other: &Self) -> Names {
        if self.rest != other.rest || !self.roles.keys().eq(other.roles.keys()) {
            return Names::from([EVERYTHING.to_owned()]);
        }
        let pairs = self.roles.iter().filter_map(|(role, own)| Some((own, other.roles.get(role)?)));
        let beyond = pairs.flat_map(|(own, other)| {
            let organisations = own.organisations.difference(&other.organisations);
            let programmes = own.programmes.difference(&other.programmes);
            organisations.chain(programmes).chain(own.innovations.difference(&other.innovations)).cloned()
        });
        beyond.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_changes_whatever_showed_it() {
        for (operation, kind, withdrawn, change) in [
            ("delete_kpi_target", "kpi-target", false, Change::Archived),
            ("delete_contribution", "contribution", true, Change::Archived),
            ("delete_contribution", "pledge", false, Change::Changed),
            ("delete_benefit_realisation", "benefit", false, Change::Changed),
            ("delete_organisation_succession", "organisation-edge", true, Change::Archived),
            ("delete_client_key", "client-key", false, Change::Changed),
        ] {
            assert_eq!(Change::of(operation, kind, 2, withdrawn), change, "{operation} {kind}");
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_otherwise_garbled() {
        let cursor = Cursor { epoch: [7; 8], position: 42, scope: [9; DIGEST] };
        let text = cursor.text();
        assert_eq!(Cursor::parse(&text), Ok(cursor));
        for other in ["", "now", &text[1..], &format!("{text}A"), &text.replacen('B', "C", 1)] {
            assert_eq!(Cursor::parse(other), Err(Garbled), "{other}");
        }
    }

    #[test]
    fn a_scope_tells_what_was_gained_and_lost() {
        let named = |codes: &[&str]| Named {
            organisations: codes.iter().map(|code| (*code).to_owned()).collect(),
            ..Named::default()
        };
        let scope = |role: &str, codes: &[&str]| Scope {
            rest: String::new(),
            roles: BTreeMap::from([(role.to_owned(), named(codes))]),
        };
        let (old, new) = (scope("submitter", &["RJ1", "RJ2"]), scope("submitter", &["RJ2", "RJZ"]));
        assert_eq!((new.beyond(&old), old.beyond(&new)), (Names::from(["RJZ".into()]), Names::from(["RJ1".into()])));
        let other = scope("regional-lead", &["RJ2", "RJZ"]);
        assert_eq!(other.beyond(&new), Names::from([EVERYTHING.into()]), "another role sees other records");
    }

    #[test]
    fn the_address_of_a_record_is_made_of_what_the_event_says() {
        let milestone = REPORTED.iter().find(|reported| reported.kind == "milestone").unwrap();
        let find = |word: &str| (word == "award" || word == "key").then(|| format!("the-{word}"));
        assert_eq!(milestone.href(find).as_deref(), Some("/v1/awards/the-award/milestones/the-key"));
        assert_eq!(milestone.href(|_| None), None);
    }
}
