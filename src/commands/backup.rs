//! `salesdesk backup`, `backup verify` and `restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use diesel::prelude::*;

use super::{HELD, Outcome, lock_data_dir, note_restored, open, place};
use crate::backups::manifest::{Engine, Manifest};
use crate::backups::model::BackupOrigin;
use crate::backups::restore::{self, Opened, Temporary};
use crate::backups::store::{Store, sync_folder};
use crate::backups::tools::Tools;
use crate::backups::work::{self, Order};
use crate::base::core::Core;
use crate::base::db::{Conn, Target, migrations};
use crate::base::error::Result;
use crate::base::installation::{self, Restored};
use crate::base::secret;
use crate::base::types::time::Clock;
use crate::base::vault::Vault;
use crate::config::Config;
use crate::schema::{journal, users};
use crate::start::{self, StartError};

fn failed(what: impl std::fmt::Display) -> StartError {
    StartError::Backup(what.to_string())
}

fn tools(config: &Config) -> Tools {
    Tools { folder: config.pg_bin.clone() }
}

/// `salesdesk backup --to FOLDER`
pub fn make(config: &Config, to: &str, with_key: bool) -> Outcome {
    let store = Store::parse(to).map_err(|e| StartError::Setting(format!("to: {e}")))?;
    let passphrase = config.backup_passphrase.as_deref().filter(|_| with_key);
    if with_key && passphrase.is_none() {
        return Err(StartError::Setting(
            "backup_passphrase: is needed with --with-key; set SALESDESK_BACKUP_PASSPHRASE".into(),
        ));
    }
    let core = start::core_of_any_age(config)?;
    let now = core.clock.now();
    let order = Order {
        store,
        place: to.to_owned(),
        name: Store::new_name(now),
        origin: BackupOrigin::Command,
        passphrase: passphrase.map(str::to_owned),
        tools: tools(config),
        now,
    };
    // A database that is older than this program has no place to note it.
    let is_current = core.engine.read_now(|conn| Ok(migrations::pending_on(conn)?))?.is_empty();
    let noted = match is_current {
        true => work::begin(&core, &order).unwrap_or_else(|error| {
            // A writer may be busy for long; the backup is worth more than its note.
            log::warn!("the backup is made, and will not be in the list: {error}");
            None
        }),
        false => None,
    };
    let bar = indicatif::ProgressBar::new_spinner();
    let shown = bar.clone();
    let made = work::carry_out(&core, &order, noted, move |n| shown.inc(n));
    bar.finish_and_clear();
    let manifest = made.map_err(failed)?;
    println!("{}", Path::new(to).join(&order.name).display());
    tell(&manifest);
    Ok(ExitCode::SUCCESS)
}

/// What a backup is, for people.
fn tell(manifest: &Manifest) {
    println!(
        "{} of {}, {} bytes; the audit trail ends at {} with {}",
        manifest.engine.name(),
        manifest.made_at,
        manifest.bytes(),
        manifest.audit.sequence,
        manifest.audit.link
    );
}

/// `salesdesk backup verify FOLDER`
pub fn verify(config: &Config, folder: &Path) -> Outcome {
    let vault = vault(config, folder)?;
    let bar = indicatif::ProgressBar::new_spinner();
    let opened = Opened::read(folder, &vault, &mut |n| bar.inc(n)).map_err(failed)?;
    let temporary = Tried::restore(config, &opened, &mut |n| bar.inc(n))?;
    let config = Config { target: temporary.target(), master_key: Some(*vault.key()), ..config.clone() };
    // An older backup is brought up to this version, as it would be after a restore.
    migrations::run(&config.target)?;
    let core = start::core_to_read(&config)?;
    same_end(&core, &opened.manifest)?;
    let mut faults = crate::check::check(&core, |n| bar.inc(n))?;
    faults.extend(crate::check::records(&core, |n| bar.inc(n))?);
    bar.finish_and_clear();
    tell(&opened.manifest);
    println!("The backup is whole; {} faults in its records", faults.len());
    faults.iter().for_each(|fault| println!("{fault}"));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The audit trail of what was restored reaches as far as the manifest says.
fn same_end(core: &Arc<Core>, manifest: &Manifest) -> std::result::Result<(), StartError> {
    use crate::schema::journal_head::dsl;
    let sequence: Option<i64> =
        core.engine.read_now(|conn| Ok(dsl::journal_head.select(dsl::sequence).first(conn).optional()?))?;
    match sequence.unwrap_or(0) == manifest.audit.sequence {
        true => Ok(()),
        false => Err(failed("the audit trail in the backup does not end where its manifest says")),
    }
}

/// The vault of a backup: of the key here, or of the one in the backup, under the passphrase of the settings.
fn vault(config: &Config, folder: &Path) -> std::result::Result<Vault, StartError> {
    match (start::known_master_key(config)?, &config.backup_passphrase) {
        (Some(key), _) => Ok(Vault::new(key)),
        (None, Some(passphrase)) => restore::key_of(folder, passphrase).map_err(failed),
        (None, None) => {
            let manifest = Manifest::read(folder).map_err(failed)?;
            Err(StartError::Setting(format!(
                "master_key: there is none here; put the key with the fingerprint {} where the settings say, or set \
                 SALESDESK_BACKUP_PASSPHRASE for a backup that was made --with-key",
                manifest.master_key
            )))
        }
    }
}

/// A restored copy in a temporary place, gone when this is dropped.
enum Tried {
    File(PathBuf),
    Database(Temporary),
}

impl Tried {
    fn restore(
        config: &Config,
        opened: &Opened,
        progress: &mut dyn FnMut(u64),
    ) -> std::result::Result<Tried, StartError> {
        opened.check_engine(Engine::of(&config.target)).map_err(failed)?;
        match &config.target {
            Target::Sqlite(_) => {
                let name = format!("salesdesk-verify-{}", secret::token(9));
                let folder = std::env::temp_dir().join(name);
                start::make_private_dir(&folder)?;
                let tried = Tried::File(folder.join("salesdesk.db"));
                opened.to_sqlite(&folder.join("salesdesk.db"), progress).map_err(failed)?;
                Ok(tried)
            }
            Target::Postgres(url) => {
                let temporary = Temporary::beside(url).map_err(failed)?;
                opened.to_postgres(&temporary.url, &tools(config)).map_err(failed)?;
                Ok(Tried::Database(temporary))
            }
        }
    }

    fn target(&self) -> Target {
        match self {
            Tried::File(file) => Target::Sqlite(file.clone()),
            Tried::Database(database) => Target::Postgres(database.url.clone()),
        }
    }
}

impl Drop for Tried {
    fn drop(&mut self) {
        if let Tried::File(file) = self
            && let Some(folder) = file.parent()
        {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// `salesdesk restore FOLDER`
pub fn restore(config: &Config, folder: &Path, overwrite: bool) -> Outcome {
    let _lock = lock_data_dir(config)?;
    let vault = vault(config, folder)?;
    let bar = indicatif::ProgressBar::new_spinner();
    let opened = Opened::read(folder, &vault, &mut |n| bar.inc(n)).map_err(failed)?;
    opened.check_engine(Engine::of(&config.target)).map_err(failed)?;
    if !overwrite {
        refuse_over_data(config)?;
    }
    if start::known_master_key(config)?.is_none() {
        start::write_master_key(&config.data_dir, vault.key())?;
    }
    let note = Restored {
        at: Clock::System.now(),
        backup: Some(opened.manifest.name.clone()),
        made_at: Some(opened.manifest.made_at),
    };
    let kept = match &config.target {
        Target::Sqlite(file) => to_file(file, &opened, &note, &mut |n| bar.inc(n))?,
        Target::Postgres(url) => to_database(url, config, &opened, &note)?,
    };
    bar.finish_and_clear();
    note_restored(&open(config)?, Some(opened.manifest.name.clone()))?;
    println!("Restored {}", opened.manifest.name);
    tell(&opened.manifest);
    if let Some(kept) = kept {
        println!("What was there before is in {}; remove it when it is not needed any more.", kept.display());
    }
    println!("Cursors of the event feed from before are refused. {HELD}");
    Ok(ExitCode::SUCCESS)
}

/// A database with users or with a history is somebody's, and so is one that cannot be read.
fn refuse_over_data(config: &Config) -> std::result::Result<(), StartError> {
    if let Target::Sqlite(file) = &config.target
        && std::fs::metadata(file).map_or(true, |found| found.len() == 0)
    {
        return Ok(());
    }
    let any = |conn: &mut Conn| -> Result<bool> {
        let user = users::table.select(users::version).first::<i32>(conn).optional()?;
        let entry = journal::table.select(journal::version).first::<i32>(conn).optional()?;
        Ok(user.is_some() || entry.is_some())
    };
    let is_bare = |target: &Target| -> std::result::Result<bool, StartError> {
        let mut conn = target.connect()?;
        match migrations::applied_on(&mut conn) {
            Ok(applied) => Ok(applied.is_empty() || !any(&mut conn)?),
            // Nothing of ours is in it; SQLite finds here, too, that it is no database.
            Err(_) => Ok(matches!(target, Target::Postgres(_))),
        }
    };
    match is_bare(&config.target) {
        Ok(true) => Ok(()),
        _ => Err(failed(format!(
            "{} has data, or cannot be read; --overwrite restores over it",
            place(config)
        ))),
    }
}

/// SQLite: the new file is made ready beside the old one, which is moved aside, and takes its place. Gives where the old one
/// is.
fn to_file(
    file: &Path,
    opened: &Opened,
    note: &Restored,
    progress: &mut dyn FnMut(u64),
) -> std::result::Result<Option<PathBuf>, StartError> {
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
    let cannot = |e: std::io::Error| failed(format!("cannot write {}: {e}", file.display()));
    let new = beside(".restoring");
    let remove = |path: PathBuf| match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(cannot(e)),
        _ => Ok(()),
    };
    ["", "-wal", "-shm"].iter().try_for_each(|ending| remove(beside(&format!(".restoring{ending}"))))?;
    opened.to_sqlite(&new, progress).map_err(failed)?;
    finish(&Target::Sqlite(new.clone()), note, &opened.manifest)?;
    std::fs::File::open(&new).and_then(|new| new.sync_all()).map_err(cannot)?;
    let old = beside(&format!(".before-{}", note.at.utc().format("%Y%m%dT%H%M%SZ")));
    let had = std::fs::metadata(file).is_ok_and(|found| found.len() > 0);
    for ending in ["-wal", "-shm", ""] {
        let (from, to) = (beside(ending), PathBuf::from(format!("{}{ending}", old.display())));
        match std::fs::rename(from, to) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(e)),
            _ => {}
        }
    }
    std::fs::rename(&new, file).map_err(cannot)?;
    file.parent().map_or(Ok(()), sync_folder).map_err(failed)?;
    if !had {
        remove(old)?;
        return Ok(None);
    }
    Ok(Some(old))
}

/// PostgreSQL: what is there is put aside in a schema of its own, and comes back when the restore fails.
fn to_database(
    url: &str,
    config: &Config,
    opened: &Opened,
    note: &Restored,
) -> std::result::Result<Option<PathBuf>, StartError> {
    restore::put_aside(url).map_err(failed)?;
    let restored = opened
        .to_postgres(url, &tools(config))
        .map_err(failed)
        .and_then(|()| finish(&config.target, note, &opened.manifest));
    restore::end_aside(url, restored.is_ok()).map_err(failed)?;
    restored.map(|()| None)
}

/// Brings what was restored up to this version, and notes that it was restored.
fn finish(target: &Target, note: &Restored, manifest: &Manifest) -> std::result::Result<(), StartError> {
    migrations::run(target)?;
    let mut conn = target.connect()?;
    work::note_itself(&mut conn, manifest)?;
    installation::note_restored(&mut conn, note)?;
    Ok(())
}
