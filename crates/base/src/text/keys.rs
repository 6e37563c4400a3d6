//! The normal form of keys: of what is unique and what records are found by, such as codes and article numbers. Two keys
//! that look alike are the same key.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::{fold, is_invisible};

/// Whether capitals tell two keys of one kind apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCase {
    /// `QC1` and `qc1` are the same: keys that people choose and type.
    Folded,
    /// `aB1` and `ab1` are two: keys that another system makes.
    Exact,
}

/// The form in which keys are compared: as [`key_as_stored`] has it, in small letters where capitals do not tell keys
/// apart, and without characters that nobody sees.
pub fn key(case: KeyCase, typed: &str) -> String {
    match case {
        KeyCase::Folded => fold(typed),
        KeyCase::Exact => {
            let visible: String = key_as_stored(typed).chars().filter(|&c| !is_invisible(c)).collect();
            key_as_stored(&visible).into_owned()
        }
    }
}

/// A key as it is kept and shown: NFKC (full-width letters are ordinary ones), no white space at the ends, and one space
/// for each run of it within. Upper and lower case stay as typed. Invisible characters stay as well: whoever checks an
/// input refuses them.
pub fn key_as_stored(typed: &str) -> Cow<'_, str> {
    let plain = |b: &u8| b.is_ascii_graphic();
    if typed.as_bytes().iter().all(plain) {
        return typed.into();
    }
    let composed: String = typed.nfkc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_look_alike_are_the_same() {
        for same in ["QC1", "qc1", " QC1 ", "\u{A0}QC1", "ＱＣ１", "Q\u{200B}C1", "QC1\u{FEFF}"] {
            assert_eq!(key(KeyCase::Folded, same), "qc1", "{same:?}");
        }
        assert_eq!(key(KeyCase::Folded, "Cafe\u{301}"), key(KeyCase::Folded, "CAFÉ"));
        assert_eq!(key(KeyCase::Folded, "a \u{3000} b"), "a b");
    }

    #[test]
    fn another_systems_keys_keep_their_case() {
        assert_eq!(key(KeyCase::Exact, " 4711\u{A0}"), "4711");
        assert_eq!(key(KeyCase::Exact, "Q\u{200B}C1"), "QC1");
        assert_ne!(key(KeyCase::Exact, "aB1"), key(KeyCase::Exact, "ab1"));
    }

    #[test]
    fn a_key_is_kept_as_typed_but_for_its_form() {
        assert_eq!(key_as_stored("Qc1"), "Qc1");
        assert_eq!(key_as_stored(" ＴＥＡ\u{3000}\u{A0} 1 "), "TEA 1");
        assert_eq!(key_as_stored("\u{3000}"), "");
    }
}
