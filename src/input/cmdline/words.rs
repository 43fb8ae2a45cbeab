//! The words of the kernel command line: where they are read from, how they are split, how they are printed.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::profile::Origin;

/// The largest file read, in bytes. The kernel's own limit is a few KiB.
const MAX_FILE: u64 = 1 << 20;

/// Files that container managers make, below the root directory.
const CONTAINER_MARKS: [&str; 2] = ["run/systemd/container", "run/.containerenv"];

/// A file that images keep which were once a container's, and are now a microVM's: a mark only beside another sign.
const IMAGE_MARK: &str = ".dockerenv";

/// `/proc/self/ns/pid` in the first process namespace (PROC_PID_INIT_INO).
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

/// The argument whose bytes go to a server as they are.
const VENDOR_CLASS: &str = "rd.net.dhcp.vendor-class=";

/// The kernel command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandLine {
    /// Its words in order; none is empty.
    pub words: Vec<Word>,
}

/// A word of the kernel command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word without its quotes.
    pub text: String,
    /// The column of its first character in the whole line, in characters, counted from 1.
    pub column: usize,
    /// Where quotes were taken out: numbers of characters of `text` before each.
    pub quotes: Vec<usize>,
}

impl Word {
    /// The column of a character of the text, counted from 0, in the whole line.
    pub fn column_of(&self, character: usize) -> usize {
        self.column + character + self.quotes.iter().filter(|&&before| before <= character).count()
    }

    /// The whole word, as messages name it.
    pub fn origin(&self) -> Origin {
        Origin::CommandLine { word: self.text.clone(), column: self.column, at: self.column }
    }
}

impl CommandLine {
    /// Splits a line as the kernel does: white space separates, double quotes group and are removed. Any bytes are
    /// allowed; what is not UTF-8 becomes U+FFFD, or `\\ooo` where that is the same byte (the vendor class).
    pub fn parse(bytes: &[u8]) -> Self {
        let mut line = Self::default();
        let mut word: Option<Word> = None;
        let mut quoted = false;
        let characters = bytes.utf8_chunks().flat_map(|chunk| {
            let invalid = chunk.invalid().iter().map(|&byte| Err(byte));
            chunk.valid().chars().map(Ok).chain(invalid)
        });
        for (i, c) in characters.enumerate() {
            let c = match (c, &mut word) {
                (Ok(c), _) => c,
                (Err(byte), Some(word)) if word.text.starts_with(VENDOR_CLASS) => {
                    word.text.push_str(&format!("\\{byte:03o}"));
                    continue;
                }
                (Err(_), _) => char::REPLACEMENT_CHARACTER,
            };
            if is_blank(c) && !quoted {
                line.words.extend(word.take());
                continue;
            }
            let word = word.get_or_insert_with(|| Word { text: String::new(), column: i + 1, quotes: Vec::new() });
            if c == '"' {
                quoted = !quoted;
                word.quotes.push(word.text.chars().count());
            } else {
                word.text.push(c);
            }
        }
        line.words.extend(word);
        line.words.retain(|word| !word.text.is_empty());
        line
    }

    /// Takes each string as one word, as a program's arguments are: blanks and quotes in them stay. Columns count as if
    /// the words stood on one line with a blank between them.
    pub fn from_words(words: &[String]) -> Self {
        let mut column = 1;
        let mut line = Self::default();
        for text in words {
            let next = column + text.chars().count() + 1;
            if !text.is_empty() {
                line.words.push(Word { text: text.clone(), column, quotes: Vec::new() });
            }
            column = next;
        }
        line
    }

    /// Reads what dracut's `getcmdline` reads below `root`: `etc/cmdline.d/*.conf`, `etc/cmdline`, `proc/cmdline` and
    /// `run/initramfs/cmdline.d/*.conf`, joined by blanks. `explicit` replaces all of them. In a container
    /// `proc/cmdline` is the host's and is not read; `container` is the value of the environment variable of that
    /// name, which container managers set.
    pub fn read(root: &Path, explicit: Option<&str>, container: Option<&str>) -> Self {
        if let Some(line) = explicit {
            return Self::parse(line.as_bytes());
        }
        let mut files = fragments(&root.join("etc/cmdline.d"));
        files.push(root.join("etc/cmdline"));
        if !is_the_hosts(root, container) {
            files.push(root.join("proc/cmdline"));
        }
        files.extend(fragments(&root.join("run/initramfs/cmdline.d")));
        let contents: Vec<Vec<u8>> =
            files.iter().filter_map(|file| crate::input::file::contents(file, MAX_FILE)).collect();
        Self::parse(&contents.join(&b' '))
    }

    /// True if the line asks for the iBFT: then the kernel must have read that table (module `iscsi_ibft`).
    pub fn asks_for_ibft(&self) -> bool {
        let is_method = |field: &str| matches!(field, "ibft" | "fw");
        self.words.iter().any(|word| match word.text.split_once('=').unwrap_or((&word.text, "")) {
            ("ip" | "nfsaddrs", value) => value.split(':').any(is_method),
            ("ksdevice", "ibft") => true,
            ("rd.iscsi.ibft", value) => super::lex::boolean(value).unwrap_or(true),
            _ => false,
        })
    }

    /// The words as text, e.g. to match `match.kernel-command-line` with.
    pub fn texts(&self) -> Vec<String> {
        self.words.iter().map(|word| word.text.clone()).collect()
    }
}

/// True if `proc/cmdline` is not meant for us: in a container it is the host's, unless somebody mounted another over it.
pub fn is_the_hosts(root: &Path, container: Option<&str>) -> bool {
    in_container(root, container) && !is_mounted_over(root)
}

fn in_container(root: &Path, container: Option<&str>) -> bool {
    let marked = |mark: &str| root.join(mark).exists();
    let of_its_own = || {
        let namespace = std::fs::read_link(root.join("proc/self/ns/pid"));
        namespace.is_ok_and(|namespace| namespace.as_os_str() != FIRST_PID_NAMESPACE)
    };
    container.is_some_and(|value| !value.is_empty())
        || CONTAINER_MARKS.iter().any(|mark| marked(mark))
        || (marked(IMAGE_MARK) && of_its_own())
}

/// True if something is mounted on `/proc/cmdline` itself.
fn is_mounted_over(root: &Path) -> bool {
    let mounts = std::fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(4) == Some("/proc/cmdline"))
}

/// The `*.conf` files of a directory by name.
fn fragments(directory: &Path) -> Vec<PathBuf> {
    let names = crate::input::firmware::names(directory, "");
    names.iter().filter(|name| name.ends_with(".conf")).map(|name| directory.join(name)).collect()
}

/// The kernel's `isspace` for ASCII.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

impl fmt::Display for CommandLine {
    /// The line in canonical form: one blank between words, quotes round words that contain blanks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.words.iter().enumerate() {
            let quote = if word.text.contains(is_blank) { "\"" } else { "" };
            write!(f, "{}{quote}{}{quote}", if i == 0 { "" } else { " " }, word.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &[u8]) -> Vec<String> {
        CommandLine::parse(line).texts()
    }

    #[test]
    fn blanks_separate_and_quotes_group() {
        assert_eq!(texts(b" a\t\"b c\"d  e=\"f g\"\n\"\" h"), ["a", "b cd", "e=f g", "h"]);
        assert_eq!(texts(b"a \"b c"), ["a", "b c"]);
    }

    #[test]
    fn any_bytes_are_words() {
        assert_eq!(texts("root=LABEL=Größe ip=dhcp".as_bytes()), ["root=LABEL=Größe", "ip=dhcp"]);
        assert_eq!(texts(b"a=\xff\xfe ip=dhcp"), ["a=\u{fffd}\u{fffd}", "ip=dhcp"]);
        let class = texts(b"rd.net.dhcp.vendor-class=\xff1\xc3\xbc").remove(0);
        let bytes = crate::profile::text::unescape(class.strip_prefix(VENDOR_CLASS).unwrap());
        assert_eq!(bytes, b"\xff1\xc3\xbc");
    }

    #[test]
    fn quotes_count_as_columns() {
        let line = CommandLine::parse(b"x ip=\"eth0:dchp\"");
        let columns: Vec<usize> = [0, 3, 8].iter().map(|&character| line.words[1].column_of(character)).collect();
        assert_eq!(columns, [3, 7, 12]);
    }

    #[test]
    fn columns_count_characters_from_one() {
        let line = CommandLine::parse("größe  \"x y\" z".as_bytes());
        assert_eq!(line.words.iter().map(|word| word.column).collect::<Vec<_>>(), [1, 8, 14]);
        let words = ["größe", "", "x y", "z"].map(str::to_owned);
        let columns: Vec<usize> = CommandLine::from_words(&words).words.iter().map(|word| word.column).collect();
        assert_eq!(columns, [1, 8, 12]);
    }

    #[test]
    fn the_ibft_is_asked_for_in_every_form() {
        for line in
            ["ip=ibft", "ip=eth0:fw", "nfsaddrs=::::::ibft", "rd.iscsi.ibft", "rd.iscsi.ibft=1", "ksdevice=ibft"]
        {
            assert!(CommandLine::parse(line.as_bytes()).asks_for_ibft(), "{line}");
        }
        for line in ["ip=ibft0:dhcp", "rd.iscsi.ibft=0", "root=ibft", "ip=dhcp"] {
            assert!(!CommandLine::parse(line.as_bytes()).asks_for_ibft(), "{line}");
        }
    }

    #[test]
    fn files_are_joined_in_the_order_of_dracut() {
        let root = std::env::temp_dir().join(format!("sunup-words-{}", std::process::id()));
        for (file, text) in [
            ("etc/cmdline.d/20-b.conf", "two\n"),
            ("etc/cmdline.d/10-a.conf", "one"),
            ("etc/cmdline.d/README", "no"),
            ("etc/cmdline", "three\nfour\n"),
            ("proc/cmdline", "five\n"),
            ("run/initramfs/cmdline.d/x.conf", "six"),
        ] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), text).unwrap();
        }
        let all = ["one", "two", "three", "four", "five", "six"];
        assert_eq!(CommandLine::read(&root, None, None).texts(), all);
        let inside = ["one", "two", "three", "four", "six"];
        assert_eq!(CommandLine::read(&root, None, Some("podman")).texts(), inside);
        // An image that was a container's, on a machine of its own: the line is ours.
        std::fs::write(root.join(".dockerenv"), "").unwrap();
        assert_eq!(CommandLine::read(&root, None, None).texts(), all);
        std::fs::create_dir_all(root.join("proc/self/ns")).unwrap();
        std::os::unix::fs::symlink("pid:[4026532999]", root.join("proc/self/ns/pid")).unwrap();
        assert_eq!(CommandLine::read(&root, None, None).texts(), inside);
        // Somebody mounted a line for us.
        std::fs::write(root.join("proc/self/mountinfo"), "31 30 0:5 / /proc/cmdline rw - tmpfs t rw\n").unwrap();
        assert_eq!(CommandLine::read(&root, None, None).texts(), all);
        assert_eq!(CommandLine::read(&root, Some("ip=dhcp"), None).texts(), ["ip=dhcp"]);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
