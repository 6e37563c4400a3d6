//! Looks up the columns that SQL texts name, while the program is compiled.
//!
//! Invariants: it runs in the compiler only and knows no other crate. Whoever writes SQL uses `base::db::sql::sql!`.

use proc_macro::{Group, Ident, Span, TokenStream, TokenTree};

/// `checked!($crate "SUM(orders.net)")`, `$crate` being the base: the text as `Sql`, after a look at each column in it.
/// A text with `{…}` is a format with variables of the place where it stands.
#[proc_macro]
pub fn checked(input: TokenStream) -> TokenStream {
    let mut tokens = input.into_iter();
    let (Some(TokenTree::Ident(base)), Some(literal), None) = (tokens.next(), tokens.next(), tokens.next())
    else {
        return "compile_error!(\"sql! takes one text\")".parse().unwrap_or_default();
    };
    let text = literal.to_string();
    let looks: String = columns(&text)
        .map(|(table, column)| format!("BASE::db::sql::is_column(&BASE::schema::{table}::{column});"))
        .collect();
    let made = match text.contains('{') {
        true => "BASE::db::sql::Sql::made(::std::format!(TEXT))",
        false => "BASE::db::sql::Sql::fixed(TEXT)",
    };
    let code = format!("{{ const _: () = {{ {looks} }}; {made} }}");
    filled(code.parse().unwrap_or_default(), &base, &literal)
}

/// Every `table.column` outside of quotes.
fn columns(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let begins = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    let words = text.split('\'').step_by(2).flat_map(move |part| part.split(move |c| !is_name(c)));
    words
        .filter_map(|word| word.split_once('.'))
        .filter(move |(table, column)| begins(table) && begins(column))
}

/// The code with the base and the text in their places. What the compiler says of it, it says of the text.
fn filled(code: TokenStream, base: &Ident, text: &TokenTree) -> TokenStream {
    let place = Span::mixed_site().located_at(text.span());
    let fill = |token| match token {
        TokenTree::Ident(name) if name.to_string() == "BASE" => TokenTree::Ident(base.clone()),
        TokenTree::Ident(name) if name.to_string() == "TEXT" => text.clone(),
        TokenTree::Group(group) => {
            TokenTree::Group(Group::new(group.delimiter(), filled(group.stream(), base, text)))
        }
        mut other => {
            other.set_span(place);
            other
        }
    };
    code.into_iter().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn columns_are_found_outside_of_quotes() {
        let text = "to_char(orders.order_date, 'a.b') = {span}.x AND 1.5 < order_lines.net";
        let found: Vec<_> = columns(text).collect();
        assert_eq!(found, [("orders", "order_date"), ("order_lines", "net")]);
    }
}
