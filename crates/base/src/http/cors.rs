//! Pages of other origins that may call from a browser (CORS). Tokens travel in a header that pages set
//! themselves, so no cookie and no other credential of the browser's is ever involved.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use super::web::Web;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// What a page may send.
const SENT: &str = "Authorization, Content-Type, Accept-Language, If-Match, If-None-Match, Idempotency-Key, \
                    X-Request-Id, Last-Event-ID";
/// What a page may read of an answer, beyond what every page may.
const SHOWN: &str = "ETag, Location, Link, X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, \
                     Idempotent-Replayed, WWW-Authenticate, Allow, Content-Disposition, Deprecation, Sunset";
/// How long a browser may remember the answer to a preflight, in seconds.
const REMEMBERED: &str = "600";

/// The request's origin, if it is one of those that are let in.
fn origin<'r>(req: &'r HttpRequest, web: &Web) -> Option<&'r HeaderValue> {
    let origin = req.headers().get(header::ORIGIN)?;
    let named = web.cors_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
    (named || (web.local_origins && is_local(origin))).then_some(origin)
}

/// Whether a page was served from this machine: `http://localhost:5173`.
fn is_local(origin: &HeaderValue) -> bool {
    let address = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")));
    let here = ["localhost", "127.0.0.1", "[::1]"];
    address.is_some_and(|address| {
        let port = here.iter().find_map(|host| address.strip_prefix(host));
        port.is_some_and(|port| {
            port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        })
    })
}

/// The answer to a preflight: a browser asks, before any token is sent, what a page may send. None for whatever
/// else is asked with OPTIONS, and for other origins.
pub fn preflight(req: &HttpRequest, web: &Web) -> Option<HttpResponse> {
    let asks = req.method() == actix_web::http::Method::OPTIONS
        && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks || origin(req, web).is_none() {
        return None;
    }
    let response = HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, SENT))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED))
        .finish();
    Some(response)
}

/// What every answer says to the page that asked for it.
pub fn tell(headers: &mut HeaderMap, req: &HttpRequest, web: &Web) {
    if web.cors_origins.is_empty() && !web.local_origins {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin(req, web) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SHOWN));
    }
}
