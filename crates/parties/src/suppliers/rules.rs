//! What makes a supplier and its contacts acceptable, without database or HTTP.

use super::contacts::model::SupplierContactInput;
use super::model::SupplierInput;
use crate::base::error::Faults;
use crate::base::text::filled;
use crate::customers::model::CustomerKind;
use crate::customers::rules::{check_country, clean_tax_id, not_blank};

/// The input in its normal form.
pub fn clean(input: SupplierInput, faults: &mut Faults) -> SupplierInput {
    check_country(&input.country, "/country", faults);
    SupplierInput {
        name: input.name.trim().to_owned(),
        short_name: filled(input.short_name),
        // Suppliers are companies: theirs is a company's tax id.
        tax_id: clean_tax_id(filled(input.tax_id), CustomerKind::Company, &input.country, faults),
        phone: filled(input.phone),
        email: filled(input.email),
        notes: filled(input.notes),
        ..input
    }
}

/// A contact in its normal form; `at` is the pointer to it.
pub fn clean_contact(input: SupplierContactInput, at: &str, faults: &mut Faults) -> SupplierContactInput {
    SupplierContactInput {
        name: not_blank(&input.name, format!("{at}/name"), faults),
        role: filled(input.role),
        phone: filled(input.phone),
        email: filled(input.email),
        wechat: filled(input.wechat),
    }
}
