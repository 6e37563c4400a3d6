//! From an answer, or a problem, to the response: status, headers, body.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::Method;
use super::answer::Reply;
use super::call::etag;
use super::dispatch::{API, App, method_not_allowed};
use super::limits::Counted;
use super::request_info::RequestInfo;
use super::{compress, cors};
use crate::core::Core;
use crate::error::{Error, Problem};
use crate::messages::Lang;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Nothing that the API answers is a page.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";
/// Two years, as browsers' own lists ask for.
const TLS_ONLY: &str = "max-age=63072000; includeSubDomains";

// ---- answers -------------------------------------------------------------------------------------------------

/// An answer as a response.
pub fn respond(reply: Reply, req: &HttpRequest, lang: Lang) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(version) = reply.version {
        response.insert_header((header::ETAG, etag(version)));
    }
    let cache = if reply.no_store { "no-store" } else { "private, no-cache" };
    response.insert_header((header::CACHE_CONTROL, cache));
    response.insert_header((header::CONTENT_LANGUAGE, lang.tag()));
    if status == StatusCode::NOT_MODIFIED {
        return response.finish();
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

// ---- what every response has ---------------------------------------------------------------------------------

/// Headers that every response has, the figures, and the log line.
pub fn finish(
    mut response: HttpResponse,
    req: &HttpRequest,
    info: &RequestInfo,
    core: &Core,
) -> HttpResponse {
    compress::mark(&mut response);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&info.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    harden(headers, core.web.hsts || info.secure);
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Accept-Language, Accept-Encoding"));
    cors::tell(headers, req, &core.web);
    tell_limit(headers, info, core);
    let (status, time) = (response.status().as_u16(), info.started.elapsed());
    match &info.endpoint {
        Some(endpoint) => endpoint.traffic.record(status, time),
        None => core.metrics.elsewhere.record(status, time),
    }
    log::info!("{} {} {} {status} {}us", info.request_id, req.method(), req.path(), time.as_micros());
    response
}

/// Against browsers that guess, frame, or leak.
fn harden(headers: &mut HeaderMap, secure: bool) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    // The docs page has a policy of its own.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NO_PAGE));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ONLY));
    }
}

/// How many requests whoever was counted has left.
fn tell_limit(headers: &mut HeaderMap, info: &RequestInfo, core: &Core) {
    let standing = info.counted.as_ref().and_then(|c| core.limits.standing(c, core.clock.now()));
    let Some(standing) = standing else { return };
    let texts = [("ratelimit", standing.limit()), ("ratelimit-policy", standing.policy())];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

// ---- beside the API ------------------------------------------------------------------------------------------

/// Anything outside the API that nobody serves.
pub async fn not_here(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    let mut info = RequestInfo::of(&req, &app.core);
    let now = app.core.clock.now();
    let problem = app.core.limits.charge(Problem::new("unknown_path").into(), &mut info, now);
    let response = problem_response(problem, info.lang, req.path(), &info.request_id);
    finish(response, &req, &info, &app.core)
}

/// Another method than GET on a page beside the API.
pub async fn only_get(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    let info = RequestInfo::of(&req, &app.core);
    let error = method_not_allowed([Method::Get].into_iter());
    problem_response(error, info.lang, req.path(), &info.request_id)
}

/// A problem of a page beside the API.
pub fn refused(app: &App, error: Error, req: &HttpRequest) -> HttpResponse {
    let info = RequestInfo::of(req, &app.core);
    problem_response(error, info.lang, req.path(), &info.request_id)
}

/// Gives a page beside the API the headers that every response has.
pub async fn dress(
    app: web::Data<App>,
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse, actix_web::Error> {
    let core: Arc<Core> = app.core.clone();
    let mut info = RequestInfo::of(req.request(), &core);
    let _answering = core.metrics.enter();
    if let Some(response) = cors::preflight(req.request(), &core.web) {
        let response = finish(response, req.request(), &info, &core);
        return Ok(req.into_response(response));
    }
    // So that a problem made further in has the same id.
    if let Ok(id) = HeaderValue::from_str(&info.request_id) {
        req.headers_mut().insert(REQUEST_ID, id);
    }
    let (req, response) = next.call(req).await?.into_parts();
    let mut response = response.map_into_boxed_body();
    // What is guessed at here counts as it does in the API; what was counted further in has told so.
    let is_counted = response.headers().contains_key("ratelimit");
    if matches!(response.status().as_u16(), 401 | 403 | 404) && !is_counted {
        let counted = info.counted.insert(Counted::address(info.peer));
        if let Err(error) = core.limits.take(counted, 1, core.clock.now()) {
            response = problem_response(error, info.lang, req.path(), &info.request_id);
        }
    }
    let response = finish(response, &req, &info, &core);
    Ok(ServiceResponse::new(req, response))
}
