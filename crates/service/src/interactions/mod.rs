//! Interactions: contacts with customers, and the customers' feedback, which is sent to the people whom it concerns.
//!
//! | endpoint | who |
//! |---|---|
//! | read interactions | `interactions:read`: those with customers that one sees, and one's own |
//! | enter and change interactions, add feedback | `interactions:write` |
//! | read feedback | `feedback:read`: feedback that one received, and that of customers that one sees |
//! | acknowledge feedback | `feedback:write`: its recipients |

mod columns;
pub mod feedback;
mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::{Op, Predicate, col};
use crate::base::events::{self, EventSource};
use crate::base::holdings::Holding;
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::customers::Attention;
use crate::schema::interactions;
use model::Interaction;
use salesdesk_parties::movable;

pub use model::InteractionId;

pub const AREA: Area = Area { name: "interactions", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::InteractionsRead];
const WRITE: &[Scope] = &[Scope::InteractionsWrite];

fn routes(r: &mut Routes) {
    r.declare(Holding::past(col!(interactions::user_id), ["Spoke with customers", "客户往来记录人"]));
    r.declare(columns::INTERACTIONS);
    r.declare(movable!(Interaction, interactions, InteractionId));
    r.declare(Attention {
        customer: col!(interactions::customer_id),
        since: |at, _| Predicate::Compare(col!(interactions::happened_at), Op::Gt, at.into()),
    });
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Interaction>(col!(interactions::id)));
    r.tag("interactions", "Interactions: calls, visits and messages with customers, and what was agreed.");
    r.within_restrictions();
    r.list("/interactions", "listInteractions", &model::INTERACTIONS, http::list)
        .scope(READ)
        .summary("List interactions")
        .description("Interactions with the customers that you may see, and those in which you took part or that you entered.");
    r.create("/interactions", "createInteraction", http::create)
        .scope(WRITE)
        .summary("Enter an interaction")
        .description("Records a call, visit or message, with the customer's `feedback` in separate items. Each item is sent at once to the customer's owner and to the people whom the settings name for its kind (`relations.feedback`). Read the items with `GET /feedback?interaction_id=`.")
        .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "kind": "visit", "direction": "outbound", "summary": "They sell twenty boxes a week", "next_step": "Send samples of the larger box", "feedback": [{"kind": "quality", "text": "The lids do not close well"}]}))
        .fails_with(&["external_id_taken"]);
    r.read("/interactions/{interaction_id}", "getInteraction", http::get)
        .scope(READ)
        .expands(model::INTERACTIONS.expand)
        .summary("Read an interaction")
        .description("The interaction without its feedback, which has its own list.");
    r.change("/interactions/{interaction_id}", "updateInteraction", http::update)
        .scope(WRITE)
        .summary("Change an interaction")
        .description(
            "Corrects what was entered. Only whoever entered it, or took part in it, may (`not_the_author`); what a machine client \
                entered may be corrected by all who may write. The customer and the person who took part cannot be \
                changed.",
        )
        .example(json!({"next_step": "Call on Monday"}))
        .fails_with(&["external_id_taken", "not_the_author"]);
    r.history("/interactions/{interaction_id}/history", "listInteractionHistory", http::get)
        .scope(READ)
        .summary("Read history of an interaction")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
    r.read_by_external_id(
        "/interactions/by-external-id/{system}/{id}",
        "getInteractionByExternalId",
        http::get,
    )
    .scope(READ)
    .expands(model::INTERACTIONS.expand)
    .summary("Read an interaction by external id")
    .description("The interaction that another system calls by this id.");
    r.put_by_external_id(
        "/interactions/by-external-id/{system}/{id}",
        "upsertInteractionByExternalId",
        http::create,
        http::update_named,
    )
    .scope(WRITE)
    .summary("Upsert an interaction by external id")
    .description("For another system that sends its interactions. A new interaction is entered as by `POST /interactions`. An existing one keeps `customer_id` and `user_id`; feedback with a new kind and text is added and sent.")
    .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "kind": "call", "direction": "inbound", "summary": "They sell twenty boxes a week"}))
    .fails_with(&["external_id_taken", "not_the_author"]);
    feedback::routes(r);
    r.expands("int", work::expand);
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "not_the_author",
    403,
    ["Noted by somebody else", "由他人记录"],
    ["What somebody else has noted is changed by themselves only.", "他人记录的内容只能由本人更改。"],
    ["Enter an interaction of your own that adds or corrects it.", "请新建一条往来记录加以补充或更正。"],
)];

static PHRASES: &[Phrase] = &[
    ("feedback_relayed", ["{customer} said ({kind}): {text}", "{customer} 反馈（{kind}）：{text}"]),
    (
        "yourself_only",
        ["must be yourself: nobody speaks in another's name", "只能是本人，不能以他人名义记录"],
    ),
];

const TOLD: EventSource = EventSource {
    kind: InteractionId::KIND,
    name: ["Conversation", "往来"],
    scopes: READ,
    id: col!(interactions::id),
    visible: model::visible_to,
    verbs: &[events::CREATED, events::UPDATED],
};
