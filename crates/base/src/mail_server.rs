//! The mail server, as the operator sets it.

use std::fmt;
use std::time::Duration;

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Not at all: a relay on this machine or in a network that is trusted.
    None,
    /// It begins plain and goes on with TLS; without that nothing is sent.
    StartTls,
    /// TLS from the beginning.
    Tls,
}

impl Protection {
    pub fn parse(word: &str) -> Option<Protection> {
        match word {
            "none" => Some(Protection::None),
            "starttls" => Some(Protection::StartTls),
            "tls" => Some(Protection::Tls),
            _ => None,
        }
    }
    /// The port that mail servers usually have for it.
    pub fn usual_port(self) -> u16 {
        match self {
            Protection::None => 25,
            Protection::StartTls => 587,
            Protection::Tls => 465,
        }
    }
}

/// How mails are sent.
#[derive(Clone)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    /// User name and password.
    pub login: Option<(String, String)>,
    /// Whom mails come from: an address, perhaps with a name before it.
    pub from: String,
    /// A certificate in PEM that is trusted beside the public ones.
    pub authority: Option<Vec<u8>>,
    /// What links in mails begin with: where callers find the installation.
    pub links: Option<String>,
    /// No answer of the mail server takes longer.
    pub timeout: Duration,
}

impl MailServer {
    /// A server, as it is when nothing else is said.
    pub fn of(host: &str, port: u16, protection: Protection, from: &str) -> MailServer {
        let timeout = Duration::from_secs(20);
        MailServer {
            host: host.into(),
            port,
            protection,
            login: None,
            from: from.into(),
            authority: None,
            links: None,
            timeout,
        }
    }

    /// Whether the server is on this machine.
    pub fn is_here(&self) -> bool {
        is_this_machine(&self.host)
    }
}

/// Whether a host is this machine.
pub fn is_this_machine(host: &str) -> bool {
    ["localhost", "127.0.0.1", "::1"].contains(&host)
}

impl fmt::Debug for MailServer {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({:?}) from {}", self.host, self.port, self.protection, self.from)
    }
}
