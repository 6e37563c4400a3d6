//! One script for Chinese: a traditional character is compared as the simplified one.

use std::sync::LazyLock;

/// Pairs of a traditional character and its simplified one, in the order of the traditional ones. Made with OpenCC 1.4
/// (Apache-2.0): what `t2s` makes of each single character. A character that has several is compared as the most usual.
const PAIRS: &str = include_str!("simplified.txt");

/// The first and the last character that may have a simplified one.
const FIRST: char = '\u{3400}';
const LAST: char = '\u{9FFF}';

/// By the number of the character from [`FIRST`] on; 0 for one that stays.
static SIMPLIFIED: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut table = vec![0; (u32::from(LAST) - u32::from(FIRST) + 1) as usize];
    for pair in PAIRS.split_whitespace() {
        let mut pair = pair.chars();
        if let (Some(traditional), Some(simplified)) = (pair.next(), pair.next())
            && let (Some(place), Ok(code)) = (place(traditional), u16::try_from(u32::from(simplified)))
        {
            table[place] = code;
        }
    }
    table
});

fn place(c: char) -> Option<usize> {
    (FIRST..=LAST).contains(&c).then(|| (u32::from(c) - u32::from(FIRST)) as usize)
}

/// The simplified form of a character; any other character is its own.
pub(super) fn simplified(c: char) -> char {
    match place(c).and_then(|place| SIMPLIFIED.get(place)) {
        None | Some(0) => c,
        Some(code) => char::from_u32(u32::from(*code)).unwrap_or(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traditional_character_is_compared_as_the_simplified_one() {
        let simple = |text: &str| text.chars().map(simplified).collect::<String>();
        assert_eq!(simple("重慶貿易有限責任公司"), "重庆贸易有限责任公司");
        assert_eq!(simple("東莞臺灣廣州abc。"), "东莞台湾广州abc。");
    }

    #[test]
    fn the_table_is_in_order_and_ends() {
        let pairs: Vec<Vec<char>> = PAIRS.split_whitespace().map(|pair| pair.chars().collect()).collect();
        assert!(pairs.iter().all(|pair| pair.len() == 2 && place(pair[0]).is_some()));
        assert!(pairs.is_sorted_by(|a, b| a[0] < b[0]));
        assert!(pairs.iter().all(|pair| simplified(pair[1]) == pair[1]));
    }
}
