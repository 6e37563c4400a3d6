//! The columns of files of prices.

use crate::base::auth::Scope;
use crate::base::columns::Reading::{Date, Decimal, Reference, Text};
use crate::base::columns::{
    Exported, Field, Heading, Imported, Named, date, field, instant, into, number, text,
};
use crate::prices::model::{PriceId, PriceListId};
use crate::products::model::ProductId;

pub const PRICES: Exported = Exported {
    resource: "prices",
    titles: ["Prices", "价格"],
    about: "",
    path: "/prices",
    columns: PRICES_COLUMNS,
};

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

/// What a file can bring.
const PRICES_FIELDS: &[Field] = &[
    into(
        "price_list_id",
        field(
            "price_list.code",
            Reference(Named::Code(PriceListId::KIND)),
            &["Price list code", "价目表编码", "价目表编号"],
        ),
    ),
    into(
        "price_list_id",
        field(
            "price_list_external_id",
            Reference(Named::ExternalId(PriceListId::KIND)),
            &["Price list external id"],
        ),
    ),
    into("price_list_id", field("price_list_id", Reference(Named::Id), &[])),
    into(
        "product_id",
        field(
            "product.sku",
            Reference(Named::Code(ProductId::KIND)),
            &["Product SKU", "产品编号", "商品编号", "产品编码"],
        ),
    ),
    into(
        "product_id",
        field(
            "product_external_id",
            Reference(Named::ExternalId(ProductId::KIND)),
            &["Product external id", "产品外部编号"],
        ),
    ),
    into("product_id", field("product_id", Reference(Named::Id), &[])),
    field("unit", Text, &["计量单位"]),
    field("min_quantity", Decimal, &["Minimum quantity", "Min quantity", "起订量", "最小数量"]),
    field("unit_price", Decimal, &["Price", "价格"]),
    field("valid_from", Date, &["开始日期"]),
    field("valid_to", Date, &["结束日期"]),
];

pub static PRICES_IMPORTED: Imported = Imported {
    kind: PriceId::KIND,
    exported: PRICES,
    fields: PRICES_FIELDS,
    scopes: &[Scope::PricesWrite],
    code: None,
    lines: None,
};
