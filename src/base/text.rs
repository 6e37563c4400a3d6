//! Text forms for searching, sorting and comparing: what makes "广州天河" findable by typing "gzth", "ＡＢＣ" equal
//! to "abc", and 张三 stand next to Zhang San in a list.
//!
//! Nothing here is meant for display; records keep the text as it was typed. All functions take any string
//! and never panic. They are linear in the length of the text.

use std::borrow::Cow;

use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Most characters of a [`sort_key`].
const SORT_KEY_CHARS: usize = 200;

/// Most words of a query, see [`query`].
const QUERY_WORDS: usize = 8;

/// Most letters and digits of a query, see [`query`].
const QUERY_CHARS: usize = 64;

// ----------------------------------------------------------------------------------------------------
// Folding

/// The case-, width- and space-folded form of a text.
///
/// NFKC (full-width letters, digits and half-width katakana become ordinary ones), small letters, no control
/// characters or other invisible ones (zero-width spaces, byte order marks, variation selectors), every run
/// of white space one space, none at the ends. Folding twice gives the same as folding once.
pub fn fold(text: &str) -> String {
    let visible = text
        .nfkc()
        .flat_map(char::to_lowercase)
        // The form of sigma at the end of a word, which capitals do not tell apart.
        .map(|c| if c == 'ς' { 'σ' } else { c })
        // A line break or tab is a control character as well, but it separates words.
        .filter(|&c| c.is_whitespace() || !is_invisible(c))
        // Small letters and letters which had an invisible character between them may compose anew.
        .nfkc();
    let mut folded = String::with_capacity(text.len());
    for c in visible {
        if !c.is_whitespace() {
            folded.push(c);
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// The text without space at its ends; None when nothing is left.
pub fn filled(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

/// [`fold`] with the diacritics of Latin letters removed: "México" -> "mexico", "Łódź" -> "lodz".
///
/// Letters which are no base letter plus accent are written as is usual without them: ø -> o, æ -> ae, ß ->
/// ss. Marks of other scripts stay, since they make different letters there (が is not か, й is not и).
pub fn search_fold(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() {
        return folded;
    }
    let mut plain = String::with_capacity(folded.len());
    let mut after_latin = false;
    for c in folded.nfd() {
        if is_combining_mark(c) {
            if !after_latin {
                plain.push(c);
            }
            continue;
        }
        match plain_latin(c) {
            Some(letters) => plain.push_str(letters),
            None => plain.push(c),
        }
        after_latin = is_latin(c);
    }
    plain.nfc().collect()
}

/// Characters that are not seen and must not make two equal looking texts different.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Latin letters, small, in decomposed text (that is: without the ones having an accent as a mark of its
/// own).
fn is_latin(c: char) -> bool {
    c.is_ascii_lowercase() || matches!(c, '\u{DF}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}')
}

/// Latin letters which Unicode does not decompose, as they are written where they are not on the keyboard.
fn plain_latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŋ' => "n",
        'þ' => "th",
        'ŧ' => "t",
        _ => return None,
    })
}

/// Only the ASCII digits, full-width ones included, for searching telephone numbers:
/// "+86 (020) 8888-1234" -> "8602088881234".
pub fn digits(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '0'..='9' => Some(c),
            '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
            _ => None,
        })
        .collect()
}

// ----------------------------------------------------------------------------------------------------
// Pinyin

/// A key which puts texts into order when keys are compared byte by byte (SQLite `BINARY`, PostgreSQL
/// `COLLATE "C"`; a linguistic collation would ignore the separator).
///
/// [`search_fold`]ed, each Chinese character replaced by its toneless pinyin syllable and an apostrophe: 张三
/// -> "zhang'san'". The apostrophe is smaller than every letter and digit, so that 西安 (xi'an') comes before 先
/// (xian') and 张三 right behind the Latin names beginning with "zhang ". ü is written v. Latin text stays. At
/// most 200 characters. Texts which sound alike have the same key: order by a second column (the record's
/// number) for a fixed order.
pub fn sort_key(text: &str) -> String {
    let folded = search_fold(text);
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
    let folded = search_fold(text);
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
fn usual_reading(c: char) -> Option<&'static str> {
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
const PHRASES: &[(&str, &str)] = &[
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
const SURNAMES: &[(&str, &str)] = &[
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

// ----------------------------------------------------------------------------------------------------
// Full-text search

/// One condition of a search; all conditions of a [`query`] must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// These tokens one directly after the other.
    Phrase(Vec<String>),
    /// A token that begins with this letter or digit.
    Prefix(char),
}

/// The tokens for a search index of one record's texts, one list for each run of letters and digits.
///
/// Every text is [`search_fold`]ed and cut at spaces, punctuation and symbols. A run becomes its overlapping
/// pairs of characters and, at the end, its last character alone: 广州市 -> 广州, 州市, 市. So every character of the
/// run begins a token, and a query of one character can be answered by prefix. A text of several runs gives
/// one more list for all of them joined, so that "13800 138000" is found by "13800138000", and "Co., Ltd." by
/// "co.,ltd".
///
/// The lists may be stored one after the other in one column: a phrase of a [`query`] consists of pairs only,
/// and every list ends with a single character, so that no phrase matches across two lists.
///
/// Tokens consist of letters and digits only (no quotes, spaces, operators, combining marks or emoji) and are
/// already in small letters; they can stand unescaped in an FTS5 phrase and in a PostgreSQL tsvector literal.
/// FTS5's `unicode61 remove_diacritics 0` takes each as one token. About two tokens per character of text.
pub fn grams(texts: &[&str]) -> Vec<Vec<String>> {
    let mut lists = Vec::new();
    for text in texts {
        let runs = runs(&search_fold(text));
        lists.extend(runs.iter().map(|run| run_grams(run)));
        if runs.len() > 1 {
            lists.push(run_grams(&runs.concat()));
        }
    }
    lists
}

/// A user's query, cut in the same way as [`grams`].
///
/// Words are separated by white space, and all of them must match. Punctuation within a word is ignored, as
/// the index holds the texts without it too: "020-8888" is one phrase. A word of one character is a prefix.
/// Nothing to search for (nothing but spaces and punctuation) gives no terms. At most 8 words and 64 letters
/// and digits are used; the rest of a longer query is ignored, which finds more rather than less.
pub fn query(q: &str) -> Vec<Term> {
    let folded = search_fold(query_head(q));
    let mut left = QUERY_CHARS;
    let mut terms = Vec::new();
    for word in folded.split(' ') {
        let letters: Vec<char> = word.chars().filter(|&c| is_indexed(c)).take(left).collect();
        left -= letters.len();
        match letters.as_slice() {
            [] => continue,
            [only] => terms.push(Term::Prefix(*only)),
            several => terms.push(Term::Phrase(pairs(several))),
        }
        if terms.len() == QUERY_WORDS {
            break;
        }
    }
    terms
}

/// The part of a query which is looked at, so that a megabyte of it costs nothing. The factor leaves room for
/// spaces, punctuation and combining marks between the 64 characters used.
fn query_head(q: &str) -> &str {
    let q = q.trim_start();
    let end = q.char_indices().nth(QUERY_CHARS * 16).map_or(q.len(), |(at, _)| at);
    &q[..end]
}

/// The runs of letters and digits of a folded text. Combining marks neither belong to a run nor end it.
fn runs(folded: &str) -> Vec<Vec<char>> {
    let mut runs = Vec::new();
    let mut run = Vec::new();
    for c in folded.chars() {
        if is_indexed(c) {
            run.push(c);
        } else if !is_combining_mark(c) && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    if !run.is_empty() {
        runs.push(run);
    }
    runs
}

/// The pairs of a run and its last character.
fn run_grams(run: &[char]) -> Vec<String> {
    let mut tokens = pairs(run);
    tokens.extend(run.last().map(|&c| String::from(c)));
    tokens
}

/// The overlapping pairs of neighbouring characters.
fn pairs(run: &[char]) -> Vec<String> {
    run.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// Letters and digits which may be part of a token.
///
/// Rust's alphanumerics include some characters that are combining marks or symbols to Unicode's general
/// categories, by which FTS5 goes (letters L*, numbers N*): vowel signs, and letters in black circles and
/// squares. FTS5 would cut a token at those. New Tai Lue vowels (U+19B0..) and two Vedic signs (U+1CF2..)
/// were marks in the Unicode version of FTS5 and are letters now. Every other character accepted here was
/// found to be part of a token by SQLite's own tokenizer.
fn is_indexed(c: char) -> bool {
    c.is_alphanumeric()
        && !is_combining_mark(c)
        && !matches!(c, '\u{19B0}'..='\u{19C9}' | '\u{1CF2}'..='\u{1CF3}' | '\u{1F130}'..='\u{1F189}')
}

// ----------------------------------------------------------------------------------------------------
// Duplicates

/// The part of a company's name that tells it from others, for finding duplicates.
///
/// [`search_fold`]ed, without legal forms and noise words (有限公司, 集团, "(中国)", Co., Ltd., GmbH ...), without
/// spaces and punctuation: "广州天河贸易（集团）有限公司" -> "广州天河贸易", "Alfreds Futterkiste GmbH & Co. KG" ->
/// "alfredsfutterkiste". Places, trades and 分公司's 分 stay, as they make different companies. A name of nothing
/// else keeps its first word; only a name without letters and digits has an empty key (which is to be
/// compared with nothing). Equal keys make candidates, not proof.
pub fn company_key(name: &str) -> String {
    let folded = search_fold(name);
    let mut words: Vec<String> = Vec::new();
    for part in name_parts(&folded) {
        for word in name_words(&part) {
            let rest = without_chinese_forms(&word, words.is_empty());
            if !rest.is_empty() {
                words.push(rest.into_owned());
            }
        }
    }
    if words.is_empty() {
        return runs(&folded).concat().into_iter().collect();
    }
    drop_latin_forms(&mut words);
    words.concat()
}

/// Chinese (and Japanese) legal forms and noise words, longer ones before those they contain.
const CHINESE_FORMS: &[&str] = &[
    "股份有限责任公司",
    "有限责任公司",
    "有限責任公司",
    "股份有限公司",
    "有限公司",
    "股份公司",
    "集团公司",
    "集團公司",
    "总公司",
    "公司",
    "集团",
    "集團",
    "特殊普通合伙",
    "普通合伙",
    "有限合伙",
    "合伙企业",
    "株式会社",
];

/// Countries which are noise when they stand in brackets: 西门子（中国）有限公司, "Siemens (China) Ltd.".
const BRACKETED_NOISE: &[&str] = &["中国", "中國", "china", "prc"];

/// Legal forms which hardly ever are anything else, written without dots and spaces.
const LATIN_FORMS: &[&str] = &[
    "coltd",
    "companylimited",
    "ltd",
    "limited",
    "ltda",
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "llc",
    "llp",
    "plc",
    "gmbh",
    "gmbhcokg",
    "mbh",
    "pteltd",
    "ptyltd",
    "sarl",
    "srl",
    "sadecv",
    "sdnbhd",
];

/// Legal forms which may be ordinary words or initials elsewhere and therefore count only at the very end.
const LATIN_FORMS_AT_END: &[&str] = &[
    "co", "company", "group", "kg", "ohg", "ag", "se", "sa", "sas", "sl", "spa", "bv", "nv", "ab", "as",
    "oy", "oyj", "kk", "pte", "pty",
];

/// Most words a single legal form is written with ("S. A. de C. V.").
const FORM_WORDS: usize = 5;

/// Cuts a folded name at its brackets and leaves out what is noise in brackets.
fn name_parts(folded: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in folded.chars() {
        let bracket = matches!(
            c,
            '(' | ')' | '[' | ']' | '{' | '}' | '【' | '】' | '〔' | '〕' | '〈' | '〉' | '《' | '》'
        );
        match parts.last_mut() {
            Some(part) if !bracket => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    // Every second part was inside a pair of brackets.
    let mut inside = true;
    parts.retain(|part| {
        inside = !inside;
        !(inside && BRACKETED_NOISE.contains(&part.trim_matches(' ')))
    });
    parts
}

/// The words of a part of a name. Dots and apostrophes do not end a word: "S.A." is "sa".
fn name_words(part: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in part.chars() {
        match words.last_mut() {
            Some(word) if is_indexed(c) => word.push(c),
            Some(word) if !word.is_empty() && !is_combining_mark(c) && !matches!(c, '.' | '\'' | '’') => {
                words.push(String::new());
            }
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A word without Chinese legal forms. Where the name begins with one (公司宝 is a brand), that one is kept.
fn without_chinese_forms(word: &str, first: bool) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut kept = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        let form = CHINESE_FORMS.iter().find(|&&form| rest.starts_with(form)).map_or(0, |form| form.len());
        let (taken, after) = rest.split_at(form.max(c.len_utf8()));
        if form == 0 || (first && kept.is_empty()) {
            kept.push_str(taken);
        }
        rest = after;
    }
    Cow::Owned(kept)
}

/// Removes the Latin legal forms, but never the first word.
fn drop_latin_forms(words: &mut Vec<String>) {
    let mut kept = vec![true; words.len()];
    let mut end = words.len();
    let mut at_end = true;
    while end > 1 {
        let count = form_length(&words[..end], at_end);
        kept[end - count..end].fill(false);
        at_end = at_end && count > 0;
        end -= count.max(1);
    }
    let mut kept = kept.into_iter();
    words.retain(|_| kept.next().unwrap_or(true));
}

/// How many words at the end of these make one legal form; 0 if they do not. The first word is not looked at.
fn form_length(words: &[String], at_end: bool) -> usize {
    let most = FORM_WORDS.min(words.len().saturating_sub(1));
    (1..=most)
        .rev()
        .find(|count| {
            let form = words[words.len() - count..].concat();
            LATIN_FORMS.contains(&form.as_str()) || (at_end && LATIN_FORMS_AT_END.contains(&form.as_str()))
        })
        .unwrap_or(0)
}

/// A cell of a table that people open in a spreadsheet: what it would take for a formula gets an apostrophe before
/// it. A negative number stays one.
pub fn harmless_cell(cell: &str) -> std::borrow::Cow<'_, str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let tempts = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    match tempts && !cell.strip_prefix('-').is_some_and(is_number) {
        true => format!("'{cell}").into(),
        false => cell.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(tokens: &[&str]) -> Vec<String> {
        tokens.iter().map(|&token| String::from(token)).collect()
    }

    fn phrase(tokens: &[&str]) -> Term {
        Term::Phrase(words(tokens))
    }

    /// Whether a record with these texts is found by this query, done as a full-text index does it.
    fn finds(q: &str, texts: &[&str]) -> bool {
        let stored: Vec<String> = grams(texts).concat();
        let terms = query(q);
        !terms.is_empty()
            && terms.iter().all(|term| match term {
                Term::Phrase(tokens) => stored.windows(tokens.len()).any(|window| window == tokens),
                Term::Prefix(c) => stored.iter().any(|token| token.starts_with(*c)),
            })
    }

    /// Every Unicode character but those of the planes that are empty or for private use, and every 64th of
    /// those.
    fn all_chars() -> impl Iterator<Item = char> {
        ('\0'..='\u{3FFFF}').chain(('\u{40000}'..=char::MAX).step_by(64))
    }

    /// Reproducible random texts: Chinese, Latin, marks, emoji, brackets, neighbours of the surrogate range.
    fn random_texts(count: usize) -> impl Iterator<Item = String> {
        const SPICE: &str = concat!(
            " \t\n\0\u{3000}\u{A0}\u{200B}\u{200D}\u{FEFF}\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}\u{10FFFF}",
            "\u{301}\u{308}\u{20E3}\u{FE0F}\u{3099}\u{1F600}\u{1F468}\u{1F1E8}\u{1F170}ⒶﷺＡ㈱½İıßﬁǅΣςﾊﾞ",
            "()（）\"'*.-公司有限集团长行银单重庆中国〇𠮷",
        );
        let spice: Vec<char> = SPICE.chars().collect();
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut next = move |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as usize % bound
        };
        (0..count).map(move |_| {
            let length = next(40);
            (0..length)
                .map(|_| match next(4) {
                    0 => spice[next(spice.len())],
                    1 => char::from_u32(0x4E00 + next(0x5200) as u32).unwrap_or('中'),
                    2 => char::from_u32(next(0x300) as u32).unwrap_or('a'),
                    _ => char::from_u32(next(0x11_0000) as u32).unwrap_or('\u{D7FF}'),
                })
                .collect()
        })
    }

    #[test]
    fn width_case_and_spaces_do_not_matter() {
        assert_eq!(fold("ＡＢＣ１２３"), "abc123");
        assert_eq!(fold("  Alfreds \t\r\n Futterkiste\u{3000}"), "alfreds futterkiste");
        assert_eq!(fold("ﾊﾞﾝﾄﾞ"), "バンド");
        assert_eq!(fold("广州\u{200B}天河\0"), "广州天河");
        assert_eq!(fold("有限公司（中国）"), "有限公司(中国)");
        assert_eq!(fold("México"), "méxico");
        assert_eq!(fold(" \u{FEFF} "), "");
        assert_eq!(fold(""), "");
    }

    #[test]
    fn accents_do_not_matter_in_a_search() {
        assert_eq!(search_fold("México D.F."), "mexico d.f.");
        assert_eq!(search_fold("Blondesddsl père et fils"), "blondesddsl pere et fils");
        assert_eq!(search_fold("Berglunds snabbköp, Luleå"), "berglunds snabbkop, lulea");
        assert_eq!(search_fold("Łódź Smørrebrød Straße"), "lodz smorrebrod strasse");
        assert_eq!(search_fold("Nguyễn Thị Diệu"), "nguyen thi dieu");
        assert_eq!(search_fold("İstanbul"), "istanbul");
        // Written with a mark of its own instead of one character.
        assert_eq!(search_fold("Me\u{301}xico"), "mexico");
        // Marks of other scripts make other letters.
        assert_eq!(search_fold("がぎ"), "がぎ");
        assert_eq!(search_fold("Йод"), "йод");
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for c in all_chars() {
            let text = format!("中{c}\u{301}a{c}b");
            let folded = fold(&text);
            assert_eq!(fold(&folded), folded, "{text:?}");
            let plain = search_fold(&text);
            assert_eq!(search_fold(&plain), plain, "{text:?}");
        }
    }

    #[test]
    fn telephone_numbers_are_compared_by_their_digits() {
        assert_eq!(digits("+86 (020) 8888-1234"), "8602088881234");
        assert_eq!(digits("０２０－８８８８"), "0208888");
        assert_eq!(digits("电话：无"), "");
    }

    #[test]
    fn chinese_names_sort_by_their_sound_among_latin_ones() {
        assert_eq!(sort_key("张三"), "zhang'san'");
        assert_eq!(sort_key("Alfreds Futterkiste"), "alfreds futterkiste");
        assert_eq!(sort_key("ABC贸易"), "abcmao'yi'");
        let mut names =
            ["周杰", "Zhao", "先锋", "Élan", "张三", "西安", "Zhang San", "Zhanga", "安娜", "Elf", "重庆"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(
            names,
            ["安娜", "重庆", "Élan", "Elf", "西安", "先锋", "Zhang San", "张三", "Zhanga", "Zhao", "周杰"]
        );
    }

    #[test]
    fn sort_keys_are_short_and_of_ordinary_letters() {
        assert_eq!(sort_key(&"庄".repeat(5000)).chars().count(), 200);
        assert_eq!(sort_key(&"x".repeat(5000)).len(), 200);
        assert_eq!(sort_key("女"), "nv'");
        for c in all_chars().filter(|&c| usual_reading(c).is_some()) {
            let key = sort_key(&c.to_string());
            assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b == b'\''), "{c} {key}");
        }
    }

    #[test]
    fn a_company_can_be_typed_by_its_first_letters() {
        for (name, typed) in [
            ("广州天河贸易有限公司", "gzthmyyxgs"),
            ("Alfreds Futterkiste", "af"),
            ("Let's Stop N Shop", "lsns"),
            ("Hewlett-Packard", "hp"),
            ("3M中国", "3mzg"),
            ("Épicerie Fine 24", "ef24"),
            ("B2B平台", "b2bpt"),
            ("ＡＢＣ 贸易（上海）", "amysh"),
            ("😀张三", "zs"),
            ("", ""),
            ("——", ""),
        ] {
            assert_eq!(initials(name), typed, "{name}");
        }
    }

    #[test]
    fn characters_with_several_readings_are_read_as_people_do() {
        for (name, typed) in [
            ("重庆", "cq"),
            ("重型机械", "zxjx"),
            ("长沙", "cs"),
            ("长城汽车", "ccqc"),
            ("长江实业", "cjsy"),
            ("万科成长基金", "wkczjj"),
            ("厦门航空", "xmhk"),
            ("国际大厦", "gjds"),
            ("招商银行广州分行", "zsyhgzfh"),
            ("天河五金商行", "thwjsh"),
            ("工商行政管理局", "gsxzglj"),
            ("春秋旅行社", "cqlxs"),
            ("会计师事务所", "kjssws"),
            ("国际会展中心", "gjhzzx"),
            ("朝阳区", "cyq"),
            ("成都", "cd"),
            ("佛山", "fs"),
            ("空调", "kt"),
            ("市场调查", "scdc"),
            ("西藏", "xz"),
            ("番禺", "py"),
        ] {
            assert_eq!(initials(name), typed, "{name}");
        }
    }

    #[test]
    fn surnames_are_read_as_surnames_only_in_a_persons_name() {
        for (name, typed) in [
            ("单雄信", "sxx"),
            ("单伟", "sw"),
            ("单片机开发公司", "dpjkfgs"),
            ("简单", "jd"),
            ("仇英", "qy"),
            ("区志强", "ozq"),
            ("区域发展银行", "qyfzyh"),
            ("解晓东", "xxd"),
            ("解放日报", "jfrb"),
            ("尉迟恭", "ycg"),
            ("长孙无忌", "zswj"),
            ("曾国藩", "zgf"),
        ] {
            assert_eq!(initials(name), typed, "{name}");
        }
        assert_eq!(sort_key("单雄信"), "shan'xiong'xin'");
    }

    #[test]
    fn the_tables_of_readings_are_well_formed() {
        for (text, reading) in PHRASES.iter().chain(SURNAMES) {
            assert_eq!(text.chars().count(), reading.split(' ').count(), "{text}");
            assert!(
                reading.split(' ').all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase())),
                "{text}"
            );
            assert!(text.chars().all(|c| usual_reading(c).is_some()), "{text}");
        }
    }

    #[test]
    fn texts_are_stored_as_overlapping_pairs() {
        assert_eq!(grams(&["广州市"]), [words(&["广州", "州市", "市"])]);
        assert_eq!(grams(&["王"]), [words(&["王"])]);
        assert_eq!(
            grams(&["王 a-B", "México"]),
            [
                words(&["王"]),
                words(&["a"]),
                words(&["b"]),
                words(&["王a", "ab", "b"]),
                words(&["me", "ex", "xi", "ic", "co", "o"])
            ]
        );
        assert!(grams(&["", " ", "……", "😀"]).is_empty());
        assert!(grams(&[]).is_empty());
    }

    #[test]
    fn queries_are_cut_like_the_texts() {
        assert_eq!(query("广州天"), [phrase(&["广州", "州天"])]);
        assert_eq!(query(" 广州 ａ "), [phrase(&["广州"]), Term::Prefix('a')]);
        assert_eq!(query("020-88"), [phrase(&["02", "20", "08", "88"])]);
        assert_eq!(query("王"), [Term::Prefix('王')]);
        for nothing in ["", "   ", "\"", "*", "（）", "😀", "\u{301}"] {
            assert_eq!(query(nothing), [], "{nothing:?}");
        }
    }

    #[test]
    fn a_record_is_found_by_any_part_of_its_texts() {
        let record =
            ["广州天河贸易有限公司", "13800 138000", "México D.F.", "Straße 5", "zhang.san@example.com"];
        for q in [
            "广州",
            "天河贸易",
            "州天",
            "公司",
            "司",
            "广",
            "广州 有限",
            "贸易 广州",
            "13800138000",
            "138001",
            "0013",
            "13800 138000",
            "138-00138000",
            "mexico",
            "MÉXICO",
            "ｍｅｘｉｃｏ",
            "mexico df",
            "d.f.",
            "straße",
            "m",
            "5",
            "zhang.san@example.com",
            "zhangsan",
            "@example",
            "广州，天河",
        ] {
            assert!(finds(q, &record), "{q}");
        }
        for q in ["上海", "河天", "广州贸易", "138001380001", "mexiko", "司1", "x y", ""] {
            assert!(!finds(q, &record), "{q}");
        }
    }

    #[test]
    fn a_word_is_never_found_across_two_fields() {
        assert!(!finds("河13", &["天河", "13800"]));
        assert!(!finds("天河13", &["天河", "13800"]));
        assert!(!finds("ab", &["a", "b"]));
        assert!(!finds("abc", &["ab", "c"]));
        assert!(!finds("abcd", &["ab", "cd"]));
        assert!(finds("ab", &["a b"]));
    }

    #[test]
    fn very_long_queries_are_cut_short() {
        assert_eq!(query("a b c d e f g h i j").len(), 8);
        assert_eq!(query("- a - b - c - d - e - f - g - h - i").len(), 8);
        let Some(Term::Phrase(pairs)) = query(&"x".repeat(1_000_000)).pop() else { panic!("no phrase") };
        assert_eq!(pairs.len(), 63);
        assert_eq!(query(&format!("{} bcd", "a".repeat(63))).pop(), Some(Term::Prefix('b')));
        assert_eq!(query(&format!("{} bcd", "a".repeat(64))).len(), 1);
    }

    #[test]
    fn tokens_are_safe_in_any_search_engine() {
        let check = |token: &str, count: std::ops::RangeInclusive<usize>| {
            assert!(count.contains(&token.chars().count()), "{token:?}");
            assert!(token.chars().all(|c| c.is_alphanumeric() && !is_combining_mark(c)), "{token:?}");
            assert_eq!(search_fold(token), token);
        };
        for text in random_texts(5_000) {
            for list in grams(&[&text]) {
                let (last, pairs) = list.split_last().unwrap();
                check(last, 1..=1);
                pairs.iter().for_each(|pair| check(pair, 2..=2));
            }
            for term in query(&text) {
                match term {
                    Term::Phrase(pairs) => pairs.iter().for_each(|pair| check(pair, 2..=2)),
                    Term::Prefix(c) => check(&c.to_string(), 1..=1),
                }
            }
        }
    }

    #[test]
    fn every_text_is_found_by_itself() {
        for text in random_texts(5_000) {
            let within_limits = query(&text).len() < QUERY_WORDS;
            if within_limits && !query(&text).is_empty() {
                assert!(finds(&text, &["其他", &text]), "{text:?}");
            }
        }
    }

    #[test]
    fn the_legal_form_does_not_make_another_company() {
        for same in [
            "广州天河贸易有限公司",
            "广州天河贸易有限责任公司",
            "广州天河贸易股份有限公司",
            "广州天河贸易（集团）有限公司",
            "广州天河贸易集团",
            "广州天河贸易（中国）有限公司",
            "广州 天河贸易 ( 中国 ) 公司",
            "广州天河·贸易【集团】总公司",
            "广州天河贸易 Co., Ltd.",
        ] {
            assert_eq!(company_key(same), "广州天河贸易", "{same}");
        }
        for same in [
            "Acme Trading",
            "ACME Trading Co., Ltd.",
            "Acme Trading Co.,Ltd",
            "Acme Trading Co.Ltd.",
            "Acme Trading Company Limited",
            "Acme-Trading, Inc.",
            "Acme Trading GmbH",
            "Acme Trading GmbH & Co. KG",
            "Acme Trading S.A.",
            "Acme Trading S. A. de C. V.",
            "Ácme Trading LLC",
            "Acme Trading Corp",
            "Acme (China) Trading Ltd.",
            "Acme Trading Ltd. (China)",
            "Ａｃｍｅ　Ｔｒａｄｉｎｇ有限公司",
        ] {
            assert_eq!(company_key(same), "acmetrading", "{same}");
        }
    }

    #[test]
    fn what_makes_another_company_stays() {
        for (name, key) in [
            ("中国移动通信集团广东有限公司", "中国移动通信广东"),
            ("西门子（上海）有限公司", "西门子上海"),
            ("某某贸易有限公司广州分公司", "某某贸易广州分"),
            ("公司宝科技有限公司", "公司宝科技"),
            ("有限公司", "有限公司"),
            ("集团", "集团"),
            ("Limited", "limited"),
            ("Co., Ltd.", "co"),
            ("SA Power Networks", "sapowernetworks"),
            ("The Company Store", "thecompanystore"),
            ("Franchi S.p.A.", "franchi"),
            ("B's Beverages", "bsbeverages"),
            ("Acme Ltd. Beijing Branch", "acmebeijingbranch"),
            ("", ""),
            ("（中国）", "中国"),
            ("……", ""),
        ] {
            assert_eq!(company_key(name), key, "{name}");
        }
    }

    #[test]
    fn no_text_makes_them_panic() {
        for text in random_texts(10_000).chain(all_chars().step_by(7).map(String::from)) {
            let folded = fold(&text);
            assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "), "{text:?}");
            assert!(!folded.chars().any(char::is_control), "{text:?}");
            assert!(sort_key(&text).chars().count() <= 200, "{text:?}");
            assert!(digits(&text).bytes().all(|b| b.is_ascii_digit()), "{text:?}");
            assert!(initials(&text).chars().count() <= search_fold(&text).chars().count(), "{text:?}");
            assert!(company_key(&text).chars().all(is_indexed), "{text:?}");
        }
    }
}
