//! `sunup check`: what each word of a kernel command line means, and what is wrong with it.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::Check;
use crate::input::cmdline::{CommandLine, Environment, Explained, Remark, explain};
use crate::profile::Origin;

/// Explains the line. Exit code 1 if a word of it is wrong; words that are merely odd leave it 0.
pub(super) fn run(arguments: &Check) -> ExitCode {
    let line = CommandLine::parse(arguments.cmdline.join(" ").as_bytes());
    let environment = Environment { sysfs: Path::new("/sys"), persistent_profiles: false, machine_id: None };
    let (words, rest) = explain(&line, &environment);
    let wrong = words.iter().flat_map(|word| &word.remarks).chain(&rest).any(|remark| remark.is_error);
    if arguments.json {
        let words: Vec<Value> = words.iter().map(word_json).collect();
        let rest: Vec<Value> = rest.iter().map(remark_json).collect();
        println!("{}", json!({ "valid": !wrong, "words": words, "remarks": rest }));
    } else {
        words.iter().for_each(|word| print!("{}", word_text(word)));
        rest.iter().for_each(|remark| println!("{}: {}", remark.warning.origin, remark.warning.text));
    }
    if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A word in lines of text.
fn word_text(word: &Explained<'_>) -> String {
    let mut lines = vec![word.word.text.clone()];
    match word.parameter {
        None if word.remarks.is_empty() => lines.push("    not about network".to_owned()),
        None => {}
        Some(parameter) => {
            lines.push(format!("    {}", parameter.doc.split_inclusive(". ").next().unwrap_or_default().trim_end()))
        }
    }
    lines.extend(
        word.canonical
            .iter()
            .filter(|canonical| **canonical != word.word.text)
            .map(|full| format!("    in full: {full}")),
    );
    lines.extend(word.makes.iter().map(|profile| format!("    makes {profile}")));
    for remark in &word.remarks {
        let weight = if remark.is_error { "error" } else { "note" };
        lines.push(format!("    {weight} at column {}: {}", column(remark), remark.warning.text));
        lines.extend(remark.instead.iter().map(|instead| format!("    write {instead}")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A word as JSON.
fn word_json(word: &Explained<'_>) -> Value {
    json!({
        "word": word.word.text,
        "column": word.word.column,
        "argument": word.parameter.map(|parameter| parameter.name),
        "form": word.parameter.map(|parameter| parameter.form),
        "canonical": word.canonical,
        "makes": word.makes,
        "remarks": word.remarks.iter().map(remark_json).collect::<Vec<_>>(),
    })
}

/// A remark as JSON.
fn remark_json(remark: &Remark) -> Value {
    json!({
        "error": remark.is_error,
        "column": column(remark),
        "text": remark.warning.text,
        "instead": remark.instead,
    })
}

/// Where on the line a remark is about; 0 if it is about a file.
fn column(remark: &Remark) -> usize {
    match remark.warning.origin {
        Origin::CommandLine { at, .. } => at,
        _ => 0,
    }
}
