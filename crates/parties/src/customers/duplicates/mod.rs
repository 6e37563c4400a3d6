//! Duplicates: customers that may be the same, by what tells one from another.
//!
//! Each customer and contact keeps its normalised keys in an index, and each pair of customers that share enough of
//! them is kept with its score. Whoever enters a customer is asked first; what other systems push and what files
//! bring is let in, since nobody sits there to answer, and shows in the list.

pub mod http;
pub mod model;
pub mod rules;
pub mod work;

use super::READ;
use crate::base::http::Routes;

const ABOUT: &str = "\
`score` is the sum of what matches, at most 100: `tax_id` 100, `name` 70 (without legal forms such as 有限公司 or Ltd., \
in any case, width and script), `phone` 50 (a contact's number, however it is written), `person_name` 40, \
`email_domain` 30 (that of a contact, unless everybody can have it). What more than 20 customers share tells \
nothing. From 50 on two customers may be the same. Only customers that you see are told.";

pub fn routes(r: &mut Routes) {
    r.list("/customers/duplicates", "listDuplicateCustomers", &model::DUPLICATES, http::list)
        .scope(READ)
        .says("List customers that may be the same", ABOUT);
    r.list(
        "/customers/{customer_id}/duplicates",
        "listDuplicatesOfCustomer",
        &model::DUPLICATES,
        http::list_of,
    )
    .scope(READ)
    .says("List which customers may be the same as this one", ABOUT);
}
