//! The columns of files of feedback.

use crate::base::columns::{Exported, Heading, instant, text, word};

/// What people call the words of `kind`.
const KIND_WORDS: &[(&str, &str)] = &[
    ("need", "需求"),
    ("praise", "表扬"),
    ("objection", "异议"),
    ("price", "价格"),
    ("quality", "质量"),
    ("delivery", "交付"),
    ("other", "其他"),
];
/// What people call the words of `status`.
const STATUS_WORDS: &[(&str, &str)] =
    &[("kept", "已存档"), ("relayed", "已转达"), ("acknowledged", "已确认")];

pub const FEEDBACK: Exported = Exported {
    resource: "feedback",
    titles: ["Feedback", "客户反馈"],
    about: "feedback of customers",
    path: "/feedback",
    columns: FEEDBACK_COLUMNS,
};

static FEEDBACK_COLUMNS: &[Heading] = &[
    word("kind", "Kind", "反馈类型", KIND_WORDS),
    word("status", "Status", "状态", STATUS_WORDS),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("product.sku", "SKU", "货号"),
    text("product.name", "Product name", "产品名称"),
    text("text", "What was said", "反馈内容"),
    instant("interaction.happened_at", "Happened at", "发生时间"),
    instant("acknowledged_at", "Acknowledged at", "全部确认时间"),
    text("id", "Id", "系统编号"),
    text("interaction_id", "Interaction id", "联系记录系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("product_id", "Product id", "产品系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];
