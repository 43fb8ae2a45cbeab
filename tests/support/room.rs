//! A room: namespaces held open by one small shell, entered by threads of this program (or, without root, with `nsenter`).

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};

use super::{HostGuard, Process, Ran};

/// Where system tools live; a user's PATH often lacks the half of it.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Every namespace of a room: the name under /proc/PID/ns, the option of `nsenter`, the kind for `setns`.
const NAMESPACES: [(&str, &str, CloneFlags); 5] = [
    ("net", "--net", CloneFlags::CLONE_NEWNET),
    ("uts", "--uts", CloneFlags::CLONE_NEWUTS),
    ("ipc", "--ipc", CloneFlags::CLONE_NEWIPC),
    ("pid", "--pid", CloneFlags::CLONE_NEWPID),
    ("mnt", "--mount", CloneFlags::CLONE_NEWNS),
];

/// All of them.
const ALL: [&str; 5] = ["net", "uts", "ipc", "pid", "mnt"];

/// A program that ends within a scenario is killed after so long.
const LONGEST: Duration = Duration::from_secs(125);

/// Directories that a room must have for itself.
const PRIVATE: [&str; 4] = ["/run", "/etc", "/tmp", "/var/lib"];

/// What may differ from room to room.
#[derive(Default, Clone)]
pub(crate) struct Options {
    /// Mount /sys read-only: the sign of a container, on which daemons do not wait for udev.
    pub(crate) read_only_sys: bool,
    /// What /proc/cmdline shows; `None`: the kernel's own.
    pub(crate) cmdline: Option<String>,
}

/// A private room. Everything in it ends with it.
pub(crate) struct Room {
    name: String,
    artifacts: PathBuf,
    namespaces: Vec<(&'static str, CloneFlags, File)>,
    pid: u32,
    holder: Child,
    stdin: Option<ChildStdin>,
    guard: HostGuard,
}

impl Room {
    /// Makes a room; its artifacts (logs, traces) go into `artifacts`.
    pub(crate) fn new(name: &str, artifacts: &Path, options: &Options) -> Self {
        let guard = HostGuard::new();
        fs::create_dir_all(artifacts).unwrap();
        let cmdline = options.cmdline.as_ref().map(|text| {
            let file = artifacts.join(format!("{name}.cmdline"));
            fs::write(&file, format!("{text}\n")).unwrap();
            file
        });
        let mut command = outside("unshare");
        command.args(["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL", "--"]);
        // Busybox does all of it itself, where another shell starts thirty programs.
        let has_busybox = PATH.split(':').any(|directory| Path::new(directory).join("busybox").exists());
        command.args(["busybox", "sh"].iter().skip(usize::from(!has_busybox)));
        command.args(["-c", include_str!("room.sh"), "room"]);
        command.arg(if options.read_only_sys { "ro" } else { "rw" });
        command.arg(cmdline.as_deref().unwrap_or(Path::new("-"))).args(kept_directories(artifacts));
        let (holder, stdin, pid) = hold(command, &format!("a private room '{name}'"));
        let namespaces = open_namespaces(pid);
        refuse_if_shared(name, pid);
        Self {
            name: name.to_owned(),
            artifacts: artifacts.to_owned(),
            namespaces,
            pid,
            holder,
            stdin: Some(stdin),
            guard,
        }
    }

    /// The name given to the room, for messages and file names.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Directory on the host for logs.
    pub(crate) fn artifacts(&self) -> &Path {
        &self.artifacts
    }

    /// Starts a program in the room; `prepare` gives it arguments, and what it reads and writes.
    pub(crate) fn start(&self, program: &str, prepare: impl FnOnce(&mut Command)) -> Child {
        self.start_in(&ALL, program, prepare)
    }

    fn start_in(&self, names: &[&str], program: &str, prepare: impl FnOnce(&mut Command)) -> Child {
        let is_root = is_root();
        let mut command = if is_root { Command::new(program) } else { self.nsenter(names, program) };
        // What this program was given (`$container` for one) is not part of the room.
        command.env_clear().env("PATH", PATH).env("LC_ALL", "C");
        prepare(&mut command);
        let mut spawn = || command.spawn();
        let child = if is_root { self.entered(names, spawn) } else { spawn() };
        child.unwrap_or_else(|error| panic!("in room {}: {command:?}: {error}", self.name))
    }

    /// Runs a program in the room to its end (killed after two minutes), whatever its exit code.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        self.run_in(&ALL, program, arguments)
    }

    fn run_in(&self, names: &[&str], program: &str, arguments: &[&str]) -> Ran {
        // Who kills an `nsenter` does not kill what it has started.
        let limit = ["--signal=KILL", "120", program];
        let (program, limit) = if is_root() { (program, &[][..]) } else { ("timeout", &limit[..]) };
        Ran::of(LONGEST, || {
            self.start_in(names, program, |command| {
                command.args(limit).args(arguments);
                command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            })
        })
    }

    /// Runs a program that must succeed, and answers its standard output.
    pub(crate) fn ok(&self, program: &str, arguments: &[&str]) -> String {
        let ran = self.run(program, arguments);
        assert!(ran.code == 0, "in room {}: {program} {arguments:?}: {ran}", self.name);
        ran.stdout
    }

    /// Runs a shell script that must succeed, and answers its standard output.
    pub(crate) fn sh(&self, script: &str) -> String {
        self.ok("sh", &["-euc", script])
    }

    /// Starts a program that keeps running.
    pub(crate) fn spawn(&self, program: &str, arguments: &[&str]) -> Process<'_> {
        Process::start(self, program, arguments)
    }

    /// `ip ARGUMENTS` in the room; must succeed.
    pub(crate) fn ip(&self, arguments: &str) -> String {
        self.ok("ip", &arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// Several of them, by one program.
    pub(crate) fn ip_all(&self, lines: &[String]) {
        let file = self.artifacts.join(format!("{}.batch", self.name));
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        self.ok("ip", &["-batch", file.to_str().unwrap()]);
    }

    /// `ip -j -d ARGUMENTS` as JSON, always an array.
    pub(crate) fn ip_json(&self, arguments: &str) -> Vec<serde_json::Value> {
        let text = self.ip(&format!("-j -d {arguments}"));
        if text.trim().is_empty() {
            return Vec::new();
        }
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("ip -j {arguments}: {error}: {text}"))
    }

    /// The contents of a file in the room. Read inside, as a link in the room must not lead outside.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        self.try_read(path).unwrap_or_else(|| panic!("in room {}: {path} cannot be read", self.name))
    }

    /// The same of a file that may not be there.
    pub(crate) fn try_read(&self, path: &str) -> Option<String> {
        // What /proc shows goes by the process.
        if !is_root() || path.starts_with("/proc") {
            let ran = self.run("cat", &[path]);
            return (ran.code == 0).then_some(ran.stdout);
        }
        let bytes = self.entered(&ALL, || fs::read(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether the path exists in the room.
    pub(crate) fn exists(&self, path: &str) -> bool {
        if is_root() {
            return self.entered(&ALL, || Path::new(path).exists());
        }
        self.run("test", &["-e", path]).code == 0
    }

    /// Does something in the network namespace of the room, in a thread of this program: sockets made there belong to the room.
    pub(crate) fn within<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        self.entered(&["net"], act)
    }

    /// Does something in these namespaces, in a thread of this program; what is started there stays there.
    fn entered<T: Send>(&self, names: &[&str], act: impl FnOnce() -> T + Send) -> T {
        let enter = || -> nix::Result<()> {
            // The file system's root belongs to all threads until one takes it for itself.
            unshare(CloneFlags::CLONE_FS)?;
            let wanted = |name: &str| names.contains(&name);
            self.namespaces.iter().filter(|(name, ..)| wanted(name)).try_for_each(|(_, kind, file)| setns(file, *kind))
        };
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                enter().unwrap_or_else(|error| panic!("{error}: without root, run under `unshare --map-root-user`"));
                act()
            });
            thread.join().unwrap()
        })
    }

    /// Makes a pair of virtual links, `ours` in this room and `theirs` in another; both are down. After a name may come what `ip` is to
    /// give that link.
    pub(crate) fn veth(&self, ours: &str, other: &Self, theirs: &str) {
        // Only the network namespace is entered, so that the process id keeps the meaning it has here.
        let pid = other.pid.to_string();
        let text = format!("link add {ours} type veth peer name {theirs} netns {pid}");
        let ran = self.run_in(&["net"], "ip", &text.split_whitespace().collect::<Vec<_>>());
        assert!(ran.code == 0, "veth {ours} <-> {theirs}: {ran}");
    }

    /// Takes a link out of a named namespace (`ip netns`) into this room, under a new name.
    pub(crate) fn take_link(&self, namespace: &str, link: &str, name: &str) {
        let mut command = Command::new("ip");
        command.args(["-n", namespace, "link", "set", link, "netns", &self.pid.to_string(), "name", name]);
        command.env("PATH", PATH).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = Ran::of(LONGEST, || command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
        assert!(ran.code == 0, "{link} of {namespace} -> {name}: {ran}");
    }

    /// Gives a link back to a named namespace, under its name there.
    pub(crate) fn give_link(&self, link: &str, namespace: &str, name: &str) -> Ran {
        self.run_in(&["net"], "ip", &["link", "set", link, "down", "netns", namespace, "name", name])
    }

    /// `nsenter` into these namespaces by descriptors we hold: no other process can take their place.
    fn nsenter(&self, names: &[&str], program: &str) -> Command {
        let mut command = nsenter();
        for (name, _, file) in self.namespaces.iter().filter(|(name, ..)| names.contains(name)) {
            let option = NAMESPACES.iter().find(|(known, ..)| known == name).unwrap().1;
            command.arg(format!("{option}=/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
        }
        command.args(["--", program]);
        command
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // The end of input ends process 1 of the room, and with it every process in the room.
        drop(self.stdin.take());
        let _ = self.holder.wait();
        self.guard.check(&self.name);
    }
}

/// Starts the holder of namespaces and waits until it says `ready PID`.
fn hold(mut command: Command, what: &str) -> (Child, ChildStdin, u32) {
    command.env("PATH", PATH).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut holder = command.spawn().unwrap_or_else(|error| panic!("{what}: cannot start unshare: {error}"));
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let Some(pid) = line.trim().strip_prefix("ready ").and_then(|pid| pid.parse().ok()) else {
        drop(holder.stdin.take());
        let mut reason = String::new();
        let _ = holder.stderr.take().unwrap().read_to_string(&mut reason);
        let _ = holder.wait();
        panic!("refusing to run: cannot make {what}: {}", reason.trim());
    };
    let stdin = holder.stdin.take().unwrap();
    (holder, stdin, pid)
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A command outside of rooms, but for others than root in a user namespace in which they are root.
fn outside(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = nsenter();
    command.args(["--", program]);
    command
}

/// `nsenter` into a user namespace, made once per test program and held to its end. All is entered by one `nsenter`, as what it
/// needs cannot be seen from half-way in; and threads cannot enter it.
fn nsenter() -> Command {
    static BASE: OnceLock<(Child, ChildStdin, u32)> = OnceLock::new();
    let (_, _, pid) = BASE.get_or_init(|| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--"]);
        command.args(["sh", "-c", r#"read -r pid _ </proc/self/stat; echo "ready $pid"; read -r _ || :"#]);
        hold(command, "a user namespace (run as root, or allow user namespaces)")
    });
    let mut command = Command::new("nsenter");
    command.arg(format!("--user=/proc/{pid}/ns/user")).arg("--preserve-credentials");
    command
}

/// Directories that must be seen inside although they may lie under one that the room covers.
fn kept_directories(artifacts: &Path) -> Vec<PathBuf> {
    let covered = |path: &Path| PRIVATE.iter().any(|directory| path.starts_with(directory));
    let mut directories = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")), artifacts.to_owned()];
    // This program is in a directory of the one that has the binary under test.
    directories.extend(std::env::current_exe().ok().and_then(|exe| exe.ancestors().nth(2).map(Path::to_owned)));
    directories.extend(std::env::var_os("SUNUP_BIN").and_then(|bin| Path::new(&bin).parent().map(Path::to_owned)));
    directories.retain(|directory| covered(directory) && directory.is_dir());
    directories.sort();
    directories.dedup();
    directories
}

/// Opens the namespaces of the room: held open, they cannot become another process's.
fn open_namespaces(pid: u32) -> Vec<(&'static str, CloneFlags, File)> {
    let open = |(name, _, kind): &(&'static str, &str, CloneFlags)| {
        let path = format!("/proc/{pid}/ns/{name}");
        (*name, *kind, File::open(&path).unwrap_or_else(|error| panic!("refusing to run: {path}: {error}")))
    };
    NAMESPACES.iter().map(open).collect()
}

/// Looks at the room from outside and panics unless everything that sunup may write is private.
fn refuse_if_shared(name: &str, pid: u32) {
    for (namespace, ..) in NAMESPACES {
        let inside = fs::read_link(format!("/proc/{pid}/ns/{namespace}")).unwrap();
        let outside = fs::read_link(format!("/proc/self/ns/{namespace}")).unwrap();
        assert!(inside != outside, "refusing to run: room {name} shares the {namespace} namespace with this host");
    }
    let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap();
    for directory in PRIVATE {
        let device = |path: String| fs::metadata(&path).unwrap_or_else(|error| panic!("{path}: {error}")).dev();
        let inside = device(format!("/proc/{pid}/root{directory}"));
        assert!(
            inside != device(directory.to_owned()),
            "refusing to run: room {name} shares {directory} with this host"
        );
        let line = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some(directory)).unwrap_or_default();
        let private = line.contains(" - tmpfs ") && !line.contains(" shared:") && !line.contains(" master:");
        assert!(private, "refusing to run: {directory} of room {name} is not a private tmpfs: {line}");
    }
}
