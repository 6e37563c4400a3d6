//! Use cases on machine clients.

use diesel::prelude::*;

use super::model::{Client, ClientAction, ClientId, ClientInput, ClientStatus, ClientView};
use super::rules;
use crate::base::auth::network::Network;
use crate::base::auth::{self, Caller, Scopes};
use crate::base::db::{Act, Conn, JsonColumn, ReadTx, Tx};
use crate::base::error::{Error, Fault, Faults, Problem, Result};
use crate::base::http::Patch;
use crate::base::http::actions::{self, ActionStates};
use crate::base::text;
use crate::base::types::At;
use crate::base::types::principals::CustomerId;
use crate::people;
use crate::schema::clients;

/// The client.
pub fn find(conn: &mut Conn, id: ClientId) -> Result<Client> {
    let found = clients::table.find(id).select(Client::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Every client, by name; the most that a screen is good for.
pub fn all(conn: &mut Conn) -> Result<Vec<Client>> {
    let by_name = clients::table.order((clients::name_sort, clients::id));
    Ok(by_name.limit(1000).select(Client::as_select()).load(conn)?)
}

/// A client as this caller sees it.
pub fn view(caller: &Caller, client: Client) -> ClientView {
    ClientView { allowed_actions: rules::allowed_actions(caller, &client), client }
}

/// Every step in the client's life, with what stands in its way.
pub fn action_states(rx: &mut ReadTx, id: ClientId) -> Result<ActionStates> {
    let client = find(rx.conn, id)?;
    Ok(ActionStates { data: rules::action_states(rx.caller, &client, rx.lang) })
}

/// Registers a client, with this secret; without one it gets no tokens until it is given one.
pub fn create(tx: &mut Tx, input: ClientInput, secret: Option<&str>) -> Result<Client> {
    let input = checked(tx, input, None)?;
    let mut client = filled_in(blank(tx.new_id(), tx.now), input);
    (client.secret_digest, client.secret_set_at) = (secret.map(rules::digest), secret.map(|_| tx.now));
    tx.create(&mut client)?;
    Ok(client)
}

/// Changes a client; what is taken from it is gone for the tokens that are out, too.
pub fn update(tx: &mut Tx, id: ClientId, patch: &Patch<ClientInput>) -> Result<Client> {
    let before = begin(tx, id)?;
    let input = patch.onto(&form_of(&before))?;
    let input = checked(tx, input, Some(&before))?;
    let mut client = filled_in(before.clone(), input);
    tx.save(&before, &mut client, Act::UPDATED)?;
    tx.core.callers.forget();
    Ok(client)
}

/// Suspends, resumes or revokes. Tokens from before do not come to life again.
pub fn act(tx: &mut Tx, id: ClientId, action: ClientAction, reason: Option<&str>) -> Result<Client> {
    let before = begin(tx, id)?;
    let mut client = Client { status: after(tx.caller, &before, action)?, ..before.clone() };
    if client.status != ClientStatus::Active {
        client.token_epoch += 1;
    }
    if client.status == ClientStatus::Revoked {
        (client.previous_digest, client.previous_secret_until) = (None, None);
    }
    tx.save(&before, &mut client, Act::because(action.verb(), reason))?;
    tx.core.callers.forget();
    Ok(client)
}

/// How long the present secret works beside a new one, unless it is said.
pub const OVERLAP_HOURS: i64 = 24;

/// Gives the client a new secret. The present one works for a while longer; one that was before it does not.
pub fn rotate(tx: &mut Tx, id: ClientId, overlap_hours: Option<i64>, secret: &str) -> Result<Client> {
    let before = begin(tx, id)?;
    let status = after(tx.caller, &before, ClientAction::RotateSecret)?;
    let mut client = Client {
        status,
        secret_digest: Some(rules::digest(secret)),
        secret_set_at: Some(tx.now),
        previous_digest: None,
        previous_secret_until: None,
        ..before.clone()
    };
    match (overlap_hours.unwrap_or(OVERLAP_HOURS), &before.secret_digest) {
        // Somebody else may have the secret, and so the tokens that it gave.
        (0, _) => client.token_epoch += 1,
        (hours, Some(present)) => {
            client.previous_digest = Some(present.clone());
            client.previous_secret_until = Some(tx.now.plus_seconds(hours * 3600));
        }
        (_, None) => {}
    }
    tx.save(&before, &mut client, Act::new(ClientAction::RotateSecret.verb()))?;
    tx.core.callers.forget();
    Ok(client)
}

/// The client, for this caller to change, at the version that they saw.
fn begin(tx: &mut Tx, id: ClientId) -> Result<Client> {
    let client = tx.load(find, id)?;
    // Whoever rotates a client's secret can come as that client.
    tx.caller.demand_to_hand_on(Scopes::of(&client.scopes))?;
    demand_no_stronger(tx, &client.allowed_networks, client.token_lifetime)?;
    tx.check_expected(&client)?;
    Ok(client)
}

/// 403 when a machine client would make or take over one that may ask from more networks than itself, or whose tokens live
/// longer: itself, for one.
fn demand_no_stronger(tx: &mut Tx, networks: &[String], lifetime: i32) -> Result<()> {
    let Some(own) = tx.caller.client_id.map(ClientId) else { return Ok(()) };
    let own = tx.load(find, own)?;
    let within = |own: &[Network]| {
        let others = auth::clients::networks(networks).unwrap_or_default();
        let inside = |other: &Network| own.iter().any(|network| network.contains(other));
        !others.is_empty() && others.len() == networks.len() && others.iter().all(inside)
    };
    let networks_fit = tx.caller.networks.as_deref().is_none_or(within);
    match networks_fit && lifetime <= own.token_lifetime {
        true => Ok(()),
        false => Err(Problem::new("client_restricted").into()),
    }
}

fn after(caller: &Caller, client: &Client, action: ClientAction) -> Result<ClientStatus> {
    let refused = || actions::refused(client.status, action, &rules::allowed_actions(caller, client));
    client.status.after(action).ok_or_else(refused)
}

/// The input in its normal form, and all that it names is there.
fn checked(tx: &mut Tx, input: ClientInput, before: Option<&Client>) -> Result<ClientInput> {
    tx.caller.demand_to_hand_on(Scopes::of(&input.scopes))?;
    let mut faults = Faults::default();
    let input = rules::clean(input, &mut faults);
    if let Some(team) = input.team_id {
        faults.known(tx.load(people::teams::Team::find, team), "/team_id", "team")?;
    }
    // A customer that was deleted since does not stand in the way of another change.
    let kept = before.and_then(|b| b.customer_ids.as_ref()).map_or(&[][..], |ids| &ids.0);
    let named = input.customer_ids.as_deref().unwrap_or_default();
    let fresh: Vec<_> = named.iter().copied().filter(|id| !kept.contains(id)).collect();
    for (i, id) in named.iter().enumerate().filter(|(_, id)| fresh.contains(*id)) {
        let there = match tx.core.declared.told_of(CustomerId::KIND) {
            Some(customers) => {
                let caller = tx.caller;
                tx.hint("a customer may be deleted afterwards, too", |conn| {
                    customers.exists(conn, caller, id.0)
                })?
            }
            None => false,
        };
        if !there {
            faults
                .push(Fault::at(format!("/customer_ids/{i}"), "unknown_reference").with("kind", "customer"));
        }
    }
    faults.done()?;
    demand_no_stronger(tx, &input.allowed_networks, input.token_lifetime)?;
    Ok(input)
}

/// A client with nothing entered yet.
fn blank(id: ClientId, now: At) -> Client {
    Client {
        id,
        version: 0,
        name: String::new(),
        name_sort: String::new(),
        description: None,
        status: ClientStatus::Active,
        scopes: JsonColumn(vec![]),
        customer_ids: None,
        team_id: None,
        allowed_networks: JsonColumn(vec![]),
        token_lifetime: super::model::TOKEN_LIFETIME,
        token_epoch: 1,
        secret_digest: None,
        secret_set_at: None,
        previous_digest: None,
        previous_secret_until: None,
        last_used_at: None,
        external_ids: JsonColumn(vec![]),
        created_at: now,
        created_by: None,
        updated_at: now,
        updated_by: None,
    }
}

/// The client with everything that the form says.
fn filled_in(client: Client, input: ClientInput) -> Client {
    Client {
        name_sort: text::sort_key(&input.name),
        name: input.name,
        description: input.description,
        scopes: JsonColumn(input.scopes),
        customer_ids: input.customer_ids.map(JsonColumn),
        team_id: input.team_id,
        allowed_networks: JsonColumn(input.allowed_networks),
        token_lifetime: input.token_lifetime,
        external_ids: JsonColumn(input.external_ids),
        ..client
    }
}

/// The form that would give this client.
fn form_of(client: &Client) -> ClientInput {
    let c = client.clone();
    ClientInput {
        name: c.name,
        description: c.description,
        scopes: c.scopes.0,
        customer_ids: c.customer_ids.map(|ids| ids.0),
        team_id: c.team_id,
        allowed_networks: c.allowed_networks.0,
        token_lifetime: c.token_lifetime,
        external_ids: c.external_ids.0,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A client that may do nothing.
    pub fn client() -> Client {
        Client { version: 1, ..blank(ClientId(uuid::Uuid::from_u128(7)), At::from_millis(0)) }
    }
}
