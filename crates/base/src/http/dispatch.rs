//! From a request to its endpoint and back. What is checked first is answered first: path, method, token, rate
//! limit, scope, media type, size, `If-Match`, JSON and query, shape; then the handler: record, version, state,
//! rules. What a batch or an import does as well is in [`call`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use serde_json::Value;

use super::answer::Reply;
use super::call::{self, Call, Conditions};
use super::context::Ctx;
use super::cors;
use super::document::Documents;
use super::finish::Declarations;
use super::idempotency::Key;
use super::limits::Counted;
use super::params::{self, form_decode, percent_decode};
use super::request_info::{RequestInfo, text_header};
use super::response::{finish, problem_response, respond};
use super::validator::SchemaValidator;
use super::{Access, Endpoint, Incoming, Media, Method, OperationKind};
use crate::auth::Caller;
use crate::auth::cache::Recall;
use crate::auth::caller_of;
use crate::background::Task;
use crate::core::Core;
use crate::db::Presence;
use crate::declared::Declared;
use crate::error::{Error, Fault, Problem, Result};
use crate::jobs::{JobKind, StepFn};
use crate::schedules::{self, Schedule};
use crate::types::RecordId;
use crate::vault::Vault;

/// A body has this long to arrive, and a second more for every 64 KiB that it may have.
const BODY_TIME: Duration = Duration::from_secs(30);
pub const API: &str = "/api/v1";
/// What is read of a caller's languages and of the ETags that they have, in bytes.
pub const LONGEST_HEADER: usize = 1000;

/// The product as the server sees it: where to find an endpoint, and what it runs on.
pub struct App {
    pub core: Arc<Core>,
    /// Tells this running program apart from others on the same database: whose a lease is.
    pub runner: String,
}

/// What the areas have declared, ready to serve: made once, for the [`Core`] and for what answers requests.
pub struct Building {
    pub declared: Arc<Declared>,
    pub endpoints: Vec<Arc<Endpoint>>,
    pub tasks: Vec<Task>,
    /// Kinds of long work.
    pub jobs: Vec<(JobKind, StepFn)>,
    /// Work that happens again and again by the clock.
    pub schedules: Vec<Schedule>,
    paths: matchit::Router<usize>,
    /// Endpoints by path, then by method.
    by_path: Vec<HashMap<Method, Arc<Endpoint>>>,
    pub documents: Documents,
}

impl std::ops::Deref for App {
    type Target = Building;
    fn deref(&self) -> &Building {
        &self.core.building
    }
}

impl App {
    pub fn new(core: Arc<Core>) -> std::result::Result<App, String> {
        schedules::ensure(&core, &core.building.schedules)
            .map_err(|e| format!("the schedules cannot be kept: {e}"))?;
        Ok(App { core, runner: crate::secret::token(9) })
    }
}

impl Building {
    pub fn new(declarations: Declarations) -> std::result::Result<Building, String> {
        let (tasks, jobs, schedules) =
            (declarations.tasks.clone(), declarations.jobs.clone(), declarations.schedules.clone());
        let declared = declarations.declared.clone();
        let (document, endpoints) = super::document::build(declarations)?;
        let mut paths = matchit::Router::new();
        let mut by_path: Vec<HashMap<Method, Arc<Endpoint>>> = Vec::new();
        let mut known: HashMap<&'static str, usize> = HashMap::new();
        for endpoint in &endpoints {
            let index = match known.get(endpoint.path) {
                Some(index) => *index,
                None => {
                    by_path.push(HashMap::new());
                    let index = by_path.len() - 1;
                    paths
                        .insert(format!("{API}{}", endpoint.path), index)
                        .map_err(|e| format!("{}: {e}", endpoint.path))?;
                    known.insert(endpoint.path, index);
                    index
                }
            };
            if by_path[index].insert(endpoint.method, endpoint.clone()).is_some() {
                return Err(format!("{} {} is declared twice", endpoint.method.as_str(), endpoint.path));
            }
        }
        let documents = Documents::new(&document);
        Ok(Building { declared, endpoints, tasks, jobs, schedules, paths, by_path, documents })
    }

    /// The endpoint for a path and method, with the path's arguments decoded.
    pub fn find(&self, method: &str, path: &str) -> Result<(Arc<Endpoint>, Vec<String>)> {
        let unknown = || Error::from(Problem::new("unknown_path"));
        let found = self.paths.at(path).map_err(|_| unknown())?;
        let methods = &self.by_path[*found.value];
        let wanted = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete]
            .into_iter()
            .find(|m| m.as_str() == method || (method == "HEAD" && *m == Method::Get));
        let Some(endpoint) = wanted.and_then(|m| methods.get(&m)) else {
            return Err(method_not_allowed(methods.keys().copied()));
        };
        let args = found
            .params
            .iter()
            .map(|(_, value)| percent_decode(value).filter(|v| !v.contains('\0')))
            .collect::<Option<Vec<String>>>()
            .ok_or_else(Error::not_found)?;
        Ok((endpoint.clone(), args))
    }
}

/// 405, with the methods that there are.
pub fn method_not_allowed(methods: impl Iterator<Item = Method>) -> Error {
    let mut allowed: Vec<&str> = methods.map(Method::as_str).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.sort_unstable();
    Problem { allow: Some(allowed.join(", ")), ..Problem::new("method_not_allowed") }.into()
}

/// The one HTTP handler of the API: everything under `/api/v1` comes here.
pub async fn serve(app: web::Data<App>, req: HttpRequest, payload: web::Payload) -> HttpResponse {
    let mut info = RequestInfo::of(&req, &app.core);
    let _answering = app.core.metrics.enter();
    let response = match cors::preflight(&req, &app.core.web) {
        Some(response) => response,
        None => match answer(&app, &req, payload, &mut info).await {
            Ok(response) => response,
            Err(error) => {
                let error = app.core.limits.charge(error, &mut info, app.core.clock.now());
                problem_response(error, info.lang, req.path(), &info.request_id)
            }
        },
    };
    finish(response, &req, &info, &app.core)
}

async fn answer(
    app: &web::Data<App>,
    req: &HttpRequest,
    payload: web::Payload,
    info: &mut RequestInfo,
) -> Result<HttpResponse> {
    let (endpoint, args) = app.find(req.method().as_str(), req.path())?;
    info.endpoint = Some(endpoint.clone());
    let caller = admit(app, req, &endpoint, info).await?;
    let (media_type, body) = read_body(req, payload, &endpoint).await?;
    let condition = |name: &str| req.headers().get(name).map(|v| v.to_str().unwrap_or(""));
    let conditions =
        Conditions { if_match: condition("if-match"), if_none_match: condition("if-none-match") };
    let mut key = None;
    let call = Call::check(endpoint, args, conditions, req.query_string(), |endpoint| {
        refuse_long_headers(req)?;
        key = idempotency_key(&app.core.vault, req, endpoint, &caller, &body)?;
        parse_body(endpoint, media_type, &body)
    })?;
    let ctx = Ctx {
        app: app.clone().into_inner(),
        core: app.core.clone(),
        caller,
        lang: info.lang,
        request_id: info.request_id.clone(),
        peer: info.address(),
        authorization: text_header(req, "authorization").map(str::to_owned),
        key,
        expected: None,
        presence: Presence::Either,
        dry_run: false,
        operation: "",
        last_event_id: text_header(req, "last-event-id").map(str::to_owned),
    };
    let reply = in_time(app.core.web.request_time, call.run(ctx)).await?;
    Ok(respond(reply, req, info.lang))
}

/// 503 when it takes longer. What was handed to the database may still happen; an `Idempotency-Key` tells.
async fn in_time(limit: Duration, work: impl Future<Output = Result<Reply>>) -> Result<Reply> {
    match actix_web::rt::time::timeout(limit, work).await {
        Ok(reply) => reply,
        Err(_) => {
            log::warn!("a request took longer than {} s", limit.as_secs());
            Err(Error::unavailable())
        }
    }
}

// ---- what is checked before ----------------------------------------------------------------------------------

/// The caller, if the endpoint lets them in and they have not asked too often.
async fn admit(
    app: &web::Data<App>,
    req: &HttpRequest,
    endpoint: &Endpoint,
    info: &mut RequestInfo,
) -> Result<Arc<Caller>> {
    let core = &app.core;
    let anonymous = matches!(endpoint.access, Access::Public | Access::Client(_));
    let caller = match anonymous {
        true => Arc::new(Caller::anonymous()),
        false => {
            let token = bearer(req).ok_or_else(|| Problem::new("unauthorized"))?;
            caller_by(core, token, &info.address()).await?
        }
    };
    let counted = match anonymous {
        true => Counted::address(info.peer),
        false => Counted::Caller(caller.idempotency_owner()),
    };
    let counted = info.counted.insert(counted);
    core.limits.take(counted, 1, core.clock.now())?;
    call::admit(endpoint, &caller)?;
    Ok(caller)
}

/// The token of a request.
pub fn bearer(req: &HttpRequest) -> Option<&str> {
    text_header(req, "authorization").and_then(bearer_token)
}

/// The token of an `Authorization: Bearer …`.
pub fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Who an access token stands for, with the rights that they have now, if they may ask from this address.
pub async fn caller_by(core: &Arc<Core>, token: &str, peer: &str) -> Result<Arc<Caller>> {
    let caller = authenticate(core, token).await?;
    match caller.may_ask_from(peer) {
        true => Ok(caller),
        false => Err(Problem::new("network_not_allowed").into()),
    }
}

async fn authenticate(core: &Arc<Core>, token: &str) -> Result<Arc<Caller>> {
    let now = core.clock.now();
    let claims = match core.callers.recall(token, now) {
        Recall::Fresh(caller) => return Ok(caller),
        Recall::Stale(claims) => claims,
        Recall::Unknown => core.keys.verify(token, now)?,
    };
    let since = core.callers.since();
    let told = claims.clone();
    let found = core.engine.read(move |conn| caller_of(conn, &told, now)).await?;
    let caller = Arc::new(found.ok_or_else(|| Problem::new("unauthorized"))?);
    core.callers.remember(token, claims, caller.clone(), now, since);
    Ok(caller)
}

/// What a body has to be: one of these.
pub fn media_types(endpoint: &Endpoint) -> &'static [&'static str] {
    match endpoint.body.as_ref().map(|b| b.media) {
        Some(Media::File(types)) => types,
        Some(Media::Form) => &["application/x-www-form-urlencoded"],
        _ if endpoint.nature == OperationKind::Change => &["application/merge-patch+json"],
        _ => &["application/json"],
    }
}

/// The body, and the media type that it came as.
async fn read_body(
    req: &HttpRequest,
    mut payload: web::Payload,
    endpoint: &Endpoint,
) -> Result<(&'static str, Bytes)> {
    let content_type = text_header(req, "content-type").unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let has_body = req.headers().contains_key(header::TRANSFER_ENCODING)
        || text_header(req, "content-length").is_some_and(|l| l != "0");
    let media_type = media_types(endpoint).iter().find(|t| **t == essence);
    if endpoint.body.is_some() && (has_body || !endpoint.body_optional) && media_type.is_none() {
        let expected = media_types(endpoint).join(", ");
        return Err(Problem::new("unsupported_media_type").param("expected", expected).into());
    }
    let limit = endpoint.max_body;
    let too_large = || Error::from(Problem::new("payload_too_large").param("max_bytes", limit));
    let announced = text_header(req, "content-length").and_then(|l| l.parse::<usize>().ok());
    if announced.is_some_and(|n| n > limit) {
        return Err(too_large());
    }
    let mut body = web::BytesMut::with_capacity(announced.unwrap_or(0));
    let gather = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|e| Problem::new("bad_request").param("reason", e))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(())
    };
    let time = BODY_TIME + Duration::from_secs((limit >> 16) as u64);
    match actix_web::rt::time::timeout(time, gather).await {
        Ok(result) => result.map(|()| (media_type.copied().unwrap_or_default(), body.freeze())),
        Err(_) => Err(Problem::new("request_timeout").into()),
    }
}

fn parse_body(endpoint: &Endpoint, media_type: &'static str, body: &Bytes) -> Result<Incoming> {
    let unreadable = |reason: String| Error::from(Problem::new("bad_request").param("reason", reason));
    let Some(schema) = &endpoint.body else { return no_body(endpoint, body) };
    match schema.media {
        _ if body.is_empty() && endpoint.body_optional => Ok(Incoming::Nothing),
        Media::File(_) => Ok(Incoming::File(media_type, body.clone())),
        Media::Form => parse_form(body).map(Incoming::Value).map_err(unreadable),
        Media::Json => {
            serde_json::from_slice(body).map(Incoming::Value).map_err(|e| unreadable(e.to_string()))
        }
    }
}

/// Reads what was sent to an operation that has no body.
fn no_body(endpoint: &Endpoint, body: &Bytes) -> Result<Incoming> {
    if endpoint.method != Method::Get && !body.trim_ascii().is_empty() {
        refuse_body(&serde_json::from_slice(body).unwrap_or(Value::Bool(false)))?;
    }
    Ok(Incoming::Nothing)
}

/// An operation without a body takes none, or one that says nothing, which some clients always send. Fields are refused:
/// they would be lost without a word.
pub fn refuse_body(said: &Value) -> Result<()> {
    let fault = |name: &String| {
        let name = name.replace('~', "~0").replace('/', "~1");
        Fault::at(format!("/{name}"), "unknown_field").with("allowed", "-")
    };
    let faults: Vec<Fault> = match said {
        Value::Null => return Ok(()),
        Value::Object(fields) if fields.is_empty() => return Ok(()),
        Value::Object(fields) => fields.keys().take(SchemaValidator::MAX_FAULTS).map(fault).collect(),
        _ => vec![],
    };
    let problem = Problem::new("bad_request").param("reason", "this operation takes no body");
    Err(faults.into_iter().fold(problem, Problem::fault).into())
}

/// The fields of a form as an object of texts.
fn parse_form(body: &[u8]) -> std::result::Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    let mut fields = serde_json::Map::new();
    for pair in text.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |t: &str| {
            let decoded = form_decode(t).filter(|t| !t.contains('\0'));
            decoded.ok_or_else(|| format!("the field {name:?} is no UTF-8 text"))
        };
        if fields.insert(decode(name)?, Value::String(decode(value)?)).is_some() {
            return Err(format!("the field {name:?} is there twice"));
        }
    }
    Ok(Value::Object(fields))
}

fn refuse_long_headers(req: &HttpRequest) -> Result<()> {
    let too_long = |name: &&&str| req.headers().get(**name).is_some_and(|v| v.len() > LONGEST_HEADER);
    let fault = |name: &&str| Fault::parameter(*name, "too_long").with("max", LONGEST_HEADER);
    match ["Accept-Language", "If-None-Match"].iter().filter(too_long).map(fault).collect::<Vec<_>>() {
        faults if faults.is_empty() => Ok(()),
        faults => Err(params::bad(faults)),
    }
}

fn idempotency_key(
    vault: &Vault,
    req: &HttpRequest,
    endpoint: &Endpoint,
    caller: &Caller,
    body: &[u8],
) -> Result<Option<Key>> {
    if !endpoint.nature.takes_key() {
        return Ok(None);
    }
    let Some(raw) = req.headers().get("idempotency-key") else { return Ok(None) };
    let key = raw.to_str().ok().filter(|k| (1..=255).contains(&k.len()));
    let expected = "1 to 255 visible ASCII characters";
    let key = key.ok_or_else(|| {
        params::bad(vec![Fault::parameter("Idempotency-Key", "invalid_header").with("expected", expected)])
    })?;
    let target = req.uri().path_and_query().map_or(req.path(), |t| t.as_str());
    Ok(Some(Key::new(vault, caller, key, req.method().as_str(), target, body)))
}

/// So that areas can name an id in a path without knowing how ids are written.
pub fn path_to(collection: &str, id: impl RecordId) -> String {
    format!("/{collection}/{id}")
}
