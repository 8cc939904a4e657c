//! What the pages tell people to type works: every `sh` block of README.md and of docs/guide-*.md, pasted in order into
//! bash beside a running `demo`, and those of docs/operations.md where nothing runs yet. A line `# => fragment` after a
//! command says what its output must hold. And what README says of the settings is what the code says.

use crate::laws::{Source, sources};
use crate::support;
use innovation_register::config::SETTINGS;
use rstest::rstest;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Where the pages say the demo listens; the test's own has a free port.
const WRITTEN: &str = "http://127.0.0.1:8080";

/// A running `demo`, and the folder that its visitor types in, with what it printed in `demo.txt`.
struct Demo {
    process: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_innovation-register"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = String::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap) {
            printed.push_str(&line);
            printed.push('\n');
            if line.starts_with("Stop it") {
                break;
            }
        }
        let url =
            printed.split_whitespace().find_map(|word| word.strip_suffix("/docs/")).expect("demo says where it is");
        std::fs::write(folder.path().join("demo.txt"), &printed).unwrap();
        Self { process, url: url.to_owned(), folder }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a page asks to be typed, and after which of its lines what must have been printed.
struct Page {
    script: String,
    expected: Vec<(usize, Vec<String>)>,
}

/// Printed between the commands, so that each fragment is looked for in the output of its own command.
fn mark(line: usize) -> String {
    format!("-- line {line} --")
}

fn read(page: &str) -> Page {
    let (mut script, mut expected) = (String::new(), Vec::<(usize, Vec<String>)>::new());
    let (mut inside, mut fragments) = (false, Vec::new());
    for (number, line) in (1..).zip(page.lines()) {
        if !inside {
            inside = line == "```sh";
            continue;
        }
        let fragment = line.strip_prefix("# => ");
        if fragment.is_none() && !fragments.is_empty() {
            script.push_str(&format!("echo; echo '{}'\n", mark(number)));
            expected.push((number, std::mem::take(&mut fragments)));
        }
        match fragment {
            Some(fragment) => fragments.push(fragment.to_owned()),
            None if line == "```" => inside = false,
            None => {
                script.push_str(line);
                script.push('\n');
            }
        }
    }
    Page { script, expected }
}

#[rstest]
fn what_a_page_says_to_type_works_as_pasted(
    #[files("README.md")]
    #[files("docs/guide-*.md")]
    path: PathBuf,
) {
    let text = std::fs::read_to_string(&path).unwrap();
    let page = read(&text);
    assert!(!page.expected.is_empty(), "the page shows no command with its answer");
    let demo = Demo::start();
    let page = Page { script: page.script.replace(WRITTEN, &demo.url), ..page };
    type_in(&page, Command::new("bash").current_dir(demo.folder.path()));
}

/// Types a page's commands, and holds what they print against what it says.
fn type_in(page: &Page, shell: &mut Command) {
    let output = shell.args(["-euo", "pipefail", "-c", &page.script]).output().expect("the pages need bash and curl");
    let printed = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    let mut rest = printed.as_ref();
    for (line, fragments) in &page.expected {
        let end = mark(*line);
        let (answer, after) =
            rest.split_once(&end).unwrap_or_else(|| panic!("stopped before line {line}: {told}\n{rest}"));
        for fragment in fragments {
            assert!(answer.contains(fragment.as_str()), "before line {line}, expected {fragment}\nin {answer}\n{told}");
        }
        rest = after;
    }
    assert!(output.status.success(), "{}: {told}\n{rest}", output.status);
}

/// Each section is a shell of its own, in one folder; what it leaves running ends with it.
#[test]
fn what_operations_says_to_type_works_as_pasted() {
    let (folder, home) = (support::folder(), tempfile::tempdir().unwrap());
    let database = support::empty_database(support::Postgres, &folder);
    let address = support::address_of(&database);
    let (_, name) = address.split_once(":///").unwrap();
    let (name, server) = name.split_once('?').unwrap();
    let there = |name: &str| format!("'postgres:///{name}?{server}'");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_innovation-register")).parent().unwrap();
    let path = std::env::join_paths(
        [programs.to_owned(), support::programs()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let text = include_str!("../../docs/operations.md");
    assert!(!text.contains("```console"), "commands stand in `sh` blocks, so that they are typed here");
    for section in text.split("\n## ") {
        let page = read(section);
        let script = page
            .script
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
            .replace("postgres://register:PASSWORD@db.example/register", &there(name))
            .replace("postgres://register:PASSWORD@db.example/restored", &there("restored"));
        let page = Page { script: format!("trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n{script}"), ..page };
        let mut shell = Command::new("bash");
        shell.current_dir(home.path()).env("PATH", path.as_ref().unwrap()).env("LISTEN", format!("127.0.0.1:{port}"));
        type_in(&page, &mut shell);
    }
}

#[test]
fn readme_lists_every_setting_as_the_code_has_it() {
    let readme = include_str!("../../README.md");
    let cell = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let row = |setting: &innovation_register::config::Setting| {
        format!("| `{}` | {} | {} |", setting.name, cell(setting.default), setting.meaning)
    };
    let (wanted, listed): (Vec<String>, Vec<&str>) = (
        SETTINGS.iter().map(row).collect(),
        readme
            .lines()
            .skip_while(|line| *line != "| setting | default | meaning |")
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect(),
    );
    assert_eq!(listed, wanted, "the settings table of README.md; it should read:\n{}", wanted.join("\n"));
}

#[test]
fn the_page_on_security_names_tests_that_there_are_and_every_try_of_an_attacker() {
    let page = include_str!("../../docs/security.md");
    let named: BTreeSet<(&str, &str)> =
        page.split('`').skip(1).step_by(2).filter_map(|word| word.split_once("::")).collect();
    let files: Vec<Source> = [sources("tests/it"), sources("src")].into_iter().flatten().collect();
    let is_there = |(file, test): &(&str, &str)| {
        let its = |source: &&Source| source.path.ends_with(&format!("/{file}.rs"));
        files.iter().filter(its).any(|source| source.text.contains(&format!("fn {test}(")))
    };
    let gone: Vec<_> = named.iter().filter(|name| !is_there(name)).collect();
    assert!(gone.is_empty(), "docs/security.md names tests that are gone: {gone:?}");
    for source in files.iter().filter(|source| source.path.starts_with("tests/it/owasp/")) {
        let file = source.path.rsplit('/').next().unwrap().trim_end_matches(".rs");
        let tests =
            source.text.split("test]\n").filter_map(|rest| rest.trim_start_matches("async ").strip_prefix("fn "));
        for test in tests.filter_map(|rest| rest.split('(').next()) {
            assert!(named.contains(&(file, test)), "docs/security.md does not name {file}::{test}");
        }
    }
}
