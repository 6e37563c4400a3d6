//! Who a machine client is, and what its tokens are good for.

use diesel::prelude::*;

use super::model::TokenState;
use crate::base::auth::tokens::Claims;
use crate::base::auth::{Scopes, caller_of};
use crate::base::core::Core;
use crate::base::db::{Conn, Tx};
use crate::base::error::{Error, Result};
use crate::base::types::At;
use crate::clients::model::{Client, ClientId};
use crate::schema::clients;

/// What a new token of this client says.
pub fn claims(core: &Core, client: &Client, scopes: Scopes) -> Claims {
    Claims {
        client_id: Some(client.id.to_string()),
        scope: Some(scopes.to_string()),
        epoch: Some(client.token_epoch),
        ..Claims::new(core, client.id, i64::from(client.token_lifetime))
    }
}

/// Seconds within which a client's use is not noted again, so that a client that asks often does not write often.
const COARSE: i64 = 600;

/// Whether the use of a client is worth noting.
pub fn is_to_note(client: &Client, now: At) -> bool {
    client.last_used_at.is_none_or(|last| now.seconds() - last.seconds() >= COARSE)
}

/// Notes that a client got a token.
#[allow(clippy::disallowed_methods)] // no change of the record: neither a version nor an event
pub fn note_use(tx: &mut Tx, id: ClientId) -> Result<()> {
    let used = clients::last_used_at.eq(Some(tx.now));
    tx.execute(diesel::update(clients::table.filter(clients::id.eq(id))).set(used))?;
    Ok(())
}

/// What a token is good for now, after its signature was found good.
pub fn state(conn: &mut Conn, claims: Claims, now: At) -> Result<TokenState> {
    let Some(caller) = caller_of(conn, &claims, now)? else { return Ok(TokenState::default()) };
    Ok(TokenState {
        active: true,
        scope: Some(caller.scopes.to_string()),
        client_id: claims.client_id,
        username: Some(caller.name),
        token_type: Some("Bearer".into()),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub),
        aud: Some(claims.aud),
        iss: Some(claims.iss),
        jti: Some(claims.jti),
    })
}

/// Whether this is the refusal of a token that is not ours or not alive, and not a failure of ours.
pub fn is_refusal(error: &Error) -> bool {
    matches!(error.code(), "unauthorized" | "token_expired")
}
