//! The engine's words as the API says them: in query parameters, in bodies, and in the document.

use super::rules::{self, Assurance, Direction, Profile, Rule, Signal, Variation};
use crate::kpis::catalogue::rules::{ConflictRule, ImprovementDirection};
use crate::vocabulary::Word;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

impl Word for Profile {
    const WORDS: &'static [&'static str] = &[Self::Mdc.as_str(), Self::Ptd.as_str()];

    fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<'de, str>::deserialize(deserializer)?;
        word.parse().map_err(serde::de::Error::custom)
    }
}

crate::words! {
    /// Since when changes are told instead of values.
    pub enum Differences {
        /// Since the same period a year before.
        Year = "year",
    }
}

crate::words! {
    /// Which recalculations begin the mean and limits anew.
    pub enum Recalculations {
        /// All that are in force.
        All = "all",
        None = "none",
    }
}

macro_rules! said {
    ($($list:ident as $name:literal: $meaning:literal, $words:expr;)*) => {$(
        impl Serialize for $list {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl PartialSchema for $list {
            fn schema() -> RefOr<Schema> {
                let words: Vec<&'static str> = $words;
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some($meaning)).into()
            }
        }

        impl ToSchema for $list {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

said! {
    Profile as "SpcProfile": "Whose rules to follow: Making Data Count (mdc) or NHSRplotthedots (ptd).", Profile::WORDS.to_vec();
    Rule as "SpcRule": "A sign of special cause. High and low give its direction.", Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    Signal as "SpcSignal": "What one point shows.", signals();
    Variation as "SpcVariation": "What the last point shows about the whole series.",
        signals().into_iter().chain([Variation::InsufficientData.as_str(), Variation::NotApplicable.as_str()]).collect();
    Assurance as "SpcAssurance": "Whether a process that continues as it is will meet its target.",
        Assurance::ALL.iter().map(|word| word.as_str()).collect();
}

fn signals() -> Vec<&'static str> {
    Signal::ALL.iter().map(|signal| signal.as_str()).collect()
}

impl From<ImprovementDirection> for Direction {
    fn from(direction: ImprovementDirection) -> Self {
        match direction {
            ImprovementDirection::Increase => Self::Increase,
            ImprovementDirection::Decrease => Self::Decrease,
            ImprovementDirection::Neutral => Self::Neutral,
        }
    }
}

impl From<rules::ConflictRule> for ConflictRule {
    fn from(rule: rules::ConflictRule) -> Self {
        match rule {
            rules::ConflictRule::Improvement => Self::Improvement,
            rules::ConflictRule::Concern => Self::Concern,
        }
    }
}

impl From<ConflictRule> for rules::ConflictRule {
    fn from(rule: ConflictRule) -> Self {
        match rule {
            ConflictRule::Improvement => Self::Improvement,
            ConflictRule::Concern => Self::Concern,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_asked_for_are_those_of_the_engine() {
        let known: Vec<&str> = Profile::ALL.iter().map(|profile| profile.as_str()).collect();
        assert_eq!(Profile::WORDS, known);
        for direction in ImprovementDirection::ALL {
            assert_eq!(Direction::from(*direction).as_str(), direction.as_str());
        }
        for rule in ConflictRule::ALL {
            assert_eq!(rules::ConflictRule::from(*rule).as_str(), rule.as_str());
        }
    }

    #[test]
    fn a_word_is_written_and_documented_alike() {
        let schema = serde_json::to_value(Variation::schema()).expect("JSON");
        let words = schema["enum"].as_array().expect("words");
        assert_eq!(words.len(), Signal::ALL.len() + 2);
        assert!(words.contains(&serde_json::json!(Variation::Signal(Signal::NeitherLow))));
        assert!(words.contains(&serde_json::json!(Variation::InsufficientData)));
        assert_eq!(serde_json::from_str::<Profile>("\"ptd\"").ok(), Some(Profile::Ptd));
    }
}
