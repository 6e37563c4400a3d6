//! From a request to its endpoint and back. What is checked first is answered first: path, method, token,
//! scope, media type, size, `If-Match`, JSON and query, shape; then the handler: record, version, state, rules.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::StreamExt;
use serde_json::Value;

use super::answer::Reply;
use super::context::Ctx;
use super::idempotency::Key;
use super::params::{self, percent_decode};
use super::{Access, Endpoint, Handler, Incoming, Media, Method, Nature, RawReq};
use crate::base::auth::cache::Recall;
use crate::base::auth::{Caller, caller_of, forbidden};
use crate::base::background::Task;
use crate::base::core::Core;
use crate::base::db::{Presence, Tx};
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::messages::Lang;
use crate::base::types::RecordId;

/// A body has this long to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);
pub const API: &str = "/api/v1";

/// The product as the server sees it: where to find an endpoint, and what it runs on.
pub struct App {
    pub core: Arc<Core>,
    pub endpoints: Vec<Arc<Endpoint>>,
    pub tasks: Vec<Task>,
    paths: matchit::Router<usize>,
    /// Endpoints by path, then by method.
    by_path: Vec<HashMap<Method, Arc<Endpoint>>>,
    pub document: Bytes,
    pub etag: String,
}

impl App {
    pub fn new(core: Arc<Core>, routes: super::Routes) -> std::result::Result<App, String> {
        let tasks = routes.tasks.clone();
        let (document, endpoints) = super::document::build(routes)?;
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
        let document = Bytes::from(document.to_string());
        let etag = format!("\"{}\"", &crate::base::secret::sha256_hex(&document)[..16]);
        Ok(App { core, endpoints, tasks, paths, by_path, document, etag })
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

impl App {
    /// Runs a write of the API inside a unit of work that is already open, with the same scope, schema and
    /// rules as over HTTP: for imports and demo data. Answers the body.
    pub fn apply(&self, tx: &mut Tx, method: Method, path: &str, body: Value) -> Result<Value> {
        let (endpoint, args) = self.find(method.as_str(), &format!("{API}{path}"))?;
        if let Access::Scope(scopes) = &endpoint.access
            && !scopes.iter().any(|s| tx.caller.may(*s))
        {
            return Err(forbidden(scopes));
        }
        let query = params::parse("", &endpoint.params, &endpoint.common)?;
        let raw = RawReq { path: args, query, body: Incoming::Value(body) };
        let Handler::Write(handler) = &endpoint.handler else {
            return Err(Error::internal(format!("{path} cannot be applied in a unit of work")));
        };
        let reply = handler(raw, endpoint.shape.as_ref())?(tx)?;
        let body = reply.body.map(|b| serde_json::from_slice(&b)).transpose();
        Ok(body.map_err(|e| Error::internal(e.to_string()))?.unwrap_or_default())
    }
}

fn method_not_allowed(methods: impl Iterator<Item = Method>) -> Error {
    let mut allowed: Vec<&str> = methods.map(Method::as_str).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.sort_unstable();
    Problem { allow: Some(allowed.join(", ")), ..Problem::new("method_not_allowed") }.into()
}

/// What is known of a request before its endpoint is.
struct Seen {
    lang: Lang,
    request_id: String,
    started: Instant,
}

impl Seen {
    fn of(req: &HttpRequest, core: &Core) -> Seen {
        let sane = |id: &&str| {
            !id.is_empty()
                && id.len() <= 100
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
        };
        let request_id = match text_header(req, "x-request-id").filter(sane) {
            Some(id) => id.to_owned(),
            None => format!("req_{}", core.ids.next(core.clock.now()).simple()),
        };
        let lang = text_header(req, "accept-language").map(Lang::from_accept).unwrap_or_default();
        Seen { lang, request_id, started: Instant::now() }
    }
}

fn text_header<'r>(req: &'r HttpRequest, name: &str) -> Option<&'r str> {
    req.headers().get(name).and_then(|v| v.to_str().ok())
}

/// The one HTTP handler of the API: everything under `/api/v1` comes here.
pub async fn serve(app: web::Data<App>, req: HttpRequest, payload: web::Payload) -> HttpResponse {
    let seen = Seen::of(&req, &app.core);
    let response = match answer(&app, &req, payload, &seen).await {
        Ok(response) => response,
        Err(error) => problem_response(error, seen.lang, req.path(), &seen.request_id),
    };
    finish(response, &req, &seen)
}

/// Anything outside the API that nobody serves.
pub async fn not_here(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    let seen = Seen::of(&req, &app.core);
    let problem = Problem::new("unknown_path").into();
    let response = problem_response(problem, seen.lang, req.path(), &seen.request_id);
    finish(response, &req, &seen)
}

/// Another method than GET on a page beside the API.
pub async fn only_get(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    let seen = Seen::of(&req, &app.core);
    let error = method_not_allowed([Method::Get].into_iter());
    problem_response(error, seen.lang, req.path(), &seen.request_id)
}

/// Gives a page beside the API the headers that every response has.
pub async fn dress(
    app: web::Data<App>,
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse, actix_web::Error> {
    let seen = Seen::of(req.request(), &app.core);
    // So that a problem made further in has the same id.
    if let Ok(id) = HeaderValue::from_str(&seen.request_id) {
        req.headers_mut().insert(REQUEST_ID, id);
    }
    let (req, response) = next.call(req).await?.into_parts();
    let response = finish(response.map_into_boxed_body(), &req, &seen);
    Ok(ServiceResponse::new(req, response))
}

const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

/// Headers that every response has, and the log line.
fn finish(mut response: HttpResponse, req: &HttpRequest, seen: &Seen) -> HttpResponse {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&seen.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Accept-Language, Accept-Encoding"));
    log::info!(
        "{} {} {} {} {}us",
        seen.request_id,
        req.method(),
        req.path(),
        response.status().as_u16(),
        seen.started.elapsed().as_micros()
    );
    response
}

async fn answer(
    app: &web::Data<App>,
    req: &HttpRequest,
    payload: web::Payload,
    seen: &Seen,
) -> Result<HttpResponse> {
    let (endpoint, args) = app.find(req.method().as_str(), req.path())?;
    let caller = admit(app, req, &endpoint, seen).await?;
    let (media_type, body) = read_body(req, payload, &endpoint).await?;
    let expected = if_match(req, &endpoint)?;
    let presence = presence(req, &endpoint)?;
    let key = idempotency_key(req, &endpoint, &caller, &body)?;
    let incoming = parse_body(&endpoint, media_type, &body)?;
    let query = params::parse(req.query_string(), &endpoint.params, &endpoint.common)?;
    params::check_fields(&query, &endpoint.fields)?;
    let ctx = Ctx {
        core: app.core.clone(),
        caller,
        lang: seen.lang,
        request_id: seen.request_id.clone(),
        peer: peer_of(req),
        authorization: text_header(req, "authorization").map(str::to_owned),
        key,
        expected,
        presence,
        dry_run: query.dry_run,
        last_event_id: text_header(req, "last-event-id").map(str::to_owned),
    };
    let raw = RawReq { path: args, query, body: incoming };
    let reply = run(&endpoint, ctx, raw).await?;
    Ok(respond(reply, req, &endpoint, seen))
}

/// Runs the endpoint's handler on the database.
pub async fn run(endpoint: &Endpoint, ctx: Ctx, raw: RawReq) -> Result<Reply> {
    match &endpoint.handler {
        Handler::Read(handler) => {
            let unit = handler(raw)?;
            ctx.read(unit).await
        }
        Handler::Write(handler) => {
            let unit = handler(raw, endpoint.shape.as_ref())?;
            ctx.answer(unit).await
        }
        Handler::Flow(handler) => handler(ctx, raw, endpoint.shape.clone()).await,
    }
}

// ---- what is checked before ----------------------------------------------------------------------------------

/// The caller, if the endpoint lets them in.
async fn admit(
    app: &web::Data<App>,
    req: &HttpRequest,
    endpoint: &Endpoint,
    seen: &Seen,
) -> Result<Arc<Caller>> {
    if matches!(endpoint.access, Access::Public | Access::Client(_)) {
        return Ok(Arc::new(Caller::anonymous()));
    }
    let token = text_header(req, "authorization").and_then(bearer_token);
    let token = token.ok_or_else(|| Problem::new("unauthorized"))?;
    let caller = caller_by(&app.core, token, &peer_of(req)).await?;
    log::debug!("{} is {}", seen.request_id, caller.name);
    match &endpoint.access {
        Access::Scope(_) if caller.must_change_password => {
            Err(Problem::new("password_change_required").into())
        }
        Access::Scope(scopes) if !scopes.iter().any(|s| caller.may(*s)) => Err(forbidden(scopes)),
        _ => Ok(caller),
    }
}

/// The network address that asks.
fn peer_of(req: &HttpRequest) -> String {
    req.peer_addr().map(|a| a.ip().to_string()).unwrap_or_default()
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
    let told = claims.clone();
    let found = core.engine.read(move |conn| caller_of(conn, &told, now)).await?;
    let caller = Arc::new(found.ok_or_else(|| Problem::new("unauthorized"))?);
    core.callers.remember(token, claims, caller.clone(), now);
    Ok(caller)
}

/// What a body has to be: one of these.
pub fn media_types(endpoint: &Endpoint) -> &'static [&'static str] {
    match endpoint.body.as_ref().map(|b| b.media) {
        Some(Media::File(types)) => types,
        Some(Media::Form) => &["application/x-www-form-urlencoded"],
        _ if endpoint.nature == Nature::Change => &["application/merge-patch+json"],
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
    match actix_web::rt::time::timeout(BODY_TIME, gather).await {
        Ok(result) => result.map(|()| (media_type.copied().unwrap_or_default(), body.freeze())),
        Err(_) => Err(Problem::new("request_timeout").into()),
    }
}

fn parse_body(endpoint: &Endpoint, media_type: &'static str, body: &Bytes) -> Result<Incoming> {
    let unreadable = |reason: String| Error::from(Problem::new("bad_request").param("reason", reason));
    let Some(schema) = &endpoint.body else { return Ok(Incoming::Nothing) };
    match schema.media {
        _ if body.is_empty() && endpoint.body_optional => Ok(Incoming::Nothing),
        Media::File(_) => Ok(Incoming::File(media_type, body.clone())),
        Media::Form => parse_form(body).map(Incoming::Value).map_err(unreadable),
        Media::Json => {
            serde_json::from_slice(body).map(Incoming::Value).map_err(|e| unreadable(e.to_string()))
        }
    }
}

/// The fields of a form as an object of texts.
fn parse_form(body: &[u8]) -> std::result::Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    let mut fields = serde_json::Map::new();
    for pair in text.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |t: &str| {
            let decoded = percent_decode(&t.replace('+', " ")).filter(|t| !t.contains('\0'));
            decoded.ok_or_else(|| format!("the field {name:?} is no UTF-8 text"))
        };
        if fields.insert(decode(name)?, Value::String(decode(value)?)).is_some() {
            return Err(format!("the field {name:?} is there twice"));
        }
    }
    Ok(Value::Object(fields))
}

/// The version in `If-Match`: `"7"`; `*` means any.
fn if_match(req: &HttpRequest, endpoint: &Endpoint) -> Result<Option<i32>> {
    let Some(value) = text_header(req, "if-match") else {
        return match endpoint.nature.needs_version() {
            true => Err(Problem::new("precondition_required").into()),
            false => Ok(None),
        };
    };
    if value.trim() == "*" {
        return Ok(None);
    }
    let version =
        value.trim().strip_prefix('"').and_then(|v| v.strip_suffix('"')).and_then(|v| v.parse().ok());
    let expected = "one ETag as it was sent, such as \"7\"";
    version.map(Some).ok_or_else(|| {
        params::bad(vec![Fault::parameter("If-Match", "invalid_header").with("expected", expected)])
    })
}

/// What a `PUT` says about whether its record is there: `If-Match`, or `If-None-Match: *`.
fn presence(req: &HttpRequest, endpoint: &Endpoint) -> Result<Presence> {
    if endpoint.nature != Nature::Upsert {
        return Ok(Presence::Either);
    }
    let expected = match (req.headers().get("if-none-match"), req.headers().contains_key("if-match")) {
        (None, false) => return Ok(Presence::Either),
        (None, true) => return Ok(Presence::There),
        (Some(value), false) if value.as_bytes().trim_ascii() == b"*" => return Ok(Presence::Absent),
        (Some(_), false) => "*, to create only",
        (Some(_), true) => "not together with If-Match",
    };
    Err(params::bad(vec![Fault::parameter("If-None-Match", "invalid_header").with("expected", expected)]))
}

fn idempotency_key(
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
    Ok(Some(Key::new(caller, key, req.method().as_str(), target, body)))
}

// ---- the response --------------------------------------------------------------------------------------------

fn respond(reply: Reply, req: &HttpRequest, endpoint: &Endpoint, seen: &Seen) -> HttpResponse {
    let etag = reply.version.map(|v| format!("\"{v}\""));
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(etag) = &etag {
        response.insert_header((header::ETAG, etag.as_str()));
    }
    let cache = if reply.no_store { "no-store" } else { "private, no-cache" };
    response.insert_header((header::CACHE_CONTROL, cache));
    response.insert_header((header::CONTENT_LANGUAGE, seen.lang.tag()));
    if endpoint.method == Method::Get && etag.is_some() && not_modified(req, etag.as_deref()) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    if let Some(path) = &reply.location {
        response.insert_header((header::LOCATION, format!("{API}{path}")));
    }
    if reply.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    if let Some(cursor) = &reply.next_cursor {
        response.insert_header((header::LINK, next_link(req, cursor)));
    }
    for (name, value) in &reply.headers {
        response.insert_header((*name, value.as_str()));
    }
    body_of(&mut response, reply)
}

fn body_of(response: &mut HttpResponseBuilder, reply: Reply) -> HttpResponse {
    let content_type = reply.media_type.unwrap_or("application/json");
    match (reply.stream, reply.body) {
        (Some(stream), _) => response.content_type(content_type).streaming(stream),
        (None, Some(body)) => response.content_type(content_type).body(body),
        (None, None) => response.finish(),
    }
}

fn not_modified(req: &HttpRequest, etag: Option<&str>) -> bool {
    let Some(header) = text_header(req, "if-none-match") else { return false };
    header.split(',').map(|t| t.trim().trim_start_matches("W/")).any(|t| t == "*" || Some(t) == etag)
}

fn next_link(req: &HttpRequest, cursor: &str) -> String {
    let others: Vec<&str> =
        req.query_string().split('&').filter(|p| !p.is_empty() && !p.starts_with("cursor=")).collect();
    let mut query = others.join("&");
    if !query.is_empty() {
        query.push('&');
    }
    format!("<{}?{query}cursor={cursor}>; rel=\"next\"", req.path())
}

/// A problem as a response.
pub fn problem_response(error: Error, lang: Lang, instance: &str, request_id: &str) -> HttpResponse {
    let problem = error.into_problem();
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::CONTENT_LANGUAGE, lang.tag()));
    if let Some(seconds) = problem.retry_after {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    if let Some(allow) = &problem.allow {
        response.insert_header((header::ALLOW, allow.as_str()));
    }
    if status == StatusCode::UNAUTHORIZED {
        let value = match problem.code {
            "invalid_client" => "Basic realm=\"salesdesk\"",
            "token_expired" => {
                "Bearer realm=\"salesdesk\", error=\"invalid_token\", error_description=\"expired\""
            }
            _ => "Bearer realm=\"salesdesk\"",
        };
        response.insert_header((header::WWW_AUTHENTICATE, value));
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE || status == StatusCode::REQUEST_TIMEOUT {
        // The rest of the body is not read, so the connection cannot go on.
        response.force_close();
    }
    let document = problem.document(lang, instance, request_id);
    response.content_type("application/problem+json").body(document.to_string())
}

/// So that areas can name an id in a path without knowing how ids are written.
pub fn path_to(collection: &str, id: impl RecordId) -> String {
    format!("/{collection}/{id}")
}
