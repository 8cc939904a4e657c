//! The routes of reports.

use crate::http::Routes;

pub fn routes(routes: &mut Routes) {
    super::impact::http::routes(routes);
    super::subject_access::http::routes(routes);
    super::giving::http::routes(routes);
    super::funding::http::routes(routes);
    super::uptake::http::routes(routes);
}
