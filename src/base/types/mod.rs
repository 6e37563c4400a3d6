//! The values that every area speaks in: ids, exact numbers, instants, closed word lists.

pub mod id;
pub mod number;
pub mod text_enum;
pub mod time;

pub use id::{Kind, RecordId};
pub use number::{Amount, Price, Quantity, Rate};
pub use text_enum::TextEnum;
pub use time::At;
