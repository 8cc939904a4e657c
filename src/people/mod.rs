//! People: fellows and their fellowships, mentors, learning events and who attended, peer networks, leaders. Names and
//! contacts live in one table, `people`, and nowhere else: not in a URL, an event or a log. An erasure empties that row.
//! Every fellowship, award and total stays.

pub mod attendances;
pub mod fellows;
pub mod fellowships;
pub mod http;
pub mod leaders;
pub mod learning_events;
pub mod mentorships;
pub mod network_memberships;
pub mod networks;
pub mod ops;
pub mod rules;
pub mod store;
