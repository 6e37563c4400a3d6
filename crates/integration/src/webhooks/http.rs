//! Endpoints of webhooks: extract, call, answer.

use super::model::{
    DeliveryId, Replay, SECRET_FIELDS, SecretRotation, WEBHOOKS, Webhook, WebhookDelivery,
    WebhookDeliveryDetail, WebhookId, WebhookInput, WebhookView, WebhookWithSecret,
};
use super::{rules, work};
use crate::base::auth::Caller;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::actions::ActionStates;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::base::secret;
use crate::load_from;

fn answer(caller: &Caller, webhook: Webhook) -> Answer<WebhookView> {
    Answer::at(webhook.version, work::view(caller, webhook))
}

fn told_once(caller: &Caller, webhook: Webhook, secret: &[u8]) -> Answer<WebhookWithSecret> {
    let version = webhook.version;
    let secret = Some(rules::written_secret(secret));
    let told = WebhookWithSecret { webhook: work::view(caller, webhook), secret };
    Answer::at(version, told).secret_fields(SECRET_FIELDS)
}

fn new_secret() -> [u8; rules::SECRET_BYTES] {
    let mut bytes = [0; rules::SECRET_BYTES];
    secret::fill(&mut bytes);
    bytes
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<WebhookView>> {
    let caller = rx.caller;
    let visible = work::visible_to(caller);
    let mut page = WEBHOOKS.page(&req.query, visible, load_from!(rx.conn, webhooks, Webhook))?;
    let views = page.data.drain(..).map(|webhook| work::view(caller, webhook)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<WebhookId>) -> Result<Answer<WebhookView>> {
    let webhook = work::find(rx.conn, rx.caller, req.path)?;
    Ok(answer(rx.caller, webhook))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<WebhookInput>>) -> Result<Answer<WebhookWithSecret>> {
    let secret = new_secret();
    let webhook = work::create(tx, req.body.0.clone(), &secret)?;
    let path = path_to("webhooks", webhook.id);
    Ok(told_once(tx.caller, webhook, &secret).located(path))
}

/// As [`create`], with a secret that nobody is told.
pub fn declare(tx: &mut Tx, req: &Req<(), Json<WebhookInput>>) -> Result<Answer<WebhookView>> {
    let webhook = work::create(tx, req.body.0.clone(), &new_secret())?;
    let path = path_to("webhooks", webhook.id);
    Ok(answer(tx.caller, webhook).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<WebhookId, Patch<WebhookInput>>) -> Result<Answer<WebhookView>> {
    let webhook = work::update(tx, req.path, &req.body)?;
    Ok(answer(tx.caller, webhook))
}

pub fn delete(tx: &mut Tx, req: &Req<WebhookId>) -> Result<()> {
    work::delete(tx, req.path)
}

pub fn actions(rx: &mut ReadTx, req: &Req<WebhookId>) -> Result<Answer<ActionStates>> {
    work::action_states(rx, req.path).map(Answer::of)
}

pub fn enable(tx: &mut Tx, req: &Req<WebhookId>) -> Result<Answer<WebhookView>> {
    let webhook = work::enable(tx, req.path)?;
    Ok(answer(tx.caller, webhook))
}

pub fn disable(tx: &mut Tx, req: &Req<WebhookId>) -> Result<Answer<WebhookView>> {
    let webhook = work::disable(tx, req.path)?;
    Ok(answer(tx.caller, webhook))
}

pub fn rotate(tx: &mut Tx, req: &Req<WebhookId, Json<SecretRotation>>) -> Result<Answer<WebhookWithSecret>> {
    let secret = new_secret();
    let webhook = work::rotate(tx, req.path, req.body.overlap_hours, &secret)?;
    Ok(told_once(tx.caller, webhook, &secret))
}

pub fn test(tx: &mut Tx, req: &Req<WebhookId>) -> Result<Answer<WebhookDelivery>> {
    let delivery = work::test(tx, req.path)?;
    let path = path_to("webhook-deliveries", delivery.id);
    Ok(Answer::of(delivery).located(path))
}

pub fn replay(tx: &mut Tx, req: &Req<WebhookId, Json<Replay>>) -> Result<Answer<WebhookView>> {
    let webhook = work::replay(tx, req.path, &req.body)?;
    Ok(answer(tx.caller, webhook))
}

pub fn deliveries(rx: &mut ReadTx, req: &Req<WebhookId>) -> Result<Page<WebhookDelivery>> {
    work::deliveries(rx, req.path, &req.query)
}

pub fn delivery(rx: &mut ReadTx, req: &Req<DeliveryId>) -> Result<Answer<WebhookDeliveryDetail>> {
    work::delivery_with_log(rx, req.path).map(Answer::of)
}

pub fn retry(tx: &mut Tx, req: &Req<DeliveryId>) -> Result<Answer<WebhookDelivery>> {
    work::retry(tx, req.path).map(Answer::of)
}
