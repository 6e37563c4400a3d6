//! What people hold. Each column that names a person is declared by its area: what the person is to the record, and what
//! becomes of it when they leave or somebody else looks after the customer. Handing over uses only this, and a test fails
//! for a column that nobody has declared.

use uuid::Uuid;

use crate::db::filter::Column;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::messages::Lang;
use crate::types::Kind;
use crate::types::principals::UserId;

/// A column that names a person: `r.declare(Holding::…)` or `r.declare(held!(…))`.
#[derive(Clone, Copy)]
pub struct Holding {
    pub column: Column,
    /// What the person is there, in both languages: "Rep of orders".
    pub reads: [&'static str; 2],
    pub held: Held,
}

/// What becomes of it when the person goes.
#[derive(Clone, Copy)]
pub enum Held {
    /// What somebody did or was told stays with their name.
    Past,
    /// It is the person's own, and ends with their account.
    Own,
    /// It goes along with this other column of the record.
    With(Column),
    /// Somebody else has to do it.
    Work(Work),
}

/// Records that somebody else takes over.
#[derive(Clone, Copy)]
pub struct Work {
    pub kind: Kind,
    /// Those that a person holds now, of this customer only where there is one, the first so many.
    pub of: fn(&mut Conn, Uuid, Option<Uuid>, i64) -> Result<Vec<Uuid>>,
    /// How many a person holds.
    pub count: fn(&mut Conn, Uuid) -> Result<i64>,
    /// Whether the record belongs to a customer, and goes along when the customer gets another owner.
    pub of_customer: bool,
    /// Hands one over; whether the caller may was looked at before.
    pub pass: fn(&mut Tx, Uuid, &Successor) -> Result<()>,
}

/// Who takes over from whom, and why.
#[derive(Debug, Clone, Copy)]
pub struct Successor<'a> {
    pub former: UserId,
    pub to: UserId,
    pub reason: &'a str,
}

impl Holding {
    pub const fn past(column: Column, reads: [&'static str; 2]) -> Holding {
        Holding { column, reads, held: Held::Past }
    }
    pub const fn own(column: Column, reads: [&'static str; 2]) -> Holding {
        Holding { column, reads, held: Held::Own }
    }
    pub const fn with(column: Column, other: Column, reads: [&'static str; 2]) -> Holding {
        Holding { column, reads, held: Held::With(other) }
    }
    /// The field that names the person.
    pub fn field(&self) -> &'static str {
        self.column.name().rsplit('.').next().unwrap_or_default()
    }
    /// What the person is there, in this language.
    pub fn read(&self, lang: Lang) -> &'static str {
        lang.pick(self.reads)
    }
    pub fn work(&self) -> Option<&Work> {
        match &self.held {
            Held::Work(work) => Some(work),
            Held::Past | Held::Own | Held::With(_) => None,
        }
    }
}

/// Work that somebody takes over, in one table: `held!(tasks::assignee_id, TaskId, ["…", "…"], of, pass)`, where `of` says
/// which records a person holds now, and `pass` hands one over. With `customer: customer_id` at the end the records of a
/// customer go along with it.
#[macro_export]
macro_rules! held {
    ($table:ident::$column:ident, $id:ident, $reads:expr, $of:expr, $pass:expr) => {
        $crate::held!(@ $table::$column, $id, $reads, $of, $pass, false, |_| $crate::db::filter::Predicate::Nothing)
    };
    ($table:ident::$column:ident, $id:ident, $reads:expr, $of:expr, $pass:expr, customer: $customer:ident) => {
        $crate::held!(@ $table::$column, $id, $reads, $of, $pass, true, |customer: uuid::Uuid| {
            $crate::db::filter::Predicate::eq($crate::col!($table::$customer), customer)
        })
    };
    (@ $table:ident::$column:ident, $id:ident, $reads:expr, $of:expr, $pass:expr, $of_customer:expr, $within:expr) => {
        $crate::holdings::Holding {
            column: $crate::col!($table::$column),
            reads: $reads,
            held: $crate::holdings::Held::Work($crate::holdings::Work {
                kind: $id::KIND,
                of: |conn, person, customer, most| {
                    use diesel::prelude::*;
                    use $crate::schema::$table;
                    let theirs: fn(uuid::Uuid) -> $crate::db::filter::Predicate = $of;
                    let within: fn(uuid::Uuid) -> $crate::db::filter::Predicate = $within;
                    let all = customer.map_or($crate::db::filter::Predicate::All, within).and(theirs(person));
                    let first = $table::table.filter(all).order($table::id).limit(most).select($table::id);
                    let ids: Vec<$id> = first.load(conn)?;
                    Ok(ids.into_iter().map(|id| id.0).collect())
                },
                count: |conn, person| {
                    use diesel::prelude::*;
                    use $crate::schema::$table;
                    let theirs: fn(uuid::Uuid) -> $crate::db::filter::Predicate = $of;
                    Ok($table::table.filter(theirs(person)).count().get_result(conn)?)
                },
                of_customer: $of_customer,
                pass: $pass,
            }),
        }
    };
}
