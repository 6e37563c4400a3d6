//! Suppliers: row, inputs, view, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::contacts::model::SupplierContactInput;
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Cond, Op, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
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
    /// What they do for us.
    pub enum SupplierKind {
        Supplier = "supplier",
        /// Works with us without delivering: an agency, a certifier, a fair.
        Partner = "partner",
        Carrier = "carrier",
    }
}
text_enum! {
    /// Whether they can be asked.
    pub enum SupplierStatus { Active = "active", Blocked = "blocked" }
}
text_enum! {
    /// A step in a supplier's life.
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

/// A supplier, a partner or a carrier.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = suppliers)]
#[diesel(treat_none_as_null = true)]
pub struct Supplier {
    pub id: SupplierId,
    pub version: i32,
    #[schema(max_length = 40, example = "SU-2026-000012")]
    pub code: String,
    #[schema(example = "景德镇青华瓷业有限公司")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    #[schema(example = "青华瓷业")]
    pub short_name: Option<String>,
    pub kind: SupplierKind,
    /// ISO 3166-1 alpha-2.
    #[schema(max_length = 2, example = "CN")]
    pub country: String,
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    #[schema(max_length = 40, example = "+86 798 888 1234")]
    pub phone: Option<String>,
    #[schema(example = "sales@qinghua.example")]
    pub email: Option<String>,
    pub status: SupplierStatus,
    /// Why it is blocked; null when it is not.
    #[schema(max_length = 1000)]
    pub block_reason: Option<String>,
    /// The buyer who looks after it: whom a request goes to when it names nobody.
    pub owner_id: Option<UserId>,
    /// Working hours within which a request is to be accepted or declined.
    #[schema(minimum = 1, maximum = 2000, example = 16)]
    pub response_hours: i32,
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Supplier, suppliers, SupplierId, {
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

/// A supplier as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierView {
    #[serde(flatten)]
    pub supplier: Supplier,
    /// The steps that its life allows now and the caller may take.
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
    /// A unique code; left out on entry, the next number of the range `SU` is taken.
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*$",
        example = "QINGHUA"
    )]
    pub code: Option<String>,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "景德镇青华瓷业有限公司")]
    pub name: String,
    #[schema(max_length = 100, example = "青华瓷业")]
    pub short_name: Option<String>,
    /// `supplier` when left out.
    #[serde(default = "supplier")]
    pub kind: SupplierKind,
    /// ISO 3166-1 alpha-2; `CN` when left out.
    #[serde(default = "home_country")]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "CN")]
    pub country: String,
    /// A Chinese company's is its unified social credit code, and its check character has to be right.
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    #[schema(max_length = 40, example = "+86 798 888 1234")]
    pub phone: Option<String>,
    #[schema(max_length = 200, format = "email", example = "sales@qinghua.example")]
    pub email: Option<String>,
    pub owner_id: Option<UserId>,
    /// Working hours within which a request is to be accepted or declined; 16 when left out.
    #[serde(default = "two_days")]
    #[schema(minimum = 1, maximum = 2000, example = 16)]
    pub response_hours: i32,
    #[schema(max_length = 4000, example = "Closed for two weeks at Spring Festival")]
    pub notes: Option<String>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new supplier: as [`SupplierInput`], with its contacts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewSupplier {
    #[serde(flatten)]
    pub supplier: SupplierInput,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub contacts: Vec<SupplierContactInput>,
}

/// As it was stored, however it is typed.
fn tax_id_is(given: &Given) -> Cond {
    let Given::Text(typed) = given else { return Cond::Nothing };
    let code = tax_id::check_uscc(typed).unwrap_or_else(|_| typed.trim().to_owned());
    Cond::Compare("suppliers.tax_id", Op::Eq, code.into())
}

pub static SUPPLIERS: ListSpec = ListSpec {
    id: "suppliers.id",
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Part of a name, pinyin initials, code, tax id or e-mail, of a contact's name, or digits of a phone.",
            ),
            Does::Search("suppliers.id"),
        ),
        filter(
            Param::new("kind", Takes::Words(SupplierKind::WORDS), "Only these kinds."),
            Does::Is("suppliers.kind"),
        ),
        filter(
            Param::new("status", Takes::Words(SupplierStatus::WORDS), "Only these."),
            Does::Is("suppliers.status"),
        ),
        filter(
            Param::new("owner_id", Takes::Ids("usr"), "Only those that these people look after."),
            Does::Is("suppliers.owner_id"),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The supplier with this code."),
            Does::Is("suppliers.code"),
        ),
        filter(Param::new("tax_id", Takes::Text(60), "Suppliers with this tax id."), Does::Makes(tax_id_is)),
        filter(
            Param::new("updated_since", Takes::Instant, "Only those changed at this instant or later."),
            Does::AtLeast("suppliers.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: "suppliers.name_sort" },
        Sort { name: "code", column: "suppliers.code" },
        Sort { name: "updated_at", column: "suppliers.updated_at" },
    ],
    sort_names: &["name", "code", "updated_at"],
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
