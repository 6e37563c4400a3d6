//! The columns of files of products.

use crate::base::columns::{Exported, Heading, date, instant, number, text};

pub const PRODUCTS: Exported =
    Exported { resource: "products", about: "", path: "/products", columns: PRODUCTS_COLUMNS };

static PRODUCTS_COLUMNS: &[Heading] = &[
    text("sku", "SKU", "货号"),
    text("name", "Product name", "产品名称"),
    text("name_en", "English name", "英文名称"),
    text("description", "Description", "描述"),
    text("category.code", "Category", "品类"),
    text("status", "Status", "状态"),
    text("unit", "Unit", "单位"),
    text("units", "Further units", "辅助单位"),
    number("tax_rate", "Tax rate", "税率"),
    number("cost", "Cost", "成本"),
    text("cost_currency", "Cost currency", "成本币种"),
    date("sold_from", "Sold from", "开售日期"),
    date("sold_to", "Sold to", "停售日期"),
    text("barcode", "Barcode", "条码"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];
