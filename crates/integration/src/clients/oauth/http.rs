//! Endpoints of OAuth: extract, call, answer.

use std::sync::Arc;

use super::model::{AccessToken, OAuthForm, TokenForm, TokenRequest, TokenState};
use super::rules::{self, FormCredentials};
use super::work;
use crate::base::auth::tokens::Claims;
use crate::base::auth::{self, Caller, Scope, Scopes, forbidden, guard, network};
use crate::base::db::{Guard, ReadTx};
use crate::base::error::{Error, Problem, Result, found, is_unique_violation};
use crate::base::http::{Ctx, Reply, Req, dispatch};
use crate::base::types::At;
use crate::clients;
use crate::clients::model::{Client, ClientId, ClientStatus};
use crate::people::model::Done;

/// An answer that is not to be kept by anybody on its way.
fn unstored(value: &impl serde::Serialize) -> Result<Reply> {
    let headers = vec![("pragma", "no-cache".to_owned())];
    Ok(Reply { no_store: true, headers, ..Reply::json(200, value)? })
}

pub async fn token(ctx: Ctx, req: Req<Vec<String>, OAuthForm<TokenRequest>>) -> Result<Reply> {
    let TokenRequest { grant_type, scope, client_id, client_secret } = req.body.0;
    let client = authenticate(&ctx, client_id.as_deref(), client_secret.as_deref()).await?;
    if grant_type != "client_credentials" {
        return Err(Problem::new("unsupported_grant_type").into());
    }
    let scopes = rules::granted(Scopes::of(&client.scopes), scope.as_deref())?;
    let now = ctx.core.clock.now();
    if work::is_to_note(&client, now) {
        let id = client.id;
        // A note that is missing is no reason to keep a client out.
        if let Err(error) = ctx.write(move |tx| work::note_use(tx, id)).await {
            log::warn!("{} the use of {id} was not noted: {error}", ctx.request_id);
        }
    }
    let claims = work::claims(&ctx.core, &client, scopes);
    unstored(&AccessToken {
        access_token: ctx.core.keys.sign(&claims)?,
        token_type: "Bearer".into(),
        expires_in: i64::from(client.token_lifetime),
        scope: scopes.to_string(),
    })
}

/// The machine client that asks, by its secret; every refusal reads the same, and takes the same time.
async fn authenticate(ctx: &Ctx, client_id: Option<&str>, client_secret: Option<&str>) -> Result<Client> {
    let form = FormCredentials { client_id, client_secret };
    let presented = rules::presented(ctx.authorization.as_deref(), &form)?;
    let now = ctx.core.clock.now();
    // What is no id at all is looked for as well, so that it takes as long.
    let id: ClientId = presented.client_id.parse().unwrap_or(ClientId(uuid::Uuid::nil()));
    // By client and address together: whoever guesses elsewhere must not keep the client itself out. Apart from
    // log-ins: a program with an old secret must not keep the people beside it out.
    let mut guess = ctx.core.login_guard.begin(guard::CLIENT_SECRETS, &id.to_string(), &ctx.peer, now)?;
    let found = guess.goes_on(ctx.read(move |rx| found(clients::work::find(rx.conn, id))).await)?;
    let right = clients::rules::secret_fits(&presented.secret, found.as_ref(), now);
    let Some(client) = found.filter(|c| right && c.status == ClientStatus::Active) else {
        log::warn!("{} the client {id} was refused from {}", ctx.request_id, ctx.peer);
        return Err(Problem::new("invalid_client").into());
    };
    guess.was_right();
    match auth::clients::networks(&client.allowed_networks) {
        Some(networks) if !network::holds(&networks, &ctx.peer) => {
            log::warn!("{} {} asked from {}, where it may not", ctx.request_id, client.id, ctx.peer);
            Err(Problem::new("network_not_allowed").into())
        }
        _ => Ok(client),
    }
}

/// The claims of a token that is ours and not over; None for any other.
fn claims_of(ctx: &Ctx, token: &str) -> Result<Option<Claims>> {
    match ctx.core.keys.verify(token, ctx.core.clock.now()) {
        Ok(claims) => Ok(Some(claims)),
        Err(error) if work::is_refusal(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

pub async fn introspect(ctx: Ctx, req: Req<Vec<String>, OAuthForm<TokenForm>>) -> Result<Reply> {
    let form = req.body.0;
    match ctx.authorization.as_deref().and_then(dispatch::bearer_token) {
        Some(token) => demand_reader(&dispatch::caller_by(&ctx.core, token, &ctx.peer).await?)?,
        None => {
            authenticate(&ctx, form.client_id.as_deref(), form.client_secret.as_deref()).await?;
        }
    }
    let state = match claims_of(&ctx, &form.token)? {
        Some(claims) => ctx.read(move |rx: &mut ReadTx| work::state(rx.conn, claims, rx.now)).await?,
        None => TokenState::default(),
    };
    unstored(&state)
}

fn demand_reader(caller: &Arc<Caller>) -> Result<()> {
    // It tells of whomever a token is of.
    if caller.is_restricted() {
        return Err(Problem::new("client_restricted").into());
    }
    match caller.may(Scope::ClientsRead) && !caller.must_change_password {
        true => Ok(()),
        false => Err(forbidden(&[Scope::ClientsRead])),
    }
}

pub async fn revoke(ctx: Ctx, req: Req<Vec<String>, OAuthForm<TokenForm>>) -> Result<Reply> {
    let form = req.body.0;
    let client = authenticate(&ctx, form.client_id.as_deref(), form.client_secret.as_deref()).await?;
    // What is no token, or none any more, needs no ending (RFC 7009, section 2.2).
    let Some(claims) = claims_of(&ctx, &form.token)? else { return unstored(&Done { done: true }) };
    if claims.client_id != Some(client.id.to_string()) {
        return Err(Problem::new("invalid_grant").into());
    }
    let ended = ctx
        .write(move |tx| {
            let until = At::from_millis(claims.exp * 1000);
            let now = tx.now;
            tx.under(Guard::row("revoked_tokens", client.id), |conn| {
                auth::clients::revoke(conn, client.id, &claims.jti, until, now)
            })
        })
        .await;
    match ended {
        // Two asked at once, and the other was first.
        Err(Error::Database(error)) if is_unique_violation(&error) => {}
        other => other?,
    }
    ctx.core.callers.forget();
    unstored(&Done { done: true })
}
