//! Kernel modules, loaded by modprobe(8)'s rules without modprobe or a shell: modules.dep, aliases, soft dependencies, what is built in,
//! options and bans of modprobe.d and of the kernel command line.
//!
//! For a link of a kind it does not know, the kernel itself asks for `rtnl-link-KIND`, by starting /sbin/modprobe. Only
//! where that did not help (an image often has no modprobe), and for the few modules that would make links unasked, is this used.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

mod index;

use self::index::Index;
use super::error::{errno, errno_of};
use super::syscall;

/// Modules that make links as soon as they are loaded, and the parameter that keeps them from it.
const QUIET: [(&str, &str); 3] = [("bonding", "max_bonds=0"), ("dummy", "numdummies=0"), ("ifb", "numifbs=0")];
/// Kinds of links (IFLA_INFO_KIND) whose module has another name, for messages where the image has no list of aliases.
const NAMES: [(&str, &str); 10] = [
    ("bond", "bonding"),
    ("vlan", "8021q"),
    ("ipoib", "ib_ipoib"),
    ("gre", "ip_gre"),
    ("gretap", "ip_gre"),
    ("vti", "ip_vti"),
    ("ip6tnl", "ip6_tunnel"),
    ("ip6gre", "ip6_gre"),
    ("ip6gretap", "ip6_gre"),
    ("vti6", "ip6_vti"),
];
/// Soft dependencies may name each other in a circle.
const DEEPEST: usize = 16;

/// Why a module is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// No file of the image is that module.
    #[error(
        "the kernel has no {module}, and there is no such module under /lib/modules/{release}: add it to the image (dracut: add_drivers+=\" {module} \"; initramfs-tools: a line in /etc/initramfs-tools/modules)"
    )]
    Absent {
        /// The module, or the alias that no module has.
        module: String,
        /// The kernel's release (`uname -r`).
        release: String,
    },
    /// A line of modprobe.d or the kernel command line forbids it.
    #[error("the module {module} is not loaded because of '{rule}'")]
    Banned {
        /// The module.
        module: String,
        /// The line.
        rule: String,
    },
    /// This process may not load modules.
    #[error(
        "the kernel has no {module} loaded and this process may not load modules (CAP_SYS_MODULE): load it on the host"
    )]
    NotPermitted {
        /// The module.
        module: String,
    },
    /// The file is compressed, and this kernel does not decompress modules itself.
    #[error("the kernel does not decompress modules: put {module} into the image uncompressed")]
    Compressed {
        /// Its file.
        module: String,
    },
    /// The kernel refused the file.
    #[error("cannot load the module {module}: {}", io::Error::from_raw_os_error(*.errno))]
    Refused {
        /// Its file.
        module: String,
        /// Errno.
        errno: i32,
    },
}

/// Loads what makes links of this kind (IFLA_INFO_KIND: `bond`, `vlan`). Nothing to do is success.
pub fn load_for_link(kind: &str) -> Result<(), ModuleError> {
    let (root, module) = (Path::new("/"), module_of(kind));
    // The lists of a whole distribution's modules are long.
    if index::is_live(root, module) {
        return Ok(());
    }
    Loader { index: Index::read(root), insert: &mut insert }.load_for_link(kind, module)
}

/// True for a kind whose module makes links of itself when the kernel has it loaded: load it first, then ask.
pub fn makes_links_unasked(kind: &str) -> bool {
    let module = module_of(kind);
    QUIET.iter().any(|(name, _)| *name == module)
}

/// Loads the module of this name or alias.
pub fn load(wanted: &str) -> Result<(), ModuleError> {
    let root = Path::new("/");
    if index::is_live(root, &canonical(wanted)) {
        return Ok(());
    }
    Loader { index: Index::read(root), insert: &mut insert }.load(wanted, 0)
}

/// The name of the module for a kind of links.
fn module_of(kind: &str) -> &str {
    NAMES.iter().find(|(name, _)| *name == kind).map_or(kind, |(_, module)| module)
}

/// Gives the kernel a file with these parameters.
fn insert(path: &Path, parameters: &str) -> io::Result<()> {
    let compressed = path.extension().is_some_and(|extension| extension != "ko");
    syscall::load_module(&File::open(path)?, parameters, compressed)
}

/// Puts a file into the kernel.
type Insert<'a> = &'a mut dyn FnMut(&Path, &str) -> io::Result<()>;

/// The rules, carried out with an `insert` of the kernel's or a test's.
struct Loader<'a> {
    index: Index,
    insert: Insert<'a>,
}

impl Loader<'_> {
    /// Loads the module of a kind of links, which is asked for as the kernel does: by its alias.
    fn load_for_link(&mut self, kind: &str, module: &str) -> Result<(), ModuleError> {
        let modules = self.index.resolve_kind(kind, module)?;
        modules.iter().try_for_each(|module| self.load_module(module, 0))
    }

    /// Loads the modules that a name or alias stands for: all of them, as modprobe does.
    fn load(&mut self, wanted: &str, depth: usize) -> Result<(), ModuleError> {
        let modules = self.index.resolve(wanted)?;
        modules.iter().try_for_each(|module| self.load_module(module, depth))
    }

    fn load_module(&mut self, module: &str, depth: usize) -> Result<(), ModuleError> {
        if depth > DEEPEST || self.index.is_there(module) {
            return Ok(());
        }
        if let Some(rule) = self.index.install_rule(module) {
            return Err(ModuleError::Banned { module: module.to_owned(), rule });
        }
        let (before, after) = self.index.soft_dependencies(module);
        self.softly(&before, depth);
        let Some(files) = self.index.files(module) else { return Err(self.index.absent(module)) };
        // The file lists what it needs from near to far.
        for file in files.iter().rev() {
            self.insert(file)?;
        }
        self.softly(&after, depth);
        Ok(())
    }

    /// Soft dependencies may be missing.
    fn softly(&mut self, modules: &[String], depth: usize) {
        for module in modules {
            if let Err(error) = self.load(module, depth.saturating_add(1)) {
                log::debug!("{error}");
            }
        }
    }

    fn insert(&mut self, file: &Path) -> Result<(), ModuleError> {
        let name = name_of(file);
        if self.index.is_there(&name) {
            return Ok(());
        }
        let quiet = QUIET.iter().filter(|(module, _)| *module == name).map(|(_, parameter)| (*parameter).to_owned());
        // Of a parameter given twice the last one counts: the administrator's.
        let parameters: Vec<String> = quiet.chain(self.index.options(&name)).collect();
        let path = file.display().to_string();
        match (self.insert)(file, &parameters.join(" ")).map_err(|error| errno_of(&error)) {
            // Somebody else was quicker.
            Ok(()) | Err(errno::EEXIST) => Ok(()),
            Err(errno::EPERM) => Err(ModuleError::NotPermitted { module: name }),
            Err(errno::ENOENT) => Err(self.index.absent(&name)),
            Err(errno::EOPNOTSUPP | errno::EINVAL) if file.extension().is_some_and(|extension| extension != "ko") => {
                Err(ModuleError::Compressed { module: path })
            }
            Err(errno) => Err(ModuleError::Refused { module: path, errno }),
        }
    }
}

/// The name of the module in a file: `_` for `-`, without `.ko` and what follows.
fn name_of(file: &Path) -> String {
    canonical(stem(&file.to_string_lossy()))
}

/// A file's name, without `.ko` and what follows.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.split(".ko").next().unwrap_or_default()
}

/// `-` and `_` are the same in names of modules.
fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// Whether two names are the same module's: as compared for each of ten thousand lines.
fn same(one: &str, other: &str) -> bool {
    let dash = |byte: u8| if byte == b'-' { b'_' } else { byte };
    one.len() == other.len() && one.bytes().zip(other.bytes()).all(|(one, other)| dash(one) == dash(other))
}

#[cfg(test)]
mod tests;
