//! The route table: where every request goes.

use crate::http::{Routes, documents, health};

/// The route table: every operation of the service. The API document is collected from it.
pub fn routes(routes: &mut Routes) {
    crate::innovations::http::routes(routes);
    crate::organisations::http::routes(routes);
    crate::organisations::edges::http::routes(routes);
    crate::successions::http::routes(routes);
    crate::ods_imports::http::routes(routes);
    crate::code_lists::http::routes(routes);
    crate::kpis::http::routes(routes);
    crate::programmes::routes::routes(routes);
    crate::applications::http::routes(routes);
    crate::people::http::routes(routes);
    crate::privacy::http::routes(routes);
    crate::funding::http::routes(routes);
    crate::adoptions::http::routes(routes);
    crate::eligibility::http::routes(routes);
    crate::populations::http::routes(routes);
    crate::benefits::http::routes(routes);
    crate::benefits::realisations::http::routes(routes);
    crate::reports::http::routes(routes);
    crate::grants::http::routes(routes);
    crate::webhooks::http::routes(routes);
    crate::jobs::http::routes(routes);
    routes
        .service(crate::audit_events::http::list_audit_events)
        .service(crate::changes::http::list_changes)
        .service(health::get_liveness)
        .service(health::get_readiness)
        .service(documents::get_openapi_json)
        .service(documents::get_openapi_yaml)
        .service(documents::get_problem_page);
}
