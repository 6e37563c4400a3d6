//! The order of lists.

use std::cmp::Ordering;

use salesdesk::base::http::Endpoint;
use salesdesk::base::text::sort_key;
use serde_json::Value;

use super::ledger::Exception;
use super::lists::{required_path, telling_path, walk};
use super::{each, each_where, lists, with_query};
use testkit::support::{TestApp, resolve};

both_engines_of_the_company!(a_list_is_sorted_by_each_of_its_keys_in_both_directions);

both_engines!(a_key_that_sorts_already_sorts_nothing_more);

/// Keys of which all rows of a list have the same value.
const EXCEPTIONS: &[Exception] = &[];

/// Lists that order their names as they are written, and not by how they are read.
const AS_WRITTEN: &[Exception] =
    &[("listSchedules", "a schedule's name is no text for people: English words with hyphens")];

/// The order that a key promises of two values as the answer shows them; what has no value comes last.
fn order(endpoint: &Endpoint, key: &str, one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).expect("numbers"),
        (Value::String(a), Value::String(b)) if is_decimal(endpoint, key) => {
            let number = |text: &str| text.parse::<f64>().expect("a decimal");
            number(a).total_cmp(&number(b))
        }
        (Value::String(a), Value::String(b)) if is_read(endpoint, key) => sort_key(a).cmp(&sort_key(b)),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => panic!("{key}: {one} and {other} have no order"),
    }
}

/// Names are ordered by how they are read: Chinese by its pinyin.
fn is_read(endpoint: &Endpoint, key: &str) -> bool {
    key == "name" && !AS_WRITTEN.iter().any(|(operation, _)| *operation == endpoint.operation_id)
}

fn is_decimal(endpoint: &Endpoint, key: &str) -> bool {
    let page = resolve(endpoint.answer.as_ref().expect("a page"));
    let row = resolve(&page["properties"]["data"]["items"]);
    resolve(&row["properties"][key])["x-decimal-places"].is_number()
}

fn a_list_is_sorted_by_each_of_its_keys_in_both_directions(app: &TestApp) {
    each_where(app, lists, EXCEPTIONS, |endpoint, looks| {
        let (path, client) = (telling_path(app, endpoint), app.all_powerful());
        let keys = endpoint.common.sorts.unwrap_or_default();
        let rows = walk(&client, &with_query(&path, "limit=200"));
        for key in keys.iter().map(|sort| sort.name) {
            let at = format!("{} {key}", endpoint.operation_id);
            looks.applies(&at);
            // Ascending in three pages, so that cursors go by the key, too; descending in one.
            let third = (rows.len() / 3).clamp(1, 200);
            let sorted = |limit: usize, sort: &str| {
                walk(&client, &with_query(&path, &format!("limit={limit}&sort={sort}")))
            };
            let (up, mut down) = (sorted(third, key), sorted(200, &format!("-{key}")));
            assert_eq!(up.len(), rows.len(), "{key}: rows are missed or repeated");
            for pair in up.windows(2) {
                let order = order(endpoint, key, &pair[0][key], &pair[1][key]);
                assert_ne!(order, Ordering::Greater, "{key}: {} before {}", pair[0][key], pair[1][key]);
            }
            if up.windows(2).any(|pair| pair[0][key] != pair[1][key]) {
                looks.looked(&at);
            }
            down.reverse();
            assert_eq!(up, down, "{key} up and down are not each other's reverse");
        }
        if let [first, second, ..] = keys {
            sorted_by_two(app, endpoint, &path, first.name, second.name);
        }
    });
}

/// Each key has a direction of its own; the second one orders those that the first one holds equal.
fn sorted_by_two(app: &TestApp, endpoint: &Endpoint, path: &str, first: &str, second: &str) {
    let sorted = walk(&app.all_powerful(), &with_query(path, &format!("limit=200&sort={first},-{second}")));
    for pair in sorted.windows(2) {
        let by_first = order(endpoint, first, &pair[0][first], &pair[1][first]);
        let by_second = order(endpoint, second, &pair[0][second], &pair[1][second]).reverse();
        assert_ne!(by_first.then(by_second), Ordering::Greater, "{first},-{second}: {pair:?}");
    }
}

fn a_key_that_sorts_already_sorts_nothing_more(app: &TestApp) {
    each(
        app,
        |e| lists(e) && e.common.sorts.is_some_and(|keys| !keys.is_empty()),
        |endpoint| {
            let path = required_path(app, endpoint);
            let key = endpoint.common.sorts.unwrap_or_default()[0].name;
            let client = app.all_powerful();
            let sorted = |sort: &str| client.get(&with_query(&path, &format!("sort={sort}")));
            let once = sorted(key).expect(200);
            assert_eq!(sorted(&format!("{key},-{key},{key}")).expect(200).rows(), once.rows());
            sorted(&format!("{key},{key},{key},{key}")).expect(400);
        },
    );
}
