//! The routes of programmes and of what belongs to them.

use super::{calls, cohorts, http, memberships, partners};
use crate::http::Routes;

pub fn routes(routes: &mut Routes) {
    http::routes(routes);
    partners::http::routes(routes);
    cohorts::http::routes(routes);
    memberships::http::routes(routes);
    calls::http::routes(routes);
}
