//! The routes of every KPI feature.

use super::{acts, catalogue, sets, spc, submissions, targets, values};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    catalogue::http::routes(config);
    targets::http::routes(config);
    sets::http::routes(config);
    submissions::http::routes(config);
    values::http::routes(config);
    spc::http::routes(config);
    acts::http::routes(config);
}
