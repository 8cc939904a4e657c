//! The routes of funding.

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    super::funds::http::routes(config);
    super::contributions::http::routes(config);
    super::awards::http::routes(config);
    super::reallocations::http::routes(config);
    super::external_investments::http::routes(config);
}
