//! Examples that name records which exist, so that a request is answered as it is prefilled.

use serde_json::{Value, json};

/// Examples in place of those that the operations describe themselves.
pub struct Examples {
    pub parameters: Vec<Example>,
    /// Bodies by the operation's id, for operations that share the schema of their body with others.
    pub bodies: Vec<(&'static str, Value)>,
}

/// The example of one parameter.
pub struct Example {
    /// An operation's id, or how its path begins. The operation comes before a path, and a longer path before a shorter.
    pub at: &'static str,
    /// The parameter's name: in the path, the query or a header.
    pub parameter: &'static str,
    pub value: String,
}

/// Puts the examples in their places.
pub fn apply(document: &mut Value, examples: &Examples) {
    let shared = document["components"]["parameters"].clone();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for operation in item.as_object_mut().into_iter().flatten().map(|(_, operation)| operation) {
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            if let Some((_, body)) = examples.bodies.iter().find(|(operation, _)| *operation == id) {
                let content = operation["requestBody"]["content"].as_object_mut();
                content.into_iter().flatten().for_each(|(_, media)| media["example"] = body.clone());
            }
            for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
                let of_all = parameter["$ref"].as_str().and_then(|name| shared.get(name.rsplit('/').next()?));
                let named = of_all.unwrap_or(parameter)["name"].as_str().unwrap_or_default().to_owned();
                let Some(example) = find(&examples.parameters, &id, path, &named) else { continue };
                // A list's `id=A,B` is no name of the record in the path.
                if parameter["schema"]["type"] == "array" {
                    continue;
                }
                if let Some(of_all) = of_all {
                    *parameter = of_all.clone();
                    parameter["schema"].as_object_mut().into_iter().for_each(|schema| drop(schema.remove("example")));
                }
                parameter["example"] = json!(example.value);
            }
        }
    }
}

fn find<'a>(examples: &'a [Example], id: &str, path: &str, parameter: &str) -> Option<&'a Example> {
    let fits =
        |example: &&Example| example.parameter == parameter && (example.at == id || path.starts_with(example.at));
    examples.iter().filter(fits).max_by_key(|example| (example.at == id, example.at.len()))
}
