//! From a row to its record: what the cells say becomes the body of a call, and the call is the same as over HTTP, with
//! the same scopes, schema and rules.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::fields::Kind;
use super::intake::{Form as Written, Plan};
use super::lookup::{self, Lookup};
use super::rows::{Content, Row, Said};
use super::values::{self, How};
use crate::base::auth::Scope;
use crate::base::db::engine::Ending;
use crate::base::db::external::{self, ExternalId};
use crate::base::db::{Tx, savepoint};
use crate::base::error::{Error, Fault, Place, Problem, Result};
use crate::base::http::call::admit;
use crate::base::http::dispatch::{API, App};
use crate::base::http::idempotency::{self, Key};
use crate::base::http::params::percent_encode;
use crate::base::http::{Body, Incoming, Method, Patch, Reply};
use crate::base::secret::sha256_hex;
use crate::base::types::{Kind as RecordKind, RecordId};
use crate::customers::model::{ContactId, CustomerId};
use crate::orders::model::{LineInput, OrderId, OrderInput, OrderLine};
use crate::prices::model::{PriceEntry, PriceEntryInput, PriceListId};
use crate::suppliers::SupplierId;
use crate::{customers, orders, prices, products};

// What has rules of its own for which record a row names; all else is `plain`.
const CUSTOMERS: &str = customers::columns::CUSTOMERS.resource;
const CONTACTS: &str = customers::columns::CONTACTS.resource;
const PRODUCTS: &str = products::columns::PRODUCTS.resource;
const PRICES: &str = prices::columns::PRICES.resource;
const ORDERS: &str = orders::columns::ORDERS.resource;

/// Nobody is asked about each row whether the customer is there already; likely duplicates are listed afterwards.
const NEW_CUSTOMER: &str = "/customers?allow_duplicate=true&duplicate_reason=Import";
const ALL_THE_SAME: &str = "?allow_duplicate=true&duplicate_reason=Import";

/// The same for any kind of record: what its operations take, where they ask.
fn unasked(kind: RecordKind) -> &'static str {
    if kind == CustomerId::KIND || kind == SupplierId::KIND { ALL_THE_SAME } else { "" }
}

/// One record's rows: one, or those of an order.
pub type Unit = Vec<Row>;

/// What is wrong with a cell.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// Which of the unit's rows.
    pub row: usize,
    /// The column, by its path.
    pub path: String,
    pub fault: Fault,
}

/// Why a unit failed.
#[derive(Debug)]
pub enum Refused {
    /// Cells that cannot be read, before anything was tried.
    Cells(Vec<Wrong>),
    /// The call's own answer.
    Call(Problem),
}

/// What a unit says, read.
#[derive(Default)]
struct Form {
    /// The body, without what only says which record is meant.
    body: Map<String, Value>,
    keys: Map<String, Value>,
    lines: Vec<Map<String, Value>>,
    wrong: Vec<Wrong>,
}

impl Form {
    fn key(&self, name: &str) -> Option<&str> {
        self.keys.get(name).and_then(Value::as_str)
    }
    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }
}

/// Brings in the units of a chunk.
pub struct Importer<'a> {
    app: &'a App,
    plan: &'a Plan,
    how: How,
    lookup: Lookup,
}

impl<'a> Importer<'a> {
    pub fn new(app: &'a App, plan: &'a Plan, zone: chrono_tz::Tz) -> Importer<'a> {
        let is_table = plan.form == Written::Csv;
        let how = How { date_order: plan.date_order, decimal_sign: plan.decimal_sign, zone, is_table };
        Importer { app, plan, how, lookup: Lookup::of(plan.system.clone()) }
    }

    /// Brings in a unit, which stands or falls by itself; in a dry run it always falls. Gives the record as it is then.
    /// Err is the chunk's failure.
    pub fn attempt(&mut self, tx: &mut Tx, unit: &Unit) -> Result<std::result::Result<Value, Refused>> {
        let kept = if self.plan.dry_run { Ending::Rollback } else { Ending::Commit };
        savepoint::part(tx, |tx| match self.bring(tx, unit) {
            Ok(Ok(record)) => Ok((Ok(record), kept)),
            Ok(Err(refused)) => Ok((Err(refused), Ending::Rollback)),
            Err(error) if error.concerns_the_unit() => Err(error),
            Err(error) => Ok((Err(Refused::Call(error.into_problem())), Ending::Rollback)),
        })
    }

    fn bring(&mut self, tx: &mut Tx, unit: &Unit) -> Result<std::result::Result<Value, Refused>> {
        let form = self.read(tx, unit)?;
        if !form.wrong.is_empty() {
            return Ok(Err(Refused::Cells(form.wrong)));
        }
        match self.plan.resource.name() {
            CUSTOMERS => self.customer(tx, form),
            CONTACTS => self.contact(tx, form),
            PRODUCTS => self.product(tx, form),
            PRICES => self.price(tx, form),
            ORDERS => self.order(tx, form),
            _ => self.plain(tx, form),
        }
        .map(Ok)
    }

    fn call(&self, tx: &mut Tx, method: Method, path: &str, body: Map<String, Value>) -> Result<Value> {
        self.app.apply(tx, method, path, Value::Object(body))
    }

    // ---- reading cells

    fn read(&mut self, tx: &mut Tx, unit: &Unit) -> Result<Form> {
        let mut form = Form::default();
        let mut heads: Map<String, Value> = Map::new();
        for (index, row) in unit.iter().enumerate() {
            if let Some(fault) = row.fault(self.plan) {
                form.wrong.push(Wrong { row: index, path: String::new(), fault });
                continue;
            }
            let mut line = Map::new();
            if index > 0 && key_of(self.plan, row).is_none() {
                form.wrong.push(Wrong {
                    row: index,
                    path: String::new(),
                    fault: Fault::at("", "row_of_no_order"),
                });
            }
            for said in row.said(self.plan) {
                match (said.path.strip_prefix("lines."), said.path.as_str()) {
                    (None, "lines") => self.read_lines(tx, &mut form, &said.cell)?,
                    (Some(_), _) => self.read_cell(tx, &mut form, &mut line, index, &said)?,
                    (None, _) => self.read_head(tx, &mut form, &mut heads, index, &said)?,
                }
            }
            if !line.is_empty() || unit.len() > 1 {
                form.lines.push(line);
            }
        }
        if !form.lines.is_empty() {
            let lines = std::mem::take(&mut form.lines);
            form.body.insert("lines".into(), lines.into_iter().map(Value::Object).collect());
        }
        Ok(form)
    }

    /// A cell that is about the record as a whole: the rows of an order agree on it.
    fn read_head(
        &mut self,
        tx: &mut Tx,
        form: &mut Form,
        heads: &mut Map<String, Value>,
        row: usize,
        said: &Said,
    ) -> Result<()> {
        let Said { path, cell, .. } = said;
        match heads.get(path) {
            Some(before) if before == cell => Ok(()),
            Some(_) => {
                let fault = Fault::at("", "differs_in_order");
                form.wrong.push(Wrong { row, path: path.clone(), fault });
                Ok(())
            }
            None => {
                heads.insert(path.clone(), cell.clone());
                let mut body = std::mem::take(&mut form.body);
                self.read_cell(tx, form, &mut body, row, said)?;
                form.body = body;
                Ok(())
            }
        }
    }

    /// Lines as an object has them: a list of objects, whose names are those of the columns.
    fn read_lines(&mut self, tx: &mut Tx, form: &mut Form, lines: &Value) -> Result<()> {
        let Some(list) = lines.as_array() else {
            form.body.insert("lines".into(), lines.clone());
            return Ok(());
        };
        for (index, line) in list.iter().enumerate() {
            let mut read = Map::new();
            for (name, cell) in line.as_object().into_iter().flatten() {
                let own = format!("lines.{name}");
                let path = match self.plan.resource.field(&own) {
                    Some(field) => Some(field.path),
                    None => self.plan.resource.path_of(name, true).filter(|path| path.starts_with("lines.")),
                };
                match path {
                    Some(path) => {
                        let is_number = cell.is_number();
                        let said = Said { path: path.to_owned(), cell: cell.clone(), is_number };
                        self.read_cell(tx, form, &mut read, 0, &said)?;
                    }
                    None => {
                        let path = format!("lines.{index}.{name}");
                        let fault = Fault::at("", "unknown_column")
                            .with("path", &own)
                            .with("allowed", "sku, quantity, …");
                        form.wrong.push(Wrong { row: 0, path, fault });
                    }
                }
            }
            form.lines.push(read);
        }
        Ok(())
    }

    fn read_cell(
        &mut self,
        tx: &mut Tx,
        form: &mut Form,
        into: &mut Map<String, Value>,
        row: usize,
        said: &Said,
    ) -> Result<()> {
        let path = said.path.as_str();
        let (kind, place) = match self.plan.resource.field(path) {
            Some(field) => (field.kind, field.into),
            None => (Kind::Text, path),
        };
        let read = match values::read(&kind, &said.cell, said.is_number, &self.how) {
            Ok(None) => return Ok(()),
            Ok(Some(value)) => self.meant(tx, kind, value)?,
            Err(fault) => Err(fault),
        };
        let value = match read {
            Ok(value) => value,
            Err(fault) => {
                form.wrong.push(Wrong { row, path: path.to_owned(), fault });
                return Ok(());
            }
        };
        match kind {
            Kind::Info => {}
            Kind::Key => {
                form.keys.insert(path.to_owned(), value);
            }
            _ => {
                let place = place.strip_prefix("lines.").unwrap_or(place);
                let twice = put(into, place, value.clone()).is_some_and(|before| before != value);
                if twice && matches!(kind, Kind::Reference(_)) {
                    let fault = Fault::at("", "names_another");
                    form.wrong.push(Wrong { row, path: path.to_owned(), fault });
                }
            }
        }
        Ok(())
    }

    /// The record's id in the place of its name.
    fn meant(&mut self, tx: &mut Tx, kind: Kind, value: Value) -> Result<std::result::Result<Value, Fault>> {
        match (kind, value.as_str()) {
            (Kind::Reference(named), Some(text)) => Ok(self.lookup.id(tx, named, text)?.map(Value::String)),
            _ => Ok(Ok(value)),
        }
    }

    // ---- records

    /// The external id of the record itself.
    fn external(&self, form: &Form) -> Option<ExternalId> {
        let (system, id) = (self.plan.system.clone()?, form.key("external_id")?);
        Some(ExternalId { system, id: id.to_owned() })
    }

    fn customer(&mut self, tx: &mut Tx, mut form: Form) -> Result<Value> {
        let named = self.external(&form);
        let code = form.text("code").map(str::to_owned);
        if let Some(id) = self.id_of(tx, &form, named.as_ref(), code)? {
            self.link(tx, &mut form, CustomerId::KIND, &id, named)?;
            without_new(&mut form.body);
            return self.call(tx, Method::Patch, &format!("/customers/{id}{ALL_THE_SAME}"), form.body);
        }
        match named {
            Some(named) if !only_new(&form.body) || is_known::<CustomerId>(tx, &named)? => {
                without_new(&mut form.body);
                self.call(tx, Method::Put, &path_of("/customers", &named), form.body)
            }
            Some(named) => {
                name(&mut form.body, &named)?;
                self.call(tx, Method::Post, NEW_CUSTOMER, form.body)
            }
            None if form.body.contains_key("code") => self.call(tx, Method::Post, NEW_CUSTOMER, form.body),
            None => self.once(tx, NEW_CUSTOMER, form.body),
        }
    }

    fn contact(&mut self, tx: &mut Tx, mut form: Form) -> Result<Value> {
        let named = self.external(&form);
        let customer = form.text("customer_id").map(str::to_owned);
        if let Some(id) = form.key("id").map(str::to_owned) {
            let contact: ContactId = id.parse().map_err(|_| Error::not_found())?;
            let own = lookup::customer_of_contact(tx, contact)?.ok_or_else(Error::not_found)?;
            if customer.is_some_and(|customer| customer != own.to_string()) {
                return Err(Error::field("/customer_id", "cannot_change"));
            }
            self.link(tx, &mut form, ContactId::KIND, &id, named)?;
            form.body.remove("customer_id");
            return self.call(tx, Method::Patch, &format!("/customers/{own}/contacts/{id}"), form.body);
        }
        if let Some(named) = named {
            return self.call(tx, Method::Put, &path_of("/contacts", &named), form.body);
        }
        let customer = customer.ok_or_else(|| Error::field("/customer_id", "required"))?;
        form.body.remove("customer_id");
        self.once(tx, &format!("/customers/{customer}/contacts"), form.body)
    }

    fn product(&mut self, tx: &mut Tx, mut form: Form) -> Result<Value> {
        // Whoever is not told what a product costs has it as null, and does not mean to clear it.
        if !tx.caller.may(Scope::ProductsCost) {
            form.body.retain(|name, value| !(value.is_null() && name.starts_with("cost")));
        }
        self.plain(tx, form)
    }

    /// A record without rules of its own: it is changed by its id or its code, else put under its external id, else new.
    fn plain(&mut self, tx: &mut Tx, mut form: Form) -> Result<Value> {
        let (path, kind) = (self.plan.resource.path(), self.plan.resource.kind());
        let named = self.external(&form);
        let code = self.plan.resource.code().and_then(|field| form.text(field)).map(str::to_owned);
        let is_coded = code.is_some();
        if let Some(id) = self.id_of(tx, &form, named.as_ref(), code)? {
            self.link(tx, &mut form, kind, &id, named)?;
            return self.call(tx, Method::Patch, &format!("{path}/{id}{}", unasked(kind)), form.body);
        }
        let new = format!("{path}{}", unasked(kind));
        match named {
            Some(named) => self.call(tx, Method::Put, &path_of(path, &named), form.body),
            None if is_coded => self.call(tx, Method::Post, &new, form.body),
            None => self.once(tx, &new, form.body),
        }
    }

    /// The id of the record that a row names by it, or else by its code alone.
    fn id_of(
        &self,
        tx: &mut Tx,
        form: &Form,
        named: Option<&ExternalId>,
        code: Option<String>,
    ) -> Result<Option<String>> {
        let kind = self.plan.resource.kind();
        Ok(match (form.key("id"), named, code) {
            (Some(id), _, _) => Some(id.to_owned()),
            (None, None, Some(code)) => lookup::by_code(tx, kind, &code)?.map(|id| lookup::written(kind, id)),
            _ => None,
        })
    }

    /// A price is the one of its list, product, unit, quantity and first day.
    fn price(&mut self, tx: &mut Tx, mut form: Form) -> Result<Value> {
        let list = form.text("price_list_id").map(str::to_owned);
        let list = list.ok_or_else(|| Error::field("/price_list_id", "required"))?;
        form.body.remove("price_list_id");
        let prices = format!("/price-lists/{list}/prices");
        match existing_price(tx, &list, &form.body)? {
            Existing::Same => Ok(Value::Object(form.body)),
            Existing::Other(id) => self.call(tx, Method::Patch, &format!("{prices}/{id}"), form.body),
            Existing::None => self.call(tx, Method::Post, &prices, form.body),
        }
    }

    fn order(&mut self, tx: &mut Tx, mut form: Form) -> Result<Value> {
        let named = self.external(&form);
        let by_id =
            form.key("id").map(|id| id.parse::<OrderId>().map_err(|_| Error::not_found())).transpose()?;
        let by_number = match form.key("number").map(str::to_owned) {
            None => None,
            Some(number) => {
                let found = lookup::order_by_number(tx, &number)?;
                let unknown = || Fault::at("/number", "unknown_reference").with("kind", "order");
                Some(OrderId(found.ok_or_else(|| Error::invalid(vec![unknown()]))?))
            }
        };
        if let (Some(one), Some(other)) = (by_id, by_number)
            && one != other
        {
            return Err(Error::field("/number", "names_another"));
        }
        if let Some(id) = by_id.or(by_number) {
            if self.plan.mends {
                return self.add(tx, id, form.body);
            }
            self.link(tx, &mut form, OrderId::KIND, &id.to_string(), named)?;
            return self.push(tx, id, form.body);
        }
        if let Some(named) = named {
            if let Some(id) = self.known_order(tx, &named)?.filter(|_| self.plan.mends) {
                return self.add(tx, id, form.body);
            }
            return self.call(tx, Method::Put, &path_of("/orders", &named), form.body);
        }
        let customer = form.text("customer_id").and_then(|id| id.parse::<CustomerId>().ok());
        let found = match (customer, form.text("customer_po").map(str::to_owned)) {
            (Some(customer), Some(po)) => lookup::order_by_po(tx, customer.0, &po)?,
            _ => None,
        };
        match found {
            Some(id) if self.plan.mends => self.add(tx, OrderId(id), form.body),
            Some(id) => self.push(tx, OrderId(id), form.body),
            None => self.call(tx, Method::Post, "/orders", form.body),
        }
    }

    /// An order as its row says it is, as by its external id: the same scopes, schema and rules.
    fn push(&self, tx: &mut Tx, id: OrderId, body: Map<String, Value>) -> Result<Value> {
        let (endpoint, _) = self.app.find("PUT", &format!("{API}/orders/by-external-id/x/x"))?;
        admit(&endpoint, tx.caller)?;
        let patch =
            Patch::<OrderInput>::read(Incoming::Value(Value::Object(body)), endpoint.validator.as_ref())?;
        let order = crate::orders::work::push::update(tx, id, &patch)?;
        let view = crate::orders::work::view(order, tx.caller);
        serde_json::to_value(view).map_err(|e| Error::internal(e.to_string()))
    }

    /// The order that is known by this external id.
    fn known_order(&self, tx: &mut Tx, named: &ExternalId) -> Result<Option<OrderId>> {
        let found = tx.hint("the call that follows loads it", |conn| {
            external::find(conn, OrderId::KIND, &named.system, &named.id)
        })?;
        Ok(found.map(OrderId))
    }

    /// Rows that had failed are sent again, and their order is there: it gets those of their lines that it does not have,
    /// and nothing else of it changes. So the same file once more adds nothing.
    fn add(&self, tx: &mut Tx, id: OrderId, mut body: Map<String, Value>) -> Result<Value> {
        let mut there = tx.find(orders::work::find, id)?.lines;
        let lines = body.remove("lines").and_then(|lines| lines.as_array().cloned()).unwrap_or_default();
        for (index, line) in lines.into_iter().enumerate() {
            // What is no line is for the call to refuse.
            let input = serde_json::from_value::<LineInput>(line.clone()).ok();
            let same = input.and_then(|input| there.iter().position(|line| is_line(line, &input)));
            if let Some(place) = same {
                there.remove(place);
                continue;
            }
            let body = line.as_object().cloned().unwrap_or_default();
            self.call(tx, Method::Post, &format!("/orders/{id}/lines"), body)
                .map_err(|error| of_line(error, index))?;
        }
        self.app.apply(tx, Method::Get, &format!("/orders/{id}"), Value::Null)
    }

    /// A record that is named by its id gets the external id that its row has beside that.
    fn link(
        &self,
        tx: &mut Tx,
        form: &mut Form,
        kind: RecordKind,
        id: &str,
        named: Option<ExternalId>,
    ) -> Result<()> {
        let Some(named) = named.filter(|_| !form.body.contains_key("external_ids")) else { return Ok(()) };
        let uuid = id.strip_prefix(kind.prefix).and_then(|rest| rest.strip_prefix('_'));
        let uuid = uuid.and_then(|rest| Uuid::parse_str(rest).ok()).ok_or_else(Error::not_found)?;
        let mut ids = lookup::external_ids_of(tx, kind, uuid)?;
        if !ids.contains(&named) {
            ids.push(named);
            form.body.insert("external_ids".into(), json!(ids));
        }
        Ok(())
    }

    /// A record that its row gives no name: the same row once more within a day makes no second one.
    fn once(&self, tx: &mut Tx, path: &str, body: Map<String, Value>) -> Result<Value> {
        let row = json!([path, body]).to_string();
        let digest = idempotency::fingerprint(&tx.core.vault, &[row.as_bytes()]);
        let key = Key {
            owner: tx.caller.idempotency_owner(),
            // No key that is sent is the same: those are ASCII.
            key: format!("\u{a7}import {digest}"),
            fingerprint: digest,
            path: path.to_owned(),
        };
        let mut record = Value::Object(body.clone());
        let made = |tx: &mut Tx| {
            record = self.call(tx, Method::Post, path, body)?;
            Ok(Reply::empty(201))
        };
        idempotency::with_idempotency(tx, Some(&key), made)?;
        Ok(record)
    }
}

/// Whether an order has this line already.
fn is_line(line: &OrderLine, input: &LineInput) -> bool {
    line.product_id == input.product_id
        && line.quantity == input.quantity
        && input.unit.as_ref().is_none_or(|unit| *unit == line.unit)
        && input.unit_price.is_none_or(|price| price == line.unit_price)
        && input.discount_rate.is_none_or(|rate| rate == line.discount_rate)
}

/// What is wrong with a line that is sent alone, told of its place among the lines.
fn of_line(error: Error, index: usize) -> Error {
    match error {
        Error::Problem(mut problem) => {
            for fault in &mut problem.faults {
                if let Place::Pointer(pointer) = &mut fault.place {
                    *pointer = format!("/lines/{index}{pointer}");
                }
            }
            Error::Problem(problem)
        }
        other => other,
    }
}

/// Puts a value at a dotted place; gives what was there.
fn put(into: &mut Map<String, Value>, place: &str, value: Value) -> Option<Value> {
    match place.split_once('.') {
        None => into.insert(place.to_owned(), value),
        Some((first, rest)) => {
            let inner = into.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            inner.as_object_mut().and_then(|inner| put(inner, rest, value))
        }
    }
}

fn path_of(collection: &str, named: &ExternalId) -> String {
    format!("{collection}/by-external-id/{}/{}", percent_encode(&named.system), percent_encode(&named.id))
}

fn is_known<I: RecordId>(tx: &mut Tx, named: &ExternalId) -> Result<bool> {
    let found = tx.hint("the call that follows looks for it again", |conn| {
        external::find(conn, I::KIND, &named.system, &named.id)
    })?;
    Ok(found.is_some())
}

/// What a customer has from the start and changes elsewhere.
const ONLY_NEW: [&str; 3] = ["owner_id", "contacts", "addresses"];

fn only_new(body: &Map<String, Value>) -> bool {
    ONLY_NEW.iter().any(|field| body.contains_key(*field))
}

fn without_new(body: &mut Map<String, Value>) {
    ONLY_NEW.iter().for_each(|field| drop(body.remove(*field)));
}

/// Adds the external id to those that the body lists.
fn name(body: &mut Map<String, Value>, named: &ExternalId) -> Result<()> {
    let list = body.entry("external_ids").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut()
        && !list.contains(&json!(named))
    {
        list.push(json!(named));
    }
    Ok(())
}

enum Existing {
    None,
    /// It is as the row says already.
    Same,
    Other(String),
}

fn existing_price(tx: &mut Tx, list: &str, body: &Map<String, Value>) -> Result<Existing> {
    let Ok(list_id) = list.parse::<PriceListId>() else { return Ok(Existing::None) };
    // A body that is no price is for the call to refuse.
    let Ok(input) = serde_json::from_value::<PriceEntryInput>(Value::Object(body.clone())) else {
        return Ok(Existing::None);
    };
    let list = tx.find(crate::prices::work::find, list_id)?;
    let beside = crate::prices::work::beside(tx, &list, &input)?;
    let same = |entry: &PriceEntry| {
        entry.unit_price == input.unit_price && input.valid_to.is_none_or(|to| entry.valid_to == Some(to))
    };
    Ok(match beside {
        Some((entry, _)) if same(&entry) => Existing::Same,
        Some((entry, true)) => Existing::Other(entry.id.to_string()),
        _ => Existing::None,
    })
}

/// What tells the record of a row apart from those of other rows, before anything is looked up. None for a row of an
/// order that says of no order.
pub fn key_of(plan: &Plan, row: &Row) -> Option<String> {
    let said = row.said(plan);
    let text = |path: &str| {
        let found = said.iter().find(|said| said.path == path).map(|said| &said.cell);
        let text = found.map(|cell| match cell {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        });
        text.filter(|text| !text.is_empty() && text != "null")
    };
    let any = |paths: &[&str]| {
        let found = paths.iter().find_map(|path| Some(format!("{path}={}", text(path)?)));
        found.unwrap_or_default()
    };
    for path in ["id", "number", "external_id"] {
        if let Some(text) = text(path).filter(|_| plan.resource.name() != PRICES) {
            return Some(format!("{path}={text}"));
        }
    }
    let customer = || any(&["customer_id", "customer_external_id", "customer.code"]);
    let pairs = || said.iter().map(|said| json!([said.path, said.cell])).collect::<Value>();
    let whole = || format!("row={}", sha256_hex(pairs().to_string().as_bytes()));
    match plan.resource.name() {
        PRICES => {
            let list = any(&["price_list_id", "price_list_external_id", "price_list.code"]);
            let product = any(&["product_id", "product_external_id", "product.sku"]);
            let rest: Vec<String> = ["unit", "min_quantity", "valid_from"]
                .iter()
                .map(|path| text(path).unwrap_or_default())
                .collect();
            Some(format!("{list} {product} {}", rest.join(" ")))
        }
        ORDERS => text("customer_po").map(|po| format!("{} po={po}", customer())),
        _ => {
            let code = plan.resource.code().and_then(|field| Some(format!("{field}={}", text(field)?)));
            Some(code.unwrap_or_else(whole))
        }
    }
}

/// Whether a row says of lines only: people write an order's number and customer in its first row, and leave them away in
/// the others.
pub fn continues(plan: &Plan, row: &Row) -> bool {
    let said = row.said(plan);
    !said.is_empty() && said.iter().all(|said| said.path.starts_with("lines."))
}

/// Whether an object has the order's lines in itself, so that no other row belongs to it.
pub fn is_whole(row: &Row) -> bool {
    matches!(&row.content, Content::Object(object) if object.contains_key("lines"))
}
