//! Endpoints of interactions: extract, call, answer.

use super::model::{INTERACTIONS, Interaction, InteractionId, InteractionInput, NewInteraction, visible_to};
use super::work;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;

type Answered = Result<Answer<Interaction>>;

fn answer(interaction: Interaction) -> Answer<Interaction> {
    Answer::at(interaction.version, interaction)
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<Interaction>> {
    INTERACTIONS.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, interactions, Interaction))
}

pub fn get(rx: &mut ReadTx, req: &Req<InteractionId>) -> Answered {
    work::find(rx.conn, rx.caller, req.path).map(answer)
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<NewInteraction>>) -> Answered {
    let interaction = work::create(tx, req.body.0.clone())?;
    let path = path_to("interactions", interaction.id);
    Ok(answer(interaction).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<InteractionId, Patch<InteractionInput>>) -> Answered {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn update_named(tx: &mut Tx, req: &Req<InteractionId, Patch<NewInteraction>>) -> Answered {
    work::update_named(tx, req.path, &req.body).map(answer)
}
