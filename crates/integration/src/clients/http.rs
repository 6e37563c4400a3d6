//! Endpoints of machine clients: extract, call, answer.

use super::model::{
    CLIENTS, Client, ClientAction, ClientId, ClientInput, ClientView, ClientWithSecret, Rotation,
    SECRET_FIELDS,
};
use super::{rules, work};
use crate::base::auth::Caller;
use crate::base::db::filter::Predicate;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::actions::ActionStates;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::people::model::Reason;

fn answer(caller: &Caller, client: Client) -> Answer<ClientView> {
    Answer::at(client.version, work::view(caller, client))
}

fn told_once(caller: &Caller, client: Client, secret: String) -> Answer<ClientWithSecret> {
    let view = work::view(caller, client);
    let client_id = view.client.id;
    let told = ClientWithSecret { client_id, client_secret: Some(secret), client: view };
    Answer::at(told.client.client.version, told).secret_fields(SECRET_FIELDS)
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<ClientView>> {
    let caller = rx.caller;
    let mut page = CLIENTS.page(&req.query, Predicate::All, load_from!(rx.conn, clients, Client))?;
    let views = page.data.drain(..).map(|client| work::view(caller, client)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<ClientId>) -> Result<Answer<ClientView>> {
    let client = work::find(rx.conn, req.path)?;
    Ok(answer(rx.caller, client))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<ClientInput>>) -> Result<Answer<ClientWithSecret>> {
    let secret = rules::new_secret();
    let client = work::create(tx, req.body.0.clone(), Some(&secret))?;
    let path = path_to("clients", client.id);
    Ok(told_once(tx.caller, client, secret).located(path))
}

/// As [`create`], without a secret.
pub fn declare(tx: &mut Tx, req: &Req<(), Json<ClientInput>>) -> Result<Answer<ClientView>> {
    let client = work::create(tx, req.body.0.clone(), None)?;
    let path = path_to("clients", client.id);
    Ok(answer(tx.caller, client).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<ClientId, Patch<ClientInput>>) -> Result<Answer<ClientView>> {
    let client = work::update(tx, req.path, &req.body)?;
    Ok(answer(tx.caller, client))
}

pub fn rotate(tx: &mut Tx, req: &Req<ClientId, Json<Rotation>>) -> Result<Answer<ClientWithSecret>> {
    let secret = rules::new_secret();
    let client = work::rotate(tx, req.path, req.body.overlap_hours, &secret)?;
    Ok(told_once(tx.caller, client, secret))
}

fn step(tx: &mut Tx, id: ClientId, action: ClientAction, reason: Option<&str>) -> Result<Answer<ClientView>> {
    let client = work::act(tx, id, action, reason)?;
    Ok(answer(tx.caller, client))
}

pub fn suspend(tx: &mut Tx, req: &Req<ClientId, Json<Reason>>) -> Result<Answer<ClientView>> {
    step(tx, req.path, ClientAction::Suspend, Some(&req.body.reason))
}

pub fn resume(tx: &mut Tx, req: &Req<ClientId>) -> Result<Answer<ClientView>> {
    step(tx, req.path, ClientAction::Resume, None)
}

pub fn revoke(tx: &mut Tx, req: &Req<ClientId, Json<Reason>>) -> Result<Answer<ClientView>> {
    step(tx, req.path, ClientAction::Revoke, Some(&req.body.reason))
}

pub fn actions(rx: &mut ReadTx, req: &Req<ClientId>) -> Result<Answer<ActionStates>> {
    work::action_states(rx, req.path).map(Answer::of)
}
