//! One row per key: name, old spelling, field. Reader and writer both go by the rows, so neither can forget what the other knows.

use std::path::Path;
use std::time::Duration;

use super::value::{boolean, integer};
use crate::input::keyfile::{Entry, Group, KeyFile};
use crate::profile::{Origin, Warning};

/// A key of a section whose values live in a `T`.
pub(super) struct Key<T> {
    /// The key as NetworkManager 1.42 and the newest both read it.
    pub(super) name: &'static str,
    /// Another spelling that is read, older or newer.
    pub(super) alias: Option<&'static str>,
    /// The field, and how its text looks.
    pub(super) field: Field<T>,
}

/// How to get at a field of `T`.
pub(super) struct Lens<T, F> {
    pub(super) get: fn(&T) -> &F,
    pub(super) set: fn(&mut T) -> &mut F,
}

/// The kinds of values. Where a default is named, that value is the absent key: it is never written.
pub(super) enum Field<T> {
    /// A text.
    Text(Lens<T, Option<String>>),
    /// A `;` list.
    List(Lens<T, Vec<String>>),
    /// `true` or `false`, and its default.
    Bool(Lens<T, bool>, bool),
    /// `true` or `false`; absent is neither.
    MaybeBool(Lens<T, Option<bool>>),
    /// A number from the smaller of 0 and the default up to a maximum; `None` is the default.
    Number(Lens<T, Option<u32>>, i64, i64),
    /// A number from a minimum to a maximum with default 0.
    Signed(Lens<T, i32>, i64, i64),
    /// A time in this unit; `None` is the default (0 or -1), [`Duration::MAX`] is 2147483647.
    Time(Lens<T, Option<Duration>>, Unit, i64, i64),
    /// A word with a form of its own.
    Word(fn(&mut T, &str) -> Taken, fn(&T) -> Option<String>),
    /// A `;` list whose items have a form of their own.
    Items(fn(&mut T, Vec<String>) -> Taken, fn(&T) -> Vec<String>),
}

/// The unit of a time.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

/// The number that stands for "for ever".
const INFINITY: i64 = 0x7fff_ffff;

/// What became of a value.
pub(super) enum Taken {
    /// It is in its field.
    Yes,
    /// The part of it that can be used is in its field; the text says what is left out and why.
    Partly(String),
    /// It counts as not written, here as for the daemon; the text says why.
    No(String),
    /// The daemon can carry it out and sunup cannot: it is kept; the text says so. Without a text it makes no difference here.
    Kept(String),
    /// The whole profile is refused for it, as the daemon does; the text says why.
    Invalid(String),
}

/// Reads `$path` of whatever is given.
macro_rules! lens {
    ($($path:tt)+) => {
        $crate::input::nmconnection::table::Lens { get: |it| &it.$($path)+, set: |it| &mut it.$($path)+ }
    };
}
pub(super) use lens;

impl<T> Key<T> {
    /// A key with one spelling.
    pub(super) const fn new(name: &'static str, field: Field<T>) -> Self {
        Self { name, alias: None, field }
    }

    /// A key with two.
    pub(super) const fn alias(name: &'static str, alias: &'static str, field: Field<T>) -> Self {
        Self { name, alias: Some(alias), field }
    }
}

/// What reading a file leaves behind beside the profile.
pub(super) struct Notes<'a> {
    pub(super) path: &'a Path,
    pub(super) warnings: Vec<Warning>,
    /// (group, key, raw value) of what no field holds.
    pub(super) unknown: Vec<(String, String, String)>,
    /// Why the profile is refused: the first reason, and its line.
    pub(super) refused: Option<(usize, String)>,
}

impl<'a> Notes<'a> {
    /// Nothing noted yet.
    pub(super) fn new(path: &'a Path) -> Self {
        Self { path, warnings: Vec::new(), unknown: Vec::new(), refused: None }
    }

    /// Refuses the profile.
    pub(super) fn refuse(&mut self, line: usize, why: impl Into<String>) {
        self.refused.get_or_insert_with(|| (line, why.into()));
    }

    /// Notes a warning about a line.
    pub(super) fn warn(&mut self, line: usize, text: impl Into<String>) {
        let origin = Origin::File { path: self.path.to_owned(), line };
        self.warnings.push(Warning::new(&origin, text));
    }

    /// Keeps an entry that no field holds, to be written back.
    pub(super) fn keep(&mut self, group: &str, entry: &Entry) {
        self.unknown.push((group.to_owned(), entry.key.clone(), entry.value.clone()));
    }

    /// Notes what became of an entry of `group`.
    pub(super) fn taken(&mut self, group: &str, entry: &Entry, taken: Taken) {
        match taken {
            Taken::Yes => {}
            Taken::Partly(why) => self.warn(entry.line, format!("{group}.{}: {why}", entry.key)),
            Taken::No(why) => {
                self.warn(entry.line, format!("{group}.{}={} is ignored: {why}", entry.key, shown(&entry.value)));
            }
            Taken::Kept(why) => {
                if !why.is_empty() {
                    self.warn(entry.line, format!("{group}.{}={}: {why}", entry.key, shown(&entry.value)));
                }
                self.keep(group, entry);
            }
            Taken::Invalid(why) => {
                self.refuse(entry.line, format!("{group}.{}={}: {why}", entry.key, shown(&entry.value)));
            }
        }
    }
}

/// A value as a message shows it: not too long.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// Reads the keys of `group` that the table has; answers the others. The table's own spelling goes before the other one.
pub(super) fn read<'a, T>(
    table: &[Key<T>],
    into: &mut T,
    name: &str,
    group: &'a Group,
    notes: &mut Notes<'_>,
) -> Vec<&'a Entry> {
    let mut others = Vec::new();
    for entry in &group.entries {
        match table.iter().find(|key| key.name == entry.key || key.alias == Some(&entry.key)) {
            Some(key) if key.name != entry.key && group.get(key.name).is_some() => {
                notes.taken(name, entry, Taken::No(format!("the same is said by {}; remove one of them", key.name)))
            }
            Some(key) => notes.taken(name, entry, read_field(&key.field, into, entry)),
            None => others.push(entry),
        }
    }
    others
}

fn read_field<T>(field: &Field<T>, into: &mut T, entry: &Entry) -> Taken {
    match field {
        Field::Text(lens) => put((lens.set)(into), text(entry).map(Some)),
        Field::List(lens) => put((lens.set)(into), list(entry)),
        Field::Word(read, _) => text(entry).map_or_else(Taken::No, |text| read(into, &text)),
        Field::Items(read, _) => list(entry).map_or_else(Taken::No, |items| read(into, items)),
        Field::Bool(lens, _) => put((lens.set)(into), boolean(&entry.value)),
        Field::MaybeBool(lens) => put((lens.set)(into), boolean(&entry.value).map(Some)),
        Field::Number(lens, default, max) => {
            let number = in_range(&entry.value, (*default).min(0), *max);
            put((lens.set)(into), number.map(|number| u32::try_from(number).ok().filter(|_| number != *default)))
        }
        Field::Signed(lens, min, max) => {
            let number = in_range(&entry.value, *min, *max);
            put((lens.set)(into), number.map(|number| i32::try_from(number).unwrap_or_default()))
        }
        Field::Time(lens, unit, default, max) => {
            let number = in_range(&entry.value, (*default).min(0), *max);
            put((lens.set)(into), number.map(|number| time(number, *unit).filter(|_| number != *default)))
        }
    }
}

fn text(entry: &Entry) -> Result<String, String> {
    entry.text().map_err(|error| error.to_string())
}

fn list(entry: &Entry) -> Result<Vec<String>, String> {
    entry.list().map_err(|error| error.to_string())
}

/// Puts a value into a field, or says why there is none.
pub(super) fn put<F>(field: &mut F, value: Result<F, String>) -> Taken {
    match value {
        Ok(value) => *field = value,
        Err(why) => return Taken::No(why),
    }
    Taken::Yes
}

/// A number from `min` to `max`.
pub(super) fn in_range(text: &str, min: i64, max: i64) -> Result<i64, String> {
    let number = integer(text).filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("not a number from {min} to {max}"))
}

fn time(number: i64, unit: Unit) -> Option<Duration> {
    let number = u64::try_from(number).ok()?;
    Some(match unit {
        _ if number == INFINITY.unsigned_abs() => Duration::MAX,
        Unit::Seconds => Duration::from_secs(number),
        Unit::Milliseconds => Duration::from_millis(number),
    })
}

fn time_number(time: Duration, unit: Unit) -> i64 {
    let number = match unit {
        Unit::Seconds => u128::from(time.as_secs()),
        Unit::Milliseconds => time.as_millis(),
    };
    i64::try_from(number).unwrap_or(INFINITY).min(INFINITY)
}

/// Writes the keys of the table that are not at their default.
pub(super) fn write<T>(table: &[Key<T>], from: &T, group: &mut Group) {
    for key in table {
        match &key.field {
            Field::Text(lens) => (lens.get)(from).iter().for_each(|text| group.set_text(key.name, text)),
            Field::Word(_, write) => write(from).iter().for_each(|text| group.set_text(key.name, text)),
            Field::List(lens) => set_list(group, key.name, (lens.get)(from)),
            Field::Items(_, write) => set_list(group, key.name, &write(from)),
            field => write_scalar(field, from).into_iter().for_each(|value| group.set_raw(key.name, value)),
        }
    }
}

fn set_list(group: &mut Group, key: &str, items: &[String]) {
    if !items.is_empty() {
        group.set_list(key, items);
    }
}

fn write_scalar<T>(field: &Field<T>, from: &T) -> Option<String> {
    match field {
        Field::Bool(lens, default) => Some(*(lens.get)(from)).filter(|value| value != default).map(|v| v.to_string()),
        Field::MaybeBool(lens) => (lens.get)(from).map(|value| value.to_string()),
        Field::Number(lens, default, _) => {
            (lens.get)(from).filter(|value| i64::from(*value) != *default).map(|value| value.to_string())
        }
        Field::Signed(lens, ..) => Some(*(lens.get)(from)).filter(|value| *value != 0).map(|value| value.to_string()),
        Field::Time(lens, unit, default, _) => (lens.get)(from)
            .map(|time| time_number(time, *unit))
            .filter(|number| number != default)
            .map(|number| number.to_string()),
        Field::Text(_) | Field::List(_) | Field::Word(..) | Field::Items(..) => None,
    }
}

/// Writes the group if the table has anything to say.
pub(super) fn write_group<T>(table: &[Key<T>], from: &T, name: &str, file: &mut KeyFile) {
    let mut group = Group::new(name, 0, []);
    write(table, from, &mut group);
    for entry in group.entries {
        file.group_mut(name).set_raw(&entry.key, entry.value);
    }
}
