//! The routes of every kind of act.

use super::{annotations, exclusions, recalculations};
use crate::http::Routes;

pub fn routes(routes: &mut Routes) {
    recalculations::http::routes(routes);
    exclusions::http::routes(routes);
    annotations::http::routes(routes);
}
