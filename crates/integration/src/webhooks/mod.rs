//! Webhooks: telling other systems of events at once, as Standard Webhooks describes it.
//!
//! | endpoint | who |
//! |---|---|
//! | read webhooks and deliveries | `webhooks:read`; a machine client sees its own |
//! | add, change, enable, disable, delete, rotate the secret, test, replay, retry | `webhooks:write` |
//!
//! A webhook belongs to whoever made it and is told what they may see at the moment of each attempt. Two tasks do the
//! work: [`fan_out`] writes a delivery for each event and webhook, [`delivery`] sends what is due. What was written is
//! delivered at least once, under one id.

pub mod delivery;
pub mod fan_out;
mod http;
pub mod model;
pub mod rules;
pub mod send;
pub mod work;

use std::sync::Arc;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::core::Core;
use crate::base::db::engine::Fate;
use crate::base::error::Result;
use crate::base::events::{self, Told, sequencer};
use crate::base::http::Routes;
use crate::base::http::dispatch::App;
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub use model::WebhookId;

pub const AREA: Area = Area { name: "webhooks", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::WebhooksRead];
const WRITE: &[Scope] = &[Scope::WebhooksWrite];

/// The type of what a test sends.
pub const TEST_EVENT: &str = "webhook.test";

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.tag("webhooks", "Telling other systems of events at once, as Standard Webhooks describes it.");
    records(r);
    life(r);
    deliveries(r);
    r.task(sequencer::NEWS, 1, fan_out::turn);
    r.task(delivery::TASK, 1, delivery::turn);
    r.task("webhook-clearing", 600, clear);
}

fn records(r: &mut Routes) {
    let fails = &["external_id_taken"];
    r.list("/webhooks", "listWebhooks", &model::WEBHOOKS, http::list)
        .scope(READ)
        .says("List webhooks", "A machine client sees those that it made.");
    r.create("/webhooks", "createWebhook", http::create)
        .scope(WRITE)
        .says("Add a webhook", "It is told of events from now on: each is sent to the URL as a signed POST, until it is answered 2xx. The answer tells the `secret` that the signature is made with, this once. You are told what you may see yourself, at the moment when it is sent. Names are looked up at every attempt, and an address that is not public is not asked.")
        .example(json!({"url": "https://erp.example.com/hooks/salesdesk", "event_types": ["order.*", "shipment.delivered"], "description": "Orders for SAP"}))
        .fails_with(fails)
        .fails_with(&["too_many_webhooks"]);
    r.read("/webhooks/{webhook_id}", "getWebhook", http::get)
        .scope(READ)
        .says("Read a webhook", "Never with its secret.");
    r.change("/webhooks/{webhook_id}", "updateWebhook", http::update)
        .scope(WRITE)
        .says("Change a webhook", "What is waiting to be sent goes to the new URL.")
        .example(json!({"event_types": ["order.*"]}))
        .fails_with(fails);
    r.remove("/webhooks/{webhook_id}", "deleteWebhook", http::delete)
        .scope(WRITE)
        .says("Delete a webhook", "With its deliveries. What is waiting to be sent is not sent.");
    r.history("/webhooks/{webhook_id}/history", "listWebhookHistory", http::get)
        .scope(READ)
        .says("History of a webhook", "Every change: who, when, why, before and after.");
    let path = "/webhooks/by-external-id/{system}/{id}";
    r.read_by_external_id(path, "getWebhookByExternalId", http::get)
        .scope(READ)
        .says("Read a webhook by external id", "");
    r.put_by_external_id(path, "upsertWebhookByExternalId", http::declare, http::update)
        .scope(WRITE)
        .says("Create or change a webhook by external id", "For tools that set up what is described in files. A new one has a secret that nobody is told: `rotate-secret` gives one that you know.")
        .example(json!({"url": "https://erp.example.com/hooks/salesdesk", "event_types": ["order.*"]}))
        .fails_with(fails)
        .fails_with(&["too_many_webhooks"]);
}

fn life(r: &mut Routes) {
    let fails = &["invalid_transition"];
    r.read("/webhooks/{webhook_id}/actions", "getWebhookActions", http::actions)
        .scope(READ)
        .unversioned()
        .says(
            "Explain a webhook's actions",
            "Which steps are possible for the caller now, and what stands in the way of the others.",
        );
    r.action("/webhooks/{webhook_id}/enable", "enableWebhook", http::enable)
        .scope(WRITE)
        .says("Enable a webhook", "It is told of events from now on, and what was waiting to be sent goes on; for what happened meanwhile use `replay`.")
        .fails_with(fails);
    r.action("/webhooks/{webhook_id}/disable", "disableWebhook", http::disable)
        .scope(WRITE)
        .says("Disable a webhook", "Nothing is sent until it is enabled again.")
        .fails_with(fails);
    r.action("/webhooks/{webhook_id}/rotate-secret", "rotateWebhookSecret", http::rotate)
        .scope(WRITE)
        .optional_body()
        .says("Give a webhook a new secret", "The answer tells it, this once. For another 24 hours, or as long as is said, deliveries carry a signature of each of the two, so that the receiver can change without a gap.")
        .example(json!({"overlap_hours": 48}));
    r.action("/webhooks/{webhook_id}/test", "testWebhook", http::test)
        .scope(WRITE)
        .unversioned()
        .says("Test a webhook", "Sends a `webhook.test` now, which is signed, tried and listed as any other delivery. `GET /webhook-deliveries/{delivery_id}` tells what came of it.")
        .fails_with(fails);
    r.action("/webhooks/{webhook_id}/replay", "replayWebhook", http::replay)
        .scope(WRITE)
        .says("Tell events once more", "Goes back to an instant (`since`) or to a cursor of the feed (`after`): the events from there on are delivered once more, under new ids, as fast as they are taken. A few from shortly before may come, too. What is not kept any more answers 410.")
        .example(json!({"since": "2026-11-20T00:00:00Z"}))
        .fails_with(&["invalid_transition", "cursor_expired"]);
}

fn deliveries(r: &mut Routes) {
    r.list(
        "/webhooks/{webhook_id}/deliveries",
        "listWebhookDeliveries",
        &model::DELIVERIES,
        http::deliveries,
    )
    .scope(READ)
    .says(
        "List a webhook's deliveries",
        "The newest first. What succeeded is kept for 30 days, the rest for 90.",
    );
    r.read("/webhook-deliveries/{delivery_id}", "getWebhookDelivery", http::delivery)
        .scope(READ)
        .unversioned()
        .says("Read a delivery", "With each attempt: when, how long, what was answered.");
    r.action("/webhook-deliveries/{delivery_id}/retry", "retryWebhookDelivery", http::retry)
        .scope(WRITE)
        .unversioned()
        .says(
            "Try a delivery again",
            "Now, under the same `webhook-id`, and from the beginning of the ladder of retries if it fails.",
        )
        .fails_with(&["invalid_transition", "webhook_disabled"]);
}

const TOLD: Told = Told {
    kind: WebhookId::KIND,
    scopes: READ,
    select: "SELECT webhooks.id FROM webhooks WHERE ",
    visible: work::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        events::DELETED,
        ("enabled", "It is told of events again."),
        ("disabled", "It is told of nothing, until it is enabled."),
        ("secret_rotated", "It has a new secret."),
        ("tested", "A test was sent to it."),
        ("replayed", "Events are told to it once more."),
        ("delivery_retried", "A delivery to it is tried again."),
    ],
};

/// Clears away deliveries whose time is over.
fn clear(app: &Arc<App>) -> Result<bool> {
    let now = app.core.clock.now();
    if !app.core.engine.read_now(move |conn| work::is_to_clear(conn, now))? {
        return Ok(false);
    }
    app.core.engine.write_now(move |conn| Ok((work::clear(conn, now)?, Fate::Keep)))
}

/// Figures of the queue.
pub fn figures(core: &Arc<Core>) {
    delivery::figures(core);
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "too_many_webhooks",
        409,
        ["Too many webhooks", "Webhook 过多"],
        ["There are {max} webhooks of yours already.", "您已有 {max} 个 Webhook。"],
        ["Delete one that is not needed any more.", "请删除不再需要的 Webhook。"],
    ),
    problem_text(
        "webhook_disabled",
        409,
        ["Webhook disabled", "Webhook 已停用"],
        ["The webhook is disabled, so nothing is sent to it.", "该 Webhook 已停用，不会发送任何内容。"],
        ["Enable it, then try again.", "请先启用，再重试。"],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "not_a_url",
        ["is not a URL such as https://erp.example.com/hook", "不是网址（如 https://erp.example.com/hook）"],
    ),
    ("not_https", ["must begin with https://", "必须以 https:// 开头"]),
    ("url_with_credentials", ["must not hold a user name or password", "不能包含用户名或密码"]),
    ("address_not_allowed", ["must be a public address", "必须是公网地址"]),
    ("malformed_cursor", ["is no cursor of the event feed", "不是事件流的游标"]),
    ("since_or_after", ["needs either since or after", "须填写 since 或 after 其中之一"]),
];
