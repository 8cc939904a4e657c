//! Who is asking, and how far their grants reach.

use super::permissions::{Answer, Operation, Role};
use crate::error::{Code, Error, Result};
use crate::vocabulary::{Id, Timestamp};
use std::pin::Pin;
use std::sync::Arc;

/// Where a grant holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole register.
    National,
    /// One programme, by its slug.
    Programme(String),
    /// An organisation and all that is below it today, by geography, law or network.
    Organisation { id: Id, code: String },
    /// One innovation.
    Innovation { id: Id, slug: String },
    /// Nowhere in particular: the role's answers of "everywhere" hold, those of "own" reach nothing.
    Unscoped,
}

#[derive(Debug, Clone)]
pub struct Grant {
    pub role: Role,
    pub scope: Scope,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// The bearer of a token, or nobody in particular.
#[derive(Debug, Clone)]
pub struct Actor {
    /// `iss` and `sub` for an external issuer, `sub` alone for the built-in one; empty for an anonymous caller.
    pub subject: String,
    pub grants: Vec<Grant>,
    pub expires_at: Option<Timestamp>,
    /// The organisation named in `NHSD-End-User-Organisation-ODS`, once it was found inside the grants.
    pub end_user_organisation: Option<String>,
}

/// How far an actor's grants reach for one operation.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    pub everything: bool,
    pub organisations: Vec<Id>,
    pub programmes: Vec<String>,
    pub innovations: Vec<Id>,
}

impl Actor {
    pub fn anonymous() -> Self {
        Self { subject: String::new(), grants: Vec::new(), expires_at: None, end_user_organisation: None }
    }

    pub fn is_anonymous(&self) -> bool {
        self.subject.is_empty()
    }

    pub fn has(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// The union of what the grants allow for this operation.
    pub fn reach(&self, operation: Operation) -> Reach {
        let mut reach = Reach::default();
        let row = operation.row();
        for grant in &self.grants {
            match (row.answer(grant.role), &grant.scope) {
                (Answer::No, _) | (Answer::Own, Scope::Unscoped) => {}
                (Answer::Own, Scope::National) => reach.everything = true,
                // A national grant that was narrowed to an end user's organisation reaches no further than that.
                (Answer::All, Scope::Organisation { id, .. }) if grant.role == Role::NationalAdmin => {
                    reach.organisations.push(*id);
                }
                (Answer::All, _) => reach.everything = true,
                (Answer::Own, Scope::Programme(slug)) => reach.programmes.push(slug.clone()),
                (Answer::Own, Scope::Organisation { id, .. }) => reach.organisations.push(*id),
                (Answer::Own, Scope::Innovation { id, .. }) => reach.innovations.push(*id),
            }
        }
        reach
    }

    /// Whether any grant allows the operation at all, somewhere.
    pub fn may(&self, operation: Operation) -> bool {
        self.grants.iter().any(|grant| operation.row().answer(grant.role) != Answer::No)
    }
}

impl Reach {
    /// As far as there is: for what the service does itself.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// # Errors
    /// `forbidden` unless everything is reached.
    pub fn require_everything(&self) -> Result<()> {
        if self.everything { Ok(()) } else { Err(outside()) }
    }

    pub fn covers_programme(&self, programme: Option<&str>) -> bool {
        self.everything || programme.is_some_and(|slug| self.programmes.iter().any(|own| own == slug))
    }
}

/// Who lets callers in: it knows tokens and grants, so that whoever serves requests need not.
pub trait Doorkeeper: Send + Sync {
    /// The actor of a request, by its `Authorization` header and the end user's organisation, where it names one.
    ///
    /// # Errors
    /// `unauthenticated` for another scheme than Bearer; `invalid-token`; `forbidden` when the end user's organisation
    /// lies outside the grants.
    fn admit<'a>(
        &'a self,
        authorization: &'a str,
        end_user: Option<&'a str>,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Actor>>> + Send + 'a>>;
}

/// The refusal for something visible that the grants do not reach.
pub fn outside() -> Error {
    Error::new(Code::Forbidden).detail("Your grants do not reach this part of the register.")
}
