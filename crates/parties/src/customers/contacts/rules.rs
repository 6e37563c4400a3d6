//! What makes a contact acceptable.

use chrono::NaiveDate;

use super::model::ContactInput;
use crate::base::error::{Fault, Faults};
use crate::base::text::filled;
use crate::customers::rules::not_blank;

/// The contacts of a new customer.
pub fn clean_all(inputs: Vec<ContactInput>, today: NaiveDate, faults: &mut Faults) -> Vec<ContactInput> {
    let mut primary = false;
    let mut clean_one = |(i, input): (usize, ContactInput)| {
        if primary && input.is_primary {
            faults.push(Fault::at(format!("/contacts/{i}/is_primary"), "second_primary"));
        }
        primary |= input.is_primary;
        clean(input, &format!("/contacts/{i}"), today, faults)
    };
    inputs.into_iter().enumerate().map(&mut clean_one).collect()
}

/// The input in its normal form; `at` is the pointer to it.
pub fn clean(input: ContactInput, at: &str, today: NaiveDate, faults: &mut Faults) -> ContactInput {
    if input.birthday.is_some_and(|day| day > today) {
        faults.push(Fault::at(format!("{at}/birthday"), "in_future").with("today", today));
    }
    ContactInput {
        name: not_blank(&input.name, format!("{at}/name"), faults),
        salutation: filled(input.salutation),
        title: filled(input.title),
        department: filled(input.department),
        mobile: filled(input.mobile),
        phone: filled(input.phone),
        email: filled(input.email),
        wechat: filled(input.wechat),
        notes: filled(input.notes),
        ..input
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Place;

    #[test]
    fn faults_point_at_the_contact_they_are_in() {
        let form = serde_json::json!([
            {"name": "王芳", "is_primary": true, "birthday": "2026-11-20"},
            {"name": " ", "is_primary": true, "birthday": "2026-11-21"},
        ]);
        let mut faults = Faults::default();
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let clean = clean_all(serde_json::from_value(form).unwrap(), today, &mut faults);
        assert_eq!(clean.len(), 2);
        let told: Vec<_> = faults.list().iter().map(|f| (f.place.clone(), f.code)).collect();
        let at = |pointer: &str| Place::Pointer(pointer.to_owned());
        assert_eq!(
            told,
            [
                (at("/contacts/1/is_primary"), "second_primary"),
                (at("/contacts/1/birthday"), "in_future"),
                (at("/contacts/1/name"), "blank"),
            ]
        );
    }
}
