//! What can be set: the command line's options, and the company's settings.

use clap::{Arg, Command};
use serde_json::{Value, json};

use super::{Declared, head, row};
use crate::config;
use crate::settings::model::{ComplaintSettings, OrderSettings, RelationSettings};

// ---- options -------------------------------------------------------------------------------------------------

/// Every option of a server, with its variable, its key in the settings file, its default and what it does.
pub fn options(command: &Command) -> String {
    let serve: Vec<&Arg> =
        command.find_subcommand("serve").into_iter().flat_map(Command::get_arguments).collect();
    let (mail, general): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|a| a.is_global_set()).partition(|a| a.get_help_heading().is_some());
    [
        ("Every command takes these", general),
        ("E-mail: every command takes these, because what a command does may tell people", mail),
        ("Only `salesdesk serve` takes these", serve),
    ]
    .map(|(title, options)| format!("**{title}**\n\n{}", table(&options)))
    .join("\n")
}

fn table(options: &[&Arg]) -> String {
    let mut text = head(&["flag", "variable", "`salesdesk.toml`", "default", "what it does"], 5);
    for option in options {
        let (about, default) = explained(option);
        let code = |text: Option<String>| text.map(|t| format!("`{t}`")).unwrap_or_default();
        text += &row(&[
            code(option.get_long().map(|long| format!("--{long}"))),
            code(option.get_env().map(|name| name.to_string_lossy().into_owned())),
            code(
                config::file_keys()
                    .iter()
                    .find(|key| **key == option.get_id().as_str())
                    .map(|k| k.to_string()),
            ),
            if default.is_empty() { "none".into() } else { default },
            about,
        ]);
    }
    text
}

/// What an option does, and its default, which its help ends with in brackets.
fn explained(option: &Arg) -> (String, String) {
    let help = option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default();
    // Not for Markdown to take for HTML.
    let help = help.trim().replace('<', "\\<");
    let (about, default) = match help.strip_suffix(']').and_then(|text| text.rsplit_once("[default: ")) {
        Some((about, default)) => (about.trim(), default.to_owned()),
        None => (help.as_str(), String::new()),
    };
    let values: Vec<_> = option.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    (sentence(about), if takes_value(option) && default.is_empty() { values.join(" ") } else { default })
}

/// With a full stop.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

// ---- commands ------------------------------------------------------------------------------------------------

/// Every command with its own options.
pub fn commands(command: &Command) -> String {
    let mut text = String::new();
    visit(command, "salesdesk", &mut text);
    text
}

fn visit(command: &Command, path: &str, text: &mut String) {
    // Options that several commands share are shown at the first.
    let mut shown: Vec<(String, String)> = Vec::new();
    for below in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        if below.has_subcommands() {
            // One that does something by itself, too, is shown before those below it.
            if below.is_args_conflicts_with_subcommands_set() {
                one(below, &path, &mut shown, text);
            }
            visit(below, &path, text);
            continue;
        }
        one(below, &path, &mut shown, text);
    }
}

/// A command with its own options; those of an earlier one are not shown again.
fn one(below: &Command, path: &str, shown: &mut Vec<(String, String)>, text: &mut String) {
    let places = below.get_positionals().map(|a| format!(" {}", place(a))).collect::<String>();
    let about = below.get_long_about().or(below.get_about()).map(ToString::to_string).unwrap_or_default();
    *text += &format!("\n`{path}{places}`: {}\n", sentence(&about));
    let own = own_options(below);
    match shown.iter().find(|(_, options)| *options == own) {
        _ if own.is_empty() => {}
        Some((first, _)) => *text += &format!("It takes the same as `{first}`.\n"),
        None => {
            *text += &format!("\n{own}");
            shown.push((path.to_owned(), own));
        }
    }
}

/// A command's own options as a table; what a server takes is in the table of the settings.
fn own_options(command: &Command) -> String {
    let options: Vec<&Arg> = command.get_arguments().filter(|_| command.get_name() != "serve").collect();
    let row_of = |option: &&Arg| {
        let (about, default) = explained(option);
        let name = match option.get_long() {
            Some(long) if takes_value(option) => format!("`--{long} {}`", place(option)),
            Some(long) => format!("`--{long}`"),
            None => format!("`{}`", place(option)),
        };
        row(&[name, default, about])
    };
    let rows: String = options.iter().map(row_of).collect();
    if rows.is_empty() { rows } else { head(&["", "default", "what it is"], 3) + &rows }
}

fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}

/// What stands for an option's value.
fn place(option: &Arg) -> String {
    let named = option.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let name = option.get_long().unwrap_or(option.get_id().as_str());
    named.unwrap_or_else(|| name.replace('-', "_").to_ascii_uppercase())
}

// ---- the company ---------------------------------------------------------------------------------------------

/// The settings of `/settings`, object by object, with their defaults.
pub fn company(declared: &Declared) -> Result<String, String> {
    let value = |settings: Result<Value, serde_json::Error>| settings.map_err(|e| e.to_string());
    let objects = [
        ("company", "Company", json!({})),
        ("orders", "OrderSettings", value(serde_json::to_value(OrderSettings::default()))?),
        ("complaints", "ComplaintSettings", value(serde_json::to_value(ComplaintSettings::default()))?),
        ("relations", "RelationSettings", value(serde_json::to_value(RelationSettings::default()))?),
    ];
    let mut text = String::new();
    for (name, schema, defaults) in objects {
        let schema = &declared.document["components"]["schemas"][schema];
        let about = schema["description"].as_str().unwrap_or_default();
        text += &format!("\n### {name}\n\n{about}\n\n");
        text += &head(&["setting", "takes", "default", "what it does"], 4);
        let properties = schema["properties"].as_object().ok_or_else(|| format!("{name} has no settings"))?;
        for (field, property) in properties {
            let default = defaults.get(field).map(shown).unwrap_or_default();
            let about = property["description"].as_str().unwrap_or_default();
            text += &row(&[format!("`{name}.{field}`"), takes(property), default, about.to_owned()]);
        }
    }
    Ok(text)
}

/// A default as it is read.
fn shown(default: &Value) -> String {
    match default {
        Value::Null => "none".into(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.as_array().is_some_and(Vec::is_empty))
            .map(|(key, value)| format!("`{key}` {}", shown(value)))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a setting takes, in words.
fn takes(property: &Value) -> String {
    let kinds: Vec<&str> = match &property["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let nothing = if kinds.contains(&"null") { ", or null" } else { "" };
    let kind = kinds.iter().copied().find(|k| *k != "null").unwrap_or_default();
    match kind {
        "integer" => format!("a whole number, {} to {}{nothing}", property["minimum"], property["maximum"]),
        "string" => format!("a text of at most {} characters{nothing}", property["maxLength"]),
        "object" => {
            let value = property["additionalProperties"]["$ref"].as_str().unwrap_or_default();
            match value.rsplit('/').next().unwrap_or_default() {
                "Amount" => "an amount by currency".into(),
                "Rate" => "a rate by role; `0.05` is 5 %".into(),
                "FeedbackRoute" => "`roles` and `user_ids` by kind of feedback".into(),
                other => format!("{other} by name"),
            }
        }
        other => other.to_owned(),
    }
}
