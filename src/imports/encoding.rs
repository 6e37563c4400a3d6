//! The encoding of a table that is no workbook. Each that the bytes could be is weighed on the whole file; when two would
//! do, whoever sends the file is asked.

use encoding_rs::{BIG5, Encoding, GB18030, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::base::error::{Problem, Result};

/// What a file can be said to be in.
pub const ENCODINGS: [&str; 5] = ["utf-8", "utf-16", "gb18030", "windows-1252", "big5"];

/// How sure the likeliest encoding must be, and by how much surer than the next one; in hundredths.
const ENOUGH: u32 = 70;
const MARGIN: u32 = 40;
/// Bytes that are weighed: what comes after them is like them.
const WEIGHED: usize = 4 << 20;

/// The file as UTF-8 without a byte order mark, and the encoding that it was in.
pub fn decoded(bytes: &[u8], said: Option<&'static str>) -> Result<(Vec<u8>, &'static str)> {
    if let Some(found) = marked(bytes).filter(|found| said.is_none_or(|said| said == *found)) {
        return in_this(bytes, found);
    }
    match said {
        Some(said) => in_this(bytes, said),
        None if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) => in_this(bytes, "utf-8"),
        None if looks_like_utf16(bytes).is_some() => in_this(bytes, "utf-16"),
        None => in_this(bytes, likeliest(bytes)?),
    }
}

/// What the mark at its beginning says.
fn marked(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some("utf-8"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("utf-16"),
        _ => None,
    }
}

fn in_this(bytes: &[u8], name: &'static str) -> Result<(Vec<u8>, &'static str)> {
    let wrong = || Problem::new("unreadable_file").param("reason", format_args!("it is not {name}"));
    let (encoding, bytes) = match (name, bytes) {
        ("utf-8", bytes) => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let is_text = std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
            return if is_text { Ok((bytes.to_vec(), name)) } else { Err(wrong().into()) };
        }
        ("utf-16", [0xff, 0xfe, rest @ ..]) => (UTF_16LE, rest),
        ("utf-16", [0xfe, 0xff, rest @ ..]) => (UTF_16BE, rest),
        ("utf-16", bytes) => (looks_like_utf16(bytes).ok_or_else(wrong)?, bytes),
        ("gb18030", bytes) => (GB18030, bytes),
        ("big5", bytes) => (BIG5, bytes),
        (_, bytes) => (WINDOWS_1252, bytes),
    };
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    match malformed || text.contains('\0') {
        true => Err(wrong().into()),
        false => Ok((text.into_owned().into_bytes(), name)),
    }
}

/// UTF-16 without a mark: every second byte of what is ASCII is zero, on one side only.
fn looks_like_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    match (zeros(0), zeros(1)) {
        (0, 0) => None,
        (first, 0) if first > 0 => Some(UTF_16BE),
        (0, _) => Some(UTF_16LE),
        _ => None,
    }
}

/// The encoding that the bytes are in beyond doubt.
fn likeliest(bytes: &[u8]) -> Result<&'static str> {
    let weighed = &bytes[..bytes.len().min(WEIGHED)];
    let possible = |encoding: &'static Encoding| {
        let (text, malformed) = encoding.decode_without_bom_handling(bytes);
        !malformed && !text.contains('\0')
    };
    let weight = |encoding, weigh: fn(&[u8]) -> u32| if possible(encoding) { weigh(weighed) } else { 0 };
    let mut found = [
        (weight(GB18030, gb18030), "gb18030"),
        (weight(WINDOWS_1252, windows_1252), "windows-1252"),
        (weight(BIG5, big5), "big5"),
    ];
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    match found[0].0 >= ENOUGH && found[0].0 >= found[1].0 + MARGIN {
        true => Ok(found[0].1),
        false => Err(Problem::new("encoding_in_doubt").param("encodings", ENCODINGS.join(", ")).into()),
    }
}

/// A mean of marks from 0 to 100.
#[derive(Default)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    fn add(&mut self, mark: u32) {
        self.sum += u64::from(mark);
        self.count += 1;
    }
    fn value(&self) -> u32 {
        (self.sum / self.count.max(1)) as u32
    }
}

fn is_letter_at(bytes: &[u8], at: Option<usize>) -> bool {
    at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic)
}

/// How much of it is everyday Chinese in GB 18030. Two of three characters of a vocabulary are rare, or have a second
/// byte that is ASCII; in texts they are few.
fn gb18030(bytes: &[u8]) -> u32 {
    double_bytes(bytes, |lead, trail| match (lead, trail) {
        (0xb0..=0xd7, 0xa1..) => 100,
        (0xa1..=0xa3, 0xa1..) => 90,
        (0xd8..=0xf7, 0xa1..) => 80,
        // Other alphabets, and what is in no old character set.
        (0xa4..=0xa9, 0xa1..) => 30,
        _ => 20,
    })
}

/// The same of Big5, whose characters stand in the order of their strokes: those with few are the most usual. Two of five
/// have a second byte that is ASCII.
fn big5(bytes: &[u8]) -> u32 {
    double_bytes(bytes, |lead, trail| match (lead, trail) {
        (0xa4..=0xad, 0x40..=0x7e) => 100,
        (0xa4..=0xad, 0xa1..) | (0xae..=0xc6, 0x40..=0x7e) => 90,
        (0xae..=0xc6, 0xa1..) => 50,
        (0xa1..=0xa3, 0x40..=0x7e | 0xa1..) => 50,
        _ => 10,
    })
}

fn double_bytes(bytes: &[u8], mark: impl Fn(u8, u8) -> u32) -> u32 {
    let (mut mean, mut at) = (Mean::default(), 0);
    while at < bytes.len() {
        let lead = bytes[at];
        if lead < 0x80 {
            at += 1;
            continue;
        }
        let trail = bytes.get(at + 1).copied().unwrap_or_default();
        // Four bytes in GB 18030: a rare character.
        let length = if trail.is_ascii_digit() { 4 } else { 2 };
        // One Chinese character within a word of Latin letters is none.
        let within = is_letter_at(bytes, at.checked_sub(1)) && is_letter_at(bytes, Some(at + length));
        let mark = if length == 4 { 20 } else { mark(lead, trail) };
        mean.add(if within { mark.min(20) } else { mark });
        at += length;
    }
    mean.value()
}

/// How much of it is a language of Western Europe: single letters with accents beside plain ones.
fn windows_1252(bytes: &[u8]) -> u32 {
    let (mut mean, mut at) = (Mean::default(), 0);
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| **b >= 0x80).count();
        if run == 0 {
            at += 1;
            continue;
        }
        let beside = is_letter_at(bytes, at.checked_sub(1)) || is_letter_at(bytes, Some(at + run));
        for byte in &bytes[at..at + run] {
            let is_letter = matches!(byte, 0xc0..=0xd6 | 0xd8..=0xf6 | 0xf8.. | 0x8a | 0x8c | 0x8e | 0x9a | 0x9c | 0x9e | 0x9f);
            mean.add(match (run, beside, is_letter) {
                (1 | 2, true, true) => 100,
                (1, false, true) => 70,
                (1, _, false) => 80,
                (3, true, true) => 15,
                _ => 0,
            });
        }
        at += run;
    }
    mean.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(encoding: &'static Encoding, text: &str) -> Result<&'static str, &'static str> {
        let (bytes, _, unmappable) = encoding.encode(text);
        assert!(!unmappable, "{text}");
        match decoded(&bytes, None) {
            Ok((read, name)) => {
                assert_eq!(String::from_utf8(read).unwrap(), text, "taken for {name}");
                Ok(name)
            }
            Err(refused) => Err(refused.into_problem().code),
        }
    }

    #[test]
    fn what_a_file_is_in_is_found_from_the_whole_of_it() {
        for text in [
            "name\nMüller\n",
            "name,city\nAção,São João da Boa Vista\n",
            "name\nGroße Straße 5, Köln\n",
            "name\nCafé Rhône\nHôtel « Le Château »\n",
            "name\nDESCRIÇÃO\n",
            "name;price\nPeña;5 €\n",
            "name\nÅse Ødegård\n",
            "name\nO’Brien – Söhne\n",
        ] {
            assert_eq!(found(WINDOWS_1252, text), Ok("windows-1252"), "{text}");
        }
        for text in [
            "客户编号;客户名称;行业\r\nGB1;广州天河贸易;批发\r\n",
            "name\n鑫淼焱贸易有限公司\n",
            "code,name\nA,朱镕基\n",
            "编号,等级\nA1,A级\nA2,B级\n",
            "name,unit\n茶,箱\n",
        ] {
            assert_eq!(found(GB18030, text), Ok("gb18030"), "{text}");
        }
        assert_eq!(found(BIG5, "編號,名稱\nA1,臺北貿易股份有限公司\n"), Ok("big5"));
        assert_eq!(found(encoding_rs::UTF_8, "name\nMüller 天河\n"), Ok("utf-8"));
    }

    #[test]
    fn utf16_is_read_with_its_mark_and_without() {
        for (mark, to) in [(true, u16::to_le_bytes as fn(u16) -> [u8; 2]), (false, u16::to_be_bytes)] {
            let text = "name\n天河\n";
            let marked = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
            let bytes: Vec<u8> = marked.encode_utf16().flat_map(to).collect();
            assert_eq!(decoded(&bytes, None).unwrap(), (text.as_bytes().to_vec(), "utf-16"));
        }
    }

    #[test]
    fn a_doubtful_file_is_asked_about() {
        // Cyrillic in its old encoding, and noise.
        let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode("имя\nПривет мир, Москва\n");
        for bytes in [&cyrillic[..], b"name\n\xff\xfe\xfd\xfc\n", b"name\nMA\xc7\xc3\n"] {
            assert_eq!(decoded(bytes, None).unwrap_err().code(), "encoding_in_doubt", "{bytes:?}");
        }
        let (read, _) = decoded(b"M\xfcller", Some("windows-1252")).unwrap();
        assert_eq!(read, "Müller".as_bytes());
        assert_eq!(decoded(b"M\xfcller", Some("utf-8")).unwrap_err().code(), "unreadable_file");
    }
}
