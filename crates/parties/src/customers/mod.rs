//! Customers: companies and people that the department sells to, their owners, contacts, addresses and credit
//! terms.
//!
//! A customer has an owner and, through the owner, a team. Both decide who sees it ([`model::visible_to`]).
//! Contacts, addresses and shares are sub-areas with the same structure.

mod addresses;
pub mod columns;
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
use crate::base::db::Replayed;
use crate::base::db::filter::{Predicate, col};
use crate::base::events::{self, EventSource, Verb};
use crate::base::held;
use crate::base::holdings::Holding;
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::coded;
use crate::people::work::TeamFollowers;

pub use model::{AddressId, ContactId, CustomerId};
pub use pool::Attention;
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
    r.declare(Life::of(
        "Customers",
        CustomerId::KIND,
        model::CustomerStatus::ALL,
        model::CustomerAction::ALL,
        model::CustomerStatus::after,
    ));
    r.declare(held!(
        customers::owner_id,
        CustomerId,
        ["Owner of customers", "客户负责人"],
        |person| Predicate::eq(col!(customers::owner_id), person),
        work::pass
    ));
    r.declare(Holding::past(
        col!(customer_pool_moves::user_id),
        ["Moves from and to the pool", "公海领取记录"],
    ));
    r.declare(TeamFollowers(work::follow_to_team));
    r.declare(columns::CUSTOMERS);
    r.declare(columns::CONTACTS);
    r.declare(&columns::CUSTOMERS_IMPORTED);
    r.declare(&columns::CONTACTS_IMPORTED);
    r.declare(coded!(customers, CustomerId, col!(customers::code), model::visible_to));
    TOLD.iter().for_each(|told| r.tells(*told));
    r.declare(Replayed::of::<model::Customer>(col!(customers::id)));
    r.declare(Replayed::of::<contacts::model::Contact>(col!(contacts::id)));
    r.declare(Replayed::of::<addresses::model::Address>(col!(addresses::id)));
    r.tag(
        "customers",
        "Customers: companies and people that the department sells to, with their owners, contacts, \
            addresses and credit terms.",
    );
    r.within_restrictions();
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
    r.expands("cus", work::expand);
    r.expands("con", contacts::work::expand);
}

fn records(r: &mut Routes) {
    r.list("/customers", "listCustomers", &model::CUSTOMERS, http::list)
        .scope(READ)
        .summary("List customers")
        .description(
            "Lists the customers that you see. A rep sees their own customers and those shared with them; a \
            manager also sees the customers of their teams. A machine client can be restricted to certain \
            customers or to one team's customers. Merged customers are left out unless \
            `include_merged=true`.",
        );
    r.create("/customers", "createCustomer", http::create)
        .scope(WRITE)
        .takes(model::ENTRY)
        .summary("Add a customer")
        .description(
            "Enters a customer with its contacts and addresses in one request. The status is `prospect`. \
                If the customer may already exist, the request is refused with `possible_duplicate`: \
                `candidates` lists similar customers that you see, and `others_not_visible` tells whether \
                there are more that you do not see. To enter it all the same, send `allow_duplicate=true` \
                with a `duplicate_reason`. Entry by external id and import skip this check; \
                `GET /customers/duplicates` lists what they brought in.",
        )
        .example(json!({"name": "珠海横琴茗香贸易有限公司", "short_name": "横琴茗香", "tier": "b", "tax_id": "9144030071526726XG",
            "tags": ["VIP"], "contacts": [{"name": "王芳", "is_primary": true, "mobile": "+86 138 0013 8000"}],
            "addresses": [{"kind": "both", "is_default": true, "line1": "天河路 385 号", "city": "广州"}]}))
        .fails_with(&["duplicate", "possible_duplicate", "external_id_taken", "client_restricted"]);
    r.read("/customers/{customer_id}", "getCustomer", http::get)
        .scope(READ)
        .summary("Read a customer")
        .description(
            "Returns one customer that you see. Merged customers can be read, too; `merged_into_id` names \
                the customer that has their records now.",
        )
        .expands(model::EXPAND);
    r.change("/customers/{customer_id}", "updateCustomer", http::update)
        .scope(WRITE)
        .takes(model::CHANGE)
        .summary("Change a customer")
        .description(
            "Changes the fields that you send. Owner, status and credit terms have operations of their \
                own. A change of the name, short name, invoice title, kind or tax number is refused with \
                `possible_duplicate` if it makes the customer like another one; to make it all the same, send \
                `allow_duplicate=true` with a `duplicate_reason`. Refused with `read_only_share` if the \
                customer is only shared with you, and with `customer_merged` if it was merged into another.",
        )
        .example(json!({"tier": "a", "tags": ["VIP", "2026"]}))
        .fails_with(&[
            "duplicate",
            "possible_duplicate",
            "external_id_taken",
            "read_only_share",
            "customer_merged",
        ]);
    r.remove("/customers/{customer_id}", "deleteCustomer", http::delete)
        .scope(WRITE)
        .summary("Delete a customer")
        .description(
            "Deletes a prospect together with its contacts, addresses and shares. Refused with \
                `invalid_transition` in any other status, and with `still_referenced` if orders or other \
                records refer to it. Block such a customer instead.",
        )
        .fails_with(&["still_referenced", "invalid_transition", "read_only_share", "customer_merged"]);
    r.read_by_external_id("/customers/by-external-id/{system}/{id}", "getCustomerByExternalId", http::get)
        .scope(READ)
        .summary("Read a customer by external id")
        .description("Returns the customer that has this external id, if you see it.")
        .expands(model::EXPAND);
    r.put_by_external_id(
        "/customers/by-external-id/{system}/{id}",
        "upsertCustomerByExternalId",
        http::create_named,
        http::update_named,
    )
    .scope(WRITE)
    .summary("Create or change a customer by external id")
    .description(
        "For systems that push their customers here. A new customer needs a `name`. There is no check for \
            duplicates; `GET /customers/duplicates` lists them afterwards. Contacts have external ids and an \
            operation of their own.",
    )
    .example(json!({"name": "深圳市前海云商科技有限公司", "tier": "b"}))
    .fails_with(&[
        "duplicate",
        "external_id_taken",
        "read_only_share",
        "customer_merged",
        "client_restricted",
    ]);
    r.history("/customers/{customer_id}/history", "listCustomerHistory", http::get)
        .scope(READ)
        .summary("Read a customer's history")
        .description(
            "Every change of the customer, oldest first: who made it, when, why, and the fields before \
            and after.",
        );
}

fn life(r: &mut Routes) {
    let fails = &["invalid_transition", "read_only_share", "customer_merged"];
    r.read("/customers/{customer_id}/actions", "getCustomerActions", http::actions)
        .scope(READ)
        .unversioned()
        .summary("Explain a customer's steps")
        .description(
            "Lists every step in the customer's life. For each step that the caller cannot take now it \
                says what stands in the way and who can clear it.",
        );
    r.action("/customers/{customer_id}/activate", "activateCustomer", http::activate)
        .scope(WRITE)
        .summary("Activate a customer")
        .description(
            "Moves the customer from `prospect` or `dormant` to `active`. Refused with \
                `invalid_transition` in any other status.",
        )
        .fails_with(fails);
    r.action("/customers/{customer_id}/mark-dormant", "markCustomerDormant", http::mark_dormant)
        .scope(WRITE)
        .summary("Mark a customer as dormant")
        .description(
            "Moves the customer from `active` to `dormant`. Refused with `invalid_transition` in any \
                other status. Orders of a dormant customer are not stopped.",
        )
        .fails_with(fails);
    r.action("/customers/{customer_id}/block", "blockCustomer", http::block)
        .scope(BLOCK)
        .summary("Block a customer")
        .description(
            "Moves the customer from any other status to `blocked` and keeps the reason. From then on the \
                review of its orders has the hard finding `customer_blocked`: they are not approved, \
                confirmed or shipped unless somebody with `orders:override` lets them pass.",
        )
        .example(json!({"reason": "Invoices unpaid for six months"}))
        .fails_with(fails);
    r.action("/customers/{customer_id}/unblock", "unblockCustomer", http::unblock)
        .scope(BLOCK)
        .summary("Unblock a customer")
        .description(
            "Moves the customer from `blocked` to `active` and clears the reason. Refused with \
                `invalid_transition` in any other status.",
        )
        .fails_with(fails);
    r.action("/customers/{customer_id}/reassign", "reassignCustomer", http::reassign)
        .scope(REASSIGN)
        .summary("Give a customer to another owner")
        .description(
            "Changes the owner; the customer moves to the new owner's team. What the former owner has in hand of it goes \
                along: orders under way, from today on, open tasks, complaints, order exceptions and requests. The \
                new owner sees all of the customer's orders. What was sold before still counts for the former \
                owner, who sees the customer and its orders no more.",
        )
        .example(json!({"owner_id": "usr_019a7c5e8f3a7d10b6c2a94e51757372", "reason": "王芳 has left the company"}))
        .fails_with(&["read_only_share", "customer_merged"]);
    r.action("/customers/{customer_id}/credit-terms", "setCustomerCreditTerms", http::set_credit_terms)
        .scope(CREDIT)
        .summary("Set a customer's credit terms")
        .description(
            "Replaces all credit terms: limit, currency, payment days and payment terms. Finance decides \
                on them, so they are kept apart from the customer's other fields. `credit_limit: null` \
                removes the limit. Orders that exist keep their payment terms; the new limit counts at their \
                next review.",
        )
        .example(json!({"credit_limit": "500000.00", "payment_days": 45, "payment_terms": "45 days net", "reason": "Yearly review"}));
}

static TOLD: [EventSource; 3] = [
    EventSource {
        kind: CustomerId::KIND,
        name: ["Customer", "客户"],
        scopes: READ,
        id: col!(customers::id),
        visible: model::visible_to,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            events::DELETED,
            Verb::new("activated", "The customer became active."),
            Verb::new("marked_dormant", "The customer became dormant.")
                .reads("marked as dormant", "已标记为休眠"),
            Verb::new("blocked", "The customer was blocked."),
            Verb::new("unblocked", "The customer was unblocked and is active again."),
            Verb::new("reassigned", "Another person became the owner of the customer.")
                .reads("handed over", "已移交"),
            Verb::new("credit_terms_changed", "Finance set the customer's credit limit or payment terms.")
                .reads("credit terms changed", "信用条件已变更"),
            Verb::new("merged", "The customer was merged into another, which has its records now.")
                .reads("merged into another", "已合并到其他记录"),
            Verb::new("absorbed", "Another customer was merged into this one.")
                .reads("another record was merged into it", "并入了其他记录"),
            Verb::new("unmerged", "The merge of this customer was undone; it has its records again.")
                .reads("merge undone", "已撤销合并"),
            Verb::new("gave_back", "A merge into this customer was undone.")
                .reads("a merged record was separated again", "已撤回并入的记录"),
            Verb::new("shared", "The customer was shared with a person or a team.").reads("shared", "已共享"),
            Verb::new("confirmed", "Somebody confirmed that the customer's data are right."),
            Verb::new("pooled", "The customer went to the pool and has no owner any more.")
                .reads("returned to the pool", "已收回公海"),
            Verb::new("claimed", "Somebody took the customer from the pool and became its owner.")
                .reads("taken from the pool", "已从公海领取"),
            Verb::new("unshared", "The customer is no longer shared with a person or a team.")
                .reads("share removed", "已取消共享"),
        ],
    },
    EventSource {
        kind: ContactId::KIND,
        name: ["Contact", "联系人"],
        scopes: READ,
        id: col!(contacts::id),
        visible: contacts::model::visible_to,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
    EventSource {
        kind: AddressId::KIND,
        name: ["Address", "地址"],
        scopes: READ_OR_SHIP_TO,
        id: col!(addresses::id),
        visible: addresses::model::visible_of_all,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
];

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "read_only_share",
        403,
        ["Shared for reading only", "仅共享查看"],
        [
            "This record is shared with you for reading only. Its owner, a manager or a clerk may change it.",
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
        ["This customer is not in the pool.", "该客户不在公海中。"],
        [
            "`GET /customers/pool` lists the customers that can be claimed.",
            "可领取的客户见 `GET /customers/pool`。",
        ],
    ),
    problem_text(
        "in_pool",
        409,
        ["In the pool", "已在公海中"],
        ["This customer is already in the pool.", "该客户已在公海中。"],
        ["There is nothing to give back.", "无需退回。"],
    ),
    problem_text(
        "claimed_too_soon",
        409,
        ["Claimed again too soon", "领取间隔不足"],
        [
            "A person who lost a customer to the pool cannot claim it for {days} days.",
            "客户收回公海后，原负责人 {days} 天内不能再次领取。",
        ],
        [
            "Leave the customer to others, or ask your manager to assign it to you.",
            "请由他人领取，或请经理将其移交给您。",
        ],
    ),
    problem_text(
        "too_many_claims",
        409,
        ["Too many claims", "领取数量已达上限"],
        [
            "A person may claim at most {most} customers within 30 days.",
            "每人 30 天内最多领取 {most} 个客户。",
        ],
        [
            "Try again later, or ask your manager to assign the customer to you.",
            "请稍后再领取，或请经理将其移交给您。",
        ],
    ),
    problem_text(
        "merge_too_large",
        409,
        ["Too many records to merge", "合并数据过多"],
        [
            "The customer has more than {most} records, or both together have more than 20 external ids.",
            "该客户的记录超过 {most} 条，或两个客户的外部编号合计超过 20 个。",
        ],
        ["Merge the other customer into this one instead.", "请改为将另一客户合并到该客户。"],
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
        ["Enter the customer again.", "请重新录入客户。"],
    ),
    problem_text(
        "merge_terms",
        409,
        ["Credit limits in two currencies", "信用额度币种不同"],
        [
            "The credit limits of the two customers are in different currencies and cannot be compared.",
            "两个客户的信用额度币种不同，无法比较。",
        ],
        [
            "Ask somebody with customers:credit to set both limits in one currency, or to merge.",
            "请由拥有 customers:credit 权限的人统一额度币种，或由其合并。",
        ],
    ),
    problem_text(
        "possible_duplicate",
        409,
        ["Possible duplicate", "可能重复"],
        ["This customer or supplier may already exist.", "该客户或供应商可能已存在。"],
        [
            "Use one of `candidates`, or send `allow_duplicate=true` with a `duplicate_reason`.",
            "请使用 `candidates` 中已有的记录，或带上 `allow_duplicate=true` 和 `duplicate_reason` 重新提交。",
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
            "has a character that does not occur in unified social credit codes (such as I, O, S, V or Z)",
            "含有统一社会信用代码不使用的字符（不使用 I、O、S、V、Z）",
        ],
    ),
    (
        "tax_id_check_character",
        [
            "is mistyped: with the other characters the last one must be {expected}",
            "输入有误：校验位（最后一位）应为 {expected}",
        ],
    ),
    ("cannot_own", ["must be an active person who may work on customers", "须为可处理客户的在职人员"]),
    ("outside_team", ["must be a person in your teams", "须为您团队中的成员"]),
    (
        "currency_of_credit_limit",
        [
            "cannot be changed here while there is a credit limit: finance sets both together",
            "是信用额度的币种，须由财务连同额度一并设定",
        ],
    ),
    ("defect_no_reachable_contact", ["there is no contact who can be reached", "没有可联系到的联系人"]),
    ("defect_no_tax_id", ["there is no tax id", "缺少税号"]),
    ("defect_no_billing_address", ["there is no billing address", "缺少开票地址"]),
    ("defect_no_shipping_address", ["there is no shipping address", "缺少收货地址"]),
    ("defect_no_owner", ["there is no owner", "没有负责人"]),
    ("defect_no_primary_contact", ["there is no primary contact", "没有主要联系人"]),
    ("defect_no_region", ["there is no region", "缺少所属区域"]),
    ("defect_no_industry", ["there is no industry", "缺少所属行业"]),
    ("defect_no_bank_details", ["there is no bank account", "缺少银行账户"]),
    ("defect_no_source", ["there is no source", "缺少客户来源"]),
    ("pool_rule", ["Nobody has looked after it for {days} days", "连续 {days} 天无人跟进"]),
    (
        "customer_falls_to_pool",
        [
            "The customer {customer} falls to the pool in {days} {days:day|days} if nobody attends to it",
            "客户 {customer} 若再无人跟进，将于 {days} 天后收回公海",
        ],
    ),
    (
        "customer_fell_to_pool",
        [
            "The customer {customer} is in the pool now: nobody has attended to it for {days} days",
            "客户 {customer} 连续 {days} 天无人跟进，已收回公海",
        ],
    ),
    ("shared_to_read", ["the record is shared with you for reading only", "该记录仅共享给您查看"]),
    ("merge_into_itself", ["must be another customer", "须为另一个客户"]),
    ("merged_into_another", ["it was merged into another customer", "已合并到其他客户"]),
    ("second_primary", ["only one contact can be primary", "只能有一个主要联系人"]),
    ("second_default", ["only one address of a kind can be the default", "每种地址只能有一个默认地址"]),
];
