//! Every state machine moves in one way: `POST .../transitions {"to", "reason", "effectiveOn"}`, and the history that
//! GET lists. A resource brings its machine, a table of moves; reading, refusing, recording and listing are here.

pub mod http;
pub mod rules;
pub mod store;
