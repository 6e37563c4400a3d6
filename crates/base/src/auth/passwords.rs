//! Passwords: argon2id, always off the database threads, and at the same cost for an unknown account. The work is
//! bounded: beyond what the machine can do at a time some requests wait, and the others are turned away.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Requests that wait for their turn, and how long they do.
const MOST_WAITING: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The argon2 work that is done at a time.
pub struct Hashing {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Default for Hashing {
    fn default() -> Hashing {
        // Each turn keeps a core busy and takes 19 MiB.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Hashing { turns: Arc::new(Semaphore::new(cores.clamp(1, 8))), waiting: AtomicUsize::new(0) }
    }
}

/// Somebody who waits, until dropped.
struct Waiting<'h>(&'h AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hashing {
    /// The hash of a password, when it is its turn; 503 when too many wait already.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.in_turn(move || hash(&password)).await?
    }

    /// Whether the password fits the hash, as [`verify`] says; 503 when too many wait already.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        self.in_turn(move || verify(&password, stored.as_deref())).await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = match self.turns.clone().try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => self.wait().await?,
        };
        // The turn goes with the work: it ends with it, also when nobody waits for it any more.
        let done = actix_web::rt::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|e| Error::internal(e.to_string()))
    }

    async fn wait(&self) -> Result<tokio::sync::OwnedSemaphorePermit> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= MOST_WAITING {
            return Err(Error::unavailable());
        }
        match tokio::time::timeout(LONGEST_WAIT, self.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::unavailable()),
        }
    }
}

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
