//! Making a backup while others write. SQLite: `VACUUM INTO` reads one snapshot on a connection of its own, so writers go on
//! and it never begins again; then the copy is compressed as a stream. PostgreSQL: `pg_dump` reads the snapshot from which
//! the manifest is taken, too.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::Told;
use super::manifest::{self, AuditHead, Engine, Manifest, Part};
use super::store::{Store, new_file};
use super::tools::{Running, Tools, text_of};
use crate::base::db::{Conn, EngineConn, Target, migrations};
use crate::base::secret;
use crate::base::types::At;
use crate::base::vault::Vault;
use crate::schema::journal_head;

/// The part with the database: SQLite's file, compressed; or a dump of PostgreSQL in its own form.
pub const SQLITE_PART: &str = "salesdesk.db.zst";
pub const POSTGRES_PART: &str = "salesdesk.pgdump";
/// The part with the master key under a passphrase.
pub const KEY_PART: &str = "master.key.sealed";
/// The copy that is compressed, and then removed.
const COPY: &str = "copy.db";
/// Of zstd: what is fast enough not to be in the way.
const LEVEL: i32 = 3;

/// What a backup is made of, and where.
pub struct Making<'a> {
    pub target: &'a Target,
    pub vault: &'a Vault,
    pub store: &'a Store,
    pub tools: &'a Tools,
    pub name: &'a str,
    pub now: At,
    /// With it, the master key is in the backup, under this passphrase.
    pub passphrase: Option<&'a str>,
}

impl Making<'_> {
    /// Makes it, and gives its manifest; `progress` hears of bytes. What was begun is gone when it fails.
    pub fn run(&self, progress: &mut dyn FnMut(u64)) -> Told<Manifest> {
        let made = self.store.begin(self.name).and_then(|folder| {
            let manifest = self.fill(&folder, progress)?;
            self.store.publish(&folder, self.name)?;
            Ok(manifest)
        });
        if made.is_err() {
            self.store.give_up(self.name);
        }
        made
    }

    fn fill(&self, folder: &Path, progress: &mut dyn FnMut(u64)) -> Told<Manifest> {
        let mut manifest = Manifest::new(self.name, Engine::of(self.target), self.now, self.vault);
        match self.target {
            Target::Sqlite(file) => sqlite(file, folder, &mut manifest, progress)?,
            Target::Postgres(url) => postgres(url, self.tools, folder, &mut manifest, progress)?,
        }
        if let Some(newer) = migrations::unknown_of(&manifest.schema) {
            return Err(format!("the database was made by a newer salesdesk (it has {newer}); use that one"));
        }
        if let Some(passphrase) = self.passphrase {
            let sealed = self.vault.sealed_under(passphrase).map_err(|e| e.to_string())?;
            manifest.parts.push(written(folder, KEY_PART, &mut sealed.as_bytes(), progress)?);
        }
        let text = manifest.clone().sealed(self.vault)?;
        // Last: what has a manifest is whole.
        written(folder, manifest::FILE, &mut text.as_bytes(), progress)?;
        Ok(manifest)
    }
}

fn sqlite(file: &Path, folder: &Path, manifest: &mut Manifest, progress: &mut dyn FnMut(u64)) -> Told<()> {
    let failed = |e: &dyn std::fmt::Display| format!("the database cannot be copied: {e}");
    demand_room(file, folder)?;
    let copy = folder.join(COPY);
    // SQLite fills an empty file, and leaves its rights as they are.
    drop(new_file(&copy)?);
    let mut conn = Target::Sqlite(file.to_owned()).connect().map_err(|e| failed(&e))?;
    let into = copy.to_string_lossy().replace('\'', "''");
    conn.batch_execute(&format!("VACUUM INTO '{into}'")).map_err(|e| failed(&e))?;
    drop(conn);
    // As it is: setting a connection up would write to it.
    let conn = diesel::SqliteConnection::establish(&copy.to_string_lossy()).map_err(|e| failed(&e))?;
    about(&mut Conn::new(EngineConn::Sqlite(conn)), manifest)?;
    let mut source = std::fs::File::open(&copy).map_err(|e| failed(&e))?;
    let mut out = Summed::new(new_file(&folder.join(SQLITE_PART))?);
    let mut encoder = zstd::stream::write::Encoder::new(&mut out, LEVEL).map_err(|e| failed(&e))?;
    copied(&mut source, &mut encoder, progress)?;
    encoder.finish().map_err(|e| failed(&e))?;
    manifest.parts.push(out.finish(SQLITE_PART)?);
    std::fs::remove_file(&copy).map_err(|e| failed(&e))
}

/// The copy and its compressed form fit, so that a backup on the database's own disk does not stop the database. The
/// compressed form is rarely more than a third of it.
fn demand_room(file: &Path, folder: &Path) -> Told<()> {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let wal = file.with_file_name(format!("{}-wal", file.file_name().unwrap_or_default().to_string_lossy()));
    let needed = (size(file) + size(&wal)) / 2 * 3;
    #[cfg(unix)]
    let free = rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    #[cfg(not(unix))]
    let free: Option<u64> = None;
    match free {
        Some(free) if free < needed => Err(format!(
            "there is no room for it in {}: it needs {needed} bytes, {free} are free",
            folder.display()
        )),
        _ => Ok(()),
    }
}

fn postgres(
    url: &str,
    tools: &Tools,
    folder: &Path,
    manifest: &mut Manifest,
    progress: &mut dyn FnMut(u64),
) -> Told<()> {
    let failed = |e: &dyn std::fmt::Display| format!("the database cannot be dumped: {e}");
    let mut conn = Target::Postgres(url.into()).connect().map_err(|e| failed(&e))?;
    let mut command = tools.command("pg_dump", url, &mut conn)?;
    // The snapshot lives as long as this transaction, which does nothing else meanwhile.
    conn.batch_execute(
        "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
         BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    )
    .map_err(|e| failed(&e))?;
    let snapshot = text_of(&mut conn, "SELECT pg_export_snapshot() AS text")?;
    about(&mut conn, manifest)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
    command.arg(format!("--snapshot={snapshot}")).stdout(Stdio::piped());
    let mut dump = Running::start("pg_dump", &mut command)?;
    let mut out = Summed::new(new_file(&folder.join(POSTGRES_PART))?);
    let source = dump.child.stdout.take();
    let copied = source.map_or(Ok(()), |mut source| copied(&mut source, &mut out, progress));
    if let Err(error) = copied {
        dump.stop();
        return Err(error);
    }
    dump.finish()?;
    let _ = conn.batch_execute("ROLLBACK");
    manifest.parts.push(out.finish(POSTGRES_PART)?);
    Ok(())
}

/// What the manifest says of the database, from the same snapshot as the backup.
fn about(conn: &mut Conn, manifest: &mut Manifest) -> Told<()> {
    use journal_head::dsl;
    let failed = |e: diesel::result::Error| format!("the database cannot be read: {e}");
    manifest.schema = migrations::applied_on(conn).map_err(failed)?;
    let head: Option<(i64, String)> =
        dsl::journal_head.select((dsl::sequence, dsl::link)).first(conn).optional().map_err(failed)?;
    if let Some((sequence, link)) = head {
        manifest.audit = AuditHead { sequence, link };
    }
    Ok(())
}

/// A file of the backup, written from a stream.
fn written(folder: &Path, name: &str, from: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Told<Part> {
    let mut out = Summed::new(new_file(&folder.join(name))?);
    copied(from, &mut out, progress)?;
    out.finish(name)
}

/// Copies a stream through a buffer, and tells of each piece.
pub fn copied(from: &mut dyn Read, to: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> Told<()> {
    let mut buffer = vec![0u8; 256 << 10];
    loop {
        let n = match from.read(&mut buffer) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read.map_err(|e| format!("cannot read: {e}"))?,
        };
        if n == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..n]).map_err(|e| format!("cannot write: {e}"))?;
        progress(n as u64);
    }
}

/// What is summed while it is written.
pub struct Summed<W> {
    to: W,
    sum: Sha256,
    bytes: u64,
}

impl<W: Write> Summed<W> {
    pub fn new(to: W) -> Summed<W> {
        Summed { to, sum: Sha256::new(), bytes: 0 }
    }

    /// How many bytes there were, and their SHA-256 in lower-case hex.
    pub fn end(self) -> (u64, String) {
        (self.bytes, secret::hex(&self.sum.finalize()))
    }
}

impl Summed<std::fs::File> {
    /// It is on the disk, and this is what it is.
    fn finish(self, name: &str) -> Told<Part> {
        self.to.sync_all().map_err(|e| format!("cannot write {name}: {e}"))?;
        let (bytes, sha256) = self.end();
        Ok(Part { name: name.into(), bytes, sha256 })
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.sum.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}
