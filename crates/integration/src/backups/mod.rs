//! Backups of the whole installation, and reading them again.

pub mod make;
pub mod manifest;
pub mod restore;
pub mod store;
pub mod tools;

/// What comes to nothing is told in a sentence: to whoever runs the command, to the log, and in the list of backups.
pub type Told<T> = std::result::Result<T, String>;
