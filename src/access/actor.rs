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
    /// An organisation and all that is below it today, by geography or network, with the past of what closed there.
    Organisation { id: Id, code: String },
    /// One innovation.
    Innovation { id: Id, slug: String },
    /// What the subject made.
    Own,
    /// What the subject was asked to judge.
    Assigned,
}

impl Scope {
    pub fn organisation(&self) -> Option<Id> {
        if let Self::Organisation { id, .. } = self { Some(*id) } else { None }
    }
}

#[derive(Debug, Clone)]
pub struct Grant {
    pub role: Role,
    pub scope: Scope,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// The organisation of an end user, for whom alone a request is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndUser {
    pub id: Id,
    pub code: String,
}

/// The bearer of a token, or nobody in particular.
#[derive(Debug, Clone)]
pub struct Actor {
    /// `iss` and `sub` for an external issuer, `sub` alone for the built-in one; empty for an anonymous caller.
    pub subject: String,
    pub grants: Vec<Grant>,
    pub expires_at: Option<Timestamp>,
    /// The organisation that the subject belongs to, and acts for where two must not be the same.
    pub body: Option<Id>,
    /// Named in `NHSD-End-User-Organisation-ODS`, once it was found inside the grants. It takes away from what they reach
    /// and never adds to it.
    pub end_user: Option<EndUser>,
}

/// How far an actor's grants reach for one operation: a record that one of them names, and that lies within the end
/// user's organisation where there is one. A record of no organisation lies within none.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    everything: bool,
    organisations: Vec<Id>,
    programmes: Vec<String>,
    innovations: Vec<Id>,
    within: Option<Id>,
}

/// The parts of a reach, for a query to say the same of many records.
pub struct ReachParts {
    /// Whether the grants name every record, whatever the other parts say.
    pub everything: bool,
    pub organisations: Vec<Id>,
    pub programmes: Vec<String>,
    pub innovations: Vec<Id>,
    /// The organisation that a record must lie within beside.
    pub within: Option<Id>,
}

impl Actor {
    pub fn anonymous() -> Self {
        Self { subject: String::new(), grants: Vec::new(), expires_at: None, body: None, end_user: None }
    }

    pub fn is_anonymous(&self) -> bool {
        self.subject.is_empty()
    }

    pub fn has(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// Whether the caller sees of a public record what only callers with grants see. Of a record without an organisation
    /// a narrowed one sees what everybody does.
    pub fn sees_more_than_the_public(&self) -> bool {
        !self.is_anonymous() && self.end_user.is_none()
    }

    /// What the grants allow together for this operation.
    pub fn reach(&self, operation: Operation) -> Reach {
        let mut reach = Reach { within: self.end_user.as_ref().map(|end_user| end_user.id), ..Reach::default() };
        let row = operation.row();
        for grant in &self.grants {
            match (row.answer(grant.role), &grant.scope) {
                (Answer::No, _) | (Answer::Own, Scope::Own | Scope::Assigned) => {}
                (Answer::All, _) | (Answer::Own, Scope::National) => reach.everything = true,
                (Answer::Own, Scope::Programme(slug)) => reach.programmes.push(slug.clone()),
                (Answer::Own, Scope::Organisation { id, .. }) => reach.organisations.push(*id),
                (Answer::Own, Scope::Innovation { id, .. }) => reach.innovations.push(*id),
            }
        }
        reach
    }

    /// Whether any grant allows the operation at all, somewhere, and for the end user's organisation where there is one.
    pub fn may(&self, operation: Operation) -> bool {
        let row = operation.row();
        let granted = self.grants.iter().any(|grant| row.answer(grant.role) != Answer::No);
        granted && (row.placed || row.anonymous || self.end_user.is_none())
    }
}

impl Reach {
    /// As far as there is: for what the service does itself.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// Whether every record is reached.
    /// Whether there is nothing that it holds.
    pub fn is_nothing(&self) -> bool {
        let Self { everything, organisations, programmes, innovations, .. } = self;
        !everything && organisations.is_empty() && programmes.is_empty() && innovations.is_empty()
    }

    pub fn is_everything(&self) -> bool {
        self.everything && self.within.is_none()
    }

    /// # Errors
    /// `forbidden` unless everything is reached.
    pub fn require_everything(&self) -> Result<()> {
        if self.is_everything() { Ok(()) } else { Err(outside()) }
    }

    /// Whether a record that belongs to this programme and to no organisation is reached.
    pub fn covers_programme(&self, programme: Option<&str>) -> bool {
        self.within.is_none() && self.names(programme, None)
    }

    /// Whether a record that belongs to this innovation and to no organisation is reached.
    pub fn covers_innovation(&self, innovation: Id) -> bool {
        self.within.is_none() && self.names(None, Some(innovation))
    }

    /// Whether a grant names the record by itself, its programme or its innovation. It must lie within [`Reach::within`] beside.
    pub fn names(&self, programme: Option<&str>, innovation: Option<Id>) -> bool {
        self.everything
            || programme.is_some_and(|slug| self.programmes.iter().any(|own| own == slug))
            || innovation.is_some_and(|id| self.innovations.contains(&id))
    }

    /// The organisations whose records are reached, with those below them. They must lie within [`Reach::within`] beside.
    pub fn places(&self) -> &[Id] {
        &self.organisations
    }

    /// The end user's organisation, within which a record must lie.
    pub fn within(&self) -> Option<Id> {
        self.within
    }

    /// The programmes whose records are reached, whether they belong to an organisation or not.
    pub fn whole_programmes(&self) -> &[String] {
        if self.within.is_none() { &self.programmes } else { &[] }
    }

    pub fn into_parts(self) -> ReachParts {
        let Self { everything, organisations, programmes, innovations, within } = self;
        ReachParts { everything, organisations, programmes, innovations, within }
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
