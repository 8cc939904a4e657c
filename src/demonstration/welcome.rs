//! Six people to try the register as.

use crate::access::Role;
use crate::error::Result;
use crate::grants::ops::NewLocalToken;
use chrono::TimeDelta;

/// Somebody to try the register as.
struct Person {
    who: &'static str,
    role: Role,
    organisation: Option<&'static str>,
    innovation: Option<&'static str>,
    programme: Option<&'static str>,
    /// Something they would do, as curl arguments after the token.
    does: &'static str,
}

const PEOPLE: [Person; 6] = [
    Person {
        who: "national admin",
        role: Role::NationalAdmin,
        organisation: None,
        innovation: None,
        programme: None,
        does: "URL/v1/audit-events?sort=-occurredAt&limit=5",
    },
    Person {
        who: "programme manager of the NHS Innovation Accelerator",
        role: Role::ProgrammeManager,
        organisation: None,
        innovation: None,
        programme: Some("nia"),
        does: "URL/v1/programmes/nia/impact?asOf=2016-04-30",
    },
    Person {
        who: "ICB lead for South East London",
        role: Role::RegionalLead,
        organisation: Some("QKK"),
        innovation: None,
        programme: None,
        does: "URL/v1/kpis/emergency-performance/spc?organisation=RJZ",
    },
    Person {
        who: "submitter at King's College Hospital",
        role: Role::Submitter,
        organisation: Some("RJZ"),
        innovation: None,
        programme: None,
        does: "URL/v1/kpi-submissions?kpi=emergency-performance&dryRun=true' -H 'Content-Type: application/json' -d '{\"rows\":[{\"organisation\":\"RJZ\",\"period\":\"2019-04\",\"numerator\":9000,\"denominator\":10000}]}",
    },
    Person {
        who: "fellow with Brainomix e-Stroke",
        role: Role::Fellow,
        organisation: None,
        innovation: Some("brainomix-e-stroke"),
        programme: None,
        does: "URL/v1/innovations/brainomix-e-stroke",
    },
    Person {
        who: "reader",
        role: Role::Reader,
        organisation: None,
        innovation: None,
        programme: None,
        does: "URL/v1/kpi-values?kpi=emergency-attendances&place=QKK&limit=5",
    },
];

/// What `demo` prints: where it is, and a token and a command for each of six people.
///
/// # Errors
/// What making a token fails with.
pub fn welcome(
    url: &str,
    mut token: impl FnMut(&NewLocalToken) -> Result<String, String>,
) -> Result<Vec<String>, String> {
    let mut lines = vec![
        "The Innovation Register is up, with demonstration data. Series marked illustrative are invented.".to_owned(),
        String::new(),
        format!("  {url}/docs/   try it in the browser: Authorize, paste a token"),
        String::new(),
    ];
    for person in &PEOPLE {
        let wanted = NewLocalToken {
            role: person.role,
            organisation: person.organisation.map(str::to_owned),
            programme: person.programme.map(str::to_owned),
            innovation: person.innovation.map(str::to_owned),
            subject: Some(format!("demo-{}", person.role.as_str())),
            body: None,
            life: TimeDelta::hours(24),
        };
        let token = token(&wanted)?;
        lines.push(format!("{} (24 hours):", person.who));
        lines.push(format!("  {token}"));
        lines.push(format!("  curl -H 'Authorization: Bearer {token}' '{}'", person.does.replace("URL", url)));
        lines.push(String::new());
    }
    lines.push("Stop it with Ctrl-C.".to_owned());
    Ok(lines)
}
