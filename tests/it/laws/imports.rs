//! Which file of the source uses which, read from its declarations and paths: `use` with its groups, `crate::`, `super::`
//! and what was imported, and the macros it calls, whose `$crate` paths count for the file that defines them.

use super::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};

/// The files that each file uses, all by their paths.
pub type Uses = BTreeMap<String, BTreeSet<String>>;

type Path = Vec<String>;

/// Where a module or an exported macro is.
struct Places {
    modules: BTreeMap<Path, String>,
    macros: BTreeMap<String, String>,
    /// What a `mod.rs` gives another name to, by that name.
    passed_on: BTreeMap<Path, Path>,
}

/// Reads them all. The table of contents and the beginning of the program use everything, and are left out.
pub fn uses() -> Uses {
    let files: Vec<Source> = sources("src")
        .into_iter()
        .filter(|file| !["src/lib.rs", "src/main.rs"].contains(&file.path.as_str()))
        .collect();
    let read: Vec<(&Source, Vec<String>)> = files.iter().map(|file| (file, tokens(file))).collect();
    let mut places = Places {
        modules: files.iter().map(|file| (module(&file.path), file.path.clone())).collect(),
        macros: BTreeMap::new(),
        passed_on: BTreeMap::new(),
    };
    for (file, tokens) in &read {
        for window in tokens.windows(5).filter(|window| window[0] == "macro_export" && window[2] == "macro_rules") {
            places.macros.insert(window[4].clone(), file.path.clone());
        }
        for path in declared(tokens).into_iter().filter(|_| file.path.ends_with("/mod.rs")) {
            let own = module(&file.path);
            let Some((name, target)) = path.last().cloned().zip(places.absolute(&own, &path)) else { continue };
            places.passed_on.insert([own, vec![name]].concat(), target);
        }
    }
    read.iter().map(|(file, tokens)| (file.path.clone(), places.used(file, tokens))).collect()
}

/// Whether the file declares modules and passes names on, and holds nothing else.
pub fn only_declares(file: &Source) -> bool {
    let words = ["fn", "struct", "enum", "trait", "impl", "const", "static", "type", "macro_rules"];
    !tokens(file).iter().any(|token| words.contains(&token.as_str()))
}

impl Places {
    fn used(&self, file: &Source, tokens: &[String]) -> BTreeSet<String> {
        if file.path.ends_with("/mod.rs") && only_declares(file) {
            return BTreeSet::new();
        }
        let own = module(&file.path);
        let imported: Vec<Path> = declared(tokens).iter().filter_map(|path| self.absolute(&own, path)).collect();
        let by_name: BTreeMap<&String, &Path> = imported.iter().filter_map(|path| Some((path.last()?, path))).collect();
        let mentioned = mentioned(tokens).into_iter().filter_map(|path| match by_name.get(&path[0]) {
            Some(imported) => Some([(*imported).clone(), path[1..].to_vec()].concat()),
            None => self.absolute(&own, &path),
        });
        let paths: Vec<Path> = imported.iter().cloned().chain(mentioned).collect();
        let called =
            tokens.windows(2).filter(|pair| pair[1] == "!").filter_map(|pair| self.macros.get(&pair[0]).cloned());
        let found = paths.iter().filter_map(|path| self.file(path)).chain(called);
        found.filter(|other| *other != file.path).collect()
    }

    /// The path from the crate's root down, if it is one of this crate.
    fn absolute(&self, own: &Path, path: &Path) -> Option<Path> {
        match path[0].as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([own.clone(), path[1..].to_vec()].concat()),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                Some([&own[..own.len().checked_sub(up)?], &path[up..]].concat())
            }
            child => {
                let below = [own.clone(), vec![child.to_owned()]].concat();
                self.modules.contains_key(&below).then(|| [own.clone(), path.clone()].concat())
            }
        }
    }

    /// The file that holds what the path names.
    fn file(&self, path: &Path) -> Option<String> {
        for end in (1..=path.len()).rev() {
            let start = path[..end].to_vec();
            if let Some(file) = self.modules.get(&start) {
                return Some(file.clone());
            }
            if let Some(target) = self.passed_on.get(&start) {
                return self.file(&[target.clone(), path[end..].to_vec()].concat());
            }
        }
        path.first().and_then(|name| self.macros.get(name).cloned()).filter(|_| path.len() == 1)
    }
}

/// `src/http/csv/mod.rs` and `src/http/csv.rs` are both `http::csv`.
fn module(path: &str) -> Path {
    let bare = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    bare.split('/').map(str::to_owned).collect()
}

/// Words and marks, without comments, texts and what is compiled for tests alone.
fn tokens(file: &Source) -> Vec<String> {
    let code: Vec<char> = file.code().map(|(_, line)| line).collect::<Vec<_>>().join("\n").chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    let is = |at: usize, mark: char| code.get(at) == Some(&mark);
    while let Some(mark) = code.get(at).copied() {
        let raw = mark == 'r' && (is(at + 1, '"') || (is(at + 1, '#') && (is(at + 2, '"') || is(at + 2, '#'))));
        if raw {
            let fence = code[at + 1..].iter().take_while(|mark| **mark == '#').count();
            let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', fence)).collect();
            at += 2 + fence;
            at += code[at..].windows(end.len()).position(|text| text == end).unwrap_or(code.len() - at) + end.len();
        } else if mark.is_alphanumeric() || mark == '_' {
            let word: String = code[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            at += word.chars().count();
            found.push(word);
        } else if mark == '"' {
            at += 1;
            while at < code.len() && !is(at, '"') {
                at += if is(at, '\\') { 2 } else { 1 };
            }
            at += 1;
        } else if mark == '\'' {
            // A character, or the lifetime of a reference.
            let character = is(at + 1, '\\') || is(at + 2, '\'');
            at += 1;
            while character && at < code.len() && !is(at, '\'') {
                at += if is(at, '\\') { 2 } else { 1 };
            }
            at += usize::from(character);
        } else if mark == '/' && is(at + 1, '/') {
            at += code[at..].iter().take_while(|mark| **mark != '\n').count();
        } else if mark == ':' && is(at + 1, ':') {
            found.push("::".to_owned());
            at += 2;
        } else {
            if !mark.is_whitespace() {
                found.push(mark.to_string());
            }
            at += 1;
        }
    }
    found
}

/// The paths of the `use` declarations, each name of a group by itself.
fn declared(tokens: &[String]) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| *token == "use") {
        let tree: Vec<&String> = tokens[at + 1..].iter().take_while(|token| *token != ";").collect();
        unfold(&tree, &mut Vec::new(), &mut found);
    }
    found
}

fn unfold(tree: &[&String], above: &mut Path, found: &mut Vec<Path>) {
    let (mut depth, mut start) = (0, 0);
    for at in 0..=tree.len() {
        match tree.get(at).map(|token| token.as_str()) {
            Some("{") => depth += 1,
            Some("}") => depth -= 1,
            Some(",") | None if depth == 0 => {
                let branch = &tree[start..at];
                let group = branch.iter().position(|token| *token == "{").unwrap_or(branch.len());
                let names = branch[..group].iter().take_while(|token| **token != "as");
                let names: Path = names.filter(|token| **token != "::").map(|token| (*token).clone()).collect();
                let depth = above.len();
                above.extend(names.into_iter().filter(|name| depth == 0 || name != "self"));
                if group < branch.len() {
                    unfold(&branch[group + 1..branch.len() - 1], above, found);
                } else if above.len() > depth || branch.iter().any(|token| *token == "self") {
                    found.push(above.clone());
                }
                above.truncate(depth);
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The paths of two names or more outside `use` declarations.
fn mentioned(tokens: &[String]) -> Vec<Path> {
    let (mut found, mut at) = (Vec::new(), 0);
    let is_name = |token: &String| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    while at < tokens.len() {
        if tokens[at] == "use" {
            at += tokens[at..].iter().take_while(|token| *token != ";").count();
        } else if is_name(&tokens[at]) {
            let mut path = vec![tokens[at].clone()];
            while tokens.get(at + 1).is_some_and(|token| token == "::") && tokens.get(at + 2).is_some_and(is_name) {
                path.push(tokens[at + 2].clone());
                at += 2;
            }
            at += 1;
            found.extend(Some(path).filter(|path| path.len() > 1));
        } else {
            at += 1;
        }
    }
    found
}

/// Some who use each other in a circle, in its order; none when there is no circle.
pub fn circle(uses: &Uses) -> Vec<String> {
    let mut left = uses.clone();
    loop {
        let used: BTreeSet<String> = left.values().flatten().cloned().collect();
        let free: Vec<String> = left
            .iter()
            .filter(|(file, others)| !used.contains(*file) || !others.iter().any(|other| left.contains_key(other)))
            .map(|(file, _)| file.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        free.iter().for_each(|file| drop(left.remove(file)));
    }
    // Whoever is left uses somebody who is left, so a walk comes back to where it has been.
    let mut walk: Vec<String> = left.keys().take(1).cloned().collect();
    while let Some(next) = walk.last().and_then(|file| left[file].iter().find(|other| left.contains_key(*other))) {
        if let Some(begin) = walk.iter().position(|file| file == next) {
            return walk.split_off(begin);
        }
        walk.push(next.clone());
    }
    walk
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Source {
        Source { path: "src/a/b.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn every_way_to_name_another_file_is_read() {
        let tokens = tokens(&file(
            "use crate::{c::{self, D}, e as f};\nfn g<'a>() -> &'a str { super::h::i(\"crate::j\", 'k') } // crate::l",
        ));
        let paths: Vec<String> =
            declared(&tokens).into_iter().chain(mentioned(&tokens)).map(|path| path.join("::")).collect();
        assert_eq!(paths, ["crate::c", "crate::c::D", "crate::e", "super::h::i"]);
    }

    #[test]
    fn a_circle_is_found_and_those_beside_it_are_not_named() {
        let uses = |pairs: &[(&str, &[&str])]| -> Uses {
            pairs
                .iter()
                .map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| (*to).to_owned()).collect()))
                .collect()
        };
        assert!(circle(&uses(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])).is_empty());
        assert_eq!(circle(&uses(&[("a", &["b"]), ("b", &["c"]), ("c", &["b", "d"]), ("d", &[])])), ["b", "c"]);
    }
}
