//! What people are told without asking: an inbox for each person.
//!
//! Areas tell by [`work::notify`], in the unit of work that makes something worth telling; the words are a phrase of the
//! area's, so that each reads them in their own language. Everybody has their own inbox and sees no other.

mod http;
pub mod model;
pub mod work;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::Told;
use crate::base::http::Routes;

pub use model::NotificationId;
pub use work::{Notice, notify};

pub const AREA: Area = Area { name: "notifications", routes, problems: &[], phrases: &[] };

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.tag("notifications", "What you are told: your inbox.");
    r.list("/me/notifications", "listMyNotifications", &model::NOTIFICATIONS, http::list)
        .person()
        .says("List my notifications", "The newest first. `text` is in the language that the request asks for; `href` is the record that it is about.")
        .fails_with(&["not_a_person"]);
    r.read("/me/notifications/{notification_id}", "getMyNotification", http::get)
        .person()
        .unversioned()
        .says("Read a notification of mine", "Reading it here does not mark it as read.")
        .fails_with(&["not_a_person"]);
    r.action("/me/notifications/{notification_id}/read", "readMyNotification", http::read)
        .person()
        .unversioned()
        .says("Mark a notification as read", "Once more changes nothing.")
        .fails_with(&["not_a_person"]);
    r.action("/me/notifications/{notification_id}/unread", "unreadMyNotification", http::unread)
        .person()
        .unversioned()
        .says("Mark a notification as unread", "To come back to it; once more changes nothing.")
        .fails_with(&["not_a_person"]);
    r.action("/me/notifications/read-all", "readAllMyNotifications", http::read_all)
        .person()
        .unversioned()
        .says(
            "Mark all notifications as read",
            "Those that are unread now, at most 1,000 at once; `left` says how many are still unread.",
        )
        .fails_with(&["not_a_person"]);
}

const TOLD: Told = Told {
    kind: NotificationId::KIND,
    scopes: &[Scope::EventsRead],
    select: "SELECT notifications.id FROM notifications WHERE ",
    visible: model::visible_to,
    verbs: &[
        ("created", "Somebody is told something."),
        ("read", "They have seen it."),
        ("unread", "They want to see it again."),
    ],
};
