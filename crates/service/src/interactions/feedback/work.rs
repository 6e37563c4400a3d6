//! Use cases on feedback.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{
    Feedback, FeedbackAction, FeedbackId, FeedbackInput, FeedbackKind, FeedbackRecipient, FeedbackStatus,
    FeedbackView, visible_to,
};
use crate::base::auth::{Caller, Role};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, Conn, JsonColumn, ReadTx, Tx};
use crate::base::error::{Error, Faults, Result};
use crate::base::http::{actions, expand};
use crate::customers::model::Customer;
use crate::interactions::model::{Interaction, InteractionId};
use crate::interactions::work as interactions;
use crate::notifications::{Notice, notify};
use crate::people::UserId;
use crate::people::model::UserStatus;
use crate::schema::{feedback, users};
use crate::settings::model::{FeedbackRoute, RelationSettings};
use crate::{customers, products, settings};

/// People whom feedback of one kind is sent to, beside the customer's owner.
const MOST_PEOPLE: usize = 50;

/// The feedback, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: FeedbackId) -> Result<Feedback> {
    let seen = feedback::table.filter(feedback::id.eq(id)).filter(visible_to(caller));
    let found = seen.select(Feedback::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// For `expand=feedback`.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let seen = Predicate::ids(col!(feedback::id), ids.iter().copied()).and(visible_to(rx.caller));
    let rows: Vec<Feedback> = feedback::table.filter(seen).select(Feedback::as_select()).load(rx.conn)?;
    let views: Vec<FeedbackView> = rows.into_iter().map(|row| row.view(rx.caller)).collect();
    expand::views(views, |v: &FeedbackView| v.feedback.id.0)
}

/// Adds feedback to an interaction that was entered earlier.
pub fn add(tx: &mut Tx, id: InteractionId, input: FeedbackInput) -> Result<Feedback> {
    let interaction = tx.find(interactions::find, id)?;
    tx.check_expected(&interaction)?;
    let customer = tx.load(customers::work::load, interaction.customer_id)?;
    let mut faults = Faults::default();
    if let Some(id) = input.product_id {
        faults.known(tx.load(products::work::find, id), "/product_id", "product")?;
    }
    faults.done()?;
    let relayed = relay(tx, &interaction, &customer, vec![input])?;
    relayed.into_iter().next().ok_or_else(|| Error::internal("the feedback is not there"))
}

/// Those of these items that an interaction does not have yet.
pub fn unknown_of(
    conn: &mut Conn,
    id: InteractionId,
    items: Vec<FeedbackInput>,
) -> Result<Vec<FeedbackInput>> {
    if items.is_empty() {
        return Ok(items);
    }
    let of_interaction = feedback::table.filter(feedback::interaction_id.eq(id));
    let known: Vec<(FeedbackKind, String)> =
        of_interaction.select((feedback::kind, feedback::text)).load(conn)?;
    let is_new =
        |item: &FeedbackInput| !known.iter().any(|(kind, text)| *kind == item.kind && *text == item.text);
    Ok(items.into_iter().filter(is_new).collect())
}

/// Writes what a customer said, and sends each item to those whom it concerns.
pub fn relay(
    tx: &mut Tx,
    interaction: &Interaction,
    customer: &Customer,
    items: Vec<FeedbackInput>,
) -> Result<Vec<Feedback>> {
    if items.is_empty() {
        return Ok(vec![]);
    }
    check_products(tx, &items)?;
    let routes = tx.load_only(settings::work::load)?.relations.0;
    let people = tx.hint("whoever works here in this moment is told", |conn| people_of(conn, &routes))?;
    items.into_iter().map(|item| relay_one(tx, interaction, customer, item, &routes, &people)).collect()
}

fn check_products(tx: &mut Tx, items: &[FeedbackInput]) -> Result<()> {
    let mut faults = Faults::default();
    for (i, id) in items.iter().enumerate().filter_map(|(i, item)| Some((i, item.product_id?))) {
        faults.known(tx.load(products::work::find, id), &format!("/feedback/{i}/product_id"), "product")?;
    }
    faults.done()
}

fn relay_one(
    tx: &mut Tx,
    interaction: &Interaction,
    customer: &Customer,
    item: FeedbackInput,
    routes: &RelationSettings,
    people: &[(UserId, Role)],
) -> Result<Feedback> {
    let by_kind =
        routes.feedback.get(&item.kind.to_string()).into_iter().flat_map(|route| of_route(route, people));
    let mut recipients: Vec<FeedbackRecipient> = Vec::new();
    for user_id in customer.owner_id.into_iter().chain(by_kind) {
        // The person who enters it knows it already.
        let knows = tx.caller.user == Some(user_id.0) || recipients.iter().any(|r| r.user_id == user_id);
        if !knows {
            recipients.push(FeedbackRecipient { user_id, acknowledged_at: None });
        }
    }
    let (status, act) = match recipients.is_empty() {
        true => (FeedbackStatus::Kept, Act::new("created")),
        false => (FeedbackStatus::Relayed, Act::new("relayed")),
    };
    let mut feedback = Feedback {
        id: tx.new_id(),
        version: 0,
        interaction_id: interaction.id,
        customer_id: customer.id,
        product_id: item.product_id,
        kind: item.kind,
        status,
        text: item.text,
        recipients: JsonColumn(recipients),
        acknowledged_at: None,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create_as(&mut feedback, act)?;
    let params = [
        ("customer", customer.name.clone()),
        ("kind", feedback.kind.to_string()),
        ("text", feedback.text.chars().take(200).collect()),
    ];
    let notice =
        Notice { code: "feedback_relayed", kind: FeedbackId::KIND, record: feedback.id.0, params: &params };
    notify(tx, feedback.recipients.0.iter().map(|r| r.user_id), &notice)?;
    Ok(feedback)
}

/// The people whom a route names by their role or by themselves.
fn of_route<'a>(route: &'a FeedbackRoute, people: &'a [(UserId, Role)]) -> impl Iterator<Item = UserId> + 'a {
    let named = people.iter().filter(|(id, role)| route.roles.contains(role) || route.user_ids.contains(id));
    named.map(|(id, _)| *id).take(MOST_PEOPLE)
}

/// Everybody who works here and is named by some route, with one statement.
fn people_of(conn: &mut Conn, routes: &RelationSettings) -> Result<Vec<(UserId, Role)>> {
    let roles: Vec<Role> = routes.feedback.values().flat_map(|r| r.roles.iter().copied()).collect();
    let ids: Vec<UserId> = routes.feedback.values().flat_map(|r| r.user_ids.iter().copied()).collect();
    let named = users::table.filter(users::role.eq_any(roles).or(users::id.eq_any(ids)));
    let working = named.filter(users::status.eq(UserStatus::Active)).order(users::id).limit(500);
    Ok(working.select((users::id, users::role)).load(conn)?)
}

/// A recipient acknowledges the feedback.
pub fn acknowledge(tx: &mut Tx, id: FeedbackId) -> Result<Feedback> {
    let before = tx.find(find, id)?;
    tx.check_expected(&before)?;
    let allowed = before.allowed_actions(tx.caller);
    if allowed.is_empty() {
        return Err(actions::refused(before.status, FeedbackAction::Acknowledge, &allowed));
    }
    let mut after = before.clone();
    for recipient in after.recipients.0.iter_mut().filter(|r| Some(r.user_id.0) == tx.caller.user) {
        recipient.acknowledged_at = Some(tx.now);
    }
    if after.recipients.0.iter().all(|r| r.acknowledged_at.is_some()) {
        (after.status, after.acknowledged_at) = (FeedbackStatus::Acknowledged, Some(tx.now));
    }
    tx.save(&before, &mut after, Act::new("acknowledged"))?;
    Ok(after)
}
