//! Backups as they are noted and listed, and the state of the installation.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::http::params::{Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::schema::backups;
use crate::{id_type, text_enum};

id_type!(BackupId, "bak", "backup");

text_enum! {
    /// Who began a backup: the server by its settings (`scheduled`), or the command `salesdesk backup` (`command`).
    pub enum BackupOrigin { Scheduled = "scheduled", Command = "command" }
}
text_enum! {
    /// State of a backup: `running`, `succeeded` or `failed`.
    pub enum BackupStatus { Running = "running", Succeeded = "succeeded", Failed = "failed" }
}

/// A backup as it is noted.
#[derive(Debug, Clone, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = backups)]
#[diesel(treat_none_as_null = true)]
pub struct BackupRow {
    pub id: BackupId,
    pub name: String,
    pub place: String,
    pub origin: BackupOrigin,
    pub status: BackupStatus,
    pub with_key: bool,
    pub started_at: At,
    /// The program that makes it is silent no longer than until then.
    pub leased_until: At,
    pub finished_at: Option<At>,
    pub bytes: Option<i64>,
    pub audit_sequence: Option<i64>,
    pub error: Option<String>,
    pub removed_at: Option<At>,
}

/// A backup that was made or tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct Backup {
    pub id: BackupId,
    /// Name of the backup: the folder that holds it.
    #[schema(max_length = 80, example = "salesdesk-20261120T021500Z-3f9a1c")]
    pub name: String,
    /// Where backups of this kind are put, as the settings or the command named it.
    #[schema(max_length = 1000, example = "/backup")]
    pub place: String,
    /// Who began it.
    pub origin: BackupOrigin,
    /// State of the backup.
    pub status: BackupStatus,
    /// Whether it holds the master key, sealed under the backup passphrase.
    pub with_key: bool,
    /// When it was begun.
    pub started_at: At,
    /// When it ended. Null while it runs.
    pub finished_at: Option<At>,
    /// Milliseconds that it took. Null while it runs.
    #[schema(minimum = 0, example = 5200)]
    pub duration_ms: Option<i64>,
    /// Size of all its parts in bytes. Null when it did not succeed.
    #[schema(minimum = 0, example = 73400320)]
    pub bytes: Option<i64>,
    /// Position of the last entry of the audit trail that is in it. Null when it did not succeed.
    #[schema(minimum = 0, example = 120944)]
    pub audit_sequence: Option<i64>,
    /// What went wrong, in the words of the program that failed. Null when it did not fail.
    #[schema(max_length = 2000)]
    pub error: Option<String>,
    /// When it was removed because enough newer ones are kept. Null when it was not.
    pub removed_at: Option<At>,
}

impl From<BackupRow> for Backup {
    fn from(row: BackupRow) -> Backup {
        Backup {
            id: row.id,
            name: row.name,
            place: row.place,
            origin: row.origin,
            status: row.status,
            with_key: row.with_key,
            started_at: row.started_at,
            finished_at: row.finished_at,
            duration_ms: row.finished_at.map(|end| (end.millis() - row.started_at.millis()).max(0)),
            bytes: row.bytes,
            audit_sequence: row.audit_sequence,
            error: row.error,
            removed_at: row.removed_at,
        }
    }
}

/// State of the installation: what it runs on, whether it is held after a restore, and how its backups fare.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemStatus {
    /// Version of the program.
    #[schema(max_length = 40, example = "0.1.0")]
    pub version: &'static str,
    /// Database engine: `sqlite` or `postgres`.
    #[schema(max_length = 20, example = "sqlite")]
    pub engine: &'static str,
    /// True when the database was restored and nobody has resumed the installation yet: mail, webhooks and
    /// scheduled work wait.
    pub held: bool,
    /// When the database was last restored from a backup. Null when it never was.
    pub restored_at: Option<At>,
    /// Name of the backup that it was restored from. Null when there is none, or it was made by other means.
    #[schema(max_length = 80)]
    pub restored_from: Option<String>,
    /// When that backup was made: what was changed after it is not in the database. Null when it is not known.
    pub restored_to: Option<At>,
    /// How the backups fare.
    pub backups: BackupState,
}

/// How the backups of the installation fare.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupState {
    /// Whether the server makes backups by itself.
    pub scheduled: bool,
    /// Hours between two scheduled backups. Null when none are scheduled.
    #[schema(minimum = 1, maximum = 168, example = 24)]
    pub every_hours: Option<i32>,
    /// Number of scheduled backups that are kept. Null when none are scheduled.
    #[schema(minimum = 1, maximum = 1000, example = 14)]
    pub keep: Option<i32>,
    /// When the last backup that succeeded was begun, scheduled or not. Null when none has.
    pub last_success_at: Option<At>,
    /// True when no backup has succeeded for a day, or for longer than `every_hours` where that is more.
    pub overdue: bool,
    /// What to look at, in the language that the request asks for. Null when all is well.
    #[schema(max_length = 400)]
    pub warning: Option<String>,
}

pub static BACKUPS: ListSpec = ListSpec {
    id: col!(backups::id),
    filters: &[
        filter(
            Param::new("status", Takes::Words(BackupStatus::WORDS), "Backups with one of these statuses."),
            Does::Is(col!(backups::status)),
        ),
        filter(
            Param::new(
                "origin",
                Takes::Words(BackupOrigin::WORDS),
                "Backups that were begun by one of these.",
            ),
            Does::Is(col!(backups::origin)),
        ),
        filter(
            Param::new("started_since", Takes::Instant, "Backups begun at this instant or later."),
            Does::AtLeast(col!(backups::started_at)),
        ),
    ],
    sorts: &[Sort { name: "started_at", column: col!(backups::started_at) }],
    default_sort: "-started_at",
    expand: &[],
};

impl Row for BackupRow {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.started_at.into()
    }
}
