//! The one row of settings.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::auth::Role;
use crate::base::db::JsonColumn;
use crate::base::types::{Amount, At, Rate};
use crate::people::UserId;
use crate::schema::settings;
use crate::{entity, id_type, text_enum};

id_type!(SettingsId, "set", "settings");

text_enum! {
    /// What a customer's feedback is about. The kind decides who receives it.
    ///
    /// * `need`: something that the customer needs.
    /// * `praise`: something that the customer likes.
    /// * `objection`: a reason against buying.
    /// * `price`: prices and terms.
    /// * `quality`: quality of the goods.
    /// * `delivery`: delivery and dates.
    /// * `other`: anything else.
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

/// The company's own data, as business documents show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Company {
    /// Name of the company.
    #[schema(min_length = 1, max_length = 200, example = "云帆贸易有限公司")]
    pub name: String,
    /// English name of the company. Null when none is set.
    #[schema(max_length = 200, example = "Yunfan Trading Co., Ltd.")]
    pub name_en: Option<String>,
    /// Tax number of the company. Null when none is set.
    #[schema(max_length = 40)]
    pub tax_id: Option<String>,
    /// Postal address of the company. Null when none is set.
    #[schema(max_length = 400)]
    pub address: Option<String>,
    /// Phone number of the company. Null when none is set.
    #[schema(max_length = 40)]
    pub phone: Option<String>,
}

/// Limits for the review and approval of orders and returns. Amounts are decimal strings, listed by currency
/// code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderSettings {
    /// Order total with tax, per currency, above which the person who entered or submitted an order cannot
    /// approve it. A currency that is not listed has the limit 0.
    pub four_eyes_above: BTreeMap<String, Amount>,
    /// Order total with tax, per currency, up to which managers can approve. Above it the scope
    /// `orders:approve_high` is needed. A currency that is not listed has the limit 0.
    pub manager_limit: BTreeMap<String, Amount>,
    /// Largest discount rate, per role, that passes the order review without a finding; `{"rep": "0.05"}`
    /// means 5 percent. A role that is not listed has the limit 0.
    pub discount_limits: BTreeMap<String, Rate>,
    /// Days in which an order with the same lines for the same customer counts as a possible duplicate in the
    /// order review.
    #[schema(minimum = 0, maximum = 365, example = 7)]
    pub duplicate_days: i32,
    /// Total with tax of a return, per currency, above which the scope `returns:approve_high` is needed to
    /// approve it. A currency that is not listed has the limit 0.
    #[serde(default = "return_limits")]
    pub return_limit: BTreeMap<String, Amount>,
}

fn amounts(list: &[(&str, i64)]) -> BTreeMap<String, Amount> {
    list.iter().map(|(c, n)| (c.to_string(), Amount::from_units(n * 10_000))).collect()
}

fn return_limits() -> BTreeMap<String, Amount> {
    amounts(&[("CNY", 5_000), ("USD", 700), ("EUR", 650)])
}

/// Limits for complaints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ComplaintSettings {
    /// Amount per currency above which a remedy needs approval. Remedies up to the limit are approved at
    /// once. A currency that is not listed has the limit 0.
    pub remedy_limit: BTreeMap<String, Amount>,
}

/// People who receive feedback of one kind, beside the customer's owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedbackRoute {
    /// Every active user with one of these roles receives the feedback, at most 50 people. Defaults to none.
    #[serde(default)]
    #[schema(max_items = 7)]
    pub roles: Vec<Role>,
    /// Users who receive the feedback. Defaults to none.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub user_ids: Vec<UserId>,
}

/// Rules for following up feedback, drafts, customer data and customers without attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RelationSettings {
    /// Recipients by kind of feedback, such as `quality`. Feedback of a kind that is not listed goes to the
    /// customer's owner only.
    pub feedback: BTreeMap<String, FeedbackRoute>,
    /// Days without a change after which a draft order appears on the worklists of its sales representative
    /// and of the person who entered it.
    #[schema(minimum = 0, maximum = 365, example = 3)]
    pub draft_days: i32,
    /// Months after which a customer's data must be confirmed again.
    #[schema(minimum = 1, maximum = 120, example = 12)]
    pub confirm_months: i32,
    /// Days without interactions, new orders, complaints or completed tasks after which a customer returns to
    /// the pool. A customer with an order in progress stays. Null: no customer returns by itself.
    #[schema(minimum = 1, maximum = 3650, example = 90)]
    pub pool_after_days: Option<i32>,
    /// Days between the warning to the owner and the return to the pool; must be less than `pool_after_days`.
    /// 0: no warning.
    #[schema(minimum = 0, maximum = 365, example = 7)]
    pub pool_warn_days: i32,
    /// Days in which a person who lost a customer to the pool cannot take the same customer back.
    #[schema(minimum = 0, maximum = 3650, example = 30)]
    pub pool_reclaim_days: i32,
    /// Largest number of customers that one person can take from the pool within 30 days.
    #[schema(minimum = 0, maximum = 10000, example = 20)]
    pub pool_claims: i32,
}

/// Settings of the company. There is exactly one record.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = settings)]
#[diesel(treat_none_as_null = true)]
pub struct Settings {
    pub id: SettingsId,
    pub version: i32,
    /// The company's own data.
    #[schema(value_type = Company)]
    pub company: JsonColumn<Company>,
    /// Limits for orders and returns.
    #[schema(value_type = OrderSettings)]
    pub orders: JsonColumn<OrderSettings>,
    /// Limits for complaints.
    #[schema(value_type = ComplaintSettings)]
    pub complaints: JsonColumn<ComplaintSettings>,
    /// Rules for customer relations.
    #[schema(value_type = RelationSettings)]
    pub relations: JsonColumn<RelationSettings>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Settings, settings, SettingsId);

/// Settings of the company, for changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SettingsInput {
    /// The company's own data.
    pub company: Company,
    /// Limits for orders and returns.
    pub orders: OrderSettings,
    /// Limits for complaints.
    pub complaints: ComplaintSettings,
    /// Rules for customer relations.
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
