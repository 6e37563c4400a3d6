//! The running product: engine, clock, ids, settings of the company, keys.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::auth::Caller;
use super::auth::tokens::Keys;
use super::db::engine::Ending;
use super::db::{Conn, Engine, Presence, ReadTx, Tx};
use super::error::Result;
use super::messages::Lang;
use super::types::id::Ids;
use super::types::time::Clock;

/// What every request and command works with; one per process.
pub struct Core {
    pub engine: Engine,
    pub clock: Clock,
    pub ids: Ids,
    /// The company's time zone: what "today" means.
    pub zone: chrono_tz::Tz,
    /// The company's own currency, ISO 4217.
    pub currency: String,
    pub keys: Keys,
    /// Where callers find the installation; None when only their requests tell.
    pub public_url: Option<String>,
    pub callers: super::auth::cache::Callers,
    pub login_guard: super::auth::guard::LoginGuard,
    /// Makes and compares the hashes of passwords.
    pub hashing: super::auth::passwords::Hashing,
    /// Lets somebody make the first administrator, on a database without users.
    pub set_up_token: std::sync::OnceLock<String>,
    /// The folder of the SQLite file and the master key.
    pub data_dir: std::path::PathBuf,
    pub in_flight: super::http::idempotency::InFlight,
    /// What the operator set about HTTP.
    pub web: super::http::web::Web,
    pub limits: super::http::limits::RateLimits,
    pub metrics: super::metrics::Metrics,
    /// Wakes the tasks that run in this process.
    pub wakers: Arc<super::background::Wakers>,
    /// What tasks have given to threads of their own.
    pub workers: Arc<super::background::WorkerPool>,
    /// Opens the secrets that lie in the database.
    pub vault: Arc<super::vault::Vault>,
    /// Gives the journal its order.
    pub sequencer: Arc<super::events::sequencer::Sequencer>,
    /// Which life of the database this is: another one after it was restored from a backup.
    pub epoch: String,
    /// Whether it was restored, and nobody has said yet that it goes on.
    pub held: super::installation::Held,
    /// What areas have declared.
    pub declared: Arc<super::declared::Declared>,
    /// The same, ready to serve.
    pub building: Arc<super::http::dispatch::Building>,
    /// What areas keep in memory, each by its own type.
    pub parts: Parts,
    /// True when the server is about to end.
    pub stopping: tokio::sync::watch::Sender<bool>,
}

/// What areas keep in memory beside the requests, one value of each type. The base knows none of the types.
#[derive(Default)]
pub struct Parts(std::sync::RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Parts {
    fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let key = TypeId::of::<T>();
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let part = known.unwrap_or_else(|| {
            let mut parts = self.0.write().unwrap_or_else(PoisonError::into_inner);
            parts.entry(key).or_insert_with(|| Arc::new(T::default())).clone()
        });
        // The key is the value's type.
        part.downcast().unwrap_or_default()
    }
}

impl Core {
    /// What an area keeps in memory of this type; made at the first call.
    pub fn part<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.parts.get()
    }

    /// Reads on behalf of a caller, outside any request.
    pub fn read_as<T: Send + 'static>(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        work: impl FnOnce(&mut ReadTx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let core = self.clone();
        self.engine.read_now(move |conn| work(&mut core.rx(conn, &caller, Lang::En)))
    }

    /// Writes on behalf of a caller, outside any request: commands, demo data, imports.
    pub fn write_as<T: Send + 'static>(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        mut work: impl FnMut(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let core = self.clone();
        let began = self.callers.since();
        let done = self.engine.write_now(move |conn| {
            let mut tx = core.tx(conn, &caller, Lang::En, "");
            Ok((work(&mut tx)?, Ending::Commit))
        });
        self.callers.settle(began);
        done
    }

    pub fn rx<'a>(&'a self, conn: &'a mut Conn, caller: &'a Caller, lang: Lang) -> ReadTx<'a> {
        ReadTx { conn, core: self, caller, now: self.clock.now(), lang }
    }

    pub fn tx<'a>(
        &'a self,
        conn: &'a mut Conn,
        caller: &'a Caller,
        lang: Lang,
        request_id: &'a str,
    ) -> Tx<'a> {
        Tx {
            conn,
            core: self,
            caller,
            now: self.clock.now(),
            lang,
            request_id,
            expected: None,
            compared: Cell::default(),
            presence: Presence::Either,
            examples: RefCell::default(),
        }
    }
}
