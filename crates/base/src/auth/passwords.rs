//! Passwords: argon2id, always off the database threads, and at the same cost for an unknown account.

use std::sync::OnceLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::error::{Error, Result};

/// The hash of a password, in PHC string format.
pub fn hash(password: &str) -> Result<String> {
    let mut salt = [0u8; 16];
    super::super::secret::fill(&mut salt);
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|h| h.to_string())
        .map_err(|e| Error::internal(format!("hashing: {e}")))
}

/// Whether the password fits the hash. Without a hash (an unknown account) the same work is done in vain.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    static DECOY: OnceLock<String> = OnceLock::new();
    let decoy = || DECOY.get_or_init(|| hash("no password at all").unwrap_or_default()).as_str();
    let Ok(parsed) = PasswordHash::new(stored.unwrap_or_else(decoy)) else {
        return false;
    };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && stored.is_some()
}
