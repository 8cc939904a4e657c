//! Numbers and days as a spreadsheet means them.

/// A number in digits and a point. A spreadsheet shows no more than 15 digits, and keeps what its own arithmetic leaves behind
/// them (0.1 + 0.2 is kept as 0.30000000000000004).
pub fn plain(number: f64) -> String {
    let whole = format!("{number}");
    if whole.bytes().filter(u8::is_ascii_digit).count() <= 15 {
        return whole;
    }
    let fifteen = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{}", if number.fract() == 0.0 && number.abs() < 9e15 { number } else { fifteen })
}

/// A day, with the time where there is one.
pub fn day((year, month, day): (u16, u8, u8), (hour, minute, second): (u8, u8, u8)) -> String {
    let day = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { day } else { format!("{day} {hour:02}:{minute:02}:{second:02}") }
}
