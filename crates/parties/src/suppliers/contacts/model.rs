//! Suppliers' contacts: row, input, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Value, col};
use crate::base::db::list::{ListSpec, Row, Sort};
use crate::base::text;
use crate::base::types::At;
use crate::people::UserId;
use crate::schema::supplier_contacts;
use crate::suppliers::SupplierId;
use crate::{entity, id_type};

id_type!(SupplierContactId, "spc", "supplier_contact");

/// A person at a supplier.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = supplier_contacts)]
#[diesel(treat_none_as_null = true)]
pub struct SupplierContact {
    pub id: SupplierContactId,
    pub version: i32,
    /// Supplier that the person works for.
    pub supplier_id: SupplierId,
    /// Full name.
    #[schema(example = "陈师傅")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    /// What the person does there. Null when unknown.
    #[schema(example = "生产调度")]
    pub role: Option<String>,
    /// Phone number. Null when unknown.
    #[schema(max_length = 40, example = "+86 138 0013 8000")]
    pub phone: Option<String>,
    /// E-mail address. Null when unknown.
    #[schema(example = "chen@qinghua.example")]
    pub email: Option<String>,
    /// WeChat id. Null when unknown.
    #[schema(example = "chen-qinghua")]
    pub wechat: Option<String>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(SupplierContact, supplier_contacts, SupplierContactId, {
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name)];
        texts.extend(self.phone.as_deref().map(text::digits));
        texts.extend(self.email.clone());
        texts
    }
    /// Who looks for a contact wants the supplier.
    fn found_as(&self) -> Uuid {
        self.supplier_id.0
    }
});

/// A supplier's contact as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SupplierContactInput {
    /// Full name. It must not be blank.
    #[schema(min_length = 1, max_length = 100, example = "陈师傅")]
    pub name: String,
    /// What the person does there.
    #[schema(max_length = 100, example = "生产调度")]
    pub role: Option<String>,
    /// Phone number.
    #[schema(max_length = 40, example = "+86 138 0013 8000")]
    pub phone: Option<String>,
    /// E-mail address.
    #[schema(max_length = 200, format = "email", example = "chen@qinghua.example")]
    pub email: Option<String>,
    /// WeChat id.
    #[schema(max_length = 100, example = "chen-qinghua")]
    pub wechat: Option<String>,
}

pub static CONTACTS: ListSpec = ListSpec {
    id: col!(supplier_contacts::id),
    filters: &[],
    sorts: &[Sort { name: "name", column: col!(supplier_contacts::name_sort) }],
    default_sort: "name",
    expand: &[],
};

impl Row for SupplierContact {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.name_sort.clone().into()
    }
}
