//! Starting: from settings to a running [`Core`].

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use diesel::prelude::*;

use crate::base::auth::Caller;
use crate::base::auth::tokens::Keys;
use crate::base::background::Wakers;
use crate::base::core::Core;
use crate::base::db::engine::{Ending, Size};
use crate::base::db::migrations::MigrationError;
use crate::base::db::{Conn, Engine, Target, migrations};
use crate::base::error::{Error, Result};
use crate::base::events::sequencer::Sequencer;
use crate::base::http::Routes;
use crate::base::http::dispatch::Building;
use crate::base::http::finish::Declarations;
use crate::base::http::limits::RateLimits;
use crate::base::installation::{self, Held, fact};
use crate::base::secret;
use crate::base::types::id::Ids;
use crate::base::types::{At, time::Clock};
use crate::base::vault::Vault;
use crate::config::Config;
use crate::schema::signing_keys;

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Setting(String),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("the database does not answer: {0}")]
    Connection(#[from] diesel::ConnectionError),
    #[error("{0}")]
    Failed(#[from] Error),
    /// A backup cannot be made, read or restored.
    #[error("{0}")]
    Backup(String),
}

/// Brings the database up to this program's schema, and says which steps that took.
pub fn migrate(config: &Config) -> std::result::Result<Vec<String>, StartError> {
    if let Target::Sqlite(path) = &config.target {
        make_private_dir(&config.data_dir)?;
        make_private_file(path)?;
    }
    let done = migrations::run(&config.target)?;
    if !done.is_empty() {
        log::info!("migrated the database: {}", done.join(", "));
    }
    Ok(done)
}

/// Migrates and opens the database.
pub fn core(config: &Config, clock: Clock, size: Size) -> std::result::Result<Arc<Core>, StartError> {
    core_with(config, clock, size, declarations()?)
}

/// [`core()`] with these declarations.
pub fn core_with(
    config: &Config,
    clock: Clock,
    size: Size,
    declarations: Declarations,
) -> std::result::Result<Arc<Core>, StartError> {
    migrate(config)?;
    let master = match known_master_key(config)? {
        Some(key) => key,
        None => first_master_key(config)?,
    };
    let core = opened(config, clock, size, declarations, master, true)?;
    // Before anything is written that has to be signed.
    core.write_as(Arc::new(Caller::system("system")), crate::audit::work::begin_signing)?;
    core.write_as(Arc::new(Caller::system("system")), |tx| {
        tx.core.declared.beginnings.iter().try_for_each(|ensure| ensure(tx))
    })?;
    crate::base::db::forms::bring_up_to_date(&core)?;
    core.declared.figures.iter().for_each(|add| add(&core));
    crate::base::schedules::measure(&core);
    Ok(core)
}

/// Opens the database for a command that only reads: it brings nothing up to date, and makes nothing that is missing.
pub fn core_to_read(config: &Config) -> std::result::Result<Arc<Core>, StartError> {
    let core = core_of_any_age(config)?;
    match core.engine.read_now(|conn| Ok(migrations::pending_on(conn)?))?.as_slice() {
        [] => Ok(core),
        pending => Err(setting(format!(
            "the database is older than this program, it lacks {}; run `salesdesk migrate` first",
            pending.join(", ")
        ))),
    }
}

/// The same, also of a database that an older program made: what makes a backup before an upgrade must not upgrade it.
pub fn core_of_any_age(config: &Config) -> std::result::Result<Arc<Core>, StartError> {
    let known = known_master_key(config)?;
    let master = known.ok_or_else(|| {
        setting(format!("master_key: there is no {}", config.data_dir.join(MASTER_KEY).display()))
    })?;
    if let Target::Sqlite(path) = &config.target
        && !path.exists()
    {
        return Err(setting(format!("there is no database at {}", path.display())));
    }
    let size = Size { readers: 1, writers: 1 };
    opened(config, Clock::System, size, declarations()?, master, false)
}

/// A master key for a new database. One that has secrets already, such as a restored one, needs the key that sealed them:
/// another would only stand in its place.
fn first_master_key(config: &Config) -> std::result::Result<[u8; 32], StartError> {
    let any: Option<String> = signing_keys::table
        .select(signing_keys::id)
        .first(&mut config.target.connect()?)
        .optional()
        .map_err(Error::from)?;
    match any {
        None => master_key(&config.data_dir),
        Some(_) => Err(setting(format!(
            "master_key: there is no {}, and the database has secrets that were sealed under one; put it there",
            config.data_dir.join(MASTER_KEY).display()
        ))),
    }
}

/// The master key, if there is one already; none is made.
pub fn known_master_key(config: &Config) -> std::result::Result<Option<[u8; 32]>, StartError> {
    match config.master_key {
        Some(key) => Ok(Some(key)),
        None if config.data_dir.join(MASTER_KEY).exists() => master_key(&config.data_dir).map(Some),
        None => Ok(None),
    }
}

/// The running product on a database that is up to date. Unless it may write, what a new database lacks stays missing.
fn opened(
    config: &Config,
    clock: Clock,
    size: Size,
    declarations: Declarations,
    master: [u8; 32],
    may_write: bool,
) -> std::result::Result<Arc<Core>, StartError> {
    let building = Building::new(declarations).map_err(StartError::Setting)?;
    let wakers = Arc::new(Wakers::default());
    let sequencer = Arc::new(Sequencer::new(&master, wakers.clone()));
    let engine = Engine::start(config.target.clone(), size, sequencer.clone())?;
    let now = clock.now();
    let vault = Arc::new(Vault::new(master));
    let opens = vault.clone();
    let (keys, epoch, held) = match may_write {
        true => engine.write_now(move |conn| {
            let held = installation::is_held(conn)?;
            Ok(((signing_keys_of(conn, &opens, now)?, epoch_of(conn)?, held), Ending::Commit))
        })?,
        // Nobody logs in to a command: any key will do.
        false => {
            let mut seed = [0; 32];
            secret::fill(&mut seed);
            (vec![(String::new(), seed)], String::new(), false)
        }
    };
    Ok(Arc::new(Core {
        engine,
        clock,
        ids: Ids::default(),
        zone: config.zone,
        currency: config.currency.clone(),
        keys: Keys::from_seeds(&keys)?.issued_by(config.public_url.as_deref()),
        public_url: config.public_url.clone(),
        callers: Default::default(),
        login_guard: Default::default(),
        hashing: Default::default(),
        set_up_token: Default::default(),
        data_dir: config.data_dir.clone(),
        in_flight: Default::default(),
        limits: RateLimits::new(&config.web),
        web: config.web.clone(),
        metrics: Default::default(),
        wakers,
        sequencer,
        vault,
        epoch,
        held: Held::new(held),
        declared: building.declared.clone(),
        building: Arc::new(building),
        parts: Default::default(),
        workers: Default::default(),
        stopping: tokio::sync::watch::channel(false).0,
    }))
}

fn setting(what: impl std::fmt::Display) -> StartError {
    StartError::Setting(what.to_string())
}

/// A folder that only this user may read.
pub fn make_private_dir(dir: &Path) -> std::result::Result<(), StartError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| setting(format!("data_dir: cannot make {}: {e}", dir.display())))
}

/// An empty database file that only this user may read, if there is none; SQLite's files beside it follow suit.
fn make_private_file(path: &Path) -> std::result::Result<(), StartError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|e| setting(format!("data_dir: cannot write {}: {e}", path.display())))
}

/// The file of the master key in the data folder.
const MASTER_KEY: &str = "master.key";

/// The master key of this data folder, made on the first start with mode 0600.
fn master_key(dir: &Path) -> std::result::Result<[u8; 32], StartError> {
    let path = dir.join(MASTER_KEY);
    let engine = base64::engine::general_purpose::STANDARD;
    if let Ok(text) = std::fs::read_to_string(&path) {
        let bytes = engine.decode(text.trim()).unwrap_or_default();
        return bytes.try_into().map_err(|_| setting(format!("master_key: {} is damaged", path.display())));
    }
    let mut key = [0u8; 32];
    secret::fill(&mut key);
    write_master_key(dir, &key)?;
    Ok(key)
}

/// Writes the master key into a data folder that has none.
pub fn write_master_key(dir: &Path, key: &[u8; 32]) -> std::result::Result<(), StartError> {
    make_private_dir(dir)?;
    let path = dir.join(MASTER_KEY);
    let engine = base64::engine::general_purpose::STANDARD;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |e| setting(format!("master_key: cannot write {}: {e}", path.display()));
    let mut file = options.open(&path).map_err(failed)?;
    writeln!(file, "{}", engine.encode(key)).and_then(|()| file.sync_all()).map_err(failed)
}

/// Which life of the database this is, made with it. Whoever restores a backup gives it another
/// (`salesdesk restored`), so that no cursor of the life before is taken for one of this.
fn epoch_of(conn: &mut Conn) -> Result<String> {
    match fact(conn, installation::EPOCH)? {
        Some(epoch) => Ok(epoch),
        None => installation::new_epoch(conn),
    }
}

/// The seeds of the signing keys, newest first; one is made when there is none.
#[allow(clippy::disallowed_methods)] // keys are no business records
fn signing_keys_of(conn: &mut Conn, vault: &Vault, now: At) -> Result<Vec<(String, [u8; 32])>> {
    use signing_keys::dsl;
    let rows: Vec<(String, String)> =
        dsl::signing_keys.order(dsl::created_at.desc()).select((dsl::id, dsl::sealed)).load(conn)?;
    if !rows.is_empty() {
        let damaged = |_| Error::internal("a signing key is damaged");
        let seed = |sealed: &str| vault.unseal(sealed)?.try_into().map_err(damaged);
        return rows.into_iter().map(|(id, sealed)| Ok((id, seed(&sealed)?))).collect();
    }
    let mut seed = [0u8; 32];
    secret::fill(&mut seed);
    let id = format!("key_{}", secret::token(9));
    diesel::insert_into(dsl::signing_keys)
        .values((dsl::id.eq(&id), dsl::sealed.eq(vault.seal(&seed)?), dsl::created_at.eq(now)))
        .execute(conn)?;
    Ok(vec![(id, seed)])
}

/// What every area declares; [`Routes::finish`] ends it.
pub fn routes() -> Routes {
    let mut routes = Routes::default();
    crate::AREAS.iter().for_each(|area| routes.area(area));
    routes
}

/// What all areas have declared.
pub fn declarations() -> std::result::Result<Declarations, StartError> {
    routes().finish().map_err(StartError::Setting)
}
