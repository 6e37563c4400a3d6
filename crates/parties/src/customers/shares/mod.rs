//! Shares: showing a customer to a person or a team who would not see it otherwise. They read it; changing it
//! stays with the owner, their manager and the clerks. A share has no version of its own, it has the customer's.

mod http;
mod model;
mod work;

use serde_json::json;

use super::{READ, WRITE};
use crate::base::http::Routes;

pub fn routes(r: &mut Routes) {
    r.list("/customers/{customer_id}/shares", "listCustomerShares", &model::SHARES, http::list)
        .scope(READ)
        .says("List whom a customer is shared with", "");
    r.create("/customers/{customer_id}/shares", "shareCustomer", http::create)
        .scope(WRITE)
        .says(
            "Share a customer",
            "With a person or a team, who may read it from now on. Sharing twice is sharing once.",
        )
        .example(json!({"user_id": "usr_019a7c5e8f3a7d10b6c2a94e51d0f37b"}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.read("/customers/{customer_id}/shares/{grantee_id}", "getCustomerShare", http::get)
        .scope(READ)
        .says("Read a share", "`grantee_id` is the person's or the team's id.");
    r.remove("/customers/{customer_id}/shares/{grantee_id}", "unshareCustomer", http::delete)
        .scope(WRITE)
        .says(
            "Take a share back",
            "`grantee_id` is the person's or the team's id; `If-Match` takes the customer's version.",
        )
        .fails_with(&["read_only_share", "customer_merged"]);
}
