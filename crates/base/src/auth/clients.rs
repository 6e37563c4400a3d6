//! Machine clients as callers: what a client's token stands for now, and the tokens that were ended before their
//! time. What a client may do is read from its row, so a change of it holds for the tokens that are out already.

use std::sync::Arc;

use diesel::prelude::*;

use super::network::{self, Network};
use super::sessions::{people_of, teams_under};
use super::tokens::Claims;
use super::{Caller, Scope, Scopes, Sight};
use crate::db::{Conn, JsonColumn};
use crate::error::Result;
use crate::schema::{clients, revoked_tokens};
use crate::types::At;
use crate::types::principals::ClientId;
use crate::types::principals::CustomerId;
use crate::types::principals::TeamId;

/// Tokens of one client that can be ended one by one; when there are more, all its tokens end.
const MOST_REVOKED: i64 = 1_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
struct Rights {
    id: ClientId,
    name: String,
    scopes: JsonColumn<Vec<Scope>>,
    customer_ids: Option<JsonColumn<Vec<CustomerId>>>,
    team_id: Option<TeamId>,
    allowed_networks: JsonColumn<Vec<String>>,
    token_epoch: i32,
}

/// Who a machine client's token stands for now: None when the client is suspended or revoked, or the token is.
pub fn caller(conn: &mut Conn, claims: &Claims) -> Result<Option<Caller>> {
    let Some(id) = claims.client_id.as_deref().and_then(|id| id.parse::<ClientId>().ok()) else {
        return Ok(None);
    };
    let Some(row) = rights(conn, id)?.filter(|row| Some(row.token_epoch) == claims.epoch) else {
        return Ok(None);
    };
    if is_revoked(conn, &claims.jti)? {
        return Ok(None);
    }
    let asked = Scopes::parse(claims.scope.as_deref().unwrap_or_default()).unwrap_or_default();
    let mut caller = within_restrictions(conn, row)?;
    caller.scopes = caller.scopes.common(asked);
    caller.token = Some(Arc::new(claims.clone()));
    Ok(Some(caller))
}

/// A machine client with all the rights that it has now, for what is done in its name when it does not ask itself;
/// None when it is suspended or revoked.
pub fn standing(conn: &mut Conn, id: ClientId) -> Result<Option<Caller>> {
    rights(conn, id)?.map(|row| within_restrictions(conn, row)).transpose()
}

fn rights(conn: &mut Conn, id: ClientId) -> Result<Option<Rights>> {
    Ok(clients::table
        .filter(clients::id.eq(id))
        .filter(clients::status.eq("active"))
        .select(Rights::as_select())
        .first(conn)
        .optional()?)
}

fn within_restrictions(conn: &mut Conn, row: Rights) -> Result<Caller> {
    let mut caller = Caller::machine(row.id, &row.name, Scopes::of(&row.scopes));
    if row.team_id.is_some() {
        caller.sight = Sight::Team;
        caller.team = row.team_id.map(|t| t.0);
        caller.teams = teams_under(conn, row.team_id)?;
        caller.people = people_of(conn, &caller.teams)?;
    }
    caller.customers = row.customer_ids.map(|ids| ids.0.iter().map(|id| id.0).collect());
    caller.networks = networks(&row.allowed_networks);
    Ok(caller)
}

/// The networks that a client may ask from; none named is any. One that cannot be read lets nobody in.
pub fn networks(named: &[String]) -> Option<Vec<Network>> {
    (!named.is_empty()).then(|| named.iter().filter_map(|n| network::parse_exact(n)).collect())
}

fn is_revoked(conn: &mut Conn, jti: &str) -> Result<bool> {
    let found: Option<String> = revoked_tokens::table
        .filter(revoked_tokens::jti.eq(jti))
        .select(revoked_tokens::jti)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Ends one token of a client. It is remembered until it would have ended by itself.
#[allow(clippy::disallowed_methods)] // ended tokens are no business records
pub fn revoke(conn: &mut Conn, client: ClientId, jti: &str, expires_at: At, now: At) -> Result<()> {
    use revoked_tokens::dsl;
    diesel::delete(dsl::revoked_tokens.filter(dsl::expires_at.le(now))).execute(conn)?;
    if expires_at <= now || is_revoked(conn, jti)? {
        return Ok(());
    }
    let of_client = dsl::revoked_tokens.filter(dsl::client_id.eq(client));
    let ended: i64 = of_client.count().get_result(conn)?;
    if ended >= MOST_REVOKED {
        diesel::update(clients::table.filter(clients::id.eq(client)))
            .set(clients::token_epoch.eq(clients::token_epoch + 1))
            .execute(conn)?;
        diesel::delete(of_client).execute(conn)?;
        return Ok(());
    }
    diesel::insert_into(dsl::revoked_tokens)
        .values((dsl::jti.eq(jti), dsl::client_id.eq(client), dsl::expires_at.eq(expires_at)))
        .execute(conn)?;
    Ok(())
}
