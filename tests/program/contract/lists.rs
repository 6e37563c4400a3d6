//! Lists, page by page.

use std::collections::BTreeSet;

use salesdesk::base::http::params::{Param, Takes};
use salesdesk::base::http::{Endpoint, OperationKind};
use serde_json::{Value, json};

use super::filters::key;
use super::ledger::Exception;
use super::parameters::fit;
use super::{creates, each_where, lists, with_query};
use testkit::fixtures::{body_for, created_by, make, path_of};
use testkit::support::{Client, Reply, TestApp};

both_engines_of_the_company!(
    a_list_is_walked_page_by_page_without_gap_or_repeat,
    a_page_goes_on_where_the_one_before_ended_whatever_is_added_meanwhile,
    a_cursor_belongs_to_its_list_and_sort,
);

/// Lists that cannot have two pages.
pub const ONE_PAGE: &[Exception] = &[];

/// The path of a read: in the company where there is enough to see, and with what must be said.
pub fn telling_path(app: &TestApp, endpoint: &Endpoint) -> String {
    let known = app.company.and_then(|company| company.paths.get(endpoint.operation_id));
    let path = known.cloned().unwrap_or_else(|| path_of(app, endpoint));
    with_required(app, endpoint, path)
}

/// The operation's path with records in its places and its required parameters.
pub fn required_path(app: &TestApp, endpoint: &Endpoint) -> String {
    with_required(app, endpoint, path_of(app, endpoint))
}

fn with_required(app: &TestApp, endpoint: &Endpoint, path: String) -> String {
    let said = |name: &str| path.contains(&format!("?{name}=")) || path.contains(&format!("&{name}="));
    let missing: Vec<&Param> = endpoint.params.iter().filter(|p| p.required && !said(p.name)).collect();
    missing.into_iter().fold(path, |path, p| {
        let value = match p.takes {
            Takes::Ids(prefix) | Takes::Id(prefix) => make(app, prefix).id(),
            takes => fit(takes).into_iter().next().unwrap_or_default(),
        };
        with_query(&path, &format!("{}={value}", p.name))
    })
}

/// Adds an entry to a list, where we know how; whether we did.
fn add_to(app: &TestApp, list: &Endpoint, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    match app.endpoints().iter().find(|e| creates(e) && e.path == list.path) {
        // A part is added to the record whose parts are listed.
        Some(create) if !create.path_prefixes.is_empty() => {
            app.all_powerful().post(path, body_for(app, create, path)).expect(201);
        }
        Some(create) => drop(entry(app, list).unwrap_or_else(|| created_by(app, create).expect(201))),
        None => return entry(app, list).is_some(),
    }
    true
}

/// A new record of the kind that a collection lists.
fn entry(app: &TestApp, list: &Endpoint) -> Option<Reply> {
    let read = app.endpoints().iter().find(|e| {
        e.nature == OperationKind::Read
            && e.path.rsplit_once("/{").is_some_and(|(c, p)| c == list.path && !p.contains('/'))
    })?;
    match read.path_prefixes {
        // Events are made by every write.
        [Some("evt")] => Some(make(app, "reg")),
        [Some(prefix)] => Some(make(app, prefix)),
        _ => None,
    }
}

/// Follows the pages by their `Link`, and gives all entries.
pub fn walk(client: &Client, first: &str) -> Vec<Value> {
    pages(client, first).into_iter().flatten().collect()
}

/// Follows the pages by their `Link`. No page leads back to one before it: such a walk would have no end.
fn pages(client: &Client, first: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut path, mut passed) = (Vec::new(), first.to_owned(), BTreeSet::new());
    loop {
        assert!(passed.insert(path.clone()), "the walk comes to {path} a second time");
        let page = client.get(&path).expect(200);
        pages.push(page.rows().to_vec());
        let next = page.header("link").map(str::to_owned);
        assert_eq!(next.is_some(), page.body["has_more"] == true, "{page}");
        assert_eq!(next.is_some(), page.body["next_cursor"].is_string(), "{page}");
        let Some(next) = next else { return pages };
        let target = next.strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"next\""));
        path = target.unwrap_or_else(|| panic!("not a link: {next}")).to_owned();
        assert!(path.contains(page.body["next_cursor"].as_str().expect("a cursor")));
    }
}

fn a_list_is_walked_page_by_page_without_gap_or_repeat(app: &TestApp) {
    each_where(app, lists, ONE_PAGE, |endpoint, looks| {
        looks.applies(endpoint.operation_id);
        let (path, client) = (telling_path(app, endpoint), app.all_powerful());
        let whole = client.get(&with_query(&path, "limit=200&include=total_count")).expect(200);
        let rows = walk(&client, &with_query(&path, "limit=200"));
        assert_eq!(whole.body["total_count"], json!(rows.len()), "{whole}");
        assert_eq!(client.get(&with_query(&path, "limit=1")).expect(200).body.get("total_count"), None);
        // Of short lists pages of one and two, of long ones a few pages, the last of them short.
        let sizes = if rows.len() <= 6 { [1, 2] } else { [rows.len() / 2, rows.len() / 3 + 1] };
        for size in sizes.map(|size| size.min(200)) {
            let pages = pages(&client, &with_query(&path, &format!("limit={size}")));
            let full = pages.iter().rev().skip(1).all(|page| page.len() == size);
            assert!(full && pages.iter().all(|page| page.len() <= size), "pages of {size}");
            assert_eq!(pages.concat(), rows, "pages of {size}");
        }
        // Some records end with their second version.
        if rows.len() > 2 || (rows.len() == 2 && endpoint.path.ends_with("/history")) {
            looks.looked(endpoint.operation_id);
        }
    });
}

fn a_page_goes_on_where_the_one_before_ended_whatever_is_added_meanwhile(app: &TestApp) {
    // Where nothing is known to be added, there is nothing to look at; a list of another path is of other records.
    let grows = |e: &Endpoint| {
        lists(e)
            && (app.endpoints().iter().any(|c| creates(c) && c.path == e.path)
                || app.endpoints().iter().any(|r| {
                    let one = r.path.strip_prefix(e.path).is_some_and(|rest| rest.starts_with("/{"));
                    r.nature == OperationKind::Read && one && matches!(r.path_prefixes, [Some(_)])
                }))
    };
    each_where(app, grows, &[], |endpoint, looks| {
        looks.applies(endpoint.operation_id);
        let (path, client) = (telling_path(app, endpoint), app.all_powerful());
        let rows = walk(&client, &with_query(&path, "limit=200"));
        // What is already passed is not met again, and nothing is missed.
        let passed = rows.len() / 2;
        let page = client.get(&with_query(&path, &format!("limit={}", passed.min(200)))).expect(200);
        let cursor = page.body["next_cursor"].as_str().expect("a second page");
        assert!(add_to(app, endpoint, &path));
        let rest = walk(&client, &with_query(&path, &format!("limit=200&cursor={cursor}")));
        // What is added may change another row, as a new default address does: it is the same row still.
        let rest: Vec<String> = rest.iter().map(key).collect();
        let there = |row: &Value| rest.contains(&key(row));
        assert!(rows[page.rows().len()..].iter().all(there), "a row was missed");
        assert!(!page.rows().iter().any(there), "a row came twice");
        looks.looked(endpoint.operation_id);
    });
}

fn a_cursor_belongs_to_its_list_and_sort(app: &TestApp) {
    each_where(app, lists, ONE_PAGE, |endpoint, looks| {
        looks.applies(endpoint.operation_id);
        let (path, client) = (telling_path(app, endpoint), app.all_powerful());
        for bad in ["x", "bm90aGluZw", "W10", "%00", "'"] {
            let reply = client.get(&with_query(&path, &format!("cursor={bad}")));
            assert_eq!(reply.status, 400, "{reply}");
        }
        let page = client.get(&with_query(&path, "limit=1")).expect(200);
        let Some(cursor) = page.body["next_cursor"].as_str() else { return };
        let default = endpoint.common.default_sort.split(',').next().unwrap_or_default();
        let other = default.strip_prefix('-').map_or(format!("-{default}"), str::to_owned);
        let reply = client.get(&with_query(&path, &format!("limit=1&sort={other}&cursor={cursor}")));
        reply.refused(400, "invalid_cursor");
        for param in endpoint.params.iter().filter(|p| !p.required) {
            let value = fit(param.takes).into_iter().next().unwrap_or_default();
            let query = format!("limit=1&{}={value}&cursor={cursor}", param.name);
            client.get(&with_query(&path, &query)).refused(400, "invalid_cursor");
        }
        looks.looked(endpoint.operation_id);
    });
}
