//! From a configuration to a running service: the one way in for `main` and for every test.

use crate::access::Operation;
use crate::audit_events::checkpoints;
use crate::config::Config;
use crate::db::{Conn, DatabaseUrl, Db, dialect, migrate, serving, shares, transaction};
use crate::error::Error;
use crate::events;
use crate::grants::doorkeeper::TokenDoorkeeper;
use crate::grants::keys::{self, SealingKey};
use crate::grants::oauth2;
use crate::grants::oauth2::ops::TokenOffice;
use crate::http::limits::Limiter;
use crate::http::metrics::Metrics;
use crate::http::operations::Operations;
use crate::http::outbound::Outbound;
use crate::http::places::Places;
use crate::http::schemas::Schemas;
use crate::http::service::{Clock, Service};
use crate::http::{Context, Routes, documents, gate, guides, openapi, returns};
use crate::jobs::runner;
use crate::kpis::totals::summaries::upkeep;
use crate::routes::routes;
use crate::vocabulary::Timestamp;
use crate::webhooks::delivery::Postman;
use actix_web::dev::ServerHandle;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, middleware, web};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A service that listens.
pub struct Running {
    pub address: SocketAddr,
    pub server: actix_web::dev::Server,
    pub handle: ServerHandle,
    pub service: web::Data<Service>,
    /// Where connections come in, to be closed before the server lets go of it.
    door: TcpListener,
    /// The database is ours to serve until this goes.
    _claim: serving::Claim,
}

/// The API document as this build serves it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn document() -> serde_json::Result<serde_json::Value> {
    let mut collected = openapi::base();
    routes(&mut Routes::Document(&mut collected));
    openapi::complete(&collected, &crate::demonstration::examples::all())
}

/// What follows from the API document: the same for every service of the process, so made once.
struct Api {
    operations: Operations,
    schemas: Schemas,
    document_json: web::Bytes,
    document_yaml: OnceLock<web::Bytes>,
}

impl Api {
    fn of_this_build() -> Result<&'static Self, String> {
        static API: OnceLock<Result<Api, String>> = OnceLock::new();
        API.get_or_init(Self::read).as_ref().map_err(Clone::clone)
    }

    fn read() -> Result<Self, String> {
        let document = document().map_err(|cause| cause.to_string())?;
        let operations = Operations::of(&document)?;
        Ok(Self {
            schemas: Schemas::of(&document, operations.all())?,
            document_json: serde_json::to_vec_pretty(&document).map_err(|cause| cause.to_string())?.into(),
            document_yaml: OnceLock::new(),
            operations,
        })
    }
}

/// Opens the database, makes what is missing, and listens.
///
/// # Errors
/// Text for the operator.
pub async fn build(config: Config, clock: Clock) -> Result<Running, String> {
    let claim = serving::claim(&config.database).map_err(Error::in_words)?;
    make_keys(&config, clock())?;
    let door = TcpListener::bind(config.listen).map_err(|cause| format!("LISTEN {}: {cause}", config.listen))?;
    let address = door.local_addr().map_err(|cause| cause.to_string())?;
    let issuer = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let api = Api::of_this_build()?;
    let db = Db::start(&config.database, &config.db, migrate::check)
        .map_err(|error| error.cause().unwrap_or_default().to_owned())?;
    let audience = config.audience.clone();
    let doorkeeper = TokenDoorkeeper::new(db.clone(), issuer.clone(), audience.clone(), config.oidc.as_ref())?;
    let doorkeeper = Arc::new(doorkeeper);
    let outbound = Outbound::new(&config.private_networks)?;
    let sealing = SealingKey::open(&config.keys)?;
    let source = issuer.clone();
    let office = web::Data::new(TokenOffice::new(db.clone(), issuer, audience, sealing, outbound.clone()));
    let service = web::Data::new(Service {
        schemas: &api.schemas,
        limiter: config.rate_limit.map(Limiter::new),
        places: Places::new(&config.db),
        metrics: Metrics::new()?,
        written: Arc::default(),
        jobs: Arc::default(),
        numbered: tokio::sync::watch::Sender::default(),
        leaving: AtomicBool::default(),
        document_yaml: &api.document_yaml,
        document_json: api.document_json.clone(),
        config: config.clone(),
        db,
        clock,
        doorkeeper: doorkeeper.clone(),
        operations: &api.operations,
    });
    service.db.watch().await;
    let (keeper, now) = (doorkeeper.clone(), (service.clock)());
    let loaded = service.db.read(move |conn| keeper.reload_keys(conn, now)).await;
    loaded.map_err(|error| error.cause().unwrap_or("the signing keys cannot be read").to_owned())?;
    doorkeeper.refresh_keys().await;
    let server = listen(&service, &doorkeeper, &office, door.try_clone().map_err(|cause| cause.to_string())?)?;
    actix_web::rt::spawn(events::keep_numbering(service.db.clone(), service.written.clone()));
    actix_web::rt::spawn(events::keep_looking(service.db.clone(), service.numbered.clone()));
    actix_web::rt::spawn(
        Postman::new(service.clone(), outbound, SealingKey::open(&config.keys)?, source).keep_delivering(),
    );
    actix_web::rt::spawn(upkeep::keep_up(service.clone()));
    actix_web::rt::spawn(runner::keep_working(service.clone()));
    actix_web::rt::spawn(housekeeping(service.clone(), doorkeeper));
    if let Some(address) = config.metrics_listen {
        serve_metrics(&service, address)?;
    }
    Ok(Running { address, handle: server.handle(), server, service, door, _claim: claim })
}

/// Brings the schema up to date and loads the reference data it starts with. Returns the migrations that ran.
///
/// # Errors
/// Text for the operator.
pub fn migrate_database(url: &DatabaseUrl, now: Timestamp) -> Result<Vec<String>, String> {
    let unmigrated = |error: Error| format!("the database cannot be migrated: {}", error.in_words());
    let ran = migrate::up(url).map_err(unmigrated)?;
    let mut conn = Conn::open(url).map_err(unmigrated)?;
    let context = Context::local(Operation::create_organisation, now);
    let rules_changed = ran.iter().any(|version| version == crate::organisations::closure::RULES);
    transaction(&mut conn, |conn| {
        if rules_changed {
            crate::organisations::closure::rebuild_all(conn)?;
        }
        crate::organisations::ops::load_reference_data(conn, &context)
    })
    .map_err(unmigrated)?;
    Ok(ran)
}

/// A connection to a schema that is ready. SQLite is migrated on the way, since one process owns it; PostgreSQL by
/// `migrate`, once, before instances start.
///
/// # Errors
/// Text for the operator.
pub fn open_database(url: &DatabaseUrl, now: Timestamp) -> Result<Conn, String> {
    if matches!(url, DatabaseUrl::Sqlite(_)) {
        migrate_database(url, now)?;
    }
    let unreachable = |error: Error| {
        format!("DATABASE_URL: the database cannot be reached: {}", error.cause().unwrap_or_default().trim())
    };
    let mut conn = Conn::open(url).map_err(unreachable)?;
    migrate::check(&mut conn)?;
    Ok(conn)
}

fn make_keys(config: &Config, now: Timestamp) -> Result<(), String> {
    let mut conn = open_database(&config.database, now)?;
    if matches!(config.database, DatabaseUrl::Sqlite(_)) {
        // Only this process serves the file, so nobody goes on with what was being written in steps.
        let context = Context::local(Operation::submit_kpi_values, now);
        transaction(&mut conn, |conn| crate::kpis::submissions::close_unfinished(conn, &context, now))
            .map_err(|error| error.cause().unwrap_or_default().to_owned())?;
    }
    transaction(&mut conn, |conn| {
        let sealing = SealingKey::open_or_make(conn, &config.keys)?;
        keys::ensure(conn, &sealing, now)?;
        keys::signing(conn, &sealing, now).map(drop)
    })
    .map_err(Error::in_words)
}

fn listen(
    service: &web::Data<Service>,
    doorkeeper: &Arc<TokenDoorkeeper>,
    office: &web::Data<TokenOffice>,
    listener: TcpListener,
) -> Result<actix_web::dev::Server, String> {
    let (data, keeper, office) = (service.clone(), web::Data::from(doorkeeper.clone()), office.clone());
    let workers = service.config.workers;
    let grace = service.config.shutdown_grace.as_secs();
    let origins = service.config.cors_origins.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(keeper.clone())
            .app_data(office.clone())
            .app_data(web::PayloadConfig::new(LONGEST_FORM))
            .wrap(middleware::Compress::default())
            .wrap(middleware::from_fn(gate::gate))
            .wrap(middleware::Condition::new(!origins.is_empty(), cors(&origins)))
            .wrap(middleware::Condition::new(!origins.is_empty(), middleware::from_fn(gate::preflight)))
            .configure(|config| routes(&mut Routes::Router(config)))
            .route("/", web::get().to(documents::front))
            .route("/docs", web::get().to(|| async { web::Redirect::to("/docs/") }))
            .route("/returns", web::get().to(returns::page))
            .route("/returns/returns.css", web::get().to(returns::style))
            .route("/returns/returns.js", web::get().to(returns::script))
            .route("/docs/guides/{name}", web::get().to(guides::get_guide))
            .service(documents::swagger_ui())
    })
    .on_connect(|socket, _| give_up_on_the_silent(socket))
    .workers(workers)
    .client_request_timeout(Duration::from_secs(6))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(grace)
    .disable_signals()
    .listen(listener)
    .map_err(|cause| cause.to_string())?;
    Ok(server.run())
}

/// The longest body that is read outside the operations of the API: a request for a token, of which each letter may be
/// written as twelve.
const LONGEST_FORM: usize = 64 * 1024;

/// Who takes nothing of an answer for so long loses the connection.
const TAKES_WITHIN: Duration = Duration::from_secs(30);

/// Without this a client that stops reading in the middle of an answer would hold its spool for ever.
fn give_up_on_the_silent(socket: &dyn std::any::Any) {
    if let Some(stream) = socket.downcast_ref::<TcpStream>()
        && let Err(cause) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(TAKES_WITHIN))
    {
        tracing::debug!(%cause, "a connection has no limit of time");
    }
}

/// Serves until the process is told to stop. SIGTERM: readiness goes first, so that no more requests are sent here; those
/// that come all the same are answered for a while; then no connection is accepted, and what is in progress is finished.
/// SIGINT, or a second SIGTERM: at once.
///
/// # Errors
/// Text for the operator.
pub async fn serve(running: Running) -> Result<(), String> {
    let Running { server, handle, service, door, .. } = running;
    let stop = async move {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let is_gentle = async |terminated: &mut Signal, interrupted: &mut Signal| {
            tokio::select! { _ = terminated.recv() => true, _ = interrupted.recv() => false }
        };
        let mut gracefully = is_gentle(&mut terminated, &mut interrupted).await;
        if gracefully {
            service.leaving.store(true, Ordering::Relaxed);
            tracing::info!("leaving");
            let again = is_gentle(&mut terminated, &mut interrupted);
            gracefully = tokio::time::timeout(service.config.shutdown_delay, again).await.is_err();
        }
        if gracefully {
            if let Err(cause) = let_nobody_in(&door) {
                tracing::debug!(%cause, "who connects at this moment may be cut off");
            }
            tokio::time::sleep(ARRIVES_WITHIN).await;
        }
        drop(door);
        handle.stop(gracefully).await;
        Ok::<(), std::io::Error>(())
    };
    let stopping = actix_web::rt::spawn(stop);
    let served = server.await.map_err(|cause| cause.to_string());
    stopping.abort();
    served
}

/// Who has begun to connect is let in meanwhile, and begins to be answered.
const ARRIVES_WITHIN: Duration = Duration::from_millis(300);

/// Begins no connection any more, while those begun are still accepted: what closes a socket cuts off everyone whom the
/// kernel let in and nobody accepted yet. New clients get no answer, ask again after a second, and are refused then.
#[cfg(target_os = "linux")]
fn let_nobody_in(door: &TcpListener) -> std::io::Result<()> {
    use socket2::SockFilter;
    // Of classic BPF (linux/filter.h), on the header of TCP (RFC 9293, 3.1): the byte of flags is the fourteenth.
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    socket2::SockRef::from(door).attach_filter(&[
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(JUMP_IF_SET, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ])
}

#[cfg(not(target_os = "linux"))]
fn let_nobody_in(_door: &TcpListener) -> std::io::Result<()> {
    Ok(())
}

fn cors(origins: &[String]) -> actix_cors::Cors {
    let base = actix_cors::Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers([
            "ETag",
            "Location",
            "Link",
            "X-Request-ID",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "Idempotency-Replayed",
            "Preference-Applied",
        ])
        .max_age(3600);
    if origins.iter().any(|origin| origin == "*") {
        return base.allow_any_origin();
    }
    origins.iter().fold(base, |cors, origin| cors.allowed_origin(origin))
}

/// What goes on beside requests: grants are polled, statistics of tables gathered, keys rotated and read again, what has
/// run out removed.
async fn housekeeping(service: web::Data<Service>, doorkeeper: Arc<TokenDoorkeeper>) {
    let mut round: u64 = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        round += 1;
        let keeper = doorkeeper.clone();
        let polled = service.db.read(move |conn| keeper.poll_grants(conn)).await;
        let kept = if round.is_multiple_of(30) { tidy(&service, &doorkeeper).await } else { Ok(()) };
        let gathered =
            if round.is_multiple_of(5) { service.db.write(dialect::gather_statistics).await } else { Ok(()) };
        let lag = service.db.read(events::store::unnumbered).await;
        let lag = lag.map(|number| service.metrics.events_unnumbered.set(number));
        for error in [polled.err(), kept.err(), gathered.err(), lag.err()].into_iter().flatten() {
            tracing::warn!(cause = error.cause().unwrap_or_default(), "housekeeping failed");
        }
    }
}

async fn tidy(service: &web::Data<Service>, doorkeeper: &Arc<TokenDoorkeeper>) -> crate::error::Result<()> {
    let now = (service.clock)();
    let sealing = SealingKey::open(&service.config.keys).map_err(Error::internal)?;
    let keeper = doorkeeper.clone();
    let renewed = move |conn: &mut Conn| {
        keys::ensure(conn, &sealing, now)?;
        keeper.reload_keys(conn, now)?;
        crate::applications::ops::lapse_offers(conn, now)
    };
    service.db.write(renewed).await?;
    let context = Context::local(Operation::create_organisation_succession, now);
    service.db.write(move |conn| crate::successions::ops::take_over_due(conn, &context)).await?;
    let context = Context::local(Operation::submit_kpi_values, now);
    let abandoned = now - 2 * service.config.db.bulk_patience;
    let closed = move |conn: &mut Conn| crate::kpis::submissions::close_unfinished(conn, &context, abandoned);
    service.db.write(closed).await?;
    let reminding = Context::local(Operation::transition_kpi_return, now);
    let remind = |context: Context| service.db.write(move |conn| crate::kpis::remind(conn, &context));
    while remind(reminding.clone()).await? {}
    sign_checkpoint(service, now).await?;
    // In steps, so that the changes of others come in between and the journal stays small.
    while service.db.write(move |conn| crate::http::idempotency::sweep(conn, now)).await? {}
    while service.db.write(move |conn| crate::db::jobs::sweep(conn, now)).await? {}
    service.db.write(move |conn| shares::sweep(conn, now)).await?;
    service.db.write(move |conn| crate::changes::store::sweep(conn, now)).await?;
    service.db.write(move |conn| crate::webhooks::store::sweep(conn, now)).await?;
    while service.db.write(move |conn| crate::kpis::submissions::sweep(conn, now)).await? {}
    service.db.write(move |conn| upkeep::sweep(conn, now)).await?;
    while service.db.write(move |conn| oauth2::ops::sweep(conn, now)).await? {}
    doorkeeper.refresh_keys().await;
    service.db.write(move |conn| crate::privacy::ops::sweep(conn, now)).await?;
    let since = (now - chrono::TimeDelta::hours(1)).naive_utc();
    if service.db.read(move |conn| crate::privacy::store::erased_since(conn, since)).await? {
        service.db.empty_journal().await?;
    }
    if let Some(limiter) = &service.limiter {
        limiter.sweep();
    }
    Ok(())
}

/// Signs where the audit trail has got to, and logs it, so that it is kept wherever the logs are.
async fn sign_checkpoint(service: &web::Data<Service>, now: Timestamp) -> crate::error::Result<()> {
    let sealing = SealingKey::open(&service.config.keys).map_err(Error::internal)?;
    let signed = service.db.write(move |conn| checkpoints::sign_now_and_then(conn, &sealing, now)).await?;
    if let Some(checkpoint) = signed {
        tracing::info!(%checkpoint, "the audit trail so far is signed");
    }
    Ok(())
}

/// `/metrics` listens apart, so that its figures stay inside.
fn serve_metrics(service: &web::Data<Service>, address: SocketAddr) -> Result<(), String> {
    let data = service.clone();
    let app = move || {
        App::new().app_data(data.clone()).route(
            "/metrics",
            web::get().to(|service: web::Data<Service>| async move { service.metrics.render(&service.db.loads()) }),
        )
    };
    let server =
        HttpServer::new(app).workers(1).bind(address).map_err(|cause| format!("METRICS_LISTEN {address}: {cause}"))?;
    actix_web::rt::spawn(server.disable_signals().run());
    Ok(())
}
