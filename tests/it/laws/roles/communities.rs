//! How each role calls the operations on people who are no fellows: mentors, attendances, networks, leaders.

use super::*;

impl World {
    async fn person(&self) -> Value {
        let body = json!({ "name": format!("Person {}", self.number()), "illustrative": true });
        self.app.admin().post("/v1/people", body).await.expect(201)["id"].clone()
    }

    async fn mentorship(&self, corner: &Corner) -> Value {
        let fellowship = self.fellowship(corner).await;
        let id = fellowship.rsplit('/').next().unwrap().to_owned();
        json!({ "mentor": self.person().await, "fellowship": id, "focus": "Commissioning", "from": "2015-09-01" })
    }

    fn learning_event(corner: &Corner) -> Value {
        json!({ "programme": Self::slug(corner), "title": "A day of learning", "kind": "workshop", "startsAt": "2015-10-06T10:00", "endsAt": "2015-10-06T16:00" })
    }

    fn network(&self, corner: &Corner) -> Value {
        let slug = format!("network-{}", self.number());
        json!({ "slug": slug, "name": "A network", "purpose": "Learning.", "programme": Self::slug(corner) })
    }

    async fn leader(&self, corner: &Corner) -> Value {
        json!({ "person": self.person().await, "kind": "citizen", "programme": Self::slug(corner), "from": "2015-09-01" })
    }

    pub async fn request_of_communities(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let counted = json!({ "countedOn": "2015-04-01", "members": 231, "qualifier": "exact", "basis": "measured" });
        let slug = Self::slug(corner);
        match operation {
            "list_people" => {
                self.person().await;
                actor.get("/v1/people")
            }
            "create_person" => actor.post("/v1/people", json!({ "name": "New" })),
            "get_person" => actor.get(&format!("/v1/people/{}", self.person().await.as_str().unwrap())),
            "update_person" => {
                let target = format!("/v1/people/{}", self.person().await.as_str().unwrap());
                actor.patch(&target, 1, json!({ "namedPublicly": true }))
            }
            "list_person_requests" | "create_person_request" | "get_person_request" | "update_person_request" => {
                let requests = format!("/v1/people/{}/requests", self.person().await.as_str().unwrap());
                let asked = json!({ "kind": "access", "received": "2026-06-01" });
                match operation {
                    "list_person_requests" => {
                        self.made(&requests, asked).await;
                        actor.get(&requests)
                    }
                    "create_person_request" => actor.post(&requests, asked),
                    "get_person_request" => actor.get(&self.made(&requests, asked).await),
                    _ => actor.patch(&self.made(&requests, asked).await, 1, json!({ "decision": "granted" })),
                }
            }
            "list_mentorships" => {
                self.made("/v1/mentorships", self.mentorship(corner).await).await;
                actor.get(&format!("/v1/mentorships?programme={slug}"))
            }
            "create_mentorship" => actor.post("/v1/mentorships", self.mentorship(corner).await),
            "get_mentorship" => actor.get(&self.made("/v1/mentorships", self.mentorship(corner).await).await),
            "update_mentorship" => {
                let target = self.made("/v1/mentorships", self.mentorship(corner).await).await;
                actor.patch(&target, 1, json!({ "focus": "Evidence" }))
            }
            "list_learning_events" => {
                self.made("/v1/events", Self::learning_event(corner)).await;
                actor.get(&format!("/v1/events?programme={slug}"))
            }
            "create_learning_event" => actor.post("/v1/events", Self::learning_event(corner)),
            "get_learning_event"
            | "update_learning_event"
            | "list_attendances"
            | "create_attendance"
            | "get_attendance"
            | "update_attendance" => {
                let event = self.made("/v1/events", Self::learning_event(corner)).await;
                let (attendances, there) = (format!("{event}/attendances"), json!({ "person": self.person().await }));
                match operation {
                    "get_learning_event" => actor.get(&event),
                    "update_learning_event" => actor.patch(&event, 1, json!({ "title": "Another day" })),
                    "list_attendances" => actor.get(&attendances),
                    "create_attendance" => actor.post(&attendances, there),
                    "get_attendance" => actor.get(&self.made(&attendances, there).await),
                    _ => actor.patch(&self.made(&attendances, there).await, 1, json!({ "state": "attended" })),
                }
            }
            "list_networks" => {
                self.made("/v1/networks", self.network(corner)).await;
                actor.get(&format!("/v1/networks?programme={slug}"))
            }
            "create_network" => actor.post("/v1/networks", self.network(corner)),
            "get_network"
            | "update_network"
            | "list_network_memberships"
            | "create_network_membership"
            | "get_network_membership"
            | "update_network_membership" => {
                let network = self.made("/v1/networks", self.network(corner)).await;
                let memberships = format!("{network}/memberships");
                match operation {
                    "get_network" => actor.get(&network),
                    "update_network" => actor.patch(&network, 1, json!({ "purpose": "More." })),
                    "list_network_memberships" => actor.get(&memberships),
                    "create_network_membership" => actor.post(&memberships, counted),
                    "get_network_membership" => actor.get(&self.made(&memberships, counted).await),
                    _ => actor.patch(&self.made(&memberships, counted).await, 1, json!({ "members": 232 })),
                }
            }
            "list_leaders" => {
                self.made("/v1/leaders", self.leader(corner).await).await;
                actor.get(&format!("/v1/leaders?programme={slug}"))
            }
            "create_leader" => actor.post("/v1/leaders", self.leader(corner).await),
            "get_leaders_progress" => actor.get("/v1/leaders/progress"),
            "get_leader" => actor.get(&self.made("/v1/leaders", self.leader(corner).await).await),
            "update_leader" => {
                let target = self.made("/v1/leaders", self.leader(corner).await).await;
                actor.patch(&target, 1, json!({ "to": "2018-09-01" }))
            }
            _ => self.request_of_access(operation, actor, corner).await,
        }
    }
}
