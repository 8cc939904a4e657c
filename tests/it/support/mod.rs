//! What every test stands on: the real service on a free port, a database of its own on either engine, real tokens, and
//! a clock that the test sets.

mod app;
mod binary;
mod contract;
mod histories;
mod http;
mod postgres;
mod published;
mod receiver;
mod records;
mod searches;

pub use app::{Actor, START, TestApp, address_of, connect, database, empty_database, folder, grant, settings};
pub use binary::{Served, binary, fail, run, told};
pub use histories::{Days, Draw, EVER, NEVER, board_on, day, holds, organisations_of_history};
pub use http::{Answer, Request};
pub use innovation_register::db::dialect::Engine::{self, Postgres, Sqlite};
pub use postgres::programs;
pub use published::Published;
pub use receiver::{Message, Receiver};
pub use records::{award, gbp, row};
pub use rstest::rstest;
pub use serde_json::{Value, json};

use std::time::{Duration, Instant};

/// Waits until the condition holds: nothing in this suite sleeps for a time and hopes.
pub async fn eventually(what: &str, patience: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < patience, "{what}: not within {patience:?}");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The members of a list answer.
pub fn rows(list: &Value) -> &[Value] {
    list["data"].as_array().map_or(&[], Vec::as_slice)
}

/// One member of every row of a list answer.
pub fn column(list: &Value, name: &str) -> Vec<String> {
    rows(list).iter().map(|row| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned)).collect()
}
