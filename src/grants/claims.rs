//! Which claims of an external issuer's tokens stand for which grants: nothing of a token is a grant by itself, only what the
//! operator has written into a file.

use crate::access::{Role, ScopeKind};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The file that `OIDC_GRANTS_FILE` names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimMap {
    /// The claim that holds the code of the organisation that the subject belongs to.
    body: Option<String>,
    #[serde(default, rename = "grant")]
    grants: Vec<Rule>,
}

/// A grant for whoever's claim holds a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// The claim: text, or a list of texts.
    claim: String,
    value: String,
    role: Role,
    /// The claim that holds the code of the organisation, the slug of the programme or that of the innovation which the role
    /// needs.
    scope: Option<String>,
}

/// A grant that a token's claims stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    pub role: Role,
    /// The code or slug of what it is for.
    pub target: Option<String>,
}

impl ClaimMap {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Text for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let map: Self = toml::from_str(text).map_err(|cause| cause.message().to_owned())?;
        for rule in &map.grants {
            let needs =
                matches!(rule.role.scope(), ScopeKind::Organisation | ScopeKind::Programme | ScopeKind::Innovation);
            if needs != rule.scope.is_some() {
                let (role, kind) = (rule.role.as_str(), rule.role.scope().as_str());
                return Err(if needs {
                    format!("the role {role} needs scope, the claim that names its {kind}")
                } else {
                    format!("the role {role} takes no scope")
                });
            }
        }
        Ok(map)
    }

    /// The code of the organisation that the subject of a token belongs to.
    pub fn body(&self, claims: &Map<String, Value>) -> Option<String> {
        claims.get(self.body.as_ref()?).and_then(text).map(str::to_owned)
    }

    /// What the claims of a token stand for.
    pub fn apply(&self, claims: &Map<String, Value>) -> Vec<Mapped> {
        let texts = |name: &str| -> Vec<&str> {
            match claims.get(name) {
                Some(Value::Array(many)) => many.iter().filter_map(text).collect(),
                one => one.and_then(text).into_iter().collect(),
            }
        };
        let mut found = Vec::new();
        for rule in self.grants.iter().filter(|rule| texts(&rule.claim).contains(&rule.value.as_str())) {
            match &rule.scope {
                None => found.push(Mapped { role: rule.role, target: None }),
                Some(claim) => found.extend(
                    texts(claim).into_iter().map(|target| Mapped { role: rule.role, target: Some(target.to_owned()) }),
                ),
            }
        }
        found
    }
}

/// The text that a claim is. One with control characters names nothing, and PostgreSQL takes no NUL.
fn text(claim: &Value) -> Option<&str> {
    claim.as_str().filter(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FILE: &str = r#"
        body = "ods"
        [[grant]]
        claim = "roles"
        value = "register-submitter"
        role = "submitter"
        scope = "ods"
        [[grant]]
        claim = "roles"
        value = "register-reader"
        role = "reader"
    "#;

    #[test]
    fn only_what_the_file_says_is_a_grant() {
        let map = ClaimMap::parse(FILE).unwrap();
        let submitter = Mapped { role: Role::Submitter, target: Some("RJZ".into()) };
        let reader = Mapped { role: Role::Reader, target: None };
        for (claims, expected) in [
            (
                json!({ "roles": ["register-submitter", "register-reader"], "ods": "RJZ" }),
                vec![submitter.clone(), reader],
            ),
            (json!({ "roles": "register-submitter", "ods": ["RJZ"] }), vec![submitter]),
            (json!({ "roles": ["register-submitter"] }), vec![]),
            (json!({ "roles": ["national-admin"], "role": "national-admin", "ods": "RJZ" }), vec![]),
            (json!({ "roles": 7 }), vec![]),
        ] {
            assert_eq!(map.apply(claims.as_object().unwrap()), expected, "{claims}");
        }
    }

    #[test]
    fn a_rule_names_the_kind_of_scope_that_its_role_takes() {
        for (rule, word) in [
            ("claim = \"a\"\nvalue = \"b\"\nrole = \"submitter\"", "needs scope"),
            ("claim = \"a\"\nvalue = \"b\"\nrole = \"reader\"\nscope = \"c\"", "takes no scope"),
            ("claim = \"a\"\nvalue = \"b\"\nrole = \"chief\"", "unknown variant"),
        ] {
            let fault = ClaimMap::parse(&format!("[[grant]]\n{rule}")).unwrap_err();
            assert!(fault.contains(word), "{fault}");
        }
    }
}
