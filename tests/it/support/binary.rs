//! The binary as an operator runs it.

use innovation_register::db::DatabaseUrl;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

/// The binary with these settings and no others.
pub fn binary(settings: &[(&'static str, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innovation-register"));
    command.args(arguments).env_clear().envs(settings.iter().map(|(name, value)| (*name, value)));
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What a verb says on standard output when it succeeds.
pub fn run(settings: &[(&'static str, String)], arguments: &[&str]) -> String {
    let output = binary(settings, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    said(&output)
}

/// What a verb says on standard error when it fails.
pub fn fail(settings: &[(&'static str, String)], arguments: &[&str]) -> String {
    let output = binary(settings, arguments).output().unwrap();
    assert!(!output.status.success() && said(&output).is_empty(), "{arguments:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Settings for a database, where tokens have an issuer that does not hang on the port.
pub fn told(database: &DatabaseUrl) -> Vec<(&'static str, String)> {
    let mut settings = super::settings(database);
    settings.extend([("PUBLIC_URL", "http://register.test".to_owned()), ("LOG", "error".to_owned())]);
    settings
}

/// A `serve` that is killed when it is dropped.
pub struct Served {
    pub process: Child,
    pub url: String,
}

impl Served {
    pub fn start(settings: &[(&'static str, String)]) -> Self {
        let mut process = binary(settings, &["serve"]).stdout(Stdio::piped()).spawn().unwrap();
        let url = BufReader::new(process.stdout.take().unwrap()).lines().next().expect("it says where it is").unwrap();
        Self { process, url }
    }
}

impl Drop for Served {
    /// SIGKILL: it has no time to put anything in order.
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
