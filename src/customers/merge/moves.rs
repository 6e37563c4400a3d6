//! The kinds of records that belong to a customer, and how each goes to another. A new kind that names a
//! customer is added to `KINDS`.

use diesel::prelude::*;
use uuid::Uuid;

use super::model::Moved;
use super::rules::MOST;
use crate::base::db::{Act, AnyId, Conn, Tx};
use crate::base::error::Result;
use crate::base::types::Kind;
use crate::complaints::model::{Complaint, ComplaintId};
use crate::customers::addresses::model::{Address, AddressId};
use crate::customers::contacts::model::{Contact, ContactId};
use crate::customers::model::CustomerId;
use crate::interactions::feedback::model::{Feedback, FeedbackId};
use crate::interactions::model::{Interaction, InteractionId};
use crate::order_exceptions::model::{OrderException, OrderExceptionId};
use crate::orders::model::{OrderId, OrderRow};
use crate::prices::model::{PriceList, PriceListId};
use crate::requests::model::{Request, RequestId};
use crate::returns::model::{ReturnId, ReturnRow};
use crate::schema::{
    addresses, complaints, contacts, feedback, interactions, order_exceptions, orders, price_lists, requests,
    returns, shipments, tasks,
};
use crate::shipments::model::{ShipmentId, ShipmentRow};
use crate::tasks::model::{Task, TaskId};

/// From whom to whom, and why.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    pub from: CustomerId,
    pub to: CustomerId,
    pub reason: &'a str,
}

/// A kind of record that belongs to a customer.
struct Movable {
    kind: Kind,
    /// The records of a customer; the limit is one more than may be moved, so that too many are noticed.
    of: fn(&mut Conn, CustomerId) -> Result<Vec<Moved>>,
    /// Moves one that is still there.
    shift: fn(&mut Tx, &Moved, Way) -> Result<()>,
}

const KINDS: [Movable; 12] = [
    Movable { kind: ContactId::KIND, of: contacts_of, shift: shift_contact },
    Movable { kind: AddressId::KIND, of: addresses_of, shift: shift_address },
    Movable { kind: OrderId::KIND, of: orders_of, shift: shift_order },
    Movable { kind: ShipmentId::KIND, of: shipments_of, shift: shift_shipment },
    Movable { kind: ComplaintId::KIND, of: complaints_of, shift: shift_complaint },
    Movable { kind: OrderExceptionId::KIND, of: exceptions_of, shift: shift_exception },
    Movable { kind: ReturnId::KIND, of: returns_of, shift: shift_return },
    Movable { kind: RequestId::KIND, of: requests_of, shift: shift_request },
    Movable { kind: PriceListId::KIND, of: price_lists_of, shift: shift_price_list },
    Movable { kind: TaskId::KIND, of: tasks_of, shift: shift_task },
    Movable { kind: InteractionId::KIND, of: interactions_of, shift: shift_interaction },
    Movable { kind: FeedbackId::KIND, of: feedback_of, shift: shift_feedback },
];

/// The kinds that go with a customer.
pub fn kinds() -> impl Iterator<Item = Kind> {
    KINDS.iter().map(|movable| movable.kind)
}

/// Everything that belongs to a customer; more than [`MOST`] when it is too much.
pub fn all(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Moved>> {
    let mut all = Vec::new();
    for kind in &KINDS {
        all.extend((kind.of)(conn, customer)?);
    }
    Ok(all)
}

/// Moves these, as far as they are still there.
pub fn shift(tx: &mut Tx, moved: &[Moved], way: Way) -> Result<()> {
    for record in moved {
        if let Some(kind) = KINDS.iter().find(|k| k.kind.name == record.kind) {
            (kind.shift)(tx, record, way)?;
        }
    }
    Ok(())
}

fn moved(kind: Kind, id: Uuid, first: bool) -> Moved {
    Moved { kind: kind.name.to_owned(), id, first }
}

/// For kinds without a primary or default record.
macro_rules! plain {
    ($of:ident, $shift:ident, $row:ident, $table:ident, $id:ident $(, $some:ident)?) => {
        fn $of(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Moved>> {
            let ids: Vec<$id> = $table::table
                .filter($table::customer_id.eq(customer))
                .order($table::id)
                .limit(MOST as i64 + 1)
                .select($table::id)
                .load(conn)?;
            Ok(ids.into_iter().map(|id| moved($id::KIND, id.0, false)).collect())
        }

        fn $shift(tx: &mut Tx, record: &Moved, way: Way) -> Result<()> {
            let row = $table::table
                .filter($table::id.eq(AnyId(record.id)))
                .filter($table::customer_id.eq(way.from))
                .select($row::as_select())
                .first(tx.conn)
                .optional()?;
            let Some(before) = row else { return Ok(()) };
            let mut after = $row { customer_id: $($some)?(way.to), ..before.clone() };
            tx.save(&before, &mut after, Act::because("updated", Some(way.reason)))
        }
    };
}
plain!(orders_of, shift_order, OrderRow, orders, OrderId);
plain!(shipments_of, shift_shipment, ShipmentRow, shipments, ShipmentId);
plain!(complaints_of, shift_complaint, Complaint, complaints, ComplaintId);
plain!(interactions_of, shift_interaction, Interaction, interactions, InteractionId);
plain!(feedback_of, shift_feedback, Feedback, feedback, FeedbackId);
plain!(exceptions_of, shift_exception, OrderException, order_exceptions, OrderExceptionId);
plain!(returns_of, shift_return, ReturnRow, returns, ReturnId);
plain!(requests_of, shift_request, Request, requests, RequestId, Some);
plain!(tasks_of, shift_task, Task, tasks, TaskId, Some);
plain!(price_lists_of, shift_price_list, PriceList, price_lists, PriceListId, Some);

fn contacts_of(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Moved>> {
    let rows: Vec<(ContactId, bool)> = contacts::table
        .filter(contacts::customer_id.eq(customer))
        .order(contacts::id)
        .limit(MOST as i64 + 1)
        .select((contacts::id, contacts::is_primary))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, first)| moved(ContactId::KIND, id.0, first)).collect())
}

/// The primary contact of the receiving customer stays primary.
fn shift_contact(tx: &mut Tx, record: &Moved, way: Way) -> Result<()> {
    let of = |customer: CustomerId| contacts::table.filter(contacts::customer_id.eq(customer));
    let row = of(way.from)
        .filter(contacts::id.eq(AnyId(record.id)))
        .select(Contact::as_select())
        .first(tx.conn)
        .optional()?;
    let Some(before) = row else { return Ok(()) };
    let primary: i64 = of(way.to).filter(contacts::is_primary.eq(true)).count().get_result(tx.conn)?;
    let mut after =
        Contact { customer_id: way.to, is_primary: record.first && primary == 0, ..before.clone() };
    tx.save(&before, &mut after, Act::because("updated", Some(way.reason)))
}

fn addresses_of(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Moved>> {
    let rows: Vec<(AddressId, bool)> = addresses::table
        .filter(addresses::customer_id.eq(customer))
        .order(addresses::id)
        .limit(MOST as i64 + 1)
        .select((addresses::id, addresses::is_default))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, first)| moved(AddressId::KIND, id.0, first)).collect())
}

/// The default address of the receiving customer stays the default of its kind.
fn shift_address(tx: &mut Tx, record: &Moved, way: Way) -> Result<()> {
    let of = |customer: CustomerId| addresses::table.filter(addresses::customer_id.eq(customer));
    let row = of(way.from)
        .filter(addresses::id.eq(AnyId(record.id)))
        .select(Address::as_select())
        .first(tx.conn)
        .optional()?;
    let Some(before) = row else { return Ok(()) };
    let defaults: i64 = of(way.to)
        .filter(addresses::kind.eq(before.kind))
        .filter(addresses::is_default.eq(true))
        .count()
        .get_result(tx.conn)?;
    let mut after =
        Address { customer_id: way.to, is_default: record.first && defaults == 0, ..before.clone() };
    tx.save(&before, &mut after, Act::because("updated", Some(way.reason)))
}
