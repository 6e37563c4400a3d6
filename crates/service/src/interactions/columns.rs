//! The columns of files of interactions.

use crate::base::columns::{Exported, Heading, instant, text, word};

/// What people call the words of `kind`.
const KIND_WORDS: &[(&str, &str)] = &[
    ("call", "电话"),
    ("visit", "拜访"),
    ("email", "邮件"),
    ("letter", "信函"),
    ("message", "消息"),
    ("meeting", "会议"),
];
/// What people call the words of `direction`.
const DIRECTION_WORDS: &[(&str, &str)] = &[("inbound", "客户来联"), ("outbound", "主动联系")];

pub const INTERACTIONS: Exported = Exported {
    resource: "interactions",
    titles: ["Interactions", "客户联系记录"],
    about: "",
    path: "/interactions",
    columns: INTERACTIONS_COLUMNS,
};

static INTERACTIONS_COLUMNS: &[Heading] = &[
    instant("happened_at", "Happened at", "发生时间"),
    word("kind", "Kind", "联系方式", KIND_WORDS),
    word("direction", "Direction", "联系方向", DIRECTION_WORDS),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("contact.name", "Contact", "联系人"),
    text("user.name", "Colleague", "我方人员"),
    text("team.code", "Team", "团队"),
    text("summary", "Summary", "内容摘要"),
    text("next_step", "Next step", "下一步"),
    text("order.number", "Order number", "订单编号"),
    text("complaint.number", "Complaint number", "投诉编号"),
    text("task.subject", "Task", "相关任务"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("user_id", "Colleague id", "我方人员系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];
