//! The columns of files of suppliers.

use crate::base::columns::{Exported, Heading, instant, number, text};

pub const SUPPLIERS: Exported =
    Exported { resource: "suppliers", about: "", path: "/suppliers", columns: SUPPLIERS_COLUMNS };

static SUPPLIERS_COLUMNS: &[Heading] = &[
    text("code", "Supplier code", "供应商编码"),
    text("name", "Supplier name", "供应商名称"),
    text("short_name", "Short name", "供应商简称"),
    text("kind", "Kind", "供应商类型"),
    text("status", "Status", "状态"),
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
