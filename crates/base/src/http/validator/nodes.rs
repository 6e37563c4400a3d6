//! What a schema compiles to.

use std::cmp::Ordering;

use regex_lite::Regex;
use serde_json::{Number, Value};

/// What a message about a fault needs to know, by name.
pub(super) type Params = Vec<(&'static str, String)>;

#[derive(Debug)]
pub(super) enum Node {
    /// Anything at all (but still storable text).
    Any,
    /// The same as another node: a component that is only a `$ref`.
    Same(usize),
    /// `null` or the other node.
    Nullable(usize),
    /// Any one of the nodes.
    AnyOf(Vec<usize>),
    Typed(Typed),
}

/// The JSON types a value may have, as a set of bits.
pub(super) type Kinds = u8;
pub(super) const NULL: Kinds = 1;
pub(super) const BOOLEAN: Kinds = 2;
pub(super) const INTEGER: Kinds = 4;
pub(super) const NUMBER: Kinds = 8;
pub(super) const STRING: Kinds = 16;
pub(super) const ARRAY: Kinds = 32;
pub(super) const OBJECT: Kinds = 64;
pub(super) const KINDS: [(Kinds, &str); 7] = [
    (NULL, "null"),
    (BOOLEAN, "boolean"),
    (INTEGER, "integer"),
    (NUMBER, "number"),
    (STRING, "string"),
    (ARRAY, "array"),
    (OBJECT, "object"),
];

#[derive(Debug)]
pub(super) struct Typed {
    pub(super) kinds: Kinds,
    /// The types other than null, for the message of `wrong_type`.
    pub(super) expected: String,
    pub(super) allowed: Option<Allowed>,
    pub(super) text: Option<Box<TextRules>>,
    pub(super) number: Limits<Num>,
    pub(super) list: Option<Box<ListRules>>,
    pub(super) object: Option<Box<ObjectRules>>,
}

/// The values of an `enum` or `const`.
#[derive(Debug)]
pub(super) struct Allowed {
    /// Sorted, for lists as long as the world's currencies.
    texts: Vec<String>,
    others: Vec<Value>,
    /// In the order of the document, for the message.
    pub(super) listed: String,
}

#[derive(Debug, Default)]
pub(super) struct TextRules {
    pub(super) min: usize,
    pub(super) max: Option<usize>,
    pub(super) pattern: Option<Regex>,
    pub(super) format: Option<Format>,
    pub(super) decimal: Option<DecimalRules>,
    /// It is kept in the normal form of keys.
    pub(super) key: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    Date,
    DateTime,
    Uuid,
    Email,
    Uri,
}

#[derive(Debug)]
pub(super) struct DecimalRules {
    pub(super) places: Option<usize>,
    pub(super) limits: Limits<String>,
}

#[derive(Debug)]
pub(super) struct ListRules {
    pub(super) min: usize,
    pub(super) max: Option<usize>,
    pub(super) items: Option<usize>,
}

#[derive(Debug)]
pub(super) struct ObjectRules {
    /// Sorted by name.
    pub(super) fields: Vec<Field>,
    pub(super) required: usize,
    /// The names of the fields, for the message of `unknown_field`.
    pub(super) names: String,
    pub(super) extra: Extra,
    /// The keys a free map may have, if it does not take any.
    pub(super) keys: Option<Allowed>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) node: usize,
    pub(super) required: bool,
}

/// What becomes of properties that the schema does not name.
#[derive(Debug)]
pub(super) enum Extra {
    Refused,
    Any,
    Checked(usize),
}

impl ObjectRules {
    pub(super) fn find(&self, name: &str) -> Option<&Field> {
        let index = self.fields.binary_search_by(|field| field.name.as_str().cmp(name)).ok()?;
        self.fields.get(index)
    }
}

impl Allowed {
    pub(super) fn new(values: &[Value]) -> Allowed {
        let mut allowed = Allowed { texts: Vec::new(), others: Vec::new(), listed: String::new() };
        let mut listed = Vec::new();
        for value in values {
            match value {
                Value::Null => continue,
                Value::String(text) => {
                    allowed.texts.push(text.clone());
                    listed.push(text.clone());
                }
                other => {
                    allowed.others.push(other.clone());
                    listed.push(other.to_string());
                }
            }
        }
        allowed.texts.sort_unstable();
        allowed.listed = listed.join(", ");
        allowed
    }

    /// `null` is a matter of the type: `["string", "null"]` says it may be there, listed or not.
    pub(super) fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::String(text) => self.holds_text(text),
            other => self.others.contains(other),
        }
    }

    pub(super) fn holds_text(&self, text: &str) -> bool {
        self.texts.binary_search_by(|known| known.as_str().cmp(text)).is_ok()
    }
}

/// The limits of a number or decimal, with their text as the document gives it.
#[derive(Debug)]
pub(super) struct Limits<T>(pub(super) Vec<(Side, T, String)>);

#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Min,
    ExclusiveMin,
    Max,
    ExclusiveMax,
}

impl Side {
    fn allows(self, value_to_limit: Ordering) -> bool {
        match self {
            Side::Min => value_to_limit.is_ge(),
            Side::ExclusiveMin => value_to_limit.is_gt(),
            Side::Max => value_to_limit.is_le(),
            Side::ExclusiveMax => value_to_limit.is_lt(),
        }
    }

    fn param(self) -> &'static str {
        match self {
            Side::Min => "min",
            Side::ExclusiveMin => "exclusive_min",
            Side::Max => "max",
            Side::ExclusiveMax => "exclusive_max",
        }
    }
}

impl<T> Limits<T> {
    /// `compare` orders the value to a limit; values that cannot be compared are let through.
    pub(super) fn allow(&self, compare: impl Fn(&T) -> Option<Ordering>) -> bool {
        self.0.iter().all(|(side, limit, _)| compare(limit).is_none_or(|order| side.allows(order)))
    }

    pub(super) fn params(&self) -> Params {
        self.0.iter().map(|(side, _, text)| (side.param(), text.clone())).collect()
    }
}

/// A number that compares exactly among integers of 64 bits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    pub(super) fn of(number: &Number) -> Num {
        let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        match integer {
            Some(integer) => Num::Int(integer),
            None => Num::Float(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    pub(super) fn compare(self, other: Num) -> Option<Ordering> {
        match (self, other) {
            (Num::Int(a), Num::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }

    fn float(self) -> f64 {
        match self {
            Num::Int(integer) => integer as f64,
            Num::Float(float) => float,
        }
    }
}
