//! Products: what the company sells, in which units, and the categories that products are sorted into.
//!
//! | endpoint | who |
//! |---|---|
//! | read products, categories | `products:read` |
//! | write them, steps in a product's life | `products:write` |
//! | see and write `cost` | `products:cost` |

pub mod categories;
mod check;
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
use crate::base::http::{Routes, history};
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::coded;

pub use model::{CategoryId, Product, ProductId, ProductStatus};

pub const AREA: Area = Area { name: "products", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ProductsRead];
const WRITE: &[Scope] = &[Scope::ProductsWrite];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Products",
        model::ProductId::KIND,
        model::ProductStatus::ALL,
        model::ProductAction::ALL,
        model::ProductStatus::after,
    ));
    r.declare(columns::PRODUCTS);
    r.declare(&columns::PRODUCTS_IMPORTED);
    r.declare(coded!(products, ProductId, col!(products::sku), events::seen_by_all));
    r.tells(TOLD);
    r.declare(check::CHECK);
    r.declare(Replayed::of::<model::Product>(col!(products::id)));
    categories::routes(r);
    products(r);
    steps(r);
    r.expands("prd", work::expand_products);
}

fn products(r: &mut Routes) {
    r.tag("products", "Products: names, units, tax rate, cost and life.");
    r.reads_within_restrictions();
    r.list("/products", "listProducts", &model::PRODUCTS, http::list)
        .scope(READ)
        .summary("List products")
        .description(
            "Lists products of every status. `cost` and `cost_currency` are null for callers without \
            `products:cost`.",
        );
    r.create("/products", "createProduct", http::create)
        .scope(WRITE)
        .summary("Add a product")
        .description(
            "Enters a product as a draft; activate it to put it on sale. Sending `cost` needs \
                `products:cost`. Refused with `duplicate` when another product has the article number or \
                barcode.",
        )
        .example(json!({"sku": "TEA-101", "name": "黄山毛峰", "name_en": "Huangshan Maofeng tea", "unit": "pcs", "units": [{"unit": "box", "factor": "24"}], "tax_rate": "0.13", "barcode": "6901234567892"}))
        .fails_with(&["duplicate"]);
    r.read("/products/{product_id}", "getProduct", http::get)
        .scope(READ)
        .expands(model::PRODUCTS.expand)
        .summary("Read a product")
        .description(
            "Returns one product. `cost` and `cost_currency` are null for callers without `products:cost`.",
        );
    r.change("/products/{product_id}", "updateProduct", http::update)
        .scope(WRITE)
        .summary("Change a product")
        .description(
            "Changes the fields that you send. A unit that has prices cannot be removed, and the base \
                unit cannot be changed once the product has left the draft or has prices (`unit_in_use`). \
                Sending `cost` or `cost_currency` needs `products:cost`. Existing order lines keep what they \
                copied.",
        )
        .example(json!({"description": "Spring harvest", "units": [{"unit": "box", "factor": "24"}]}))
        .fails_with(&["duplicate", "unit_in_use"]);
    r.remove("/products/{product_id}", "deleteProduct", http::delete)
        .scope(WRITE)
        .summary("Delete a product")
        .description(
            "Deletes the product. Refused with `still_referenced` if a price, an order or another record \
                names it. Discontinue such a product instead.",
        )
        .fails_with(&["still_referenced"]);
    r.read_by_external_id("/products/by-external-id/{system}/{id}", "getProductByExternalId", http::get)
        .scope(READ)
        .expands(model::PRODUCTS.expand)
        .summary("Read a product by external id")
        .description("Returns the product that has this external id.");
    r.put_by_external_id(
        "/products/by-external-id/{system}/{id}",
        "upsertProductByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .summary("Create or change a product by external id")
    .description(
        "For systems that push their products here. A new product needs `sku`, `name`, `unit` and \
            `tax_rate` and is entered as a draft. Sending `cost` or `cost_currency` needs `products:cost`.",
    )
    .example(json!({"sku": "TEA-001", "name": "龙井茶", "unit": "pcs", "tax_rate": "0.13"}))
    .fails_with(&["duplicate", "external_id_taken", "unit_in_use"]);
    r.list("/products/{product_id}/history", "listProductHistory", &history::HISTORY, http::history)
        .scope(READ)
        .summary("Read a product's history")
        .description(
            "Every change of the product, oldest first: who made it, when, why, and the fields before and \
                after. Changes of the cost are shown only to callers with `products:cost`.",
        );
}

fn steps(r: &mut Routes) {
    r.action("/products/{product_id}/activate", "activateProduct", http::activate)
        .scope(WRITE)
        .optional_body()
        .summary("Put a product on sale")
        .description(
            "Moves the product from `draft` to `active`. Refused with `invalid_transition` in any other \
                status.",
        )
        .example(json!({"reason": "Spring catalogue"}))
        .fails_with(&["invalid_transition"]);
    r.action("/products/{product_id}/discontinue", "discontinueProduct", http::discontinue)
        .scope(WRITE)
        .optional_body()
        .summary("Take a product off sale")
        .description(
            "Moves the product from `active` to `discontinued`. From then on the review of orders with \
                this product has a hard finding. Confirmed orders are not affected.",
        )
        .example(json!({"reason": "Replaced by TEA-002"}))
        .fails_with(&["invalid_transition"]);
    r.action("/products/{product_id}/reactivate", "reactivateProduct", http::reactivate)
        .scope(WRITE)
        .optional_body()
        .summary("Put a product back on sale")
        .description(
            "Moves the product from `discontinued` to `active`. Refused with `invalid_transition` in any \
                other status.",
        )
        .example(json!({"reason": "Asked for by customers"}))
        .fails_with(&["invalid_transition"]);
}

const TOLD: EventSource = EventSource {
    kind: model::ProductId::KIND,
    name: ["Product", "产品"],
    scopes: READ,
    id: col!(products::id),
    visible: events::seen_by_all,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        events::DELETED,
        Verb::new("activated", "The product was put on sale."),
        Verb::new("discontinued", "The product was taken off sale.").reads("taken off sale", "已停售"),
        Verb::new("reactivated", "The product was put back on sale.").reads("reactivated", "已重新激活"),
    ],
};

static PROBLEMS: &[ProblemText] = &[problem_text(
    "unit_in_use",
    409,
    ["Unit in use", "计量单位使用中"],
    [
        "The unit {unit} is the base unit or has prices, so it cannot be removed.",
        "计量单位 {unit} 已用于计数或定价，不能移除。",
    ],
    [
        "Keep the unit. You can end the prices in it, or enter another product for another base unit.",
        "请保留该单位；可结束以它标价的价格，或为新的基本单位另建产品。",
    ],
)];

static PHRASES: &[Phrase] = &[
    ("is_base_unit", ["is the base unit, which needs no conversion", "已是基本单位，无需换算"]),
    (
        "barcode_check_digit",
        ["has a wrong check digit: {expected} is expected at the end", "校验位错误：末位应为 {expected}"],
    ),
    ("without_cost", ["is only for a product with a cost", "仅用于填写了成本的产品"]),
];
