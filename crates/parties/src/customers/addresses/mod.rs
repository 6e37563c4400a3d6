//! Addresses: where a customer's invoices and goods go. An address has a version of its own. Whoever sees or
//! may change the customer sees or may change its addresses; the warehouse reads those that goods go to.

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
        .summary("List a customer's addresses")
        .description(
            "Lists the addresses of one customer. With `customers:ship_to` alone you see only addresses \
                that goods are sent to.",
        );
    r.create("/customers/{customer_id}/addresses", "createAddress", http::create)
        .scope(WRITE)
        .summary("Add an address")
        .description(
            "Adds an address to a customer. If the new address is the default, the current default \
                address of the same kind stops being it. Refused with `read_only_share` if the customer is \
                only shared with you.",
        )
        .example(json!({"kind": "shipping", "is_default": true, "recipient": "仓库 李师傅", "phone": "+86 20 8888 1234",
            "line1": "科学城开源大道 11 号", "district": "黄埔区", "city": "广州", "province": "广东", "postal_code": "510663"}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.read("/customers/{customer_id}/addresses/{address_id}", "getAddress", http::get)
        .scope(READ_OR_SHIP_TO)
        .summary("Read an address")
        .description(
            "Returns one address of the customer. With `customers:ship_to` alone you see only addresses \
                that goods are sent to.",
        );
    r.change("/customers/{customer_id}/addresses/{address_id}", "updateAddress", http::update)
        .scope(WRITE)
        .summary("Change an address")
        .description(
            "Changes the fields that you send. If you make the address the default, the current default \
                address of the same kind stops being it. Existing orders keep their copy of the address.",
        )
        .example(json!({"line2": "3 号楼", "is_default": true}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.remove("/customers/{customer_id}/addresses/{address_id}", "deleteAddress", http::delete)
        .scope(WRITE)
        .summary("Delete an address")
        .description("Deletes the address. Existing orders keep their copy of it.")
        .fails_with(&["read_only_share", "customer_merged"]);
    r.history("/customers/{customer_id}/addresses/{address_id}/history", "listAddressHistory", http::get)
        .scope(READ_OR_SHIP_TO)
        .summary("Read an address's history")
        .description(
            "Every change of the address, oldest first: who made it, when, why, and the fields before and \
                after.",
        );
}
