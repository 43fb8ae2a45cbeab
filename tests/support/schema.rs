//! `src/state/status.schema.json`, held against what sunup really writes: exactly these keys, of these types.

use std::sync::OnceLock;

use serde_json::Value;

/// What in the report is not as the schema says; nothing if all is.
pub(crate) fn faults(report: &Value) -> Vec<String> {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        serde_json::from_str(include_str!("../../src/state/status.schema.json")).expect("the schema is JSON")
    });
    let mut faults = Vec::new();
    check(schema, schema, report, "report", &mut faults);
    faults
}

/// The words of JSON Schema (2020-12) that the schema uses; any other is a mistake in it.
const WORDS: [&str; 15] = [
    "$schema",
    "$id",
    "title",
    "description",
    "$defs",
    "$ref",
    "anyOf",
    "const",
    "enum",
    "type",
    "minimum",
    "items",
    "properties",
    "required",
    "additionalProperties",
];

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for word in schema.as_object().expect("a schema is an object").keys() {
        assert!(WORDS.contains(&word.as_str()), "the schema says {word}, which is not checked");
    }
    if let Some(name) = schema["$ref"].as_str() {
        let found = &root["$defs"][name.strip_prefix("#/$defs/").expect("a definition of the schema")];
        return check(root, found, value, at, faults);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let tries: Vec<Vec<String>> = any
            .iter()
            .map(|one| {
                let mut faults = Vec::new();
                check(root, one, value, at, &mut faults);
                faults
            })
            .collect();
        if tries.iter().all(|faults| !faults.is_empty()) {
            faults.extend(tries.into_iter().flatten());
        }
        return;
    }
    let is_type = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema has the type {other}"),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_type(name)) {
        return faults.push(format!("{at}: {value} is none of {types:?}"));
    }
    let fixed = schema.get("const").map(std::slice::from_ref).or(schema["enum"].as_array().map(Vec::as_slice));
    if fixed.is_some_and(|fixed| !fixed.contains(value)) {
        faults.push(format!("{at}: {value} is none of {fixed:?}"));
    }
    if schema["minimum"].as_i64().zip(value.as_i64()).is_some_and(|(least, value)| value < least) {
        faults.push(format!("{at}: {value} is less than the minimum"));
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], item, &format!("{at}[{number}]"), faults);
    }
    let Some(fields) = value.as_object() else { return };
    assert_eq!(schema["additionalProperties"], false, "{at}: the schema lets other keys pass");
    let known = schema["properties"].as_object().expect("an object has properties");
    assert_eq!(schema["required"].as_array().map(Vec::len), Some(known.len()), "{at}: every key is always there");
    for (key, schema) in known {
        match fields.get(key) {
            Some(value) => check(root, schema, value, &format!("{at}.{key}"), faults),
            None => faults.push(format!("{at}.{key} is missing")),
        }
    }
    faults
        .extend(fields.keys().filter(|key| !known.contains_key(*key)).map(|key| format!("{at}.{key} is in no schema")));
}

#[test]
fn a_key_too_many_or_too_few_and_another_type_are_seen() {
    let dns = serde_json::json!({"servers": ["192.0.2.1"], "search": []});
    let report = serde_json::json!({
        "schema": 1, "version": "0.1.0", "result": "ok", "started_ms": 1, "finished_ms": 2, "cmdline_hash": "", "hostname": null,
        "links": [], "missing": [], "dns": dns, "routes": [], "rules": [], "handed_over": [], "warnings": []
    });
    assert_eq!(faults(&report), Vec::<String>::new());
    let spoilt = |spoil: &dyn Fn(&mut Value)| {
        let mut report = report.clone();
        spoil(&mut report);
        faults(&report).len()
    };
    assert_eq!(spoilt(&|report| report["other"] = 7.into()), 1);
    assert_eq!(spoilt(&|report| drop(report.as_object_mut().unwrap().remove("rules"))), 1);
    assert_eq!(spoilt(&|report| report["result"] = "fine".into()), 1);
    assert_eq!(spoilt(&|report| report["schema"] = 2.into()), 1);
    assert_eq!(spoilt(&|report| report["started_ms"] = (-1).into()), 1);
    assert_eq!(spoilt(&|report| report["dns"]["servers"][0] = 7.into()), 1);
    assert!(spoilt(&|report| report["links"] = serde_json::json!([{"ifname": "eth0"}])) > 20);
}
