//! The keys that identify customers, and the weight of each key that two customers share.

use std::collections::BTreeSet;

use super::model::MatchedKey;
use crate::base::error::{Fault, Result};
use crate::base::http::params::{Query, bad};
use crate::base::text::{self, KeyCase};
use crate::customers::model::CustomerKind;

/// From this score on two customers may be the same.
pub const LIKELY: i32 = 50;
/// Of a key that more customers share, each is compared with its neighbours only.
pub const TELLING: usize = 20;
/// So many neighbours on either side, in the order of entry.
pub const NEIGHBOURS: usize = 10;

/// Something that tells a customer from others, in its normal form.
pub type Key = (MatchedKey, String);

/// Domains where everybody can have an address.
const FREE_MAILERS: &[&str] = &[
    "126.com",
    "139.com",
    "163.com",
    "189.cn",
    "aliyun.com",
    "aol.com",
    "foxmail.com",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.cn",
    "live.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "sina.cn",
    "sina.com",
    "sina.com.cn",
    "sohu.com",
    "tom.com",
    "vip.163.com",
    "vip.qq.com",
    "vip.sina.com",
    "web.de",
    "wo.cn",
    "yahoo.co.jp",
    "yahoo.com",
    "yahoo.com.cn",
    "yandex.ru",
    "yeah.net",
    "ymail.com",
];

/// How much it says that two customers share such a key.
fn weight(key: MatchedKey) -> i32 {
    match key {
        MatchedKey::TaxId => 100,
        MatchedKey::Name => 70,
        MatchedKey::Phone => 50,
        MatchedKey::PersonName => 40,
        MatchedKey::EmailDomain => 30,
    }
}

/// Whether a key makes two customers likely to be the same by itself.
pub fn is_enough(key: MatchedKey) -> bool {
    weight(key) >= LIKELY
}

/// How likely it is that two customers are the same which share these, from 0 to 100.
pub fn score(matched: &BTreeSet<MatchedKey>) -> i32 {
    matched.iter().map(|key| weight(*key)).sum::<i32>().min(100)
}

/// The keys of a customer's own fields: of all names that it has or had, and of its tax number.
pub fn of_customer<'n>(
    kind: CustomerKind,
    names: impl Iterator<Item = &'n str>,
    tax_id: Option<&str>,
) -> BTreeSet<Key> {
    let name = |name| match kind {
        CustomerKind::Company => (MatchedKey::Name, text::name_key(name)),
        CustomerKind::Person => (MatchedKey::PersonName, text::search_fold(name).replace(' ', "")),
    };
    let tax_id = tax_id.map(|id| (MatchedKey::TaxId, text::key(KeyCase::Folded, id).replace([' ', '-'], "")));
    // One character names nobody.
    names.map(name).chain(tax_id).filter(|(_, value)| value.chars().count() > 1).collect()
}

/// The keys of a contact.
pub fn of_contact(mobile: Option<&str>, phone: Option<&str>, email: Option<&str>) -> BTreeSet<Key> {
    let phones = [mobile, phone].into_iter().flatten().filter_map(phone_key);
    let domain = email.and_then(domain_key);
    let phones = phones.map(|phone| (MatchedKey::Phone, phone));
    phones.chain(domain.map(|domain| (MatchedKey::EmailDomain, domain))).collect()
}

/// The digits of a number without country code and trunk prefix: `+86 (0)20 8888 1234`,
/// `020-88881234` and `0086 20 88881234` are the same.
fn phone_key(typed: &str) -> Option<String> {
    let all = text::digits(typed);
    let mut digits = all.strip_prefix("00").unwrap_or(&all);
    if digits.len() > 11 {
        digits = digits.strip_prefix("86").unwrap_or(digits);
    }
    let digits = digits.strip_prefix('0').unwrap_or(digits);
    (digits.len() >= 7).then(|| digits.to_owned())
}

fn domain_key(email: &str) -> Option<String> {
    let (_, domain) = email.rsplit_once('@')?;
    let domain = text::fold(domain);
    (domain.contains('.') && !FREE_MAILERS.contains(&domain.as_str())).then_some(domain)
}

/// Why a likely duplicate is entered all the same, when the caller says so.
pub fn allowed(query: &Query) -> Result<Option<&str>> {
    let reason = query.text("duplicate_reason").map(str::trim).filter(|reason| !reason.is_empty());
    match query.bool("allow_duplicate") {
        Some(true) if reason.is_none() => Err(bad(vec![Fault::parameter("duplicate_reason", "required")])),
        Some(true) => Ok(reason),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_the_same_however_it_is_written() {
        for same in ["+86 20 8888 1234", "020-88881234", "0086 (020) 8888-1234", "２０ 88881234"] {
            assert_eq!(phone_key(same).as_deref(), Some("2088881234"), "{same}");
        }
        assert_eq!(phone_key("+86 138 0013 8000"), phone_key("13800138000"));
        assert_eq!(phone_key("110"), None);
    }

    #[test]
    fn a_free_mailer_tells_nothing() {
        assert_eq!(domain_key("a@QQ.com"), None);
        assert_eq!(domain_key("a@Tianhe.Example"), Some("tianhe.example".to_owned()));
        assert_eq!(domain_key("a@localhost"), None);
    }

    #[test]
    fn a_name_is_compared_without_its_legal_form() {
        let named = |kind, name| of_customer(kind, [name].into_iter(), None);
        let company = |name| named(CustomerKind::Company, name);
        assert_eq!(company("广州天河贸易有限公司"), company("广州天河贸易（集团）股份有限公司"));
        assert_ne!(company("天河贸易"), named(CustomerKind::Person, "天河贸易"));
        assert_eq!(company("廣州市天河商貿"), company("广州天河贸易有限公司"));
        assert!(company("A").is_empty());
    }

    #[test]
    fn what_matches_adds_up() {
        let sum = |keys: &[MatchedKey]| score(&keys.iter().copied().collect());
        assert_eq!(sum(&[MatchedKey::EmailDomain]), 30);
        assert_eq!(sum(&[MatchedKey::PersonName, MatchedKey::Phone]), 90);
        assert_eq!(sum(&[MatchedKey::Name, MatchedKey::Phone]), 100);
    }

    #[test]
    fn the_free_mailers_are_in_order() {
        assert!(FREE_MAILERS.is_sorted());
    }
}
