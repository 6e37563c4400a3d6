//! Whether this process runs, whether it can do its work, and its figures.

use std::path::Path;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::base::auth::network;
use crate::base::core::Core;
use crate::base::db::migrations;
use crate::base::error::{Error, Problem};
use crate::base::http::dispatch::{App, bearer};
use crate::base::http::request_info::RequestInfo;
use crate::base::http::response::{self, problem_response};
use crate::base::{metrics, secret};

/// The database has this long to answer.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// The process runs; nothing else is looked at, so that a database that is away does not get it restarted.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// What the check of one thing came to.
struct Check {
    name: &'static str,
    ok: bool,
    told: Value,
}

/// Whether requests should be sent here.
pub async fn ready(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    let core = &app.core;
    let mut checks = Vec::from(database(core).await);
    checks.extend([write_queue(core), disk(core)]);
    let failed: Vec<&str> = checks.iter().filter(|c| !c.ok).map(|c| c.name).collect();
    let told = checks.iter().map(|check| {
        let mut told = check.told.clone();
        told["status"] = json!(if check.ok { "ok" } else { "failed" });
        (check.name.to_owned(), told)
    });
    let told: Value = Value::Object(told.collect());
    if failed.is_empty() {
        return HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(json!({"status": "ok", "checks": told}));
    }
    log::warn!("not ready: {}", failed.join(", "));
    let problem = Problem { retry_after: Some(5), ..Problem::new("unavailable") };
    let seen = RequestInfo::of(&req, core);
    problem_response(problem.with("checks", told).into(), seen.lang, req.path(), &seen.request_id)
}

/// Two checks with one question: whether the database answers, and whether it is at this program's schema.
async fn database(core: &Core) -> [Check; 2] {
    let asked = core.engine.read(|conn| migrations::pending_on(conn).map_err(Error::from));
    let found = actix_web::rt::time::timeout(ANSWER_TIME, asked).await;
    let pending = found.map_err(|_| Error::unavailable()).flatten();
    let migrations = match &pending {
        Ok(pending) => json!({"pending": pending}),
        Err(_) => json!({"pending": null}),
    };
    [
        Check { name: "database", ok: pending.is_ok(), told: json!({}) },
        Check { name: "migrations", ok: pending.is_ok_and(|p| p.is_empty()), told: migrations },
    ]
}

fn write_queue(core: &Core) -> Check {
    let told = json!({"depth": core.engine.write_queue_depth()});
    Check { name: "write_queue", ok: !core.engine.is_full(), told }
}

/// Without a data folder, as on PostgreSQL with a key from the settings, there is no disk to fill.
fn disk(core: &Core) -> Check {
    let free = free_bytes(&core.data_dir);
    let told = json!({"free_bytes": free, "min_free_bytes": core.web.min_free_disk});
    Check { name: "disk", ok: free.is_none_or(|free| free >= core.web.min_free_disk), told }
}

/// What may still be written to the folder's disk; None when there is no such folder.
fn free_bytes(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    return rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    #[cfg(not(unix))]
    return None;
}

/// `/metrics`. Whoever has the token may read it; without a token in the settings, only this machine, and nobody
/// through a proxy on it. For all others there is no such page.
pub async fn figures(app: web::Data<App>, req: HttpRequest) -> HttpResponse {
    let core = &app.core;
    let refuse = |code| {
        let seen = RequestInfo::of(&req, core);
        problem_response(Problem::new(code).into(), seen.lang, req.path(), &seen.request_id)
    };
    match &core.web.metrics_token {
        Some(token) => {
            let given = bearer(&req).unwrap_or_default();
            if !secret::same(given.as_bytes(), token.as_bytes()) {
                return refuse("unauthorized");
            }
        }
        None if !is_local(&req, core) => return response::not_here(app, req).await,
        None => {}
    }
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics::page(core, &app.endpoints).await)
}

/// Whether a program on this machine asks by itself. A proxy on it asks for others: one that is named in the
/// settings, or that says so.
fn is_local(req: &HttpRequest, core: &Core) -> bool {
    let Some(peer) = req.peer_addr().map(|a| a.ip()) else { return false };
    let forwarded =
        ["forwarded", "x-forwarded-for", "via"].iter().any(|name| req.headers().contains_key(*name));
    let proxy = core.web.trusted_proxies.iter().any(|proxy| network::has(proxy, peer));
    peer.to_canonical().is_loopback() && !forwarded && !proxy
}
