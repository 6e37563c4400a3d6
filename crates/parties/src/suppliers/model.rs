//! Suppliers: row, inputs, view, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::contacts::model::SupplierContactInput;
use super::duplicates;
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Op, Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, ExternalId, Guard, JsonColumn};
use crate::base::error::Result;
use crate::base::http::params::{Given, Param, Takes};
use crate::base::text;
use crate::base::types::{At, TextEnum};
use crate::customers::model::home_country;
use crate::customers::tax_id;
use crate::people::UserId;
use crate::schema::suppliers;
use crate::{entity, id_type, text_enum};

id_type!(SupplierId, "sup", "supplier");

text_enum! {
    /// What the supplier does for the company:
    ///
    /// - `supplier`: delivers goods
    /// - `partner`: works with the company without delivering, such as an agency, a certifier or a trade fair
    /// - `carrier`: transports goods
    pub enum SupplierKind {
        Supplier = "supplier",
        /// Works with us without delivering: an agency, a certifier, a fair.
        Partner = "partner",
        Carrier = "carrier",
    }
}
text_enum! {
    /// Whether new requests can be sent to the supplier:
    ///
    /// - `active`: yes
    /// - `blocked`: no; open requests go on
    pub enum SupplierStatus { Active = "active", Blocked = "blocked" }
}
text_enum! {
    /// Step in the supplier's life:
    ///
    /// - `block`: from `active` to `blocked`
    /// - `unblock`: from `blocked` to `active`
    pub enum SupplierAction { Block = "block", Unblock = "unblock" }
}

impl SupplierStatus {
    /// The whole life.
    pub fn after(self, action: SupplierAction) -> Option<SupplierStatus> {
        match (self, action) {
            (SupplierStatus::Active, SupplierAction::Block) => Some(SupplierStatus::Blocked),
            (SupplierStatus::Blocked, SupplierAction::Unblock) => Some(SupplierStatus::Active),
            _ => None,
        }
    }
}

/// A supplier, a partner or a carrier of the company.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = suppliers)]
#[diesel(treat_none_as_null = true)]
pub struct Supplier {
    pub id: SupplierId,
    pub version: i32,
    /// Unique supplier code.
    #[schema(max_length = 40, example = "SU-2026-000012")]
    pub code: String,
    /// Full name.
    #[schema(example = "景德镇青华瓷业有限公司")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    /// Short name for lists and screens. Null when none was given.
    #[schema(example = "青华瓷业")]
    pub short_name: Option<String>,
    /// What the supplier does for the company.
    pub kind: SupplierKind,
    /// Country, ISO 3166-1 alpha-2 code.
    #[schema(max_length = 2, example = "CN")]
    pub country: String,
    /// Tax number. For a company in mainland China this is its unified social credit code. Null when unknown.
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    /// Phone number. Null when unknown.
    #[schema(max_length = 40, example = "+86 798 888 1234")]
    pub phone: Option<String>,
    /// E-mail address. Null when unknown.
    #[schema(example = "sales@qinghua.example")]
    pub email: Option<String>,
    /// Whether new requests can be sent to the supplier. Only its steps change it.
    pub status: SupplierStatus,
    /// Why the supplier is blocked. Null while it is active.
    #[schema(max_length = 1000, example = "Three late deliveries in a row")]
    pub block_reason: Option<String>,
    /// Buyer who looks after the supplier. A request to the supplier that names no other person is assigned
    /// to them. Null when nobody looks after it.
    pub owner_id: Option<UserId>,
    /// Working hours within which a request should be accepted or declined.
    #[schema(minimum = 1, maximum = 2000, example = 16)]
    pub response_hours: i32,
    /// Internal notes. Null when there are none.
    #[schema(max_length = 4000, example = "Closed for two weeks at Spring Festival")]
    pub notes: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Supplier, suppliers, SupplierId, {
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        duplicates::guards(before, after)
    }
    fn keep_indexes(&self, before: Option<&Self>, conn: &mut Conn) -> Result<()> {
        duplicates::keep(conn, before, self)
    }
    fn refold(&mut self, conn: &mut Conn) -> Result<()> {
        duplicates::keep(conn, None, self)
    }
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.owner_id.map(|u| u.0), None)
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    /// Its own texts; contacts keep entries of their own that lead here.
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.code.clone()];
        if let Some(short) = &self.short_name {
            texts.extend([short.clone(), text::initials(short)]);
        }
        texts.extend(self.tax_id.clone());
        texts.extend(self.phone.as_deref().map(text::digits));
        texts.extend(self.email.clone());
        texts
    }
});

/// A supplier, with the steps that the caller may take.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierView {
    #[serde(flatten)]
    pub supplier: Supplier,
    pub allowed_actions: Vec<SupplierAction>,
}

impl Supplier {
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<SupplierAction> {
        let may = caller.may(Scope::SuppliersWrite);
        SupplierAction::ALL.iter().copied().filter(|a| may && self.status.after(*a).is_some()).collect()
    }
    pub fn view(self, caller: &Caller) -> SupplierView {
        SupplierView { allowed_actions: self.allowed_actions(caller), supplier: self }
    }
}

fn supplier() -> SupplierKind {
    SupplierKind::Supplier
}
fn two_days() -> i32 {
    16
}

/// A supplier as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SupplierInput {
    /// Unique code. Defaults to the next number of the range `SU`. Refused with `duplicate` when another
    /// supplier has it. It cannot be cleared.
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*$",
        format = "key",
        example = "QINGHUA"
    )]
    pub code: Option<String>,
    /// Full name. It must not be blank.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "景德镇青华瓷业有限公司")]
    pub name: String,
    /// Short name for lists and screens.
    #[schema(max_length = 100, example = "青华瓷业")]
    pub short_name: Option<String>,
    /// What the supplier does for the company. Defaults to `supplier`.
    #[serde(default = "supplier")]
    pub kind: SupplierKind,
    /// Country, ISO 3166-1 alpha-2 code. Defaults to `CN`.
    #[serde(default = "home_country")]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "CN")]
    pub country: String,
    /// Tax number. In `CN` it must be a unified social credit code with a correct check character; spaces,
    /// hyphens and small letters are accepted. For other countries it is kept as typed.
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    /// Phone number.
    #[schema(max_length = 40, example = "+86 798 888 1234")]
    pub phone: Option<String>,
    /// E-mail address.
    #[schema(max_length = 200, format = "email", example = "sales@qinghua.example")]
    pub email: Option<String>,
    /// Buyer who looks after the supplier; an active person. A request to the supplier that names no other
    /// person is assigned to them.
    pub owner_id: Option<UserId>,
    /// Working hours within which a request should be accepted or declined. Defaults to 16.
    #[serde(default = "two_days")]
    #[schema(minimum = 1, maximum = 2000, example = 16)]
    pub response_hours: i32,
    /// Internal notes.
    #[schema(max_length = 4000, example = "Closed for two weeks at Spring Festival")]
    pub notes: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new supplier, with its contacts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewSupplier {
    #[serde(flatten)]
    pub supplier: SupplierInput,
    /// Contacts to enter with the supplier.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub contacts: Vec<SupplierContactInput>,
}

/// What the entry of a supplier takes beside its body.
pub const ENTRY: &[Param] = &[
    Param::new(
        "allow_duplicate",
        Takes::Bool,
        "`true` enters the supplier although it may already exist. Defaults to `false`.",
    ),
    Param::new(
        "duplicate_reason",
        Takes::Text(1000),
        "Why the supplier is entered although it may already exist; shown in the history. Required with \
            `allow_duplicate=true`, otherwise ignored.",
    ),
];

/// What the change of a supplier takes beside its body.
pub const CHANGE: &[Param] = &[
    Param::new(
        "allow_duplicate",
        Takes::Bool,
        "`true` makes the change although the supplier may then exist already. Defaults to `false`.",
    ),
    Param::new(
        "duplicate_reason",
        Takes::Text(1000),
        "Why the change is made although the supplier may then exist already; shown in the history. Required \
            with `allow_duplicate=true`, otherwise ignored.",
    ),
];

/// Compares with the stored form of a tax number, whatever spacing and case the caller uses.
fn tax_id_is(given: &Given) -> Predicate {
    let Given::Text(typed) = given else { return Predicate::Nothing };
    let code = tax_id::check_uscc(typed).unwrap_or_else(|_| typed.trim().to_owned());
    Predicate::Compare(col!(suppliers::tax_id), Op::Eq, code.into())
}

pub static SUPPLIERS: ListSpec = ListSpec {
    id: col!(suppliers::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Suppliers that match this: part of a name, of pinyin initials, of a code, tax number or \
                    e-mail address, of a contact's name, or digits of a phone number.",
            ),
            Does::Search(col!(suppliers::id)),
        ),
        filter(
            Param::new("kind", Takes::Words(SupplierKind::WORDS), "Suppliers of these kinds."),
            Does::Is(col!(suppliers::kind)),
        ),
        filter(
            Param::new(
                "status",
                Takes::Words(SupplierStatus::WORDS),
                "Suppliers with one of these statuses.",
            ),
            Does::Is(col!(suppliers::status)),
        ),
        filter(
            Param::new("owner_id", Takes::Ids("usr"), "Suppliers that these people look after."),
            Does::Is(col!(suppliers::owner_id)),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The supplier with this code, in upper or lower case."),
            Does::Is(col!(suppliers::code)),
        ),
        filter(
            Param::new(
                "tax_id",
                Takes::Text(60),
                "Suppliers with this tax number. Spaces, hyphens and case in a unified social credit code do \
                    not matter.",
            ),
            Does::Makes(tax_id_is),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Suppliers changed at this instant or later."),
            Does::AtLeast(col!(suppliers::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: col!(suppliers::name_sort) },
        Sort { name: "code", column: col!(suppliers::code) },
        Sort { name: "updated_at", column: col!(suppliers::updated_at) },
    ],
    default_sort: "name",
    expand: &["owner"],
};

impl Row for Supplier {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "code" => self.code.clone().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.name_sort.clone().into(),
        }
    }
}
