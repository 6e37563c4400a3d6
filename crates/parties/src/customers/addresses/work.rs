//! Use cases on addresses. The customer is asked for first, always: it says who may see and who may change.

use diesel::prelude::*;

use super::model::{Address, AddressId, AddressInput, AddressKind, visible_to};
use super::rules;
use crate::base::auth::Caller;
use crate::base::db::{Act, Conn, Guard, Tx};
use crate::base::error::{Error, Faults, Result};
use crate::base::http::Patch;
use crate::customers::model::Customer;
use crate::customers::{self, CustomerId, quality};
use crate::schema::addresses;

/// An address of this customer.
pub fn find(conn: &mut Conn, customer: CustomerId, id: AddressId) -> Result<Address> {
    let found = addresses::table
        .filter(addresses::id.eq(id))
        .filter(addresses::customer_id.eq(customer))
        .select(Address::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// An address of this customer, if the caller sees it.
pub fn find_visible(
    conn: &mut Conn,
    caller: &Caller,
    customer: CustomerId,
    id: AddressId,
) -> Result<Address> {
    let found = addresses::table
        .filter(addresses::id.eq(id))
        .filter(visible_to(caller, customer))
        .select(Address::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// Every address of a customer.
pub fn all(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Address>> {
    Ok(addresses::table
        .filter(addresses::customer_id.eq(customer))
        .order((addresses::kind, addresses::id))
        .select(Address::as_select())
        .load(conn)?)
}

/// Where a customer's bills or goods go when nobody says otherwise.
pub fn default_for(conn: &mut Conn, customer: CustomerId, wanted: AddressKind) -> Result<Option<Address>> {
    Ok(rules::default_for(all(conn, customer)?, wanted))
}

pub fn create(tx: &mut Tx, customer: CustomerId, input: AddressInput) -> Result<Address> {
    let customer = tx.find(customers::work::find_to_change, customer)?;
    tx.check_expected(&customer)?;
    let mut faults = Faults::default();
    let input = rules::clean(input, "", &customer.country, &mut faults);
    faults.done()?;
    insert(tx, customer.id, input)
}

/// Adds an address whose input and customer have been checked.
pub fn insert(tx: &mut Tx, customer: CustomerId, input: AddressInput) -> Result<Address> {
    if input.is_default {
        clear_default(tx, customer, input.kind, None)?;
    }
    let mut address = filled_in(blank(tx, customer, input.kind), input);
    tx.create(&mut address)?;
    Ok(address)
}

pub fn update(tx: &mut Tx, path: (CustomerId, AddressId), patch: &Patch<AddressInput>) -> Result<Address> {
    let (customer, before) = begin(tx, path)?;
    let mut faults = Faults::default();
    let input = rules::clean(patch.onto(&form_of(&before))?, "", &customer.country, &mut faults);
    faults.done()?;
    if input.is_default {
        clear_default(tx, customer.id, input.kind, Some(before.id))?;
    }
    let mut address = filled_in(before.clone(), input);
    tx.save(&before, &mut address, Act::UPDATED)?;
    Ok(address)
}

pub fn delete(tx: &mut Tx, path: (CustomerId, AddressId)) -> Result<()> {
    let (_, address) = begin(tx, path)?;
    tx.remove(&address)?;
    let customer = address.customer_id;
    tx.under(Guard::row("quality", customer), |conn| quality::keep(conn, customer))
}

/// The address, for the caller to change, at the version that they saw, and its customer.
fn begin(tx: &mut Tx, (customer, id): (CustomerId, AddressId)) -> Result<(Customer, Address)> {
    let customer = tx.find(customers::work::find_to_change, customer)?;
    let address = tx.load_part(find, customer.id, id)?;
    tx.check_expected(&address)?;
    Ok((customer, address))
}

/// Takes "default" from the other address of this kind that has it. The index allows one at a time, so this
/// comes before the next is set.
fn clear_default(tx: &mut Tx, customer: CustomerId, kind: AddressKind, but: Option<AddressId>) -> Result<()> {
    let default = addresses::table
        .filter(addresses::customer_id.eq(customer))
        .filter(addresses::kind.eq(kind))
        .filter(addresses::is_default.eq(true))
        .select(Address::as_select());
    let default: Option<Address> =
        tx.under(Guard::Index("addresses_default"), |conn| Ok(default.first(conn).optional()?))?;
    let Some(before) = default.filter(|a| Some(a.id) != but) else { return Ok(()) };
    let mut after = Address { is_default: false, ..before.clone() };
    tx.save(&before, &mut after, Act::UPDATED)
}

fn blank(tx: &Tx, customer_id: CustomerId, kind: AddressKind) -> Address {
    Address {
        id: tx.new_id(),
        version: 0,
        customer_id,
        kind,
        is_default: false,
        recipient: None,
        phone: None,
        line1: String::new(),
        line2: None,
        district: None,
        city: String::new(),
        province: None,
        postal_code: None,
        country: String::new(),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    }
}

/// The address with everything that the form says.
fn filled_in(address: Address, input: AddressInput) -> Address {
    Address {
        kind: input.kind,
        is_default: input.is_default,
        recipient: input.recipient,
        phone: input.phone,
        line1: input.line1,
        line2: input.line2,
        district: input.district,
        city: input.city,
        province: input.province,
        postal_code: input.postal_code,
        country: input.country.unwrap_or(address.country),
        ..address
    }
}

/// The form that would give this address.
fn form_of(address: &Address) -> AddressInput {
    let a = address.clone();
    AddressInput {
        kind: a.kind,
        is_default: a.is_default,
        recipient: a.recipient,
        phone: a.phone,
        line1: a.line1,
        line2: a.line2,
        district: a.district,
        city: a.city,
        province: a.province,
        postal_code: a.postal_code,
        country: Some(a.country),
    }
}
