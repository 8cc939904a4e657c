//! Identifiers by which others know an organisation: the forms of the lists that the register knows, and the id that the world reads
//! (<https://org-id.guide>).

use crate::error::{Fault, Faults};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An identifier in a named scheme, such as `org-id` and `GB-NHS-RF4`. Those in the schemes `org-id` and `ODS` and in known lists of
/// org-id.guide, such as `GB-COH` and `GB-CHC`, have the form of their list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationIdentifier)]
pub struct Identifier {
    #[schema(example = "org-id", min_length = 1, max_length = 60)]
    pub scheme: String,
    #[schema(example = "GB-NHS-RJZ", min_length = 1, max_length = 200)]
    pub value: String,
}

/// The form of the identifiers in one list of organisations.
struct List {
    /// As org-id.guide names it.
    code: &'static str,
    expected: &'static str,
    fits: fn(&str) -> bool,
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn capitals_and_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// So many digits after a start.
fn numbered(text: &str, start: &str, lengths: &[usize]) -> bool {
    text.strip_prefix(start).is_some_and(|number| digits(number) && lengths.contains(&number.len()))
}

/// The lists that the register knows, in the order in which an id is made of them.
const LISTS: [List; 9] = [
    List { code: "GB-NHS", expected: "an ODS code of 1 to 9 letters and digits, such as RJZ", fits: is_ods_code },
    List {
        code: "GB-CHC",
        expected: "the number of a charity in England and Wales: 6 or 7 digits, such as 1089464",
        fits: |text| numbered(text, "", &[6, 7]),
    },
    List {
        code: "GB-SC",
        expected: "the number of a Scottish charity: SC and 6 digits, such as SC012345",
        fits: |text| numbered(text, "SC", &[6]),
    },
    List {
        code: "GB-NIC",
        expected: "the number of a charity in Northern Ireland: 6 digits, such as 100012",
        fits: |text| numbered(text, "", &[6]),
    },
    List {
        code: "GB-COH",
        expected: "a company number of 8 characters: two letters or digits and 6 digits, such as 01234567",
        fits: |text| {
            text.split_at_checked(2)
                .is_some_and(|(kind, number)| capitals_and_digits(kind) && numbered(number, "", &[6]))
        },
    },
    List {
        code: "GB-UKPRN",
        expected: "a UKPRN of 8 digits, such as 10007794",
        fits: |text| numbered(text, "1", &[7]),
    },
    List {
        code: "GB-EDU",
        expected: "the URN of a school: 6 digits, such as 100000",
        fits: |text| numbered(text, "", &[6]),
    },
    List {
        code: "XI-GRID",
        expected: "an id of GRID, such as grid.5337.2",
        fits: |text| {
            text.to_ascii_lowercase().strip_prefix("grid.").is_some_and(|rest| rest.split('.').all(alphanumeric))
        },
    },
    List { code: "XI-ROR", expected: "an id of ROR: 0 and 8 letters and digits, such as 02jx3x895", fits: is_ror },
];

fn alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_ror(text: &str) -> bool {
    text.len() == 9 && text.starts_with('0') && alphanumeric(text)
}

/// Whether a code has the form of those of the Organisation Data Service.
pub fn is_ods_code(code: &str) -> bool {
    code.len() <= 9 && alphanumeric(code)
}

/// The list that a scheme stands for.
fn list_of(scheme: &str) -> Option<&'static List> {
    let code = if scheme.eq_ignore_ascii_case("ods") { "GB-NHS" } else { scheme };
    LISTS.iter().find(|list| list.code.eq_ignore_ascii_case(code))
}

impl List {
    /// The identifier in this list, with or without the code of the list before it, as the list writes it.
    fn read(&self, value: &str) -> Option<String> {
        let start = value.get(..self.code.len()).filter(|start| start.eq_ignore_ascii_case(self.code));
        let bare = start.and_then(|start| value.get(start.len()..)?.strip_prefix('-')).unwrap_or(value);
        // Those who list research bodies write small letters.
        let bare = if self.code.starts_with("XI-") { bare.to_ascii_lowercase() } else { bare.to_ascii_uppercase() };
        (self.fits)(&bare).then_some(bare)
    }

    fn id(&self, value: &str) -> Option<String> {
        self.read(value).map(|bare| format!("{}-{bare}", self.code))
    }
}

/// The id that a whole one, of one of the lists, stands for.
fn whole(value: &str) -> Option<String> {
    let starts = |list: &&List| {
        value.get(..=list.code.len()).is_some_and(|start| start.eq_ignore_ascii_case(&format!("{}-", list.code)))
    };
    LISTS.iter().find(starts)?.id(value)
}

/// The identifiers as they are kept: those of a known list have its form and its letters. Those that the organisation has already are not
/// looked at.
pub fn checked(given: Vec<Identifier>, kept: &[Identifier], faults: &mut Faults) -> Vec<Identifier> {
    let mut read = |(at, identifier): (usize, Identifier)| {
        if kept.contains(&identifier) {
            return identifier;
        }
        let pointer = format!("/identifiers/{at}/value");
        let Identifier { scheme, value } = identifier;
        let (scheme, value) = (scheme.trim().to_owned(), value.trim().to_owned());
        let sound = if scheme.eq_ignore_ascii_case("org-id") {
            let expected = LISTS.map(|list| list.code).join(", ");
            whole(&value).ok_or_else(|| {
                format!("Expected an id of org-id.guide in one of the lists {expected}, such as GB-NHS-RJZ.")
            })
        } else if let Some(list) = list_of(&scheme) {
            list.read(&value).ok_or_else(|| format!("Expected {}.", list.expected))
        } else {
            Ok(value.clone())
        };
        let value = faults.take(sound.map_err(|expected| Fault::new(pointer, "identifier", expected))).unwrap_or(value);
        Identifier { scheme, value }
    };
    given.into_iter().enumerate().map(&mut read).collect()
}

/// The id by which the world knows an organisation: one that is given whole, that of its ODS code, or that of an identifier in a known list.
/// What has not the form of its list makes none.
pub fn org_id(ods_code: Option<&str>, identifiers: &[Identifier]) -> Option<String> {
    let given = |scheme: &'static str| {
        let of = move |identifier: &&Identifier| identifier.scheme.trim().eq_ignore_ascii_case(scheme);
        identifiers.iter().filter(of).map(|identifier| identifier.value.trim())
    };
    let of_lists = || {
        LISTS.iter().find_map(|list| {
            let other = if list.code == "GB-NHS" { "ODS" } else { list.code };
            given(list.code).chain(given(other)).find_map(|value| list.id(value))
        })
    };
    given("org-id")
        .find_map(whole)
        .or_else(|| {
            ods_code.filter(|code| is_ods_code(code)).map(|code| format!("GB-NHS-{}", code.to_ascii_uppercase()))
        })
        .or_else(of_lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identifiers(given: &[(&str, &str)]) -> Vec<Identifier> {
        let of =
            |(scheme, value): &(&str, &str)| Identifier { scheme: (*scheme).to_owned(), value: (*value).to_owned() };
        given.iter().map(of).collect()
    }

    #[test]
    fn an_identifier_has_the_form_of_its_list() {
        for (scheme, value, kept) in [
            ("GB-COH", "01234567", Some("01234567")),
            ("gb-coh", "GB-COH-sc123456", Some("SC123456")),
            ("GB-COH", "1234567", None),
            ("GB-COH", "SC 123456", None),
            ("GB-COH", "not a number", None),
            ("GB-CHC", "1089464", Some("1089464")),
            ("GB-CHC", "12345", None),
            ("GB-SC", "sc012345", Some("SC012345")),
            ("ODS", "rjz", Some("RJZ")),
            ("GB-NHS", "MY-LOCAL-TRUST-1", None),
            ("org-id", "GB-NHS-RJZ", Some("GB-NHS-RJZ")),
            ("org-id", "XI-GRID-grid.5337.2", Some("XI-GRID-grid.5337.2")),
            ("org-id", "hello world", None),
            ("org-id", "GB-MADEUP-1", None),
            ("our-own", "anything at all", Some("anything at all")),
            ("XX-FOO", "1", Some("1")),
        ] {
            let mut faults = Faults::default();
            let read = checked(identifiers(&[(scheme, value)]), &[], &mut faults);
            let sound = faults.check().is_ok();
            assert_eq!(sound.then(|| read[0].value.as_str()), kept, "{scheme} {value}");
        }
    }

    #[test]
    fn one_that_was_kept_already_is_no_fault() {
        let old = identifiers(&[("GB-COH", "not a number")]);
        let mut faults = Faults::default();
        assert_eq!(checked(old.clone(), &old, &mut faults), old);
        assert!(faults.check().is_ok());
    }

    #[test]
    fn an_identifier_makes_an_id_of_its_own_scheme() {
        for (ods, given, id) in [
            (Some("RJZ"), &[][..], Some("GB-NHS-RJZ")),
            (None, &[("ods", "8A123")], Some("GB-NHS-8A123")),
            (None, &[("GB-COH", "01234567")], Some("GB-COH-01234567")),
            (None, &[("gb-coh", "GB-COH-01234567")], Some("GB-COH-01234567")),
            (None, &[("GB-COH", "01234567"), ("GB-CHC", "1089464")], Some("GB-CHC-1089464")),
            (None, &[("GB-SC", "SC012345")], Some("GB-SC-SC012345")),
            (Some("RJZ"), &[("org-id", "XI-GRID-grid.1")], Some("XI-GRID-grid.1")),
            (Some("RJZ"), &[("org-id", "hello world")], Some("GB-NHS-RJZ")),
            (Some("MY-LOCAL-TRUST-1"), &[("GB-COH", "not a number"), ("XX-FOO", "1"), ("GB-MADEUP", "2")], None),
            (Some("MY-LOCAL-TRUST-1"), &[("GB-CHC", "1089464")], Some("GB-CHC-1089464")),
            (None, &[("our-own", "7")], None),
            (None, &[], None),
        ] {
            assert_eq!(org_id(ods, &identifiers(given)).as_deref(), id, "{given:?}");
        }
    }
}
