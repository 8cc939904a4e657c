//! Records with sensible defaults, made through the API by a national administrator.

use super::TestApp;
use serde_json::{Value, json};

/// One row of a submission.
pub fn row(organisation: &str, period: &str, value: impl Into<Value>) -> Value {
    json!({ "organisation": organisation, "period": period, "value": value.into() })
}

/// The document with some of its members others.
fn merged(mut document: Value, others: Value) -> Value {
    for (name, value) in others.as_object().expect("members") {
        document[name] = value.clone();
    }
    document
}

/// The KPI, with who agreed it and when where it is not only proposed.
pub fn agreed(mut kpi: Value) -> Value {
    if kpi["status"] == "live" {
        kpi["agreedBy"] = json!("Data group");
        kpi["agreedOn"] = json!("2015-04-01");
    }
    kpi
}

impl TestApp {
    /// A trust below a board.
    pub async fn trust(&self, code: &str, board: &str) -> Value {
        let body = json!({ "code": code, "name": format!("Trust {code}"), "type": "nhs-trust", "parent": board });
        self.admin().post("/v1/organisations", body).await.expect(201)
    }

    /// An innovation by its slug.
    pub async fn innovation(&self, slug: &str) -> Value {
        let body =
            json!({ "name": slug.replace('-', " "), "slug": slug, "summary": "Does good.", "mainCategory": "digital" });
        self.admin().post("/v1/innovations", body).await.expect(201)
    }

    /// An innovation that is a member of a programme.
    pub async fn member(&self, slug: &str, programme: &str) -> Value {
        let body =
            json!({ "name": slug.replace('-', " "), "slug": slug, "summary": "Does good.", "mainCategory": "digital" });
        self.manager(programme).post("/v1/innovations", body).await.expect(201)
    }

    /// A fellowship programme.
    pub async fn programme(&self, slug: &str) -> Value {
        let body = json!({ "slug": slug, "name": format!("Programme {slug}"), "kind": "fellowship", "summary": "Carries innovations." });
        self.admin().post("/v1/programmes", body).await.expect(201)
    }

    /// A live monthly count, by default.
    pub async fn kpi(&self, code: &str, others: Value) -> Value {
        let document = json!({
            "code": code, "name": format!("KPI {code}"), "definition": "What is counted.", "level": "process",
            "unit": "attendances", "periodType": "month", "valueType": "count", "improvementDirection": "decrease",
            "aggregation": "sum", "status": "live", "disclosureControl": false
        });
        self.admin().post("/v1/kpis", agreed(merged(document, others))).await.expect(201)
    }

    /// Values of a KPI, written by a national administrator.
    pub async fn values(&self, kpi: &str, rows: Value) -> Value {
        self.admin().post(&format!("/v1/kpi-submissions?kpi={kpi}"), json!({ "rows": rows })).await.expect(201)
    }

    /// A fund of the programme `nia` with so many pounds in it, given by the South West London board.
    pub async fn fund(&self, code: &str, pounds: u32) -> Value {
        let body = json!({ "code": code, "name": format!("Fund {code}"), "programme": "nia", "currency": "GBP" });
        let fund = self.admin().post("/v1/funds", body).await.expect(201);
        let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(pounds), "receivedOn": "2015-07-01" });
        self.admin().post(&format!("/v1/funds/{code}/contributions"), given).await.expect(201);
        fund
    }

    /// Where an award of so many pounds was proposed, to the trust RJZ and with an evaluation plan.
    pub async fn award(&self, fund: &str, pounds: u32) -> String {
        let made = self.admin().post("/v1/awards", award(fund, pounds)).await;
        made.expect(201);
        made.header("location").to_owned()
    }

    /// Where an award was proposed by one, approved by another and made active.
    pub async fn active_award(&self, fund: &str, pounds: u32) -> String {
        let award = self.award(fund, pounds).await;
        let approver = self.admin();
        approver.transition(&award, 1, json!({ "to": "approved" })).await.expect(200);
        approver.transition(&award, 2, json!({ "to": "active" })).await.expect(200);
        award
    }
}

/// So many pounds.
pub fn gbp(pounds: u32) -> Value {
    json!({ "amount": format!("{pounds}.00"), "currency": "GBP" })
}

/// An award of so many pounds to the trust RJZ.
pub fn award(fund: &str, pounds: u32) -> Value {
    json!({
        "fund": fund, "kind": "grant", "title": "Spreading a tool", "description": "Ten trusts begin.",
        "recipientOrganisation": "RJZ", "amount": gbp(pounds), "plannedFrom": "2015-07-01", "plannedTo": "2016-07-01",
        "evaluationPlan": { "design": "Before and after.", "dimensions": ["health"] }
    })
}
