//! The one row of settings.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::auth::Role;
use crate::base::db::Json;
use crate::base::types::{Amount, At, Rate};
use crate::people::UserId;
use crate::schema::settings;
use crate::{entity, id_type, text_enum};

id_type!(SettingsId, "set", "settings");

text_enum! {
    /// What a customer said something about.
    pub enum FeedbackKind {
        Need = "need",
        Praise = "praise",
        Objection = "objection",
        Price = "price",
        Quality = "quality",
        Delivery = "delivery",
        Other = "other",
    }
}

/// The company, as its documents name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Company {
    #[schema(min_length = 1, max_length = 200, example = "云帆贸易有限公司")]
    pub name: String,
    #[schema(max_length = 200, example = "Yunfan Trading Co., Ltd.")]
    pub name_en: Option<String>,
    #[schema(max_length = 40)]
    pub tax_id: Option<String>,
    #[schema(max_length = 400)]
    pub address: Option<String>,
    #[schema(max_length = 40)]
    pub phone: Option<String>,
}

/// The limits that order reviews and approvals go by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderSettings {
    /// Gross per currency above which the one who entered an order cannot approve it. A currency that is not
    /// listed has the limit 0.
    pub four_eyes_above: BTreeMap<String, Amount>,
    /// Gross per currency up to which a manager may approve; above it needs `orders:approve_high`. A currency
    /// that is not listed has the limit 0.
    pub manager_limit: BTreeMap<String, Amount>,
    /// Largest discount per role that nobody else needs to look at. A role that is not listed has the limit 0.
    pub discount_limits: BTreeMap<String, Rate>,
    /// Days within which the same lines for the same customer look like a duplicate.
    #[schema(minimum = 0, maximum = 365, example = 7)]
    pub duplicate_days: i32,
    /// Worth per currency, with tax, above which a return needs `returns:approve_high`. A currency that is not listed
    /// has the limit 0.
    #[serde(default = "return_limits")]
    pub return_limit: BTreeMap<String, Amount>,
}

fn amounts(list: &[(&str, i64)]) -> BTreeMap<String, Amount> {
    list.iter().map(|(c, n)| (c.to_string(), Amount::from_units(n * 10_000))).collect()
}

fn return_limits() -> BTreeMap<String, Amount> {
    amounts(&[("CNY", 5_000), ("USD", 700), ("EUR", 650)])
}

/// The limits that complaints go by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ComplaintSettings {
    /// Amount per currency above which a remedy needs approval. A currency that is not listed has the limit 0.
    pub remedy_limit: BTreeMap<String, Amount>,
}

/// Whom feedback of a kind is sent to, beside the customer's owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedbackRoute {
    /// Everybody with one of these roles; at most 50 people are sent it.
    #[serde(default)]
    #[schema(max_items = 7)]
    pub roles: Vec<Role>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub user_ids: Vec<UserId>,
}

/// How the department follows up what customers say and what is left lying.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RelationSettings {
    /// By kind of feedback (`quality`). A kind that is not listed is sent to the customer's owner only.
    pub feedback: BTreeMap<String, FeedbackRoute>,
    /// Days after which a draft that nobody has touched is on its rep's worklist.
    #[schema(minimum = 0, maximum = 365, example = 3)]
    pub draft_days: i32,
    /// Months after which a customer's data want checking again.
    #[schema(minimum = 1, maximum = 120, example = 12)]
    pub confirm_months: i32,
    /// Days without any attention after which a customer falls back to the pool; null: none does.
    #[schema(minimum = 1, maximum = 3650, example = 90)]
    pub pool_after_days: Option<i32>,
    /// Days before, at which the owner is warned; without a warning nobody loses a customer. 0: no warning.
    #[schema(minimum = 0, maximum = 365, example = 7)]
    pub pool_warn_days: i32,
    /// Days for which whoever lost a customer to the pool cannot take it back.
    #[schema(minimum = 0, maximum = 3650, example = 30)]
    pub pool_reclaim_days: i32,
    /// Customers that a person may take from the pool within 30 days.
    #[schema(minimum = 0, maximum = 10000, example = 20)]
    pub pool_claims: i32,
}

/// Settings of the company.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = settings)]
#[diesel(treat_none_as_null = true)]
pub struct Settings {
    pub id: SettingsId,
    pub version: i32,
    #[schema(value_type = Company)]
    pub company: Json<Company>,
    #[schema(value_type = OrderSettings)]
    pub orders: Json<OrderSettings>,
    #[schema(value_type = ComplaintSettings)]
    pub complaints: Json<ComplaintSettings>,
    #[schema(value_type = RelationSettings)]
    pub relations: Json<RelationSettings>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Settings, settings, SettingsId);

/// Settings as changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SettingsInput {
    pub company: Company,
    pub orders: OrderSettings,
    pub complaints: ComplaintSettings,
    pub relations: RelationSettings,
}

impl Default for RelationSettings {
    fn default() -> Self {
        let to = |role| FeedbackRoute { roles: vec![role], user_ids: vec![] };
        let routes =
            [("quality", to(Role::Clerk)), ("need", to(Role::Clerk)), ("delivery", to(Role::Warehouse))];
        let feedback = routes.into_iter().map(|(kind, route)| (kind.to_owned(), route)).collect();
        RelationSettings {
            feedback,
            draft_days: 3,
            confirm_months: 12,
            pool_after_days: None,
            pool_warn_days: 7,
            pool_reclaim_days: 30,
            pool_claims: 20,
        }
    }
}

impl Default for ComplaintSettings {
    fn default() -> Self {
        let limits = [("CNY", 500), ("USD", 70), ("EUR", 65)];
        let limit = |(currency, n): (&str, i64)| (currency.to_owned(), Amount::from_units(n * 10_000));
        ComplaintSettings { remedy_limit: limits.into_iter().map(limit).collect() }
    }
}

impl ComplaintSettings {
    pub fn remedy_limit(&self, currency: &str) -> Amount {
        self.remedy_limit.get(currency).copied().unwrap_or_default()
    }
}

impl Default for OrderSettings {
    fn default() -> Self {
        let rates = |list: &[(Role, i64)]| {
            list.iter()
                .map(|(role, percent)| (role.to_string(), Rate::from_units(percent * 10_000)))
                .collect()
        };
        OrderSettings {
            four_eyes_above: amounts(&[("CNY", 50_000), ("USD", 7_000), ("EUR", 6_500)]),
            manager_limit: amounts(&[("CNY", 500_000), ("USD", 70_000), ("EUR", 65_000)]),
            discount_limits: rates(&[
                (Role::Rep, 5),
                (Role::Clerk, 5),
                (Role::Manager, 20),
                (Role::Executive, 50),
            ]),
            duplicate_days: 7,
            return_limit: return_limits(),
        }
    }
}

impl OrderSettings {
    pub fn four_eyes_above(&self, currency: &str) -> Amount {
        self.four_eyes_above.get(currency).copied().unwrap_or_default()
    }
    pub fn manager_limit(&self, currency: &str) -> Amount {
        self.manager_limit.get(currency).copied().unwrap_or_default()
    }
    pub fn return_limit(&self, currency: &str) -> Amount {
        self.return_limit.get(currency).copied().unwrap_or_default()
    }
    /// The system itself (imports) has no limit; a role that is not listed may give nothing.
    pub fn discount_limit(&self, role: Option<Role>) -> Rate {
        match role {
            None => Rate::ONE,
            Some(role) => self.discount_limits.get(&role.to_string()).copied().unwrap_or_default(),
        }
    }
}
