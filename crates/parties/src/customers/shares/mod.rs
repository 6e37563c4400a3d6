//! Shares: a customer can be shown to a person or a team who would not see it otherwise. They may read it and
//! not change it. A share has no version of its own; it uses the customer's.

mod http;
mod model;
mod work;

use serde_json::json;

use super::{READ, WRITE};
use crate::base::http::Routes;

pub fn routes(r: &mut Routes) {
    r.list("/customers/{customer_id}/shares", "listCustomerShares", &model::SHARES, http::list)
        .scope(READ)
        .summary("List a customer's shares")
        .description("Lists the people and teams that the customer is shared with, in the order of sharing.");
    r.create("/customers/{customer_id}/shares", "shareCustomer", http::create)
        .scope(WRITE)
        .summary("Share a customer")
        .description(
            "Lets a person or all members of a team read the customer. Only its owner, their manager and \
                the clerks can change it. Sharing with the same person or team again changes nothing.",
        )
        .example(json!({"user_id": "usr_019a7c5e8f3a7d10b6c2a94e51757372"}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.read("/customers/{customer_id}/shares/{grantee_id}", "getCustomerShare", http::get)
        .scope(READ)
        .summary("Read a share")
        .description("Returns one share. `grantee_id` is the id of the person or the team.");
    r.remove("/customers/{customer_id}/shares/{grantee_id}", "unshareCustomer", http::delete)
        .scope(WRITE)
        .summary("End a share")
        .description(
            "Ends the sharing with a person or a team. `grantee_id` is the id of the person or the team. \
                A share has no version of its own: `If-Match` takes the customer's ETag.",
        )
        .fails_with(&["read_only_share", "customer_merged"]);
}
