//! The columns of files of customers and contacts.

use crate::base::columns::{Exported, Heading, date, flag, instant, number, text};

pub const CUSTOMERS: Exported =
    Exported { resource: "customers", about: "", path: "/customers", columns: CUSTOMERS_COLUMNS };

static CUSTOMERS_COLUMNS: &[Heading] = &[
    text("code", "Customer code", "客户编码"),
    text("name", "Customer name", "客户名称"),
    text("short_name", "Short name", "客户简称"),
    text("kind", "Kind", "客户类型"),
    text("status", "Status", "状态"),
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

pub const CONTACTS: Exported =
    Exported { resource: "contacts", about: "", path: "/contacts", columns: CONTACTS_COLUMNS };

static CONTACTS_COLUMNS: &[Heading] = &[
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("name", "Name", "姓名"),
    text("salutation", "Salutation", "称谓"),
    text("title", "Title", "职务"),
    text("department", "Department", "部门"),
    text("decision_role", "Decision role", "决策角色"),
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
