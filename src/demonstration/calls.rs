//! A call that is open, with an application that is still written and one that is reviewed: all illustrative, since the
//! calls of 2018 have closed.

use super::programmes::form;
use crate::access::{Actor, Operation};
use crate::applications::ops::{Candidate, candidate, create_application, transition_application};
use crate::applications::reviews::ops::create_review;
use crate::applications::reviews::rules::NewReview;
use crate::applications::rules::{Application, PriorityCode};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Context, IfMatch};
use crate::programmes::calls::ops::create_call;
use crate::transitions::rules::AskedMove;
use crate::vocabulary::instant;
use chrono::TimeDelta;
use serde_json::{Map, Value};
use std::sync::Arc;

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    let day = |days| instant((context.now + TimeDelta::days(days)).naive_utc());
    let open = form("A call that is open (illustrative)", &day(-30), &day(60));
    let call = create_call(conn, &context.step(Operation::create_call), "itp", &open.checked()?)?.row.id.to_string();
    for (subject, title, moves) in [
        ("demo-national-admin", "Home monitoring after a stroke (illustrative)", &[][..]),
        (
            "demo-submitter",
            "Shorter waits for a scan (illustrative)",
            &["submitted", "eligibility-check", "under-review"],
        ),
    ] {
        let application = Application {
            title: title.to_owned(),
            organisation: Some("RJZ".to_owned()),
            innovation: None,
            priorities: vec![PriorityCode("primary-care".to_owned())],
            data: Map::from_iter([
                ("aim".to_owned(), Value::from("Fewer visits to hospital.")),
                ("evidence".to_owned(), Value::from("A trial in two practices.")),
            ]),
        };
        let applicant = named(subject, context, Operation::create_application);
        let application = create_application(conn, &applicant, &call, application)?.0.row.id.to_string();
        for to in moves {
            // The applicant submits, the programme does the rest.
            let who = if *to == "submitted" { subject } else { "demo-programme-manager" };
            let asked = AskedMove { to: (*to).to_owned(), reason: None, effective_on: None };
            let who = named(who, context, Operation::transition_application);
            let assessed = candidate(conn, &who, &application, &asked)?.map(Candidate::assess);
            transition_application(conn, &who, &application, asked, assessed)?;
        }
        if !moves.is_empty() {
            let review = NewReview { reviewer: "demo-national-admin".to_owned() };
            let programme = named("demo-programme-manager", context, Operation::create_review);
            create_review(conn, &programme, &application, review)?;
        }
    }
    Ok(())
}

/// The same command in the name of one of those whose tokens `demo` prints.
fn named(subject: &str, context: &Context, operation: Operation) -> Context {
    let actor = Actor { subject: subject.to_owned(), ..(*context.actor).clone() };
    Context { actor: Arc::new(actor), if_match: Some(IfMatch::Any), ..context.step(operation) }
}
