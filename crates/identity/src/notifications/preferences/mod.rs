//! E-mail preferences of each person. The inbox holds every notification in any case.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::db::filter::col;
use crate::base::events::{EventSource, Verb};
use crate::base::http::Routes;

use model::NotificationPreferencesId;

pub fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.read("/me/notification-preferences", "getMyNotificationPreferences", http::get)
        .person()
        .summary("Read my notification preferences")
        .description(
            "Returns how you are notified by e-mail, and what this means for each kind of notification. \
             Nobody else can read it. Before the first change it returns the defaults with version 0.",
        )
        .fails_with(&["not_a_person"]);
    r.change("/me/notification-preferences", "updateMyNotificationPreferences", http::update)
        .person()
        .summary("Change my notification preferences")
        .description(
            "Changes how you are notified by e-mail. `by_notice` is merged: null removes an entry. E-mails \
             go to the address of your user, and only when the installation has a mail server. The inbox \
             cannot be switched off.",
        )
        .example(json!({"by_notice": {"task": "off", "feedback_relayed": "at_once"}, "quiet_hours": {"from": "21:00", "to": "07:30"}}))
        .fails_with(&["not_a_person"]);
}

const TOLD: EventSource = EventSource {
    kind: NotificationPreferencesId::KIND,
    name: ["Notification preferences", "通知偏好"],
    scopes: &[Scope::EventsRead],
    id: col!(notification_preferences::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("created", "A person set their notification preferences for the first time."),
        Verb::new("changed", "A person changed their notification preferences.").reads("changed", "已修改"),
    ],
};
