//! Checks a JSON value against an operation's own OpenAPI 3.1 schema and lists all faults at once.
//!
//! A schema is compiled once, at start, into a flat list of nodes that refer to one another by index, so
//! recursive schemas cost nothing special. A check walks the value once; it allocates only to report a fault.

mod check;
mod compile;
mod form;
mod formats;
mod nodes;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use check::{Mode, Path, Walk};
use compile::Compiler;
use nodes::Node;

/// One fault in a request body (or parameter).
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// RFC 6901 pointer to the faulty (or missing) value; empty for the whole value.
    pub pointer: String,
    /// What is wrong, as a stable word such as `required` or `out_of_range`.
    pub code: &'static str,
    /// What a message about the fault needs to know, by name.
    pub params: Vec<(&'static str, String)>,
}

/// A compiled schema. Cheap to share between threads in an `Arc`.
#[derive(Debug)]
pub struct SchemaValidator {
    nodes: Vec<Node>,
    root: usize,
    /// Most bodies have no keys, and need no walk.
    has_keys: bool,
}

impl SchemaValidator {
    /// The most faults one check reports.
    pub const MAX_FAULTS: usize = 100;

    /// Compiles `schema` (a schema object, or a `$ref` to one of `components`, the document's
    /// `components.schemas`). The error names the place of an unsupported or dangling construct.
    pub fn compile(schema: &Value, components: &Map<String, Value>) -> Result<SchemaValidator, String> {
        let mut compiler = Compiler::new(components);
        let root = compiler.node(schema)?;
        compiler.finish()?;
        let has_keys = compiler.nodes.iter().any(form::is_key);
        Ok(SchemaValidator { nodes: compiler.nodes, root, has_keys })
    }

    /// Brings the keys in a value into the form in which they are kept, before anything else is asked of them: a code that
    /// somebody has copied with a space behind it is the code.
    pub fn bring_keys_to_form(&self, value: &mut Value) {
        if self.has_keys {
            form::visit(&self.nodes, self.root, value, 0);
        }
    }

    /// All faults of a whole value, such as the body of a create; at most [`SchemaValidator::MAX_FAULTS`].
    pub fn check(&self, value: &Value) -> Vec<Fault> {
        let mut run = Walk::new(&self.nodes);
        run.visit(self.root, value, &Path::root(), Mode::Whole);
        run.faults
    }

    /// All faults of an RFC 7396 merge patch for an object of this shape; at most [`SchemaValidator::MAX_FAULTS`].
    ///
    /// Nothing is required, nor within objects, which are merged. `null` clears a property that is nullable or
    /// not required, and removes a key of a free map. Any other value present is checked as in [`SchemaValidator::check`].
    pub fn check_patch(&self, value: &Value) -> Vec<Fault> {
        let mut run = Walk::new(&self.nodes);
        if value.is_object() {
            run.visit(self.root, value, &Path::root(), Mode::Patch);
        } else {
            run.wrong_type("object", value, &Path::root());
        }
        run.faults
    }
}
