//! Secrets that are needed again in plain form, such as signing keys and webhook secrets. They are stored in
//! the database, encrypted under the master key, which is not stored there. Keyed digests are made here as well.

use base64::Engine as _;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use super::error::{Error, Result};
use super::secret::{self, mac};

/// What a sealed master key begins with: the form of the text.
const SEALED_KEY: &str = "salesdesk-key-1";

/// A key that takes half a second and 64 MiB to make of a passphrase, because whoever has the text may try many.
fn stretched(passphrase: &str, salt: &[u8]) -> Result<[u8; 32]> {
    let failed = |e: argon2::Error| Error::internal(format!("a passphrase cannot be used: {e}"));
    let params = argon2::Params::new(65_536, 3, 1, Some(32)).map_err(failed)?;
    let mut key = [0u8; 32];
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut key)
        .map_err(failed)?;
    Ok(key)
}

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

    /// What tells whether two installations have the same master key, and nothing else of it.
    pub fn fingerprint(&self) -> String {
        let digest = self.digest("the master key's fingerprint", &[]);
        secret::hex(&digest[..16])
    }

    /// The master key itself under a passphrase, as a line of text: for a copy that is kept apart from this machine.
    pub fn sealed_under(&self, passphrase: &str) -> Result<String> {
        let mut salt = [0u8; 16];
        secret::fill(&mut salt);
        let sealed = Vault(stretched(passphrase, &salt)?).seal(&self.0)?;
        let salt = base64::engine::general_purpose::STANDARD.encode(salt);
        Ok(format!("{SEALED_KEY} {salt} {sealed}"))
    }

    /// The vault whose key was sealed under this passphrase; None when it was another passphrase, or no such text.
    pub fn opened_with(sealed: &str, passphrase: &str) -> Option<Vault> {
        let mut words = sealed.split_whitespace();
        let salt = (words.next() == Some(SEALED_KEY)).then(|| words.next()).flatten()?;
        let salt = base64::engine::general_purpose::STANDARD.decode(salt).ok()?;
        let key = Vault(stretched(passphrase, &salt).ok()?).unseal(words.next()?).ok()?;
        Some(Vault(key.try_into().ok()?))
    }

    /// The master key, to write it where it is kept.
    pub fn key(&self) -> &[u8; 32] {
        &self.0
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
        let (first, second) = (vault.sealed_under("correct horse").unwrap(), Vault::new([8; 32]));
        assert_eq!(Vault::opened_with(&first, "correct horse").unwrap().key(), vault.key());
        assert!(
            Vault::opened_with(&first, "wrong horse").is_none() && Vault::opened_with("x y z", "").is_none()
        );
        assert_ne!(vault.fingerprint(), second.fingerprint());
        assert!(Vault::new([8; 32]).unseal(&sealed).is_err() && vault.unseal("c2hvcnQ=").is_err());
    }
}
