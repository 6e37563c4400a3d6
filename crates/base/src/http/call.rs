//! A call of an endpoint: from a request of its own, from a batch or from an import. The checks, their order
//! and the execution are the same for all.

use std::sync::Arc;

use actix_web::http::header::EntityTag;
use serde_json::Value;

use super::answer::Reply;
use super::context::Ctx;
use super::dispatch::{API, App};
use super::params::{self, Query};
use super::{Access, Endpoint, Handler, Incoming, Method, OperationKind, RawReq};
use crate::auth::{Caller, forbidden};
use crate::db::{Presence, ReadTx, Tx};
use crate::error::{Error, Fault, Problem, Result};

/// What a call says about the version of the record, as the headers of these names do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions<'a> {
    pub if_match: Option<&'a str>,
    pub if_none_match: Option<&'a str>,
}

/// A call that is found, let in and readable; the rest is the handler's.
pub struct Call {
    pub endpoint: Arc<Endpoint>,
    /// The versions that the caller says they saw, the newest first; none is any.
    expected: Vec<i32>,
    /// Whether the record is to be there already.
    presence: Presence,
    /// The ETags that the caller has.
    known: Option<String>,
    args: Vec<String>,
    pub query: Query,
    body: Incoming,
}

/// Whether the endpoint lets this caller in.
pub fn admit(endpoint: &Endpoint, caller: &Caller) -> Result<()> {
    match &endpoint.access {
        // Whoever comes without a token, or with a client's secret, is nobody in particular yet.
        Access::Public | Access::Client(_) => Ok(()),
        _ if caller.must_change_password && !endpoint.first_steps => {
            Err(Problem::new("password_change_required").into())
        }
        Access::Scope(scopes) if !scopes.iter().any(|s| caller.may(*s)) => Err(forbidden(scopes)),
        _ if caller.is_restricted() && !endpoint.within_restrictions => {
            Err(Problem::new("client_restricted").into())
        }
        _ => Ok(()),
    }
}

impl Call {
    /// What is checked first is answered first: the conditions, then whether body and query can be read.
    pub fn check(
        endpoint: Arc<Endpoint>,
        args: Vec<String>,
        conditions: Conditions,
        query: &str,
        body: impl FnOnce(&Endpoint) -> Result<Incoming>,
    ) -> Result<Call> {
        let expected = if_match(&endpoint, conditions.if_match)?;
        let presence = presence(&endpoint, conditions)?;
        let body = body(&endpoint)?;
        let query = params::parse(query, &endpoint.params, &endpoint.common)?;
        params::check_fields(&query, &endpoint.fields)?;
        let known = conditions.if_none_match.map(str::to_owned);
        Ok(Call { endpoint, expected, presence, known, args, query, body })
    }

    /// Runs it as a request of its own: one unit of work, or as many as it needs.
    pub async fn run(self, ctx: Ctx) -> Result<Reply> {
        let (mut expected, endpoint, known) = (self.expected, self.endpoint, self.known);
        let (presence, dry_run, operation) = (self.presence, self.query.dry_run, endpoint.operation_id);
        let ctx = Ctx { presence, dry_run, operation, ..ctx };
        let raw = RawReq { path: self.args, query: self.query, body: self.body };
        // Of several versions one may be the record's: a unit of work that met another one has changed nothing.
        let last = expected.pop();
        for version in expected {
            let ctx = Ctx { expected: Some(version), ..ctx.clone() };
            let reply = run_once(&endpoint, ctx, raw.clone()).await;
            if !reply.as_ref().is_err_and(is_stale) {
                return reply;
            }
        }
        let reply = run_once(&endpoint, Ctx { expected: last, ..ctx }, raw).await;
        reply.map(|reply| if_changed(reply, &endpoint, known.as_deref()))
    }

    /// Runs it in a snapshot that is already open.
    pub fn read(self, rx: &mut ReadTx) -> Result<Reply> {
        let id = self.endpoint.operation_id;
        match &self.endpoint.handler {
            Handler::Read(handler) => {
                handler(RawReq { path: self.args, query: self.query, body: self.body })?(rx)
            }
            _ => Err(Error::internal(format!("{id} cannot be part of a snapshot"))),
        }
    }

    /// Runs it as a part of a unit of work that is already open.
    pub fn run_in(self, tx: &mut Tx) -> Result<Reply> {
        let raw = RawReq { path: self.args, query: self.query, body: self.body };
        let reply = match &self.endpoint.handler {
            Handler::Read(handler) => handler(raw)?(&mut tx.rx()),
            Handler::Write(handler) => {
                let mut unit = handler(raw, self.endpoint.validator.as_ref())?;
                let outer = (tx.expected, tx.presence, tx.compared.take());
                // What is part of a unit of work cannot be tried twice; of several versions the newest counts.
                (tx.expected, tx.presence) = (self.expected.first().copied(), self.presence);
                let reply = unit(tx).and_then(|reply| tx.has_compared().map(|()| reply));
                (tx.expected, tx.presence) = (outer.0, outer.1);
                tx.compared.set(outer.2);
                reply
            }
            Handler::Flow(_) => {
                let id = self.endpoint.operation_id;
                Err(Error::internal(format!("{id} cannot be part of a unit of work")))
            }
        };
        reply.map(|reply| if_changed(reply, &self.endpoint, self.known.as_deref()))
    }
}

/// Runs an endpoint as a request of its own.
async fn run_once(endpoint: &Endpoint, ctx: Ctx, raw: RawReq) -> Result<Reply> {
    match &endpoint.handler {
        Handler::Read(handler) => ctx.read(handler(raw)?).await,
        Handler::Write(handler) => ctx.answer(handler(raw, endpoint.validator.as_ref())?).await,
        Handler::Flow(handler) => handler(ctx, raw, endpoint.validator.clone()).await,
    }
}

fn is_stale(error: &Error) -> bool {
    error.problem().is_some_and(|problem| problem.code == "version_mismatch")
}

impl App {
    /// Runs a write of the API inside a unit of work that is already open, with the same scope, schema and
    /// rules as over HTTP: for imports and demo data. Answers the body.
    pub fn apply(&self, tx: &mut Tx, method: Method, path: &str, body: Value) -> Result<Value> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (endpoint, args) = self.find(method.as_str(), &format!("{API}{path}"))?;
        admit(&endpoint, tx.caller)?;
        // Whoever is inside the unit of work has seen what there is.
        let if_match = endpoint.nature.needs_version().then_some("*");
        let conditions = Conditions { if_match, if_none_match: None };
        let call = Call::check(endpoint, args, conditions, query, |_| Ok(Incoming::Value(body)))?;
        let reply = call.run_in(tx)?;
        let body = reply.body.map(|b| serde_json::from_slice(&b)).transpose();
        Ok(body.map_err(|e| Error::internal(e.to_string()))?.unwrap_or_default())
    }
}

/// Versions that `If-Match` may name.
pub const MOST_VERSIONS: usize = 5;

/// The versions in `If-Match`, the newest first: `"7"`, or several with commas between them; `*` and none mean any.
fn if_match(endpoint: &Endpoint, given: Option<&str>) -> Result<Vec<i32>> {
    let Some(value) = given.map(str::trim) else {
        return match endpoint.nature.needs_version() {
            true => Err(Problem::new("precondition_required").into()),
            false => Ok(vec![]),
        };
    };
    if value == "*" || !(endpoint.nature.needs_version() || endpoint.may_name_version()) {
        return Ok(vec![]);
    }
    let mut versions: Vec<i32> = value.split(',').filter_map(|tag| version_of(tag.trim())).collect();
    let all_read = versions.len() == value.split(',').count();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.dedup();
    match all_read && versions.len() <= MOST_VERSIONS {
        true => Ok(versions),
        false => {
            let expected = "up to five ETags as they were sent, such as \"7\", with commas between them";
            let fault = Fault::parameter("If-Match", "invalid_header").with("expected", expected);
            Err(params::bad(vec![fault]))
        }
    }
}

/// The version that a tag names. Proxies that compress make the tag weak (`W/"7"`) or add the encoding to it (`"7-gzip"`);
/// a version is still that version, because it counts changes of the record and not bytes.
fn version_of(tag: &str) -> Option<i32> {
    let tag = tag.parse::<EntityTag>().ok()?;
    let end = tag.tag().bytes().take_while(u8::is_ascii_digit).count();
    let (digits, added) = tag.tag().split_at(end);
    let is_encoding = |b: u8| b.is_ascii_lowercase() || b == b'-' || b == b';';
    let is_version =
        (1..=10).contains(&end) && added.len() <= LONGEST_ENCODING && added.bytes().all(is_encoding);
    // A number larger than any version is one that no record has.
    is_version.then(|| digits.parse().unwrap_or(i32::MAX))
}

/// What proxies add to a tag is no longer: `--deflate`.
const LONGEST_ENCODING: usize = 9;

/// What a `PUT` says about whether its record is there: `If-Match`, or `If-None-Match: *`.
fn presence(endpoint: &Endpoint, conditions: Conditions) -> Result<Presence> {
    if endpoint.nature != OperationKind::Upsert {
        return Ok(Presence::Either);
    }
    let expected = match (conditions.if_none_match, conditions.if_match.is_some()) {
        (None, false) => return Ok(Presence::Either),
        (None, true) => return Ok(Presence::There),
        (Some(value), false) if value.trim() == "*" => return Ok(Presence::Absent),
        (Some(_), false) => "*, to create only",
        (Some(_), true) => "not together with If-Match",
    };
    Err(params::bad(vec![Fault::parameter("If-None-Match", "invalid_header").with("expected", expected)]))
}

/// The version of an answer as its ETag.
pub fn etag(version: i32) -> String {
    EntityTag::new_strong(version.to_string()).to_string()
}

/// 304 in the place of what the caller has already (`If-None-Match`).
fn if_changed(reply: Reply, endpoint: &Endpoint, known: Option<&str>) -> Reply {
    let (Some(version), Some(known), Method::Get) = (reply.version, known, endpoint.method) else {
        return reply;
    };
    let is_this = |text: &str| text == "*" || version_of(text) == Some(version);
    match known.split(',').any(|text| is_this(text.trim())) {
        true => Reply { status: 304, body: None, ..reply },
        false => reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_its_version_whatever_a_proxy_made_of_it() {
        for tag in ["\"2\"", "W/\"2\"", "\"2-gzip\"", "W/\"2-gzip\"", "\"2--gzip\"", "\"2;gzip\"", "\"2-br\""]
        {
            assert_eq!(version_of(tag), Some(2), "{tag}");
        }
        assert_eq!(version_of("\"99999999999\""), None);
        assert_eq!(version_of("\"9999999999\""), Some(i32::MAX));
        for tag in ["2", "\"\"", "\"-gzip\"", "\"2.x\"", "\"x\"", "\"2", "*", "\"-2\""] {
            assert_eq!(version_of(tag), None, "{tag}");
        }
    }
}
