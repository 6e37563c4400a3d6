//! One attempt to hand a mail to the mail server.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, SmtpTransport, Transport};

use super::model::{Mail, MailError};
use super::rules;
use crate::base::mail_server::{MailServer, Protection};

/// Characters of what a mail server said that are kept.
const KEPT_REPLY: usize = 300;
/// What servers answer that do not take our log-in; this is about the settings, and not about the mail.
const ABOUT_LOG_IN: [i32; 5] = [454, 530, 534, 535, 538];

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub error: MailError,
    /// What the server answered, and its words.
    pub code: Option<i32>,
    pub reply: Option<String>,
}

impl Failure {
    fn new(error: MailError) -> Failure {
        Failure { error, code: None, reply: None }
    }
    /// Whether it would be the same the next time.
    pub fn is_final(&self) -> bool {
        matches!(self.error, MailError::Refused | MailError::Malformed)
    }
}

/// Hands the mail over; Ok when the server has taken it.
pub fn send(settings: &MailServer, mail: &Mail) -> Result<(), Failure> {
    let (envelope, message) = written(settings, mail).ok_or_else(|| Failure::new(MailError::Malformed))?;
    let transport = transport(settings).map_err(|error| told(&error))?;
    transport.send_raw(&envelope, &message).map(drop).map_err(|error| told(&error))
}

/// The mail as it goes over the line. It is the same for each attempt: the date is that of the mail.
fn written(settings: &MailServer, mail: &Mail) -> Option<(Envelope, Vec<u8>)> {
    let to: Address = mail.recipient.parse().ok()?;
    let from: Mailbox = settings.from.parse().ok()?;
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]).ok()?;
    let made_at = u64::try_from(mail.created_at.seconds()).ok()?;
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let message = Message::builder()
        .message_id(Some(rules::message_id(mail.id, from.email.domain())))
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(made_at))
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(rules::subject(&mail.subject))
        .raw_header(HeaderValue::new(automatic, "auto-generated".into()))
        .singlepart(SinglePart::plain(rules::body(&mail.body)))
        .ok()?;
    Some((envelope, message.formatted()))
}

fn transport(settings: &MailServer) -> Result<SmtpTransport, lettre::transport::smtp::Error> {
    let parameters = || {
        let mut parameters = TlsParameters::builder(settings.host.clone());
        if let Some(authority) = &settings.authority {
            parameters = parameters.add_root_certificate(Certificate::from_pem(authority)?);
        }
        parameters.build()
    };
    let tls = match settings.protection {
        Protection::None => Tls::None,
        Protection::StartTls => Tls::Required(parameters()?),
        Protection::Tls => Tls::Wrapper(parameters()?),
    };
    let mut builder = SmtpTransport::builder_dangerous(&settings.host)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(settings.timeout))
        .hello_name(ClientId::Domain(domain(&settings.from)));
    if let Some((user, password)) = &settings.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(builder.build())
}

/// What comes after the `@` of an address, perhaps with a name before it.
fn domain(from: &str) -> String {
    from.rsplit('@').next().unwrap_or_default().trim_end_matches('>').to_owned()
}

/// Whether what went wrong on the network is what the server showed in its handshake, such as its certificate.
fn is_handshake(error: &lettre::transport::smtp::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::InvalidData)
}

fn told(error: &lettre::transport::smtp::Error) -> Failure {
    let Some(status) = error.status() else {
        return Failure::new(match () {
            () if error.is_tls() || is_handshake(error) => MailError::Tls,
            () if error.is_response() => MailError::Interrupted,
            () if error.is_client() => MailError::Unsupported,
            () => MailError::Unreachable,
        });
    };
    let code = status.to_string().parse::<i32>().ok();
    let kind = match code {
        Some(code) if ABOUT_LOG_IN.contains(&code) => MailError::Credentials,
        _ if error.is_permanent() => MailError::Refused,
        _ => MailError::Deferred,
    };
    let reply = error.source().map(|said| rules::one_line(&said.to_string(), KEPT_REPLY));
    Failure { error: kind, code, reply }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::base::types::At;
    use crate::mail::model::{MailId, MailKind, MailStatus};

    fn mail(recipient: &str, subject: &str, body: &str) -> Mail {
        let now = At::from_millis(1_795_140_000_000);
        Mail {
            id: MailId(Uuid::from_u128(0x0192_0000_7000_8000_0000_0000_0000_0001)),
            version: 1,
            kind: MailKind::Test,
            code: None,
            user_id: None,
            recipient: recipient.into(),
            subject: subject.into(),
            body: body.into(),
            status: MailStatus::Waiting,
            attempts: 0,
            step: 0,
            due_at: now,
            lease: None,
            last_error: None,
            last_code: None,
            last_reply: None,
            ended_at: None,
            clear_at: None,
            created_at: now,
            created_by: None,
            updated_at: now,
            updated_by: None,
        }
    }

    fn settings() -> MailServer {
        let from = "Salesdesk <desk@example.com>";
        MailServer::of("mail.example.com", 25, Protection::None, from)
    }

    #[test]
    fn what_a_mail_says_cannot_become_a_header_of_it() {
        let evil = "Hello\r\nBcc: everybody@example.com\n\nand a body";
        let (envelope, bytes) = written(&settings(), &mail("a@example.com", evil, "x")).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert_eq!((body.trim_end(), envelope.to().len()), ("x", 1));
        for bad in
            ["a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "", "nobody", "<a@b>"]
        {
            assert!(written(&settings(), &mail(bad, "x", "x")).is_none(), "{bad}");
        }
    }

    #[test]
    fn each_attempt_is_the_same_mail() {
        let mail = mail("a@example.com", "投诉升级", "客户的投诉\n");
        let first = written(&settings(), &mail).unwrap().1;
        assert_eq!(first, written(&settings(), &mail).unwrap().1);
        let text = String::from_utf8(first).unwrap();
        let wanted = "Message-ID: <mal_01920000700080000000000000000001@example.com>";
        assert!(text.lines().any(|line| line == wanted), "{text}");
        assert!(text.contains("Date: Fri, 20 Nov 2026 02:00:00 +0000"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated"), "{text}");
        assert!(text.contains("MIME-Version: 1.0"), "{text}");
    }
}
