//! The Innovation Register: the national register of health innovations, the fellows who carry them, the money behind
//! them, and the KPIs that show whether they spread. `ARCHITECTURE.md` is the map.

// Who may do what, and where.
pub mod access;
// Which organisation uses which innovation.
mod adoptions;
// Applications to the calls of programmes, and their reviews.
mod applications;
// What was done, by whom, when, as a list.
mod audit_events;
// A database and its key in one file, and back.
pub mod backup;
// What innovations brought: claimed, and realised.
mod benefits;
// Days, spans of days, and periods.
mod calendar;
// What changed, in order, for those who keep a copy.
mod changes;
// The verbs of the command line.
pub mod cli;
// The coded values, with labels, as a resource.
mod code_lists;
// Every setting.
pub mod config;
// The only door to the database.
pub mod db;
// Exact numbers as scaled integers.
mod decimal;
// What becomes of the rows of a delivery.
mod delivery;
// What a newcomer tries it with.
pub mod demonstration;
// How small counts of patients are shown.
mod disclosure;
// The bricks of charts.
mod drawing;
// Whom an innovation is meant for.
mod eligibility;
// Everything that can go wrong.
pub mod error;
// What was done, recorded and numbered.
mod events;
// Funds, awards, and the ledger that moves their money.
pub mod funding;
// From a token to what its bearer may do.
pub mod grants;
// What every request passes.
pub mod http;
// The innovations themselves.
mod innovations;
// Requests that are answered later.
mod jobs;
// KPIs: catalogue, submissions, values, SPC.
pub mod kpis;
// NHS bodies and others, in their dated hierarchy.
mod organisations;
// Fellows and their fellowships, and what is held about them.
mod people;
// How many people places have.
mod populations;
// What becomes of people's data.
pub mod privacy;
// What carries innovations: programmes, their partners and cohorts.
mod programmes;
// A resource as it is written and answered.
mod record;
// What reads across features and writes nothing.
mod reports;
// The route table.
mod routes;
// What does not fit a JSON Schema, in our words.
pub mod shape;
// From a configuration to a running service.
pub mod startup;
// What OpenTelemetry is told.
mod traces;
// The files of the Organisation Data Service.
mod ods_imports;
// Organisations that became others.
pub mod successions;
// The one shape of every state machine.
mod transitions;
// Ids and closed word lists.
pub mod vocabulary;
// Who wants to be told of changes, and how they are.
mod webhooks;
