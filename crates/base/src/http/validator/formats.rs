//! Decimals and formats of text.

use std::cmp::Ordering;

use super::nodes::Format;

/// A decimal as text, without the zeros that do not count. Exact, unlike a float.
pub(super) struct Decimal<'t> {
    negative: bool,
    whole: &'t str,
    pub(super) fraction: &'t str,
}

impl<'t> Decimal<'t> {
    const MAX_WHOLE_DIGITS: usize = 20;

    pub(super) fn parse(text: &'t str) -> Option<Decimal<'t>> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if all_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (digits, ""),
        };
        if !all_digits(whole) || whole.len() > Self::MAX_WHOLE_DIGITS {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Decimal { negative: negative && !zero, whole, fraction })
    }

    pub(super) fn compare(&self, other: &Decimal) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size(other),
            (true, true) => other.size(self),
        }
    }

    /// Compares without the signs. Without trailing zeros, fractions are in the order of their text.
    fn size(&self, other: &Decimal) -> Ordering {
        let whole = self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(other.whole));
        whole.then_with(|| self.fraction.cmp(other.fraction))
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Format {
    pub(super) fn named(name: &str) -> Option<Format> {
        let all = [Format::Date, Format::DateTime, Format::Uuid, Format::Email, Format::Uri];
        all.into_iter().find(|format| format.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Format::Date => "date",
            Format::DateTime => "date-time",
            Format::Uuid => "uuid",
            Format::Email => "email",
            Format::Uri => "uri",
        }
    }

    pub(super) fn fits(self, text: &str) -> bool {
        match self {
            Format::Date => is_date(text.as_bytes()),
            Format::DateTime => is_date_time(text.as_bytes()),
            Format::Uuid => is_uuid(text.as_bytes()),
            Format::Email => is_email(text),
            Format::Uri => is_uri(text),
        }
    }
}

/// The number that the bytes spell, if they are all digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// `YYYY-MM-DD`, a day that the calendar has. There is no year 0.
fn is_date(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return false };
    let parts = (digits(&[y1, y2, y3, y4]), digits(&[m1, m2]), digits(&[d1, d2]));
    let (Some(year), Some(month), Some(day)) = parts else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

/// `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`, RFC 3339.
fn is_date_time(text: &[u8]) -> bool {
    let Some((date, [b'T' | b't', time @ ..])) = text.split_at_checked(10) else { return false };
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = time else { return false };
    let parts = (digits(&[*h1, *h2]), digits(&[*m1, *m2]), digits(&[*s1, *s2]));
    let (Some(hour), Some(minute), Some(second)) = parts else { return false };
    // 60 is a leap second.
    let time_ok = hour < 24 && minute < 60 && second <= 60;
    is_date(date) && time_ok && after_fraction(rest).is_some_and(is_offset)
}

/// What follows the fraction of a second, if there is one; `None` for a point without digits.
fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let [b'.', fraction @ ..] = text else { return Some(text) };
    let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { None } else { fraction.get(count..) }
}

fn is_offset(text: &[u8]) -> bool {
    match *text {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            digits(&[h1, h2]).is_some_and(|hour| hour < 24) && digits(&[m1, m2]).is_some_and(|m| m < 60)
        }
        _ => false,
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let fits = |(index, byte): (usize, &u8)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.iter().enumerate().all(fits)
}

/// Catches slips of the hand; only a mail sent tells whether an address exists.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "@<>()[],;:\\\"".contains(c);
    let dots_ok = |part: &str| part.split('.').all(|piece| !piece.is_empty());
    let in_domain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    let local_ok = local.len() <= 64 && dots_ok(local) && !local.contains(odd);
    let domain_ok = domain.contains('.') && dots_ok(domain) && domain.chars().all(in_domain);
    text.len() <= 254 && local_ok && domain_ok
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    scheme_ok && !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
}
