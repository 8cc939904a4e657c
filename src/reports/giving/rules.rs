//! What a grant must be before it is published: the critical checks of the 360Giving Data Quality Tool
//! (<https://dataquality.threesixtygiving.org>), each a reason not to publish it.

use crate::error::Fault;
use crate::funding::money::Money;
use crate::funding::years::FOUNDED;
use chrono::{NaiveDate, NaiveDateTime};

/// An organisation or person of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub id: String,
    pub name: String,
}

/// Who a grant goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beneficiary {
    Organisation(Party),
    Individual(Party),
}

/// A grant as it would be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The publisher's prefix and the award's reference.
    pub id: String,
    pub title: String,
    pub description: String,
    pub amount: Money,
    pub awarded_on: Option<NaiveDate>,
    pub planned_from: NaiveDate,
    /// The last day.
    pub planned_to: NaiveDate,
    pub beneficiary: Beneficiary,
    /// The one that its fund names, or else whose money was recorded first.
    pub funder: Option<Party>,
    /// Slug and name.
    pub programme: Option<(String, String)>,
    pub geocode: Option<String>,
    pub modified_at: NaiveDateTime,
    pub illustrative: bool,
}

/// Words that reveal a protected characteristic of a person (Equality Act 2010, section 4).
const EQUALITY: [&str; 12] = [
    "ethnic",
    "race",
    "disab",
    "gender",
    "sexual orientation",
    "transgender",
    "religio",
    "pregnan",
    "lgbt",
    "gay",
    "lesbian",
    "marital",
];

/// Everything that keeps a grant from being published. An empty list means that it is published.
pub fn blocks(grant: &Grant, today: NaiveDate) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut block = |pointer: &str, code, detail: &str| found.push(Fault::new(pointer, code, detail));
    if grant.illustrative {
        let detail = "The award is illustrative, or some of its fund's money is, or its programme, innovation, fellowship or recipient, and open data holds real grants only.";
        block("/id", "illustrative", detail);
    }
    if grant.amount.minor == 0 {
        block("/amountAwarded", "zero-amount", "The amount is zero.");
    }
    if grant.funder.is_none() {
        block("/fundingOrganization", "no-funder", "The fund has no contribution, so the grant has no funder.");
    }
    let (at, party) = match &grant.beneficiary {
        Beneficiary::Organisation(party) => ("/recipientOrganization/0/id", party),
        Beneficiary::Individual(party) => ("/recipientIndividual/id", party),
    };
    let ids = [("/id", &grant.id), (at, &party.id)];
    let funder = grant.funder.iter().map(|funder| ("/fundingOrganization/0/id", &funder.id));
    for (pointer, id) in ids.into_iter().chain(funder) {
        if id.contains('@') {
            block(pointer, "email-as-id", "The id is an e-mail address.");
        }
        if id.chars().any(char::is_control) {
            block(pointer, "line-break-in-id", "The id contains a line break or another control character.");
        }
    }
    match grant.awarded_on {
        None => block("/awardDate", "no-award-date", "The award has no approval date."),
        Some(day) if day > today => block("/awardDate", "future-award-date", "The approval date lies in the future."),
        Some(day) if day < FOUNDED.day => {
            block(
                "/awardDate",
                "impossible-award-date",
                "The approval date lies before the health service was founded, on 5 July 1948.",
            );
        }
        Some(_) => {}
    }
    if grant.geocode.as_deref().is_some_and(is_postcode) {
        block(
            "/beneficiaryLocation/0/geoCode",
            "postcode-as-geocode",
            "The geocode is a postcode. Expected an ONS code.",
        );
    }
    if let Beneficiary::Individual(_) = grant.beneficiary {
        let text = format!(" {} {} ", grant.title, grant.description).to_lowercase();
        let begins = |word: &str| text.contains(&format!(" {word}"));
        if EQUALITY.iter().any(|word| begins(word)) {
            let detail = "The title or description may reveal a characteristic of a person that equality law protects.";
            block("/description", "equality-data-on-a-person", detail);
        }
    }
    found
}

/// The form of a UK postcode (BS 7666): an outward and an inward code.
fn is_postcode(text: &str) -> bool {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let (Some(outward), Some(inward)) =
        (bare.len().checked_sub(3).and_then(|at| bare.get(..at)), bare.get(bare.len().saturating_sub(3)..))
    else {
        return false;
    };
    let inward = inward
        .bytes()
        .enumerate()
        .all(|(at, byte)| if at == 0 { byte.is_ascii_digit() } else { byte.is_ascii_uppercase() });
    let letters = outward.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = outward.get(letters..).unwrap_or_default().as_bytes();
    inward
        && (1..=2).contains(&letters)
        && match rest {
            [one] => one.is_ascii_digit(),
            [one, two] => one.is_ascii_digit() && two.is_ascii_alphanumeric(),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn party(id: &str) -> Party {
        Party { id: id.to_owned(), name: "A body".to_owned() }
    }

    fn grant() -> Grant {
        Grant {
            id: "360G-register-AWD-2026-00001".to_owned(),
            title: "A grant".to_owned(),
            description: "To begin.".to_owned(),
            amount: Money::of(100, "GBP"),
            awarded_on: Some(day("2016-01-01")),
            planned_from: day("2016-01-01"),
            planned_to: day("2016-12-31"),
            beneficiary: Beneficiary::Organisation(party("GB-NHS-RJZ")),
            funder: Some(party("GB-NHS-X24")),
            programme: None,
            geocode: Some("E92000001".to_owned()),
            modified_at: day("2016-01-01").and_hms_opt(0, 0, 0).unwrap(),
            illustrative: false,
        }
    }

    #[test]
    fn a_sound_grant_is_published() {
        assert_eq!(blocks(&grant(), day("2016-06-01")), []);
    }

    #[test]
    fn each_critical_check_has_a_grant_that_fails_it() {
        let person = |text: &str| Grant {
            beneficiary: Beneficiary::Individual(party("360G-register-PER-1")),
            description: text.to_owned(),
            ..grant()
        };
        for (broken, code) in [
            (Grant { illustrative: true, ..grant() }, "illustrative"),
            (Grant { amount: Money::of(0, "GBP"), ..grant() }, "zero-amount"),
            (Grant { funder: None, ..grant() }, "no-funder"),
            (Grant { beneficiary: Beneficiary::Organisation(party("a@example.org")), ..grant() }, "email-as-id"),
            (Grant { funder: Some(party("GB-NHS\n-X24")), ..grant() }, "line-break-in-id"),
            (Grant { awarded_on: None, ..grant() }, "no-award-date"),
            (Grant { awarded_on: Some(day("2016-06-02")), ..grant() }, "future-award-date"),
            (Grant { awarded_on: Some(day("1016-01-01")), ..grant() }, "impossible-award-date"),
            (Grant { geocode: Some("SW1A 2AA".to_owned()), ..grant() }, "postcode-as-geocode"),
            (person("For a disabled nurse."), "equality-data-on-a-person"),
            (person("Her ethnicity is told."), "equality-data-on-a-person"),
        ] {
            let found: Vec<&str> = blocks(&broken, day("2016-06-01")).iter().map(|fault| fault.code).collect();
            assert_eq!(found, [code]);
        }
        assert_eq!(blocks(&person("A nurse begins."), day("2016-06-01")), []);
    }

    #[test]
    fn a_postcode_is_told_from_a_code_of_the_office_for_national_statistics() {
        for postcode in ["SW1A 2AA", "M1 1AE", "b33 8th", "CR26XH", "DN55 1PT", "EC1A 1BB"] {
            assert!(is_postcode(postcode), "{postcode}");
        }
        for code in ["E92000001", "E12000007", "E54000030", "", "RJZ", "QKK"] {
            assert!(!is_postcode(code), "{code}");
        }
    }
}
