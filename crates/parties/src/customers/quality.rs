//! How complete a customer's data are, what is missing, and whether somebody should check them again.
//!
//! What a customer lacks is kept beside it, so that lists find it; it follows from the customer's own fields,
//! its contacts and its addresses, and is kept in step by their writes.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Address, AddressKind, Contact, Customer, CustomerKind, CustomerView};
use super::{CustomerId, READ, WRITE, rules, work};
use crate::base::db::{Conn, Guard, ReadTx, Tx, guards};
use crate::base::error::Result;
use crate::base::http::{Answer, Req, Routes};
use crate::base::messages;
use crate::base::types::At;
use crate::schema::{addresses, contacts, customer_defects, customer_quality, customers};
use crate::{settings, text_enum};

text_enum! {
    /// What is missing in a customer's data, with its weight in the completeness score:
    ///
    /// - `no_reachable_contact` (30): no contact with a phone number, an e-mail address or a WeChat id who
    ///   may be contacted
    /// - `no_tax_id` (15): a company without a tax number
    /// - `no_billing_address`, `no_shipping_address` (10 each)
    /// - `no_owner` (10)
    /// - `no_primary_contact`, `no_region`, `no_source` (5 each)
    /// - `no_industry`, `no_bank_details` (5 each): only for companies
    pub enum CustomerDefect {
        /// No contact with a number or an e-mail address who may be contacted.
        NoReachableContact = "no_reachable_contact",
        /// A company without its tax id.
        NoTaxId = "no_tax_id",
        NoBillingAddress = "no_billing_address",
        NoShippingAddress = "no_shipping_address",
        NoOwner = "no_owner",
        NoPrimaryContact = "no_primary_contact",
        NoRegion = "no_region",
        NoIndustry = "no_industry",
        /// A company without its bank account.
        NoBankDetails = "no_bank_details",
        NoSource = "no_source",
    }
}

impl CustomerDefect {
    /// What it takes from 100; all of them together are 100.
    pub const fn weight(self) -> i32 {
        match self {
            CustomerDefect::NoReachableContact => 30,
            CustomerDefect::NoTaxId => 15,
            CustomerDefect::NoBillingAddress
            | CustomerDefect::NoShippingAddress
            | CustomerDefect::NoOwner => 10,
            CustomerDefect::NoPrimaryContact
            | CustomerDefect::NoRegion
            | CustomerDefect::NoIndustry
            | CustomerDefect::NoBankDetails
            | CustomerDefect::NoSource => 5,
        }
    }

    /// Its name in words.
    const fn phrase(self) -> &'static str {
        match self {
            CustomerDefect::NoReachableContact => "defect_no_reachable_contact",
            CustomerDefect::NoTaxId => "defect_no_tax_id",
            CustomerDefect::NoBillingAddress => "defect_no_billing_address",
            CustomerDefect::NoShippingAddress => "defect_no_shipping_address",
            CustomerDefect::NoOwner => "defect_no_owner",
            CustomerDefect::NoPrimaryContact => "defect_no_primary_contact",
            CustomerDefect::NoRegion => "defect_no_region",
            CustomerDefect::NoIndustry => "defect_no_industry",
            CustomerDefect::NoBankDetails => "defect_no_bank_details",
            CustomerDefect::NoSource => "defect_no_source",
        }
    }
}

/// One defect in a customer's data.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerLack {
    /// What is missing.
    pub defect: CustomerDefect,
    /// Points that the defect takes from the score of 100.
    #[schema(minimum = 1, maximum = 100, example = 15)]
    pub weight: i32,
    /// The defect in words, in the language of the request.
    #[schema(max_length = 200, example = "there is no tax id")]
    pub text: String,
}

/// How complete and how recent a customer's data are.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerCompleteness {
    /// Completeness in points: 100 minus the weights of all defects. 100 means complete.
    #[schema(minimum = 0, maximum = 100, example = 85)]
    pub score: i32,
    /// What is missing, the highest weight first.
    #[schema(max_items = 10)]
    pub defects: Vec<CustomerLack>,
    /// When somebody last confirmed the data.
    pub confirmed_at: At,
    /// True when nobody has confirmed the data for the number of months in the setting
    /// `relations.confirm_months`.
    pub stale: bool,
}

pub fn routes(r: &mut Routes) {
    r.read("/customers/{customer_id}/completeness", "getCustomerCompleteness", get)
        .scope(READ)
        .unversioned()
        .summary("Read a customer's completeness")
        .description(
            "Shows what is missing in the customer's data, with weights, and whether somebody should \
                check the data again. To find such customers, use `GET /customers` with `defect=no_tax_id`, \
                `completeness_max=60` or `confirmed_before=…&sort=confirmed_at`.",
        );
    r.action("/customers/{customer_id}/confirm", "confirmCustomer", confirm)
        .scope(WRITE)
        .summary("Confirm a customer's data")
        .description(
            "States that somebody has checked the data with the customer and that they are right. Sets \
                `confirmed_at` to now and changes nothing else.",
        )
        .fails_with(&["read_only_share", "customer_merged"]);
}

fn get(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Answer<CustomerCompleteness>> {
    let customer = work::find(rx.conn, rx.caller, req.path)?;
    let months = settings::work::load(rx.conn)?.relations.confirm_months;
    let defects = of(rx.conn, &customer)?;
    let lang = rx.lang;
    let lack = |defect: &CustomerDefect| CustomerLack {
        defect: *defect,
        weight: defect.weight(),
        text: lang.pick(messages::phrase(defect.phrase())).to_owned(),
    };
    Ok(Answer::of(CustomerCompleteness {
        score: score(&defects),
        defects: defects.iter().map(lack).collect(),
        confirmed_at: customer.confirmed_at,
        stale: is_stale(customer.confirmed_at, months, rx.now, rx.core.zone),
    }))
}

/// Whether so many months have gone by since the data were confirmed, by the company's calendar.
fn is_stale(confirmed: At, months: i32, now: At, zone: chrono_tz::Tz) -> bool {
    let months = chrono::Months::new(months.unsigned_abs());
    let wanted = confirmed.date_in(zone).checked_add_months(months);
    wanted.is_some_and(|wanted| wanted <= now.date_in(zone))
}

fn confirm(tx: &mut Tx, req: &Req<CustomerId>) -> Result<Answer<CustomerView>> {
    let customer = work::confirm(tx, req.path)?;
    Ok(Answer::at(customer.version, rules::view(tx.caller, customer)))
}

// ---- what is missing -----------------------------------------------------------------------------------------

fn score(defects: &BTreeSet<CustomerDefect>) -> i32 {
    100 - defects.iter().map(|defect| defect.weight()).sum::<i32>()
}

/// What these lack, the weightiest first.
fn defects(customer: &Customer, contacts: &[Contact], addresses: &[Address]) -> BTreeSet<CustomerDefect> {
    use CustomerDefect::*;
    let company = customer.kind == CustomerKind::Company;
    let reachable = |c: &Contact| {
        !c.do_not_contact && [&c.mobile, &c.phone, &c.email, &c.wechat].into_iter().any(|way| way.is_some())
    };
    let goes_to = |kind| addresses.iter().any(|a| a.kind == kind || a.kind == AddressKind::Both);
    let lacking = [
        (NoReachableContact, !contacts.iter().any(reachable)),
        (NoTaxId, company && customer.tax_id.is_none()),
        (NoBillingAddress, !goes_to(AddressKind::Billing)),
        (NoShippingAddress, !goes_to(AddressKind::Shipping)),
        (NoOwner, customer.owner_id.is_none()),
        (NoPrimaryContact, !contacts.iter().any(|c| c.is_primary)),
        (NoRegion, customer.region_id.is_none()),
        (NoIndustry, company && customer.industry.is_none()),
        (NoBankDetails, company && customer.bank_account.is_none()),
        (NoSource, customer.source.is_none()),
    ];
    lacking.into_iter().filter(|(_, lacks)| *lacks).map(|(defect, _)| defect).collect()
}

fn of(conn: &mut Conn, customer: &Customer) -> Result<BTreeSet<CustomerDefect>> {
    let contacts: Vec<Contact> = contacts::table
        .filter(contacts::customer_id.eq(customer.id))
        .select(Contact::as_select())
        .load(conn)?;
    let addresses: Vec<Address> = addresses::table
        .filter(addresses::customer_id.eq(customer.id))
        .select(Address::as_select())
        .load(conn)?;
    Ok(defects(customer, &contacts, &addresses))
}

// ---- keeping it in step --------------------------------------------------------------------------------------

/// Whether what a customer lacks by itself, without contacts and addresses, may have changed.
pub fn may_differ(before: &Customer, after: &Customer) -> bool {
    before.merged_into_id != after.merged_into_id || defects(before, &[], &[]) != defects(after, &[], &[])
}

/// Brings what is kept of a customer in step with it, its contacts and its addresses.
#[allow(clippy::disallowed_methods)] // an index is no record
pub fn keep(conn: &mut Conn, id: CustomerId) -> Result<()> {
    guards::raise(conn, [Guard::row("quality", id)])?;
    let customer: Option<Customer> = customers::table
        .filter(customers::id.eq(id))
        .filter(customers::merged_into_id.is_null())
        .select(Customer::as_select())
        .first(conn)
        .optional()?;
    let Some(customer) = customer else {
        // What was merged into another is not to be completed any more.
        diesel::delete(customer_defects::table.filter(customer_defects::customer_id.eq(id))).execute(conn)?;
        diesel::delete(customer_quality::table.filter(customer_quality::customer_id.eq(id))).execute(conn)?;
        return Ok(());
    };
    let now = of(conn, &customer)?;
    let kept = kept(conn, id)?;
    for gone in kept.iter().flatten().filter(|defect| !now.contains(defect)) {
        let row = customer_defects::table
            .filter(customer_defects::customer_id.eq(id))
            .filter(customer_defects::defect.eq(gone));
        diesel::delete(row).execute(conn)?;
    }
    for come in now.iter().filter(|defect| kept.as_ref().is_none_or(|kept| !kept.contains(defect))) {
        let row = (customer_defects::customer_id.eq(id), customer_defects::defect.eq(come));
        diesel::insert_into(customer_defects::table).values(row).execute(conn)?;
    }
    let score = customer_quality::score.eq(score(&now));
    match kept {
        Some(kept) if kept == now => 0,
        Some(_) => diesel::update(customer_quality::table.find(id)).set(score).execute(conn)?,
        None => diesel::insert_into(customer_quality::table)
            .values((customer_quality::customer_id.eq(id), score))
            .execute(conn)?,
    };
    Ok(())
}

/// What is kept of a customer; None for one of which nothing is kept yet.
fn kept(conn: &mut Conn, id: CustomerId) -> Result<Option<BTreeSet<CustomerDefect>>> {
    let score: Option<i32> =
        customer_quality::table.find(id).select(customer_quality::score).first(conn).optional()?;
    if score.is_none() {
        return Ok(None);
    }
    let defects: Vec<CustomerDefect> = customer_defects::table
        .filter(customer_defects::customer_id.eq(id))
        .select(customer_defects::defect)
        .load(conn)?;
    Ok(Some(defects.into_iter().collect()))
}

/// The same for a contact or an address, which may have come from another customer.
pub fn keep_of_part(conn: &mut Conn, before: Option<CustomerId>, now: CustomerId) -> Result<()> {
    if let Some(before) = before.filter(|before| *before != now) {
        keep(conn, before)?;
    }
    keep(conn, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_missing_is_a_hundred_together() {
        assert_eq!(score(&CustomerDefect::ALL.iter().copied().collect()), 0);
        assert_eq!(score(&BTreeSet::new()), 100);
    }

    #[test]
    fn a_person_needs_no_tax_id() {
        let company = super::super::work::tests::customer();
        let person = Customer { kind: CustomerKind::Person, ..company.clone() };
        assert!(defects(&company, &[], &[]).contains(&CustomerDefect::NoTaxId));
        assert!(!defects(&person, &[], &[]).contains(&CustomerDefect::NoTaxId));
    }

    #[test]
    fn data_are_stale_after_whole_months() {
        let at = |text| At::parse(text).expect("an instant");
        let stale = |now| is_stale(at("2025-11-30T10:00:00Z"), 3, at(now), chrono_tz::Asia::Shanghai);
        assert!(!stale("2026-02-27T15:59:00Z"));
        assert!(stale("2026-02-28T01:00:00Z"));
    }
}
