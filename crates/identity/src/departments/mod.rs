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
    r.tag(
        "departments",
        "Other departments of the company: who leads them, and how fast they must answer requests.",
    );
    let example = || json!({"code": "WH", "name": "仓储部", "name_en": "Warehouse", "kind": "warehouse", "response_hours": 8});
    r.list("/departments", "listDepartments", &model::DEPARTMENTS, http::list)
        .scope(READ)
        .says("List departments", "Returns all departments, inactive ones included, sorted by code.");
    r.create("/departments", "createDepartment", http::create)
        .scope(WRITE)
        .says(
            "Create a department",
            "Creates a department that requests can be sent to. Refused with 409 `duplicate` when the code \
             is taken.",
        )
        .example(example())
        .fails_with(&["duplicate", "external_id_taken"]);
    r.read("/departments/{department_id}", "getDepartment", http::get)
        .scope(READ)
        .expands(model::DEPARTMENTS.expand)
        .says("Read a department", "Returns one department.");
    r.change("/departments/{department_id}", "updateDepartment", http::update)
        .scope(WRITE)
        .says(
            "Change a department",
            "Changes the data of a department. With `active: false` it gets no new requests; requests that \
             it already has go on. Refused with 409 `duplicate` when the code is taken.",
        )
        .example(json!({"response_hours": 4}))
        .fails_with(&["duplicate", "external_id_taken"]);
    r.remove("/departments/{department_id}", "deleteDepartment", http::delete)
        .scope(WRITE)
        .says(
            "Delete a department",
            "Deletes a department that never received a request. Refused with 409 `still_referenced` \
             otherwise: set `active` to false instead.",
        )
        .fails_with(&["still_referenced"]);
    r.read_by_external_id(
        "/departments/by-external-id/{system}/{id}",
        "getDepartmentByExternalId",
        http::get,
    )
    .scope(READ)
    .expands(model::DEPARTMENTS.expand)
    .says("Read a department by external id", "Returns the department that has this id in another system.");
    r.put_by_external_id(
        "/departments/by-external-id/{system}/{id}",
        "upsertDepartmentByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .says("Put a department by external id", "A new department needs `code`, `name` and `kind`.")
    .example(example())
    .fails_with(&["duplicate", "external_id_taken"]);
    r.history("/departments/{department_id}/history", "listDepartmentHistory", http::get).scope(READ).says(
        "Read a department's history",
        "Returns every change of the department with the old and the new content, who made it, when and \
             why.",
    );
    r.expands("dep", work::expand);
}

const TOLD: Told = Told {
    kind: DepartmentId::KIND,
    name: ["Department", "部门"],
    scopes: READ,
    select: "SELECT departments.id FROM departments WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
