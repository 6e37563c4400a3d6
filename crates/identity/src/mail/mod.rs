//! E-mail: a queue in the database, and the task that sends it to a mail server by SMTP.
//!
//! [`work::put`] adds an e-mail to the queue in the unit of work that causes it, so the e-mail exists exactly
//! when its cause does. Delivery is at least once: a program that is killed between the server's answer and
//! its own note sends the e-mail again, under the same Message-ID. Without a mail server in the settings the
//! queue stays empty.

pub mod delivery;
mod http;
pub mod model;
pub mod rules;
pub mod send;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::filter::col;
use crate::base::events::{EventSource, Verb};
use crate::base::holdings::Holding;
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::base::schedules::{Minute, Progress, Rhythm, Schedule};

pub use model::MailId;

pub const AREA: Area = Area { name: "mail", routes, problems: PROBLEMS, phrases: PHRASES };

/// Addresses of people and what a mail server says of them are for administrators.
const ADMIN: &[Scope] = &[Scope::SettingsWrite];

fn routes(r: &mut Routes) {
    r.declare(Holding::past(col!(mails::user_id), ["Was sent mails", "收到的邮件"]));
    r.tells(TOLD);
    r.figures(delivery::figures);
    r.tag("system", "Operation of the installation: problem codes, scheduled work, e-mails, backups.");
    r.list("/system/mails", "listMails", &model::MAILS, http::list)
        .scope(ADMIN)
        .summary("List e-mails")
        .description(
            "Returns e-mails that wait and e-mails that ended, newest first, without their content. Sent \
             e-mails are kept for 30 days, the others for 90. Refused with 403 `client_restricted` for a \
             machine client that is restricted to customers or a team.",
        )
        .fails_with(&["client_restricted"]);
    r.read("/system/mails/{mail_id}", "getMail", http::get)
        .scope(ADMIN)
        .unversioned()
        .summary("Read an e-mail")
        .description(
            "Returns state and attempts of an e-mail, not its content. There is no ETag, because attempts \
         change it without a new version.",
        );
    r.action("/system/mails/{mail_id}/retry", "retryMail", http::retry)
        .scope(ADMIN)
        .unversioned()
        .summary("Send an e-mail again")
        .description(
            "Sends an e-mail that waits, failed or was withheld at once, under the same Message-ID. If this \
             attempt fails, further attempts follow for two and a half days. Refused with 409 \
             `invalid_transition` when the e-mail was sent, and with 409 `mail_not_set_up` without a mail \
             server.",
        )
        .fails_with(&["invalid_transition", "mail_not_set_up"]);
    r.action("/system/mails/test", "testMail", http::test)
        .scope(ADMIN)
        .unversioned()
        .summary("Test the mail settings")
        .description(
            "Sends a test e-mail to an address. Read it by its id afterwards to see the result. Refused \
             with 409 `mail_not_set_up` without a mail server, and with 403 `client_restricted` for a \
             restricted machine client.",
        )
        .example(json!({"to": "it@example.com"}))
        .fails_with(&["mail_not_set_up", "client_restricted"]);
    r.task_unless_held(delivery::TASK, 5, delivery::turn);
    r.schedule(Schedule {
        name: "mail-clearing",
        about: ["Removes e-mails that ended long ago.", "清除早已结束的邮件。"],
        rhythm: Rhythm::Daily(Minute::at(3, 40)),
        run: |run| run.commit(|tx, _| Ok(if work::clear(tx)? { Progress::More } else { Progress::Done })),
    });
}

const TOLD: EventSource = EventSource {
    kind: MailId::KIND,
    name: ["E-mail", "邮件"],
    scopes: ADMIN,
    id: col!(mails::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("created", "A test e-mail was created."),
        Verb::new("retried", "Somebody asked to send the e-mail again.").reads("sent again", "已重新发送"),
    ],
};

static PROBLEMS: &[ProblemText] = &[problem_text(
    "mail_not_set_up",
    409,
    ["Mail not set up", "邮件未配置"],
    ["No mail server is configured, so no e-mail can be sent.", "未配置邮件服务器，无法发送邮件。"],
    [
        "Set smtp_host and mail_from in the configuration, and restart the server.",
        "请设置 smtp_host 和 mail_from，然后重新启动服务器。",
    ],
)];

static PHRASES: &[Phrase] = &[
    ("mail_test_subject", ["Salesdesk: a test", "Salesdesk：测试邮件"]),
    (
        "mail_test_body",
        [
            "E-mails of Salesdesk arrive here. {name} had this one sent to try the settings.\n",
            "Salesdesk 的邮件可以送达此处。本邮件由 {name} 为测试设置而发送。\n",
        ],
    ),
];
