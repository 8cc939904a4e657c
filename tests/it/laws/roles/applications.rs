//! How each role calls the operations on calls, applications and reviews.

use super::*;

const OPEN: [(&str, &str); 2] = [("opensAt", "2000-01-01T00:00:00Z"), ("closesAt", "2100-01-01T00:00:00Z")];

/// Who asks, for what is theirs because they wrote it or were asked to review it.
struct Part {
    subject: String,
    writes: bool,
    everywhere: bool,
}

impl World {
    fn call_body(&self) -> Value {
        let mut body =
            json!({ "title": format!("Call {}", self.number()), "priorities": [{ "code": "any", "label": "Any" }] });
        for (name, at) in OPEN {
            body[name] = json!(at);
        }
        body
    }

    async fn call(&self, corner: &Corner) -> String {
        self.made(&format!("/v1/programmes/{}/calls", corner.programme.unwrap_or(ANOTHER)), self.call_body()).await
    }

    async fn part(&self, actor: &Actor) -> Part {
        let me = actor.get("/v1/me").await;
        let me: Value = serde_json::from_slice(&me.body).unwrap_or_default();
        let role = me["grants"][0]["role"].as_str().unwrap_or_default();
        let everywhere = role == "national-admin";
        let writes = everywhere || matches!(role, "submitter" | "fellow" | "applicant");
        Part { subject: me["subject"].as_str().unwrap_or("nobody").to_owned(), writes, everywhere }
    }

    fn application(corner: &Corner) -> Value {
        json!({ "title": "Ours", "organisation": corner.organisation, "innovation": corner.innovation, "priorities": ["any"] })
    }

    /// An application of the actor where the actor may write it, else of somebody else; and its call.
    async fn applied(&self, actor: &Actor, corner: &Corner) -> (String, String) {
        let (part, call) = (self.part(actor).await, self.call(corner).await);
        let (own, other) = (&actor.without(END_USER), self.app.admin());
        let applicant = if part.writes && (corner.programme.is_some() || part.everywhere) { own } else { &other };
        let sent = applicant.post(&format!("{call}/applications"), Self::application(corner)).await;
        sent.expect(201);
        (call, sent.header("location").to_owned())
    }

    /// Somebody else's application under review, by the actor wherever the actor's scope is; its call and the review.
    async fn reviewed(&self, actor: &Actor, corner: &Corner) -> (String, String, String) {
        let (part, call) = (self.part(actor).await, self.call(corner).await);
        let (applicant, decider) = (self.app.admin(), self.app.admin());
        let sent = applicant.post(&format!("{call}/applications"), Self::application(corner)).await;
        let application = sent.header("location").to_owned();
        applicant.transition(&application, 1, json!({ "to": "submitted" })).await.expect(200);
        for (version, to) in [(2, "eligibility-check"), (3, "under-review")] {
            decider.transition(&application, version, json!({ "to": to })).await.expect(200);
        }
        let reviewer = if corner.programme.is_some() || part.everywhere { part.subject } else { "somebody".to_owned() };
        let asked = decider.post(&format!("{application}/reviews"), json!({ "reviewer": reviewer })).await;
        asked.expect(201);
        (call, application, asked.header("location").to_owned())
    }

    /// What the actor sees through a part in it: by writing it, by keeping the programme, or by reviewing it.
    async fn seen(&self, actor: &Actor, corner: &Corner) -> (String, String) {
        if self.part(actor).await.writes {
            return self.applied(actor, corner).await;
        }
        let (call, application, _) = self.reviewed(actor, corner).await;
        (call, application)
    }

    pub async fn request_of_applications(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let calls = format!("/v1/programmes/{}/calls", corner.programme.unwrap_or(ANOTHER));
        match operation {
            "create_call" => actor.post(&calls, self.call_body()),
            "get_call" => actor.get(&self.call(corner).await),
            "list_calls" => {
                self.call(corner).await;
                actor.get(&calls)
            }
            "update_call" => actor.patch(&self.call(corner).await, 1, json!({ "title": "Another" })),
            "create_application" => {
                actor.post(&format!("{}/applications", self.call(corner).await), Self::application(corner))
            }
            "list_applications" => actor.get(&format!("{}/applications", self.seen(actor, corner).await.0)),
            "get_application" => actor.get(&self.seen(actor, corner).await.1),
            "list_application_transitions" => actor.get(&format!("{}/transitions", self.seen(actor, corner).await.1)),
            "update_application" => actor.patch(&self.applied(actor, corner).await.1, 1, json!({ "title": "Mine" })),
            "transition_application" if self.part(actor).await.writes => {
                actor.transition(&self.applied(actor, corner).await.1, 1, json!({ "to": "withdrawn" }))
            }
            "transition_application" => {
                let (_, application, _) = self.reviewed(actor, corner).await;
                actor.transition(&application, 4, json!({ "to": "shortlisted" }))
            }
            "list_call_ranking" => actor.get(&format!("{}/ranking", self.call(corner).await)),
            "create_review" => {
                let (_, application, _) = self.reviewed(actor, corner).await;
                actor.post(
                    &format!("{application}/reviews"),
                    json!({ "reviewer": format!("reviewer-{}", self.number()) }),
                )
            }
            "list_reviews" => actor.get(&format!("{}/reviews", self.reviewed(actor, corner).await.1)),
            "get_review" => actor.get(&self.reviewed(actor, corner).await.2),
            "update_review" => actor.patch(&self.reviewed(actor, corner).await.2, 1, json!({ "comment": "Good." })),
            "transition_review" => {
                let conflict = json!({ "to": "recused", "reason": "I wrote it with them." });
                actor.transition(&self.reviewed(actor, corner).await.2, 1, conflict)
            }
            _ => self.request_of_people(operation, actor, corner).await,
        }
    }
}
