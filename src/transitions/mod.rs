//! Every state machine moves the same way: `POST .../transitions {"to", "reason", "effectiveOn"}`, and a history that
//! GET lists. A resource brings its machine, a table of moves. Reading, refusing, recording and listing are here, and
//! who wrote what others must agree to (`authors`).

pub mod authors;
pub mod http;
pub mod links;
pub mod rules;
pub mod store;
