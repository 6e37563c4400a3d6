//! The kinds of records that belong to a customer, and how each goes to another. An area declares its own
//! (`r.declare(movable!(…))`); contacts and addresses, of which one is the first, are here.

use diesel::prelude::*;
use uuid::Uuid;

use super::model::Moved;
use super::rules::MOST;
use crate::base::core::Core;
use crate::base::db::{Act, Conn, Guard, Tx};
use crate::base::error::{Result, found};
use crate::base::http::Routes;
use crate::base::types::Kind;
use crate::customers::addresses;
use crate::customers::addresses::model::{Address, AddressId};
use crate::customers::contacts;
use crate::customers::contacts::model::{Contact, ContactId};
use crate::customers::model::CustomerId;
use crate::schema::{addresses as address_rows, contacts as contact_rows};

/// From whom to whom, and why.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    pub from: CustomerId,
    pub to: CustomerId,
    pub reason: &'a str,
}

/// A kind of record that belongs to a customer and moves with it when it is merged into another.
pub struct Movable {
    pub kind: Kind,
    /// Those of a customer, one more than may be moved at most.
    pub of: fn(&mut Conn, CustomerId) -> Result<Vec<Moved>>,
    /// Moves one that is still there.
    pub shift: fn(&mut Tx, &Moved, Way) -> Result<()>,
}

pub const CONTACTS: Movable = Movable { kind: ContactId::KIND, of: contacts_of, shift: shift_contact };
pub const ADDRESSES: Movable = Movable { kind: AddressId::KIND, of: addresses_of, shift: shift_address };

/// What moves is told of: its area says who sees it.
pub fn check(r: &mut Routes) -> std::result::Result<(), String> {
    let all = r.declared.all::<Movable>();
    for (i, kind) in all.iter().map(|movable| movable.kind).enumerate() {
        if r.declared.told_of(kind).is_none() {
            return Err(format!("{} moves with a customer, and no area tells of it (`r.tells`)", kind.name));
        }
        if all[..i].iter().any(|other| other.kind == kind) {
            return Err(format!("{} moves with a customer twice", kind.name));
        }
    }
    Ok(())
}

/// The kinds that go with a customer.
pub fn kinds(core: &Core) -> impl Iterator<Item = Kind> {
    core.declared.all::<Movable>().iter().map(|movable| movable.kind)
}

/// Everything that belongs to a customer; more than [`MOST`] when it is too much.
pub fn all(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Moved>> {
    let mut all = Vec::new();
    for movable in tx.core.declared.all::<Movable>() {
        all.extend(tx.under(Guard::Alone("merge"), |conn| (movable.of)(conn, customer))?);
    }
    Ok(all)
}

/// Moves these, as far as they are still there.
pub fn shift(tx: &mut Tx, moved: &[Moved], way: Way) -> Result<()> {
    let kinds = tx.core.declared.all::<Movable>();
    for record in moved {
        if let Some(movable) = kinds.iter().find(|k| k.kind.name == record.kind) {
            (movable.shift)(tx, record, way)?;
        }
    }
    Ok(())
}

pub fn moved(kind: Kind, id: Uuid, first: bool) -> Moved {
    Moved { kind: kind.name.to_owned(), id, first }
}

/// The [`Movable`] of a kind whose table has a `customer_id`: `movable!(OrderRow, orders, OrderId)`, and `, Some` at the end
/// where the column may be null.
#[macro_export]
macro_rules! movable {
    ($row:ident, $table:ident, $id:ident $(, $some:ident)?) => {
        $crate::customers::merge::moves::Movable {
            kind: $id::KIND,
            of: |conn, customer| {
                use diesel::prelude::*;
                let ids: Vec<$id> = $table::table
                    .filter($table::customer_id.eq(customer))
                    .order($table::id)
                    .limit($crate::customers::merge::rules::MOST as i64 + 1)
                    .select($table::id)
                    .load(conn)?;
                let moved = |id: $id| $crate::customers::merge::moves::moved($id::KIND, id.0, false);
                Ok(ids.into_iter().map(moved).collect())
            },
            shift: |tx, record, way| {
                let theirs = |conn: &mut salesdesk_base::db::Conn, (id, of): (uuid::Uuid, _)| {
                    use diesel::prelude::*;
                    let row = $table::table
                        .filter($table::id.eq(salesdesk_base::db::AnyId(id)))
                        .filter($table::customer_id.eq::<$crate::customers::CustomerId>(of));
                    Ok(row.select($row::as_select()).first(conn).optional()?)
                };
                let row = tx.load_if_there(theirs, (record.id, way.from))?;
                let Some(before) = row else { return Ok(()) };
                let mut after = $row { customer_id: $($some)?(way.to), ..before.clone() };
                tx.save(&before, &mut after, salesdesk_base::db::Act::because("updated", Some(way.reason)))
            },
        }
    };
}

fn contacts_of(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Moved>> {
    let rows: Vec<(ContactId, bool)> = contact_rows::table
        .filter(contact_rows::customer_id.eq(customer))
        .order(contact_rows::id)
        .limit(MOST as i64 + 1)
        .select((contact_rows::id, contact_rows::is_primary))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, first)| moved(ContactId::KIND, id.0, first)).collect())
}

/// Whoever is primary where it comes to stays so.
fn shift_contact(tx: &mut Tx, record: &Moved, way: Way) -> Result<()> {
    let found = found(tx.load_part(contacts::work::find, way.from, ContactId(record.id)))?;
    let Some(before) = found else { return Ok(()) };
    let primary = contact_rows::table
        .filter(contact_rows::customer_id.eq(way.to))
        .filter(contact_rows::is_primary.eq(true))
        .count();
    let primary: i64 = tx.under(Guard::Index("contacts_primary"), |conn| Ok(primary.get_result(conn)?))?;
    let mut after =
        Contact { customer_id: way.to, is_primary: record.first && primary == 0, ..before.clone() };
    tx.save(&before, &mut after, Act::because("updated", Some(way.reason)))
}

fn addresses_of(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Moved>> {
    let rows: Vec<(AddressId, bool)> = address_rows::table
        .filter(address_rows::customer_id.eq(customer))
        .order(address_rows::id)
        .limit(MOST as i64 + 1)
        .select((address_rows::id, address_rows::is_default))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, first)| moved(AddressId::KIND, id.0, first)).collect())
}

/// The default of its kind where it comes to stays so.
fn shift_address(tx: &mut Tx, record: &Moved, way: Way) -> Result<()> {
    let found = found(tx.load_part(addresses::work::find, way.from, AddressId(record.id)))?;
    let Some(before) = found else { return Ok(()) };
    let defaults = address_rows::table
        .filter(address_rows::customer_id.eq(way.to))
        .filter(address_rows::kind.eq(before.kind))
        .filter(address_rows::is_default.eq(true))
        .count();
    let defaults: i64 = tx.under(Guard::Index("addresses_default"), |conn| Ok(defaults.get_result(conn)?))?;
    let mut after =
        Address { customer_id: way.to, is_default: record.first && defaults == 0, ..before.clone() };
    tx.save(&before, &mut after, Act::because("updated", Some(way.reason)))
}
