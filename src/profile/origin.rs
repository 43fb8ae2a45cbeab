//! Where something was written, so that every message can say it.

use std::fmt;
use std::path::PathBuf;

/// Where a profile, an argument or a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A word of the kernel command line (or of a file that adds to it).
    CommandLine {
        /// The word as written, e.g. `ip=eth0:dhcp`.
        word: String,
        /// Its first character's column in the whole line, counted from 1.
        column: usize,
        /// The column of the part of it that is meant: `column` for all of it.
        at: usize,
    },
    /// A file, and the line in it, counted from 1; 0 when the whole file is meant.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// A firmware table, by name (`iBFT`, `NBFT`, `OpenFirmware`), and the record in it.
    Firmware {
        /// The table.
        table: &'static str,
        /// The record, as the firmware names it.
        record: String,
    },
    /// Made by sunup itself, e.g. the default profile of `rd.neednet=1`.
    Default {
        /// Why it was made.
        reason: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine { word, column, at } if column == at => write!(f, "'{word}' (column {column})"),
            Self::CommandLine { word, column, at } => write!(f, "'{word}' (column {column}, wrong at column {at})"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Firmware { table, record } => write!(f, "{table} {record}"),
            Self::Default { reason } => write!(f, "{reason}"),
        }
    }
}

/// Something in the input that could not be honoured as written. Never fatal: the rest still works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where it stands.
    pub origin: Origin,
    /// What is wrong, what was done instead, and what to write.
    pub text: String,
}

impl Warning {
    /// A warning about what stands at `origin`.
    pub fn new(origin: &Origin, text: impl Into<String>) -> Self {
        Self { origin: origin.clone(), text: text.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)
    }
}
