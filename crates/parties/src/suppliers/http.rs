//! Endpoints of suppliers: extract, call, answer.

use super::model::{
    NewSupplier, SUPPLIERS, Supplier, SupplierAction, SupplierId, SupplierInput, SupplierView,
};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::filter::Predicate;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::customers::duplicates::rules::allowed;
use crate::load_from;
use crate::people::model::Reason;

type Answered = Result<Answer<SupplierView>>;

fn answer(supplier: Supplier, caller: &Caller) -> Answer<SupplierView> {
    Answer::at(supplier.version, supplier.view(caller))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<SupplierView>> {
    let mut page = SUPPLIERS.page(&req.query, Predicate::All, load_from!(rx.conn, suppliers, Supplier))?;
    let views = page.data.drain(..).map(|supplier| supplier.view(rx.caller)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<SupplierId>) -> Answered {
    work::find(rx.conn, req.path).map(|supplier| answer(supplier, rx.caller))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<NewSupplier>>) -> Answered {
    let supplier = match allowed(&req.query)? {
        None => work::create_unless_there(tx, req.body.0.clone())?,
        reason => work::create(tx, req.body.0.clone(), reason)?,
    };
    Ok(created(supplier, tx.caller))
}

/// By external id: nobody is there to answer a question.
pub fn create_named(tx: &mut Tx, req: &Req<(), Json<NewSupplier>>) -> Answered {
    work::create(tx, req.body.0.clone(), None).map(|supplier| created(supplier, tx.caller))
}

fn created(supplier: Supplier, caller: &Caller) -> Answer<SupplierView> {
    let path = path_to("suppliers", supplier.id);
    answer(supplier, caller).located(path)
}

pub fn update(tx: &mut Tx, req: &Req<SupplierId, Patch<SupplierInput>>) -> Answered {
    let supplier = match allowed(&req.query)? {
        None => work::update_unless_there(tx, req.path, &req.body)?,
        reason => work::update(tx, req.path, &req.body, reason)?,
    };
    Ok(answer(supplier, tx.caller))
}

pub fn update_named(tx: &mut Tx, req: &Req<SupplierId, Patch<SupplierInput>>) -> Answered {
    work::update(tx, req.path, &req.body, None).map(|supplier| answer(supplier, tx.caller))
}

pub fn delete(tx: &mut Tx, req: &Req<SupplierId>) -> Result<()> {
    work::delete(tx, req.path)
}

pub fn block(tx: &mut Tx, req: &Req<SupplierId, Json<Reason>>) -> Answered {
    act(tx, req, SupplierAction::Block)
}

pub fn unblock(tx: &mut Tx, req: &Req<SupplierId, Json<Reason>>) -> Answered {
    act(tx, req, SupplierAction::Unblock)
}

fn act(tx: &mut Tx, req: &Req<SupplierId, Json<Reason>>, action: SupplierAction) -> Answered {
    work::act(tx, req.path, action, &req.body.reason).map(|supplier| answer(supplier, tx.caller))
}
