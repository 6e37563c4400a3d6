//! Remedies: rows, inputs, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, Guard, JsonColumn};
use crate::base::error::Result;
use crate::base::http::params::{Param, Takes};
use crate::base::types::{Amount, At, Quantity, TextEnum};
use crate::complaints::model::ComplaintId;
use crate::orders::model::OrderId;
use crate::people::UserId;
use crate::products::model::ProductId;
use crate::schema::complaint_remedies;
use crate::{entity, id_type, text_enum};

id_type!(RemedyId, "rmd", "complaint_remedy");

text_enum! {
    /// How a complaint is made good.
    ///
    /// * `credit`: the customer gets money back or pays less.
    /// * `replacement`: the customer gets goods, by a draft order at price 0.
    pub enum RemedyKind {
        Credit = "credit",
        Replacement = "replacement",
    }
}
text_enum! {
    /// Status of a remedy.
    ///
    /// * `proposed`: waits for approval, because its amount is above the limit.
    /// * `approved`: will be granted when the complaint is resolved.
    /// * `rejected`: will not be granted.
    /// * `granted`: the complaint was resolved with it.
    pub enum RemedyStatus {
        Proposed = "proposed",
        Approved = "approved",
        Rejected = "rejected",
        Granted = "granted",
    }
}
text_enum! {
    /// A step in the life of a remedy.
    ///
    /// * `approve`: allow it.
    /// * `reject`: refuse it.
    /// * `grant`: give it to the customer; this happens when the complaint is resolved.
    pub enum RemedyAction { Approve = "approve", Reject = "reject", Grant = "grant" }
}

impl RemedyStatus {
    /// The whole life.
    pub fn after(self, action: RemedyAction) -> Option<RemedyStatus> {
        match (self, action) {
            (RemedyStatus::Proposed, RemedyAction::Approve) => Some(RemedyStatus::Approved),
            (RemedyStatus::Proposed | RemedyStatus::Approved, RemedyAction::Reject) => {
                Some(RemedyStatus::Rejected)
            }
            (RemedyStatus::Approved, RemedyAction::Grant) => Some(RemedyStatus::Granted),
            _ => None,
        }
    }
}

/// A product and a quantity that a customer is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RemedyLine {
    /// Product that is sent.
    pub product_id: ProductId,
    /// Quantity in the base unit of the product. Greater than 0.
    pub quantity: Quantity,
}

/// A credit or goods that a customer is given for a complaint.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = complaint_remedies)]
#[diesel(treat_none_as_null = true)]
pub struct Remedy {
    pub id: RemedyId,
    pub version: i32,
    /// Complaint that it is for.
    pub complaint_id: ComplaintId,
    /// Credit or replacement goods.
    pub kind: RemedyKind,
    /// Status of the remedy.
    pub status: RemedyStatus,
    /// Amount of the credit, or what the goods cost the company, in `currency`.
    #[schema(example = "120.00")]
    pub amount: Amount,
    /// ISO 4217 code of the currency of `amount`, and of the order that brings a replacement.
    #[schema(example = "CNY", max_length = 3)]
    pub currency: String,
    /// What the customer is given, for people.
    #[schema(max_length = 1000)]
    pub description: String,
    /// Goods of a replacement. Empty for a credit.
    #[schema(value_type = Vec<RemedyLine>)]
    pub lines: JsonColumn<Vec<RemedyLine>>,
    /// When it was approved or rejected by a person. Null until then, and when the limit approved it.
    pub decided_at: Option<At>,
    /// Person who approved or rejected it. Null when nobody did, and for a machine client.
    pub decided_by: Option<UserId>,
    /// Reason of the decision. Null when none was given.
    #[schema(max_length = 1000)]
    pub decided_reason: Option<String>,
    /// When it was granted, together with the resolution of the complaint. Null until then.
    pub granted_at: Option<At>,
    /// Order that brings the replacement goods. Null until it is granted, and for a credit.
    pub order_id: Option<OrderId>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Remedy, complaint_remedies, RemedyId, {
    fn customer(&self, conn: &mut Conn) -> Result<Option<Uuid>> {
        crate::complaints::model::customer_of(conn, self.complaint_id)
    }
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        before.or(after).map(|remedy| Guard::row("remedies", remedy.complaint_id)).into_iter().collect()
    }
});

/// A remedy with the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemedyView {
    #[serde(flatten)]
    pub remedy: Remedy,
    /// Steps that you can take now. `grant` is never among them: a remedy is granted when its complaint is
    /// resolved.
    pub allowed_actions: Vec<RemedyAction>,
}

impl Remedy {
    pub fn view(self, caller: &Caller) -> RemedyView {
        let may = caller.may(Scope::ComplaintsApprove);
        let steps = [RemedyAction::Approve, RemedyAction::Reject];
        let allowed = |action: &RemedyAction| may && self.status.after(*action).is_some();
        RemedyView { allowed_actions: steps.into_iter().filter(allowed).collect(), remedy: self }
    }
}

/// A proposed remedy.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct RemedyInput {
    /// Credit or replacement goods.
    pub kind: RemedyKind,
    /// Amount of the credit, or what the goods cost the company, in `currency`. Greater than 0. Above the
    /// limit of the settings (`complaints.remedy_limit`) the remedy needs approval.
    pub amount: Amount,
    /// ISO 4217 code of the currency of `amount`. Defaults to the customer's currency.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    /// What the customer is given, for people.
    #[schema(min_length = 1, max_length = 1000, example = "5 % off the order")]
    pub description: String,
    /// Goods of a replacement, at least one. Refused for a credit.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub lines: Vec<RemedyLine>,
}

/// Why a remedy is approved or rejected.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Decision {
    /// Reason of the decision; kept on the remedy and in the history.
    #[schema(max_length = 1000, example = "A good customer")]
    pub reason: Option<String>,
}

/// The remedies of the complaints that a caller sees.
pub fn visible_to(caller: &Caller) -> Predicate {
    crate::complaints::part_of_visible(caller, col!(complaint_remedies::complaint_id))
}

pub static REMEDIES: ListSpec = ListSpec {
    id: col!(complaint_remedies::id),
    filters: &[
        filter(
            Param::new("status", Takes::Words(RemedyStatus::WORDS), "Remedies with one of these statuses."),
            Does::Is(col!(complaint_remedies::status)),
        ),
        filter(
            Param::new("kind", Takes::Words(RemedyKind::WORDS), "Remedies of these kinds."),
            Does::Is(col!(complaint_remedies::kind)),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: col!(complaint_remedies::created_at) }],
    default_sort: "created_at",
    expand: &["order"],
};

impl Row for Remedy {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}
