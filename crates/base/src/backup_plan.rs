//! The backups that a server makes by itself, as the operator sets them.

use std::fmt;
use std::path::PathBuf;

/// Where backups go, how often they are made, and how many are kept.
#[derive(Clone)]
pub struct BackupPlan {
    pub to: String,
    pub every_hours: u32,
    /// The newest so many stay.
    pub keep: u32,
    /// With it each backup holds the master key, under this passphrase.
    pub passphrase: Option<String>,
    /// Where pg_dump is; None means on the PATH.
    pub pg_bin: Option<PathBuf>,
}

impl fmt::Debug for BackupPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupPlan")
            .field("to", &self.to)
            .field("every_hours", &self.every_hours)
            .field("keep", &self.keep)
            .field("with_key", &self.passphrase.is_some())
            .field("pg_bin", &self.pg_bin)
            .finish()
    }
}
