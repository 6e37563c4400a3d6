//! The history of every versioned record.

use std::collections::BTreeSet;

use salesdesk::base::db::Replayed;
use salesdesk::base::http::OperationKind;

use super::external_ids::reads_one_with;
use super::lists::walk;
use super::{each, lists, with_query};
use testkit::fixtures::{body_for, path_of};
use testkit::support::TestApp;

both_engines!(every_versioned_record_has_a_history, a_history_tells_of_every_version,);
both_engines_of_the_company!(all_records_are_what_their_journals_say);

fn every_versioned_record_has_a_history(app: &TestApp) {
    each(
        app,
        // An entry of the audit trail tells a record's version and has none of its own.
        |e| reads_one_with(e, "version") && e.answers_version,
        |endpoint| {
            let path = format!("{}/history", endpoint.path);
            let history = app.endpoints().iter().find(|e| e.nature == OperationKind::List && e.path == path);
            let history = history.unwrap_or_else(|| panic!("{} has no history", endpoint.path));
            assert_eq!(history.access, endpoint.access, "who reads the record reads its history");
        },
    );
}

fn a_history_tells_of_every_version(app: &TestApp) {
    each(
        app,
        |e| lists(e) && e.path.ends_with("/history"),
        |endpoint| {
            let history = path_of(app, endpoint);
            let path = history.strip_suffix("/history").expect("a history");
            let record = endpoint.path.strip_suffix("/history");
            let change =
                app.endpoints().iter().find(|e| e.nature == OperationKind::Change && Some(e.path) == record);
            let client = app.all_powerful();
            if let Some(change) = change {
                let body = body_for(app, change, path);
                client.patch(path, &client.get(path).expect(200).etag(), body).expect(200);
            }
            let current = client.get(path).expect(200).body["version"].as_u64().expect("a version");
            assert!(change.is_none() || current > 1);
            let told = walk(&client, &with_query(&history, "limit=2"));
            let versions: BTreeSet<u64> = told.iter().filter_map(|entry| entry["version"].as_u64()).collect();
            let missing: Vec<u64> = (1..=current).filter(|version| !versions.contains(version)).collect();
            assert!(missing.is_empty(), "no entry for {missing:?} of {current}: {told:#?}");
            assert_eq!(versions.last(), Some(&current));
            let by = told.last().expect("an entry")["by"].as_str().map(str::to_owned);
            assert!(change.is_none() || by == Some(app.person("admin").user.to_string()));
        },
    );
}

/// Held against the journal, entry by entry, as `salesdesk check --records` does.
fn all_records_are_what_their_journals_say(app: &TestApp) {
    assert_eq!(app.check(), [] as [&str; 0]);
    let declared = &app.core.declared;
    let held: Vec<&str> = declared.all::<Replayed>().iter().map(|held| held.kind.name).collect();
    let not_held = declared.told.iter().map(|told| told.kind.name).filter(|kind| !held.contains(kind));
    // What runs keeps its place beside the journal, and what people are told is no record of the business.
    let reasons = ["job", "mail", "notification", "notification_preferences", "schedule"];
    assert_eq!(not_held.collect::<BTreeSet<_>>(), BTreeSet::from(reasons));
}
