//! One binary holds every test that goes through HTTP, so that it links once. Each test starts the real service with a
//! database of its own, on SQLite and on PostgreSQL alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod adoptions;
mod applications;
mod audit;
mod auth;
mod backups;
mod benefits;
mod books;
mod budgets;
mod changes;
mod communities;
mod csv;
mod erasure;
mod funding;
mod giving;
mod hierarchy;
mod http;
mod identity;
mod impact;
mod innovations;
mod instants;
mod kpis;
mod laws;
mod ledger;
mod links;
mod ods_imports;
mod organisations;
mod owasp;
mod pages;
mod partial;
mod patches;
mod people;
mod programmes;
mod races;
mod readme;
mod released;
mod running;
mod spc;
mod staying_up;
mod submissions;
mod support;
mod trail;
mod uptake;
mod values;
mod webhooks;
