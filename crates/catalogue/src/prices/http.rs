//! Endpoints of price lists and prices: extract, call, answer.

use super::model::{
    ALL_PRICES, PRICE_LISTS, PRICES, PriceAnswer, PriceEntry, PriceEntryInput, PriceId, PriceList,
    PriceListAction, PriceListId, PriceListInput, PriceListNote, PriceListView, prices_visible_to,
    visible_to,
};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;

// ---- price lists ---------------------------------------------------------------------------------------------

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<PriceListView>> {
    let mut page =
        PRICE_LISTS.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, price_lists, PriceList))?;
    let views = std::mem::take(&mut page.data).into_iter().map(|l| work::view(rx.caller, l)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<PriceListId>) -> Result<Answer<PriceListView>> {
    let list = work::find(rx.conn, rx.caller, req.path)?;
    Ok(answer(rx.caller, list))
}

fn answer(caller: &Caller, list: PriceList) -> Answer<PriceListView> {
    Answer::at(list.version, work::view(caller, list))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<PriceListInput>>) -> Result<Answer<PriceListView>> {
    let list = work::create(tx, req.body.0.clone())?;
    let path = path_to("price-lists", list.id);
    Ok(answer(tx.caller, list).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<PriceListId, Patch<PriceListInput>>) -> Result<Answer<PriceListView>> {
    let list = work::update(tx, req.path, &req.body)?;
    Ok(answer(tx.caller, list))
}

pub fn delete(tx: &mut Tx, req: &Req<PriceListId>) -> Result<()> {
    work::delete(tx, req.path)
}

type Step = Req<PriceListId, Json<PriceListNote>>;

pub fn activate(tx: &mut Tx, req: &Step) -> Result<Answer<PriceListView>> {
    step(tx, req, PriceListAction::Activate)
}

pub fn retire(tx: &mut Tx, req: &Step) -> Result<Answer<PriceListView>> {
    step(tx, req, PriceListAction::Retire)
}

fn step(tx: &mut Tx, req: &Step, action: PriceListAction) -> Result<Answer<PriceListView>> {
    let list = work::step(tx, req.path, action, req.body.reason.as_deref())?;
    Ok(answer(tx.caller, list))
}

// ---- prices on a list ----------------------------------------------------------------------------------------

pub fn list_prices(rx: &mut ReadTx, req: &Req<PriceListId>) -> Result<Page<PriceEntry>> {
    work::find(rx.conn, rx.caller, req.path)?;
    let on_list = Predicate::eq(col!(prices::price_list_id), req.path.0);
    PRICES.page(&req.query, on_list, load_from!(rx.conn, prices, PriceEntry))
}

pub fn list_all_prices(rx: &mut ReadTx, req: &Req) -> Result<Page<PriceEntry>> {
    ALL_PRICES.page(&req.query, prices_visible_to(rx.caller), load_from!(rx.conn, prices, PriceEntry))
}

pub fn get_price(rx: &mut ReadTx, req: &Req<(PriceListId, PriceId)>) -> Result<Answer<PriceEntry>> {
    work::find(rx.conn, rx.caller, req.path.0)?;
    work::find_price(rx.conn, req.path.0, req.path.1).map(price_answer)
}

fn price_answer(price: PriceEntry) -> Answer<PriceEntry> {
    Answer::at(price.version, price)
}

pub fn add_price(tx: &mut Tx, req: &Req<PriceListId, Json<PriceEntryInput>>) -> Result<Answer<PriceEntry>> {
    let price = work::add_price(tx, req.path, &req.body)?;
    let path = path_to(&format!("price-lists/{}/prices", req.path), price.id);
    Ok(price_answer(price).located(path))
}

pub fn update_price(
    tx: &mut Tx,
    req: &Req<(PriceListId, PriceId), Patch<PriceEntryInput>>,
) -> Result<Answer<PriceEntry>> {
    work::update_price(tx, req.path.0, req.path.1, &req.body).map(price_answer)
}

pub fn delete_price(tx: &mut Tx, req: &Req<(PriceListId, PriceId)>) -> Result<()> {
    work::delete_price(tx, req.path.0, req.path.1)
}

// ---- asking for a price --------------------------------------------------------------------------------------

pub fn resolve(rx: &mut ReadTx, req: &Req) -> Result<Answer<PriceAnswer>> {
    work::explain(rx, &req.query).map(Answer::of)
}
