//! What random histories share: days by number, and numbers that look random and are the same in every run.

use chrono::{Days, NaiveDate};

pub const EVER: i64 = i64::MIN;
pub const NEVER: i64 = i64::MAX;

/// The day of a number: the first of 2020 is nought.
pub fn day(number: i64) -> NaiveDate {
    let first: NaiveDate = "2020-01-01".parse().unwrap();
    first.checked_add_days(Days::new(number.unsigned_abs())).unwrap()
}

pub fn holds((from, to): (i64, i64), day: i64) -> bool {
    from <= day && day < to
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
