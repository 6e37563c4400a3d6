//! Prices: price lists, the prices on them with their periods, and which price applies to a customer.
//!
//! | endpoint | who |
//! |---|---|
//! | read lists and prices, ask for a price | `prices:read` |
//! | write lists and the prices of drafts | `prices:write` |
//! | activate and retire lists, prices of active lists | `prices:approve` |
//!
//! The price of any past day can be asked for, so past days keep their prices: a price on an active list
//! begins today at the earliest and ends the one before it. A retired list still answers for the days on
//! which it was in use.

pub mod columns;
mod http;
pub mod model;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::coded;
use crate::schema::price_lists;
use model::PriceList;
use salesdesk_parties::movable;

pub use model::{PriceContext, PriceId, PriceListId, PriceQuestion, Resolved, Rule};

pub const AREA: Area = Area { name: "prices", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::PricesRead];
const WRITE: &[Scope] = &[Scope::PricesWrite];
const APPROVE: &[Scope] = &[Scope::PricesApprove];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Price lists",
        model::PriceListId::KIND,
        model::PriceListStatus::ALL,
        model::PriceListAction::ALL,
        model::PriceListStatus::after,
    ));
    r.declare(columns::PRICES);
    r.declare(&columns::PRICES_IMPORTED);
    r.declare(coded!(price_lists, PriceListId, col!(price_lists::code), model::visible_to));
    r.declare(movable!(PriceList, price_lists, PriceListId, Some));
    TOLD.iter().for_each(|told| r.tells(*told));
    r.declare(Replayed::of::<model::PriceList>(col!(price_lists::id)));
    r.declare(Replayed::of::<model::PriceEntry>(col!(prices::id)));
    lists(r);
    prices(r);
    r.read("/prices/resolve", "resolvePrice", http::resolve)
        .scope(READ)
        .takes(model::QUESTION)
        .expands(&["product", "customer", "price_list"])
        .unversioned()
        .summary("Find the price of a product")
        .description(
            "Finds the price that applies to a customer, quantity and day, and tells how it was found. A \
                list for the customer is used before one for the tier, then one for the channel, then a \
                general one. Among equally specific lists the higher priority decides, then the later first \
                day, then the code. On a list, a price in the unit asked for is used before a converted one, \
                and the highest `min_quantity` that is reached applies. Without a price the answer is 200 \
                with `price` null and the reasons in `considered`.",
        );
    r.expands("pls", work::expand_lists);
}

fn lists(r: &mut Routes) {
    r.tag("price-lists", "Price lists: for all customers, or for one customer, tier or channel.");
    r.within_restrictions();
    r.list("/price-lists", "listPriceLists", &model::PRICE_LISTS, http::list)
        .scope(READ)
        .summary("List price lists")
        .description(
            "Lists the price lists for everybody and those of customers that you see, in every status.",
        );
    r.create("/price-lists", "createPriceList", http::create)
        .scope(WRITE)
        .summary("Add a price list")
        .description("Enters a price list as a draft. It has no effect until it is activated.")
        .example(json!({"code": "RETAIL-2026", "name": "2026 零售价", "currency": "CNY", "valid_from": "2026-01-01", "priority": 100}))
        .fails_with(&["duplicate", "customer_merged"]);
    r.read("/price-lists/{price_list_id}", "getPriceList", http::get)
        .scope(READ)
        .expands(model::PRICE_LISTS.expand)
        .summary("Read a price list")
        .description("Returns one price list. Its prices have operations of their own.");
    r.change("/price-lists/{price_list_id}", "updatePriceList", http::update)
        .scope(WRITE)
        .summary("Change a price list")
        .description(
            "A draft can be changed freely. After activation only name, notes, external ids and the last \
                day can change, and the last day cannot be moved before yesterday. Other changes are refused \
                with `price_list_in_use`.",
        )
        .example(json!({"name": "2026 零售价（修订）", "notes": "Checked with finance"}))
        .fails_with(&["duplicate", "customer_merged", "price_list_in_use"]);
    r.remove("/price-lists/{price_list_id}", "deletePriceList", http::delete)
        .scope(WRITE)
        .summary("Delete a price list")
        .description(
            "Deletes a draft with its prices. Refused with `price_list_in_use` after activation; retire \
                the list instead.",
        )
        .fails_with(&["price_list_in_use"]);
    r.action("/price-lists/{price_list_id}/activate", "activatePriceList", http::activate)
        .scope(APPROVE)
        .optional_body()
        .summary("Activate a price list")
        .description(
            "Moves the price list from `draft` to `active` and records the approver. From then on its \
                prices apply, also to orders with an earlier order date that lies within its days. Lines \
                that are already priced keep their prices.",
        )
        .example(json!({"reason": "Approved in the pricing round"}))
        .fails_with(&["invalid_transition"]);
    r.action("/price-lists/{price_list_id}/retire", "retirePriceList", http::retire)
        .scope(APPROVE)
        .optional_body()
        .summary("Retire a price list")
        .description(
            "Moves the price list from `active` to `retired`. It is not used from today on; questions \
                about earlier days still use it.",
        )
        .example(json!({"reason": "Replaced by RETAIL-2027"}))
        .fails_with(&["invalid_transition"]);
    r.read_by_external_id("/price-lists/by-external-id/{system}/{id}", "getPriceListByExternalId", http::get)
        .scope(READ)
        .expands(model::PRICE_LISTS.expand)
        .summary("Read a price list by external id")
        .description("Returns the price list that has this external id, if you see it.");
    r.put_by_external_id(
        "/price-lists/by-external-id/{system}/{id}",
        "upsertPriceListByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .summary("Create or change a price list by external id")
    .description(
        "For systems that push their price lists here. A new list needs `code`, `name` and `currency` and \
            is entered as a draft. After activation only name, notes, external ids and the last day can \
            change.",
    )
    .example(
        json!({"code": "RETAIL-2026", "name": "2026 零售价", "currency": "CNY", "valid_from": "2026-01-01"}),
    )
    .fails_with(&["duplicate", "customer_merged", "external_id_taken", "price_list_in_use"]);
    r.history("/price-lists/{price_list_id}/history", "listPriceListHistory", http::get)
        .scope(READ)
        .summary("Read a price list's history")
        .description(
            "Every change of the price list, oldest first: who made it, when, why, and the fields before \
            and after.",
        );
}

fn prices(r: &mut Routes) {
    r.tag(
        "prices",
        "Prices: what products cost on the price lists, from which quantity and for which period.",
    );
    r.within_restrictions();
    r.list("/prices", "listAllPrices", &model::ALL_PRICES, http::list_all_prices)
        .scope(READ)
        .summary("List the prices of all lists")
        .description(
            "Lists the prices on all price lists that you see, in every status. Use it to keep another \
            system in step.",
        );
    r.list("/price-lists/{price_list_id}/prices", "listPrices", &model::PRICES, http::list_prices)
        .scope(READ)
        .summary("List the prices of a list")
        .description("Lists the prices on one price list, also those for past and future days.");
    r.create("/price-lists/{price_list_id}/prices", "addPrice", http::add_price)
        .scope(WRITE)
        .summary("Add a price to a list")
        .description(
            "Adds a price. An earlier price for the same product, unit and `min_quantity` ends the day \
                before; if the new price has a last day, the earlier one applies again after it. If a price \
                begins on the same day or later within the new period, the request is refused with \
                `price_overlap`. On an active list this needs `prices:approve`, and the price begins today \
                at the earliest. A retired list is refused with `price_list_in_use`.",
        )
        .example(json!({"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51707264", "unit_price": "12.50"}))
        .fails_with(&["price_overlap", "price_list_in_use"]);
    r.read("/price-lists/{price_list_id}/prices/{price_id}", "getPrice", http::get_price)
        .scope(READ)
        .expands(model::PRICES.expand)
        .summary("Read a price")
        .description("Returns one price on the list.");
    r.change("/price-lists/{price_list_id}/prices/{price_id}", "updatePrice", http::update_price)
        .scope(WRITE)
        .summary("Change a price")
        .description(
            "On a draft list, and before the first day of the price, everything can change. After that \
                only the last day can change, to yesterday at the earliest. On an active list this needs \
                `prices:approve`. Refused with `price_overlap` when another price for the same product, unit \
                and `min_quantity` applies on the same days.",
        )
        .example(json!({"valid_to": "2099-12-31"}))
        .fails_with(&["price_overlap", "price_list_in_use"]);
    r.remove("/price-lists/{price_list_id}/prices/{price_id}", "deletePrice", http::delete_price)
        .scope(WRITE)
        .summary("Delete a price")
        .description(
            "Deletes a price on a draft list; on an active list only before its first day and with \
                `prices:approve`. A price that has begun is refused with `price_list_in_use`: set its last \
                day instead.",
        )
        .fails_with(&["price_list_in_use"]);
    r.history("/price-lists/{price_list_id}/prices/{price_id}/history", "listPriceHistory", http::get_price)
        .scope(READ)
        .summary("Read a price's history")
        .description(
            "Every change of the price, oldest first: who made it, when, why, and the fields before and \
                after.",
        );
}

static TOLD: [EventSource; 2] = [
    EventSource {
        kind: model::PriceListId::KIND,
        name: ["Price list", "价目表"],
        scopes: READ,
        id: col!(price_lists::id),
        visible: model::visible_to,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            events::DELETED,
            Verb::new("activated", "The price list was activated; its prices are in use."),
            Verb::new("retired", "The price list was retired; its prices are not used any more.")
                .reads("retired", "已停用"),
        ],
    },
    EventSource {
        kind: model::PriceId::KIND,
        name: ["Price", "价格"],
        scopes: READ,
        id: col!(prices::id),
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
            "The price list is {current_status}, so this can no longer be changed: {what}.",
            "价目表状态为 {current_status}，不能再更改（{what}）。",
        ],
        [
            "Add a new price that begins later, or make a new price list. Past prices stay as they were.",
            "请添加从以后某日起生效的新价格，或另建价目表；已生效的内容保持不变。",
        ],
    ),
    problem_text(
        "price_overlap",
        409,
        ["Prices overlap", "价格期间重叠"],
        [
            "There is already a price for this product, unit and quantity, from {valid_from} on.",
            "该产品、单位和起订量自 {valid_from} 起已有价格。",
        ],
        [
            "`existing_id` names that price. End the new price before that one begins, or change that one.",
            "existing_id 指出该价格：请让新价格在其开始之前结束，或修改该价格。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[
    ("customer_or_tier", ["cannot be combined with a customer", "不能与指定客户同时使用"]),
    (
        "price_in_the_past",
        ["must not be before {min}: prices of past days do not change", "不能早于 {min}：过去的价格保持不变"],
    ),
    (
        "end_in_the_past",
        ["cannot be moved within past days: {min} at the earliest", "不能更改过去日期的有效期：最早 {min}"],
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
    ("list_not_valid", ["the list is not valid on this day", "价目表在该日期无效"]),
    ("other_currency", ["the list is in {currency}", "价目表币种为 {currency}"]),
    ("other_tier", ["the list is for tier {tier}", "价目表适用于 {tier} 级客户"]),
    ("other_channel", ["the list is for the channel {channel}", "价目表适用于渠道 {channel}"]),
    (
        "no_price_on_date",
        ["the list has a price for the product, but none on this day", "价目表有该产品价格，但该日期无效"],
    ),
    ("no_price_for_product", ["the list has no price for the product", "价目表没有该产品的价格"]),
    ("not_convertible", ["the price cannot be converted to the unit asked for", "价格无法换算为所询单位"]),
];
