//! The values that every area speaks in: ids, exact numbers, instants, closed word lists.

pub mod country;
pub mod custom_fields;
pub mod id;
pub mod number;
pub mod principals;
pub mod text_enum;
pub mod time;

pub use custom_fields::CustomFields;
pub use id::{Kind, RecordId};
pub use number::{Amount, Price, Quantity, Rate};
pub use text_enum::TextEnum;
pub use time::At;
