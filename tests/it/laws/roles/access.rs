//! How each role calls the operations on clients and grants.

use super::*;

/// The public half of a key that nobody has.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"ERo02r2EPZXZBG07sm2PhKvx6ddwAP0_sA3H1ro45ic","y":"5QF6VWz6W6h46aDskCh8XF2MVghz4Teid8S62NoagRk"}"#;

impl World {
    /// Where a client of the corner's organisation is.
    async fn client(&self, corner: &Corner) -> String {
        self.made("/v1/clients", json!({ "name": "A client", "organisation": corner.organisation })).await
    }

    fn webhook(&self) -> Value {
        json!({ "name": format!("Webhook {}", self.number()), "url": "https://warehouse.example/register" })
    }

    /// Where a webhook is: inside one of the actor's own, where they may have one, and outside another's.
    async fn hooked(&self, actor: &Actor, corner: &Corner) -> String {
        let own = actor.post("/v1/webhooks", self.webhook()).await;
        if own.status == 201 && corner.programme.is_some() {
            return own.header("location").to_owned();
        }
        self.made("/v1/webhooks", self.webhook()).await
    }

    fn keys(&self) -> Value {
        let mut key: Value = serde_json::from_str(KEY).unwrap();
        key["kid"] = json!(format!("key-{}", self.number()));
        json!({ "keys": [key] })
    }

    /// A grant that the actor may give inside: for the innovation to a programme manager, and else for the organisation.
    async fn grant_body(&self, actor: &Actor, corner: &Corner) -> Value {
        let client = self.client(corner).await;
        let (subject, soon) = (client.rsplit('/').next().unwrap(), self.app.now() + chrono::TimeDelta::hours(1));
        let me: Value = serde_json::from_slice(&actor.get("/v1/me").await.body).unwrap_or_default();
        let mut body = json!({ "subject": subject, "to": soon.to_rfc3339() });
        if me["grants"][0]["role"] == "programme-manager" {
            (body["role"], body["innovation"]) = (json!("fellow"), json!(corner.innovation));
        } else {
            (body["role"], body["organisation"]) = (json!("submitter"), json!(corner.organisation));
        }
        body
    }

    pub async fn request_of_access(&self, operation: &str, actor: &Actor, corner: &Corner) -> Request {
        let client = async || self.client(corner).await;
        let key = async |client: &str| {
            self.made(&format!("{client}/keys"), self.keys()).await;
            let keys = self.app.admin().get(&format!("{client}/keys")).await.expect(200);
            format!("{client}/keys/{}", keys["data"][0]["id"].as_str().unwrap())
        };
        let granted = async || self.made("/v1/grants", self.grant_body(actor, corner).await).await;
        match operation {
            "create_client" => {
                actor.post("/v1/clients", json!({ "name": "A client", "organisation": corner.organisation }))
            }
            "get_client" => actor.get(&client().await),
            "list_clients" => {
                client().await;
                actor.get(&format!("/v1/clients?organisation={}", corner.organisation))
            }
            "update_client" => actor.patch(&client().await, 1, json!({ "name": "Another name" })),
            "transition_client" => {
                actor.transition(&client().await, 1, json!({ "to": "suspended", "reason": "It had to." }))
            }
            "list_client_transitions" => actor.get(&format!("{}/transitions", client().await)),
            "create_client_keys" => actor.post(&format!("{}/keys", client().await), self.keys()),
            "list_client_keys" => {
                let client = client().await;
                key(&client).await;
                actor.get(&format!("{client}/keys"))
            }
            "delete_client_key" => actor.delete(&key(&client().await).await, 1),
            "create_client_secret" => actor.post(&format!("{}/secrets", client().await), json!({})),
            "list_client_secrets" => {
                let client = client().await;
                self.made(&format!("{client}/secrets"), json!({})).await;
                actor.get(&format!("{client}/secrets"))
            }
            "delete_client_secret" => {
                let client = client().await;
                actor.delete(&self.made(&format!("{client}/secrets"), json!({})).await, 1)
            }
            "create_grant" => actor.post("/v1/grants", self.grant_body(actor, corner).await),
            "get_grant" => actor.get(&granted().await),
            "list_grants" => {
                let grant = granted().await;
                let grant = self.app.admin().get(&grant).await.expect(200);
                actor.get(&format!("/v1/grants?subject={}", grant["subject"].as_str().unwrap()))
            }
            "update_grant" => {
                let sooner = self.app.now() + chrono::TimeDelta::minutes(30);
                actor.patch(&granted().await, 1, json!({ "to": sooner.to_rfc3339() }))
            }
            "delete_grant" => actor.delete(&granted().await, 1),
            "create_webhook" => actor.post("/v1/webhooks", self.webhook()),
            "get_webhook" => actor.get(&self.hooked(actor, corner).await),
            "list_webhooks" => {
                let webhook = self.hooked(actor, corner).await;
                actor.get(&format!("/v1/webhooks?id={}", webhook.rsplit('/').next().unwrap()))
            }
            "update_webhook" => actor.patch(&self.hooked(actor, corner).await, 1, json!({ "name": "Another name" })),
            "delete_webhook" => actor.delete(&self.hooked(actor, corner).await, 1),
            "create_webhook_secret" => actor.post(&format!("{}/secrets", self.hooked(actor, corner).await), json!({})),
            "transition_webhook" => {
                let moved = json!({ "to": "suspended", "reason": "It had to." });
                actor.transition(&self.hooked(actor, corner).await, 1, moved)
            }
            "list_webhook_transitions" => actor.get(&format!("{}/transitions", self.hooked(actor, corner).await)),
            "list_webhook_deliveries" => actor.get(&format!("{}/deliveries", self.hooked(actor, corner).await)),
            unknown => panic!("{unknown} is a new operation: say here how to call it inside a scope and outside"),
        }
    }
}
