//! Contacts: the people at a customer. A contact has a version of its own; who sees and changes it follows from
//! the customer.

mod http;
pub mod model;
pub mod rules;
pub mod work;

use serde_json::json;

use super::{READ, WRITE};
use crate::base::http::Routes;

pub fn routes(r: &mut Routes) {
    r.list("/customers/{customer_id}/contacts", "listContacts", &model::CONTACTS, http::list)
        .scope(READ)
        .says("List a customer's contacts", "");
    r.create("/customers/{customer_id}/contacts", "createContact", http::create)
        .scope(WRITE)
        .says("Add a contact", "A new primary contact takes the place of the one before.")
        .example(
            json!({"name": "王芳", "title": "采购经理", "decision_role": "decision_maker", "is_primary": true,
            "mobile": "+86 138 0013 8000", "email": "wang.fang@example.com"}),
        )
        .fails_with(&["read_only_share", "customer_merged", "external_id_taken"]);
    r.read("/customers/{customer_id}/contacts/{contact_id}", "getContact", http::get)
        .scope(READ)
        .says("Read a contact", "");
    r.change("/customers/{customer_id}/contacts/{contact_id}", "updateContact", http::update)
        .scope(WRITE)
        .says("Change a contact", "Making it the primary one takes that from the one before.")
        .example(json!({"mobile": "+86 139 0013 9000", "is_primary": true}))
        .fails_with(&["read_only_share", "customer_merged", "external_id_taken"]);
    r.remove("/customers/{customer_id}/contacts/{contact_id}", "deleteContact", http::delete)
        .scope(WRITE)
        .says("Delete a contact", "Only one that no order names.")
        .fails_with(&["read_only_share", "customer_merged", "still_referenced"]);
    r.history("/customers/{customer_id}/contacts/{contact_id}/history", "listContactHistory", http::get)
        .scope(READ)
        .says("History of a contact", "Every change: who, when, why, before and after.");
    r.list("/contacts", "listAllContacts", &model::ALL_CONTACTS, http::list_all)
        .scope(READ)
        .says("List the contacts of all customers", "Of the customers that you see.");
    by_external_id(r);
}

/// Beside the customers and not below one: a system that pushes a contact knows its own number of it, and need not
/// know ours of the customer.
fn by_external_id(r: &mut Routes) {
    r.read_by_external_id(
        "/contacts/by-external-id/{system}/{id}",
        "getContactByExternalId",
        http::get_named,
    )
    .scope(READ)
    .says(
        "Read a contact by external id",
        "Its customer is in `customer_id`; its own path is below that customer.",
    );
    r.put_by_external_id(
        "/contacts/by-external-id/{system}/{id}",
        "upsertContactByExternalId",
        http::create_named,
        http::update_named,
    )
    .scope(WRITE)
    .says("Create or change a contact by external id", "A new one needs a `name` and its customer, by `customer_id` or by `customer_external_id`, which is how the other system calls that customer. A contact stays with its customer: another one is answered 422.")
    .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "name": "王芳", "title": "采购经理",
        "mobile": "+86 138 0013 8000"}))
    .fails_with(&["external_id_taken", "read_only_share", "customer_merged"]);
}
