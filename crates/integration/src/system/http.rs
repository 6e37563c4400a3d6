//! Endpoints about the system, and the pages outside the API: keys, document, docs; health is
//! in [`health`].

use actix_web::dev::HttpServiceFactory;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::{HttpRequest, HttpResponse, Route, guard, web};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::{ProblemExplanation, health};
use crate::base::db::ReadTx;
use crate::base::error::{Error, Result};
use crate::base::http::dispatch::{self, App};
use crate::base::http::limits::Counted;
use crate::base::http::params::{self, Common};
use crate::base::http::request_info::RequestInfo;
use crate::base::http::{Answer, Req, compress, document, response};
use crate::base::messages;
use crate::clients::oauth::model as oauth;

pub fn problem(rx: &mut ReadTx, req: &Req<String>) -> Result<Answer<ProblemExplanation>> {
    let text = messages::find_problem(&req.path).ok_or_else(Error::not_found)?;
    Ok(Answer::of(ProblemExplanation {
        code: text.code.into(),
        status: i32::from(text.status),
        title: rx.lang.pick(text.title).into(),
        detail: messages::unfilled(rx.lang.pick(text.detail)),
        help: rx.lang.pick(text.help).into(),
    }))
}

/// Mounts everything: the API and what stands beside it.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(page("/", get().to(home)))
        .service(page("/.well-known/jwks.json", get().to(jwks)))
        .service(page("/.well-known/oauth-authorization-server", get().to(authorization_server)))
        .service(page("/.well-known/oauth-protected-resource", get().to(protected_resource)))
        .service(page("/health/live", get().to(health::live)))
        .service(page("/health/ready", get().to(health::ready)))
        .service(page("/metrics", get().to(health::figures)))
        .service(page("/api/v1/openapi.json", get().to(openapi)))
        .service(page("/problems/{code}", get().to(problem_page)))
        .service(page("/docs", get().to(docs_home)))
        .service(page("/docs/{file:.*}", get().to(docs)))
        .service(web::scope(dispatch::API).default_service(web::to(dispatch::serve)))
        .default_service(web::to(response::not_here));
}

/// A page is read with GET, and asked about with HEAD.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A page outside the API's endpoints, with the headers and problems that every answer has.
fn page(path: &str, get: Route) -> impl HttpServiceFactory + use<> {
    web::resource(path)
        .route(get)
        .default_service(web::to(response::only_get))
        .wrap(actix_web::middleware::from_fn(response::dress))
}

async fn home() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/docs/")).finish()
}

/// The `type` of a problem leads here; the explanation itself is an operation of the API.
async fn problem_page(code: web::Path<String>) -> HttpResponse {
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    HttpResponse::Found()
        .insert_header((header::LOCATION, format!("{}/problems/{code}", dispatch::API)))
        .finish()
}

async fn jwks(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(app.core.keys.jwks())
}

/// Where callers find us: as the settings say, else the address that the server listens on. What a request says of its
/// host is not repeated, because anybody may say anything, except that it is this machine.
fn base_of(app: &App, req: &HttpRequest) -> String {
    let listens = req.app_config().local_addr();
    let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), listens.ip()];
    let this_machine = |host: &&str| match host.parse::<SocketAddr>() {
        Ok(address) => address.port() == listens.port() && here.contains(&address.ip()),
        Err(_) => *host == format!("localhost:{}", listens.port()),
    };
    let named = req.headers().get(header::HOST).and_then(|v| v.to_str().ok()).filter(this_machine);
    let unnamed = || match listens.ip().is_unspecified() {
        true => format!("localhost:{}", listens.port()),
        false => listens.to_string(),
    };
    app.core
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}", named.map_or_else(unnamed, str::to_owned)))
}

async fn authorization_server(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    told(oauth::server_metadata(&base_of(&app, &req)))
}

async fn protected_resource(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    told(oauth::resource_metadata(&base_of(&app, &req)))
}

/// Not kept on the way: without a public URL in the settings it depends on who asks.
fn told(metadata: serde_json::Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(metadata)
}

/// The document, or the part of it that has some tags.
async fn openapi(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    let wanted = compress::encoding_of(&req).unwrap_or(ContentEncoding::Identity);
    let encoding = document::Served::kept_in(wanted);
    let known = req.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let query = req.query_string().to_owned();
    // There are more parts than are kept, so each one that is asked for may be work.
    if !query.is_empty() {
        let asks = Counted::address(RequestInfo::of(&req, &app.core).peer);
        if let Err(error) = app.core.limits.take(&asks, 1, app.core.clock.now()) {
            return response::refused(&app, error, &req);
        }
    }
    // Making a part and compressing take a while the first time.
    let documents = app.clone();
    let made = web::block(move || {
        let query = params::parse(&query, &[document::TAGS], &Common::default())?;
        let served = match query.text("tags") {
            Some(tags) => documents.documents.part(tags)?,
            None => documents.documents.whole(),
        };
        let is_known = known.is_some_and(|known| served.is_known(&known));
        let bytes = match is_known {
            true => None,
            false => Some(served.encoded(encoding).map_err(|e| Error::internal(e.to_string()))?),
        };
        Ok((served.etag(encoding), bytes))
    });
    let made = made.await.unwrap_or_else(|_| Err(Error::unavailable()));
    let (etag, bytes) = match made {
        Ok(made) => made,
        Err(error) => return response::refused(&app, error, &req),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::ETAG, etag)).insert_header((header::CACHE_CONTROL, "no-cache"));
    let Some(bytes) = bytes else { return response.status(StatusCode::NOT_MODIFIED).finish() };
    // Said also when it is none, so that nobody compresses it anew for each caller.
    response.insert_header(encoding);
    response.content_type("application/json").body(bytes)
}

async fn docs_home() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/docs/")).finish()
}

/// The docs page loads from and talks to this server only; Swagger UI sets styles and draws icons inline.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The page around Swagger UI: names, media types and texts.
const DOCS_PAGE: [(&str, &str, &str); 3] = [
    ("", "text/html; charset=utf-8", include_str!("docs/index.html")),
    ("page.css", "text/css; charset=utf-8", include_str!("docs/page.css")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("docs/page.js")),
];

/// Swagger UI, from inside the program: it works without any network.
async fn docs(app: web::Data<App>, req: HttpRequest, file: web::Path<String>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_SECURITY_POLICY, DOCS_POLICY));
    let name = if *file == "index.html" { "" } else { file.as_str() };
    if let Some((_, media, text)) = DOCS_PAGE.iter().find(|(known, ..)| *known == name) {
        return response.content_type(*media).body(*text);
    }
    let config = utoipa_swagger_ui::Config::from("/api/v1/openapi.json");
    match utoipa_swagger_ui::serve(name, Arc::new(config)) {
        Ok(Some(found)) => response.content_type(found.content_type).body(found.bytes.to_vec()),
        _ => response::not_here(app, req).await,
    }
}
