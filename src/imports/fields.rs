//! What a file can say of each kind of record: the columns that are known, by which names, and how their cells are
//! read. The names are those under which the same fields are exported.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::base::auth::Scope;
use crate::base::columns::{Exported, Heading, Imported, LinesOf};
pub use crate::base::columns::{Field, Named, Reading as Kind, field};
use crate::base::http::OperationKind;
use crate::base::http::dispatch::Building;
use crate::base::http::validator::SchemaValidator;
use crate::base::messages::Lang;

/// What a file can bring: records that an area declares ([`Imported`]).
#[derive(Debug, Clone)]
pub struct Resource {
    of: &'static Imported,
    /// What the list tells of the records, and the list of their lines; nobody enters what is no field.
    told: Arc<[Vec<String>; 2]>,
    /// What calls about such a record take.
    calls: Arc<[Arc<SchemaValidator>]>,
}

/// Before it is known what a file brings.
static NOTHING: Imported = Imported {
    kind: crate::base::types::Kind { name: "", prefix: "" },
    exported: Exported { resource: "", titles: ["", ""], about: "", path: "", columns: &[] },
    fields: &[],
    scopes: &[],
    code: None,
    lines: None,
};

impl Default for Resource {
    fn default() -> Resource {
        Resource { of: &NOTHING, told: Arc::default(), calls: Arc::default() }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Resource {
    /// What an area declares under this name.
    pub fn named(building: &Building, name: &str) -> Option<Resource> {
        let mut all = building.declared.all::<&'static Imported>().iter().copied();
        let of = all.find(|imported| imported.exported.resource == name)?;
        let told = |path: Option<&str>| {
            let list =
                building.endpoints.iter().find(|e| e.nature == OperationKind::List && Some(e.path) == path);
            list.map(|list| list.fields.clone()).unwrap_or_default()
        };
        let lines = of.lines.as_ref().map(|lines| lines.exported.path);
        let about = |path: &str| path.strip_prefix(of.exported.path).is_some_and(|p| p.starts_with("/{"));
        let calls = building.endpoints.iter().filter(|endpoint| about(endpoint.path));
        let calls = calls.filter_map(|endpoint| endpoint.validator.clone()).collect();
        Some(Resource { of, told: Arc::new([told(Some(of.exported.path)), told(lines)]), calls })
    }

    /// `order_lines`: what exports call the same records.
    pub fn name(&self) -> &'static str {
        self.of.exported.resource
    }

    pub fn kind(&self) -> crate::base::types::Kind {
        self.of.kind
    }

    /// The list of the records: `/suppliers`.
    pub fn path(&self) -> &'static str {
        self.of.exported.path
    }

    /// The field that people name a record by.
    pub fn code(&self) -> Option<&'static str> {
        self.of.code
    }

    /// Whoever has one of these scopes may bring them.
    pub fn scopes(&self) -> &'static [Scope] {
        self.of.scopes
    }

    /// Rows that follow each other can be lines of one record.
    pub fn has_lines(&self) -> bool {
        self.of.lines.is_some()
    }

    /// What a file can bring of them.
    pub fn fields(&self) -> &'static [Field] {
        self.of.fields
    }

    /// What people call the records.
    pub fn title(&self, lang: Lang) -> &'static str {
        lang.pick(self.of.exported.titles)
    }

    /// What people call a column, in a form that is known.
    pub fn heading_of(&self, field: &Field, lang: Lang) -> &'static str {
        let is_known = |heading: &&&'static str| self.path_of(heading, false) == Some(field.path);
        let exported = self.exported().iter().find(|heading| heading.field == field.path);
        let exported = exported.map(|heading| heading.name(lang));
        let of_lang = |heading: &&&'static str| heading.is_ascii() == (lang == Lang::En);
        let own = field.headings.iter().filter(of_lang);
        own.chain(exported.iter()).rev().find(is_known).copied().unwrap_or(field.path)
    }

    fn own(&self) -> &'static [Field] {
        self.of.fields
    }

    /// The columns of exported files.
    fn exported(&self) -> &'static [Heading] {
        self.of.exported.columns
    }

    /// Whether this is said of records, and nobody enters it.
    fn is_told(&self, path: &str) -> bool {
        let mut columns = self.exported().iter();
        columns.any(|heading| heading.field == path) || self.told[0].iter().any(|told| told == path)
    }

    /// Whether another call takes what a file may not say of a record: it would be lost without a word.
    pub fn is_entered_elsewhere(&self, field: &str) -> bool {
        let field = same(field).replace(' ', "_");
        let probe = serde_json::json!({ &field: null });
        let takes =
            |call: &Arc<SchemaValidator>| call.check_patch(&probe).iter().all(|f| f.code != "unknown_field");
        !SUMS.contains(&field.as_str()) && self.calls.iter().any(takes)
    }

    /// The names of columns that are most like a heading that nobody knows.
    pub fn nearest(&self, heading: &str) -> Vec<&'static str> {
        let said = same(heading);
        let near = |name: &&str| {
            let name = same(name);
            let is_part = name.contains(&said) || said.contains(&name) && name.chars().count() > 1;
            if is_part { 0 } else { distance(&name, &said) }
        };
        let names = |field: &'static Field| field.headings.iter().chain([&field.path]).copied();
        let exported = self.exported().iter().filter(|h| self.own().iter().any(|f| f.path == h.field));
        let mut all: Vec<(usize, &'static str)> = (self.own().iter().flat_map(names))
            .chain(exported.flat_map(|heading| heading.names))
            .map(|name| (near(&name), name))
            .filter(|(distance, _)| *distance * 2 <= said.chars().count())
            .collect();
        all.sort_by_key(|(distance, _)| *distance);
        all.into_iter().map(|(_, name)| name).take(3).collect()
    }

    /// The column of this path.
    pub fn field(&self, path: &str) -> Option<Field> {
        let own = self.own().iter().find(|field| field.path == path).copied();
        let is_left_alone = || path == LEFT_ALONE || self.is_told(path);
        own.or_else(|| is_left_alone().then_some(field(LEFT_ALONE, Kind::Info, &[])))
    }

    /// Whether a path names the company's own fields, one by one: `custom_fields.loyalty_number`.
    pub fn takes_custom(&self, path: &str) -> bool {
        let name = path.strip_prefix("custom_fields.").unwrap_or_default();
        !name.is_empty() && self.field("custom_fields").is_some_and(|field| field.kind != Kind::Info)
    }

    /// Every path that a column can be mapped to.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.own().iter().map(|field| field.path)
    }

    /// The path that a heading stands for by itself; in a file of lines, what it is called there.
    pub fn path_of(&self, heading: &str, of_lines: bool) -> Option<&'static str> {
        let said = same(heading);
        if of_lines && let Some(path) = self.path_in_lines(&said) {
            return Some(path);
        }
        let named =
            |field: &&Field| same(field.path) == said || field.headings.iter().any(|h| same(h) == said);
        let own = || self.own().iter().find(named).map(|field| field.path);
        let lists = if of_lines { &self.told[..] } else { &self.told[..1] };
        let told = || lists.iter().flatten().any(|told| same(told) == said).then_some(LEFT_ALONE);
        exported_as(self.exported(), &said).or_else(own).or_else(told)
    }

    /// Whether a file is one of lines, as exported: it has columns that no other file has.
    pub fn is_of_lines<'h>(&self, mut headings: impl Iterator<Item = &'h String>) -> bool {
        let Some(lines) = &self.of.lines else { return false };
        let tells = |heading: &String| {
            exported_as(lines.exported.columns, &same(heading)).is_some_and(|f| lines.telling.contains(&f))
                && self.own().iter().all(|field| !field.headings.iter().any(|h| same(h) == same(heading)))
                && exported_as(self.exported(), &same(heading)).is_none()
        };
        headings.any(tells)
    }

    fn path_in_lines(&self, said: &str) -> Option<&'static str> {
        let LinesOf { exported, fields, .. } = self.of.lines.as_ref()?;
        let field = exported_as(exported.columns, said)?;
        Some(fields.iter().find(|(name, _)| *name == field).map_or(LEFT_ALONE, |(_, path)| path))
    }
}

/// Sums that calls take as an expectation only: nothing is lost when a file's are left alone.
const SUMS: [&str; 3] = ["net", "tax", "gross"];

/// How many letters have to be put in, left out or changed to make one word of another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().take(100).enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = before + usize::from(a != *b);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

/// A column that is known and left alone, whatever it is.
pub const LEFT_ALONE: &str = "left_alone";

fn exported_as(headings: &'static [Heading], said: &str) -> Option<&'static str> {
    let named = |h: &&Heading| same(h.field) == said || h.names.iter().any(|name| same(name) == said);
    headings.iter().find(named).map(|heading| heading.field)
}

/// Headings are the same in small and capital letters, and with spaces, underscores or hyphens.
pub fn same(heading: &str) -> String {
    let folded = crate::base::text::fold(heading);
    folded
        .trim_end_matches('*')
        .replace(['_', '-', '.'], " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What areas declare, for tests; made once.
#[cfg(test)]
fn building() -> &'static Building {
    static BUILDING: std::sync::OnceLock<Building> = std::sync::OnceLock::new();
    BUILDING.get_or_init(|| {
        Building::new(crate::start::declarations().expect("sound declarations")).expect("a document")
    })
}

/// What areas declare under this name, for tests.
#[cfg(test)]
pub fn declared(name: &str) -> Resource {
    Resource::named(building(), name).expect("a resource")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn all() -> Vec<Resource> {
        let all = building().declared.all::<&'static Imported>().iter();
        let all: Vec<Resource> = all.map(|imported| declared(imported.exported.resource)).collect();
        assert!(all.len() >= 6);
        all
    }

    #[test]
    fn no_heading_stands_for_two_columns() {
        for resource in all() {
            let mut taken: HashMap<String, &str> = HashMap::new();
            for field in resource.own() {
                for heading in field.headings.iter().chain([&field.path]) {
                    let path = resource.path_of(heading, false);
                    assert_eq!(path, Some(field.path), "{resource}: {heading}");
                    let before = taken.insert(same(heading), field.path);
                    assert!(before.is_none_or(|path| path == field.path), "{resource}: {heading}");
                }
            }
        }
    }

    #[test]
    fn what_is_exported_is_known() {
        for resource in all() {
            for heading in resource.exported() {
                for name in heading.names.iter().chain([&heading.field]) {
                    let path = resource.path_of(name, false).unwrap_or_else(|| panic!("{resource}: {name}"));
                    assert!(resource.field(path).is_some(), "{resource}: {path}");
                }
            }
            assert!(
                resource.own().iter().all(|field| field.kind != Kind::Info),
                "{resource}: told, not entered"
            );
            for heading in resource.of.lines.iter().flat_map(|lines| lines.exported.columns) {
                for name in heading.names.iter().chain([&heading.field]) {
                    let path = resource.path_of(name, true).unwrap_or_else(|| panic!("{name}"));
                    assert!(resource.field(path).is_some(), "{path}");
                }
            }
        }
    }

    #[test]
    fn what_lists_tell_is_left_alone() {
        let orders = declared("orders");
        for told in ["version", "allowed_actions", "submitted_by"] {
            assert_eq!(orders.path_of(told, false), Some(LEFT_ALONE), "{told}");
            assert_eq!(orders.field(told).map(|field| field.kind), Some(Kind::Info), "{told}");
        }
        let source = |of_lines| orders.path_of("price_source", of_lines);
        assert_eq!((source(false), source(true)), (None, Some(LEFT_ALONE)));
    }

    #[test]
    fn files_of_lines_are_told_by_their_columns() {
        let orders = declared("orders");
        let of_lines = |headings: &[&str]| {
            let headings: Vec<String> = headings.iter().map(|h| h.to_string()).collect();
            orders.is_of_lines(headings.iter())
        };
        assert!(of_lines(&["Order number", "Line", "SKU"]));
        assert!(of_lines(&["order_id", "sku"]));
        assert!(of_lines(&["订单编号", "行号", "货号"]));
        assert!(!of_lines(&["Order number", "SKU", "Promised date", "Quantity"]));
    }

    #[test]
    fn a_heading_is_known_in_both_languages_however_it_is_spelt() {
        let orders = declared("orders");
        for heading in ["Customer PO", "customer_po", "CUSTOMER-PO", "客户单号", " Customer  po* "] {
            assert_eq!(orders.path_of(heading, false), Some("customer_po"), "{heading}");
        }
        assert_eq!(orders.path_of("数量", false), Some("lines.quantity"));
        assert_eq!(orders.path_of("quantity", false), Some("lines.quantity"));
        assert_eq!(orders.path_of("colour", false), None);
        assert!(declared("customers").takes_custom("custom_fields.loyalty"));
        assert!(!declared("prices").takes_custom("custom_fields.loyalty"));
    }
}
