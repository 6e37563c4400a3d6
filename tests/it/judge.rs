//! A second judge of JSON beside the product's own checker: the crate `jsonschema`, which knows nothing of it.
//!
//! The product checks bodies with [`Shape`](salesdesk::base::http::shape::Shape), and so did the tests. A mistake in it
//! hid itself. Here both judge, and must agree.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use salesdesk::base::http::shape::Shape;
use serde_json::Value;

use crate::support::components;


/// What both say of a schema, compiled.
pub struct Judges {
    ours: Shape,
}

impl Judges {
    /// Of a schema of the document; compiled once for all tests.
    pub fn of(schema: &Value) -> Arc<Judges> {
        static KNOWN: OnceLock<Mutex<HashMap<String, Arc<Judges>>>> = OnceLock::new();
        let known = KNOWN.get_or_init(Mutex::default);
        let name = schema.to_string();
        if let Some(judges) = known.lock().expect("no judge panics").get(&name) {
            return judges.clone();
        }
        let judges = Arc::new(Judges::compile(schema));
        known.lock().expect("no judge panics").entry(name).or_insert(judges).clone()
    }

    fn compile(schema: &Value) -> Judges {
        Judges {
            ours: Shape::compile(schema, components()).unwrap_or_else(|e| panic!("{schema}: {e}")),
        }
    }

    /// What is wrong with a value; both must find it so.
    pub fn faults(&self, value: &Value) -> Vec<String> {
        let ours = self.ours.check(value);
        let told = ours.iter().map(|fault| format!("{fault:?}"));
        told.collect()
    }
}
