//! Records that a row names by what people call them. What was found is remembered for a chunk.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::fields::Named;
use crate::base::db::filter::{Cond, col};
use crate::base::db::{Conn, Tx, external};
use crate::base::error::{Error, Fault, Result};
use crate::base::types::{Kind, RecordId};
use crate::customers::model as customers;
use crate::orders::model as orders;
use crate::orders::rules::OrderStatus;
use crate::people::UserId;
use crate::prices::model as prices;
use crate::products::model::{CategoryId, ProductId};
use crate::regions::RegionId;
use crate::schema;
use crate::suppliers::SupplierId;

/// The first two ids of a table whose rows meet a condition, for a name that should be one record's.
macro_rules! two_of {
    ($conn:expr, $table:ident, $id:ty, $cond:expr) => {{
        let rows = schema::$table::table.filter($cond).select(schema::$table::id).limit(2);
        rows.load::<$id>($conn)?.into_iter().map(|id| id.uuid()).collect::<Vec<Uuid>>()
    }};
}

/// What was found so far, or not.
#[derive(Default)]
pub struct Lookup {
    known: HashMap<(Named, String), Option<String>>,
    system: Option<String>,
}

impl Lookup {
    /// External ids are those of this system.
    pub fn of(system: Option<String>) -> Lookup {
        Lookup { system, ..Lookup::default() }
    }

    /// The id of the record that a cell names, if the caller sees it; a fault when there is none.
    pub fn id(
        &mut self,
        tx: &mut Tx,
        named: Named,
        text: &str,
    ) -> Result<std::result::Result<String, Fault>> {
        if named == Named::Id {
            return Ok(Ok(text.to_owned())); // the API looks at it itself
        }
        let key = (named, text.to_owned());
        let found = match self.known.get(&key) {
            Some(found) => found.clone(),
            None => {
                let found = self.find(tx, named, text)?;
                self.known.insert(key, found.clone());
                found
            }
        };
        let missing = || Fault::at("", "unknown_reference").with("kind", kind_of(named));
        Ok(found.ok_or_else(missing))
    }

    fn find(&self, tx: &mut Tx, named: Named, text: &str) -> Result<Option<String>> {
        let (caller, system) = (tx.caller, self.system.as_deref().unwrap_or_default());
        let (kind, found) = match named {
            Named::CustomerCode => (customers::CustomerId::KIND, customer_by_code(tx, text)?),
            Named::CustomerExternalId => {
                let kind = customers::CustomerId::KIND;
                (kind, external_id(tx, kind, system, text)?)
            }
            Named::ProductSku => (ProductId::KIND, product_by_sku(tx.conn, text)?),
            Named::ProductExternalId => (ProductId::KIND, external_id(tx, ProductId::KIND, system, text)?),
            Named::PriceListCode => {
                let cond = Cond::eq(col!(price_lists::code), text).and(prices::visible_to(caller));
                let ids = two_of!(tx.conn, price_lists, prices::PriceListId, cond);
                (prices::PriceListId::KIND, ids.first().copied())
            }
            Named::PriceListExternalId => {
                let kind = prices::PriceListId::KIND;
                (kind, external_id(tx, kind, system, text)?)
            }
            Named::CategoryCode => {
                let cond = Cond::eq(col!(product_categories::code), text);
                (CategoryId::KIND, two_of!(tx.conn, product_categories, CategoryId, cond).first().copied())
            }
            Named::RegionCode => {
                let cond = Cond::eq(col!(regions::code), text);
                (RegionId::KIND, two_of!(tx.conn, regions, RegionId, cond).first().copied())
            }
            Named::Username => {
                let cond = Cond::eq(col!(users::username), text);
                (UserId::KIND, two_of!(tx.conn, users, UserId, cond).first().copied())
            }
            Named::Id => return Ok(None),
        };
        Ok(found.map(|id| written(kind, id)))
    }
}

fn kind_of(named: Named) -> &'static str {
    match named {
        Named::CustomerCode | Named::CustomerExternalId => "customer",
        Named::ProductSku | Named::ProductExternalId => "product",
        Named::PriceListCode | Named::PriceListExternalId => "price list",
        Named::CategoryCode => "product category",
        Named::RegionCode => "region",
        Named::Username => "user",
        Named::Id => "record",
    }
}

/// An id as the API writes it.
pub fn written(kind: Kind, id: Uuid) -> String {
    format!("{}_{}", kind.prefix, id.simple())
}

pub fn customer_by_code(tx: &mut Tx, code: &str) -> Result<Option<Uuid>> {
    let cond = Cond::eq(col!(customers::code), code).and(customers::visible_to(tx.caller));
    Ok(two_of!(tx.conn, customers, customers::CustomerId, cond).first().copied())
}

pub fn product_by_sku(conn: &mut Conn, sku: &str) -> Result<Option<Uuid>> {
    Ok(two_of!(conn, products, ProductId, Cond::eq(col!(products::sku), sku)).first().copied())
}

pub fn supplier_by_code(conn: &mut Conn, code: &str) -> Result<Option<Uuid>> {
    Ok(two_of!(conn, suppliers, SupplierId, Cond::eq(col!(suppliers::code), code)).first().copied())
}

/// The customer of a contact, if the caller sees them.
pub fn customer_of_contact(
    tx: &mut Tx,
    contact: customers::ContactId,
) -> Result<Option<customers::CustomerId>> {
    let seen = customers::part_of_visible(tx.caller, col!(contacts::customer_id));
    let row = schema::contacts::table.filter(schema::contacts::id.eq(contact)).filter(seen);
    Ok(row.select(schema::contacts::customer_id).first(tx.conn).optional()?)
}

/// The record that a system calls so, if the caller sees it.
fn external_id(tx: &mut Tx, kind: Kind, system: &str, id: &str) -> Result<Option<Uuid>> {
    match external::find(tx.conn, kind, system, id)? {
        Some(found) if external::sees(tx.conn, tx.caller, kind, found)? => Ok(Some(found)),
        _ => Ok(None),
    }
}

/// The external ids that a record has.
pub fn external_ids_of(conn: &mut Conn, kind: Kind, record: Uuid) -> Result<Vec<external::ExternalId>> {
    use schema::external_ids::dsl;
    let rows: Vec<(String, String)> = dsl::external_ids
        .filter(dsl::record_kind.eq(kind.name))
        .filter(dsl::record_id.eq(crate::base::db::AnyId(record)))
        .order((dsl::system, dsl::external_id))
        .select((dsl::system, dsl::external_id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(system, id)| external::ExternalId { system, id }).collect())
}

/// The order with this number, if the caller sees it.
pub fn order_by_number(tx: &mut Tx, number: &str) -> Result<Option<Uuid>> {
    let cond = Cond::eq(col!(orders::number), number).and(orders::visible_to(tx.caller));
    Ok(two_of!(tx.conn, orders, orders::OrderId, cond).first().copied())
}

/// The order that a customer has sent under this number of theirs; one that was cancelled may be sent again.
pub fn order_by_po(tx: &mut Tx, customer: Uuid, po: &str) -> Result<Option<Uuid>> {
    let cond = Cond::eq(col!(orders::customer_id), customer)
        .and(Cond::eq(col!(orders::customer_po), po))
        .and(Cond::none_of(col!(orders::status), &[OrderStatus::Cancelled]))
        .and(orders::visible_to(tx.caller));
    match two_of!(tx.conn, orders, orders::OrderId, cond)[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        // Which of them is meant, nobody can tell.
        _ => Err(Error::invalid(vec![Fault::at("/customer_po", "more_than_one")])),
    }
}
