//! What holds for machine clients, without database or HTTP: their life, their secrets, what makes an input
//! acceptable.

use super::model::{Client, ClientAction, ClientInput, ClientStatus};
use crate::base::auth::network;
use crate::base::auth::{Caller, Scope};
use crate::base::error::{Fault, Faults};
use crate::base::http::actions::{ActionState, Obstacle};
use crate::base::messages::Lang;
use crate::base::secret;
use crate::base::text;
use crate::base::types::At;

// ---- life ----------------------------------------------------------------------------------------------------

impl ClientStatus {
    /// The whole life: the status after a step, None where the step is not possible. What is revoked stays so.
    pub fn after(self, action: ClientAction) -> Option<ClientStatus> {
        use ClientAction::{Resume, Revoke, RotateSecret, Suspend};
        use ClientStatus::{Active, Revoked, Suspended};
        match (self, action) {
            (Active, Suspend) => Some(Suspended),
            (Suspended, Resume) => Some(Active),
            (Active | Suspended, Revoke) => Some(Revoked),
            (Active | Suspended, RotateSecret) => Some(self),
            _ => None,
        }
    }
}

impl ClientAction {
    /// The step as an event tells of it: `client.suspended`.
    pub fn verb(self) -> &'static str {
        match self {
            ClientAction::Suspend => "suspended",
            ClientAction::Resume => "resumed",
            ClientAction::Revoke => "revoked",
            ClientAction::RotateSecret => "secret_rotated",
        }
    }
}

/// The steps that the client's life and the caller's rights allow now.
pub fn allowed_actions(caller: &Caller, client: &Client) -> Vec<ClientAction> {
    let possible = |action: &ClientAction| client.status.after(*action).is_some();
    let may = caller.may(Scope::ClientsWrite);
    ClientAction::ALL.iter().copied().filter(|action| may && possible(action)).collect()
}

/// Every step, with what stands in its way.
pub fn action_states(caller: &Caller, client: &Client, lang: Lang) -> Vec<ActionState> {
    let state = |action: &ClientAction| {
        let mut obstacles = Vec::new();
        if !caller.may(Scope::ClientsWrite) {
            obstacles.push(Obstacle::scope(lang, Scope::ClientsWrite));
        }
        if client.status.after(*action).is_none() {
            obstacles.push(Obstacle::status(lang, client.status));
        }
        ActionState::of(action, obstacles)
    };
    ClientAction::ALL.iter().map(state).collect()
}

// ---- secrets -------------------------------------------------------------------------------------------------

/// A new secret: 32 random bytes, behind letters that let scanners of leaked secrets know it.
pub fn new_secret() -> String {
    format!("csk_{}", secret::token(32))
}

/// What is kept of a secret. A fast digest is right here, where a password needs a slow one: a slow hash makes up
/// for what people choose to remember, and nobody guesses 256 random bits, however fast they can try.
pub fn digest(secret: &str) -> String {
    secret::sha256_hex(secret.as_bytes())
}

/// Whether this is a secret of the client now: the present one, or the one before while it is let live. Costs the
/// same without a client, and does not tell by time where a secret differs.
pub fn secret_fits(presented: &str, client: Option<&Client>, now: At) -> bool {
    let presented = digest(presented);
    let is = |kept: Option<&str>| {
        let fits = secret::same(kept.unwrap_or(DECOY).as_bytes(), presented.as_bytes());
        fits && kept.is_some()
    };
    let present = is(client.and_then(|c| c.secret_digest.as_deref()));
    let previous = is(client.and_then(|c| c.previous_digest.as_deref()));
    present || (previous && client.and_then(|c| c.previous_secret_until).is_some_and(|until| now < until))
}

/// As long as a digest, and the digest of nothing.
const DECOY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

// ---- input ---------------------------------------------------------------------------------------------------

/// The input in its normal form; what is wrong goes to `faults`.
pub fn clean(input: ClientInput, faults: &mut Faults) -> ClientInput {
    repeated(&input.scopes, "scopes", faults);
    repeated(input.customer_ids.as_deref().unwrap_or_default(), "customer_ids", faults);
    let mut networks = Vec::with_capacity(input.allowed_networks.len());
    for (i, named) in input.allowed_networks.iter().enumerate() {
        match network::parse_exact(named.trim()) {
            Some(network) => networks.push(network.to_string()),
            None => faults.push(Fault::at(format!("/allowed_networks/{i}"), "not_a_network")),
        }
    }
    ClientInput {
        name: input.name.trim().to_owned(),
        description: text::filled(input.description),
        allowed_networks: networks,
        ..input
    }
}

fn repeated<T: PartialEq>(list: &[T], name: &str, faults: &mut Faults) {
    let again = (1..list.len()).filter(|i| list[..*i].contains(&list[*i]));
    again.for_each(|i| faults.push(Fault::at(format!("/{name}/{i}"), "duplicate_entry")));
}

#[cfg(test)]
mod tests {
    use super::super::work::tests::client;
    use super::*;

    #[test]
    fn a_secret_fits_until_its_time_is_over() {
        let now = At::from_millis(1_000_000);
        let (old, new) = (new_secret(), new_secret());
        assert_ne!(old, new);
        let rotated = Client {
            secret_digest: Some(digest(&new)),
            previous_digest: Some(digest(&old)),
            previous_secret_until: Some(now.plus_seconds(60)),
            ..client()
        };
        let fits = |secret: &str, at| secret_fits(secret, Some(&rotated), at);
        assert!(
            fits(&new, now) && fits(&old, now.plus_seconds(59)) && fits(&new, now.plus_seconds(1_000_000))
        );
        assert!(!fits(&old, now.plus_seconds(60)) && !fits("", now) && !fits(&digest(&new), now));
        assert!(!secret_fits(&new, None, now));
        // Without a secret before, nothing is one.
        assert!(!secret_fits(&old, Some(&Client { previous_digest: None, ..rotated.clone() }), now));
    }

    #[test]
    fn what_is_revoked_stays_so() {
        assert!(ClientAction::ALL.iter().all(|action| ClientStatus::Revoked.after(*action).is_none()));
    }
}
