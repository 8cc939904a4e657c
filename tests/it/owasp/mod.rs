//! What an attacker would try who has read the source, by the items of the OWASP API Security Top 10 of 2023.
//! `docs/security.md` names these tests beside the others that hold each item.

mod api10_unsafe_consumption;
mod api1_object_level;
mod api2_authentication;
mod api3_object_properties;
mod api4_resources;
mod api5_functions;
mod api6_business_flows;
mod api7_server_side_requests;
mod api8_configuration;
mod api9_inventory;

use crate::support::*;
use innovation_register::access::Role;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Somebody of each role, each for a part of the demonstration, and nobody in particular.
fn everyone(app: &TestApp) -> Vec<(&'static str, Actor)> {
    let one = |role: &Role| match role {
        Role::NationalAdmin => app.admin(),
        Role::ProgrammeManager => app.manager("itp"),
        Role::RegionalLead => app.lead("QWE"),
        Role::Submitter => app.submitter("QKK"),
        Role::Fellow => app.fellow("heartflow"),
        Role::NationalEvaluator => app.evaluator(),
        Role::Evaluator | Role::Applicant | Role::Reader => app.actor(&grant(*role)),
    };
    let nobody = ("anonymous", app.anonymous());
    Role::ALL.iter().map(|role| (role.as_str(), one(role))).chain([nobody]).collect()
}

/// What comes back for bytes that no client library would send; empty where the connection is closed without an answer.
fn wire(app: &TestApp, bytes: &str) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let _ = stream.write_all(bytes.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
