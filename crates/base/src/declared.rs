//! What areas declare for others to read: the events of their records, what people are told, a customer's records that
//! move with it, what is on a worklist, what a check recounts. Areas declare in any order; then
//! [`crate::http::Routes::finish`] computes and checks what depends on all of them. After that nothing changes any more.
//!
//! What the base itself reads has a field here. Everything else is kept by its type: whoever reads a declaration owns the
//! type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use crate::core::Core;
use crate::db::Tx;
use crate::deadlines::Consequence;
use crate::error::Result;
use crate::events::EventSource;
use crate::events::follow::Follower;
use crate::http::expand::Expanders;
use crate::notices::NoticeKind;
use crate::types::Kind;

/// All declarations, in the order in which areas made them.
#[derive(Default)]
pub struct Declared {
    /// Kinds of records whose changes are told as events.
    pub told: Vec<EventSource>,
    /// What people are told.
    pub notices: Vec<NoticeKind>,
    /// What `expand` loads, by id prefix.
    pub expanders: Expanders,
    /// What happens when a step of a deadline is due, by kind of record.
    pub consequences: Vec<Consequence>,
    /// Who follows the journal.
    pub followers: Vec<Follower>,
    /// What every database has from its first start on.
    pub beginnings: Vec<fn(&mut Tx) -> Result<()>>,
    /// What is shown at `/metrics`.
    pub figures: Vec<fn(&Arc<Core>)>,
    /// Where a record is read, by the prefix of its id: `/complaints/{complaint_id}`. Known when all areas have declared.
    pub paths: HashMap<&'static str, &'static str>,
    others: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl Declared {
    pub fn add<T: Send + Sync + 'static>(&mut self, declaration: T) {
        let of_type = self.others.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(Vec::<T>::new()));
        if let Some(all) = of_type.downcast_mut::<Vec<T>>() {
            all.push(declaration);
        }
    }

    /// Every declaration of this type.
    pub fn all<T: Send + Sync + 'static>(&self) -> &[T] {
        let of_type = self.others.get(&TypeId::of::<T>());
        of_type.and_then(|all| all.downcast_ref::<Vec<T>>()).map_or(&[], Vec::as_slice)
    }

    /// The only declaration of this type.
    pub fn one<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.all::<T>().first()
    }

    /// Whether an area says that people are told this of such records.
    pub fn is_notice(&self, kind: Kind, code: &str) -> bool {
        self.notices.iter().any(|notice| notice.kind == kind && notice.code == code)
    }

    /// Whether whoever is told this should hear of it at once.
    pub fn is_urgent(&self, code: &str) -> bool {
        self.notices.iter().any(|notice| notice.code == code && notice.urgent)
    }

    /// Where a record is read, relative to the API; None for one that is not read by its id.
    pub fn path_to(&self, prefix: &str, id: &str) -> Option<String> {
        let (collection, _) = self.paths.get(prefix)?.rsplit_once('/')?;
        Some(format!("{collection}/{id}"))
    }
}
