//! What units of work read beside single records: each hint and each guard of the sources, in a golden file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::document::golden;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below these folders whose names end so, by their paths, without lines that are only comments.
fn files(folders: &[&str], ending: &str) -> BTreeMap<String, String> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = BTreeMap::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.insert(named(&path), without_comments(&path));
            }
        }
    }
    found
}

fn named(path: &Path) -> String {
    let inside = path.strip_prefix(root()).expect("a file of the repository");
    inside.to_string_lossy().replace('\\', "/")
}

fn without_comments(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a source file");
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// The literal or the column (`orders.status`) that each use of a door begins with, in the order of the text.
fn literals(file: &str, text: &str, door: &str) -> Vec<String> {
    let literal = |(at, _): (usize, &str)| {
        let rest = text[at + door.len()..].trim_start();
        let inside = match rest.strip_prefix("col!(") {
            Some(column) => column.split_once(')'),
            None => rest.strip_prefix('"').and_then(|rest| rest.split_once('"')),
        };
        let (literal, _) =
            inside.unwrap_or_else(|| panic!("{file}: `{door}` takes a literal, for whoever reads the list"));
        literal.replace("::", ".")
    };
    text.match_indices(door).map(literal).collect()
}

const GUARDS: [(&str, &str); 5] = [
    ("row", "Guard::row("),
    ("index", "Guard::Index("),
    ("reference", "Guard::Reference("),
    ("claim", "Guard::Claim("),
    ("alone", "Guard::Alone("),
];

#[test]
fn whoever_reviews_a_change_sees_each_new_hint_and_guard() {
    let sources = files(&["crates", "src"], ".rs");
    let mut text = String::from(
        "# What units of work read beside single records\n\nMade from the sources; `tests/program/doors.rs` holds it equal. \
         What the words mean says `crates/base/src/db/doors.rs`.\n\n## Hints: they may be out of date by the commit\n\n\
         | where | why that does no harm |\n|---|---|\n",
    );
    for (file, source) in &sources {
        for why in literals(file, source, ".hint(") {
            text.push_str(&format!("| `{file}` | {why} |\n"));
        }
    }
    text.push_str("\n## Guards of what decides a write\n\n| guard | name | where |\n|---|---|---|\n");
    for (kind, door) in GUARDS {
        let mut places: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (file, source) in &sources {
            for name in literals(file, source, door) {
                places.entry(name).or_default().insert(file);
            }
        }
        for (name, files) in places {
            let files: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
            text.push_str(&format!("| {kind} | {name} | {} |\n", files.join("<br>")));
        }
    }
    golden("tests/golden/doors.md", &text);
}

#[test]
fn an_index_or_a_reference_that_guards_is_in_the_database() {
    let migrations: String = files(&["migrations"], ".sql").into_values().collect();
    let table = |name: &str| {
        let begin =
            migrations.find(&format!("CREATE TABLE {name} (")).unwrap_or_else(|| panic!("no table {name}"));
        migrations[begin..].split_once(";").expect("the end of the statement").0
    };
    for (file, source) in files(&["crates", "src"], ".rs") {
        for index in literals(&file, &source, "Guard::Index(") {
            match index.strip_suffix("_pkey") {
                Some(name) => assert!(table(name).contains("PRIMARY KEY"), "{file}: {index}"),
                None => assert!(
                    migrations.contains(&format!("CREATE UNIQUE INDEX {index} ")),
                    "{file}: there is no unique index {index}"
                ),
            }
        }
        for from in literals(&file, &source, "Guard::Reference(") {
            let (name, column) = from.split_once('.').expect("a table and its column");
            let added = format!("ALTER TABLE {name} ADD COLUMN {column} ");
            let refers = |line: &str, begin: &str| line.starts_with(begin) && line.contains(" REFERENCES ");
            let is_there = table(name).lines().any(|line| refers(line.trim_start(), &format!("{column} ")))
                || migrations.lines().any(|line| refers(line, &added));
            assert!(is_there, "{file}: {from} refers to nothing");
        }
    }
}
