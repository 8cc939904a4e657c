//! What holds for all of the code, the document and the database, whoever adds to them. A law says in its failure what to
//! do about it.

pub mod bodies;
mod document;
mod erasure;
mod examples;
mod failures;
mod imports;
mod operations;
mod plans;
mod references;
mod roles;
mod schema;
mod structure;
mod versions;

use innovation_register::access::permissions::{self, Row};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A file of the source, by its path below the crate's root.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// Every `.rs` file below a folder of the crate.
pub fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut folders) = (Vec::new(), vec![root.join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(Source { path: path.strip_prefix(root).unwrap().display().to_string(), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Source {
    /// What is compiled into the service, by line: neither comments nor tests.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let own = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        (1..).zip(own).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// An operation of the API document.
pub struct Operation {
    pub id: String,
    pub method: String,
    /// With the examples of its parameters in their places.
    pub target: String,
    /// As the document writes it.
    pub path: String,
    pub access: Option<&'static Row>,
    pub described: Value,
}

impl Operation {
    /// What a list may be sorted by.
    pub fn sorts(&self) -> Vec<String> {
        let mut parameters = self.described["parameters"].as_array().into_iter().flatten();
        let pattern =
            parameters.find(|parameter| parameter["name"] == "sort").and_then(|p| p["schema"]["pattern"].as_str());
        let words = pattern.and_then(|pattern| pattern.strip_prefix("^-?(")?.split_once(')'));
        words.map_or_else(Vec::new, |(words, _)| words.split('|').map(str::to_owned).collect())
    }

    /// Whether it needs `If-Match`, which is shared or has an example of its own.
    pub fn is_conditional(&self) -> bool {
        let described = self.described.to_string();
        ["/IfMatch", "\"If-Match\""].iter().any(|name| described.contains(name))
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every operation of the document that this build serves.
pub fn operations() -> Vec<Operation> {
    let document = innovation_register::startup::document().unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS.iter().filter(|method| item.get(**method).is_some()) {
            let described = item[*method].clone();
            let id = described["operationId"].as_str().unwrap_or_default().to_owned();
            let mut target = path.clone();
            for parameter in described["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path") {
                let name = parameter["name"].as_str().unwrap();
                let example = parameter["example"].as_str().unwrap_or("01890a5d-ac96-774b-bcce-b302099a8057");
                target = target.replace(&format!("{{{name}}}"), example);
            }
            let access = permissions::Operation::named(&id).map(permissions::Operation::row);
            found.push(Operation { id, method: method.to_uppercase(), target, path: path.clone(), access, described });
        }
    }
    found
}
