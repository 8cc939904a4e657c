//! Every setting: its name, what it means, its default. Read from the environment and, below it, from a TOML file
//! named by `CONFIG`. All faults are reported at once.

use crate::db::{DatabaseUrl, Sizes};
use ipnet::IpNet;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// One row of the settings table: README shows it, a test compares the two.
pub struct Setting {
    pub name: &'static str,
    pub default: &'static str,
    pub meaning: &'static str,
}

macro_rules! settings {
    ($($name:literal = $default:literal, $meaning:literal;)*) => {
        /// All settings, in the order README lists them.
        pub const SETTINGS: &[Setting] = &[$(Setting { name: $name, default: $default, meaning: $meaning },)*];
    };
}

settings! {
    "DATABASE_URL" = "sqlite://innovation-register.sqlite", "`sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`. The connection to a PostgreSQL on another machine uses TLS and checks who answers (`sslmode=verify-full`), unless the URL says another `sslmode`; `prefer` and `allow` are refused.";
    "LISTEN" = "127.0.0.1:8080", "Address and port to serve on. Port 0 uses a free port and prints it.";
    "METRICS_LISTEN" = "off", "Address of a separate listener for `/metrics` (Prometheus), or `off`.";
    "PUBLIC_URL" = "", "The address that clients use, such as `https://register.example`. It is also the issuer of tokens. Empty: `http://` and the address in `LISTEN`.";
    "AUDIENCE" = "innovation-register", "The `aud` that an access token must have.";
    "PUBLIC_READ" = "true", "Whether reference data and the public properties of innovations can be read without a token.";
    "LOCAL_TOKENS" = "false", "Whether the `token` command may write grants and print tokens. For trials and tests only.";
    "KEY_FILE" = "", "File with the key that encrypts the signing keys, readable by its owner only. Every instance needs the same key. Empty: `PATH.keys` beside the SQLite file, or `innovation-register.keys` in the working folder with PostgreSQL.";
    "KEY_SECRET" = "", "The same key as 64 hexadecimal digits, instead of a file.";
    "OIDC_ISSUER" = "", "The `iss` of an external OpenID Connect issuer to trust, in addition to the built-in issuer.";
    "OIDC_JWKS_FILE" = "", "File with the public keys (JWKS) of that issuer.";
    "OIDC_JWKS_URL" = "", "Address of the public keys of that issuer, instead of a file. They are read again every ten minutes, and when a token names an unknown key.";
    "OIDC_ALGORITHMS" = "RS256,RS512,PS256,ES256,ES384,EdDSA", "The algorithms that the tokens of that issuer may be signed with.";
    "OIDC_GRANTS_FILE" = "", "TOML file that says which claims of that issuer's tokens stand for which grants.";
    "OIDC_AUDIENCE" = "", "The `aud` that the tokens of that issuer must have.";
    "GIVING_PREFIX" = "360G-innovationregister", "The publisher's prefix in the 360Giving export, with which the id of every grant begins.";
    "GIVING_PUBLISHER" = "Innovation Register", "The publisher's name in the 360Giving export.";
    "RATE_LIMIT" = "1000/s", "Requests that one client may send: `N/s`, `N/m` or `off`.";
    "PRIVATE_NETWORKS" = "", "Private addresses and networks, separated by commas, that may be called where a client gives an address, such as that of its keys. Empty: none.";
    "STORAGE_PER_DAY" = "4294967296", "Bytes that one client may have stored in a day (UTC): its bodies of more than 16 KiB, its rejected rows and its long answers. `off`: no limit.";
    "TRUSTED_PROXIES" = "", "Addresses and networks of proxies, separated by commas, such as `10.0.0.5, 10.1.0.0/16`. Callers without a token are counted by the address that the last of these gives in `X-Forwarded-For`. Empty: by the address of the connection. `Forwarded` is never read.";
    "CORS_ORIGINS" = "", "Origins from which browsers may call, separated by commas, or `*` for all.";
    "WORKERS" = "0", "Threads that serve HTTP. 0: one for each processor core.";
    "DB_READERS" = "0", "Threads for short reads. 0: two for each processor core.";
    "DB_WRITERS" = "0", "Threads for short writes to PostgreSQL. 0: two for each processor core. SQLite has one writer.";
    "DB_BULK" = "2", "Threads for imports, as many for exports, and as many for reports.";
    "DB_PATIENCE" = "5", "Seconds within which a request is answered. If the database has not answered by then, the answer is 503.";
    "DB_BULK_PATIENCE" = "120", "The same for imports of more than 16 KiB, exports and reports.";
    "BODY_TIMEOUT" = "60", "Seconds that a request body may take to arrive.";
    "MAX_JSON_BYTES" = "1048576", "Largest JSON body, in bytes.";
    "MAX_UPLOAD_BYTES" = "104857600", "Largest submission or import, in bytes.";
    "MAX_EXPORT_BYTES" = "1073741824", "Largest export that is answered at once, in bytes.";
    "MAX_JOB_EXPORT_BYTES" = "4294967296", "Largest export that a job makes, in bytes. It is kept in the database for seven days.";
    "SHUTDOWN_DELAY" = "5", "Seconds after SIGTERM in which new requests are still answered, while `/health/ready` is 503 so that none are sent.";
    "SHUTDOWN_GRACE" = "30", "Seconds in which requests in progress can finish after SIGTERM.";
    "OTEL_EXPORTER_OTLP_ENDPOINT" = "", "Address of an OpenTelemetry collector that takes traces by OTLP over HTTP, such as `http://127.0.0.1:4318`. `OTEL_TRACES_SAMPLER` and `OTEL_RESOURCE_ATTRIBUTES` are honoured beside it. Empty: no traces.";
    "LOG" = "info", "What is logged: a level or `tracing` directives. Logs are JSON lines on standard error.";
}

/// How many requests a client may send in a second, on average, and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub requests: NonZeroU32,
    pub per: Duration,
}

/// An OpenID Connect issuer outside this service.
#[derive(Debug, Clone)]
pub struct ExternalIssuer {
    pub issuer: String,
    pub keys: ExternalKeys,
    pub algorithms: Vec<String>,
    pub audience: String,
    pub grants_file: Option<PathBuf>,
}

/// Where the public keys of an external issuer are.
#[derive(Debug, Clone)]
pub enum ExternalKeys {
    File(PathBuf),
    Url(String),
}

#[derive(Debug, Clone)]
pub enum KeySource {
    File(PathBuf),
    Secret(SecretString),
}

/// Who publishes the grants as open data.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// As registered with 360Giving.
    pub prefix: String,
    pub name: String,
}

/// The settings, typed.
#[derive(Debug, Clone)]
pub struct Config {
    pub database: DatabaseUrl,
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub public_url: Option<String>,
    pub audience: String,
    pub public_read: bool,
    pub local_tokens: bool,
    pub keys: KeySource,
    pub oidc: Option<ExternalIssuer>,
    pub giving: Publisher,
    pub rate_limit: Option<RateLimit>,
    pub private_networks: Vec<IpNet>,
    /// The most bytes that a client may have stored in a day.
    pub storage_per_day: Option<u64>,
    pub trusted_proxies: Vec<IpNet>,
    pub cors_origins: Vec<String>,
    pub workers: usize,
    pub db: Sizes,
    pub body_timeout: Duration,
    pub max_json_bytes: usize,
    pub max_upload_bytes: u64,
    pub max_export_bytes: u64,
    pub max_job_export_bytes: u64,
    pub shutdown_delay: Duration,
    pub shutdown_grace: Duration,
    /// Where the collector of traces is.
    pub traces: Option<String>,
    pub log: String,
}

/// Every fault of a configuration.
#[derive(Debug)]
pub struct ConfigFaults(pub Vec<String>);

impl std::fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "the configuration has {} fault(s):", self.0.len())?;
        self.0.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}

impl Config {
    /// Reads the environment and the file that `CONFIG` names; the given pairs go before both.
    ///
    /// # Errors
    /// Every fault found, each with the setting's name and what was expected.
    pub fn from_environment(fixed: &[(&str, &str)]) -> Result<Self, ConfigFaults> {
        let environment = |name: &str| std::env::var(name).ok();
        let file = environment("CONFIG").map(PathBuf::from);
        let mut faults = Vec::new();
        let table = file.map(|path| read_file(&path, &mut faults)).unwrap_or_default();
        let fixed = |name: &str| fixed.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Self::from_lookup(|name| fixed(name).or_else(|| environment(name)).or_else(|| table.get(name).cloned()), faults)
    }

    /// Reads settings from the given pairs alone; what is absent takes its default.
    ///
    /// # Errors
    /// As [`Config::from_environment`].
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Result<Self, ConfigFaults> {
        let table: BTreeMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let faults =
            table.keys().filter(|name| !is_setting(name)).map(|name| format!("{name}: no such setting")).collect();
        Self::from_lookup(|name| table.get(name).cloned(), faults)
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>, faults: Vec<String>) -> Result<Self, ConfigFaults> {
        let mut read = Reader { lookup, faults };
        let database = read.parsed("DATABASE_URL", DatabaseUrl::parse);
        let listen = read.parsed("LISTEN", address);
        let metrics_listen =
            read.parsed("METRICS_LISTEN", |text| if text == "off" { Ok(None) } else { address(text).map(Some) });
        let public_url = read.optional("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        if public_url.as_ref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            read.faults.push("PUBLIC_URL: expected an address that begins with http:// or https://".to_owned());
        }
        let keys = read.keys(database.as_ref());
        let oidc = read.oidc();
        let rate_limit = read.parsed("RATE_LIMIT", rate_limit);
        let private_networks = read.parsed("PRIVATE_NETWORKS", networks);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let or_per_core = |number: usize, per_core: usize| if number == 0 { per_core * cores } else { number };
        let whole = |text: &str| text.parse::<usize>().map_err(|_| "expected a whole number".to_owned());
        let seconds = |text: &str| match text.parse::<u64>() {
            Ok(n) if n > 0 => Ok(Duration::from_secs(n)),
            _ => Err("expected a whole number of seconds, at least 1".to_owned()),
        };
        let seconds_or_none = |text: &str| {
            text.parse().map(Duration::from_secs).map_err(|_| "expected a whole number of seconds".to_owned())
        };
        let (workers, readers, writers) =
            (read.parsed("WORKERS", whole), read.parsed("DB_READERS", whole), read.parsed("DB_WRITERS", whole));
        let (bulk, patience) = (read.parsed("DB_BULK", whole), read.parsed("DB_PATIENCE", seconds));
        let bulk_patience = read.parsed("DB_BULK_PATIENCE", seconds);
        let (body_timeout, shutdown_grace) =
            (read.parsed("BODY_TIMEOUT", seconds), read.parsed("SHUTDOWN_GRACE", seconds));
        let shutdown_delay = read.parsed("SHUTDOWN_DELAY", seconds_or_none);
        let (max_json_bytes, max_upload_bytes, max_export_bytes) = (
            read.parsed("MAX_JSON_BYTES", whole),
            read.parsed("MAX_UPLOAD_BYTES", whole),
            read.parsed("MAX_EXPORT_BYTES", whole),
        );
        let max_job_export_bytes = read.parsed("MAX_JOB_EXPORT_BYTES", whole);
        let flag = |text: &str| text.parse::<bool>().map_err(|_| "expected true or false".to_owned());
        let (public_read, local_tokens) = (read.parsed("PUBLIC_READ", flag), read.parsed("LOCAL_TOKENS", flag));
        let audience = read.text("AUDIENCE");
        let bytes_or_off = |text: &str| match text {
            "off" => Ok(None),
            bytes => bytes.parse().map(Some).map_err(|_| "expected a number of bytes, or off".to_owned()),
        };
        let storage_per_day = read.parsed("STORAGE_PER_DAY", bytes_or_off);
        let trusted_proxies = read.parsed("TRUSTED_PROXIES", networks);
        let cors_origins =
            read.text("CORS_ORIGINS").split(',').map(str::trim).filter(|o| !o.is_empty()).map(str::to_owned).collect();
        let log = read.text("LOG");
        let traces = read.optional("OTEL_EXPORTER_OTLP_ENDPOINT").map(|url| url.trim_end_matches('/').to_owned());
        let prefix = |text: &str| {
            let fits = text.strip_prefix("360G-").is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            });
            if fits { Ok(text.to_owned()) } else { Err("expected 360G- and letters, digits, - or _".to_owned()) }
        };
        let (prefix, publisher) = (read.parsed("GIVING_PREFIX", prefix), read.text("GIVING_PUBLISHER"));
        let complete = || {
            Some(Self {
                database: database?,
                listen: listen?,
                metrics_listen: metrics_listen?,
                public_url,
                audience,
                public_read: public_read?,
                local_tokens: local_tokens?,
                keys: keys?,
                oidc,
                giving: Publisher { prefix: prefix?, name: publisher },
                rate_limit: rate_limit?,
                private_networks: private_networks?,
                storage_per_day: storage_per_day?,
                trusted_proxies: trusted_proxies?,
                cors_origins,
                workers: or_per_core(workers?, 1),
                db: Sizes {
                    readers: or_per_core(readers?, 2),
                    writers: or_per_core(writers?, 2),
                    bulk: bulk?.max(1),
                    patience: patience?,
                    bulk_patience: bulk_patience?,
                },
                body_timeout: body_timeout?,
                max_json_bytes: max_json_bytes?,
                max_upload_bytes: max_upload_bytes? as u64,
                max_export_bytes: max_export_bytes? as u64,
                max_job_export_bytes: max_job_export_bytes? as u64,
                shutdown_delay: shutdown_delay?,
                shutdown_grace: shutdown_grace?,
                traces,
                log,
            })
        };
        match complete() {
            Some(config) if read.faults.is_empty() => Ok(config),
            _ => Err(ConfigFaults(read.faults)),
        }
    }
}

struct Reader<L> {
    lookup: L,
    faults: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn text(&self, name: &str) -> String {
        let default = || SETTINGS.iter().find(|s| s.name == name).map_or("", |s| s.default).to_owned();
        (self.lookup)(name).unwrap_or_else(default)
    }

    fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        parse(&self.text(name)).map_err(|fault| self.faults.push(format!("{name}: {fault}"))).ok()
    }

    fn keys(&mut self, database: Option<&DatabaseUrl>) -> Option<KeySource> {
        match (self.optional("KEY_SECRET"), self.optional("KEY_FILE"), database) {
            (Some(_), Some(_), _) => {
                self.faults.push("KEY_SECRET: give it or KEY_FILE, not both".to_owned());
                None
            }
            (Some(secret), None, _) if secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Some(KeySource::Secret(secret.into()))
            }
            (Some(_), None, _) => {
                self.faults.push("KEY_SECRET: expected 64 hexadecimal digits".to_owned());
                None
            }
            (None, Some(file), _) => Some(KeySource::File(file.into())),
            (None, None, Some(DatabaseUrl::Sqlite(path))) => Some(KeySource::File(format!("{path}.keys").into())),
            (None, None, Some(DatabaseUrl::Postgres(_))) => Some(KeySource::File("innovation-register.keys".into())),
            (None, None, None) => None,
        }
    }

    fn oidc(&mut self) -> Option<ExternalIssuer> {
        let file = self.optional("OIDC_JWKS_FILE").map(|file| ExternalKeys::File(file.into()));
        let url = self.optional("OIDC_JWKS_URL").map(ExternalKeys::Url);
        let grants_file = self.optional("OIDC_GRANTS_FILE").map(PathBuf::from);
        let algorithms: Vec<String> =
            self.text("OIDC_ALGORITHMS").split(',').map(|name| name.trim().to_owned()).collect();
        let asymmetric = |name: &String| {
            ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"].contains(&name.as_str())
        };
        match (self.optional("OIDC_ISSUER"), file, url, self.optional("OIDC_AUDIENCE")) {
            _ if !algorithms.iter().all(asymmetric) => {
                self.faults
                    .push("OIDC_ALGORITHMS: expected algorithms with public keys, such as RS256,ES256".to_owned());
                None
            }
            (Some(issuer), Some(keys), None, Some(audience)) | (Some(issuer), None, Some(keys), Some(audience)) => {
                Some(ExternalIssuer { issuer, keys, algorithms, audience, grants_file })
            }
            (None, None, None, None) if grants_file.is_none() => None,
            _ => {
                let together = "give OIDC_ISSUER, OIDC_AUDIENCE and one of OIDC_JWKS_FILE and OIDC_JWKS_URL together";
                self.faults.push(format!("OIDC_ISSUER: {together}"));
                None
            }
        }
    }
}

fn is_setting(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == name)
}

/// The file's keys are the settings' names in any case; values may be text, numbers or booleans.
fn read_file(path: &std::path::Path, faults: &mut Vec<String>) -> BTreeMap<String, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) => {
            faults.push(format!("CONFIG: the file cannot be read: {cause}"));
            return BTreeMap::new();
        }
    };
    let table: toml::Table = match toml::from_str(&text) {
        Ok(table) => table,
        Err(cause) => {
            faults.push(format!("CONFIG: the file is no TOML: {}", cause.message()));
            return BTreeMap::new();
        }
    };
    let mut settings = BTreeMap::new();
    for (key, value) in table {
        let name = key.to_ascii_uppercase();
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => {
                faults.push(format!("{name}: expected text, a number or true/false in the file"));
                continue;
            }
        };
        if is_setting(&name) {
            settings.insert(name, text);
        } else {
            faults.push(format!("{name}: no such setting"));
        }
    }
    settings
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and port, such as 127.0.0.1:8080".to_owned())
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |one: &str| {
        let address = one.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        address
            .or_else(|_| one.parse::<IpNet>())
            .map_err(|_| "expected addresses or networks, such as 10.0.0.5, 10.1.0.0/16".to_owned())
    };
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(network).collect()
}

fn rate_limit(text: &str) -> Result<Option<RateLimit>, String> {
    if text == "off" {
        return Ok(None);
    }
    let fault = || "expected N/s, N/m or off".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(fault)?;
    let per = match unit {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        _ => return Err(fault()),
    };
    Ok(Some(RateLimit { requests: number.parse().map_err(|_| fault())?, per }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = Config::from_pairs(&[("LISTEN", "here"), ("RATE_LIMIT", "fast"), ("SPEED", "1")]).unwrap_err().0;
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let config = |text| Config::from_pairs(&[("TRUSTED_PROXIES", text)]);
        assert_eq!(config("10.0.0.5, 10.1.0.0/16,2001:db8::/32").unwrap().trusted_proxies.len(), 3);
        assert!(config("10.0.0.5, home").is_err());
    }

    #[test]
    fn the_defaults_are_a_configuration() {
        let config = Config::from_pairs(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.public_read && !config.local_tokens);
    }

    #[test]
    fn a_key_is_given_as_a_file_or_as_a_secret() {
        let secret = "0".repeat(64);
        assert!(Config::from_pairs(&[("KEY_SECRET", &secret)]).is_ok());
        assert!(Config::from_pairs(&[("KEY_SECRET", "short")]).is_err());
        assert!(Config::from_pairs(&[("KEY_SECRET", &secret), ("KEY_FILE", "keys")]).is_err());
    }
}
