//! Endpoints of products and categories: extract, call, answer.

use super::model::{PRODUCTS, Product, ProductAction, ProductId, ProductInput, ProductView, StepNote};
use super::work;
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::Predicate;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::history::{self, HistoryEntry};
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;

// ---- products ------------------------------------------------------------------------------------------------

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<ProductView>> {
    let mut page = PRODUCTS.page(&req.query, Predicate::All, load_from!(rx.conn, products, Product))?;
    let views = std::mem::take(&mut page.data).into_iter().map(|p| work::view(rx.caller, p)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<ProductId>) -> Result<Answer<ProductView>> {
    let product = work::find(rx.conn, req.path)?;
    Ok(answer(rx.caller, product))
}

fn answer(caller: &Caller, product: Product) -> Answer<ProductView> {
    Answer::at(product.version, work::view(caller, product))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<ProductInput>>) -> Result<Answer<ProductView>> {
    let product = work::create(tx, req.body.0.clone())?;
    let path = path_to("products", product.id);
    Ok(answer(tx.caller, product).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<ProductId, Patch<ProductInput>>) -> Result<Answer<ProductView>> {
    let product = work::update(tx, req.path, &req.body)?;
    Ok(answer(tx.caller, product))
}

pub fn delete(tx: &mut Tx, req: &Req<ProductId>) -> Result<()> {
    work::delete(tx, req.path)
}

type Step = Req<ProductId, Json<StepNote>>;

pub fn activate(tx: &mut Tx, req: &Step) -> Result<Answer<ProductView>> {
    step(tx, req, ProductAction::Activate)
}

pub fn discontinue(tx: &mut Tx, req: &Step) -> Result<Answer<ProductView>> {
    step(tx, req, ProductAction::Discontinue)
}

pub fn reactivate(tx: &mut Tx, req: &Step) -> Result<Answer<ProductView>> {
    step(tx, req, ProductAction::Reactivate)
}

fn step(tx: &mut Tx, req: &Step, action: ProductAction) -> Result<Answer<ProductView>> {
    let product = work::step(tx, req.path, action, req.body.reason.as_deref())?;
    Ok(answer(tx.caller, product))
}

pub fn history(rx: &mut ReadTx, req: &Req<ProductId>) -> Result<Page<HistoryEntry>> {
    work::find(rx.conn, req.path)?;
    let mut page = history::page(rx, ProductId::KIND, req.path.0, &req.query)?;
    if !rx.caller.may(Scope::ProductsCost) {
        for entry in &mut page.data {
            entry.changes.retain(|change| !matches!(change.field.as_str(), "cost" | "cost_currency"));
        }
    }
    Ok(page)
}
