//! Merging: a customer that was entered twice gives all its records to the other one, and can get them back.
//!
//! The old record stays with `merged_into_id`; it can be read, but not changed. The merge is stored with the
//! list of moved records, so that undoing it moves back exactly these.

pub mod http;
pub mod model;
pub mod moves;
pub mod rules;
pub mod work;

use serde_json::json;

use super::WRITE;
use crate::base::http::Routes;

pub fn routes(r: &mut Routes) {
    r.finally(moves::check);
    r.declare(moves::CONTACTS);
    r.declare(moves::ADDRESSES);
    let fails = &["read_only_share", "customer_merged", "merge_too_large", "merge_terms"];
    r.action("/customers/{customer_id}/merge", "mergeCustomer", http::merge)
        .scope(WRITE)
        .unversioned()
        .summary("Merge a customer into another")
        .description(
            "Moves everything that belongs to this customer to another one: contacts, addresses, orders, \
                shipments, returns, complaints, exceptions, requests, price lists, tasks, interactions and \
                external ids. The other customer takes over fields that it lacks and the stricter terms of both: a \
                block, the lower credit limit, the fewer payment days. Where both limits are in different \
                currencies, the merge needs `customers:credit` (`merge_terms`), and the other customer's limit \
                stays. The owner of this \
                customer and those it is shared with can read the other one. `dry_run=true` shows the result \
                without a change. This record stays with `merged_into_id`: it can be read, but not changed, \
                and lists leave it out. Refused with `merge_too_large` above 1,000 records or above 20 \
                external ids together: merge the smaller customer into the larger one. A machine client that \
                is restricted to this customer does not see the other one.",
        )
        .example(json!({"into_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "reason": "Entered twice"}))
        .fails_with(fails);
    r.action("/customers/{customer_id}/unmerge", "unmergeCustomer", http::unmerge)
        .scope(WRITE)
        .unversioned()
        .summary("Undo a merge")
        .description(
            "Possible for 30 days after the merge. It moves back exactly the records that were moved and \
                still belong to the other customer. Fields of the other customer are restored where nobody \
                has changed them since. A block or credit terms that were decided on since hold for both. Records that the other customer got after the merge stay there. \
                Refused with `not_merged` or `merge_is_final`.",
        )
        .example(json!({"reason": "Two companies after all"}))
        .fails_with(&["read_only_share", "customer_merged", "not_merged", "merge_is_final"]);
}
