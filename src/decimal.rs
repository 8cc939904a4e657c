//! KPI numbers: exact decimals, stored as whole numbers scaled by the KPI's `decimals`.
//!
//! With two decimals, 95.5 is stored as 9550. Text goes to the stored number and back without a
//! float on the way, so sums are exact, "unchanged" means unchanged, and both database engines
//! agree to the last digit.

use serde_json::Number;
use std::fmt::{self, Write as _};

/// The most decimals a KPI may have.
pub const MAX_DECIMALS: u8 = 6;

/// Why a text was not taken as a KPI value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberError {
    /// Not a number as JSON writes one; `hint` says what to mend.
    NotANumber { hint: &'static str },
    /// A number with more decimal places than the KPI holds; nothing is rounded in silence.
    TooPrecise { decimals: u8 },
    /// A number too far from zero to be stored.
    TooLarge,
}

impl NumberError {
    /// The stable code of the row error: `value-type`, or `value-range` for a number too large to
    /// store.
    pub const fn code(self) -> &'static str {
        match self {
            NumberError::NotANumber { .. } | NumberError::TooPrecise { .. } => "value-type",
            NumberError::TooLarge => "value-range",
        }
    }

    /// What was expected. It never repeats the text that was sent.
    pub fn detail(self) -> String {
        match self {
            NumberError::NotANumber { hint } => {
                format!("Expected a plain number such as 1234 or 95.5, {hint}.")
            }
            NumberError::TooPrecise { decimals: 0 } => {
                "Expected a whole number: this KPI holds no decimal places.".to_owned()
            }
            NumberError::TooPrecise { decimals } => {
                format!("Expected at most {decimals} decimal places: this KPI holds no more.")
            }
            NumberError::TooLarge => "Expected a smaller number: this one is too large to store.".to_owned(),
        }
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail())
    }
}

impl std::error::Error for NumberError {}

/// The text, if it is a number in digits and a point, as a cell of a spreadsheet is to hold it.
///
/// # Errors
///
/// [`NumberError::NotANumber`] for all else, exponents among it: a spreadsheet that writes one has dropped digits.
pub fn plain(text: &str) -> Result<&str, NumberError> {
    let exponent = text.contains(['e', 'E']);
    let plain = read_json_number(text).filter(|_| !exponent).map(|_| text);
    plain.ok_or_else(|| NumberError::NotANumber { hint: hint(text) })
}

/// Reads a number as JSON writes it (`-12`, `0.5`, `1e3`) into a whole number scaled by `decimals`.
///
/// Zeros beyond the last decimal place are no extra precision: `689869.0` is a whole number.
/// Nothing is trimmed.
///
/// # Errors
///
/// [`NumberError::NotANumber`] for thousands separators, units, signs and words;
/// [`NumberError::TooPrecise`] for digits the KPI cannot hold; [`NumberError::TooLarge`] beyond 64
/// bits.
pub fn parse_scaled(text: &str, decimals: u8) -> Result<i64, NumberError> {
    let number = read_json_number(text).ok_or_else(|| NumberError::NotANumber { hint: hint(text) })?;
    let digits = || number.whole.bytes().chain(number.fraction.bytes());
    let length = digits().count();
    let trailing_zeros = digits().rev().take_while(|digit| *digit == b'0').count();
    if trailing_zeros == length {
        return Ok(0);
    }
    // The number is its significant digits times ten to this power, once scaled.
    let power = number
        .exponent
        .saturating_add(as_i64(trailing_zeros))
        .saturating_sub(as_i64(number.fraction.len()))
        .saturating_add(i64::from(decimals));
    if power < 0 {
        return Err(NumberError::TooPrecise { decimals });
    }
    let sign = if number.negative { -1 } else { 1 };
    // Negated digit by digit, since the most negative number has no positive twin.
    let significant = digits()
        .take(length - trailing_zeros)
        .try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(sign * i64::from(digit - b'0')));
    let factor = u32::try_from(power).ok().and_then(|power| 10_i64.checked_pow(power));
    significant.zip(factor).and_then(|(digits, factor)| digits.checked_mul(factor)).ok_or(NumberError::TooLarge)
}

/// Writes a stored number as the shortest JSON number: no point for a whole one, no trailing zeros.
pub fn format_scaled(scaled: i64, decimals: u8) -> String {
    let mut text = String::new();
    write_scaled(&mut text, scaled, decimals);
    text
}

/// As [`format_scaled`], behind what is written already.
pub fn write_scaled(out: &mut String, scaled: i64, decimals: u8) {
    let places = usize::from(decimals);
    // At least one digit stands before the point. A text takes all that is written to it.
    let sign = if scaled < 0 { "-" } else { "" };
    let _ = write!(out, "{sign}{:0>width$}", scaled.unsigned_abs(), width = places + 1);
    if places > 0 {
        out.insert(out.len() - places, '.');
        out.truncate(out.trim_end_matches('0').trim_end_matches('.').len());
    }
}

/// The scaled integer as a number of JSON.
pub fn json_number(scaled: i64, decimals: u8) -> Number {
    // What was formatted is a number.
    format_scaled(scaled, decimals).parse().unwrap_or_else(|_| Number::from(scaled))
}

/// The stored number as a float, for charts and SPC limits; exact to the nearest float up to 2^53
/// scaled units.
#[expect(clippy::cast_precision_loss, reason = "statistics are computed in f64; storage and sums never are")]
pub fn to_f64(scaled: i64, decimals: u8) -> f64 {
    scaled as f64 / 10_f64.powi(i32::from(decimals))
}

/// Divides two numbers of the same scale and gives the quotient, times `multiplier`, scaled by
/// `decimals`.
///
/// `multiplier` is 1 for a ratio, 100 for a percentage, and the "per" of a rate (1,000 for "per
/// 1,000"). Halves round away from zero. `None` when the denominator is zero or the answer does not
/// fit.
pub fn ratio(numerator: i64, denominator: i64, multiplier: u32, decimals: u8) -> Option<i64> {
    let factor = 10_i128.checked_pow(u32::from(decimals))?.checked_mul(i128::from(multiplier))?;
    let numerator = i128::from(numerator).checked_mul(factor)?;
    let denominator = i128::from(denominator);
    let quotient = numerator.checked_div(denominator)?;
    let remainder = (numerator % denominator).unsigned_abs();
    let away_from_zero = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    let rounds_up = remainder * 2 >= denominator.unsigned_abs();
    i64::try_from(if rounds_up { quotient + away_from_zero } else { quotient }).ok()
}

/// A JSON number, taken apart.
struct JsonNumber<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

/// RFC 8259, section 6: `-? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)?`.
fn read_json_number(text: &str) -> Option<JsonNumber<'_>> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, all_digits(fraction)?),
        None => (mantissa, ""),
    };
    let whole = all_digits(whole)?;
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    (!leading_zero).then_some(JsonNumber { negative, whole, fraction, exponent })
}

/// An exponent too long for 64 bits is as good as endless: the number is too large, too small, or
/// zero.
fn read_exponent(text: &str) -> Option<i64> {
    let (endless, digits) = match text.strip_prefix('-') {
        Some(digits) => (i64::MIN, digits),
        None => (i64::MAX, text.strip_prefix('+').unwrap_or(text)),
    };
    all_digits(digits).map(|_| text.parse().unwrap_or(endless))
}

fn all_digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The likeliest slip in a text that is no number, and what to do about it in a spreadsheet.
fn hint(text: &str) -> &'static str {
    let unsigned = text.trim_start_matches(['-', '+']);
    let decimals = text.split_once(',').map_or(0, |(_, decimals)| decimals.len());
    if text.trim().is_empty() {
        "and found nothing"
    } else if text.eq_ignore_ascii_case("(none)") {
        "since a value is taken away by strategy=delete alone"
    } else if has_exponent(unsigned) {
        "without an exponent, which leaves digits out: format the column as Number and save again"
    } else if text.contains('%') {
        "without a percent sign: format the column as Number and save again"
    } else if text.contains(['£', '$', '€']) {
        "without a currency sign: format the column as Number and save again"
    } else if text.matches(',').count() == 1 && decimals != 3 {
        "with a point, not a comma, before the decimals: format the column as Number with a point and save again"
    } else if text.contains([',', '\'', '_', '\u{a0}', '\u{202f}']) {
        "without thousands separators: format the column as Number without them and save again"
    } else if text.starts_with('#') {
        "and found what a spreadsheet shows for an error or in a narrow column: mend the cell and save again"
    } else if text.starts_with('(') && text.ends_with(')') {
        "with a minus sign, not brackets, below zero: format the column as Number and save again"
    } else if text.trim() == "-" {
        "and found a dash: write zero as 0, and leave the cell empty where there is no value"
    } else if text.starts_with('\u{2212}') {
        "with the hyphen of the keyboard as its minus sign"
    } else if text.contains(char::is_whitespace) {
        "without spaces"
    } else if text.starts_with('+') {
        "without a plus sign"
    } else if unsigned.starts_with('.') || unsigned.ends_with('.') {
        "with a digit on both sides of the point"
    } else if unsigned.starts_with('0') && unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        "without leading zeros"
    } else {
        "in the digits 0 to 9 alone, with at most one point"
    }
}

/// Whether the text is digits and an exponent, such as `1.42E+04` or `1,42E+04`.
fn has_exponent(text: &str) -> bool {
    text.split_once(['e', 'E']).is_some_and(|(mantissa, exponent)| {
        let digits = mantissa.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
        !mantissa.is_empty() && digits && read_exponent(exponent).is_some()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_exactly_as_json_writes_them() {
        for (text, decimals, scaled) in [
            ("0", 0, 0),
            ("-0", 0, 0),
            ("-0.000", 2, 0),
            ("21289", 0, 21_289),
            ("-12", 0, -12),
            ("689869.0", 0, 689_869),
            ("95.5", 2, 9_550),
            ("95.50000000000000000000", 1, 955),
            ("0.0001", 4, 1),
            ("1e3", 0, 1_000),
            ("1E+3", 0, 1_000),
            ("1.5e1", 0, 15),
            ("1500e-2", 0, 15),
            ("1e-6", 6, 1),
            ("0e999999999999999999999", 0, 0),
            ("0.0e-999999999999999999999", 0, 0),
            ("0.1", 1, 1),
            ("0.3", 6, 300_000),
            ("9223372036854775807", 0, i64::MAX),
            ("-9223372036854775808", 0, i64::MIN),
            ("-922337203685477580.8", 1, i64::MIN),
            ("9223372036854.775807", 6, i64::MAX),
        ] {
            assert_eq!(parse_scaled(text, decimals), Ok(scaled), "{text} with {decimals} decimals");
        }
    }

    #[test]
    fn digits_the_kpi_cannot_hold_are_refused_not_rounded() {
        for (text, decimals) in [("1.5", 0), ("0.00001", 4), ("1e-1", 0), ("95.55", 1), ("1e-99999999999999999999", 6)]
        {
            assert_eq!(parse_scaled(text, decimals), Err(NumberError::TooPrecise { decimals }), "{text}");
        }
    }

    #[test]
    fn numbers_beyond_storage_are_refused_not_clipped() {
        for (text, decimals) in [
            ("9223372036854775808", 0),
            ("-9223372036854775809", 0),
            ("922337203685477580.8", 1),
            ("1e19", 0),
            ("1e99999999999999999999", 0),
            ("10000000000000", 6),
        ] {
            assert_eq!(parse_scaled(text, decimals), Err(NumberError::TooLarge), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_says_what_to_mend() {
        for (text, hint) in [
            ("", "and found nothing"),
            ("  ", "and found nothing"),
            ("1,234", "without thousands separators: format the column as Number without them and save again"),
            ("1,234,567.8", "without thousands separators: format the column as Number without them and save again"),
            ("1\u{a0}234", "without thousands separators: format the column as Number without them and save again"),
            (
                "85,3",
                "with a point, not a comma, before the decimals: format the column as Number with a point and save again",
            ),
            ("1.42E+04", "without an exponent, which leaves digits out: format the column as Number and save again"),
            ("-1,42e-4", "without an exponent, which leaves digits out: format the column as Number and save again"),
            ("95%", "without a percent sign: format the column as Number and save again"),
            ("£12", "without a currency sign: format the column as Number and save again"),
            (
                "#DIV/0!",
                "and found what a spreadsheet shows for an error or in a narrow column: mend the cell and save again",
            ),
            ("(12)", "with a minus sign, not brackets, below zero: format the column as Number and save again"),
            (" - ", "and found a dash: write zero as 0, and leave the cell empty where there is no value"),
            ("\u{2212}5", "with the hyphen of the keyboard as its minus sign"),
            ("(none)", "since a value is taken away by strategy=delete alone"),
            (" 12", "without spaces"),
            ("1 234", "without spaces"),
            ("+12", "without a plus sign"),
            (".5", "with a digit on both sides of the point"),
            ("5.", "with a digit on both sides of the point"),
            ("007", "without leading zeros"),
            ("-007", "without leading zeros"),
        ] {
            let error = plain(text).expect_err(text);
            assert_eq!(error, NumberError::NotANumber { hint }, "{text:?}");
            assert!(error.detail().ends_with(&format!("{hint}.")));
        }
        for text in [
            "NaN",
            "nan",
            "inf",
            "-Infinity",
            "0x1F",
            "1e",
            "e3",
            "1e+",
            "1e1.5",
            "--1",
            "-",
            ".",
            "1.2.3",
            "1..2",
            "1e-+3",
            "\"12\"",
            "true",
            "null",
            "ten",
            "１２",
            "١٢",
            "½",
            "1²",
        ] {
            assert!(matches!(parse_scaled(text, 6), Err(NumberError::NotANumber { .. })), "{text:?}");
        }
    }

    #[test]
    fn errors_carry_the_row_codes() {
        assert_eq!(NumberError::NotANumber { hint: "" }.code(), "value-type");
        assert_eq!(NumberError::TooPrecise { decimals: 0 }.code(), "value-type");
        assert_eq!(NumberError::TooLarge.code(), "value-range");
    }

    #[test]
    fn stored_numbers_are_written_as_short_as_they_can_be() {
        for (scaled, decimals, text) in [
            (0, 0, "0"),
            (0, 6, "0"),
            (21_289, 0, "21289"),
            (9_550, 2, "95.5"),
            (9_500, 2, "95"),
            (1_000, 0, "1000"),
            (5, 2, "0.05"),
            (-5, 1, "-0.5"),
            (-1_200_000, 6, "-1.2"),
            (i64::MIN, 0, "-9223372036854775808"),
            (i64::MAX, 6, "9223372036854.775807"),
        ] {
            assert_eq!(format_scaled(scaled, decimals), text);
        }
    }

    #[test]
    fn a_ratio_is_rounded_half_away_from_zero() {
        for (numerator, denominator, multiplier, decimals, answer) in [
            (18_410, 21_289, 1, 4, Some(8_648)), // 0.86476...
            (53, 100, 100, 0, Some(53)),         // a percentage
            (1, 3, 100, 2, Some(3_333)),         // 33.33
            (2, 3, 100, 2, Some(6_667)),         // 66.67
            (7, 2_000, 1_000, 1, Some(35)),      // 3.5 per 1,000
            (1, 2, 1, 0, Some(1)),
            (-1, 2, 1, 0, Some(-1)),
            (1, -2, 1, 0, Some(-1)),
            (-1, -2, 1, 0, Some(1)),
            (5, 2, 1, 0, Some(3)),
            (-5, 2, 1, 0, Some(-3)),
            (4, 9, 1, 0, Some(0)),
            (0, 9, 100, 6, Some(0)),
            (0, -9, 100, 6, Some(0)),
            (1, 0, 1, 0, None),
            (0, 0, 1, 0, None),
            (i64::MAX, 1, 1, 1, None),
            (i64::MIN, -1, 1, 0, None),
            (i64::MIN, 1, 1, 0, Some(i64::MIN)),
            (i64::MAX, i64::MAX, 1_000_000, 6, Some(1_000_000_000_000)),
            (i64::MAX, i64::MAX, u32::MAX, 30, None),
            (1, 1, 1, 200, None),
        ] {
            assert_eq!(ratio(numerator, denominator, multiplier, decimals), answer, "{numerator} / {denominator}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(scaled: i64, decimals in 0..=MAX_DECIMALS) {
            prop_assert_eq!(parse_scaled(&format_scaled(scaled, decimals), decimals), Ok(scaled));
        }

        #[test]
        fn what_is_written_has_no_needless_character(scaled: i64, decimals in 0..=MAX_DECIMALS) {
            let text = format_scaled(scaled, decimals);
            prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']));
            prop_assert!(!text.contains('+') && !text.contains('e'));
        }

        #[test]
        fn more_decimals_never_change_the_number(
            scaled in -1_000_000_000_000_i64..1_000_000_000_000,
            decimals in 0..MAX_DECIMALS,
        ) {
            let text = format_scaled(scaled, decimals);
            prop_assert_eq!(parse_scaled(&text, decimals + 1), Ok(scaled * 10));
        }

        #[test]
        fn floats_agree_with_the_text(
            scaled in -(1_i64 << 53)..(1_i64 << 53),
            decimals in 0..=MAX_DECIMALS,
        ) {
            let from_text: f64 = format_scaled(scaled, decimals).parse().expect("a float");
            prop_assert_eq!(to_f64(scaled, decimals), from_text);
        }

        #[test]
        fn exponents_only_move_the_point(
            digits in -999_999_999_i64..999_999_999,
            exponent in 0_u32..9,
        ) {
            let moved = digits * 10_i64.pow(exponent);
            prop_assert_eq!(parse_scaled(&format!("{digits}e{exponent}"), 0), Ok(moved));
            prop_assert_eq!(parse_scaled(&format!("{moved}e-{exponent}"), 0), Ok(digits));
        }

        #[test]
        fn a_ratio_is_within_half_a_unit_of_the_quotient(
            numerator in -1_000_000_000_i64..1_000_000_000,
            denominator in 1_i64..1_000_000_000,
            decimals in 0..=4_u8,
        ) {
            let answer = ratio(numerator, denominator, 1, decimals).expect("in range");
            let scaled_numerator = i128::from(numerator) * 10_i128.pow(u32::from(decimals));
            let error = i128::from(answer) * i128::from(denominator) - scaled_numerator;
            prop_assert!(error.abs() * 2 <= i128::from(denominator));
            prop_assert_eq!(ratio(-numerator, denominator, 1, decimals), Some(-answer));
            prop_assert_eq!(ratio(-numerator, -denominator, 1, decimals), Some(answer));
        }

        #[test]
        fn no_text_makes_the_reader_panic(
            text in "\\PC{0,24}|-?[0-9]{0,25}\\.?[0-9]{0,25}(e[+-]?[0-9]{1,25})?",
            decimals in 0..=MAX_DECIMALS,
        ) {
            if let Ok(scaled) = parse_scaled(&text, decimals) {
                let float: f64 = text.parse().expect("a JSON number is a float");
                let error = (to_f64(scaled, decimals) - float).abs();
                prop_assert!(error <= 1e-9 * float.abs().max(1.0));
            }
        }
    }
}
