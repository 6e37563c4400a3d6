//! What `expand` adds to an answer, in the document: beside each id that can be expanded the object that it names.

use serde_json::{Map, Value, json};

use super::finish::Declarations;
use super::{Endpoint, OperationKind};

type Schemas = Map<String, Value>;

/// Adds to the schemas of answers what `expand` may put into them. They are optional there and in no example.
pub fn describe(routes: &Declarations, schemas: &mut Schemas) -> Result<(), String> {
    for endpoint in &routes.endpoints {
        for path in endpoint.common.expand {
            let answer = endpoint.answer.as_ref().and_then(name_of);
            add(routes, schemas, answer.unwrap_or_default(), path)
                .map_err(|what| format!("{} expands {path}: {what}", endpoint.operation_id))?;
        }
    }
    Ok(())
}

fn add(routes: &Declarations, schemas: &mut Schemas, answer: &str, path: &str) -> Result<(), String> {
    let mut holder = answer.to_owned();
    let mut steps: Vec<&str> = path.split('.').collect();
    let name = steps.pop().unwrap_or_default();
    if schemas.get(answer).is_some_and(|page| page["properties"]["has_more"].is_object()) {
        steps.insert(0, "data");
    }
    for step in steps {
        let inner = part(schemas, &holder, step).and_then(name_of).map(str::to_owned);
        holder = inner.ok_or_else(|| format!("{holder} has no {step}"))?;
    }
    let id = part(schemas, &holder, &format!("{name}_id")).and_then(name_of);
    let pattern = id.and_then(|id| schemas.get(id)).and_then(|schema| schema["pattern"].as_str());
    let prefix = pattern.and_then(|p| p.strip_prefix('^')?.split('_').next());
    let prefix = prefix.ok_or_else(|| format!("{holder} has no id of that name"))?;
    let card = routes.cards.get(prefix).and_then(name_of).map(str::to_owned);
    let view = card
        .or_else(|| view_of(&routes.endpoints, schemas, prefix))
        .ok_or_else(|| format!("nothing reads {prefix}_…"))?;
    let added = json!({
        "description": format!("Present with `expand={path}`. Null when there is none that you may see."),
        "oneOf": [{"$ref": format!("#/components/schemas/{view}")}, {"type": "null"}],
        "x-expanded": true,
    });
    if let Some(properties) = schemas[&holder]["properties"].as_object_mut() {
        properties.entry(name).or_insert(added);
    }
    Ok(())
}

/// What an object holds under a name, or each item of what it holds.
fn part<'s>(schemas: &'s Schemas, holder: &str, name: &str) -> Option<&'s Value> {
    let property = &schemas.get(holder)?["properties"][name];
    let property = if property["items"].is_object() { &property["items"] } else { property };
    let variants = property["oneOf"].as_array();
    Some(variants.and_then(|v| v.iter().find(|v| v["type"] != "null")).unwrap_or(property))
}

/// The view of a record with this id as a list of its kind shows it.
fn view_of(endpoints: &[Endpoint], schemas: &Schemas, prefix: &str) -> Option<String> {
    let reads = |e: &&Endpoint| {
        e.nature == OperationKind::Read
            && e.path.ends_with('}')
            && e.path_prefixes.last() == Some(&Some(prefix))
    };
    let read = endpoints.iter().find(reads)?;
    let (collection, _) = read.path.rsplit_once('/')?;
    let list = endpoints.iter().find(|e| e.nature == OperationKind::List && e.path == collection);
    let row = list.and_then(|l| part(schemas, name_of(l.answer.as_ref()?)?, "data"));
    row.or(read.answer.as_ref()).and_then(name_of).map(str::to_owned)
}

fn name_of(reference: &Value) -> Option<&str> {
    reference["$ref"].as_str()?.rsplit('/').next()
}
