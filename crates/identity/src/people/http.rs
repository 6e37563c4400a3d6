//! Endpoints of people: extract, call, answer.

use super::holdings::{self, BlockedUser};
use super::model::{
    Done, Login, Me, NewPassword, NewUser, PasswordChange, Reason, Refresh, SetUp, Tokens, USERS, User,
    UserId, UserInput, UserStatus,
};
use super::work;
use crate::base::auth::sessions::{self, Refreshed, SessionId, refused};
use crate::base::auth::tokens::{Claims, LIFETIME};
use crate::base::auth::{Caller, Role, guard};
use crate::base::core::Core;
use crate::base::db::filter::Predicate;
use crate::base::db::list::Page;
use crate::base::db::{Act, Guard, ReadTx, Tx};
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Ctx, Json, Patch, Reply, Req};
use crate::base::types::RecordId;
use crate::load_from;

// ---- log-in --------------------------------------------------------------------------------------------------

pub async fn login(ctx: Ctx, req: Req<Vec<String>, Json<Login>>) -> Result<Reply> {
    let Login { username, password } = req.body.0;
    let username = username.trim().to_lowercase();
    let core = ctx.core.clone();
    let now = core.clock.now();
    let mut guess = core.login_guard.begin(guard::PASSWORDS, &username, &ctx.peer, now)?;
    let (name, peer) = (username.clone(), ctx.peer.clone());
    let known = ctx
        .read(move |rx| {
            let user = work::find_by_username(rx.conn, &name)?;
            let at_home = user.as_ref().map(|u| sessions::began_at(rx.conn, u.id, &peer)).transpose()?;
            Ok((user, at_home.unwrap_or(false)))
        })
        .await;
    let (user, at_home) = guess.goes_on(known)?;
    if !at_home {
        guess.from_a_new_place(now)?;
    }
    let stored = user.as_ref().and_then(|u| u.password_hash.clone());
    let right = guess.goes_on(core.hashing.verify(password, stored).await)?;
    let Some(user) = user.filter(|u| right && u.status == UserStatus::Active) else {
        log::warn!("{} log-in refused for {username:?} from {}", ctx.request_id, ctx.peer);
        return Err(refused());
    };
    guess.was_right();
    begin_session(ctx, user.id).await
}

async fn begin_session(ctx: Ctx, user: UserId) -> Result<Reply> {
    let peer = ctx.peer.clone();
    let (session, refresh) = ctx
        .write(move |tx| {
            let begun = sessions::begin(tx, user, &peer)?;
            work::note_log_in(tx, user)?;
            tx.note(UserId::KIND, user.uuid(), Act::new("logged_in"))?;
            Ok(begun)
        })
        .await?;
    tokens(&ctx.core, user, session, refresh)
}

fn tokens(core: &Core, user: UserId, session: SessionId, refresh_token: String) -> Result<Reply> {
    let claims = Claims { sid: Some(session.to_string()), ..Claims::new(core, user, LIFETIME) };
    let tokens = Tokens {
        access_token: core.keys.sign(&claims)?,
        token_type: "Bearer".into(),
        expires_in: LIFETIME,
        refresh_token,
    };
    Ok(Reply { no_store: true, ..Reply::json(200, &tokens)? })
}

pub async fn refresh(ctx: Ctx, req: Req<Vec<String>, Json<Refresh>>) -> Result<Reply> {
    let token = req.body.0.refresh_token;
    let now = ctx.core.clock.now();
    let mut guess = ctx.core.login_guard.begin_at(guard::REFRESH_TOKENS, &ctx.peer, now)?;
    let outcome = guess.goes_on(ctx.write(move |tx| sessions::refresh(tx, &token)).await)?;
    match outcome {
        Refreshed::Going(session, user, fresh) => {
            guess.was_right();
            tokens(&ctx.core, user, session, fresh)
        }
        Refreshed::Reused => {
            log::warn!("{} an old refresh token was used again from {}", ctx.request_id, ctx.peer);
            ctx.core.callers.forget();
            Err(refused())
        }
        Refreshed::Unknown => Err(refused()),
    }
}

pub async fn logout(ctx: Ctx, _: Req<Vec<String>, ()>) -> Result<Reply> {
    my_id(&ctx.caller)?;
    let session = ctx.caller.session.map(SessionId);
    ctx.write(move |tx| session.map_or(Ok(()), |s| sessions::end(tx, s))).await?;
    ctx.core.callers.forget();
    Reply::json(200, &Done { done: true })
}

pub async fn set_up(ctx: Ctx, req: Req<Vec<String>, Json<SetUp>>) -> Result<Reply> {
    let SetUp { setup_token, username, name, password } = req.body.0;
    let now = ctx.core.clock.now();
    let core = ctx.core.clone();
    // At this address only: whoever guesses elsewhere must not keep the administrator out.
    let guess = core.login_guard.begin(guard::SET_UP_TOKEN, "", &ctx.peer, now)?;
    if !ctx
        .core
        .set_up_token
        .get()
        .is_some_and(|t| crate::base::secret::same(t.as_bytes(), setup_token.as_bytes()))
    {
        log::warn!("{} a wrong set-up token came from {}", ctx.request_id, ctx.peer);
        return Err(refused());
    }
    guess.was_right();
    work::check_password(&password, &username, "/password")?;
    let hash = core.hashing.hash(password).await?;
    let user = ctx
        .write(move |tx| {
            if tx.under(Guard::Alone("the first user"), work::any_user)? {
                return Err(Problem::new("already_set_up").into());
            }
            let input = first_admin(&username, &name);
            work::create_user(tx, input, Some(hash.clone()), false)
        })
        .await?;
    begin_session(ctx, user.id).await
}

fn first_admin(username: &str, name: &str) -> UserInput {
    UserInput {
        username: username.into(),
        name: name.into(),
        email: None,
        phone: None,
        title: None,
        role: Role::Admin,
        team_id: None,
        region_ids: vec![],
        lang: None,
        external_ids: vec![],
    }
}

// ---- me ------------------------------------------------------------------------------------------------------

/// The person who asks; a machine client is none.
pub fn my_id(caller: &Caller) -> Result<UserId> {
    let code = if caller.client_id.is_some() { "not_a_person" } else { "unauthorized" };
    caller.user.map(UserId).ok_or_else(|| Problem::new(code).into())
}

pub fn me(rx: &mut ReadTx, _: &Req) -> Result<Answer<Me>> {
    let user = work::find_user(rx.conn, my_id(rx.caller)?)?;
    Ok(Answer::at(user.version, Me { scopes: rx.caller.scopes.list(), user }))
}

pub async fn change_password(ctx: Ctx, req: Req<Vec<String>, Json<PasswordChange>>) -> Result<Reply> {
    let PasswordChange { current_password, new_password } = req.body.0;
    let id = my_id(&ctx.caller)?;
    let user = ctx.read(move |rx| work::find_user(rx.conn, id)).await?;
    // Whoever has the token of a session may still not try passwords: these count as those of a log-in do.
    let core = ctx.core.clone();
    let mut guess = core.login_guard.begin(guard::PASSWORDS, &user.username, &ctx.peer, core.clock.now())?;
    let same = current_password == new_password;
    let verified = core.hashing.verify(current_password, user.password_hash.clone()).await;
    let right = guess.goes_on(verified)?;
    if !right {
        log::warn!("{} a wrong present password of {} from {}", ctx.request_id, user.id, ctx.peer);
        return Err(Error::invalid(vec![Fault::at("/current_password", "wrong_password")]));
    }
    guess.was_right();
    if same {
        return Err(Error::invalid(vec![Fault::at("/new_password", "same_password")]));
    }
    work::check_password(&new_password, &user.username, "/new_password")?;
    let hash = core.hashing.hash(new_password).await?;
    ctx.write(move |tx| work::set_password(tx, id, hash.clone(), false)).await?;
    Reply::json(200, &Done { done: true })
}

// ---- users ---------------------------------------------------------------------------------------------------

pub fn list_users(rx: &mut ReadTx, req: &Req) -> Result<Page<User>> {
    USERS.page(&req.query, Predicate::All, load_from!(rx.conn, users, User))
}

pub fn get_user(rx: &mut ReadTx, req: &Req<UserId>) -> Result<Answer<User>> {
    work::find_user(rx.conn, req.path).map(answer)
}

fn answer(user: User) -> Answer<User> {
    Answer::at(user.version, user)
}

pub async fn create_user(ctx: Ctx, req: Req<Vec<String>, Json<NewUser>>) -> Result<Reply> {
    let NewUser { user, password } = req.body.0;
    if let Some(password) = &password {
        work::check_password(password, &user.username, "/password")?;
    }
    let hash = match password {
        Some(password) => Some(ctx.core.hashing.hash(password).await?),
        None => None,
    };
    let query = req.query;
    ctx.answer(move |tx| {
        let made = work::create_user(tx, user.clone(), hash.clone(), true)?;
        answer(made.clone()).located(path_to("users", made.id)).finish_write(tx, &query, 201)
    })
    .await
}

/// A user whom another system names; the first password is set by itself.
pub fn create_named_user(tx: &mut Tx, req: &Req<(), Json<UserInput>>) -> Result<Answer<User>> {
    let made = work::create_user(tx, req.body.0.clone(), None, true)?;
    let path = path_to("users", made.id);
    Ok(answer(made).located(path))
}

pub fn update_user(tx: &mut Tx, req: &Req<UserId, Patch<UserInput>>) -> Result<Answer<User>> {
    work::update_user(tx, req.path, &req.body).map(answer)
}

pub fn block_user(tx: &mut Tx, req: &Req<UserId, Json<Reason>>) -> Result<Answer<BlockedUser>> {
    let user = work::set_status(tx, req.path, UserStatus::Blocked, Some(&req.body.reason))?;
    let holdings = holdings::left_by(tx, &user)?;
    Ok(Answer::at(user.version, BlockedUser { user, holdings }))
}

pub fn unblock_user(tx: &mut Tx, req: &Req<UserId>) -> Result<Answer<User>> {
    work::set_status(tx, req.path, UserStatus::Active, None).map(answer)
}

pub async fn reset_password(ctx: Ctx, req: Req<Vec<String>, Json<NewPassword>>) -> Result<Reply> {
    let id: UserId = req.path.first().and_then(|id| id.parse().ok()).ok_or_else(Error::not_found)?;
    let user = ctx.read(move |rx| work::find_user(rx.conn, id)).await?;
    let password = req.body.0.password;
    work::check_password(&password, &user.username, "/password")?;
    let hash = ctx.core.hashing.hash(password).await?;
    let query = req.query;
    ctx.answer(move |tx| {
        let before = tx.load(work::find_user, id)?;
        tx.check_expected(&before)?;
        let user = work::set_password(tx, id, hash.clone(), true)?;
        answer(user).finish_write(tx, &query, 200)
    })
    .await
}
