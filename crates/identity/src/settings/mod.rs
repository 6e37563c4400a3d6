//! Settings of the company: its own data for documents, and the limits of its rules.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::http::Routes;
use crate::base::http::history::HISTORY;

pub const AREA: Area = Area { name: "settings", routes, problems: &[], phrases: &[] };

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Settings>(col!(settings::id)));
    r.begins_with(work::ensure);
    r.tag("settings", "The company's own data, and the limits that its rules use.");
    r.read("/settings", "getSettings", http::get)
        .scope(&[Scope::SettingsRead])
        .summary("Read the settings")
        .description(
            "Returns the company's own data and the limits for reviews, approvals and customer relations.",
        );
    r.change("/settings", "updateSettings", http::update)
        .scope(&[Scope::SettingsWrite])
        .summary("Change the settings")
        .description(
            "Changes the settings. Objects are merged: send only what changes; null removes an entry of a \
             limit list. The new limits apply to the next review or approval. Refused with 422 \
             `validation_failed` for unknown roles, currencies, kinds of feedback or users, and for limits \
             out of range.",
        )
        .example(json!({"orders": {"duplicate_days": 14}}));
    r.list("/settings/history", "listSettingsHistory", &HISTORY, http::history)
        .scope(&[Scope::SettingsRead])
        .summary("Read the settings' history")
        .description(
            "Returns every change of the settings with the old and the new content, who made it, when and \
             why.",
        );
}

const TOLD: EventSource = EventSource {
    kind: model::SettingsId::KIND,
    name: ["Settings", "设置"],
    scopes: &[Scope::SettingsRead],
    id: col!(settings::id),
    visible: events::seen_in_the_house,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        Verb::new(RESTORED, "The database was restored from the backup that `reason` names.")
            .reads("database restored from a backup", "数据库已从备份恢复"),
        Verb::new(RESUMED, "Somebody let the restored installation go on.")
            .reads("restored installation resumed", "恢复后的系统已继续运行"),
    ],
};

/// What happens to the installation as a whole stands in the history of its settings.
pub const RESTORED: &str = "system_restored";
pub const RESUMED: &str = "system_resumed";
