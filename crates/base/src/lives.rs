//! The lives of records: what each step leads to from each status, and which call takes it. An area declares the lives of its
//! records, so that the reference page and its diagrams are made from the rules themselves.

use crate::declared::Declared;
use crate::http::{Endpoint, Method};
use crate::types::{Kind, TextEnum};

/// The step is no call: the program takes it by itself.
pub const BY_ITSELF: &str = "";

/// A life: `r.declare(Life::of("Orders", OrderId::KIND, OrderStatus::ALL, OrderAction::ALL, OrderStatus::after))`.
#[derive(Debug)]
pub struct Life {
    /// What the records are called, in plain English: "Price lists".
    pub name: &'static str,
    pub kind: Kind,
    pub statuses: Vec<&'static str>,
    pub steps: Vec<&'static str>,
    /// By status and then by step: the status after it, None where the step is not possible.
    next: Vec<Vec<Option<&'static str>>>,
    /// The type of the statuses, as the compiler calls it.
    pub type_name: &'static str,
    /// The operations of steps that are not called as their name says, or [`BY_ITSELF`].
    pub calls: &'static [(&'static str, &'static str)],
    /// What else moves the status: from, what happens, to.
    pub follows: &'static [(&'static str, &'static str, &'static str)],
}

impl Life {
    pub fn of<S: TextEnum, A: TextEnum>(
        name: &'static str,
        kind: Kind,
        statuses: &[S],
        steps: &[A],
        after: fn(S, A) -> Option<S>,
    ) -> Life {
        let next = |status: &S| steps.iter().map(|step| after(*status, *step).map(S::as_str)).collect();
        Life {
            name,
            kind,
            statuses: statuses.iter().map(|status| status.as_str()).collect(),
            steps: steps.iter().map(|step| step.as_str()).collect(),
            next: statuses.iter().map(next).collect(),
            type_name: std::any::type_name::<S>(),
            calls: &[],
            follows: &[],
        }
    }

    /// The operation of each step that is not called as its name says.
    pub fn calls(self, calls: &'static [(&'static str, &'static str)]) -> Life {
        Life { calls, ..self }
    }

    /// What moves the status beside the steps: from, what happens, to.
    pub fn follows(self, follows: &'static [(&'static str, &'static str, &'static str)]) -> Life {
        Life { follows, ..self }
    }

    /// Where a step leads to from a status.
    pub fn after(&self, status: &str, step: &str) -> Option<&'static str> {
        let down = self.statuses.iter().position(|s| *s == status)?;
        let across = self.steps.iter().position(|s| *s == step)?;
        self.next[down][across]
    }

    /// The call that takes a step; None when the program takes it by itself.
    pub fn call<'e>(&self, step: &str, endpoints: &[&'e Endpoint]) -> Result<Option<&'e Endpoint>, String> {
        let found = |is_it: &dyn Fn(&Endpoint) -> bool, call: String| {
            let endpoint = endpoints.iter().find(|endpoint| is_it(endpoint));
            let lost = || format!("the life of {}: the step {step} has no call {call}", self.name);
            endpoint.map(|endpoint| Some(*endpoint)).ok_or_else(lost)
        };
        match self.calls.iter().find(|(name, _)| *name == step) {
            Some((_, BY_ITSELF)) => Ok(None),
            Some((_, operation)) => found(&|e| e.operation_id == *operation, (*operation).to_owned()),
            None => {
                let (method, path) = named_call(self.path(endpoints)?, step);
                let call = format!("{} {path} (or say `.calls(…)`)", method.as_str());
                found(&|e| e.method == method && e.path == path, call)
            }
        }
    }

    /// The path of one record.
    fn path(&self, endpoints: &[&Endpoint]) -> Result<&'static str, String> {
        let own = |endpoint: &&&Endpoint| endpoint.path_prefixes.last() == Some(&Some(self.kind.prefix));
        let paths = endpoints.iter().filter(own).filter_map(|e| Some(&e.path[..=e.path.rfind('}')?]));
        let lost = || format!("the life of {}: no call is about a {}", self.name, self.kind.name);
        paths.min_by_key(|path| path.len()).ok_or_else(lost)
    }

    /// What is said beside the rules is about statuses and steps that there are.
    fn check(&self, endpoints: &[&Endpoint]) -> Result<(), String> {
        let unknown = |what: &str, word: &str| Err(format!("the life of {} has no {what} {word}", self.name));
        if let Some((step, _)) = self.calls.iter().find(|(step, _)| !self.steps.contains(step)) {
            return unknown("step", step);
        }
        let ends = self.follows.iter().flat_map(|(from, _, to)| [from, to]);
        if let Some(status) = ends.into_iter().find(|status| !self.statuses.contains(status)) {
            return unknown("status", status);
        }
        self.steps.iter().try_for_each(|step| self.call(step, endpoints).map(drop))
    }
}

/// The call that a step's name says.
fn named_call(path: &str, step: &str) -> (Method, String) {
    match step {
        "edit" => (Method::Patch, path.to_owned()),
        "delete" => (Method::Delete, path.to_owned()),
        step => (Method::Post, format!("{path}/{}", step.replace('_', "-"))),
    }
}

/// Lives are those of kinds that are told of, one of each, and every step has its call.
pub fn check(declared: &Declared, endpoints: &[Endpoint]) -> Result<(), String> {
    let endpoints: Vec<&Endpoint> = endpoints.iter().collect();
    let lives = declared.all::<Life>();
    for (i, life) in lives.iter().enumerate() {
        if declared.told_of(life.kind).is_none() {
            let name = life.kind.name;
            return Err(format!(
                "a life is declared for the kind {name}, which no area tells of (`r.tells`)"
            ));
        }
        if lives[..i].iter().any(|other| other.kind == life.kind || other.name == life.name) {
            return Err(format!("the life of {} is declared twice", life.name));
        }
        life.check(&endpoints)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{JobAction, JobId, JobStatus};

    fn jobs() -> Life {
        Life::of("Jobs", JobId::KIND, JobStatus::ALL, JobAction::ALL, JobStatus::after)
    }

    #[test]
    fn a_life_says_what_its_rules_say() {
        assert_eq!(jobs().after("queued", "start"), Some("running"));
        assert_eq!(jobs().after("running", "start"), None);
        assert!(jobs().type_name.ends_with("::JobStatus"));
    }

    #[test]
    fn what_is_said_beside_the_rules_is_checked() {
        let said = |life: Life| life.check(&[]).err().unwrap_or_default();
        assert_eq!(said(jobs().calls(&[("fly", "flyJob")])), "the life of Jobs has no step fly");
        assert_eq!(
            said(jobs().follows(&[("gone", "time", "queued")])),
            "the life of Jobs has no status gone"
        );
        assert_eq!(said(jobs()), "the life of Jobs: no call is about a job");
        let lost = said(jobs().calls(&[("start", "startJob")]));
        assert_eq!(lost, "the life of Jobs: the step start has no call startJob");
    }
}
