//! Running a batch. In each mode an operation becomes the [`Call`] that a single request would be, with what it
//! refers to in place; the modes differ in the units of work that the calls run in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::model::{BatchAnswer, BatchInput, BatchMode, BatchOperation, BatchResult};
use super::rules::{self, Reference};
use crate::base::auth::Caller;
use crate::base::db::engine::Ending;
use crate::base::db::{Tx, savepoint};
use crate::base::error::{Error, Fault, Place, Problem, Result};
use crate::base::http::call::{self, Call, Conditions, etag};
use crate::base::http::dispatch::{self, API, App};
use crate::base::http::params::percent_encode;
use crate::base::http::{Ctx, Endpoint, Handler, Incoming, Media, Reply, idempotency};
use crate::base::messages::Lang;

/// Bytes of all answers together; no operation is begun beyond that.
const MAX_ANSWER: usize = 8 << 20;

/// A batch that is being run.
pub struct Batch {
    pub mode: BatchMode,
    operations: Vec<BatchOperation>,
    app: Arc<App>,
    lang: Lang,
    request_id: String,
    began: Instant,
    /// Operations are begun within this time.
    time: Duration,
}

impl Batch {
    pub fn of(input: BatchInput, ctx: &Ctx) -> Batch {
        Batch {
            mode: input.mode,
            operations: input.operations,
            app: ctx.app.clone(),
            lang: ctx.lang,
            request_id: ctx.request_id.clone(),
            began: Instant::now(),
            time: ctx.core.web.batch_time,
        }
    }
}

// ---- the modes -----------------------------------------------------------------------------------------------

/// All in one unit of work: the first failure is the batch's, and undoes everything.
pub fn atomic(tx: &mut Tx, batch: &Batch) -> Result<Reply> {
    let mut done = Done::default();
    for index in 0..batch.operations.len() {
        match in_unit(tx, batch, index, &done) {
            Ok(reply) => done.add(batch, reply)?,
            Err(error) if error.concerns_the_unit() => return Err(error),
            Err(error) => return Err(error.into_problem().with("failed_operation", index).into()),
        }
    }
    done.answer(batch)
}

/// An independent batch as it would go, in one unit of work that is not kept: a failure undoes its own part only.
pub fn rehearse(tx: &mut Tx, batch: &Batch) -> Result<Reply> {
    let mut done = Done::default();
    for index in 0..batch.operations.len() {
        let part =
            savepoint::part(tx, |tx| in_unit(tx, batch, index, &done).map(|reply| (reply, Ending::Commit)));
        match part {
            Ok(reply) => done.add(batch, reply)?,
            Err(error) if error.concerns_the_unit() => return Err(error),
            Err(error) => done.fail(batch, error),
        }
    }
    done.answer(batch)
}

/// Each in a unit of work of its own, under a key of its own when the batch has one.
pub async fn independent(ctx: &Ctx, batch: &Batch) -> Result<Reply> {
    let _held = ctx.key.as_ref().map(|key| ctx.core.in_flight.hold(key)).transpose()?;
    let again = known(ctx).await?;
    let mut done = Done::default();
    for index in 0..batch.operations.len() {
        match by_itself(ctx, batch, index, &done).await {
            Ok(reply) => done.add(batch, reply)?,
            Err(error) => done.fail(batch, error),
        }
    }
    let nothing_new = again && done.anew == 0;
    done.answer(batch).map(|reply| Reply { replayed: nothing_new, ..reply })
}

/// Whether this batch was sent before under its key; a key that was used for another request is refused here,
/// before anything is done.
async fn known(ctx: &Ctx) -> Result<bool> {
    let Some(key) = ctx.key.clone() else { return Ok(false) };
    let begun =
        ctx.write(move |tx| idempotency::with_idempotency(tx, Some(&key), |_| Ok(Reply::empty(200)))).await?;
    Ok(begun.replayed)
}

// ---- one operation -------------------------------------------------------------------------------------------

async fn by_itself(ctx: &Ctx, batch: &Batch, index: usize, done: &Done) -> Result<Reply> {
    let call = batch.call(&ctx.caller, index, done)?;
    let key = ctx.key.as_ref().filter(|_| call.endpoint.nature.writes()).map(|key| key.part(index));
    let began = Instant::now();
    let reply = call.run(Ctx { key, ..ctx.clone() }).await.map_err(|e| placed(e, index));
    count(&batch.app, &reply, began);
    reply
}

fn in_unit(tx: &mut Tx, batch: &Batch, index: usize, done: &Done) -> Result<Reply> {
    let call = batch.call(tx.caller, index, done)?;
    let began = Instant::now();
    let reply = match call.query.dry_run {
        true => savepoint::part(tx, |tx| call.run_in(tx).map(|reply| (reply, Ending::Rollback))),
        false => call.run_in(tx),
    };
    let reply = reply.map_err(|e| placed(e, index));
    count(&batch.app, &reply, began);
    reply
}

fn count(app: &App, reply: &Result<Reply>, began: Instant) {
    let status = match reply {
        Ok(reply) => reply.status,
        Err(error) => error.problem().map_or(500, Problem::status),
    };
    app.core.metrics.batched.record(status, began.elapsed());
}

impl Batch {
    /// The call that an operation is, let in and checked as a single request would be.
    fn call(&self, caller: &Caller, index: usize, done: &Done) -> Result<Call> {
        self.may_begin(done)?;
        let resolver = Resolver { batch: self, index, done, faults: vec![], failed: None };
        let resolved = resolver.resolve()?;
        let operation = &self.operations[index];
        let check = || {
            let path = format!("{API}{}", resolved.path);
            let found = self.app.find(operation.method.method().as_str(), &path);
            let (endpoint, args) = found.map_err(|e| method_fault(e, index))?;
            may_be_in_batch(&endpoint)?;
            call::admit(&endpoint, caller)?;
            let conditions = Conditions {
                if_match: resolved.if_match.as_deref(),
                if_none_match: operation.if_none_match.as_deref(),
            };
            Call::check(endpoint, args, conditions, &resolved.query, |endpoint| {
                incoming(endpoint, resolved.body)
            })
        };
        check().map_err(|e| placed(e, index))
    }

    fn may_begin(&self, done: &Done) -> Result<()> {
        if self.began.elapsed() >= self.time {
            let problem = Problem { retry_after: Some(1), ..Problem::new("batch_out_of_time") };
            return Err(problem.param("seconds", self.time.as_secs()).into());
        }
        if done.bytes > MAX_ANSWER {
            return Err(Problem::new("batch_answer_too_large").param("max_bytes", MAX_ANSWER).into());
        }
        Ok(())
    }
}

/// An operation without references.
struct Resolved {
    path: String,
    query: String,
    if_match: Option<String>,
    body: Option<Value>,
}

/// Puts values in the places of an operation's references, and gathers what is wrong with them.
struct Resolver<'b> {
    batch: &'b Batch,
    index: usize,
    done: &'b Done,
    faults: Vec<Fault>,
    /// The first operation that failed among those referred to.
    failed: Option<String>,
}

impl Resolver<'_> {
    fn resolve(mut self) -> Result<Resolved> {
        let operation = &self.batch.operations[self.index];
        let (path, query) = operation.target();
        let path = path.split('/').map(|segment| self.in_target(segment)).collect::<Vec<_>>().join("/");
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", self.in_target(value)),
            None => pair.to_owned(),
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        let if_match = operation.if_match.as_deref().map(|text| match self.in_text("if_match", text) {
            Some(Value::Number(version)) => format!("\"{version}\""),
            Some(value) => plain(&value),
            None => text.to_owned(),
        });
        let at = self.place("body");
        let body = operation.body.clone().map(|fields| {
            let mut body = Value::Object(fields);
            rules::fill(&at, &mut body, &mut |at, reference| self.value(at, reference));
            body
        });
        match self.failed {
            Some(name) => {
                let problem = Problem { faults: self.faults, ..Problem::new("failed_dependency") };
                Err(problem.param("ref", name).into())
            }
            None if self.faults.is_empty() => Ok(Resolved { path, query, if_match, body }),
            None => Err(Error::invalid(self.faults)),
        }
    }

    fn place(&self, part: &str) -> String {
        format!("/operations/{}/{part}", self.index)
    }

    /// A segment of the path or a value in the query.
    fn in_target(&mut self, text: &str) -> String {
        self.in_text("path", text).map_or_else(|| text.to_owned(), |value| percent_encode(&plain(&value)))
    }

    /// What a text stands for, if it is a reference.
    fn in_text(&mut self, part: &str, text: &str) -> Option<Value> {
        let reference = Reference::in_text(text)?;
        match self.value(&self.place(part), reference) {
            Value::Null => {
                let fault = self.fault(&self.place(part), "not_a_plain_value", reference);
                // What was found to be wrong already is told once.
                if self.faults.last().is_none_or(|last| last.place != fault.place) {
                    self.faults.push(fault);
                }
                Some(Value::Null)
            }
            value => Some(value),
        }
    }

    /// What a reference stands for. All of them lead to earlier operations, which was checked before.
    fn value(&mut self, at: &str, reference: Reference) -> Value {
        let index = self.batch.operations.iter().position(|o| o.name.as_deref() == Some(reference.name));
        let Some(result) = index.and_then(|i| self.done.results.get(i)) else { return Value::Null };
        if result.problem.is_some() {
            self.failed.get_or_insert_with(|| reference.name.to_owned());
            self.faults.push(Fault::at(at, "failed_ref").with("ref", reference.name));
            return Value::Null;
        }
        let wrong = match result.body.as_ref().and_then(|answer| reference.within(answer)) {
            None => "no_such_answer",
            Some(Value::Object(_) | Value::Array(_)) => "not_a_plain_value",
            Some(value) => return value.clone(),
        };
        self.faults.push(self.fault(at, wrong, reference));
        Value::Null
    }

    fn fault(&self, at: &str, code: &'static str, reference: Reference) -> Fault {
        Fault::at(at, code).with("ref", reference.name).with("field", reference.field)
    }
}

/// A plain value as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A method that the path does not take is a fault of the operation: 405 would speak of the batch's own path.
fn method_fault(error: Error, index: usize) -> Error {
    let allowed = error.problem().and_then(|p| p.allow.as_ref()).map(|allow| {
        let methods: Vec<&str> = allow.split(", ").filter(|m| *m != "HEAD").collect();
        methods.join(", ")
    });
    match allowed {
        Some(allowed) => Error::invalid(vec![
            Fault::at(format!("/operations/{index}/method"), "not_allowed").with("allowed", allowed),
        ]),
        None => error,
    }
}

fn may_be_in_batch(endpoint: &Endpoint) -> Result<()> {
    let is_json = endpoint.body.as_ref().is_none_or(|b| b.media == Media::Json);
    if is_json && endpoint.answer_media.is_empty() && !matches!(endpoint.handler, Handler::Flow(_)) {
        return Ok(());
    }
    Err(Problem::new("not_in_batch").param("operation", endpoint.operation_id).into())
}

fn incoming(endpoint: &Endpoint, body: Option<Value>) -> Result<Incoming> {
    match (body, &endpoint.body) {
        (Some(body), Some(_)) => Ok(Incoming::Value(body)),
        (Some(body), None) => dispatch::refuse_body(&body).map(|()| Incoming::Nothing),
        (None, Some(_)) if !endpoint.body_optional => Err(Error::field("", "required")),
        _ => Ok(Incoming::Nothing),
    }
}

/// A problem whose faults point into the batch. Query parameters keep their names.
fn placed(error: Error, index: usize) -> Error {
    let Error::Problem(mut problem) = error else { return error };
    let own = format!("/operations/{index}/");
    for fault in &mut problem.faults {
        match &mut fault.place {
            Place::Pointer(pointer) if pointer.starts_with(&own) => {}
            Place::Pointer(pointer) => *pointer = format!("{own}body{pointer}"),
            Place::Parameter(name) if name == "If-Match" => {
                fault.place = Place::Pointer(format!("{own}if_match"));
            }
            Place::Parameter(name) if name == "If-None-Match" => {
                fault.place = Place::Pointer(format!("{own}if_none_match"));
            }
            Place::Parameter(_) => {}
        }
    }
    Error::Problem(problem)
}

// ---- what came of it -----------------------------------------------------------------------------------------

/// What the operations so far came to.
#[derive(Default)]
struct Done {
    results: Vec<BatchResult>,
    bytes: usize,
    /// Writes and failures that are no answers of an earlier request.
    anew: usize,
    /// Whether an answer holds a secret.
    no_store: bool,
    /// The fields of answers that are shown this once.
    secrets: Vec<&'static str>,
}

impl Done {
    fn add(&mut self, batch: &Batch, reply: Reply) -> Result<()> {
        let operation = &batch.operations[self.results.len()];
        let body = reply.body.map(|bytes| {
            self.bytes += bytes.len();
            serde_json::from_slice(&bytes).map_err(|e| Error::internal(format!("an answer is no JSON: {e}")))
        });
        self.anew += usize::from(!reply.replayed && operation.method.writes());
        self.no_store |= reply.no_store;
        self.secrets.extend(reply.secrets);
        self.results.push(BatchResult {
            name: operation.name.clone(),
            status: i32::from(reply.status),
            location: reply.location.map(|path| format!("{API}{path}")),
            etag: reply.version.map(etag),
            replayed: reply.replayed,
            body: body.transpose()?,
            problem: None,
        });
        Ok(())
    }

    fn fail(&mut self, batch: &Batch, error: Error) {
        let operation = &batch.operations[self.results.len()];
        let mut problem = error.into_problem();
        if let Some(seconds) = problem.retry_after {
            problem = problem.with("retry_after", seconds);
        }
        let instance = format!("{API}{}", operation.target().0);
        let document = problem.document(batch.lang, &instance, &batch.request_id);
        self.bytes += document.to_string().len();
        self.anew += 1;
        self.results.push(BatchResult {
            name: operation.name.clone(),
            status: i32::from(problem.status()),
            location: None,
            etag: None,
            replayed: false,
            body: None,
            problem: Some(document),
        });
    }

    fn answer(self, batch: &Batch) -> Result<Reply> {
        let failed = self.results.iter().filter(|r| r.problem.is_some()).count();
        let answer = BatchAnswer {
            mode: batch.mode,
            succeeded: (self.results.len() - failed) as i32,
            failed: failed as i32,
            results: self.results,
        };
        let (no_store, secrets) = (self.no_store, self.secrets);
        Ok(Reply { no_store, secrets, ..Reply::json(200, &answer)? })
    }
}
