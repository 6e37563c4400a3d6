//! External ids: which records another system's names lead to, whatever their kind.
//!
//! The kinds are those that an area has declared to be read by external id; this area asks when all have declared, and
//! knows none of them by name.

mod http;
mod model;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::EventSource;
use crate::base::http::Routes;
use crate::base::http::external::NamedKind;
use crate::base::http::params::{Param, Takes};

pub const AREA: Area = Area { name: "external_ids", routes, problems: &[], phrases: &[] };

/// A kind that can be looked for.
struct Known {
    named: NamedKind,
    /// Who sees which of its records.
    told: EventSource,
    /// Whether its records are read by id right below the collection.
    by_id: bool,
}

/// All that there is to know of the kinds, once the other areas have declared them.
struct Kinds {
    all: Vec<Known>,
    words: Vec<&'static str>,
    scopes: Vec<Scope>,
}

fn routes(r: &mut Routes) {
    r.tag("external-ids", "Finding records by their ids in other systems.");
    r.within_restrictions();
    r.finally(list);
}

fn list(r: &mut Routes) -> Result<(), String> {
    let kinds = kinds_of(r);
    let about = "Records of one of these kinds. By default all kinds.";
    let (scopes, words) = (r.keep(kinds.scopes), r.keep(kinds.words));
    r.list("/external-ids", "listExternalIds", &model::EXTERNAL_IDS, http::list)
        .scope(scopes)
        .takes(&[Param::new("kind", Takes::Words(words), about)])
        .summary("Find records by external id")
        .description(
            "Returns the records that have an id in the other system, of all kinds. With `id`: the records \
             with exactly this id, at most one of each kind. Without: every external id of the system, for \
             comparing two systems. Only records that you may read are returned.",
        );
    kinds.all.into_iter().for_each(|known| r.declare(known));
    Ok(())
}

fn kinds_of(r: &Routes) -> Kinds {
    let known = |named: &NamedKind| {
        let told = *r.declared.told_of(named.kind)?;
        let is_by_id = |path: &str| {
            let rest = path.strip_prefix(named.collection()).and_then(|rest| rest.strip_prefix("/{"));
            rest.is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
        };
        Some(Known { named: *named, told, by_id: r.endpoints.iter().any(|e| is_by_id(e.path)) })
    };
    let all: Vec<Known> = r.kinds.iter().filter_map(known).collect();
    let mut scopes: Vec<Scope> = all.iter().flat_map(|kind| kind.told.scopes).copied().collect();
    scopes.sort_unstable();
    scopes.dedup();
    Kinds { words: all.iter().map(|kind| kind.named.kind.name).collect(), scopes, all }
}
