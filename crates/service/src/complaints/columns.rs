//! The columns of files of complaints.

use crate::base::columns::{Exported, Heading, flag, instant, number, text, word};

/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] = &[
    ("received", "已收到"),
    ("acknowledged", "已受理"),
    ("investigating", "调查中"),
    ("proposed", "已提方案"),
    ("resolved", "已解决"),
    ("closed", "已关闭"),
];
/// What people call the words of `severity`.
const SEVERITY_WORDS: &[(&str, &str)] =
    &[("low", "低"), ("normal", "一般"), ("high", "高"), ("critical", "严重")];
/// What people call the words of `category`.
const CATEGORY_WORDS: &[(&str, &str)] = &[
    ("quality", "质量"),
    ("delivery", "交付"),
    ("wrong_goods", "发错货"),
    ("service", "服务"),
    ("price", "价格"),
    ("documents", "单据"),
    ("other", "其他"),
];
/// What people call the words of `channel`.
const CHANNEL_WORDS: &[(&str, &str)] = &[
    ("phone", "电话"),
    ("email", "邮件"),
    ("wechat", "微信"),
    ("letter", "信函"),
    ("visit", "来访"),
    ("web", "网站"),
    ("other", "其他"),
];

pub const COMPLAINTS: Exported = Exported {
    resource: "complaints",
    titles: ["Complaints", "投诉"],
    about: "",
    path: "/complaints",
    columns: COMPLAINTS_COLUMNS,
};

static COMPLAINTS_COLUMNS: &[Heading] = &[
    text("number", "Complaint number", "投诉编号"),
    word("status", "Status", "状态", STATUS_WORDS),
    word("severity", "Severity", "严重程度", SEVERITY_WORDS),
    word("category", "Category", "投诉类别", CATEGORY_WORDS),
    word("channel", "Channel", "渠道", CHANNEL_WORDS),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("contact.name", "Contact", "联系人"),
    text("order.number", "Order number", "订单编号"),
    text("product.sku", "SKU", "货号"),
    text("product.name", "Product name", "产品名称"),
    text("subject", "Subject", "主题"),
    text("description", "Description", "描述"),
    text("assignee.name", "Assignee", "受理人"),
    text("team.code", "Team", "团队"),
    instant("received_at", "Received at", "接收时间"),
    instant("acknowledged_at", "Acknowledged at", "确认受理时间"),
    instant("resolved_at", "Resolved at", "解决时间"),
    instant("closed_at", "Closed at", "关闭时间"),
    text("waiting_reason", "Waits for", "等待客户事项"),
    text("proposal", "Proposal", "解决方案"),
    text("root_cause", "Root cause", "根本原因"),
    text("root_cause_note", "About the root cause", "原因说明"),
    text("resolution", "Resolution", "解决说明"),
    number("response_seconds", "Response seconds", "受理用时（工作秒）"),
    number("resolution_seconds", "Working seconds", "解决用时（工作秒）"),
    flag("response_missed", "Acknowledged late", "受理逾期"),
    flag("resolution_missed", "Resolved late", "解决逾期"),
    number("escalation_level", "Escalation level", "升级级别"),
    number("reopened", "Opened again", "重新打开次数"),
    number("satisfaction", "Satisfaction", "满意度"),
    text("satisfaction_note", "About satisfaction", "满意度说明"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("order_id", "Order id", "订单系统编号"),
    text("assignee_id", "Assignee id", "受理人系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];
