//! What only a program with the master key can write: the MAC of an entry, the link of the chain, the seal of its head,
//! the proof of a value that nobody reads. Whoever can write to the database, and no more, makes none of them.

use serde_json::Value;
use uuid::Uuid;

use super::sequencer::Head;
use crate::secret::{self, mac};

/// The keys, each for one use; none of them is in the database.
pub struct Seals {
    chain: [u8; 32],
    entry: [u8; 32],
    value: [u8; 32],
}

impl Seals {
    pub fn new(master: &[u8; 32]) -> Seals {
        let key = |of: &str| mac(master, &[format!("salesdesk: {of}").as_bytes()]);
        Seals {
            chain: key("the journal's chain"),
            entry: key("the journal's entries"),
            value: key("a hidden value"),
        }
    }

    /// The MAC that an entry carries from the moment that it is written.
    pub fn entry(&self, id: Uuid, digest: &str) -> String {
        secret::hex(&mac(&self.entry, &[id.as_bytes(), digest.as_bytes()]))
    }

    /// The link of an entry to the one before.
    pub fn link(&self, before: &str, sequence: i64, digest: &str) -> String {
        secret::hex(&mac(&self.chain, &[before.as_bytes(), &sequence.to_be_bytes(), digest.as_bytes()]))
    }

    /// The seal of the chain's end. One from before entries had MACs says nothing of where they begin.
    pub fn head(&self, head: &Head) -> String {
        let sequence = head.sequence.to_be_bytes();
        let seal = match head.signed_from {
            0 => mac(&self.chain, &[b"head", &sequence, head.link.as_bytes()]),
            from => mac(&self.chain, &[b"head", &sequence, head.link.as_bytes(), &from.to_be_bytes()]),
        };
        secret::hex(&seal)
    }

    /// What shows that a record's field has this value, and not what it is.
    pub fn proof(&self, record: Uuid, field: &str, value: &Value) -> String {
        secret::hex(&mac(&self.value, &[record.as_bytes(), field.as_bytes(), value.to_string().as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_depends_on_all_that_it_is_made_of() {
        let seals = Seals::new(&[1; 32]);
        let link = seals.link("a", 1, "b");
        let others = [seals.link("b", 1, "b"), seals.link("a", 2, "b"), seals.link("a", 1, "c")];
        assert!(others.iter().all(|other| *other != link));
        assert_ne!(link, Seals::new(&[2; 32]).link("a", 1, "b"));
        let head = |sequence, signed_from| Head { sequence, link: "x".into(), signed_from };
        let sealed = seals.head(&head(7, 3));
        assert!([head(7, 0), head(7, 4), head(8, 3)].iter().all(|other| seals.head(other) != sealed));
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_ne!(seals.entry(one, "d"), seals.entry(other, "d"));
        assert_ne!(seals.proof(one, "secret", &Value::Null), seals.proof(one, "secret", &"".into()));
    }
}
