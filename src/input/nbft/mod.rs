//! The NVMe boot firmware table (NVM Express Boot Specification), from `firmware/acpi/tables/NBFT*` in sysfs: the
//! networks that the firmware reached its NVMe/TCP disk by.
//!
//! `table` takes the bytes apart, `profiles` says what they mean.

use std::path::Path;

use super::file::contents;
use super::firmware::{Found, names};
use crate::profile::{Origin, Warning};

mod profiles;
mod table;
#[cfg(test)]
mod tests;

/// The largest table read, in bytes: firmware reserves about 100 KiB.
const MAX_TABLE: u64 = 1 << 20;

/// The most tables read. One per boot driver is usual.
const MAX_TABLES: usize = 64;

/// The profiles of every NVMe/TCP interface of every table, in the order of the tables' names, and the last host name
/// one of them gives. A table or interface that cannot be used is left out with a warning.
pub fn read(sysfs: &Path) -> Found {
    let directory = sysfs.join("firmware/acpi/tables");
    let mut found = Found::default();
    let mut builder = profiles::Builder::default();
    for name in names(&directory, "NBFT").into_iter().take(MAX_TABLES) {
        let Some(bytes) = contents(&directory.join(&name), MAX_TABLE) else {
            found.warnings.push(Warning::new(&origin(&name), "the table cannot be read; are you root?"));
            continue;
        };
        match table::parse(&bytes) {
            Ok(interfaces) => builder.add_table(&name, interfaces),
            Err(error) => found.warnings.push(Warning::new(&origin(&name), error.to_string())),
        }
    }
    builder.finish(found)
}

/// A table as messages name it.
fn origin(table: &str) -> Origin {
    Origin::Firmware { table: "NBFT", record: format!("table {table}") }
}
