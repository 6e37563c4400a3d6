//! Random bytes, digests and constant-time comparison: the only door to the machine's randomness.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Fills `buffer` with random bytes from the operating system. Without them nothing here is safe, so their
/// absence ends the process.
#[allow(clippy::disallowed_methods)] // the one place that asks the operating system
pub fn fill(buffer: &mut [u8]) {
    if let Err(error) = getrandom::fill(buffer) {
        log::error!("the operating system gives no random bytes: {error}");
        std::process::abort();
    }
}

/// `bytes` random bytes, base64url without padding.
pub fn token(bytes: usize) -> String {
    let mut buffer = vec![0u8; bytes];
    fill(&mut buffer);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(buffer)
}

/// SHA-256, as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// HMAC-SHA256 over the parts, each with its length before it, so that no two lists of parts are the same.
pub fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let empty = || Hmac::new(&Default::default());
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap_or_else(|_| empty());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Compares two secrets without telling by time where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
