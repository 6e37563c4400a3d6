//! What a file can say of each kind of record: the columns that are known, by which names, and how their cells are
//! read. The names are those under which the same fields are exported.

use crate::base::columns::Heading;
pub use crate::base::columns::{Field, Named, Reading as Kind, field};
use crate::customers::columns as customers;
use crate::orders::columns as orders;
use crate::prices::columns as prices;
use crate::products::columns as products;
use crate::suppliers::columns as suppliers;
use crate::text_enum;

text_enum! {
    /// What a file can bring.
    pub enum Resource {
        Customers = "customers",
        Contacts = "contacts",
        Products = "products",
        Prices = "prices",
        Orders = "orders",
        Suppliers = "suppliers",
    }
}

/// What lists tell of records beside the columns of files, and nobody enters.
const TOLD: &[&str] = &[
    "version",
    "status",
    "block_reason",
    "team_id",
    "credit_limit",
    "payment_days",
    "payment_terms",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "merged_into_id",
    "owned_since",
    "pooled_at",
    "allowed_actions",
    "customer_name",
    "product_name",
    "on_hold",
    "open_exceptions",
    "blocked",
    "credited_net",
    "credited_tax",
    "credited_gross",
    "hold_kind",
    "hold_reason",
    "fulfilment",
    "first_promised_date",
    "list",
    "discount",
    "net",
    "tax",
    "gross",
    "revision",
    "overrides",
    "submitted_at",
    "submitted_by",
    "approved_at",
    "approved_by",
    "approved_gross",
    "confirmed_at",
    "completed_at",
    "cancelled_at",
    "cancel_reason",
    "price_source",
    "price_id",
];

impl Resource {
    fn own(self) -> &'static [Field] {
        match self {
            Resource::Customers => customers::CUSTOMERS_FIELDS,
            Resource::Contacts => customers::CONTACTS_FIELDS,
            Resource::Products => products::PRODUCTS_FIELDS,
            Resource::Prices => prices::PRICES_FIELDS,
            Resource::Orders => orders::ORDERS_FIELDS,
            Resource::Suppliers => suppliers::SUPPLIERS_FIELDS,
        }
    }

    /// The columns of exported files.
    fn exported(self) -> &'static [Heading] {
        match self {
            Resource::Customers => customers::CUSTOMERS.columns,
            Resource::Contacts => customers::CONTACTS.columns,
            Resource::Products => products::PRODUCTS.columns,
            Resource::Prices => prices::PRICES.columns,
            Resource::Orders => orders::ORDERS.columns,
            Resource::Suppliers => suppliers::SUPPLIERS.columns,
        }
    }

    fn is_told(self, path: &str) -> Option<&'static str> {
        let exported = self.exported().iter().map(|heading| heading.field);
        exported.chain(TOLD.iter().copied()).find(|told| *told == path)
    }

    /// The column of this path.
    pub fn field(self, path: &str) -> Option<Field> {
        let own = self.own().iter().find(|field| field.path == path).copied();
        let told = || self.is_told(path).or((path == LEFT_ALONE).then_some(LEFT_ALONE));
        own.or_else(|| told().map(|path| field(path, Kind::Info, &[])))
    }

    /// Whether a path names the company's own fields, one by one: `custom_fields.loyalty_number`.
    pub fn takes_custom(self, path: &str) -> bool {
        let name = path.strip_prefix("custom_fields.").unwrap_or_default();
        !name.is_empty() && self.field("custom_fields").is_some()
    }

    /// Every path that a column can be mapped to.
    pub fn paths(self) -> impl Iterator<Item = &'static str> {
        self.own().iter().map(|field| field.path)
    }

    /// The path that a heading stands for by itself; in a file of order lines, what it is called there.
    pub fn path_of(self, heading: &str, of_lines: bool) -> Option<&'static str> {
        let said = same(heading);
        if of_lines && let Some(path) = path_in_lines(&said) {
            return Some(path);
        }
        let named =
            |field: &&Field| same(field.path) == said || field.headings.iter().any(|h| same(h) == said);
        let own = || self.own().iter().find(named).map(|field| field.path);
        let told = || TOLD.iter().find(|told| same(told) == said).copied();
        exported_as(self.exported(), &said).or_else(own).or_else(told)
    }

    /// Whether a file is one of order lines, as exported: it has columns that no other file has.
    pub fn is_of_lines<'h>(self, mut headings: impl Iterator<Item = &'h String>) -> bool {
        let telling = ["order_number", "order_id", "order_external_ids", "position"];
        let tells = |heading: &String| {
            exported_as(lines(), &same(heading)).is_some_and(|field| telling.contains(&field))
                && self.own().iter().all(|field| !field.headings.iter().any(|h| same(h) == same(heading)))
                && exported_as(self.exported(), &same(heading)).is_none()
        };
        self == Resource::Orders && headings.any(tells)
    }
}

/// A column that is known and left alone, whatever it is.
pub const LEFT_ALONE: &str = "left_alone";

fn lines() -> &'static [Heading] {
    orders::ORDER_LINES.columns
}

fn exported_as(headings: &'static [Heading], said: &str) -> Option<&'static str> {
    let named = |h: &&Heading| same(h.field) == said || h.names.iter().any(|name| same(name) == said);
    headings.iter().find(named).map(|heading| heading.field)
}

fn path_in_lines(said: &str) -> Option<&'static str> {
    let field = exported_as(lines(), said)?;
    Some(orders::OF_LINES.iter().find(|(name, _)| *name == field).map_or(LEFT_ALONE, |(_, path)| path))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_heading_stands_for_two_columns() {
        for resource in Resource::ALL {
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
        for resource in Resource::ALL {
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
        }
        for heading in lines() {
            for name in heading.names.iter().chain([&heading.field]) {
                let path = Resource::Orders.path_of(name, true).unwrap_or_else(|| panic!("{name}"));
                assert!(Resource::Orders.field(path).is_some(), "{path}");
            }
        }
        let of_lines = |headings: &[&str]| {
            let headings: Vec<String> = headings.iter().map(|h| h.to_string()).collect();
            Resource::Orders.is_of_lines(headings.iter())
        };
        assert!(of_lines(&["Order number", "Line", "SKU"]));
        assert!(of_lines(&["order_id", "sku"]));
        assert!(of_lines(&["订单编号", "行号", "货号"]));
        assert!(!of_lines(&["Order number", "SKU", "Promised date", "Quantity"]));
    }

    #[test]
    fn a_heading_is_known_in_both_languages_however_it_is_spelt() {
        for heading in ["Customer PO", "customer_po", "CUSTOMER-PO", "客户单号", " Customer  po* "] {
            assert_eq!(Resource::Orders.path_of(heading, false), Some("customer_po"), "{heading}");
        }
        assert_eq!(Resource::Orders.path_of("数量", false), Some("lines.quantity"));
        assert_eq!(Resource::Orders.path_of("quantity", false), Some("lines.quantity"));
        assert_eq!(Resource::Orders.path_of("colour", false), None);
        assert!(Resource::Customers.takes_custom("custom_fields.loyalty"));
        assert!(!Resource::Prices.takes_custom("custom_fields.loyalty"));
    }
}
