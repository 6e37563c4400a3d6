//! Duplicates: customers that may be the same, because they share a name, a tax number or a way to reach
//! them.
//!
//! An index holds the normalised keys of each customer and contact, and each pair of customers that share
//! enough keys, with a score. A person who enters a customer gets a question first. Customers from other
//! systems and from files are accepted without it, since nobody is there to answer; they show in the list.

pub mod http;
pub mod model;
pub mod rules;
pub mod work;

use super::READ;
use crate::base::http::Routes;

const ABOUT: &str = "\
Two customers are listed from a `score` of 50 on. The score is the sum of what they share, at most 100: \
`tax_id` 100, `name` 70, `phone` 50, `person_name` 40, `email_domain` 30. A company is compared by its \
name, short name, invoice title and former names, and by those of customers that were merged into it. Names are \
compared without legal forms such as 有限公司 or Ltd., without 省, 市, 区 or 县 behind a place, and without regard to \
case, width, accents and script; 商贸 and 经贸 count as 贸易. Phone numbers are compared without regard to how \
they are written. Domains of public mail providers do not count. Where more than 20 customers share a tax number, a \
name or a phone number, each is paired with the 10 entered before it and the 10 entered after it; a person's name or \
a domain that so many share counts only beside something else. You see only pairs of which you see both customers.";

pub fn routes(r: &mut Routes) {
    r.list("/customers/duplicates", "listDuplicateCustomers", &model::DUPLICATES, http::list)
        .scope(READ)
        .summary("List possible duplicate customers")
        .description(ABOUT);
    r.list(
        "/customers/{customer_id}/duplicates",
        "listDuplicatesOfCustomer",
        &model::DUPLICATES,
        http::list_of,
    )
    .scope(READ)
    .summary("List a customer's possible duplicates")
    .description(ABOUT);
}
