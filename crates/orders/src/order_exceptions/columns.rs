//! The columns of files of order exceptions.

use crate::base::columns::{Exported, Heading, flag, instant, number, text};

pub const ORDER_EXCEPTIONS: Exported = Exported {
    resource: "order_exceptions",
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
    text("kind", "Kind", "异常类型"),
    text("severity", "Severity", "严重程度"),
    text("status", "Status", "状态"),
    flag("blocking", "Blocking", "阻断发货"),
    text("description", "Description", "描述"),
    number("quantity", "Quantity", "数量"),
    text("owner.name", "Owner", "负责人"),
    text("team.code", "Team", "团队"),
    instant("reported_at", "Reported at", "报告时间"),
    instant("resolved_at", "Resolved at", "解决时间"),
    text("outcome", "Outcome", "结果"),
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
