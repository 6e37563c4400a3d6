//! Addresses: row, input, list, and the plain form that documents keep a copy of.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::{Caller, Scope};
use crate::base::db::Conn;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::error::Result;
use crate::base::http::params::{Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::customers::{CustomerId, quality};
use crate::people::UserId;
use crate::schema::addresses;
use crate::{entity, id_type, text_enum};

id_type!(AddressId, "adr", "address");

text_enum! {
    /// What the address is for:
    ///
    /// - `billing`: invoices
    /// - `shipping`: goods
    /// - `both`: invoices and goods
    pub enum AddressKind { Billing = "billing", Shipping = "shipping", Both = "both" }
}

/// An address of a customer, for invoices, goods or both.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = addresses)]
#[diesel(treat_none_as_null = true)]
pub struct Address {
    pub id: AddressId,
    pub version: i32,
    /// Customer that the address belongs to.
    pub customer_id: CustomerId,
    /// What the address is for.
    pub kind: AddressKind,
    /// True for the address that new orders take when they name none. At most one address of each kind is the
    /// default.
    pub is_default: bool,
    /// Person or department to deliver to. Null when none was given.
    #[schema(example = "仓库 李师傅")]
    pub recipient: Option<String>,
    /// Phone number for the delivery. Null when none was given.
    #[schema(max_length = 40, example = "+86 20 8888 1234")]
    pub phone: Option<String>,
    /// Street and number.
    #[schema(example = "科学城开源大道 11 号")]
    pub line1: String,
    /// Building, floor or room. Null when none was given.
    #[schema(example = "3 号楼")]
    pub line2: Option<String>,
    /// District or county. Null when none was given.
    #[schema(example = "黄埔区")]
    pub district: Option<String>,
    /// City or town.
    #[schema(example = "广州")]
    pub city: String,
    /// Province or state. Null when none was given.
    #[schema(example = "广东")]
    pub province: Option<String>,
    /// Postal code. Null when none was given.
    #[schema(max_length = 20, example = "510663")]
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2 code.
    #[schema(max_length = 2, example = "CN")]
    pub country: String,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(Address, addresses, AddressId, {
    fn keep_indexes(&self, before: Option<&Self>, conn: &mut Conn) -> Result<()> {
        quality::keep_of_part(conn, before.map(|b| b.customer_id), self.customer_id)
    }
});

/// An address as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddressInput {
    /// What the address is for.
    pub kind: AddressKind,
    /// Whether new orders take this address when they name none. Defaults to `false`. `true` takes the role
    /// from the current default address of the same kind.
    #[serde(default)]
    pub is_default: bool,
    /// Person or department to deliver to.
    #[schema(max_length = 100, example = "仓库 李师傅")]
    pub recipient: Option<String>,
    /// Phone number for the delivery.
    #[schema(max_length = 40, example = "+86 20 8888 1234")]
    pub phone: Option<String>,
    /// Street and number. It must not be blank.
    #[schema(min_length = 1, max_length = 200, example = "科学城开源大道 11 号")]
    pub line1: String,
    /// Building, floor or room.
    #[schema(max_length = 200, example = "3 号楼")]
    pub line2: Option<String>,
    /// District or county.
    #[schema(max_length = 100, example = "黄埔区")]
    pub district: Option<String>,
    /// City. It must not be blank.
    #[schema(min_length = 1, max_length = 100, example = "广州")]
    pub city: String,
    /// Province or state.
    #[schema(max_length = 100, example = "广东")]
    pub province: Option<String>,
    /// Postal code.
    #[schema(max_length = 20, example = "510663")]
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2 code. Defaults to the customer's country.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "CN")]
    pub country: Option<String>,
}

/// A postal address that a document keeps as a copy. Later changes of the customer's addresses do not change
/// it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PostalAddress {
    /// Person or department to deliver to.
    #[schema(max_length = 100, example = "仓库 李师傅")]
    pub recipient: Option<String>,
    /// Phone number for the delivery.
    #[schema(max_length = 40, example = "+86 20 8888 1234")]
    pub phone: Option<String>,
    /// Street and number.
    #[schema(min_length = 1, max_length = 200, example = "科学城开源大道 11 号")]
    pub line1: String,
    /// Building, floor or room.
    #[schema(max_length = 200, example = "3 号楼")]
    pub line2: Option<String>,
    /// District or county.
    #[schema(max_length = 100, example = "黄埔区")]
    pub district: Option<String>,
    /// City or town.
    #[schema(min_length = 1, max_length = 100, example = "广州")]
    pub city: String,
    /// Province or state.
    #[schema(max_length = 100, example = "广东")]
    pub province: Option<String>,
    /// Postal code.
    #[schema(max_length = 20, example = "510663")]
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2 code.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "CN")]
    pub country: String,
}

impl From<&Address> for PostalAddress {
    fn from(address: &Address) -> PostalAddress {
        let a = address.clone();
        PostalAddress {
            recipient: a.recipient,
            phone: a.phone,
            line1: a.line1,
            line2: a.line2,
            district: a.district,
            city: a.city,
            province: a.province,
            postal_code: a.postal_code,
            country: a.country,
        }
    }
}

/// Which addresses of a customer a caller sees: with `customers:ship_to` alone those that goods go to.
pub fn visible_to(caller: &Caller, customer: CustomerId) -> Predicate {
    let of_customer = Predicate::eq(col!(addresses::customer_id), customer.0);
    if caller.may(Scope::CustomersRead) {
        return of_customer;
    }
    of_customer.and(Predicate::In(col!(addresses::kind), shipped_to()))
}

/// Addresses, of all customers, that a caller sees.
pub fn visible_of_all(caller: &Caller) -> Predicate {
    let of_visible = crate::customers::model::part_of_visible(caller, col!(addresses::customer_id));
    match caller.may(Scope::CustomersRead) {
        true => of_visible,
        false => Predicate::In(col!(addresses::kind), shipped_to()).and(of_visible),
    }
}

/// The kinds of addresses that goods go to.
fn shipped_to() -> Vec<Value> {
    [AddressKind::Shipping, AddressKind::Both].map(|kind| Value::from(kind.as_str())).to_vec()
}

pub static ADDRESSES: ListSpec = ListSpec {
    id: col!(addresses::id),
    filters: &[filter(
        Param::new("kind", Takes::Words(AddressKind::WORDS), "Addresses of these kinds."),
        Does::Is(col!(addresses::kind)),
    )],
    sorts: &[Sort { name: "kind", column: col!(addresses::kind) }],
    default_sort: "kind",
    expand: &[],
};

impl Row for Address {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.kind.as_str().into()
    }
}
