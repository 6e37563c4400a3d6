//! Records that a row names by what people call them. What was found is remembered for a chunk.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::fields::Named;
use crate::base::columns::Coded;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Guard, Tx, external};
use crate::base::error::{Error, Fault, Result};
use crate::base::types::{Kind, RecordId};
use crate::customers::model as customers;
use crate::orders::model as orders;
use crate::orders::rules::OrderStatus;
use crate::schema;

/// The first two ids of a table whose rows meet a condition, for a name that should be one record's.
macro_rules! two_of {
    ($conn:expr, $table:ident, $id:ty, $cond:expr) => {{
        let rows = schema::$table::table.filter($cond).select(schema::$table::id).limit(2);
        let ids = rows.load::<$id>($conn)?;
        Ok(ids.into_iter().map(|id| id.uuid()).collect::<Vec<Uuid>>())
    }};
}

/// The record that a name is of. The call that follows does the same checks, and refuses what has changed since.
macro_rules! named {
    ($tx:expr, $table:ident, $id:ty, $cond:expr) => {
        $tx.hint("the call that follows refuses what has changed since", |conn| {
            two_of!(conn, $table, $id, $cond)
        })?
        .first()
        .copied()
    };
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
        let system = self.system.as_deref().unwrap_or_default();
        let (kind, found) = match named {
            Named::Id => return Ok(None),
            Named::Code(kind) => (kind, by_code(tx, kind, text)?),
            Named::ExternalId(kind) => (kind, external_id(tx, kind, system, text)?),
        };
        Ok(found.map(|id| written(kind, id)))
    }
}

/// What people call the kind of a record that is named.
fn kind_of(named: Named) -> String {
    match named {
        Named::Id => "record".into(),
        Named::Code(kind) | Named::ExternalId(kind) => kind.name.replace('_', " "),
    }
}

/// The record of this kind that people call so, if the caller sees it.
pub fn by_code(tx: &mut Tx, kind: Kind, text: &str) -> Result<Option<Uuid>> {
    let coded = tx.core.declared.all::<Coded>().iter().find(|coded| coded.kind == kind);
    let unknown = || Error::internal(format!("files name no {} by code", kind.name));
    (coded.ok_or_else(unknown)?.find)(tx, text)
}

/// An id as the API writes it.
pub fn written(kind: Kind, id: Uuid) -> String {
    format!("{}_{}", kind.prefix, id.simple())
}

/// The customer of a contact, if the caller sees them.
pub fn customer_of_contact(
    tx: &mut Tx,
    contact: customers::ContactId,
) -> Result<Option<customers::CustomerId>> {
    let seen = customers::part_of_visible(tx.caller, col!(contacts::customer_id));
    let row = schema::contacts::table.filter(schema::contacts::id.eq(contact)).filter(seen);
    let customer = row.select(schema::contacts::customer_id);
    tx.hint("the call that follows looks at it again", |conn| Ok(customer.first(conn).optional()?))
}

/// The record that a system calls so, if the caller sees it.
fn external_id(tx: &mut Tx, kind: Kind, system: &str, id: &str) -> Result<Option<Uuid>> {
    let caller = tx.caller;
    let declared = &tx.core.declared;
    tx.hint("the call that follows looks at it again", |conn| match external::find(conn, kind, system, id)? {
        Some(found) if external::sees(conn, declared, caller, kind, found)? => Ok(Some(found)),
        _ => Ok(None),
    })
}

/// The external ids that a record has.
pub fn external_ids_of(tx: &mut Tx, kind: Kind, record: Uuid) -> Result<Vec<external::ExternalId>> {
    use schema::external_ids::dsl;
    let own = dsl::external_ids
        .filter(dsl::record_kind.eq(kind.name))
        .filter(dsl::record_id.eq(crate::base::db::AnyId(record)))
        .order((dsl::system, dsl::external_id))
        .select((dsl::system, dsl::external_id));
    let rows: Vec<(String, String)> =
        tx.hint("the call that follows writes their record", |conn| Ok(own.load(conn)?))?;
    Ok(rows.into_iter().map(|(system, id)| external::ExternalId { system, id }).collect())
}

/// The order with this number, if the caller sees it.
pub fn order_by_number(tx: &mut Tx, number: &str) -> Result<Option<Uuid>> {
    let cond = Predicate::eq(col!(orders::number), number).and(orders::visible_to(tx.caller));
    Ok(named!(tx, orders, orders::OrderId, cond))
}

/// The order that a customer has sent under this number of theirs; one that was cancelled may be sent again.
pub fn order_by_po(tx: &mut Tx, customer: Uuid, po: &str) -> Result<Option<Uuid>> {
    let cond = Predicate::eq(col!(orders::customer_id), customer)
        .and(Predicate::eq(col!(orders::customer_po), po))
        .and(Predicate::none_of(col!(orders::status), &[OrderStatus::Cancelled]))
        .and(orders::visible_to(tx.caller));
    let guard = Guard::row("customer_po", format_args!("{customer} {po}"));
    match tx.under(guard, |conn| two_of!(conn, orders, orders::OrderId, cond))?[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        // Which of them is meant, nobody can tell.
        _ => Err(Error::invalid(vec![Fault::at("/customer_po", "more_than_one")])),
    }
}
