//! Whatever stands in the file is read without panic; what was written is read back; what cancels out is nothing.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

struct Root(PathBuf);

impl Root {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sunup-journal-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("run/sunup/journal")
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn netlink(sign: Sign, object: &str) -> Entry {
    Entry { sign, ifindex: 3, object: object.into(), undo: Undo::Netlink { kind: 25, payload: vec![0, 255, 16] } }
}

fn all_kinds() -> Vec<Entry> {
    let changed = |object: &str, undo| Entry::changed(0, object, undo);
    vec![
        netlink(Sign::Made, "route 0.0.0.0/0"),
        netlink(Sign::Removed, "route ::/0"),
        changed("ipv6/accept_ra", Undo::Sysctl("1".into())),
        changed("hostname", Undo::HostName(None)),
        changed("hostname2", Undo::HostName(Some("lark".into()))),
        changed("/etc/a b%\nc\u{e9}", Undo::File(Former::Absent)),
        changed("/etc/b", Undo::File(Former::Link("../run/x".into()))),
        changed("/etc/c", Undo::File(Former::Saved("7".into()))),
        changed("/run/d", Undo::Directory),
        changed("/etc/c", Undo::Wrote(u64::MAX)),
    ]
}

#[test]
fn what_was_noted_is_read_back() {
    let root = Root::new("back");
    let mut journal = Journal::open(&root.0);
    assert!(!root.file().exists(), "nothing is written before there is something to say");
    journal.note(&all_kinds());
    assert_eq!(read(&root.0).unwrap(), all_kinds());
    let mut again = Journal::open(&root.0);
    again.note(&all_kinds()[2..]);
    assert_eq!(read(&root.0).unwrap(), all_kinds(), "former values are noted once");
    assert!(again.knows(&Entry::changed(0, "hostname", Undo::HostName(Some("other".into())))));
    assert!(!again.knows(&Entry::changed(1, "hostname", Undo::HostName(None))));
}

#[test]
fn what_is_made_and_taken_away_is_nothing() {
    let (made, removed) = (netlink(Sign::Made, "a"), netlink(Sign::Removed, "a"));
    assert_eq!(fold(vec![made.clone(), removed.clone()]), []);
    assert_eq!(fold(vec![removed.clone(), made.clone()]), []);
    assert_eq!(fold(vec![made.clone(), removed, made.clone()]), std::slice::from_ref(&made));
    assert_eq!(fold(vec![made.clone(), made.clone()]), [made]);
}

#[test]
fn another_boot_keeps_the_files_and_forgets_the_network() {
    let root = Root::new("boot");
    Journal::open(&root.0).note(&all_kinds());
    let text = fs::read_to_string(root.file()).unwrap();
    fs::write(root.file(), text.replacen("sunup-journal 1 ", "sunup-journal 1 x", 1)).unwrap();
    assert!(read(&root.0).unwrap().iter().all(|entry| !matches!(entry.undo, Undo::Netlink { .. } | Undo::Sysctl(_))));
    Journal::open(&root.0).note(&[netlink(Sign::Made, "new")]);
    let read = read(&root.0).unwrap();
    assert_eq!(read.len(), 6, "five about files, and the new one: {read:#?}");
    assert!(read.iter().any(|entry| entry.object == "new"));
}

#[test]
fn a_planted_link_or_fifo_is_no_journal_and_is_replaced() {
    let root = Root::new("planted");
    fs::create_dir_all(root.0.join("run/sunup")).unwrap();
    let victim = root.0.join("victim");
    fs::write(&victim, "precious\n").unwrap();
    for plant in [0, 1] {
        let _ = fs::remove_file(root.file());
        match plant {
            0 => std::os::unix::fs::symlink(&victim, root.file()).unwrap(),
            _ => nix::unistd::mkfifo(&root.file(), nix::sys::stat::Mode::S_IRWXU).unwrap(),
        }
        assert!(read(&root.0).unwrap().is_empty());
        Journal::open(&root.0).note(&all_kinds());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious\n");
        assert_eq!(read(&root.0).unwrap(), all_kinds());
    }
}

#[test]
fn a_line_cut_off_is_left_out() {
    let root = Root::new("cut");
    Journal::open(&root.0).note(&all_kinds());
    let text = fs::read(root.file()).unwrap();
    for length in 0..text.len() {
        fs::write(root.file(), &text[..length]).unwrap();
        let read = read(&root.0).unwrap();
        assert_eq!(read, all_kinds()[..read.len()]);
        // Nor is it taken for a whole one by what is written after it.
        let later = netlink(Sign::Made, "later");
        Journal::open(&root.0).note(std::slice::from_ref(&later));
        let read = super::read(&root.0).unwrap();
        assert_eq!(read.last(), Some(&later));
        assert_eq!(read[..read.len() - 1], all_kinds()[..read.len() - 1], "cut off after {length} bytes");
    }
}

#[test]
fn what_proc_does_not_tell_makes_no_difference() {
    let root = Root::new("proc");
    Journal::open(&root.0).note(&all_kinds());
    let text = fs::read_to_string(root.file()).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    let words: Vec<&str> = head.split(' ').collect();
    let (boot, namespace) = (words[2], words[3]);
    let kinds = |head: String| {
        fs::write(root.file(), format!("{head}\n{rest}")).unwrap();
        read(&root.0).unwrap().len() == all_kinds().len()
    };
    assert!(kinds(format!("sunup-journal 1  {namespace}")) && kinds(format!("sunup-journal 1 {boot} 0")));
    assert!(!kinds(format!("sunup-journal 1 {boot} 1")) && !kinds(format!("sunup-journal 1 x{boot} {namespace}")));
    assert!(!kinds(format!("sunup-journal 1 {boot}")) && !kinds("sunup-journal 1 ".to_owned()));
}

#[test]
fn what_could_not_be_written_is_written_later_or_told() {
    let root = Root::new("owed");
    fs::create_dir_all(root.file().join("in the way")).unwrap();
    let mut journal = Journal::open(&root.0);
    journal.note(&all_kinds()[..3]);
    assert!(journal.write_owed().is_err());
    fs::remove_dir_all(root.file()).unwrap();
    journal.note(&all_kinds()[3..]);
    assert!(journal.write_owed().is_ok());
    assert_eq!(read(&root.0).unwrap(), all_kinds());
}

proptest! {
    #[test]
    fn any_line_is_read_without_panic(line in ".{0,80}", sign in "[-+= ]{0,2}") {
        let _ = Entry::parse(&line);
        let _ = Entry::parse(&format!("{sign} 3 {line}"));
        let _ = file_subject(&line);
    }

    #[test]
    fn any_object_comes_back(object in ".{1,40}", value in ".{0,40}") {
        let entry = Entry::changed(7, object, Undo::Sysctl(value));
        let line = entry.to_line();
        prop_assert!(line.is_ascii() && line.matches('\n').count() == 1);
        prop_assert_eq!(Entry::parse(line.trim_end_matches('\n')), Some(entry));
    }

    #[test]
    fn any_file_is_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let root = Root::new("bytes");
        fs::create_dir_all(root.0.join("run/sunup")).unwrap();
        fs::write(root.file(), &bytes).unwrap();
        let _ = fold(read(&root.0).unwrap());
        Journal::open(&root.0).note(&all_kinds());
        prop_assert_eq!(read(&root.0).unwrap(), all_kinds());
    }
}

fn file_subject(line: &str) -> usize {
    Entry::parse(line).map_or(0, |entry| entry.to_line().len())
}
