//! The routes of programmes and of what belongs to them.

use super::{calls, cohorts, http, memberships, partners};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    http::routes(config);
    partners::http::routes(config);
    cohorts::http::routes(config);
    memberships::http::routes(config);
    calls::http::routes(config);
}
