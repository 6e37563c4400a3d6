//! Use cases on interactions.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::feedback;
use super::model::{Interaction, InteractionId, InteractionInput, NewInteraction, visible_to};
use crate::base::auth::{Caller, Sight};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, Conn, Guard, JsonColumn, ReadTx, Tx};
use crate::base::error::{Error, Fault, Faults, Problem, Result, found};
use crate::base::http::{Patch, expand};
use crate::base::types::At;
use crate::customers::model::Customer;
use crate::customers::{self, contacts};
use crate::people::{UserId, work as users};
use crate::schema::interactions;
use crate::tasks::work::same_customer;
use crate::{complaints, orders, tasks};

/// The interaction, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: InteractionId) -> Result<Interaction> {
    let seen = interactions::table.filter(interactions::id.eq(id)).filter(visible_to(caller));
    let found = seen.select(Interaction::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// For `expand=interaction`.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let seen = Predicate::ids(col!(interactions::id), ids.iter().copied()).and(visible_to(rx.caller));
    let rows: Vec<Interaction> =
        interactions::table.filter(seen).select(Interaction::as_select()).load(rx.conn)?;
    expand::views(rows, |row: &Interaction| row.id.0)
}

pub fn create(tx: &mut Tx, new: NewInteraction) -> Result<Interaction> {
    let mut faults = Faults::default();
    let customer = faults.known(
        tx.find(customers::work::find_to_deal_with, new.customer_id),
        "/customer_id",
        "customer",
    )?;
    let user_id = match new.user_id {
        Some(id) => faults.known(tx.load(users::find_user, id), "/user_id", "user")?.map(|user| user.id),
        None => tx.caller.user.map(UserId),
    };
    if tx.caller.sight == Sight::Own && user_id.map(|user| user.0) != tx.caller.user {
        faults.push(Fault::at("/user_id", "yourself_only"));
    }
    let Some(customer) = customer else { return Err(Error::invalid(faults.list().to_vec())) };
    faults.done()?;
    check(tx, &customer, &new.interaction)?;
    let input = new.interaction;
    let mut interaction = Interaction {
        id: tx.new_id(),
        version: 0,
        kind: input.kind,
        direction: input.direction,
        happened_at: input.happened_at.unwrap_or(tx.now),
        customer_id: customer.id,
        contact_id: input.contact_id,
        order_id: input.order_id,
        complaint_id: input.complaint_id,
        task_id: input.task_id,
        user_id,
        team_id: customer.team_id,
        summary: input.summary,
        next_step: input.next_step,
        external_ids: JsonColumn(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut interaction)?;
    feedback::work::relay(tx, &interaction, &customer, new.feedback)?;
    Ok(interaction)
}

pub fn update(tx: &mut Tx, id: InteractionId, patch: &Patch<InteractionInput>) -> Result<Interaction> {
    let before = tx.find(find, id)?;
    refuse_others(tx.caller, &before)?;
    tx.check_expected(&before)?;
    let input = patch.onto(&form(&before))?;
    apply(tx, &before, input)
}

/// Updates it from what another system sends. Customer and person stay; new feedback is added.
pub fn update_named(tx: &mut Tx, id: InteractionId, patch: &Patch<NewInteraction>) -> Result<Interaction> {
    let before = tx.find(find, id)?;
    refuse_others(tx.caller, &before)?;
    tx.check_expected(&before)?;
    let form = NewInteraction {
        customer_id: before.customer_id,
        interaction: form(&before),
        user_id: before.user_id,
        feedback: vec![],
    };
    let mut input = patch.onto(&form)?;
    // What is told in milliseconds is stored in microseconds.
    input.interaction.happened_at = input.interaction.happened_at.map(|at| At::from_millis(at.millis()));
    let mut faults = Faults::default();
    if input.customer_id != form.customer_id {
        faults.push(Fault::at("/customer_id", "cannot_change"));
    }
    if input.user_id.is_some() && input.user_id != form.user_id {
        faults.push(Fault::at("/user_id", "cannot_change"));
    }
    faults.done()?;
    let interaction = apply(tx, &before, input.interaction)?;
    let customer = tx.load(customers::work::load, before.customer_id)?;
    let new =
        tx.under(Guard::row("feedback", id), |conn| feedback::work::unknown_of(conn, id, input.feedback))?;
    feedback::work::relay(tx, &interaction, &customer, new)?;
    Ok(interaction)
}

/// 403 for what another person has noted: who knows better enters an addition. What a machine entered has no author
/// among people.
fn refuse_others(caller: &Caller, interaction: &Interaction) -> Result<()> {
    let authors = [interaction.user_id, interaction.created_by];
    let is_author = || caller.user.is_some_and(|me| authors.contains(&Some(UserId(me))));
    match interaction.created_by.is_none() || is_author() {
        true => Ok(()),
        false => Err(Problem::new("not_the_author").into()),
    }
}

/// An interaction as it was entered.
fn form(before: &Interaction) -> InteractionInput {
    InteractionInput {
        kind: before.kind,
        direction: before.direction,
        happened_at: Some(At::from_millis(before.happened_at.millis())),
        contact_id: before.contact_id,
        order_id: before.order_id,
        complaint_id: before.complaint_id,
        task_id: before.task_id,
        summary: before.summary.clone(),
        next_step: before.next_step.clone(),
        external_ids: before.external_ids.0.clone(),
    }
}

fn apply(tx: &mut Tx, before: &Interaction, input: InteractionInput) -> Result<Interaction> {
    let was = form(before);
    if input == was {
        return Ok(before.clone());
    }
    let customer = tx.load(customers::work::load, before.customer_id)?;
    check(tx, &customer, &input)?;
    let is_moved = input.happened_at.is_some() && input.happened_at != was.happened_at;
    let mut interaction = Interaction {
        kind: input.kind,
        direction: input.direction,
        happened_at: input.happened_at.filter(|_| is_moved).unwrap_or(before.happened_at),
        contact_id: input.contact_id,
        order_id: input.order_id,
        complaint_id: input.complaint_id,
        task_id: input.task_id,
        summary: input.summary,
        next_step: input.next_step,
        external_ids: JsonColumn(input.external_ids),
        ..before.clone()
    };
    tx.save(before, &mut interaction, Act::UPDATED)?;
    Ok(interaction)
}

/// What the schema cannot say: that it has happened, and that contact, order, complaint and task are the customer's.
fn check(tx: &mut Tx, customer: &Customer, input: &InteractionInput) -> Result<()> {
    let mut faults = Faults::default();
    if input.happened_at.is_some_and(|at| at > tx.now) {
        faults.push(Fault::at("/happened_at", "in_the_future"));
    }
    if let Some(id) = input.contact_id {
        faults.known(tx.load_part(contacts::work::find, customer.id, id), "/contact_id", "contact")?;
    }
    let of = |faults: &mut Faults, id, pointer, kind| {
        same_customer(faults, &mut Some(customer.id), id, (pointer, kind));
    };
    if let Some(id) = input.order_id {
        let order = found(tx.find(orders::work::find, id))?.map(|order| order.row.customer_id);
        of(&mut faults, order, "/order_id", "order");
    }
    if let Some(id) = input.complaint_id {
        let complaint = found(tx.find(complaints::work::find, id))?.map(|c| c.customer_id);
        of(&mut faults, complaint, "/complaint_id", "complaint");
    }
    if let Some(id) = input.task_id {
        let task = found(tx.find(tasks::work::find, id))?.map(|t| t.customer_id.unwrap_or(customer.id));
        of(&mut faults, task, "/task_id", "task");
    }
    faults.done()
}
