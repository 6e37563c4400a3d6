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
use crate::base::db::Replayed;
use crate::base::db::engine::Ending;
use crate::base::db::filter::col;
use crate::base::error::Result;
use crate::base::events::{self, EventSource, Verb, sequencer};
use crate::base::holdings::Holding;
use crate::base::http::Routes;
use crate::base::http::dispatch::App;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub use model::WebhookId;

pub const AREA: Area = Area { name: "webhooks", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::WebhooksRead];
const WRITE: &[Scope] = &[Scope::WebhooksWrite];

/// The type of what a test sends.
pub const TEST_EVENT: &str = "webhook.test";

fn routes(r: &mut Routes) {
    r.declare(Holding::own(col!(webhooks::owner_user_id), ["Owner of webhooks", "网络钩子所有者"]));
    r.declare(Life::of(
        "Webhooks",
        WebhookId::KIND,
        model::WebhookStatus::ALL,
        model::WebhookAction::ALL,
        model::WebhookStatus::after,
    ));
    r.tells(TOLD);
    r.declare(
        Replayed::of::<model::Webhook>(col!(webhooks::id)).beside(&["failing_since", "last_success_at"]),
    );
    r.figures(delivery::figures);
    r.tag("webhooks", "Sending events to other systems at once, as Standard Webhooks describes it.");
    r.within_restrictions();
    records(r);
    life(r);
    deliveries(r);
    r.task(sequencer::NEWS, 1, fan_out::turn);
    r.task_unless_held(delivery::TASK, 1, delivery::turn);
    r.task("webhook-clearing", 600, clear);
}

fn records(r: &mut Routes) {
    let fails = &["external_id_taken"];
    r.list("/webhooks", "listWebhooks", &model::WEBHOOKS, http::list)
        .scope(READ)
        .summary("List webhooks")
        .description(
            "Returns webhooks, oldest first. A machine client sees only those that it made; a person sees \
             all.",
        );
    r.create("/webhooks", "createWebhook", http::create)
        .scope(WRITE)
        .summary("Create a webhook")
        .description(
            "Creates a webhook that receives events from now on. Each event is sent to the URL as a signed \
             POST, and again after failures, until the receiver answers 2xx. The answer shows the `secret` \
             for checking the signature, only this once. You receive events about records that you may see \
             yourself at the moment of sending. The host name is resolved at every attempt; private \
             addresses are refused. Refused with 409 `too_many_webhooks` when you have 100 webhooks.",
        )
        .example(json!({"url": "https://erp.example.com/hooks/salesdesk", "event_types": ["order.*", "shipment.delivered"], "description": "Orders for SAP"}))
        .fails_with(fails)
        .fails_with(&["too_many_webhooks"]);
    r.read("/webhooks/{webhook_id}", "getWebhook", http::get)
        .scope(READ)
        .summary("Read a webhook")
        .description("Returns one webhook, never its secret.");
    r.change("/webhooks/{webhook_id}", "updateWebhook", http::update)
        .scope(WRITE)
        .summary("Change a webhook")
        .description("Changes the data of a webhook. Deliveries that wait go to the new URL.")
        .example(json!({"event_types": ["order.*"]}))
        .fails_with(fails);
    r.remove("/webhooks/{webhook_id}", "deleteWebhook", http::delete)
        .scope(WRITE)
        .summary("Delete a webhook")
        .description("Deletes a webhook with its deliveries. Deliveries that wait are not sent.");
    r.history("/webhooks/{webhook_id}/history", "listWebhookHistory", http::get)
        .scope(READ)
        .summary("Read a webhook's history")
        .description(
            "Returns every change of the webhook with the old and the new content, who made it, when and \
             why.",
        );
    let path = "/webhooks/by-external-id/{system}/{id}";
    r.read_by_external_id(path, "getWebhookByExternalId", http::get)
        .scope(READ)
        .summary("Read a webhook by external id")
        .description("Returns the webhook that has this id in another system.");
    r.put_by_external_id(path, "upsertWebhookByExternalId", http::declare, http::update)
        .scope(WRITE)
        .summary("Put a webhook by external id")
        .description(
            "For tools that set up an installation from files. A new webhook has a secret that nobody sees: \
             use `rotate-secret` to get one that you know.",
        )
        .example(json!({"url": "https://erp.example.com/hooks/salesdesk", "event_types": ["order.*"]}))
        .fails_with(fails)
        .fails_with(&["too_many_webhooks"]);
}

fn life(r: &mut Routes) {
    let fails = &["invalid_transition"];
    r.read("/webhooks/{webhook_id}/actions", "getWebhookActions", http::actions)
        .scope(READ)
        .unversioned()
        .summary("Explain a webhook's actions")
        .description("Returns every step, whether the caller can take it now, and what stands in the way.");
    r.action("/webhooks/{webhook_id}/enable", "enableWebhook", http::enable)
        .scope(WRITE)
        .summary("Enable a webhook")
        .description(
            "Sends events to the webhook again, from now on. Deliveries that waited are sent; use `replay` \
             for events that happened in between. Refused with 409 `invalid_transition` when it is active.",
        )
        .fails_with(fails);
    r.action("/webhooks/{webhook_id}/disable", "disableWebhook", http::disable)
        .scope(WRITE)
        .summary("Disable a webhook")
        .description(
            "Stops sending until the webhook is enabled again. Refused with 409 `invalid_transition` when \
             it is disabled already.",
        )
        .fails_with(fails);
    r.action("/webhooks/{webhook_id}/rotate-secret", "rotateWebhookSecret", http::rotate)
        .scope(WRITE)
        .optional_body()
        .summary("Rotate a webhook's secret")
        .description(
            "Makes a new secret and shows it only in this answer. For 24 hours, or `overlap_hours`, \
             deliveries carry a signature of each of the two secrets, so that the receiver can change \
             without a gap.",
        )
        .example(json!({"overlap_hours": 48}));
    r.action("/webhooks/{webhook_id}/test", "testWebhook", http::test)
        .scope(WRITE)
        .unversioned()
        .summary("Test a webhook")
        .description(
            "Sends a `webhook.test` now. It is signed, repeated and listed like any other delivery; read \
             the delivery by its id to see the result. Refused with 409 `invalid_transition` when the \
             webhook is disabled.",
        )
        .fails_with(fails);
    r.action("/webhooks/{webhook_id}/replay", "replayWebhook", http::replay)
        .scope(WRITE)
        .summary("Send past events again")
        .description(
            "Sends the events from an instant (`since`) or after a cursor of the feed (`after`) again, as \
             new deliveries with new ids. Some events from shortly before can be sent too. Refused with 410 \
             `cursor_expired` for events older than 90 days, and with 409 `invalid_transition` when the \
             webhook is disabled.",
        )
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
    .summary("List a webhook's deliveries")
    .description(
        "Returns the deliveries of a webhook, newest first. Successful deliveries are kept for 30 days, the \
         others for 90.",
    );
    r.read("/webhook-deliveries/{delivery_id}", "getWebhookDelivery", http::delivery)
        .scope(READ)
        .unversioned()
        .summary("Read a delivery")
        .description("Returns a delivery with its attempts: when, how long, and what the receiver answered.");
    r.action("/webhook-deliveries/{delivery_id}/retry", "retryWebhookDelivery", http::retry)
        .scope(WRITE)
        .unversioned()
        .summary("Retry a delivery")
        .description(
            "Sends a delivery again at once, under the same `webhook-id`. If it fails, the usual retries \
             follow. Refused with 409 `invalid_transition` when it succeeded, and with 409 \
             `webhook_disabled` when the webhook is disabled.",
        )
        .fails_with(&["invalid_transition", "webhook_disabled"]);
}

const TOLD: EventSource = EventSource {
    kind: WebhookId::KIND,
    name: ["Webhook", "Webhook"],
    scopes: READ,
    id: col!(webhooks::id),
    visible: work::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        events::DELETED,
        Verb::new("enabled", "The webhook was enabled and receives events again."),
        Verb::new("disabled", "The webhook was disabled and receives nothing."),
        Verb::new("secret_rotated", "The webhook got a new secret."),
        Verb::new("tested", "A test was sent to the webhook.").reads("test sent", "已发送测试"),
        Verb::new("replayed", "Past events are sent to the webhook again.")
            .reads("past events sent again", "已重发历史事件"),
        Verb::new("delivery_retried", "Somebody asked to send a delivery to the webhook again.")
            .reads("delivery sent again", "已重新投递"),
    ],
};

/// Clears away deliveries whose time is over.
fn clear(app: &Arc<App>) -> Result<bool> {
    let now = app.core.clock.now();
    if !app.core.engine.read_now(move |conn| work::is_to_clear(conn, now))? {
        return Ok(false);
    }
    app.core.engine.write_now(move |conn| Ok((work::clear(conn, now)?, Ending::Commit)))
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "too_many_webhooks",
        409,
        ["Too many webhooks", "Webhook 过多"],
        ["You have {max} webhooks already.", "您已有 {max} 个 Webhook。"],
        ["Delete a webhook that is not needed any more.", "请删除不再需要的 Webhook。"],
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
    ("url_with_credentials", ["must not contain a user name or password", "不能包含用户名或密码"]),
    ("address_not_allowed", ["must be a public address", "必须是公网地址"]),
    ("malformed_cursor", ["is not a cursor of the event feed", "不是事件流的游标"]),
    ("since_or_after", ["needs either since or after", "须填写 since 或 after 其中之一"]),
];
