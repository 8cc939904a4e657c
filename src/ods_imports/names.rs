//! Names as the Organisation Data Service publishes them, in capitals.

/// Words that stay as they are written.
const KEPT: [&str; 14] =
    ["NHS", "ICB", "GP", "PCN", "ICS", "HIN", "UK", "CIC", "LLP", "PMS", "APMS", "II", "III", "A&E"];
/// Words that are small within a name.
const SMALL: [&str; 10] = ["of", "and", "the", "for", "in", "on", "at", "with", "to", "by"];

/// A name that is all in capitals, as one reads it. Another stays as it is.
pub fn in_title_case(name: &str) -> String {
    if name.chars().any(char::is_lowercase) {
        return name.to_owned();
    }
    let word = |(at, word): (usize, &str)| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if KEPT.contains(&bare) {
            return word.to_owned();
        }
        let lower = word.to_lowercase();
        if at > 0 && SMALL.contains(&lower.as_str()) {
            return lower;
        }
        let mut text = String::with_capacity(word.len());
        let mut begins = true;
        for c in lower.chars() {
            if begins {
                text.extend(c.to_uppercase());
            } else {
                text.push(c);
            }
            // What follows an apostrophe is the end of a word, as in King's.
            begins = !c.is_alphanumeric() && c != '\'' && c != '’';
        }
        text
    };
    name.split_whitespace().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_capitals_are_read_as_names() {
        for (name, read) in [
            ("KING'S COLLEGE HOSPITAL NHS FOUNDATION TRUST", "King's College Hospital NHS Foundation Trust"),
            ("NHS SOUTH EAST LONDON ICB - 72Q", "NHS South East London ICB - 72q"),
            ("STOKE-ON-TRENT GP SURGERY", "Stoke-On-Trent GP Surgery"),
            ("SURGERY OF THE GREEN", "Surgery of the Green"),
            ("Already Written", "Already Written"),
        ] {
            assert_eq!(in_title_case(name), read);
        }
    }
}
