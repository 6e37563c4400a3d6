//! Use cases on products and categories.

use std::collections::HashMap;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::categories::Category;
use super::model::{Product, ProductAction, ProductId, ProductInput, ProductStatus, ProductView};
use super::rules;
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Column, Predicate, col};
use crate::base::db::{Act, Conn, Guard, JsonColumn, ReadTx, Tx, keys};
use crate::base::error::{Error, Fault, Problem, Result, found};
use crate::base::http::{Patch, actions, expand};
use crate::base::text;
use crate::base::types::RecordId;
use crate::prices;
use crate::schema::products;

/// 409 when another record than the caller's own has this key, and says which. A key that stays as it was is not asked about.
pub fn refuse_taken<I: RecordId>(
    tx: &mut Tx,
    column: Column,
    key: &str,
    own: Option<I>,
    was: Option<&str>,
) -> Result<()> {
    if was == Some(key) {
        return Ok(());
    }
    let holder =
        tx.under(Guard::Index("record_keys_pkey"), |conn| keys::holder(conn, column, key))?.map(I::from_uuid);
    match holder.filter(|holder| Some(*holder) != own) {
        Some(holder) => Err(keys::taken(column, key).with("existing_id", holder.to_string()).into()),
        None => Ok(()),
    }
}

// ---- products ------------------------------------------------------------------------------------------------

pub fn find(conn: &mut Conn, id: ProductId) -> Result<Product> {
    let found = products::table.find(id).select(Product::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The products with these ids, in one statement; ids of none are simply not in the answer.
pub fn load_many(conn: &mut Conn, ids: &[ProductId]) -> Result<HashMap<ProductId, Product>> {
    let cond = match ids {
        [] => return Ok(HashMap::new()),
        [one] => Predicate::eq(col!(products::id), one.0),
        many => Predicate::ids(col!(products::id), many.iter().map(|id| id.0)),
    };
    let rows = products::table.filter(cond).select(Product::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|product: Product| (product.id, product)).collect())
}

pub fn create(tx: &mut Tx, mut input: ProductInput) -> Result<Product> {
    if input.cost.is_some() || input.cost_currency.is_some() {
        tx.caller.demand(Scope::ProductsCost)?;
    }
    default_currency(tx, &mut input);
    check(tx, &input, None)?;
    let mut product = Product {
        id: tx.new_id(),
        version: 0,
        name_sort: text::sort_key(&input.name),
        sku: input.sku,
        name: input.name,
        name_en: input.name_en,
        description: input.description,
        category_id: input.category_id,
        unit: input.unit,
        units: JsonColumn(input.units),
        tax_rate: input.tax_rate,
        cost: input.cost,
        cost_currency: input.cost_currency,
        status: ProductStatus::Draft,
        sold_from: input.sold_from,
        sold_to: input.sold_to,
        barcode: input.barcode,
        custom_fields: JsonColumn(input.custom_fields),
        external_ids: JsonColumn(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut product)?;
    Ok(product)
}

/// A cost without a currency is in the company's.
fn default_currency(tx: &Tx, input: &mut ProductInput) {
    if input.cost.is_some() && input.cost_currency.is_none() {
        input.cost_currency = Some(tx.core.currency.clone());
    }
}

pub fn update(tx: &mut Tx, id: ProductId, patch: &Patch<ProductInput>) -> Result<Product> {
    if patch.has("cost") || patch.has("cost_currency") {
        tx.caller.demand(Scope::ProductsCost)?;
    }
    let before = tx.load(find, id)?;
    tx.check_expected(&before)?;
    let mut input = patch.onto(&form_of(&before))?;
    if input.cost.is_none() && !patch.has("cost_currency") {
        // Whoever clears the cost means its currency too.
        input.cost_currency = None;
    }
    default_currency(tx, &mut input);
    let priced = tx.under(Guard::row("units", id), |conn| prices::work::units_priced(conn, id))?;
    if let Some(unit) = rules::unit_taken_away(&before, &input, &priced) {
        return Err(Problem::new("unit_in_use").param("unit", unit).with("unit", unit).into());
    }
    check(tx, &input, Some(&before))?;
    let mut product = changed(&before, input);
    tx.save(&before, &mut product, Act::UPDATED)?;
    Ok(product)
}

fn changed(before: &Product, input: ProductInput) -> Product {
    Product {
        name_sort: text::sort_key(&input.name),
        sku: input.sku,
        name: input.name,
        name_en: input.name_en,
        description: input.description,
        category_id: input.category_id,
        unit: input.unit,
        units: JsonColumn(input.units),
        tax_rate: input.tax_rate,
        cost: input.cost,
        cost_currency: input.cost_currency,
        sold_from: input.sold_from,
        sold_to: input.sold_to,
        barcode: input.barcode,
        custom_fields: JsonColumn(input.custom_fields),
        external_ids: JsonColumn(input.external_ids),
        ..before.clone()
    }
}

fn form_of(product: &Product) -> ProductInput {
    ProductInput {
        sku: product.sku.clone(),
        name: product.name.clone(),
        name_en: product.name_en.clone(),
        description: product.description.clone(),
        category_id: product.category_id,
        unit: product.unit.clone(),
        units: product.units.0.clone(),
        tax_rate: product.tax_rate,
        cost: product.cost,
        cost_currency: product.cost_currency.clone(),
        sold_from: product.sold_from,
        sold_to: product.sold_to,
        barcode: product.barcode.clone(),
        custom_fields: product.custom_fields.0.clone(),
        external_ids: product.external_ids.0.clone(),
    }
}

fn check(tx: &mut Tx, input: &ProductInput, before: Option<&Product>) -> Result<()> {
    let own = before.map(|before| before.id);
    refuse_taken(tx, col!(products::sku), &input.sku, own, before.map(|before| before.sku.as_str()))?;
    if let Some(barcode) = &input.barcode {
        let was = before.and_then(|before| before.barcode.as_deref());
        refuse_taken(tx, col!(products::barcode), barcode, own, was)?;
    }
    let mut faults = rules::check(input, before);
    if let Some(category) = input.category_id
        && found(tx.load(Category::find, category))?.is_none()
    {
        faults.push(Fault::at("/category_id", "unknown_reference").with("kind", "product category"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// A step in a product's life.
pub fn step(tx: &mut Tx, id: ProductId, action: ProductAction, reason: Option<&str>) -> Result<Product> {
    let before = tx.load(find, id)?;
    tx.check_expected(&before)?;
    let Some(status) = before.status.after(action) else {
        return Err(actions::refused(before.status, action, &before.status.actions()));
    };
    let mut product = Product { status, ..before.clone() };
    tx.save(&before, &mut product, Act::because(action.verb(), reason))?;
    Ok(product)
}

pub fn delete(tx: &mut Tx, id: ProductId) -> Result<()> {
    let product = tx.load(find, id)?;
    tx.check_expected(&product)?;
    tx.remove(&product)
}

/// A product as this caller sees it.
pub fn view(caller: &Caller, mut product: Product) -> ProductView {
    if !caller.may(Scope::ProductsCost) {
        product.cost = None;
        product.cost_currency = None;
    }
    let allowed_actions =
        if caller.may(Scope::ProductsWrite) { product.status.actions() } else { Vec::new() };
    ProductView { product, allowed_actions }
}

// ---- expand --------------------------------------------------------------------------------------------------

pub fn expand_products(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let ids: Vec<ProductId> = ids.iter().copied().map(ProductId).collect();
    let products = load_many(rx.conn, &ids)?;
    let views = products.into_values().map(|p| view(rx.caller, p)).collect();
    expand::views(views, |v: &ProductView| v.product.id.0)
}
