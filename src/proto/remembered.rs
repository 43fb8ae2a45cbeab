//! A lease as pairs of key and value, to remember it across runs: what both protocols have in common.
//!
//! Writing and reading go through one table of fields. What is read is checked as if it came from the network: a file of an
//! earlier run may be damaged, or may not be from us at all.

use std::fmt::Display;
use std::time::Duration;

use super::names::NameError;

/// A time without end.
pub(super) const FOR_EVER: &str = "infinite";

/// A field: its key, its text in a lease (`None`: the lease has none), and how its text enters one (`None`: it is no such thing).
pub(super) struct Field<Lease> {
    pub key: &'static str,
    pub write: fn(&Lease) -> Option<String>,
    pub read: fn(&mut Lease, &str) -> Option<()>,
}

/// Declares a field whose text is made and parsed by the functions given.
macro_rules! field {
    ($key:literal, $name:ident, $write:expr, $read:expr) => {
        Field {
            key: $key,
            write: |lease| $write(&lease.$name),
            read: |lease, text| {
                lease.$name = $read(text)?;
                Some(())
            },
        }
    };
}
pub(super) use field;

/// The lease as pairs: printable ASCII, with no `=` in a key, lists separated by spaces, no quotes anywhere.
pub(super) fn to_pairs<Lease>(fields: &[Field<Lease>], lease: &Lease) -> Vec<(String, String)> {
    let pair = |field: &Field<Lease>| Some((field.key.to_owned(), (field.write)(lease)?));
    fields.iter().filter_map(pair).collect()
}

/// Enters what [`to_pairs`] wrote. Unknown keys are skipped; a value that is damaged counts as absent. `None` if one of `required`
/// is absent.
pub(super) fn enter<Lease>(
    fields: &[Field<Lease>],
    required: &[&str],
    pairs: &[(String, String)],
    mut lease: Lease,
) -> Option<Lease> {
    let known = |key: &str| fields.iter().find(|field| field.key == key);
    let mut enter = |key: &str, value: &str| (known(key)?.read)(&mut lease, value);
    let read: Vec<&str> = pairs.iter().filter_map(|(key, value)| enter(key, value).map(|()| key.as_str())).collect();
    required.iter().all(|key| read.contains(key)).then_some(lease)
}

pub(super) fn some(value: &impl Display) -> Option<String> {
    Some(value.to_string())
}

pub(super) fn option(value: &Option<impl Display>) -> Option<String> {
    value.as_ref().and_then(some)
}

pub(super) fn list<T>(values: &[T], write: fn(&T) -> String) -> Option<String> {
    let words: Vec<String> = values.iter().map(write).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

pub(super) fn words<T>(text: &str, most: usize, read: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(' ').take(most).map(read).collect()
}

pub(super) fn milliseconds(time: Duration) -> String {
    time.as_millis().to_string()
}

/// Milliseconds, up to what 32 bits of seconds can say.
pub(super) fn unmilliseconds(text: &str) -> Option<Duration> {
    let milliseconds = text.parse().ok().filter(|&n: &u64| n <= u64::from(u32::MAX) * 1000)?;
    Some(Duration::from_millis(milliseconds))
}

pub(super) fn checked<T>(parse: fn(&[u8]) -> Result<T, NameError>, text: &str) -> Option<T> {
    parse(text.as_bytes()).ok()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unhex(text: &str, most: usize) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > most {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}
