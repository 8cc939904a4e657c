//! How each role calls the operations on fellows and fellowships.

use super::*;

impl World {
    pub fn slug(corner: &Corner) -> &'static str {
        corner.programme.unwrap_or(ANOTHER)
    }

    /// A fellow whose tokens are the actor's where that is inside.
    async fn fellow_of(&self, actor: &Actor, corner: &Corner) -> Value {
        let me = actor.get("/v1/me").await;
        let me: Value = serde_json::from_slice(&me.body).unwrap_or_default();
        let mut body = json!({ "name": format!("Fellow {}", self.number()) });
        let subject = me["subject"].as_str().filter(|_| corner.programme.is_some()).map(str::to_owned);
        let known = subject.as_ref().and_then(|subject| self.fellows.borrow().get(subject).cloned());
        if let Some(known) = known {
            return known;
        }
        if let Some(subject) = &subject {
            body["subject"] = json!(subject);
        }
        let made = self.app.admin().post("/v1/fellows", body).await.expect(201);
        self.fellows.borrow_mut().extend(subject.map(|subject| (subject, made.clone())));
        made
    }

    async fn fellowship_body(&self, corner: &Corner) -> Value {
        let fellow = self.fellow_of(&self.app.anonymous(), corner).await;
        let cohort = self.cohort();
        let cohorts = format!("/v1/programmes/{}/cohorts", Self::slug(corner));
        self.app.admin().post(&cohorts, cohort.clone()).await.expect(201);
        json!({ "fellow": fellow["id"], "programme": Self::slug(corner), "cohort": cohort["number"], "wholeTimeEquivalent": 0.5, "from": self.day() })
    }

    pub async fn fellowship(&self, corner: &Corner) -> String {
        self.made("/v1/fellowships", self.fellowship_body(corner).await).await
    }

    pub async fn request_of_people(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        match operation {
            "list_fellows" => {
                self.fellow_of(actor, corner).await;
                actor.get("/v1/fellows")
            }
            "create_fellow" => actor.post("/v1/fellows", json!({ "name": "New" })),
            "get_fellow" | "update_fellow" | "export_person" | "erase_person" => {
                // Whoever erased themselves would have no grants any more.
                let nobody = self.app.anonymous();
                let whose = if operation == "erase_person" { &nobody } else { actor };
                let fellow = self.fellow_of(whose, corner).await;
                let mut body = self.fellowship_body(corner).await;
                body["fellow"] = fellow["id"].clone();
                self.app.admin().post("/v1/fellowships", body).await.expect(201);
                let target = format!("/v1/fellows/{}", fellow["id"].as_str().unwrap());
                let person = format!("/v1/people/{}", fellow["person"].as_str().unwrap());
                match operation {
                    "get_fellow" => actor.get(&target),
                    "update_fellow" => actor.patch(&target, 1, json!({ "profession": "Nurse" })),
                    "export_person" => actor.get(&format!("{person}/subject-access-export")),
                    _ => actor.post(&format!("{person}/erasure"), json!({ "reason": "Asked for." })),
                }
            }
            "list_fellowships" => {
                self.fellowship(corner).await;
                actor.get(&format!("/v1/fellowships?programme={}", Self::slug(corner)))
            }
            "create_fellowship" => actor.post("/v1/fellowships", self.fellowship_body(corner).await),
            "get_fellowship" => actor.get(&self.fellowship(corner).await),
            "update_fellowship" => {
                actor.patch(&self.fellowship(corner).await, 1, json!({ "wholeTimeEquivalent": 0.25 }))
            }
            "transition_fellowship" => {
                let mut body = self.fellowship_body(corner).await;
                body["fellow"] = self.fellow_of(actor, corner).await["id"].clone();
                let target = self.made("/v1/fellowships", body).await;
                actor.transition(&target, 1, json!({ "to": "withdrawn", "reason": "A new post." }))
            }
            "transition_fellowship_innovation" | "list_fellowship_innovation_transitions" => {
                let mut body = self.fellowship_body(corner).await;
                body["innovations"] = json!([corner.innovation]);
                let target = self.made("/v1/fellowships", body).await;
                let link = format!("{target}/innovations/{}", corner.innovation);
                match operation {
                    "transition_fellowship_innovation" => actor.transition(&link, 1, json!({ "to": "ended" })),
                    _ => actor.get(&format!("{link}/transitions")),
                }
            }
            "update_fellowship_transition" | "delete_fellowship_transition" => {
                let target = self.fellowship(corner).await;
                self.app.admin().transition(&target, 1, json!({ "to": "active" })).await.expect(200);
                let moves = self.app.admin().get(&format!("{target}/transitions")).await.expect(200);
                let moved = format!("{target}/transitions/{}", moves["data"][0]["id"].as_str().unwrap());
                match operation {
                    "update_fellowship_transition" => {
                        actor.patch(&moved, 2, json!({ "effectiveOn": "2016-05-01", "reason": "The minutes say so." }))
                    }
                    _ => actor.delete(&format!("{moved}?reason=Wrong"), 2),
                }
            }
            "list_fellowship_transitions" => actor.get(&format!("{}/transitions", self.fellowship(corner).await)),
            _ => self.request_of_funding(operation, actor, corner).await,
        }
    }
}
