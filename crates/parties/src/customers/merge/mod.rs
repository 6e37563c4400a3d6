//! Merging: a customer that turned out to be another gives it all its records, and can get them back.
//!
//! The old record stays, says `merged_into_id` and can be read, not changed. What was moved is noted, so that undoing
//! puts back exactly that, wherever others have changed it meanwhile.

pub mod http;
pub mod model;
pub mod moves;
pub mod rules;
pub mod work;

use serde_json::json;

use super::WRITE;
use crate::base::http::Routes;

pub fn routes(r: &mut Routes) {
    r.declare(moves::CONTACTS);
    r.declare(moves::ADDRESSES);
    let fails = &["read_only_share", "customer_merged", "merge_too_large"];
    r.action("/customers/{customer_id}/merge", "mergeCustomer", http::merge)
        .scope(WRITE)
        .unversioned()
        .says(
            "Merge a customer into another",
            "Everything that belongs to it, from contacts to orders, complaints and tasks, and its external ids become the \
             other's; of its fields the other takes those that it lacks. `dry_run=true` is the preview. This record \
             stays, with `merged_into_id`: it can be read, not changed, and lists leave it out. At most 1,000 records \
             are moved, so merge the smaller customer into the larger. Machine clients that are restricted to this \
             customer do not see the other.",
        )
        .example(json!({"into_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "reason": "Entered twice"}))
        .fails_with(fails);
    r.action("/customers/{customer_id}/unmerge", "unmergeCustomer", http::unmerge)
        .scope(WRITE)
        .unversioned()
        .says(
            "Undo a merge",
            "Within 30 days. Puts back exactly what was moved, as far as it is still there, and the other's fields \
             where nobody has changed them since. What came to the other after the merge stays there.",
        )
        .example(json!({"reason": "Two companies after all"}))
        .fails_with(&["read_only_share", "customer_merged", "not_merged", "merge_is_final"]);
}
