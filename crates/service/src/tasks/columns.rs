//! The columns of files of tasks.

use crate::base::columns::{Exported, Heading, date, instant, number, text};

pub const TASKS: Exported = Exported { resource: "tasks", about: "", path: "/tasks", columns: TASKS_COLUMNS };

static TASKS_COLUMNS: &[Heading] = &[
    text("subject", "Subject", "主题"),
    text("kind", "Kind", "任务类型"),
    text("status", "Status", "状态"),
    text("priority", "Priority", "优先级"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("order.number", "Order number", "订单编号"),
    text("complaint.number", "Complaint number", "投诉编号"),
    text("assignee.name", "Assignee", "执行人"),
    text("team.code", "Team", "团队"),
    date("due_date", "Due date", "到期日"),
    instant("due_at", "Due at", "到期时间"),
    text("description", "Description", "描述"),
    text("outcome", "Outcome", "结果"),
    number("occurrence", "Occurrence", "第几次"),
    instant("started_at", "Begun at", "开始时间"),
    instant("ended_at", "Ended at", "结束时间"),
    instant("escalated_at", "Escalated at", "升级时间"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("order_id", "Order id", "订单系统编号"),
    text("complaint_id", "Complaint id", "投诉系统编号"),
    text("assignee_id", "Assignee id", "执行人系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];
