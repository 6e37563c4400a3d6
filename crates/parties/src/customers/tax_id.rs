//! The Chinese unified social credit code (统一社会信用代码), which is the tax number of every company in
//! mainland China.
//!
//! Source: GB 32100-2015 with amendment 1 of 2016. A code has 18 characters:
//!
//! | position | meaning                                                                  |
//! |----------|--------------------------------------------------------------------------|
//! | 1        | registering department (9 = market supervision, 1 = public bodies, ...)  |
//! | 2        | kind of organisation in that department (91 = company, 92 = sole trader) |
//! | 3-8      | administrative division of the registering office                        |
//! | 9-17     | organisation code (GB 11714-1997), itself ending in a check character    |
//! | 18       | check character over positions 1-17                                      |
//!
//! # Only the outer check character is enforced
//!
//! The organisation code in positions 9-17 has a check character of its own, modulo 11. It is deliberately
//! not looked at:
//!
//! * GB 32100 defines only the 18th character as the check of the code; positions 9-17 are, to it, a given
//!   identifier ("主体标识码").
//! * GB 11714 counts letters in the full alphabet of 36 (A = 10 ... Z = 35), GB 32100 in one of 31 without
//!   I, O, S, V and Z. From J on the same letter has two values, and no published rule was found for which of
//!   them a registering office uses. (All real codes in the tests below happen to pass with the 36 values.)
//! * The outer check already covers all 17 characters: its modulus is prime, so that it finds every single
//!   wrong character and every swap of two neighbours. The inner one would find next to nothing more, and
//!   could only turn away a code which is printed on a real business licence.
//!
//! The departments, kinds and divisions are not compared with lists either; those lists have been extended
//! since 2015 and codes are never changed afterwards.
//!
//! # Real codes that fail
//!
//! Codes given out in Xiamen before the national system was in place (they look like `91350203M0001....`) are
//! still in use although their check character is wrong (reported, for example, in issue 4119 of the Java
//! library Hutool). A caller which refuses a [`TaxIdFault::CheckCharacter`] should therefore leave its users
//! a way to insist.

/// Characters of a complete code.
const LENGTH: usize = 18;

/// The characters allowed, in the order of their values 0-30 (GB 32100-2015, annex A). I, O, S, V and Z are
/// left out because they are easily taken for 1, 0, 5, U and 2.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// What is wrong with a tax number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxIdFault {
    /// It has not exactly 18 characters (spaces and hyphens not counted).
    Length,
    /// It contains a character other than 0-9 and A-Z without I, O, S, V, Z.
    Character,
    /// The 18th character does not fit the other 17; `expected` is the one that would.
    CheckCharacter { expected: char },
}

/// Checks a unified social credit code and gives its normal form: 18 ordinary (ASCII) digits and capitals.
///
/// Full-width characters, small letters, spaces and hyphens are accepted in the input. The length is looked
/// at first, then the characters, then the check character. Meant for tax numbers of country CN only; Hong
/// Kong, Macao and Taiwan have numbers of other kinds.
///
/// # Errors
/// The first [`TaxIdFault`] found.
pub fn check_uscc(input: &str) -> Result<String, TaxIdFault> {
    // One more than needed is enough to see that the input is too long, however long it is.
    let code: String = normal_chars(input).take(LENGTH + 1).collect();
    if code.chars().count() != LENGTH {
        return Err(TaxIdFault::Length);
    }
    if code.chars().any(|c| value(c).is_none()) {
        return Err(TaxIdFault::Character);
    }
    let expected = check_character(&code).ok_or(TaxIdFault::Character)?;
    if code.ends_with(expected) { Ok(code) } else { Err(TaxIdFault::CheckCharacter { expected }) }
}

/// Completes the 17 leading characters of a code by their check character (for demo data and tests).
///
/// The input may be written as in [`check_uscc`]. `None` if it has not 17 characters of the allowed kind.
pub fn complete_uscc(first17: &str) -> Option<String> {
    let mut code: String = normal_chars(first17).take(LENGTH).collect();
    if code.chars().count() != LENGTH - 1 {
        return None;
    }
    let check = check_character(&code)?;
    code.push(check);
    Some(code)
}

/// The check character over the first 17 characters; `None` if one of them is not allowed.
///
/// GB 32100-2015, 4.2.5: C18 = 31 - (sum of Ci * Wi mod 31) with Wi = 3^(i-1) mod 31, where 31 is written 0.
fn check_character(code: &str) -> Option<char> {
    let mut weight = 1;
    let mut sum = 0;
    for c in code.chars().take(LENGTH - 1) {
        sum += value(c)? * weight;
        weight = weight * 3 % ALPHABET.len();
    }
    let check = (ALPHABET.len() - sum % ALPHABET.len()) % ALPHABET.len();
    ALPHABET.get(check).map(|&byte| char::from(byte))
}

/// The value of a character, 0-30.
fn value(c: char) -> Option<usize> {
    ALPHABET.iter().position(|&allowed| char::from(allowed) == c)
}

/// The characters that count: ordinary width, capitals, without spaces, hyphens and invisible characters.
fn normal_chars(input: &str) -> impl Iterator<Item = char> + '_ {
    input.chars().map(half_width).filter(|&c| !is_filler(c)).map(|c| c.to_ascii_uppercase())
}

/// Full-width ASCII (U+FF01-U+FF5E) lies exactly 0xFEE0 above ordinary ASCII.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// What people and programs put between groups of characters. The invisible ones arrive with text copied from
/// web pages and PDF files.
fn is_filler(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Publicly known codes.
    const REAL: &[&str] = &[
        "9144030071526726XG", // 腾讯科技(深圳)有限公司
        "91440300708461136T", // 深圳市腾讯计算机系统有限公司
        "914403001922038216", // 华为技术有限公司
        "91330100799655058B", // 阿里巴巴(中国)有限公司
        "91110108717743469K", // 百度在线网络技术(北京)有限公司
        "91110108551385082Q", // 小米科技有限责任公司
        "91110000101623741K", // 中国全聚德(集团)股份有限公司
        "12440600MB2C07549J", // a public institution in Foshan
        "92141127MA0KD1Y64A", // a sole trader in Shanxi
        "91350100M000100Y43", // the worked example of the standard
    ];

    #[test]
    fn codes_of_known_companies_are_right() {
        for code in REAL {
            assert_eq!(check_uscc(code).as_deref(), Ok(*code));
        }
    }

    #[test]
    fn one_wrong_character_is_always_found() {
        for code in REAL {
            for at in 0..LENGTH {
                for &other in ALPHABET {
                    let mut bytes = code.as_bytes().to_vec();
                    if bytes[at] == other {
                        continue;
                    }
                    bytes[at] = other;
                    let altered = String::from_utf8(bytes).unwrap();
                    let fault = check_uscc(&altered).unwrap_err();
                    assert!(matches!(fault, TaxIdFault::CheckCharacter { .. }), "{altered}");
                }
            }
        }
    }

    #[test]
    fn two_swapped_characters_are_always_found() {
        for code in REAL {
            for at in 0..LENGTH - 1 {
                let mut bytes = code.as_bytes().to_vec();
                bytes.swap(at, at + 1);
                let altered = String::from_utf8(bytes).unwrap();
                assert_eq!(check_uscc(&altered).is_ok(), altered == **code, "{altered}");
            }
        }
    }

    #[test]
    fn the_message_can_name_the_right_last_character() {
        assert_eq!(check_uscc("91440300708461136A"), Err(TaxIdFault::CheckCharacter { expected: 'T' }));
        // The standard's own example of a false code; Z is not even an allowed character.
        assert_eq!(check_uscc("91350100M000100Y4Z"), Err(TaxIdFault::Character));
    }

    #[test]
    fn it_may_be_typed_with_spaces_hyphens_small_and_full_width_letters() {
        for typed in [
            "9144 0300 7152 6726 xg",
            " 91440300-71526726-X-G\t",
            "９１４４０３００７１５２６７２６ＸＧ",
            "91440300\u{3000}71526726ｘｇ",
            "91440300－71526726—XG",
            "\u{FEFF}9144030071526726XG\u{200B}\r\n",
        ] {
            assert_eq!(check_uscc(typed).as_deref(), Ok("9144030071526726XG"), "{typed:?}");
        }
    }

    #[test]
    fn a_number_too_short_or_too_long_is_told_apart_from_a_mistyped_one() {
        assert_eq!(check_uscc(""), Err(TaxIdFault::Length));
        assert_eq!(check_uscc("- -"), Err(TaxIdFault::Length));
        assert_eq!(check_uscc("9144030071526726X"), Err(TaxIdFault::Length));
        assert_eq!(check_uscc("9144030071526726XG0"), Err(TaxIdFault::Length));
        assert_eq!(check_uscc(&"9".repeat(1_000_000)), Err(TaxIdFault::Length));
        // An old registration number (15 digits) and an organisation code (9 characters).
        assert_eq!(check_uscc("440301103448669"), Err(TaxIdFault::Length));
        assert_eq!(check_uscc("71526726-X"), Err(TaxIdFault::Length));
    }

    #[test]
    fn letters_that_are_easily_mistaken_do_not_exist() {
        for letter in ['I', 'O', 'S', 'V', 'Z', 'o', '_', '.', '中', 'Ä', '😀', 'ß'] {
            assert_eq!(
                check_uscc(&format!("9144030071526726X{letter}")),
                Err(TaxIdFault::Character),
                "{letter}"
            );
        }
    }

    #[test]
    fn the_inner_organisation_code_is_not_checked() {
        // Position 17 is the inner check character; any value passes if the 18th fits.
        for first17 in ["91440300715267260", "91440300715267261"] {
            let code = complete_uscc(first17).unwrap();
            assert_eq!(check_uscc(&code).as_deref(), Ok(code.as_str()));
        }
    }

    #[test]
    fn early_codes_of_xiamen_are_reported_by_their_check_character() {
        // Both are in use; see the head of this file.
        for code in ["91350203M0001QKT19", "91350211M0000XUF46"] {
            assert!(matches!(check_uscc(code), Err(TaxIdFault::CheckCharacter { .. })), "{code}");
        }
    }

    #[test]
    fn demo_codes_can_be_completed() {
        for code in REAL {
            assert_eq!(complete_uscc(&code[..17]).as_deref(), Some(*code));
        }
        assert_eq!(complete_uscc("9144 0300 7152 6726 x").as_deref(), Some("9144030071526726XG"));
        assert_eq!(complete_uscc("9144030071526726"), None);
        assert_eq!(complete_uscc("9144030071526726XG"), None);
        assert_eq!(complete_uscc("9144030071526726O"), None);
        assert_eq!(complete_uscc(""), None);
    }

    #[test]
    fn every_check_character_occurs_and_is_accepted() {
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..1000 {
            let code = complete_uscc(&format!("91440101MA5{number:06}")).unwrap();
            assert_eq!(check_uscc(&code).as_deref(), Ok(code.as_str()));
            seen.insert(code.chars().last().unwrap());
        }
        assert_eq!(seen.len(), ALPHABET.len());
    }

    #[test]
    fn no_input_makes_it_panic() {
        // xorshift64: reproducible without a dependency.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let length = next() % 24;
            let text: String = (0..length)
                .map(|_| match next() % 3 {
                    0 => char::from(ALPHABET[(next() % 31) as usize]),
                    1 => char::from_u32((next() % 0x11_0000) as u32).unwrap_or('\u{D7FF}'),
                    _ => char::from_u32(0xFF00 + (next() % 0x100) as u32).unwrap_or('\u{E000}'),
                })
                .collect();
            if let Ok(code) = check_uscc(&text) {
                assert_eq!(check_uscc(&code), Ok(code));
            }
            let _ = complete_uscc(&text);
        }
    }
}
