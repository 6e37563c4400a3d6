//! A file that comes as a form, as browsers and `curl -F file=@orders.csv` send it: one file in it, and nothing else that
//! would be left out.

use super::intake::{CSV, MULTIPART, NDJSON, TYPES, XLSX};
use crate::base::error::{Error, Problem, Result};

/// Headers of a part have at most so many bytes.
const MAX_HEAD: usize = 4 << 10;

/// The file, and what it is.
pub fn file_in(body: &[u8]) -> Result<(&'static str, &[u8])> {
    let first = body.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end();
    let named = first.len() > 2 && first.len() <= 72 && first.starts_with(b"--");
    let rest = body
        .strip_prefix(first)
        .filter(|_| named)
        .ok_or_else(|| unreadable("it does not begin with a boundary"))?;
    let mut end = b"\r\n".to_vec();
    end.extend_from_slice(first);
    let rest = rest.strip_prefix(b"\r\n").ok_or_else(|| unreadable("a line does not end with CRLF"))?;
    let head_end = find(&rest[..rest.len().min(MAX_HEAD)], b"\r\n\r\n");
    let head_end = head_end.ok_or_else(|| unreadable("a part has no headers"))?;
    let head = String::from_utf8_lossy(&rest[..head_end]);
    let content = &rest[head_end + 4..];
    let length = find(content, &end).ok_or_else(|| unreadable("it is cut short"))?;
    match content[length + end.len()..].starts_with(b"--") {
        true => Ok((kind_of(&head), &content[..length])),
        false => Err(unreadable("it has more than the one file; send parameters in the query")),
    }
}

fn unreadable(reason: &str) -> Error {
    Problem::new("unreadable_file").param("reason", format_args!("{MULTIPART}: {reason}")).into()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    let (first, rest) = what.split_first()?;
    let mut at = 0;
    loop {
        at += text[at..].iter().position(|b| b == first)?;
        if text[at + 1..].starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
}

/// What a part is: as its name ends, since programs send types of their own, or else as it says.
fn kind_of(head: &str) -> &'static str {
    let head = head.to_ascii_lowercase();
    let name =
        head.split_once("filename=").map(|(_, rest)| rest.split(['\r', ';']).next().unwrap_or_default());
    match name.map(|name| name.trim_matches('"').rsplit('.').next().unwrap_or_default()) {
        Some("xlsx") => XLSX,
        Some("ndjson" | "jsonl") => NDJSON,
        Some("csv" | "tsv" | "txt") => CSV,
        _ => TYPES.into_iter().find(|media| head.contains(media)).unwrap_or(CSV),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(head: &str, content: &str, end: &str) -> Vec<u8> {
        format!("--b1\r\nContent-Disposition: form-data; name=\"file\"{head}\r\n\r\n{content}\r\n--b1{end}")
            .into()
    }

    #[test]
    fn the_file_of_a_form_is_as_it_was() {
        let text = "code,name\r\nA,--b2\r\n";
        for (head, media) in [
            ("; filename=\"a.csv\"\r\nContent-Type: application/octet-stream", CSV),
            ("; filename=\"a.XLSX\"", XLSX),
            ("\r\nContent-Type: application/x-ndjson", NDJSON),
        ] {
            let body = form(head, text, "--\r\n");
            assert_eq!(file_in(&body).unwrap(), (media, text.as_bytes()), "{head}");
        }
        assert_eq!(file_in(&form("", "", "--")).unwrap().1, b"");
        for body in [
            &b""[..],
            b"--",
            b"--b1",
            b"x",
            b"--b1\r\nno end",
            &form("", "x", ""),
            &form("", "x", "\r\nmore"),
        ] {
            assert_eq!(file_in(body).unwrap_err().code(), "unreadable_file", "{body:?}");
        }
    }
}
