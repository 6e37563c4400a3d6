//! The columns of files of interactions.

use crate::base::columns::{Exported, Heading, instant, text};

pub const INTERACTIONS: Exported =
    Exported { resource: "interactions", about: "", path: "/interactions", columns: INTERACTIONS_COLUMNS };

static INTERACTIONS_COLUMNS: &[Heading] = &[
    instant("happened_at", "Happened at", "发生时间"),
    text("kind", "Kind", "联系方式"),
    text("direction", "Direction", "联系方向"),
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
