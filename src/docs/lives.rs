//! The lives of records: which step leads where, by which call, and who may take it.

use std::fmt::Display;

use super::{Declared, access, head, let_in, problems, row};
use crate::base::http::Endpoint;
use crate::base::lives::Life;

// ---- the page ------------------------------------------------------------------------------------------------

/// Every life: a diagram of what moves it, and a table of its steps.
pub fn pages(declared: &Declared) -> Result<String, String> {
    let mut text = String::new();
    for life in declared.lives() {
        text += &format!("\n## {}\n\n{}\n{}", life.name, diagram(life), steps(life, declared)?);
    }
    Ok(text)
}

/// The statuses and what leads from one to another, as Mermaid draws it. What stays where it is is in the table.
fn diagram(life: &Life) -> String {
    let mut text = format!("```mermaid\nstateDiagram-v2\n    [*] --> {}\n", life.statuses[0]);
    for from in &life.statuses {
        for to in life.statuses.iter().filter(|to| *to != from) {
            let steps = life.steps.iter().copied().filter(|step| life.after(from, step) == Some(*to));
            let follows =
                life.follows.iter().filter(|(a, _, b)| a == from && b == to).map(|(_, what, _)| *what);
            let labels: Vec<&str> = steps.chain(follows).collect();
            if !labels.is_empty() {
                text += &format!("    {from} --> {to}: {}\n", labels.join(", "));
            }
        }
        let ends = life.steps.iter().all(|step| life.after(from, step).is_none_or(|to| to == *from));
        if ends && !life.follows.iter().any(|(a, ..)| a == from) {
            text += &format!("    {from} --> [*]\n");
        }
    }
    text + "```\n"
}

fn steps(life: &Life, declared: &Declared) -> Result<String, String> {
    let mut text = head(&["step", "from → to", "call", "needs", "roles", "refused with"], 6);
    for step in &life.steps {
        let call = life.call(step, &declared.endpoints())?;
        let by_itself = || "the program takes it by itself".to_owned();
        let (needs, roles) = match call {
            Some(endpoint) => (access(endpoint), joined(let_in(endpoint))),
            None => Default::default(),
        };
        let refused = call.map(refusals).unwrap_or_default();
        let shown = call.map(|e| format!("`{} {}`", e.method.as_str(), e.path)).unwrap_or_else(by_itself);
        text += &row(&[format!("`{step}`"), leads(life, step), shown, needs, roles, refused]);
    }
    for (from, what, to) in life.follows {
        text += &row(&[*what, &format!("{from} → {to}"), "none: it follows by itself", "", "", ""]);
    }
    Ok(text)
}

/// From which statuses a step leads to which.
fn leads(life: &Life, step: &str) -> String {
    let mut ways: Vec<(Vec<&str>, Option<&str>)> = Vec::new();
    for from in &life.statuses {
        let Some(to) = life.after(from, step) else { continue };
        let to = Some(to).filter(|to| to != from);
        match ways.iter_mut().find(|(_, known)| *known == to) {
            Some((known, _)) => known.push(from),
            None => ways.push((vec![*from], to)),
        }
    }
    let way = |(from, to): &(Vec<&str>, Option<&str>)| match to {
        Some(to) => format!("{} → {to}", from.join(", ")),
        None if step == "delete" => format!("{} → the record is gone", from.join(", ")),
        None => format!("{} (stays)", from.join(", ")),
    };
    ways.iter().map(way).collect::<Vec<_>>().join("; ")
}

/// The problems of its own that a step can be refused with.
fn refusals(endpoint: &Endpoint) -> String {
    let own = endpoint.problems.iter().filter(|code| **code != "invalid_transition");
    own.map(|code| problems::link(code)).collect::<Vec<_>>().join(", ")
}

fn joined<T: Display>(items: Vec<T>) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// The steps that are not called as their name says, and those that are not called at all.
pub fn odd_calls(declared: &Declared) -> Result<String, String> {
    let mut text = head(&["record", "name", "call"], 3);
    for life in declared.lives() {
        for (step, _) in life.calls {
            let call = match life.call(step, &declared.endpoints())? {
                Some(endpoint) => format!("`{} {}`", endpoint.method.as_str(), endpoint.path),
                None => "none: the program takes it by itself".into(),
            };
            text += &row(&[life.name.to_owned(), format!("`{step}`"), call]);
        }
    }
    Ok(text)
}
