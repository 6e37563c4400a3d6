//! People: users, teams, log-in. Roles and scopes are declared in [`crate::base::auth`].

pub mod holdings;
mod http;
pub mod ladder;
pub mod model;
mod rules;
pub mod teams;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::{Scope, sessions};
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::holdings::Holding;
use crate::base::http::{OperationKind, Routes};
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::base::schedules::{Minute, Progress, Rhythm, Schedule};

use crate::coded;

pub use http::my_id as demand_person;
pub use model::{TeamId, UserId};

pub const AREA: Area = Area { name: "people", routes, problems: PROBLEMS, phrases: PHRASES };

const READ_USERS: &[Scope] = &[Scope::UsersRead];
const WRITE_USERS: &[Scope] = &[Scope::UsersWrite];

fn routes(r: &mut Routes) {
    r.declare(Holding::own(col!(sessions::user_id), ["Sessions", "登录会话"]));
    r.tells(TOLD);
    r.notices(UserId::KIND, &[], &["work_left"]);
    r.declare(Replayed::of::<model::User>(col!(users::id)).beside(&["last_login_at"]));
    r.declare(coded!(users, UserId, col!(users::username), events::seen_by_all));
    log_in(r);
    users(r);
    teams::routes(r);
    r.schedule(Schedule {
        name: "session-clearing",
        about: ["Removes sessions that ended long ago.", "清除早已结束的会话。"],
        rhythm: Rhythm::Daily(Minute::at(3, 30)),
        run: |run| run.commit(|tx, _| Ok(if sessions::clear(tx)? { Progress::More } else { Progress::Done })),
    });
    r.expands("usr", work::expand_users);
    r.expands_to::<model::UserCard>("usr");
}

fn log_in(r: &mut Routes) {
    r.tag("auth", "Log-in, log-out and tokens for people.");
    r.within_restrictions();
    r.flow::<_, model::Tokens, _>(OperationKind::Talk, "/auth/login", "login", http::login)
        .public()
        .summary("Log in")
        .description(
            "Returns an access token for 15 minutes and a refresh token. Refused with 401 \
             `invalid_credentials` when the user name or password is wrong or the user is blocked. After \
             five failures for a user at a network address, or thirty at the address, each further attempt \
             must wait: 429 `too_many_requests` with `Retry-After`.",
        )
        .example(json!({"username": "clerk", "password": "salesdesk-demo"}))
        .fails_with(&["invalid_credentials", "too_many_requests"]);
    r.flow::<_, model::Tokens, _>(OperationKind::Talk, "/auth/refresh", "refreshTokens", http::refresh)
        .public()
        .summary("Renew the tokens")
        .description(
            "Exchanges a refresh token for a new access token and a new refresh token. Each refresh token \
             works once. If an old one is used again, the session ends, because two parties hold it; a \
             repeat within 30 seconds, after a lost answer, is accepted. Refused with 401 \
             `invalid_credentials` when the token is unknown, used or expired.",
        )
        .fails_with(&["invalid_credentials", "too_many_requests"]);
    r.flow::<_, model::Done, _>(OperationKind::Talk, "/auth/logout", "logout", http::logout)
        .person()
        .for_first_steps()
        .summary("Log out")
        .description(
            "Ends this session. Its tokens stop working within seconds. Refused with 403 `not_a_person` for \
             a machine client.",
        )
        .fails_with(&["not_a_person"]);
    r.flow::<_, model::Tokens, _>(OperationKind::Talk, "/auth/setup", "setUp", http::set_up)
        .public()
        .summary("Create the first administrator")
        .description(
            "Creates an administrator in a database without users and logs them in. Needs the set-up token \
             that the server prints when it starts. Refused with 401 `invalid_credentials` when the token \
             is wrong, and with 409 `already_set_up` when there are users.",
        )
        .fails_with(&["invalid_credentials", "already_set_up", "weak_password", "too_many_requests"]);

    r.tag("me", "The person who is logged in: profile, password, notifications.");
    r.within_restrictions();
    r.read("/me", "getMe", http::me)
        .person()
        .for_first_steps()
        .summary("Read my profile")
        .description(
            "Returns the person behind the access token, with their scopes. Refused with 403 `not_a_person` \
             for a machine client, which uses `/oauth/introspect` instead.",
        )
        .fails_with(&["not_a_person"]);
    r.flow::<_, model::Done, _>(
        OperationKind::Talk,
        "/me/password",
        "changeMyPassword",
        http::change_password,
    )
    .person()
    .for_first_steps()
    .summary("Change my password")
    .description(
        "Sets a new password; the current one is needed. All other sessions of this person end. Refused \
             with 422 at `/current_password` when the current one is wrong, which counts as a failed log-in, \
             and at `/new_password` when the new one is the same, has fewer than 10 characters, contains the \
             user name, or is a series or repetition such as `12345678901` or `abcabcabcabc`.",
    )
    .fails_with(&["weak_password", "not_a_person", "too_many_requests"]);
}

fn users(r: &mut Routes) {
    r.tag("users", "The people who work with the system, and their accounts.");
    r.list("/users", "listUsers", &model::USERS, http::list_users)
        .scope(READ_USERS)
        .summary("List users")
        .description("Returns all users, blocked ones included, sorted by name.");
    r.flow::<_, model::User, _>(OperationKind::Create, "/users", "createUser", http::create_user)
        .scope(WRITE_USERS)
        .summary("Create a user")
        .description(
            "Creates an account for a person. The person must change the initial password at the first \
             log-in. Without `password` the person cannot log in until `reset-password` sets one. Refused \
             with 409 `duplicate` when the user name is taken. A machine client can give only roles whose \
             scopes it has itself.",
        )
        .example(json!({"username": "wang.fang", "name": "王芳", "role": "rep", "password": "correct horse battery", "email": "wang.fang@example.com"}))
        .fails_with(&["weak_password", "duplicate"]);
    r.read("/users/{user_id}", "getUser", http::get_user)
        .scope(READ_USERS)
        .summary("Read a user")
        .description("Returns one user, with status and last log-in.");
    r.change("/users/{user_id}", "updateUser", http::update_user)
        .scope(WRITE_USERS)
        .summary("Change a user")
        .description(
            "Changes the data of a user. A new role or team takes effect within seconds. Refused with 409 \
             `duplicate` when the user name is taken, and with 409 `last_admin` when the last active \
             administrator would lose the role.",
        )
        .example(json!({"title": "Key account manager"}))
        .fails_with(&["last_admin"]);
    r.action("/users/{user_id}/block", "blockUser", http::block_user)
        .scope(WRITE_USERS)
        .summary("Block a user")
        .description(
            "Ends all sessions of the user and refuses further log-ins. Webhooks that the user made are \
             disabled. What the user has in hand stays in their name: the answer counts it in `holdings`, and \
             their manager is told. Refused with 409 `last_admin` for the last active administrator, and with 409 \
             `invalid_transition` when the user is blocked already.",
        )
        .example(json!({"reason": "Left the company"}))
        .fails_with(&["invalid_transition", "last_admin"]);
    r.read("/users/{user_id}/holdings", "getUserHoldings", holdings::list)
        .scope(READ_USERS)
        .unversioned()
        .summary("Count what a user has in hand")
        .description(
            "Counts the records that somebody else has to take over when the person goes: customers, orders \
             under way, open tasks, complaints, requests and others, by kind and role. What has ended does \
             not count. To hand over a customer with its orders, tasks and complaints, send \
             `POST /customers/{customer_id}/reassign`.",
        );
    r.action("/users/{user_id}/unblock", "unblockUser", http::unblock_user)
        .scope(WRITE_USERS)
        .summary("Unblock a user")
        .description(
            "Allows the user to log in again, with the same password and role. Refused with 409 \
             `invalid_transition` when the user is not blocked.",
        )
        .fails_with(&["invalid_transition"]);
    r.flow::<_, model::User, _>(
        OperationKind::Action,
        "/users/{user_id}/reset-password",
        "resetUserPassword",
        http::reset_password,
    )
    .scope(WRITE_USERS)
    .summary("Set a user's password")
    .description(
        "Sets a new password and ends all sessions of the user. The person must change the password at the \
         next log-in. Refused with 422 `weak_password`.",
    )
    .example(json!({"password": "another long passphrase"}))
    .fails_with(&["weak_password"])
    .path_prefixes = &[Some("usr")];

    r.read_by_external_id("/users/by-external-id/{system}/{id}", "getUserByExternalId", http::get_user)
        .scope(READ_USERS)
        .summary("Read a user by external id")
        .description("Returns the user that has this id in another system.");
    r.put_by_external_id(
        "/users/by-external-id/{system}/{id}",
        "upsertUserByExternalId",
        http::create_named_user,
        http::update_user,
    )
    .scope(WRITE_USERS)
    .summary("Put a user by external id")
    .description(
        "A new user needs `username`, `name` and `role`. A new user has no password and cannot log in until \
         `POST /users/{user_id}/reset-password` sets one.",
    )
    .example(json!({"username": "wang.fang", "name": "王芳", "role": "rep"}))
    .fails_with(&["duplicate", "external_id_taken", "last_admin"]);
    r.history("/users/{user_id}/history", "listUserHistory", http::get_user)
        .scope(READ_USERS)
        .summary("Read a user's history")
        .description(
            "Returns every change of the user with the old and the new content, who made it, when and why; \
         log-ins are listed too.",
        );
}

const TOLD: EventSource = EventSource {
    kind: UserId::KIND,
    name: ["User", "用户"],
    scopes: READ_USERS,
    id: col!(users::id),
    visible: events::seen_in_the_house,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        Verb::new("blocked", "The user was blocked and cannot log in any more."),
        Verb::new("unblocked", "The user was unblocked and can log in again."),
        Verb::new("password_changed", "The user's password was changed or reset.")
            .reads("password changed", "密码已变更"),
    ],
};

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "invalid_credentials",
        401,
        ["Log-in refused", "登录被拒绝"],
        ["The user name, password or token is not right.", "用户名、密码或令牌不正确。"],
        [
            "Check what you typed; an administrator can set a new password.",
            "请检查输入；管理员可以重设密码。",
        ],
    ),
    problem_text(
        "password_change_required",
        403,
        ["Change your password first", "请先修改密码"],
        [
            "The password was set by somebody else; change it before anything else.",
            "密码由他人设置，请先修改。",
        ],
        [
            "POST /api/v1/me/password with the present password and a new one.",
            "请以当前密码和新密码 POST /api/v1/me/password。",
        ],
    ),
    problem_text(
        "not_a_person",
        403,
        ["Not a person", "不是人员"],
        [
            "This operation is for people, and the caller is a machine client.",
            "此操作针对人员，而调用者是机器客户端。",
        ],
        [
            "A client reads the rights of its token with POST /api/v1/oauth/introspect and ends it with POST /api/v1/oauth/revoke.",
            "客户端可通过 POST /api/v1/oauth/introspect 查询令牌的权限，通过 POST /api/v1/oauth/revoke 结束令牌。",
        ],
    ),
    problem_text(
        "weak_password",
        422,
        ["Password too weak", "密码过弱"],
        [
            "A password needs at least 10 characters, must not contain the user name, and must not be a series or repetition such as 12345678901, qwertyuiop or abcabcabcabc.",
            "密码至少 10 个字符，不能包含用户名，也不能是连续或重复的字符，例如 12345678901、qwertyuiop 或 abcabcabcabc。",
        ],
        ["Use a sentence that you can remember.", "建议使用一句容易记住的话。"],
    ),
    problem_text(
        "already_set_up",
        409,
        ["Already set up", "已初始化"],
        ["This database has users already.", "该数据库中已有用户。"],
        ["Log in as an administrator.", "请以管理员身份登录。"],
    ),
    problem_text(
        "last_admin",
        409,
        ["Last administrator", "最后一名管理员"],
        [
            "The last active administrator cannot be blocked or given another role.",
            "不能停用最后一名管理员，也不能更改其角色。",
        ],
        ["Make another administrator first.", "请先添加另一名管理员。"],
    ),
    problem_text(
        "circular_parent",
        409,
        ["Circle of parents", "上级循环"],
        ["A record cannot be below itself.", "记录不能成为自己的下级。"],
        ["Choose another parent.", "请选择其他上级。"],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "work_left",
        [
            "{name} was blocked and leaves {count} {count:record|records} that somebody else has to take over.",
            "{name} 已停用，留下 {count} 项工作需要他人接手。",
        ],
    ),
    ("wrong_password", ["is not your present password", "不是当前密码"]),
    (
        "same_password",
        ["is the password that you have already; choose another one", "与当前密码相同，请另选一个"],
    ),
    ("short_password", ["needs at least {min} characters", "至少需要 {min} 个字符"]),
    ("password_with_name", ["must not contain the user name", "不能包含用户名"]),
    (
        "series_password",
        [
            "is mostly a series or repetition, such as 12345678901; use a sentence that you can remember",
            "大部分是连续或重复的字符（如 12345678901），建议使用一句容易记住的话",
        ],
    ),
];
