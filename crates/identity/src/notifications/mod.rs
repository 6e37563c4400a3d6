//! Notifications: an inbox for each person.
//!
//! Areas notify with [`work::notify`], in the unit of work that causes the notification. The words are a
//! phrase of the area, so each person reads them in their own language. A person sees only their own inbox.
//! Each person decides which notifications are also sent by e-mail ([`preferences`]): at once ([`mailing`]),
//! or in a daily [`digest`].

pub mod digest;
mod http;
pub mod mailing;
pub mod model;
pub mod preferences;
pub mod work;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::filter::col;
use crate::base::events::{EventSource, Verb};
use crate::base::holdings::Holding;
use crate::base::http::Routes;
use crate::base::messages::Phrase;

pub use crate::base::notices::NoticeKind;
pub use model::NotificationId;
pub use work::{Notice, notify};

pub const AREA: Area = Area { name: "notifications", routes, problems: &[], phrases: PHRASES };

fn routes(r: &mut Routes) {
    for (column, reads) in [
        (col!(notifications::user_id), ["Notifications", "通知"]),
        (col!(notification_preferences::id), ["Preferences for notifications", "通知偏好"]),
        (col!(notification_digests::user_id), ["Daily digests", "每日摘要"]),
    ] {
        r.declare(Holding::own(column, reads));
    }
    r.tells(TOLD);
    r.tag("notifications", "Your inbox of notifications, and your e-mail preferences.");
    r.within_restrictions();
    r.list("/me/notifications", "listMyNotifications", &model::NOTIFICATIONS, http::list)
        .person()
        .summary("List my notifications")
        .description(
            "Returns your notifications, newest first. `text` is in the language that the request asks for; \
             `href` leads to the record. Refused with 403 `not_a_person` for a machine client.",
        )
        .fails_with(&["not_a_person"]);
    r.read("/me/notifications/{notification_id}", "getMyNotification", http::get)
        .person()
        .unversioned()
        .summary("Read a notification of mine")
        .description("Returns one of your notifications. Reading it here does not mark it as read.")
        .fails_with(&["not_a_person"]);
    r.action("/me/notifications/{notification_id}/read", "readMyNotification", http::read)
        .person()
        .unversioned()
        .summary("Mark a notification as read")
        .description("Marks the notification as read. If it is read already, nothing changes.")
        .fails_with(&["not_a_person"]);
    r.action("/me/notifications/{notification_id}/unread", "unreadMyNotification", http::unread)
        .person()
        .unversioned()
        .summary("Mark a notification as unread")
        .description("Marks the notification as unread. If it is unread already, nothing changes.")
        .fails_with(&["not_a_person"]);
    r.action("/me/notifications/read-all", "readAllMyNotifications", http::read_all)
        .person()
        .unversioned()
        .summary("Mark all notifications as read")
        .description(
            "Marks your unread notifications as read, oldest first, at most 1,000 per request. `left` says \
             how many are still unread; send the request again until it is 0.",
        )
        .fails_with(&["not_a_person"]);
    preferences::routes(r);
    r.schedule(digest::SCHEDULE);
}

static PHRASES: &[Phrase] = &[
    (
        "unknown_notice",
        [
            "is neither the code of a notification nor a kind of record that notifications are about",
            "不是通知代码，也不是通知所涉及的记录类型",
        ],
    ),
    ("no_quiet_hours", ["must not end at the time at which they begin", "结束时间不能与开始时间相同"]),
    (
        "mail_digest_subject",
        ["Salesdesk: {count} unread {count:notification|notifications}", "Salesdesk：{count} 条未读通知"],
    ),
    (
        "mail_digest_intro",
        ["You have {count} unread {count:notification|notifications}:", "您有 {count} 条未读通知："],
    ),
    ("mail_digest_more", ["And {count} more in your inbox.", "收件箱中还有 {count} 条。"]),
    (
        "mail_footer",
        [
            "\n-- \nThis e-mail was sent by Salesdesk. Your notification preferences decide which e-mails you get.\n",
            "\n-- \n此邮件由 Salesdesk 发送。您可以在通知偏好中设置接收哪些邮件。\n",
        ],
    ),
];

const TOLD: EventSource = EventSource {
    kind: NotificationId::KIND,
    name: ["Notification", "通知"],
    scopes: &[Scope::EventsRead],
    id: col!(notifications::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("created", "A person was notified."),
        Verb::new("read", "The person marked the notification as read.")
            .reads("marked as read", "已标为已读"),
        Verb::new("unread", "The person marked the notification as unread.")
            .reads("marked as unread", "已标为未读"),
    ],
};
