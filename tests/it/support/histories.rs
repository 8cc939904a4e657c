//! What random histories share: days by number, organisations, and numbers that look random and are the same in every run.

use super::app::TestApp;
use chrono::NaiveDate;
use serde_json::json;

pub const EVER: i64 = i64::MIN;
pub const NEVER: i64 = i64::MAX;

/// The day of a number: the first of 2020 is nought.
pub fn day(number: i64) -> NaiveDate {
    let first: NaiveDate = "2020-01-01".parse().unwrap();
    first.checked_add_days(chrono::Days::new(number.unsigned_abs())).unwrap()
}

pub fn holds((from, to): (i64, i64), day: i64) -> bool {
    from <= day && day < to
}

/// Where something is, from a day to another.
pub type Days = (&'static str, i64, i64);

/// The board on a day: by the edges, and where they say nothing by the nearest.
pub fn board_on(boards: &[Days], day: i64) -> &'static str {
    let away = |(_, from, to): &Days| {
        if day < *from {
            from - day
        } else if day >= *to {
            day - to + 1
        } else {
            0
        }
    };
    boards.iter().min_by_key(|edge| (away(edge), edge.1)).unwrap().0
}

/// Makes a region with two boards, two networks, of which the first has the first board, and trusts below these boards.
pub async fn organisations_of_history(app: &TestApp, prefix: &str, trusts: impl Iterator<Item = &'static str>) {
    let mut csv = format!("code,name,type,parent\n{prefix}Y,Region,region,E92000001\n");
    for board in ["A", "B"] {
        csv += &format!("{prefix}{board},Board,icb,{prefix}Y\n");
    }
    for network in ["N", "M"] {
        csv += &format!("{prefix}{network},Network,hin,\n");
    }
    for (at, board) in trusts.enumerate() {
        csv += &format!("{prefix}T{at},Trust,nhs-trust,{prefix}{board}\n");
    }
    app.admin().post_csv("/v1/organisations", &csv).await.expect(200);
    let edge = json!({ "parent": format!("{prefix}N"), "kind": "network" });
    app.admin().post(&format!("/v1/organisations/{prefix}A/edges"), edge).await.expect(201);
}

pub struct Draw(u64);

impl Draw {
    /// The draws of a history.
    pub fn of_history(number: u64) -> Self {
        Self(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, most: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.unsigned_abs()) as i64
    }

    pub fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[usize::try_from(self.below(some.len() as i64)).unwrap()]
    }

    /// Nine times in ten.
    pub fn mostly(&mut self) -> bool {
        self.below(10) > 0
    }
}
