//! Endpoints of customers: extract, call, answer.

use super::model::{
    CUSTOMERS, CreditTerms, Customer, CustomerAction, CustomerId, CustomerInput, CustomerView, NewCustomer,
    Reassignment, visible_to,
};
use super::{duplicates, rules, work};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::actions::ActionStates;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::people::model::Reason;

fn answer(caller: &Caller, customer: Customer) -> Answer<CustomerView> {
    Answer::at(customer.version, rules::view(caller, customer))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<CustomerView>> {
    let caller = rx.caller;
    let listed = match req.query.bool("include_merged") {
        Some(true) => Predicate::All,
        _ => Predicate::IsNull(col!(customers::merged_into_id)),
    };
    let mut page = CUSTOMERS.page(
        &req.query,
        visible_to(caller).and(listed),
        load_from!(rx.conn, customers, Customer),
    )?;
    let views = page.data.drain(..).map(|customer| rules::view(caller, customer)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Answer<CustomerView>> {
    let customer = work::find(rx.conn, rx.caller, req.path)?;
    Ok(answer(rx.caller, customer))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<NewCustomer>>) -> Result<Answer<CustomerView>> {
    let reason = duplicates::rules::allowed(&req.query)?;
    let customer = match reason {
        Some(_) => work::create(tx, req.body.0.clone(), reason)?,
        None => work::create_unless_there(tx, req.body.0.clone())?,
    };
    Ok(created(tx.caller, customer))
}

/// By external id: an external id that is not known yet always means a new customer.
pub fn create_named(tx: &mut Tx, req: &Req<(), Json<NewCustomer>>) -> Result<Answer<CustomerView>> {
    let customer = work::create(tx, req.body.0.clone(), None)?;
    Ok(created(tx.caller, customer))
}

fn created(caller: &Caller, customer: Customer) -> Answer<CustomerView> {
    let path = path_to("customers", customer.id);
    answer(caller, customer).located(path)
}

pub fn update(tx: &mut Tx, req: &Req<CustomerId, Patch<CustomerInput>>) -> Result<Answer<CustomerView>> {
    let customer = match duplicates::rules::allowed(&req.query)? {
        None => work::update_unless_there(tx, req.path, &req.body)?,
        reason => work::update(tx, req.path, &req.body, reason)?,
    };
    Ok(answer(tx.caller, customer))
}

/// By external id: nobody is there to answer a question.
pub fn update_named(
    tx: &mut Tx,
    req: &Req<CustomerId, Patch<CustomerInput>>,
) -> Result<Answer<CustomerView>> {
    let customer = work::update(tx, req.path, &req.body, None)?;
    Ok(answer(tx.caller, customer))
}

pub fn delete(tx: &mut Tx, req: &Req<CustomerId>) -> Result<()> {
    work::delete(tx, req.path)
}

// ---- life ----------------------------------------------------------------------------------------------------

fn step(
    tx: &mut Tx,
    id: CustomerId,
    action: CustomerAction,
    reason: Option<&str>,
) -> Result<Answer<CustomerView>> {
    let customer = work::act(tx, id, action, reason)?;
    Ok(answer(tx.caller, customer))
}

pub fn activate(tx: &mut Tx, req: &Req<CustomerId>) -> Result<Answer<CustomerView>> {
    step(tx, req.path, CustomerAction::Activate, None)
}

pub fn mark_dormant(tx: &mut Tx, req: &Req<CustomerId>) -> Result<Answer<CustomerView>> {
    step(tx, req.path, CustomerAction::MarkDormant, None)
}

pub fn block(tx: &mut Tx, req: &Req<CustomerId, Json<Reason>>) -> Result<Answer<CustomerView>> {
    step(tx, req.path, CustomerAction::Block, Some(&req.body.reason))
}

pub fn unblock(tx: &mut Tx, req: &Req<CustomerId>) -> Result<Answer<CustomerView>> {
    step(tx, req.path, CustomerAction::Unblock, None)
}

pub fn actions(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Answer<ActionStates>> {
    work::action_states(rx, req.path).map(Answer::of)
}

// ---- what others decide --------------------------------------------------------------------------------------

pub fn reassign(tx: &mut Tx, req: &Req<CustomerId, Json<Reassignment>>) -> Result<Answer<CustomerView>> {
    let customer = work::reassign(tx, req.path, &req.body)?;
    Ok(answer(tx.caller, customer))
}

pub fn set_credit_terms(
    tx: &mut Tx,
    req: &Req<CustomerId, Json<CreditTerms>>,
) -> Result<Answer<CustomerView>> {
    let customer = work::set_credit_terms(tx, req.path, req.body.0.clone())?;
    Ok(answer(tx.caller, customer))
}
