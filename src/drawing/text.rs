//! Text fit for a label: figures as readers expect them, widths, line breaks and escapes.

/// The units that are a percent sign and nothing more.
pub const PER_CENT: [&str; 4] = ["%", "percent", "per cent", "percentage"];

/// Whether a unit is a percentage, such as `%` or `% of people`.
pub fn is_per_cent(unit: &str) -> bool {
    let follows = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    PER_CENT.iter().any(|word| unit.strip_prefix(*word).is_some_and(follows))
}

/// A figure as a reader expects it: thousands apart, a true minus, no negative nought.
pub fn figure(value: f64, decimals: usize, unit: &str) -> String {
    let sign = if is_per_cent(unit) { "%" } else { "" };
    if value.abs() >= 1e15 {
        return format!("{value:.3e}{sign}");
    }
    let digits = format!("{:.*}", decimals.min(12), value.abs());
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let mut text = String::new();
    if value < 0.0 && digits.contains(|digit| ('1'..='9').contains(&digit)) {
        text.push('\u{2212}');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text + sign
}

/// Breaks text into at most so many lines of a width in pixels; what is left over ends in an ellipsis.
pub fn wrapped(text: &str, size: f64, width: f64, most: usize) -> Vec<String> {
    let text = tidy(text);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if lines_full(line, word, size, width) => lines.push(word.to_owned()),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| cut(line, size, width)).collect()
}

fn lines_full(line: &str, word: &str, size: f64, width: f64) -> bool {
    text_width(line, size) + text_width(word, size) + text_width(" ", size) > width
}

pub fn cut(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = text_width("…", size);
    for letter in text.chars() {
        used += char_width(letter) * size;
        if used > width {
            break;
        }
        kept.push(letter);
    }
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

/// About how wide text is in pixels. No font is at hand, so this leans to the wide side.
pub fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(char_width).sum::<f64>() * size
}

fn char_width(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.32,
        'f' | 't' | 'r' | '-' | '(' | ')' | '/' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 0.95,
        'A'..='Z' => 0.7,
        _ if letter.is_ascii() => 0.6,
        _ if letter < '\u{2e80}' => 0.7,
        _ => 1.05,
    }
}

/// Text without the characters that have no place in a label, and those XML 1.0 forbids.
pub fn tidy(text: &str) -> String {
    let forbidden = |letter: &char| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}');
    let spaced = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    spaced.filter(|letter| !forbidden(letter)).collect()
}

/// Text fit for an element or an attribute.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in tidy(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
