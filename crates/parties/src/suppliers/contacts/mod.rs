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
        .says("List a supplier's contacts", "Lists all contacts of one supplier, sorted by name.");
    r.create("/suppliers/{supplier_id}/contacts", "createSupplierContact", http::create)
        .scope(WRITE)
        .says("Add a supplier contact", "Adds a person to a supplier.")
        .example(json!({"name": "陈师傅", "role": "生产调度", "phone": "+86 138 0013 8000", "wechat": "chen-qinghua"}));
    r.read("/suppliers/{supplier_id}/contacts/{contact_id}", "getSupplierContact", http::get)
        .scope(READ)
        .says("Read a supplier contact", "Returns one contact of the supplier.");
    r.change("/suppliers/{supplier_id}/contacts/{contact_id}", "updateSupplierContact", http::update)
        .scope(WRITE)
        .says("Change a supplier contact", "Changes the fields that you send.")
        .example(json!({"phone": "+86 139 0013 9000"}));
    r.remove("/suppliers/{supplier_id}/contacts/{contact_id}", "deleteSupplierContact", http::delete)
        .scope(WRITE)
        .says("Delete a supplier contact", "Deletes the contact. The supplier stays.");
    r.history(
        "/suppliers/{supplier_id}/contacts/{contact_id}/history",
        "listSupplierContactHistory",
        http::get,
    )
    .scope(READ)
    .says(
        "Read a supplier contact's history",
        "Every change of the contact, oldest first: who made it, when, why, and the fields before and after.",
    );
}
