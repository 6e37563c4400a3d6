//! The columns of files: which field each is, and what people call it in English and Chinese. One table per resource,
//! for exports and imports alike.

use crate::base::messages::Lang;
use crate::text_enum;

text_enum! {
    /// Records that a file holds.
    /// - `orders`: one row per order.
    /// - `order_lines`: one row per order line, with the main fields of its order.
    /// - `requests`: requests to departments and suppliers.
    /// - `returns`: one row per return.
    /// - `feedback`: feedback of customers.
    /// - The others: one row per record of that name.
    pub enum ExportResource {
        Customers = "customers",
        Contacts = "contacts",
        Products = "products",
        Prices = "prices",
        /// One row per order.
        Orders = "orders",
        /// One row per line, with the head fields of its order.
        OrderLines = "order_lines",
        Suppliers = "suppliers",
        /// What departments and suppliers are asked.
        Requests = "requests",
        OrderExceptions = "order_exceptions",
        /// One row per return.
        Returns = "returns",
        Complaints = "complaints",
        Tasks = "tasks",
        Interactions = "interactions",
        /// What customers said.
        Feedback = "feedback",
    }
}

/// What is in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Text,
    /// A decimal: a number in a spreadsheet, as far as that holds it exactly.
    Number,
    /// A day.
    Date,
    /// An instant, RFC 3339.
    Instant,
    Flag,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// The field in the list's object, with dots: `customer.code` is the code of what `customer_id` names.
    pub field: &'static str,
    pub names: [&'static str; 2],
    pub cell: Cell,
}

impl Heading {
    pub fn name(&self, lang: Lang) -> &'static str {
        lang.pick(self.names)
    }
}

const fn text(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Text }
}
const fn number(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Number }
}
const fn date(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Date }
}
const fn instant(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Instant }
}
const fn flag(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Flag }
}

/// The columns that a resource's files can have, in their usual order.
pub fn headings(resource: ExportResource) -> &'static [Heading] {
    match resource {
        ExportResource::Customers => CUSTOMERS,
        ExportResource::Contacts => CONTACTS,
        ExportResource::Products => PRODUCTS,
        ExportResource::Prices => PRICES,
        ExportResource::Orders => ORDERS,
        ExportResource::OrderLines => ORDER_LINES,
        ExportResource::Suppliers => SUPPLIERS,
        ExportResource::Requests => REQUESTS,
        ExportResource::OrderExceptions => ORDER_EXCEPTIONS,
        ExportResource::Returns => RETURNS,
        ExportResource::Complaints => COMPLAINTS,
        ExportResource::Tasks => TASKS,
        ExportResource::Interactions => INTERACTIONS,
        ExportResource::Feedback => FEEDBACK,
    }
}

static CUSTOMERS: &[Heading] = &[
    text("code", "Customer code", "客户编码"),
    text("name", "Customer name", "客户名称"),
    text("short_name", "Short name", "客户简称"),
    text("kind", "Kind", "客户类型"),
    text("status", "Status", "状态"),
    text("tier", "Tier", "客户等级"),
    text("industry", "Industry", "行业"),
    text("region.code", "Region", "区域"),
    text("channel", "Channel", "渠道"),
    text("source", "Source", "来源"),
    text("owner.name", "Owner", "负责人"),
    text("team.code", "Team", "团队"),
    text("country", "Country", "国家"),
    text("tax_id", "Tax id", "税号"),
    text("invoice_title", "Invoice title", "发票抬头"),
    text("bank_name", "Bank", "开户银行"),
    text("bank_account", "Bank account", "银行账号"),
    text("currency", "Currency", "币种"),
    number("credit_limit", "Credit limit", "信用额度"),
    number("payment_days", "Payment days", "账期（天）"),
    text("payment_terms", "Payment terms", "付款条件"),
    text("tags", "Tags", "标签"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("owner_id", "Owner id", "负责人系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

static CONTACTS: &[Heading] = &[
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("name", "Name", "姓名"),
    text("salutation", "Salutation", "称谓"),
    text("title", "Title", "职务"),
    text("department", "Department", "部门"),
    text("decision_role", "Decision role", "决策角色"),
    flag("is_primary", "Primary contact", "主要联系人"),
    text("mobile", "Mobile", "手机"),
    text("phone", "Phone", "电话"),
    text("email", "E-mail", "邮箱"),
    text("wechat", "WeChat", "微信"),
    date("birthday", "Birthday", "生日"),
    flag("do_not_contact", "Do not contact", "勿扰"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

static PRODUCTS: &[Heading] = &[
    text("sku", "SKU", "货号"),
    text("name", "Product name", "产品名称"),
    text("name_en", "English name", "英文名称"),
    text("description", "Description", "描述"),
    text("category.code", "Category", "品类"),
    text("status", "Status", "状态"),
    text("unit", "Unit", "单位"),
    text("units", "Further units", "辅助单位"),
    number("tax_rate", "Tax rate", "税率"),
    number("cost", "Cost", "成本"),
    text("cost_currency", "Cost currency", "成本币种"),
    date("sold_from", "Sold from", "开售日期"),
    date("sold_to", "Sold to", "停售日期"),
    text("barcode", "Barcode", "条码"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

static PRICES: &[Heading] = &[
    text("price_list.code", "Price list", "价目表"),
    text("price_list.currency", "Currency", "币种"),
    text("product.sku", "SKU", "货号"),
    text("product.name", "Product name", "产品名称"),
    text("unit", "Unit", "单位"),
    number("min_quantity", "From quantity", "起订数量"),
    number("unit_price", "Unit price", "单价"),
    date("valid_from", "Valid from", "生效日期"),
    date("valid_to", "Valid to", "失效日期"),
    text("id", "Id", "系统编号"),
    text("price_list_id", "Price list id", "价目表系统编号"),
    text("product_id", "Product id", "产品系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

static ORDERS: &[Heading] = &[
    text("number", "Order number", "订单编号"),
    text("status", "Status", "状态"),
    flag("on_hold", "On hold", "暂停"),
    number("open_exceptions", "Open exceptions", "未解决异常数"),
    flag("blocked", "Blocked", "异常阻断"),
    text("fulfilment", "Fulfilment", "发货进度"),
    date("order_date", "Order date", "订单日期"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("customer_po", "Customer PO", "客户采购单号"),
    text("rep.name", "Rep", "销售代表"),
    text("team.code", "Team", "团队"),
    text("region.code", "Region", "区域"),
    text("channel", "Channel", "渠道"),
    date("requested_date", "Requested date", "要求交期"),
    date("promised_date", "Promised date", "承诺交期"),
    date("first_promised_date", "First promised date", "首次承诺交期"),
    text("currency", "Currency", "币种"),
    number("list", "List value", "目录金额"),
    number("discount", "Discount", "折扣金额"),
    number("net", "Net", "未税金额"),
    number("tax", "Tax", "税额"),
    number("gross", "Gross", "含税金额"),
    number("credited_gross", "Credited for returns", "退货贷记含税金额"),
    number("payment_days", "Payment days", "账期（天）"),
    text("payment_terms", "Payment terms", "付款条件"),
    text("delivery_terms", "Delivery terms", "交货条件"),
    text("shipping_address.recipient", "Ship to", "收货人"),
    text("shipping_address.line1", "Ship-to address", "收货地址"),
    text("shipping_address.city", "Ship-to city", "收货城市"),
    text("shipping_address.country", "Ship-to country", "收货国家"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("rep_id", "Rep id", "销售代表系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

static ORDER_LINES: &[Heading] = &[
    text("order_number", "Order number", "订单编号"),
    text("order_status", "Status", "状态"),
    date("order_date", "Order date", "订单日期"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("customer_po", "Customer PO", "客户采购单号"),
    text("rep.name", "Rep", "销售代表"),
    text("channel", "Channel", "渠道"),
    text("currency", "Currency", "币种"),
    date("requested_date", "Requested date", "要求交期"),
    text("order_external_ids", "Order external ids", "订单外部编号"),
    number("position", "Line", "行号"),
    text("sku", "SKU", "货号"),
    text("description", "Description", "描述"),
    number("quantity", "Quantity", "数量"),
    text("unit", "Unit", "单位"),
    number("unit_price", "Unit price", "单价"),
    number("list_price", "List price", "目录价"),
    number("discount_rate", "Discount rate", "折扣率"),
    number("tax_rate", "Tax rate", "税率"),
    date("promised_date", "Promised date", "承诺交期"),
    number("list", "List value", "目录金额"),
    number("discount", "Discount", "折扣金额"),
    number("net", "Net", "未税金额"),
    number("tax", "Tax", "税额"),
    number("gross", "Gross", "含税金额"),
    number("shipped", "Shipped", "已发数量"),
    number("delivered", "Delivered", "已签收数量"),
    number("closed", "Closed short", "短关数量"),
    number("in_return", "Being returned", "退货中数量"),
    number("returned", "Returned", "已退数量"),
    date("first_promised_date", "First promised date", "首次承诺交期"),
    text("id", "Id", "系统编号"),
    text("order_id", "Order id", "订单系统编号"),
    text("product_id", "Product id", "产品系统编号"),
    text("customer_id", "Customer id", "客户系统编号"),
    text("rep_id", "Rep id", "销售代表系统编号"),
];

static SUPPLIERS: &[Heading] = &[
    text("code", "Supplier code", "供应商编码"),
    text("name", "Supplier name", "供应商名称"),
    text("short_name", "Short name", "供应商简称"),
    text("kind", "Kind", "供应商类型"),
    text("status", "Status", "状态"),
    text("country", "Country", "国家"),
    text("tax_id", "Tax id", "税号"),
    text("phone", "Phone", "电话"),
    text("email", "E-mail", "邮箱"),
    text("owner.name", "Owner", "负责人"),
    number("response_hours", "Response hours", "答复时限（工作小时）"),
    text("notes", "Notes", "备注"),
    text("external_ids", "External ids", "外部编号"),
    text("id", "Id", "系统编号"),
    text("owner_id", "Owner id", "负责人系统编号"),
    instant("created_at", "Entered at", "录入时间"),
    instant("updated_at", "Changed at", "更新时间"),
];

static REQUESTS: &[Heading] = &[
    text("number", "Request number", "请求编号"),
    text("status", "Status", "状态"),
    text("kind", "Kind", "请求类型"),
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

static ORDER_EXCEPTIONS: &[Heading] = &[
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

static RETURNS: &[Heading] = &[
    text("number", "Return number", "退货编号"),
    text("order.number", "Order number", "订单编号"),
    text("customer.code", "Customer code", "客户编码"),
    text("customer.name", "Customer name", "客户名称"),
    text("status", "Status", "状态"),
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

static COMPLAINTS: &[Heading] = &[
    text("number", "Complaint number", "投诉编号"),
    text("status", "Status", "状态"),
    text("severity", "Severity", "严重程度"),
    text("category", "Category", "投诉类别"),
    text("channel", "Channel", "渠道"),
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

static TASKS: &[Heading] = &[
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

static INTERACTIONS: &[Heading] = &[
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

static FEEDBACK: &[Heading] = &[
    text("kind", "Kind", "反馈类型"),
    text("status", "Status", "状态"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_columns_of_a_file_have_the_same_name() {
        for resource in ExportResource::ALL {
            let all = headings(*resource);
            for name in [|h: &Heading| h.field, |h: &Heading| h.names[0], |h: &Heading| h.names[1]] {
                let names: HashSet<&str> = all.iter().map(name).collect();
                assert_eq!(names.len(), all.len(), "{resource}");
            }
        }
    }
}
