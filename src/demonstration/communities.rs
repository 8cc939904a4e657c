//! Who supports the fellows and learns with them: illustrative mentors, events and leaders, and the network Q, whose
//! growth is the founding documents'.

use super::reading::day;
use crate::access::Operation;
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;
use crate::people::attendances::ops::create_attendance;
use crate::people::attendances::rules::{Attendance, AttendanceRole, AttendanceState};
use crate::people::leaders::ops::create_leader;
use crate::people::leaders::rules::{Leader, LeaderKind};
use crate::people::learning_events::ops::create_learning_event;
use crate::people::learning_events::rules::{EventKind, LearningEvent};
use crate::people::mentorships::ops::create_mentorship;
use crate::people::mentorships::rules::Mentorship;
use crate::people::network_memberships::ops::create_network_membership;
use crate::people::network_memberships::rules::NetworkMembership;
use crate::people::networks::ops::create_network;
use crate::people::networks::rules::Network;
use crate::people::ops::create_person;
use crate::people::rules::Person;
use crate::privacy::requests::ops::create_person_request;
use crate::privacy::requests::rules::{PersonRequest, RequestKind};
use crate::vocabulary::{Basis, Id, Qualifier};

const EVENTS: [(&str, EventKind, &str, &str); 3] = [
    ("Making the case to commissioners (illustrative)", EventKind::Workshop, "2015-10-06T10:00", "2015-10-06T16:00"),
    ("Peer learning set, winter (illustrative)", EventKind::LearningSet, "2016-01-19T13:00", "2016-01-19T17:00"),
    ("A visit to a test bed (illustrative)", EventKind::SiteVisit, "2016-04-12T09:30", "2016-04-12T12:30"),
];

/// Q grew from 231 members to more than 2,500 in three years.
const Q: [(&str, i64, Qualifier); 2] =
    [("2015-04-01", 231, Qualifier::Exact), ("2018-04-01", 2500, Qualifier::AtLeast)];

/// Loads them for the fellows of the first cohort, each a person with the fellowship.
pub fn load(conn: &mut Conn, context: &Context, fellows: &[(Id, Id)]) -> Result<()> {
    load_events(conn, context, fellows)?;
    for (at, (_, fellowship)) in fellows.iter().take(3).enumerate() {
        let new = Mentorship {
            mentor: person(conn, context, format!("Mentor {} (illustrative)", at + 1))?,
            fellowship: *fellowship,
            focus: "Commissioning".to_owned(),
            from: day("2015-09-01")?,
            to: None,
        };
        let mentor = new.mentor.to_string();
        create_mentorship(conn, &context.step(Operation::create_mentorship), new)?;
        if at == 0 {
            let received = day("2016-03-03")?;
            let asked = PersonRequest { kind: RequestKind::Access, received, decision: None, ground: None };
            create_person_request(conn, &context.step(Operation::create_person_request), &mentor, asked)?;
        }
    }
    for (at, kind) in [LeaderKind::Clinical, LeaderKind::Clinical, LeaderKind::Citizen].into_iter().enumerate() {
        let new = Leader {
            person: person(conn, context, format!("Leader {} (illustrative)", at + 1))?,
            kind,
            organisation: None,
            programme: Some("nia".to_owned()),
            from: day("2015-09-01")?,
            to: None,
        };
        create_leader(conn, &context.step(Operation::create_leader), new)?;
    }
    let network = Network {
        slug: "q".to_owned(),
        name: "Q".to_owned(),
        purpose: "People who improve health and care, learning from each other.".to_owned(),
        programme: None,
        illustrative: false,
    };
    create_network(conn, &context.step(Operation::create_network), network)?;
    for (counted_on, members, qualifier) in Q {
        let source = Some("The founding documents; the days are illustrative.".to_owned());
        let (counted_on, basis) = (day(counted_on)?, Basis::Measured);
        let count = NetworkMembership { counted_on, members, qualifier, basis, source };
        create_network_membership(conn, &context.step(Operation::create_network_membership), "q", count)?;
    }
    Ok(())
}

fn load_events(conn: &mut Conn, context: &Context, fellows: &[(Id, Id)]) -> Result<()> {
    for (title, kind, starts_at, ends_at) in EVENTS {
        let new = LearningEvent {
            programme: "nia".to_owned(),
            title: title.to_owned(),
            kind,
            starts_at: starts_at.to_owned(),
            ends_at: ends_at.to_owned(),
            zone: "Europe/London".to_owned(),
            host: None,
            illustrative: true,
        };
        let event =
            create_learning_event(conn, &context.step(Operation::create_learning_event), new)?.row.id.to_string();
        for (at, (person, _)) in fellows.iter().enumerate() {
            let state = if at % 5 == 4 { AttendanceState::Absent } else { AttendanceState::Attended };
            let there = Attendance { person: *person, role: AttendanceRole::Participant, state };
            create_attendance(conn, &context.step(Operation::create_attendance), &event, there)?;
        }
    }
    Ok(())
}

fn person(conn: &mut Conn, context: &Context, name: String) -> Result<Id> {
    let new = Person { name, email: None, subject: None, named_publicly: false, illustrative: true };
    Ok(create_person(conn, &context.step(Operation::create_person), new)?.id)
}
