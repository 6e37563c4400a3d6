//! What `salesdesk check` says of products: units that are the same since units have a normal form.

use std::sync::Arc;

use uuid::Uuid;

use super::model::Product;
use super::rules;
use crate::base::checks::Check;
use crate::base::core::Core;
use crate::base::db::Entity as _;
use crate::base::error::Result;

/// Products looked at in one snapshot.
const CHUNK: i64 = 500;

pub const CHECK: Check = Check { name: "units", run };

fn run(core: &Arc<Core>, progress: &mut dyn FnMut(u64)) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let products = core.engine.read_now(move |conn| Product::in_order(conn, after, CHUNK))?;
        let Some(last) = products.last() else { break };
        after = last.id.0;
        faults.extend(products.iter().filter_map(alike));
        progress(products.len() as u64);
    }
    Ok(faults)
}

/// Two units of a product that look alike, in words.
fn alike(product: &Product) -> Option<String> {
    let units = product.unit_names();
    let twin = |i: usize| {
        units[..i].iter().find(|other| rules::is_same_unit(other, units[i])).map(|other| (other, units[i]))
    };
    let (one, other) = (1..units.len()).find_map(twin)?;
    Some(format!(
        "product {}: the units `{one}` and `{other}` are the same; give one another name",
        product.sku
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_look_alike_are_told() {
        assert_eq!(alike(&rules::tests::tea(&[("box", "24"), ("bag", "6")])), None);
        let told = alike(&rules::tests::tea(&[("box", "24"), ("Box", "12")])).unwrap();
        assert!(told.contains("`box` and `Box`"), "{told}");
    }
}
