//! Contacts: the people at a supplier. A contact has a version of its own.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use super::{READ, WRITE};
use crate::base::http::Routes;

pub fn routes(r: &mut Routes) {
    r.list("/suppliers/{supplier_id}/contacts", "listSupplierContacts", &model::CONTACTS, http::list)
        .scope(READ)
        .summary("List a supplier's contacts")
        .description("Lists all contacts of one supplier, sorted by name.");
    r.create("/suppliers/{supplier_id}/contacts", "createSupplierContact", http::create)
        .scope(WRITE)
        .summary("Add a supplier contact")
        .description("Adds a person to a supplier.")
        .example(json!({"name": "陈师傅", "role": "生产调度", "phone": "+86 138 0013 8000", "wechat": "chen-qinghua"}));
    r.read("/suppliers/{supplier_id}/contacts/{contact_id}", "getSupplierContact", http::get)
        .scope(READ)
        .summary("Read a supplier contact")
        .description("Returns one contact of the supplier.");
    r.change("/suppliers/{supplier_id}/contacts/{contact_id}", "updateSupplierContact", http::update)
        .scope(WRITE)
        .summary("Change a supplier contact")
        .description("Changes the fields that you send.")
        .example(json!({"phone": "+86 139 0013 9000"}));
    r.remove("/suppliers/{supplier_id}/contacts/{contact_id}", "deleteSupplierContact", http::delete)
        .scope(WRITE)
        .summary("Delete a supplier contact")
        .description("Deletes the contact. The supplier stays.");
    r.history(
        "/suppliers/{supplier_id}/contacts/{contact_id}/history",
        "listSupplierContactHistory",
        http::get,
    )
    .scope(READ)
    .summary("Read a supplier contact's history")
    .description(
        "Every change of the contact, oldest first: who made it, when, why, and the fields before and after.",
    );
}
