//! The columns of files of tasks.

use crate::base::columns::{Exported, Heading, date, instant, number, text, word};

/// What people call the words of `kind`.
const KIND_WORDS: &[(&str, &str)] =
    &[("follow_up", "跟进"), ("return_visit", "回访"), ("reminder", "提醒"), ("other", "其他")];
/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] =
    &[("open", "待办"), ("in_progress", "进行中"), ("done", "已完成"), ("cancelled", "已取消")];
/// What people call the words of `priority`.
const PRIORITY_WORDS: &[(&str, &str)] =
    &[("low", "低"), ("normal", "普通"), ("high", "高"), ("urgent", "紧急")];

pub const TASKS: Exported = Exported {
    resource: "tasks",
    titles: ["Tasks", "任务"],
    about: "",
    path: "/tasks",
    columns: TASKS_COLUMNS,
};

static TASKS_COLUMNS: &[Heading] = &[
    text("subject", "Subject", "主题"),
    word("kind", "Kind", "任务类型", KIND_WORDS),
    word("status", "Status", "状态", STATUS_WORDS),
    word("priority", "Priority", "优先级", PRIORITY_WORDS),
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
