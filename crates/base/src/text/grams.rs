//! Words for a full-text index in which parts of words are found, too: overlapping pairs of characters.

use unicode_normalization::char::is_combining_mark;

use super::readings::spelled;
use super::search_fold;

/// Most words of a query, see [`query`].
pub(super) const QUERY_WORDS: usize = 8;

/// Most letters and digits of a query, see [`query`].
const QUERY_CHARS: usize = 64;

/// One condition of a search; all conditions of a [`query`] must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// These tokens one directly after the other.
    Phrase(Vec<String>),
    /// A token that begins with this letter or digit.
    Prefix(char),
    /// These tokens one directly after the other, or one of these lists of [`spoken`](super::spoken) syllables, of which
    /// the last may go on.
    Spoken(Vec<String>, Vec<Vec<String>>),
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
            several => terms.push(word_term(several)),
        }
        if terms.len() == QUERY_WORDS {
            break;
        }
    }
    terms
}

/// A word of several characters. What can be read as pinyin may be meant so.
fn word_term(letters: &[char]) -> Term {
    let spelled = spelled(&letters.iter().collect::<String>());
    match spelled.is_empty() {
        true => Term::Phrase(pairs(letters)),
        false => Term::Spoken(pairs(letters), spelled),
    }
}

/// The part of a query which is looked at, so that a megabyte of it costs nothing. The factor leaves room for
/// spaces, punctuation and combining marks between the 64 characters used.
fn query_head(q: &str) -> &str {
    let q = q.trim_start();
    let end = q.char_indices().nth(QUERY_CHARS * 16).map_or(q.len(), |(at, _)| at);
    &q[..end]
}

/// The runs of letters and digits of a folded text. Combining marks neither belong to a run nor end it.
pub(super) fn runs(folded: &str) -> Vec<Vec<char>> {
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
pub(super) fn is_indexed(c: char) -> bool {
    c.is_alphanumeric()
        && !is_combining_mark(c)
        && !matches!(c, '\u{19B0}'..='\u{19C9}' | '\u{1CF2}'..='\u{1CF3}' | '\u{1F130}'..='\u{1F189}')
}
