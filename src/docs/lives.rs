//! The lives of records: which step leads where, by which call, and who may take it.

use std::fmt::Display;

use super::{Declared, access, head, let_in, problems, row};
use crate::base::http::{Endpoint, Method};
use crate::base::jobs::{JobAction, JobStatus};
use crate::base::types::TextEnum;
use crate::clients::model::{ClientAction, ClientStatus};
use crate::complaints::remedies::model::{RemedyAction, RemedyStatus};
use crate::complaints::rules::{ComplaintAction, ComplaintStatus};
use crate::customers::model::{CustomerAction, CustomerStatus};
use crate::order_exceptions::rules::{ExceptionAction, ExceptionStatus};
use crate::orders::rules::{OrderAction, OrderStatus};
use crate::prices::model::{PriceListAction, PriceListStatus};
use crate::products::model::{ProductAction, ProductStatus};
use crate::requests::rules::{RequestAction, RequestStatus};
use crate::returns::rules::{ReturnAction, ReturnStatus};
use crate::shipments::model::{ShipmentAction, ShipmentStatus};
use crate::suppliers::model::{SupplierAction, SupplierStatus};
use crate::tasks::rules::{TaskAction, TaskStatus};
use crate::webhooks::model::{WebhookAction, WebhookStatus};

/// The step is no call: the program takes it by itself.
const BY_ITSELF: &str = "";

/// The life of a kind of record.
pub struct Life {
    /// As a heading has it.
    pub name: &'static str,
    /// The path of one record.
    path: &'static str,
    pub statuses: &'static [&'static str],
    pub steps: &'static [&'static str],
    /// Where a step leads to from a status; in the order of statuses, then of steps.
    after: Vec<Option<&'static str>>,
    /// The operations of steps that are not called as their name says.
    calls: &'static [(&'static str, &'static str)],
    /// What else moves the status: from, what happens, to.
    pub follows: &'static [(&'static str, &'static str, &'static str)],
}

/// Every life, the most asked for first.
pub fn all() -> Vec<Life> {
    let orders = Life {
        calls: &[("ship", "createShipment"), ("revise", "reviseOrder")],
        follows: &[
            ("confirmed", "ship all", "shipped"),
            ("partially_shipped", "ship the rest", "shipped"),
            ("shipped", "the last shipment is delivered", "delivered"),
            ("shipped", "a shipment is voided", "partially_shipped"),
            ("partially_shipped", "the only shipment is voided", "confirmed"),
        ],
        ..life("Orders", "/orders/{order_id}", OrderStatus::ALL, OrderAction::ALL, OrderStatus::after)
    };
    let complaints = Life {
        calls: &[("add_note", "addComplaintNote"), ("add_remedy", "addComplaintRemedy")],
        ..life(
            "Complaints",
            "/complaints/{complaint_id}",
            ComplaintStatus::ALL,
            ComplaintAction::ALL,
            ComplaintStatus::after,
        )
    };
    let remedies = Life {
        calls: &[("grant", BY_ITSELF)],
        ..life(
            "Remedies of complaints",
            "/complaints/{complaint_id}/remedies/{remedy_id}",
            RemedyStatus::ALL,
            RemedyAction::ALL,
            RemedyStatus::after,
        )
    };
    let requests = Life {
        calls: &[("reply", "addRequestReply")],
        ..life(
            "Requests",
            "/requests/{request_id}",
            RequestStatus::ALL,
            RequestAction::ALL,
            RequestStatus::after,
        )
    };
    let jobs = Life {
        calls: &[
            ("start", BY_ITSELF),
            ("succeed", BY_ITSELF),
            ("complete_with_errors", BY_ITSELF),
            ("fail", BY_ITSELF),
            ("expire", BY_ITSELF),
        ],
        ..life("Jobs", "/jobs/{job_id}", JobStatus::ALL, JobAction::ALL, JobStatus::after)
    };
    let mut lives = vec![orders, complaints, remedies, requests, jobs];
    lives.extend(plain());
    let place = |life: &Life| ORDER.iter().position(|name| *name == life.name);
    lives.sort_by_key(place);
    lives
}

/// The lives whose steps are all called as their names say.
fn plain() -> [Life; 10] {
    let exceptions = "/order-exceptions/{exception_id}";
    let list = "/price-lists/{price_list_id}";
    [
        life(
            "Customers",
            "/customers/{customer_id}",
            CustomerStatus::ALL,
            CustomerAction::ALL,
            CustomerStatus::after,
        ),
        life(
            "Products",
            "/products/{product_id}",
            ProductStatus::ALL,
            ProductAction::ALL,
            ProductStatus::after,
        ),
        life("Price lists", list, PriceListStatus::ALL, PriceListAction::ALL, PriceListStatus::after),
        life(
            "Shipments",
            "/shipments/{shipment_id}",
            ShipmentStatus::ALL,
            ShipmentAction::ALL,
            ShipmentStatus::after,
        ),
        life(
            "Order exceptions",
            exceptions,
            ExceptionStatus::ALL,
            ExceptionAction::ALL,
            ExceptionStatus::after,
        ),
        life("Returns", "/returns/{return_id}", ReturnStatus::ALL, ReturnAction::ALL, ReturnStatus::after),
        life("Tasks", "/tasks/{task_id}", TaskStatus::ALL, TaskAction::ALL, TaskStatus::after),
        life(
            "Suppliers",
            "/suppliers/{supplier_id}",
            SupplierStatus::ALL,
            SupplierAction::ALL,
            SupplierStatus::after,
        ),
        life(
            "Machine clients",
            "/clients/{client_id}",
            ClientStatus::ALL,
            ClientAction::ALL,
            ClientStatus::after,
        ),
        life(
            "Webhooks",
            "/webhooks/{webhook_id}",
            WebhookStatus::ALL,
            WebhookAction::ALL,
            WebhookStatus::after,
        ),
    ]
}

/// The order of the page.
const ORDER: [&str; 15] = [
    "Orders",
    "Shipments",
    "Order exceptions",
    "Returns",
    "Customers",
    "Products",
    "Price lists",
    "Complaints",
    "Remedies of complaints",
    "Tasks",
    "Requests",
    "Suppliers",
    "Machine clients",
    "Webhooks",
    "Jobs",
];

fn life<S: TextEnum, A: TextEnum>(
    name: &'static str,
    path: &'static str,
    statuses: &[S],
    steps: &[A],
    after: impl Fn(S, A) -> Option<S>,
) -> Life {
    let next =
        |status: &S| steps.iter().map(|step| after(*status, *step).map(TextEnum::as_str)).collect::<Vec<_>>();
    Life {
        name,
        path,
        statuses: S::WORDS,
        steps: A::WORDS,
        after: statuses.iter().flat_map(next).collect(),
        calls: &[],
        follows: &[],
    }
}

impl Life {
    /// Where a step leads to from a status.
    pub fn after(&self, status: &str, step: &str) -> Option<&'static str> {
        let down = self.statuses.iter().position(|s| *s == status)?;
        let across = self.steps.iter().position(|s| *s == step)?;
        self.after[down * self.steps.len() + across]
    }

    /// The call that takes a step; None when the program takes it by itself.
    fn call<'a>(&self, step: &str, declared: &'a Declared) -> Result<Option<&'a Endpoint>, String> {
        match self.calls.iter().find(|(name, _)| *name == step) {
            Some((_, operation)) if *operation == BY_ITSELF => Ok(None),
            Some((_, operation)) => declared.endpoint(operation).map(Some),
            None => {
                let (method, path) = named_call(self.path, step);
                let found = declared.endpoints.iter().find(|e| e.method == method && e.path == path);
                let found = found.map(|e| Some(&**e));
                found.ok_or_else(|| {
                    format!("{}: the step {step} has no call {} {path}", self.name, method.as_str())
                })
            }
        }
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

// ---- the page ------------------------------------------------------------------------------------------------

/// Every life: a diagram of what moves it, and a table of its steps.
pub fn pages(declared: &Declared) -> Result<String, String> {
    let mut text = String::new();
    for life in all() {
        text += &format!("\n## {}\n\n{}\n{}", life.name, diagram(&life), steps(&life, declared)?);
    }
    Ok(text)
}

/// The statuses and what leads from one to another, as Mermaid draws it. What stays where it is is in the table.
fn diagram(life: &Life) -> String {
    let mut text = format!("```mermaid\nstateDiagram-v2\n    [*] --> {}\n", life.statuses[0]);
    for from in life.statuses {
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
    for step in life.steps {
        let call = life.call(step, declared)?;
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
    for from in life.statuses {
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
    for life in all() {
        for (step, _) in life.calls {
            let call = match life.call(step, declared)? {
                Some(endpoint) => format!("`{} {}`", endpoint.method.as_str(), endpoint.path),
                None => "none: the program takes it by itself".into(),
            };
            text += &row(&[life.name.to_owned(), format!("`{step}`"), call]);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_speaks_of_its_own_statuses_and_steps_alone() {
        let lives = all();
        assert_eq!(lives.len(), ORDER.len());
        for life in &lives {
            assert!(ORDER.contains(&life.name), "{}", life.name);
            for (from, _, to) in life.follows {
                assert!(life.statuses.contains(from) && life.statuses.contains(to), "{from} {to}");
            }
            for (step, _) in life.calls {
                assert!(life.steps.contains(step), "{}: {step}", life.name);
            }
        }
    }
}
