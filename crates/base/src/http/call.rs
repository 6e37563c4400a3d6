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
    /// The version that the caller says they saw.
    expected: Option<i32>,
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
        Access::Scope(_) if caller.must_change_password => {
            Err(Problem::new("password_change_required").into())
        }
        Access::Scope(scopes) if !scopes.iter().any(|s| caller.may(*s)) => Err(forbidden(scopes)),
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
        let (expected, presence, dry_run) = (self.expected, self.presence, self.query.dry_run);
        let operation = self.endpoint.operation_id;
        let ctx = Ctx { expected, presence, dry_run, operation, ..ctx };
        let (endpoint, known) = (self.endpoint, self.known);
        let raw = RawReq { path: self.args, query: self.query, body: self.body };
        let reply = match &endpoint.handler {
            Handler::Read(handler) => {
                let unit = handler(raw)?;
                ctx.read(unit).await
            }
            Handler::Write(handler) => {
                let unit = handler(raw, endpoint.validator.as_ref())?;
                ctx.answer(unit).await
            }
            Handler::Flow(handler) => handler(ctx, raw, endpoint.validator.clone()).await,
        };
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
                (tx.expected, tx.presence) = (self.expected, self.presence);
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

/// The version in `If-Match`: `"7"`; `*` means any.
fn if_match(endpoint: &Endpoint, given: Option<&str>) -> Result<Option<i32>> {
    let Some(value) = given.map(str::trim) else {
        return match endpoint.nature.needs_version() {
            true => Err(Problem::new("precondition_required").into()),
            false => Ok(None),
        };
    };
    if value == "*" || !(endpoint.nature.needs_version() || endpoint.may_name_version()) {
        return Ok(None);
    }
    // A weak tag promises too little for a change.
    let tag = value.parse::<EntityTag>().ok().filter(|tag| tag.strong_eq(tag));
    let digits = tag.as_ref().map(EntityTag::tag);
    let digits = digits.filter(|v| (1..=10).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_digit()));
    // A number larger than any version is one that no record has.
    let version = digits.map(|v| v.parse().unwrap_or(i32::MAX));
    let expected = "one ETag as it was sent, such as \"7\"";
    version.map(Some).ok_or_else(|| {
        params::bad(vec![Fault::parameter("If-Match", "invalid_header").with("expected", expected)])
    })
}

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
    tag_of(version).to_string()
}

fn tag_of(version: i32) -> EntityTag {
    EntityTag::new_strong(version.to_string())
}

/// 304 in the place of what the caller has already (`If-None-Match`).
fn if_changed(reply: Reply, endpoint: &Endpoint, known: Option<&str>) -> Reply {
    let (Some(version), Some(known), Method::Get) = (reply.version, known, endpoint.method) else {
        return reply;
    };
    let tag = tag_of(version);
    let is_this = |text: &str| text == "*" || text.parse::<EntityTag>().is_ok_and(|t| t.weak_eq(&tag));
    match known.split(',').any(|text| is_this(text.trim())) {
        true => Reply { status: 304, body: None, ..reply },
        false => reply,
    }
}
