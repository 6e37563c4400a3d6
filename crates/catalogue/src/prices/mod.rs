//! Prices: price lists, the prices on them through time, and which one holds for a customer.
//!
//! | endpoint | who |
//! |---|---|
//! | read lists and prices, ask for a price | `prices:read` |
//! | write lists and the prices of drafts | `prices:write` |
//! | activate and retire lists, prices of active lists | `prices:approve` |
//!
//! What was valid on a day can always be asked, so days gone by keep their prices: a price on an active list
//! begins today at the earliest and ends the one before it; a list that is retired still answers for the days
//! it was in use.

mod http;
pub mod model;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::schema::price_lists;
use model::PriceList;
use salesdesk_parties::movable;

pub use model::{PriceContext, PriceId, PriceListId, PriceQuestion, Resolved, Rule};

pub const AREA: Area = Area { name: "prices", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::PricesRead];
const WRITE: &[Scope] = &[Scope::PricesWrite];
const APPROVE: &[Scope] = &[Scope::PricesApprove];

fn routes(r: &mut Routes) {
    r.declare(movable!(PriceList, price_lists, PriceListId, Some));
    TOLD.iter().for_each(|told| r.tells(*told));
    lists(r);
    prices(r);
    r.read("/prices/resolve", "resolvePrice", http::resolve)
        .scope(READ)
        .takes(model::QUESTION)
        .expands(&["product", "customer", "price_list"])
        .unversioned()
        .says("Ask for a price", "A list for the customer goes before one for the tier, that before one for the channel, that before a general one; then the higher priority, the later first day, the code. Within a list a price in the unit asked for goes before a converted one, and the highest break that is reached counts. Without a price the answer is 200 with `price` null and the reasons.");
    r.expanders.insert("pls", work::expand_lists);
}

fn lists(r: &mut Routes) {
    r.tag("price-lists", "Price lists, for all or for a customer, tier or channel.");
    r.list("/price-lists", "listPriceLists", &model::PRICE_LISTS, http::list)
        .scope(READ)
        .says("List price lists", "");
    r.create("/price-lists", "createPriceList", http::create)
        .scope(WRITE)
        .says("Add a price list", "It begins as a draft, without effect until it is activated.")
        .example(json!({"code": "RETAIL-2026", "name": "2026 零售价", "currency": "CNY", "valid_from": "2026-01-01", "priority": 100}))
        .fails_with(&["duplicate", "customer_merged"]);
    r.read("/price-lists/{price_list_id}", "getPriceList", http::get)
        .scope(READ)
        .expands(model::PRICE_LISTS.expand)
        .says("Read a price list", "");
    r.change("/price-lists/{price_list_id}", "updatePriceList", http::update)
        .scope(WRITE)
        .says("Change a price list", "Once it is active only its name, notes, last day and external ids; the last day not before yesterday.")
        .example(json!({"name": "2026 零售价（修订）", "notes": "Checked with finance"}))
        .fails_with(&["duplicate", "customer_merged", "price_list_in_use"]);
    r.remove("/price-lists/{price_list_id}", "deletePriceList", http::delete)
        .scope(WRITE)
        .says("Delete a price list", "Only a draft; its prices go with it.")
        .fails_with(&["price_list_in_use"]);
    r.action("/price-lists/{price_list_id}/activate", "activatePriceList", http::activate)
        .scope(APPROVE)
        .optional_body()
        .says(
            "Approve a price list",
            "draft → active. From now on its prices hold, also for days gone by that its dates include.",
        )
        .example(json!({"reason": "Approved in the pricing round"}))
        .fails_with(&["invalid_transition"]);
    r.action("/price-lists/{price_list_id}/retire", "retirePriceList", http::retire)
        .scope(APPROVE)
        .optional_body()
        .says(
            "Retire a price list",
            "active → retired. It holds no more from today on; the days before keep its prices.",
        )
        .example(json!({"reason": "Replaced by RETAIL-2027"}))
        .fails_with(&["invalid_transition"]);
    r.read_by_external_id("/price-lists/by-external-id/{system}/{id}", "getPriceListByExternalId", http::get)
        .scope(READ)
        .expands(model::PRICE_LISTS.expand)
        .says("Read a price list by external id", "");
    r.put_by_external_id(
        "/price-lists/by-external-id/{system}/{id}",
        "upsertPriceListByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .says("Create or change a price list by external id", "A new one needs `code`, `name` and `currency`, and begins as a draft. Once it is active only name, notes, last day and external ids change.")
    .example(json!({"code": "RETAIL-2026", "name": "2026 零售价", "currency": "CNY", "valid_from": "2026-01-01"}))
    .fails_with(&["duplicate", "customer_merged", "external_id_taken", "price_list_in_use"]);
    r.history("/price-lists/{price_list_id}/history", "listPriceListHistory", http::get)
        .scope(READ)
        .says("History of a price list", "Every change: who, when, why, before and after.");
}

fn prices(r: &mut Routes) {
    r.tag("prices", "What products cost, from which quantity and day on.");
    r.list("/prices", "listAllPrices", &model::ALL_PRICES, http::list_all_prices)
        .scope(READ)
        .says("List the prices of all lists", "Of the lists that you see, whatever their status.");
    r.list("/price-lists/{price_list_id}/prices", "listPrices", &model::PRICES, http::list_prices)
        .scope(READ)
        .says("List the prices of a list", "");
    r.create("/price-lists/{price_list_id}/prices", "addPrice", http::add_price)
        .scope(WRITE)
        .says("Add a price to a list", "A price of the same product, unit and `min_quantity` that began earlier ends the day before; when the new one has a last day, the old one holds again after it. One that begins on the same day or later is not touched: 409 `price_overlap`. On an active list this needs `prices:approve`, and it begins today at the earliest.")
        .example(json!({"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51d0f37b", "unit_price": "12.50"}))
        .fails_with(&["price_overlap", "price_list_in_use"]);
    r.read("/price-lists/{price_list_id}/prices/{price_id}", "getPrice", http::get_price)
        .scope(READ)
        .expands(model::PRICES.expand)
        .says("Read a price", "");
    r.change("/price-lists/{price_list_id}/prices/{price_id}", "updatePrice", http::update_price)
        .scope(WRITE)
        .says("Change a price", "While the list is a draft, or before the price's first day, everything; after that only its last day, not before yesterday. On an active list this needs `prices:approve`.")
        .example(json!({"valid_to": "2099-12-31"}))
        .fails_with(&["price_overlap", "price_list_in_use"]);
    r.remove("/price-lists/{price_list_id}/prices/{price_id}", "deletePrice", http::delete_price)
        .scope(WRITE)
        .says("Delete a price", "While the list is a draft, or with `prices:approve` before the price's first day; end it otherwise.")
        .fails_with(&["price_list_in_use"]);
    r.history("/price-lists/{price_list_id}/prices/{price_id}/history", "listPriceHistory", http::get_price)
        .scope(READ)
        .says("History of a price", "Every change: who, when, why, before and after.");
}

static TOLD: [Told; 2] = [
    Told {
        kind: model::PriceListId::KIND,
        scopes: READ,
        select: "SELECT price_lists.id FROM price_lists WHERE ",
        visible: model::visible_to,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            events::DELETED,
            ("activated", "Its prices hold."),
            ("retired", "Its prices do not hold any more."),
        ],
    },
    Told {
        kind: model::PriceId::KIND,
        scopes: READ,
        select: "SELECT prices.id FROM prices WHERE ",
        visible: model::prices_visible_to,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
];

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "price_list_in_use",
        409,
        ["Price list in use", "价目表使用中"],
        [
            "The price list is {current_status}, so this cannot be changed any more ({what}).",
            "价目表状态为 {current_status}，不能再更改（{what}）。",
        ],
        [
            "Add a new price from a later day on, or make a new price list; what was valid stays as it was.",
            "请添加从以后某日起生效的新价格，或另建价目表；已生效的内容保持不变。",
        ],
    ),
    problem_text(
        "price_overlap",
        409,
        ["Prices overlap", "价格期间重叠"],
        [
            "There is a price for this product, unit and quantity from {valid_from} on already.",
            "该产品、单位和起订量自 {valid_from} 起已有价格。",
        ],
        [
            "existing_id names that price: end the new one before it begins, or change that one.",
            "existing_id 指出该价格：请让新价格在其开始之前结束，或修改该价格。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[
    ("customer_or_tier", ["cannot be combined with a customer", "不能与指定客户同时使用"]),
    (
        "price_in_the_past",
        ["must not be before {min}: prices of days gone by stay", "不能早于 {min}：过去的价格保持不变"],
    ),
    (
        "end_in_the_past",
        [
            "cannot move the end among days gone by: {min} at the earliest",
            "不能更改过去日期的有效期：最早 {min}",
        ],
    ),
    ("customer_list", ["from the customer's own price list {list}", "来自客户专属价目表 {list}"]),
    ("tier_list", ["from the price list {list} for tier {tier}", "来自 {tier} 级客户价目表 {list}"]),
    (
        "channel_list",
        ["from the price list {list} for the channel {channel}", "来自渠道 {channel} 的价目表 {list}"],
    ),
    ("general_list", ["from the general price list {list}", "来自通用价目表 {list}"]),
    ("break_not_reached", ["begins at {min_quantity} {unit}", "起订量为 {min_quantity} {unit}"]),
    ("less_specific", ["is on a list that is less specific", "所在价目表针对性较低"]),
    (
        "lower_priority",
        ["is on a list with the lower priority {priority}", "所在价目表优先级较低（{priority}）"],
    ),
    (
        "older_list",
        ["is on a list that began earlier, on {valid_from}", "所在价目表生效较早（{valid_from}）"],
    ),
    ("later_code", ["is on a list whose code comes later", "所在价目表编号排序在后"]),
    ("other_unit", ["is given in another unit, {unit}", "以其他单位 {unit} 标价"]),
    (
        "smaller_break",
        [
            "is for a smaller quantity, from {min_quantity} {unit}",
            "适用于较小数量（{min_quantity} {unit} 起）",
        ],
    ),
    ("list_retired", ["the list was retired on {retired_on}", "价目表已于 {retired_on} 停用"]),
    ("list_not_valid", ["the list does not hold on this day", "价目表在该日期无效"]),
    ("other_currency", ["the list is in {currency}", "价目表币种为 {currency}"]),
    ("other_tier", ["the list is for tier {tier}", "价目表适用于 {tier} 级客户"]),
    ("other_channel", ["the list is for the channel {channel}", "价目表适用于渠道 {channel}"]),
    (
        "no_price_on_date",
        ["the list has a price for the product, but not on this day", "价目表有该产品价格，但该日期无效"],
    ),
    ("no_price_for_product", ["the list has no price for the product", "价目表没有该产品的价格"]),
    ("not_convertible", ["the price cannot be converted to the unit asked for", "价格无法换算为所询单位"]),
];
