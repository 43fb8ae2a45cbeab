//! Programs that ran, and programs that run.

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Room;

/// What a program that ended left behind.
#[derive(Clone)]
pub(crate) struct Ran {
    /// The exit code; 128 + n for signal n.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// Wall-clock time, with the time to enter the room.
    pub(crate) elapsed: Duration,
}

impl Ran {
    /// Starts a program and waits for its end, killing it after `longest`.
    pub(crate) fn of(longest: Duration, start: impl FnOnce() -> Child) -> Self {
        let begun = Instant::now();
        let child = start();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let (ended, end) = mpsc::channel::<()>();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                if end.recv_timeout(longest) == Err(mpsc::RecvTimeoutError::Timeout) {
                    let _ = kill(pid, Signal::SIGKILL);
                }
            });
            let output = child.wait_with_output().unwrap();
            drop(ended);
            output
        });
        let signal = std::os::unix::process::ExitStatusExt::signal(&output.status).unwrap_or(0);
        Self {
            code: output.status.code().unwrap_or(128 + signal),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            elapsed: begun.elapsed(),
        }
    }

    /// Panics with everything the program said unless it ended with this code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert!(self.code == code, "exit code {code} expected: {self}");
        self
    }

    /// Panics unless standard error contains the text (upper and lower case alike).
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        let found = self.stderr.to_lowercase().contains(&text.to_lowercase());
        assert!(found, "'{text}' expected on standard error: {self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr, elapsed } = self;
        write!(f, "exit code {code} after {elapsed:.3?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}

/// A program running in a room.
pub(crate) struct Process<'room> {
    room: &'room Room,
    child: Child,
    pid_file: String,
    log: PathBuf,
}

impl<'room> Process<'room> {
    /// Starts it; standard output and error go to a file among the artifacts.
    pub(crate) fn start(room: &'room Room, program: &str, arguments: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let pid_file = format!("/mnt/{number}.pid");
        let base = program.rsplit('/').next().unwrap();
        let log = room.artifacts().join(format!("{}.{base}.{number}.log", room.name()));
        let output = File::create(&log).unwrap();
        let child = room.start("sh", |command| {
            command.args(["-c", r#"echo $$ >"$0" && exec "$@""#, &pid_file, program]).args(arguments);
            command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        });
        Self { room, child, pid_file, log }
    }

    /// What the program has written so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// Waits until the log contains the text; panics with the log after a minute (an emulated machine is slow) or when the
    /// program ends.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let name = self.log.display().to_string();
        let found = wait_until(Duration::from_secs(60), || {
            self.log().contains(text) || self.child.try_wait().unwrap().is_some()
        });
        let log = self.log();
        assert!(found && log.contains(text), "{name}: '{text}' did not appear:\n{log}");
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it and answers everything it wrote.
    pub(crate) fn stop(mut self) -> String {
        self.end();
        self.log()
    }

    fn end(&mut self) {
        if !self.ended() {
            self.room.run("sh", &["-c", &format!("kill $(cat {})", self.pid_file)]);
            let _ = self.child.wait();
        }
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// A time for programs of others to do something: the same, but for an emulated machine, which is many times slower.
pub(crate) fn patient(time: Duration) -> Duration {
    if std::env::var_os("SUNUP_VM").is_some() { time * 20 } else { time }
}

/// Asks again and again whether it is so; `false` after the limit. Ever less often, as many a question starts programs: what was
/// waited for is seen a twentieth later than it came, at least 5 ms and at most 250 ms.
pub(crate) fn wait_until(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if start.elapsed() > limit {
            return false;
        }
        std::thread::sleep((start.elapsed() / 20).clamp(Duration::from_millis(5), Duration::from_millis(250)));
    }
}
