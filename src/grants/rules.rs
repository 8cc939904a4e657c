//! The rules for a grant: which scope goes with which role, how long it lasts, and who may give it.

use crate::access::{Role, Scope, ScopeKind};
use crate::error::{Code, Error, Faults, Result};
use crate::record::only_written;
use crate::vocabulary::{Id, Instant, Timestamp};
use crate::written;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a grant lasts where nothing is said, and at most: whoever still needs it then is asked for again.
const USUAL: TimeDelta = TimeDelta::days(365);
const LONGEST: TimeDelta = TimeDelta::days(2 * 365);

/// A role that a subject holds, for one kind of scope that goes with the role, from one moment to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateGrantRequest, example = json!({ "subject": "014e46e9-bc00-7c1e-9d00-000000400000", "role": "submitter", "organisation": "RJZ", "to": "2027-04-01T00:00:00Z" }))]
pub struct Grant {
    /// The id of a client, or of a subject of another issuer the issuer, `#` and the subject.
    #[schema(min_length = 1, max_length = 300, pattern = r"^\S+$")]
    pub subject: String,
    pub role: Role,
    /// For `regional-lead` and `submitter`: the organisation that it holds for, with all below it.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub organisation: Option<String>,
    /// For `programme-manager`: the slug of the programme that it holds for.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    /// For `fellow`: the slug of the innovation that it holds for.
    #[schema(example = "heartflow", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60, nullable = false)]
    pub innovation: Option<String>,
    /// The organisation that the subject belongs to, for a subject of another issuer. A client belongs to its own.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false, write_only)]
    pub body: Option<String>,
    /// Default: now.
    #[schema(nullable = false)]
    pub from: Option<Instant>,
    /// The instant from which it no longer holds, at most two years after `from`. Default: a year after it.
    #[schema(nullable = false)]
    pub to: Option<Instant>,
}

/// What the register adds to a grant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantAdded {
    pub id: Id,
    pub scope: ScopeKind,
    #[schema(max_length = 200)]
    pub organisation_name: Option<String>,
    /// The subject of whoever gave it.
    #[schema(max_length = 300)]
    pub made_by: String,
    /// When it was taken back, and by whom.
    pub revoked_at: Option<Instant>,
    #[schema(max_length = 300)]
    pub revoked_by: Option<String>,
}

written! { Grant, GrantAdded, |_, added| added.id.to_string() }

impl Grant {
    /// A grant for the whole register, for the usual time.
    pub fn national(subject: &str, role: Role) -> Self {
        let subject = subject.to_owned();
        Self { subject, role, organisation: None, programme: None, innovation: None, body: None, from: None, to: None }
    }

    /// The days it holds, with the defaults filled in.
    ///
    /// # Errors
    /// `validation-failed` with every fault: a scope that is not its role's, and dates that are none.
    pub fn checked(&self, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
        let mut faults = Faults::default();
        let given = [
            (ScopeKind::Organisation, self.organisation.is_some()),
            (ScopeKind::Programme, self.programme.is_some()),
            (ScopeKind::Innovation, self.innovation.is_some()),
        ];
        let (role, needed) = (self.role.as_str(), self.role.scope());
        for (kind, is_given) in given {
            let (pointer, kind_word) = (format!("/{}", kind.as_str()), kind.as_str());
            match (kind == needed, is_given) {
                (true, false) => {
                    faults.add(pointer, "scope", format!("The role {role} holds for one {kind_word}: name it."))
                }
                (false, true) => {
                    let takes = format!(
                        "The role {role} takes the scope {}, so it cannot name one {kind_word}.",
                        needed.as_str()
                    );
                    faults.add(pointer, "scope", takes);
                }
                _ => {}
            }
        }
        let from = self.from.map_or(now, |Instant(from)| from);
        let to = self.to.map_or(from + USUAL, |Instant(to)| to);
        if to <= from || to <= now {
            faults.add("/to", "range", "A grant must end after it begins, and in the future.");
        } else if to > from + LONGEST {
            faults.add("/to", "range", "A grant can last for two years at most. Give it again then.");
        }
        faults.check()?;
        Ok((from, to))
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// `immutable` for anything but its end.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        let other_end = Self { to: self.to, ..new.clone() };
        if *self == other_end {
            return Ok(());
        }
        let detail = "Only the end of a grant can change. Take this grant back and give another.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

/// What has to be true of a scope for the bearer of a grant to give another one: grants are given downwards only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayGive {
    /// Anywhere.
    Everywhere,
    /// For an organisation at or below the bearer's.
    AtOrBelow(Id),
    /// For an organisation below the bearer's.
    Below(Id),
    /// For an innovation of the bearer's programme.
    OfProgramme,
    Never,
}

impl MayGive {
    /// What the bearer of this role and scope may give of that role.
    pub fn of(held: (Role, &Scope), role: Role) -> Self {
        match (held, role) {
            ((Role::NationalAdmin, Scope::National), _) => Self::Everywhere,
            ((Role::RegionalLead, Scope::Organisation { id, .. }), Role::Submitter) => Self::AtOrBelow(*id),
            ((Role::RegionalLead, Scope::Organisation { id, .. }), Role::RegionalLead) => Self::Below(*id),
            ((Role::ProgrammeManager, Scope::Programme(_)), Role::Fellow) => Self::OfProgramme,
            _ => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_takes_one_kind_of_scope() {
        let now = crate::vocabulary::now();
        for role in Role::ALL {
            let bare = Grant::national("one", *role);
            let with = [
                (None, bare.clone()),
                (Some(ScopeKind::Organisation), Grant { organisation: Some("RJZ".into()), ..bare.clone() }),
                (Some(ScopeKind::Programme), Grant { programme: Some("nia".into()), ..bare.clone() }),
                (Some(ScopeKind::Innovation), Grant { innovation: Some("heartflow".into()), ..bare }),
            ];
            let taken: Vec<_> =
                with.iter().filter(|(_, grant)| grant.checked(now).is_ok()).map(|(kind, _)| *kind).collect();
            let named = [ScopeKind::Organisation, ScopeKind::Programme, ScopeKind::Innovation];
            let needed = Some(role.scope()).filter(|kind| named.contains(kind));
            assert_eq!(taken, [needed], "{role:?}");
        }
    }

    #[test]
    fn grants_are_given_downwards_only() {
        let id = Id::generate();
        let place = Scope::Organisation { id, code: "QKK".into() };
        for (held, role, expected) in [
            ((Role::NationalAdmin, &Scope::National), Role::NationalAdmin, MayGive::Everywhere),
            ((Role::RegionalLead, &place), Role::Submitter, MayGive::AtOrBelow(id)),
            ((Role::RegionalLead, &place), Role::RegionalLead, MayGive::Below(id)),
            ((Role::RegionalLead, &place), Role::Reader, MayGive::Never),
            ((Role::RegionalLead, &place), Role::NationalAdmin, MayGive::Never),
            ((Role::ProgrammeManager, &Scope::Programme("nia".into())), Role::Fellow, MayGive::OfProgramme),
            ((Role::ProgrammeManager, &Scope::Programme("nia".into())), Role::ProgrammeManager, MayGive::Never),
            ((Role::Submitter, &place), Role::Submitter, MayGive::Never),
            ((Role::NationalEvaluator, &Scope::National), Role::Reader, MayGive::Never),
        ] {
            assert_eq!(MayGive::of(held, role), expected, "{held:?} gives {role:?}");
        }
    }
}
