//! The columns of files of prices.

use crate::base::columns::{Exported, Heading, date, instant, number, text};

pub const PRICES: Exported =
    Exported { resource: "prices", about: "", path: "/prices", columns: PRICES_COLUMNS };

static PRICES_COLUMNS: &[Heading] = &[
    text("price_list.code", "Price list", "价目表"),
    text("price_list.currency", "Currency", "币种"),
    text("product.sku", "SKU", "货号"),
    text("product.name", "Product name", "产品名称"),
    text("unit", "Unit", "单位"),
    number("min_quantity", "From quantity", "起订数量"),
    number("unit_price", "Unit price", "单价"),
    date("valid_from", "Valid from", "生效日期"),
    date("valid_to", "Valid to", "失效日期"),
    text("id", "Id", "系统编号"),
    text("price_list_id", "Price list id", "价目表系统编号"),
    text("product_id", "Product id", "产品系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];
