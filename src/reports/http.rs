//! The routes of reports.

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    super::impact::http::routes(config);
    super::subject_access::http::routes(config);
    super::giving::http::routes(config);
    super::funding::http::routes(config);
}
