//! Context of handlers that need more than one unit of work: units on demand, and a place for slow work.

use std::sync::Arc;

use super::answer::Reply;
use super::dispatch::App;
use super::idempotency::{self, Key};
use crate::auth::Caller;
use crate::core::Core;
use crate::db::engine::Ending;
use crate::db::{Presence, ReadTx, Tx};
use crate::error::{Error, Result};
use crate::messages::Lang;

/// A request's surroundings.
#[derive(Clone)]
pub struct Ctx {
    /// Every endpoint, for what calls others: a batch, an import.
    pub app: Arc<App>,
    pub core: Arc<Core>,
    pub caller: Arc<Caller>,
    pub lang: Lang,
    pub request_id: String,
    /// The caller's network address.
    pub peer: String,
    /// The header of this name as it was sent, for endpoints that look at it themselves ([`Access::Client`]).
    ///
    /// [`Access::Client`]: super::Access::Client
    pub authorization: Option<String>,
    pub key: Option<Key>,
    pub expected: Option<i32>,
    pub presence: Presence,
    pub dry_run: bool,
    /// The operation that was called.
    pub operation: &'static str,
    /// Where a stream of events goes on (`Last-Event-ID`).
    pub last_event_id: Option<String>,
}

impl Ctx {
    /// Reads in one snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut ReadTx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let ctx = self.clone();
        self.core.engine.read(move |conn| work(&mut ctx.core.rx(conn, &ctx.caller, ctx.lang))).await
    }

    /// A unit of work that answers the request: `Idempotency-Key` and `dry_run` apply.
    pub async fn answer(
        &self,
        mut work: impl FnMut(&mut Tx) -> Result<Reply> + Send + 'static,
    ) -> Result<Reply> {
        let _held = match &self.key {
            Some(key) => Some(self.core.in_flight.hold(key)?),
            None => None,
        };
        let ctx = self.clone();
        let began = self.core.callers.since();
        let ending = if self.dry_run { Ending::Rollback } else { Ending::Commit };
        let done = self
            .core
            .engine
            .write(move |conn| {
                conn.works_for(ctx.operation);
                let mut tx = ctx.core.tx(conn, &ctx.caller, ctx.lang, &ctx.request_id);
                tx.expected = ctx.expected;
                tx.presence = ctx.presence;
                let whole = |tx: &mut Tx| work(tx).and_then(|reply| tx.has_compared().map(|()| reply));
                idempotency::with_idempotency(&mut tx, ctx.key.as_ref(), whole).map(|reply| (reply, ending))
            })
            .await;
        self.core.callers.settle(began);
        done
    }

    /// A unit of work beside the answer, e.g. counting a failed log-in.
    pub async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let ctx = self.clone();
        let began = self.core.callers.since();
        let done = self
            .core
            .engine
            .write(move |conn| {
                conn.works_for(ctx.operation);
                let mut tx = ctx.core.tx(conn, &ctx.caller, ctx.lang, &ctx.request_id);
                work(&mut tx).map(|value| (value, Ending::Commit))
            })
            .await;
        self.core.callers.settle(began);
        done
    }

    /// Slow work that is no database work, such as password hashing, off the request threads.
    pub async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        actix_web::rt::task::spawn_blocking(work).await.map_err(|e| Error::internal(e.to_string()))
    }
}
