//! How each role calls the operations on adoptions and benefits, and on the reports made of them.

use super::*;

/// What was achieved of a benefit in a year.
fn achieved() -> Value {
    json!({ "financialYear": "2016-17", "figure": 10, "qualifier": "exact", "basis": "measured" })
}

impl World {
    /// An adoption by a new site below the corner's organisation: one innovation, one row.
    async fn adoption(&self, corner: &Corner) -> Value {
        let code = format!("SITE{}", self.number());
        let site = json!({ "code": code, "name": "A site", "type": "trust-site", "parent": corner.organisation });
        self.app.admin().post("/v1/organisations", site).await.expect(201);
        json!({ "innovation": corner.innovation, "organisation": code, "stage": "engaged" })
    }

    /// Where the first move of an adoption is.
    async fn move_of(&self, adoption: &str) -> String {
        let moves = self.app.admin().get(&format!("{adoption}/transitions")).await.expect(200);
        format!("{adoption}/transitions/{}", moves["data"][0]["id"].as_str().unwrap())
    }

    fn benefit(&self, corner: &Corner) -> Value {
        json!({
            "innovation": corner.innovation, "organisation": corner.organisation, "programme": corner.programme.unwrap_or(ANOTHER),
            "kind": "bed-days", "method": "Counted.", "claimed": 12.5, "qualifier": "exact", "basis": "measured", "from": "2016-01-01"
        })
    }

    /// A claim of the actor's own side where the actor may make one, else a national administrator's.
    async fn claim(&self, actor: &Actor, corner: &Corner) -> String {
        let made = actor.post("/v1/benefits", self.benefit(corner)).await;
        match made.status {
            201 => made.header("location").to_owned(),
            _ => self.made("/v1/benefits", self.benefit(corner)).await,
        }
    }

    /// A side of a claim that the actor speaks for, if there is one.
    async fn side(actor: &Actor) -> &'static str {
        let me = actor.get("/v1/me").await;
        let scope = if me.status == 200 { me.json()["grants"][0]["scope"].clone() } else { Value::Null };
        ["organisation", "innovation"].into_iter().find(|side| scope == *side).unwrap_or("programme")
    }

    /// A claim that counts, made by an administrator of a body of its own.
    async fn counted_claim(&self, corner: &Corner) -> String {
        let code = format!("CLAIMANT{}", self.number());
        self.app.trust(&code, "QKK").await;
        let made = self.admin_of(&code).post("/v1/benefits", self.benefit(corner)).await;
        made.expect(201);
        made.header("location").to_owned()
    }

    /// What was achieved of a claim, as an administrator of another body confirmed it.
    async fn realisation(&self, corner: &Corner) -> String {
        let code = format!("WITNESS{}", self.number());
        self.app.trust(&code, "QKK").await;
        let target = format!("{}/realisations", self.counted_claim(corner).await);
        let made = self.admin_of(&code).post(&target, achieved()).await;
        made.expect(201);
        made.header("location").to_owned()
    }

    fn admin_of(&self, body: &str) -> Actor {
        self.app.actor(&NewLocalToken { body: Some(body.to_owned()), ..grant(Role::NationalAdmin) })
    }

    pub async fn request_of_adoptions(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let adoption = async || self.made("/v1/adoptions", self.adoption(corner).await).await;
        let benefit = async || self.made("/v1/benefits", self.benefit(corner)).await;
        match operation {
            "list_adoptions" => {
                adoption().await;
                actor.get(&format!("/v1/adoptions?innovation={}", corner.innovation))
            }
            "create_adoption" => actor.post("/v1/adoptions", self.adoption(corner).await),
            "get_adoption" => actor.get(&adoption().await),
            "update_adoption" => actor.patch(&adoption().await, 1, json!({ "sites": 2 })),
            "transition_adoption" => actor.transition(&adoption().await, 1, json!({ "to": "committed" })),
            "delete_adoption" => actor.delete(&format!("{}?reason=Twice", adoption().await), 1),
            "update_adoption_transition" => {
                let first = self.move_of(&adoption().await).await;
                actor.patch(&first, 1, json!({ "effectiveOn": "2016-01-01", "reason": "The minutes say so." }))
            }
            "delete_adoption_transition" => {
                let target = adoption().await;
                self.app.admin().transition(&target, 1, json!({ "to": "committed" })).await.expect(200);
                actor.delete(&format!("{}?reason=Wrong", self.move_of(&target).await), 2)
            }
            "import_adoptions" => {
                let new = self.adoption(corner).await;
                let word = |name: &str| new[name].as_str().unwrap().to_owned();
                let row = [word("innovation"), word("organisation"), word("stage")].join(",");
                actor.post_csv("/v1/adoption-imports", &format!("innovation,organisation,stage\n{row}\n"))
            }
            "list_all_adoption_counts" => {
                let mut counted = self.adoption(corner).await;
                counted["sites"] = json!(2);
                self.made("/v1/adoptions", counted).await;
                actor.get(&format!("/v1/adoption-counts?innovation={}", corner.innovation))
            }
            "list_adoption_counts" => actor.get(&format!("{}/counts", adoption().await)),
            "transition_adoption_approval" => {
                let proposed =
                    self.app.fellow(corner.innovation).post("/v1/adoptions", self.adoption(corner).await).await;
                let target = format!("{}/approval/transitions", proposed.header("location"));
                actor.post(&target, json!({ "to": "approved" })).if_match(1)
            }
            "list_adoption_approval_transitions" => actor.get(&format!("{}/approval/transitions", adoption().await)),
            "list_adoption_transitions" => actor.get(&format!("{}/transitions", adoption().await)),
            "list_benefits" => {
                benefit().await;
                actor.get(&format!("/v1/benefits?innovation={}", corner.innovation))
            }
            "create_benefit" => actor.post("/v1/benefits", self.benefit(corner)),
            "get_benefit" => actor.get(&benefit().await),
            "update_benefit" => actor.patch(&self.claim(actor, corner).await, 1, json!({ "claimed": 13 })),
            "list_all_benefit_realisations" => {
                self.realisation(corner).await;
                actor.get(&format!("/v1/benefit-realisations?innovation={}", corner.innovation))
            }
            "list_benefit_realisations" => {
                let one = self.realisation(corner).await;
                actor.get(one.rsplit_once('/').unwrap().0)
            }
            "create_benefit_realisation" => {
                actor.post(&format!("{}/realisations", self.counted_claim(corner).await), achieved())
            }
            "get_benefit_realisation" => actor.get(&self.realisation(corner).await),
            "delete_benefit_realisation" => {
                actor.delete(&format!("{}?reason=Twice", self.realisation(corner).await), 1)
            }
            "get_360giving_export" => actor.get("/v1/funding/360giving.json"),
            "list_blocked_grants" => {
                self.blocked_grant(corner).await;
                actor.get("/v1/funding/360giving-blocked")
            }
            "get_funding_report" => {
                let fund = self.fund(corner).await;
                actor.get(&format!("/v1/reports/funding?fund={fund}"))
            }
            "get_programme_impact" => {
                actor.get(&format!("/v1/programmes/{}/impact", corner.programme.unwrap_or(ANOTHER)))
            }
            "delete_benefit" => actor.delete(&format!("{}?reason=Twice", self.claim(actor, corner).await), 1),
            "list_benefit_side_transitions" => {
                let history = format!("{}/sides/innovation/transitions", benefit().await);
                let refusal = json!({ "to": "refused", "reason": "It was another." });
                self.app.admin().post(&history, refusal).if_match(1).await.expect(200);
                self.app.admin().post(&history, json!({ "to": "accepted" })).if_match(2).await.expect(200);
                actor.get(&history)
            }
            "transition_benefit_side" => {
                let target = format!("{}/sides/{}/transitions", benefit().await, Self::side(actor).await);
                actor.post(&target, json!({ "to": "refused", "reason": "It was another." })).if_match(1)
            }
            _ => self.request_of_communities(operation, actor, corner).await,
        }
    }
}
