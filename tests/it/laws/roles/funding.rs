//! How each role calls the operations on money.

use super::*;

impl World {
    /// An approved award that cannot be published: a postcode stands for its place.
    pub async fn blocked_grant(&self, corner: &Corner) {
        let mut body = self.award(corner).await;
        body["geocode"] = json!("SW1A 2AA");
        let target = self.made("/v1/awards", body).await;
        self.app.admin().transition(&target, 1, json!({ "to": "approved" })).await.expect(200);
    }

    /// A fund of the corner's programme that pays the corner's organisation.
    async fn paying(&self, corner: &Corner) -> String {
        let award = self.award(corner).await;
        let target = self.made("/v1/awards", award.clone()).await;
        self.app.admin().transition(&target, 1, json!({ "to": "approved" })).await.expect(200);
        format!("/v1/funds/{}", award["fund"].as_str().unwrap())
    }

    /// A fund of the corner's programme, with a thousand pounds in it.
    pub async fn fund(&self, corner: &Corner) -> String {
        let code = format!("FUND-{}", self.number());
        let programme = corner.programme.unwrap_or(ANOTHER);
        let fund = json!({ "code": code, "name": "A fund", "programme": programme, "currency": "GBP" });
        self.app.admin().post("/v1/funds", fund).await.expect(201);
        let given = self.given();
        self.app.admin().post(&format!("/v1/funds/{code}/contributions"), given).await.expect(201);
        code
    }

    fn given(&self) -> Value {
        json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(1000), "receivedOn": "2015-07-01" })
    }

    async fn pledge(&self, corner: &Corner) -> Value {
        let fund = self.fund(corner).await;
        json!({ "fund": fund, "contributor": "QWE", "financialYear": "2027-28", "amount": gbp(10), "certainty": "confirmed", "nature": "revenue" })
    }

    /// An award to the corner's organisation for its innovation.
    async fn award(&self, corner: &Corner) -> Value {
        let mut body = award(&self.fund(corner).await, 100);
        body["recipientOrganisation"] = json!(corner.organisation);
        body["innovation"] = json!(corner.innovation);
        body
    }

    async fn active(&self, corner: &Corner) -> String {
        let target = self.made("/v1/awards", self.award(corner).await).await;
        let approver = self.app.admin();
        approver.transition(&target, 1, json!({ "to": "approved" })).await.expect(200);
        approver.transition(&target, 2, json!({ "to": "active" })).await.expect(200);
        target
    }

    async fn reallocation(&self, corner: &Corner) -> Value {
        let (from, to) = (self.fund(corner).await, self.fund(corner).await);
        json!({ "fromFund": from, "toFund": to, "amount": gbp(10), "reason": "It is needed there." })
    }

    fn investment(&self, corner: &Corner) -> Value {
        json!({
            "innovation": corner.innovation, "programme": corner.programme.unwrap_or(ANOTHER), "investor": "Somebody",
            "kind": "equity", "amount": gbp(10), "qualifier": "exact", "basis": "measured", "investedOn": "2016-02-01"
        })
    }

    pub async fn request_of_funding(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let fund = async || format!("/v1/funds/{}", self.fund(corner).await);
        let listed = corner.programme.unwrap_or(ANOTHER);
        match operation {
            "list_funds" => {
                self.paying(corner).await;
                actor.get(&format!("/v1/funds?programme={listed}"))
            }
            "create_fund" => {
                let code = format!("NEW-{}", self.number());
                actor.post("/v1/funds", json!({ "code": code, "name": "New", "programme": listed, "currency": "GBP" }))
            }
            "get_fund" => actor.get(&self.paying(corner).await),
            "update_fund" => actor.patch(&fund().await, 1, json!({ "name": "Renamed" })),
            "get_fund_position" => actor.get(&format!("{}/position", self.paying(corner).await)),
            "list_contributions" => {
                self.fund(corner).await;
                actor.get(&format!("/v1/contributions?programme={listed}"))
            }
            "list_fund_contributions" => actor.get(&format!("{}/contributions", fund().await)),
            "create_contribution" => actor.post(&format!("{}/contributions", fund().await), self.given()),
            "get_contribution" => actor.get(&self.made(&format!("{}/contributions", fund().await), self.given()).await),
            "delete_contribution" => {
                let target = self.made(&format!("{}/contributions", fund().await), self.given()).await;
                actor.delete(&format!("{target}?reason=Twice"), 1)
            }
            "list_pledges" => {
                self.made("/v1/pledges", self.pledge(corner).await).await;
                actor.get(&format!("/v1/pledges?programme={listed}"))
            }
            "list_fund_pledges" => {
                let pledge = self.pledge(corner).await;
                self.made("/v1/pledges", pledge.clone()).await;
                actor.get(&format!("/v1/funds/{}/pledges", pledge["fund"].as_str().unwrap()))
            }
            "create_pledge" => actor.post("/v1/pledges", self.pledge(corner).await),
            "get_pledge" => actor.get(&self.made("/v1/pledges", self.pledge(corner).await).await),
            "update_pledge" => {
                let target = self.made("/v1/pledges", self.pledge(corner).await).await;
                actor.patch(&target, 1, json!({ "amount": gbp(20) }))
            }
            "list_awards" => {
                self.active(corner).await;
                actor.get(&format!("/v1/awards?programme={listed}"))
            }
            "create_award" => actor.post("/v1/awards", self.award(corner).await),
            "list_reallocations" => {
                let made = self.reallocation(corner).await;
                self.made("/v1/reallocations", made.clone()).await;
                actor.get(&format!("/v1/reallocations?fund={}", made["toFund"].as_str().unwrap()))
            }
            "create_reallocation" => actor.post("/v1/reallocations", self.reallocation(corner).await),
            "get_reallocation" => actor.get(&self.made("/v1/reallocations", self.reallocation(corner).await).await),
            "list_external_investments" => {
                self.made("/v1/external-investments", self.investment(corner)).await;
                actor.get(&format!("/v1/external-investments?programme={listed}"))
            }
            "create_external_investment" => actor.post("/v1/external-investments", self.investment(corner)),
            "get_external_investment" | "update_external_investment" | "delete_external_investment" => {
                let target = self.made("/v1/external-investments", self.investment(corner)).await;
                match operation {
                    "get_external_investment" => actor.get(&target),
                    "update_external_investment" => actor.patch(&target, 1, json!({ "qualifier": "at-least" })),
                    _ => actor.delete(&target, 1),
                }
            }
            _ => self.request_of_awards(operation, actor, corner).await,
        }
    }

    async fn request_of_awards(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let nouns = ["award", "milestone", "gateway"];
        if nouns.iter().all(|noun| !operation.contains(noun)) {
            return self.request_of_adoptions(operation, actor, corner).await;
        }
        let award = self.active(corner).await;
        let milestone = json!({ "title": "Begun", "dueOn": "2016-01-31" });
        let milestones = format!("{award}/milestones");
        let gateways = format!("{award}/gateway-reviews");
        let profile = json!([{ "financialYear": "2015-16", "amount": "60.00" }, { "financialYear": "2016-17", "amount": "40.00" }]);
        let (later, reprofilings) = (json!({ "profile": profile, "reason": "Late." }), format!("{award}/reprofilings"));
        let profile = json!([{ "financialYear": "2016-17", "amount": "10.00" }]);
        let more = json!({ "amount": gbp(10), "profile": profile, "reason": "More." });
        let supplements = format!("{award}/supplements");
        match operation {
            "list_award_supplements" => {
                self.made(&supplements, more).await;
                actor.get(&supplements)
            }
            "create_award_supplement" => actor.post(&supplements, more),
            "get_award_supplement" => actor.get(&self.made(&supplements, more).await),
            "transition_award_supplement" => {
                actor.transition(&self.made(&supplements, more).await, 1, json!({ "to": "approved" }))
            }
            "list_award_reprofilings" => {
                self.made(&reprofilings, later).await;
                actor.get(&reprofilings)
            }
            "create_award_reprofiling" => actor.post(&reprofilings, later),
            "get_award_reprofiling" => actor.get(&self.made(&reprofilings, later).await),
            "get_award" => actor.get(&award),
            "update_award" => actor.patch(&award, 3, json!({ "description": "More." })),
            "transition_award" => actor.transition(&award, 3, json!({ "to": "completed" })),
            "list_award_transitions" => actor.get(&format!("{award}/transitions")),
            "list_award_transactions" => actor.get(&format!("{award}/transactions")),
            "create_award_transaction" | "get_award_transaction" => {
                let target = format!("{award}/transactions");
                let paid = json!({ "kind": "disbursement", "amount": gbp(10) });
                if operation == "create_award_transaction" {
                    return actor.post(&target, paid);
                }
                actor.get(&self.made(&target, paid).await)
            }
            "list_milestones" => actor.get(&milestones),
            "create_milestone" => actor.post(&milestones, milestone),
            "get_milestone" => actor.get(&self.made(&milestones, milestone).await),
            "update_milestone" => {
                actor.patch(&self.made(&milestones, milestone).await, 1, json!({ "title": "Begun well" }))
            }
            "list_gateway_reviews" => actor.get(&gateways),
            "create_gateway_review" => actor.post(&gateways, milestone),
            "get_gateway_review"
            | "update_gateway_review"
            | "transition_gateway_review"
            | "recommend_gateway_review" => {
                let review = self.made(&gateways, milestone).await;
                match operation {
                    "get_gateway_review" => actor.get(&review),
                    "update_gateway_review" => actor.patch(&review, 1, json!({ "dueOn": "2016-02-29" })),
                    "transition_gateway_review" => actor.transition(&review, 1, json!({ "to": "in-progress" })),
                    _ => {
                        let begun = json!({ "to": "in-progress" });
                        self.app.admin().transition(&review, 1, begun).await.expect(200);
                        actor.post(&format!("{review}/recommendations"), json!({ "decision": "continue" }))
                    }
                }
            }
            unknown => panic!("{unknown} is a new operation: say here how to call it inside a scope and outside"),
        }
    }
}
