//! Reading a backup: whether each byte is as it was written, and putting its database where it is wanted. Nothing is
//! written before all parts were found to be sound.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;

use super::Told;
use super::make::{KEY_PART, POSTGRES_PART, SQLITE_PART, Summed, copied};
use super::manifest::{Engine, Manifest, Part};
use super::store::{new_file, sync_folder};
use super::tools::{Running, Tools, text_of};
use crate::base::db::{Conn, Target};
use crate::base::secret;
use crate::base::vault::Vault;

/// A backup that is whole, of a master key that is here.
pub struct Opened {
    folder: PathBuf,
    pub manifest: Manifest,
}

impl Opened {
    /// Opens the backup in a folder, and reads all of it: each part is there and is as it was written.
    pub fn read(folder: &Path, vault: &Vault, progress: &mut dyn FnMut(u64)) -> Told<Opened> {
        let manifest = Manifest::read(folder)?;
        manifest.check(vault)?;
        let opened = Opened { folder: folder.to_owned(), manifest };
        opened.manifest.parts.iter().try_for_each(|part| opened.check_part(part, progress))?;
        Ok(opened)
    }

    fn check_part(&self, part: &Part, progress: &mut dyn FnMut(u64)) -> Told<()> {
        let path = self.folder.join(&part.name);
        let mut file = std::fs::File::open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                format!("the backup is damaged: its part {} is missing", part.name)
            }
            _ => format!("cannot read {}: {e}", path.display()),
        })?;
        let mut sum = Summed::new(std::io::sink());
        copied(&mut file, &mut sum, progress)?;
        match sum.end() == (part.bytes, part.sha256.clone()) {
            true => Ok(()),
            false => Err(format!("the backup is damaged: its part {} is not as it was written", part.name)),
        }
    }

    /// It can be restored to this kind of database.
    pub fn check_engine(&self, engine: Engine) -> Told<()> {
        match self.manifest.engine == engine {
            true => Ok(()),
            false => Err(format!(
                "this is a backup of a {} database, and the settings name a {} database",
                self.manifest.engine.name(),
                engine.name()
            )),
        }
    }

    fn part(&self, name: &str) -> Told<PathBuf> {
        let found = self.manifest.part(name);
        found.map(|part| self.folder.join(&part.name)).ok_or_else(|| format!("the backup has no part {name}"))
    }

    /// Writes SQLite's file to a path where there is none.
    pub fn to_sqlite(&self, file: &Path, progress: &mut dyn FnMut(u64)) -> Told<()> {
        let failed = |e: std::io::Error| format!("cannot restore to {}: {e}", file.display());
        let part = std::fs::File::open(self.part(SQLITE_PART)?).map_err(failed)?;
        let mut source = zstd::stream::read::Decoder::new(part).map_err(failed)?;
        let mut out = new_file(file)?;
        copied(&mut source, &mut out, progress)?;
        out.sync_all().map_err(failed)?;
        file.parent().map_or(Ok(()), sync_folder)
    }

    /// Fills an empty PostgreSQL database, all of it or nothing.
    pub fn to_postgres(&self, url: &str, tools: &Tools) -> Told<()> {
        let mut conn = connected(url)?;
        let mut command = tools.command("pg_restore", url, &mut conn)?;
        drop(conn);
        command.args([
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            "--no-password",
        ]);
        command.arg(self.part(POSTGRES_PART)?);
        Running::start("pg_restore", &mut command)?.finish()
    }
}

/// The vault of a backup that has its master key in it, under this passphrase.
pub fn key_of(folder: &Path, passphrase: &str) -> Told<Vault> {
    let manifest = Manifest::read(folder)?;
    if manifest.part(KEY_PART).is_none() {
        return Err(format!(
            "the backup has no master key in it: it was made without --with-key; put the key with the fingerprint {} \
             where the settings say",
            manifest.master_key
        ));
    }
    let path = folder.join(KEY_PART);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Vault::opened_with(&text, passphrase)
        .ok_or_else(|| "passphrase: it is not the one under which the backup's master key was sealed".into())
}

fn connected(url: &str) -> Told<Conn> {
    Target::Postgres(url.into()).connect().map_err(|e| format!("the database does not answer: {e}"))
}

/// A database on the server of another one, gone when this is dropped.
pub struct Temporary {
    beside: String,
    name: String,
    pub url: String,
}

impl Temporary {
    pub fn beside(url: &str) -> Told<Temporary> {
        let name = format!("salesdesk_verify_{}", secret::hex(&random()));
        let mut conn = connected(url)?;
        let made = conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
        made.map_err(|e| {
            format!(
                "a temporary database cannot be made on the server, to restore into: {e}; the user needs the right \
                 CREATEDB"
            )
        })?;
        Ok(Temporary { beside: url.into(), url: with_database(url, &name), name })
    }
}

fn random() -> [u8; 6] {
    let mut bytes = [0u8; 6];
    secret::fill(&mut bytes);
    bytes
}

/// The URL of another database on the same server.
fn with_database(url: &str, name: &str) -> String {
    let (front, query) = url.split_once('?').map_or((url, ""), |(front, _)| (front, &url[front.len()..]));
    let host = front.find("://").map_or(0, |at| at + 3);
    let path = front[host..].find('/').map_or(front.len(), |at| host + at);
    format!("{}/{name}{query}", &front[..path])
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let dropped = connected(&self.beside).and_then(|mut conn| {
            conn.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
                .map_err(|e| e.to_string())
        });
        if let Err(error) = dropped {
            log::warn!("the temporary database {} is left over: {error}", self.name);
        }
    }
}

/// The schema that a database had before, while it is restored.
const ASIDE: &str = "salesdesk_before_restore";

/// Puts what a PostgreSQL database holds aside, so that it is empty; whoever else is connected must go first.
pub fn put_aside(url: &str) -> Told<()> {
    let mut conn = connected(url)?;
    wait_for_others(&mut conn)?;
    let failed = |e| {
        format!(
            "what the database holds cannot be put aside: {e}; if a restore was cut off, what was there before is in \
             the schema {ASIDE}"
        )
    };
    conn.batch_execute(&format!("BEGIN; ALTER SCHEMA public RENAME TO {ASIDE}; CREATE SCHEMA public; COMMIT"))
        .map_err(failed)
}

/// Nobody else is connected. The server takes a moment to notice that somebody has gone.
fn wait_for_others(conn: &mut Conn) -> Told<()> {
    let mut others = String::new();
    for _ in 0..20 {
        others = text_of(
            conn,
            "SELECT count(*)::text AS text FROM pg_stat_activity WHERE datname = current_database()
             AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )?;
        if others == "0" {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(format!("{others} others are connected to the database; stop the servers first"))
}

/// What was put aside goes, or comes back.
pub fn end_aside(url: &str, restored: bool) -> Told<()> {
    let sql = match restored {
        true => format!("DROP SCHEMA {ASIDE} CASCADE"),
        false => format!("BEGIN; DROP SCHEMA public CASCADE; ALTER SCHEMA {ASIDE} RENAME TO public; COMMIT"),
    };
    let mut conn = connected(url)?;
    conn.batch_execute(&format!("SET statement_timeout = 0; {sql}"))
        .map_err(|e| format!("the schema {ASIDE} is left over: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_is_on_the_same_server() {
        for (url, other) in [
            ("postgres://u:p@db:5433/desk?sslmode=disable", "postgres://u:p@db:5433/new?sslmode=disable"),
            ("postgres:///desk?host=/run/pg", "postgres:///new?host=/run/pg"),
            ("postgres://u@%2Frun:5432/desk", "postgres://u@%2Frun:5432/new"),
            ("postgres://db", "postgres://db/new"),
        ] {
            assert_eq!(with_database(url, "new"), other);
        }
    }
}
