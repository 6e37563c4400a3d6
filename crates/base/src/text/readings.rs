//! How Chinese is read: keys for sorting, and the first letters by which people type a name.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::LazyLock;

use pinyin::ToPinyin;

use unicode_normalization::char::is_combining_mark;

use super::grams::is_indexed;
use super::plain_fold;

/// Most characters of a [`sort_key`].
const SORT_KEY_CHARS: usize = 200;

/// A key which puts texts into order when keys are compared byte by byte (SQLite `BINARY`, PostgreSQL
/// `COLLATE "C"`; a linguistic collation would ignore the separator).
///
/// Folded, each Chinese character replaced by its toneless pinyin syllable and an apostrophe: 张三
/// -> "zhang'san'". The apostrophe is smaller than every letter and digit, so that 西安 (xi'an') comes before 先
/// (xian') and 张三 right behind the Latin names beginning with "zhang ". ü is written v. Latin text stays. At
/// most 200 characters. Texts which sound alike have the same key: order by a second column (the record's
/// number) for a fixed order.
pub fn sort_key(text: &str) -> String {
    let folded = plain_fold(text);
    // Every character gives at least one, so that the rest can not matter.
    let chars: Vec<char> = folded.chars().take(SORT_KEY_CHARS).collect();
    let mut key = String::with_capacity(chars.len() * 4);
    for (&c, reading) in chars.iter().zip(readings(&chars)) {
        match reading {
            Some(syllable) => {
                key.extend(syllable.chars().map(plain_pinyin));
                key.push('\'');
            }
            None => key.push(c),
        }
    }
    key.chars().take(SORT_KEY_CHARS).collect()
}

/// First letters: of each Chinese character's pinyin and of each Latin (or other) word; digits are kept.
///
/// 广州天河贸易有限公司 -> "gzthmyyxgs", "Alfreds Futterkiste" -> "af", "3M中国" -> "3mzg". Accents are removed.
/// Characters with several readings have the most common one, see `PHRASES`.
pub fn initials(text: &str) -> String {
    let folded = plain_fold(text);
    let chars: Vec<char> = folded.chars().collect();
    let mut first_letters = String::with_capacity(chars.len());
    let mut in_word = false;
    for (&c, reading) in chars.iter().zip(readings(&chars)) {
        match reading {
            Some(syllable) => {
                first_letters.extend(syllable.chars().map(plain_pinyin).next());
                in_word = false;
            }
            None if is_indexed(c) && c.is_numeric() => {
                first_letters.push(c);
                in_word = false;
            }
            None if is_indexed(c) => {
                if !in_word {
                    first_letters.push(c);
                }
                in_word = true;
            }
            // "Let's" is one word, and a mark belongs to the letter before it.
            None if matches!(c, '\'' | '’') || is_combining_mark(c) => {}
            None => in_word = false,
        }
    }
    first_letters
}

/// What begins a word that is a syllable. With it the word has three letters or more, and is none of
/// [`grams`](super::grams).
const SYLLABLE: &str = "py";

/// The syllables of a text's Chinese characters, as words for the index: 天河 -> "pytian", "pyhe". So full pinyin finds a
/// name, and only where a syllable begins. Other characters are left out; a text without Chinese has none.
pub fn spoken(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return Vec::new();
    }
    let chars: Vec<char> = plain_fold(text).chars().collect();
    readings(&chars).into_iter().flatten().map(word_of).collect()
}

fn word_of(syllable: &str) -> String {
    SYLLABLE.chars().chain(syllable.chars().map(plain_pinyin)).collect()
}

/// All syllables that a character is read with, as they are typed.
static SYLLABLES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let usual = ('\u{4E00}'..='\u{9FFF}').filter_map(usual_reading);
    let special = PHRASES.iter().chain(SURNAMES).flat_map(|(_, readings)| readings.split(' '));
    usual.chain(special).map(|syllable| syllable.chars().map(plain_pinyin).collect()).collect()
});

/// A syllable has no more letters.
const LONGEST_SYLLABLE: usize = 6;
/// So many ways to read one word are looked for: `xian` is xian and xi'an.
const MOST_READINGS: usize = 8;

/// How typed letters can be read as syllables, of which the last may be the beginning of one: "tianh" -> "pytian", "pyh".
/// The longest syllables come first. Nothing for what is no pinyin.
pub(super) fn spelled(letters: &str) -> Vec<Vec<String>> {
    if letters.len() < 2 || !letters.bytes().all(|b| b.is_ascii_lowercase()) {
        return Vec::new();
    }
    // From which letters on the rest can be read.
    let mut ends_well = vec![false; letters.len() + 1];
    ends_well[letters.len()] = true;
    for from in (0..letters.len()).rev() {
        ends_well[from] = next_syllables(letters, from).any(|to| ends_well[to]);
    }
    let mut found = Vec::new();
    let mut open = vec![(0, Vec::new())];
    while let Some((from, words)) = open.pop() {
        if from == letters.len() {
            found.push(words);
            if found.len() == MOST_READINGS {
                break;
            }
            continue;
        }
        for to in next_syllables(letters, from).filter(|to| ends_well[*to]) {
            open.push((to, [words.as_slice(), &[word_of(&letters[from..to])]].concat()));
        }
    }
    found
}

/// Where a syllable that begins here may end, the nearest first. At the end of the letters the beginning of one will do.
fn next_syllables(letters: &str, from: usize) -> impl Iterator<Item = usize> + '_ {
    let most = (from + LONGEST_SYLLABLE).min(letters.len());
    (from + 1..=most).filter(move |to| {
        let typed = &letters[from..*to];
        let known = SYLLABLES.range::<str, _>((Bound::Included(typed), Bound::Unbounded)).next();
        known.is_some_and(|known| known == typed || *to == letters.len() && known.starts_with(typed))
    })
}

/// The toneless readings of a text's characters; `None` for those that are not Chinese.
fn readings(chars: &[char]) -> Vec<Option<&'static str>> {
    let mut found: Vec<Option<&'static str>> = chars.iter().map(|&c| usual_reading(c)).collect();
    let mut at = 0;
    while at < chars.len() {
        let phrase = if found[at].is_some() { longest(PHRASES, &chars[at..]) } else { None };
        at += match phrase {
            Some(syllables) => put_syllables(&mut found[at..], syllables),
            None => 1,
        };
    }
    if let Some(syllables) = surname_reading(chars, &found) {
        put_syllables(&mut found, syllables);
    }
    found
}

/// Writes space-separated syllables over the first readings; gives their number (at least 1).
fn put_syllables(found: &mut [Option<&'static str>], syllables: &'static str) -> usize {
    let mut count = 0;
    for (slot, syllable) in found.iter_mut().zip(syllables.split(' ')) {
        *slot = Some(syllable);
        count += 1;
    }
    count.max(1)
}

/// The reading of the longest entry the characters begin with.
fn longest(table: &[(&str, &'static str)], chars: &[char]) -> Option<&'static str> {
    table
        .iter()
        .filter(|(text, _)| {
            let mut given = chars.iter();
            text.chars().all(|c| given.next() == Some(&c))
        })
        .max_by_key(|(text, _)| text.len())
        .map(|&(_, reading)| reading)
}

/// The special reading of a surname, if the whole text looks like a person's name: two or three Chinese
/// characters, or up to four beginning with a surname of two.
fn surname_reading(chars: &[char], found: &[Option<&str>]) -> Option<&'static str> {
    if !(2..=4).contains(&chars.len()) || found.contains(&None) {
        return None;
    }
    let reading = longest(SURNAMES, chars)?;
    let given_name = chars.len().checked_sub(reading.split(' ').count())?;
    (1..=2).contains(&given_name).then_some(reading)
}

/// The most common reading of a Chinese character by itself.
///
/// The `pinyin` crate takes the first reading of the Unihan data; the exceptions are characters which, in the
/// names of companies, places, goods and people, are nearly always read in another way.
pub(super) fn usual_reading(c: char) -> Option<&'static str> {
    Some(match c {
        '长' | '長' => "chang",
        '都' => "du",
        '曾' => "zeng",
        '佛' => "fo",
        '调' => "tiao",
        '翟' => "zhai",
        '缪' => "miao",
        '晟' => "sheng",
        '轧' => "zha",
        '隽' => "jun",
        _ => return c.to_pinyin().map(|p| p.plain()),
    })
}

/// Pinyin syllables contain a few letters beyond a-z: ü is typed v, the accent of ê is left out.
fn plain_pinyin(c: char) -> char {
    match c {
        'ü' => 'v',
        'ê' => 'e',
        _ => c,
    }
}

/// Words in which a character is not read as [`usual_reading`] has it, with the readings of all their
/// characters. The longest word that begins at a place counts, and words do not overlap (银行业 is 银行 + 业).
///
/// Kept small: well-known places, trades and company words only. A word does not belong here if it often
/// arises by chance between two others (市长 in 广州市长城).
pub(super) const PHRASES: &[(&str, &str)] = &[
    // Places
    ("重庆", "chong qing"),
    ("重慶", "chong qing"),
    ("厦门", "xia men"),
    ("廈門", "xia men"),
    ("西藏", "xi zang"),
    ("大连", "da lian"),
    ("番禺", "pan yu"),
    ("蚌埠", "beng bu"),
    ("六安", "lu an"),
    ("东阿", "dong e"),
    ("涡阳", "guo yang"),
    ("乐清", "yue qing"),
    ("单县", "shan xian"),
    ("会稽", "kuai ji"),
    ("莘庄", "xin zhuang"),
    ("喀什", "ka shi"),
    // 行: xing by itself, hang as a house of trade
    ("银行", "yin hang"),
    ("銀行", "yin hang"),
    ("商行", "shang hang"),
    ("工商行政", "gong shang xing zheng"),
    ("分行", "fen hang"),
    ("支行", "zhi hang"),
    ("总行", "zong hang"),
    ("央行", "yang hang"),
    ("车行", "che hang"),
    ("茶行", "cha hang"),
    ("酒行", "jiu hang"),
    ("药行", "yao hang"),
    ("金行", "jin hang"),
    ("粮行", "liang hang"),
    ("洋行", "yang hang"),
    ("五金行", "wu jin hang"),
    ("典当行", "dian dang hang"),
    ("拍卖行", "pai mai hang"),
    ("行业", "hang ye"),
    ("行情", "hang qing"),
    // 长: chang by itself, zhang for growing and for heads of something
    ("成长", "cheng zhang"),
    ("增长", "zeng zhang"),
    ("生长", "sheng zhang"),
    ("董事长", "dong shi zhang"),
    ("店长", "dian zhang"),
    // 重: zhong by itself, chong for again
    ("重新", "chong xin"),
    ("重组", "chong zu"),
    ("重复", "chong fu"),
    ("重阳", "chong yang"),
    // 调: tiao by itself
    ("调查", "diao cha"),
    ("调研", "diao yan"),
    ("调度", "diao du"),
    ("调配", "diao pei"),
    // Other company and trade words
    ("会计", "kuai ji"),
    ("會計", "kuai ji"),
    ("音乐", "yin yue"),
    ("乐器", "yue qi"),
    ("乐团", "yue tuan"),
    ("弹簧", "tan huang"),
    ("弹性", "tan xing"),
    ("给水", "ji shui"),
    ("给排水", "ji pai shui"),
    ("供给", "gong ji"),
    ("校准", "jiao zhun"),
    ("校验", "jiao yan"),
    ("模具", "mu ju"),
    ("人参", "ren shen"),
    ("海参", "hai shen"),
    ("党参", "dang shen"),
    ("阿胶", "e jiao"),
    ("瑜伽", "yu jia"),
    ("便宜", "pian yi"),
];

/// Surnames which are read otherwise than the character by itself, see [`surname_reading`].
pub(super) const SURNAMES: &[(&str, &str)] = &[
    ("单", "shan"),
    ("仇", "qiu"),
    ("区", "ou"),
    ("解", "xie"),
    ("查", "zha"),
    ("朴", "piao"),
    ("覃", "qin"),
    ("尉迟", "yu chi"),
    ("万俟", "mo qi"),
    ("长孙", "zhang sun"),
    ("澹台", "tan tai"),
];
