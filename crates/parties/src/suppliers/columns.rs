//! The columns of files of suppliers.

use crate::base::auth::Scope;
use crate::base::columns::Reading::{Reference, Text, Whole, Words};
use crate::base::columns::{
    EXTERNAL_ID, EXTERNAL_IDS, Exported, Field, Heading, ID, Imported, NOTES, Named, WordsOf, field, instant,
    into, number, text, word,
};
use crate::people::UserId;
use crate::suppliers::SupplierId;

/// What people call the words of `kind`.
const KIND_WORDS: &[(&str, &str)] = &[("supplier", "供应商"), ("partner", "合作伙伴"), ("carrier", "承运商")];
/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] = &[("active", "有效"), ("blocked", "已停用")];

pub const SUPPLIERS: Exported = Exported {
    resource: "suppliers",
    titles: ["Suppliers", "供应商"],
    about: "",
    path: "/suppliers",
    columns: SUPPLIERS_COLUMNS,
};

static SUPPLIERS_COLUMNS: &[Heading] = &[
    text("code", "Supplier code", "供应商编码"),
    text("name", "Supplier name", "供应商名称"),
    text("short_name", "Short name", "供应商简称"),
    word("kind", "Kind", "供应商类型", KIND_WORDS),
    word("status", "Status", "状态", STATUS_WORDS),
    text("country", "Country", "国家"),
    text("tax_id", "Tax id", "税号"),
    text("phone", "Phone", "电话"),
    text("email", "E-mail", "邮箱"),
    text("owner.name", "Owner", "负责人"),
    number("response_hours", "Response hours", "答复时限（工作小时）"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("owner_id", "Owner id", "负责人系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

const SUPPLIER_KINDS: WordsOf = &[
    ("supplier", &["供应商", "供货商"]),
    ("partner", &["合作伙伴", "合作方"]),
    ("carrier", &["承运商", "物流商"]),
];

/// What a file can bring.
const SUPPLIERS_FIELDS: &[Field] = &[
    ID,
    EXTERNAL_ID,
    field("code", Text, &["Code", "供应商编号", "供应商代码", "编号"]),
    field("name", Text, &["Name", "名称", "公司名称"]),
    field("short_name", Text, &["简称"]),
    field("kind", Words(SUPPLIER_KINDS), &["类型"]),
    field("country", Text, &["国家代码"]),
    field("tax_id", Text, &["统一社会信用代码"]),
    field("phone", Text, &["联系电话"]),
    field("email", Text, &["Email", "电子邮箱"]),
    into(
        "owner_id",
        field("owner.username", Reference(Named::Code(UserId::KIND)), &["Owner username", "负责人账号"]),
    ),
    into("owner_id", field("owner_id", Reference(Named::Id), &[])),
    field("response_hours", Whole, &["答复时限"]),
    NOTES,
    EXTERNAL_IDS,
];

pub static SUPPLIERS_IMPORTED: Imported = Imported {
    kind: SupplierId::KIND,
    exported: SUPPLIERS,
    fields: SUPPLIERS_FIELDS,
    scopes: &[Scope::SuppliersWrite],
    code: Some("code"),
    lines: None,
};
