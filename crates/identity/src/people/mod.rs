//! People: users, teams, log-in. Roles and scopes are declared in [`crate::base::auth`].

mod http;
pub mod ladder;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::{Scope, sessions};
use crate::base::events::{self, Told};
use crate::base::http::{Nature, Routes};
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::base::schedules::{Minute, Rhythm, Schedule, Step};

pub use http::my_id as demand_person;
pub use model::{TeamId, UserId};

pub const AREA: Area = Area { name: "people", routes, problems: PROBLEMS, phrases: PHRASES };

const READ_USERS: &[Scope] = &[Scope::UsersRead];
const WRITE_USERS: &[Scope] = &[Scope::UsersWrite];
const READ_TEAMS: &[Scope] = &[Scope::TeamsRead];
const WRITE_TEAMS: &[Scope] = &[Scope::TeamsWrite];

fn routes(r: &mut Routes) {
    TOLD.iter().for_each(|told| r.tells(*told));
    log_in(r);
    users(r);
    teams(r);
    r.schedule(Schedule {
        name: "session-clearing",
        about: ["Removes sessions that ended long ago.", "清除早已结束的会话。"],
        rhythm: Rhythm::Daily(Minute::at(3, 30)),
        run: |run| run.commit(|tx, _| Ok(if sessions::clear(tx)? { Step::More } else { Step::Done })),
    });
    r.expanders.insert("usr", work::expand_users);
    r.expands_to::<model::UserCard>("usr");
    r.expanders.insert("tem", work::expand_teams);
}

fn log_in(r: &mut Routes) {
    r.tag("auth", "Logging in and out.");
    r.flow::<_, model::Tokens, _>(Nature::Talk, "/auth/login", "login", http::login)
        .public()
        .says("Log in", "Gives an access token for 15 minutes and a refresh token that works once. After five failures for an account or an address each further attempt has to wait.")
        .example(json!({"username": "clerk", "password": "salesdesk-demo"}))
        .fails_with(&["invalid_credentials", "too_many_requests"]);
    r.flow::<_, model::Tokens, _>(Nature::Talk, "/auth/refresh", "refreshTokens", http::refresh)
        .public()
        .says("Renew the tokens", "Each refresh token works once. Using an old one again ends the session, because two then hold it; the same request repeated within 30 seconds, after a lost answer, does not.")
        .fails_with(&["invalid_credentials"]);
    r.flow::<_, model::Done, _>(Nature::Talk, "/auth/logout", "logout", http::logout)
        .person()
        .says("Log out", "Ends this session; its tokens stop working within seconds.")
        .fails_with(&["not_a_person"]);
    r.flow::<_, model::Tokens, _>(Nature::Talk, "/auth/setup", "setUp", http::set_up)
        .public()
        .says("Make the first administrator", "Works once, on a database without users, with the set-up token that the server prints when it starts.")
        .fails_with(&["invalid_credentials", "already_set_up"]);

    r.tag("me", "The person who asks.");
    r.read("/me", "getMe", http::me)
        .person()
        .says("Who am I", "The person behind the token, with their scopes. A machine client is no person: it asks `/oauth/introspect`.")
        .fails_with(&["not_a_person"]);
    r.flow::<_, model::Done, _>(Nature::Talk, "/me/password", "changeMyPassword", http::change_password)
        .person()
        .says("Change my password", "Needs the present password. Every other session of this person ends.")
        .fails_with(&["invalid_credentials", "weak_password", "not_a_person"]);
}

fn users(r: &mut Routes) {
    r.tag("users", "The people of the department.");
    r.list("/users", "listUsers", &model::USERS, http::list_users).scope(READ_USERS).says("List users", "");
    r.flow::<_, model::User, _>(Nature::Create, "/users", "createUser", http::create_user)
        .scope(WRITE_USERS)
        .says("Add a user", "The person changes the first password at the first log-in.")
        .example(json!({"username": "wang.fang", "name": "王芳", "role": "rep", "password": "correct horse battery", "email": "wang.fang@example.com"}))
        .fails_with(&["weak_password", "duplicate"]);
    r.read("/users/{user_id}", "getUser", http::get_user).scope(READ_USERS).says("Read a user", "");
    r.change("/users/{user_id}", "updateUser", http::update_user)
        .scope(WRITE_USERS)
        .says("Change a user", "A new role or team takes effect within seconds.")
        .example(json!({"title": "Key account manager"}))
        .fails_with(&["last_admin"]);
    r.action("/users/{user_id}/block", "blockUser", http::block_user)
        .scope(WRITE_USERS)
        .says("Block a user", "Ends all sessions; log-in is refused from now on.")
        .example(json!({"reason": "Left the company"}))
        .fails_with(&["invalid_transition", "last_admin"]);
    r.action("/users/{user_id}/unblock", "unblockUser", http::unblock_user)
        .scope(WRITE_USERS)
        .says("Unblock a user", "")
        .fails_with(&["invalid_transition"]);
    r.flow::<_, model::User, _>(
        Nature::Action,
        "/users/{user_id}/reset-password",
        "resetUserPassword",
        http::reset_password,
    )
    .scope(WRITE_USERS)
    .says("Set a user's password", "Ends all their sessions; they change it at the next log-in.")
    .example(json!({"password": "another long passphrase"}))
    .fails_with(&["weak_password"])
    .path_prefixes = &[Some("usr")];

    r.read_by_external_id("/users/by-external-id/{system}/{id}", "getUserByExternalId", http::get_user)
        .scope(READ_USERS)
        .says("Read a user by external id", "");
    r.put_by_external_id(
        "/users/by-external-id/{system}/{id}",
        "upsertUserByExternalId",
        http::create_named_user,
        http::update_user,
    )
    .scope(WRITE_USERS)
    .says("Create or change a user by external id", "A new one needs `username`, `name` and `role`, and cannot log in until `POST /users/{user_id}/reset-password` gives a password: none is taken here.")
    .example(json!({"username": "wang.fang", "name": "王芳", "role": "rep"}))
    .fails_with(&["duplicate", "external_id_taken", "last_admin"]);
    r.history("/users/{user_id}/history", "listUserHistory", http::get_user).scope(READ_USERS).says(
        "History of a user",
        "Every change: who, when, why, before and after; and when they logged in.",
    );
}

fn teams(r: &mut Routes) {
    r.tag("teams", "Teams: what a manager sees.");
    r.list("/teams", "listTeams", &model::TEAMS, http::list_teams).scope(READ_TEAMS).says("List teams", "");
    r.create("/teams", "createTeam", http::create_team)
        .scope(WRITE_TEAMS)
        .says("Add a team", "")
        .example(json!({"code": "SOUTH", "name": "华南区"}))
        .fails_with(&["duplicate"]);
    r.read("/teams/{team_id}", "getTeam", http::get_team).scope(READ_TEAMS).says("Read a team", "");
    r.change("/teams/{team_id}", "updateTeam", http::update_team)
        .scope(WRITE_TEAMS)
        .says("Change a team", "")
        .example(json!({"name": "华南大区"}))
        .fails_with(&["duplicate", "circular_parent"]);
    r.remove("/teams/{team_id}", "deleteTeam", http::delete_team)
        .scope(WRITE_TEAMS)
        .says("Delete a team", "Only one that nothing refers to.")
        .fails_with(&["still_referenced"]);
    r.read_by_external_id("/teams/by-external-id/{system}/{id}", "getTeamByExternalId", http::get_team)
        .scope(READ_TEAMS)
        .says("Read a team by external id", "");
    r.put_by_external_id(
        "/teams/by-external-id/{system}/{id}",
        "upsertTeamByExternalId",
        http::create_team,
        http::update_team,
    )
    .scope(WRITE_TEAMS)
    .says("Create or change a team by external id", "A new one needs `code` and `name`.")
    .example(json!({"code": "SOUTH", "name": "华南区"}))
    .fails_with(&["duplicate", "external_id_taken", "circular_parent"]);
    r.history("/teams/{team_id}/history", "listTeamHistory", http::get_team)
        .scope(READ_TEAMS)
        .says("History of a team", "Every change: who, when, why, before and after.");
}

static TOLD: [Told; 2] = [
    Told {
        kind: UserId::KIND,
        scopes: READ_USERS,
        select: "SELECT users.id FROM users WHERE ",
        visible: events::seen_by_all,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            ("blocked", "The person may not log in any more."),
            ("unblocked", "The person may log in again."),
            ("password_changed", "The password was changed or reset."),
        ],
    },
    Told {
        kind: TeamId::KIND,
        scopes: READ_TEAMS,
        select: "SELECT teams.id FROM teams WHERE ",
        visible: events::seen_by_all,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
];

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
            "This is about a person, and the caller is a machine client.",
            "此操作针对人员，而调用者是机器客户端。",
        ],
        [
            "POST /api/v1/oauth/introspect tells a client what its token is good for; POST /api/v1/oauth/revoke ends it.",
            "客户端可通过 POST /api/v1/oauth/introspect 查询令牌的权限，通过 POST /api/v1/oauth/revoke 结束令牌。",
        ],
    ),
    problem_text(
        "weak_password",
        422,
        ["Password too weak", "密码过弱"],
        [
            "A password needs at least 10 characters and must not hold the user name.",
            "密码至少 10 个字符，且不能包含用户名。",
        ],
        ["Take a sentence that you can remember.", "建议使用一句容易记住的话。"],
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

static PHRASES: &[Phrase] = &[];
