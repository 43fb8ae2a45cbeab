//! The command line of sunup itself: argument types and how they are read.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use argh::{EarlyExit, FromArgs};

/// Brings the network up before sunrise: reads what was asked for, makes it so, writes down what it did, exits.
///
/// Without a subcommand: up. Exit codes: 0 all that was required is up, 3 degraded, 1 failed, 2 usage.
#[derive(FromArgs, Debug, PartialEq)]
pub struct Arguments {
    /// say more on stderr; twice for every packet and netlink request
    #[argh(switch, short = 'v')]
    pub verbose: bool,
    /// print the version and exit
    #[argh(switch)]
    pub version: bool,
    /// what to do
    #[argh(subcommand)]
    pub command: Option<Command>,
}

/// The subcommands.
#[derive(FromArgs, Debug, PartialEq)]
#[argh(subcommand)]
pub enum Command {
    /// `sunup up`.
    Up(Up),
    /// `sunup down`.
    Down(Down),
    /// `sunup renew`.
    Renew(Renew),
    /// `sunup wait`.
    Wait(Wait),
    /// `sunup verify-handover`.
    VerifyHandover(VerifyHandover),
    /// `sunup plan`.
    Plan(Plan),
    /// `sunup status`.
    Status(Status),
    /// `sunup generate`.
    Generate(Generate),
    /// `sunup check`.
    Check(Check),
    /// `sunup import`.
    Import(Import),
    /// `sunup help TOPIC`.
    Explain(Explain),
}

/// bring the network up (the default)
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "up")]
pub struct Up {
    /// the kernel command line to obey; default: /etc/cmdline.d, /etc/cmdline and /proc/cmdline
    #[argh(option)]
    pub cmdline: Option<String>,
    /// seconds after which everything must be done; default: each wait has its own limit
    #[argh(option, from_str_fn(seconds))]
    pub timeout: Option<Duration>,
    /// directory that stands for / for every file read and written
    #[argh(option, default = "\"/\".into()")]
    pub root: std::path::PathBuf,
    /// directory of *.nmconnection files to read instead of the usual ones
    #[argh(option)]
    pub profiles: Option<std::path::PathBuf>,
    /// in an initramfs of dracut: also write the files in /tmp that its scripts read
    #[argh(switch)]
    pub dracut: bool,
    /// daemons to prepare: networkmanager,networkd or none; default: rd.sunup.handover, else what the real root has
    #[argh(option)]
    pub handover: Option<String>,
    /// what becomes of links: `[IFACE:]keep`, adopt or flush; may be repeated; default: rd.sunup.exit, else adopt
    #[argh(option)]
    pub exit_policy: Vec<String>,
    /// number at the start of the name of files for systemd-networkd: 10 goes before an administrator's, 90 after
    #[argh(option, default = "10")]
    pub networkd_priority: u8,
    /// network namespace, a path or a name of `ip netns`, that WireGuard links stand in; their packets go out from here
    #[argh(option)]
    pub netns: Option<std::path::PathBuf>,
    /// say more on stderr
    #[argh(switch, short = 'v')]
    pub verbose: bool,
}

/// undo what `up` did: everything, or that of the links named
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "down")]
pub struct Down {
    /// links to undo; default: all, and the host name, resolv.conf and everything else
    #[argh(positional)]
    pub links: Vec<String>,
    /// only links whose exit policy is flush
    #[argh(switch)]
    pub flush: bool,
    /// directory that stands for / for every file read and written
    #[argh(option, default = "\"/\".into()")]
    pub root: std::path::PathBuf,
    /// say more on stderr
    #[argh(switch, short = 'v')]
    pub verbose: bool,
}

/// prolong the leases that `up` got: for containers and timers, where no daemon does
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "renew")]
pub struct Renew {
    /// links whose leases to prolong; default: all that have one
    #[argh(positional)]
    pub links: Vec<String>,
    /// only leases whose time to be prolonged (T1, half of the lease time) has come
    #[argh(switch)]
    pub due: bool,
    /// seconds after which everything must be done; default: 10 for each lease that holds, else as for up
    #[argh(option, from_str_fn(seconds))]
    pub timeout: Option<Duration>,
    /// directory that stands for / for every file read and written
    #[argh(option, default = "\"/\".into()")]
    pub root: std::path::PathBuf,
    /// say more on stderr
    #[argh(switch, short = 'v')]
    pub verbose: bool,
}

/// wait until the network is up, or a host is reached
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "wait")]
pub struct Wait {
    /// until what `up` made is there: the default
    #[argh(switch)]
    pub online: bool,
    /// until there is a way to HOST (a name or an address) whose first neighbour answers; with HOST:PORT, until a TCP connection can be made
    #[argh(option)]
    pub reach: Option<String>,
    /// seconds to wait at most; default: for ever
    #[argh(option, from_str_fn(seconds))]
    pub timeout: Option<Duration>,
    /// directory that stands for / for every file read
    #[argh(option, default = "\"/\".into()")]
    pub root: std::path::PathBuf,
    /// say more on stderr
    #[argh(switch, short = 'v')]
    pub verbose: bool,
}

/// say what would flap or be added when the daemon takes over, before it does
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "verify-handover")]
pub struct VerifyHandover {
    /// directory that stands for / for every file read
    #[argh(option, default = "\"/\".into()")]
    pub root: std::path::PathBuf,
    /// print JSON
    #[argh(switch)]
    pub json: bool,
}

/// say what `up` would do and why, changing nothing
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "plan")]
pub struct Plan {
    /// the kernel command line to obey; default as for up
    #[argh(option)]
    pub cmdline: Option<String>,
    /// directory that stands for / for every file read
    #[argh(option, default = "\"/\".into()")]
    pub root: std::path::PathBuf,
    /// directory of *.nmconnection files to read instead of the usual ones
    #[argh(option)]
    pub profiles: Option<std::path::PathBuf>,
    /// devices of another machine: the output of its `sunup status --json`
    #[argh(option)]
    pub devices: Option<std::path::PathBuf>,
    /// print JSON
    #[argh(switch)]
    pub json: bool,
}

/// say what the last `up` did
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "status")]
pub struct Status {
    /// directory that stands for / for every file read
    #[argh(option, default = "\"/\".into()")]
    pub root: std::path::PathBuf,
    /// print JSON
    #[argh(switch)]
    pub json: bool,
}

/// write NetworkManager profiles for a kernel command line: a drop-in for nm-initrd-generator
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "generate")]
pub struct Generate {
    /// output directory for profiles; default /run/NetworkManager/system-connections
    #[argh(option, short = 'c', default = "\"/run/NetworkManager/system-connections\".into()")]
    pub connections_dir: std::path::PathBuf,
    /// output directory for initrd data (hostname); default /run/NetworkManager/initrd
    #[argh(option, short = 'i', default = "\"/run/NetworkManager/initrd\".into()")]
    pub initrd_data_dir: std::path::PathBuf,
    /// sysfs to read; default /sys
    #[argh(option, short = 'd', default = "\"/sys\".into()")]
    pub sysfs_dir: std::path::PathBuf,
    /// output directory for daemon settings; default /run/NetworkManager/conf.d
    #[argh(option, short = 'r', default = "\"/run/NetworkManager/conf.d\".into()")]
    pub run_config_dir: std::path::PathBuf,
    /// directory of persistent profiles: if it exists, rd.neednet makes no default profile
    #[argh(
        option,
        short = 'p',
        long = "persistent-connections-dir",
        default = "\"/etc/NetworkManager/system-connections\".into()"
    )]
    pub persistent_dir: std::path::PathBuf,
    /// print to standard output instead of writing files
    #[argh(switch, short = 's')]
    pub stdout: bool,
    /// the kernel command line, a word each
    #[argh(positional, greedy)]
    pub words: Vec<String>,
}

/// say what each word of a kernel command line means, and what is wrong with it
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "check")]
pub struct Check {
    /// the kernel command line
    #[argh(positional)]
    pub cmdline: Vec<String>,
    /// print JSON
    #[argh(switch)]
    pub json: bool,
}

/// turn a wg-quick file into a NetworkManager profile
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "import")]
pub struct Import {
    /// the file, named after the link: wg0.conf
    #[argh(positional)]
    pub file: std::path::PathBuf,
    /// directory for the profile, a file that only its owner can read; default: the current one
    #[argh(option, short = 'o', default = "\".\".into()")]
    pub output: std::path::PathBuf,
}

/// say what the kernel command line's arguments mean; the same as `sunup help cmdline`
#[derive(FromArgs, Debug, PartialEq, Default)]
#[argh(subcommand, name = "explain")]
pub struct Explain {
    /// what to explain: cmdline, for the arguments of the kernel command line
    #[argh(positional)]
    pub topic: String,
    /// only the arguments whose name contains this
    #[argh(positional, default = "String::new()")]
    pub argument: String,
    /// print the man page sunup.cmdline(7) in roff
    #[argh(switch)]
    pub man: bool,
}

/// Reads the program's arguments. `Err` is what to print instead of running: help, or what is wrong.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Arguments, Early> {
    let words: Vec<String> = arguments.skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words = normalise(words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Arguments::from_args(&["sunup"], &words).map_err(Early)
}

/// A time above zero: `90` or `2.5`.
fn seconds(text: &str) -> Result<Duration, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = || "must be a positive number of seconds".to_owned();
    if !is_number(whole) || !is_number(fraction) {
        return Err(wrong());
    }
    let nanoseconds = format!("{fraction:0<9.9}").parse().map_err(|_| wrong())?;
    let time = Duration::new(whole.parse().map_err(|_| wrong())?, nanoseconds);
    if time.is_zero() { Err(wrong()) } else { Ok(time) }
}

/// Puts in `up` where no subcommand is named, and splits `--name=value` into the two words argh wants.
fn normalise(words: Vec<String>) -> Vec<String> {
    let mut out = Vec::with_capacity(words.len() + 1);
    let global = |word: &str| matches!(word, "--help" | "help" | "--version" | "-v" | "--verbose");
    let bare = words.iter().all(|word| matches!(word.as_str(), "-v" | "--verbose"));
    if bare || words.first().is_some_and(|word| word.starts_with('-') && !global(word)) {
        out.push("up".to_owned());
    }
    // argh takes the bare word for --help wherever it stands.
    let topic = words.len() > 1 && words.first().is_some_and(|word| word == "help");
    out.extend(topic.then(|| "explain".to_owned()));
    let mut verbatim = false;
    for word in words.into_iter().skip(usize::from(topic)) {
        verbatim |= word == "--";
        match word.split_once('=') {
            Some((name, value)) if !verbatim && is_long_option(name) => out.extend([name.to_owned(), value.to_owned()]),
            _ => out.push(word),
        }
    }
    out
}

/// `--name`, of lower-case letters and hyphens.
fn is_long_option(name: &str) -> bool {
    name.strip_prefix("--").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}

/// What to print instead of running a command.
#[derive(Debug)]
pub struct Early(EarlyExit);

impl Early {
    /// Prints help to standard output (exit code 0), or an error to standard error (exit code 2).
    pub fn print(&self) -> ExitCode {
        if self.0.status.is_ok() {
            println!("{}", self.0.output.trim_end());
            return ExitCode::SUCCESS;
        }
        eprintln!("sunup: {}\nTry 'sunup --help'.", self.0.output.trim_end());
        ExitCode::from(2)
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_time_limit_is_a_positive_number_of_seconds() {
        for (text, milliseconds) in [("90", 90_000), ("2.5", 2_500), ("0.001", 1), ("1.0000000009", 1_000)] {
            assert_eq!(seconds(text).unwrap().as_millis(), milliseconds, "{text}");
        }
        for text in ["", "0", "0.0", "-1", "+1", "1.", ".5", "1e3", "inf", "soon", "99999999999999999999", "1.2.3"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
