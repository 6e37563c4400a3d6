//! What a filter means, said by its name and the fields of the rows; a list of a few says what names do not.

use std::collections::{BTreeMap, BTreeSet};

use salesdesk::base::http::Endpoint;
use salesdesk::base::http::params::{Param, Takes};
use serde_json::Value;

use super::lists::walk;
use testkit::support::TestApp;

/// Which rows a filter lets through.
pub struct Meaning {
    /// Values of rows, with which to ask.
    pub values: Vec<String>,
    /// Whether a row belongs into the answer to a value.
    pub fits: Box<dyn Fn(&Value, &str) -> bool>,
    /// Only that the rows that fit are there is known, not that others are not.
    pub at_least: bool,
}

/// A value of a row as a query says it.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn sorted(values: impl Iterator<Item = String>) -> Vec<String> {
    values.filter(|value| !value.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// At most three of them, the first and the last included.
fn some(values: Vec<String>) -> Vec<String> {
    match values.len() {
        0..=3 => values,
        n => vec![values[0].clone(), values[n / 2].clone(), values[n - 1].clone()],
    }
}

/// Two values in their order: numbers and decimals by size, all else (dates, instants, words) as it is written.
pub fn compare(one: &str, other: &str) -> std::cmp::Ordering {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one.total_cmp(&other),
        _ => one.cmp(other),
    }
}

fn of_field(rows: &[Value], field: String, fits: fn(std::cmp::Ordering) -> bool) -> Meaning {
    let mut values = sorted(rows.iter().map(|row| text(&row[&field])));
    values.sort_by(|a, b| compare(a, b));
    let fits =
        move |row: &Value, value: &str| !row[&field].is_null() && fits(compare(&text(&row[&field]), value));
    Meaning { values: some(values), fits: Box::new(fits), at_least: false }
}

/// Of a field that holds exactly the value.
fn equals(rows: &[Value], field: &str) -> Meaning {
    let values = some(sorted(rows.iter().map(|row| text(&row[field]))));
    let field = field.to_owned();
    let fits = move |row: &Value, value: &str| !row[&field].is_null() && text(&row[&field]) == value;
    Meaning { values, fits: Box::new(fits), at_least: false }
}

fn says(values: Vec<String>, fits: impl Fn(&Value, &str) -> bool + 'static) -> Meaning {
    Meaning { values, fits: Box::new(fits), at_least: false }
}

/// `true` and `false`.
fn whether(holds: impl Fn(&Value) -> bool + 'static) -> Meaning {
    says(Vec::new(), move |row, value| holds(row) == (value == "true"))
}

fn status_in(row: &Value, words: &[&str]) -> bool {
    words.iter().any(|word| row["status"] == *word)
}

/// What a filter of this list means; None when neither its name nor this file says it.
pub fn meaning(app: &TestApp, endpoint: &Endpoint, param: &Param, rows: &[Value]) -> Option<Meaning> {
    if let Some(meaning) = special(app, endpoint.operation_id, param.name, rows) {
        return Some(meaning);
    }
    if param.name == "q" {
        return Some(found(rows));
    }
    let has = |field: &String| rows.iter().any(|row| row.get(field).is_some());
    if has(&param.name.to_owned()) && !matches!(param.takes, Takes::Bool) {
        return Some(equals(rows, param.name));
    }
    if let (Takes::Bool, true) = (param.takes, has(&param.name.to_owned())) {
        let name = param.name;
        return Some(whether(move |row| row[name] == true));
    }
    let bounds: [(&[&str], fn(std::cmp::Ordering) -> bool); 2] = [
        (&["_since", "_from", "_min"], |o| o.is_ge()),
        (&["_until", "_to", "_max", "_before"], |o| o.is_le()),
    ];
    for (endings, fits) in bounds {
        let base = endings.iter().find_map(|ending| param.name.strip_suffix(ending));
        let fields = base.map(|base| ["", "_at", "_date", "_on"].map(|ending| format!("{base}{ending}")));
        if let Some(field) = fields.and_then(|fields| fields.into_iter().find(has)) {
            return Some(of_field(rows, field, fits));
        }
    }
    None
}

/// A search finds at least what is called exactly so.
fn found(rows: &[Value]) -> Meaning {
    let names = ["number", "code", "sku", "username", "name"];
    let of = move |row: &Value| names.iter().find_map(|name| row[*name].as_str()).map(str::to_owned);
    let values = some(sorted(rows.iter().filter_map(of)));
    Meaning { values, fits: Box::new(move |row, value| of(row).as_deref() == Some(value)), at_least: true }
}

/// The filters whose names do not say what they mean.
fn special(app: &TestApp, operation: &str, param: &str, rows: &[Value]) -> Option<Meaning> {
    let open: &'static [&'static str] = match operation {
        "listComplaints" => &["received", "acknowledged", "investigating", "proposed"],
        "listRequests" => &["open", "accepted", "in_progress"],
        _ => &["open", "in_progress"],
    };
    Some(match (operation, param) {
        ("listComplaints" | "listRequests" | "listTasks" | "listOrderExceptions", "open") => {
            whether(move |row| status_in(row, open))
        }
        ("listOrderExceptions", "overdue") => {
            whether(move |row| status_in(row, open) && row["resolution_missed"] == true)
        }
        ("listRequests", "overdue") => whether(move |row| {
            let unanswered = row["status"] == "open" && row["response_missed"] == true;
            status_in(row, open) && (unanswered || row["delivery_missed"] == true)
        }),
        ("listOrders", "has_open_exception") => {
            whether(|row| row["open_exceptions"].as_i64().is_some_and(|n| n > 0))
        }
        ("listMyNotifications", "unread") => whether(|row| row["read_at"].is_null()),
        ("listAllOrderLines", "status") => equals(rows, "order_status"),
        ("listExternalIds", "id") => equals(rows, "external_id"),
        ("listCustomerTimeline", "from") => of_field(rows, "at".into(), |o| o.is_ge()),
        ("listCustomerTimeline", "to") => of_field(rows, "at".into(), |o| o.is_le()),
        (_, "valid_on") => valid_on(rows),
        ("listCustomers", "tag") => {
            let tags = rows.iter().filter_map(|row| row["tags"].as_array()).flatten().map(text);
            let tagged = |row: &Value, tag: &str| {
                let tags = row["tags"].as_array().into_iter().flatten().map(text);
                tags.map(|tag| tag.to_lowercase()).any(|one| one == tag.to_lowercase())
            };
            says(some(sorted(tags)), tagged)
        }
        ("listFeedback", "waits_for") => {
            let of = |row: &Value| row["recipients"].as_array().cloned().unwrap_or_default();
            let people = rows.iter().flat_map(of).map(|person| text(&person["user_id"]));
            says(some(sorted(people)), move |row, id| {
                of(row).iter().any(|one| one["user_id"] == id && one["acknowledged_at"].is_null())
            })
        }
        ("listCustomers", "defect" | "completeness_max") => completeness(app, rows, param),
        ("listReturns" | "listOrderReturns", "product_id" | "reason" | "disposition") => {
            let field = param.to_owned();
            let of_lines = details(app, rows, "/returns/{id}", move |one| {
                one["lines"].as_array().into_iter().flatten().map(|line| text(&line[&field])).collect()
            });
            among(of_lines)
        }
        ("listOrders", "product_id") => {
            let mut products: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for line in walk(&app.all_powerful(), "/order-lines?limit=200&fields=order_id,product_id") {
                products.entry(text(&line["order_id"])).or_default().push(text(&line["product_id"]));
            }
            among(products)
        }
        ("listAllOrderLines", "updated_since") => {
            let orders = walk(&app.all_powerful(), "/orders?limit=200&fields=id,updated_at");
            let changed: BTreeMap<String, String> =
                orders.iter().map(|order| (text(&order["id"]), text(&order["updated_at"]))).collect();
            let values = some(sorted(changed.values().cloned()));
            says(values, move |row, value| changed[&text(&row["order_id"])].as_str() >= value)
        }
        ("listProducts", "category_id") => {
            let categories = app.all_powerful().get("/product-categories?limit=200").expect(200);
            let parents: BTreeMap<String, String> =
                categories.rows().iter().map(|one| (text(&one["id"]), text(&one["parent_id"]))).collect();
            let values = some(sorted(rows.iter().map(|row| text(&row["category_id"]))));
            says(values, move |row, value| {
                let mut at = text(&row["category_id"]);
                while !at.is_empty() && at != value {
                    at = parents.get(&at).cloned().unwrap_or_default();
                }
                at == value
            })
        }
        _ => return None,
    })
}

/// Days on which something begins or ends, both included; what is retired holds until the day before.
fn valid_on(rows: &[Value]) -> Meaning {
    let days = rows.iter().flat_map(|row| [text(&row["valid_from"]), text(&row["valid_to"])]);
    says(some(sorted(days)), |row, day| {
        let to = text(&row["valid_to"]);
        let retired = text(&row["retired_on"]);
        row["valid_from"].as_str().is_some_and(|from| from <= day)
            && (to.is_empty() || to.as_str() >= day)
            && (retired.is_empty() || retired.as_str() > day)
    })
}

/// What each row's record says beyond the row; `{id}` stands in the path.
fn details(
    app: &TestApp,
    rows: &[Value],
    path: &str,
    of: impl Fn(&Value) -> Vec<String>,
) -> BTreeMap<String, Vec<String>> {
    let read = |id: &str| of(&app.all_powerful().get(&path.replace("{id}", id)).expect(200).body);
    rows.iter().map(|row| text(&row["id"])).map(|id| (id.clone(), read(&id))).collect()
}

/// Of rows of which each has several values.
fn among(of: BTreeMap<String, Vec<String>>) -> Meaning {
    let values = some(sorted(of.values().flatten().cloned()));
    says(values, move |row, value| {
        of.get(&text(&row["id"])).is_some_and(|all| all.iter().any(|v| v == value))
    })
}

fn completeness(app: &TestApp, rows: &[Value], param: &str) -> Meaning {
    let defects = param == "defect";
    let told = details(app, rows, "/customers/{id}/completeness", |one| {
        let found = one["defects"].as_array().into_iter().flatten().map(|one| text(&one["defect"]));
        if defects { found.collect() } else { vec![text(&one["score"])] }
    });
    if defects {
        return among(told);
    }
    let values = some(sorted(told.values().flatten().cloned()));
    says(values, move |row, most| compare(&told[&text(&row["id"])][0], most).is_le())
}
