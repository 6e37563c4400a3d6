//! Words for events in English and Chinese, for timelines that people read. What a kind of record is called, and what only
//! happens to records of one area, that area says ([`super::EventSource`]); here are the verbs that many share.

use crate::declared::Declared;
use crate::messages::Lang;

type Words = (&'static str, [&'static str; 2]);

/// Words for what happens to records of several areas.
const SHARED: &[Words] = &[
    ("acknowledged", ["acknowledged", "已确认收到"]),
    ("activated", ["activated", "已激活"]),
    ("approved", ["approved", "已批准"]),
    ("assigned", ["assigned", "已指派"]),
    ("blocked", ["blocked", "已冻结"]),
    ("cancelled", ["cancelled", "已取消"]),
    ("closed", ["closed", "已关闭"]),
    ("confirmed", ["confirmed", "已确认"]),
    ("created", ["entered", "已录入"]),
    ("deleted", ["deleted", "已删除"]),
    ("delivered", ["delivered", "已送达"]),
    ("disabled", ["disabled", "已停用"]),
    ("done", ["done", "已办结"]),
    ("enabled", ["enabled", "已启用"]),
    ("escalated", ["escalated", "已升级"]),
    ("received", ["received", "已收到"]),
    ("rejected", ["rejected", "已驳回"]),
    ("reopened", ["reopened", "已重新打开"]),
    ("resolved", ["resolved", "已解决"]),
    ("resumed", ["resumed", "已恢复计时"]),
    ("secret_rotated", ["new secret", "密钥已更换"]),
    ("started", ["started", "已开始"]),
    ("unblocked", ["unblocked", "已解冻"]),
    ("updated", ["changed", "已修改"]),
    ("withdrawn", ["withdrawn", "已撤回"]),
];

/// The words for what happens to records of several areas.
pub fn shared(verb: &str) -> Option<[&'static str; 2]> {
    SHARED.iter().find(|(known, _)| *known == verb).map(|(_, words)| *words)
}

/// "Complaint CO-2026-000007 Wet boxes: escalated".
pub fn of(declared: &Declared, event_type: &str, title: Option<&str>, lang: Lang) -> String {
    let (kind, verb) = event_type.split_once('.').unwrap_or((event_type, ""));
    let told = declared.told.iter().find(|told| told.kind.name == kind);
    let said = told.and_then(|told| told.words(verb)).or_else(|| shared(verb));
    let word = |words: Option<[&'static str; 2]>, name: &str| {
        words.map_or_else(|| name.replace('_', " "), |words| lang.pick(words).to_owned())
    };
    let (kind, verb) = (word(told.map(|told| told.name), kind), word(said, verb));
    let colon = lang.pick([": ", "："]);
    match title {
        Some(title) => format!("{kind} {title}{colon}{verb}"),
        None => format!("{kind}{colon}{verb}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::filter::col;
    use crate::events::{EventSource, Verb, seen_by_all};
    use crate::types::Kind;

    #[test]
    fn what_happened_reads_in_both_languages() {
        const COMPLAINT: EventSource = EventSource {
            kind: Kind { prefix: "cmp", name: "complaint" },
            name: ["Complaint", "投诉"],
            scopes: &[],
            id: col!(orders::id),
            visible: seen_by_all,
            verbs: &[
                Verb::new("escalated", "It was escalated."),
                Verb::new("waiting", "It waits.").reads("waiting for the customer", "等待客户"),
            ],
        };
        let mut declared = Declared::default();
        declared.told.push(COMPLAINT);
        let told = |lang| of(&declared, "complaint.escalated", Some("CO-2026-000007 茶叶受潮"), lang);
        assert_eq!(told(Lang::En), "Complaint CO-2026-000007 茶叶受潮: escalated");
        assert_eq!(told(Lang::Zh), "投诉 CO-2026-000007 茶叶受潮：已升级");
        assert_eq!(of(&declared, "complaint.waiting", None, Lang::En), "Complaint: waiting for the customer");
        assert_eq!(of(&declared, "old_kind.lost_verb", None, Lang::En), "old kind: lost verb");
    }

    #[test]
    fn the_words_are_in_order() {
        assert!(SHARED.is_sorted());
    }
}
