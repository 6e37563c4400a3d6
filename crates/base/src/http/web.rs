//! Settings of the HTTP server; `config` reads them from flags, environment and file.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use crate::auth::network::Network;

/// Settings of the HTTP side of the product.
#[derive(Debug, Clone)]
pub struct Web {
    /// Requests a minute of each caller; 0 is no limit.
    pub rate_limit: u32,
    /// Requests a minute of each network address at endpoints that need no token; 0 is no limit.
    pub public_rate_limit: u32,
    /// The origins whose pages may call from a browser.
    pub cors_origins: Vec<String>,
    /// Whether pages from this machine may call as well, on whichever port they are.
    pub local_origins: bool,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether every answer says `Strict-Transport-Security`.
    pub hsts: bool,
    /// Who knows it may read `/metrics`; without it only this machine may.
    pub metrics_token: Option<String>,
    /// A request that takes longer is answered 503.
    pub request_time: Duration,
    /// Operations of a batch that were not begun by then are not begun.
    pub batch_time: Duration,
    /// Connections at a time.
    pub max_connections: usize,
    /// The server is not ready when the data folder's disk has less room, in bytes.
    pub min_free_disk: u64,
    /// How webhooks are sent.
    pub webhooks: Sending,
    /// The mail server; None when nothing is mailed.
    pub mail: Option<crate::mail_server::MailServer>,
    /// The backups that the server makes by itself; None when it makes none.
    pub backups: Option<crate::backup_plan::BackupPlan>,
}

/// How webhooks are sent.
#[derive(Debug, Clone)]
pub struct Sending {
    /// Whether they may go to this machine and to private networks, and without TLS.
    pub allow_private: bool,
    /// A whole attempt takes no longer.
    pub timeout: Duration,
    /// Finds the addresses of a host and port.
    pub resolve: fn(&str, u16) -> std::io::Result<Vec<SocketAddr>>,
}

impl Default for Sending {
    fn default() -> Sending {
        Sending {
            allow_private: false,
            timeout: Duration::from_secs(15),
            resolve: |host, port| Ok((host, port).to_socket_addrs()?.collect()),
        }
    }
}

impl Default for Web {
    fn default() -> Web {
        Web {
            rate_limit: 6_000,
            public_rate_limit: 600,
            cors_origins: vec![],
            local_origins: false,
            trusted_proxies: vec![],
            hsts: false,
            metrics_token: None,
            request_time: Duration::from_secs(60),
            batch_time: Duration::from_secs(30),
            max_connections: 10_000,
            min_free_disk: 200 << 20,
            webhooks: Sending::default(),
            mail: None,
            backups: None,
        }
    }
}
