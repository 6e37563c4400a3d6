//! Words for events in English and Chinese, for timelines that people read.

use crate::messages::Lang;

type Words = (&'static str, [&'static str; 2]);

/// Names of the kinds of records.
const KINDS: &[Words] = &[
    ("address", ["Address", "地址"]),
    ("complaint", ["Complaint", "投诉"]),
    ("complaint_note", ["Note on a complaint", "投诉记录"]),
    ("complaint_remedy", ["Remedy", "补偿"]),
    ("contact", ["Contact", "联系人"]),
    ("customer", ["Customer", "客户"]),
    ("feedback", ["Feedback", "客户反馈"]),
    ("interaction", ["Conversation", "往来"]),
    ("order", ["Order", "订单"]),
    ("order_exception", ["Order exception", "订单异常"]),
    ("price_list", ["Price list", "价目表"]),
    ("request", ["Request", "协作请求"]),
    ("request_reply", ["Reply to a request", "请求回复"]),
    ("return", ["Return", "退货单"]),
    ("shipment", ["Shipment", "发货单"]),
    ("task", ["Task", "任务"]),
];

/// Words for what happens to records, whatever their kind.
const VERBS: &[Words] = &[
    ("absorbed", ["another record was merged into it", "并入了其他记录"]),
    ("accepted", ["accepted", "已受理"]),
    ("acknowledged", ["acknowledged", "已确认收到"]),
    ("activated", ["activated", "已激活"]),
    ("approved", ["approved", "已批准"]),
    ("assigned", ["assigned", "已指派"]),
    ("blocked", ["blocked", "已冻结"]),
    ("cancelled", ["cancelled", "已取消"]),
    ("claimed", ["taken from the pool", "已从公海领取"]),
    ("closed", ["closed", "已关闭"]),
    ("closed_short", ["rest will not be delivered", "余量已关闭"]),
    ("completed", ["completed", "已完成"]),
    ("confirmed", ["confirmed", "已确认"]),
    ("created", ["entered", "已录入"]),
    ("credit_terms_changed", ["credit terms changed", "信用条件已变更"]),
    ("credited", ["credited", "已贷记"]),
    ("date_agreed", ["date agreed", "日期已确认"]),
    ("date_proposed", ["another date proposed", "已提出新日期"]),
    ("date_refused", ["date refused", "未接受新日期"]),
    ("declined", ["declined", "已拒绝"]),
    ("deleted", ["deleted", "已删除"]),
    ("delivered", ["delivered", "已送达"]),
    ("done", ["done", "已办结"]),
    ("escalated", ["escalated", "已升级"]),
    ("exceptions_changed", ["exceptions changed", "异常有变化"]),
    ("expedited", ["expedited", "已催办"]),
    ("gave_back", ["a merged record was separated again", "已撤回并入的记录"]),
    ("granted", ["granted", "已兑现"]),
    ("held", ["put on hold", "已暂停发货"]),
    ("investigated", ["under investigation", "调查中"]),
    ("marked_dormant", ["marked as dormant", "已标记为休眠"]),
    ("merged", ["merged into another", "已合并到其他记录"]),
    ("overdue", ["overdue", "已逾期"]),
    ("overridden", ["findings overridden", "审核问题已放行"]),
    ("partially_delivered", ["delivered in part", "部分送达"]),
    ("partially_shipped", ["shipped in part", "部分发货"]),
    ("pooled", ["returned to the pool", "已收回公海"]),
    ("posted", ["posted", "已过账"]),
    ("proposed", ["proposed", "已提出方案"]),
    ("reactivated", ["reactivated", "已重新激活"]),
    ("reassigned", ["handed over", "已移交"]),
    ("received", ["received", "已收到"]),
    ("rejected", ["rejected", "已驳回"]),
    ("relayed", ["forwarded to the people concerned", "已转达相关人员"]),
    ("released", ["released", "已恢复发货"]),
    ("reopened", ["reopened", "已重新打开"]),
    ("replaced", ["goods replaced", "已补发"]),
    ("reported", ["reported", "已上报"]),
    ("requested", ["requested", "已申请"]),
    ("resolved", ["resolved", "已解决"]),
    ("resumed", ["resumed", "已恢复计时"]),
    ("retired", ["retired", "已停用"]),
    ("return_changed", ["returns changed", "退货有变化"]),
    ("revised", ["revised", "已修订"]),
    ("shared", ["shared", "已共享"]),
    ("shipment_voided", ["shipment voided", "发货已作废"]),
    ("shipped", ["shipped", "已发货"]),
    ("started", ["started", "已开始"]),
    ("submitted", ["submitted", "已提交"]),
    ("unblocked", ["unblocked", "已解冻"]),
    ("unmerged", ["merge undone", "已撤销合并"]),
    ("unshared", ["share removed", "已取消共享"]),
    ("updated", ["changed", "已修改"]),
    ("voided", ["voided", "已作废"]),
    ("waiting", ["waiting for the customer", "等待客户"]),
    ("withdrawn", ["withdrawn", "已撤回"]),
];

fn find(words: &[Words], name: &str) -> Option<[&'static str; 2]> {
    words.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}

/// Whether there is a word for this kind.
pub fn is_known(kind: &str) -> bool {
    find(KINDS, kind).is_some()
}

/// Whether there are words for what happened.
pub fn are_there_for(kind: &str, verb: &str) -> bool {
    find(KINDS, kind).is_some() && find(VERBS, verb).is_some()
}

/// "Complaint CO-2026-000007 Wet boxes: escalated".
pub fn of(event_type: &str, title: Option<&str>, lang: Lang) -> String {
    let (kind, verb) = event_type.split_once('.').unwrap_or((event_type, ""));
    let word = |words, name: &str| {
        find(words, name).map_or_else(|| name.replace('_', " "), |w| lang.pick(w).to_owned())
    };
    let (kind, verb) = (word(KINDS, kind), word(VERBS, verb));
    let colon = lang.pick([": ", "："]);
    match title {
        Some(title) => format!("{kind} {title}{colon}{verb}"),
        None => format!("{kind}{colon}{verb}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_reads_in_both_languages() {
        let told = |lang| of("complaint.escalated", Some("CO-2026-000007 茶叶受潮"), lang);
        assert_eq!(told(Lang::En), "Complaint CO-2026-000007 茶叶受潮: escalated");
        assert_eq!(told(Lang::Zh), "投诉 CO-2026-000007 茶叶受潮：已升级");
        assert_eq!(of("order.shipped", None, Lang::En), "Order: shipped");
    }

    #[test]
    fn the_words_are_in_order() {
        assert!(KINDS.is_sorted() && VERBS.is_sorted());
    }
}
