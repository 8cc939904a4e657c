//! YAML that is read alike by readers of version 1.1, of which there are many, and of 1.2: what 1.1 takes for a truth value, a date or
//! a mark of its own is quoted.

/// Words that YAML 1.1 takes for something else than text.
const WORDS: [&str; 8] = ["=", "<<", "y", "n", "yes", "no", "on", "off"];

/// How a text of several lines begins.
const BLOCKS: [&str; 6] = [" |", " |-", " |+", " >", " >-", " >+"];

/// Quotes such words and dates, as keys and as values. Texts of several lines stay as they are.
pub fn quoted(yaml: &str) -> String {
    let mut quoted = String::with_capacity(yaml.len());
    let mut text_below: Option<usize> = None;
    for line in yaml.lines() {
        let indent = line.len() - line.trim_start().len();
        if !text_below.is_some_and(|column| line.trim().is_empty() || indent > column) {
            let (marks, rest) = line.split_at(line.len() - line.trim_start_matches([' ', '-']).len());
            let key = rest.strip_suffix(':').or_else(|| rest.split_once(": ").map(|(key, _)| key));
            let is_text = BLOCKS.iter().any(|block| line.ends_with(block));
            text_below = is_text.then(|| if key.is_some() { marks.len() } else { marks.len().saturating_sub(2) });
            quoted.push_str(marks);
            push(&mut quoted, rest, key);
        } else {
            quoted.push_str(line);
        }
        quoted.push('\n');
    }
    quoted
}

fn push(quoted: &mut String, rest: &str, key: Option<&str>) {
    let mut scalar = |text: &str| {
        let mark = if is_taken_for_another(text) { "'" } else { "" };
        quoted.extend([mark, text, mark]);
    };
    match key.filter(|_| !rest.starts_with(['\'', '"'])) {
        Some(key) => {
            scalar(key);
            quoted.push(':');
            if let Some((_, value)) = rest.split_once(": ") {
                quoted.push(' ');
                push(quoted, value, None);
            }
        }
        None => scalar(rest),
    }
}

fn is_taken_for_another(text: &str) -> bool {
    let is_date = |text: &str| {
        let form = |(at, one): (usize, u8)| if at == 4 || at == 7 { one == b'-' } else { one.is_ascii_digit() };
        text.bytes().take(10).enumerate().all(form)
    };
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) || text.len() >= 10 && is_date(text)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_one_version_takes_for_another_thing_is_quoted() {
        let yaml =
            "required:\n- on\n- =\n- 'on'\non:\n  y: No\n  day: 2024-06-30\nnumber: 2024\nname: one\ntrue: false\n";
        let safe = "required:\n- 'on'\n- '='\n- 'on'\n'on':\n  'y': 'No'\n  day: '2024-06-30'\nnumber: 2024\nname: one\ntrue: false\n";
        assert_eq!(quoted(yaml), safe);
    }

    #[test]
    fn texts_of_several_lines_stay_as_they_are() {
        let yaml = "a: |-\n  on: the\n\n  - yes\nb:\n- |-\n  no\n- c: >-\n    on\n  on: off\n";
        assert_eq!(quoted(yaml), yaml.replace("  on: off", "  'on': 'off'"));
    }
}
