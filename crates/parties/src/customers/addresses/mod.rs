//! Addresses: where a customer's bills and goods go. An address has a version of its own; who sees and changes
//! it follows from the customer, except that the warehouse reads where goods go.

mod http;
pub mod model;
pub mod rules;
pub mod work;

use serde_json::json;

use super::{READ_OR_SHIP_TO, WRITE};
use crate::base::http::Routes;

pub fn routes(r: &mut Routes) {
    r.list("/customers/{customer_id}/addresses", "listAddresses", &model::ADDRESSES, http::list)
        .scope(READ_OR_SHIP_TO)
        .says("List a customer's addresses", "With `customers:ship_to` alone: only those that goods go to.");
    r.create("/customers/{customer_id}/addresses", "createAddress", http::create)
        .scope(WRITE)
        .says("Add an address", "A new default takes the place of the one before of the same kind.")
        .example(json!({"kind": "shipping", "is_default": true, "recipient": "仓库 李师傅", "phone": "+86 20 8888 1234",
            "line1": "科学城开源大道 11 号", "district": "黄埔区", "city": "广州", "province": "广东", "postal_code": "510663"}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.read("/customers/{customer_id}/addresses/{address_id}", "getAddress", http::get)
        .scope(READ_OR_SHIP_TO)
        .says("Read an address", "With `customers:ship_to` alone: only one that goods go to.");
    r.change("/customers/{customer_id}/addresses/{address_id}", "updateAddress", http::update)
        .scope(WRITE)
        .says("Change an address", "Orders keep the address that they were given.")
        .example(json!({"line2": "3 号楼", "is_default": true}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.remove("/customers/{customer_id}/addresses/{address_id}", "deleteAddress", http::delete)
        .scope(WRITE)
        .says("Delete an address", "Orders keep the address that they were given.")
        .fails_with(&["read_only_share", "customer_merged"]);
    r.history("/customers/{customer_id}/addresses/{address_id}/history", "listAddressHistory", http::get)
        .scope(READ_OR_SHIP_TO)
        .says("History of an address", "Every change: who, when, why, before and after.");
}
