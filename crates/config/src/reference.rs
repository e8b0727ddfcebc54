//! The config's reference for people, made from its JSON schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The config's reference as Markdown: a table of keys for every section, and the words and forms of
/// every choice. Made from [`crate::schema`] alone, so that it cannot say anything else.
pub fn reference() -> String {
    let schema = crate::schema();
    let mut out = String::from(
        "# Config reference\n\nMade from the JSON schema by `harness schema --markdown`; editors read \
         [the schema itself](../configs/schema.json).\n\n## The file\n",
    );
    section(&mut out, &schema);
    let empty = Map::new();
    let definitions = schema["$defs"].as_object().unwrap_or(&empty);
    for (name, definition) in definitions {
        let _ = write!(out, "\n## {name}\n");
        section(&mut out, definition);
    }
    out
}

fn section(out: &mut String, schema: &Value) {
    if let Some(text) = schema["description"].as_str() {
        let _ = write!(out, "\n{}\n", paragraphs(text));
    }
    if schema["properties"].is_object() {
        keys(out, schema);
        return;
    }
    let forms = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| schema[key].as_array());
    match forms {
        Some(forms) => {
            let _ = write!(out, "\n| form | meaning |\n|---|---|\n");
            for form in forms.iter().flat_map(words) {
                let _ = writeln!(out, "| {} | {} |", form.0, form.1);
            }
        }
        None => {
            let _ = write!(out, "\n{}\n", kind(schema));
        }
    }
}

/// A table of the keys of a mapping.
fn keys(out: &mut String, schema: &Value) {
    let required = schema["required"].as_array();
    let _ = write!(
        out,
        "\n| key | value | default | meaning |\n|---|---|---|---|\n"
    );
    let empty = Map::new();
    for (key, value) in schema["properties"].as_object().unwrap_or(&empty) {
        let needed = required.is_some_and(|keys| keys.iter().any(|name| name == key));
        let default = match &value["default"] {
            Value::Null if needed => "**required**".to_owned(),
            Value::Null => String::new(),
            default => format!("`{default}`"),
        };
        let _ = writeln!(
            out,
            "| `{key}` | {} | {default} | {} |",
            kind(value),
            line(value["description"].as_str().unwrap_or_default())
        );
    }
}

/// The forms that one branch of a choice stands for, each with its meaning.
fn words(branch: &Value) -> Vec<(String, String)> {
    let meaning = line(branch["description"].as_str().unwrap_or_default());
    if let Some(word) = branch.get("const") {
        return vec![(format!("`{}`", plain(word)), meaning)];
    }
    if let Some(listed) = branch["enum"].as_array() {
        let one = |word: &Value| (format!("`{}`", plain(word)), meaning.clone());
        return listed.iter().map(one).collect();
    }
    if let Some(properties) = branch["properties"].as_object() {
        let inside: Vec<String> = properties
            .iter()
            .map(|(key, value)| format!("{key}: {}", kind(value)))
            .collect();
        return vec![(format!("{{ {} }}", inside.join(", ")), meaning)];
    }
    vec![(kind(branch), meaning)]
}

/// What a value may be, with links to its section.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.rsplit('/').next().unwrap_or(target);
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(word) = schema.get("const") {
        return format!("`{}`", plain(word));
    }
    if let Some(listed) = schema["enum"].as_array() {
        let words: Vec<String> = listed
            .iter()
            .map(|word| format!("`{}`", plain(word)))
            .collect();
        return words.join(" or ");
    }
    if let Some(forms) = ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| schema[key].as_array())
    {
        let mut kinds: Vec<String> = Vec::new();
        for form in forms.iter().filter(|form| form["type"] != "null") {
            let kind = kind(form);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        return kinds.join(" or ");
    }
    match &schema["type"] {
        Value::String(name) => of_type(name, schema),
        Value::Array(names) => {
            let kinds: Vec<String> = names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null")
                .map(|name| of_type(name, schema))
                .collect();
            kinds.join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn of_type(name: &str, schema: &Value) -> String {
    match name {
        "array" if schema["items"].is_object() => format!("list of {}", kind(&schema["items"])),
        "array" => "list".to_owned(),
        "object" => match schema["properties"].as_object() {
            Some(properties) => {
                let inside: Vec<String> = properties
                    .iter()
                    .map(|(key, value)| format!("{key}: {}", kind(value)))
                    .collect();
                format!("{{ {} }}", inside.join(", "))
            }
            None => "mapping".to_owned(),
        },
        "integer" => "whole number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "string" => match schema["pattern"].as_str() {
            Some(pattern) => format!("text like `{}`", pattern.replace('|', "\\|")),
            None => "text".to_owned(),
        },
        other => other.to_owned(),
    }
}

fn plain(word: &Value) -> String {
    word.as_str()
        .map_or_else(|| word.to_string(), str::to_owned)
}

/// A description on one line of a table.
fn line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n")
        .map(line)
        .collect::<Vec<_>>()
        .join("\n\n")
}
