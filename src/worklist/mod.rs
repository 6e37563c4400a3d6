//! The worklist: what a person should do next, in order, each with why, what is at stake and the call that does it.
//!
//! It merges what the areas declare ([`crate::base::worklist`]), in a fixed number of statements, and keeps nothing itself.

mod http;
pub mod model;
pub mod work;

use crate::base::Area;
use crate::base::http::Routes;
use crate::base::worklist::Source;

pub const AREA: Area = Area { name: "worklist", routes, problems: &[], phrases: &[] };

fn routes(r: &mut Routes) {
    r.finally(reasons);
    r.tag("worklist", "Your worklist: what you should do next.");
    r.within_restrictions();
    r.read("/worklist", "getWorklist", http::get)
        .person()
        .unversioned()
        .summary("Read my worklist")
        .description(
            "Returns what you should do now, the most urgent first: tasks that are due, complaints and \
             order exceptions that you handle, orders and returns that wait for your approval, returned \
             goods to take in or to settle, requests to answer or to finish, dates that were proposed to \
             you, feedback to acknowledge, and draft orders without a change for `relations.draft_days` of \
             the settings. `text` is in the language that the request asks for; `call` is the operation for \
             the next step. Refused with 403 `not_a_person` for a machine client.",
        )
        .fails_with(&["not_a_person"]);
}

/// The document lists the reasons of all areas, and no two of them are equally urgent.
fn reasons(r: &mut Routes) -> Result<(), String> {
    let mut all: Vec<_> = r.declared.all::<Source>().iter().flat_map(|source| source.reasons).collect();
    all.sort_by_key(|reason| reason.rank);
    if let Some(pair) = all.windows(2).find(|pair| pair[0].rank == pair[1].rank) {
        return Err(format!("{} and {} have the same rank on the worklist", pair[0].name, pair[1].name));
    }
    let words: Vec<&str> = all.iter().map(|reason| reason.name).collect();
    let mut about = vec!["Why an item is on the worklist, the most urgent first.".to_owned()];
    about.extend(all.iter().map(|reason| format!("- `{}`: {}.", reason.name, reason.about)));
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    r.components.words("WorklistReason", &words, &about);
    Ok(())
}
