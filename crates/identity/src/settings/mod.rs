//! Settings of the company: what its documents say about it, and the limits its rules go by.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::http::history::HISTORY;

pub const AREA: Area = Area { name: "settings", routes, problems: &[], phrases: &[] };

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.tag("settings", "The company and its limits.");
    r.read("/settings", "getSettings", http::get)
        .scope(&[Scope::SettingsRead])
        .says("Read the settings", "The company's data and the limits that reviews and approvals go by.");
    r.change("/settings", "updateSettings", http::update)
        .scope(&[Scope::SettingsWrite])
        .says("Change the settings", "Objects are merged: send only what changes.")
        .example(json!({"orders": {"duplicate_days": 14}}));
    r.list("/settings/history", "listSettingsHistory", &HISTORY, http::history)
        .scope(&[Scope::SettingsRead])
        .says("History of the settings", "Every change: who, when, why, before and after.");
}

const TOLD: Told = Told {
    kind: model::SettingsId::KIND,
    scopes: &[Scope::SettingsRead],
    select: "SELECT settings.id FROM settings WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED],
};
