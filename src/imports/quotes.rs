//! Quotation marks of a CSV file: one that is not closed would take the rows behind it into its cell.

use crate::base::error::{Error, Problem};

/// Refuses a text in which a cell begins with a quotation mark that is not closed where a cell ends.
pub fn check(text: &[u8], delimiter: u8) -> Result<(), Error> {
    let mut at = 0;
    // Lines before `at`, each ended by LF, CRLF or CR.
    let mut line = 1u64;
    while at < text.len() {
        if text[at] != b'"' {
            let length = text[at..].iter().position(|b| *b == delimiter || is_end(*b));
            at += length.unwrap_or(text.len() - at);
        } else {
            let end = closed(text, at + 1, delimiter).ok_or_else(|| unclosed(line))?;
            line += lines_in(&text[at..end]);
            at = end;
        }
        if at < text.len() {
            line += lines_in(&text[at..(at + 1 + usize::from(text[at..].starts_with(b"\r\n")))]);
            at += if text[at..].starts_with(b"\r\n") { 2 } else { 1 };
        }
    }
    Ok(())
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Where the cell ends that is between quotation marks; None when it does not.
fn closed(text: &[u8], mut at: usize, delimiter: u8) -> Option<usize> {
    loop {
        at += text[at..].iter().position(|b| *b == b'"')? + 1;
        if text.get(at) == Some(&b'"') {
            at += 1;
            continue;
        }
        let spaces = text[at..].iter().take_while(|b| **b == b' ').count();
        return match text.get(at + spaces) {
            None => Some(text.len()),
            Some(byte) if *byte == delimiter || is_end(*byte) => Some(at + spaces),
            Some(_) => None,
        };
    }
}

/// Line ends in here, as the reader of rows counts them.
fn lines_in(text: &[u8]) -> u64 {
    text.iter().filter(|b| **b == b'\n').count() as u64
}

fn unclosed(line: u64) -> Error {
    Problem::new("unclosed_quote").param("line", line).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_mark_is_closed_where_its_cell_ends() {
        for text in
            ["", "a,b\n", "\"a\",b\n", "\"a\"\"b\",\"c\nd\"\r\n\"e\"", "19\" Zoll,\"x\" ,y\n", "a,\"\"\n"]
        {
            assert!(check(text.as_bytes(), b',').is_ok(), "{text}");
        }
        for (text, line) in [
            ("a,b\nU2,\"19 Zoll,x\nU3,y\n", 2),
            ("a,b\r\n\"x\ny\",z\r\nU2,\"19 Zoll\r\nU4,\"20 Zoll\r\n", 4),
            ("\"", 1),
            ("a\n\"b\"c\n", 2),
        ] {
            let refused = check(text.as_bytes(), b',').unwrap_err().into_problem();
            assert_eq!(refused.code, "unclosed_quote", "{text}");
            assert_eq!(refused.params, [("line", line.to_string())], "{text}");
        }
    }
}
