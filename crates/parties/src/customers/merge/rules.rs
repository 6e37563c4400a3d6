//! What one customer takes over from another, and gives back.

use serde_json::{Map, Value};

use super::model::Terms;
use crate::base::db::external;
use crate::base::error::{Error, Result};
use crate::customers::model::{Customer, CustomerInput, CustomerStatus};

/// Days during which a merge can be undone.
pub const UNDO_DAYS: i64 = 30;
/// Highest number of records that a merge moves.
pub const MOST: usize = 1_000;
const MOST_TAGS: usize = 20;
const MOST_CUSTOM_FIELDS: usize = 50;

/// Takes these fields over where the survivor has nothing.
macro_rules! take_lacking {
    ($form:ident from $other:ident: $($field:ident),+) => {
        $(if $form.$field.is_none() { $form.$field.clone_from(&$other.$field) })+
    };
}

/// The survivor's form with what it lacks and the other has; None when they have too many external ids
/// together.
pub fn take_over(own: &CustomerInput, other: &CustomerInput) -> Option<CustomerInput> {
    let mut form = own.clone();
    take_lacking!(form from other: short_name, industry, region_id, channel, source, invoice_title);
    take_lacking!(form from other: bank_name, bank_account, notes);
    // A tax id is checked by these two.
    if own.kind == other.kind && own.country == other.country {
        take_lacking!(form from other: tax_id);
    }
    let tags: Vec<String> = own.tags.iter().map(|tag| crate::base::text::fold(tag)).collect();
    let more = other.tags.iter().filter(|tag| !tags.contains(&crate::base::text::fold(tag)));
    form.tags.extend(more.take(MOST_TAGS.saturating_sub(own.tags.len())).cloned());
    form.external_ids.extend(other.external_ids.iter().cloned());
    if form.external_ids.len() > external::MOST {
        return None;
    }
    let custom = &mut form.custom_fields.0;
    for (name, value) in &other.custom_fields.0 {
        if custom.len() < MOST_CUSTOM_FIELDS && !custom.contains_key(name) {
            custom.insert(name.clone(), value.clone());
        }
    }
    Some(form)
}

/// The stricter terms of both: blocked, the lower limit, the fewer days. None where two limits cannot be compared.
pub fn stricter(own: &Customer, other: &Customer) -> Option<Terms> {
    let mut terms = Terms::of(own);
    if other.status == CustomerStatus::Blocked && own.status != CustomerStatus::Blocked {
        (terms.status, terms.block_reason) = (other.status, other.block_reason.clone());
    }
    terms.payment_days = own.payment_days.min(other.payment_days);
    terms.credit_limit = match (own.credit_limit, other.credit_limit) {
        (own, None) => own,
        (None | Some(_), Some(_)) if own.currency != other.currency => return None,
        (None, limit) => limit,
        (Some(one), Some(two)) => Some(one.min(two)),
    };
    Some(terms)
}

/// The survivor's form as it is `now`, without what it took over, unless somebody has changed it since.
pub fn give_back(
    now: &CustomerInput,
    before: &CustomerInput,
    after: &CustomerInput,
) -> Result<CustomerInput> {
    let (mut form, before, after) = (fields(now)?, fields(before)?, fields(after)?);
    for (name, value) in &mut form {
        undo(value, before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null));
    }
    typed(form)
}

/// Lists lose the entries that the merge added, objects the members that it added; other values are restored.
fn undo(now: &mut Value, before: &Value, after: &Value) {
    match (now, before, after) {
        (Value::Array(now), Value::Array(before), Value::Array(after)) => {
            now.retain(|item| before.contains(item) || !after.contains(item));
        }
        (Value::Object(now), Value::Object(before), Value::Object(after)) => {
            now.retain(|name, value| before.contains_key(name) || after.get(name) != Some(value));
        }
        (now, before, after) if now == after => *now = before.clone(),
        _ => {}
    }
}

fn fields(form: &CustomerInput) -> Result<Map<String, Value>> {
    match serde_json::to_value(form) {
        Ok(Value::Object(fields)) => Ok(fields),
        other => Err(Error::internal(format!("a form is no object: {other:?}"))),
    }
}

fn typed(form: Map<String, Value>) -> Result<CustomerInput> {
    serde_json::from_value(Value::Object(form)).map_err(|e| Error::internal(format!("a form is none: {e}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(value: Value) -> CustomerInput {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_what_is_lacking_is_taken_over() {
        let own = form(json!({"name": "A", "industry": "tea", "tags": ["VIP"], "custom_fields": {"a": 1}}));
        let other = form(json!({"name": "B", "industry": "silk", "source": "fair", "tags": ["vip", "x"],
            "custom_fields": {"a": 2, "b": 3}, "external_ids": [{"system": "sap", "id": "1"}]}));
        let after = take_over(&own, &other).unwrap();
        assert_eq!((after.name.as_str(), after.industry.as_deref()), ("A", Some("tea")));
        assert_eq!(
            (after.source.as_deref(), &after.tags),
            (Some("fair"), &vec!["VIP".to_owned(), "x".into()])
        );
        assert_eq!(after.external_ids, other.external_ids);
        assert_eq!(serde_json::to_value(&after.custom_fields).unwrap(), json!({"a": 1, "b": 3}));
        assert_eq!(give_back(&after, &own, &after).unwrap(), own);
    }

    #[test]
    fn what_was_changed_since_stays() {
        let own = form(json!({"name": "A"}));
        let after = form(json!({"name": "A", "source": "fair", "tags": ["x"], "notes": "n"}));
        let now = form(json!({"name": "A2", "source": "shop", "tags": ["x", "y"], "notes": "n"}));
        let back = give_back(&now, &own, &after).unwrap();
        assert_eq!((back.name.as_str(), back.source.as_deref(), back.notes), ("A2", Some("shop"), None));
        assert_eq!(back.tags, ["y"]);
    }
}
