//! Whether the process lives, and whether it can serve.

use crate::error::{Code, Error, Result};
use crate::http::reply::Reply;
use crate::http::service::Service;
use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

/// The state of the service.
#[derive(Serialize, ToSchema)]
pub struct HealthResponse {
    #[schema(example = "ok", max_length = 20)]
    status: &'static str,
    #[schema(example = "0.1.0", max_length = 40)]
    version: &'static str,
}

const OK: HealthResponse = HealthResponse { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// Get whether the process is alive
///
/// Answers without the database. Use `/health/ready` to see whether the service can answer requests.
#[utoipa::path(tag = "platform", responses((status = 200, description = "The process is alive", body = HealthResponse)))]
#[get("/health/live")]
pub async fn get_liveness() -> Result<Reply> {
    Reply::ok(&OK)
}

/// Get whether the service is ready
///
/// Answers at once, as the database was found within the last second. The answer is 503 while the database cannot be reached, does not answer,
/// takes no changes, has no room left or has another schema, and while this instance is being stopped. The code of the problem says which.
#[utoipa::path(tag = "platform", responses((status = 200, description = "The service is ready", body = HealthResponse)))]
#[get("/health/ready")]
pub async fn get_readiness(service: web::Data<Service>) -> Result<Reply> {
    if service.is_leaving() {
        return Err(Error::new(Code::Leaving));
    }
    service.db.is_sound()?;
    Reply::ok(&OK)
}
