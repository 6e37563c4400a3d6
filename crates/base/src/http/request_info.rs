//! What is known of a request before its endpoint is found: language, request id, address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use actix_web::HttpRequest;

use super::Endpoint;
use super::limits::Counted;
use super::web::Web;
use crate::auth::network;
use crate::core::Core;
use crate::messages::Lang;

/// What is known of a request from its head and its connection.
pub struct RequestInfo {
    pub lang: Lang,
    pub request_id: String,
    pub started: Instant,
    /// Where it comes from; through a proxy that is trusted, what the proxy says.
    pub peer: Option<IpAddr>,
    /// Whether it came over TLS, as a trusted proxy says.
    pub secure: bool,
    /// The operation that it is for, once found.
    pub endpoint: Option<Arc<Endpoint>>,
    /// Under which limit it was counted.
    pub counted: Option<Counted>,
}

impl RequestInfo {
    pub fn of(req: &HttpRequest, core: &Core) -> RequestInfo {
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
        let (peer, secure) = peer(req, &core.web);
        RequestInfo { lang, request_id, started: Instant::now(), peer, secure, endpoint: None, counted: None }
    }

    /// The caller's network address, for people and journals.
    pub fn address(&self) -> String {
        self.peer.map(|p| p.to_string()).unwrap_or_default()
    }
}

/// Where a request comes from, and whether over TLS. Each proxy adds the address that it was called from at the
/// end, so the last one that is no trusted proxy's is the nearest that anybody vouches for.
fn peer(req: &HttpRequest, web: &Web) -> (Option<IpAddr>, bool) {
    let connected = req.peer_addr().map(|a| a.ip());
    let trusted = |ip: IpAddr| web.trusted_proxies.iter().any(|proxy| network::has(proxy, ip));
    if !connected.is_some_and(trusted) {
        return (connected, false);
    }
    let forwarded = req.headers().get_all("x-forwarded-for").filter_map(|v| v.to_str().ok());
    let hops: Vec<Option<IpAddr>> =
        forwarded.flat_map(|v| v.split(',')).map(|hop| hop_of(hop.trim())).collect();
    let peer = match hops.iter().rev().find(|hop| !hop.is_some_and(trusted)) {
        Some(hop) => *hop,
        None => connected,
    };
    (peer, text_header(req, "x-forwarded-proto") == Some("https"))
}

/// An address; some proxies write the port too.
fn hop_of(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip()))
}

/// A header's value, if it is text.
pub fn text_header<'r>(req: &'r HttpRequest, name: &str) -> Option<&'r str> {
    req.headers().get(name).and_then(|v| v.to_str().ok())
}
