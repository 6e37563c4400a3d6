//! What a file can say of each kind of record: the columns that are known, by which names, and how their cells are
//! read. The names are those under which the same fields are exported.

use crate::base::columns::Heading;
use crate::customers::columns as customers;
use crate::orders::columns as orders;
use crate::prices::columns as prices;
use crate::products::columns as products;
use crate::suppliers::columns as suppliers;
use crate::text_enum;

text_enum! {
    /// What a file can bring.
    pub enum Resource {
        Customers = "customers",
        Contacts = "contacts",
        Products = "products",
        Prices = "prices",
        Orders = "orders",
        Suppliers = "suppliers",
    }
}

/// A record that a cell names by what people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    CustomerCode,
    CustomerExternalId,
    ProductSku,
    ProductExternalId,
    PriceListCode,
    PriceListExternalId,
    CategoryCode,
    RegionCode,
    Username,
    /// The API's own id.
    Id,
}

type WordsOf = &'static [(&'static str, &'static [&'static str])];

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Text,
    Decimal,
    Rate,
    Whole,
    Date,
    YesNo,
    Words(WordsOf),
    /// Entries between commas.
    List,
    /// `box=24; case=48`
    Units,
    /// `sap:4711; web:C-12`
    ExternalIds,
    /// JSON.
    Any,
    /// Another record.
    Reference(Named),
    /// Says which record the row is about.
    Key,
    /// What the product says of a record and takes from nobody: known from exported files, and left alone.
    Info,
}

/// A column that is known.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in a mapping.
    pub path: &'static str,
    /// The field of the request body that it becomes; `lines.` begins that of a line.
    pub into: &'static str,
    pub kind: Kind,
    /// Its headings, English and Chinese; the path is one too.
    pub headings: &'static [&'static str],
}

const fn field(path: &'static str, kind: Kind, headings: &'static [&'static str]) -> Field {
    Field { path, into: path, kind, headings }
}

const fn into(into: &'static str, field: Field) -> Field {
    Field { into, ..field }
}

const KINDS: WordsOf = &[("company", &["公司", "企业", "单位"]), ("person", &["个人", "自然人"])];
const TIERS: WordsOf =
    &[("a", &["a级", "甲"]), ("b", &["b级", "乙"]), ("c", &["c级", "丙"]), ("d", &["d级", "丁"])];
const DECISION_ROLES: WordsOf = &[
    ("decision_maker", &["决策者", "决策人"]),
    ("influencer", &["影响者"]),
    ("user", &["使用者", "用户"]),
    ("gatekeeper", &["把关者", "守门人"]),
    ("other", &["其他", "其它"]),
];

use Kind::{Any, Date, Decimal, ExternalIds, Key, List, Rate, Reference, Text, Units, Whole, Words, YesNo};

const ID: Field = field("id", Key, &["Id", "系统编号"]);
const EXTERNAL_ID: Field = field("external_id", Key, &["External id", "外部系统编号", "外部ID"]);
const EXTERNAL_IDS: Field = field("external_ids", ExternalIds, &["External ids", "外部编号列表"]);
const CUSTOM_FIELDS: Field = field("custom_fields", Any, &["Custom fields", "自定义字段"]);
const NOTES: Field = field("notes", Text, &["Notes", "备注"]);

const CUSTOMER_CODE: Field = into(
    "customer_id",
    field("customer.code", Reference(Named::CustomerCode), &["customer_code", "客户编号", "客户代码"]),
);
const CUSTOMER_EXTERNAL: Field = into(
    "customer_id",
    field(
        "customer_external_id",
        Reference(Named::CustomerExternalId),
        &["Customer external id", "客户外部编号"],
    ),
);
const CUSTOMER_ID: Field =
    into("customer_id", field("customer_id", Reference(Named::Id), &["Customer id", "客户系统编号"]));

const CUSTOMERS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    field("code", Text, &["Code", "Customer code", "客户编号", "客户编码", "客户代码", "编号"]),
    field("name", Text, &["Name", "Customer name", "客户名称", "名称", "公司名称"]),
    field("short_name", Text, &["Short name", "简称", "客户简称"]),
    field("kind", Words(KINDS), &["Kind", "类型", "客户类型"]),
    field("industry", Text, &["Industry", "行业"]),
    field("tier", Words(TIERS), &["Tier", "等级", "级别", "客户等级"]),
    into(
        "region_id",
        field("region.code", Reference(Named::RegionCode), &["Region code", "区域编码", "区域编号"]),
    ),
    into("region_id", field("region_id", Reference(Named::Id), &["Region id"])),
    field("channel", Text, &["Channel", "渠道"]),
    field("source", Text, &["Source", "来源", "客户来源"]),
    into("owner_id", field("owner.username", Reference(Named::Username), &["Owner username", "负责人账号"])),
    into("owner_id", field("owner_id", Reference(Named::Id), &[])),
    field("currency", Text, &["Currency", "币种"]),
    field("country", Text, &["Country", "国家", "国家代码"]),
    field("tax_id", Text, &["Tax id", "税号", "统一社会信用代码"]),
    field("invoice_title", Text, &["Invoice title", "发票抬头"]),
    field("bank_name", Text, &["Bank name", "Bank", "开户银行", "开户行"]),
    field("bank_account", Text, &["Bank account", "银行账号"]),
    field("tags", List, &["Tags", "标签"]),
    CUSTOM_FIELDS,
    NOTES,
    EXTERNAL_IDS,
    // NDJSON only: as the API takes them, for a customer that is new.
    field("contacts", Any, &[]),
    field("addresses", Any, &[]),
];

const CONTACTS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    CUSTOMER_CODE,
    CUSTOMER_EXTERNAL,
    CUSTOMER_ID,
    field("name", Text, &["Name", "Contact name", "联系人", "姓名", "联系人姓名"]),
    field("salutation", Text, &["Salutation", "称呼", "称谓"]),
    field("title", Text, &["Title", "Job title", "职位", "职务"]),
    field("department", Text, &["Department", "部门"]),
    field("decision_role", Words(DECISION_ROLES), &["Decision role", "决策角色"]),
    field("is_primary", YesNo, &["Is primary", "Primary", "主要联系人"]),
    field("mobile", Text, &["Mobile", "手机", "手机号", "手机号码"]),
    field("phone", Text, &["Phone", "电话", "座机"]),
    field("email", Text, &["E-mail", "Email", "邮箱", "电子邮箱"]),
    field("wechat", Text, &["WeChat", "微信", "微信号"]),
    field("birthday", Date, &["Birthday", "生日"]),
    field("do_not_contact", YesNo, &["Do not contact", "请勿联系", "勿联系"]),
    NOTES,
    EXTERNAL_IDS,
];

const PRODUCTS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    field("sku", Text, &["SKU", "Product SKU", "货号", "产品编号", "商品编号", "产品编码"]),
    field("name", Text, &["Name", "Product name", "产品名称", "商品名称", "名称"]),
    field("name_en", Text, &["English name", "Name (English)", "英文名称"]),
    field("description", Text, &["Description", "描述", "说明", "产品描述"]),
    into(
        "category_id",
        field(
            "category.code",
            Reference(Named::CategoryCode),
            &["Category code", "分类编码", "类别编码", "分类编号"],
        ),
    ),
    into("category_id", field("category_id", Reference(Named::Id), &["Category id"])),
    field("unit", Text, &["Unit", "Base unit", "单位", "计量单位", "基本单位"]),
    field("units", Units, &["Further units", "Units", "其他单位", "辅助单位"]),
    field("tax_rate", Rate, &["Tax rate", "税率"]),
    field("cost", Decimal, &["Cost", "成本", "成本价"]),
    field("cost_currency", Text, &["Cost currency", "成本币种"]),
    field("sold_from", Date, &["Sold from", "开售日期", "上市日期"]),
    field("sold_to", Date, &["Sold to", "停售日期"]),
    field("barcode", Text, &["Barcode", "条码", "条形码"]),
    CUSTOM_FIELDS,
    EXTERNAL_IDS,
];

const PRICES: &[Field] = &[
    into(
        "price_list_id",
        field(
            "price_list.code",
            Reference(Named::PriceListCode),
            &["Price list code", "Price list", "价目表", "价目表编码", "价目表编号"],
        ),
    ),
    into(
        "price_list_id",
        field("price_list_external_id", Reference(Named::PriceListExternalId), &["Price list external id"]),
    ),
    into("price_list_id", field("price_list_id", Reference(Named::Id), &["Price list id"])),
    into(
        "product_id",
        field(
            "product.sku",
            Reference(Named::ProductSku),
            &["sku", "Product SKU", "产品编号", "商品编号", "产品编码"],
        ),
    ),
    into(
        "product_id",
        field(
            "product_external_id",
            Reference(Named::ProductExternalId),
            &["Product external id", "产品外部编号"],
        ),
    ),
    into("product_id", field("product_id", Reference(Named::Id), &["Product id"])),
    field("unit", Text, &["Unit", "单位", "计量单位"]),
    field(
        "min_quantity",
        Decimal,
        &["Minimum quantity", "Min quantity", "From quantity", "起订量", "最小数量"],
    ),
    field("unit_price", Decimal, &["Unit price", "Price", "单价", "价格"]),
    field("valid_from", Date, &["Valid from", "生效日期", "开始日期"]),
    field("valid_to", Date, &["Valid to", "失效日期", "结束日期"]),
];

const ORDERS: &[Field] = &[
    ID,
    field("number", Key, &["Number", "Order number", "订单号", "订单编号"]),
    EXTERNAL_ID,
    CUSTOMER_CODE,
    CUSTOMER_EXTERNAL,
    CUSTOMER_ID,
    into(
        "rep_id",
        field("rep.username", Reference(Named::Username), &["Rep username", "业务员账号", "销售代表账号"]),
    ),
    into("rep_id", field("rep_id", Reference(Named::Id), &[])),
    into("contact_id", field("contact_id", Reference(Named::Id), &["Contact id", "联系人系统编号"])),
    into(
        "region_id",
        field("region.code", Reference(Named::RegionCode), &["Region code", "区域编码", "区域编号"]),
    ),
    into("region_id", field("region_id", Reference(Named::Id), &["Region id"])),
    field("channel", Text, &["Channel", "渠道"]),
    field("currency", Text, &["Currency", "币种"]),
    field("order_date", Date, &["Order date", "订单日期", "下单日期"]),
    field("requested_date", Date, &["Requested date", "要求交期", "需求日期", "要求日期"]),
    field("promised_date", Date, &["Promised date", "承诺交期", "承诺日期"]),
    field("customer_po", Text, &["Customer PO", "PO number", "客户单号", "客户采购单号", "客户订单号"]),
    field("payment_days", Whole, &["Payment days", "账期", "付款天数"]),
    field("payment_terms", Text, &["Payment terms", "付款条件"]),
    field("delivery_terms", Text, &["Delivery terms", "交货条件"]),
    field("billing_address", Any, &[]),
    field("shipping_address", Any, &[]),
    field("shipping_address.recipient", Text, &["Ship-to recipient", "收货人"]),
    field("shipping_address.phone", Text, &["Ship-to phone", "收货电话"]),
    field("shipping_address.line1", Text, &["Ship-to address", "收货地址"]),
    field("shipping_address.line2", Text, &["Ship-to address 2"]),
    field("shipping_address.district", Text, &["Ship-to district", "收货区县"]),
    field("shipping_address.city", Text, &["Ship-to city", "收货城市"]),
    field("shipping_address.province", Text, &["Ship-to province", "收货省份"]),
    field("shipping_address.postal_code", Text, &["Ship-to postal code", "收货邮编"]),
    field("shipping_address.country", Text, &["Ship-to country", "收货国家"]),
    NOTES,
    CUSTOM_FIELDS,
    EXTERNAL_IDS,
    into(
        "lines.product_id",
        field(
            "lines.sku",
            Reference(Named::ProductSku),
            &["sku", "SKU", "Product SKU", "货号", "产品编号", "商品编号", "产品编码"],
        ),
    ),
    into(
        "lines.product_id",
        field(
            "lines.product_external_id",
            Reference(Named::ProductExternalId),
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

const SUPPLIER_KINDS: WordsOf = &[
    ("supplier", &["供应商", "供货商"]),
    ("partner", &["合作伙伴", "合作方"]),
    ("carrier", &["承运商", "物流商"]),
];

const SUPPLIERS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    field("code", Text, &["Code", "Supplier code", "供应商编号", "供应商编码", "供应商代码", "编号"]),
    field("name", Text, &["Name", "Supplier name", "供应商名称", "名称", "公司名称"]),
    field("short_name", Text, &["Short name", "简称", "供应商简称"]),
    field("kind", Words(SUPPLIER_KINDS), &["Kind", "类型", "供应商类型"]),
    field("country", Text, &["Country", "国家", "国家代码"]),
    field("tax_id", Text, &["Tax id", "税号", "统一社会信用代码"]),
    field("phone", Text, &["Phone", "电话", "联系电话"]),
    field("email", Text, &["E-mail", "Email", "邮箱", "电子邮箱"]),
    into("owner_id", field("owner.username", Reference(Named::Username), &["Owner username", "负责人账号"])),
    into("owner_id", field("owner_id", Reference(Named::Id), &[])),
    field("response_hours", Whole, &["Response hours", "答复时限"]),
    NOTES,
    EXTERNAL_IDS,
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

/// What lists tell of records beside the columns of files, and nobody enters.
const TOLD: &[&str] = &[
    "version",
    "status",
    "block_reason",
    "team_id",
    "credit_limit",
    "payment_days",
    "payment_terms",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "merged_into_id",
    "owned_since",
    "pooled_at",
    "allowed_actions",
    "customer_name",
    "product_name",
    "on_hold",
    "open_exceptions",
    "blocked",
    "credited_net",
    "credited_tax",
    "credited_gross",
    "hold_kind",
    "hold_reason",
    "fulfilment",
    "first_promised_date",
    "list",
    "discount",
    "net",
    "tax",
    "gross",
    "revision",
    "overrides",
    "submitted_at",
    "submitted_by",
    "approved_at",
    "approved_by",
    "approved_gross",
    "confirmed_at",
    "completed_at",
    "cancelled_at",
    "cancel_reason",
    "price_source",
    "price_id",
];

impl Resource {
    fn own(self) -> &'static [Field] {
        match self {
            Resource::Customers => CUSTOMERS,
            Resource::Contacts => CONTACTS,
            Resource::Products => PRODUCTS,
            Resource::Prices => PRICES,
            Resource::Orders => ORDERS,
            Resource::Suppliers => SUPPLIERS,
        }
    }

    /// The columns of exported files.
    fn exported(self) -> &'static [Heading] {
        match self {
            Resource::Customers => customers::CUSTOMERS.columns,
            Resource::Contacts => customers::CONTACTS.columns,
            Resource::Products => products::PRODUCTS.columns,
            Resource::Prices => prices::PRICES.columns,
            Resource::Orders => orders::ORDERS.columns,
            Resource::Suppliers => suppliers::SUPPLIERS.columns,
        }
    }

    fn is_told(self, path: &str) -> Option<&'static str> {
        let exported = self.exported().iter().map(|heading| heading.field);
        exported.chain(TOLD.iter().copied()).find(|told| *told == path)
    }

    /// The column of this path.
    pub fn field(self, path: &str) -> Option<Field> {
        let own = self.own().iter().find(|field| field.path == path).copied();
        let told = || self.is_told(path).or((path == LEFT_ALONE).then_some(LEFT_ALONE));
        own.or_else(|| told().map(|path| field(path, Kind::Info, &[])))
    }

    /// Whether a path names the company's own fields, one by one: `custom_fields.loyalty_number`.
    pub fn takes_custom(self, path: &str) -> bool {
        let name = path.strip_prefix("custom_fields.").unwrap_or_default();
        !name.is_empty() && self.field("custom_fields").is_some()
    }

    /// Every path that a column can be mapped to.
    pub fn paths(self) -> impl Iterator<Item = &'static str> {
        self.own().iter().map(|field| field.path)
    }

    /// The path that a heading stands for by itself; in a file of order lines, what it is called there.
    pub fn path_of(self, heading: &str, of_lines: bool) -> Option<&'static str> {
        let said = same(heading);
        if of_lines && let Some(path) = path_in_lines(&said) {
            return Some(path);
        }
        let named =
            |field: &&Field| same(field.path) == said || field.headings.iter().any(|h| same(h) == said);
        let own = || self.own().iter().find(named).map(|field| field.path);
        let told = || TOLD.iter().find(|told| same(told) == said).copied();
        exported_as(self.exported(), &said).or_else(own).or_else(told)
    }

    /// Whether a file is one of order lines, as exported: it has columns that no other file has.
    pub fn is_of_lines<'h>(self, mut headings: impl Iterator<Item = &'h String>) -> bool {
        let telling = ["order_number", "order_id", "order_external_ids", "position"];
        let tells = |heading: &String| {
            exported_as(lines(), &same(heading)).is_some_and(|field| telling.contains(&field))
                && self.own().iter().all(|field| !field.headings.iter().any(|h| same(h) == same(heading)))
                && exported_as(self.exported(), &same(heading)).is_none()
        };
        self == Resource::Orders && headings.any(tells)
    }
}

/// A column that is known and left alone, whatever it is.
pub const LEFT_ALONE: &str = "left_alone";

fn lines() -> &'static [Heading] {
    orders::ORDER_LINES.columns
}

fn exported_as(headings: &'static [Heading], said: &str) -> Option<&'static str> {
    let named = |h: &&Heading| same(h.field) == said || h.names.iter().any(|name| same(name) == said);
    headings.iter().find(named).map(|heading| heading.field)
}

fn path_in_lines(said: &str) -> Option<&'static str> {
    let field = exported_as(lines(), said)?;
    Some(OF_LINES.iter().find(|(name, _)| *name == field).map_or(LEFT_ALONE, |(_, path)| path))
}

/// Headings are the same in small and capital letters, and with spaces, underscores or hyphens.
pub fn same(heading: &str) -> String {
    let folded = crate::base::text::fold(heading);
    folded
        .trim_end_matches('*')
        .replace(['_', '-', '.'], " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_heading_stands_for_two_columns() {
        for resource in Resource::ALL {
            let mut taken: HashMap<String, &str> = HashMap::new();
            for field in resource.own() {
                for heading in field.headings.iter().chain([&field.path]) {
                    let path = resource.path_of(heading, false);
                    assert_eq!(path, Some(field.path), "{resource}: {heading}");
                    let before = taken.insert(same(heading), field.path);
                    assert!(before.is_none_or(|path| path == field.path), "{resource}: {heading}");
                }
            }
        }
    }

    #[test]
    fn what_is_exported_is_known() {
        for resource in Resource::ALL {
            for heading in resource.exported() {
                for name in heading.names.iter().chain([&heading.field]) {
                    let path = resource.path_of(name, false).unwrap_or_else(|| panic!("{resource}: {name}"));
                    assert!(resource.field(path).is_some(), "{resource}: {path}");
                }
            }
            assert!(
                resource.own().iter().all(|field| field.kind != Kind::Info),
                "{resource}: told, not entered"
            );
        }
        for heading in lines() {
            for name in heading.names.iter().chain([&heading.field]) {
                let path = Resource::Orders.path_of(name, true).unwrap_or_else(|| panic!("{name}"));
                assert!(Resource::Orders.field(path).is_some(), "{path}");
            }
        }
        let of_lines = |headings: &[&str]| {
            let headings: Vec<String> = headings.iter().map(|h| h.to_string()).collect();
            Resource::Orders.is_of_lines(headings.iter())
        };
        assert!(of_lines(&["Order number", "Line", "SKU"]));
        assert!(of_lines(&["order_id", "sku"]));
        assert!(of_lines(&["订单编号", "行号", "货号"]));
        assert!(!of_lines(&["Order number", "SKU", "Promised date", "Quantity"]));
    }

    #[test]
    fn a_heading_is_known_in_both_languages_however_it_is_spelt() {
        for heading in ["Customer PO", "customer_po", "CUSTOMER-PO", "客户单号", " Customer  po* "] {
            assert_eq!(Resource::Orders.path_of(heading, false), Some("customer_po"), "{heading}");
        }
        assert_eq!(Resource::Orders.path_of("数量", false), Some("lines.quantity"));
        assert_eq!(Resource::Orders.path_of("quantity", false), Some("lines.quantity"));
        assert_eq!(Resource::Orders.path_of("colour", false), None);
        assert!(Resource::Customers.takes_custom("custom_fields.loyalty"));
        assert!(!Resource::Prices.takes_custom("custom_fields.loyalty"));
    }
}
