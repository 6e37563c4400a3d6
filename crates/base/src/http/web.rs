//! Settings of the HTTP server; [`crate::config`] reads them from flags, environment and file.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

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
        }
    }
}

/// A network address, or all that begin with the same bits: `192.0.2.1`, `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    pub fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then_some(Network { address, bits })
    }

    pub fn holds(&self, address: IpAddr) -> bool {
        let differ = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (u32::from(own) ^ u32::from(other)).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (u128::from(own) ^ u128::from(other)).leading_zeros(),
            _ => return false,
        };
        differ >= self.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_what_begins_alike() {
        let holds =
            |network: &str, address: &str| Network::parse(network).unwrap().holds(address.parse().unwrap());
        assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("10.0.0.0/8", "10.200.3.4") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("192.0.2.128/25", "192.0.2.200") && !holds("192.0.2.128/25", "192.0.2.100"));
        assert!(holds("0.0.0.0/0", "203.0.113.1") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("192.0.2.1", "::ffff:192.0.2.1"), "IPv4 as IPv6 writes it");
        for text in ["", "x", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", "::1/129"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
