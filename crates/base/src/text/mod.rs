//! Text forms for searching, sorting and comparing: what makes "广州天河" findable by typing "gzth", "ＡＢＣ" equal
//! to "abc", and 张三 stand next to Zhang San in a list.
//!
//! Nothing here is meant for display; records keep the text as it was typed. All functions take any string
//! and never panic. They are linear in the length of the text.

mod grams;
mod keys;
mod names;
mod readings;
mod script;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub use grams::{Term, grams, query};
pub use keys::{KeyCase, key, key_as_stored};
pub use names::name_key;
pub use readings::{initials, sort_key, spoken};

/// The version of all forms that are stored: of [`key`], [`name_key`], [`search_fold`], [`grams`] and [`spoken`]. Whoever
/// changes what one of them gives raises it; then the next start stores all of them anew.
pub const FORMS: i32 = 1;

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

/// The form in which texts are searched for and names are compared: `plain_fold` in which also the accents of Greek are
/// gone (Αθήνα -> αθηνα), ё is е, and a traditional Chinese character is the simplified one (重慶 -> 重庆).
pub fn search_fold(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() {
        return folded;
    }
    without_marks(&folded, |letter, mark| is_greek(letter) || (letter == 'е' && mark == '\u{308}'))
        .chars()
        .map(script::simplified)
        .collect()
}

/// [`fold`] with the diacritics of Latin letters removed: "México" -> "mexico", "Łódź" -> "lodz".
///
/// Letters which are no base letter plus accent are written as is usual without them: ø -> o, æ -> ae, ß ->
/// ss. Marks of other scripts stay, since they make different letters there (が is not か, й is not и). Lists are in the
/// order of this form, and Chinese is read in it.
fn plain_fold(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() {
        return folded;
    }
    without_marks(&folded, |_, _| false)
}

/// A folded text without the marks of Latin letters, and without those that also do not count on these letters.
fn without_marks(folded: &str, also: fn(char, char) -> bool) -> String {
    let mut plain = String::with_capacity(folded.len());
    let mut letter = ' ';
    for c in folded.nfd() {
        if is_combining_mark(c) {
            if !is_latin(letter) && !also(letter, c) {
                plain.push(c);
            }
            continue;
        }
        match plain_latin(c) {
            Some(letters) => plain.push_str(letters),
            None => plain.push(c),
        }
        letter = c;
    }
    plain.nfc().collect()
}

/// Greek letters, small, in decomposed text.
fn is_greek(c: char) -> bool {
    matches!(c, '\u{3B1}'..='\u{3C9}')
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

/// A character that is not taken, as `U+202E`: one that turns the text around it, and in a text of one line also one that
/// nobody sees. Two names that look alike would not be the same.
pub fn hidden_character(text: &str, one_line: bool) -> Option<String> {
    // All of them take more than one byte.
    if text.is_ascii() {
        return None;
    }
    let hidden = text.chars().find(|c| turns(*c) || one_line && has_no_width(*c))?;
    Some(format!("U+{:04X}", u32::from(hidden)))
}

/// Embeddings, overrides, isolates and marks of the direction of writing.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a width. Variation selectors are none of them: in some names they choose a character's form.
fn has_no_width(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200D}'
            | '\u{2060}'..='\u{2064}'
            | '\u{FEFF}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// A cell of a table that people open in a spreadsheet: what it would take for a formula gets an apostrophe before
/// it. A negative number stays one, and so does the number of a telephone. [`unharmed_cell`] takes it back.
pub fn harmless_cell(cell: &str) -> Cow<'_, str> {
    match tempts(cell) {
        true => format!("'{cell}").into(),
        false => cell.into(),
    }
}

/// What separates cells where a spreadsheet does not take a comma for it, whatever quotation marks there are.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// The same for a CSV file, which some spreadsheets cut at other characters than commas: behind these, too.
pub fn harmless_csv_cell(cell: &str) -> Cow<'_, str> {
    let (first, rest) = first_part(cell);
    if !tempts(first) && !rest.split_inclusive(SEPARATORS).any(calculates) {
        return cell.into();
    }
    let guarded = |part: &str| if calculates(part) { format!("'{part}") } else { part.to_owned() };
    let rest: String = rest.split_inclusive(SEPARATORS).map(guarded).collect();
    format!("{}{rest}", harmless_cell(first)).into()
}

/// A cell without the apostrophes that keep a spreadsheet from taking it for a formula.
pub fn unharmed_cell(cell: &str) -> Cow<'_, str> {
    let (first, rest) = first_part(cell);
    let bare = |part, is_guarded: fn(&str) -> bool| match str::strip_prefix(part, '\'') {
        Some(inner) if is_guarded(inner) => inner,
        _ => part,
    };
    // Also before what needs none, such as the number of a telephone: many people type it.
    let rest = rest.split_inclusive(SEPARATORS).map(|part| bare(part, begins_like_a_formula));
    [bare(first, |inner| begins_like_a_formula(inner) || tempts(inner))]
        .into_iter()
        .chain(rest)
        .collect::<String>()
        .into()
}

fn first_part(cell: &str) -> (&str, &str) {
    let end = cell.find(SEPARATORS).map_or(cell.len(), |at| at + 1);
    cell.split_at(end)
}

/// Whether a spreadsheet would take what a cell begins with for something else than its text.
pub fn tempts(cell: &str) -> bool {
    calculates(cell) || cell.trim_start_matches('\'').starts_with(['\t', '\r', '\n'])
}

/// Whether a spreadsheet would calculate with it, or hide an apostrophe before what it would calculate with.
fn calculates(part: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_phone = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_digit() || b == b' ')
    };
    let is_plain = |sign, is_it: &dyn Fn(&str) -> bool| {
        part.strip_prefix(sign).is_some_and(|rest| is_it(rest.trim_end_matches(SEPARATORS)))
    };
    begins_like_a_formula(part) && !is_plain('-', &is_number) && !is_plain('+', &is_phone)
}

fn begins_like_a_formula(part: &str) -> bool {
    part.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A row of a CSV file, without its end, whose cells no spreadsheet takes for formulas. What any spreadsheet could take for
/// a separator is between quotation marks, whichever the file has.
pub fn csv_row<'c>(cells: impl Iterator<Item = &'c str>, separator: char) -> String {
    let mut row = String::new();
    let (mut count, mut only_empty) = (0, true);
    for cell in cells {
        if count > 0 {
            row.push(separator);
        }
        (count, only_empty) = (count + 1, only_empty && cell.is_empty());
        let cell = harmless_csv_cell(cell);
        match cell.contains(['"', ',', ';', '\t', '\r', '\n']) || cell.trim() != cell {
            true => row.extend(["\"", &cell.replace('"', "\"\""), "\""]),
            false => row.push_str(&cell),
        }
    }
    // A row of one empty cell would be no row.
    if count == 1 && only_empty { "\"\"".into() } else { row }
}
