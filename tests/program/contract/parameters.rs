//! Query parameters: what is not taken, and what is.

use salesdesk::base::http::params::{Param, Takes, percent_decode};
use salesdesk::base::http::{Endpoint, Method};

use super::lists::required_path;
use super::{all, each, each_where, send, with_instead, with_query};
use testkit::fixtures::{example_of, make, path_to_nothing};
use testkit::support::TestApp;

both_engines!(
    an_unknown_parameter_is_named,
    a_parameter_of_the_wrong_kind_is_named,
    a_parameter_of_the_right_kind_is_taken,
);

fn an_unknown_parameter_is_named(app: &TestApp) {
    each(app, all, |endpoint| {
        let path = with_query(&path_to_nothing(endpoint), "no_such_parameter=1");
        let reply = send(&app.all_powerful(), endpoint, &path, example_of(endpoint).cloned());
        let reply = reply.refused(400, "invalid_parameter");
        assert!(reply.places().contains(&"no_such_parameter"), "{reply}");
    });
}

/// Values that a parameter does not take.
fn unfit(takes: Takes) -> Vec<String> {
    let texts: &[&str] = match takes {
        Takes::Text(max) => return vec!["x".repeat(max + 1), "%00".into(), "%FF".into()],
        Takes::Int(_, _) => &["x", "1.5", "", "99999999999999999999"],
        Takes::Bool => &["yes", "1", ""],
        Takes::Date => &["2026-13-01", "2026-02-30", "20261120", "2026-11-20T00:00:00Z", ""],
        Takes::Instant => &["2026-11-20", "yesterday", ""],
        Takes::Decimal(_) => &["x", "1e5", "--1", "0x10", "99999999999999999999999"],
        Takes::Currency => &["cny", "CNYX", ""],
        Takes::System => &["SAP", "s/a", ""],
        Takes::Positive(_) => &["x", "0", "0.000", "-1", "1e5"],
        Takes::Words(_) | Takes::Choice(..) | Takes::Word(_) => &["no_such_word", "", "no,such"],
        Takes::Ids(_) | Takes::Id(_) => &["x", "", "ord_1", "zzz_019a7c5e8f3a7d10b6c2a94e51d0f37b"],
    };
    texts.iter().map(|t| t.to_string()).collect()
}

/// Values that a parameter takes, the odd ones among them.
pub fn fit(takes: Takes) -> Vec<String> {
    let texts: &[&str] = match takes {
        Takes::Text(max) => {
            let mut texts = vec!["x".repeat(max), String::new()];
            texts.extend(
                ["%22", "%27%20OR%201=1%20--", "%25_*", "%E4%B8%AD", "%F0%9F%98%80", "a%20OR%20b", "(NEAR"]
                    .map(str::to_owned),
            );
            texts.retain(|t| percent_decode(t).is_some_and(|t| t.chars().count() <= max));
            return texts;
        }
        Takes::Int(min, max) => return vec![min.to_string(), max.to_string()],
        Takes::Bool => &["true", "false"],
        Takes::Date => &["1900-01-01", "2026-11-20", "2999-12-31"],
        Takes::Instant => {
            &["2026-11-20T02:00:00Z", "2026-11-20T10:00:00.123%2B08:00", "2026-11-19T18:00:00Z"]
        }
        Takes::Decimal(_) => &["0", "12.5", "-1"],
        Takes::Currency => &["CNY", "USD"],
        Takes::System => &["sap", "web-shop.2"],
        Takes::Positive(_) => &["0.000001", "12.5", "007", "1.000"],
        Takes::Words(words) => {
            return words.iter().map(|w| w.to_string()).chain([words.join(",")]).collect();
        }
        Takes::Choice(most, words) => {
            return words.iter().map(|w| w.to_string()).chain([words[..most].join(",")]).collect();
        }
        Takes::Word(words) => words,
        Takes::Ids(prefix) => {
            let id = |n: u32| format!("{prefix}_{n:032x}");
            return vec![id(1), format!("{},{}", id(1), id(2))];
        }
        Takes::Id(prefix) => return vec![format!("{prefix}_{:032x}", 1)],
    };
    texts.iter().map(|t| t.to_string()).collect()
}

fn a_parameter_of_the_wrong_kind_is_named(app: &TestApp) {
    each(app, all, |endpoint| {
        let mut params: Vec<(&str, Vec<String>)> =
            endpoint.params.iter().map(|p| (p.name, unfit(p.takes))).collect();
        let texts = |texts: &[&str]| texts.iter().map(|t| t.to_string()).collect::<Vec<_>>();
        if endpoint.common.sorts.is_some() {
            params.push(("limit", texts(&["0", "201", "-1", "x", ""])));
            params.push(("include", texts(&["everything", ""])));
            params.push(("sort", texts(&["no_such_key", "", "-", "--code"])));
        }
        if endpoint.common.dry_run {
            params.push(("dry_run", texts(&["yes", "1", ""])));
        }
        if !endpoint.common.expand.is_empty() {
            params.push(("expand", texts(&["nothing_of_this_name", "x.y.z"])));
        }
        for (name, values) in params {
            for value in values {
                let path = with_query(&path_to_nothing(endpoint), &format!("{name}={value}"));
                let reply = send(&app.all_powerful(), endpoint, &path, example_of(endpoint).cloned());
                let reply = reply.refused(400, "invalid_parameter");
                assert!(reply.places().contains(&name), "{reply}");
            }
        }
    });
}

/// Queries for parameters that take only some of the texts or days that are possible, or not without another one. Each
/// is documented: a cursor is one that was given, an event type exists, a period is not too long.
const BESIDE: &[(&str, &str, &[&str])] = &[
    ("verifyAuditLog", "known_sequence", &["known_sequence=1&known_link=x"]),
    ("verifyAuditLog", "known_link", &["known_sequence=1&known_link=x"]),
    ("listEvents", "after", &["after=latest"]),
    ("listEvents", "types", TYPES),
    ("streamEvents", "after", &["after=latest"]),
    ("streamEvents", "types", TYPES),
    (
        "getRequestResponseReport",
        "created_from",
        &["created_from=2026-11-01", "created_from=1900-01-01&created_to=1900-12-31"],
    ),
    (
        "getOnTimeInFull",
        "promised_from",
        &["promised_from=2026-11-01", "promised_from=2995-01-01&promised_to=2999-12-31"],
    ),
    ("resolvePrice", "unit", &["unit=pcs", "unit=box"]),
];
const TYPES: &[&str] = &["types=", "types=order.*", "types=order.created,%20customer.updated"];

/// The queries that ask with each value that a parameter takes.
pub fn queries(app: &TestApp, endpoint: &Endpoint, param: &Param) -> Vec<String> {
    let is_it =
        |(operation, name, _): &&(&str, &str, _)| (*operation, *name) == (endpoint.operation_id, param.name);
    if let Some((_, _, queries)) = BESIDE.iter().find(is_it) {
        return queries.iter().map(|query| (*query).to_owned()).collect();
    }
    let values = match param.takes {
        Takes::Id(prefix) => vec![make(app, prefix).id()],
        takes => fit(takes),
    };
    values.iter().map(|value| format!("{}={value}", param.name)).collect()
}

fn a_parameter_of_the_right_kind_is_taken(app: &TestApp) {
    each_where(
        app,
        |e| e.method == Method::Get && !e.params.is_empty(),
        &[],
        |endpoint, looks| {
            // What must be there is there, and one of the others at a time.
            let base = required_path(app, endpoint);
            app.all_powerful().get(&base).expect(200);
            for param in &endpoint.params {
                let at = format!("{} {}", endpoint.operation_id, param.name);
                for query in queries(app, endpoint, param) {
                    app.all_powerful().get(&with_instead(&base, &query)).expect(200);
                    looks.looked(&at);
                }
            }
        },
    );
}
