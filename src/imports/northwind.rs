//! The Northwind Traders records: 91 customers, 77 products, 9 employees, 830 orders with 2,155 lines.
//!
//! What does not fit is mapped so:
//! * amounts are in USD, without tax (the records know neither currency nor tax);
//! * an order's freight is what carriage cost: it goes to the shipment's `freight_cost`, and to the order's
//!   custom field `freight` so that orders that never shipped keep theirs;
//! * an order without a shipped date stays `confirmed`; one with a date is `shipped`, and not `delivered`,
//!   because the records do not say when it arrived;
//! * the required date is the requested date; nothing was promised;
//! * findings that history cannot meet (products that were discontinued later) are overridden with the reason
//!   `historical_import`;
//! * employees become users without a password: an administrator sets one for whoever is to log in;
//! * a customer's owner is not recorded and stays open.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use diesel::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::base::auth::Caller;
use crate::base::core::Core;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Conn, Tx, external};
use crate::base::error::{Error, Result};
use crate::base::http::Method;
use crate::base::http::dispatch::App;
use crate::base::types::{Amount, Kind, RecordId};
use crate::customers::model::CustomerId;
use crate::orders::model::OrderId;
use crate::people::model::UserInput;
use crate::people::{TeamId, UserId, work as people};
use crate::prices::model::{PriceListId, PriceListStatus};
use crate::products::model::{CategoryId, ProductId};
use crate::regions::RegionId;
use crate::schema::{order_lines, orders};

const SYSTEM: &str = "northwind";
/// Records in one unit of work: small, so that a server beside it gets its turn.
const CHUNK: usize = 25;

/// What came of it.
#[derive(Debug, Default)]
pub struct Summary {
    /// Records that were new, and that were there already, by kind.
    pub counts: BTreeMap<&'static str, (usize, usize)>,
    /// Of all Northwind orders now in the database, by year: orders, lines, net.
    pub years: BTreeMap<String, (i64, i64, Amount)>,
}

struct Loader {
    core: Arc<Core>,
    app: Arc<App>,
    caller: Arc<Caller>,
    summary: Summary,
    quiet: bool,
}

/// Loads everything that is not there yet.
pub fn import(core: &Arc<Core>, dir: &Path, quiet: bool) -> Result<Summary> {
    let app = App::new(core.clone()).map_err(Error::internal)?;
    let caller = Arc::new(Caller::system("import"));
    let mut loader =
        Loader { core: core.clone(), app: Arc::new(app), caller, summary: Summary::default(), quiet };
    loader.regions(dir)?;
    loader.employees(dir)?;
    loader.products(dir)?;
    loader.customers(dir)?;
    loader.orders(dir)?;
    loader.summary.years = core.engine.read_now(by_year)?;
    Ok(loader.summary)
}

fn cell<'r>(record: &'r Record, name: &str) -> Result<&'r str> {
    let value = record.get(name).map(String::as_str);
    value.ok_or_else(|| Error::internal(format!("a record has no {name}: {record:?}")))
}

/// `1996-07-04 00:00:00.000` is a date.
fn date(record: &Record, name: &str) -> Option<String> {
    record.get(name).and_then(|v| v.get(..10)).map(str::to_owned)
}

fn ids(id: &str) -> Value {
    json!([{"system": SYSTEM, "id": id}])
}

/// The record that was loaded under this external id.
fn known(tx: &mut Tx, kind: Kind, id: &str) -> Result<Option<String>> {
    let found = tx.hint("a record that is there already is refused when it is entered", |conn| {
        external::find(conn, kind, SYSTEM, id)
    })?;
    Ok(found.map(|uuid| format!("{}_{}", kind.prefix, uuid.simple())))
}

fn must_know(tx: &mut Tx, kind: Kind, id: &str) -> Result<String> {
    known(tx, kind, id)?.ok_or_else(|| Error::internal(format!("there is no {} {id}", kind.name)))
}

type Step = fn(&App, &mut Tx, &Record, &Context) -> Result<()>;

/// What records need beside their own row.
#[derive(Default, Clone)]
struct Context {
    lines: HashMap<String, Vec<Record>>,
    shippers: HashMap<String, String>,
    territories: HashMap<String, Vec<String>>,
    buyers: Vec<String>,
}

impl Loader {
    /// Loads records of one kind in chunks, skipping what is there.
    fn load(
        &mut self,
        label: &'static str,
        kind: Kind,
        key: fn(&Record) -> String,
        records: Vec<Record>,
        context: &Context,
        step: Step,
    ) -> Result<()> {
        let bar = self.bar(label, records.len());
        let context = Arc::new(context.clone());
        for chunk in records.chunks(CHUNK) {
            let (chunk, app, context) = (chunk.to_vec(), self.app.clone(), context.clone());
            let size = chunk.len();
            let new = self.core.write_as(self.caller.clone(), move |tx| {
                let mut new = 0;
                for record in &chunk {
                    if known(tx, kind, &key(record))?.is_none() {
                        step(&app, tx, record, &context)
                            .map_err(|e| Error::internal(format!("{} {}: {e}", kind.name, key(record))))?;
                        new += 1;
                    }
                }
                Ok(new)
            })?;
            let count = self.summary.counts.entry(label).or_default();
            *count = (count.0 + new, count.1 + size - new);
            bar.inc(size as u64);
        }
        bar.finish();
        Ok(())
    }

    fn bar(&self, label: &'static str, length: usize) -> ProgressBar {
        if self.quiet {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{msg:12} [{bar:40}] {pos}/{len} {elapsed}");
        let bar = ProgressBar::new(length as u64).with_message(label);
        style.map_or(bar.clone(), |style| bar.with_style(style))
    }

    fn regions(&mut self, dir: &Path) -> Result<()> {
        let none = Context::default();
        let region = |r: &Record| format!("region {}", r.get("regionID").map_or("", |v| v));
        self.load(
            "regions",
            RegionId::KIND,
            region,
            read_csv(dir, "regions.csv")?,
            &none,
            |app, tx, r, _| {
                let id = cell(r, "regionID")?;
                let body = json!({"code": format!("NW-{id}"), "name": cell(r, "regionDescription")?,
                              "external_ids": ids(&format!("region {id}"))});
                app.apply(tx, Method::Post, "/regions", body).map(drop)
            },
        )?;
        let territory = |r: &Record| r.get("territoryID").cloned().unwrap_or_default();
        self.load(
            "territories",
            RegionId::KIND,
            territory,
            read_csv(dir, "territories.csv")?,
            &none,
            |app, tx, r, _| {
                let id = cell(r, "territoryID")?;
                let parent = must_know(tx, RegionId::KIND, &format!("region {}", cell(r, "regionID")?))?;
                let body = json!({"code": format!("NW-{id}"), "name": cell(r, "territoryDescription")?,
                              "parent_id": parent, "external_ids": ids(id)});
                app.apply(tx, Method::Post, "/regions", body).map(drop)
            },
        )
    }

    fn employees(&mut self, dir: &Path) -> Result<()> {
        let mut employees = read_csv(dir, "employees.csv")?;
        // A team stands under the team of its leader's own leader, so leaders come first.
        employees.sort_by_key(|e| (e.contains_key("reportsTo"), e.get("employeeID").cloned()));
        let mut territories: HashMap<String, Vec<String>> = HashMap::new();
        for row in read_csv(dir, "employee-territories.csv")? {
            let of = territories.entry(cell(&row, "employeeID")?.to_owned()).or_default();
            of.push(cell(&row, "territoryID")?.to_owned());
        }
        let context = Context { territories, ..Context::default() };
        let leaders: Vec<String> = employees.iter().filter_map(|e| e.get("reportsTo").cloned()).collect();
        let leading: Vec<Record> = employees
            .iter()
            .filter(|e| e.get("employeeID").is_some_and(|id| leaders.contains(id)))
            .cloned()
            .collect();
        let team = |r: &Record| r.get("employeeID").cloned().unwrap_or_default();
        self.load("teams", TeamId::KIND, team, leading, &context, |app, tx, r, _| {
            let id = cell(r, "employeeID")?;
            let parent = match r.get("reportsTo") {
                Some(leader) => Some(must_know(tx, TeamId::KIND, leader)?),
                None => None,
            };
            let name = format!("Northwind, team {}", cell(r, "lastName")?);
            let body = json!({"code": format!("NW-{id}"), "name": name, "parent_id": parent, "external_ids": ids(id)});
            app.apply(tx, Method::Post, "/teams", body).map(drop)
        })?;
        self.load("employees", UserId::KIND, team, employees, &context, |_, tx, r, context| {
            employee(tx, r, context)
        })
    }

    fn products(&mut self, dir: &Path) -> Result<()> {
        let none = Context::default();
        let category = |r: &Record| r.get("categoryID").cloned().unwrap_or_default();
        self.load("categories", CategoryId::KIND, category, read_csv(dir, "categories.csv")?, &none, |app, tx, r, _| {
            let (id, name) = (cell(r, "categoryID")?, cell(r, "categoryName")?);
            let body = json!({"code": format!("NW-{id}"), "name": name, "name_en": name, "external_ids": ids(id)});
            app.apply(tx, Method::Post, "/product-categories", body).map(drop)
        })?;
        let list = vec![Record::from([("id".into(), "list".into())])];
        self.load(
            "price lists",
            PriceListId::KIND,
            |_| "list".into(),
            list,
            &none,
            |app, tx, _, _| {
                let body = json!({"code": "NORTHWIND", "name": "Northwind list prices", "currency": "USD",
                              "valid_from": "1996-01-01", "external_ids": ids("list")});
                app.apply(tx, Method::Post, "/price-lists", body).map(drop)
            },
        )?;
        let product = |r: &Record| r.get("productID").cloned().unwrap_or_default();
        self.load(
            "products",
            ProductId::KIND,
            product,
            read_csv(dir, "products.csv")?,
            &none,
            |app, tx, r, _| self::product(app, tx, r),
        )?;
        self.activate_list()
    }

    /// Past prices are entered while the list is a draft; then it is used.
    fn activate_list(&mut self) -> Result<()> {
        let app = self.app.clone();
        self.core.write_as(self.caller.clone(), move |tx| {
            let path = format!("/price-lists/{}", must_know(tx, PriceListId::KIND, "list")?);
            let id = path.rsplit('/').next().and_then(|id| id.parse().ok()).ok_or_else(Error::not_found)?;
            match tx.find(crate::prices::work::find, id)?.status {
                PriceListStatus::Draft => {
                    app.apply(tx, Method::Post, &format!("{path}/activate"), json!({})).map(drop)
                }
                _ => Ok(()),
            }
        })
    }

    fn customers(&mut self, dir: &Path) -> Result<()> {
        let buyers =
            read_csv(dir, "orders.csv")?.iter().filter_map(|o| o.get("customerID").cloned()).collect();
        let context = Context { buyers, ..Context::default() };
        let customer = |r: &Record| r.get("customerID").cloned().unwrap_or_default();
        self.load(
            "customers",
            CustomerId::KIND,
            customer,
            read_csv(dir, "customers.csv")?,
            &context,
            self::customer,
        )
    }

    fn orders(&mut self, dir: &Path) -> Result<()> {
        let mut context = Context::default();
        for line in read_csv(dir, "order-details.csv")? {
            context.lines.entry(cell(&line, "orderID")?.to_owned()).or_default().push(line);
        }
        for shipper in read_csv(dir, "shippers.csv")? {
            context
                .shippers
                .insert(cell(&shipper, "shipperID")?.to_owned(), cell(&shipper, "companyName")?.to_owned());
        }
        let order = |r: &Record| r.get("orderID").cloned().unwrap_or_default();
        self.load("orders", OrderId::KIND, order, read_csv(dir, "orders.csv")?, &context, |app, tx, r, c| {
            self::order(app, tx, r, c)
        })
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or("")
}

fn employee(tx: &mut Tx, r: &Record, context: &Context) -> Result<()> {
    let id = cell(r, "employeeID")?;
    let (first, last, title) = (cell(r, "firstName")?, cell(r, "lastName")?, cell(r, "title")?);
    let role = match title {
        t if t.starts_with("Vice President") => "executive",
        "Sales Manager" => "manager",
        "Inside Sales Coordinator" => "clerk",
        _ => "rep",
    };
    // A leader belongs to the team that they lead.
    let own_team = known(tx, TeamId::KIND, id)?;
    let team = match (own_team, r.get("reportsTo")) {
        (Some(team), _) => Some(team),
        (None, Some(leader)) => known(tx, TeamId::KIND, leader)?,
        (None, None) => None,
    };
    let territories = context.territories.get(id).cloned().unwrap_or_default();
    let regions = territories.iter().map(|t| must_know(tx, RegionId::KIND, t)).collect::<Result<Vec<_>>>()?;
    let input = json!({"username": format!("{}.{}", first.to_lowercase(), last.to_lowercase()),
        "name": format!("{first} {last}"), "title": title, "role": role, "team_id": team, "region_ids": regions,
        "phone": r.get("homePhone"), "lang": "en", "external_ids": ids(id)});
    let input: UserInput = crate::base::http::from_value(input)?;
    people::create_user(tx, input, None, true).map(drop)
}

fn product(app: &App, tx: &mut Tx, r: &Record) -> Result<()> {
    let id = cell(r, "productID")?;
    let category = must_know(tx, CategoryId::KIND, cell(r, "categoryID")?)?;
    let body = json!({"sku": format!("NW-{:0>3}", id), "name": cell(r, "productName")?, "name_en": cell(r, "productName")?,
        "description": r.get("quantityPerUnit"), "category_id": category, "unit": "unit", "tax_rate": "0",
        "external_ids": ids(id)});
    let made = app.apply(tx, Method::Post, "/products", body)?;
    let path = format!("/products/{}", text(&made, "id"));
    app.apply(tx, Method::Post, &format!("{path}/activate"), json!({}))?;
    let list = must_know(tx, PriceListId::KIND, "list")?;
    let price = json!({"product_id": text(&made, "id"), "unit_price": cell(r, "unitPrice")?, "valid_from": "1996-01-01"});
    app.apply(tx, Method::Post, &format!("/price-lists/{list}/prices"), price)?;
    if cell(r, "discontinued")? == "1" {
        app.apply(tx, Method::Post, &format!("{path}/discontinue"), json!({}))?;
    }
    Ok(())
}

/// ISO 3166 codes of the countries in these records.
fn country(name: &str) -> &'static str {
    match name {
        "Argentina" => "AR",
        "Austria" => "AT",
        "Belgium" => "BE",
        "Brazil" => "BR",
        "Canada" => "CA",
        "Denmark" => "DK",
        "Finland" => "FI",
        "France" => "FR",
        "Germany" => "DE",
        "Ireland" => "IE",
        "Italy" => "IT",
        "Mexico" => "MX",
        "Norway" => "NO",
        "Poland" => "PL",
        "Portugal" => "PT",
        "Spain" => "ES",
        "Sweden" => "SE",
        "Switzerland" => "CH",
        "UK" => "GB",
        "USA" => "US",
        "Venezuela" => "VE",
        _ => "ZZ",
    }
}

fn customer(app: &App, tx: &mut Tx, r: &Record, context: &Context) -> Result<()> {
    let id = cell(r, "customerID")?;
    let land = country(cell(r, "country")?);
    let address = json!({"kind": "both", "is_default": true, "line1": cell(r, "address")?, "city": cell(r, "city")?,
        "province": r.get("region"), "postal_code": r.get("postalCode"), "country": land});
    let contact = json!({"name": cell(r, "contactName")?, "title": r.get("contactTitle"), "is_primary": true,
        "phone": r.get("phone")});
    let body = json!({"code": id, "name": cell(r, "companyName")?, "kind": "company", "country": land, "currency": "USD",
        "source": "northwind", "contacts": [contact], "addresses": [address], "external_ids": ids(id)});
    let path = "/customers?allow_duplicate=true&duplicate_reason=Northwind";
    let made = app.apply(tx, Method::Post, path, body)?;
    if context.buyers.iter().any(|b| b == id) {
        app.apply(tx, Method::Post, &format!("/customers/{}/activate", text(&made, "id")), json!({}))?;
    }
    Ok(())
}

fn order(app: &App, tx: &mut Tx, r: &Record, context: &Context) -> Result<()> {
    let id = cell(r, "orderID")?;
    let rep = must_know(tx, UserId::KIND, cell(r, "employeeID")?)?;
    let address = json!({"recipient": r.get("shipName"), "line1": cell(r, "shipAddress")?, "city": cell(r, "shipCity")?,
        "province": r.get("shipRegion"), "postal_code": r.get("shipPostalCode"), "country": country(cell(r, "shipCountry")?)});
    let body = json!({
        "customer_id": must_know(tx, CustomerId::KIND, cell(r, "customerID")?)?,
        "currency": "USD", "rep_id": rep, "region_id": region_of(tx, &rep)?,
        "order_date": date(r, "orderDate"), "requested_date": date(r, "requiredDate"),
        "shipping_address": address, "custom_fields": {"freight": cell(r, "freight")?},
        "external_ids": ids(id), "lines": lines(tx, context, id)?,
    });
    let made = app.apply(tx, Method::Post, "/orders", body)?;
    let path = format!("/orders/{}", text(&made, "id"));
    app.apply(tx, Method::Post, &format!("{path}/submit"), json!({}))?;
    let review = json!({"override_reason": "historical_import"});
    app.apply(tx, Method::Post, &format!("{path}/approve"), review)?;
    app.apply(tx, Method::Post, &format!("{path}/confirm"), json!({}))?;
    if let Some(shipped) = date(r, "shippedDate") {
        let carrier = r.get("shipVia").and_then(|via| context.shippers.get(via));
        let shipment = json!({"shipped_date": shipped, "carrier": carrier, "freight_cost": cell(r, "freight")?,
            "external_ids": ids(id)});
        app.apply(tx, Method::Post, &format!("{path}/shipments"), shipment)?;
    }
    Ok(())
}

fn lines(tx: &mut Tx, context: &Context, order: &str) -> Result<Vec<Value>> {
    let rows =
        context.lines.get(order).ok_or_else(|| Error::internal(format!("order {order} has no lines")))?;
    rows.iter()
        .map(|l| {
            let product = must_know(tx, ProductId::KIND, cell(l, "productID")?)?;
            Ok(json!({"product_id": product, "quantity": cell(l, "quantity")?, "unit_price": cell(l, "unitPrice")?,
                      "discount_rate": cell(l, "discount")?}))
        })
        .collect()
}

/// A rep's region: the one that their territories belong to.
fn region_of(tx: &mut Tx, rep: &str) -> Result<Option<RegionId>> {
    let id: UserId = rep.parse().map_err(|_| Error::internal("no user id"))?;
    let Some(territory) = tx.load(people::find_user, id)?.region_ids.first().copied() else {
        return Ok(None);
    };
    Ok(tx.load(crate::regions::Region::find, territory)?.parent_id)
}

/// What is in the database now, of these orders.
fn by_year(conn: &mut Conn) -> Result<BTreeMap<String, (i64, i64, Amount)>> {
    let named = Predicate::eq(col!(external_ids::record_kind), OrderId::KIND.name)
        .and(Predicate::eq(col!(external_ids::system), SYSTEM));
    let loaded = Predicate::in_select(col!(orders::id), col!(external_ids::record_id), named);
    let rows: Vec<(OrderId, chrono::NaiveDate, Amount)> = orders::table
        .inner_join(order_lines::table.on(order_lines::order_id.eq(orders::id)))
        .filter(loaded)
        .select((orders::id, orders::order_date, order_lines::net))
        .load(conn)?;
    let mut years: BTreeMap<String, (i64, i64, Amount)> = BTreeMap::new();
    let mut seen = std::collections::HashSet::new();
    for (order, date, net) in rows {
        let year = years.entry(date.format("%Y").to_string()).or_default();
        year.0 += i64::from(seen.insert(order.uuid()));
        year.1 += 1;
        year.2 = year.2.checked_add(net)?;
    }
    Ok(years)
}

// ---- the files -----------------------------------------------------------------------------------------------

/// A row of a CSV file; `NULL` and blank cells are not there.
pub type Record = HashMap<String, String>;

/// Reads a CSV file with a heading line.
pub fn read_csv(dir: &Path, name: &str) -> Result<Vec<Record>> {
    let path = dir.join(name);
    let failed = |e: csv::Error| Error::internal(format!("{}: {e}", path.display()));
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&path).map_err(failed)?;
    let headings = reader.headers().map_err(failed)?.clone();
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let row = rejoin(&headings, row.iter().map(str::to_owned).collect()).ok_or_else(|| {
            Error::internal(format!("{}: a row does not fit its headings: {row:?}", path.display()))
        })?;
        let cells = headings.iter().zip(row).filter(|(_, v)| !v.is_empty() && v != "NULL");
        records.push(cells.map(|(k, v)| (k.to_owned(), v.trim().to_owned())).collect());
    }
    Ok(records)
}

/// Puts cells together again that a comma inside an unquoted address took apart (`Rua do Paço, 67`). None when
/// the row does not fit and has no address to blame.
fn rejoin(headings: &csv::StringRecord, mut cells: Vec<String>) -> Option<Vec<String>> {
    let extra = cells.len().checked_sub(headings.len())?;
    if extra > 0 {
        let at = headings.iter().position(|h| h.to_lowercase().ends_with("address"))?;
        let address = cells.drain(at..=at + extra).collect::<Vec<_>>().join(",");
        cells.insert(at, address);
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_an_address_does_not_shift_the_row() {
        let headings = csv::StringRecord::from(vec!["name", "shipAddress", "city"]);
        let cells = |row: &[&str]| row.iter().map(|c| c.to_string()).collect::<Vec<_>>();
        let joined = rejoin(&headings, cells(&["Hanari", "Rua do Paço", " 67", "Rio"]));
        assert_eq!(joined, Some(cells(&["Hanari", "Rua do Paço, 67", "Rio"])));
        assert_eq!(rejoin(&headings, cells(&["Hanari", "Rua"])), None);
    }
}
