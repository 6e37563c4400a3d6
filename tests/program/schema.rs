//! `crates/schema/src/tables.rs` says what both migrated databases are.

use salesdesk::base::db::sql::{none_of, one_of};
use salesdesk::base::db::{Conn, EngineConn, keys};
use salesdesk::base::jobs::JobStatus;
use salesdesk::complaints::rules::ComplaintStatus;
use salesdesk::order_exceptions::rules::ExceptionStatus;
use salesdesk::orders::rules::OrderStatus;
use salesdesk::requests::rules::RequestStatus;
use salesdesk::returns::rules::ReturnStatus;
use salesdesk::tasks::rules::TaskStatus;

use testkit::support::{TestApp, words};

both_engines!(
    the_schema_in_the_code_is_the_one_in_the_database,
    every_unique_text_is_a_key_that_is_declared_or_made_by_the_program,
);

/// Tables that are not the same on both engines, so that one schema cannot say what they are: `search_index` and
/// `search_rows` are the engines' own full-text indexes, used in `base::db::search` only; `number_ranges` are
/// counters on SQLite where PostgreSQL has sequences, used in `base::db::number_range` only; the last one is
/// the migrations' own.
const OF_ONE_ENGINE: [&str; 4] =
    ["search_index", "search_rows", "number_ranges", "__diesel_schema_migrations"];

fn is_of_both(line: &str) -> bool {
    !OF_ONE_ENGINE.contains(&line.split('.').next().unwrap_or_default())
}

/// The code's tables as lines: `users.email Nullable<Text>`, in the order of the columns.
fn in_the_code() -> Vec<String> {
    let source = include_str!("../../crates/schema/src/tables.rs");
    let mut lines = Vec::new();
    for block in source.split("diesel::table! {").skip(1) {
        let block = block.split("\n}").next().unwrap_or_default();
        let mut table = String::new();
        for line in block.lines().map(str::trim).filter(|l| !l.starts_with("use ")) {
            if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
                table = name.to_owned();
            } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
                lines.push(format!("{table}.{column} {kind}"));
            }
        }
    }
    lines.retain(|line| is_of_both(line));
    by_table(lines)
}

/// Sorted by table, the columns of each as they are.
fn by_table(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_by_key(|line| line.split('.').next().unwrap_or_default().to_owned());
    lines
}

/// The word for a column's type in both engines' catalogues, as the code names it.
fn kind_of(declared: &str) -> &'static str {
    match declared.to_ascii_uppercase().as_str() {
        "UUID" => "Key",
        "TEXT" => "Text",
        "INTEGER" => "Integer",
        "BIGINT" => "BigInt",
        "BOOLEAN" => "Bool",
        "DATE" => "Date",
        "BYTEA" => "Binary",
        "JSONB" => "Document",
        "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => "Instant",
        other => panic!("a type that the schema has no word for: {other}"),
    }
}

/// The same lines from the database.
fn in_the_database(conn: &mut Conn) -> Vec<String> {
    let lines = match conn.engine {
        EngineConn::Sqlite(_) => {
            "SELECT m.name || '.' || c.name || ' ' || c.type || CASE WHEN c.\"notnull\" THEN '' ELSE '?' END AS word
             FROM sqlite_master m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'search_%'
             ORDER BY m.name, c.cid"
        }
        EngineConn::Pg(_) => {
            "SELECT table_name || '.' || column_name || ' ' || data_type
                    || CASE is_nullable WHEN 'NO' THEN '' ELSE '?' END AS word
             FROM information_schema.columns WHERE table_schema = 'public'
             ORDER BY table_name, ordinal_position"
        }
    };
    let known = words(conn, lines).into_iter().filter(|line| is_of_both(line));
    let typed = known.map(|line| {
        let (column, declared) = line.split_once(' ').expect("a column and its type");
        match declared.strip_suffix('?') {
            Some(declared) => format!("{column} Nullable<{}>", kind_of(declared)),
            None => format!("{column} {}", kind_of(declared)),
        }
    });
    by_table(typed.collect())
}

fn the_schema_in_the_code_is_the_one_in_the_database(app: &TestApp) {
    let code = in_the_code();
    assert!(code.len() > 50, "the code's schema was not read");
    let database = app.read(in_the_database);
    let only_code: Vec<_> = code.iter().filter(|l| !database.contains(l)).collect();
    let only_database: Vec<_> = database.iter().filter(|l| !code.contains(l)).collect();
    assert!(
        only_code.is_empty() && only_database.is_empty(),
        "only in crates/schema/src/tables.rs: {only_code:#?}\nonly in the database: {only_database:#?}"
    );
    assert_eq!(code, database, "the columns are in another order");
}

/// A unique column that people type needs a normal form (`base::db::keys`): else two that look alike are two records.
fn every_unique_text_is_a_key_that_is_declared_or_made_by_the_program(app: &TestApp) {
    let unique = app.read(|conn| {
        let sql = match conn.engine {
            EngineConn::Sqlite(_) => {
                "SELECT m.name || '.' || c.name AS word
                 FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i, pragma_table_info(m.name) c
                 WHERE m.type = 'table' AND l.\"unique\" = 1 AND l.origin <> 'pk' AND c.cid = i.cid AND c.type = 'TEXT'
                   AND (SELECT COUNT(*) FROM pragma_index_info(l.name)) = 1
                 ORDER BY 1"
            }
            EngineConn::Pg(_) => {
                "SELECT t.relname || '.' || a.attname AS word
                 FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
                 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
                 JOIN pg_namespace n ON n.oid = t.relnamespace
                 WHERE n.nspname = 'public' AND i.indisunique AND NOT i.indisprimary AND i.indnatts = 1
                   AND a.atttypid = 'text'::regtype
                 ORDER BY 1"
            }
        };
        words(conn, sql)
    });
    let mut unique: Vec<String> = unique.into_iter().filter(|column| is_of_both(column)).collect();
    unique.sort();
    unique.dedup();
    let keys = keys::KEYS.iter().map(|kind| kind.column.name());
    let mut declared: Vec<&str> = keys.chain(keys::MADE.iter().copied()).collect();
    declared.sort_unstable();
    assert_eq!(unique, declared, "declare new ones in crates/base/src/db/keys.rs");
}

/// An engine uses a partial index only where a condition says the same words in the same order.
#[test]
fn sets_of_statuses_are_written_as_in_the_partial_indexes() {
    for (step, condition) in [
        ("0005_orders", one_of("status", OrderStatus::OPEN)),
        ("0008_jobs", one_of("status", JobStatus::ACTIVE)),
        ("0017_relations", one_of("status", TaskStatus::OPEN)),
        ("0017_relations", none_of("status", ComplaintStatus::RESOLVED)),
        ("0019_coordination", one_of("status", RequestStatus::OPEN)),
        ("0019_coordination", one_of("status", RequestStatus::PROMISED)),
        ("0020_fulfilment", one_of("status", ExceptionStatus::OPEN)),
        ("0022_replacements", one_of("status", ReturnStatus::WAITING)),
    ] {
        let file = format!("{}/migrations/{step}/up.sql", env!("CARGO_MANIFEST_DIR"));
        let migration = std::fs::read_to_string(&file).expect("the migration");
        assert!(migration.contains(&format!("WHERE {condition}")), "no index in {file} is {condition}");
    }
}
