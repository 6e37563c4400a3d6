//! Every filter lets through the rows that it should, no other, and takes every value that it documents.

use std::collections::BTreeSet;

use salesdesk::base::http::params::{Param, Takes, percent_encode};
use salesdesk::base::http::{Endpoint, Method, OperationKind};
use serde_json::Value;

use super::ledger::{Exception, Looks};
use super::lists::{telling_path, walk};
use super::meanings::{self, Meaning, compare, text};
use super::{each_where, lists, parameters, with_instead, with_query};
use testkit::support::TestApp;

both_engines_of_the_company!(
    every_filter_lets_through_what_fits_and_nothing_else,
    every_parameter_of_a_report_changes_what_it_says,
);

/// More rows than these are first narrowed to the newest by another filter.
const ROWS: usize = 250;

const EXCEPTIONS: &[Exception] = &[];

fn every_filter_lets_through_what_fits_and_nothing_else(app: &TestApp) {
    each_where(app, lists, EXCEPTIONS, |endpoint, looks| {
        if !endpoint.params.is_empty() {
            List::of(app, endpoint).try_all(looks);
        }
    });
}

/// Parameters of reads that are no lists, of which no two values that are taken tell of something else.
const NO_DIFFERENCE: &[Exception] = &[];

/// What is no list has no rows to compare. But a parameter that changes nothing is not looked at by the product, and of
/// ids that find nothing it is not known whether they would find something.
fn every_parameter_of_a_report_changes_what_it_says(app: &TestApp) {
    let reports = |e: &Endpoint| e.method == Method::Get && !lists(e) && !e.params.is_empty();
    each_where(app, reports, NO_DIFFERENCE, |endpoint, looks| {
        let base = telling_path(app, endpoint);
        for param in &endpoint.params {
            let queries = parameters::queries(app, endpoint, param);
            let asked = queries.iter().map(|query| with_instead(&base, query));
            let told: BTreeSet<Vec<u8>> =
                asked.chain([base.clone()]).map(|path| told(app, endpoint, &path)).collect();
            let seen = match param.takes {
                Takes::Ids(prefix) => told.len().min(tells_of(app, endpoint, &base, param, prefix)),
                _ => told.len(),
            };
            looks.add(&format!("{} {}", endpoint.operation_id, param.name), seen - 1);
        }
    });
}

/// How many different answers there are when a report is asked for no record that there is, for one, for another one, and
/// for both: four, where the company has two records of which it tells.
fn tells_of(app: &TestApp, endpoint: &Endpoint, base: &str, param: &Param, prefix: &str) -> usize {
    let ask = |ids: &str| told(app, endpoint, &with_instead(base, &format!("{}={ids}", param.name)));
    let mut answers = vec![ask(&format!("{prefix}_{:032x}", 1))];
    let mut telling = Vec::new();
    for id in ids_of(app, prefix) {
        let answer = ask(&id);
        if !answers.contains(&answer) {
            answers.push(answer);
            telling.push(id);
        }
        if telling.len() == 2 {
            let both = ask(&telling.join(","));
            assert!(!answers.contains(&both), "{}: both are told of as one alone", param.name);
            return answers.len() + 1;
        }
    }
    1
}

/// The records of a kind that the company has.
fn ids_of(app: &TestApp, prefix: &str) -> Vec<String> {
    let mut reads = app.endpoints().iter().filter(|e| e.nature == OperationKind::Read);
    let read = reads.find(|e| *e.path_prefixes == [Some(prefix)] && e.path.ends_with("_id}"));
    let (list, _) = read.and_then(|e| e.path.rsplit_once("/{")).expect("what reads one");
    walk(&app.all_powerful(), &format!("{list}?limit=200&fields=id")).iter().map(key).collect()
}

/// What is answered; of a stream that begins in the past also the first events, which come behind its greeting.
fn told(app: &TestApp, endpoint: &Endpoint, path: &str) -> Vec<u8> {
    let client = app.all_powerful();
    let streams = endpoint.operation_id == "streamEvents" && !path.contains("after=latest");
    if streams && path.contains("after=") {
        return app.streamed(&client.asks("GET", path, None), 2).concat().into_bytes();
    }
    client.get(path).expect(200).bytes
}

/// A list with all its rows.
struct List<'a> {
    app: &'a TestApp,
    endpoint: &'a Endpoint,
    path: String,
    rows: Vec<Value>,
}

impl<'a> List<'a> {
    fn of(app: &'a TestApp, endpoint: &'a Endpoint) -> List<'a> {
        let path = telling_path(app, endpoint);
        let rows = walk(&app.all_powerful(), &with_query(&path, "limit=200"));
        List { app, endpoint, path, rows }
    }

    fn try_all(&self, looks: &Looks) {
        let narrow = self.narrowed();
        for param in &self.endpoint.params {
            let at = format!("{} {}", self.endpoint.operation_id, param.name);
            let list = match &narrow {
                Some((by, list)) if *by != param.name => list,
                _ => self,
            };
            looks.add(&at, list.tried(param));
        }
    }

    /// A list of many rows, cut to about a hundred by a bound of its own, which is told.
    fn narrowed(&self) -> Option<(&'static str, List<'a>)> {
        if self.rows.len() <= ROWS {
            return None;
        }
        let bounds = |param: &&Param| ["_since", "_from"].iter().any(|end| param.name.ends_with(end));
        let by = self.endpoint.params.iter().find(bounds)?;
        let meaning = meanings::meaning(self.app, self.endpoint, by, &self.rows)?;
        let field =
            ["_at", "_date"].map(|end| format!("{}{end}", by.name.rsplit_once('_').unwrap_or_default().0));
        let field = field.into_iter().find(|field| self.rows[0].get(field).is_some())?;
        let mut values: Vec<String> = self.rows.iter().map(|row| text(&row[&field])).collect();
        values.sort_by(|a, b| compare(b, a));
        let from = &values[100];
        let rows = self.rows.iter().filter(|row| (meaning.fits)(row, from)).cloned().collect();
        let path = with_query(&self.path, &format!("{}={}", by.name, percent_encode(from)));
        Some((by.name, List { path, rows, ..*self }))
    }

    /// How many values were asked with; none when nothing was seen to be let through, or nothing to be kept out.
    fn tried(&self, param: &Param) -> usize {
        if param.required {
            return self.tried_as_required(param);
        }
        if (self.endpoint.operation_id, param.name) == ("listCustomers", "include_merged") {
            return self.merged();
        }
        let Some(meaning) = meanings::meaning(self.app, self.endpoint, param, &self.rows) else {
            panic!("what does the filter {} mean? Say it in tests/program/contract/meanings.rs", param.name);
        };
        let values = asked(param, &meaning);
        let fitting: Vec<usize> = values.iter().map(|value| self.compared(param, &meaning, value)).collect();
        let let_through = fitting.iter().any(|count| *count > 0);
        let kept_out = fitting.iter().any(|count| *count < self.rows.len());
        if let_through && kept_out { values.len() } else { 0 }
    }

    /// How many rows fit: exactly those were answered.
    fn compared(&self, param: &Param, meaning: &Meaning, value: &str) -> usize {
        let alternatives: Vec<&str> = match param.takes {
            Takes::Words(_) | Takes::Ids(_) => value.split(',').collect(),
            _ => vec![value],
        };
        let fits = |row: &&Value| alternatives.iter().any(|one| (meaning.fits)(row, one));
        let expected: Vec<String> = self.rows.iter().filter(fits).map(key).collect();
        let answered = self.asked(param, value);
        if meaning.at_least {
            let missing: Vec<&String> = expected.iter().filter(|id| !answered.contains(id)).collect();
            assert!(missing.is_empty(), "{}={value} does not find {missing:?}", param.name);
            return answered.len();
        }
        let name = param.name;
        let missing: Vec<&String> = expected.iter().filter(|id| !answered.contains(id)).collect();
        let wrong: Vec<&String> = answered.iter().filter(|id| !expected.contains(id)).collect();
        assert!(
            missing.is_empty() && wrong.is_empty(),
            "{name}={value}: missing {missing:?}, wrong {wrong:?}"
        );
        assert_eq!(answered, expected, "{name}={value} changes the order");
        expected.len()
    }

    fn asked(&self, param: &Param, value: &str) -> Vec<String> {
        // Words and ids are listed with commas, which belong to the query and are not escaped.
        let value = match param.takes {
            Takes::Words(_) | Takes::Ids(_) => value.to_owned(),
            _ => percent_encode(value),
        };
        let only_id =
            if self.rows.first().is_some_and(|row| row["id"].is_string()) { "&fields=id" } else { "" };
        let query = format!("limit=200&{}={value}{only_id}", param.name);
        walk(&self.app.all_powerful(), &with_query(&self.path, &query)).iter().map(key).collect()
    }

    /// A parameter that is always there: its rows are of its value, and another value has others.
    fn tried_as_required(&self, param: &Param) -> usize {
        let other = format!("{}?{}=no-such-{}", self.endpoint.path, param.name, param.name);
        let others = self.app.all_powerful().get(&other).expect(200);
        assert!(others.rows().is_empty(), "{others}");
        let value = self.path.split(&format!("{}=", param.name)).nth(1).expect("its value");
        assert!(self.rows.iter().all(|row| row[param.name] == value), "{}: {:?}", self.path, self.rows);
        self.rows.len().min(1)
    }

    /// Merged customers are left out unless asked for.
    fn merged(&self) -> usize {
        let client = self.app.all_powerful();
        let all = walk(&client, &with_query(&self.path, "limit=200&include_merged=true"));
        let unmerged: Vec<&Value> = all.iter().filter(|row| row["merged_into_id"].is_null()).collect();
        assert_eq!(unmerged, self.rows.iter().collect::<Vec<_>>());
        let without = walk(&client, &with_query(&self.path, "limit=200&include_merged=false"));
        assert_eq!(without, self.rows);
        if all.len() > self.rows.len() { 2 } else { 0 }
    }
}

/// What tells a row from the others.
pub fn key(row: &Value) -> String {
    row["id"].as_str().map_or_else(|| row.to_string(), str::to_owned)
}

/// The values to ask with: each word that there is, values of rows, several at once, and one that no row has.
fn asked(param: &Param, meaning: &Meaning) -> Vec<String> {
    let mut values = meaning.values.clone();
    match param.takes {
        Takes::Bool => values = vec!["true".into(), "false".into()],
        Takes::Word(words) => values = words.iter().map(|word| (*word).to_owned()).collect(),
        Takes::Words(words) | Takes::Choice(_, words) => {
            values = words.iter().map(|word| (*word).to_owned()).collect();
            values.push(words.join(","));
        }
        Takes::Ids(prefix) => {
            if let [first, .., last] = &values[..] {
                values.push(format!("{first},{last}"));
            }
            values.push(format!("{prefix}_{:032x}", 1));
        }
        Takes::Id(prefix) => values.push(format!("{prefix}_{:032x}", 1)),
        Takes::Text(max) => values.push("qqzzxx".chars().take(max).collect()),
        Takes::Currency => values.push("XTS".into()),
        Takes::System => values.push("no-such".into()),
        // The bounds are values of rows: the least and the greatest let all through or keep all but one out.
        Takes::Int(..) | Takes::Date | Takes::Instant | Takes::Decimal(_) | Takes::Positive(_) => {}
    }
    values
}
