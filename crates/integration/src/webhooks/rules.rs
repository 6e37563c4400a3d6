//! What holds for webhooks, without database or HTTP: their life, the ladder of retries, the signature, which
//! addresses may be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::{Host, Url};

use super::model::{DeliveryId, DeliveryStatus, Webhook, WebhookAction, WebhookInput, WebhookStatus};
use crate::base::auth::{Caller, Scope};
use crate::base::declared::Declared;
use crate::base::error::{Fault, Faults};
use crate::base::http::actions::{ActionState, Obstacle};
use crate::base::messages::Lang;
use crate::base::secret;
use crate::base::text;
use crate::base::types::At;

// ---- life ----------------------------------------------------------------------------------------------------

impl WebhookStatus {
    /// The whole life: the status after a step, None where the step is not possible.
    pub fn after(self, action: WebhookAction) -> Option<WebhookStatus> {
        use WebhookAction::{Disable, Enable, Replay, RotateSecret, Test};
        use WebhookStatus::{Active, Disabled};
        match (self, action) {
            (Active, Disable) => Some(Disabled),
            (Disabled, Enable) => Some(Active),
            (_, RotateSecret) | (Active, Test | Replay) => Some(self),
            _ => None,
        }
    }
}

impl WebhookAction {
    /// The step as an event tells of it: `webhook.disabled`.
    pub fn verb(self) -> &'static str {
        match self {
            WebhookAction::Enable => "enabled",
            WebhookAction::Disable => "disabled",
            WebhookAction::RotateSecret => "secret_rotated",
            WebhookAction::Test => "tested",
            WebhookAction::Replay => "replayed",
        }
    }
}

/// The steps that the webhook's status and the caller's rights allow now.
pub fn allowed_actions(caller: &Caller, webhook: &Webhook) -> Vec<WebhookAction> {
    let possible = |action: &WebhookAction| webhook.status.after(*action).is_some();
    let may = caller.may(Scope::WebhooksWrite);
    WebhookAction::ALL.iter().copied().filter(|action| may && possible(action)).collect()
}

/// Every step, with what stands in its way.
pub fn action_states(caller: &Caller, webhook: &Webhook, lang: Lang) -> Vec<ActionState> {
    let state = |action: &WebhookAction| {
        let mut obstacles = Vec::new();
        if !caller.may(Scope::WebhooksWrite) {
            obstacles.push(Obstacle::scope(lang, Scope::WebhooksWrite));
        }
        if webhook.status.after(*action).is_none() {
            obstacles.push(Obstacle::status(lang, webhook.status));
        }
        ActionState::of(action, obstacles)
    };
    WebhookAction::ALL.iter().map(state).collect()
}

impl DeliveryStatus {
    /// Whether it can be tried once more under its own id. What succeeded is told again by a replay.
    pub fn can_be_retried(self) -> bool {
        self != DeliveryStatus::Succeeded
    }
}

// ---- retries -------------------------------------------------------------------------------------------------

/// Seconds between an attempt that failed and the next.
pub const LADDER: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// A webhook to which nothing could be delivered for so many seconds is disabled: five days.
pub const PATIENCE: i64 = 5 * 24 * 3600;

/// When a delivery is tried again that has failed at this step; None after the last. Up to a tenth later than the
/// ladder says, other for each delivery, so that what failed together does not come back together; the same each
/// time it is asked.
pub fn next_attempt(id: DeliveryId, step: i32, now: At) -> Option<At> {
    let seconds = LADDER.get(usize::try_from(step).ok()?)?;
    let digest = secret::sha256_hex(format!("{id}.{step}").as_bytes());
    let part = i64::from_str_radix(&digest[..4], 16).unwrap_or(0);
    let jitter = seconds * 100_000 * part / 0xffff;
    Some(At::from_micros(now.micros() + seconds * 1_000_000 + jitter))
}

// ---- secrets and signatures ----------------------------------------------------------------------------------

/// Random bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// A secret as its owner gets it.
pub fn written_secret(bytes: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// What `webhook-signature` says: one signature for each secret, the present one's first.
pub fn signature(secrets: &[Vec<u8>], id: DeliveryId, timestamp: i64, body: &[u8]) -> String {
    let sign = |key: &Vec<u8>| {
        // Takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
}

// ---- input ---------------------------------------------------------------------------------------------------

/// The input in its normal form; what is wrong goes to `faults`.
pub fn clean(
    declared: &Declared,
    input: WebhookInput,
    allow_private: bool,
    faults: &mut Faults,
) -> WebhookInput {
    let url = match checked_url(&input.url, allow_private) {
        Ok(url) => url.to_string(),
        Err(code) => {
            faults.push(Fault::at("/url", code));
            input.url
        }
    };
    for (i, pattern) in input.event_types.iter().enumerate() {
        let place = || format!("/event_types/{i}");
        if !declared.is_event_pattern(pattern) {
            faults.push(Fault::at(place(), "unknown_event_type").with("type", pattern));
        } else if input.event_types[..i].contains(pattern) {
            faults.push(Fault::at(place(), "duplicate_entry"));
        }
    }
    WebhookInput { url, description: text::filled(input.description), ..input }
}

/// The address that a webhook may have, or the code of what is wrong with it. Names are looked up when something is
/// sent; here only what is an address already is refused.
pub fn checked_url(text: &str, allow_private: bool) -> Result<Url, &'static str> {
    let mut url = Url::parse(text.trim()).map_err(|_| "not_a_url")?;
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        return Err("url_with_credentials");
    }
    match (url.scheme(), allow_private) {
        ("https", _) | ("http", true) => {}
        ("http", false) => return Err("not_https"),
        _ => return Err("not_a_url"),
    }
    let private = match url.host().ok_or("not_a_url")? {
        Host::Ipv4(v4) => !is_public(v4.into()),
        Host::Ipv6(v6) => !is_public(v6.into()),
        Host::Domain(name) => name.trim_end_matches('.').rsplit('.').next() == Some("localhost"),
    };
    if private && !allow_private { Err("address_not_allowed") } else { Ok(url) }
}

/// Whether an address is somebody's on the internet, and not one of this machine, a private network, or a special one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network, private, loopback, link-local, multicast and all above it.
        [0 | 10 | 127 | 224.., ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
        // Shared by the customers of a provider (CGNAT).
        [100, 64..=127, ..] => true,
        // Protocol assignments, documentation, relays of 6to4, benchmarks.
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] | [198, 18..=19, ..] => {
            true
        }
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // IPv4 behind a translator (NAT64) is what it is in IPv4.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        // Special purposes and tunnels (Teredo), documentation, 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given out; so not loopback, IPv4 in IPv6, link-local, unique local, multicast.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_of_this_machine_or_a_private_network_is_public() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "3fff::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "64:ff9b::808:808",
            "2001:4860::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_is_refused_however_it_is_written() {
        let code = |text: &str| checked_url(text, false).err();
        for private in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://10.0.0.1:8443/x",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
            "https://localhost/",
            "https://LOCALHOST:1/",
            "https://a.localhost./",
            "https://169.254.169.254/latest",
            "https://100.64.3.4/",
            "https://0/",
            "https://１２７.0.0.1/",
        ] {
            assert_eq!(code(private), Some("address_not_allowed"), "{private}");
            assert!(checked_url(private, true).is_ok(), "{private}");
        }
        assert_eq!(code("http://erp.example.com/"), Some("not_https"));
        assert_eq!(
            checked_url("http://erp.example.com/", true).map(String::from),
            Ok("http://erp.example.com/".into())
        );
        for credentials in
            ["https://me@erp.example.com/", "https://me:pw@erp.example.com/", "https://:pw@e.com/"]
        {
            assert_eq!(code(credentials), Some("url_with_credentials"), "{credentials}");
        }
        for none in [
            "",
            "erp.example.com",
            "/hook",
            "ftp://erp.example.com/",
            "file:///etc/passwd",
            "https://",
            "https://a b/",
        ] {
            assert_eq!(code(none), Some("not_a_url"), "{none}");
        }
        assert_eq!(
            checked_url(" https://ERP.example.com/h?a=1#x ", false).map(String::from),
            Ok("https://erp.example.com/h?a=1".into())
        );
    }

    #[test]
    fn retries_climb_the_ladder_a_little_late_and_end() {
        let id = DeliveryId(uuid::Uuid::from_u128(7));
        let now = At::from_millis(0);
        for (step, seconds) in LADDER.iter().enumerate() {
            let at = next_attempt(id, step as i32, now).unwrap();
            assert!(at >= now.plus_seconds(*seconds) && at.micros() <= seconds * 1_100_000, "{at}");
            assert_eq!(next_attempt(id, step as i32, now), Some(at));
        }
        assert_eq!(next_attempt(id, 9, now), None);
        let other = DeliveryId(uuid::Uuid::from_u128(8));
        assert_ne!(next_attempt(id, 8, now), next_attempt(other, 8, now));
    }

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of the specification's reference libraries.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mac = |id: &str, body: &[u8]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(format!("{id}.1614265330.").as_bytes());
            mac.update(body);
            STANDARD.encode(mac.finalize().into_bytes())
        };
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(mac("msg_p5jXN8AQM9LWM0D4loKWxJek", body), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let id = DeliveryId(uuid::Uuid::from_u128(1));
        let signed = signature(&[key.clone(), vec![1; 32]], id, 1_614_265_330, body);
        let parts: Vec<&str> = signed.split(' ').collect();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], format!("v1,{}", mac(&id.to_string(), body)));
        assert!(parts[1].starts_with("v1,") && parts[1] != parts[0]);
    }

    #[test]
    fn what_is_disabled_is_neither_tested_nor_replayed() {
        use WebhookAction::{Replay, Test};
        assert!([Test, Replay].iter().all(|a| WebhookStatus::Disabled.after(*a).is_none()));
    }
}
