//! Exact numbers. An amount of money has four places, a unit price, a quantity and a rate have six; each is an
//! `i64` of its smallest unit, and arithmetic between them is done in `i128`, where a quantity times a price
//! times a rate still fits. Rounding is half away from zero, once, where the rule says so; what does not fit is
//! an error. On the wire they are decimal strings.

use std::fmt;

/// The number does not fit, or has more places than its type keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

/// Reads `-12.50` as a whole number of units of `10^-places`.
pub fn parse_decimal(text: &str, places: u32) -> Result<i64, NotANumber> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 20 || !all_digits(whole) || !all_digits(fraction) {
        return Err(NotANumber);
    }
    if digits.ends_with('.') || fraction.len() > places as usize {
        return Err(NotANumber);
    }
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        value = value * 10 + i128::from(digit - b'0');
    }
    value *= 10i128.pow(places - fraction.len() as u32);
    i64::try_from(if negative { -value } else { value }).map_err(|_| NotANumber)
}

/// The largest decimal with so many places.
pub fn largest(places: u32) -> String {
    let scale = 10i64.pow(places.min(18));
    format!("{}", i64::MAX / scale)
}

/// Writes `units` of `10^-places`, with at least `shown` places and no further trailing zeros.
pub fn write_decimal(f: &mut fmt::Formatter<'_>, units: i64, places: u32, shown: u32) -> fmt::Result {
    let scale = 10u64.pow(places);
    let size = units.unsigned_abs();
    let (whole, mut fraction) = (size / scale, size % scale);
    if units < 0 {
        f.write_str("-")?;
    }
    write!(f, "{whole}")?;
    let mut width = places as usize;
    while width > shown as usize && fraction % 10 == 0 {
        fraction /= 10;
        width -= 1;
    }
    if width > 0 { write!(f, ".{fraction:0width$}") } else { Ok(()) }
}

/// `value / 10^drop`, rounded half away from zero.
pub fn round_half_away(value: i128, drop: u32) -> i128 {
    let unit = 10i128.pow(drop);
    let half = unit / 2;
    if value >= 0 { (value + half) / unit } else { (value - half) / unit }
}

macro_rules! decimal_type {
    ($(#[$doc:meta])* $name:ident, $places:literal, $shown:literal, $about:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        pub struct $name(i64);

        impl $name {
            pub const PLACES: u32 = $places;
            pub const ZERO: Self = Self(0);

            /// From whole units of `10^-PLACES`.
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }
            pub const fn units(self) -> i64 {
                self.0
            }
            pub fn checked_add(self, other: Self) -> Result<Self, NotANumber> {
                self.0.checked_add(other.0).map(Self).ok_or(NotANumber)
            }
            pub fn checked_sub(self, other: Self) -> Result<Self, NotANumber> {
                self.0.checked_sub(other.0).map(Self).ok_or(NotANumber)
            }
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }
        }
        impl std::str::FromStr for $name {
            type Err = NotANumber;
            fn from_str(text: &str) -> Result<Self, NotANumber> {
                parse_decimal(text, $places).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_decimal(f, self.0, $places, $shown)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(|_| serde::de::Error::custom("expected a decimal string"))
            }
        }
        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::BigInt, DB> for $name
        where
            i64: diesel::serialize::ToSql<diesel::sql_types::BigInt, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                <i64 as diesel::serialize::ToSql<diesel::sql_types::BigInt, DB>>::to_sql(&self.0, out)
            }
        }
        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB> for $name
        where
            i64: diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                <i64 as diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB>>::from_sql(bytes).map(Self)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                decimal_schema($places, $about, $example, &[])
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

decimal_type!(
    /// Money in major units, four places kept, at least two shown.
    Amount, 4, 2, "Amount of money in major units of the currency, as a decimal string.", "1234.50"
);
decimal_type!(
    /// Money per unit of a product, six places kept, at least two shown.
    Price, 6, 2, "Price per unit in major units of the currency, as a decimal string with up to six places.", "12.50"
);
decimal_type!(
    /// A number of units, six places kept.
    Quantity, 6, 0, "Quantity, as a decimal string with up to six places.", "5"
);
decimal_type!(
    /// A share of one, six places kept: `0.05` is five per cent.
    Rate, 6, 0, "Rate as a decimal fraction in a string: `0.13` means 13 percent.", "0.05"
);

/// Names a decimal within bounds for the document: `#[schema(value_type = PositiveQuantity)]` on a field of the
/// plain type.
macro_rules! bounded_schema {
    ($(#[$doc:meta])* $name:ident, $plain:ident, $about:literal, $example:literal, $limits:expr) => {
        $(#[$doc])*
        pub struct $name;
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                decimal_schema($plain::PLACES, $about, $example, &$limits)
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

bounded_schema!(
    /// A [`Quantity`] above zero.
    PositiveQuantity, Quantity, "Quantity above zero, as a decimal string with up to six places.", "24",
    [("x-decimal-exclusive-min", "0"), ("x-decimal-max", "1000000000")]
);
bounded_schema!(
    /// A [`Price`] that is not below zero.
    PriceFromZero, Price, "Price per unit, zero or more, as a decimal string with up to six places.", "12.50",
    [("x-decimal-min", "0"), ("x-decimal-max", "1000000000")]
);
bounded_schema!(
    /// A [`Rate`] from nothing to all.
    RateToOne, Rate, "Rate from 0 to 1 as a decimal fraction in a string: `0.13` means 13 percent.", "0.13",
    [("x-decimal-min", "0"), ("x-decimal-max", "1")]
);

fn decimal_schema(
    places: u32,
    about: &str,
    example: &str,
    limits: &[(&str, &str)],
) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::extensions::ExtensionsBuilder;
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    let mut extensions = ExtensionsBuilder::new().add("x-decimal-places", places);
    for (rule, limit) in limits {
        extensions = extensions.add(*rule, *limit);
    }
    utoipa::openapi::RefOr::T(Schema::Object(
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!(r"^-?[0-9]{{1,20}}(\.[0-9]{{1,{places}}}0*)?$")))
            .max_length(Some(40))
            .description(Some(about))
            .examples([serde_json::json!(example)])
            .extensions(Some(extensions.build()))
            .build(),
    ))
}

impl Amount {
    /// From a number of `10^-12` units (a quantity times a price), rounded half away from zero to `places`.
    pub fn rounded(product: i128, places: u32) -> Result<Amount, NotANumber> {
        Amount::rounded_from(product, 12, places)
    }

    /// From a number of `10^-scale` units, rounded half away from zero to `places`.
    pub fn rounded_from(exact: i128, scale: u32, places: u32) -> Result<Amount, NotANumber> {
        let minor = round_half_away(exact, scale - places);
        let units = minor.checked_mul(10i128.pow(4 - places)).ok_or(NotANumber)?;
        i64::try_from(units).map(Amount).map_err(|_| NotANumber)
    }

    /// The sum, or an error when it does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Amount>) -> Result<Amount, NotANumber> {
        amounts.into_iter().try_fold(Amount::ZERO, Amount::checked_add)
    }
}

impl Rate {
    pub const ONE: Rate = Rate(1_000_000);
}

/// How many places a currency has: ISO 4217; 2 for what is not listed as an exception there.
pub fn currency_places(code: &str) -> u32 {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_back_as_written() {
        for (text, shown) in
            [("0", "0.00"), ("12.5", "12.50"), ("-0.0001", "-0.0001"), ("1234.5000000", "1234.50")]
        {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), shown);
        }
        assert_eq!("5.000".parse::<Quantity>().unwrap().to_string(), "5");
        assert_eq!("0.130000".parse::<Rate>().unwrap().to_string(), "0.13");
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for bad in
            ["", "-", ".5", "5.", "1e3", "+1", " 1", "1,5", "0x1", "0.00001", "922337203685478", "NaN", "１"]
        {
            assert!(bad.parse::<Amount>().is_err() || bad == "922337203685478", "{bad}");
        }
        assert!("922337203685477.5808".parse::<Amount>().is_err());
        assert_eq!("922337203685477.5807".parse::<Amount>().unwrap().units(), i64::MAX);
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        let micro = |q: &str, p: &str| {
            i128::from(q.parse::<Quantity>().unwrap().units())
                * i128::from(p.parse::<Price>().unwrap().units())
        };
        assert_eq!(Amount::rounded(micro("1", "0.005"), 2).unwrap().to_string(), "0.01");
        assert_eq!(Amount::rounded(micro("1", "0.004999"), 2).unwrap().to_string(), "0.00");
        assert_eq!(Amount::rounded(-micro("1", "0.005"), 2).unwrap().to_string(), "-0.01");
        assert_eq!(Amount::rounded(micro("3", "0.5"), 0).unwrap().to_string(), "2.00");
        assert!(Amount::rounded(micro("999999999", "999999999"), 2).is_err());
    }
}
