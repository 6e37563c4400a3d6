//! The rules of mails, without database or SMTP.

use super::model::MailId;
use crate::base::secret;
use crate::base::types::At;

/// Seconds between an attempt that failed and the next: two days and a half in all.
pub const LADDER: [i64; 9] = [60, 300, 900, 3_600, 7_200, 14_400, 28_800, 57_600, 86_400];
/// Characters of a subject and of a text.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_BODY: usize = 20_000;

/// When a mail is tried again that has failed at this step; None after the last. Up to a tenth later than the ladder
/// says, other for each mail, so that what failed together does not come back together.
pub fn next_attempt(id: MailId, step: i32, now: At) -> Option<At> {
    let seconds = LADDER.get(usize::try_from(step).ok()?)?;
    let digest = secret::sha256_hex(format!("{id}.{step}").as_bytes());
    let part = i64::from_str_radix(&digest[..4], 16).unwrap_or(0);
    Some(At::from_micros(now.micros() + seconds * 1_000_000 + seconds * 100_000 * part / 0xffff))
}

/// The same for each attempt, so that whoever gets a mail twice sees that it is one.
pub fn message_id(id: MailId, domain: &str) -> String {
    format!("<{id}@{domain}>")
}

/// A text in one line, without anything that steers.
pub fn one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

pub fn subject(text: &str) -> String {
    one_line(text, LONGEST_SUBJECT)
}

/// A text of lines, without anything that steers.
pub fn body(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).take(LONGEST_BODY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_of_no_more_than_two_hundred_characters() {
        assert_eq!(subject("投诉\r\nBcc: all@example.com\u{0} 升级"), "投诉 Bcc: all@example.com 升级");
        let long = subject(&"长".repeat(500));
        assert_eq!(long.chars().count(), 201);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_mail_is_tried_for_more_than_two_days_and_then_no_more() {
        let (id, now) = (MailId(uuid::Uuid::from_u128(7)), At::from_millis(0));
        let first = next_attempt(id, 0, now).unwrap().seconds();
        assert!((60..=66).contains(&first), "{first}");
        assert_eq!(next_attempt(id, LADDER.len() as i32, now), None);
        assert!(LADDER.iter().sum::<i64>() > 2 * 24 * 3600);
    }
}
