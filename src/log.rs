//! `log::Log` to standard error or /dev/kmsg: one line, one write per message.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::fd::AsFd;

use log::{Level, LevelFilter, Log, Metadata, Record};
use nix::sys::signal::{SigSet, Signal};

use crate::profile::text::one_line;

/// Where messages go.
enum Sink {
    /// Standard error: `sunup: text`.
    Stderr,
    /// The kernel's log: `<6>sunup: text`, shown by `dmesg` and kept for the journal.
    Kmsg(File),
}

struct Logger(Sink);

/// Starts logging. Without a standard error to speak of (PID 1 or its child, with /dev/null there), to the kernel's log.
///
/// A reader of the log who is gone is no reason to end either: SIGPIPE is held back from here on.
pub fn start(verbose: bool) {
    let _ = SigSet::from(Signal::SIGPIPE).thread_block();
    let level = if verbose { LevelFilter::Debug } else { LevelFilter::Info };
    let sink = if mute() { kmsg().map_or(Sink::Stderr, Sink::Kmsg) } else { Sink::Stderr };
    if log::set_boxed_logger(Box::new(Logger(sink))).is_ok() {
        log::set_max_level(level);
    }
}

/// True where nobody reads standard error.
fn mute() -> bool {
    let init = nix::unistd::getpid().as_raw() == 1 || nix::unistd::getppid().as_raw() == 1;
    init && is_dev_null(std::io::stderr())
}

fn is_dev_null(fd: impl AsFd) -> bool {
    let null = nix::sys::stat::stat("/dev/null").map(|stat| stat.st_rdev);
    let here = nix::sys::stat::fstat(fd).map(|stat| stat.st_rdev);
    matches!((here, null), (Ok(here), Ok(null)) if here == null)
}

fn kmsg() -> Option<File> {
    OpenOptions::new().write(true).open("/dev/kmsg").ok()
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = one_line(&record.args().to_string());
        // A log that cannot be written is no reason to stop.
        let _ = match &self.0 {
            Sink::Stderr => std::io::stderr().write_all(format!("sunup: {text}\n").as_bytes()),
            Sink::Kmsg(file) => (&*file).write_all(format!("<{}>sunup: {text}\n", priority(record.level())).as_bytes()),
        };
    }

    fn flush(&self) {}
}

/// The syslog priority.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}
