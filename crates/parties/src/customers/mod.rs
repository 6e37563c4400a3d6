//! Customers: whom we sell to, whose they are, how they are reached and on what terms they buy.
//!
//! A customer has an owner and, through them, a team; the two decide who sees it ([`model::visible_to`]). Its
//! contacts, addresses and shares are rooms of their own inside this one.

mod addresses;
pub mod contacts;
pub mod duplicates;
mod http;
pub mod merge;
pub mod model;
mod pool;
pub mod quality;
pub mod rules;
mod shares;
pub mod tax_id;
mod timeline;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub use model::{AddressId, ContactId, CustomerId};
pub use tax_id::complete_uscc;

pub const AREA: Area = Area { name: "customers", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::CustomersRead];
const WRITE: &[Scope] = &[Scope::CustomersWrite];
const BLOCK: &[Scope] = &[Scope::CustomersBlock];
const REASSIGN: &[Scope] = &[Scope::CustomersReassign];
const CREDIT: &[Scope] = &[Scope::CustomersCredit];
/// The warehouse reads where goods go, and nothing else of a customer.
const READ_OR_SHIP_TO: &[Scope] = &[Scope::CustomersRead, Scope::CustomersShipTo];

fn routes(r: &mut Routes) {
    TOLD.iter().for_each(|told| r.tells(*told));
    r.tag("customers", "Customers: whom we sell to, whose they are, how they are reached.");
    records(r);
    life(r);
    contacts::routes(r);
    addresses::routes(r);
    shares::routes(r);
    duplicates::routes(r);
    merge::routes(r);
    timeline::routes(r);
    quality::routes(r);
    pool::routes(r);
    r.expanders.insert("cus", work::expand);
    r.expanders.insert("con", contacts::work::expand);
}

fn records(r: &mut Routes) {
    r.list("/customers", "listCustomers", &model::CUSTOMERS, http::list).scope(READ).says(
        "List customers",
        "A rep gets their own and what is shared with them, a manager also their teams'. A machine client may be restricted to certain customers, or to a team's.",
    );
    r.create("/customers", "createCustomer", http::create)
        .scope(WRITE)
        .takes(model::ENTRY)
        .says("Add a customer", "With its contacts and addresses, in one request. It begins as a prospect. \
            When it may be there already, the answer is 409 `possible_duplicate` with `candidates`, those that you see; \
            `others_not_visible` says that there is one that you do not. What is entered by external id or imported \
            is not asked about; `GET /customers/duplicates` lists it.")
        .example(json!({"name": "珠海横琴茗香贸易有限公司", "short_name": "横琴茗香", "tier": "b", "tax_id": "9144030071526726XG",
            "tags": ["VIP"], "contacts": [{"name": "王芳", "is_primary": true, "mobile": "+86 138 0013 8000"}],
            "addresses": [{"kind": "both", "is_default": true, "line1": "天河路 385 号", "city": "广州"}]}))
        .fails_with(&["duplicate", "possible_duplicate", "external_id_taken", "client_restricted"]);
    r.read("/customers/{customer_id}", "getCustomer", http::get)
        .scope(READ)
        .says("Read a customer", "")
        .expands(model::EXPAND);
    r.change("/customers/{customer_id}", "updateCustomer", http::update)
        .scope(WRITE)
        .says("Change a customer", "Owner, status and credit terms have endpoints of their own.")
        .example(json!({"tier": "a", "tags": ["VIP", "2026"]}))
        .fails_with(&["duplicate", "external_id_taken", "read_only_share", "customer_merged"]);
    r.remove("/customers/{customer_id}", "deleteCustomer", http::delete)
        .scope(WRITE)
        .says("Delete a customer", "Only a prospect that has no orders, with its contacts and addresses. Any other is blocked instead.")
        .fails_with(&["still_referenced", "invalid_transition", "read_only_share", "customer_merged"]);
    r.read_by_external_id("/customers/by-external-id/{system}/{id}", "getCustomerByExternalId", http::get)
        .scope(READ)
        .says("Read a customer by external id", "")
        .expands(model::EXPAND);
    r.put_by_external_id(
        "/customers/by-external-id/{system}/{id}",
        "upsertCustomerByExternalId",
        http::create_named,
        http::update,
    )
    .scope(WRITE)
    .says(
        "Create or change a customer by external id",
        "A new one needs a `name`. Nobody is asked whether it is there already under another name; `GET /customers/duplicates` tells. Contacts have external ids and such an operation of their own.",
    )
    .example(json!({"name": "广州天河贸易有限公司", "tier": "b"}))
    .fails_with(&["duplicate", "external_id_taken", "read_only_share", "customer_merged", "client_restricted"]);
    r.history("/customers/{customer_id}/history", "listCustomerHistory", http::get)
        .scope(READ)
        .says("History of a customer", "Every change: who, when, why, before and after.");
}

fn life(r: &mut Routes) {
    let fails = &["invalid_transition", "read_only_share", "customer_merged"];
    r.read("/customers/{customer_id}/actions", "getCustomerActions", http::actions)
        .scope(READ)
        .unversioned()
        .says("Explain a customer's actions", "Which steps are possible for the caller now, what stands in the way of the others, and who can clear it.");
    r.action("/customers/{customer_id}/activate", "activateCustomer", http::activate)
        .scope(WRITE)
        .says("Activate a customer", "From `prospect` or `dormant`.")
        .fails_with(fails);
    r.action("/customers/{customer_id}/mark-dormant", "markCustomerDormant", http::mark_dormant)
        .scope(WRITE)
        .says("Mark a customer as dormant", "From `active`.")
        .fails_with(fails);
    r.action("/customers/{customer_id}/block", "blockCustomer", http::block)
        .scope(BLOCK)
        .says("Block a customer", "From any status; needs a reason.")
        .example(json!({"reason": "Invoices unpaid for six months"}))
        .fails_with(fails);
    r.action("/customers/{customer_id}/unblock", "unblockCustomer", http::unblock)
        .scope(BLOCK)
        .says("Unblock a customer", "The customer is `active` again.")
        .fails_with(fails);
    r.action("/customers/{customer_id}/reassign", "reassignCustomer", http::reassign)
        .scope(REASSIGN)
        .says("Give a customer to another owner", "The new owner is an active person who may work on customers; the customer then belongs to their team.")
        .example(json!({"owner_id": "usr_019a7c5e8f3a7d10b6c2a94e51d0f37b", "reason": "王芳 has left the company"}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.action("/customers/{customer_id}/credit-terms", "setCustomerCreditTerms", http::set_credit_terms)
        .scope(CREDIT)
        .says("Set a customer's credit terms", "All of them at once, as they are to be from now on. They are kept apart from the customer's other fields because they are finance's to decide, not of those who sell. `credit_limit: null` is no limit.")
        .example(json!({"credit_limit": "500000.00", "payment_days": 45, "payment_terms": "45 days net", "reason": "Yearly review"}));
}

static TOLD: [Told; 3] = [
    Told {
        kind: CustomerId::KIND,
        scopes: READ,
        select: "SELECT customers.id FROM customers WHERE ",
        visible: model::visible_to,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            events::DELETED,
            ("activated", "It became active."),
            ("marked_dormant", "It became dormant."),
            ("blocked", "It was blocked: nothing is sold to it."),
            ("unblocked", "It may buy again."),
            ("reassigned", "Somebody else looks after it."),
            ("credit_terms_changed", "Finance set its credit limit or terms."),
            ("merged", "It turned out to be another, which has its records now."),
            ("absorbed", "Another was merged into it."),
            ("unmerged", "A merge was undone: it has its records again."),
            ("gave_back", "A merge into it was undone."),
            ("shared", "It was shown to somebody who would not see it otherwise."),
            ("confirmed", "Somebody checked that its data are right."),
            ("pooled", "Nobody looks after it any more: it is in the pool."),
            ("claimed", "Somebody took it from the pool."),
            ("unshared", "It is not shown to somebody any more."),
        ],
    },
    Told {
        kind: ContactId::KIND,
        scopes: READ,
        select: "SELECT contacts.id FROM contacts WHERE ",
        visible: contacts::model::visible_to,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
    Told {
        kind: AddressId::KIND,
        scopes: READ_OR_SHIP_TO,
        select: "SELECT addresses.id FROM addresses WHERE ",
        visible: addresses::model::visible_of_all,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
];

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "read_only_share",
        403,
        ["Shared to read", "仅共享查看"],
        [
            "This record is shared with you to read; only its owner, their manager or a clerk may change it.",
            "该记录仅共享给您查看；只有负责人、其经理或销售文员可以更改。",
        ],
        [
            "Ask the owner to make the change, or to hand the record over.",
            "请联系负责人更改，或将记录转交给您。",
        ],
    ),
    problem_text(
        "customer_merged",
        409,
        ["Merged", "已合并"],
        ["This customer was merged into {into}.", "该客户已合并到 {into}。"],
        ["Use the customer in `merged_into_id`.", "请使用 `merged_into_id` 中的客户。"],
    ),
    problem_text(
        "not_in_pool",
        409,
        ["Not in the pool", "不在公海中"],
        ["Somebody looks after this customer.", "该客户已有负责人。"],
        ["`GET /customers/pool` lists those that can be taken.", "可领取的客户见 `GET /customers/pool`。"],
    ),
    problem_text(
        "in_pool",
        409,
        ["In the pool", "已在公海中"],
        ["This customer is in the pool already.", "该客户已在公海中。"],
        ["There is nothing to give back.", "无需退回。"],
    ),
    problem_text(
        "claimed_too_soon",
        409,
        ["Lost too lately", "领取间隔不足"],
        [
            "Whoever lost a customer to the pool cannot take it back for {days} days.",
            "客户收回公海后，原负责人 {days} 天内不能再次领取。",
        ],
        [
            "Leave it to others, or ask your manager to hand it to you.",
            "请由他人领取，或请经理将其移交给您。",
        ],
    ),
    problem_text(
        "too_many_claims",
        409,
        ["Too many taken", "领取数量已达上限"],
        ["A person may take {most} customers within 30 days.", "每人 30 天内最多领取 {most} 个客户。"],
        ["Wait, or ask your manager to hand it to you.", "请稍后再领取，或请经理将其移交给您。"],
    ),
    problem_text(
        "merge_too_large",
        409,
        ["Too much to merge", "合并数据过多"],
        [
            "It has more than {most} records, or the two have more than 20 external ids together.",
            "该客户的记录超过 {most} 条，或两个客户的外部编号合计超过 20 个。",
        ],
        ["Merge the other one into this one.", "请改为将另一客户合并到该客户。"],
    ),
    problem_text(
        "not_merged",
        409,
        ["Not merged", "未合并"],
        ["This customer is not merged into another.", "该客户未合并到其他客户。"],
        ["There is nothing to undo.", "无需撤销。"],
    ),
    problem_text(
        "merge_is_final",
        409,
        ["Too late to undo", "已超过撤销期限"],
        ["A merge can be undone for {days} days.", "合并只能在 {days} 天内撤销。"],
        ["Enter the customer anew.", "请重新录入客户。"],
    ),
    problem_text(
        "possible_duplicate",
        409,
        ["Possible duplicate", "可能重复"],
        ["This customer may be there already.", "该客户可能已存在。"],
        [
            "Use one of `candidates`, or send `allow_duplicate=true` with a `duplicate_reason`.",
            "请使用 `candidates` 中的客户，或带上 `allow_duplicate=true` 和 `duplicate_reason` 重新提交。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "tax_id_length",
        ["must be a unified social credit code of 18 characters", "统一社会信用代码应为 18 位"],
    ),
    (
        "tax_id_character",
        [
            "has a character that no unified social credit code has (I, O, S, V and Z are not used)",
            "含有统一社会信用代码不使用的字符（不使用 I、O、S、V、Z）",
        ],
    ),
    (
        "tax_id_check_character",
        [
            "is mistyped: the last character would have to be {expected}",
            "输入有误：校验位（最后一位）应为 {expected}",
        ],
    ),
    ("cannot_own", ["must be an active person who may work on customers", "须为可处理客户的在职人员"]),
    ("outside_team", ["must be somebody in your teams", "须为您团队中的成员"]),
    (
        "currency_of_credit_limit",
        [
            "is the currency of the credit limit, which finance sets together with it",
            "是信用额度的币种，须由财务连同额度一并设定",
        ],
    ),
    ("defect_no_reachable_contact", ["nobody there can be reached", "没有可联系到的联系人"]),
    ("defect_no_tax_id", ["there is no tax id", "缺少税号"]),
    ("defect_no_billing_address", ["there is no billing address", "缺少开票地址"]),
    ("defect_no_shipping_address", ["there is no shipping address", "缺少收货地址"]),
    ("defect_no_owner", ["nobody looks after it", "没有负责人"]),
    ("defect_no_primary_contact", ["there is no primary contact", "没有主要联系人"]),
    ("defect_no_region", ["there is no region", "缺少所属区域"]),
    ("defect_no_industry", ["there is no industry", "缺少所属行业"]),
    ("defect_no_bank_details", ["there is no bank account", "缺少银行账户"]),
    ("defect_no_source", ["it is not known where it came from", "缺少客户来源"]),
    ("pool_rule", ["Nobody has looked after it for {days} days", "连续 {days} 天无人跟进"]),
    (
        "customer_falls_to_pool",
        [
            "In {days} {days:day|days} the customer {customer} falls back to the pool unless somebody looks after it",
            "客户 {customer} 若再无人跟进，将于 {days} 天后收回公海",
        ],
    ),
    (
        "customer_fell_to_pool",
        [
            "The customer {customer} is in the pool: nobody has looked after it for {days} days",
            "客户 {customer} 连续 {days} 天无人跟进，已收回公海",
        ],
    ),
    ("shared_to_read", ["the record is only shared with you to read", "该记录仅共享给您查看"]),
    ("merge_into_itself", ["must be another customer", "须为另一个客户"]),
    ("merged_into_another", ["it was merged into another customer", "已合并到其他客户"]),
    ("second_primary", ["only one contact can be the primary one", "只能有一个主要联系人"]),
    ("second_default", ["only one address of a kind can be the default", "每种地址只能有一个默认地址"]),
];
