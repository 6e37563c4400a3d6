//! The order's rules, in its users' words.

use super::*;
use crate::base::types::TextEnum;
use crate::orders::model::{OrderId, PriceSource};
use crate::products::ProductId;

fn sums(quantity: &str, price: &str, discount: &str, tax: &str, currency: &str) -> Sums {
    line_sums(
        quantity.parse().unwrap(),
        price.parse().unwrap(),
        discount.parse().unwrap(),
        tax.parse().unwrap(),
        currency,
    )
    .unwrap()
}

fn shown(s: Sums) -> [String; 5] {
    [s.list, s.discount, s.net, s.tax, s.gross].map(|a| a.to_string())
}

#[test]
fn a_line_is_rounded_once_per_sum_and_adds_up() {
    assert_eq!(shown(sums("5", "12.50", "0.05", "0.13", "CNY")), ["62.50", "3.12", "59.38", "7.72", "67.10"]);
    assert_eq!(shown(sums("1", "0.005", "0", "0", "CNY")), ["0.01", "0.00", "0.01", "0.00", "0.01"]);
    assert_eq!(
        shown(sums("3", "333.333333", "0", "0.1", "JPY")),
        ["1000.00", "0.00", "1000.00", "100.00", "1100.00"]
    );
    assert_eq!(shown(sums("1", "1.2345", "0", "0", "KWD"))[2], "1.235");
}

#[test]
fn a_full_discount_leaves_nothing() {
    assert_eq!(shown(sums("7", "9.99", "1", "0.13", "CNY")), ["69.93", "69.93", "0.00", "0.00", "0.00"]);
}

#[test]
fn what_does_not_fit_is_an_error_and_not_a_wrong_number() {
    let huge: Quantity = "9000000000000".parse().unwrap();
    let price: Price = "9000000000000".parse().unwrap();
    assert!(line_sums(huge, price, Rate::ZERO, Rate::ZERO, "CNY").is_err());
}

#[test]
fn the_life_of_an_order_has_no_way_back_from_its_ends() {
    for action in OrderAction::ALL {
        // Whom it counts for may have been wrong; that changes nothing of its life.
        let after = (*action == OrderAction::Reassign).then_some(OrderStatus::Completed);
        assert_eq!(OrderStatus::Completed.after(*action), after, "{action}");
        assert_eq!(OrderStatus::Cancelled.after(*action), None, "{action}");
    }
}

#[test]
fn nothing_is_cancelled_after_the_first_shipment() {
    for status in [OrderStatus::PartiallyShipped, OrderStatus::Shipped, OrderStatus::Delivered] {
        assert_eq!(status.after(OrderAction::Cancel), None, "{status}");
    }
}

#[test]
fn every_status_can_be_reached_from_a_draft() {
    let mut reached = vec![OrderStatus::Draft];
    let mut next = 0;
    while let Some(status) = reached.get(next).copied() {
        let mut steps: Vec<OrderStatus> = OrderAction::ALL.iter().filter_map(|a| status.after(*a)).collect();
        if status == OrderStatus::Shipped {
            steps.push(OrderStatus::Delivered); // by its shipments
        }
        for step in steps {
            if !reached.contains(&step) {
                reached.push(step);
            }
        }
        next += 1;
    }
    assert_eq!(reached.len(), OrderStatus::WORDS.len(), "{reached:?}");
}

/// A line of this product in this unit.
fn line(product: u128, unit: &str) -> OrderLine {
    let id = uuid::Uuid::from_u128;
    OrderLine {
        id: OrderLineId(id(product)),
        order_id: OrderId(id(1)),
        position: 1,
        product_id: ProductId(id(product)),
        sku: String::new(),
        description: String::new(),
        quantity: Quantity::ZERO,
        unit: unit.into(),
        unit_price: Price::ZERO,
        list_price: None,
        price_source: PriceSource::List,
        price_id: None,
        discount_rate: Rate::ZERO,
        tax_rate: Rate::ZERO,
        unit_cost: None,
        promised_date: None,
        list: Amount::ZERO,
        discount: Amount::ZERO,
        net: Amount::ZERO,
        tax: Amount::ZERO,
        gross: Amount::ZERO,
        shipped: Quantity::ZERO,
        delivered: Quantity::ZERO,
        closed: Quantity::ZERO,
        first_promised_date: None,
        in_return: Quantity::ZERO,
        returned: Quantity::ZERO,
    }
}

#[test]
fn a_line_that_is_sent_again_goes_on_from_one_of_its_product_and_unit() {
    let there = [line(1, "pcs"), line(2, "pcs"), line(1, "box")];
    let from = |sent: &[(u128, Option<&str>)]| {
        let input = |(product, unit): &(u128, Option<&str>)| {
            let id = ProductId(uuid::Uuid::from_u128(*product));
            let form = serde_json::json!({"product_id": id, "quantity": "1", "unit": unit});
            serde_json::from_value::<LineInput>(form).unwrap()
        };
        continued(&there, &sent.iter().map(input).collect::<Vec<_>>())
    };
    assert_eq!(from(&[(1, None), (2, None), (1, Some("box"))]), [Some(0), Some(1), Some(2)]);
    assert_eq!(from(&[(2, None), (1, Some("box")), (3, None)]), [Some(1), Some(2), None]);
    assert_eq!(
        from(&[(1, Some("box")), (1, None), (1, None)]),
        [None, Some(0), Some(2)],
        "in its place first"
    );
    assert_eq!(from(&[(1, Some("pallet"))]), [None]);
    assert_eq!(from(&[]), []);
}
