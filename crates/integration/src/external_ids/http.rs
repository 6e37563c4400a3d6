//! Endpoints of external ids: extract, call, answer.

use super::Known;
use super::model::{EXTERNAL_IDS, Name, NamedRecord, view, visible_to};
use crate::base::db::ReadTx;
use crate::base::db::list::Page;
use crate::base::error::{Error, Result};
use crate::base::http::Req;
use crate::load_from;

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<NamedRecord>> {
    let core = rx.core;
    let kinds: &[Known] = core.declared.all();
    let wanted = req.query.words("kind");
    let asked = kinds.iter().filter(|k| wanted.is_empty() || wanted.contains(&k.named.kind.name));
    let visible = visible_to(rx.caller, asked);
    let mut page = EXTERNAL_IDS.page(&req.query, visible, load_from!(rx.conn, external_ids, Name))?;
    let records = page.data.drain(..).map(|name| {
        let kind = kinds.iter().find(|k| k.named.kind.name == name.record_kind);
        kind.map(|kind| view(name, kind))
            .ok_or_else(|| Error::internal("a name of a kind that is not asked for"))
    });
    let records = records.collect::<Result<Vec<NamedRecord>>>()?;
    Ok(page.with(records))
}
