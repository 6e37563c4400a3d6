//! The lives of records: what each step leads to from each status. An area declares the lives of its records, so that the
//! table of all lives is made from the rules themselves.

use crate::types::{Kind, TextEnum};

/// A life: `r.declare(Life::of("Orders", OrderId::KIND, OrderStatus::ALL, OrderAction::ALL, OrderStatus::after))`.
#[derive(Debug)]
pub struct Life {
    /// What the records are called, in plain English: "Price lists".
    pub name: &'static str,
    pub kind: Kind,
    pub statuses: Vec<&'static str>,
    pub steps: Vec<&'static str>,
    /// By status and then by step: the status after it, None where the step is not possible.
    pub next: Vec<Vec<Option<&'static str>>>,
    /// The type of the statuses, as the compiler calls it.
    pub type_name: &'static str,
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
        }
    }

    /// The life as a table in Markdown: what each step (across) leads to from each status (down).
    pub fn table(&self) -> String {
        let row = |first: String, cells: Vec<String>| format!("| {first} | {} |\n", cells.join(" | "));
        let mut text = format!("## {}\n\n", self.name);
        text += &row("status".into(), self.steps.iter().map(|step| format!("`{step}`")).collect());
        text += &format!("|---|{}\n", "---|".repeat(self.steps.len()));
        for (status, next) in self.statuses.iter().zip(&self.next) {
            let cells = next.iter().map(|after| after.unwrap_or_default().to_owned());
            text += &row(format!("**{status}**"), cells.collect());
        }
        text
    }

    /// The life as a diagram in Mermaid: what leads from one status to another.
    pub fn diagram(&self) -> String {
        let mut text = format!("stateDiagram-v2\n    [*] --> {}\n", self.statuses.first().unwrap_or(&""));
        for (status, next) in self.statuses.iter().zip(&self.next) {
            for (step, after) in self.steps.iter().zip(next) {
                if let Some(after) = after.filter(|after| after != status) {
                    text += &format!("    {status} --> {after}: {step}\n");
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{JobAction, JobId, JobStatus};

    #[test]
    fn a_life_is_a_table_and_a_diagram() {
        let life = Life::of("Jobs", JobId::KIND, JobStatus::ALL, JobAction::ALL, JobStatus::after);
        assert!(life.table().contains("| **queued** | running |"), "{}", life.table());
        assert!(life.diagram().contains("    queued --> running: start\n"), "{}", life.diagram());
        assert!(life.type_name.ends_with("::JobStatus"));
    }
}
