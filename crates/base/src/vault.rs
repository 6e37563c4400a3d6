//! Secrets that are needed again in plain form, such as signing keys and webhook secrets. They are stored in
//! the database, encrypted under the master key, which is not stored there. Keyed digests are made here as well.

use base64::Engine as _;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use super::error::{Error, Result};
use super::secret::{self, mac};

/// Seals and unseals under the master key.
pub struct Vault([u8; 32]);

impl Vault {
    pub fn new(master: [u8; 32]) -> Vault {
        Vault(master)
    }

    /// Encrypts: nonce and ciphertext, base64.
    pub fn seal(&self, plain: &[u8]) -> Result<String> {
        let mut nonce = [0u8; 12];
        secret::fill(&mut nonce);
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), plain)
            .map_err(|_| Error::internal("sealing a secret failed"))?;
        Ok(base64::engine::general_purpose::STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed.
    pub fn unseal(&self, sealed: &str) -> Result<Vec<u8>> {
        let wrong = || {
            Error::internal(
                "the secrets in the database cannot be read with this master key; use the one that made them",
            )
        };
        let bytes = base64::engine::general_purpose::STANDARD.decode(sealed).map_err(|_| wrong())?;
        let (nonce, ciphertext) = bytes.split_at_checked(12).ok_or_else(wrong)?;
        let nonce: [u8; 12] = nonce.try_into().map_err(|_| wrong())?;
        self.cipher().decrypt(&Nonce::from(nonce), ciphertext).map_err(|_| wrong())
    }

    /// A digest that nobody makes without the master key: HMAC-SHA256 over the parts, each with its length before it, under
    /// a key of its own for each purpose.
    pub fn digest(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = mac(&self.0, &[b"salesdesk digest", purpose.as_bytes()]);
        mac(&key, parts)
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_that_sealed_a_secret_opens_it() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal(b"a secret").unwrap();
        assert_ne!(sealed, vault.seal(b"a secret").unwrap(), "equal secrets do not look equal");
        assert_eq!(vault.unseal(&sealed).unwrap(), b"a secret");
        let digest = |key: u8, purpose: &str, parts: &[&[u8]]| Vault::new([key; 32]).digest(purpose, parts);
        let first = digest(7, "cursor", &[b"ab", b"c"]);
        assert_eq!(first, digest(7, "cursor", &[b"ab", b"c"]));
        assert_ne!(first, digest(8, "cursor", &[b"ab", b"c"]));
        assert_ne!(first, digest(7, "request", &[b"ab", b"c"]));
        assert_ne!(first, digest(7, "cursor", &[b"a", b"bc"]));
        assert!(Vault::new([8; 32]).unseal(&sealed).is_err() && vault.unseal("c2hvcnQ=").is_err());
    }
}
