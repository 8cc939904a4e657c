//! The verbs of the command line. Standard output carries the answer and nothing else; faults and logs go to
//! standard error.

use crate::access::{Operation, Role};
use crate::audit_events;
use crate::backup;
use crate::config::{Config, SETTINGS};
use crate::db::{Conn, serving, snapshot, transaction};
use crate::error::Error;
use crate::grants::bootstrap::make_first_client;
use crate::grants::ops::{NewLocalToken, issue_local_token};
use crate::grants::{keys, tokens};
use crate::http::Context;
use crate::ods_imports;
use crate::ods_imports::ops::OdsImport;
use crate::ods_imports::rules::OdsFile;
use crate::startup;
use crate::successions;
use crate::traces::{self, Traces};
use crate::vocabulary::{Word, now};
use chrono::TimeDelta;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// The register of health innovations, as a REST/JSON API.
#[derive(Parser)]
#[command(name = "innovation-register", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve demonstration data, and print the address and tokens to try it with
    Demo {
        /// SQLite file to keep the register in. Default: a temporary file
        #[arg(long)]
        database: Option<PathBuf>,
        /// Address and port to serve on. Port 0 uses a free port
        #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
        listen: String,
    },
    /// Serve
    Serve,
    /// Bring the database schema up to date
    Migrate {
        /// Undo every migration instead. All data is lost
        #[arg(long)]
        down: bool,
    },
    /// Load reference and demonstration data into the configured database
    Seed,
    /// Load a file of the Organisation Data Service, and print what became of its rows
    ImportOds {
        /// Which report it is
        #[arg(long, value_parser = ods_file)]
        file: OdsFile,
        /// The file
        path: PathBuf,
        /// Say only what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Load successions of organisations: those of a file, or of integrated care boards on 1 April 2026
    ImportSuccessions {
        /// JSON: {"organisations": [...], "successions": [{"from": ..., "kind": ..., "effectiveOn": ..., "to": [...], "children": [...]}]}
        path: Option<PathBuf>,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Make the first client of a fresh register, a national administrator, and print its id and secret
    Bootstrap {
        /// What to call it
        #[arg(long, default_value = "National administration")]
        name: String,
    },
    /// Write a grant and print a bearer token for it (needs LOCAL_TOKENS=true)
    Token(TokenArguments),
    /// Check the settings and the database
    CheckConfig,
    /// Write the database and its key into one file, while the service runs
    Backup {
        /// The file to make. One that exists is never replaced
        file: PathBuf,
        /// Leave the key out, to keep it in another place
        #[arg(long)]
        without_key: bool,
    },
    /// Hold the audit trail against its hashes, erasures and checkpoints, or sign a checkpoint to keep elsewhere
    Audit {
        #[command(subcommand)]
        verb: AuditVerb,
    },
    /// Make the configured database from a back-up, where there is none or an empty one, and check it
    Restore {
        /// A file that `backup` made
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum AuditVerb {
    /// Say which events were altered, removed or inserted since they were written
    Verify {
        /// A file of checkpoints that were kept elsewhere, one a line, to hold the trail against as well
        #[arg(long)]
        checkpoints: Option<PathBuf>,
    },
    /// Sign where the trail ends, and print that
    Checkpoint,
}

#[derive(clap::Args)]
struct TokenArguments {
    /// national-admin, programme-manager, regional-lead, submitter, fellow, evaluator, reader, applicant or
    /// national-evaluator
    #[arg(long, value_parser = role)]
    role: Role,
    /// Code of the organisation that the grant is for, with all below it
    #[arg(long)]
    organisation: Option<String>,
    /// Slug of the programme that the grant is for
    #[arg(long)]
    programme: Option<String>,
    /// Slug of the innovation that the grant is for
    #[arg(long)]
    innovation: Option<String>,
    /// Subject of the token. Default: an invented one
    #[arg(long)]
    subject: Option<String>,
    /// Code of the organisation that the subject belongs to. Default: the one the grant is for, else England
    #[arg(long)]
    body: Option<String>,
    /// How long the token is valid, such as 10m or 24h
    #[arg(long, default_value = "10m", value_parser = life)]
    ttl: TimeDelta,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("expected one of {}", Role::WORDS.join(", ")))
}

fn life(text: &str) -> Result<TimeDelta, String> {
    let fault = || "expected a number and s, m or h, at most 24h".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(fault)?;
    let number: i64 = number.parse().map_err(|_| fault())?;
    let seconds = match unit {
        "s" => Some(number),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    };
    let life = TimeDelta::try_seconds(seconds.ok_or_else(fault)?).ok_or_else(fault)?;
    if life > TimeDelta::zero() && life <= tokens::LONGEST_LIFE { Ok(life) } else { Err(fault()) }
}

/// Runs the verb that the command line names.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::Demo { database, listen } => demo(database, &listen),
        Verb::Serve => configured().and_then(serve),
        Verb::Migrate { down } => configured().and_then(|config| migrate(&config, down)),
        Verb::Seed => configured().and_then(|config| seed(&config)).map(|loaded| print(&loaded)),
        Verb::ImportOds { file, path, dry_run } => configured()
            .and_then(|config| import_ods(&config, OdsImport { file, dry_run, on: None }, &path))
            .map(|done| print(&done)),
        Verb::ImportSuccessions { path } => {
            configured().and_then(|config| import_successions(&config, path.as_deref())).map(|done| print(&done))
        }
        Verb::Openapi => print_openapi(),
        Verb::Token(arguments) => configured().and_then(|config| token(&config, arguments)),
        Verb::Bootstrap { name } => configured().and_then(|config| bootstrap(&config, &name)),
        Verb::CheckConfig => configured().and_then(|config| check_config(&config)),
        Verb::Backup { file, without_key } => configured()
            .and_then(|config| backup::backup(&config, &file, without_key, now()).map_err(Error::in_words))
            .map(|done| print(&done)),
        Verb::Audit { verb: AuditVerb::Verify { checkpoints } } => {
            configured().and_then(|config| verify(&config, checkpoints.as_deref())).map(|done| print(&done))
        }
        Verb::Audit { verb: AuditVerb::Checkpoint } => {
            configured().and_then(|config| checkpoint(&config)).map(|signed| print(&signed))
        }
        Verb::Restore { file } => configured()
            .and_then(|config| backup::restore(&config, &file).map_err(Error::in_words))
            .map(|done| print(&done)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&mut std::io::stderr(), fault.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// A closed pipe is no reason to fail.
fn say(out: &mut impl Write, line: &str) {
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn print(line: &str) {
    say(&mut std::io::stdout(), line);
}

fn configured() -> Result<Config, String> {
    Config::from_environment(&[]).map_err(|faults| faults.to_string())
}

/// Starts the log on standard error, written by a thread of its own, so that no request waits for who reads it. What
/// still waits is written when the guard goes; where more wait than the queue holds, the latest are dropped.
fn start_log(directives: &str, traces: Option<&Traces>) -> Result<WorkerGuard, String> {
    let filter = EnvFilter::try_new(directives).map_err(|cause| format!("LOG: {cause}"))?;
    let filter = filter.and(filter_fn(|metadata| metadata.target() != traces::TARGET));
    let log = tracing_subscriber::fmt::layer().json().flatten_event(true);
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(10_000).finish(std::io::stderr());
    let log = log.with_current_span(false).with_span_list(false).with_writer(writer).with_filter(filter);
    let sent = traces.map(|traces| {
        let only = filter_fn(|metadata| metadata.target() == traces::TARGET);
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer())
            .with_location(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_threads(false)
            .with_filter(only)
    });
    let started = tracing_subscriber::registry().with(log).with(sent).try_init();
    started.map(|()| guard).map_err(|cause| format!("LOG: {cause}"))
}

fn serve(config: Config) -> Result<(), String> {
    let shown = config.listen;
    actix_web::rt::System::new().block_on(async move {
        let traces = config.traces.as_deref().map(Traces::start).transpose()?;
        let _log = start_log(&config.log, traces.as_ref())?;
        if let Some(caution) = config.database.caution() {
            tracing::warn!("{caution}");
        }
        let running = startup::build(config, Arc::new(now)).await?;
        if shown.port() == 0 {
            print(&format!("http://{}", running.address));
        }
        tracing::info!(address = %running.address, "listening");
        startup::serve(running).await
    })
}

fn migrate(config: &Config, down: bool) -> Result<(), String> {
    let ran = if down {
        let alone = serving::claim_alone(&config.database);
        alone.and_then(|_claim| crate::db::migrate::down(&config.database)).map_err(Error::in_words)
    } else {
        startup::migrate_database(&config.database, now())
    }?;
    match ran.as_slice() {
        [] => print("nothing to do"),
        names => names.iter().for_each(|name| print(name)),
    }
    Ok(())
}

/// Loads the demonstration data, and says what there is now.
fn seed(config: &Config) -> Result<String, String> {
    let mut conn = startup::open_database(&config.database, now())?;
    transaction(&mut conn, |conn| crate::demonstration::seed(conn, &Context::local(Operation::seed, now())))
        .map_err(Error::in_words)
}

fn ods_file(text: &str) -> Result<OdsFile, String> {
    OdsFile::parse(text).ok_or_else(|| format!("expected one of {}", OdsFile::WORDS.join(", ")))
}

fn import_ods(config: &Config, asked: OdsImport, path: &Path) -> Result<String, String> {
    let sent = std::fs::File::open(path).map_err(|cause| format!("{}: {cause}", path.display()))?;
    let mut conn = startup::open_database(&config.database, now())?;
    let context = Context::local(Operation::import_ods_file, now());
    transaction(&mut conn, |conn| ods_imports::ops::load(conn, &context, &asked, sent)).map_err(Error::in_words)
}

fn import_successions(config: &Config, path: Option<&Path>) -> Result<String, String> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|cause| format!("{}: {cause}", path.display()));
    let file = path.map(read).transpose()?;
    let mut conn = startup::open_database(&config.database, now())?;
    let context = Context::local(Operation::create_organisation_succession, now());
    let loaded = transaction(&mut conn, |conn| successions::load::load(conn, &context, file.as_deref()));
    loaded.map(|number| format!("{number} successions loaded")).map_err(Error::in_words)
}

fn print_openapi() -> Result<(), String> {
    let document = startup::document().map_err(|cause| cause.to_string())?;
    print(&serde_json::to_string_pretty(&document).map_err(|cause| cause.to_string())?);
    Ok(())
}

fn check_config(config: &Config) -> Result<(), String> {
    print(&format!("{} settings read; issuer {}, audience {}", SETTINGS.len(), issuer(config), config.audience));
    config.database.caution().into_iter().for_each(print);
    startup::open_database(&config.database, now()).map(drop)?;
    print("the database can be reached and its schema is up to date");
    Ok(())
}

/// Makes the first client, and says how it gets a token.
fn bootstrap(config: &Config, name: &str) -> Result<(), String> {
    let mut conn = startup::open_database(&config.database, now())?;
    let context = Context::local(Operation::create_client, now());
    let first = transaction(&mut conn, |conn| make_first_client(conn, &context, name)).map_err(Error::in_words)?;
    let issuer = issuer(config);
    print(&format!("client_id      {}", first.id));
    print(&format!("client_secret  {}", first.secret));
    print(&format!("good until     {}", first.until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)));
    print("");
    print(
        "Keep the secret: it is not shown again. With the service running, it gets a token of ten minutes like this:",
    );
    print(&format!(
        "  curl -s {issuer}/oauth2/token -d grant_type=client_credentials -d client_id={} -d client_secret={}",
        first.id, first.secret
    ));
    Ok(())
}

/// The issuer of tokens where nothing listens yet.
fn issuer(config: &Config) -> String {
    config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen))
}

/// Says that the audit trail is whole, or what is wrong with it.
fn verify(config: &Config, elsewhere: Option<&Path>) -> Result<String, String> {
    let unreadable = |file: &Path, cause: std::io::Error| format!("--checkpoints {}: {cause}", file.display());
    let read = |file| std::fs::read_to_string(file).map_err(|cause| unreadable(file, cause));
    let elsewhere = elsewhere.map(read).transpose()?.unwrap_or_default();
    let elsewhere: Vec<String> = elsewhere.split_whitespace().map(str::to_owned).collect();
    let sealing = keys::SealingKey::open(&config.keys)?;
    let mut conn = startup::open_database(&config.database, now())?;
    let verified = snapshot(&mut conn, |conn| audit_events::ops::verify(conn, Some(&sealing), &elsewhere));
    let verified = verified.map_err(Error::in_words)?;
    if verified.faults.is_empty() { Ok(verified.in_words()) } else { Err(verified.in_words()) }
}

/// Signs where the audit trail ends.
fn checkpoint(config: &Config) -> Result<String, String> {
    let sealing = keys::SealingKey::open(&config.keys)?;
    let mut conn = startup::open_database(&config.database, now())?;
    let signed = transaction(&mut conn, |conn| audit_events::checkpoints::sign(conn, &sealing, now()));
    signed.map_err(Error::in_words)?.ok_or_else(|| "no event is numbered yet".to_owned())
}

fn token(config: &Config, arguments: TokenArguments) -> Result<(), String> {
    if !config.local_tokens {
        return Err("tokens are printed only with LOCAL_TOKENS=true, which is meant for trials and tests".to_owned());
    }
    let mut conn = startup::open_database(&config.database, now())?;
    let wanted = NewLocalToken {
        role: arguments.role,
        organisation: arguments.organisation,
        programme: arguments.programme,
        innovation: arguments.innovation,
        subject: arguments.subject,
        body: arguments.body,
        life: arguments.ttl,
    };
    print(&local_token(&mut conn, config, &issuer(config), &wanted)?);
    Ok(())
}

/// Writes the grant and signs the token.
fn local_token(conn: &mut Conn, config: &Config, issuer: &str, wanted: &NewLocalToken) -> Result<String, String> {
    let context = Context::local(Operation::issue_local_token, now());
    let issuer = (issuer, config.audience.as_str());
    let issue = |conn: &mut Conn| {
        let sealing = keys::SealingKey::open_or_make(conn, &config.keys)?;
        issue_local_token(conn, &sealing, &context, issuer, wanted)
    };
    transaction(conn, issue).map_err(Error::in_words)
}

fn demo(database: Option<PathBuf>, listen: &str) -> Result<(), String> {
    let throwaway = tempfile::tempdir().map_err(|cause| cause.to_string())?;
    let path = database.unwrap_or_else(|| throwaway.path().join("demo.sqlite"));
    let url = format!("sqlite://{}", path.display());
    let settings = [("DATABASE_URL", url.as_str()), ("LISTEN", listen), ("LOCAL_TOKENS", "true"), ("LOG", "warn")];
    let config = Config::from_environment(&settings).map_err(|faults| faults.to_string())?;
    let _log = start_log(&config.log, None)?;
    actix_web::rt::System::new().block_on(async move {
        // First, since it claims the file.
        let running = startup::build(config.clone(), Arc::new(now)).await?;
        seed(&config)?;
        let issuer = format!("http://{}", running.address);
        let mut conn = startup::open_database(&config.database, now())?;
        for line in crate::demonstration::welcome(&issuer, |person| local_token(&mut conn, &config, &issuer, person))? {
            print(&line);
        }
        drop(conn);
        startup::serve(running).await
    })
}
