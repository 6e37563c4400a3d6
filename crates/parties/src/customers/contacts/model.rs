//! Contacts: row, input, list.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, ExternalId, Guard, JsonColumn};
use crate::base::error::Result;
use crate::base::http::params::{Param, Takes};
use crate::base::text;
use crate::base::types::At;
use crate::customers::{CustomerId, duplicates, quality};
use crate::people::UserId;
use crate::schema::contacts;
use crate::{entity, id_type, text_enum};

id_type!(ContactId, "con", "contact");

text_enum! {
    /// Role of the contact in the customer's decision to buy:
    ///
    /// - `decision_maker`: decides
    /// - `influencer`: advises those who decide
    /// - `user`: uses the goods
    /// - `gatekeeper`: controls access to those who decide
    /// - `other`: any other role
    pub enum DecisionRole {
        DecisionMaker = "decision_maker",
        Influencer = "influencer",
        User = "user",
        Gatekeeper = "gatekeeper",
        Other = "other",
    }
}

/// A person at a customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = contacts)]
#[diesel(treat_none_as_null = true)]
pub struct Contact {
    pub id: ContactId,
    pub version: i32,
    /// Customer that the person works for.
    pub customer_id: CustomerId,
    /// Full name.
    #[schema(example = "王芳")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    /// Form of address. Null when unknown.
    #[schema(max_length = 40, example = "女士")]
    pub salutation: Option<String>,
    /// Job title. Null when unknown.
    #[schema(example = "采购经理")]
    pub title: Option<String>,
    /// Department at the customer. Null when unknown.
    #[schema(example = "采购部")]
    pub department: Option<String>,
    /// Role in the customer's decision to buy.
    pub decision_role: DecisionRole,
    /// True for the contact to address first. At most one contact of a customer is primary.
    pub is_primary: bool,
    /// Mobile number. Null when unknown.
    #[schema(max_length = 40, example = "+86 138 0013 8000")]
    pub mobile: Option<String>,
    /// Fixed-line number. Null when unknown.
    #[schema(max_length = 40, example = "+86 20 8888 1234")]
    pub phone: Option<String>,
    /// E-mail address. Null when unknown.
    #[schema(example = "wang.fang@example.com")]
    pub email: Option<String>,
    /// WeChat id. Null when unknown.
    #[schema(example = "wangfang85")]
    pub wechat: Option<String>,
    /// Date of birth. Null when unknown.
    #[schema(value_type = Option<String>, format = Date, example = "1985-06-01")]
    pub birthday: Option<NaiveDate>,
    /// True when the person does not want letters, bulletins or calls that they did not ask for. The contact
    /// does not count as reachable then.
    pub do_not_contact: bool,
    /// Internal notes. Null when there are none.
    #[schema(max_length = 4000, example = "Prefers WeChat")]
    pub notes: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(Contact, contacts, ContactId, {
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        duplicates::work::guards_of_contact(before, after)
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name)];
        texts.extend([&self.mobile, &self.phone].into_iter().flatten().map(|number| text::digits(number)));
        texts.extend(self.email.clone());
        texts
    }
    fn keep_indexes(&self, before: Option<&Self>, conn: &mut Conn) -> Result<()> {
        duplicates::work::keep_contact(conn, before, self)?;
        quality::keep_of_part(conn, before.map(|b| b.customer_id), self.customer_id)
    }
    /// Who looks for a contact wants the customer.
    fn found_as(&self) -> uuid::Uuid {
        self.customer_id.0
    }
});

pub fn other() -> DecisionRole {
    DecisionRole::Other
}

/// A contact as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactInput {
    /// Full name. It must not be blank.
    #[schema(min_length = 1, max_length = 100, example = "王芳")]
    pub name: String,
    /// Form of address.
    #[schema(max_length = 40, example = "女士")]
    pub salutation: Option<String>,
    /// Job title.
    #[schema(max_length = 100, example = "采购经理")]
    pub title: Option<String>,
    /// Department at the customer.
    #[schema(max_length = 100, example = "采购部")]
    pub department: Option<String>,
    /// Role in the customer's decision to buy. Defaults to `other`.
    #[serde(default = "other")]
    pub decision_role: DecisionRole,
    /// Whether this is the contact to address first. Defaults to `false`. `true` takes the role from the
    /// current primary contact.
    #[serde(default)]
    pub is_primary: bool,
    /// Mobile number.
    #[schema(max_length = 40, example = "+86 138 0013 8000")]
    pub mobile: Option<String>,
    /// Fixed-line number.
    #[schema(max_length = 40, example = "+86 20 8888 1234")]
    pub phone: Option<String>,
    /// E-mail address.
    #[schema(max_length = 200, format = "email", example = "wang.fang@example.com")]
    pub email: Option<String>,
    /// WeChat id.
    #[schema(max_length = 100, example = "wangfang85")]
    pub wechat: Option<String>,
    /// Date of birth. Refused when it is in the future.
    #[schema(value_type = Option<String>, format = Date, example = "1985-06-01")]
    pub birthday: Option<NaiveDate>,
    /// Whether the person does not want letters, bulletins or calls that they did not ask for. Defaults to
    /// `false`.
    #[serde(default)]
    pub do_not_contact: bool,
    /// Internal notes.
    #[schema(max_length = 4000, example = "Prefers WeChat")]
    pub notes: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A contact as another system pushes it, with the customer that it belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamedContact {
    /// Customer of the contact. A new contact needs this or `customer_external_id`, and not both. It cannot
    /// be changed later.
    pub customer_id: Option<CustomerId>,
    /// External id of the customer, instead of `customer_id`.
    pub customer_external_id: Option<ExternalId>,
    #[serde(flatten)]
    pub contact: ContactInput,
}

pub static CONTACTS: ListSpec = ListSpec {
    id: col!(contacts::id),
    filters: &[],
    sorts: &[Sort { name: "name", column: col!(contacts::name_sort) }],
    default_sort: "name",
    expand: &[],
};

/// The contacts of all customers.
pub static ALL_CONTACTS: ListSpec = ListSpec {
    id: col!(contacts::id),
    filters: &[
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Contacts of these customers."),
            Does::Is(col!(contacts::customer_id)),
        ),
        filter(
            Param::new("email", Takes::Text(200), "Contacts with exactly this e-mail address."),
            Does::Is(col!(contacts::email)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Contacts changed at this instant or later."),
            Does::AtLeast(col!(contacts::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: col!(contacts::name_sort) },
        Sort { name: "updated_at", column: col!(contacts::updated_at) },
    ],
    default_sort: "name",
    expand: &["customer"],
};

impl Row for Contact {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "updated_at" => self.updated_at.into(),
            _ => self.name_sort.clone().into(),
        }
    }
}

/// Contacts of the customers that a caller sees.
pub fn visible_to(caller: &Caller) -> Predicate {
    crate::customers::model::part_of_visible(caller, col!(contacts::customer_id))
}
