//! What values of several KPIs should be to each other, of the same organisation and period: `a + b <= c`.

use super::codes::is_code;
use crate::error::Faults;
use crate::words;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use utoipa::ToSchema;

words! {
    /// How the left side of a validation rule should be to its right side.
    pub enum RuleOperator {
        Less = "<",
        AtMost = "<=",
        Equal = "=",
        AtLeast = ">=",
        More = ">",
        NotEqual = "<>",
    }
}

words! {
    /// What a validation rule makes of a value that was not reported.
    pub enum MissingValue {
        /// The rule says nothing.
        Skip = "skip",
        /// It counts as 0.
        Zero = "zero",
        /// The rule is broken.
        Fail = "fail",
    }
}

/// A rule that values of this KPI should keep, with those of others of the same organisation, innovation, breakdown and period. One that is
/// broken is a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = KpiValidationRule, example = json!({ "left": "ae-emergency-admissions", "operator": "<=", "right": "ae-attendances", "message": "Nobody is admitted who did not attend." }))]
pub struct ValidationRule {
    /// Codes of KPIs and numbers, added with ` + ` and taken away with ` - `.
    #[schema(example = "ae-emergency-admissions", min_length = 1, max_length = 400)]
    pub left: String,
    pub operator: RuleOperator,
    /// As `left`.
    #[schema(example = "ae-attendances", min_length = 1, max_length = 400)]
    pub right: String,
    #[serde(default = "skip")]
    #[schema(default = "skip")]
    pub missing: MissingValue,
    /// What the sender is told.
    #[schema(min_length = 1, max_length = 300)]
    pub message: String,
}

fn skip() -> MissingValue {
    MissingValue::Skip
}

/// The most terms of one side.
const MOST_TERMS: usize = 20;

#[derive(Debug, Clone, PartialEq)]
enum Term {
    Number(f64),
    Kpi(String),
}

/// A side of a rule, read: what is added, and what is taken away (-1).
#[derive(Debug, Clone, PartialEq)]
struct Side(Vec<(f64, Term)>);

/// Reads a side: terms between signs that stand apart, since codes have hyphens.
fn side(text: &str) -> Option<Side> {
    let (mut terms, mut sign) = (Vec::new(), Some(1.0));
    for word in text.split_whitespace() {
        match (sign.take(), word) {
            (None, "+") => sign = Some(1.0),
            (None, "-") => sign = Some(-1.0),
            (None, _) => return None,
            (Some(sign), word) => {
                let number = word.parse::<f64>().ok().filter(|_| word.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
                let code = || is_code(word).then(|| Term::Kpi(word.to_ascii_lowercase()));
                terms.push((sign, number.map(Term::Number).or_else(code)?));
            }
        }
    }
    (sign.is_none() && terms.len() <= MOST_TERMS).then_some(Side(terms))
}

impl Side {
    fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(_, term)| match term {
            Term::Kpi(code) => Some(code.as_str()),
            Term::Number(_) => None,
        })
    }

    /// The sum, or the code that has no value.
    fn sum(&self, value: &impl Fn(&str) -> Option<f64>, missing: MissingValue) -> Result<f64, &str> {
        self.0.iter().try_fold(0.0, |sum, (sign, term)| {
            let figure = match term {
                Term::Number(number) => *number,
                Term::Kpi(code) => match value(code) {
                    Some(figure) => figure,
                    None if missing == MissingValue::Zero => 0.0,
                    None => return Err(code.as_str()),
                },
            };
            Ok(sum + sign * figure)
        })
    }
}

impl ValidationRule {
    /// The codes of the KPIs that it names, in lower case.
    pub fn codes(&self) -> Vec<String> {
        let sides = [side(&self.left), side(&self.right)].into_iter().flatten();
        sides.flat_map(|side| side.codes().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// Why the values break it; none where they keep it, or where it says nothing of them.
    pub fn broken(&self, value: impl Fn(&str) -> Option<f64>) -> Option<String> {
        let (left, right) = (side(&self.left)?, side(&self.right)?);
        let mut detail = format!("{} Expected {} {} {}", self.message, self.left, self.operator.as_str(), self.right);
        let sums = left.sum(&value, self.missing).and_then(|left| Ok((left, right.sum(&value, self.missing)?)));
        let (left, right) = match sums {
            Ok(sums) => sums,
            Err(_) if self.missing == MissingValue::Skip => return None,
            Err(code) => {
                let _ = write!(detail, "; there is no value of {code}.");
                return Some(detail);
            }
        };
        let equal = (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0);
        let kept = match self.operator {
            RuleOperator::Less => left < right && !equal,
            RuleOperator::AtMost => left < right || equal,
            RuleOperator::Equal => equal,
            RuleOperator::AtLeast => left > right || equal,
            RuleOperator::More => left > right && !equal,
            RuleOperator::NotEqual => !equal,
        };
        let _ = write!(detail, "; found {left} and {right}.");
        (!kept).then_some(detail)
    }
}

/// Notes what is wrong with the rules of a KPI.
pub fn check(code: &str, rules: &[ValidationRule], faults: &mut Faults) {
    for (index, rule) in rules.iter().enumerate() {
        for (name, text) in [("left", &rule.left), ("right", &rule.right)] {
            if side(text).is_none() {
                let expected = "Expected codes of KPIs and numbers with + and - between them, each apart, such as a + b - 10: at most 20.";
                faults.add(format!("/validationRules/{index}/{name}"), "format", expected);
            }
        }
        if rule.message.trim().is_empty() {
            faults.add(format!("/validationRules/{index}/message"), "missing", "Say what the sender is told.");
        }
        if !rule.codes().iter().any(|named| named == code) {
            let detail = format!("A rule of {code} names it: it is asked when a value of {code} comes.");
            faults.add(format!("/validationRules/{index}"), "not-applicable", detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(left: &str, operator: RuleOperator, right: &str, missing: MissingValue) -> ValidationRule {
        let message = "Look again.".to_owned();
        ValidationRule { left: left.to_owned(), operator, right: right.to_owned(), missing, message }
    }

    fn values(code: &str) -> Option<f64> {
        [("a", 0.1), ("b-1", 0.2), ("c", 0.3)].into_iter().find(|(known, _)| *known == code).map(|(_, value)| value)
    }

    #[test]
    fn a_rule_holds_sums_against_each_other() {
        use MissingValue::*;
        use RuleOperator::*;
        for (left, operator, right, missing, kept) in [
            ("a + b-1", Equal, "c", Skip, true),
            ("a + B-1", Less, "C", Skip, false),
            ("a + b-1", AtMost, "c", Skip, true),
            ("c - a", More, "b-1", Skip, false),
            ("c - a - 0.1", Less, "b-1", Skip, true),
            ("c", NotEqual, "0.3", Skip, false),
            ("c", AtLeast, "a + d", Skip, true),
            ("c", AtLeast, "1 + d", Zero, false),
            ("c", AtLeast, "a + d", Fail, false),
        ] {
            let broken = rule(left, operator, right, missing).broken(values);
            assert_eq!(broken.is_none(), kept, "{left} {} {right}: {broken:?}", operator.as_str());
        }
        let told = rule("c", AtLeast, "1 + d", Zero).broken(values).unwrap();
        assert_eq!(told, "Look again. Expected c >= 1 + d; found 0.3 and 1.");
        let told = rule("c", AtLeast, "d", Fail).broken(values).unwrap();
        assert_eq!(told, "Look again. Expected c >= d; there is no value of d.");
    }

    #[test]
    fn a_side_is_a_sum_of_codes_and_numbers() {
        for (text, good) in [
            ("a", true),
            ("a + b - 10.5", true),
            ("a-b", true),
            ("", false),
            ("+ a", false),
            ("a +", false),
            ("a b", false),
            ("a * b", false),
            ("a + -b", false),
        ] {
            assert_eq!(side(text).is_some(), good, "{text}");
        }
        assert!(side(&vec!["a"; 21].join(" + ")).is_none());
        let mut faults = Faults::default();
        check("z", &[rule("a *", RuleOperator::Less, "b", MissingValue::Skip)], &mut faults);
        let found: Vec<String> =
            faults.check().unwrap_err().listed().iter().map(|fault| fault.pointer.clone()).collect();
        assert_eq!(found, ["/validationRules/0/left", "/validationRules/0"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_of_rules_panic(left in "\\PC{0,40}|[a-z0-9+. -]{0,40}", right in "[a-c +-]{0,20}") {
            rule(&left, RuleOperator::AtMost, &right, MissingValue::Zero).broken(values);
        }
    }
}
