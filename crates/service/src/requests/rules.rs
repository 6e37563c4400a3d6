//! The rules of requests, without database or HTTP: their life, which side takes each step, which dates need
//! agreement, and the figures of their report.

use chrono::NaiveDate;

use super::model::{AnswersFor, DatePromise, Request};
use crate::base::auth::{Caller, Role, Scope, Sight};
use crate::base::http::actions::{ActionState, Obstacle};
use crate::base::messages::Lang;
use crate::base::types::Quantity;
use crate::base::word_sets;
use crate::people::UserId;
use crate::text_enum;

text_enum! {
    /// Status of a request.
    ///
    /// * `open`: nobody has answered yet.
    /// * `accepted`: the department or supplier will do it.
    /// * `in_progress`: somebody works on it.
    /// * `done`: finished.
    /// * `declined`: the department or supplier will not do it.
    /// * `withdrawn`: the requester does not need it any more.
    pub enum RequestStatus {
        Open = "open",
        Accepted = "accepted",
        InProgress = "in_progress",
        Done = "done",
        Declined = "declined",
        Withdrawn = "withdrawn",
    }
}
text_enum! {
    /// A step in the life of a request.
    ///
    /// * `edit`: change what is asked for. By the requester.
    /// * `assign`: name another person who answers. By both sides.
    /// * `accept`: promise to do it. By the side that is asked.
    /// * `decline`: refuse to do it. By the side that is asked.
    /// * `propose_date`: offer another date. By the side that is asked.
    /// * `agree_date`: agree to the offered date. By the requester.
    /// * `insist`: refuse the offered date. By the requester.
    /// * `start`: begin to work on it. By the side that is asked.
    /// * `finish`: record that it is done. By the side that is asked.
    /// * `withdraw`: end it because it is not needed any more. By the requester.
    /// * `reply`: write a question or an answer. By both sides.
    pub enum RequestAction {
        Edit = "edit",
        Assign = "assign",
        Accept = "accept",
        Decline = "decline",
        ProposeDate = "propose_date",
        AgreeDate = "agree_date",
        Insist = "insist",
        Start = "start",
        Finish = "finish",
        Withdraw = "withdraw",
        Reply = "reply",
    }
}
text_enum! {
    /// Side that takes a step.
    ///
    /// * `asks`: the requester.
    /// * `answers`: the side that is asked.
    /// * `either`: both sides.
    pub enum RequestSide {
        Asks = "asks",
        Answers = "answers",
        Either = "either",
    }
}

impl RequestStatus {
    /// The whole life.
    pub fn after(self, action: RequestAction) -> Option<RequestStatus> {
        use RequestAction as A;
        use RequestStatus as S;
        match (self, action) {
            (S::Open, A::Accept) => Some(S::Accepted),
            (S::Accepted, A::Start) => Some(S::InProgress),
            (S::Accepted | S::InProgress, A::Finish) => Some(S::Done),
            (S::Open | S::Accepted | S::InProgress, A::Decline) => Some(S::Declined),
            (S::Open | S::Accepted | S::InProgress, A::Withdraw) => Some(S::Withdrawn),
            (S::Open, A::Edit) => Some(self),
            (S::Accepted | S::InProgress, A::ProposeDate | A::AgreeDate | A::Insist) => Some(self),
            (S::Open | S::Accepted | S::InProgress, A::Assign) => Some(self),
            (_, A::Reply) => Some(self),
            _ => None,
        }
    }
    pub fn has_ended(self) -> bool {
        !self.is_open()
    }
}

word_sets! { RequestStatus {
    /// Not done, declined or withdrawn; as in the partial indexes.
    OPEN, is_open = { Open | Accepted | InProgress } not { Done | Declined | Withdrawn }
    /// Somebody has promised to do it; as in the partial index of dates that wait for an answer.
    PROMISED, is_promised = { Accepted | InProgress } not { Open | Done | Declined | Withdrawn }
} }

impl RequestAction {
    /// The side that takes the step.
    pub const fn side(self) -> RequestSide {
        use RequestAction::*;
        match self {
            Edit | AgreeDate | Insist | Withdraw => RequestSide::Asks,
            Accept | Decline | ProposeDate | Start | Finish => RequestSide::Answers,
            Assign | Reply => RequestSide::Either,
        }
    }
}

/// Whether the caller may act for both sides of every request: a clerk, a machine client, the system itself.
fn is_office(caller: &Caller) -> bool {
    matches!(caller.role, Some(Role::Clerk) | None)
}

impl Request {
    /// Whether its life, with the date that waits for agreement, has this step now.
    pub fn life_allows(&self, action: RequestAction) -> bool {
        self.status.after(action).is_some()
            && match action {
                RequestAction::AgreeDate | RequestAction::Insist => {
                    self.promise == Some(DatePromise::Proposed)
                }
                _ => true,
            }
    }

    /// Whether the caller may act for the requester: the requester, their manager, the office.
    pub fn asks(&self, caller: &Caller) -> bool {
        let me = caller.user.map(UserId);
        let of_team = || match self.requester_id {
            Some(requester) => caller.has_of(requester.0),
            None => self.team_id.is_some_and(|team| caller.teams.contains(&team.0)),
        };
        is_office(caller)
            || (me.is_some() && me == self.requester_id)
            || (caller.sight == Sight::Team && of_team())
    }

    /// Whether the caller may answer: the assignee, those who answer for the department or the supplier, the office.
    /// Requesters do not answer their own request while a colleague is assigned. For a supplier, and for a department
    /// without an assignee, the requester can enter the answer.
    pub fn answers(&self, caller: &Caller, own: &AnswersFor) -> bool {
        let me = caller.user.map(UserId);
        let is_mine = me.is_some() && me == self.requester_id;
        let leads = self.department_id.is_some_and(|id| own.departments.contains(&id))
            || self.supplier_id.is_some_and(|id| own.suppliers.contains(&id));
        match me {
            Some(_) if me == self.assignee_id || leads => true,
            _ if is_mine => self.assignee_id.is_none() || self.supplier_id.is_some(),
            _ => is_office(caller),
        }
    }

    pub fn is_turn_of(&self, caller: &Caller, own: &AnswersFor, action: RequestAction) -> bool {
        match action.side() {
            RequestSide::Asks => self.asks(caller),
            RequestSide::Answers => self.answers(caller, own),
            RequestSide::Either => true,
        }
    }

    /// The steps that the life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller, own: &AnswersFor) -> Vec<RequestAction> {
        let may = caller.may(Scope::RequestsWrite);
        let allows = |a: &RequestAction| may && self.life_allows(*a) && self.is_turn_of(caller, own, *a);
        RequestAction::ALL.iter().copied().filter(allows).collect()
    }

    /// Every step, with what stands in its way.
    pub fn action_states(&self, caller: &Caller, own: &AnswersFor, lang: Lang) -> Vec<ActionState> {
        let state = |action: &RequestAction| {
            let mut obstacles = Vec::new();
            if !caller.may(Scope::RequestsWrite) {
                obstacles.push(Obstacle::scope(lang, Scope::RequestsWrite));
            } else if !self.is_turn_of(caller, own, *action) {
                let code = match action.side() {
                    RequestSide::Asks => "turn_of_requester",
                    _ => "turn_of_asked",
                };
                obstacles.push(Obstacle::new(lang, code, &[], vec![Role::Clerk]));
            }
            if self.status.after(*action).is_none() {
                obstacles.push(Obstacle::status(lang, self.status));
            } else if !self.life_allows(*action) {
                obstacles.push(Obstacle::new(lang, "no_date_proposed", &[], vec![]));
            }
            ActionState::of(action, obstacles)
        };
        RequestAction::ALL.iter().map(state).collect()
    }

    /// Whether an offered date is valid at once: it is not later than the wanted or the agreed date.
    pub fn holds_at_once(&self, offered: NaiveDate) -> bool {
        offered <= self.wanted_by.max(self.due_on)
    }
}

// ---- figures -------------------------------------------------------------------------------------------------

/// The percentile by nearest rank: the smallest value at or below which this share (in hundredths) of all values lie.
/// `counts` holds values in ascending order, each with its number. None without values.
pub fn percentile(counts: &[(i64, i64)], share: i64) -> Option<i64> {
    let all: i64 = counts.iter().map(|(_, n)| n).sum();
    let rank = (all * share + 99) / 100;
    let mut passed = 0;
    counts.iter().find_map(|(value, n)| {
        passed += n;
        (passed >= rank.max(1)).then_some(*value)
    })
}

/// Minutes as hours with two places, rounded half up.
pub fn hours(minutes: i64) -> Quantity {
    Quantity::from_units((minutes * 100 + 30) / 60 * 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_is_exactly_this() {
        use RequestAction::*;
        use RequestStatus::*;
        let life = [
            (
                Open,
                vec![
                    (Edit, Open),
                    (Assign, Open),
                    (Accept, Accepted),
                    (Decline, Declined),
                    (Withdraw, Withdrawn),
                    (Reply, Open),
                ],
            ),
            (
                Accepted,
                vec![
                    (Assign, Accepted),
                    (Decline, Declined),
                    (ProposeDate, Accepted),
                    (AgreeDate, Accepted),
                    (Insist, Accepted),
                    (Start, InProgress),
                    (Finish, Done),
                    (Withdraw, Withdrawn),
                    (Reply, Accepted),
                ],
            ),
            (
                InProgress,
                vec![
                    (Assign, InProgress),
                    (Decline, Declined),
                    (ProposeDate, InProgress),
                    (AgreeDate, InProgress),
                    (Insist, InProgress),
                    (Finish, Done),
                    (Withdraw, Withdrawn),
                    (Reply, InProgress),
                ],
            ),
            (Done, vec![(Reply, Done)]),
            (Declined, vec![(Reply, Declined)]),
            (Withdrawn, vec![(Reply, Withdrawn)]),
        ];
        for (status, steps) in life {
            let possible: Vec<_> =
                RequestAction::ALL.iter().filter_map(|a| Some((*a, status.after(*a)?))).collect();
            assert_eq!(possible, steps, "{status}");
        }
    }

    #[test]
    fn a_percentile_is_the_value_at_the_nearest_rank() {
        let ten: Vec<(i64, i64)> = (1..=10).map(|n| (n * 10, 1)).collect();
        assert_eq!((percentile(&ten, 50), percentile(&ten, 90)), (Some(50), Some(90)));
        assert_eq!(
            (percentile(&[(7, 3), (9, 1)], 50), percentile(&[(7, 3), (9, 1)], 90)),
            (Some(7), Some(9))
        );
        assert_eq!((percentile(&[(5, 1)], 90), percentile(&[], 50)), (Some(5), None));
        assert_eq!((hours(90).to_string(), hours(100).to_string()), ("1.5".into(), "1.67".into()));
    }
}
