//! What an answer shows: `fields`, `expand`, HEAD.

use salesdesk::base::http::{Endpoint, Method, OperationKind};
use serde_json::Value;

use super::ledger::Exception;
use super::lists::{required_path, telling_path, walk};
use super::{each, each_where, lists, with_query};
use testkit::support::{Reply, TestApp};

both_engines_of_the_company!(
    an_answer_is_cut_to_the_fields_asked_for,
    an_answer_is_widened_by_what_is_asked_for,
);

both_engines!(a_head_request_answers_as_get_without_a_body);

/// Ids that no record that can be read there has.
const NEVER_WIDENED: &[Exception] = &[];

fn an_answer_is_cut_to_the_fields_asked_for(app: &TestApp) {
    each_where(
        app,
        |e| e.common.fields,
        &[],
        |endpoint, looks| {
            looks.applies(endpoint.operation_id);
            let client = app.all_powerful();
            let path = telling_path(app, endpoint);
            // An unknown name is refused whether there is a record to cut or not.
            let reply =
                client.get(&with_query(&path, "fields=no_such_field")).refused(400, "invalid_parameter");
            assert_eq!(reply.places(), ["fields"]);
            let whole = client.get(&path).expect(200);
            // A list, and a part of a record that is one, is cut row by row.
            let rows_of = |reply: &Reply| match reply.body["data"].as_array() {
                Some(rows) => rows.clone(),
                None => vec![reply.body.clone()],
            };
            let records = rows_of(&whole);
            let Some(record) = records.first() else { return };
            let names: Vec<&String> = record.as_object().expect("a record").keys().take(2).collect();
            let query = names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(",");
            let cut = client.get(&with_query(&path, &format!("fields={query}"))).expect(200);
            assert_eq!(cut.header("etag"), None, "a cut answer is not the record: {cut}");
            let of_names = |record: &Value| -> Value {
                names.iter().map(|name| ((*name).clone(), record[name.as_str()].clone())).collect()
            };
            let expected: Vec<Value> = records.iter().map(of_names).collect();
            assert_eq!(rows_of(&cut), expected);
            // Of a list of one row it is not known whether each row is cut.
            if records.len() > 1 || !lists(endpoint) {
                looks.looked(endpoint.operation_id);
            }
        },
    );
}

fn an_answer_is_widened_by_what_is_asked_for(app: &TestApp) {
    each_where(
        app,
        |e| e.method == Method::Get && !e.common.expand.is_empty(),
        NEVER_WIDENED,
        |endpoint, looks| {
            let client = app.all_powerful();
            for wanted in endpoint.common.expand {
                let at = format!("{} {wanted}", endpoint.operation_id);
                looks.applies(&at);
                for path in shown_at(app, endpoint, wanted) {
                    let wide = client.get(&with_query(&path, &format!("expand={wanted}"))).expect(200);
                    if widened(endpoint, wanted, &wide) {
                        looks.looked(&at);
                    }
                }
            }
        },
    );
}

/// Where to look for something widened: the list, or of reads the records of their list that name something there.
fn shown_at(app: &TestApp, endpoint: &Endpoint, wanted: &str) -> Vec<String> {
    if lists(endpoint) {
        return vec![with_query(&telling_path(app, endpoint), "limit=200")];
    }
    let mut list = endpoint.path.split("/by-external-id/").next().unwrap_or_default();
    list = list.rsplit_once("/{").map_or(list, |(list, _)| list);
    let listed = app.endpoints().iter().find(|e| e.nature == OperationKind::List && e.path == list);
    let Some(listed) = listed else { return vec![telling_path(app, endpoint)] };
    let path = telling_path(app, listed);
    let rows = walk(&app.all_powerful(), &with_query(&path, "limit=200"));
    let names = |row: &&Value| match wanted.split_once('.') {
        // A part of the record, which the list does not show.
        Some(_) => true,
        None => !row[format!("{wanted}_id")].is_null(),
    };
    let outside = endpoint.path.contains("/by-external-id/");
    let found = rows.iter().filter(names).filter_map(|row| {
        let id = row["id"].as_str()?;
        if !outside {
            return Some(format!("{path}/{id}"));
        }
        let named = row["external_ids"].as_array()?.first()?;
        Some(format!("{list}/by-external-id/{}/{}", named["system"].as_str()?, named["id"].as_str()?))
    });
    found.take(2).collect()
}

/// Whether a record was shown in its place; wherever an id is, what it names is beside it.
fn widened(endpoint: &Endpoint, wanted: &str, wide: &Reply) -> bool {
    assert_eq!(wide.header("etag"), None, "a widened answer is not the record: {wide}");
    let records = if lists(endpoint) { wide.rows().to_vec() } else { vec![wide.body.clone()] };
    let (parts, last) = wanted.rsplit_once('.').map_or((None, wanted), |(parts, last)| (Some(parts), last));
    let mut holders: Vec<&Value> = records.iter().collect();
    for part in parts.into_iter().flat_map(|parts| parts.split('.')) {
        let inner = holders.iter().flat_map(|holder| match &holder[part] {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        });
        holders = inner.collect();
    }
    let mut seen = false;
    for holder in holders.into_iter().filter(|holder| !holder.is_null()) {
        let id = &holder[format!("{last}_id")];
        let object = holder.get(last).unwrap_or_else(|| panic!("no {last}: {holder}"));
        assert_eq!(object.is_null(), id.is_null(), "{last} of {holder}");
        assert!(object.is_null() || &object["id"] == id, "{last} of {holder}");
        seen |= object.is_object();
    }
    seen
}

fn a_head_request_answers_as_get_without_a_body(app: &TestApp) {
    each(
        app,
        |e| e.method == Method::Get,
        |endpoint| {
            let path = required_path(app, endpoint);
            let (get, head) = (app.all_powerful().get(&path), app.all_powerful().send("HEAD", &path, None));
            assert_eq!((head.status, head.header("etag")), (get.status, get.header("etag")));
        },
    );
}
