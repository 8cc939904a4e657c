//! What the parser of JSON lets pass, and this service does not: a member that is named twice, of which one would be
//! ignored, and a number with more digits than are kept, which would be another number.

use crate::error::Fault;
use crate::shape::Misfit;
use std::borrow::Cow;
use std::collections::HashSet;

/// What is looked for beside members that are named twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Numbers that would lose digits.
    Exact,
    /// Nothing: whoever asks reads the digits of its numbers itself.
    AsWritten,
}

/// Deeper than the parser goes.
const DEEPEST: usize = 130;

enum Open<'a> {
    /// The names so far, and whether the one whose value comes next is among them.
    Object {
        names: HashSet<Cow<'a, str>>,
        present: Cow<'a, str>,
        named: bool,
    },
    Array {
        at: usize,
    },
}

/// The first such fault of a document, or of the line of JSON lines: a name that is there twice is one of form. What is not
/// well-formed is for the parser to tell.
pub fn misfit(document: &[u8], numbers: Numbers) -> Option<Misfit> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = document.get(at) {
        match byte {
            b'{' => open.push(Open::Object { names: HashSet::new(), present: Cow::Borrowed(""), named: false }),
            b'[' => open.push(Open::Array { at: 0 }),
            b'}' | b']' => drop(open.pop()),
            b',' => match open.last_mut() {
                Some(Open::Object { named, .. }) => *named = false,
                Some(Open::Array { at }) => *at += 1,
                None => {}
            },
            b'"' => {
                let end = at + end_of_text(document.get(at..)?)?;
                if let Some(Open::Object { names, present, named }) = open.last_mut()
                    && !*named
                {
                    *present = name(document.get(at..=end)?)?;
                    *named = true;
                    if !names.insert(present.clone()) {
                        let detail = "The member is named twice in the same object. Expected each name once.";
                        return Some(Misfit::Form(Fault::new(pointer(&open), "named-twice", detail)));
                    }
                }
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let length = document.get(at..)?.iter().take_while(|b| b"+-.eE0123456789".contains(b)).count();
                let text = std::str::from_utf8(document.get(at..at + length)?).ok()?;
                if numbers == Numbers::Exact && !is_exact(text) {
                    let detail = "The number has more digits than are kept, or is too large or too small. Expected at most 15 significant digits, or a whole number of at most 19.";
                    return Some(Misfit::Rule(Fault::new(pointer(&open), "precision", detail)));
                }
                at += length - 1;
            }
            _ => {}
        }
        if open.len() > DEEPEST {
            return None;
        }
        at += 1;
    }
    None
}

/// Where the text that begins here ends.
fn end_of_text(from: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match from.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// A name as it is meant: `"\u0061"` is `"a"`.
fn name(quoted: &[u8]) -> Option<Cow<'_, str>> {
    if quoted.contains(&b'\\') {
        return serde_json::from_slice::<String>(quoted).ok().map(Cow::Owned);
    }
    std::str::from_utf8(quoted.get(1..quoted.len() - 1)?).ok().map(Cow::Borrowed)
}

fn pointer(open: &[Open<'_>]) -> String {
    let part = |one: &Open<'_>| match one {
        Open::Object { present, .. } => present.replace('~', "~0").replace('/', "~1"),
        Open::Array { at } => at.to_string(),
    };
    open.iter().map(|one| format!("/{}", part(one))).collect()
}

/// Whether a number is kept as it is written, but for zeros that say nothing.
fn is_exact(text: &str) -> bool {
    let whole = !text.contains(['.', 'e', 'E']);
    if whole && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()) {
        return true;
    }
    // What is no number is for the parser to tell.
    let Ok(kept) = text.parse::<f64>() else { return true };
    kept.is_finite() && serde_json::to_string(&kept).is_ok_and(|again| significant(text) == significant(&again))
}

/// The digits of a number from the first to the last that is not zero, and the power of ten of the first; none for zero.
fn significant(text: &str) -> Option<(String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.trim_start_matches('+').parse::<i64>().unwrap_or(i64::MAX / 2);
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let first = digits.find(|digit| digit != '0')?;
    let power = exponent.saturating_add(before.len() as i64 - 1 - first as i64);
    Some((digits.trim_matches('0').to_owned(), power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_once_at_every_depth() {
        for (text, pointer) in [
            (r#"{"a":1,"b":{"a":1}}"#, None),
            (r#"{"a":1,"a":1}"#, Some("/a")),
            (r#"{"a":1,"\u0061":2}"#, Some("/a")),
            (r#"{"x":[{"y":1},{"y/z":{"a":"{,:","b":2,"a":3}}]}"#, Some("/x/1/y~1z/a")),
            (r#"[{"a":[1,2,{"b":[],"c":{}}],"d":"\"","d":1}]"#, Some("/0/d")),
            (r#"{"a":"#, None),
            ("\"", None),
        ] {
            assert_eq!(
                misfit(text.as_bytes(), Numbers::Exact).map(|at| at.fault().pointer).as_deref(),
                pointer,
                "{text}"
            );
        }
        assert!(misfit("[".repeat(1_000_000).as_bytes(), Numbers::Exact).is_none());
    }

    #[test]
    fn a_number_keeps_its_digits_or_is_refused() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "1.50",
            "0.1",
            "1e2",
            "1E+2",
            "123.456",
            "18446744073709551615",
            "-9223372036854775808",
            "9007199254740993",
            "1e300",
            "0.000000000000001",
            "1.7976931348623157e308",
            // Half-way between two of as many digits: each language's own shortest form is good.
            "9822206342207.812",
            "100000000000000000000000",
        ] {
            assert!(misfit(format!("[{text}]").as_bytes(), Numbers::Exact).is_none(), "{text}");
        }
        for text in [
            "12345678901234567890123",
            "1.00000000000000000001",
            "1e400",
            "-1e400",
            "1e-400",
            "0.1000000000000000055",
            "9007199254740993.0",
            "1e99999999999999999999",
            "18446744073709551617",
        ] {
            let found = misfit(format!(r#"{{"a":[1,{text}]}}"#).as_bytes(), Numbers::Exact).map(Misfit::fault);
            assert_eq!(found.map(|at| (at.pointer, at.code)), Some(("/a/1".to_owned(), "precision")), "{text}");
            assert!(misfit(text.as_bytes(), Numbers::AsWritten).is_none());
        }
    }
}
