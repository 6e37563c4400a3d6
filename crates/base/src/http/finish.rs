//! The second phase: all areas have declared, in whatever order. What depends on all of them is computed now, and what
//! does not fit together is an error of the start, in a sentence that names the place.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::params::Takes;
use super::{Components, Endpoint, OperationKind, Routes};
use crate::Area;
use crate::background::Task;
use crate::declared::Declared;
use crate::events::EventSource;
use crate::jobs::{JobKind, StepFn};
use crate::lives;
use crate::messages;
use crate::schedules::Schedule;
use crate::types::Kind;

/// What an area does when all areas have declared.
pub type Finally = fn(&mut Routes) -> Result<(), String>;

/// What all areas have declared, complete and sound.
pub struct Declarations {
    pub endpoints: Vec<Endpoint>,
    pub components: Components,
    pub tags: Vec<(&'static str, &'static str)>,
    /// The schemas of what `expand` loads, where it is not what a list of the kind shows.
    pub cards: BTreeMap<&'static str, Value>,
    pub tasks: Vec<Task>,
    pub schedules: Vec<Schedule>,
    pub jobs: Vec<(JobKind, StepFn)>,
    pub declared: Arc<Declared>,
}

impl Routes {
    /// An area declares. Its endpoints belong to tags of its own.
    pub fn area(&mut self, area: &'static Area) {
        self.areas.push(area);
        (self.area, self.tag) = (area.name, "");
        (area.routes)(self);
    }

    /// What the area declares when all areas have declared, because it depends on them: under the present tag.
    pub fn finally(&mut self, declare: Finally) {
        self.last.push((self.area, self.tag, declare));
    }

    /// A list that is computed from what areas declare, for a declaration of an endpoint. It is never freed: a program
    /// declares its endpoints once.
    pub fn keep<T>(&mut self, list: Vec<T>) -> &'static [T] {
        Box::leak(list.into_boxed_slice())
    }

    /// The words that a parameter takes, when they are known only when all areas have declared.
    pub fn takes_words(
        &mut self,
        operation_id: &str,
        parameter: &str,
        words: Vec<&'static str>,
    ) -> Result<(), String> {
        let words = self.keep(words);
        let endpoint = self.endpoints.iter_mut().find(|e| e.operation_id == operation_id);
        let param = endpoint.and_then(|e| e.params.iter_mut().find(|param| param.name == parameter));
        let param = param.ok_or_else(|| format!("{operation_id} has no parameter {parameter}"))?;
        param.takes = match param.takes {
            Takes::Word(_) => Takes::Word(words),
            _ => Takes::Words(words),
        };
        Ok(())
    }

    /// All areas have declared.
    pub fn finish(mut self) -> Result<Declarations, String> {
        for (area, tag, declare) in std::mem::take(&mut self.last) {
            (self.area, self.tag) = (area, tag);
            declare(&mut self).map_err(|what| format!("area {area}: {what}"))?;
        }
        for endpoint in
            self.endpoints.iter().filter(|e| e.nature == OperationKind::Read && e.path.ends_with('}'))
        {
            if let [Some(prefix)] = endpoint.path_prefixes {
                self.declared.paths.entry(prefix).or_insert(endpoint.path);
            }
        }
        messages::add(&self.areas)?;
        messages::add_words(self.declared.told.iter().map(|s| (s.kind.name.replace('_', " "), s.name[1])));
        check_endpoints(&self.endpoints, &self.tags)?;
        check_events(&self.declared.told)?;
        check_kinds(&self)?;
        check_work(&self)?;
        lives::check(&self.declared, &self.endpoints)?;
        Ok(Declarations {
            endpoints: self.endpoints,
            components: self.components,
            tags: self.tags,
            cards: self.cards,
            tasks: self.tasks,
            schedules: self.schedules,
            jobs: self.jobs,
            declared: Arc::new(self.declared),
        })
    }
}

fn place(endpoint: &Endpoint) -> String {
    format!("{} {} (area {})", endpoint.method.as_str(), endpoint.path, endpoint.area)
}

/// Every endpoint has a tag and an operation id of its own, and answers problems that have words.
fn check_endpoints(endpoints: &[Endpoint], tags: &[(&str, &str)]) -> Result<(), String> {
    let mut by_id: HashMap<&str, &Endpoint> = HashMap::new();
    for endpoint in endpoints {
        if tags.iter().all(|(name, _)| *name != endpoint.tag) {
            return Err(format!("{} has no tag: call `r.tag(…)` before it", place(endpoint)));
        }
        if let Some(other) = by_id.insert(endpoint.operation_id, endpoint) {
            let (id, one, two) = (endpoint.operation_id, place(other), place(endpoint));
            return Err(format!("{id} is the operation id of two endpoints: {one} and {two}"));
        }
        if let Some(code) = endpoint.problems.iter().find(|code| messages::find_problem(code).is_none()) {
            return Err(format!("{} fails with {code}, which no area has words for", place(endpoint)));
        }
    }
    Ok(())
}

/// A kind is told of once, and all that happens to it has words.
fn check_events(all: &[EventSource]) -> Result<(), String> {
    for (i, told) in all.iter().enumerate() {
        let kind = told.kind;
        let same = |other: &&EventSource| other.kind.name == kind.name || other.kind.prefix == kind.prefix;
        if let Some(other) = all[..i].iter().find(same) {
            let (one, two) = (other.kind, kind);
            return Err(format!(
                "`r.tells` is called for {} ({}_…) and for {} ({}_…): names and prefixes of kinds are unique",
                one.name, one.prefix, two.name, two.prefix
            ));
        }
        for (i, verb) in told.verbs.iter().enumerate() {
            let event = format!("{}.{}", kind.name, verb.name);
            if told.verbs[..i].iter().any(|other| other.name == verb.name) {
                return Err(format!("the event {event} is declared twice"));
            }
            if told.words(verb.name).is_none() {
                return Err(format!(
                    "the event {event} has no words: say `.reads(…)` where its verb is declared"
                ));
            }
        }
    }
    Ok(())
}

/// What is declared about a kind of record is about a kind that some area tells of.
fn check_kinds(routes: &Routes) -> Result<(), String> {
    let declared = &routes.declared;
    let known = |what: &str, kind: Kind| {
        let name = kind.name;
        let unknown =
            || format!("{what} is declared for the kind {name}, which no area tells of (`r.tells`)");
        declared.told_of(kind).map(drop).ok_or_else(unknown)
    };
    for (i, consequence) in declared.consequences.iter().enumerate() {
        known("what a deadline does", consequence.kind)?;
        if declared.consequences[..i].iter().any(|other| other.kind == consequence.kind) {
            return Err(format!("`r.deadlines` is called twice for the kind {}", consequence.kind.name));
        }
    }
    for notice in &declared.notices {
        known(&format!("the notice {}", notice.code), notice.kind)?;
        if !messages::has_phrase(notice.code) {
            return Err(format!("the notice {} has no phrase", notice.code));
        }
    }
    for named in &routes.kinds {
        known(&format!("reading by external id ({})", named.path), named.kind)?;
    }
    for prefix in declared.expanders.keys() {
        if declared.told_by_prefix(prefix).is_none() {
            return Err(format!(
                "`expand` loads records with ids {prefix}_…, which no area tells of (`r.tells`)"
            ));
        }
    }
    if let Some(prefix) = routes.cards.keys().find(|prefix| !declared.expanders.contains_key(*prefix)) {
        return Err(format!("`r.expands_to` is called for ids {prefix}_…, which `expand` does not load"));
    }
    Ok(())
}

/// What goes on beside requests is declared once, and follows events that there are.
fn check_work(routes: &Routes) -> Result<(), String> {
    let declared = &routes.declared;
    let once = |what: &str, names: Vec<&'static str>| {
        let mut seen = HashSet::new();
        let twice = names.into_iter().find(|name| !seen.insert(*name));
        twice.map_or(Ok(()), |name| Err(format!("the {what} {name} is declared twice")))
    };
    once("kind of job", routes.jobs.iter().map(|(kind, _)| kind.name).collect())?;
    once("schedule", routes.schedules.iter().map(|schedule| schedule.name).collect())?;
    once("task", routes.tasks.iter().map(|task| task.name).collect())?;
    once("follower", declared.followers.iter().map(|follower| follower.name).collect())?;
    for follower in &declared.followers {
        if let Some(unknown) = follower.types.iter().find(|event| !declared.is_event_pattern(event)) {
            let name = follower.name;
            return Err(format!("{name} follows the event {unknown}, which no area tells of (`r.tells`)"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Scope;
    use crate::db::filter::col;
    use crate::events::follow::Follower;
    use crate::events::{self, Verb};
    use crate::http::{Answer, Req};
    use crate::jobs::Progress;
    use crate::lives::Life;
    use crate::schedules::Rhythm;

    const KIND: Kind = Kind { name: "thing", prefix: "thg" };
    const TOLD: EventSource = EventSource {
        kind: KIND,
        name: ["Thing", "东西"],
        scopes: &[Scope::OrdersRead],
        id: col!(orders::id),
        visible: events::seen_by_all,
        verbs: &[events::CREATED],
    };

    fn get(_: &mut crate::db::ReadTx, _: &Req) -> crate::error::Result<Answer<String>> {
        Ok(Answer::of(String::new()))
    }

    fn said(declare: impl FnOnce(&mut Routes)) -> String {
        let mut routes = Routes::default();
        declare(&mut routes);
        routes.finish().err().unwrap_or_default()
    }

    #[test]
    fn what_does_not_fit_together_is_told_at_the_start() {
        static OTHER: Area = Area {
            name: "other",
            routes: |r| {
                r.read("/others", "getOther", get);
            },
            problems: &[],
            phrases: &[("required", ["is needed", "必填"])],
        };
        assert_eq!(said(|r| r.area(&OTHER)), "the phrase required of area other is declared by base, too");
        let tagless = said(|r| {
            r.read("/things", "getThing", get);
        });
        assert!(tagless.starts_with("GET /things (area ) has no tag"), "{tagless}");
        let twice = said(|r| {
            r.tag("things", "Things.");
            r.read("/things", "getThing", get);
            r.read("/thing", "getThing", get);
        });
        assert!(twice.starts_with("getThing is the operation id of two endpoints: GET /things"), "{twice}");
        let wordless = said(|r| {
            r.tag("things", "Things.");
            r.read("/things", "getThing", get).fails_with(&["thing_flew"]);
        });
        assert!(wordless.ends_with("fails with thing_flew, which no area has words for"), "{wordless}");
    }

    #[test]
    fn kinds_and_events_are_known() {
        assert_eq!(said(|r| r.tells(TOLD)), "");
        const PAINTED: &[Verb] = &[Verb::new("painted", "It was painted.")];
        let wordless = EventSource { verbs: PAINTED, ..TOLD };
        assert!(said(|r| r.tells(wordless)).starts_with("the event thing.painted has no words"));
        let twice = EventSource { verbs: &[events::CREATED, events::CREATED], ..TOLD };
        assert_eq!(said(|r| r.tells(twice)), "the event thing.created is declared twice");
        let again = said(|r| {
            r.tells(TOLD);
            r.tells(EventSource { kind: Kind { name: "other", ..KIND }, ..TOLD });
        });
        assert!(again.starts_with("`r.tells` is called for thing (thg_…) and for other (thg_…)"), "{again}");
        let deadline = said(|r| r.deadlines(KIND, |_, _, _| Ok(())));
        assert!(deadline.starts_with("what a deadline does is declared for the kind thing"), "{deadline}");
        let notice = said(|r| r.notices(KIND, &["thing_broke"], &[]));
        assert!(notice.starts_with("the notice thing_broke is declared for the kind thing"), "{notice}");
        let notice = said(|r| {
            r.tells(TOLD);
            r.notices(KIND, &["thing_broke"], &[]);
        });
        assert_eq!(notice, "the notice thing_broke has no phrase");
        let expanded = said(|r| r.expands("thg", |_, _| Ok(vec![])));
        assert!(expanded.starts_with("`expand` loads records with ids thg_…"), "{expanded}");
    }

    #[test]
    fn work_beside_requests_is_known() {
        let follower =
            Follower { name: "things", types: vec!["thing.painted"], most: 1, then: |_, _| Ok(()) };
        let unknown = said(|r| {
            r.tells(TOLD);
            r.follows(follower);
        });
        let told = "things follows the event thing.painted, which no area tells of (`r.tells`)";
        assert_eq!(unknown, told);
        let job = JobKind { name: "paint", about: "paints things" };
        let twice = said(|r| {
            r.job(job, |_| Ok(Progress::Done));
            r.job(job, |_| Ok(Progress::Done));
        });
        assert_eq!(twice, "the kind of job paint is declared twice");
        let schedule = Schedule {
            name: "painting",
            about: ["Paints.", "涂色。"],
            rhythm: Rhythm::EveryMinutes(5),
            run: |_| Ok(Progress::Done),
        };
        let twice = said(|r| {
            r.schedule(schedule);
            r.schedule(schedule);
        });
        assert_eq!(twice, "the schedule painting is declared twice");
        let twice = said(|r| {
            r.task("drying", 5, |_| Ok(false));
            r.task("drying", 5, |_| Ok(false));
        });
        assert_eq!(twice, "the task drying is declared twice");
    }

    #[test]
    fn a_life_is_that_of_a_kind_that_is_told_of() {
        use crate::jobs::{JobAction, JobStatus};
        let life = || Life::of("Things", KIND, JobStatus::ALL, JobAction::ALL, JobStatus::after);
        let unknown = said(|r| r.declare(life()));
        assert_eq!(unknown, "a life is declared for the kind thing, which no area tells of (`r.tells`)");
        let without_calls = said(|r| {
            r.tells(TOLD);
            r.declare(life());
        });
        assert_eq!(without_calls, "the life of Things: no call is about a thing");
    }

    #[test]
    fn words_go_to_a_parameter_that_there_is() {
        let lost = Routes::default().takes_words("listThings", "colour", vec!["red"]);
        assert_eq!(lost, Err("listThings has no parameter colour".into()));
    }

    #[test]
    fn what_is_declared_last_sees_what_later_areas_declared() {
        fn last(r: &mut Routes) -> Result<(), String> {
            let kinds = r.declared.told.len();
            r.declare(kinds);
            Ok(())
        }
        let mut routes = Routes::default();
        routes.finally(last);
        routes.tells(TOLD);
        let declared = routes.finish().map(|done| done.declared).expect("sound");
        assert_eq!(declared.one::<usize>(), Some(&1));
    }
}
