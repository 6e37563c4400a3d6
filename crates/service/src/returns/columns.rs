//! The columns of files of returns.

use crate::base::columns::{Exported, Heading, instant, number, text, word};

/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] = &[
    ("requested", "已申请"),
    ("approved", "已批准"),
    ("received", "已收货"),
    ("credited", "已贷记"),
    ("replaced", "已补发"),
    ("closed", "已关闭"),
    ("rejected", "已驳回"),
    ("cancelled", "已取消"),
];

pub const RETURNS: Exported = Exported {
    resource: "returns",
    titles: ["Returns", "退货"],
    about: "one row per return",
    path: "/returns",
    columns: RETURNS_COLUMNS,
};

static RETURNS_COLUMNS: &[Heading] = &[
    text("number", "Return number", "退货编号"),
    text("order.number", "Order number", "订单编号"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    word("status", "Status", "状态", STATUS_WORDS),
    text("currency", "Currency", "币种"),
    number("net", "Net", "未税金额"),
    number("tax", "Tax", "税额"),
    number("gross", "Gross", "含税金额"),
    text("complaint.number", "Complaint number", "投诉编号"),
    text("exception.number", "Exception number", "异常编号"),
    instant("requested_at", "Requested at", "申请时间"),
    instant("received_at", "Received at", "收货时间"),
    instant("credited_at", "Credited at", "贷记时间"),
    instant("replaced_at", "Replaced at", "补发时间"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("order_id", "Order id", "订单系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    instant("updated_at", "Changed at", "更新时间"),
];
