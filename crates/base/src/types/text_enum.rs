//! Closed word lists: `lower_snake_case` in the API, text in the table.

/// What every closed word list offers.
pub trait TextEnum: Copy + Eq + Sized + 'static {
    /// All words, in the order they were declared.
    const WORDS: &'static [&'static str];
    fn as_str(self) -> &'static str;
    fn parse(word: &str) -> Option<Self>;
}

/// Declares a closed word list:
/// `text_enum! { /// doc  pub enum CustomerKind { Company = "company", Person = "person" } }`
/// The enum's own doc comment is its description in the published document; those of its variants are not published.
#[macro_export]
macro_rules! text_enum {
    ($(#[doc = $doc:literal])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
        }
        impl $crate::types::TextEnum for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];
            fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
            fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::types::TextEnum::as_str(*self))
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str($crate::types::TextEnum::as_str(*self))
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                <$name as $crate::types::TextEnum>::parse(&word).ok_or_else(|| {
                    serde::de::Error::unknown_variant(&word, <$name as $crate::types::TextEnum>::WORDS)
                })
            }
        }
        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(
                    $crate::types::TextEnum::as_str(*self),
                    out,
                )
            }
        }
        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let word = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(bytes)?;
                <$name as $crate::types::TextEnum>::parse(&word)
                    .ok_or_else(|| format!("{word:?} is no {}", stringify!($name)).into())
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::types::text_enum::enum_schema(
                    <$name as $crate::types::TextEnum>::WORDS,
                    &[$($doc),*],
                )
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

/// Declares sets of the values of a closed word list, as constants and as questions. Each value is named as in or not in,
/// so a new value compiles only when it was decided for each set:
/// `word_sets! { TaskStatus { /// doc  OPEN, is_open = { Open | InProgress } not { Done | Cancelled } } }`
#[macro_export]
macro_rules! word_sets {
    ($of:ident { $(
        $(#[doc = $doc:literal])+ $set:ident, $is:ident = { $($in:ident)|+ } not { $($out:ident)|+ }
    )+ }) => {
        impl $of { $(
            $(#[doc = $doc])+
            pub const $set: &'static [$of] = &[$($of::$in),+];
            $(#[doc = $doc])+
            pub const fn $is(self) -> bool {
                match self {
                    $($of::$in)|+ => true,
                    $($of::$out)|+ => false,
                }
            }
        )+ }
    };
}

/// The schema of a closed word list; the lines of its doc comment are the description.
pub fn enum_schema(
    words: &[&'static str],
    doc: &[&str],
) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    let lines: Vec<&str> = doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    let description = lines.join("\n");
    utoipa::openapi::RefOr::T(Schema::Object(
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(words.iter().copied()))
            .description(Some(description).filter(|text| !text.is_empty()))
            .build(),
    ))
}
