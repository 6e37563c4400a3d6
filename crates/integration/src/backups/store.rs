//! Where backups are kept. One is made in a place of its own, and appears in the store as a whole or not at all.
//!
//! There is one kind of store, a folder. Another kind, such as a store of objects, is another arm in each function here:
//! a backup is made in a local folder (`begin`), and its files are uploaded from there with the manifest last (`publish`). A
//! restore reads a local folder, into which they are brought back first. Nothing else knows where backups are.

use std::path::{Path, PathBuf};

use super::Told;
use super::manifest;
use crate::base::secret;
use crate::base::types::At;

/// What the names of all backups begin with.
const PREFIX: &str = "salesdesk-";
/// What the name of a folder begins with in which a backup is being made.
const PARTIAL: &str = ".partial-";

/// A place with backups.
#[derive(Debug, Clone, PartialEq)]
pub enum Store {
    Folder(PathBuf),
}

impl Store {
    /// The place that a setting names.
    pub fn parse(place: &str) -> Told<Store> {
        match place.split_once("://") {
            Some((scheme, _)) => Err(format!(
                "{scheme}:// is no place for backups of this build: it writes to folders; mount the store, or copy the \
                 folders there afterwards"
            )),
            None if place.is_empty() => Err("the place for backups is empty".into()),
            None => Ok(Store::Folder(place.into())),
        }
    }

    /// A name for a backup that begins now; names are in the order of time.
    pub fn new_name(now: At) -> String {
        let mut random = [0u8; 3];
        secret::fill(&mut random);
        format!("{PREFIX}{}-{}", now.utc().format("%Y%m%dT%H%M%SZ"), secret::hex(&random))
    }

    /// A folder on this machine to make it in.
    pub fn begin(&self, name: &str) -> Told<PathBuf> {
        let Store::Folder(place) = self;
        make_private(place)?;
        let folder = place.join(format!("{PARTIAL}{name}"));
        make_private(&folder)?;
        Ok(folder)
    }

    /// It is whole: from now on it is there, under its name.
    pub fn publish(&self, made: &Path, name: &str) -> Told<PathBuf> {
        let Store::Folder(place) = self;
        let there = place.join(name);
        sync_folder(made)?;
        std::fs::rename(made, &there).map_err(|e| format!("cannot write {}: {e}", there.display()))?;
        sync_folder(place)?;
        Ok(there)
    }

    /// Takes away what was begun under this name and not finished.
    pub fn give_up(&self, name: &str) {
        let Store::Folder(place) = self;
        let _ = std::fs::remove_dir_all(place.join(format!("{PARTIAL}{name}")));
    }

    /// Removes a backup. Without a manifest it is none from the first moment on.
    pub fn remove(&self, name: &str) -> Told<()> {
        let Store::Folder(place) = self;
        let folder = place.join(name);
        let removed = match std::fs::remove_file(folder.join(manifest::FILE)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
            _ => std::fs::remove_dir_all(&folder),
        };
        match removed {
            // Somebody else has removed it.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|e| format!("cannot remove {}: {e}", folder.display())),
        }
    }
}

/// A folder that only its owner may read.
fn make_private(folder: &Path) -> Told<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))
}

/// What was written into a folder, and what its files are called, survives a loss of power.
pub fn sync_folder(folder: &Path) -> Told<()> {
    #[cfg(unix)]
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| format!("cannot write {}: {e}", folder.display()))?;
    Ok(())
}

/// A new file that only its owner may read.
pub fn new_file(path: &Path) -> Told<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_this_build_cannot_reach_is_refused_in_words() {
        let refused = Store::parse("s3://bucket/salesdesk").unwrap_err();
        assert!(refused.starts_with("s3:// is no place for backups of this build"), "{refused}");
        assert_eq!(Store::parse("/backup"), Ok(Store::Folder("/backup".into())));
    }

    #[test]
    fn names_are_in_the_order_of_time() {
        let names = [0, 1, 3600].map(|s| Store::new_name(At::from_millis(1_795_140_000_000).plus_seconds(s)));
        assert!(names.is_sorted() && names[0].starts_with("salesdesk-2026"), "{names:?}");
    }
}
