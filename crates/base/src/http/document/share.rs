//! What many operations say alike stands once, among the components.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value, json};

/// Runs through the lists of parameters of all paths and operations, with the tag and the id of an operation.
fn each_list(paths: &mut Value, mut see: impl FnMut(&str, &str, &mut Vec<Value>)) {
    for (_, item) in paths.as_object_mut().into_iter().flatten() {
        for (_, part) in item.as_object_mut().into_iter().flatten() {
            let tag = part["tags"][0].as_str().unwrap_or_default().to_owned();
            let id = part["operationId"].as_str().unwrap_or_default().to_owned();
            let list = if part.is_array() { Some(part) } else { part.get_mut("parameters") };
            if let Some(list) = list.and_then(Value::as_array_mut) {
                see(&tag, &id, list);
            }
        }
    }
}

// ---- enumerations ----------------------------------------------------------------------------------------------

/// Where a parameter's schema has words to choose from.
fn choice(parameter: &Value) -> Option<(&'static str, Vec<String>)> {
    let words = |list: &Value| -> Option<Vec<String>> {
        list.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let schema = &parameter["schema"];
    let inner = words(&schema["items"]["enum"]).map(|found| ("/schema/items", found));
    inner.or_else(|| words(&schema["enum"]).map(|found| ("/schema", found)))
}

/// `listOrders` and `sort` are `OrdersSort`, or `ListOrdersSort` where that is the name of something else.
fn enumeration_names(operation: &str, parameter: &str) -> [String; 2] {
    let noun = operation.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    let words = parameter.split(['_', '-']).filter(|word| !word.is_empty());
    let of: String = words.map(|word| capital(&word.to_lowercase())).collect();
    [format!("{noun}{of}"), format!("{}{of}", capital(operation))]
}

/// The named schema with exactly these words; of several the one that is closest to the tag, such as `ProductStatus`.
fn known_enumeration(schemas: &Map<String, Value>, words: &[String], tag: &str) -> Option<String> {
    let wanted: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    let has_them = |schema: &Value| {
        let own = schema["enum"].as_array().filter(|_| schema["type"] == "string");
        own.is_some_and(|own| own.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>() == wanted)
    };
    let owner: String = tag.trim_end_matches('s').chars().filter(char::is_ascii_alphanumeric).collect();
    let close = |name: &String| name.to_lowercase().starts_with(&owner);
    let names = schemas.iter().filter(|(_, schema)| has_them(schema)).map(|(name, _)| name);
    names.min_by_key(|name| (!close(name), name.len(), (*name).clone())).cloned()
}

/// Gives a name to each set of words that a parameter takes, so that a client has one type for it.
pub fn name_enumerations(paths: &mut Value, schemas: &mut Map<String, Value>) -> Result<(), String> {
    let mut uses: BTreeMap<(Vec<String>, String), BTreeSet<(usize, [String; 2])>> = BTreeMap::new();
    let mut found: Vec<(Vec<String>, String, String)> = Vec::new();
    each_list(paths, |tag, id, list| {
        for parameter in list {
            let Some((_, words)) = choice(parameter) else { continue };
            let of = parameter["name"].as_str().unwrap_or_default().to_owned();
            let names = enumeration_names(id, &of);
            uses.entry((words.clone(), of.clone())).or_default().insert((names[0].len(), names));
            found.push((words, of, tag.to_owned()));
        }
    });
    let mut names: HashMap<(Vec<String>, String, String), String> = HashMap::new();
    for (words, of, tag) in found {
        let name = match known_enumeration(schemas, &words, &tag) {
            Some(name) => name,
            None => {
                let mut of_users =
                    uses[&(words.clone(), of.clone())].iter().flat_map(|(_, names)| names.iter());
                let name = of_users.find(|name| !schemas.contains_key(*name)).cloned();
                let name = name.ok_or_else(|| format!("no name is free for the words of {of}"))?;
                let about = format!("What the parameter `{of}` takes.");
                schemas.insert(name.clone(), json!({"type": "string", "description": about, "enum": words}));
                name
            }
        };
        names.insert((words, of, tag), name);
    }
    each_list(paths, |tag, _, list| {
        for parameter in list {
            let Some((at, words)) = choice(parameter) else { continue };
            let of = parameter["name"].as_str().unwrap_or_default().to_owned();
            if let (Some(name), Some(slot)) =
                (names.get(&(words, of, tag.to_owned())), parameter.pointer_mut(at))
            {
                *slot = json!({"$ref": format!("#/components/schemas/{name}")});
            }
        }
    });
    Ok(())
}

// ---- parameters ------------------------------------------------------------------------------------------------

/// Moves the parameters that several operations have to the components.
pub fn share_parameters(paths: &mut Value, components: &mut Map<String, Value>) {
    let mut uses: Vec<(Value, String, usize)> = Vec::new();
    each_list(paths, |tag, _, list| {
        for parameter in list.iter().filter(|p| p.get("$ref").is_none()) {
            match uses.iter_mut().find(|(known, ..)| known == parameter) {
                Some((.., count)) => *count += 1,
                None => uses.push((parameter.clone(), tag.to_owned(), 1)),
            }
        }
    });
    uses.retain(|(.., count)| *count > 1);
    // The one that is used most has the plain name.
    uses.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    let mut named: Vec<(Value, String)> = Vec::new();
    for (parameter, tag, _) in uses {
        let name = parameter["name"].as_str().unwrap_or_default().replace('-', "_");
        let name = if parameter["in"] == "path" { format!("path_{name}") } else { name };
        let of_tag = (!tag.is_empty()).then(|| format!("{}_{name}", tag.replace('-', "_")));
        let candidates = [Some(name.clone()), of_tag].into_iter().flatten();
        let numbered = (2..).map(|n| format!("{name}_{n}"));
        let free = candidates.chain(numbered).find(|name| !components.contains_key(name));
        let free = free.unwrap_or_default();
        components.insert(free.clone(), parameter.clone());
        named.push((parameter, free));
    }
    each_list(paths, |_, _, list| {
        for parameter in list {
            if let Some((_, name)) = named.iter().find(|(known, _)| known == parameter) {
                *parameter = json!({"$ref": format!("#/components/parameters/{name}")});
            }
        }
    });
}

// ---- a part of the document ------------------------------------------------------------------------------------

/// Drops the components that nothing leads to, beside those that are always there.
pub fn keep_used(document: &mut Value, always: &[(&str, &str)]) {
    let mut used: HashSet<(String, String)> = HashSet::new();
    let mut new: Vec<(String, String)> = always.iter().map(|(k, n)| (k.to_string(), n.to_string())).collect();
    for part in ["paths", "webhooks"] {
        references(&document[part], &mut new);
    }
    while let Some((kind, name)) = new.pop() {
        if used.insert((kind.clone(), name.clone())) {
            references(&document["components"][&kind][&name], &mut new);
        }
    }
    for (kind, parts) in document["components"].as_object_mut().into_iter().flatten() {
        if let Some(parts) = parts.as_object_mut().filter(|_| kind != "securitySchemes") {
            parts.retain(|name, _| used.contains(&(kind.clone(), name.clone())));
        }
    }
}

/// The components that a part of the document refers to, by kind and name.
fn references(part: &Value, found: &mut Vec<(String, String)>) {
    match part {
        Value::Object(fields) => {
            let to = fields.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/"));
            found.extend(to.and_then(|to| to.split_once('/')).map(|(k, n)| (k.to_owned(), n.to_owned())));
            fields.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

/// The tags of a document.
pub fn tags(document: &Value) -> impl Iterator<Item = &str> {
    document["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str())
}

/// A document of the operations with these tags, and of all that they need.
pub fn part(document: &Value, wanted: &BTreeSet<String>) -> Value {
    let is_wanted = |says: &Value| says["tags"][0].as_str().is_some_and(|tag| wanted.contains(tag));
    let mut part = document.clone();
    let shared = document["components"]["pathItems"].clone();
    for (_, item) in part["paths"].as_object_mut().into_iter().flatten() {
        if let Some(item) = item.as_object_mut() {
            item.retain(|_, says| says.is_array() || is_wanted(says));
        }
    }
    if let Some(paths) = part["paths"].as_object_mut() {
        paths.retain(|_, item| item.as_object().into_iter().flatten().any(|(_, says)| says.is_object()));
    }
    if let Some(webhooks) = part["webhooks"].as_object_mut() {
        let item = |item: &Value| {
            let name = item["$ref"].as_str().and_then(|r| r.rsplit('/').next());
            name.map_or_else(|| item.clone(), |name| shared[name].clone())
        };
        webhooks.retain(|_, webhook| is_wanted(&item(webhook)["post"]));
    }
    if let Some(tags) = part["tags"].as_array_mut() {
        tags.retain(|tag| tag["name"].as_str().is_some_and(|name| wanted.contains(name)));
    }
    keep_used(&mut part, &[]);
    part
}
