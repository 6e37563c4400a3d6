//! The columns of files of order exceptions.

use crate::base::columns::{Exported, Heading, flag, instant, number, text, word};

/// What people call the words of `kind`.
const KIND_WORDS: &[(&str, &str)] = &[
    ("shortage", "短缺"),
    ("delay", "延误"),
    ("damage", "货损"),
    ("price_dispute", "价格争议"),
    ("wrong_goods", "发错货"),
    ("address", "地址问题"),
    ("payment", "付款问题"),
    ("other", "其他"),
];
/// What people call the words of `severity`.
const SEVERITY_WORDS: &[(&str, &str)] = &[("minor", "轻微"), ("major", "较重"), ("critical", "严重")];
/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] = &[
    ("open", "待处理"),
    ("in_progress", "处理中"),
    ("resolved", "已解决"),
    ("closed", "已关闭"),
    ("cancelled", "已取消"),
];
/// What people call the words of `outcome`.
const OUTCOME_WORDS: &[(&str, &str)] = &[
    ("fulfilled_later", "延后交付"),
    ("replaced", "已换货"),
    ("credited", "已退款"),
    ("price_corrected", "已更正价格"),
    ("address_corrected", "已更正地址"),
    ("paid", "已付款"),
    ("cancelled_rest", "余量取消"),
    ("no_fault", "无过错"),
    ("other", "其他"),
];

pub const ORDER_EXCEPTIONS: Exported = Exported {
    resource: "order_exceptions",
    titles: ["Order exceptions", "订单异常"],
    about: "",
    path: "/order-exceptions",
    columns: ORDER_EXCEPTIONS_COLUMNS,
};

static ORDER_EXCEPTIONS_COLUMNS: &[Heading] = &[
    text("number", "Exception number", "异常编号"),
    text("order.number", "Order number", "订单编号"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("product.sku", "SKU", "货号"),
    text("product.name", "Product name", "产品名称"),
    word("kind", "Kind", "异常类型", KIND_WORDS),
    word("severity", "Severity", "严重程度", SEVERITY_WORDS),
    word("status", "Status", "状态", STATUS_WORDS),
    flag("blocking", "Blocking", "阻断发货"),
    text("description", "Description", "描述"),
    number("quantity", "Quantity", "数量"),
    text("owner.name", "Owner", "负责人"),
    text("team.code", "Team", "团队"),
    instant("reported_at", "Reported at", "报告时间"),
    instant("resolved_at", "Resolved at", "解决时间"),
    word("outcome", "Outcome", "结果", OUTCOME_WORDS),
    text("resolution", "Resolution", "解决说明"),
    number("resolution_seconds", "Working seconds", "解决用时（工作秒）"),
    flag("resolution_missed", "Too late", "是否逾期"),
    number("escalation_level", "Escalation level", "升级级别"),
    text("id", "Id", "系统编号"),
    text("order_id", "Order id", "订单系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("owner_id", "Owner id", "负责人系统编号"),
    instant("updated_at", "Changed at", "更新时间"),
];
