//! Databases that earlier programs made (`tests/data/databases`): today's program migrates each of them, finds in it
//! all that was there, and works with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use salesdesk::base::messages::Lang;
use salesdesk::base::schema::journal;
use salesdesk::base::text::{sort_key, spoken};
use salesdesk::base::types::At;
use salesdesk::demo;
use serde_json::{Value, json};

use crate::northwind;
use testkit::postgres;
use testkit::support::{Client, Database, TestApp, credentials};

/// What every folder holds.
const KINDS: [&str; 2] = ["demo", "northwind"];
/// The program adds rows to these when it starts: what it has done, its recurring work, by what customers are compared, and
/// entries about fields that a migration made and it filled. Those are no events.
const GROW_AT_START: [&str; 5] =
    ["__diesel_schema_migrations", "schedules", "customer_keys", "customer_duplicates", "journal"];

#[test]
fn databases_of_earlier_programs_are_upgraded_on_sqlite() {
    each_kept("sqlite", |file| Database::of_file(&file));
}

#[test]
fn databases_of_earlier_programs_are_upgraded_on_postgres() {
    if let Some(cluster) = postgres::cluster() {
        each_kept("postgres.sql", |file| {
            let statements = String::from_utf8(file).expect("statements are text");
            Database::of_statements(cluster, &statements)
        });
    }
}

fn each_kept(extension: &str, restore: impl Fn(Vec<u8>) -> Database) {
    let folders = kept();
    assert!(!folders.is_empty(), "no database is kept");
    for folder in folders {
        let opened_at = fs::read_to_string(folder.join("open-at")).expect("when to open it");
        let opened_at = At::parse(opened_at.trim()).expect("an instant");
        for kind in KINDS {
            let file = folder.join(format!("{kind}.{extension}.gz"));
            eprintln!("{}", file.display());
            let app = TestApp::upgraded(restore(unpacked(&file)), opened_at);
            upgraded(&app, kind, &folder.join(format!("{kind}.{extension}.json")));
        }
    }
}

fn kept() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/databases");
    let entries = fs::read_dir(all).expect("the kept databases");
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn unpacked(file: &Path) -> Vec<u8> {
    let packed = fs::File::open(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).expect("a whole file");
    bytes
}

fn upgraded(app: &TestApp, kind: &str, expected: &Path) {
    let records: BTreeMap<String, i64> = app.row_counts().into_iter().collect();
    assert_eq!(app.check(), Vec::<String>::new(), "what `salesdesk check` says");
    let trail = trail(app);
    // Who logs in shows that passwords and the sealed signing key can still be read.
    let (admin, clerk) = (log_in(app, "admin"), log_in(app, "clerk"));
    are_sorted_by_name(&admin);
    are_found_and_unique(app, &clerk);
    let events = events(&admin);
    let sales = clerk.get("/reports/sales-summary?group_by=year").expect(200);
    let found = json!({
        "records": records,
        "trail": trail,
        "events": {"count": events.len(), "last": events.last()},
        "sales": {"rows": sales.body["rows"], "total": sales.body["total"]},
    });
    is_as_kept(app, expected, &found);
    if kind == "northwind" {
        let years = sales.body["rows"].as_array().expect("rows").iter();
        let net: Vec<&str> = years.map(|year| year["net"].as_str().expect("an amount")).collect();
        assert_eq!(net, northwind::YEARS.map(|(_, _, _, net)| net));
        assert_eq!(sales.body["total"]["net"], "1668.15");
    }
    life_goes_on(app, &clerk);
}

/// The end of the audit trail, after every entry up to it was computed anew.
fn trail(app: &TestApp) -> Value {
    let core = app.core.clone();
    let found = app.read(move |conn| {
        salesdesk::audit::work::verify(conn, &core.sequencer, Lang::En, 1, i64::MAX, None).expect("verified")
    });
    assert!(found.intact && found.verified == found.head_sequence, "{:?}", json!(found));
    // Each entry after those of the older program is signed; a start makes some.
    assert!((2..=found.head_sequence + 1).contains(&found.signed_from_sequence), "{:?}", json!(found));
    json!({"entries": found.head_sequence, "link": found.head_link})
}

fn log_in<'a>(app: &'a TestApp, username: &str) -> Client<'a> {
    let tokens = app.anyone().post("/auth/login", credentials(username, demo::PASSWORD)).expect(200);
    app.bearer(tokens.body["access_token"].as_str().expect("a token"))
}

/// What SQL cannot compute is filled at the first start after the migration: the keys by which names are sorted.
fn are_sorted_by_name(reader: &Client) {
    let teams = reader.get("/teams?sort=name&limit=200").expect(200);
    let names = teams.rows().iter().map(|team| team["name"].as_str().expect("a name"));
    let keys: Vec<String> = names.map(sort_key).collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

/// Keys and the words of a search have their present form.
fn are_found_and_unique(app: &TestApp, clerk: &Client) {
    let customers = clerk.get("/customers?limit=1").expect(200);
    let customer = &customers.rows()[0];
    let code = customer["code"].as_str().expect("a code").to_lowercase();
    assert_eq!(clerk.get(&format!("/customers?code={code}")).expect(200).rows()[0]["id"], customer["id"]);
    clerk.post("/customers", json!({"name": "Another", "code": code})).refused(409, "duplicate");
    let syllable =
        spoken(customer["name"].as_str().expect("a name")).first().map(|word| word[2..].to_owned());
    if let Some(syllable) = syllable {
        assert!(!clerk.get(&format!("/customers?q={syllable}")).expect(200).rows().is_empty(), "{syllable}");
    }
    let keys: i64 =
        app.row_counts().into_iter().filter(|(table, _)| table == "record_keys").map(|(_, n)| n).sum();
    assert!(keys > 0);
}

/// The positions of all events, followed from the first page to the end.
fn events(reader: &Client) -> Vec<i64> {
    let mut positions = Vec::new();
    let mut path = "/events?limit=500".to_owned();
    loop {
        let page = reader.get(&path).expect(200);
        positions.extend(page.rows().iter().map(|event| event["sequence"].as_i64().expect("a position")));
        if page.body["has_more"] == false {
            break;
        }
        path = format!("/events?limit=500&after={}", page.body["next_cursor"].as_str().expect("a cursor"));
    }
    assert!(positions.is_sorted_by(|one, next| one < next), "each event once, in order: {positions:?}");
    positions
}

/// Compares with what was found when the database was made. `SALESDESK_BLESS=1` writes that only where it is missing, so
/// that it stays what the program of that time found.
fn is_as_kept(app: &TestApp, expected: &Path, found: &Value) {
    if !expected.exists() && std::env::var_os("SALESDESK_BLESS").is_some_and(|v| v == "1") {
        let text = serde_json::to_string_pretty(found).expect("JSON");
        fs::write(expected, format!("{text}\n")).expect("what was found");
    }
    let kept = fs::read(expected).unwrap_or_else(|e| panic!("{}: {e}", expected.display()));
    let kept: Value = serde_json::from_slice(&kept).expect("JSON");
    for (table, count) in kept["records"].as_object().expect("the tables") {
        let (now, then) = (found["records"][table].as_i64(), count.as_i64());
        let same = if GROW_AT_START.contains(&table.as_str()) { now >= then } else { now == then };
        assert!(same, "{}: {table} has {now:?} rows instead of {then:?}", expected.display());
    }
    for part in ["events", "sales"] {
        assert_eq!(found[part], kept[part], "{}: {part}", expected.display());
    }
    // The trail goes on where it was: each entry is linked to the one before.
    let entries = kept["trail"]["entries"].as_i64().expect("a number");
    assert_eq!(link_at(app, entries), kept["trail"]["link"], "{}: the trail", expected.display());
}

/// The link of the entry at this position.
fn link_at(app: &TestApp, sequence: i64) -> Value {
    let entry = journal::table.filter(journal::sequence.eq(sequence)).select(journal::link);
    json!(app.read(move |conn| entry.first::<Option<String>>(conn).expect("the entry")))
}

/// Records of before are changed and new ones made; all sums and the trail hold.
fn life_goes_on(app: &TestApp, clerk: &Client) {
    app.run_background();
    let customers = clerk.get("/customers?limit=1&status=active").expect(200);
    let path = format!("/customers/{}", customers.rows()[0]["id"].as_str().expect("an id"));
    let read = clerk.get(&path).expect(200);
    clerk.patch(&path, &read.etag(), json!({"notes": "Read after the upgrade"})).expect(200);
    clerk.post("/customers", json!({"name": "Made after the upgrade"})).expect(201);
    app.run_background();
    assert_eq!(app.check(), Vec::<String>::new(), "after changes");
    trail(app);
}
