//! Hostile strings in every DHCP option that is one: through the real decoder, the real renderer and dracut's own readers, under
//! four shells. Nothing they hold may be run.
//!
//! `SUNUP_STRINGS` is how many are tried (2,000 without it).

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::shells::{self, SHELLS};
use crate::world;

/// Host name, domain, root path, NIS domain, vendor options, class, bootstrap server and file, time zones, search list,
/// user class, SIP, captive portal, PXE strings.
const OPTIONS: [u8; 16] = [12, 15, 17, 40, 43, 60, 66, 67, 77, 100, 101, 114, 119, 120, 209, 210];

/// What a shell might trip over, each with a command that must not be run.
const ATTACKS: [&str; 30] = [
    "$(canary)",
    "`canary`",
    ";canary;",
    "&canary&",
    "|canary",
    "\ncanary\n",
    "';canary;'",
    "\";canary;\"",
    "'$(canary)'",
    "\"$(canary)\"",
    "\\';canary;\\'",
    "() { :;}; canary",
    "$((canary))",
    "${x:-$(canary)}",
    "{canary,}",
    "<(canary)",
    ">canary",
    "#\ncanary",
    "\\\ncanary",
    "$'\\ncanary'",
    "a=b canary",
    "--exec=canary",
    "*",
    "~/canary",
    "%0acanary",
    "\r\ncanary",
    "\0canary",
    "!canary",
    "[[ $(canary) ]]",
    "\u{feff}canary",
];

/// What passes the whitelist and might still trip somebody over.
const ALLOWED: [&str; 24] = [
    "nfs:",
    "iscsi:",
    "nbd:",
    "192.0.2.1:",
    "/srv/root",
    ":",
    "/",
    "canary",
    "../",
    "=",
    "[",
    "]",
    "?",
    "#",
    "~",
    "%s",
    ",",
    "@",
    "+",
    "-",
    "_",
    "a.b",
    "192.0.2.1",
    "::3260:1:",
];

/// xorshift64*.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % bound
    }

    fn string(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let hostile = self.below(2) == 0;
        for _ in 0..=self.below(5) {
            match self.below(8) {
                0 if hostile => text.push(u8::try_from(self.below(256)).unwrap()),
                1..=3 if hostile => text.extend(ATTACKS[self.below(ATTACKS.len())].bytes()),
                _ => text.extend(ALLOWED[self.below(ALLOWED.len())].bytes()),
            }
        }
        if self.below(50) == 0 {
            text = text.repeat(1 + self.below(10));
            text.truncate(600);
        }
        text.push(b'a');
        text
    }
}

/// Every option with its own string; option 119 as labels too.
fn options(chance: &mut Chance) -> Vec<(u8, Vec<u8>)> {
    let mut list: Vec<(u8, Vec<u8>)> = OPTIONS.iter().map(|&code| (code, chance.string())).collect();
    let labels = chance.string();
    let labels = &labels[..labels.len().min(63)];
    list.push((119, [&[u8::try_from(labels.len()).unwrap()], labels, &[0]].concat()));
    list
}

/// Writes the files of `count` strings for shells to read; the list of interfaces, each with different files.
fn write_cases(tmp: &Path, count: usize) -> Vec<String> {
    let (mut chance, mut seen, mut names) = (Chance(0x5eed), HashSet::new(), Vec::new());
    let mut paths = HashSet::new();
    for number in 0..count.div_ceil(OPTIONS.len() + 1) {
        let mut nic = world::nic(0);
        nic.name = format!("c{number}");
        let files = world::files("root=dhcp ip=dhcp rd.neednet=1", &[nic], &options(&mut chance));
        let path = format!("/tmp/dhclient.c{number}.dhcpopts");
        let text = world::contents(&files, &path).expect("a lease");
        assert!(text.lines().all(|line| line.ends_with('\'')), "one line, one quoted value: {text:?}");
        // Equal files would be read in the same way.
        if seen.insert(text.clone()) {
            fs::write(tmp.join(path.trim_start_matches("/tmp/")), &text).unwrap();
            // The same for initramfs-tools, which sources it too.
            let klibc = world::contents(&files, &format!("/run/net-c{number}.conf")).expect("a lease");
            fs::write(tmp.join(format!("net-c{number}.conf")), klibc).unwrap();
            let root_path = text.lines().find(|line| line.starts_with("new_root_path=")).map(str::to_owned);
            let handlers = if paths.insert(root_path) { "handlers" } else { "source" };
            names.push(format!("c{number} {handlers}"));
        }
    }
    names
}

/// Programs that must not be reached, and the one that tells.
fn programs(directory: &Path, canary: &Path) {
    shells::program(directory, "canary", &format!("echo \"$0 $*\" >>'{}'", canary.display()));
    for name in
        ["mount", "modprobe", "systemctl", "reboot", "halt", "iscsiadm", "chown", "udevadm", "nbdroot", "iscsiroot"]
    {
        shells::program(directory, name, ":");
    }
    // The handler of NFS is the real one, and so is the queue.
    let scripts = shells::dracut_scripts();
    for (name, script) in [("nfsroot", "nfsroot.sh"), ("initqueue", "initqueue.sh")] {
        shells::program(directory, name, &fs::read_to_string(scripts.join(script)).unwrap());
    }
}

/// What the canary has to tell after `names` went through the readers under `shell`.
fn sing(shell: &[&str], tmp: &Path, names: &[String]) -> (String, String) {
    let (bin, canary) = (tmp.join("bin"), tmp.join("canary-sang"));
    let in_room = Path::new("/tmp");
    programs(&bin, &in_room.join("canary-sang"));
    let mut list = String::new();
    names.iter().for_each(|name| writeln!(list, "{name}").unwrap());
    fs::write(tmp.join("list"), list).unwrap();
    let scripts = shells::dracut_scripts();
    let arguments = [scripts.as_path(), &in_room.join("bin"), &in_room.join("list")];
    let said = shells::run_in_room(shell, tmp, &shells::file_here("readers.sh"), &arguments);
    let end = fs::read_to_string(tmp.join("readers.end")).unwrap_or_default();
    assert!(said.status.success() && !end.is_empty(), "{shell:?} did not come to the end: {said:?}");
    let song = fs::read_to_string(canary).unwrap_or_default();
    (song, fs::read_to_string(tmp.join("readers.log")).unwrap_or_default())
}

fn copy_of(cases: &Path, name: &str) -> PathBuf {
    let tmp = shells::directory(&format!("strings-{name}").replace(' ', "-"));
    for entry in fs::read_dir(cases).unwrap().flatten() {
        fs::copy(entry.path(), tmp.join(entry.file_name())).unwrap();
    }
    tmp
}

#[test]
fn no_hostile_string_is_run_by_dracuts_readers() {
    let count = std::env::var("SUNUP_STRINGS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let cases = shells::directory("cases");
    let names = write_cases(&cases, count);
    println!("{count} strings, {} different files", names.len());
    let one = |(name, shell): (&str, &[&str])| {
        let tmp = copy_of(&cases, name);
        let (song, log) = sing(shell, &tmp, &names);
        assert_eq!(song, "", "{name} ran something");
        assert!(log.contains("No dhcp root-path") && log.len() > 1000, "{name}: the readers were reached: {log}");
        fs::remove_dir_all(tmp).unwrap();
    };
    shells::dracut_scripts();
    std::thread::scope(|scope| SHELLS.map(|shell| scope.spawn(move || one(shell))).map(|run| run.join().unwrap()));
    fs::remove_dir_all(cases).unwrap();
}

/// The test can fail: the same readers run what a careless writer leaves.
#[test]
fn the_canary_sings_for_a_file_that_was_written_carelessly() {
    for (name, shell) in SHELLS {
        let cases = shells::directory(&format!("careless-{name}").replace(' ', "-"));
        fs::write(cases.join("dhclient.c0.dhcpopts"), "new_root_path='/srv'; canary sourced\n").unwrap();
        // A root path that is quoted well enough here is written into the queue's jobs without quotes.
        fs::write(cases.join("dhclient.c1.dhcpopts"), "new_root_path='iscsi:$(canary queued)'\n").unwrap();
        let (song, log) = sing(shell, &cases, &["c0 handlers".to_owned(), "c1 handlers".to_owned()]);
        assert!(song.contains("sourced"), "{name}: {song} {log}");
        assert!(song.contains("queued"), "{name}: {song} {log}");
        fs::remove_dir_all(cases).unwrap();
    }
}
