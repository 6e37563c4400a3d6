//! Sending one delivery: the name is looked up, every address checked, and the connection goes to a checked address, so
//! that nobody can point a webhook at what only this machine can reach. Each attempt is a connection of its own: nothing
//! of one reaches into another.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use super::model::AttemptError;
use super::rules;
use crate::base::http::web::Sending;

/// What is sent where.
pub struct Message {
    pub url: String,
    pub body: Vec<u8>,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    pub headers: [(&'static str, String); 3],
}

/// What came of an attempt.
#[derive(Debug, Default)]
pub struct Outcome {
    pub status_code: Option<u16>,
    pub error: Option<AttemptError>,
    /// How the answer to a failed attempt begins.
    pub answer: Option<String>,
    pub took: Duration,
}

/// Characters that are kept of an answer.
const EXCERPT: usize = 300;

/// Sends, within the whole attempt's time.
pub fn send(message: &Message, settings: &Sending) -> Outcome {
    let began = Instant::now();
    let outcome = match addresses(&message.url, settings) {
        Ok(addresses) => ask(message, addresses, settings.timeout.saturating_sub(began.elapsed())),
        Err(error) => Outcome { error: Some(error), ..Outcome::default() },
    };
    Outcome { took: began.elapsed(), ..outcome }
}

/// The addresses of the URL's host, if every one of them may be asked.
fn addresses(url: &str, settings: &Sending) -> Result<Vec<SocketAddr>, AttemptError> {
    // The setting may have changed since the webhook was made.
    let url = rules::checked_url(url, settings.allow_private).map_err(|_| AttemptError::AddressNotAllowed)?;
    let port = url.port_or_known_default().unwrap_or(443);
    let found = match url.host() {
        Some(url::Host::Ipv4(v4)) => vec![(v4, port).into()],
        Some(url::Host::Ipv6(v6)) => vec![(v6, port).into()],
        Some(url::Host::Domain(name)) => look_up(name, port, settings)?,
        None => vec![],
    };
    if found.is_empty() {
        return Err(AttemptError::NameNotResolved);
    }
    let allowed = |address: &SocketAddr| settings.allow_private || rules::is_public(address.ip());
    if found.iter().all(allowed) { Ok(found) } else { Err(AttemptError::AddressNotAllowed) }
}

/// The machine's own look-up cannot be told to hurry, so it has a thread to itself.
fn look_up(name: &str, port: u16, settings: &Sending) -> Result<Vec<SocketAddr>, AttemptError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let (name, resolve) = (name.to_owned(), settings.resolve);
    let started = std::thread::Builder::new().name("webhook-name".into()).spawn(move || {
        let _ = sender.send(resolve(&name, port));
    });
    started.map_err(|_| AttemptError::NameNotResolved)?;
    match receiver.recv_timeout(settings.timeout) {
        Ok(found) => found.map_err(|_| AttemptError::NameNotResolved),
        Err(_) => Err(AttemptError::Timeout),
    }
}

/// Gives the addresses that were checked, whatever is asked.
#[derive(Debug)]
struct Checked(Vec<SocketAddr>);

impl Resolver for Checked {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        self.0.iter().take(16).for_each(|address| addresses.push(*address));
        Ok(addresses)
    }
}

fn agent(addresses: Vec<SocketAddr>, timeout: Duration) -> Agent {
    let config = Config::builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .max_response_header_size(16 << 10)
        // Through a proxy the name would be looked up once more, elsewhere.
        .proxy(None)
        .user_agent(concat!("Salesdesk/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::default())
        .build();
    Agent::with_parts(config, DefaultConnector::new(), Checked(addresses))
}

fn ask(message: &Message, addresses: Vec<SocketAddr>, timeout: Duration) -> Outcome {
    let mut request = agent(addresses, timeout).post(&message.url).header("content-type", "application/json");
    for (name, value) in &message.headers {
        request = request.header(*name, value);
    }
    match request.send(&message.body[..]) {
        Ok(mut response) => {
            let status = response.status();
            let error = match status.as_u16() {
                200..=299 => None,
                300..=399 => Some(AttemptError::Redirect),
                _ => Some(AttemptError::Status),
            };
            let answer = error.and_then(|_| excerpt(response.body_mut().as_reader()));
            Outcome { status_code: Some(status.as_u16()), error, answer, ..Outcome::default() }
        }
        Err(error) => {
            log::debug!("a webhook was not delivered: {error}");
            Outcome { error: Some(word_for(&error)), ..Outcome::default() }
        }
    }
}

/// How a body begins, without what no text has.
fn excerpt(body: impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    // What was read before it broke off is good enough.
    let _ = body.take(4 * EXCERPT as u64).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let clean: String = text.chars().filter(|c| !c.is_control() || c.is_whitespace()).take(EXCERPT).collect();
    Some(clean.trim().to_owned()).filter(|text| !text.is_empty())
}

fn word_for(error: &Error) -> AttemptError {
    match error {
        Error::Timeout(_) => AttemptError::Timeout,
        Error::Io(io) if io.kind() == std::io::ErrorKind::TimedOut => AttemptError::Timeout,
        Error::Io(io) if is_tls(io) => AttemptError::TlsFailed,
        Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => AttemptError::NotConnected,
        Error::ConnectionFailed => AttemptError::NotConnected,
        Error::Tls(_) | Error::Rustls(_) => AttemptError::TlsFailed,
        _ => AttemptError::ConnectionBroken,
    }
}

/// A handshake's failure comes as one of reading or writing.
fn is_tls(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::InvalidData
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolving(resolve: fn(&str, u16) -> std::io::Result<Vec<SocketAddr>>) -> Sending {
        Sending { resolve, ..Sending::default() }
    }

    #[test]
    fn a_name_that_leads_to_a_private_address_is_not_asked() {
        let inside = resolving(|_, port| Ok(vec![([10, 0, 0, 1], port).into()]));
        assert_eq!(addresses("https://hook.example.com/", &inside), Err(AttemptError::AddressNotAllowed));
        // One of several is enough.
        let mixed = resolving(|_, port| Ok(vec![([1, 1, 1, 1], port).into(), ([127, 0, 0, 1], port).into()]));
        assert_eq!(addresses("https://hook.example.com/", &mixed), Err(AttemptError::AddressNotAllowed));
        let public = resolving(|_, port| Ok(vec![([1, 1, 1, 1], port).into()]));
        assert_eq!(addresses("https://hook.example.com:444/", &public), Ok(vec![([1, 1, 1, 1], 444).into()]));
        assert_eq!(addresses("https://[::1]/", &public), Err(AttemptError::AddressNotAllowed));
        assert_eq!(addresses("http://hook.example.com/", &public), Err(AttemptError::AddressNotAllowed));
        let nothing = resolving(|_, _| Ok(vec![]));
        assert_eq!(addresses("https://hook.example.com/", &nothing), Err(AttemptError::NameNotResolved));
    }

    #[test]
    fn only_the_beginning_of_an_answer_is_kept_and_nothing_that_is_no_text() {
        assert_eq!(excerpt(&b"  down\0 for\x1b\nnow "[..]).as_deref(), Some("down for\nnow"));
        assert_eq!(excerpt(&[b'x'; 10_000][..]).map(|t| t.len()), Some(300));
        assert_eq!(excerpt(&b""[..]), None);
    }
}
