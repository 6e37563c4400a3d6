//! Merge patches (RFC 7396) on the form in which a record is entered: the current record is written as that
//! form, the patch laid over it, and the whole checked as if it were entered anew. So one type and one set of
//! rules serve entry and change.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::shape::Shape;
use super::{Body, BodySchema, Components, Incoming, Media, from_value, refuse};
use crate::base::error::{Error, Result};

/// A merge patch of the form `T`, its present fields already checked.
#[derive(Debug, Clone)]
pub struct Patch<T> {
    fields: Map<String, Value>,
    shape: Option<Arc<Shape>>,
    form: std::marker::PhantomData<fn() -> T>,
}

impl<T: ToSchema + Clone + Send + 'static> Body for Patch<T> {
    fn schema(components: &mut Components) -> Option<BodySchema> {
        Some(BodySchema { reference: components.reference::<T>(), patch: true, media: Media::Json })
    }
    fn read(body: Incoming, shape: Option<&Arc<Shape>>) -> Result<Self> {
        let value = body.value();
        if let Some(shape) = shape {
            refuse(shape.check_patch(&value))?;
        }
        match value {
            Value::Object(fields) => {
                Ok(Patch { fields, shape: shape.cloned(), form: std::marker::PhantomData })
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
    /// The form that the patch makes by itself, where there is no record yet.
    pub fn alone(&self) -> Result<T> {
        self.merged(Value::Null)
    }
    fn merged(&self, mut form: Value) -> Result<T> {
        merge(&mut form, Value::Object(self.fields.clone()));
        // A patch that is right by itself can leave a form that is not, such as an address without a city.
        T::deserialize(&form).or_else(|_| {
            if let Some(shape) = &self.shape {
                refuse(shape.check(&form))?;
            }
            from_value(form)
        })
    }
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
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
