//! One throwaway PostgreSQL for this test process, and a database in it for each test, copied from a migrated template.

use super::app::{START, connect, seed};
use diesel::connection::SimpleConnection;
use innovation_register::db::Conn;
use innovation_register::db::DatabaseUrl;
use innovation_register::startup::migrate_database;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, OnceLock};
use std::time::{Duration, Instant};

const NONE_HERE: &str = "these tests run on both engines, and this machine has no PostgreSQL server. Type:

    sudo apt-get install -y postgresql

or set PG_BIN to the folder that holds initdb and postgres, and run them again.";

/// Nobody: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

struct Cluster {
    folder: PathBuf,
    admin: Mutex<Conn>,
    /// The server ends when this closes, however this process ends.
    _lifeline: ChildStdin,
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    CLUSTER.get_or_init(start).as_ref().unwrap_or_else(|fault| panic!("{fault}"))
}

/// A database of the test's own, with the schema and the reference data in it.
pub fn database() -> DatabaseUrl {
    copy_of("template_register")
}

/// One with the demonstration in it.
pub fn seeded_database() -> DatabaseUrl {
    static SEEDED: Once = Once::new();
    SEEDED.call_once(|| {
        cluster().make("template_demonstration", "template_register");
        seed(&cluster().url("template_demonstration"));
    });
    copy_of("template_demonstration")
}

fn copy_of(template: &str) -> DatabaseUrl {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let cluster = cluster();
    let name = format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed));
    cluster.make(&name, template);
    cluster.url(&name)
}

/// Takes a test's database away, whoever still holds it: a hundred of them would fill the disk with copies.
pub fn discard(database: &DatabaseUrl) {
    let name = name(database);
    let mut admin = cluster().admin.lock().expect("no test fails while it holds the connection");
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).expect("the database is ours");
}

fn name(database: &DatabaseUrl) -> &str {
    let DatabaseUrl::Postgres(url) = database else { panic!("PostgreSQL has no SQLite file") };
    url.trim_start_matches("postgres:///").split('?').next().unwrap_or_default()
}

/// The entries of the server's log about a database, oldest first.
pub fn log(database: &DatabaseUrl) -> Vec<String> {
    let text = std::fs::read_to_string(cluster().folder.join("log")).expect("the server writes a log");
    let ours = format!("{}: ", name(database));
    // Each entry begins with the name of its database, and its further lines with a tab.
    text.replace("\n\t", " ").lines().filter_map(|entry| entry.strip_prefix(&ours)).map(str::to_owned).collect()
}

/// A database with nothing in it.
pub fn empty_database() -> DatabaseUrl {
    let DatabaseUrl::Postgres(url) = database() else { unreachable!("PostgreSQL makes PostgreSQL databases") };
    let url = DatabaseUrl::Postgres(url);
    let wipe = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    connect(&url).batch_execute(wipe).expect("the database is ours");
    url
}

impl Cluster {
    fn url(&self, database: &str) -> DatabaseUrl {
        let folder = self.folder.display();
        DatabaseUrl::parse(&format!("postgres:///{database}?host={folder}&user=register")).expect("a good address")
    }

    fn make(&self, name: &str, template: &str) {
        let mut admin = self.admin.lock().expect("no test fails while it holds the connection");
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).expect("the template is there");
    }
}

fn start() -> Result<Cluster, String> {
    let programs = find_programs().ok_or(NONE_HERE)?;
    let folder =
        tempfile::Builder::new().prefix("register-postgres-").tempdir().map_err(|cause| cause.to_string())?.keep();
    let root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if root {
        chown(&folder, Some(NOBODY), Some(NOBODY)).map_err(|cause| cause.to_string())?;
    }
    let command = |program: &Path| {
        let mut command = Command::new(program);
        command.current_dir(&folder).env_remove("PGDATA").process_group(0);
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    };
    let made = command(&programs.join("initdb"))
        .args([
            "-D",
            "data",
            "-U",
            "register",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ])
        .output()
        .map_err(|cause| format!("initdb: {cause}"))?;
    if !made.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
    }
    // The shell waits for its standard input to close, which the end of this process does for us, even a violent one.
    let script = "\"$0\" -D data -k \"$PWD\" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
                  -c wal_level=minimal -c max_wal_senders=0 -c checkpoint_timeout=1h \
                  -c log_line_prefix='%d: ' -c max_connections=300 -c shared_buffers=64MB -c autovacuum=off -c dynamic_shared_memory_type=mmap >log 2>&1 </dev/null &
                  cat >/dev/null; kill -QUIT $!; wait; cd /; rm -rf \"$OLDPWD\"";
    let mut server = command(Path::new("/bin/sh"))
        .args(["-c", script])
        .arg(programs.join("postgres"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|cause| cause.to_string())?;
    let lifeline = server.stdin.take().ok_or("the server has no standard input")?;
    let socket = format!("postgres:///postgres?host={}&user=register", folder.display());
    let admin = first_connection(&DatabaseUrl::parse(&socket)?, &folder)?;
    let cluster = Cluster { folder, admin: Mutex::new(admin), _lifeline: lifeline };
    cluster.make("template_register", "template0");
    migrate_database(&cluster.url("template_register"), START())?;
    Ok(cluster)
}

fn first_connection(url: &DatabaseUrl, folder: &Path) -> Result<Conn, String> {
    let started = Instant::now();
    loop {
        match Conn::open(url) {
            Ok(conn) => return Ok(conn),
            Err(_) if started.elapsed() < Duration::from_secs(30) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => {
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(format!("PostgreSQL did not start within 30 s:\n{log}"));
            }
        }
    }
}

/// The folder of the server's programs.
pub fn programs() -> PathBuf {
    find_programs().expect(NONE_HERE)
}

/// The folder of the server's programs: `PG_BIN`, the PATH, or where Debian puts them, the newest first.
fn find_programs() -> Option<PathBuf> {
    let named = std::env::var_os("PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort();
    let mut places = named.into_iter().chain(std::env::split_paths(&path)).chain(debian.into_iter().rev());
    places.find(|place| place.join("initdb").exists() && place.join("postgres").exists())
}
