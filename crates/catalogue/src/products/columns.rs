//! The columns of files of products.

use crate::base::auth::Scope;
use crate::base::columns::Reading::{Date, Decimal, Rate, Reference, Text, Units};
use crate::base::columns::{
    CUSTOM_FIELDS, EXTERNAL_ID, EXTERNAL_IDS, Exported, Field, Heading, ID, Imported, Named, date, field,
    instant, into, number, text, word,
};
use crate::products::model::{CategoryId, ProductId};

/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] = &[("draft", "草稿"), ("active", "在售"), ("discontinued", "已停售")];

pub const PRODUCTS: Exported = Exported {
    resource: "products",
    titles: ["Products", "产品"],
    about: "",
    path: "/products",
    columns: PRODUCTS_COLUMNS,
};

static PRODUCTS_COLUMNS: &[Heading] = &[
    text("sku", "SKU", "货号"),
    text("name", "Product name", "产品名称"),
    text("name_en", "English name", "英文名称"),
    text("description", "Description", "描述"),
    text("category.code", "Category", "品类"),
    word("status", "Status", "状态", STATUS_WORDS),
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

/// What a file can bring.
const PRODUCTS_FIELDS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    field("sku", Text, &["Product SKU", "产品编号", "商品编号", "产品编码"]),
    field("name", Text, &["Name", "商品名称", "名称"]),
    field("name_en", Text, &["Name (English)"]),
    field("description", Text, &["说明", "产品描述"]),
    into(
        "category_id",
        field(
            "category.code",
            Reference(Named::Code(CategoryId::KIND)),
            &["Category code", "分类编码", "类别编码", "分类编号"],
        ),
    ),
    into("category_id", field("category_id", Reference(Named::Id), &["Category id"])),
    field("unit", Text, &["Base unit", "计量单位", "基本单位"]),
    field("units", Units, &["Units", "其他单位"]),
    field("tax_rate", Rate, &[]),
    field("cost", Decimal, &["成本价"]),
    field("cost_currency", Text, &[]),
    field("sold_from", Date, &["上市日期"]),
    field("sold_to", Date, &[]),
    field("barcode", Text, &["条形码"]),
    CUSTOM_FIELDS,
    EXTERNAL_IDS,
];

pub static PRODUCTS_IMPORTED: Imported = Imported {
    kind: ProductId::KIND,
    exported: PRODUCTS,
    fields: PRODUCTS_FIELDS,
    scopes: &[Scope::ProductsWrite],
    code: Some("sku"),
    lines: None,
};
