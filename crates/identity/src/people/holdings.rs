//! What a person has in hand: records that somebody else has to take over when they go.

use serde::Serialize;
use utoipa::ToSchema;

use super::ladder;
use super::model::{User, UserId};
use super::work::find_user;
use crate::base::core::Core;
use crate::base::db::{Conn, ReadTx, Tx};
use crate::base::error::Result;
use crate::base::holdings::Holding;
use crate::base::http::{Answer, Req};
use crate::base::messages::Lang;
use crate::notifications::{Notice, notify};

/// Records of one kind that a person has in hand in one role.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldRecords {
    /// What the person is to the records, in the language of the request.
    #[schema(example = "Owner of customers")]
    pub name: String,
    /// Kind of the records, as in events.
    #[schema(example = "customer")]
    pub record_kind: String,
    /// Field of the records that names the person; their list takes it as a filter.
    #[schema(example = "owner_id")]
    pub field: String,
    /// How many there are now. What has ended does not count.
    #[schema(minimum = 1, example = 4)]
    pub count: i64,
}

/// What a person has in hand.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserHoldings {
    /// The person.
    pub user_id: UserId,
    /// One entry for each role in which they hold something.
    pub holdings: Vec<HeldRecords>,
    /// Sum of the counts. A record that names the person twice counts twice.
    #[schema(minimum = 0, example = 4)]
    pub total: i64,
}

/// A user who was blocked, and what they leave to others.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedUser {
    #[serde(flatten)]
    pub user: User,
    /// What they had in hand. It stays in their name until it is handed over; their manager was told.
    pub holdings: Vec<HeldRecords>,
}

pub fn of(conn: &mut Conn, core: &Core, person: UserId, lang: Lang) -> Result<Vec<HeldRecords>> {
    let mut held = Vec::new();
    for holding in core.declared.all::<Holding>() {
        let Some(work) = holding.work() else { continue };
        let count = (work.count)(conn, person.0)?;
        if count > 0 {
            held.push(HeldRecords {
                name: holding.read(lang).to_owned(),
                record_kind: work.kind.name.to_owned(),
                field: holding.field().to_owned(),
                count,
            });
        }
    }
    Ok(held)
}

pub fn list(rx: &mut ReadTx, req: &Req<UserId>) -> Result<Answer<UserHoldings>> {
    let user = find_user(rx.conn, req.path)?;
    let holdings = of(rx.conn, rx.core, user.id, rx.lang)?;
    let total = holdings.iter().map(|held| held.count).sum();
    Ok(Answer::of(UserHoldings { user_id: user.id, holdings, total }))
}

/// What a blocked person leaves; their superiors are told, so that it does not lie there.
pub fn left_by(tx: &mut Tx, user: &User) -> Result<Vec<HeldRecords>> {
    let (core, lang) = (tx.core, tx.lang);
    let held = tx
        .hint("what the person gets in hand meanwhile is seen the next time that somebody looks", |conn| {
            of(conn, core, user.id, lang)
        })?;
    if held.is_empty() {
        return Ok(held);
    }
    let above = tx.hint("whoever manages the team in this moment is told", |conn| {
        ladder::superiors(conn, user.team_id)
    })?;
    let count: i64 = held.iter().map(|held| held.count).sum();
    let params = [("name", user.name.clone()), ("count", count.to_string())];
    let notice = Notice { code: "work_left", kind: UserId::KIND, record: user.id.0, params: &params };
    let others = above.into_iter().filter(|person| *person != user.id).collect::<Vec<_>>();
    notify(tx, others, &notice)?;
    Ok(held)
}
