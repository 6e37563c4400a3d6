//! What holds for products, without database or HTTP.

use super::model::{Product, ProductAction, ProductInput, ProductStatus, UnitConversion};
use crate::base::error::Fault;
use crate::base::text::{self, KeyCase};
use crate::base::types::{Quantity, Rate};

impl ProductStatus {
    /// The life: draft → active → discontinued, and back on sale.
    pub fn after(self, action: ProductAction) -> Option<ProductStatus> {
        use ProductAction::{Activate, Discontinue, Reactivate};
        use ProductStatus::{Active, Discontinued, Draft};
        match (self, action) {
            (Draft, Activate) => Some(Active),
            (Active, Discontinue) => Some(Discontinued),
            (Discontinued, Reactivate) => Some(Active),
            _ => None,
        }
    }
    /// The steps that are possible now.
    pub fn actions(self) -> Vec<ProductAction> {
        ProductAction::ALL.iter().copied().filter(|a| self.after(*a).is_some()).collect()
    }
}

impl ProductAction {
    /// The verb of the event: what has happened.
    pub fn verb(self) -> &'static str {
        match self {
            ProductAction::Activate => "activated",
            ProductAction::Discontinue => "discontinued",
            ProductAction::Reactivate => "reactivated",
        }
    }
}

/// Units are keys: upper and lower case and width do not make two of them.
pub fn is_same_unit(one: &str, other: &str) -> bool {
    one == other || text::key(KeyCase::Folded, one) == text::key(KeyCase::Folded, other)
}

/// One base unit.
pub const ONE: Quantity = Quantity::from_units(1_000_000);

impl Product {
    /// How many base units one of this unit holds; None when the product is not sold in it.
    pub fn factor(&self, unit: &str) -> Option<Quantity> {
        let unit = self.unit_named(unit)?;
        if unit == self.unit {
            return Some(ONE);
        }
        self.units.iter().find(|c| c.unit == unit).map(|c| c.factor)
    }
    /// The unit that is meant, as the product writes it: `Box` is its `box`. None when the product is not sold in it.
    pub fn unit_named(&self, typed: &str) -> Option<&str> {
        let names = || std::iter::once(self.unit.as_str()).chain(self.units.iter().map(|c| c.unit.as_str()));
        // One from before units had a normal form may stand beside another that looks like it.
        names().find(|name| *name == typed).or_else(|| names().find(|name| is_same_unit(name, typed)))
    }
    /// The units it is sold in, the base unit first.
    pub fn unit_names(&self) -> Vec<&str> {
        std::iter::once(self.unit.as_str()).chain(self.units.iter().map(|c| c.unit.as_str())).collect()
    }
}

/// Everything that is wrong with a product, apart from what it refers to. Units that stay as they were may look alike: an
/// earlier program has let them in.
pub fn check(input: &ProductInput, before: Option<&Product>) -> Vec<Fault> {
    let mut faults = match before {
        Some(before) if before.unit == input.unit && before.units.0 == input.units => Vec::new(),
        _ => check_units(&input.unit, &input.units),
    };
    if input.tax_rate.is_negative() || input.tax_rate > Rate::ONE {
        faults.push(Fault::at("/tax_rate", "out_of_range").with("min", 0).with("max", 1));
    }
    if input.cost.is_some_and(|c| c.is_negative()) {
        faults.push(Fault::at("/cost", "out_of_range").with("min", 0));
    }
    if input.cost.is_none() && input.cost_currency.is_some() {
        faults.push(Fault::at("/cost_currency", "without_cost"));
    }
    if let (Some(from), Some(to)) = (input.sold_from, input.sold_to)
        && to < from
    {
        faults.push(Fault::at("/sold_to", "before").with("other", "sold_from"));
    }
    if let Some(expected) = input.barcode.as_deref().and_then(wrong_check_digit) {
        faults.push(Fault::at("/barcode", "barcode_check_digit").with("expected", expected));
    }
    faults.extend(input.custom_fields.faults());
    faults
}

fn check_units(base: &str, units: &[UnitConversion]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, conversion) in units.iter().enumerate() {
        if is_same_unit(&conversion.unit, base) {
            faults.push(Fault::at(format!("/units/{i}/unit"), "is_base_unit"));
        } else if units[..i].iter().any(|earlier| is_same_unit(&earlier.unit, &conversion.unit)) {
            faults.push(Fault::at(format!("/units/{i}/unit"), "duplicate_entry"));
        }
        if conversion.factor <= Quantity::ZERO {
            faults.push(Fault::at(format!("/units/{i}/factor"), "out_of_range").with("exclusive_min", 0));
        }
    }
    faults
}

/// The digit that should stand at the end, when the code is an EAN-13, EAN-8 or UPC-A and another one stands
/// there. Other codes have no check digit that is known here.
fn wrong_check_digit(barcode: &str) -> Option<u32> {
    if !matches!(barcode.len(), 8 | 12 | 13) {
        return None;
    }
    let digits: Vec<u32> = barcode.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    let (check, rest) = digits.split_last()?;
    // From the right, digits count three times and once in turn; the check digit makes the sum end in 0.
    let sum: u32 = rest.iter().rev().enumerate().map(|(i, d)| if i % 2 == 0 { d * 3 } else { *d }).sum();
    let expected = (10 - sum % 10) % 10;
    (expected != *check).then_some(expected)
}

/// The unit that a change would take away although something is counted or priced in it.
pub fn unit_taken_away<'a>(
    before: &'a Product,
    after: &ProductInput,
    priced: &'a [String],
) -> Option<&'a str> {
    if before.status != ProductStatus::Draft && before.unit != after.unit {
        return Some(&before.unit);
    }
    // With another base unit each factor means something else, and so would each price.
    if before.unit != after.unit && !priced.is_empty() {
        return Some(&before.unit);
    }
    let stays = |unit: &str| unit == after.unit || after.units.iter().any(|c| c.unit == unit);
    priced.iter().map(String::as_str).find(|unit| !stays(unit))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::base::db::JsonColumn;
    use crate::base::types::At;
    use crate::base::types::CustomFields;
    use crate::products::ProductId;
    use serde_json::json;

    fn conversions(units: &[(&str, &str)]) -> Vec<UnitConversion> {
        let one = |(unit, factor): &(&str, &str)| UnitConversion {
            unit: unit.to_string(),
            factor: factor.parse().unwrap(),
        };
        units.iter().map(one).collect()
    }

    /// Tea by the piece, and in these other units.
    pub(crate) fn tea(units: &[(&str, &str)]) -> Product {
        Product {
            id: ProductId(uuid::Uuid::from_u128(1)),
            version: 1,
            sku: "TEA-001".into(),
            name: "龙井茶".into(),
            name_sort: String::new(),
            name_en: None,
            description: None,
            category_id: None,
            unit: "pcs".into(),
            units: JsonColumn(conversions(units)),
            tax_rate: "0.13".parse().unwrap(),
            cost: None,
            cost_currency: None,
            status: ProductStatus::Active,
            sold_from: None,
            sold_to: None,
            barcode: None,
            custom_fields: JsonColumn(CustomFields::default()),
            external_ids: JsonColumn(vec![]),
            created_at: At::from_millis(0),
            created_by: None,
            updated_at: At::from_millis(0),
            updated_by: None,
        }
    }

    fn entered(more: serde_json::Value) -> ProductInput {
        let mut form = json!({"sku": "TEA-001", "name": "龙井茶", "unit": "pcs", "tax_rate": "0.13"});
        form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(form).unwrap()
    }

    fn faults(more: serde_json::Value) -> Vec<String> {
        check(&entered(more), None).iter().map(|f| format!("{:?} {}", f.place, f.code)).collect()
    }

    #[test]
    fn a_product_goes_on_sale_off_sale_and_back_but_never_back_to_draft() {
        use ProductAction::*;
        use ProductStatus::*;
        let life: Vec<_> = ProductStatus::ALL.iter().map(|s| (*s, s.actions())).collect();
        assert_eq!(
            life,
            [(Draft, vec![Activate]), (Active, vec![Discontinue]), (Discontinued, vec![Reactivate])]
        );
        assert!(
            ProductStatus::ALL.iter().all(|s| ProductAction::ALL.iter().all(|a| s.after(*a) != Some(Draft)))
        );
    }

    #[test]
    fn a_box_holds_24_pieces_and_a_pallet_is_unknown() {
        let tea = tea(&[("box", "24")]);
        assert_eq!(tea.factor("pcs"), Some(ONE));
        assert_eq!(tea.factor("box").unwrap().to_string(), "24");
        assert_eq!((tea.factor("ＢＯＸ"), tea.unit_named("Box")), (tea.factor("box"), Some("box")));
        assert_eq!(tea.factor("pallet"), None);
        assert_eq!(tea.unit_names(), ["pcs", "box"]);
    }

    #[test]
    fn units_are_different_from_each_other_and_hold_something() {
        let units = json!([{"unit": "pcs", "factor": "1"}, {"unit": "box", "factor": "24"},
                           {"unit": "Box", "factor": "12"}, {"unit": "bag", "factor": "0"}]);
        assert_eq!(
            faults(json!({ "units": units })),
            [
                "Pointer(\"/units/0/unit\") is_base_unit",
                "Pointer(\"/units/2/unit\") duplicate_entry",
                "Pointer(\"/units/3/factor\") out_of_range"
            ]
        );
    }

    #[test]
    fn the_check_digit_of_a_barcode_is_checked_where_it_has_one() {
        for good in ["6901234567892", "4006381333931", "96385074", "036000291452", "ABC-1", "1234567"] {
            assert_eq!(faults(json!({ "barcode": good })), [""; 0], "{good}");
        }
        for (bad, expected) in [("6901234567890", 2), ("96385075", 4), ("036000291453", 2)] {
            assert_eq!(wrong_check_digit(bad), Some(expected), "{bad}");
        }
    }

    #[test]
    fn rates_costs_dates_and_own_fields_stay_within_reason() {
        assert_eq!(faults(json!({"tax_rate": "1.01"})), ["Pointer(\"/tax_rate\") out_of_range"]);
        assert_eq!(faults(json!({"cost": "-1"})), ["Pointer(\"/cost\") out_of_range"]);
        assert_eq!(faults(json!({"cost_currency": "CNY"})), ["Pointer(\"/cost_currency\") without_cost"]);
        assert_eq!(
            faults(json!({"sold_from": "2026-02-01", "sold_to": "2026-01-31"})),
            ["Pointer(\"/sold_to\") before"]
        );
        let long = "x".repeat(61);
        assert_eq!(
            faults(json!({"custom_fields": {long.clone(): 1, "a/b~c": "y".repeat(4_000)}})),
            [
                format!("Pointer(\"/custom_fields/{long}\") too_long"),
                "Pointer(\"/custom_fields/a~1b~0c\") custom_field_too_large".to_owned()
            ]
        );
        let many: serde_json::Map<_, _> = (0..51).map(|i| (format!("f{i}"), json!(i))).collect();
        assert_eq!(faults(json!({ "custom_fields": many })), ["Pointer(\"/custom_fields\") too_many_items"]);
    }

    #[test]
    fn a_unit_with_prices_stays_and_so_does_the_base_unit_of_what_is_sold() {
        let sold = tea(&[("box", "24")]);
        let boxes = ["box".to_owned()];
        assert_eq!(unit_taken_away(&sold, &entered(json!({})), &boxes), Some("box"));
        assert_eq!(unit_taken_away(&sold, &entered(json!({})), &[]), None);
        assert_eq!(unit_taken_away(&sold, &entered(json!({"unit": "bag"})), &[]), Some("pcs"));
        let draft = Product { status: ProductStatus::Draft, ..sold };
        assert_eq!(unit_taken_away(&draft, &entered(json!({"unit": "bag"})), &[]), None);
        assert_eq!(unit_taken_away(&draft, &entered(json!({"unit": "box"})), &boxes), Some("pcs"));
    }
}
