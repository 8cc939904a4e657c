//! How each role calls the operations on returns.

use super::*;

impl World {
    /// A return of the corner for a month that had none, with its version.
    async fn kpi_return(&self, corner: &Corner) -> (String, i64) {
        let month = self.month();
        let target = format!("/v1/kpi-submissions?kpi={}", corner.kpi);
        self.app.admin().post(&target, json!({ "rows": [corner.row(&month, 5)] })).await.expect(201);
        let target = format!("/v1/kpi-returns?organisation={}&period={month}", corner.organisation);
        let found = self.app.admin().get(&target).await.expect(200)["data"][0].clone();
        (format!("/v1/kpi-returns/{}", found["id"].as_str().unwrap()), found["version"].as_i64().unwrap())
    }

    fn lock_exception(&self, corner: &Corner) -> Value {
        json!({
            "kpi": corner.kpi, "organisation": corner.organisation, "from": "1950-01-01", "to": "1950-02-01",
            "until": "2999-01-01T00:00:00Z", "reason": "It had to."
        })
    }

    /// What is released of a set of the corner's KPI, for a month that had no values.
    async fn of_release(&self, corner: &Corner) -> Value {
        let (month, set) = (self.month(), format!("released-{}", self.number()));
        self.app.admin().post("/v1/kpi-sets", corner.set(&set)).await.expect(201);
        let target = format!("/v1/kpi-submissions?kpi={}", corner.kpi);
        self.app.admin().post(&target, json!({ "rows": [corner.row(&month, 5)] })).await.expect(201);
        json!({ "kpiSet": set, "period": month, "places": [corner.organisation], "status": "provisional" })
    }

    async fn release(&self, corner: &Corner) -> String {
        self.made("/v1/releases", self.of_release(corner).await).await
    }

    pub async fn request_of_returns(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let Corner { organisation, kpi, .. } = corner;
        match operation {
            "get_kpi_return" => actor.get(&self.kpi_return(corner).await.0),
            "list_kpi_returns" => {
                self.kpi_return(corner).await;
                actor.get(&format!("/v1/kpi-returns?organisation={organisation}"))
            }
            "list_kpi_return_transitions" => actor.get(&format!("{}/transitions", self.kpi_return(corner).await.0)),
            "list_kpi_return_drafts" => actor.get(&format!("{}/drafts", self.kpi_return(corner).await.0)),
            "transition_kpi_return" => {
                let me: Value = serde_json::from_slice(&actor.get("/v1/me").await.body).unwrap_or_default();
                let to = if me["grants"][0]["role"] == "submitter" { "withdrawn" } else { "returned" };
                let (target, version) = self.kpi_return(corner).await;
                actor.transition(&target, version, json!({ "to": to, "reason": "It had to." }))
            }
            "get_kpi_set_completeness" => {
                actor.get(&format!("/v1/kpi-sets/{kpi}-set/completeness?period=2026-01&place={organisation}"))
            }
            "create_lock_exception" => actor.post("/v1/lock-exceptions", self.lock_exception(corner)),
            "get_lock_exception" => actor.get(&self.made("/v1/lock-exceptions", self.lock_exception(corner)).await),
            "list_lock_exceptions" => {
                self.made("/v1/lock-exceptions", self.lock_exception(corner)).await;
                actor.get(&format!("/v1/lock-exceptions?organisation={organisation}"))
            }
            "delete_lock_exception" => actor.delete(
                &format!("{}?reason=Mistake", self.made("/v1/lock-exceptions", self.lock_exception(corner)).await),
                1,
            ),
            "create_release" => actor.post("/v1/releases", self.of_release(corner).await),
            "get_release" => actor.get(&self.release(corner).await),
            "list_releases" => {
                self.release(corner).await;
                actor.get(&format!("/v1/releases?kpi={kpi}"))
            }
            "list_release_figures" => actor.get(&format!("{}/figures", self.release(corner).await)),
            "list_release_values" => actor.get(&format!("{}/values", self.release(corner).await)),
            "get_release_differences" => actor.get(&format!("{}/differences", self.release(corner).await)),
            _ => self.request_of_programmes(operation, actor, corner).await,
        }
    }
}
