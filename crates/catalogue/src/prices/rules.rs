//! Rules of price lists and prices, and the choice between several prices, without database or HTTP.

use std::cmp::{Ordering, Reverse};

use chrono::NaiveDate;

use super::model::{
    Lost, PriceContext, PriceEntry, PriceEntryInput, PriceList, PriceListAction, PriceListInput,
    PriceListStatus, Rule,
};
use crate::base::error::Fault;
use crate::base::types::TextEnum;
use crate::base::types::{Price, Quantity};
use crate::customers::model::CustomerTier;
use crate::products::Product;

impl PriceListStatus {
    /// The life: draft → active → retired.
    pub fn after(self, action: PriceListAction) -> Option<PriceListStatus> {
        use PriceListAction::{Activate, Retire};
        use PriceListStatus::{Active, Draft, Retired};
        match (self, action) {
            (Draft, Activate) => Some(Active),
            (Active, Retire) => Some(Retired),
            _ => None,
        }
    }
    /// The steps that are possible now.
    pub fn actions(self) -> Vec<PriceListAction> {
        PriceListAction::ALL.iter().copied().filter(|a| self.after(*a).is_some()).collect()
    }
}

impl PriceListAction {
    /// The verb of the event: what has happened.
    pub fn verb(self) -> &'static str {
        match self {
            PriceListAction::Activate => "activated",
            PriceListAction::Retire => "retired",
        }
    }
}

// ---- entering ------------------------------------------------------------------------------------------------

/// Everything that is wrong with a price list, apart from what it refers to.
pub fn check_list(input: &PriceListInput, valid_from: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    if input.valid_to.is_some_and(|to| to < valid_from) {
        faults.push(Fault::at("/valid_to", "before").with("other", "valid_from"));
    }
    if let Some(tier) = &input.tier {
        if CustomerTier::parse(tier).is_none() {
            faults.push(Fault::at("/tier", "not_allowed").with("allowed", CustomerTier::WORDS.join(", ")));
        }
        if input.customer_id.is_some() {
            faults.push(Fault::at("/tier", "customer_or_tier"));
        }
    }
    if !(0..=1000).contains(&input.priority) {
        faults.push(Fault::at("/priority", "out_of_range").with("min", 0).with("max", 1000));
    }
    faults
}

/// The fields of a list that a change touches although the list is in use: all but its name, notes, last day
/// and external ids.
pub fn fixed_fields(before: &PriceList, after: &PriceList) -> Vec<&'static str> {
    let touched = [
        ("code", before.code != after.code),
        ("currency", before.currency != after.currency),
        ("valid_from", before.valid_from != after.valid_from),
        ("customer_id", before.customer_id != after.customer_id),
        ("tier", before.tier != after.tier),
        ("channel", before.channel != after.channel),
        ("priority", before.priority != after.priority),
    ];
    touched.iter().filter(|(_, touched)| *touched).map(|(name, _)| *name).collect()
}

/// Whether the last day of a list or price in use may be moved like this: past days keep their prices.
pub fn end_may_move(old: Option<NaiveDate>, new: Option<NaiveDate>, today: NaiveDate) -> bool {
    // Ending it yesterday says that it holds no more from today on.
    let open = |end: Option<NaiveDate>| end.is_none_or(|end| end.succ_opt().is_none_or(|next| next >= today));
    old == new || (open(old) && open(new))
}

/// A price with everything that could be left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    pub unit: String,
    pub min_quantity: Quantity,
    pub unit_price: Price,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// The unit of a price as its product writes it; one that the product is not sold in stays, and is refused.
pub fn unit_of<'a>(input: &'a PriceEntryInput, product: &'a Product) -> &'a str {
    input.unit.as_ref().map_or(&product.unit, |unit| product.unit_named(unit).unwrap_or(unit))
}

/// Fills in what was left out.
pub fn terms(input: &PriceEntryInput, list: &PriceList, unit: &str, today: NaiveDate) -> Terms {
    let first_day = match list.status {
        PriceListStatus::Draft => list.valid_from,
        _ => list.valid_from.max(today),
    };
    Terms {
        unit: unit.to_owned(),
        min_quantity: input.min_quantity.unwrap_or(crate::products::rules::ONE),
        unit_price: input.unit_price,
        valid_from: input.valid_from.unwrap_or(first_day),
        valid_to: input.valid_to,
    }
}

/// Everything that is wrong with a price. `earliest` is the first day that it may begin.
pub fn check_terms(terms: &Terms, product: &Product, earliest: Option<NaiveDate>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if product.factor(&terms.unit).is_none() {
        faults.push(Fault::at("/unit", "not_allowed").with("allowed", product.unit_names().join(", ")));
    }
    if terms.min_quantity <= Quantity::ZERO {
        faults.push(Fault::at("/min_quantity", "out_of_range").with("exclusive_min", 0));
    }
    if terms.unit_price.is_negative() {
        faults.push(Fault::at("/unit_price", "out_of_range").with("min", 0));
    }
    if terms.valid_to.is_some_and(|to| to < terms.valid_from) {
        faults.push(Fault::at("/valid_to", "before").with("other", "valid_from"));
    }
    if let Some(earliest) = earliest
        && terms.valid_from < earliest
    {
        faults.push(Fault::at("/valid_from", "price_in_the_past").with("min", earliest));
    }
    faults
}

/// How an earlier price makes way for a new one.
#[derive(Debug, PartialEq)]
pub struct Cut<'a> {
    pub entry: &'a PriceEntry,
    /// Its last day now.
    pub ends: NaiveDate,
    /// The day it holds again, when the new price ends before it would have.
    pub resumes: Option<NaiveDate>,
}

/// Which of the prices of the same product, unit and break makes way for one between these days. Those do not
/// overlap each other, so one at most does; one that begins on the same day or later cannot be cut, and is
/// the error.
pub fn cut(
    others: &[PriceEntry],
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Result<Option<Cut<'_>>, &PriceEntry> {
    let overlaps =
        |e: &&PriceEntry| to.is_none_or(|to| e.valid_from <= to) && e.valid_to.is_none_or(|end| end >= from);
    let mut making_way = None;
    for entry in others.iter().filter(overlaps) {
        let Some(ends) = from.pred_opt().filter(|end| *end >= entry.valid_from) else { return Err(entry) };
        let resumes = to.filter(|to| entry.valid_to.is_none_or(|end| end > *to)).and_then(|to| to.succ_opt());
        making_way = Some(Cut { entry, ends, resumes });
    }
    Ok(making_way)
}

// ---- choosing ------------------------------------------------------------------------------------------------

/// What a price is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub product: &'a Product,
    pub unit: &'a str,
    pub quantity: Quantity,
}

/// A price that a list has, as it stands to a question.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    pub list: &'a PriceList,
    pub entry: &'a PriceEntry,
    /// Per unit asked for.
    pub unit_price: Price,
    pub converted: bool,
    /// Whether the quantity asked for is enough.
    pub reached: bool,
    /// Given in the product's base unit.
    in_base_unit: bool,
    /// The break in base units, times 10^12.
    base_break: i128,
}

/// What a price on a list means for a question; None when its unit cannot be converted.
pub fn offer<'a>(list: &'a PriceList, entry: &'a PriceEntry, asked: &Asked<'_>) -> Option<Offer<'a>> {
    let units = |quantity: Quantity| i128::from(quantity.units());
    let asked_factor = units(asked.product.factor(asked.unit)?);
    let entry_factor = units(asked.product.factor(&entry.unit).filter(|f| *f > Quantity::ZERO)?);
    let converted = entry.unit != asked.unit;
    let unit_price = match converted {
        false => entry.unit_price,
        true => converted_price(entry.unit_price, asked_factor, entry_factor)?,
    };
    let base_break = units(entry.min_quantity) * entry_factor;
    Some(Offer {
        list,
        entry,
        unit_price,
        converted,
        reached: base_break <= units(asked.quantity) * asked_factor,
        in_base_unit: entry.unit == asked.product.unit,
        base_break,
    })
}

/// 24 pieces at 1.50 make a box of 36.00; rounded half away from zero to the six places of a price.
fn converted_price(price: Price, asked_factor: i128, entry_factor: i128) -> Option<Price> {
    let product = i128::from(price.units()) * asked_factor;
    // Prices and factors are not below zero, so adding half rounds away from it.
    let rounded = (product * 2 + entry_factor) / (entry_factor * 2);
    i64::try_from(rounded).ok().map(Price::from_units)
}

/// The kind of list, by the most specific thing it is for.
pub fn rule_of(list: &PriceList) -> Rule {
    if list.customer_id.is_some() {
        Rule::CustomerList
    } else if list.tier.is_some() {
        Rule::TierList
    } else if list.channel.is_some() {
        Rule::ChannelList
    } else {
        Rule::GeneralList
    }
}

/// Which of two prices is to be taken (the greater), and why the other one is not. The order of the lines is
/// the order of the rules.
pub fn compare(a: &Offer<'_>, b: &Offer<'_>) -> (Ordering, Lost) {
    let specific =
        |o: &Offer<'_>| (o.list.customer_id.is_some(), o.list.tier.is_some(), o.list.channel.is_some());
    let unit = |o: &Offer<'_>| (!o.converted, o.in_base_unit);
    let rules = [
        (a.reached.cmp(&b.reached), Lost::BreakNotReached),
        (specific(a).cmp(&specific(b)), Lost::LessSpecific),
        (a.list.priority.cmp(&b.list.priority), Lost::LowerPriority),
        (a.list.valid_from.cmp(&b.list.valid_from), Lost::OlderList),
        (Reverse(&a.list.code).cmp(&Reverse(&b.list.code)), Lost::LaterCode),
        (unit(a).cmp(&unit(b)), Lost::OtherUnit),
        (a.base_break.cmp(&b.base_break), Lost::SmallerBreak),
        // Two other units with the same break: their names decide, so that the answer is always the same.
        (Reverse(&a.entry.unit).cmp(&Reverse(&b.entry.unit)), Lost::OtherUnit),
    ];
    let decided = rules.into_iter().find(|(order, _)| order.is_ne());
    decided.unwrap_or((Ordering::Equal, Lost::SmallerBreak))
}

/// The price to be taken.
pub fn best<'a>(offers: impl Iterator<Item = Offer<'a>>) -> Option<Offer<'a>> {
    offers.filter(|o| o.reached).max_by(|a, b| compare(a, b).0)
}

/// Why a list is not considered for a question; None when it is considered.
pub fn stands_aside(list: &PriceList, ctx: &PriceContext<'_>) -> Option<Lost> {
    let retired = list.status == PriceListStatus::Retired;
    if retired && list.retired_on.is_none_or(|on| on <= ctx.date) {
        Some(Lost::ListRetired)
    } else if list.valid_from > ctx.date || list.valid_to.is_some_and(|to| to < ctx.date) {
        Some(Lost::ListNotValid)
    } else if list.currency != ctx.currency {
        Some(Lost::OtherCurrency)
    } else if list.tier.is_some() && list.tier.as_deref() != ctx.tier {
        Some(Lost::OtherTier)
    } else if list.channel.is_some() && list.channel.as_deref() != ctx.channel {
        Some(Lost::OtherChannel)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::db::JsonColumn;
    use crate::base::types::At;
    use crate::customers::model::CustomerId;
    use crate::prices::model::{PriceId, PriceListId};
    use crate::products::rules::tests::tea;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// An active list in CNY for everybody, from 2026 on.
    fn list(code: &str) -> PriceList {
        PriceList {
            id: PriceListId(uuid::Uuid::from_u128(u128::from(code.as_bytes()[0]))),
            version: 1,
            code: code.into(),
            name: code.into(),
            currency: "CNY".into(),
            status: PriceListStatus::Active,
            valid_from: day("2026-01-01"),
            valid_to: None,
            customer_id: None,
            tier: None,
            channel: None,
            priority: 0,
            approved_at: None,
            approved_by: None,
            retired_on: None,
            notes: None,
            external_ids: JsonColumn(vec![]),
            created_at: At::from_millis(0),
            created_by: None,
            updated_at: At::from_millis(0),
            updated_by: None,
        }
    }
    fn for_customer(code: &str) -> PriceList {
        PriceList { customer_id: Some(CustomerId(uuid::Uuid::from_u128(7))), ..list(code) }
    }
    fn for_tier(code: &str) -> PriceList {
        PriceList { tier: Some("a".into()), ..list(code) }
    }
    fn for_channel(code: &str) -> PriceList {
        PriceList { channel: Some("web".into()), ..list(code) }
    }

    /// A price on a list, from a quantity on: `price(&list, "10 pcs", "9.50")`.
    fn price(list: &PriceList, from: &str, unit_price: &str) -> PriceEntry {
        let (quantity, unit) = from.split_once(' ').unwrap();
        PriceEntry {
            id: PriceId(uuid::Uuid::nil()),
            version: 1,
            price_list_id: list.id,
            product_id: tea(&[]).id,
            unit: unit.into(),
            min_quantity: quantity.parse().unwrap(),
            unit_price: unit_price.parse().unwrap(),
            valid_from: list.valid_from,
            valid_to: None,
            created_at: At::from_millis(0),
            created_by: None,
            updated_at: At::from_millis(0),
            updated_by: None,
        }
    }
    fn during(from: &str, to: Option<&str>) -> PriceEntry {
        PriceEntry { valid_from: day(from), valid_to: to.map(day), ..price(&list("A"), "1 pcs", "10") }
    }

    /// What somebody pays who asks for `quantity` (`"3 box"`), and why the other prices are not taken.
    fn answer(quantity: &str, prices: &[(&PriceList, &PriceEntry)]) -> (Option<String>, Vec<Lost>) {
        let (quantity, unit) = quantity.split_once(' ').unwrap();
        let tea = tea(&[("box", "24"), ("bag", "7")]);
        let asked = Asked { product: &tea, unit, quantity: quantity.parse().unwrap() };
        let offers: Vec<_> = prices.iter().filter_map(|(l, e)| offer(l, e, &asked)).collect();
        let Some(taken) = best(offers.iter().cloned()) else { return (None, vec![]) };
        let lost = offers.iter().map(|o| compare(&taken, o)).filter(|(order, _)| order.is_gt());
        (Some(taken.unit_price.to_string()), lost.map(|(_, why)| why).collect())
    }
    fn pays(quantity: &str, prices: &[(&PriceList, &PriceEntry)]) -> Option<String> {
        answer(quantity, prices).0
    }

    #[test]
    fn a_customers_own_list_beats_the_tiers_the_channels_and_everybodys_whatever_their_priority() {
        let (own, tier, web, all) = (
            for_customer("OWN"),
            PriceList { priority: 10, ..for_tier("TIER") },
            PriceList { priority: 100, ..for_channel("WEB") },
            PriceList { priority: 1000, ..list("ALL") },
        );
        let prices = [
            (&all, &price(&all, "1 pcs", "10")),
            (&web, &price(&web, "1 pcs", "9")),
            (&tier, &price(&tier, "1 pcs", "8")),
            (&own, &price(&own, "1 pcs", "11")),
        ];
        assert_eq!(answer("1 pcs", &prices), (Some("11.00".into()), vec![Lost::LessSpecific; 3]));
        assert_eq!(pays("1 pcs", &prices[..3]).as_deref(), Some("8.00"));
        assert_eq!(pays("1 pcs", &prices[..2]).as_deref(), Some("9.00"));
        assert_eq!(pays("1 pcs", &prices[..1]).as_deref(), Some("10.00"));
        assert_eq!(
            [&own, &tier, &web, &all].map(rule_of),
            [Rule::CustomerList, Rule::TierList, Rule::ChannelList, Rule::GeneralList]
        );
    }

    #[test]
    fn a_customers_list_for_the_web_shop_beats_the_customers_list_for_everything() {
        let (own, web) =
            (for_customer("OWN"), PriceList { channel: Some("web".into()), ..for_customer("WEB") });
        let prices = [(&own, &price(&own, "1 pcs", "10")), (&web, &price(&web, "1 pcs", "9"))];
        assert_eq!(answer("1 pcs", &prices), (Some("9.00".into()), vec![Lost::LessSpecific]));
    }

    #[test]
    fn among_equals_priority_decides_then_the_newer_list_then_the_code() {
        let usual = list("B");
        let usual_price = price(&usual, "1 pcs", "10");
        for (other, wins, why) in [
            (PriceList { priority: 1, ..list("C") }, true, Lost::LowerPriority),
            (PriceList { valid_from: day("2026-06-01"), ..list("C") }, true, Lost::OlderList),
            (PriceList { valid_from: day("2025-06-01"), ..list("A") }, false, Lost::OlderList),
            (list("A"), true, Lost::LaterCode),
            (list("C"), false, Lost::LaterCode),
        ] {
            let prices = [(&usual, &usual_price), (&other, &price(&other, "1 pcs", "9"))];
            let expected = if wins { "9.00" } else { "10.00" };
            assert_eq!(answer("1 pcs", &prices), (Some(expected.into()), vec![why]), "{}", other.code);
        }
    }

    #[test]
    fn who_takes_more_pays_the_price_of_the_highest_break_they_reach() {
        let all = list("ALL");
        let steps = [price(&all, "1 pcs", "10"), price(&all, "10 pcs", "9"), price(&all, "100 pcs", "8")];
        let prices: Vec<_> = steps.iter().map(|e| (&all, e)).collect();
        for (quantity, paid) in
            [("1", "10.00"), ("9.999999", "10.00"), ("10", "9.00"), ("99", "9.00"), ("100", "8.00")]
        {
            assert_eq!(pays(&format!("{quantity} pcs"), &prices).as_deref(), Some(paid), "{quantity}");
        }
        assert_eq!(answer("10 pcs", &prices).1, [Lost::SmallerBreak, Lost::BreakNotReached]);
        assert_eq!(pays("0.5 pcs", &prices), None, "nobody sells half a piece when prices begin at one");
    }

    #[test]
    fn a_box_costs_24_pieces_unless_it_has_a_price_of_its_own() {
        let all = list("ALL");
        let (piece, boxed) = (price(&all, "1 pcs", "1.50"), price(&all, "1 box", "34"));
        assert_eq!(pays("2 box", &[(&all, &piece)]).as_deref(), Some("36.00"));
        let both = [(&all, &piece), (&all, &boxed)];
        assert_eq!(answer("2 box", &both), (Some("34.00".into()), vec![Lost::OtherUnit]));
        assert_eq!(pays("3 pcs", &both).as_deref(), Some("1.50"));
        assert_eq!(pays("24 pcs", &[(&all, &boxed)]).as_deref(), Some("1.416667"));
        assert_eq!(pays("23 pcs", &[(&all, &boxed)]), None, "a box must be taken for its price");
    }

    #[test]
    fn breaks_count_in_pieces_across_units_and_pieces_go_before_bags() {
        let all = list("ALL");
        let (one, hundred) = (price(&all, "1 pcs", "1.50"), price(&all, "100 pcs", "1.25"));
        let (bag, ten_boxes) = (price(&all, "1 bag", "7"), price(&all, "10 box", "20"));
        let pieces = [(&all, &one), (&all, &hundred)];
        assert_eq!(pays("4 box", &pieces).as_deref(), Some("36.00"));
        assert_eq!(pays("5 box", &pieces).as_deref(), Some("30.00"));
        let all_units = [(&all, &one), (&all, &hundred), (&all, &bag), (&all, &ten_boxes)];
        assert_eq!(pays("5 box", &all_units).as_deref(), Some("30.00"));
        assert_eq!(pays("10 box", &all_units).as_deref(), Some("20.00"));
    }

    #[test]
    fn a_price_in_an_unknown_unit_or_beyond_all_bounds_is_no_offer() {
        let (all, tea) = (list("ALL"), tea(&[("ship", "9000000000000")]));
        let asked = Asked { product: &tea, unit: "ship", quantity: "1".parse().unwrap() };
        assert!(offer(&all, &price(&all, "1 pallet", "5"), &asked).is_none());
        assert!(offer(&all, &price(&all, "1 pcs", "9000000"), &asked).is_none());
    }

    #[test]
    fn a_list_stands_aside_for_another_day_currency_tier_or_channel() {
        let ctx = PriceContext {
            customer_id: uuid::Uuid::from_u128(7),
            tier: Some("b"),
            channel: None,
            currency: "CNY",
            date: day("2026-06-15"),
        };
        let retired =
            |on: &str| PriceList { status: PriceListStatus::Retired, retired_on: Some(day(on)), ..list("A") };
        for (list, why) in [
            (list("A"), None),
            (for_customer("A"), None),
            (retired("2026-06-16"), None),
            (retired("2026-06-15"), Some(Lost::ListRetired)),
            (PriceList { valid_from: day("2026-06-16"), ..list("A") }, Some(Lost::ListNotValid)),
            (PriceList { valid_to: Some(day("2026-06-15")), ..list("A") }, None),
            (PriceList { valid_to: Some(day("2026-06-14")), ..list("A") }, Some(Lost::ListNotValid)),
            (PriceList { currency: "USD".into(), ..list("A") }, Some(Lost::OtherCurrency)),
            (for_tier("A"), Some(Lost::OtherTier)),
            (for_channel("A"), Some(Lost::OtherChannel)),
        ] {
            assert_eq!(stands_aside(&list, &ctx), why, "{list:?}");
        }
    }

    #[test]
    fn a_new_price_ends_the_old_one_the_day_before() {
        let old = [during("2026-01-01", None)];
        let made = cut(&old, day("2026-03-01"), None).unwrap().unwrap();
        assert_eq!((made.ends, made.resumes), (day("2026-02-28"), None));
        assert_eq!(cut(&[during("2026-01-01", Some("2026-02-28"))], day("2026-03-01"), None), Ok(None));
    }

    #[test]
    fn after_a_price_for_a_week_the_old_one_holds_again() {
        let old = [during("2026-01-01", Some("2026-12-31"))];
        let made = cut(&old, day("2026-03-01"), Some(day("2026-03-07"))).unwrap().unwrap();
        assert_eq!((made.ends, made.resumes), (day("2026-02-28"), Some(day("2026-03-08"))));
        let to_the_end = cut(&old, day("2026-12-01"), Some(day("2026-12-31"))).unwrap().unwrap();
        assert_eq!(to_the_end.resumes, None);
    }

    #[test]
    fn a_price_that_begins_the_same_day_or_later_is_not_cut_away() {
        let old = [during("2026-01-01", Some("2026-02-28")), during("2026-03-01", None)];
        for from in ["2026-03-01", "2026-02-15", "2025-12-01"] {
            assert!(cut(&old, day(from), None).is_err(), "{from}");
        }
        assert!(cut(&old, day("2025-12-01"), Some(day("2025-12-31"))).unwrap().is_none());
    }

    #[test]
    fn the_end_of_what_is_in_use_moves_only_among_days_to_come() {
        let today = day("2026-06-15");
        let end = |text: &str| Some(day(text));
        for (old, new, may) in [
            (None, end("2026-06-14"), true),
            (None, end("2026-06-13"), false),
            (end("2026-12-31"), None, true),
            (end("2026-06-01"), None, false),
            (end("2026-06-01"), end("2026-06-01"), true),
        ] {
            assert_eq!(end_may_move(old, new, today), may, "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_list_is_for_a_customer_or_a_tier_not_both() {
        let input = |more: serde_json::Value| -> PriceListInput {
            let mut form = serde_json::json!({"code": "A", "name": "A", "currency": "CNY"});
            form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value(form).unwrap()
        };
        let faults = |more| -> Vec<&str> {
            check_list(&input(more), day("2026-01-01")).iter().map(|f| f.code).collect()
        };
        let customer = CustomerId(uuid::Uuid::from_u128(7)).to_string();
        assert_eq!(faults(serde_json::json!({"customer_id": customer, "tier": "a"})), ["customer_or_tier"]);
        assert_eq!(
            faults(serde_json::json!({"tier": "z", "priority": 1001})),
            ["not_allowed", "out_of_range"]
        );
        assert_eq!(faults(serde_json::json!({"valid_to": "2025-12-31"})), ["before"]);
        assert!(
            faults(serde_json::json!({"tier": "a", "channel": "web", "valid_to": "2026-01-01"})).is_empty()
        );
    }

    #[test]
    fn what_is_left_out_of_a_price_is_filled_in() {
        let input = PriceEntryInput {
            product_id: tea(&[]).id,
            unit: None,
            min_quantity: None,
            unit_price: "10".parse().unwrap(),
            valid_from: None,
            valid_to: None,
        };
        let today = day("2026-06-15");
        let filled = terms(&input, &list("A"), "pcs", today);
        assert_eq!((filled.unit.as_str(), filled.min_quantity.to_string()), ("pcs", "1".into()));
        assert_eq!(filled.valid_from, today, "an active list takes no price for days gone by");
        let draft = PriceList { status: PriceListStatus::Draft, ..list("A") };
        assert_eq!(terms(&input, &draft, "pcs", today).valid_from, draft.valid_from);
        let codes = |terms: &Terms, earliest| -> Vec<&str> {
            check_terms(terms, &tea(&[]), earliest).iter().map(|f| f.code).collect()
        };
        assert!(codes(&filled, Some(today)).is_empty());
        let wrong = Terms {
            unit: "box".into(),
            min_quantity: Quantity::ZERO,
            unit_price: "-1".parse().unwrap(),
            valid_from: day("2026-06-14"),
            valid_to: Some(day("2026-06-13")),
        };
        assert_eq!(
            codes(&wrong, Some(today)),
            ["not_allowed", "out_of_range", "out_of_range", "before", "price_in_the_past"]
        );
    }

    #[test]
    fn a_list_is_drafted_activated_and_retired_in_that_order() {
        use PriceListAction::*;
        use PriceListStatus::*;
        let life: Vec<_> = PriceListStatus::ALL.iter().map(|s| (*s, s.actions())).collect();
        assert_eq!(life, [(Draft, vec![Activate]), (Active, vec![Retire]), (Retired, vec![])]);
    }
}
