//! Revision proposals: rows, figures, list.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, Guard, JsonColumn};
use crate::base::error::Result;
use crate::base::http::params::{Param, Takes};
use crate::base::types::{Amount, At, Price, Quantity, Rate, TextEnum};
use crate::customers::CustomerId;
use crate::orders::model::{OrderId, OrderLineId, RevisionInput};
use crate::orders::rules::OrderAction;
use crate::people::UserId;
use crate::products::model::ProductId;
use crate::schema::{order_revision_proposals, orders};
use crate::{entity, id_type, text_enum};

id_type!(RevisionProposalId, "orp", "order_revision_proposal");

text_enum! {
    /// Status of a revision proposal:
    ///
    /// - `proposed`: waits for approval; the order is as it was
    /// - `approved`: the order was changed
    /// - `rejected`: the order stays as it was
    /// - `withdrawn`: taken back
    pub enum ProposalStatus {
        Proposed = "proposed",
        Approved = "approved",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
    }
}
text_enum! {
    /// Step in the life of a revision proposal:
    ///
    /// - `approve`: change the order
    /// - `reject`: leave the order as it is
    /// - `withdraw`: take the proposal back
    pub enum ProposalAction { Approve = "approve", Reject = "reject", Withdraw = "withdraw" }
}
text_enum! {
    /// In what a change of an order is worse for the company than what was approved:
    ///
    /// - `price`: less is left of a unit's price after discount
    /// - `quantity`: more of a line
    /// - `new_line`: a line more
    /// - `total`: a higher total
    /// - `margin`: a smaller share is left after costs
    /// - `terms`: anything else that was approved
    pub enum WorseIn {
        Price = "price",
        Quantity = "quantity",
        NewLine = "new_line",
        Total = "total",
        Margin = "margin",
        Terms = "terms",
    }
}

impl ProposalStatus {
    /// The whole life.
    pub fn after(self, action: ProposalAction) -> Option<ProposalStatus> {
        match (self, action) {
            (ProposalStatus::Proposed, ProposalAction::Approve) => Some(ProposalStatus::Approved),
            (ProposalStatus::Proposed, ProposalAction::Reject) => Some(ProposalStatus::Rejected),
            (ProposalStatus::Proposed, ProposalAction::Withdraw) => Some(ProposalStatus::Withdrawn),
            _ => None,
        }
    }
}

/// One thing that is worse for the company than what was approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Worse {
    /// What is worse.
    pub what: WorseIn,
    /// Line that it is about. Null when it is about the whole order, and for a line that is added.
    pub line_id: Option<OrderLineId>,
    /// What was approved. Null where that is a secret, or where there was nothing.
    #[schema(max_length = 400, example = "12.50")]
    pub seen: Option<String>,
    /// What it would be. Null where that is a secret.
    #[schema(max_length = 400, example = "10.00")]
    pub now: Option<String>,
}

/// The figures that are decided on: the order as it would be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProposedFigures {
    /// Currency of all amounts, ISO 4217.
    #[schema(max_length = 3, example = "CNY")]
    pub currency: String,
    /// Total before tax.
    pub net: Amount,
    /// Total with tax.
    pub gross: Amount,
    /// Delivery terms in words. Null when there are none.
    #[schema(max_length = 200, example = "DAP Guangzhou")]
    pub delivery_terms: Option<String>,
    /// Promised day. Null without a promise.
    pub promised_date: Option<NaiveDate>,
    /// All lines.
    #[schema(max_items = 500)]
    pub lines: Vec<ProposedLine>,
}

/// A line as it would be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProposedLine {
    /// Line of the order. Null for one that is added.
    pub line_id: Option<OrderLineId>,
    /// Product that is ordered.
    pub product_id: ProductId,
    /// Ordered quantity, in `unit`.
    pub quantity: Quantity,
    /// Unit of the quantity and of the price.
    #[schema(max_length = 40, example = "pcs")]
    pub unit: String,
    /// Price of one `unit`, before discount and tax, in `currency`.
    pub unit_price: Price,
    /// Discount as a share from 0 to 1.
    pub discount_rate: Rate,
    /// Tax rate as a share from 0 to 1.
    pub tax_rate: Rate,
}

/// A change of a confirmed order that waits, or waited, for approval.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = order_revision_proposals)]
#[diesel(treat_none_as_null = true)]
pub struct RevisionProposal {
    pub id: RevisionProposalId,
    pub version: i32,
    /// Order that would change.
    pub order_id: OrderId,
    /// Status of the proposal.
    pub status: ProposalStatus,
    /// Why the order would change.
    #[schema(max_length = 1000, example = "Two more boxes")]
    pub reason: String,
    /// The change itself, as it was sent.
    #[schema(value_type = BTreeMap<String, crate::base::http::history::AnyJson>)]
    pub input: JsonColumn<RevisionInput>,
    /// The figures that are decided on.
    #[schema(value_type = ProposedFigures)]
    pub figures: JsonColumn<ProposedFigures>,
    /// In what it is worse for the company than what the order had.
    #[schema(value_type = Vec<Worse>)]
    pub worse: JsonColumn<Vec<Worse>>,
    /// Number of the revision that it became. Null unless it was approved.
    #[schema(example = 1)]
    pub revision: Option<i32>,
    /// When it was approved, rejected or withdrawn. Null until then.
    pub decided_at: Option<At>,
    /// Person who did that. Null until then, and for a machine client.
    pub decided_by: Option<UserId>,
    /// Why. Null when no reason was given.
    #[schema(max_length = 1000, example = "Not at this price")]
    pub decided_reason: Option<String>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(RevisionProposal, order_revision_proposals, RevisionProposalId, {
    fn customer(&self, conn: &mut Conn) -> Result<Option<Uuid>> {
        let of = orders::table.filter(orders::id.eq(self.order_id)).select(orders::customer_id);
        let customer: Option<CustomerId> = of.first(conn).optional()?;
        Ok(customer.map(|id| id.0))
    }
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        before
            .or(after)
            .map(|proposal| Guard::row("revision_proposals", proposal.order_id))
            .into_iter()
            .collect()
    }
});

/// A revision proposal with the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionProposalView {
    #[serde(flatten)]
    pub proposal: RevisionProposal,
    /// Steps that you can take now. A limit or a finding can still stand in the way.
    pub allowed_actions: Vec<ProposalAction>,
}

impl RevisionProposal {
    /// Whether the caller has proposed it. What a machine proposed needs a person's eyes.
    pub fn is_own(&self, caller: &Caller) -> bool {
        match self.created_by {
            Some(by) => caller.user == Some(by.0),
            None => caller.client_id.is_some(),
        }
    }
    pub fn view(self, caller: &Caller) -> RevisionProposalView {
        let may = |action: ProposalAction| match action {
            ProposalAction::Approve => caller.may(OrderAction::Approve.scopes()[0]) && !self.is_own(caller),
            ProposalAction::Reject => caller.may(OrderAction::Approve.scopes()[0]),
            ProposalAction::Withdraw => OrderAction::Revise.scopes().iter().any(|s| caller.may(*s)),
        };
        let allowed = |action: &ProposalAction| self.status.after(*action).is_some() && may(*action);
        let allowed_actions = ProposalAction::ALL.iter().copied().filter(allowed).collect();
        RevisionProposalView { allowed_actions, proposal: self }
    }
}

/// The proposals for the orders that a caller sees.
pub fn visible_to(caller: &Caller) -> Predicate {
    match crate::orders::model::visible_to(caller) {
        Predicate::All => Predicate::All,
        seen => Predicate::in_select(col!(order_revision_proposals::order_id), col!(orders::id), seen),
    }
}

pub static PROPOSALS: ListSpec = ListSpec {
    id: col!(order_revision_proposals::id),
    filters: &[filter(
        Param::new("status", Takes::Words(ProposalStatus::WORDS), "Proposals with one of these statuses."),
        Does::Is(col!(order_revision_proposals::status)),
    )],
    sorts: &[Sort { name: "created_at", column: col!(order_revision_proposals::created_at) }],
    default_sort: "created_at",
    expand: &[],
};

impl Row for RevisionProposal {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}
