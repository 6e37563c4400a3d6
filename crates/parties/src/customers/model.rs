//! Customers: rows, inputs, who sees which, the list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::quality::{self, CustomerDefect};
use super::{duplicates, tax_id};
use crate::base::auth::{Caller, Sight};
use crate::base::db::filter::{Cond, Op, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, ExternalId, Json, shares};
use crate::base::error::Result;
use crate::base::http::params::{Given, Param, Takes};
use crate::base::text;
use crate::base::types::{Amount, At, CustomFields, TextEnum};
use crate::people::{TeamId, UserId};
use crate::regions::RegionId;
use crate::schema::{customer_tags, customers};
use crate::{entity, text_enum};

pub use super::addresses::model::{Address, AddressId, AddressInput, AddressKind, PostalAddress};
pub use super::contacts::model::{Contact, ContactId, ContactInput, DecisionRole};

pub use crate::base::types::principals::CustomerId;

text_enum! {
    /// Whether the customer is an organisation or a private person.
    pub enum CustomerKind { Company = "company", Person = "person" }
}
text_enum! {
    /// How much the customer matters: `a` most, `d` least.
    pub enum CustomerTier { A = "a", B = "b", C = "c", D = "d" }
}
text_enum! {
    /// Where the customer is in its life.
    pub enum CustomerStatus {
        Prospect = "prospect",
        Active = "active",
        Dormant = "dormant",
        Blocked = "blocked",
    }
}
text_enum! {
    /// A step in a customer's life.
    pub enum CustomerAction {
        Activate = "activate",
        MarkDormant = "mark_dormant",
        Block = "block",
        Unblock = "unblock",
    }
}

/// Whom we sell to, or want to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = customers)]
#[diesel(treat_none_as_null = true)]
pub struct Customer {
    pub id: CustomerId,
    pub version: i32,
    #[schema(max_length = 40, example = "CU-2026-000123")]
    pub code: String,
    #[schema(example = "广州天河贸易有限公司")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    #[schema(example = "天河贸易")]
    pub short_name: Option<String>,
    pub kind: CustomerKind,
    #[schema(example = "wholesale")]
    pub industry: Option<String>,
    pub tier: CustomerTier,
    pub region_id: Option<RegionId>,
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    #[schema(example = "exhibition")]
    pub source: Option<String>,
    pub status: CustomerStatus,
    /// Why the customer is blocked; null when it is not.
    #[schema(max_length = 1000)]
    pub block_reason: Option<String>,
    /// The person who looks after the customer.
    pub owner_id: Option<UserId>,
    /// The team that the owner was in when the customer became theirs.
    pub team_id: Option<TeamId>,
    /// The currency of the credit limit, and of new orders.
    #[schema(max_length = 3, example = "CNY")]
    pub currency: String,
    /// How much may be owed at most; null is no limit.
    pub credit_limit: Option<Amount>,
    /// Days from invoice to payment.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: i32,
    #[schema(max_length = 500, example = "30 days net")]
    pub payment_terms: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(max_length = 2, example = "CN")]
    pub country: String,
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    pub invoice_title: Option<String>,
    pub bank_name: Option<String>,
    #[schema(max_length = 60)]
    pub bank_account: Option<String>,
    #[schema(value_type = Vec<String>, max_items = 20, example = json!(["VIP"]))]
    pub tags: Json<Vec<String>>,
    #[schema(value_type = CustomFields)]
    pub custom_fields: Json<CustomFields>,
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
    /// The customer that this one turned out to be: its records are there now.
    pub merged_into_id: Option<CustomerId>,
    /// When somebody last checked that everything here is right; at first, when it was entered.
    pub confirmed_at: At,
    /// Since when its owner has it.
    pub owned_since: Option<At>,
    /// Since when it is in the pool; null when it is not.
    pub pooled_at: Option<At>,
}

entity!(Customer, customers, CustomerId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.owner_id.map(|u| u.0), self.team_id.map(|t| t.0))
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
        texts
    }
    fn keep_indexes(&self, before: Option<&Self>, conn: &mut Conn) -> Result<()> {
        store_tags(conn, self.id, before.map_or(&[], |b| &b.tags.0), &self.tags.0)?;
        duplicates::work::keep_customer(conn, before, self)?;
        match before.is_none_or(|before| quality::may_differ(before, self)) {
            true => quality::keep(conn, self.id),
            false => Ok(()),
        }
    }
});

/// Makes the index of tags follow a customer's list.
#[allow(clippy::disallowed_methods)] // an index is no record
fn store_tags(conn: &mut Conn, customer: CustomerId, old: &[String], new: &[String]) -> Result<()> {
    use customer_tags::dsl;
    let fold = |tags: &[String]| tags.iter().map(|t| text::fold(t)).collect::<Vec<String>>();
    let (old, new) = (fold(old), fold(new));
    for gone in old.iter().filter(|t| !new.contains(t)) {
        let row = dsl::customer_tags.filter(dsl::customer_id.eq(customer)).filter(dsl::tag.eq(gone));
        diesel::delete(row).execute(conn)?;
    }
    for come in new.iter().filter(|t| !old.contains(t)) {
        let row = (dsl::customer_id.eq(customer), dsl::tag.eq(come));
        diesel::insert_into(dsl::customer_tags).values(row).execute(conn)?;
    }
    Ok(())
}

/// A customer as its own endpoints answer it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerView {
    #[serde(flatten)]
    pub customer: Customer,
    /// The steps that its life allows now and the caller may take.
    pub allowed_actions: Vec<CustomerAction>,
}

pub fn company() -> CustomerKind {
    CustomerKind::Company
}
pub fn middle_tier() -> CustomerTier {
    CustomerTier::C
}
/// The country where the product is at home.
pub fn home_country() -> String {
    "CN".to_owned()
}

/// A customer as entered and changed. Status, owner and credit terms are not in it: they have endpoints of
/// their own, because other people may change them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerInput {
    /// A unique code; left out on entry, the next number of the range `CU` is taken.
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*$", example = "TIANHE")]
    pub code: Option<String>,
    #[schema(min_length = 1, max_length = 200, example = "广州天河贸易有限公司")]
    pub name: String,
    #[schema(max_length = 100, example = "天河贸易")]
    pub short_name: Option<String>,
    /// `company` when left out.
    #[serde(default = "company")]
    pub kind: CustomerKind,
    #[schema(max_length = 100, example = "wholesale")]
    pub industry: Option<String>,
    /// `c` when left out.
    #[serde(default = "middle_tier")]
    pub tier: CustomerTier,
    pub region_id: Option<RegionId>,
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    /// Where we know the customer from.
    #[schema(max_length = 100, example = "exhibition")]
    pub source: Option<String>,
    /// ISO 4217; the company's own currency when left out. Fixed while there is a credit limit in it.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    /// ISO 3166-1 alpha-2; `CN` when left out.
    #[serde(default = "home_country")]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "CN")]
    pub country: String,
    /// A Chinese company's is its unified social credit code, and its check character has to be right.
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    /// The name on invoices, where it is not the customer's.
    #[schema(max_length = 200, example = "广州天河贸易有限公司")]
    pub invoice_title: Option<String>,
    #[schema(max_length = 200, example = "中国工商银行广州天河支行")]
    pub bank_name: Option<String>,
    #[schema(max_length = 60, example = "3602 0001 0920 0123 456")]
    pub bank_account: Option<String>,
    /// Words to group customers by; upper and lower case are the same.
    #[serde(default)]
    #[schema(max_items = 20, value_type = Vec<Tag>)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub custom_fields: CustomFields,
    #[schema(max_length = 4000, example = "Delivery on weekdays only")]
    pub notes: Option<String>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A word to group customers by.
#[derive(Serialize, ToSchema)]
#[schema(min_length = 1, max_length = 40, example = "VIP")]
pub struct Tag(pub String);

/// A new customer: as [`CustomerInput`], with its owner, contacts and addresses.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewCustomer {
    #[serde(flatten)]
    pub customer: CustomerInput,
    /// The caller when left out, if they see only their own or their team's customers. A rep enters customers
    /// for nobody else.
    pub owner_id: Option<UserId>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub contacts: Vec<ContactInput>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub addresses: Vec<AddressInput>,
}

/// Credit terms: all of them, as they are to be from now on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreditTerms {
    /// How much may be owed at most; null is no limit, and has to be said.
    #[schema(required = true)]
    pub credit_limit: Option<Amount>,
    /// The currency of the limit, ISO 4217; stays when left out.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    /// Days from invoice to payment.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: i32,
    #[schema(max_length = 500, example = "30 days net")]
    pub payment_terms: Option<String>,
    #[schema(min_length = 1, max_length = 1000, example = "Yearly review")]
    pub reason: String,
}

/// A new owner, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reassignment {
    pub owner_id: UserId,
    #[schema(min_length = 1, max_length = 1000, example = "王芳 has left the company")]
    pub reason: String,
}

/// What the entry of a customer takes beside its body.
pub const ENTRY: &[Param] = &[
    Param::new("allow_duplicate", Takes::Bool, "Enter it although it may be there already."),
    Param::new(
        "duplicate_reason",
        Takes::Text(1000),
        "Why; needed with `allow_duplicate`, and kept in the history.",
    ),
];

/// Which customers a caller sees; every read of customers goes through it.
pub fn visible_to(caller: &Caller) -> Cond {
    let own = match caller.user {
        Some(user) => Cond::eq("customers.owner_id", user),
        None => Cond::Nothing,
    };
    let shared = || shares::shared_with("customers.id", caller);
    let seen = match caller.sight {
        Sight::All => Cond::All,
        Sight::Team => Cond::ids("customers.team_id", caller.teams.iter().copied()).or(own.or(shared())),
        Sight::Own => own.or(shared()),
    };
    seen.and(caller.within("customers.id"))
}

/// Parts of the customers that a caller sees; the column names the part's customer.
pub fn part_of_visible(caller: &Caller, column: &'static str) -> Cond {
    match visible_to(caller) {
        Cond::All => Cond::All,
        customers => Cond::InSelect(column, "SELECT customers.id FROM customers WHERE ", Box::new(customers)),
    }
}

fn tag_is(given: &Given) -> Cond {
    let Given::Text(tag) = given else { return Cond::Nothing };
    let tagged = "customers.id IN (SELECT customer_id FROM customer_tags WHERE tag = ?)";
    Cond::Sql(tagged, vec![text::fold(tag).into()])
}

fn lacks(given: &Given) -> Cond {
    let Given::Words(defects) = given else { return Cond::Nothing };
    let Some(defect) = defects.first() else { return Cond::Nothing };
    let lacking = "customers.id IN (SELECT customer_id FROM customer_defects WHERE defect = ?)";
    Cond::Sql(lacking, vec![(*defect).into()])
}

fn at_most_complete(given: &Given) -> Cond {
    let Given::Int(score) = given else { return Cond::Nothing };
    let incomplete = "customers.id IN (SELECT customer_id FROM customer_quality WHERE score <= ?)";
    Cond::Sql(incomplete, vec![(*score).into()])
}

/// As it was stored, however it is typed.
fn tax_id_is(given: &Given) -> Cond {
    let Given::Text(typed) = given else { return Cond::Nothing };
    let code = tax_id::check_uscc(typed).unwrap_or_else(|_| typed.trim().to_owned());
    Cond::Compare("customers.tax_id", Op::Eq, code.into())
}

pub static CUSTOMERS: ListSpec = ListSpec {
    id: "customers.id",
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Part of a name, pinyin initials, code or tax id, of a contact's name, or digits of a contact's phone.",
            ),
            Does::Search("customers.id"),
        ),
        filter(
            Param::new("status", Takes::Words(CustomerStatus::WORDS), "Only these."),
            Does::Is("customers.status"),
        ),
        filter(
            Param::new("tier", Takes::Words(CustomerTier::WORDS), "Only these tiers."),
            Does::Is("customers.tier"),
        ),
        filter(
            Param::new("kind", Takes::Words(CustomerKind::WORDS), "Only these kinds."),
            Does::Is("customers.kind"),
        ),
        filter(
            Param::new("owner_id", Takes::Ids("usr"), "Only customers of these people."),
            Does::Is("customers.owner_id"),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Only customers of these teams."),
            Does::Is("customers.team_id"),
        ),
        filter(
            Param::new("region_id", Takes::Ids("reg"), "Only customers in these regions."),
            Does::Is("customers.region_id"),
        ),
        filter(
            Param::new("industry", Takes::Text(100), "Only this industry."),
            Does::Is("customers.industry"),
        ),
        filter(
            Param::new("country", Takes::Text(2), "Only this country, ISO 3166-1 alpha-2."),
            Does::Is("customers.country"),
        ),
        filter(
            Param::new("tag", Takes::Text(40), "Only customers with this tag, in any case."),
            Does::Makes(tag_is),
        ),
        filter(
            Param::new("include_merged", Takes::Bool, "Also those that were merged into others."),
            Does::Makes(|_| Cond::All),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The customer with this code."),
            Does::Is("customers.code"),
        ),
        filter(Param::new("tax_id", Takes::Text(60), "Customers with this tax id."), Does::Makes(tax_id_is)),
        filter(
            Param::new("defect", Takes::Word(CustomerDefect::WORDS), "Only customers that lack this."),
            Does::Makes(lacks),
        ),
        filter(
            Param::new(
                "completeness_max",
                Takes::Int(0, 100),
                "Only customers that are at most so complete, of 100.",
            ),
            Does::Makes(at_most_complete),
        ),
        filter(
            Param::new(
                "confirmed_before",
                Takes::Instant,
                "Only customers that nobody has confirmed since this instant.",
            ),
            Does::AtMost("customers.confirmed_at"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Only customers changed at this instant or later."),
            Does::AtLeast("customers.updated_at"),
        ),
        filter(
            Param::new("created_since", Takes::Instant, "Only customers entered at this instant or later."),
            Does::AtLeast("customers.created_at"),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: "customers.name_sort" },
        Sort { name: "code", column: "customers.code" },
        Sort { name: "updated_at", column: "customers.updated_at" },
        Sort { name: "created_at", column: "customers.created_at" },
        Sort { name: "confirmed_at", column: "customers.confirmed_at" },
    ],
    sort_names: &["name", "code", "updated_at", "created_at", "confirmed_at"],
    default_sort: "name",
    expand: EXPAND,
};

/// The ids in a customer that `expand` adds the object of.
pub const EXPAND: &[&str] = &["owner", "team", "region"];

impl Row for Customer {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "code" => self.code.clone().into(),
            "updated_at" => self.updated_at.into(),
            "created_at" => self.created_at.into(),
            "confirmed_at" => self.confirmed_at.into(),
            _ => self.name_sort.clone().into(),
        }
    }
}
