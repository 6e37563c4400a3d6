//! Contacts: the people at a customer. A contact has a version of its own. Whoever sees or may change the
//! customer sees or may change its contacts.

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
        .summary("List a customer's contacts")
        .description("Lists all contacts of one customer, sorted by name.");
    r.create("/customers/{customer_id}/contacts", "createContact", http::create)
        .scope(WRITE)
        .summary("Add a contact")
        .description(
            "Adds a person to a customer. If the new contact is primary, the current primary contact \
                stops being it. Refused with `read_only_share` if the customer is only shared with you.",
        )
        .example(
            json!({"name": "王芳", "title": "采购经理", "decision_role": "decision_maker", "is_primary": true,
            "mobile": "+86 138 0013 8000", "email": "wang.fang@example.com"}),
        )
        .fails_with(&["read_only_share", "customer_merged", "external_id_taken"]);
    r.read("/customers/{customer_id}/contacts/{contact_id}", "getContact", http::get)
        .scope(READ)
        .summary("Read a contact")
        .description("Returns one contact of the customer.");
    r.change("/customers/{customer_id}/contacts/{contact_id}", "updateContact", http::update)
        .scope(WRITE)
        .summary("Change a contact")
        .description(
            "Changes the fields that you send. If you make the contact primary, the current primary \
                contact stops being it.",
        )
        .example(json!({"mobile": "+86 139 0013 9000", "is_primary": true}))
        .fails_with(&["read_only_share", "customer_merged", "external_id_taken"]);
    r.remove("/customers/{customer_id}/contacts/{contact_id}", "deleteContact", http::delete)
        .scope(WRITE)
        .summary("Delete a contact")
        .description(
            "Deletes the contact. Refused with `still_referenced` if an order or another record names it.",
        )
        .fails_with(&["read_only_share", "customer_merged", "still_referenced"]);
    r.history("/customers/{customer_id}/contacts/{contact_id}/history", "listContactHistory", http::get)
        .scope(READ)
        .summary("Read a contact's history")
        .description(
            "Every change of the contact, oldest first: who made it, when, why, and the fields before and \
                after.",
        );
    r.list("/contacts", "listAllContacts", &model::ALL_CONTACTS, http::list_all)
        .scope(READ)
        .summary("List the contacts of all customers")
        .description(
            "Lists the contacts of all customers that you see. Use it to keep another system in step.",
        );
    by_external_id(r);
}

/// These paths are not below a customer: a system that pushes a contact knows its own id of the contact, and
/// may not know our id of the customer.
fn by_external_id(r: &mut Routes) {
    r.read_by_external_id(
        "/contacts/by-external-id/{system}/{id}",
        "getContactByExternalId",
        http::get_named,
    )
    .scope(READ)
    .summary("Read a contact by external id")
    .description(
        "Returns the contact that has this external id, if you see its customer. `customer_id` names the \
            customer; the contact's own path is below that customer.",
    );
    r.put_by_external_id(
        "/contacts/by-external-id/{system}/{id}",
        "upsertContactByExternalId",
        http::create_named,
        http::update_named,
    )
    .scope(WRITE)
    .summary("Create or change a contact by external id")
    .description(
        "For systems that push their contacts here. A new contact needs a `name` and its customer, either \
            by `customer_id` or by `customer_external_id`. A contact stays with its customer: another \
            customer is refused with 422.",
    )
    .example(
        json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "name": "王芳", "title": "采购经理",
        "mobile": "+86 138 0013 8000"}),
    )
    .fails_with(&["external_id_taken", "read_only_share", "customer_merged"]);
}
