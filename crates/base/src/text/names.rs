//! The normal form of a company's name: the part that tells it from others.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use super::grams::{is_indexed, runs};
use super::search_fold;

/// The part of a company's name that tells it from others, for finding duplicates.
///
/// [`search_fold`]ed (so 廣州 is 广州), without legal forms and noise words (有限公司, 集团, "(中国)", Co., Ltd., GmbH ...),
/// without spaces and punctuation: "广州天河贸易（集团）有限公司" -> "广州天河贸易", "Alfreds Futterkiste GmbH & Co. KG" ->
/// "alfredsfutterkiste". 省, 市, 区, 县 behind a place at the beginning are left out, and so is a province before a city:
/// 广东省广州市天河商贸 -> 广州天河贸易. 商贸 and 经贸 are 贸易. The places themselves, other trades and 分公司's 分 stay, as they
/// make different companies. A name of nothing else keeps its first word; only a name without letters and digits has an
/// empty key (which is to be compared with nothing). Equal keys make candidates, not proof.
pub fn name_key(name: &str) -> String {
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
    // A place may stand as a word of its own: 广州市 天河贸易.
    one_trade(&without_place_marks(&words.concat()))
}

/// Words for trade at large, which people take for each other.
const TRADES: &[&str] = &["商贸", "经贸"];
const TRADE: &str = "贸易";

fn one_trade(word: &str) -> String {
    TRADES.iter().fold(word.to_owned(), |word, trade| match word.contains(trade) {
        // 商贸易 is 商 and 贸易.
        true => word.replace(&format!("{trade}易"), TRADE).replace(trade, TRADE),
        false => word,
    })
}

/// What a place is, as it stands behind its name; longer ones before those they end with.
const PLACE_MARKS: &[&str] = &["特别行政区", "自治区", "自治州", "自治县", "新区", "省", "市", "区", "县"];
/// Words that end or begin with such a mark and are no place's.
const NO_MARKS: &[&str] = &[
    "超市", "城市", "门市", "都市", "股市", "集市", "夜市", "菜市", "花市", "楼市", "上市", "市场", "市政",
    "市集", "市民", "小区", "社区", "园区", "地区", "景区", "校区", "军区", "区块", "区域", "节省", "省心",
    "省钱", "县域",
];
/// The names of places have so many characters: 广州, 呼和浩特.
const PLACE_CHARS: std::ops::RangeInclusive<usize> = 2..=4;
/// Provinces, as they stand before a city without a mark.
const PROVINCES: &[&str] = &[
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "台湾",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
];

/// The word without the marks of the places that it begins with, and without a province before a city.
fn without_place_marks(word: &str) -> Cow<'_, str> {
    let province = PROVINCES.iter().find(|province| word.starts_with(**province));
    let mut rest = match province.map(|province| &word[province.len()..]) {
        Some(city)
            if !PLACE_MARKS.iter().any(|mark| city.starts_with(mark))
                && place(city).is_some_and(|(_, mark, _)| mark == "市") =>
        {
            city
        }
        _ => word,
    };
    let mut places = String::new();
    let mut above = "";
    while let Some((name, mark, after)) = place(rest) {
        if matches!(above, "省" | "自治区") && mark == "市" {
            places.clear();
        }
        places.push_str(name);
        (above, rest) = (mark, after);
    }
    match rest.len() == word.len() {
        true => Cow::Borrowed(word),
        false => Cow::Owned(places + rest),
    }
}

/// The place that a text begins with: its name, its mark, and the rest, which is never empty.
fn place(text: &str) -> Option<(&str, &'static str, &str)> {
    PLACE_CHARS.into_iter().find_map(|count| {
        let (end, _) = text.char_indices().nth(count)?;
        let (name, from_mark) = text.split_at(end);
        let mark = PLACE_MARKS.iter().find(|mark| from_mark.starts_with(**mark))?;
        let rest = &from_mark[mark.len()..];
        let (last, _) = name.char_indices().last()?;
        let at_end = format!("{}{mark}", &name[last..]);
        let other = NO_MARKS.iter().any(|word| at_end.ends_with(word) || from_mark.starts_with(word));
        (!rest.is_empty() && !other).then_some((name, *mark, rest))
    })
}

/// Chinese (and Japanese) legal forms and noise words, longer ones before those they contain.
const CHINESE_FORMS: &[&str] = &[
    "股份有限责任公司",
    "有限责任公司",
    "股份有限公司",
    "有限公司",
    "股份公司",
    "集团公司",
    "总公司",
    "公司",
    "集团",
    "特殊普通合伙",
    "普通合伙",
    "有限合伙",
    "合伙企业",
    "株式会社",
];

/// Countries which are noise when they stand in brackets: 西门子（中国）有限公司, "Siemens (China) Ltd.".
const BRACKETED_NOISE: &[&str] = &["中国", "china", "prc"];

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
    "kft",
    "sro",
    "eurl",
    "gbr",
    "ооо",
    "επε",
];

/// Legal forms which may be ordinary words or initials elsewhere and therefore count only at the very end.
const LATIN_FORMS_AT_END: &[&str] = &[
    "co", "company", "group", "kg", "ohg", "ag", "se", "sa", "sas", "sl", "spa", "bv", "nv", "ab", "as",
    "oy", "oyj", "kk", "pte", "pty", "αε", "ао",
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
