//! Cursors as callers get them: with a keyed digest, so that the values in them are ours. A cursor that was made up or
//! changed on its way, or that comes from another list, is 400 before the database sees any of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::core::Core;
use crate::error::{Problem, Result};
use crate::secret::same;

/// Bytes of the digest that are sent.
const SENT: usize = 16;

fn digest(core: &Core, operation: &str, cursor: &str) -> String {
    let digest = core.vault.digest("cursor", &[operation.as_bytes(), cursor.as_bytes()]);
    URL_SAFE_NO_PAD.encode(&digest[..SENT])
}

/// A cursor of this operation as it is sent.
pub fn seal(core: &Core, operation: &str, cursor: &str) -> String {
    format!("{cursor}.{}", digest(core, operation, cursor))
}

/// What was sealed; 400 for anything else.
pub fn open(core: &Core, operation: &str, sent: &str) -> Result<String> {
    let ours =
        |(cursor, told): &(&str, &str)| same(told.as_bytes(), digest(core, operation, cursor).as_bytes());
    match sent.rsplit_once('.').filter(ours) {
        Some((cursor, _)) => Ok(cursor.to_owned()),
        None => Err(Problem::new("invalid_cursor").into()),
    }
}
