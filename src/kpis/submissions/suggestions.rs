//! What is suggested to somebody who sent a name where a code is expected, or a code that is nearly one.

use crate::db::Conn;
use crate::error::Result;
use crate::kpis::catalogue;
use crate::organisations;
use crate::vocabulary::fold;
use std::collections::{BTreeSet, HashMap};

/// The most texts of a delivery for which a code is looked up, and the most codes that are suggested for one.
const MOST_TEXTS: usize = 20;
const MOST_CODES: usize = 3;
/// Texts are told apart by this share of the pairs of letters that they have in common.
const ALIKE: f64 = 0.5;

/// Something that has a code, and what else it is known by.
#[derive(Debug, Clone)]
pub struct Known {
    pub code: String,
    pub name: String,
    folded: String,
    /// Its code and other identifiers, folded.
    others: Vec<String>,
}

impl Known {
    pub fn new(code: &str, name: &str, identifiers: &[&str]) -> Self {
        let others = std::iter::once(&code).chain(identifiers).map(|text| fold(text)).collect();
        Self { code: code.to_owned(), name: name.to_owned(), folded: fold(name), others }
    }

    /// How well a folded text names it: 1 for its very name or one of its identifiers.
    fn fit(&self, text: &str) -> f64 {
        if self.folded == text || self.others.iter().any(|other| other == text) {
            return 1.0;
        }
        let alike = self.others.iter().chain([&self.folded]).map(|own| alike(text, own)).fold(0.0, f64::max);
        let begins = |word: &str| self.folded.split(' ').any(|own| own.starts_with(word));
        if text.len() > 3 && text.split(' ').all(begins) { alike.max(ALIKE + 0.05) * 0.99 } else { alike * 0.98 }
    }
}

/// The share of pairs of letters that two texts have in common.
fn alike(one: &str, other: &str) -> f64 {
    let pairs = |text: &str| {
        let letters: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
        letters.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect::<BTreeSet<_>>()
    };
    let (one, other) = (pairs(one), pairs(other));
    let both = one.intersection(&other).count() as f64;
    let all = (one.len() + other.len()) as f64;
    if all > 0.0 { 2.0 * both / all } else { 0.0 }
}

/// Those that a text names best, if it may mean any.
pub fn nearest<'a>(text: &str, known: &'a [Known]) -> Vec<&'a Known> {
    let text = fold(text);
    let mut found: Vec<(f64, &Known)> = known.iter().map(|known| (known.fit(&text), known)).collect();
    found.retain(|(fit, _)| *fit >= ALIKE);
    found.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.code.cmp(&other.code)));
    let best = found.first().map_or(0.0, |(fit, _)| *fit);
    // Beside a name that is just so, others are no help.
    let near = if best < 1.0 { best - 0.1 } else { best };
    found.into_iter().filter(|(fit, _)| *fit >= near).take(MOST_CODES).map(|(_, known)| known).collect()
}

/// Asks whether one of these was meant, with a space behind it.
pub fn question(meant: &[&Known]) -> String {
    let each: Vec<String> = meant.iter().map(|known| format!("{} ({})", known.code, known.name)).collect();
    if each.is_empty() { String::new() } else { format!("Did you mean {}? ", each.join(" or ")) }
}

/// What is asked of each of the texts that are no codes of organisations.
pub fn of_organisations(conn: &mut Conn, unknown: &[&str]) -> Result<HashMap<String, String>> {
    asked(unknown, |texts| {
        let found = organisations::store::named_like(conn, texts)?.into_iter();
        Ok(found
            .map(|(code, name, identifiers)| {
                let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
                Known::new(&code, &name, &identifiers)
            })
            .collect())
    })
}

/// What is asked of each of the texts that are no codes of KPIs.
pub fn of_kpis(conn: &mut Conn, unknown: &[&str]) -> Result<HashMap<String, String>> {
    asked(unknown, |texts| {
        let found = catalogue::store::named_like(conn, texts)?.into_iter();
        Ok(found.map(|(code, name)| Known::new(&code, &name, &[])).collect())
    })
}

fn asked(unknown: &[&str], find: impl FnOnce(&[String]) -> Result<Vec<Known>>) -> Result<HashMap<String, String>> {
    const LONGEST: usize = 200;
    let texts: Vec<&str> = unknown
        .iter()
        .copied()
        .filter(|text| text.len() <= LONGEST && !fold(text).is_empty())
        .take(MOST_TEXTS)
        .collect();
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let known = find(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())?;
    let asked = |text: &str| Some(question(&nearest(text, &known))).filter(|asked| !asked.is_empty());
    Ok(texts.into_iter().filter_map(|text| Some((text.to_owned(), format!(" {}", asked(text)?.trim_end())))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_an_identifier_or_what_is_nearly_one_finds_its_code() {
        let known = [
            Known::new("RJ1", "Guy's and St Thomas' NHS Foundation Trust", &["GB-NHS-RJ1"]),
            Known::new("RJZ", "King's College Hospital NHS Foundation Trust", &[]),
            Known::new("RJ7", "St George's University Hospitals NHS Foundation Trust", &[]),
            Known::new("QKK", "NHS South East London Integrated Care Board", &[]),
        ];
        for (text, expected) in [
            ("GUYS AND ST THOMAS NHS FOUNDATION TRUST", "RJ1"),
            ("gb-nhs-rj1", "RJ1"),
            ("Kings College", "RJZ"),
            ("Kings Colege Hospital Foundation Trust", "RJZ"),
            ("St Georges", "RJ7"),
            ("rj 1", "RJ1"),
        ] {
            let found = nearest(text, &known);
            assert_eq!(found.first().map(|known| known.code.as_str()), Some(expected), "{text}");
        }
        assert!(nearest("Ministry of Magic", &known).is_empty());
        assert_eq!(nearest("King's College Hospital NHS Foundation Trust", &known).len(), 1);
    }
}
