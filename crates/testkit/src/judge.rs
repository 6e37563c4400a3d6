//! A second judge of JSON beside the product's own checker: the crate `jsonschema`, which knows nothing of it.
//!
//! The product checks bodies with [`SchemaValidator`], and so did the tests. A mistake in it hid itself. Here both judge, and
//! must agree.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Draft, Registry, Validator};
use salesdesk::base::http::validator::SchemaValidator;
use serde_json::{Value, json};

use crate::support::components;

/// What the document is called where `jsonschema` looks its references up.
const DOCUMENT: &str = "urn:salesdesk";

/// Both judges of one schema, compiled.
pub struct Judges {
    ours: SchemaValidator,
    theirs: Validator,
}

impl Judges {
    /// Of a schema of the document; compiled once for all tests.
    pub fn of(schema: &Value) -> Arc<Judges> {
        static KNOWN: Mutex<BTreeMap<String, Arc<Judges>>> = Mutex::new(BTreeMap::new());
        let name = schema.to_string();
        if let Some(judges) = KNOWN.lock().expect("nothing panics with it").get(&name) {
            return judges.clone();
        }
        let judges = Arc::new(Judges::compile(schema));
        KNOWN.lock().expect("nothing panics with it").entry(name).or_insert(judges).clone()
    }

    fn compile(schema: &Value) -> Judges {
        let ours = SchemaValidator::compile(schema, components()).unwrap_or_else(|e| panic!("{schema}: {e}"));
        let theirs = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(document().clone())
            .should_validate_formats(true)
            .build(&rooted(schema))
            .unwrap_or_else(|e| panic!("{schema}: {e}"));
        Judges { ours, theirs }
    }

    /// What is wrong with a value. It tells where only one of the two finds fault: then the other one is wrong.
    pub fn faults(&self, value: &Value) -> Vec<String> {
        let ours: Vec<String> = self.ours.check(value).iter().map(|fault| format!("{fault:?}")).collect();
        // Whether there is a fault is told much faster than which.
        let theirs: Vec<String> = match self.theirs.is_valid(value) {
            true => Vec::new(),
            false => {
                let faults = self.theirs.iter_errors(value);
                faults.map(|fault| format!("{fault} at {}", fault.instance_path)).collect()
            }
        };
        let alone = |who: &str, faults: Vec<String>| -> Vec<String> {
            faults.into_iter().map(|fault| format!("only {who} says: {fault}")).collect()
        };
        match (ours.is_empty(), theirs.is_empty()) {
            (true, true) => Vec::new(),
            (false, false) => [ours, theirs].concat(),
            (false, true) => alone("our checker", ours),
            (true, false) => alone("jsonschema", theirs),
        }
    }
}

/// The document's schemas, for references to them.
fn document() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let schemas = json!({"components": {"schemas": components()}});
        Registry::try_new(DOCUMENT, Draft::Draft202012.create_resource(schemas)).expect("the schemas")
    })
}

/// The schema with its references led into the document.
fn rooted(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let led = fields.iter().map(|(name, value)| match value.as_str() {
                Some(place) if name == "$ref" => (name.clone(), json!(format!("{DOCUMENT}{place}"))),
                _ => (name.clone(), rooted(value)),
            });
            led.collect()
        }
        Value::Array(items) => items.iter().map(rooted).collect(),
        other => other.clone(),
    }
}
