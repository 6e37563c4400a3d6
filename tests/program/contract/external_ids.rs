//! Records by the ids of other systems.

use salesdesk::base::http::{Endpoint, OperationKind};
use serde_json::json;

use super::each;
use testkit::fixtures::{body_of, path_of};
use testkit::support::{TestApp, resolve};

both_engines!(
    every_record_with_external_ids_is_read_and_put_by_them,
    what_is_put_by_external_id_is_made_once_then_changed,
    what_is_put_to_create_only_is_refused_the_second_time,
    what_is_put_by_external_id_is_found_by_it,
);

/// Whether the operation answers one record by its own id, and that has this field.
pub fn reads_one_with(endpoint: &Endpoint, field: &str) -> bool {
    let by_id = endpoint.path_prefixes.last().is_some_and(|prefix| prefix.is_some());
    let answer = endpoint.answer.as_ref().map(resolve);
    endpoint.nature == OperationKind::Read
        && by_id
        && endpoint.path.ends_with('}')
        && answer.is_some_and(|schema| !schema["properties"][field].is_null())
}

fn upserts(endpoint: &Endpoint) -> bool {
    endpoint.nature == OperationKind::Upsert
}

fn every_record_with_external_ids_is_read_and_put_by_them(app: &TestApp) {
    each(
        app,
        |e| reads_one_with(e, "external_ids"),
        |endpoint| {
            let by_external_id = |nature: OperationKind| {
                let same = app.endpoints().iter().find(|e| {
                    e.nature == nature
                        && e.path.ends_with("/by-external-id/{system}/{id}")
                        && e.answer == endpoint.answer
                });
                same.unwrap_or_else(|| panic!("{} has external ids: {nature:?} by them", endpoint.path))
            };
            let (read, put) = (by_external_id(OperationKind::Read), by_external_id(OperationKind::Upsert));
            assert_eq!(read.path, put.path);
            assert_eq!(read.access, endpoint.access, "who reads by one id reads by the other");
        },
    );
}

fn what_is_put_by_external_id_is_made_once_then_changed(app: &TestApp) {
    each(app, upserts, |endpoint| {
        let (path, body) = (path_of(app, endpoint), body_of(app, endpoint));
        let client = app.all_powerful();
        client.get(&path).refused(404, "not_found");
        let nothing = client.clone().with("if-match", "\"1\"").put(&path, body.clone());
        assert_eq!(nothing.refused(412, "record_absent").body["current_version"], 0);
        client.clone().with("if-match", "*").put(&path, body.clone()).refused(412, "record_absent");
        let made = client.put(&path, body.clone()).expect(201);
        let found = client.get(&made.location()).expect(200);
        assert_eq!((&found.body, found.etag()), (&made.body, made.etag()));
        let named = client.get(&path).expect(200);
        assert_eq!((&named.body, named.etag()), (&made.body, made.etag()));
        // The same again changes nothing: no version, no entry, no row.
        let counts = app.row_counts();
        let again = client.put(&path, body.clone()).expect(200);
        assert_eq!((&again.body, again.etag()), (&made.body, made.etag()));
        client.clone().with("if-match", &made.etag()).put(&path, body.clone()).expect(200);
        assert_eq!(app.row_counts(), counts, "the same again left something");
        client.with("if-match", "\"999\"").put(&path, body).refused(412, "version_mismatch");
    });
}

fn what_is_put_to_create_only_is_refused_the_second_time(app: &TestApp) {
    each(app, upserts, |endpoint| {
        let (path, body) = (path_of(app, endpoint), body_of(app, endpoint));
        let client = app.all_powerful().with("if-none-match", "*");
        let made = client.put(&path, body.clone()).expect(201);
        let counts = app.row_counts();
        let again = client.put(&path, body.clone()).refused(412, "record_exists");
        assert_eq!(format!("\"{}\"", again.body["current_version"]), made.etag());
        assert_eq!(app.row_counts(), counts);
        for wrong in ["\"1\"", "", "*, *"] {
            let reply = app.all_powerful().with("if-none-match", wrong).put(&path, body.clone());
            assert_eq!(reply.refused(400, "invalid_parameter").places(), ["If-None-Match"]);
        }
        let both = client.with("if-match", "*").put(&path, body);
        assert_eq!(both.refused(400, "invalid_parameter").places(), ["If-None-Match"]);
    });
}

fn what_is_put_by_external_id_is_found_by_it(app: &TestApp) {
    each(app, upserts, |endpoint| {
        let (path, body) = (path_of(app, endpoint), body_of(app, endpoint));
        let made = app.all_powerful().put(&path, body).expect(201);
        let parts: Vec<&str> = path.rsplitn(3, '/').collect();
        let (id, system) = (parts[0], parts[1]);
        let found = app.all_powerful().get(&format!("/external-ids?system={system}&id={id}")).expect(200);
        let [row] = found.rows() else { panic!("one record has this external id: {found}") };
        assert_eq!((&row["id"], &row["external_id"]), (&json!(made.id()), &json!(id)));
        let href = row["href"].as_str().expect("a path");
        assert_eq!(app.all_powerful().get(href).expect(200).id(), made.id());
        let kind = row["kind"].as_str().expect("a kind");
        let of_kind = format!("/external-ids?system={system}&kind={kind}");
        assert_eq!(app.all_powerful().get(&of_kind).expect(200).rows(), found.rows());
    });
}
