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
    /// The fund's publishing funder, or else all who contributed to it.
    pub funders: Vec<Party>,
    /// Slug and name.
    pub programme: Option<(String, String)>,
    pub geocode: Option<String>,
    pub modified_at: NaiveDateTime,
    pub illustrative: bool,
}

/// The id by which the world knows an organisation (org-id.guide): one that is given whole, that of its ODS code, or what
/// the code of a list and the identifier in that list make, a charity's before a company's.
pub fn org_id<'a>(ods_code: Option<&str>, identifiers: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let given: Vec<(String, &str)> =
        identifiers.map(|(scheme, value)| (scheme.trim().to_ascii_uppercase(), value.trim())).collect();
    let of = |scheme: &str| given.iter().find(|(name, _)| name == scheme).map(|(_, value)| *value);
    if let Some(whole) = of("ORG-ID") {
        return Some(whole.to_owned());
    }
    let in_list = |list: &str, value: &str| {
        let bare = value
            .get(..list.len())
            .filter(|start| start.eq_ignore_ascii_case(list))
            .and_then(|_| value.get(list.len()..).and_then(|rest| rest.strip_prefix('-')));
        format!("{list}-{}", bare.unwrap_or(value))
    };
    if let Some(ods) = ods_code.or_else(|| of("ODS")) {
        return Some(in_list("GB-NHS", ods));
    }
    let preferred = ["GB-NHS", "GB-CHC"].into_iter().find_map(|list| of(list).map(|value| in_list(list, value)));
    preferred.or_else(|| {
        let (list, value) = given.iter().find(|(scheme, _)| is_list(scheme))?;
        Some(in_list(list, value))
    })
}

/// The form of the code of a list of organisations: a country, or what stands for one, and a register of it.
fn is_list(scheme: &str) -> bool {
    let Some((country, register)) = scheme.split_once('-') else { return false };
    country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) && {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        (2..=10).contains(&register.len()) && register.bytes().all(fits)
    }
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
        let detail = "The award is illustrative, or its fund, programme, innovation or recipient is, and open data holds real grants only.";
        block("/id", "illustrative", detail);
    }
    if grant.amount.minor == 0 {
        block("/amountAwarded", "zero-amount", "The amount is zero.");
    }
    match grant.funders.len() {
        0 => block("/fundingOrganization", "no-funder", "The fund has no contribution, so the grant has no funder."),
        1 => {}
        _ => block(
            "/fundingOrganization",
            "several-funders",
            "The fund has several contributors, but a published grant has one funder. Name one of them as the publishingFunder of the fund.",
        ),
    }
    let (at, party) = match &grant.beneficiary {
        Beneficiary::Organisation(party) => ("/recipientOrganization/0/id", party),
        Beneficiary::Individual(party) => ("/recipientIndividual/id", party),
    };
    let ids = [("/id", &grant.id), (at, &party.id)];
    let funders = grant.funders.iter().map(|funder| ("/fundingOrganization/0/id", &funder.id));
    for (pointer, id) in ids.into_iter().chain(funders) {
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
            funders: vec![party("GB-NHS-X24")],
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
            (Grant { funders: vec![party("one"), party("two")], ..grant() }, "several-funders"),
            (Grant { funders: Vec::new(), ..grant() }, "no-funder"),
            (Grant { beneficiary: Beneficiary::Organisation(party("a@example.org")), ..grant() }, "email-as-id"),
            (Grant { funders: vec![party("GB-NHS\n-X24")], ..grant() }, "line-break-in-id"),
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
    fn an_identifier_makes_an_id_of_its_own_scheme() {
        for (ods, identifiers, id) in [
            (Some("RJZ"), &[][..], Some("GB-NHS-RJZ")),
            (None, &[("ods", "8A123")], Some("GB-NHS-8A123")),
            (None, &[("GB-COH", "01234567")], Some("GB-COH-01234567")),
            (None, &[("gb-coh", "GB-COH-01234567")], Some("GB-COH-01234567")),
            (None, &[("GB-COH", "01234567"), ("GB-CHC", "1089464")], Some("GB-CHC-1089464")),
            (None, &[("GB-SC", "SC012345")], Some("GB-SC-SC012345")),
            (Some("RJZ"), &[("org-id", "XI-GRID-grid.1")], Some("XI-GRID-grid.1")),
            (None, &[("our-own", "7")], None),
            (None, &[], None),
        ] {
            assert_eq!(org_id(ods, identifiers.iter().copied()).as_deref(), id, "{identifiers:?}");
        }
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
