//! Remedies: rows, inputs, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, Json};
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
    /// How something is made good.
    pub enum RemedyKind {
        /// Money that the customer need not pay, or gets back.
        Credit = "credit",
        /// Goods, by an order without a price.
        Replacement = "replacement",
    }
}
text_enum! {
    /// Where a remedy is in its life.
    pub enum RemedyStatus {
        /// Waits for approval.
        Proposed = "proposed",
        /// Granted when the complaint is resolved.
        Approved = "approved",
        Rejected = "rejected",
        Granted = "granted",
    }
}
text_enum! {
    /// A step in a remedy's life.
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

/// How much of a product is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RemedyLine {
    pub product_id: ProductId,
    pub quantity: Quantity,
}

/// What a customer is given to make a complaint good.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = complaint_remedies)]
#[diesel(treat_none_as_null = true)]
pub struct Remedy {
    pub id: RemedyId,
    pub version: i32,
    pub complaint_id: ComplaintId,
    pub kind: RemedyKind,
    pub status: RemedyStatus,
    /// What is credited, or what the goods cost the company.
    #[schema(example = "120.00")]
    pub amount: Amount,
    #[schema(example = "CNY", max_length = 3)]
    pub currency: String,
    #[schema(max_length = 1000)]
    pub description: String,
    /// The goods of a replacement.
    #[schema(value_type = Vec<RemedyLine>)]
    pub lines: Json<Vec<RemedyLine>>,
    pub decided_at: Option<At>,
    pub decided_by: Option<UserId>,
    #[schema(max_length = 1000)]
    pub decided_reason: Option<String>,
    pub granted_at: Option<At>,
    /// The order that brings the goods.
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
});

/// A remedy as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemedyView {
    #[serde(flatten)]
    pub remedy: Remedy,
    /// The steps that its life allows now and the caller may take; it is granted with the complaint's resolution.
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

/// A remedy as proposed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct RemedyInput {
    pub kind: RemedyKind,
    /// What is credited, or what the goods cost the company. Above the limit of the settings it needs approval.
    pub amount: Amount,
    /// ISO 4217; the customer's when left out.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    #[schema(min_length = 1, max_length = 1000, example = "5 % off the order")]
    pub description: String,
    /// The goods of a replacement; none for a credit.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub lines: Vec<RemedyLine>,
}

/// What was decided, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Decision {
    #[schema(max_length = 1000, example = "A good customer")]
    pub reason: Option<String>,
}

/// The remedies of the complaints that a caller sees.
pub fn visible_to(caller: &Caller) -> Cond {
    crate::complaints::part_of_visible(caller, "complaint_remedies.complaint_id")
}

pub static REMEDIES: ListSpec = ListSpec {
    id: "complaint_remedies.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(RemedyStatus::WORDS), "Only these."),
            Does::Is("complaint_remedies.status"),
        ),
        filter(
            Param::new("kind", Takes::Words(RemedyKind::WORDS), "Only these."),
            Does::Is("complaint_remedies.kind"),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: "complaint_remedies.created_at" }],
    sort_names: &["created_at"],
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
