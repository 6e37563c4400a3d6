//! Merge patches (RFC 7396) on the form in which a record is entered: the current record is written as that
//! form, the patch laid over it, and the whole checked as if it were entered anew. So one type and one set of
//! rules serve entry and change.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::validator::SchemaValidator;
use super::{Body, BodySchema, Components, Incoming, Media, from_value, refuse};
use crate::db::{ExternalId, external};
use crate::error::{Error, Fault, Result};

/// A merge patch of the form `T`, its present fields already checked.
#[derive(Debug, Clone)]
pub struct Patch<T> {
    fields: Map<String, Value>,
    validator: Option<Arc<SchemaValidator>>,
    form: std::marker::PhantomData<fn() -> T>,
}

impl<T: ToSchema + Clone + Send + 'static> Body for Patch<T> {
    fn schema(components: &mut Components) -> Option<BodySchema> {
        Some(BodySchema { reference: components.reference::<T>(), patch: true, media: Media::Json })
    }
    fn read(body: Incoming, validator: Option<&Arc<SchemaValidator>>) -> Result<Self> {
        let mut value = body.value();
        if let Some(validator) = validator {
            validator.bring_keys_to_form(&mut value);
            refuse(validator.check_patch(&value))?;
        }
        match value {
            Value::Object(fields) => {
                Ok(Patch { fields, validator: validator.cloned(), form: std::marker::PhantomData })
            }
            _ => Err(Error::field("", "wrong_type")),
        }
    }
}

impl<T: Serialize + DeserializeOwned> Patch<T> {
    /// The form with the patch laid over it.
    pub fn onto(&self, current: &T) -> Result<T> {
        let form = serde_json::to_value(current).map_err(|e| Error::internal(e.to_string()))?;
        self.merged(form)
    }
    fn merged(&self, mut form: Value) -> Result<T> {
        merge(&mut form, Value::Object(self.fields.clone()));
        // A patch that is right by itself can leave a form that is not, such as an address without a city.
        T::deserialize(&form).or_else(|_| {
            if let Some(validator) = &self.validator {
                refuse(validator.check(&form))?;
            }
            from_value(form)
        })
    }
}

impl<T> Patch<T> {
    /// A patch that changes nothing.
    pub fn of_nothing() -> Patch<T> {
        Patch { fields: Map::new(), validator: None, form: std::marker::PhantomData }
    }
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }
    /// A field as it was sent.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)
    }
    /// Whether it is about this field alone.
    pub fn is_only(&self, field: &str) -> bool {
        self.fields.len() == 1 && self.has(field)
    }
    /// What the patch makes by itself, where there is no record yet; the whole form is asked for.
    pub fn whole<C: DeserializeOwned>(&self) -> Result<C> {
        let mut form = Value::Null;
        merge(&mut form, Value::Object(self.fields.clone()));
        if let Some(validator) = &self.validator {
            refuse(validator.check(&form))?;
        }
        from_value(form)
    }
    /// The same patch, with this external id among those that it lists; also where it lists none, if it `must`.
    pub fn naming(&self, id: &ExternalId, must: bool) -> Result<Patch<T>> {
        let mut fields = self.fields.clone();
        let mut ids: Vec<ExternalId> = match fields.get("external_ids") {
            None if !must => Vec::new(),
            None | Some(Value::Null) => vec![id.clone()],
            Some(list) => from_value(list.clone())?,
        };
        if must || fields.contains_key("external_ids") {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
            if ids.len() > external::MOST {
                let fault = Fault::at("/external_ids", "too_many_items").with("max", external::MOST);
                return Err(Error::invalid(vec![fault]));
            }
            fields.insert("external_ids".into(), json!(ids));
        }
        Ok(Patch { fields, validator: self.validator.clone(), form: std::marker::PhantomData })
    }
}

/// RFC 7396, section 2.
pub fn merge(target: &mut Value, patch: Value) {
    let Value::Object(fields) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(object) = target.as_object_mut() else { return };
    for (name, value) in fields {
        match value {
            Value::Null => drop(object.remove(&name)),
            value => merge(object.entry(name).or_insert(Value::Null), value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn absent_keeps_null_clears_objects_merge_arrays_replace() {
        let mut form = json!({"a": 1, "b": 2, "o": {"x": 1, "y": 2}, "l": [1, 2]});
        merge(&mut form, json!({"b": null, "o": {"x": null, "z": 3}, "l": [9]}));
        assert_eq!(form, json!({"a": 1, "o": {"y": 2, "z": 3}, "l": [9]}));
    }
}
