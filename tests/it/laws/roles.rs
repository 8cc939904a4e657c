//! The permission table, held against the service: every operation, by every role, inside its scope and outside it. An
//! operation that [`World::request`] does not know how to call fails the test, so none arrives unseen.

mod access;
mod adoptions;
mod applications;
mod communities;
mod funding;
mod people;
mod returns;

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::access::permissions::{ABILITIES, Answer as Allowed, Row, TABLE};
use innovation_register::grants::ops::NewLocalToken;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Two of everything: one inside the scope of every role, one outside the scope of all but the national one.
pub struct World {
    app: TestApp,
    pub inside: Corner,
    outside: Corner,
    counter: Cell<u32>,
    months: Cell<u32>,
    cohorts: Cell<u32>,
    /// Fellows by their subject, which belongs to one person.
    fellows: RefCell<HashMap<String, Value>>,
}

/// Records that belong together.
#[derive(Clone)]
pub struct Corner {
    organisation: &'static str,
    innovation: &'static str,
    kpi: &'static str,
    programme: Option<&'static str>,
    exclusion: String,
    recalculation: String,
    submission: String,
    value: String,
}

const PROGRAMME: &str = "nia";

/// The programme of the corner outside.
const ANOTHER: &str = "itp";

impl World {
    pub async fn new(engine: Engine) -> Self {
        let app = TestApp::start(engine).await;
        app.trust("RJZ", "QKK").await;
        app.trust("RBD", "QVV").await;
        app.programme(PROGRAMME).await;
        app.programme(ANOTHER).await;
        app.member("inside", PROGRAMME).await;
        app.innovation("outside").await;
        app.kpi("kpi-inside", json!({ "programme": PROGRAMME })).await;
        app.kpi("kpi-outside", json!({})).await;
        let inside = Corner::new(&app, "RJZ", "inside", "kpi-inside", Some(PROGRAMME)).await;
        let outside = Corner::new(&app, "RBD", "outside", "kpi-outside", None).await;
        let world = Self {
            app,
            inside,
            outside,
            counter: Cell::new(0),
            months: Cell::new(0),
            cohorts: Cell::new(0),
            fellows: RefCell::default(),
        };
        for corner in [&world.inside, &world.outside] {
            let set = format!("{}-set", corner.kpi);
            world.app.admin().post("/v1/kpi-sets", corner.set(&set)).await.expect(201);
        }
        eventually("the events are numbered", PATIENCE, async || {
            let newest = world.app.admin().get("/v1/audit-events?resource=kpi-set&count=true").await.expect(200);
            newest["page"]["count"]["total"] == 2
        })
        .await;
        world
    }

    pub fn app(&self) -> &TestApp {
        &self.app
    }

    pub fn actor(&self, role: Role) -> Actor {
        let Corner { organisation, innovation, .. } = &self.inside;
        match role {
            Role::NationalAdmin => self.app.admin(),
            Role::ProgrammeManager => {
                let (programme, body) = (Some(PROGRAMME.to_owned()), Some((*organisation).to_owned()));
                self.app.actor(&NewLocalToken { programme, body, ..grant(role) })
            }
            Role::RegionalLead => self.app.lead("QKK"),
            Role::Submitter => self.app.submitter(organisation),
            Role::Fellow => self.app.fellow(innovation),
            Role::NationalEvaluator => self.app.evaluator(),
            Role::Evaluator | Role::Applicant => self.app.actor(&grant(role)),
            Role::Reader => self.app.reader(),
        }
    }

    /// A number that no request before had.
    fn number(&self) -> u32 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }

    /// A cohort with a number that none before had.
    fn cohort(&self) -> Value {
        self.cohorts.set(self.cohorts.get() + 1);
        json!({ "number": self.cohorts.get(), "name": "A wave" })
    }

    /// A day after those of every request before.
    fn day(&self) -> String {
        let first: chrono::NaiveDate = "1800-01-01".parse().unwrap();
        (first + chrono::Days::new(self.number().into())).to_string()
    }

    /// A month that no request before had.
    fn month(&self) -> String {
        self.months.set(self.months.get() + 1);
        let number = self.months.get();
        format!("{}-{:02}", 1950 + number / 12, number % 12 + 1)
    }

    async fn version(&self, target: &str) -> i64 {
        self.app.admin().get(target).await.expect(200)["version"].as_i64().unwrap()
    }

    /// A draft KPI, made for one request.
    async fn draft(&self, corner: &Corner) -> String {
        let code = format!("draft-{}", self.number());
        let programme = corner.programme.map_or(json!({}), |slug| json!({ "programme": slug }));
        let mut others = json!({ "status": "proposed" });
        others.as_object_mut().unwrap().extend(programme.as_object().unwrap().clone());
        self.app.kpi(&code, others).await;
        format!("/v1/kpis/{code}")
    }

    /// The flag of a doubtful value, raised for one request.
    async fn flag(&self, corner: &Corner) -> String {
        let (month, target) = (self.month(), format!("/v1/kpi-submissions?kpi={}", corner.kpi));
        let later = format!("{}-12", 1950 + self.months.get() / 12 + 1);
        let rows = json!([corner.row(&month, 20), corner.row(&later, 1000 + self.months.get())]);
        self.app.admin().post(&target, json!({ "rows": rows })).await.expect(201);
        let open = self.app.admin().get(&format!("/v1/kpi-value-flags?kpi={}&status=open&sort=-raisedAt", corner.kpi));
        format!("/v1/kpi-value-flags/{}", open.await.expect(200)["data"][0]["id"].as_str().unwrap())
    }

    /// Where a record was made, for one request that takes it away.
    async fn made(&self, target: &str, body: Value) -> String {
        let made = self.app.admin().post(target, body).await;
        made.expect(201);
        made.header("location").to_owned()
    }

    /// Where a job is that is done: inside one of the actor's own, and outside another's.
    async fn job(&self, actor: &Actor, corner: &Corner) -> String {
        let admin = self.app.admin();
        let asks = |who: &Actor| {
            let export = who.get(&format!("/v1/kpi-values?kpi={}", corner.kpi)).accept("text/csv");
            export.header("prefer", "respond-async")
        };
        let own = asks(actor).await;
        let job = if own.status == 202 && corner.programme.is_some() { own } else { asks(&admin).await };
        job.expect(202);
        let job = job.header("location").to_owned();
        eventually("the job is done", PATIENCE, async || admin.get(&job).await.expect(200)["state"] == "succeeded")
            .await;
        job
    }

    /// That the innovation is meant for the organisation.
    async fn eligibility(&self, actor: &Actor, corner: &Corner) -> String {
        let body = json!({ "organisation": corner.organisation });
        let slug = self.written_innovation(actor, corner).await;
        self.made(&format!("/v1/innovations/{slug}/eligibility"), body).await
    }

    /// How many people the organisation has, on a day that no request before had.
    fn people(&self, corner: &Corner) -> Value {
        json!({ "organisation": corner.organisation, "on": self.day(), "value": 1000, "source": "Estimates" })
    }

    async fn population(&self, corner: &Corner) -> String {
        self.made("/v1/populations", self.people(corner)).await
    }

    /// An edge above the organisation.
    async fn edge(&self, corner: &Corner) -> String {
        let body = json!({ "parent": "Y59", "kind": "network", "from": format!("{}-01", self.month()) });
        self.made(&format!("/v1/organisations/{}/edges", corner.organisation), body).await
    }

    fn transfer(&self) -> Value {
        json!({ "to": [{ "code": "QWO" }], "kind": "transfer", "effectiveOn": format!("{}-01", self.month()) })
    }

    /// A succession of an organisation.
    async fn succession(&self, organisation: &str) -> String {
        self.made(&format!("/v1/organisations/{organisation}/successions"), self.transfer()).await
    }

    async fn is_applicant(&self, actor: &Actor) -> bool {
        self.is_of(actor, "applicant").await
    }

    async fn is_of(&self, actor: &Actor, role: &str) -> bool {
        let me: Value = serde_json::from_slice(&actor.get("/v1/me").await.body).unwrap_or_default();
        me["grants"][0]["role"] == role
    }

    /// A recalculation that somebody proposed, for one request that moves it.
    async fn proposal(&self, by: &Actor, corner: &Corner) -> String {
        let made = by.post("/v1/recalculations", corner.series("from", &self.month())).await;
        assert_eq!(made.expect(201)["state"], "proposed");
        made.header("location").to_owned()
    }

    /// The innovation of the corner, or inside the draft of an applicant.
    async fn written_innovation(&self, actor: &Actor, corner: &Corner) -> String {
        if corner.programme.is_some() && self.is_applicant(actor).await {
            return self.own_innovation(actor, corner).await;
        }
        corner.innovation.to_owned()
    }

    /// A new innovation that the corner's programme keeps, or inside the draft of an applicant.
    async fn own_innovation(&self, actor: &Actor, corner: &Corner) -> String {
        let slug = format!("own-{}", self.number());
        match corner.programme {
            Some(_) if self.is_applicant(actor).await => {
                let body = json!({ "name": "Own", "slug": slug, "summary": "Own.", "mainCategory": "ai" });
                actor.post("/v1/innovations", body).await.expect(201)
            }
            Some(programme) => self.app.member(&slug, programme).await,
            None => self.app.innovation(&slug).await,
        };
        slug
    }

    /// A good request for the operation in a corner of the register.
    pub async fn request(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let Corner { organisation, innovation, kpi, exclusion, recalculation, submission, value, .. } = corner;
        let series = format!("organisation={organisation}&innovation={innovation}");
        match operation {
            "analyse_spc" => actor.post("/v1/spc-analyses", json!({ "points": [{ "period": "2024-01", "value": 1 }] })),
            "create_exclusion" => actor.post("/v1/exclusions", corner.series("period", &self.month())),
            "create_innovation" => actor.post(
                "/v1/innovations",
                json!({ "name": format!("New {}", self.number()), "summary": "New.", "mainCategory": "ai" }),
            ),
            "assign_innovation_keeper" => {
                let slug = self.own_innovation(actor, corner).await;
                actor.post(&format!("/v1/innovations/{slug}/keeper"), json!({ "programme": ANOTHER })).if_match(1)
            }
            "create_kpi" => {
                let mut body = self.app.admin().get(&format!("/v1/kpis/{kpi}/versions")).await.expect(200)["data"][0]["definition"].clone();
                body["code"] = json!(format!("new-{}", self.number()));
                actor.post("/v1/kpis", body)
            }
            "create_kpi_set" => actor.post("/v1/kpi-sets", corner.set(&format!("set-{}", self.number()))),
            "create_kpi_target" => {
                actor.post(&format!("/v1/kpis/{kpi}/targets"), json!({ "value": 5, "from": self.month() }))
            }
            "create_organisation" => {
                let code = format!("NEW{}", self.number());
                actor.post(
                    "/v1/organisations",
                    json!({ "code": code, "name": "New", "type": "company", "parent": organisation }),
                )
            }
            "create_organisation_edge" => {
                let body = json!({ "parent": "Y59", "kind": "network", "from": format!("{}-01", self.month()) });
                actor.post(&format!("/v1/organisations/{organisation}/edges"), body)
            }
            "create_organisation_succession" => {
                actor.post(&format!("/v1/organisations/{organisation}/successions"), self.transfer())
            }
            "list_eligibility" => actor.get(&format!("/v1/innovations/{}/eligibility", corner.innovation)),
            "get_eligibility" => actor.get(&self.eligibility(actor, corner).await),
            "create_eligibility" => {
                let target = format!("/v1/innovations/{}/eligibility", self.written_innovation(actor, corner).await);
                actor.post(&target, json!({ "organisation": organisation }))
            }
            "update_eligibility" => {
                actor.patch(&self.eligibility(actor, corner).await, 1, json!({ "to": "2999-01-01" }))
            }
            "delete_eligibility" => {
                actor.delete(&format!("{}?reason=Mistake", self.eligibility(actor, corner).await), 1)
            }
            "get_innovation_uptake" => actor.get(&format!("/v1/innovations/{}/uptake", corner.innovation)),
            "get_innovation_uptake_chart" => actor.get(&format!("/v1/innovations/{}/uptake.svg", corner.innovation)),
            "list_populations" => actor.get("/v1/populations"),
            "get_population" => actor.get(&self.population(corner).await),
            "create_population" => actor.post("/v1/populations", self.people(corner)),
            "update_population" => actor.patch(&self.population(corner).await, 1, json!({ "value": 2000 })),
            "delete_population" => actor.delete(&format!("{}?reason=Mistake", self.population(corner).await), 1),
            "list_non_adopters" => actor.get(&format!("/v1/innovations/{}/non-adopters", corner.innovation)),
            "import_ods_file" => actor
                .post_csv("/v1/organisations/ods-import?file=epraccur", "A81001,THE DENSHAM SURGERY,,,,,,,,,19740401"),
            "get_organisation_edge" => actor.get(&self.edge(corner).await),
            "update_organisation_edge" => actor.patch(&self.edge(corner).await, 1, json!({ "to": "2999-01-01" })),
            "delete_organisation_edge" => actor.delete(&format!("{}?reason=Mistake", self.edge(corner).await), 1),
            "get_organisation_succession" => actor.get(&self.succession(organisation).await),
            "delete_organisation_succession" => {
                actor.delete(&format!("{}?reason=Mistake", self.succession(organisation).await), 1)
            }
            "create_reporting_exception" => actor.post("/v1/reporting-exceptions", corner.exception()),
            "delete_reporting_exception" => actor.delete(
                &format!("{}?reason=Mistake", self.made("/v1/reporting-exceptions", corner.exception()).await),
                1,
            ),
            "get_reporting_exception" => actor.get(&self.made("/v1/reporting-exceptions", corner.exception()).await),
            "list_reporting_exceptions" => actor.get(&format!("/v1/reporting-exceptions?organisation={organisation}")),
            "update_reporting_exception" => {
                let target = self.made("/v1/reporting-exceptions", corner.exception()).await;
                actor.patch(&target, 1, json!({ "to": "2999-01-01" }))
            }
            "create_annotation" => actor.post("/v1/annotations", corner.annotation()),
            "get_annotation" => actor.get(&self.made("/v1/annotations", corner.annotation()).await),
            "list_annotations" => {
                self.made("/v1/annotations", corner.annotation()).await;
                actor.get(&format!("/v1/annotations?organisation={organisation}"))
            }
            "update_annotation" => actor.patch(
                &self.made("/v1/annotations", corner.annotation()).await,
                1,
                json!({ "text": "More beds." }),
            ),
            "delete_annotation" => {
                actor.delete(&format!("{}?reason=Mistake", self.made("/v1/annotations", corner.annotation()).await), 1)
            }
            "transition_recalculation" => {
                let target = self.proposal(&self.app.submitter(organisation), corner).await;
                actor.transition(&target, 1, json!({ "to": "refused", "reason": "Nothing has changed." }))
            }
            "list_recalculation_transitions" => actor.get(&format!("{recalculation}/transitions")),
            "create_recalculation" => actor.post("/v1/recalculations", corner.series("from", &self.month())),
            "delete_exclusion" => {
                actor.delete(&self.made("/v1/exclusions", corner.series("period", &self.month())).await, 1)
            }
            "delete_recalculation"
                if self.is_of(actor, "submitter").await && organisation == &self.inside.organisation =>
            {
                actor.delete(&self.proposal(actor, corner).await, 1)
            }
            "delete_recalculation" => {
                actor.delete(&self.made("/v1/recalculations", corner.series("from", &self.month())).await, 1)
            }
            "delete_kpi_target" => {
                let body = json!({ "value": 5, "from": self.month() });
                actor.delete(&self.made(&format!("/v1/kpis/{kpi}/targets"), body).await, 1)
            }
            "delete_innovation" => {
                let slug = self.own_innovation(actor, corner).await;
                actor.delete(&format!("/v1/innovations/{slug}"), 1)
            }
            "get_code_list" => actor.get("/v1/code-lists/stages"),
            "get_job" => actor.get(&self.job(actor, corner).await),
            "get_job_result" => actor.get(&format!("{}/result", self.job(actor, corner).await)),
            "list_jobs" => {
                let job = self.job(actor, corner).await;
                actor.get(&format!("/v1/jobs?id={}", job.rsplit('/').next().unwrap()))
            }
            "transition_job" => {
                let job = self.job(actor, corner).await;
                // It waits, so that there is something to cancel.
                self.app.sql("UPDATE jobs SET state = 'queued', lease_until = '2999-01-01 00:00:00'");
                actor.transition(&job, self.version(&job).await, json!({ "to": "cancelled" }))
            }
            "get_exclusion" => actor.get(exclusion),
            "get_innovation" => actor.get(&format!("/v1/innovations/{innovation}")),
            "get_kpi" => actor.get(&format!("/v1/kpis/{kpi}")),
            "get_kpi_chart" => actor.get(&format!("/v1/kpis/{kpi}/chart.svg?{series}")),
            "get_kpi_spc" => actor.get(&format!("/v1/kpis/{kpi}/spc?{series}")),
            "get_kpi_grid" => actor.get(&format!("/v1/kpi-grid?{series}")),
            "get_kpi_totals" => {
                actor.get(&format!("/v1/kpis/{kpi}/totals?place={organisation}&innovation={innovation}"))
            }
            "get_kpi_value_flag" => actor.get(&self.flag(corner).await),
            "list_kpi_value_flags" => actor.get(&format!("/v1/kpi-value-flags?kpi={kpi}")),
            "update_kpi_value_flag" => {
                actor.patch(&self.flag(corner).await, 1, json!({ "justification": "A second department opened." }))
            }
            "get_kpi_set" => actor.get(&format!("/v1/kpi-sets/{kpi}-set")),
            "get_kpi_submission" => actor.get(submission),
            "list_kpi_submission_rows" => actor.get(&format!("{submission}/rows")),
            "get_kpi_target" => actor
                .get(&self.made(&format!("/v1/kpis/{kpi}/targets"), json!({ "value": 5, "from": self.month() })).await),
            "get_kpi_set_template" => {
                actor.get(&format!("/v1/kpi-sets/{kpi}-set/template.csv?organisation={organisation}"))
            }
            "get_kpi_set_workbook" => {
                actor.get(&format!("/v1/kpi-sets/{kpi}-set/template.xlsx?organisation={organisation}"))
            }
            "get_kpi_template" => actor.get(&format!("/v1/kpis/{kpi}/template.csv")),
            "get_me" => actor.get("/v1/me"),
            "get_organisation" => actor.get(&format!("/v1/organisations/{organisation}")),
            "get_recalculation" => actor.get(recalculation),
            "list_audit_events" => {
                actor.get(&format!("/v1/audit-events?resource=exclusion&key={}", exclusion.rsplit('/').next().unwrap()))
            }
            "list_changes" => actor.get(&format!("/v1/changes?resource=exclusions&place={organisation}")),
            "list_code_lists" => actor.get("/v1/code-lists"),
            "list_exclusions" => actor.get(&format!("/v1/exclusions?organisation={organisation}")),
            "list_innovation_transitions" => actor.get(&format!("/v1/innovations/{innovation}/transitions")),
            "list_innovations" => actor.get(&format!("/v1/innovations?q={innovation}")),
            "list_kpi_definition_library" => actor.get("/v1/kpi-definition-library"),
            "list_kpi_sets" => actor.get(&format!("/v1/kpi-sets?kpi={kpi}")),
            "list_kpi_submissions" => actor.get(&format!("/v1/kpi-submissions?kpi={kpi}")),
            "list_kpi_targets" => actor.get(&format!("/v1/kpis/{kpi}/targets")),
            "list_kpi_transitions" => actor.get(&format!("/v1/kpis/{kpi}/transitions")),
            "list_kpi_value_revisions" => actor.get(&format!("/v1/kpi-values/{value}/revisions")),
            "list_kpi_values" => actor.get(&format!("/v1/kpi-values?kpi={kpi}")),
            "list_kpi_versions" => actor.get(&format!("/v1/kpis/{kpi}/versions")),
            "list_kpis" => actor.get(&format!("/v1/kpis?q={kpi}")),
            "list_organisation_edges" => actor.get(&format!("/v1/organisations/{organisation}/edges")),
            "list_organisation_successions" => actor.get(&format!("/v1/organisations/{organisation}/successions")),
            "list_organisations" => actor.get(&format!("/v1/organisations?q={organisation}")),
            "list_recalculations" => actor.get(&format!("/v1/recalculations?organisation={organisation}")),
            "list_replaced_kpi_values" => {
                let submission = submission.rsplit('/').next().unwrap();
                actor.get(&format!("/v1/kpi-value-revisions?replacedBy={submission}"))
            }
            "submit_kpi_values" => actor.post(
                &format!("/v1/kpi-submissions?kpi={kpi}"),
                json!({ "rows": [corner.row(&self.month(), self.number())] }),
            ),
            "transition_innovation" => {
                let target = format!("/v1/innovations/{}", self.written_innovation(actor, corner).await);
                let present = self.app.admin().get(&target).await.expect(200);
                let to = if present["stage"] == "development" { "proof-of-concept" } else { "development" };
                actor.transition(
                    &target,
                    present["version"].as_i64().unwrap(),
                    json!({ "to": to, "reason": "It had to." }),
                )
            }
            "transition_kpi" => {
                actor.transition(&self.draft(corner).await, 1, json!({ "to": "agreed", "agreedBy": "Data group" }))
            }
            "update_innovation" => {
                let target = format!("/v1/innovations/{}", self.written_innovation(actor, corner).await);
                actor.patch(
                    &target,
                    self.version(&target).await,
                    json!({ "summary": format!("Number {}.", self.number()) }),
                )
            }
            "update_kpi" => actor.patch(&self.draft(corner).await, 1, json!({ "dueDays": 9 })),
            "update_kpi_set" => {
                let target = format!("/v1/kpi-sets/{kpi}-set");
                actor.patch(
                    &target,
                    self.version(&target).await,
                    json!({ "name": format!("Number {}", self.number()) }),
                )
            }
            "update_organisation" => {
                let target = format!("/v1/organisations/{organisation}");
                actor.patch(
                    &target,
                    self.version(&target).await,
                    json!({ "postcode": format!("SE{} 9RS", self.number() % 10_000) }),
                )
            }
            _ => self.request_of_returns(operation, actor, corner).await,
        }
    }

    /// The same for what belongs to programmes.
    async fn request_of_programmes(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let slug = corner.programme.unwrap_or(ANOTHER);
        let programme = format!("/v1/programmes/{slug}");
        let partner = json!({ "organisation": corner.organisation, "role": "partner", "from": self.day() });
        let cohort = self.cohort();
        let days = json!({ "programme": slug, "from": self.day(), "to": self.day() });
        let memberships = format!("/v1/innovations/{}/programme-memberships", corner.innovation);
        match operation {
            "create_programme" => {
                let slug = format!("programme-{}", self.number());
                actor.post(
                    "/v1/programmes",
                    json!({ "slug": slug, "name": "New", "kind": "locality", "summary": "New." }),
                )
            }
            "get_programme" => actor.get(&programme),
            "list_programmes" => actor.get(&format!("/v1/programmes?q={slug}")),
            "update_programme" => {
                let version = self.version(&programme).await;
                actor.patch(&programme, version, json!({ "summary": format!("Number {}.", self.number()) }))
            }
            "create_programme_partner" => actor.post(&format!("{programme}/partners"), partner),
            "get_programme_partner" => actor.get(&self.made(&format!("{programme}/partners"), partner).await),
            "list_programme_partners" => actor.get(&format!("{programme}/partners")),
            "update_programme_partner" => {
                let target = self.made(&format!("{programme}/partners"), partner).await;
                actor.patch(&target, 1, json!({ "to": self.day() }))
            }
            "create_cohort" => actor.post(&format!("{programme}/cohorts"), cohort),
            "get_cohort" => actor.get(&self.made(&format!("{programme}/cohorts"), cohort).await),
            "list_cohorts" => actor.get(&format!("{programme}/cohorts")),
            "update_cohort" => {
                actor.patch(&self.made(&format!("{programme}/cohorts"), cohort).await, 1, json!({ "name": "Other" }))
            }
            "create_programme_membership" => actor.post(&memberships, days),
            "get_programme_membership" => actor.get(&self.made(&memberships, days).await),
            "list_programme_memberships" => actor.get(&memberships),
            "update_programme_membership" => {
                let (from, later) = (self.day(), self.day());
                let longer = json!({ "programme": slug, "from": from, "to": self.day() });
                actor.patch(&self.made(&memberships, longer).await, 1, json!({ "from": later }))
            }
            "transition_programme_membership" => {
                actor.transition(&self.made(&memberships, days).await, 1, json!({ "to": "ended" }))
            }
            "list_programme_membership_transitions" => {
                actor.get(&format!("{}/transitions", self.made(&memberships, days).await))
            }
            "transition_programme_partner" => {
                let target = self.made(&format!("{programme}/partners"), partner).await;
                actor.transition(&target, 1, json!({ "to": "ended" }))
            }
            "list_programme_partner_transitions" => {
                actor.get(&format!("{}/transitions", self.made(&format!("{programme}/partners"), partner).await))
            }
            _ => self.request_of_applications(operation, actor, corner).await,
        }
    }
}

impl Corner {
    async fn new(
        app: &TestApp,
        organisation: &'static str,
        innovation: &'static str,
        kpi: &'static str,
        programme: Option<&'static str>,
    ) -> Self {
        let none = String::new;
        let mut corner = Self {
            organisation,
            innovation,
            kpi,
            programme,
            exclusion: none(),
            recalculation: none(),
            submission: none(),
            value: none(),
        };
        let admin = app.admin();
        let target = format!("/v1/kpi-submissions?kpi={kpi}&mode=partial");
        let wrong = json!({ "organisation": "NOWHERE", "period": "2026-01", "value": 1 });
        for number in [41, 42] {
            let sent = admin.post(&target, json!({ "rows": [corner.row("2026-01", number)] })).await;
            sent.expect(201);
        }
        let sent = admin.post(&target, json!({ "rows": [corner.row("2026-02", 43), wrong] })).await;
        sent.expect(201);
        corner.submission = sent.header("location").to_owned();
        let values = admin.get(&format!("/v1/kpi-values?kpi={kpi}")).await.expect(200);
        corner.value = values["data"][0]["id"].as_str().unwrap().to_owned();
        let made = admin.post("/v1/exclusions", corner.series("period", "2026-01")).await;
        corner.exclusion = made.header("location").to_owned();
        let made = admin.post("/v1/recalculations", corner.series("from", "2026-01")).await;
        corner.recalculation = made.header("location").to_owned();
        corner
    }

    fn row(&self, period: &str, value: u32) -> Value {
        json!({ "organisation": self.organisation, "innovation": self.innovation, "period": period, "value": value })
    }

    /// What names a series and a period of it, with a reason.
    fn series(&self, name: &str, period: &str) -> Value {
        json!({ "kpi": self.kpi, "organisation": self.organisation, "innovation": self.innovation, name: period, "reason": "It had to." })
    }

    /// What is to be known of a month of the series.
    fn annotation(&self) -> Value {
        json!({ "kpi": self.kpi, "organisation": self.organisation, "innovation": self.innovation, "period": "2026-01", "text": "More beds." })
    }

    /// That nothing is expected of the organisation for a day long ago.
    fn exception(&self) -> Value {
        json!({
            "kpi": self.kpi, "organisation": self.organisation, "innovation": self.innovation, "kind": "not-provided-here",
            "from": "1950-01-01", "to": "1950-01-02", "reason": "It had to."
        })
    }

    fn set(&self, code: &str) -> Value {
        let mut set =
            json!({ "code": code, "name": "A set", "kpis": [self.kpi], "assignments": [{ "place": "E92000001" }] });
        if let Some(programme) = self.programme {
            set["programme"] = json!(programme);
        }
        set
    }
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Operations whose request names no place in the register, so that nothing of it lies outside.
const PLACELESS: [&str; 5] =
    ["create_fellow", "create_innovation", "create_programme", "create_webhook", "list_blocked_grants"];

/// Operations on what the fellow sent: nobody sends it for them, so inside is what they sent themselves.
const OWN_SUBMISSIONS: [&str; 3] = ["get_kpi_submission", "list_kpi_submission_rows", "list_kpi_submissions"];

/// Operations on values, of which nothing is assigned to an evaluator.
const UNASSIGNED: [&str; 20] = [
    "get_annotation",
    "get_kpi_chart",
    "get_kpi_grid",
    "get_kpi_return",
    "get_kpi_set_completeness",
    "get_kpi_spc",
    "get_kpi_totals",
    "get_kpi_value_flag",
    "get_release_differences",
    "list_annotations",
    "list_audit_events",
    "list_kpi_return_drafts",
    "list_kpi_return_transitions",
    "list_kpi_returns",
    "list_kpi_value_flags",
    "list_kpi_value_revisions",
    "list_kpi_values",
    "list_release_values",
    "list_replaced_kpi_values",
    "recommend_gateway_review",
];

/// Operations on what is the caller's own wherever it is.
const ONES_OWN: [&str; 6] =
    ["get_job", "get_job_result", "list_jobs", "transition_job", "transition_review", "update_review"];

/// What applicants do for themselves, whomever they mention.
const FOR_ONESELF: &str = "create_application";

/// Refused, or answered with nothing.
fn is_closed(answer: &Answer) -> bool {
    match answer.status {
        403 | 404 => true,
        422 => ["\"out-of-scope\"", "\"unknown-fund\""].iter().any(|code| answer.text().contains(code)),
        200 => serde_json::from_slice::<Value>(&answer.body)
            .is_ok_and(|body| ["data", "lines"].iter().any(|rows| body[*rows].as_array().is_some_and(Vec::is_empty))),
        _ => false,
    }
}

/// Answered, and not with nothing where there is something.
fn is_open(row: &Row, answer: &Answer) -> bool {
    let may_be_empty = [
        "list_organisation_successions",
        "list_eligibility",
        "list_populations",
        "list_innovation_transitions",
        "list_kpi_return_drafts",
        "list_kpi_return_transitions",
        "list_kpi_transitions",
        "list_kpi_targets",
        "list_programme_partners",
        "list_programme_memberships",
        "list_programme_membership_transitions",
        "list_programme_partner_transitions",
        "list_fellowship_innovation_transitions",
        "list_cohorts",
        "list_application_transitions",
        "list_call_ranking",
        "list_fellowship_transitions",
        "list_adoption_approval_transitions",
        "list_adoption_counts",
        "list_adoption_transitions",
        "list_attendances",
        "list_network_memberships",
        "list_award_transitions",
        "list_client_transitions",
        "list_award_transactions",
        "list_milestones",
        "list_gateway_reviews",
        "list_recalculation_transitions",
        "list_replaced_kpi_values",
        "list_webhook_deliveries",
        "list_webhook_transitions",
    ];
    (200..300).contains(&answer.status) && (may_be_empty.contains(&row.operation.id()) || !is_closed(answer))
}

#[rstest]
#[actix_web::test]
async fn every_operation_answers_every_role_as_the_table_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let mut faults = Vec::new();
    for row in TABLE.iter().filter(|row| !ABILITIES.contains(&row.operation)) {
        for role in Role::ALL {
            let actor = world.actor(*role);
            let own = Corner { submission: own_submission(&world, &actor, *role, row).await, ..world.inside.clone() };
            let inside = world.request(row.operation.id(), &actor, &own).await.await;
            let outside = world.request(row.operation.id(), &actor, &world.outside).await.await;
            let id = row.operation.id();
            let everywhere = *role == Role::NationalEvaluator && !ONES_OWN.contains(&id);
            let expected = match row.answer(*role) {
                Allowed::Own if everywhere => is_open(row, &inside) && is_open(row, &outside),
                Allowed::Own if *role == Role::Evaluator && UNASSIGNED.contains(&id) => {
                    is_closed(&inside) && is_closed(&outside)
                }
                Allowed::Own if *role == Role::Applicant && id == FOR_ONESELF => is_open(row, &outside),
                Allowed::No => inside.status == 403 && outside.status == 403,
                Allowed::All => is_open(row, &inside) && is_open(row, &outside),
                Allowed::Own => is_open(row, &inside) && (is_closed(&outside) || PLACELESS.contains(&id)),
            };
            if !expected {
                let told = |answer: &Answer| {
                    format!("{} {}", answer.status, answer.text().chars().take(200).collect::<String>())
                };
                let (operation, allowed) = (row.operation.id(), row.answer(*role));
                faults.push(format!(
                    "{operation}, {} ({allowed:?}):\n   inside {}\n  outside {}",
                    role.as_str(),
                    told(&inside),
                    told(&outside)
                ));
            }
        }
        let anonymous = world.request(row.operation.id(), &world.app.anonymous(), &world.inside).await.await;
        let expected = if row.anonymous { is_open(row, &anonymous) } else { anonymous.status == 401 };
        if !expected {
            faults.push(format!("{}, anonymous: {} {}", row.operation.id(), anonymous.status, anonymous.text()));
        }
    }
    assert!(faults.is_empty(), "auth/access.rs says otherwise of:\n{}", faults.join("\n"));
}

/// The submission that lies inside the caller's scope.
async fn own_submission(world: &World, actor: &Actor, role: Role, row: &Row) -> String {
    if role != Role::Fellow || !OWN_SUBMISSIONS.contains(&row.operation.id()) {
        return world.inside.submission.clone();
    }
    let wrong = json!({ "organisation": "NOWHERE", "period": "2026-01", "value": 1 });
    let rows = json!({ "rows": [world.inside.row(&world.month(), 1), wrong] });
    let sent = actor.post(&format!("/v1/kpi-submissions?kpi={}&mode=partial", world.inside.kpi), rows).await;
    sent.expect(201);
    sent.header("location").to_owned()
}

const END_USER: &str = "nhsd-end-user-organisation-ods";

/// Operations that a caller who acts for one organisation may do as far as they are allowed, since they concern no record.
const RECORDLESS: [&str; 2] = ["analyse_spc", "get_me"];

#[rstest]
#[actix_web::test]
async fn an_end_users_organisation_only_takes_away(#[values(Sqlite, Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let mut faults = Vec::new();
    for row in TABLE.iter().filter(|row| !ABILITIES.contains(&row.operation)) {
        let (id, admin) = (row.operation.id(), world.app.admin());
        let narrowed = |corner: &Corner| admin.with(END_USER, corner.organisation);
        let there = world.request(id, &narrowed(&world.inside), &world.inside).await.await;
        let elsewhere = world.request(id, &narrowed(&world.outside), &world.inside).await.await;
        let expected = if row.anonymous || RECORDLESS.contains(&id) {
            is_open(row, &there) && is_open(row, &elsewhere)
        } else if row.placed {
            is_open(row, &there) && is_closed(&elsewhere)
        } else {
            there.status == 403 && elsewhere.status == 403
        };
        if !expected {
            let told = |answer: &Answer| format!("{} {:.200}", answer.status, answer.text());
            faults.push(format!("{id}:\n   there {}\n  elsewhere {}", told(&there), told(&elsewhere)));
        }
    }
    assert!(faults.is_empty(), "access/permissions.rs says otherwise of:\n{}", faults.join("\n"));
}

#[rstest]
#[actix_web::test]
async fn nobody_gains_an_organisation_by_naming_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for role in Role::ALL {
        let actor = world.actor(*role);
        let grants = actor.get("/v1/me").await.expect(200)["grants"].clone();
        let scope = grants[0]["scope"].as_str().unwrap();
        let answer = actor.with(END_USER, world.outside.organisation).get("/v1/me").await;
        match scope {
            "national" => assert_eq!(answer.expect(200)["grants"], grants, "{role:?}"),
            _ => drop(answer.problem(403, "forbidden")),
        }
    }
}
