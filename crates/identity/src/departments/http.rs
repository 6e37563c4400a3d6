//! Endpoints of departments: extract, call, answer.

use super::model::{DEPARTMENTS, Department, DepartmentId, DepartmentInput};
use super::work;
use crate::base::db::filter::Cond;
use crate::base::db::list::Page;
use crate::base::db::{Rx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;

fn answer(department: Department) -> Answer<Department> {
    Answer::at(department.version, department)
}

pub fn list(rx: &mut Rx, req: &Req) -> Result<Page<Department>> {
    DEPARTMENTS.page(&req.query, Cond::All, load_from!(rx.conn, departments, Department))
}

pub fn get(rx: &mut Rx, req: &Req<DepartmentId>) -> Result<Answer<Department>> {
    work::find(rx.conn, req.path).map(answer)
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<DepartmentInput>>) -> Result<Answer<Department>> {
    let department = work::create(tx, req.body.0.clone())?;
    let path = path_to("departments", department.id);
    Ok(answer(department).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<DepartmentId, Patch<DepartmentInput>>) -> Result<Answer<Department>> {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn delete(tx: &mut Tx, req: &Req<DepartmentId>) -> Result<()> {
    work::delete(tx, req.path)
}
