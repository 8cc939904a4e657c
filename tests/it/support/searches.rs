//! What the searches of names find, to be held against what they find in a copy.

use super::TestApp;
use serde_json::Value;

/// A search of every table that can be searched, for some of what the demonstration has.
const SEARCHES: [&str; 10] = [
    "organisations?q=health+innovation",
    "innovations?q=heart",
    "kpis?q=emerg",
    "programmes?q=accel",
    "people?q=fellow+1",
    "fellows?q=fellow+2",
    "events?q=test+bed",
    "networks?q=q",
    "funds?q=rapid",
    "awards?q=spread",
];

impl TestApp {
    /// What each search finds, which is something.
    pub async fn found(&self) -> Vec<Value> {
        let (admin, mut found) = (self.admin(), Vec::new());
        for search in SEARCHES {
            let rows = admin.get(&format!("/v1/{search}")).await.expect(200)["data"].take();
            assert!(rows.as_array().is_some_and(|rows| !rows.is_empty()), "{search} finds nothing");
            found.push(rows);
        }
        found
    }
}
