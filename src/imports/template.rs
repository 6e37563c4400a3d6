//! An empty file to fill in: the headings of what an import of a kind takes, in the caller's language.

use actix_web::web::Bytes;
use futures_util::stream;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::fields::{Field, Kind, Named, Resource};
use super::intake::{CSV, XLSX};
use crate::base::error::{Error, Result};
use crate::base::http::{Ctx, Reply, Req};
use crate::base::messages::Lang;
use crate::base::text::csv_row;

pub const FORMATS: [&str; 2] = ["csv", "xlsx"];

pub async fn get(ctx: Ctx, req: Req<Vec<String>, ()>) -> Result<Reply> {
    let resource = req.query.word("resource").and_then(|name| Resource::named(&ctx.core.building, name));
    let resource = resource.ok_or_else(Error::not_found)?;
    super::work::demand(&ctx.caller, &resource)?;
    let columns = columns(&resource, ctx.lang);
    let (media, ending, bytes) = match req.query.word("format") {
        Some("xlsx") => {
            let failed = |error: XlsxError| Error::internal(error.to_string());
            (XLSX, "xlsx", workbook(&columns, resource.title(ctx.lang)).map_err(failed)?)
        }
        _ => {
            let headings = csv_row(columns.iter().map(|(heading, _)| *heading), ',');
            (CSV, "csv", format!("\u{feff}{headings}\r\n").into_bytes())
        }
    };
    let once = stream::once(async move { Ok(Bytes::from(bytes)) });
    let mut reply = Reply::streamed(media, Box::pin(once));
    let name = format!("attachment; filename=\"{}-template.{ending}\"", resource.name());
    reply.headers = vec![("content-disposition", name)];
    Ok(reply)
}

/// The columns that people fill in: of several that say the same, the one that is for people; no ids of other systems,
/// which need the name of their system.
fn columns(resource: &Resource, lang: Lang) -> Vec<(&'static str, Field)> {
    let mut taken = Vec::new();
    let is_for_people = |field: &Field| match field.kind {
        Kind::Key | Kind::Info | Kind::Any | Kind::ExternalIds => false,
        Kind::Reference(named) => matches!(named, Named::Code(_)),
        _ => true,
    };
    let fields = resource.fields().iter().filter(|field| is_for_people(field));
    let fields = fields.filter(|field| {
        let is_new = !taken.contains(&field.into);
        taken.push(field.into);
        is_new
    });
    fields.map(|field| (resource.heading_of(field, lang), *field)).collect()
}

/// A sheet whose columns of texts stay texts: a code keeps its zeros, and an account its digits.
fn workbook(columns: &[(&'static str, Field)], title: &str) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name(title)?;
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    sheet.set_freeze_panes(1, 0)?;
    for (n, (heading, field)) in columns.iter().enumerate() {
        let n = n as u16;
        sheet.set_column_width(n, 16.0)?;
        if matches!(field.kind, Kind::Text | Kind::Reference(_)) {
            sheet.set_column_format(n, &text)?;
        }
        sheet.write_string_with_format(0, n, *heading, &bold)?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::super::fields::declared;
    use super::*;

    #[test]
    fn the_headings_of_a_template_are_known_and_no_two_are_the_same_field() {
        for name in ["customers", "contacts", "products", "prices", "orders", "suppliers"] {
            let resource = declared(name);
            for lang in [Lang::En, Lang::Zh] {
                let columns = columns(&resource, lang);
                assert!(columns.len() > 5, "{name}");
                for (heading, field) in &columns {
                    assert_eq!(resource.path_of(heading, false), Some(field.path), "{name}: {heading}");
                }
                let headings: Vec<String> = columns.iter().map(|(h, _)| (*h).to_owned()).collect();
                assert!(!resource.is_of_lines(headings.iter()), "{name}");
                if lang == Lang::Zh {
                    let chinese = headings.iter().filter(|heading| !heading.is_ascii()).count();
                    assert!(chinese * 10 > headings.len() * 8, "{name}: {headings:?}");
                }
            }
        }
    }
}
