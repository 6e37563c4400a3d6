//! Machine clients: programs that call the API, such as an ERP, a web shop or a BI tool. A client is no person: it
//! has scopes of its own, and may be restricted to customers, a team or networks.
//!
//! | endpoint | who |
//! |---|---|
//! | read clients | `clients:read` |
//! | register, change, suspend, resume, revoke, rotate the secret | `clients:write` |
//! | get and end tokens | the client itself, by its secret ([`oauth`]) |
//!
//! An administrator may give any scope. A client that manages clients hands on no right that it does not have.

mod http;
pub mod model;
pub mod oauth;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub use model::ClientId;

pub const AREA: Area = Area { name: "clients", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ClientsRead];
const WRITE: &[Scope] = &[Scope::ClientsWrite];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Machine clients",
        ClientId::KIND,
        model::ClientStatus::ALL,
        model::ClientAction::ALL,
        model::ClientStatus::after,
    ));
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Client>(col!(clients::id)).beside(&["last_used_at"]));
    r.tag("clients", "Machine clients: programs that call the API, and their rights.");
    records(r);
    life(r);
    oauth::routes(r);
}

fn records(r: &mut Routes) {
    r.list("/clients", "listClients", &model::CLIENTS, http::list)
        .scope(READ)
        .summary("List machine clients")
        .description("Returns all machine clients, revoked ones included, sorted by name.");
    r.create("/clients", "createClient", http::create)
        .scope(WRITE)
        .summary("Register a machine client")
        .description(
            "Creates a machine client and shows its `client_secret`, only this once. With id and secret the \
             program gets access tokens at `/oauth/token`. `customer_ids` or `team_id` restrict which \
             records it sees and changes, and close to it what does not keep to them. A machine client makes \
             none that is stronger than itself: 403 `forbidden` for other scopes, else `client_restricted`.",
        )
        .example(json!({"name": "SAP", "description": "Orders in, shipments out", "scopes": ["customers:read", "products:read", "orders:read", "orders:write"]}))
        .fails_with(&["external_id_taken", "client_restricted"]);
    r.read("/clients/{client_id}", "getClient", http::get)
        .scope(READ)
        .expands(model::CLIENTS.expand)
        .summary("Read a machine client")
        .description("Returns one machine client, never its secret.");
    r.change("/clients/{client_id}", "updateClient", http::update)
        .scope(WRITE)
        .summary("Change a machine client")
        .description(
            "Changes the data of a machine client. A scope that is taken away is gone within seconds, also \
             for access tokens that were issued before. No machine client lifts its own restrictions.",
        )
        .example(json!({"scopes": ["customers:read", "orders:read"], "token_lifetime": 900}))
        .fails_with(&["external_id_taken", "client_restricted"]);
    r.history("/clients/{client_id}/history", "listClientHistory", http::get)
        .scope(READ)
        .summary("Read a machine client's history")
        .description(
            "Returns every change of the machine client with the old and the new content, who made it, when \
             and why.",
        );
    r.read_by_external_id("/clients/by-external-id/{system}/{id}", "getClientByExternalId", http::get)
        .scope(READ)
        .expands(model::CLIENTS.expand)
        .summary("Read a client by external id")
        .description("Returns the machine client that has this id in another system.");
    r.put_by_external_id(
        "/clients/by-external-id/{system}/{id}",
        "upsertClientByExternalId",
        http::declare,
        http::update,
    )
    .scope(WRITE)
    .summary("Put a client by external id")
    .description(
        "For tools that set up an installation from files. A new client needs `name` and `scopes`, and has \
         no secret: use `rotate-secret` to make the first one.",
    )
    .example(json!({"name": "SAP", "scopes": ["customers:read", "orders:read"]}))
    .fails_with(&["external_id_taken", "client_restricted"]);
}

const TOLD: EventSource = EventSource {
    kind: ClientId::KIND,
    name: ["Machine client", "接口客户端"],
    scopes: READ,
    id: col!(clients::id),
    visible: events::seen_in_the_house,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        Verb::new("suspended", "The machine client was suspended and gets no tokens.")
            .reads("suspended", "已暂停"),
        Verb::new("resumed", "The machine client was resumed and gets tokens again."),
        Verb::new("revoked", "The machine client was revoked for good.").reads("revoked", "已吊销"),
        Verb::new("secret_rotated", "The machine client got a new secret."),
    ],
};

fn life(r: &mut Routes) {
    let fails = &["invalid_transition", "client_restricted"];
    r.read("/clients/{client_id}/actions", "getClientActions", http::actions)
        .scope(READ)
        .unversioned()
        .summary("Explain a machine client's actions")
        .description("Returns every step, whether the caller can take it now, and what stands in the way.");
    r.action("/clients/{client_id}/rotate-secret", "rotateClientSecret", http::rotate)
        .scope(WRITE)
        .optional_body()
        .summary("Rotate a client's secret")
        .description(
            "Makes a new secret and shows it only in this answer. The current secret works for another 24 \
             hours, or `overlap_hours`, so that it can be replaced without a gap; an older one ends at \
             once. With `overlap_hours: 0` the current secret and all access tokens of the client end now. \
             Refused with 409 `invalid_transition` when the client is revoked.",
        )
        .example(json!({"overlap_hours": 48}))
        .fails_with(fails);
    r.action("/clients/{client_id}/suspend", "suspendClient", http::suspend)
        .scope(WRITE)
        .summary("Suspend a machine client")
        .description(
            "Refuses tokens to the client until it is resumed. Access tokens that it has stop working \
             within seconds and do not come back. Refused with 409 `invalid_transition` when the client is \
             not active.",
        )
        .example(json!({"reason": "Sends every order twice"}))
        .fails_with(fails);
    r.action("/clients/{client_id}/resume", "resumeClient", http::resume)
        .scope(WRITE)
        .summary("Resume a machine client")
        .description(
            "Gives tokens to the client again, with the secret that it has. Refused with 409 \
             `invalid_transition` when the client is not suspended.",
        )
        .fails_with(fails);
    r.action("/clients/{client_id}/revoke", "revokeClient", http::revoke)
        .scope(WRITE)
        .summary("Revoke a machine client")
        .description(
            "Ends the client for good: it gets no tokens, and those that it has stop working within \
             seconds. Its name stays in histories. Refused with 409 `invalid_transition` when the client is \
             revoked already.",
        )
        .example(json!({"reason": "Replaced by the new shop"}))
        .fails_with(fails);
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "invalid_client",
        401,
        ["Client refused", "客户端被拒绝"],
        [
            "The client's id or secret is wrong, or the client is suspended or revoked.",
            "客户端的 ID 或密钥不正确，或该客户端已停用或吊销。",
        ],
        [
            "Send client_id and client_secret as Authorization: Basic or as fields of the form, not both.",
            "请将 client_id 和 client_secret 以 Authorization: Basic 或表单字段发送，二者择一。",
        ],
    ),
    problem_text(
        "invalid_scope",
        400,
        ["Scope not granted", "权限范围未授予"],
        ["The client does not have the scope {scope}.", "该客户端没有权限 {scope}。"],
        [
            "Ask for scopes that the client has, separated by spaces, or leave scope out to get all of them.",
            "请申请该客户端已有的权限，以空格分隔；不填则获得全部权限。",
        ],
    ),
    problem_text(
        "unsupported_grant_type",
        400,
        ["Grant type not supported", "不支持的授权类型"],
        ["The only grant_type is client_credentials.", "grant_type 只能是 client_credentials。"],
        ["People log in at POST /api/v1/auth/login.", "人员请通过 POST /api/v1/auth/login 登录。"],
    ),
    problem_text(
        "invalid_grant",
        400,
        ["Another's token", "令牌不属于该客户端"],
        ["The token was not issued to this client.", "该令牌并非颁发给此客户端。"],
        [
            "A client ends its own tokens only; an administrator can suspend or revoke a client.",
            "客户端只能结束自己的令牌；管理员可以停用或吊销客户端。",
        ],
    ),
    problem_text(
        "network_not_allowed",
        403,
        ["Network not allowed", "网络不允许"],
        ["The client may not call from this network address.", "该客户端不能从此网络地址访问。"],
        [
            "An administrator can change the client's allowed_networks. Behind a proxy it is the proxy's address that counts.",
            "管理员可以更改该客户端的 allowed_networks。经由代理时以代理的地址为准。",
        ],
    ),
    problem_text(
        "client_restricted",
        403,
        ["Beyond the client's restriction", "超出客户端的限制范围"],
        [
            "The client is restricted to certain customers, a team, networks or a token life, and this operation reaches beyond that.",
            "该客户端受限于特定客户、团队、网络或令牌有效期，此操作超出其范围。",
        ],
        [
            "Name one of its customers, or let an administrator do it or change the client's restrictions.",
            "请指定其客户之一，或由管理员执行此操作或更改该客户端的限制。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[(
    "not_a_network",
    ["is neither a network such as 10.1.0.0/16 nor an address", "不是网络（如 10.1.0.0/16）或地址"],
)];
