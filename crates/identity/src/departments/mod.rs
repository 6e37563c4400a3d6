//! Departments: the other parts of the company that the sales department works with, who leads them, and how soon
//! each has to answer a request.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;

pub use model::DepartmentId;

pub const AREA: Area = Area { name: "departments", routes, problems: &[], phrases: &[] };

const READ: &[Scope] = &[Scope::DepartmentsRead];
const WRITE: &[Scope] = &[Scope::DepartmentsWrite];

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.tag("departments", "The other departments of the company, and who leads them.");
    let example = || json!({"code": "WH", "name": "仓储部", "name_en": "Warehouse", "kind": "warehouse", "response_hours": 8});
    r.list("/departments", "listDepartments", &model::DEPARTMENTS, http::list)
        .scope(READ)
        .says("List departments", "");
    r.create("/departments", "createDepartment", http::create)
        .scope(WRITE)
        .says("Add a department", "Its lead is whom a request goes to when it names nobody.")
        .example(example())
        .fails_with(&["duplicate", "external_id_taken"]);
    r.read("/departments/{department_id}", "getDepartment", http::get)
        .scope(READ)
        .expands(model::DEPARTMENTS.expand)
        .says("Read a department", "");
    r.change("/departments/{department_id}", "updateDepartment", http::update)
        .scope(WRITE)
        .says(
            "Change a department",
            "One that is not `active` is asked nothing new; what it was asked goes on.",
        )
        .example(json!({"response_hours": 4}))
        .fails_with(&["duplicate", "external_id_taken"]);
    r.remove("/departments/{department_id}", "deleteDepartment", http::delete)
        .scope(WRITE)
        .says("Delete a department", "Only one that was never asked anything; any other is set inactive.")
        .fails_with(&["still_referenced"]);
    r.read_by_external_id(
        "/departments/by-external-id/{system}/{id}",
        "getDepartmentByExternalId",
        http::get,
    )
    .scope(READ)
    .expands(model::DEPARTMENTS.expand)
    .says("Read a department by external id", "");
    r.put_by_external_id(
        "/departments/by-external-id/{system}/{id}",
        "upsertDepartmentByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .says("Create or change a department by external id", "A new one needs `code`, `name` and `kind`.")
    .example(example())
    .fails_with(&["duplicate", "external_id_taken"]);
    r.history("/departments/{department_id}/history", "listDepartmentHistory", http::get)
        .scope(READ)
        .says("History of a department", "Every change: who, when, why, before and after.");
    r.expanders.insert("dep", work::expand);
}

const TOLD: Told = Told {
    kind: DepartmentId::KIND,
    scopes: READ,
    select: "SELECT departments.id FROM departments WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
