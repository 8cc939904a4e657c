//! People: fellows and their fellowships. Names and contacts live in one table, `people`, and nowhere else: not in a
//! URL, an event or a log. An erasure empties that row; every fellowship, award and total stays.

pub mod fellows;
pub mod fellowships;
pub mod http;
pub mod ops;
pub mod store;
