//! The manifest of a backup: what is in it, from when it is, and a MAC over all of that, which nobody makes without the
//! master key. It is written last, so what has one is whole.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Told;
use crate::base::db::{Target, migrations};
use crate::base::secret;
use crate::base::types::At;
use crate::base::vault::Vault;

/// The file of the manifest.
pub const FILE: &str = "manifest.json";
/// The form of backups that this program makes and reads. A later one may have parts that this one does not know.
const FORMAT: u32 = 1;
/// No manifest is larger.
const MOST_BYTES: u64 = 1 << 20;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    pub name: String,
    /// Version of the program that made it.
    pub program: String,
    pub engine: Engine,
    /// Versions of the migrations that the database had.
    pub schema: Vec<String>,
    /// When it was begun; its snapshot is from then, or from a moment later.
    pub made_at: At,
    /// Where the audit trail ends in it.
    pub audit: AuditHead,
    /// Fingerprint of the master key of the installation. The key itself is not here.
    pub master_key: String,
    pub parts: Vec<Part>,
    /// HMAC over all the rest, under a key that comes from the master key.
    #[serde(default)]
    pub mac: String,
}

/// The engine that a backup can be restored to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn of(target: &Target) -> Engine {
        match target {
            Target::Sqlite(_) => Engine::Sqlite,
            Target::Postgres(_) => Engine::Postgres,
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// The end of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHead {
    pub sequence: i64,
    pub link: String,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub name: String,
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

impl Part {
    /// A file beside the manifest, and nowhere else.
    fn is_named_well(&self) -> bool {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        !self.name.is_empty() && !self.name.starts_with('.') && self.name.bytes().all(allowed)
    }
}

impl Manifest {
    /// One of this program, which is still to be sealed.
    pub fn new(name: &str, engine: Engine, made_at: At, vault: &Vault) -> Manifest {
        Manifest {
            format: FORMAT,
            name: name.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            engine,
            schema: vec![],
            made_at,
            audit: AuditHead { sequence: 0, link: String::new() },
            master_key: vault.fingerprint(),
            parts: vec![],
            mac: String::new(),
        }
    }

    /// Bytes of all parts.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The text of the file, with its MAC.
    pub fn sealed(self, vault: &Vault) -> Told<String> {
        let mac = self.mac_under(vault)?;
        Manifest { mac, ..self }.text()
    }

    fn text(&self) -> Told<String> {
        serde_json::to_string_pretty(self).map_err(|e| e.to_string())
    }

    fn mac_under(&self, vault: &Vault) -> Told<String> {
        let bare = Manifest { mac: String::new(), ..self.clone() }.text()?;
        Ok(secret::hex(&vault.digest("a backup's manifest", &[bare.as_bytes()])))
    }

    /// Reads one, without its key: whom it belongs to is not known yet.
    pub fn read(folder: &Path) -> Told<Manifest> {
        let path = folder.join(FILE);
        let told = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => {
                format!("{} is no whole backup: there is no {FILE} in it", folder.display())
            }
            _ => format!("cannot read {}: {e}", path.display()),
        };
        if std::fs::metadata(&path).map_err(told)?.len() > MOST_BYTES {
            return Err(format!("{} is no manifest of a backup", path.display()));
        }
        let text = std::fs::read_to_string(&path).map_err(told)?;
        let damaged = || format!("the backup is damaged: {} is not as it was written", path.display());
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| damaged())?;
        if value["format"].as_u64().is_some_and(|format| format > u64::from(FORMAT)) {
            return Err(
                "the backup was made by a newer salesdesk, in a form that this one does not know; use that \
                        one"
                .into(),
            );
        }
        let manifest: Manifest = serde_json::from_value(value).map_err(|_| damaged())?;
        // What is read as the same, and is not the same, was not written by us.
        if manifest.text()? != text || !manifest.parts.iter().all(Part::is_named_well) {
            return Err(damaged());
        }
        Ok(manifest)
    }

    /// It was made with this master key, was not changed since, and this program can read it.
    pub fn check(&self, vault: &Vault) -> Told<()> {
        if self.master_key != vault.fingerprint() {
            return Err(format!(
                "the backup belongs to an installation with another master key: its fingerprint is {}, that of the \
                 key here is {}; restore it with the key that it was made with",
                self.master_key,
                vault.fingerprint()
            ));
        }
        if !secret::same(self.mac.as_bytes(), self.mac_under(vault)?.as_bytes()) {
            return Err(
                "the backup is damaged or forged: its manifest was not written by this installation".into()
            );
        }
        match migrations::unknown_of(&self.schema) {
            Some(newer) => Err(format!(
                "the backup was made by a newer salesdesk ({}, it has the migration {newer}); use that one",
                self.program
            )),
            None => Ok(()),
        }
    }
}
