//! Customers: rows, inputs, who sees which, the list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::quality::{self, CustomerDefect};
use super::{duplicates, tax_id};
use crate::base::auth::{Caller, Sight};
use crate::base::db::filter::{Column, Op, Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, ExternalId, Guard, JsonColumn, journal, shares};
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
    /// What the customer is:
    ///
    /// - `company`: an organisation
    /// - `person`: a private person
    pub enum CustomerKind { Company = "company", Person = "person" }
}
text_enum! {
    /// How important the customer is, from `a` (most important) to `d` (least important).
    pub enum CustomerTier { A = "a", B = "b", C = "c", D = "d" }
}
text_enum! {
    /// Stage of the customer's life:
    ///
    /// - `prospect`: has not become a customer yet; every new customer begins here
    /// - `active`: buys
    /// - `dormant`: has stopped buying
    /// - `blocked`: the review stops its orders at approval, confirmation and shipping
    pub enum CustomerStatus {
        Prospect = "prospect",
        Active = "active",
        Dormant = "dormant",
        Blocked = "blocked",
    }
}
text_enum! {
    /// Step in the customer's life:
    ///
    /// - `activate`: from `prospect` or `dormant` to `active`
    /// - `mark_dormant`: from `active` to `dormant`
    /// - `block`: from any other status to `blocked`
    /// - `unblock`: from `blocked` to `active`
    pub enum CustomerAction {
        Activate = "activate",
        MarkDormant = "mark_dormant",
        Block = "block",
        Unblock = "unblock",
    }
}

/// A company or a private person that the department sells to, or wants to sell to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = customers)]
#[diesel(treat_none_as_null = true)]
pub struct Customer {
    pub id: CustomerId,
    pub version: i32,
    /// Unique customer code.
    #[schema(max_length = 40, example = "CU-2026-000123")]
    pub code: String,
    /// Full name.
    #[schema(example = "广州天河贸易有限公司")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    /// Short name for lists and screens. Null when none was given.
    #[schema(example = "天河贸易")]
    pub short_name: Option<String>,
    /// Company or private person.
    pub kind: CustomerKind,
    /// Line of business. Null when unknown.
    #[schema(example = "wholesale")]
    pub industry: Option<String>,
    /// How important the customer is. A price list can be for customers of one tier.
    pub tier: CustomerTier,
    /// Sales region. Null when none is assigned.
    pub region_id: Option<RegionId>,
    /// Usual sales channel. New orders copy it, and a price list can be for one channel. Null when none was
    /// given.
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    /// How the department came to know the customer. Null when unknown.
    #[schema(example = "exhibition")]
    pub source: Option<String>,
    /// Stage of the customer's life. Only its steps change it.
    pub status: CustomerStatus,
    /// Why the customer is blocked. Null while it is not blocked.
    #[schema(max_length = 1000, example = "Invoices unpaid for six months")]
    pub block_reason: Option<String>,
    /// Person who looks after the customer. Null when nobody does, for example while it is in the pool.
    pub owner_id: Option<UserId>,
    /// Team that the customer belongs to: the owner's. It moves along when the owner changes the team, and stays
    /// when the customer goes to the pool. Null when the customer belongs to no team.
    pub team_id: Option<TeamId>,
    /// Currency of the credit limit and default currency of new orders, ISO 4217.
    #[schema(max_length = 3, example = "CNY")]
    pub currency: String,
    /// Highest total of open orders, in `currency`, with tax. Null means that there is no limit.
    pub credit_limit: Option<Amount>,
    /// Days from invoice to payment. New orders copy it.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: i32,
    /// Payment terms in words. New orders copy them. Null when none were set.
    #[schema(max_length = 500, example = "30 days net")]
    pub payment_terms: Option<String>,
    /// Country, ISO 3166-1 alpha-2 code.
    #[schema(max_length = 2, example = "CN")]
    pub country: String,
    /// Tax number. For a company in mainland China this is its unified social credit code. Null when unknown.
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    /// Name for invoices. Null when it is the same as `name`.
    #[schema(example = "广州天河贸易有限公司")]
    pub invoice_title: Option<String>,
    /// Bank of the customer. Null when unknown.
    #[schema(example = "中国工商银行广州天河支行")]
    pub bank_name: Option<String>,
    /// Bank account number of the customer. Null when unknown.
    #[schema(max_length = 60, example = "3602 0001 0920 0123 456")]
    pub bank_account: Option<String>,
    /// Labels that group customers.
    #[schema(value_type = Vec<String>, max_items = 20, example = json!(["VIP"]))]
    pub tags: JsonColumn<Vec<String>>,
    #[schema(value_type = CustomFields)]
    pub custom_fields: JsonColumn<CustomFields>,
    /// Internal notes. Null when there are none.
    #[schema(max_length = 4000, example = "Delivery on weekdays only")]
    pub notes: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
    /// Customer that this one was merged into and that has its records now. Null when it was not merged.
    pub merged_into_id: Option<CustomerId>,
    /// When somebody last confirmed that the customer's data are right. At first the instant of entry.
    pub confirmed_at: At,
    /// When the current owner became the owner. Null when there is no owner.
    pub owned_since: Option<At>,
    /// When the customer came into the pool. Null when it is not in the pool.
    pub pooled_at: Option<At>,
    /// The names that it had before, the last one first; its history tells of them.
    #[serde(skip)]
    pub former_names: JsonColumn<Vec<String>>,
}

/// So many former names are remembered.
const MOST_FORMER_NAMES: usize = 20;

impl Customer {
    /// All names that people may know it by.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = [Some(&self.name), self.short_name.as_ref(), self.invoice_title.as_ref()];
        own.into_iter().flatten().chain(&self.former_names.0).map(String::as_str)
    }

    /// The former names once it has this name.
    pub fn former_names_as(&self, name: &str) -> Vec<String> {
        let mut former = self.former_names.0.clone();
        if !self.name.is_empty() && self.name != name {
            former.insert(0, self.name.clone());
        }
        let mut seen = vec![name.to_owned()];
        former.retain(|old| {
            !seen.contains(old) && {
                seen.push(old.clone());
                true
            }
        });
        former.truncate(MOST_FORMER_NAMES);
        former
    }
}

entity!(Customer, customers, CustomerId, {
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        duplicates::work::guards_of_customer(before, after)
    }
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.owner_id.map(|u| u.0), self.team_id.map(|t| t.0))
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    /// Its own texts; contacts keep entries of their own that lead here.
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.code.clone()];
        for name in self.short_name.iter().chain(&self.former_names.0) {
            texts.extend([name.clone(), text::initials(name)]);
        }
        texts.extend(self.tax_id.clone());
        texts
    }
    /// Whoever looks for one that was merged finds the other.
    fn found_as(&self) -> Uuid {
        self.merged_into_id.unwrap_or(self.id).0
    }
    fn refold(&mut self, conn: &mut Conn) -> Result<()> {
        remember_names(conn, self)?;
        duplicates::work::refold(conn, self)
    }
    fn keep_indexes(&self, before: Option<&Self>, conn: &mut Conn) -> Result<()> {
        if before.is_some_and(|before| before.merged_into_id != self.merged_into_id) {
            duplicates::work::lead(conn, self.id, self.merged_into_id.unwrap_or(self.id))?;
        }
        store_tags(conn, self.id, before.map_or(&[], |b| &b.tags.0), &self.tags.0)?;
        duplicates::work::keep_customer(conn, before, self)?;
        match before.is_none_or(|before| quality::may_differ(before, self)) {
            true => quality::keep(conn, self.id),
            false => Ok(()),
        }
    }
});

/// Takes the former names of a customer from before they were kept out of its history. They follow from it: no new version,
/// no event.
#[allow(clippy::disallowed_methods)] // as its search texts
fn remember_names(conn: &mut Conn, customer: &mut Customer) -> Result<()> {
    if !customer.former_names.0.is_empty() {
        return Ok(());
    }
    let now = customer.name.clone();
    let mut version = 0;
    loop {
        let entries = journal::of_record(conn, CustomerId::KIND, customer.id.0, version, HISTORY_PAGE)?;
        for change in entries.iter().filter_map(|entry| entry.changes.0.get("name")) {
            if let Some(name) = change[1].as_str() {
                customer.former_names = JsonColumn(customer.former_names_as(name));
                customer.name = name.to_owned();
            }
        }
        match entries.last() {
            Some(last) if entries.len() as i64 == HISTORY_PAGE => version = last.version,
            _ => break,
        }
    }
    customer.former_names = JsonColumn(customer.former_names_as(&now));
    customer.name = now;
    if !customer.former_names.0.is_empty() {
        let row = customers::table.find(customer.id);
        diesel::update(row).set(customers::former_names.eq(&customer.former_names)).execute(conn)?;
    }
    Ok(())
}

/// Entries of a history that are read in one go.
const HISTORY_PAGE: i64 = 200;

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

/// A customer, with the steps that the caller may take.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerView {
    #[serde(flatten)]
    pub customer: Customer,
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

/// A customer as entered and changed. Status, owner and credit terms are not part of it: they have operations
/// of their own, because other people decide on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerInput {
    /// Unique code. Defaults to the next number of the range `CU`. Refused with `duplicate` when another
    /// customer has it. It cannot be cleared.
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*$",
        format = "key",
        example = "TIANHE"
    )]
    pub code: Option<String>,
    /// Full name. It must not be blank.
    #[schema(min_length = 1, max_length = 200, example = "广州天河贸易有限公司")]
    pub name: String,
    /// Short name for lists and screens.
    #[schema(max_length = 100, example = "天河贸易")]
    pub short_name: Option<String>,
    /// Company or private person. Defaults to `company`.
    #[serde(default = "company")]
    pub kind: CustomerKind,
    /// Line of business, in your own words.
    #[schema(max_length = 100, example = "wholesale")]
    pub industry: Option<String>,
    /// How important the customer is. A price list can be for customers of one tier. Defaults to `c`.
    #[serde(default = "middle_tier")]
    pub tier: CustomerTier,
    /// Sales region.
    pub region_id: Option<RegionId>,
    /// Usual sales channel. New orders copy it, and a price list can be for one channel.
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    /// How the department came to know the customer.
    #[schema(max_length = 100, example = "exhibition")]
    pub source: Option<String>,
    /// Default currency of new orders and currency of the credit limit, ISO 4217. Defaults to the company's
    /// currency. It cannot be changed here while there is a credit limit;
    /// `POST /customers/{customer_id}/credit-terms` changes both.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    /// Country, ISO 3166-1 alpha-2 code. Defaults to `CN`. Addresses without a country copy it.
    #[serde(default = "home_country")]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "CN")]
    pub country: String,
    /// Tax number. For a company in `CN` it must be a unified social credit code with a correct check
    /// character; spaces, hyphens and small letters are accepted. For others it is kept as typed.
    #[schema(max_length = 40, example = "9144030071526726XG")]
    pub tax_id: Option<String>,
    /// Name for invoices, when it differs from `name`.
    #[schema(max_length = 200, example = "广州天河贸易有限公司")]
    pub invoice_title: Option<String>,
    /// Bank of the customer.
    #[schema(max_length = 200, example = "中国工商银行广州天河支行")]
    pub bank_name: Option<String>,
    /// Bank account number of the customer.
    #[schema(max_length = 60, example = "3602 0001 0920 0123 456")]
    pub bank_account: Option<String>,
    /// Labels that group customers. Upper and lower case count as the same; a label given twice is refused.
    #[serde(default)]
    #[schema(max_items = 20, value_type = Vec<Tag>)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub custom_fields: CustomFields,
    /// Internal notes.
    #[schema(max_length = 4000, example = "Delivery on weekdays only")]
    pub notes: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A label that groups customers.
#[derive(Serialize, ToSchema)]
#[schema(min_length = 1, max_length = 40, example = "VIP")]
pub struct Tag(pub String);

/// A new customer, with its owner, contacts and addresses.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewCustomer {
    #[serde(flatten)]
    pub customer: CustomerInput,
    /// Person who looks after the customer: active, with a role that may work on customers. Defaults to the
    /// caller if they see only their own or their team's customers, otherwise to nobody. A rep may name only
    /// themselves, a manager only people of their teams.
    pub owner_id: Option<UserId>,
    /// Contacts to enter with the customer. At most one may be primary.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub contacts: Vec<ContactInput>,
    /// Addresses to enter with the customer. At most one of each kind may be the default.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub addresses: Vec<AddressInput>,
}

/// Credit terms of a customer: all of them, as they apply from now on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreditTerms {
    /// Highest total of open orders, in `currency`, with tax. It must be sent; null means that there is no
    /// limit. Refused when it is negative.
    #[schema(required = true)]
    pub credit_limit: Option<Amount>,
    /// Currency of the limit and default currency of new orders, ISO 4217. Defaults to the customer's current
    /// currency.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    /// Days from invoice to payment. Only new orders copy it.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: i32,
    /// Payment terms in words. When it is left out, the current ones are cleared.
    #[schema(max_length = 500, example = "30 days net")]
    pub payment_terms: Option<String>,
    /// Why the terms change; shown in the history.
    #[schema(min_length = 1, max_length = 1000, example = "Yearly review")]
    pub reason: String,
}

/// The new owner of a customer, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reassignment {
    /// New owner: an active person whose role may work on customers. The customer moves to their team.
    pub owner_id: UserId,
    /// Why the owner changes; shown in the history.
    #[schema(min_length = 1, max_length = 1000, example = "王芳 has left the company")]
    pub reason: String,
}

/// What the entry of a customer takes beside its body.
pub const ENTRY: &[Param] = &[
    Param::new(
        "allow_duplicate",
        Takes::Bool,
        "`true` enters the customer although it may already exist. Defaults to `false`.",
    ),
    Param::new(
        "duplicate_reason",
        Takes::Text(1000),
        "Why the customer is entered although it may already exist; shown in the history. Required with \
            `allow_duplicate=true`, otherwise ignored.",
    ),
];

/// What the change of a customer takes beside its body.
pub const CHANGE: &[Param] = &[
    Param::new(
        "allow_duplicate",
        Takes::Bool,
        "`true` makes the change although the customer may then exist already. Defaults to `false`.",
    ),
    Param::new(
        "duplicate_reason",
        Takes::Text(1000),
        "Why the change is made although the customer may then exist already; shown in the history. Required \
            with `allow_duplicate=true`, otherwise ignored.",
    ),
];

/// Which customers a caller sees; every read of customers goes through it.
pub fn visible_to(caller: &Caller) -> Predicate {
    let seen = match looked_after_by(caller) {
        Predicate::All => Predicate::All,
        theirs => theirs.or(shares::shared_with(col!(customers::id), caller)),
    };
    seen.and(caller.within(col!(customers::id)))
}

/// The customers that are the caller's own, their people's, and for who sees by team those without an owner: their
/// teams', or nobody's.
pub fn looked_after_by(caller: &Caller) -> Predicate {
    let owned = caller.has(col!(customers::owner_id));
    if caller.sight != Sight::Team {
        return owned;
    }
    let of_teams = Predicate::ids(col!(customers::team_id), caller.teams.iter().copied());
    let of_nobody = match caller.has_what_is_nobodys() {
        true => of_teams.or(Predicate::IsNull(col!(customers::team_id))),
        false => of_teams,
    };
    owned.or(Predicate::IsNull(col!(customers::owner_id)).and(of_nobody))
}

/// Whose customers' records these are; the column names the record's customer.
pub fn part_of_looked_after(caller: &Caller, column: Column) -> Predicate {
    match looked_after_by(caller) {
        Predicate::All => Predicate::All,
        customers => Predicate::in_select(column, col!(customers::id), customers),
    }
}

/// Parts of the customers that a caller sees; the column names the part's customer.
pub fn part_of_visible(caller: &Caller, column: Column) -> Predicate {
    match visible_to(caller) {
        Predicate::All => Predicate::All,
        customers => Predicate::in_select(column, col!(customers::id), customers),
    }
}

fn tag_is(given: &Given) -> Predicate {
    let Given::Text(tag) = given else { return Predicate::Nothing };
    let tagged = Predicate::eq(col!(customer_tags::tag), text::fold(tag));
    Predicate::in_select(col!(customers::id), col!(customer_tags::customer_id), tagged)
}

fn lacks(given: &Given) -> Predicate {
    let Given::Words(defects) = given else { return Predicate::Nothing };
    let Some(defect) = defects.first() else { return Predicate::Nothing };
    let lacking = Predicate::eq(col!(customer_defects::defect), *defect);
    Predicate::in_select(col!(customers::id), col!(customer_defects::customer_id), lacking)
}

fn at_most_complete(given: &Given) -> Predicate {
    let Given::Int(score) = given else { return Predicate::Nothing };
    let incomplete = Predicate::Compare(col!(customer_quality::score), Op::Le, (*score).into());
    Predicate::in_select(col!(customers::id), col!(customer_quality::customer_id), incomplete)
}

/// Compares with the stored form of a tax number, whatever spacing and case the caller uses.
fn tax_id_is(given: &Given) -> Predicate {
    let Given::Text(typed) = given else { return Predicate::Nothing };
    let code = tax_id::check_uscc(typed).unwrap_or_else(|_| typed.trim().to_owned());
    Predicate::Compare(col!(customers::tax_id), Op::Eq, code.into())
}

pub static CUSTOMERS: ListSpec = ListSpec {
    id: col!(customers::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Customers that match this: part of a name that they have or had, of its pinyin or pinyin \
                    initials, of a code or tax number, of a contact's name or e-mail address, or digits of a \
                    contact's phone number. Traditional and simplified characters count as the same, and so do \
                    letters with and without accents. A customer that was merged leads to the one that has its \
                    records.",
            ),
            Does::Search(col!(customers::id)),
        ),
        filter(
            Param::new(
                "status",
                Takes::Words(CustomerStatus::WORDS),
                "Customers with one of these statuses.",
            ),
            Does::Is(col!(customers::status)),
        ),
        filter(
            Param::new("tier", Takes::Words(CustomerTier::WORDS), "Customers of these tiers."),
            Does::Is(col!(customers::tier)),
        ),
        filter(
            Param::new("kind", Takes::Words(CustomerKind::WORDS), "Customers of these kinds."),
            Does::Is(col!(customers::kind)),
        ),
        filter(
            Param::new("owner_id", Takes::Ids("usr"), "Customers that these people look after."),
            Does::Is(col!(customers::owner_id)),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Customers of these teams."),
            Does::Is(col!(customers::team_id)),
        ),
        filter(
            Param::new(
                "region_id",
                Takes::Ids("reg"),
                "Customers in these regions. Regions below them are not included.",
            ),
            Does::Is(col!(customers::region_id)),
        ),
        filter(
            Param::new("industry", Takes::Text(100), "Customers with exactly this industry."),
            Does::Is(col!(customers::industry)),
        ),
        filter(
            Param::new("country", Takes::Text(2), "Customers in this country, ISO 3166-1 alpha-2 code."),
            Does::Is(col!(customers::country)),
        ),
        filter(
            Param::new(
                "tag",
                Takes::Text(40),
                "Customers with this tag. Upper and lower case count as the same.",
            ),
            Does::Makes(tag_is),
        ),
        filter(
            Param::new(
                "include_merged",
                Takes::Bool,
                "`true` also lists customers that were merged into others. Defaults to `false`.",
            ),
            Does::Makes(|_| Predicate::All),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The customer with this code, in upper or lower case."),
            Does::Is(col!(customers::code)),
        ),
        filter(
            Param::new(
                "tax_id",
                Takes::Text(60),
                "Customers with this tax number. Spaces, hyphens and case in a unified social credit \
                    code do not matter.",
            ),
            Does::Makes(tax_id_is),
        ),
        filter(
            Param::new(
                "defect",
                Takes::Word(CustomerDefect::WORDS),
                "Customers whose data have this defect.",
            ),
            Does::Makes(lacks),
        ),
        filter(
            Param::new(
                "completeness_max",
                Takes::Int(0, 100),
                "Customers whose completeness score, of 100, is this or lower.",
            ),
            Does::Makes(at_most_complete),
        ),
        filter(
            Param::new(
                "confirmed_before",
                Takes::Instant,
                "Customers whose data were last confirmed at this instant or earlier.",
            ),
            Does::AtMost(col!(customers::confirmed_at)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Customers changed at this instant or later."),
            Does::AtLeast(col!(customers::updated_at)),
        ),
        filter(
            Param::new("created_since", Takes::Instant, "Customers entered at this instant or later."),
            Does::AtLeast(col!(customers::created_at)),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: col!(customers::name_sort) },
        Sort { name: "code", column: col!(customers::code) },
        Sort { name: "updated_at", column: col!(customers::updated_at) },
        Sort { name: "created_at", column: col!(customers::created_at) },
        Sort { name: "confirmed_at", column: col!(customers::confirmed_at) },
    ],
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
