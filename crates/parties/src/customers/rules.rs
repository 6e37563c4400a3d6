//! Rules of customers, without database or HTTP: their life, who may change which customer, and the checks of
//! inputs.

use super::model::{
    CreditTerms, Customer, CustomerAction, CustomerInput, CustomerKind, CustomerStatus, CustomerView,
};
use super::tax_id::{self, TaxIdFault};
use crate::base::auth::{Caller, Role, Scope, Sight};
use crate::base::error::{Fault, Faults};
use crate::base::http::actions::{ActionState, Obstacle, holders};
use crate::base::messages::Lang;
use crate::base::text::{self, filled};
use crate::base::types::country;

// ---- life ----------------------------------------------------------------------------------------------------

impl CustomerStatus {
    /// The whole life: the status after a step, None where the step is not possible.
    pub fn after(self, action: CustomerAction) -> Option<CustomerStatus> {
        use CustomerAction::{Activate, Block, MarkDormant, Unblock};
        use CustomerStatus::{Active, Blocked, Dormant, Prospect};
        match (self, action) {
            (Prospect | Dormant, Activate) => Some(Active),
            (Active, MarkDormant) => Some(Dormant),
            (Prospect | Active | Dormant, Block) => Some(Blocked),
            (Blocked, Unblock) => Some(Active),
            _ => None,
        }
    }

    /// The steps that are possible now.
    pub fn actions(self) -> Vec<CustomerAction> {
        CustomerAction::ALL.iter().copied().filter(|a| self.after(*a).is_some()).collect()
    }
}

impl CustomerAction {
    /// The step as an event tells of it: `customer.activated`.
    pub fn verb(self) -> &'static str {
        match self {
            CustomerAction::Activate => "activated",
            CustomerAction::MarkDormant => "marked_dormant",
            CustomerAction::Block => "blocked",
            CustomerAction::Unblock => "unblocked",
        }
    }

    /// Scope that the step needs. Those who sell to the customer cannot lift a block.
    pub const fn scope(self) -> Scope {
        match self {
            CustomerAction::Activate | CustomerAction::MarkDormant => Scope::CustomersWrite,
            CustomerAction::Block | CustomerAction::Unblock => Scope::CustomersBlock,
        }
    }
}

// ---- who may change what -------------------------------------------------------------------------------------

/// Whether the customer is the caller's to work on, not only shown to them. Scopes are asked beside this.
pub fn is_theirs(caller: &Caller, customer: &Customer) -> bool {
    let theirs = match customer.owner_id {
        Some(owner) => caller.has_of(owner.0),
        None if caller.sight == Sight::All => true,
        None if caller.sight == Sight::Own => false,
        None => match customer.team_id {
            Some(team) => caller.teams.contains(&team.0),
            None => caller.has_what_is_nobodys(),
        },
    };
    theirs && caller.is_within(customer.id.0)
}

/// The steps that the customer's life allows now and the caller may take.
pub fn allowed_actions(caller: &Caller, customer: &Customer) -> Vec<CustomerAction> {
    if !is_theirs(caller, customer) || customer.merged_into_id.is_some() {
        return Vec::new();
    }
    customer.status.actions().into_iter().filter(|action| caller.may(action.scope())).collect()
}

/// The customer as its endpoints answer it to this caller.
pub fn view(caller: &Caller, customer: Customer) -> CustomerView {
    CustomerView { allowed_actions: allowed_actions(caller, &customer), customer }
}

/// Every step, with what stands in its way.
pub fn action_states(caller: &Caller, customer: &Customer, lang: Lang) -> Vec<ActionState> {
    let state = |action: &CustomerAction| {
        let mut obstacles = Vec::new();
        if !caller.may(action.scope()) {
            obstacles.push(Obstacle::scope(lang, action.scope()));
        } else if !is_theirs(caller, customer) {
            let others = holders(action.scope()).into_iter().filter(|r| *r != Role::Rep).collect();
            obstacles.push(Obstacle::new(lang, "shared_to_read", &[], others));
        }
        if customer.merged_into_id.is_some() {
            obstacles.push(Obstacle::new(lang, "merged_into_another", &[], vec![]));
        } else if customer.status.after(*action).is_none() {
            obstacles.push(Obstacle::status(lang, customer.status));
        }
        ActionState::of(action, obstacles)
    };
    CustomerAction::ALL.iter().map(state).collect()
}

/// Whether a person with this role can look after customers.
pub fn can_own(role: Role) -> bool {
    role.scopes().has(Scope::CustomersWrite)
}

// ---- input ---------------------------------------------------------------------------------------------------

/// The input in its normal form, with defaults filled in; what is wrong goes to `faults`.
pub fn clean(input: CustomerInput, currency: &str, faults: &mut Faults) -> CustomerInput {
    check_country(&input.country, "/country", faults);
    input.custom_fields.faults().into_iter().for_each(|f| faults.push(f));
    CustomerInput {
        name: not_blank(&input.name, "/name", faults),
        short_name: filled(input.short_name),
        industry: filled(input.industry),
        channel: filled(input.channel),
        source: filled(input.source),
        currency: input.currency.or_else(|| Some(currency.to_owned())),
        tax_id: clean_tax_id(filled(input.tax_id), input.kind, &input.country, faults),
        invoice_title: filled(input.invoice_title),
        bank_name: filled(input.bank_name),
        bank_account: filled(input.bank_account),
        tags: clean_tags(&input.tags, faults),
        notes: filled(input.notes),
        ..input
    }
}

/// The text without space at its ends, which must not be all of it.
pub fn not_blank(text: &str, pointer: impl Into<String>, faults: &mut Faults) -> String {
    let text = text.trim();
    if text.is_empty() {
        faults.push(Fault::at(pointer, "blank"));
    }
    text.to_owned()
}

pub fn check_country(code: &str, pointer: impl Into<String>, faults: &mut Faults) {
    if !country::is_known(code) {
        faults.push(Fault::at(pointer, "unknown_country"));
    }
}

/// A company of mainland China has a unified social credit code. A private person's number is another one
/// (that of the identity card), and every other country has its own kinds: those are kept as they are typed.
pub fn clean_tax_id(
    typed: Option<String>,
    kind: CustomerKind,
    country: &str,
    faults: &mut Faults,
) -> Option<String> {
    let typed = typed?;
    if country != "CN" || kind == CustomerKind::Person {
        return Some(typed);
    }
    let fault = match tax_id::check_uscc(&typed) {
        Ok(code) => return Some(code),
        Err(TaxIdFault::Length) => Fault::at("/tax_id", "tax_id_length"),
        Err(TaxIdFault::Character) => Fault::at("/tax_id", "tax_id_character"),
        Err(TaxIdFault::CheckCharacter { expected }) => {
            Fault::at("/tax_id", "tax_id_check_character").with("expected", expected)
        }
    };
    faults.push(fault);
    None
}

/// Tags as typed, but for space at their ends; two that differ only in case or width are the same.
fn clean_tags(tags: &[String], faults: &mut Faults) -> Vec<String> {
    let mut seen: Vec<String> = Vec::with_capacity(tags.len());
    for (i, tag) in tags.iter().enumerate() {
        let folded = text::fold(tag);
        if folded.is_empty() {
            faults.push(Fault::at(format!("/tags/{i}"), "blank"));
        } else if seen.contains(&folded) {
            faults.push(Fault::at(format!("/tags/{i}"), "duplicate_entry"));
        }
        seen.push(folded);
    }
    tags.iter().map(|tag| tag.trim().to_owned()).collect()
}

/// The same figure in another currency would be another limit, and only finance sets limits.
pub fn check_currency(before: &Customer, input: &CustomerInput, faults: &mut Faults) {
    let moves = input.currency.as_ref().is_some_and(|c| *c != before.currency);
    if moves && before.credit_limit.is_some() {
        faults.push(Fault::at("/currency", "currency_of_credit_limit"));
    }
}

/// The credit terms in their normal form.
pub fn clean_credit(terms: CreditTerms, faults: &mut Faults) -> CreditTerms {
    if terms.credit_limit.is_some_and(|limit| limit.is_negative()) {
        faults.push(Fault::at("/credit_limit", "out_of_range").with("min", 0));
    }
    CreditTerms {
        payment_terms: filled(terms.payment_terms),
        reason: not_blank(&terms.reason, "/reason", faults),
        ..terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn input(change: serde_json::Value) -> CustomerInput {
        let mut form = serde_json::json!({"name": " 天河贸易 "});
        crate::base::http::patch::merge(&mut form, change);
        serde_json::from_value(form).unwrap()
    }

    fn cleaned(change: serde_json::Value) -> (CustomerInput, Vec<(String, &'static str)>) {
        let mut faults = Faults::default();
        let clean = clean(input(change), "CNY", &mut faults);
        let told = faults.list().iter().map(|f| match &f.place {
            crate::base::error::Place::Pointer(p) => (p.clone(), f.code),
            crate::base::error::Place::Parameter(p) => (p.clone(), f.code),
        });
        (clean, told.collect())
    }

    #[test]
    fn the_life_is_exactly_this() {
        use CustomerAction::*;
        use CustomerStatus::*;
        let life = [
            (Prospect, vec![(Activate, Active), (Block, Blocked)]),
            (Active, vec![(MarkDormant, Dormant), (Block, Blocked)]),
            (Dormant, vec![(Activate, Active), (Block, Blocked)]),
            (Blocked, vec![(Unblock, Active)]),
        ];
        for (status, steps) in life {
            let possible: Vec<_> =
                CustomerAction::ALL.iter().filter_map(|a| Some((*a, status.after(*a)?))).collect();
            assert_eq!(possible, steps, "{status}");
        }
    }

    #[test]
    fn defaults_are_filled_in_and_texts_trimmed() {
        let (clean, faults) = cleaned(serde_json::json!({"short_name": "  ", "notes": " x "}));
        assert_eq!(faults, []);
        assert_eq!(
            (clean.name.as_str(), clean.short_name, clean.notes.as_deref()),
            ("天河贸易", None, Some("x"))
        );
        assert_eq!((clean.currency.as_deref(), clean.country.as_str()), (Some("CNY"), "CN"));
        assert_eq!((clean.kind, clean.tier), (CustomerKind::Company, super::super::model::CustomerTier::C));
    }

    #[test]
    fn a_chinese_company_has_a_right_tax_id() {
        for (typed, code) in [
            ("9144030071526726X", "tax_id_length"),
            ("9144030071526726XO", "tax_id_character"),
            ("9144030071526726XA", "tax_id_check_character"),
        ] {
            let (_, faults) = cleaned(serde_json::json!({"tax_id": typed}));
            assert_eq!(faults, [("/tax_id".to_owned(), code)]);
        }
        let (clean, faults) = cleaned(serde_json::json!({"tax_id": "9144 0300 7152 6726 xg"}));
        assert_eq!((clean.tax_id.as_deref(), faults), (Some("9144030071526726XG"), vec![]));
    }

    #[test]
    fn others_have_tax_ids_of_other_kinds() {
        for other in [
            serde_json::json!({"tax_id": "DE 123456789", "country": "DE"}),
            serde_json::json!({"tax_id": "11010519491231002X", "kind": "person"}),
        ] {
            let (clean, faults) = cleaned(other);
            assert!(clean.tax_id.is_some() && faults.is_empty(), "{faults:?}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let keys: serde_json::Map<_, _> = (0..51).map(|i| (format!("k{i}"), serde_json::json!(i))).collect();
        let (_, faults) = cleaned(serde_json::json!({
            "name": " ", "country": "XX", "tags": ["VIP", "ｖｉｐ", " "], "custom_fields": keys,
        }));
        let told: Vec<(&str, &str)> = faults.iter().map(|(p, c)| (p.as_str(), *c)).collect();
        for fault in [
            ("/name", "blank"),
            ("/country", "unknown_country"),
            ("/tags/1", "duplicate_entry"),
            ("/tags/2", "blank"),
            ("/custom_fields", "too_many_items"),
        ] {
            assert!(told.contains(&fault), "{fault:?} in {told:?}");
        }
        assert_eq!(told.len(), 5);
    }

    #[test]
    fn a_record_is_theirs_by_ownership_team_or_office() {
        let (me, team, colleague) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(5));
        let caller = |role| Caller {
            people: vec![me, colleague],
            ..Caller::person(me, "x", role, Some(team), vec![team])
        };
        let mut customer = super::super::work::tests::customer();
        for (owner, of_team, rep, manager) in [
            (None, None, false, true),
            (Some(me), None, true, true),
            (None, Some(team), false, true),
            (None, Some(Uuid::from_u128(4)), false, false),
            (Some(Uuid::from_u128(3)), Some(Uuid::from_u128(4)), false, false),
            // Whose it is follows the person, not the team that the record was in once.
            (Some(colleague), Some(Uuid::from_u128(4)), false, true),
            (Some(Uuid::from_u128(3)), Some(team), false, false),
        ] {
            customer.owner_id = owner.map(crate::people::UserId);
            customer.team_id = of_team.map(crate::people::TeamId);
            assert_eq!(is_theirs(&caller(Role::Rep), &customer), rep);
            assert_eq!(is_theirs(&caller(Role::Manager), &customer), manager);
            assert!(is_theirs(&caller(Role::Clerk), &customer));
        }
    }

    #[test]
    fn readers_and_those_it_is_shared_with_take_no_steps() {
        // The program does this when it starts.
        crate::base::messages::add(&[&crate::customers::AREA]).expect("words of their own");
        let caller = |role| Caller::person(Uuid::from_u128(1), "x", role, None, vec![]);
        let customer = super::super::work::tests::customer();
        for (role, obstacles) in [
            (Role::Clerk, vec![]),
            (Role::Rep, vec!["shared_to_read"]),
            (Role::Finance, vec!["missing_scope"]),
        ] {
            let states = action_states(&caller(role), &customer, Lang::En);
            let activate = states.iter().find(|s| s.action == "activate").unwrap();
            let told: Vec<&str> = activate.obstacles.iter().map(|o| o.code.as_str()).collect();
            assert_eq!(told, obstacles, "{role}");
            let allowed = allowed_actions(&caller(role), &customer).contains(&CustomerAction::Activate);
            assert_eq!(allowed, obstacles.is_empty());
        }
    }
}
