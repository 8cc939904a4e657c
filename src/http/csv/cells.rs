//! What reading and writing CSV agree on: cells that mean something else than they say, and faults of a whole file.

use crate::error::{Code, Error, Fault};
use crate::http::params::byte_order_mark;

/// The byte order mark by which programs know UTF-8.
pub const MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether a query that the gate let pass asks for [`MARK`] before CSV.
pub fn is_marked(query: &str) -> bool {
    byte_order_mark(query).is_ok_and(|asked| asked == Some(true))
}

/// What a cell says to take away what is there.
pub const NONE: &str = "(none)";

/// Whether the text is [`NONE`], in any case and with spaces around it.
pub fn takes_away(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(NONE)
}

/// Whether a cell with this text would be taken for something else: by a spreadsheet for a formula, or by this service for
/// [`NONE`]. An apostrophe in front keeps the text what it is, so those that are there already make no difference.
pub fn is_misread(text: &str) -> bool {
    // Nearly every cell begins with a letter or a digit, and none that does is misread.
    if text.bytes().next().is_none_or(|first| first.is_ascii_alphanumeric()) {
        return false;
    }
    let text = text.trim_start_matches('\'');
    let invisible =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let formula = text.trim_start_matches(invisible).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let control = text.starts_with(['\t', '\r', '\n']);
    (formula || control) && !is_number(text) || takes_away(text)
}

/// Whether the text is a number in digits and a point, such as -2.5.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.split_once('.').map_or_else(|| digits(unsigned), |(whole, rest)| digits(whole) && digits(rest))
}

/// A fault of the whole file, on a line of it: 400 for a file that cannot be read, 422 for one that breaks a rule.
pub fn refusal(code: Code, line: u32, word: &'static str, detail: impl Into<String>) -> Error {
    let detail = detail.into();
    Error::new(code).detail(detail.clone()).fault(Fault::new(format!("/line/{line}"), word, detail))
}

/// Whether the error is about a CSV as a whole, and not about the request that brought it.
pub fn is_of_file(error: &Error) -> bool {
    error.listed().iter().any(|fault| fault.pointer.starts_with("/line/"))
}
