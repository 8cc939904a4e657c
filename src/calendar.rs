//! Days, spans of days, and the periods that KPI values are filed under.
//!
//! A period is read by the KPI's period type alone, because the same text can name two things:
//! `2011-12` is December 2011 for a monthly KPI and the NHS year from April 2011 for a
//! financial-year one. Every period has one canonical text, its label, and one first day, which is
//! what the database stores.

use std::fmt;

use crate::error::{Error, Fault, Faults, Result};
use crate::words;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Europe::London;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Date;

/// The first and last years a period may be written in. A year outside them is far more likely a
/// slip of the hand than a fact, so it is read as malformed.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

words! {
    /// How long a KPI's periods are, and which calendar they follow: from the shortest, the two kinds of quarter and of
    /// year standing together.
    pub enum PeriodType {
        Day = "day",
        /// An ISO 8601 week: Monday to Sunday, belonging to the year that holds its Thursday.
        Week = "week",
        Month = "month",
        /// A quarter of the calendar year; Q1 is January to March.
        Quarter = "quarter",
        /// A quarter of the NHS year; Q1 is April to June.
        FinancialQuarter = "financial-quarter",
        /// The NHS year, 1 April to 31 March.
        FinancialYear = "financial-year",
        Year = "year",
    }
}

/// What it takes to get from the first day of one period to the first day of the next.
enum Length {
    Days(u64),
    Months(u32),
}

impl PeriodType {
    /// A well-formed period of this type, for error messages and documentation.
    pub const fn example(self) -> &'static str {
        match self {
            PeriodType::Day => "2024-03-15",
            PeriodType::Week => "2024-W10",
            PeriodType::Month => "2024-03",
            PeriodType::Quarter => "2024-Q1",
            PeriodType::FinancialQuarter => "2024-25-Q1",
            PeriodType::FinancialYear => "2024-25",
            PeriodType::Year => "2024",
        }
    }

    /// The type in a sentence, with its article.
    const fn noun(self) -> &'static str {
        match self {
            PeriodType::Day => "a day",
            PeriodType::Week => "an ISO week",
            PeriodType::Month => "a month",
            PeriodType::Quarter => "a calendar quarter",
            PeriodType::FinancialQuarter => "a financial quarter (from April)",
            PeriodType::FinancialYear => "a financial year (from April)",
            PeriodType::Year => "a calendar year",
        }
    }

    const fn length(self) -> Length {
        match self {
            PeriodType::Day => Length::Days(1),
            PeriodType::Week => Length::Days(7),
            PeriodType::Month => Length::Months(1),
            PeriodType::Quarter | PeriodType::FinancialQuarter => Length::Months(3),
            PeriodType::FinancialYear | PeriodType::Year => Length::Months(12),
        }
    }
}

impl fmt::Display for PeriodType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One day, week, month, quarter or year. Periods of one type sort by time; periods of different
/// types sort by type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    kind: PeriodType,
    start: NaiveDate,
}

/// Why a text was not taken as a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodError {
    /// The text is no period of any type.
    Malformed { expected: PeriodType },
    /// The text is a date or month as a spreadsheet writes it, in the words and order of a country.
    Spreadsheet { expected: PeriodType },
    /// The text is a period, but of a type this KPI does not use.
    WrongKind { expected: PeriodType, found: PeriodType },
}

impl PeriodError {
    /// The stable code of the row error: `period-malformed` or `period-type`.
    pub const fn code(self) -> &'static str {
        match self {
            PeriodError::Malformed { .. } | PeriodError::Spreadsheet { .. } => "period-malformed",
            PeriodError::WrongKind { .. } => "period-type",
        }
    }

    /// What was expected, with an example. It never repeats the text that was sent.
    pub fn detail(self) -> String {
        match self {
            PeriodError::Malformed { expected } => format!(
                "This is not a period. Expected {}, such as {}, between {} and {}.",
                expected.noun(),
                expected.example(),
                YEARS.start(),
                YEARS.end()
            ),
            PeriodError::Spreadsheet { expected } => format!(
                "This is a date as a spreadsheet writes it. Expected {}, such as {}: format the column as Text, write each \
                 period so and save again.",
                expected.noun(),
                expected.example()
            ),
            PeriodError::WrongKind { expected, found } => {
                format!("This is {}. Expected {}, such as {}.", found.noun(), expected.noun(), expected.example())
            }
        }
    }
}

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail())
    }
}

impl std::error::Error for PeriodError {}

impl Period {
    /// Reads `text` as a period of this `kind`.
    ///
    /// Besides the canonical labels it takes `202401` and the first day `2024-01-01` for a month,
    /// and a quarter without its last hyphen (`2024Q1`, `2024-25Q1`). Nothing is trimmed and
    /// letters are capitals.
    ///
    /// # Errors
    ///
    /// [`PeriodError::WrongKind`] when the text is a period of another type, else
    /// [`PeriodError::Malformed`].
    pub fn parse(kind: PeriodType, text: &str) -> Result<Period, PeriodError> {
        if let Some(start) = read_start(kind, text) {
            return Ok(Period { kind, start });
        }
        match PeriodType::ALL.iter().copied().find(|other| read_start(*other, text).is_some()) {
            Some(found) => Err(PeriodError::WrongKind { expected: kind, found }),
            None if is_spreadsheet_date(text) => Err(PeriodError::Spreadsheet { expected: kind }),
            None => Err(PeriodError::Malformed { expected: kind }),
        }
    }

    /// As [`Period::parse`], but a day stands for the period that holds it.
    ///
    /// # Errors
    ///
    /// As [`Period::parse`], for a text that is neither.
    pub fn parse_or_day(kind: PeriodType, text: &str) -> Result<Period, PeriodError> {
        let day = || read_start(PeriodType::Day, text).map(|day| Period::containing(kind, day));
        Period::parse(kind, text).or_else(|error| day().ok_or(error))
    }

    /// The period of this `kind` that holds `date`.
    pub fn containing(kind: PeriodType, date: NaiveDate) -> Period {
        let start = match kind {
            PeriodType::Day => Some(date),
            PeriodType::Week => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))),
            PeriodType::Month => first_of(date.year(), date.month()),
            PeriodType::Quarter | PeriodType::FinancialQuarter => first_of(date.year(), (date.month0() / 3) * 3 + 1),
            PeriodType::FinancialYear => first_of(financial_year(date), 4),
            PeriodType::Year => first_of(date.year(), 1),
        };
        // Only the week or year at the very edge of chrono's calendar has no first day; no stored
        // date is near it.
        Period { kind, start: start.unwrap_or(date) }
    }

    /// The period of this `kind` that begins on `date`, as the database stores it; `None` when none
    /// begins then.
    pub fn from_start(kind: PeriodType, date: NaiveDate) -> Option<Period> {
        let period = Period::containing(kind, date);
        (period.start == date).then_some(period)
    }

    /// The type of the period.
    pub const fn kind(self) -> PeriodType {
        self.kind
    }

    /// The first day.
    pub const fn start(self) -> NaiveDate {
        self.start
    }

    /// The last day, inclusive.
    pub fn end(self) -> NaiveDate {
        self.next().start.pred_opt().unwrap_or(self.start)
    }

    /// The period that begins the day after this one ends.
    pub fn next(self) -> Period {
        let start = match self.kind.length() {
            Length::Days(days) => self.start.checked_add_days(Days::new(days)),
            Length::Months(months) => self.start.checked_add_months(Months::new(months)),
        };
        Period { start: start.unwrap_or(self.start), ..self }
    }

    /// The period that ends the day before this one begins.
    pub fn previous(self) -> Period {
        let start = match self.kind.length() {
            Length::Days(days) => self.start.checked_sub_days(Days::new(days)),
            Length::Months(months) => self.start.checked_sub_months(Months::new(months)),
        };
        Period { start: start.unwrap_or(self.start), ..self }
    }

    /// The same period a year before: of days and weeks the one 52 weeks before, so that weekdays stand beside each other.
    pub fn year_before(self) -> Period {
        let start = match self.kind.length() {
            Length::Days(_) => self.start.checked_sub_days(Days::new(364)),
            Length::Months(_) => self.start.checked_sub_months(Months::new(12)),
        };
        Period { start: start.unwrap_or(self.start), ..self }
    }

    /// Every period from this one to `last`, both included; none when `last` is earlier or of
    /// another type.
    pub fn through(self, last: Period) -> impl Iterator<Item = Period> {
        let first = (self.kind == last.kind).then_some(self);
        // The comparison stops the walk where `next` can step no further.
        std::iter::successors(first, |period| Some(period.next()).filter(|next| next > period))
            .take_while(move |period| *period <= last)
    }

    /// Whether `date` lies in the period.
    pub fn contains(self, date: NaiveDate) -> bool {
        self.start <= date && date <= self.end()
    }

    /// Its days.
    pub fn days(self) -> Span {
        Span { from: self.start(), to: self.next().start() }
    }

    /// Whether the last day has gone by: the period ended before `today`.
    pub fn ends_before(self, today: NaiveDate) -> bool {
        self.end() < today
    }

    /// Whether the period is later than the KPI allows `today`. The current period is open from its
    /// first day; `open_future_periods` more may be filed ahead of time.
    pub fn in_future(self, today: NaiveDate, open_future_periods: u32) -> bool {
        let current = Period::containing(self.kind, today);
        if self.start <= current.start {
            return false;
        }
        let ahead = usize::try_from(open_future_periods).unwrap_or(usize::MAX);
        !current.through(self).skip(1).take(ahead).any(|open| open == self)
    }

    /// The canonical text; [`Period::parse`] reads it back.
    pub fn label(self) -> String {
        let start = self.start;
        let year = start.year();
        match self.kind {
            PeriodType::Day => format!("{year:04}-{:02}-{:02}", start.month(), start.day()),
            PeriodType::Week => {
                let week = start.iso_week();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            PeriodType::Month => format!("{year:04}-{:02}", start.month()),
            PeriodType::Quarter => format!("{year:04}-Q{}", start.month0() / 3 + 1),
            PeriodType::FinancialQuarter => {
                // January to March close the year that began the April before.
                let quarter = (start.month0() / 3 + 3) % 4 + 1;
                format!("{}-Q{quarter}", financial_year_label(financial_year(start)))
            }
            PeriodType::FinancialYear => financial_year_label(year),
            PeriodType::Year => format!("{year:04}"),
        }
    }

    /// The instant at which the day `days` after the period's last day is over in London: midnight,
    /// summer or winter, so a return due 10 days after June closes at 23:00Z on 10 July.
    pub fn closes_at(self, days: u32) -> DateTime<Utc> {
        self.next().start.checked_add_days(Days::new(u64::from(days))).map_or(DateTime::<Utc>::MAX_UTC, london_midnight)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

/// The date in London at `instant`: the "today" by which periods open and close.
pub fn london_date(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&London).date_naive()
}

/// The instant at which `date` begins in London.
pub fn london_midnight(date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    // London's clocks have never changed at midnight since 1900, so there is exactly one; were a
    // rule ever to skip it, Greenwich time is the sane reading.
    London
        .from_local_datetime(&midnight)
        .earliest()
        .map_or_else(|| midnight.and_utc(), |instant| instant.with_timezone(&Utc))
}

/// The calendar year in which the NHS year that holds `date` began.
fn financial_year(date: NaiveDate) -> i32 {
    if date.month() < 4 { date.year() - 1 } else { date.year() }
}

fn financial_year_label(year: i32) -> String {
    format!("{year:04}-{:02}", (year + 1).rem_euclid(100))
}

fn first_of(year: i32, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, 1)
}

/// Whether a spreadsheet has made this of a period: `Apr-19`, `01/04/2019`, `2019-04-01 00:00:00`, `43556` (days since
/// 1900).
fn is_spreadsheet_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let parts: Vec<&str> = text.split(['/', '-', '.', ',', ' ', ':', 'T']).filter(|part| !part.is_empty()).collect();
    let is_month = |part: &str| {
        let named = part.get(..3).is_some_and(|start| MONTHS.iter().any(|month| month.eq_ignore_ascii_case(start)));
        named && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let is_number = |part: &&str| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (named, numbers) =
        (parts.iter().any(|part| is_month(part)), parts.iter().filter(|part| is_number(part)).count());
    let serial = text.len() == 5 && text.parse().is_ok_and(|days: u32| (30_000..60_000).contains(&days));
    let foreign = text.contains(['/', '.', ':']) || parts.first().is_some_and(|first| first.len() <= 2);
    serial || (named && numbers > 0) || (foreign && (2..=6).contains(&numbers) && numbers == parts.len())
}

/// The first day of the period that `text` names when read as `kind`.
fn read_start(kind: PeriodType, text: &str) -> Option<NaiveDate> {
    let (year, rest) = read_year(text)?;
    match kind {
        PeriodType::Day => {
            let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
            NaiveDate::from_ymd_opt(year, two_digits(month)?, two_digits(day)?)
        }
        PeriodType::Week => {
            let week = two_digits(rest.strip_prefix("-W")?)?;
            NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)
        }
        PeriodType::Month => {
            let month = match rest.strip_prefix('-') {
                Some(month) => month.strip_suffix("-01").unwrap_or(month),
                None => rest,
            };
            first_of(year, two_digits(month)?)
        }
        PeriodType::Quarter => first_of(year, read_quarter(rest)? * 3 - 2),
        PeriodType::FinancialQuarter => {
            let months_after_april = (read_quarter(read_next_year(year, rest)?)? - 1) * 3;
            first_of(year, 4)?.checked_add_months(Months::new(months_after_april))
        }
        PeriodType::FinancialYear => {
            if !read_next_year(year, rest)?.is_empty() {
                return None;
            }
            first_of(year, 4)
        }
        PeriodType::Year => {
            if !rest.is_empty() {
                return None;
            }
            first_of(year, 1)
        }
    }
}

/// Four digits and what follows them.
fn read_year(text: &str) -> Option<(i32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    // `parse` alone would take a sign, so "+202" must be caught here.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = digits.parse().ok()?;
    YEARS.contains(&year).then_some((year, rest))
}

/// The `-25` that must follow `2024` in the NHS year, and what follows it.
fn read_next_year(year: i32, rest: &str) -> Option<&str> {
    let (suffix, rest) = rest.strip_prefix('-')?.split_at_checked(2)?;
    let next_year = u32::try_from((year + 1) % 100).ok()?;
    (two_digits(suffix)? == next_year).then_some(rest)
}

/// `Q1` to `Q4`, with or without a hyphen before it.
fn read_quarter(text: &str) -> Option<u32> {
    match text.strip_prefix('-').unwrap_or(text) {
        "Q1" => Some(1),
        "Q2" => Some(2),
        "Q3" => Some(3),
        "Q4" => Some(4),
        _ => None,
    }
}

fn two_digits(text: &str) -> Option<u32> {
    match text.as_bytes() {
        [tens @ b'0'..=b'9', units @ b'0'..=b'9'] => Some(u32::from(tens - b'0') * 10 + u32::from(units - b'0')),
        _ => None,
    }
}

/// The first and the last day a date may be; they also stand for "since ever" and "until further notice".
const EVER: NaiveDate = day(1, 1, 1);
const FOREVER: NaiveDate = day(9999, 12, 31);

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

/// The days a question is about, both included; open on a side where none is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayRange {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl DayRange {
    /// `place` stands before the names `from` and `to` where they are pointed at: `?` in a query, `/` in a body.
    ///
    /// # Errors
    /// `validation-failed` when they end before they begin.
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>, place: &str) -> Result<Self> {
        match from.zip(to) {
            Some((from, to)) if to < from => {
                Err(Error::invalid(format!("{place}to"), "range", "Expected a day that is not before from."))
            }
            _ => Ok(Self { from, to }),
        }
    }

    /// Reads its ends, each a date or a period of this kind: a period as `from` means its first day, as `to` its last.
    ///
    /// # Errors
    /// `validation-failed` for an end that is neither, and as [`DayRange::new`].
    pub fn read(kind: PeriodType, from: Option<&str>, to: Option<&str>, place: &str) -> Result<Self> {
        let mut faults = Faults::default();
        let mut end = |name: &str, text: Option<&str>, side: fn(Period) -> NaiveDate| {
            let date = || text.and_then(|text| read_start(PeriodType::Day, text));
            let read = text.map(|text| Period::parse(kind, text).map(side).or_else(|error| date().ok_or(error)));
            let fault = |error: PeriodError| Fault::new(format!("{place}{name}"), error.code(), error.detail());
            faults.take(read.transpose().map_err(fault)).flatten()
        };
        let (from, to) = (end("from", from, Period::start), end("to", to, Period::end));
        faults.check()?;
        Self::new(from, to, place)
    }

    pub fn hold(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// The first and the last period of this kind that lie in these days: those whose first day does.
    pub fn periods(self, kind: PeriodType) -> (Option<Period>, Option<Period>) {
        let first = |day| {
            let holding = Period::containing(kind, day);
            if holding.start() < day { holding.next() } else { holding }
        };
        (self.from.map(first), self.to.map(|day| Period::containing(kind, day)))
    }
}

/// Periods that are said by where they lie to today: the last so many that have ended, or the one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relative {
    pub first: Period,
    pub last: Period,
}

/// The most periods back.
const MOST_BACK: usize = 1_000;

impl Relative {
    /// What is expected, for whoever wrote something else.
    pub const EXPECTED: &'static str = "Expected last-N-UNIT, the last N that have ended, such as last-12-months; last-UNIT, such as \
        last-financial-year; or this-UNIT, the one that runs, such as this-financial-year. N is from 1 to 1000; UNIT is day, week, month, \
        quarter, financial-quarter, financial-year or year, with an s behind a number.";

    /// Reads the words, as they are on this day in London.
    pub fn parse(text: &str, today: NaiveDate) -> Option<Self> {
        let (which, rest) = text.split_once('-')?;
        let runs = |unit: &str| Some(Period::containing(PeriodType::parse(unit)?, today));
        match (which, rest.split_once('-')) {
            ("this", _) => runs(rest).map(|first| Self { first, last: first }),
            ("last", Some((number, units))) if number.starts_with(|c: char| c.is_ascii_digit()) => {
                let number = number.parse().ok().filter(|number| (1..=MOST_BACK).contains(number))?;
                let unit = units.strip_suffix('s').or((number == 1).then_some(units))?;
                Some(Self::before(runs(unit)?, number))
            }
            ("last", _) => runs(rest).map(|running| Self::before(running, 1)),
            _ => None,
        }
    }

    fn before(running: Period, number: usize) -> Self {
        let mut back = std::iter::successors(Some(running), |period| Some(period.previous())).skip(1);
        let last = back.next().unwrap_or(running);
        Self { first: std::iter::once(last).chain(back).take(number).last().unwrap_or(last), last }
    }

    /// As [`Relative::parse`].
    ///
    /// # Errors
    /// `validation-failed` with what was expected.
    pub fn read(text: &str, today: NaiveDate) -> Result<Self> {
        Self::parse(text, today).ok_or_else(|| Error::invalid("?period", "period-malformed", Self::EXPECTED))
    }
}

impl DayRange {
    /// The days from the first of such periods to the last, where they are given instead of two ends.
    ///
    /// # Errors
    /// `validation-failed` for other words, and for ends beside them.
    pub fn relative(text: &str, has_ends: bool, today: NaiveDate) -> Result<Self> {
        let Relative { first, last } = Relative::read(text, today)?;
        if has_ends {
            return Err(Error::invalid("?period", "not-applicable", "Give either the period or from and to."));
        }
        Ok(Self { from: Some(first.start()), to: Some(last.end()) })
    }
}

/// Some days in a row: from `from` up to, and not on, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Span {
    pub const ALWAYS: Self = Self { from: EVER, to: FOREVER };

    /// From a day, or ever, up to another, or for ever.
    pub fn between(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Self {
        Self { from: from.unwrap_or(EVER), to: to.unwrap_or(FOREVER) }
    }

    /// From a day through another, both of which it holds.
    pub fn through(from: NaiveDate, last: NaiveDate) -> Self {
        Self { from, to: last.succ_opt().unwrap_or(last) }
    }

    /// # Errors
    /// `validation-failed` when it would be empty.
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Self> {
        let span = Self::between(from, to);
        if span.from < span.to {
            return Ok(span);
        }
        Err(match to {
            Some(_) => Error::invalid("/to", "range", "to is the first day it no longer holds, so it lies after from."),
            None => Error::invalid("/from", "range", format!("from lies before {FOREVER}, which stands for no end.")),
        })
    }

    /// Its days as records write them: the first, and the first it no longer holds; none where it is open on that side.
    pub fn ends(self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        ((self.from != EVER).then_some(self.from), (self.to != FOREVER).then_some(self.to))
    }

    pub fn holds(self, day: NaiveDate) -> bool {
        self.from <= day && day < self.to
    }

    pub fn meet(self, other: Self) -> Option<Self> {
        let span = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (span.from < span.to).then_some(span)
    }

    /// The shortest span that holds both.
    pub fn hull(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    /// Its days as words.
    pub fn in_words(self) -> String {
        match self.ends() {
            (None, None) => "on every day".to_owned(),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(to)) => format!("until the day before {to}"),
            (Some(from), Some(to)) => format!("from {from} until the day before {to}"),
        }
    }

    /// What is left of it without some spans, which are merged.
    pub fn without(self, taken: &[Self]) -> Vec<Self> {
        let mut left = Vec::with_capacity(taken.len() + 1);
        let mut from = self.from;
        for span in taken {
            left.extend(self.meet(Self { from, to: span.from }));
            from = from.max(span.to);
        }
        left.extend(self.meet(Self { from, to: self.to }));
        left
    }

    /// The given spans as few that do not touch.
    pub fn merged(mut spans: Vec<Self>) -> Vec<Self> {
        spans.sort_by_key(|span| (span.from, span.to));
        let mut merged: Vec<Self> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                _ => merged.push(span),
            }
        }
        merged
    }
}

/// The first day on which something no longer holds, or none until further notice. In the database it is a day that is
/// never NULL, so that a span is found by comparing alone: no end is 9999-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Date)]
pub struct Until(NaiveDate);

impl Until {
    pub const FURTHER_NOTICE: Self = Self(FOREVER);

    /// The day as it is compared with others.
    pub fn day(self) -> NaiveDate {
        self.0
    }
}

impl From<Option<NaiveDate>> for Until {
    fn from(day: Option<NaiveDate>) -> Self {
        Self(day.unwrap_or(FOREVER))
    }
}

impl From<Until> for Option<NaiveDate> {
    fn from(until: Until) -> Self {
        (until.0 != FOREVER).then_some(until.0)
    }
}

impl<DB: Backend> ToSql<Date, DB> for Until
where
    NaiveDate: ToSql<Date, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<Date, DB> for Until
where
    NaiveDate: FromSql<Date, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(NaiveDate::from_sql(bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::PeriodType::*;
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn period(kind: PeriodType, text: &str) -> Period {
        Period::parse(kind, text).expect("a period")
    }

    #[test]
    fn relative_periods_are_those_that_have_ended_or_the_one_that_runs() {
        let today = day(2026, 11, 29);
        for (text, expected) in [
            ("last-12-months", Some(("2025-11", "2026-10"))),
            ("last-1-month", Some(("2026-10", "2026-10"))),
            ("last-1-months", Some(("2026-10", "2026-10"))),
            ("last-month", Some(("2026-10", "2026-10"))),
            ("this-month", Some(("2026-11", "2026-11"))),
            ("last-4-quarters", Some(("2025-Q4", "2026-Q3"))),
            ("last-2-financial-quarters", Some(("2026-27-Q1", "2026-27-Q2"))),
            ("this-financial-year", Some(("2026-27", "2026-27"))),
            ("last-financial-year", Some(("2025-26", "2025-26"))),
            ("last-3-financial-years", Some(("2023-24", "2025-26"))),
            ("this-year", Some(("2026", "2026"))),
            ("last-2-weeks", Some(("2026-W46", "2026-W47"))),
            ("last-7-days", Some(("2026-11-22", "2026-11-28"))),
            ("last-0-months", None),
            ("last-1001-months", None),
            ("last-12-month", None),
            ("this-12-months", None),
            ("next-month", None),
            ("last-fortnight", None),
            ("last-", None),
            ("2026-10", None),
        ] {
            let read = Relative::parse(text, today).map(|both| (both.first.label(), both.last.label()));
            assert_eq!(read, expected.map(|(first, last)| (first.to_owned(), last.to_owned())), "{text}");
        }
    }

    #[test]
    fn each_kind_reads_its_label_and_knows_its_first_and_last_day() {
        for (kind, text, start, end) in [
            (Day, "2024-03-15", "2024-03-15", "2024-03-15"),
            (Day, "2024-02-29", "2024-02-29", "2024-02-29"),
            (Week, "2024-W10", "2024-03-04", "2024-03-10"),
            (Week, "2020-W53", "2020-12-28", "2021-01-03"),
            (Week, "2025-W01", "2024-12-30", "2025-01-05"),
            (Month, "2024-01", "2024-01-01", "2024-01-31"),
            (Month, "2024-02", "2024-02-01", "2024-02-29"),
            (Month, "2011-12", "2011-12-01", "2011-12-31"),
            (Quarter, "2024-Q1", "2024-01-01", "2024-03-31"),
            (Quarter, "2024-Q4", "2024-10-01", "2024-12-31"),
            (FinancialQuarter, "2024-25-Q1", "2024-04-01", "2024-06-30"),
            (FinancialQuarter, "2024-25-Q4", "2025-01-01", "2025-03-31"),
            (FinancialYear, "2024-25", "2024-04-01", "2025-03-31"),
            (FinancialYear, "2011-12", "2011-04-01", "2012-03-31"),
            (FinancialYear, "1999-00", "1999-04-01", "2000-03-31"),
            (Year, "2024", "2024-01-01", "2024-12-31"),
        ] {
            let period = period(kind, text);
            assert_eq!(period.start(), date(start), "start of {kind} {text}");
            assert_eq!(period.end(), date(end), "end of {kind} {text}");
            assert_eq!(period.label(), text, "label of {kind} {text}");
        }
    }

    #[test]
    fn other_spellings_are_taken_and_come_back_canonical() {
        for (kind, text, label) in [
            (Month, "202401", "2024-01"),
            (Month, "2017-03-01", "2017-03"),
            (Quarter, "2024Q1", "2024-Q1"),
            (FinancialQuarter, "2024-25Q1", "2024-25-Q1"),
        ] {
            assert_eq!(period(kind, text).label(), label, "{kind} {text}");
        }
    }

    #[test]
    fn a_period_of_another_kind_says_which_kind_it_is() {
        for (expected, text, found) in [
            (Month, "2024-Q1", Quarter),
            (Month, "2024", Year),
            (Month, "2024-25", FinancialYear),
            (Month, "2024-W10", Week),
            (Month, "2017-03-02", Day),
            (Day, "2024-03", Month),
            (Week, "2024-03-04", Day),
            (Quarter, "2024-25-Q1", FinancialQuarter),
            (FinancialQuarter, "2024-Q1", Quarter),
            (FinancialYear, "2024", Year),
            (FinancialYear, "2024-03", Month),
            (Year, "2024-25", FinancialYear),
            (Year, "202401", Month),
        ] {
            assert_eq!(
                Period::parse(expected, text),
                Err(PeriodError::WrongKind { expected, found }),
                "{text} for {expected}"
            );
        }
    }

    #[test]
    fn a_day_stands_for_the_period_that_holds_it_where_days_are_taken() {
        assert_eq!(Period::parse_or_day(Month, "2024-03-15"), Ok(period(Month, "2024-03")));
        assert_eq!(Period::parse_or_day(FinancialYear, "2011-12"), Ok(period(FinancialYear, "2011-12")));
        assert!(matches!(Period::parse_or_day(Month, "2024-Q1"), Err(PeriodError::WrongKind { .. })));
        assert!(matches!(Period::parse_or_day(Week, "2024-02-30"), Err(PeriodError::Malformed { .. })));
    }

    #[test]
    fn a_question_holds_the_periods_whose_first_day_lies_in_its_days() {
        let read = |from, to| DayRange::read(Month, from, to, "?").expect("days");
        let labels = |days: DayRange| {
            let (first, last) = days.periods(Month);
            (first.map(Period::label), last.map(Period::label))
        };
        let month = |text: &str| Some(text.to_owned());
        assert_eq!(labels(read(Some("2024-02-15"), Some("2024-04"))), (month("2024-03"), month("2024-04")));
        assert_eq!(labels(read(Some("2024-02"), Some("2024-04-01"))), (month("2024-02"), month("2024-04")));
        assert_eq!(labels(read(None, Some("2024-03-31"))), (None, month("2024-03")));
        assert!(
            read(None, Some("2024-04")).hold(date("2024-04-30"))
                && !read(None, Some("2024-04")).hold(date("2024-05-01"))
        );
    }

    #[test]
    fn ends_that_are_no_days_or_stand_the_wrong_way_round_are_refused() {
        let faults = |from, to| {
            let error = DayRange::read(Month, from, to, "?").expect_err("no days");
            error.listed().iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect::<Vec<_>>()
        };
        assert_eq!(faults(Some("2024-Q1"), Some("soon")), ["?from period-type", "?to period-malformed"]);
        assert_eq!(faults(Some("2024-02"), Some("2024-01")), ["?to range"]);
    }

    #[test]
    fn what_is_no_period_is_malformed_for_every_kind() {
        for text in [
            "",
            " ",
            "2024-13",
            "2024-00",
            "2011-13",
            "2024-24",
            "2024-Q0",
            "2024-Q5",
            "2024-q1",
            "2024--Q1",
            "2024-25-Q5",
            "2024-26-Q1",
            "2024-W00",
            "2024-W53",
            "2024-W1",
            "2024W10",
            "2023-02-29",
            "2024-02-30",
            "2024-1",
            "2024-1-1",
            "2024-01-01T00:00:00Z",
            "20240101",
            "202413",
            "202401-01",
            "1899",
            "3000",
            "0000",
            "24",
            "+2024",
            "-2024",
            "+202401",
            "2024-+1",
            " 2024",
            "2024 ",
            "2024-01\n",
            "2024\u{2010}01",
            "２０２４",
            "٢٠٢٤",
            "2024-０１",
            "20é4",
            "\0\0\0\0",
        ] {
            for expected in PeriodType::ALL.iter().copied() {
                assert_eq!(
                    Period::parse(expected, text),
                    Err(PeriodError::Malformed { expected }),
                    "{text:?} for {expected}"
                );
            }
        }
    }

    #[test]
    fn what_a_spreadsheet_makes_of_a_period_is_known_as_a_date() {
        for text in [
            "Apr-19",
            "19-Apr",
            "apr 2019",
            "April 2019",
            "1 April 2019",
            "Monday, 1 April 2019",
            "01/04/2019",
            "1.4.2019",
            "01-04-2019",
            "04/2019",
            "2019/04",
            "2019-04-01 00:00:00",
            "43556",
        ] {
            let error = Period::parse(Month, text).expect_err(text);
            assert_eq!(error, PeriodError::Spreadsheet { expected: Month }, "{text:?}");
            assert!(error.detail().contains("such as 2024-03: format the column as Text"), "{}", error.detail());
        }
    }

    #[test]
    fn errors_have_a_code_and_show_what_was_expected() {
        for expected in PeriodType::ALL.iter().copied() {
            let malformed = Period::parse(expected, "soon").expect_err("malformed");
            assert_eq!(malformed.code(), "period-malformed");
            assert!(malformed.detail().contains(expected.example()));
        }
        let wrong = Period::parse(Month, "2024-Q1").expect_err("wrong kind");
        assert_eq!(wrong.code(), "period-type");
        assert_eq!(wrong.to_string(), "This is a calendar quarter. Expected a month, such as 2024-03.");
    }

    #[test]
    fn period_types_round_trip_and_their_examples_are_their_own() {
        for kind in PeriodType::ALL.iter().copied() {
            assert_eq!(PeriodType::parse(kind.as_str()), Some(kind));
            assert_eq!(period(kind, kind.example()).label(), kind.example());
        }
        assert_eq!(PeriodType::parse("Month"), None);
        assert_eq!(PeriodType::parse("fortnight"), None);
    }

    #[test]
    fn a_stored_first_day_gives_its_period_back_and_another_day_gives_none() {
        assert_eq!(Period::from_start(FinancialYear, date("2024-04-01")), Some(period(FinancialYear, "2024-25")));
        assert_eq!(Period::from_start(FinancialYear, date("2024-01-01")), None);
        assert_eq!(Period::from_start(Week, date("2024-03-05")), None);
    }

    #[test]
    fn a_walk_fills_the_gap_between_two_periods() {
        let labels = |first: Period, last: Period| first.through(last).map(Period::label).collect::<Vec<_>>();
        assert_eq!(
            labels(period(Month, "2023-11"), period(Month, "2024-02")),
            ["2023-11", "2023-12", "2024-01", "2024-02"]
        );
        assert_eq!(labels(period(Year, "2024"), period(Year, "2024")), ["2024"]);
        assert!(labels(period(Year, "2024"), period(Year, "2023")).is_empty());
        assert!(labels(period(Month, "2023-11"), period(Year, "2024")).is_empty());
    }

    #[test]
    fn the_current_period_is_open_and_the_next_only_when_the_kpi_says_so() {
        let today = date("2024-03-15");
        for (text, open_future_periods, future) in [
            ("2024-02", 0, false),
            ("2024-03", 0, false),
            ("2024-04", 0, true),
            ("2024-04", 1, false),
            ("2024-05", 1, true),
            ("2025-03", 12, false),
            ("2025-04", 12, true),
            ("2999-12", u32::MAX, false),
        ] {
            assert_eq!(period(Month, text).in_future(today, open_future_periods), future, "{text}");
        }
        assert!(period(Month, "2024-02").ends_before(today));
        assert!(!period(Month, "2024-03").ends_before(today));
        assert!(!period(Month, "2024-03").ends_before(date("2024-03-31")));
        assert!(period(Month, "2024-03").ends_before(date("2024-04-01")));
    }

    #[test]
    fn a_return_closes_at_midnight_in_london_in_summer_and_in_winter() {
        for (kind, text, days, closes_at) in [
            (Month, "2024-01", 0, "2024-02-01T00:00:00Z"),
            (Month, "2024-06", 10, "2024-07-10T23:00:00Z"),
            (Month, "2024-02", 31, "2024-03-31T23:00:00Z"), // clocks go forward: a 23-hour day
            (Month, "2024-02", 30, "2024-03-31T00:00:00Z"),
            (Month, "2024-09", 26, "2024-10-26T23:00:00Z"),
            (Month, "2024-09", 27, "2024-10-28T00:00:00Z"), // clocks go back: a 25-hour day
            (FinancialYear, "2018-19", 0, "2019-03-31T23:00:00Z"),
            (Day, "2018-10-24", 0, "2018-10-24T23:00:00Z"),
            (Month, "1970-01", 0, "1970-01-31T23:00:00Z"), // London kept summer time all year round
        ] {
            let expected: DateTime<Utc> = closes_at.parse().expect("an instant");
            assert_eq!(period(kind, text).closes_at(days), expected, "{text} + {days}");
        }
        assert_eq!(period(Year, "2999").closes_at(u32::MAX), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn today_is_the_date_in_london() {
        let instant = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        assert_eq!(london_date(instant("2024-06-30T22:59:59Z")), date("2024-06-30"));
        assert_eq!(london_date(instant("2024-06-30T23:00:00Z")), date("2024-07-01"));
        assert_eq!(london_date(instant("2024-12-31T23:59:59Z")), date("2024-12-31"));
    }

    #[test]
    fn the_edge_of_the_calendar_stops_a_walk_instead_of_panicking() {
        for kind in PeriodType::ALL.iter().copied() {
            let last = Period::containing(kind, NaiveDate::MAX);
            assert_eq!(last.next(), last, "{kind}");
            assert!(last.through(last).count() == 1);
            let first = Period::containing(kind, NaiveDate::MIN);
            assert!(first.start() >= NaiveDate::MIN && first.previous() <= first && !first.label().is_empty());
            assert!(first.closes_at(0) <= last.closes_at(u32::MAX));
        }
    }

    fn any_kind() -> impl Strategy<Value = PeriodType> {
        proptest::sample::select(PeriodType::ALL.to_vec())
    }

    /// A date whose periods of every type lie inside the years that can be written.
    fn any_date() -> impl Strategy<Value = NaiveDate> {
        let first = date("1901-01-08").num_days_from_ce();
        let last = date("2999-12-20").num_days_from_ce();
        (first..last).prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).expect("a date"))
    }

    proptest! {
        #[test]
        fn a_label_reads_back_as_the_same_period(kind in any_kind(), date in any_date()) {
            let period = Period::containing(kind, date);
            prop_assert_eq!(Period::parse(kind, &period.label()), Ok(period));
            prop_assert_eq!(Period::from_start(kind, period.start()), Some(period));
        }

        #[test]
        fn next_and_previous_undo_each_other(kind in any_kind(), date in any_date()) {
            let period = Period::containing(kind, date);
            prop_assert_eq!(period.next().previous(), period);
            prop_assert_eq!(period.previous().next(), period);
            prop_assert!(period.previous() < period && period < period.next());
        }

        #[test]
        fn periods_tile_the_calendar(kind in any_kind(), date in any_date()) {
            let period = Period::containing(kind, date);
            prop_assert_eq!(Some(period.next().start()), period.end().succ_opt());
            prop_assert_eq!(Some(period.previous().end()), period.start().pred_opt());
        }

        #[test]
        fn every_date_is_in_exactly_one_period(kind in any_kind(), date in any_date()) {
            let period = Period::containing(kind, date);
            prop_assert!(period.contains(date));
            prop_assert!(!period.next().contains(date) && !period.previous().contains(date));
            prop_assert_eq!(Period::containing(kind, period.end()), period);
        }

        #[test]
        fn no_text_makes_the_reader_panic_and_what_it_takes_has_a_label(
            kind in any_kind(),
            text in "\\PC{0,12}|[0-9Q W+-]{0,12}",
        ) {
            if let Ok(period) = Period::parse(kind, &text) {
                prop_assert_eq!(Period::parse(kind, &period.label()), Ok(period));
            }
        }

        #[test]
        fn a_period_closes_after_it_ends_and_before_the_next_one_does(
            kind in any_kind(),
            date in any_date(),
            days in 0_u32..400,
        ) {
            let period = Period::containing(kind, date);
            prop_assert!(period.closes_at(days) < period.next().closes_at(days));
            prop_assert!(period.closes_at(days) < period.closes_at(days + 1));
            prop_assert_eq!(london_date(period.closes_at(0)), period.next().start());
        }
    }

    fn on(n: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::TimeDelta::days(n)
    }

    proptest! {
        #[test]
        fn merging_keeps_every_day_and_adds_none(spans in prop::collection::vec((0i64..60, 1i64..20), 0..12)) {
            let spans: Vec<Span> = spans.into_iter().map(|(from, length)| Span { from: on(from), to: on(from + length) }).collect();
            let merged = Span::merged(spans.clone());
            let holds = |spans: &[Span], d: NaiveDate| spans.iter().any(|span| span.from <= d && d < span.to);
            for d in (0..90).map(on) {
                prop_assert_eq!(holds(&spans, d), holds(&merged, d));
            }
            prop_assert!(merged.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
    }
}
