//! Events: every change of a record, in the order in which changes became final.
//!
//! There is no table of events. The journal ([`crate::db::journal`]), numbered by the [`sequencer`], is
//! the feed. An area declares which of its kinds have events, who may see them, and the verbs ([`EventSource`]). The
//! feed, the stream and the webhooks all use [`visible`].

pub mod feed;
pub mod follow;
pub mod seal;
pub mod sequencer;
pub mod words;

use diesel::prelude::*;
use uuid::Uuid;

use super::auth::{Caller, Scope};
use super::db::Conn;
use super::db::filter::{Column, Predicate, col, sql};
use super::declared::Declared;
use super::error::Result;
use super::http::params::Given;
use super::types::Kind;

/// A kind of record whose changes are told.
#[derive(Clone, Copy)]
pub struct EventSource {
    pub kind: Kind,
    /// What people call such a record, in English and Chinese.
    pub name: [&'static str; 2],
    /// Who hears of it: whoever may read such records with one of these scopes.
    pub scopes: &'static [Scope],
    /// The column with the ids of the kind's records.
    pub id: Column,
    /// Which records of the kind a caller sees.
    pub visible: fn(&Caller) -> Predicate,
    /// What happens to such a record.
    pub verbs: &'static [Verb],
}

/// Something that happens to a kind of record: `order.submitted` is the verb `submitted` of the kind `order`.
#[derive(Clone, Copy)]
pub struct Verb {
    pub name: &'static str,
    /// What it means, for the document.
    pub about: &'static str,
    /// How a timeline says it in English and Chinese; None for the words that several areas share.
    words: Option<[&'static str; 2]>,
}

impl Verb {
    /// One whose words several areas share ([`words::shared`]).
    pub const fn new(name: &'static str, about: &'static str) -> Verb {
        Verb { name, about, words: None }
    }

    /// How a timeline says it.
    pub const fn reads(self, english: &'static str, chinese: &'static str) -> Verb {
        Verb { words: Some([english, chinese]), ..self }
    }
}

/// For kinds that everybody with the scope sees but a restricted machine client, since they concern no customer.
pub fn seen_in_the_house(caller: &Caller) -> Predicate {
    if caller.is_restricted() { Predicate::Nothing } else { Predicate::All }
}

/// For kinds that everybody with the scope sees.
pub fn seen_by_all(_: &Caller) -> Predicate {
    Predicate::All
}

/// What happens to every record that is entered, changed and deleted.
pub const CREATED: Verb = Verb::new("created", "The record was created.");
pub const UPDATED: Verb = Verb::new("updated", "Fields of the record were changed.");
pub const DELETED: Verb = Verb::new("deleted", "The record was deleted. Its id is not reused.");

/// The type of what `POST /webhooks/{webhook_id}/test` sends.
pub const TEST_EVENT: &str = "webhook.test";

/// Types that a query may name.
const MOST_PATTERNS: usize = 100;

impl EventSource {
    /// How a timeline says that this happened; None for what is not declared.
    pub fn words(&self, verb: &str) -> Option<[&'static str; 2]> {
        let verb = self.verbs.iter().find(|known| known.name == verb)?;
        verb.words.or_else(|| words::shared(verb.name))
    }

    /// The record in this column is one that the caller sees.
    pub fn seen(&self, column: Column, caller: &Caller) -> Predicate {
        match (self.visible)(caller) {
            Predicate::All => Predicate::All,
            visible => Predicate::in_select(column, self.id, visible),
        }
    }

    /// Whether the caller may read such records, and there is this one for them to see.
    pub fn shows(&self, conn: &mut Conn, caller: &Caller, record: Uuid) -> Result<bool> {
        if !self.scopes.iter().any(|scope| caller.may(*scope)) {
            return Ok(false);
        }
        self.exists(conn, caller, record)
    }

    /// Whether there is this record for the caller to see, whatever their scopes.
    pub fn exists(&self, conn: &mut Conn, caller: &Caller, record: Uuid) -> Result<bool> {
        let one = Predicate::eq(self.id, record).and((self.visible)(caller));
        Ok(diesel::select(Predicate::exists(self.id, one)).get_result(conn)?)
    }
}

impl Declared {
    /// Every event type, in the order of their declaration.
    pub fn event_types(&self) -> impl Iterator<Item = String> {
        self.told.iter().flat_map(|t| t.verbs.iter().map(|verb| format!("{}.{}", t.kind.name, verb.name)))
    }

    /// Whether an area says what this verb means for its kind.
    pub fn is_event(&self, kind: Kind, verb: &str) -> bool {
        self.told_of(kind).is_some_and(|told| told.verbs.iter().any(|known| known.name == verb))
    }

    /// Whether some event type fits: a whole one, or one of a kind as `order.*`.
    pub fn is_event_pattern(&self, pattern: &str) -> bool {
        match pattern.strip_suffix(".*") {
            Some(kind) => self.kind_named(kind).is_some(),
            None => self.event_types().any(|t| t == pattern),
        }
    }

    /// The kind of this name, if it is told of.
    pub fn kind_named(&self, name: &str) -> Option<Kind> {
        self.told.iter().map(|told| told.kind).find(|kind| kind.name == name)
    }

    /// What is told of this kind.
    pub fn told_of(&self, kind: Kind) -> Option<&EventSource> {
        self.told.iter().find(|told| told.kind == kind)
    }

    /// What is told of the kind whose ids have this prefix.
    pub fn told_by_prefix(&self, prefix: &str) -> Option<&EventSource> {
        self.told.iter().find(|told| told.kind.prefix == prefix)
    }

    /// A record's id as the API writes it, from the name of its kind.
    pub fn id_of(&self, kind: &str, record: Uuid) -> String {
        format!("{}_{}", self.kind_named(kind).map_or("rec", |kind| kind.prefix), record.simple())
    }
}

/// The journal entries whose types a query parameter names, separated by commas.
pub fn types_given(given: &Given) -> Predicate {
    let Given::Text(text) = given else { return Predicate::Nothing };
    let patterns: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).take(MOST_PATTERNS).collect();
    of_types(&patterns)
}

/// The journal entries of these types; all of them for none.
pub fn of_types(patterns: &[String]) -> Predicate {
    let (kinds, whole): (Vec<&str>, Vec<&str>) = patterns.iter().fold(Default::default(), |mut found, p| {
        match p.strip_suffix(".*") {
            Some(kind) => found.0.push(kind),
            None => found.1.push(p),
        }
        found
    });
    let among = |column, names: Vec<&str>| match names.is_empty() {
        true => Predicate::Nothing,
        false => Predicate::In(column, names.into_iter().map(Into::into).collect()),
    };
    match patterns.is_empty() {
        true => Predicate::All,
        false => among(col!(journal::record_kind), kinds).or(among(col!(journal::event_type), whole)),
    }
}

/// The journal entries that are events for this caller: changes of records that they see now, and the end of those
/// that were theirs. The one place that the feed, the stream and the webhooks ask.
pub fn visible(declared: &Declared, caller: &Caller) -> Predicate {
    let mut whole = Vec::new();
    let mut some = Predicate::Nothing;
    for told in declared.told.iter().filter(|t| t.scopes.iter().any(|s| caller.may(*s))) {
        match (told.visible)(caller) {
            Predicate::All => whole.push(told.kind.name.into()),
            Predicate::Nothing => {}
            seen => {
                let now = Predicate::in_select(col!(journal::record_id), told.id, seen);
                let of_kind = Predicate::eq(col!(journal::record_kind), told.kind.name);
                some = some.or(of_kind.and(now.or(gone(caller, told.kind))));
            }
        }
    }
    // What is no change of a record, such as a log-in, has version 0 and is no event.
    let change = Predicate::Sql(sql!("journal.version > 0"), vec![]);
    change.and(if whole.is_empty() {
        some
    } else {
        Predicate::In(col!(journal::record_kind), whole).or(some)
    })
}

/// A record that is deleted cannot be seen any more; its end is told to those whose it was.
fn gone(caller: &Caller, kind: Kind) -> Predicate {
    let deleted = Predicate::eq(col!(journal::event_type), format!("{}.deleted", kind.name));
    let theirs = match (caller.user, caller.client_id) {
        (Some(user), _) => {
            Predicate::eq(col!(journal::owner_id), user).or(Predicate::eq(col!(journal::actor_id), user))
        }
        (None, Some(_)) => Predicate::eq(col!(journal::client), caller.client.as_str()),
        (None, None) => Predicate::Nothing,
    };
    // Whose customer's a deleted record was is not told; that of a customer is, since it is the record itself.
    let others = match &caller.customers {
        None => Predicate::ids(col!(journal::team_id), caller.teams.iter().copied()),
        Some(customers) => Predicate::ids(col!(journal::record_id), customers.iter().copied()),
    };
    deleted.and(theirs.or(others))
}
