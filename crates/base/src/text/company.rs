//! The part of a company's name that tells it from others.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use super::grams::{is_indexed, runs};
use super::search_fold;

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
