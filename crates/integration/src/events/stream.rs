//! The feed as server-sent events.
//!
//! Streams share what is new: it is read once for all of them, and each wakes only for what may concern it. They look for
//! their events one after the other, so that very many of them do not hold up other reads.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use futures_util::stream;
use tokio::sync::watch;

use super::http::{Place, place, types_of};
use crate::base::auth::Caller;
use crate::base::auth::cache::Since;
use crate::base::core::Core;
use crate::base::error::{Problem, Result};
use crate::base::events::feed::{self, Cursor, Event, Head};
use crate::base::http::{Ctx, Reply, Req};
use crate::base::types::At;

/// A sign of life when nothing happens.
const BEAT: Duration = Duration::from_secs(15);
/// Then the client connects again, with a token that still holds.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Open streams, of all callers and of one.
const MOST: usize = 2_000;
const MOST_OF_ONE: usize = 20;
/// Events read at once.
const PAGE: i64 = 200;
/// Events that are known to all streams.
const MOST_HEADS: i64 = 5_000;
/// How long a caller's rights are believed, in microseconds, when nobody changes any here.
const BELIEVED: i64 = 2_000_000;

/// What is new, for all streams, and how often one of them has looked for its own.
#[derive(Default)]
pub struct News {
    /// Held while a stream reads, so that one does at a time.
    heads: tokio::sync::Mutex<Heads>,
    reads: AtomicU64,
}

/// The events behind `from` and up to `until`.
#[derive(Default)]
struct Heads {
    from: i64,
    until: i64,
    known: VecDeque<Head>,
}

impl News {
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Whether one of the events behind `after` and up to `until` may concern somebody.
    async fn concerns(
        &self,
        core: &Arc<Core>,
        (after, until): (i64, i64),
        is_for: impl Fn(&Head) -> bool,
    ) -> Result<bool> {
        let mut heads = self.heads.lock().await;
        if until - heads.until > MOST_HEADS {
            *heads = Heads { from: until, until, known: VecDeque::new() };
        }
        if until > heads.until {
            let from = heads.until;
            let fresh = core.engine.read(move |conn| feed::heads(conn, from, until)).await?;
            heads.known.extend(fresh);
            heads.until = until;
            while heads.until - heads.from > MOST_HEADS {
                heads.from += 1;
                let from = heads.from;
                while heads.known.front().is_some_and(|head| head.sequence <= from) {
                    heads.known.pop_front();
                }
            }
        }
        // What lies further back has to be looked for.
        let mut behind = heads.known.iter().rev().take_while(|head| head.sequence > after);
        Ok(after < heads.from || behind.any(is_for))
    }
}

/// The streams that are open, by caller.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// One open stream; counted until it is dropped.
struct Open(Streams, String);

impl Streams {
    fn open(&self, caller: &Caller) -> Result<Open> {
        let who = caller.idempotency_owner();
        let mut open = self.lock();
        let all: usize = open.values().sum();
        let of_one = open.entry(who.clone()).or_insert(0);
        if all >= MOST || *of_one >= MOST_OF_ONE {
            return Err(Problem { retry_after: Some(10), ..Problem::new("too_many_streams") }.into());
        }
        *of_one += 1;
        drop(open);
        Ok(Open(self.clone(), who))
    }
    /// How many are open.
    pub fn count(&self) -> usize {
        self.lock().values().sum()
    }
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(|p| p.into_inner())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.0.lock();
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.1);
            }
        }
    }
}

pub async fn open(ctx: Ctx, req: Req<Vec<String>, ()>) -> Result<Reply> {
    let types = types_of(&ctx.core.declared, &req.query)?;
    let after = ctx.last_event_id.clone().or_else(|| req.query.text("after").map(str::to_owned));
    let counted = ctx.core.part::<Streams>().open(&ctx.caller)?;
    let news = ctx.core.sequencer.watch();
    let cursor = ctx
        .read(move |rx| match place(rx.core, rx.conn, Some(after.as_deref().unwrap_or("latest")))? {
            Place::Start | Place::End(_) => {
                Ok(Cursor { epoch: rx.core.epoch.clone(), sequence: feed::newest(rx.conn)? })
            }
            Place::At(cursor) => feed::check_place(rx.conn, rx.core, rx.now, &cursor).map(|()| cursor),
        })
        .await?;
    let reader = Reader {
        shared: ctx.core.part::<News>(),
        asked: None,
        caught_up: false,
        ctx,
        types,
        cursor,
        news,
        began: Instant::now(),
        greeted: false,
        _counted: counted,
    };
    let bytes = stream::unfold(reader, |mut reader| async move {
        let chunk = reader.next().await?;
        Some((Ok(chunk), reader))
    });
    let mut reply = Reply::streamed("text/event-stream", Box::pin(bytes));
    reply.no_store = true;
    reply.headers = vec![("x-accel-buffering", "no".into())];
    Ok(reply)
}

struct Reader {
    ctx: Ctx,
    types: Vec<String>,
    cursor: Cursor,
    news: watch::Receiver<i64>,
    shared: Arc<News>,
    /// When the caller's rights were read, and how they stood then.
    asked: Option<(At, Since)>,
    /// Whether all was read that there was; from then on the news say when to read.
    caught_up: bool,
    began: Instant,
    greeted: bool,
    _counted: Open,
}

impl Reader {
    /// The next bytes; None ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            // Says where the stream begins, so that a client that hears nothing still knows where to go on.
            return Some(Bytes::from(format!("retry: 3000\nid: {}\n\n", self.cursor.write())));
        }
        let mut stopping = self.ctx.core.stopping.subscribe();
        loop {
            if self.began.elapsed() > LONGEST || *stopping.borrow() {
                return None;
            }
            self.ask_again().await?;
            if self.is_to_read().await? {
                let part = self.read().await?;
                self.cursor.sequence = part.next;
                self.caught_up = !part.more;
                if !part.events.is_empty() {
                    return Some(self.write(part.events.into()));
                }
                continue;
            }
            let newer = tokio::select! {
                newer = tokio::time::timeout(BEAT, self.news.changed()) => newer,
                _ = stopping.changed() => return None,
            };
            if newer.is_err() {
                return Some(Bytes::from_static(b": nothing new\n\n"));
            }
        }
    }

    /// The rights that the caller has now; None when these have ended.
    async fn ask_again(&mut self) -> Option<()> {
        let core = self.ctx.core.clone();
        let (now, since) = (core.clock.now(), core.callers.since());
        let is_fresh =
            |(at, then): &(At, Since)| *then == since && (now.micros() - at.micros()).abs() < BELIEVED;
        if self.asked.as_ref().is_some_and(is_fresh) {
            return Some(());
        }
        let turn = self.shared.heads.lock().await;
        let caller = crate::base::auth::again(&core, &self.ctx.caller).await.ok().flatten()?;
        drop(turn);
        self.ctx.caller = caller;
        self.asked = Some((now, since));
        self.ctx.caller.may_ask_from(&self.ctx.peer).then_some(())
    }

    /// Whether there may be something for this stream; what is for others only is passed over.
    async fn is_to_read(&mut self) -> Option<bool> {
        let (after, until) = (self.cursor.sequence, *self.news.borrow_and_update());
        if !self.caught_up || until <= after {
            return Some(!self.caught_up);
        }
        let (declared, caller) = (&self.ctx.core.declared, &self.ctx.caller);
        let is_for = |head: &Head| head.may_concern(declared, caller, &self.types);
        let concerns = self.shared.concerns(&self.ctx.core, (after, until), is_for).await;
        let concerns = concerns.inspect_err(|e| log::warn!("a stream of events ends: {e}")).ok()?;
        if !concerns {
            self.cursor.sequence = until;
        }
        Some(concerns)
    }

    /// What is new for this caller.
    async fn read(&mut self) -> Option<feed::Part> {
        let (types, after) = (self.types.clone(), self.cursor.sequence);
        let _turn = self.shared.heads.lock().await;
        self.shared.reads.fetch_add(1, Ordering::Relaxed);
        let read = self
            .ctx
            .read(move |rx| feed::read(rx.conn, &rx.core.declared, rx.caller, &types, after, PAGE))
            .await;
        read.inspect_err(|e| log::warn!("a stream of events ends: {e}")).ok()
    }

    fn write(&self, events: VecDeque<Event>) -> Bytes {
        let mut text = String::new();
        for event in events {
            let id = Cursor { epoch: self.cursor.epoch.clone(), sequence: event.sequence }.write();
            let data = serde_json::to_string(&event).unwrap_or_default();
            text.push_str(&format!("id: {id}\nevent: {}\ndata: {data}\n\n", event.event_type));
        }
        Bytes::from(text)
    }
}
