//! The route table: where every request goes.

use crate::http::{documents, health};
use utoipa_actix_web::service_config::ServiceConfig;

/// The route table: every operation of the service. The API document is collected from it.
pub fn routes(config: &mut ServiceConfig) {
    crate::innovations::http::routes(config);
    crate::organisations::http::routes(config);
    crate::code_lists::http::routes(config);
    crate::kpis::http::routes(config);
    crate::programmes::routes::routes(config);
    crate::applications::http::routes(config);
    crate::people::http::routes(config);
    crate::funding::http::routes(config);
    crate::adoptions::http::routes(config);
    crate::benefits::http::routes(config);
    crate::reports::http::routes(config);
    config
        .service(crate::grants::http::get_me)
        .service(crate::grants::http::get_jwks)
        .service(crate::audit_events::http::list_audit_events)
        .service(health::get_liveness)
        .service(health::get_readiness)
        .service(documents::get_openapi_json)
        .service(documents::get_openapi_yaml)
        .service(documents::get_problem_page);
}
