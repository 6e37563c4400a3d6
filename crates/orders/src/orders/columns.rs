//! The columns of files of orders and order lines.

use crate::base::auth::Scope;
use crate::base::columns::Reading::{Any, Date, Decimal, Key, Rate, Reference, Text, Whole};
use crate::base::columns::{
    CUSTOM_FIELDS, EXTERNAL_ID, EXTERNAL_IDS, Exported, Field, Heading, ID, Imported, LinesOf, NOTES, Named,
    date, field, flag, instant, into, number, text, word,
};
use crate::customers::columns::{CUSTOMER_CODE, CUSTOMER_EXTERNAL, CUSTOMER_ID};
use crate::orders::model::OrderId;
use crate::people::UserId;
use crate::products::model::ProductId;
use crate::regions::RegionId;

/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] = &[
    ("draft", "草稿"),
    ("submitted", "待审批"),
    ("approved", "已批准"),
    ("confirmed", "已确认"),
    ("partially_shipped", "部分发货"),
    ("shipped", "已发货"),
    ("delivered", "已签收"),
    ("completed", "已完成"),
    ("cancelled", "已取消"),
];
/// What people call the words of `fulfilment`.
const FULFILMENT_WORDS: &[(&str, &str)] =
    &[("none", "未发货"), ("partial", "部分发货"), ("full", "全部发货")];

pub const ORDERS: Exported = Exported {
    resource: "orders",
    titles: ["Orders", "订单"],
    about: "one row per order",
    path: "/orders",
    columns: ORDERS_COLUMNS,
};

static ORDERS_COLUMNS: &[Heading] = &[
    text("number", "Order number", "订单编号"),
    word("status", "Status", "状态", STATUS_WORDS),
    flag("on_hold", "On hold", "暂停"),
    number("open_exceptions", "Open exceptions", "未解决异常数"),
    flag("blocked", "Blocked", "异常阻断"),
    word("fulfilment", "Fulfilment", "发货进度", FULFILMENT_WORDS),
    date("order_date", "Order date", "订单日期"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("customer_po", "Customer PO", "客户采购单号"),
    text("rep.name", "Rep", "销售代表"),
    text("team.code", "Team", "团队"),
    text("region.code", "Region", "区域"),
    text("channel", "Channel", "渠道"),
    date("requested_date", "Requested date", "要求交期"),
    date("promised_date", "Promised date", "承诺交期"),
    date("first_promised_date", "First promised date", "首次承诺交期"),
    text("currency", "Currency", "币种"),
    number("list", "List value", "目录金额"),
    number("discount", "Discount", "折扣金额"),
    number("net", "Net", "未税金额"),
    number("tax", "Tax", "税额"),
    number("gross", "Gross", "含税金额"),
    number("credited_gross", "Credited for returns", "退货贷记含税金额"),
    number("payment_days", "Payment days", "账期（天）"),
    text("payment_terms", "Payment terms", "付款条件"),
    text("delivery_terms", "Delivery terms", "交货条件"),
    text("shipping_address.recipient", "Ship to", "收货人"),
    text("shipping_address.line1", "Ship-to address", "收货地址"),
    text("shipping_address.city", "Ship-to city", "收货城市"),
    text("shipping_address.country", "Ship-to country", "收货国家"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("rep_id", "Rep id", "销售代表系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

pub const ORDER_LINES: Exported = Exported {
    resource: "order_lines",
    titles: ["Order lines", "订单明细"],
    about: "one row per order line, with the main fields of its order",
    path: "/order-lines",
    columns: ORDER_LINES_COLUMNS,
};

static ORDER_LINES_COLUMNS: &[Heading] = &[
    text("order_number", "Order number", "订单编号"),
    word("order_status", "Status", "状态", STATUS_WORDS),
    date("order_date", "Order date", "订单日期"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("customer_po", "Customer PO", "客户采购单号"),
    text("rep.name", "Rep", "销售代表"),
    text("channel", "Channel", "渠道"),
    text("currency", "Currency", "币种"),
    date("requested_date", "Requested date", "要求交期"),
    text("order_external_ids", "Order external ids", "订单外部编号"),
    number("position", "Line", "行号"),
    text("sku", "SKU", "货号"),
    text("description", "Description", "描述"),
    number("quantity", "Quantity", "数量"),
    text("unit", "Unit", "单位"),
    number("unit_price", "Unit price", "单价"),
    number("list_price", "List price", "目录价"),
    number("discount_rate", "Discount rate", "折扣率"),
    number("tax_rate", "Tax rate", "税率"),
    date("promised_date", "Promised date", "承诺交期"),
    number("list", "List value", "目录金额"),
    number("discount", "Discount", "折扣金额"),
    number("net", "Net", "未税金额"),
    number("tax", "Tax", "税额"),
    number("gross", "Gross", "含税金额"),
    number("shipped", "Shipped", "已发数量"),
    number("delivered", "Delivered", "已签收数量"),
    number("closed", "Closed short", "短关数量"),
    number("in_return", "Being returned", "退货中数量"),
    number("returned", "Returned", "已退数量"),
    date("first_promised_date", "First promised date", "首次承诺交期"),
    text("id", "Id", "系统编号"),
    text("order_id", "Order id", "订单系统编号"),
    text("product_id", "Product id", "产品系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("rep_id", "Rep id", "销售代表系统编号"),
];

/// What files of an order's lines call the fields of the order and of its lines; what is not here is left alone.
const OF_LINES: &[(&str, &str)] = &[
    ("order_number", "number"),
    ("order_id", "id"),
    ("order_external_ids", "external_ids"),
    ("order_date", "order_date"),
    ("customer.code", "customer.code"),
    ("customer_id", "customer_id"),
    ("customer_po", "customer_po"),
    ("rep_id", "rep_id"),
    ("channel", "channel"),
    ("currency", "currency"),
    ("requested_date", "requested_date"),
    ("sku", "lines.sku"),
    ("product_id", "lines.product_id"),
    ("description", "lines.description"),
    ("quantity", "lines.quantity"),
    ("unit", "lines.unit"),
    ("unit_price", "lines.unit_price"),
    ("discount_rate", "lines.discount_rate"),
    ("tax_rate", "lines.tax_rate"),
    ("promised_date", "lines.promised_date"),
];

/// What a file can bring.
const ORDERS_FIELDS: &[Field] = &[
    ID,
    field("number", Key, &["Number", "订单号"]),
    EXTERNAL_ID,
    CUSTOMER_CODE,
    CUSTOMER_EXTERNAL,
    CUSTOMER_ID,
    into(
        "rep_id",
        field(
            "rep.username",
            Reference(Named::Code(UserId::KIND)),
            &["Rep username", "业务员账号", "销售代表账号"],
        ),
    ),
    into("rep_id", field("rep_id", Reference(Named::Id), &[])),
    into("contact_id", field("contact_id", Reference(Named::Id), &["Contact id", "联系人系统编号"])),
    into(
        "region_id",
        field(
            "region.code",
            Reference(Named::Code(RegionId::KIND)),
            &["Region code", "区域编码", "区域编号"],
        ),
    ),
    into("region_id", field("region_id", Reference(Named::Id), &["Region id"])),
    field("channel", Text, &[]),
    field("currency", Text, &[]),
    field("order_date", Date, &["下单日期"]),
    field("requested_date", Date, &["需求日期", "要求日期"]),
    field("promised_date", Date, &["承诺日期"]),
    field("customer_po", Text, &["PO number", "客户单号", "客户订单号"]),
    field("payment_days", Whole, &["账期", "付款天数"]),
    field("payment_terms", Text, &[]),
    field("delivery_terms", Text, &[]),
    field("billing_address", Any, &[]),
    field("shipping_address", Any, &[]),
    field("shipping_address.recipient", Text, &["Ship-to recipient"]),
    field("shipping_address.phone", Text, &["Ship-to phone", "收货电话"]),
    field("shipping_address.line1", Text, &[]),
    field("shipping_address.line2", Text, &["Ship-to address 2"]),
    field("shipping_address.district", Text, &["Ship-to district", "收货区县"]),
    field("shipping_address.city", Text, &[]),
    field("shipping_address.province", Text, &["Ship-to province", "收货省份"]),
    field("shipping_address.postal_code", Text, &["Ship-to postal code", "收货邮编"]),
    field("shipping_address.country", Text, &[]),
    NOTES,
    CUSTOM_FIELDS,
    EXTERNAL_IDS,
    into(
        "lines.product_id",
        field(
            "lines.sku",
            Reference(Named::Code(ProductId::KIND)),
            &["sku", "SKU", "Product SKU", "货号", "产品编号", "商品编号", "产品编码"],
        ),
    ),
    into(
        "lines.product_id",
        field(
            "lines.product_external_id",
            Reference(Named::ExternalId(ProductId::KIND)),
            &["product_external_id", "Product external id", "产品外部编号"],
        ),
    ),
    into("lines.product_id", field("lines.product_id", Reference(Named::Id), &["product_id", "Product id"])),
    field(
        "lines.description",
        Text,
        &["description", "Line description", "Description", "品名", "描述", "说明"],
    ),
    field("lines.quantity", Decimal, &["quantity", "Quantity", "数量"]),
    field("lines.unit", Text, &["unit", "Unit", "单位"]),
    field("lines.unit_price", Decimal, &["unit_price", "Unit price", "单价"]),
    field("lines.discount_rate", Rate, &["discount_rate", "Discount rate", "折扣率"]),
    field("lines.tax_rate", Rate, &["tax_rate", "Tax rate", "税率"]),
    field("lines.promised_date", Date, &["line_promised_date", "Line promised date", "行承诺交期"]),
    field("lines.net", Decimal, &["line_net", "Line net", "行净额"]),
];

pub static ORDERS_IMPORTED: Imported = Imported {
    kind: OrderId::KIND,
    exported: ORDERS,
    fields: ORDERS_FIELDS,
    scopes: &[Scope::OrdersWrite],
    code: None,
    lines: Some(LinesOf {
        exported: ORDER_LINES,
        telling: &["order_number", "order_id", "order_external_ids", "position"],
        fields: OF_LINES,
    }),
};
