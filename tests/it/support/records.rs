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

    /// A live monthly count, unless told otherwise.
    pub async fn kpi(&self, code: &str, others: Value) -> Value {
        let document = json!({
            "code": code, "name": format!("KPI {code}"), "definition": "What is counted.", "level": "process",
            "unit": "attendances", "periodType": "month", "valueType": "count", "improvementDirection": "decrease",
            "aggregation": "sum", "status": "live"
        });
        self.admin().post("/v1/kpis", merged(document, others)).await.expect(201)
    }

    /// Values of a KPI, written by a national administrator.
    pub async fn values(&self, kpi: &str, rows: Value) -> Value {
        self.admin().post(&format!("/v1/kpi-submissions?kpi={kpi}"), json!({ "rows": rows })).await.expect(201)
    }
}
