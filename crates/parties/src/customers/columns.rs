//! The columns of files of customers and contacts.

use crate::base::auth::Scope;
use crate::base::columns::Reading::{Any, Date, List, Reference, Text, Words, YesNo};
use crate::base::columns::{
    CUSTOM_FIELDS, EXTERNAL_ID, EXTERNAL_IDS, Exported, Field, Heading, ID, Imported, NOTES, Named, WordsOf,
    date, field, flag, instant, into, number, text, word,
};
use crate::customers::model::{ContactId, CustomerId};
use crate::people::UserId;
use crate::regions::RegionId;

/// What people call the words of `kind`.
const KIND_WORDS: &[(&str, &str)] = &[("company", "公司"), ("person", "个人")];
/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] =
    &[("prospect", "潜在客户"), ("active", "活跃"), ("dormant", "休眠"), ("blocked", "已冻结")];
/// What people call the words of `decision_role`.
const ROLE_WORDS: &[(&str, &str)] = &[
    ("decision_maker", "决策者"),
    ("influencer", "影响者"),
    ("user", "使用者"),
    ("gatekeeper", "把关者"),
    ("other", "其他"),
];

pub const CUSTOMERS: Exported = Exported {
    resource: "customers",
    titles: ["Customers", "客户"],
    about: "",
    path: "/customers",
    columns: CUSTOMERS_COLUMNS,
};

static CUSTOMERS_COLUMNS: &[Heading] = &[
    text("code", "Customer code", "客户编码"),
    text("name", "Customer name", "客户名称"),
    text("short_name", "Short name", "客户简称"),
    word("kind", "Kind", "客户类型", KIND_WORDS),
    word("status", "Status", "状态", STATUS_WORDS),
    text("tier", "Tier", "客户等级"),
    text("industry", "Industry", "行业"),
    text("region.code", "Region", "区域"),
    text("channel", "Channel", "渠道"),
    text("source", "Source", "来源"),
    text("owner.name", "Owner", "负责人"),
    text("team.code", "Team", "团队"),
    text("country", "Country", "国家"),
    text("tax_id", "Tax id", "税号"),
    text("invoice_title", "Invoice title", "发票抬头"),
    text("bank_name", "Bank", "开户银行"),
    text("bank_account", "Bank account", "银行账号"),
    text("currency", "Currency", "币种"),
    number("credit_limit", "Credit limit", "信用额度"),
    number("payment_days", "Payment days", "账期（天）"),
    text("payment_terms", "Payment terms", "付款条件"),
    text("tags", "Tags", "标签"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("owner_id", "Owner id", "负责人系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

pub const CONTACTS: Exported = Exported {
    resource: "contacts",
    titles: ["Contacts", "联系人"],
    about: "",
    path: "/contacts",
    columns: CONTACTS_COLUMNS,
};

static CONTACTS_COLUMNS: &[Heading] = &[
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("name", "Name", "姓名"),
    text("salutation", "Salutation", "称谓"),
    text("title", "Title", "职务"),
    text("department", "Department", "部门"),
    word("decision_role", "Decision role", "决策角色", ROLE_WORDS),
    flag("is_primary", "Primary contact", "主要联系人"),
    text("mobile", "Mobile", "手机"),
    text("phone", "Phone", "电话"),
    text("email", "E-mail", "邮箱"),
    text("wechat", "WeChat", "微信"),
    date("birthday", "Birthday", "生日"),
    flag("do_not_contact", "Do not contact", "勿扰"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

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

pub const CUSTOMER_CODE: Field = into(
    "customer_id",
    field(
        "customer.code",
        Reference(Named::Code(CustomerId::KIND)),
        &["customer_code", "客户编号", "客户代码"],
    ),
);
pub const CUSTOMER_EXTERNAL: Field = into(
    "customer_id",
    field(
        "customer_external_id",
        Reference(Named::ExternalId(CustomerId::KIND)),
        &["Customer external id", "客户外部编号"],
    ),
);
pub const CUSTOMER_ID: Field =
    into("customer_id", field("customer_id", Reference(Named::Id), &["Customer id", "客户系统编号"]));

/// What a file can bring.
const CUSTOMERS_FIELDS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    field("code", Text, &["Code", "客户编号", "客户代码", "编号"]),
    field("name", Text, &["Name", "名称", "公司名称"]),
    field("short_name", Text, &["简称"]),
    field("kind", Words(KINDS), &["类型"]),
    field("industry", Text, &[]),
    field("tier", Words(TIERS), &["等级", "级别"]),
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
    field("source", Text, &["客户来源"]),
    into(
        "owner_id",
        field("owner.username", Reference(Named::Code(UserId::KIND)), &["Owner username", "负责人账号"]),
    ),
    into("owner_id", field("owner_id", Reference(Named::Id), &[])),
    field("currency", Text, &[]),
    field("country", Text, &["国家代码"]),
    field("tax_id", Text, &["统一社会信用代码"]),
    field("invoice_title", Text, &[]),
    field("bank_name", Text, &["Bank name", "开户行"]),
    field("bank_account", Text, &[]),
    field("tags", List, &[]),
    CUSTOM_FIELDS,
    NOTES,
    EXTERNAL_IDS,
    // NDJSON only: as the API takes them, for a customer that is new.
    field("contacts", Any, &[]),
    field("addresses", Any, &[]),
];

/// What a file can bring.
const CONTACTS_FIELDS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    CUSTOMER_CODE,
    CUSTOMER_EXTERNAL,
    CUSTOMER_ID,
    field("name", Text, &["Contact name", "联系人", "联系人姓名"]),
    field("salutation", Text, &["称呼"]),
    field("title", Text, &["Job title", "职位"]),
    field("department", Text, &[]),
    field("decision_role", Words(DECISION_ROLES), &[]),
    field("is_primary", YesNo, &["Is primary", "Primary"]),
    field("mobile", Text, &["手机号", "手机号码"]),
    field("phone", Text, &["座机"]),
    field("email", Text, &["Email", "电子邮箱"]),
    field("wechat", Text, &["微信号"]),
    field("birthday", Date, &[]),
    field("do_not_contact", YesNo, &["请勿联系", "勿联系"]),
    NOTES,
    EXTERNAL_IDS,
];

pub static CUSTOMERS_IMPORTED: Imported = Imported {
    kind: CustomerId::KIND,
    exported: CUSTOMERS,
    fields: CUSTOMERS_FIELDS,
    scopes: &[Scope::CustomersWrite],
    code: Some("code"),
    lines: None,
};

pub static CONTACTS_IMPORTED: Imported = Imported {
    kind: ContactId::KIND,
    exported: CONTACTS,
    fields: CONTACTS_FIELDS,
    scopes: &[Scope::CustomersWrite],
    code: None,
    lines: None,
};
