//! Ids and closed word lists: each declared once, here or beside its feature, by one macro, and from then on the
//! same word in Rust, in JSON, in the database and in the API document.

use crate::error::{Error, Result};
use chrono::{DateTime, Datelike, NaiveDateTime, SubsecRound, Timelike, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use std::cell::RefCell;
use std::fmt;
use uuid::Uuid;

/// The key of a record without a natural one: a UUIDv7, 16 bytes in the database, hyphenated in JSON.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    AsExpression,
    FromSqlRow,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[diesel(sql_type = Binary)]
#[schema(value_type = String, format = "uuid", min_length = 36, max_length = 36)]
#[serde(transparent)]
pub struct Id(Uuid);

impl Id {
    /// Sixteen zero bytes: stands for no record in a key whose parts cannot be absent.
    pub const NONE: Self = Self(Uuid::nil());

    /// A new id; ids made later sort later. Within [`with_foreseen_ids`] it is the next one of the present step.
    pub fn generate() -> Self {
        FORESEEN
            .with_borrow_mut(|foreseen| foreseen.as_mut().map(Foreseen::next))
            .unwrap_or_else(|| Self(Uuid::now_v7()))
    }

    /// The first id that the step of this name and number makes within [`with_foreseen_ids`]; steps count from 1.
    pub fn foreseen(step: &str, number: u32) -> Self {
        /// The accelerator's first day, 1 July 2015, in milliseconds: a moment that no id made later has.
        const MOMENT: u128 = 1_435_708_800_000;
        // FNV-1a: the same number for the same name, on every machine and in every version.
        let name = step.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let (high, low) = (u128::from(name >> 20), u128::from(name & 0xf_ffff));
        let version_and_variant = (7 << 76) | (2 << 62);
        Self(Uuid::from_u128(MOMENT << 80 | version_and_variant | high << 64 | low << 42 | u128::from(number) << 22))
    }

    /// The id that the same step makes next within [`with_foreseen_ids`].
    #[must_use]
    pub fn following(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128() + 1))
    }

    /// Reads the hyphenated form; anything else is no id.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

/// Where foreseen ids have got to.
#[derive(Default)]
struct Foreseen {
    steps: std::collections::BTreeMap<&'static str, u32>,
    next: u128,
}

impl Foreseen {
    fn next(&mut self) -> Id {
        self.next += 1;
        Id(Uuid::from_u128(self.next - 1))
    }
}

thread_local! {
    static FORESEEN: RefCell<Option<Foreseen>> = const { RefCell::new(None) };
}

/// Does the work with ids that are the same every time, so that the API document can name what it makes. The work says
/// with [`begin_step`] what it makes next.
pub fn with_foreseen_ids<T>(work: impl FnOnce() -> T) -> T {
    /// Ends it however the work ends.
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            FORESEEN.set(None);
        }
    }
    FORESEEN.set(Some(Foreseen::default()));
    let _end = End;
    work()
}

/// From here on ids are those of the next step of this name; without [`with_foreseen_ids`] nothing changes.
pub fn begin_step(name: &'static str) {
    FORESEEN.with_borrow_mut(|foreseen| {
        let Some(foreseen) = foreseen else { return };
        let number = foreseen.steps.entry(name).or_default();
        *number += 1;
        foreseen.next = Id::foreseen(name, *number).0.as_u128();
    });
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<DB: Backend> ToSql<Binary, DB> for Id
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_bytes().as_slice().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Binary, DB> for Id
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(&Vec::<u8>::from_sql(bytes)?)?))
    }
}

/// An instant in UTC, to the microsecond: what both databases can hold.
pub type Timestamp = DateTime<Utc>;

/// The present moment. Called where a request or a command starts, and nowhere else: below that the clock is an argument.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> Timestamp {
    Utc::now().trunc_subsecs(6)
}

/// Reads an instant of RFC 3339, in UTC and cut to the microsecond. Leap seconds are refused, because the two databases
/// would keep them as different moments.
///
/// # Errors
/// What was expected, to be put after the word "expected".
pub fn read_instant(text: &str) -> Result<Timestamp, &'static str> {
    let at = DateTime::parse_from_rfc3339(text).ok().filter(|_| matches!(text.as_bytes().get(10), Some(b'T' | b't')));
    let at = at.ok_or("an instant, such as 2026-04-01T09:00:00Z")?.to_utc();
    if at.nanosecond() >= 1_000_000_000 {
        return Err("an instant whose seconds go from 00 to 59: leap seconds are not taken");
    }
    if !(1..=9999).contains(&at.year()) {
        return Err("an instant of the years 1 to 9999");
    }
    Ok(at.trunc_subsecs(6))
}

/// An instant as a member of a body.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = "date-time", max_length = 40, example = "2026-04-01T09:00:00Z")]
pub struct Instant(pub Timestamp);

impl TryFrom<String> for Instant {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        read_instant(&text).map(Self)
    }
}

impl From<Instant> for String {
    fn from(Instant(at): Instant) -> Self {
        instant(at.naive_utc())
    }
}

/// How an instant is written in JSON: RFC 3339 with `Z`.
pub fn instant(at: NaiveDateTime) -> String {
    at.and_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// What is said of something that may be there already. In JSON: absent, null, or a value; in CSV: an empty cell, `(none)`,
/// or a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Nothing is said: it stays as it is.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    Set(T),
}

impl<T> Change<T> {
    /// What is there after the change.
    pub fn over(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        }
    }

    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(new) => Change::Set(into(new)),
        }
    }

    /// What `into` makes of a new value; where that is nothing, nothing is said.
    pub fn and_then<U>(self, into: impl FnOnce(T) -> Option<U>) -> Change<U> {
        match self.map(into) {
            Change::Keep | Change::Set(None) => Change::Keep,
            Change::Clear => Change::Clear,
            Change::Set(Some(new)) => Change::Set(new),
        }
    }

    pub fn as_ref(&self) -> Change<&T> {
        match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(new) => Change::Set(new),
        }
    }
}

/// Reads null as taking away. A member that is absent is kept by `#[serde(default)]`.
impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Change<T> {
    fn deserialize<D: serde::Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(given)?.map_or(Self::Clear, Self::Set))
    }
}

/// Folds case, accents and the letters that have a plain spelling, and drops apostrophes, so that names sort and are
/// found as people expect on either engine.
pub fn fold(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            '\'' | '’' | '‘' | 'ʼ' | '`' => {}
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            c if c.is_alphanumeric() => folded.push(c),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// What a search looks in: the folded text, and at its end each compound word in one piece, so that `estroke` finds
/// e-Stroke.
pub fn search_text(text: &str) -> String {
    let mut folded = fold(text);
    for word in text.split_whitespace() {
        let joined = fold(word);
        if joined.contains(' ') {
            folded.push(' ');
            folded.extend(joined.split(' '));
        }
    }
    folded
}

/// Bytes that nobody can foresee.
///
/// # Errors
/// `internal` without randomness.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Declares a closed list of words.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        #[derive(serde::Serialize, serde::Deserialize)]
        $vis enum $name { $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)* }

        #[allow(dead_code, reason = "not every list uses every door to its words")]
        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $word,)* } }
            pub fn parse(word: &str) -> Option<Self> { match word { $($word => Some(Self::$variant),)* _ => None } }
        }

        impl $crate::vocabulary::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word,)*];
            fn parse(word: &str) -> Option<Self> { Self::parse(word) }
            fn as_str(self) -> &'static str { self.as_str() }
        }

        // By hand: the derive does not see a rename whose word comes from a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($word),*])).into()
            }
        }
        impl utoipa::ToSchema for $name {}

        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                diesel::serialize::ToSql::<diesel::sql_types::Text, DB>::to_sql(self.as_str(), out)
            }
        }

        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let word = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(bytes)?;
                Self::parse(&word).ok_or_else(|| format!("{word} is no {}", stringify!($name)).into())
            }
        }
    };
}

/// A closed list of kebab-case words.
pub trait Word: Copy + Sized + 'static {
    const WORDS: &'static [&'static str];
    fn parse(word: &str) -> Option<Self>;
    fn as_str(self) -> &'static str;
}

/// Several words of one list, held in one text column as `word word word`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words<W>(pub Vec<W>);

impl<W: Word> From<Words<W>> for String {
    fn from(words: Words<W>) -> Self {
        words.0.into_iter().map(Word::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl<W: Word> TryFrom<String> for Words<W> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = |word: &str| W::parse(word).ok_or_else(|| format!("{word} is no word of its list"));
        text.split_whitespace().map(read).collect::<Result<_, _>>().map(Self)
    }
}

words! {
    /// How sure a figure is: "over 8m" is not "8m".
    pub enum Qualifier { Exact = "exact", AtLeast = "at-least", AtMost = "at-most", Approximate = "approximate" }
}

impl Qualifier {
    /// How sure a sum of two such figures is: bounds in the same direction stay a bound, and opposite bounds make it approximate.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact, any) | (any, Self::Exact) => any,
            (one, other) if one == other => one,
            _ => Self::Approximate,
        }
    }

    /// How sure the negative of such a figure is, or a figure that is divided by it: a bound turns round.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::AtLeast => Self::AtMost,
            Self::AtMost => Self::AtLeast,
            same => same,
        }
    }
}

words! {
    /// How a figure was come by, from the surest way to the least sure: a sum is as sure as the least sure of its parts.
    pub enum Basis { Measured = "measured", Estimated = "estimated", Modelled = "modelled", Projected = "projected" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_as_sure_as_its_parts_allow() {
        use Qualifier::{Approximate, AtLeast, AtMost, Exact};
        for (one, other, expected) in [
            (Exact, Exact, Exact),
            (AtLeast, Exact, AtLeast),
            (AtLeast, AtLeast, AtLeast),
            (Exact, AtMost, AtMost),
            (AtLeast, AtMost, Approximate),
            (Approximate, Exact, Approximate),
            (Approximate, AtLeast, Approximate),
        ] {
            assert_eq!((one.plus(other), other.plus(one)), (expected, expected));
        }
        assert!(
            Basis::Measured < Basis::Estimated
                && Basis::Estimated < Basis::Modelled
                && Basis::Modelled < Basis::Projected
        );
    }

    #[test]
    fn folding_drops_case_accents_and_punctuation() {
        assert_eq!(fold("  Café-Änderung (O'Brien) "), "cafe anderung obrien");
        assert_eq!(fold("Æther, Straße, Søren, ŁÓDŹ"), "aether strasse soren lodz");
        assert_eq!(fold("\u{0}%_*"), "");
    }

    #[test]
    fn a_compound_word_is_found_in_one_piece_too() {
        assert_eq!(search_text("The e-Stroke triage"), "the e stroke triage estroke");
    }

    #[test]
    fn an_instant_is_cut_to_the_microsecond_and_is_never_a_leap_second() {
        for (text, expected) in [
            ("2026-04-01T09:00:00Z", Ok("2026-04-01T09:00:00Z")),
            ("2026-04-01t09:00:00.123456789z", Ok("2026-04-01T09:00:00.123456Z")),
            ("2026-04-01T09:00:00.9999999+01:00", Ok("2026-04-01T08:00:00.999999Z")),
            ("2016-12-31T23:59:60Z", Err("leap seconds")),
            ("2016-12-31T18:59:60.5-05:00", Err("leap seconds")),
            ("9999-12-31T23:59:59-01:00", Err("years")),
            ("0000-12-31T23:59:59Z", Err("years")),
            ("2026-04-01 09:00:00Z", Err("such as")),
            ("2026-04-01T09:00:00", Err("such as")),
            ("2026-04-31T09:00:00Z", Err("such as")),
            ("", Err("such as")),
        ] {
            match (read_instant(text), expected) {
                (Ok(at), Ok(written)) => assert_eq!(instant(at.naive_utc()), written, "{text}"),
                (Err(found), Err(words)) => assert!(found.contains(words), "{text}: {found}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }

    #[test]
    fn foreseen_ids_are_the_same_every_time_and_tell_steps_apart() {
        let made = || {
            with_foreseen_ids(|| {
                ["create_award", "create_award", "create_fund"].map(|step| {
                    begin_step(step);
                    [Id::generate(), Id::generate()]
                })
            })
        };
        let ids = made();
        assert_eq!(ids, made());
        assert_eq!((ids[1][0], ids[2][0]), (Id::foreseen("create_award", 2), Id::foreseen("create_fund", 1)));
        let distinct: std::collections::BTreeSet<Id> = ids.into_iter().flatten().collect();
        assert!(distinct.len() == 6 && !distinct.contains(&Id::generate()));
        assert!(distinct.iter().all(|id| id.0.get_version_num() == 7));
    }

    #[test]
    fn an_id_is_read_in_its_hyphenated_form_only() {
        let id = Id::generate();
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        assert_eq!(Id::parse(&id.to_string().replace('-', "")), None);
    }
}
