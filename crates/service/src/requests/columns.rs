//! The columns of files of requests.

use crate::base::columns::{Exported, Heading, date, flag, instant, number, text, word};

/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] = &[
    ("open", "待答复"),
    ("accepted", "已接受"),
    ("in_progress", "处理中"),
    ("done", "已完成"),
    ("declined", "已拒绝"),
    ("withdrawn", "已撤回"),
];
/// What people call the words of `kind`.
const KIND_WORDS: &[(&str, &str)] = &[
    ("expedite", "加急"),
    ("information", "询问"),
    ("production", "生产"),
    ("delivery", "交付"),
    ("quality", "质量"),
    ("design", "设计"),
    ("other", "其他"),
];

pub const REQUESTS: Exported = Exported {
    resource: "requests",
    titles: ["Requests", "协同请求"],
    about: "requests to departments and suppliers",
    path: "/requests",
    columns: REQUESTS_COLUMNS,
};

static REQUESTS_COLUMNS: &[Heading] = &[
    text("number", "Request number", "请求编号"),
    word("status", "Status", "状态", STATUS_WORDS),
    word("kind", "Kind", "请求类型", KIND_WORDS),
    text("department.code", "Department code", "部门编码"),
    text("department.name", "Department", "部门"),
    text("supplier.code", "Supplier code", "供应商编码"),
    text("supplier.name", "Supplier name", "供应商名称"),
    text("subject", "Subject", "主题"),
    text("body", "Details", "内容"),
    text("about", "About", "相关记录"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("requester.name", "Requester", "请求人"),
    text("team.code", "Team", "团队"),
    text("assignee.name", "Assignee", "受理人"),
    date("wanted_by", "Wanted by", "需求日期"),
    date("promised_on", "Offered date", "答复日期"),
    date("due_on", "Due on", "约定日期"),
    text("promise", "Offer", "日期确认"),
    text("outcome", "Outcome", "结果"),
    number("response_seconds", "Response seconds", "答复用时（工作秒）"),
    flag("response_missed", "Answered late", "答复逾期"),
    flag("delivery_missed", "Done late", "完成逾期"),
    number("escalation_level", "Escalation level", "升级级别"),
    text("id", "Id", "系统编号"),
    instant("created_at", "Asked at", "提出时间"),
    instant("answered_at", "Answered at", "答复时间"),
    instant("ended_at", "Ended at", "结束时间"),
    instant("updated_at", "Changed at", "更新时间"),
];
