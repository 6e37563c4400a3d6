//! Suppliers: who delivers to us, carries for us or works with us, whose they are, and how they are reached. A
//! supplier does not log in: whoever looks after it says what it answers to a request.

pub mod contacts;
mod http;
pub mod model;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::Phrase;

pub use model::SupplierId;

pub const AREA: Area = Area { name: "suppliers", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::SuppliersRead];
const WRITE: &[Scope] = &[Scope::SuppliersWrite];

fn routes(r: &mut Routes) {
    TOLD.iter().for_each(|told| r.tells(*told));
    r.tag("suppliers", "Suppliers, partners and carriers, and how they are reached.");
    records(r);
    life(r);
    contacts::routes(r);
    r.expanders.insert("sup", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/suppliers", "listSuppliers", &model::SUPPLIERS, http::list)
        .scope(READ)
        .says("List suppliers", "Also partners and carriers (`kind`).");
    r.create("/suppliers", "createSupplier", http::create)
        .scope(WRITE)
        .says("Add a supplier", "With its contacts, in one request.")
        .example(json!({"name": "景德镇青华瓷业有限公司", "short_name": "青华瓷业", "kind": "supplier", "tax_id": "9144030071526726XG",
            "phone": "+86 798 888 1234", "contacts": [{"name": "陈师傅", "role": "生产调度", "phone": "+86 138 0013 8000"}]}))
        .fails_with(&["duplicate", "external_id_taken"]);
    r.read("/suppliers/{supplier_id}", "getSupplier", http::get)
        .scope(READ)
        .expands(model::SUPPLIERS.expand)
        .says("Read a supplier", "");
    r.change("/suppliers/{supplier_id}", "updateSupplier", http::update)
        .scope(WRITE)
        .says("Change a supplier", "Its status has steps of its own.")
        .example(json!({"response_hours": 4}))
        .fails_with(&["duplicate", "external_id_taken"]);
    r.remove("/suppliers/{supplier_id}", "deleteSupplier", http::delete)
        .scope(WRITE)
        .says(
            "Delete a supplier",
            "With its contacts. Only one that was never asked anything; any other is blocked instead.",
        )
        .fails_with(&["still_referenced"]);
    r.read_by_external_id("/suppliers/by-external-id/{system}/{id}", "getSupplierByExternalId", http::get)
        .scope(READ)
        .expands(model::SUPPLIERS.expand)
        .says("Read a supplier by external id", "");
    r.put_by_external_id(
        "/suppliers/by-external-id/{system}/{id}",
        "upsertSupplierByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .says("Create or change a supplier by external id", "A new one needs a `name`.")
    .example(json!({"name": "景德镇青华瓷业有限公司", "kind": "supplier"}))
    .fails_with(&["duplicate", "external_id_taken"]);
    r.history("/suppliers/{supplier_id}/history", "listSupplierHistory", http::get)
        .scope(READ)
        .says("History of a supplier", "Every change: who, when, why, before and after.");
}

fn life(r: &mut Routes) {
    r.action("/suppliers/{supplier_id}/block", "blockSupplier", http::block)
        .scope(WRITE)
        .says("Block a supplier", "It is asked nothing new; what it was asked goes on.")
        .example(json!({"reason": "Three late deliveries in a row"}))
        .fails_with(&["invalid_transition"]);
    r.action("/suppliers/{supplier_id}/unblock", "unblockSupplier", http::unblock)
        .scope(WRITE)
        .says("Unblock a supplier", "It can be asked again.")
        .example(json!({"reason": "They have a new line"}))
        .fails_with(&["invalid_transition"]);
}

static PHRASES: &[Phrase] = &[("supplier_is_blocked", ["is blocked: {reason}", "已被停用：{reason}"])];

static TOLD: [Told; 2] = [
    Told {
        kind: SupplierId::KIND,
        scopes: READ,
        select: "SELECT suppliers.id FROM suppliers WHERE ",
        visible: events::seen_by_all,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            events::DELETED,
            ("blocked", "It is asked nothing new."),
            ("unblocked", "It can be asked again."),
        ],
    },
    Told {
        kind: contacts::model::SupplierContactId::KIND,
        scopes: READ,
        select: "SELECT supplier_contacts.id FROM supplier_contacts WHERE ",
        visible: events::seen_by_all,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
];
