//! The Innovation Register: the national register of health innovations, the fellows who carry them, the money behind
//! them, and the KPIs that show whether they spread. `ARCHITECTURE.md` is the map.

// Who may do what, and where.
pub mod access;
// Which organisation uses which innovation.
pub mod adoptions;
// Applications to the calls of programmes, and their reviews.
pub mod applications;
// What was done, by whom, when, as a list.
pub mod audit_events;
// What innovations brought: claimed, and realised.
pub mod benefits;
// Days, spans of days, and periods.
pub mod calendar;
// The verbs of the command line.
pub mod cli;
// The coded values, with labels, as a resource.
pub mod code_lists;
// Every setting.
pub mod config;
// The only door to the database.
pub mod db;
// Exact numbers as scaled integers.
pub mod decimal;
// What a newcomer tries it with.
pub mod demonstration;
// Everything that can go wrong.
pub mod error;
// What was done, recorded and numbered.
pub mod events;
// Funds, awards, and the ledger that moves their money.
pub mod funding;
// From a token to what its bearer may do.
pub mod grants;
// What every request passes.
pub mod http;
// The innovations themselves.
pub mod innovations;
// KPIs: catalogue, submissions, values, SPC.
pub mod kpis;
// NHS bodies and others, in their dated hierarchy.
pub mod organisations;
// Fellows and their fellowships, and what is held about them.
pub mod people;
// What carries innovations: programmes, their partners and cohorts.
pub mod programmes;
// A resource as it is written and answered.
pub mod record;
// What reads across features and writes nothing.
pub mod reports;
// The route table.
pub mod routes;
// What does not fit a JSON Schema, in our words.
pub mod shape;
// From a configuration to a running service.
pub mod startup;
// The one shape of every state machine.
pub mod transitions;
// Ids and closed word lists.
pub mod vocabulary;
