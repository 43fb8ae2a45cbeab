//! GKeyFile syntax: groups, keys, escapes, lists. Knows nothing of what the keys mean.
//!
//! The rules are GLib's, as NetworkManager reads its profiles with them: a line is blank, a `#` comment, `[group]` or
//! `key=value`, each with white space in front allowed; the same group twice is one group; the last of several equal keys counts;
//! `\s \n \t \r \\` are escapes, `\;` one more inside lists; a list is separated (or ended) by `;`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A parsed file, or one being put together.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct KeyFile {
    groups: Vec<Group>,
}

/// One `[group]` with all its keys, from wherever in the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Group {
    /// The name between the brackets.
    pub name: String,
    /// The line of its first header, counted from 1; 0 for a group made by the program.
    pub line: usize,
    /// The keys in file order, each once.
    pub entries: Vec<Entry>,
    /// Where in `entries` each key is: a group may have ten thousand routes.
    places: BTreeMap<String, usize>,
}

/// One `key=value`.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value as it stands in the file, escapes and all. Bytes that are not UTF-8 are replaced and make [`Entry::utf8`] false.
    pub value: String,
    /// True if the value is UTF-8; if not, it can only be read as raw text.
    pub utf8: bool,
    /// The line it stands in, counted from 1; 0 for an entry made by the program.
    pub line: usize,
}

/// The text is not a key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A line is none of blank, comment, group and key.
    #[error("line {line} is no comment, no [group] and no key=value")]
    Line {
        /// The line, counted from 1.
        line: usize,
    },
    /// A group name with control characters or brackets, or none at all.
    #[error("line {line}: not a group name (1 or more characters, no brackets, no control characters)")]
    GroupName {
        /// The line, counted from 1.
        line: usize,
    },
    /// A key with brackets in it.
    #[error("line {line}: not a key (no brackets are allowed in it)")]
    KeyName {
        /// The line, counted from 1.
        line: usize,
    },
    /// A key before the first group.
    #[error("line {line}: a key before the first [group]")]
    NoGroup {
        /// The line, counted from 1.
        line: usize,
    },
}

impl SyntaxError {
    /// The line at fault, counted from 1.
    pub fn line(&self) -> usize {
        match *self {
            Self::Line { line } | Self::GroupName { line } | Self::KeyName { line } | Self::NoGroup { line } => line,
        }
    }
}

/// A backslash is followed by a character that makes no escape, or the value is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not text: after '\\' may stand s, n, t, r or '\\', in lists ';' too, and all must be UTF-8")]
pub struct EscapeError;

impl KeyFile {
    /// Reads a whole file. Like GLib, the first malformed line refuses all of it.
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        let mut file = Self::default();
        let mut current: Option<usize> = None;
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let number = index.saturating_add(1);
            let line = trim_start(line.strip_suffix(b"\r").unwrap_or(line));
            match line.first() {
                None | Some(b'#') => {}
                Some(b'[') if !is_entry(line) => current = Some(file.group_index(&group_name(line, number)?, number)),
                _ => {
                    let entry = parse_entry(line, number)?;
                    let group = current.and_then(|index| file.groups.get_mut(index));
                    let group = group.ok_or(SyntaxError::NoGroup { line: number })?;
                    entry.into_iter().for_each(|entry| group.put(entry));
                }
            }
        }
        Ok(file)
    }

    /// The groups in file order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The group of this name, made at the end if there is none.
    pub fn group_mut(&mut self, name: &str) -> &mut Group {
        let index = self.group_index(name, 0);
        // The index was just answered by the same list, which is not empty.
        #[allow(clippy::indexing_slicing)]
        &mut self.groups[index]
    }

    fn group_index(&mut self, name: &str, line: usize) -> usize {
        if let Some(index) = self.groups.iter().position(|group| group.name == name) {
            return index;
        }
        self.groups.push(Group::new(name, line, []));
        self.groups.len().saturating_sub(1)
    }

    /// The file's text: groups separated by a blank line, each key on a line.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for group in &self.groups {
            let blank = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{blank}[{}]", group.name);
            for entry in &group.entries {
                let _ = writeln!(text, "{}={}", entry.key, entry.value);
            }
        }
        text
    }
}

impl Group {
    /// A group of these entries; `line` is that of its header.
    pub fn new(name: &str, line: usize, entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut group = Self { name: name.to_owned(), line, entries: Vec::new(), places: BTreeMap::new() };
        entries.into_iter().for_each(|entry| group.put(entry));
        group
    }

    /// The entry of this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(*self.places.get(key)?)
    }

    /// Sets a key to a value that is already in file form.
    pub fn set_raw(&mut self, key: &str, value: impl Into<String>) {
        self.put(Entry { key: key.to_owned(), value: value.into(), utf8: true, line: 0 });
    }

    /// Sets a key to a text, escaping what needs it.
    pub fn set_text(&mut self, key: &str, text: &str) {
        self.set_raw(key, escape(text, false));
    }

    /// Sets a key to a list, every item ended by `;`.
    pub fn set_list<T: AsRef<str>>(&mut self, key: &str, items: impl IntoIterator<Item = T>) {
        let list: String = items.into_iter().map(|item| escape(item.as_ref(), true) + ";").collect();
        self.set_raw(key, list);
    }

    fn put(&mut self, entry: Entry) {
        if let Some(old) = self.places.get(&entry.key).and_then(|place| self.entries.get_mut(*place)) {
            *old = entry;
            return;
        }
        self.places.insert(entry.key.clone(), self.entries.len());
        self.entries.push(entry);
    }
}

impl Entry {
    /// The value as text, escapes resolved.
    pub fn text(&self) -> Result<String, EscapeError> {
        if !self.utf8 {
            return Err(EscapeError);
        }
        let mut items = split(&self.value, false)?;
        Ok(items.pop().unwrap_or_default())
    }

    /// The value as a list, escapes resolved. A `;` at the end is no further item; an empty value is an empty list.
    pub fn list(&self) -> Result<Vec<String>, EscapeError> {
        if !self.utf8 {
            return Err(EscapeError);
        }
        split(&self.value, true)
    }
}

/// Resolves escapes; in a list `;` ends an item, and what stands after the last one is an item unless it is empty.
fn split(value: &str, list: bool) -> Result<Vec<String>, EscapeError> {
    if !value.contains(['\\', ';']) {
        return Ok(if value.is_empty() { Vec::new() } else { vec![value.to_owned()] });
    }
    let mut items = Vec::new();
    let mut item = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => item.push(unescape(characters.next(), list)?),
            ';' if list => items.push(std::mem::take(&mut item)),
            other => item.push(other),
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    Ok(items)
}

fn unescape(character: Option<char>, list: bool) -> Result<char, EscapeError> {
    Ok(match character {
        Some('s') => ' ',
        Some('n') => '\n',
        Some('t') => '\t',
        Some('r') => '\r',
        Some('\\') => '\\',
        Some(';') if list => ';',
        _ => return Err(EscapeError),
    })
}

/// The file form of a text: white space in front, line ends and backslashes escaped; in a list item `;` as well.
pub fn escape(text: &str, list: bool) -> String {
    let needs_none = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b';');
    if text.bytes().all(needs_none) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    let mut leading = true;
    for character in text.chars() {
        match character {
            ' ' if leading => escaped.push_str("\\s"),
            '\t' if leading => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\\' => escaped.push_str("\\\\"),
            ';' if list => escaped.push_str("\\;"),
            // A file cannot hold NUL: GLib would cut the value there.
            '\0' => {}
            other => escaped.push(other),
        }
        leading &= matches!(character, ' ' | '\t');
    }
    escaped
}

/// What GLib calls white space in ASCII: no vertical tab.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

fn trim_start(mut line: &[u8]) -> &[u8] {
    while let Some((first, rest)) = line.split_first().filter(|(first, _)| is_space(**first)) {
        let _ = first;
        line = rest;
    }
    line
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let Some((_, rest)) = text.split_last().filter(|(last, _)| is_space(**last)) {
        text = rest;
    }
    text
}

/// A line that starts with `[` is a group if its first `]` ends it; otherwise a `=` makes it a (bad) key.
fn is_entry(line: &[u8]) -> bool {
    let closing = line.iter().position(|&byte| byte == b']');
    let ends_there =
        closing.is_some_and(|at| trim_start(line.get(at.saturating_add(1)..).unwrap_or_default()).is_empty());
    !ends_there
}

fn group_name(line: &[u8], number: usize) -> Result<String, SyntaxError> {
    let end = line.iter().position(|&byte| byte == b']').unwrap_or(line.len());
    let name = std::str::from_utf8(line.get(1..end).unwrap_or_default()).unwrap_or_default();
    if name.is_empty() || name.contains('[') || name.chars().any(|character| character.is_ascii_control()) {
        return Err(SyntaxError::GroupName { line: number });
    }
    Ok(name.to_owned())
}

/// Reads `key=value`; `None` for a translation (`key[de]=`), which GLib leaves out.
fn parse_entry(line: &[u8], number: usize) -> Result<Option<Entry>, SyntaxError> {
    let equals = line.iter().position(|&byte| byte == b'=').filter(|&at| at > 0);
    let (key, value) = equals.and_then(|at| line.split_at_checked(at)).ok_or(SyntaxError::Line { line: number })?;
    let value = value.split(|&byte| byte == 0).next().unwrap_or_default();
    let value = trim_start(value.get(1..).unwrap_or_default());
    let key = std::str::from_utf8(trim_end(key)).map_err(|_| SyntaxError::KeyName { line: number })?;
    if let Some((name, locale)) = key.strip_suffix(']').and_then(|key| key.split_once('[')) {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        let good = !name.is_empty() && !name.contains(']') && locale.chars().all(plain);
        return if good { Ok(None) } else { Err(SyntaxError::KeyName { line: number }) };
    }
    if key.is_empty() || key.contains(['[', ']']) {
        return Err(SyntaxError::KeyName { line: number });
    }
    let text = String::from_utf8_lossy(value);
    let utf8 = matches!(text, Cow::Borrowed(_));
    Ok(Some(Entry { key: key.to_owned(), value: text.into_owned(), utf8, line: number }))
}

#[cfg(test)]
mod tests;
