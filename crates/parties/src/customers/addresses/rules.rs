//! What makes an address acceptable, and which one is taken when none is named.

use super::model::{Address, AddressInput, AddressKind};
use crate::base::error::{Fault, Faults};
use crate::base::text::filled;
use crate::customers::rules::{check_country, not_blank};

/// The addresses of a new customer from this country.
pub fn clean_all(inputs: Vec<AddressInput>, country: &str, faults: &mut Faults) -> Vec<AddressInput> {
    let mut defaults: Vec<AddressKind> = Vec::new();
    let mut clean_one = |(i, input): (usize, AddressInput)| {
        if input.is_default && defaults.contains(&input.kind) {
            faults.push(Fault::at(format!("/addresses/{i}/is_default"), "second_default"));
        }
        defaults.extend(Some(input.kind).filter(|_| input.is_default));
        clean(input, &format!("/addresses/{i}"), country, faults)
    };
    inputs.into_iter().enumerate().map(&mut clean_one).collect()
}

/// The input in its normal form; `at` is the pointer to it, `country` the customer's.
pub fn clean(input: AddressInput, at: &str, country: &str, faults: &mut Faults) -> AddressInput {
    if let Some(code) = &input.country {
        check_country(code, format!("{at}/country"), faults);
    }
    AddressInput {
        recipient: filled(input.recipient),
        phone: filled(input.phone),
        line1: not_blank(&input.line1, format!("{at}/line1"), faults),
        line2: filled(input.line2),
        district: filled(input.district),
        city: not_blank(&input.city, format!("{at}/city"), faults),
        province: filled(input.province),
        postal_code: filled(input.postal_code),
        country: input.country.or_else(|| Some(country.to_owned())),
        ..input
    }
}

/// Whether what is wanted goes to an address of this kind.
pub fn serves(kind: AddressKind, wanted: AddressKind) -> bool {
    kind == wanted || kind == AddressKind::Both
}

/// The address to take when none is named: the default of the very kind, the default for both, or the only one
/// that will do. Where there are several and no default, somebody has to choose.
pub fn default_for(addresses: Vec<Address>, wanted: AddressKind) -> Option<Address> {
    let mut fitting: Vec<Address> = addresses.into_iter().filter(|a| serves(a.kind, wanted)).collect();
    let default_of = |kind| fitting.iter().position(|a| a.is_default && a.kind == kind);
    let chosen = default_of(wanted).or_else(|| default_of(AddressKind::Both));
    match (chosen, fitting.len()) {
        (Some(at), _) => Some(fitting.swap_remove(at)),
        (None, 1) => fitting.pop(),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::AddressId;
    use super::*;
    use crate::base::types::At;
    use crate::customers::CustomerId;
    use uuid::Uuid;

    fn address(id: u128, kind: AddressKind, is_default: bool) -> Address {
        let at = At::from_millis(0);
        Address {
            id: AddressId(Uuid::from_u128(id)),
            version: 1,
            customer_id: CustomerId(Uuid::from_u128(1)),
            kind,
            is_default,
            recipient: None,
            phone: None,
            line1: "x".into(),
            line2: None,
            district: None,
            city: "x".into(),
            province: None,
            postal_code: None,
            country: "CN".into(),
            created_at: at,
            created_by: None,
            updated_at: at,
            updated_by: None,
        }
    }

    #[test]
    fn the_most_fitting_default_is_taken() {
        use AddressKind::{Billing, Both, Shipping};
        let chosen = |list: &[(AddressKind, bool)], wanted| {
            let all = list.iter().zip(0..).map(|((kind, default), i)| address(i, *kind, *default)).collect();
            default_for(all, wanted).map(|a| a.id.0.as_u128())
        };
        assert_eq!(chosen(&[], Billing), None);
        assert_eq!(chosen(&[(Shipping, true)], Billing), None);
        assert_eq!(chosen(&[(Both, true), (Billing, true)], Billing), Some(1));
        assert_eq!(chosen(&[(Billing, false), (Both, true)], Billing), Some(1));
        assert_eq!(chosen(&[(Shipping, true), (Billing, false)], Billing), Some(1));
        assert_eq!(chosen(&[(Billing, false), (Both, false)], Billing), None);
        assert_eq!(chosen(&[(Billing, true), (Both, true)], Shipping), Some(1));
    }

    #[test]
    fn the_country_is_the_customers_unless_said() {
        let form = serde_json::json!([
            {"kind": "both", "is_default": true, "line1": "Obere Str. 57", "city": "Berlin"},
            {"kind": "both", "is_default": true, "line1": "x", "city": " ", "country": "ZZ"},
        ]);
        let mut faults = Faults::default();
        let clean = clean_all(serde_json::from_value(form).unwrap(), "DE", &mut faults);
        assert_eq!(clean[0].country.as_deref(), Some("DE"));
        let told: Vec<_> = faults.list().iter().map(|f| f.code).collect();
        assert_eq!(told, ["second_default", "unknown_country", "blank"]);
    }
}
