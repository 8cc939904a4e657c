//! The routes of funding.

use crate::http::Routes;

pub fn routes(routes: &mut Routes) {
    super::funds::http::routes(routes);
    super::pledges::http::routes(routes);
    super::contributions::http::routes(routes);
    super::awards::http::routes(routes);
    super::reallocations::http::routes(routes);
    super::external_investments::http::routes(routes);
}
