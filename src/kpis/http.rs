//! The routes of every KPI feature.

use super::{
    acts, catalogue, completeness, flags, grid, library, lock_exceptions, releases, reporting_exceptions, returns,
    sets, spc, submissions, targets, totals, values,
};
use crate::http::Routes;

pub fn routes(routes: &mut Routes) {
    catalogue::http::routes(routes);
    library::http::routes(routes);
    targets::http::routes(routes);
    sets::http::routes(routes);
    submissions::http::routes(routes);
    values::http::routes(routes);
    returns::http::routes(routes);
    lock_exceptions::http::routes(routes);
    completeness::http::routes(routes);
    flags::http::routes(routes);
    reporting_exceptions::http::routes(routes);
    totals::http::routes(routes);
    spc::http::routes(routes);
    grid::http::routes(routes);
    acts::http::routes(routes);
    releases::http::routes(routes);
}
