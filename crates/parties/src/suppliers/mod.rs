//! Suppliers: who delivers to the company, transports goods for it or works with it, and the people there. A
//! supplier does not log in: the person who looks after it records what it answers to a request.

pub mod columns;
pub mod contacts;
pub mod duplicates;
mod http;
pub mod model;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::{Predicate, col};
use crate::base::events::{self, EventSource, Verb};
use crate::base::held;
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::Phrase;
use crate::coded;

pub use model::SupplierId;

pub const AREA: Area = Area { name: "suppliers", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::SuppliersRead];
const WRITE: &[Scope] = &[Scope::SuppliersWrite];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Suppliers",
        SupplierId::KIND,
        model::SupplierStatus::ALL,
        model::SupplierAction::ALL,
        model::SupplierStatus::after,
    ));
    r.declare(held!(
        suppliers::owner_id,
        SupplierId,
        ["Owner of suppliers", "供应商负责人"],
        |person| Predicate::eq(col!(suppliers::owner_id), person),
        work::pass
    ));
    r.declare(columns::SUPPLIERS);
    r.declare(&columns::SUPPLIERS_IMPORTED);
    r.declare(coded!(suppliers, SupplierId, col!(suppliers::code), events::seen_by_all));
    TOLD.iter().for_each(|told| r.tells(*told));
    r.declare(Replayed::of::<model::Supplier>(col!(suppliers::id)));
    r.declare(Replayed::of::<contacts::model::SupplierContact>(col!(supplier_contacts::id)));
    r.tag("suppliers", "Suppliers, partners and carriers, and the people there.");
    r.reads_within_restrictions();
    records(r);
    life(r);
    contacts::routes(r);
    duplicates::routes(r);
    r.expands("sup", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/suppliers", "listSuppliers", &model::SUPPLIERS, http::list)
        .scope(READ)
        .summary("List suppliers")
        .description("Lists suppliers, partners and carriers. `kind` selects one of these.");
    r.create("/suppliers", "createSupplier", http::create)
        .scope(WRITE)
        .takes(model::ENTRY)
        .summary("Add a supplier")
        .description(
            "Enters a supplier with its contacts in one request. The status is `active`. Refused with \
                `duplicate` when another supplier has the code. If the supplier may already exist, the request is \
                refused with `possible_duplicate`, and `candidates` lists similar suppliers. To enter it all the \
                same, send `allow_duplicate=true` with a `duplicate_reason`. Entry by external id and import skip \
                this check.",
        )
        .example(json!({"name": "德化月白瓷坊有限公司", "short_name": "月白瓷坊", "kind": "supplier", "tax_id": "9144030071526726XG",
            "phone": "+86 595 2355 1234", "contacts": [{"name": "陈师傅", "role": "生产调度", "phone": "+86 138 0013 8000"}]}))
        .fails_with(&["duplicate", "possible_duplicate", "external_id_taken"]);
    r.read("/suppliers/{supplier_id}", "getSupplier", http::get)
        .scope(READ)
        .expands(model::SUPPLIERS.expand)
        .summary("Read a supplier")
        .description("Returns one supplier. Its contacts have an operation of their own.");
    r.change("/suppliers/{supplier_id}", "updateSupplier", http::update)
        .scope(WRITE)
        .takes(model::CHANGE)
        .summary("Change a supplier")
        .description(
            "Changes the fields that you send. The status changes only by its steps. Refused with \
                `duplicate` when another supplier has the code, and with `possible_duplicate` if the change makes \
                the supplier like another one, unless you send `allow_duplicate=true` with a `duplicate_reason`.",
        )
        .example(json!({"response_hours": 4}))
        .fails_with(&["duplicate", "possible_duplicate", "external_id_taken"]);
    r.remove("/suppliers/{supplier_id}", "deleteSupplier", http::delete)
        .scope(WRITE)
        .summary("Delete a supplier")
        .description(
            "Deletes a supplier with its contacts. Refused with `still_referenced` if a request was ever \
                sent to it. Block such a supplier instead.",
        )
        .fails_with(&["still_referenced"]);
    r.read_by_external_id("/suppliers/by-external-id/{system}/{id}", "getSupplierByExternalId", http::get)
        .scope(READ)
        .expands(model::SUPPLIERS.expand)
        .summary("Read a supplier by external id")
        .description("Returns the supplier that has this external id.");
    r.put_by_external_id(
        "/suppliers/by-external-id/{system}/{id}",
        "upsertSupplierByExternalId",
        http::create_named,
        http::update_named,
    )
    .scope(WRITE)
    .summary("Create or change a supplier by external id")
    .description("For systems that push their suppliers here. A new supplier needs a `name`.")
    .example(json!({"name": "景德镇青华瓷业有限公司", "kind": "supplier"}))
    .fails_with(&["duplicate", "external_id_taken"]);
    r.history("/suppliers/{supplier_id}/history", "listSupplierHistory", http::get)
        .scope(READ)
        .summary("Read a supplier's history")
        .description(
            "Every change of the supplier, oldest first: who made it, when, why, and the fields before \
            and after.",
        );
}

fn life(r: &mut Routes) {
    r.action("/suppliers/{supplier_id}/block", "blockSupplier", http::block)
        .scope(WRITE)
        .summary("Block a supplier")
        .description(
            "Moves the supplier from `active` to `blocked` and keeps the reason. New requests to it are \
                refused; open requests go on.",
        )
        .example(json!({"reason": "Three late deliveries in a row"}))
        .fails_with(&["invalid_transition"]);
    r.action("/suppliers/{supplier_id}/unblock", "unblockSupplier", http::unblock)
        .scope(WRITE)
        .summary("Unblock a supplier")
        .description(
            "Moves the supplier from `blocked` to `active` and clears the reason. It can get requests again.",
        )
        .example(json!({"reason": "They have a new line"}))
        .fails_with(&["invalid_transition"]);
}

static PHRASES: &[Phrase] = &[("supplier_is_blocked", ["is blocked: {reason}", "已被停用：{reason}"])];

static TOLD: [EventSource; 2] = [
    EventSource {
        kind: SupplierId::KIND,
        name: ["Supplier", "供应商"],
        scopes: READ,
        id: col!(suppliers::id),
        visible: events::seen_by_all,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            events::DELETED,
            Verb::new("blocked", "The supplier was blocked; new requests to it are refused."),
            Verb::new("unblocked", "The supplier was unblocked and can get requests again."),
        ],
    },
    EventSource {
        kind: contacts::model::SupplierContactId::KIND,
        name: ["Contact of a supplier", "供应商联系人"],
        scopes: READ,
        id: col!(supplier_contacts::id),
        visible: events::seen_by_all,
        verbs: &[events::CREATED, events::UPDATED, events::DELETED],
    },
];
