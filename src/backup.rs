//! The verbs `backup` and `restore`: a database and the key it needs in one file, and back. The file is a ZIP of
//! `manifest.json`, which says what must be in it, the data, and the key.

use crate::audit_events;
use crate::config::{Config, KeySource};
use crate::db::{Conn, DatabaseUrl, copy, migrate, serving};
use crate::error::{Error, Result};
use crate::events::{self, End};
use crate::grants::keys::{SealingKey, write_key};
use crate::vocabulary::{Timestamp, hex, instant};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Raised when an older version could not read the file.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
const DATA: &str = "database";
const KEY: &str = "key";

/// What a back-up says of itself.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    format: u32,
    engine: String,
    /// The version of the service that made it.
    version: String,
    made_at: String,
    content: Content,
}

/// What a database holds, in short.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Content {
    /// The migrations that made its schema, with their checksums where it stores them.
    migrations: BTreeMap<String, Option<String>>,
    /// The number of rows of each table.
    rows: BTreeMap<String, i64>,
    /// The position and the hash of the last numbered event.
    last_event: (i64, String),
}

impl Content {
    fn of(conn: &mut Conn) -> Result<Self> {
        let End { position, hash } = events::end(conn)?;
        Ok(Self { migrations: migrate::checksums(conn)?, rows: copy::rows(conn)?, last_event: (position, hex(&hash)) })
    }

    fn in_words(&self) -> String {
        let rows: i64 = self.rows.values().sum();
        format!("{rows} rows in {} tables, {} numbered events", self.rows.len(), self.last_event.0)
    }

    /// Whether anything in it can be read with the key alone.
    fn is_sealed(&self) -> bool {
        self.rows.get("signing_keys").is_some_and(|number| *number > 0)
    }
}

fn engine(url: &DatabaseUrl) -> &'static str {
    match url {
        DatabaseUrl::Postgres(_) => "postgresql",
        DatabaseUrl::Sqlite(_) => "sqlite",
    }
}

/// Writes one moment of the database, and the key if it lies in a file, into a file that is readable by its owner alone.
/// Returns what was done, in words.
///
/// # Errors
/// `internal`, with words for the operator. Then there is no file of that name.
pub fn backup(config: &Config, file: &Path, without_key: bool, now: Timestamp) -> Result<String> {
    if file.exists() {
        return Err(Error::internal(format!("{} exists already: a back-up never replaces another", file.display())));
    }
    let folder = tempfile::Builder::new().prefix(".backup-").tempdir_in(copy::folder_of(file));
    let folder = folder.map_err(|cause| Error::internal(format!("{}: {cause}", file.display())))?;
    let unfinished = tempfile::NamedTempFile::new_in(folder.path()).map_err(Error::internal)?;
    let mut archive = ZipWriter::new(unfinished);
    let packed = SimpleFileOptions::default().large_file(true).compression_method(CompressionMethod::Deflated);
    // What pg_dump writes is compressed already.
    let as_it_is = packed.compression_method(CompressionMethod::Stored);
    let data = if matches!(config.database, DatabaseUrl::Sqlite(_)) { packed } else { as_it_is };
    archive.start_file(DATA, data).map_err(Error::internal)?;
    let (content, key) = copy::copy_out(&config.database, folder.path(), &mut archive, |conn| {
        let content = Content::of(conn)?;
        let key = if without_key { None } else { usable_key(conn, &config.keys, content.is_sealed())? };
        Ok((content, key))
    })?;
    if let Some(key) = &key {
        archive.start_file(KEY, as_it_is).map_err(Error::internal)?;
        archive.write_all(key.expose_secret().as_bytes()).map_err(Error::internal)?;
    }
    let manifest = Manifest {
        format: FORMAT,
        engine: engine(&config.database).to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: instant(now.naive_utc()),
        content,
    };
    archive.start_file(MANIFEST, packed).map_err(Error::internal)?;
    archive.write_all(&serde_json::to_vec_pretty(&manifest)?).map_err(Error::internal)?;
    copy::keep(archive.finish().map_err(Error::internal)?, file)?;
    let with = if key.is_some() { "with the key" } else { "without a key" };
    Ok(format!("{}: {}, {with}", file.display(), manifest.content.in_words()))
}

/// The key in the configured file, if it unseals what is sealed. A key that is a setting stays where the settings are.
fn usable_key(conn: &mut Conn, source: &KeySource, is_sealed: bool) -> Result<Option<SecretString>> {
    let KeySource::File(path) = source else { return Ok(None) };
    if !is_sealed {
        return Ok(None);
    }
    let open = || Ok((SealingKey::open(source)?, std::fs::read_to_string(path).map_err(|cause| cause.to_string())?));
    let (key, text) = open().map_err(|fault: String| {
        Error::internal(format!("{fault}. With --without-key the back-up is made, but nobody can use its signing keys"))
    })?;
    key.unseal_all(conn)?;
    Ok(Some(text.into()))
}

/// Makes the configured database from a back-up, writes the key into its file, and holds what is there then against the
/// manifest. Returns what was done, in words.
///
/// # Errors
/// `internal`, with words for the operator.
pub fn restore(config: &Config, file: &Path) -> Result<String> {
    let unreadable = |cause: ZipError| Error::internal(format!("{}: {cause}", file.display()));
    let opened = File::open(file).map_err(|cause| unreadable(cause.into()))?;
    let mut archive = ZipArchive::new(opened).map_err(unreadable)?;
    let manifest: Manifest = serde_json::from_reader(archive.by_name(MANIFEST).map_err(unreadable)?)?;
    if manifest.format != FORMAT {
        return Err(Error::internal(format!(
            "this back-up needs the version {} that made it, or a later one",
            manifest.version
        )));
    }
    if manifest.engine != engine(&config.database) {
        return Err(Error::internal(format!("DATABASE_URL: this is a back-up of {}", manifest.engine)));
    }
    let _claim = serving::claim_alone(&config.database)?;
    copy::refuse_used(&config.database)?;
    let mut key = String::new();
    match archive.by_name(KEY) {
        Ok(mut entry) => drop(entry.read_to_string(&mut key).map_err(Error::internal)?),
        Err(ZipError::FileNotFound) => {}
        Err(cause) => return Err(unreadable(cause)),
    }
    put_key(&config.keys, &key, manifest.content.is_sealed())?;
    let copied = copy::copy_in(&config.database, &mut archive.by_name(DATA).map_err(unreadable)?);
    copied.map_err(|error| Error::internal(format!("{}: {}", file.display(), error.in_words())))?;
    // What came after the back-up is gone, and its positions will be given to other events.
    Conn::open(&config.database).and_then(|mut conn| migrate::begin_epoch(&mut conn))?;
    let checked = check(config, &manifest.content).map_err(|error| {
        let fault = error.in_words();
        Error::internal(format!("everything was restored, but {fault}. Do not serve it before you know why"))
    })?;
    Ok(format!("restored the back-up of {} by version {}: {checked}", manifest.made_at, manifest.version))
}

/// Sees to it that the configured key is the one of the back-up.
fn put_key(source: &KeySource, text: &str, is_sealed: bool) -> Result<()> {
    let present = match source {
        KeySource::File(path) if !path.exists() => None,
        _ => Some(SealingKey::open(source).map_err(Error::internal)?),
    };
    match (source, present) {
        (_, Some(present)) if !text.is_empty() => match SealingKey::parse(text) {
            Ok(key) if key.is(&present) => Ok(()),
            _ => Err(Error::internal(
                "KEY_FILE, KEY_SECRET: the configured key is not the one of the back-up; move it away first",
            )),
        },
        (KeySource::File(path), None) if !text.is_empty() => {
            write_key(path, text).map_err(|cause| Error::internal(format!("KEY_FILE: {}: {cause}", path.display())))
        }
        (KeySource::File(path), None) if is_sealed => Err(Error::internal(format!(
            "KEY_FILE: {} is missing, and the back-up was made without the key: put the key there, or set KEY_SECRET, first",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Holds what was restored against what the back-up says of itself.
fn check(config: &Config, wanted: &Content) -> Result<String> {
    let mut conn = Conn::open(&config.database)?;
    let content = Content::of(&mut conn)?;
    if content.rows != wanted.rows {
        let differing = wanted.rows.iter().find(|(table, rows)| content.rows.get(*table) != Some(rows));
        let table = differing.map_or("another", |(table, _)| table);
        return Err(Error::internal(format!("not with the rows that the back-up counted: look at the table {table}")));
    }
    if &content != wanted {
        return Err(Error::internal("its schema or its last event is not the one of the back-up"));
    }
    let sealing =
        if wanted.is_sealed() { Some(SealingKey::open(&config.keys).map_err(Error::internal)?) } else { None };
    let verified = audit_events::ops::verify(&mut conn, sealing.as_ref(), &[])?;
    if !verified.faults.is_empty() {
        return Err(Error::internal(format!("of the audit trail: {}", verified.in_words())));
    }
    if (verified.end.position, hex(&verified.end.hash)) != wanted.last_event {
        return Err(Error::internal("the audit trail does not end where the back-up's does"));
    }
    let keys = sealing.map_or(Ok(0), |sealing| sealing.unseal_all(&mut conn))?;
    let schema = migrate::check(&mut conn).err().map_or(String::new(), |next| format!("; {next}"));
    Ok(format!("{}, the audit trail is whole, {keys} signing key(s) unsealed{schema}", content.in_words()))
}
