//! What a kernel's folder of modules, modprobe.d and the kernel command line say.

use std::collections::BTreeMap;

use super::{ModuleError, Path, PathBuf, canonical, fs, same, stem};

/// Folders with a folder per kernel release.
const MODULES: [&str; 2] = ["lib/modules", "usr/lib/modules"];
/// Folders of configuration; a file in an earlier one hides its namesakes in later ones (modprobe.d(5)).
const CONFIGURATION: [&str; 5] =
    ["etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d"];

/// The files, as text: they are asked only a few times. modules.alias, a megabyte on a whole system, is read when it is asked.
pub(super) struct Index {
    root: PathBuf,
    release: String,
    folder: PathBuf,
    /// modules.dep: `FILE: FILE...`.
    dependencies: String,
    /// modules.builtin: one file a line.
    builtin: String,
    /// Lines of modprobe.d, one instruction each.
    configuration: Vec<String>,
    /// modules.softdep, in the same form.
    soft: String,
    /// Words of the kernel command line.
    words: Vec<String>,
}

impl Index {
    /// Reads all there is for the running kernel; what is missing is empty.
    pub(super) fn read(root: &Path) -> Self {
        let release = text(&root.join("proc/sys/kernel/osrelease")).trim().to_owned();
        let folders = MODULES.map(|folder| root.join(folder).join(&release));
        let folder = folders.iter().find(|folder| folder.join("modules.dep").exists()).unwrap_or(&folders[0]).clone();
        let words = text(&root.join("proc/cmdline")).split_whitespace().map(str::to_owned).collect();
        Self {
            root: root.to_owned(),
            release,
            dependencies: text(&folder.join("modules.dep")),
            builtin: text(&folder.join("modules.builtin")),
            configuration: configuration(root),
            soft: text(&folder.join("modules.softdep")),
            folder,
            words,
        }
    }

    /// The modules that a name stands for: an alias of the administrator's, a module, or an alias of modules. Patterns among the
    /// aliases are for hardware, which is never asked for here.
    pub(super) fn resolve(&self, wanted: &str) -> Result<Vec<String>, ModuleError> {
        let configured = aliased(wanted, self.configuration.iter().map(String::as_str));
        if !configured.is_empty() {
            return self.allowed(configured);
        }
        if self.has(wanted) {
            return Ok(vec![canonical(wanted)]);
        }
        self.generated(wanted).unwrap_or_else(|| Err(self.absent(wanted)))
    }

    /// The modules that a kind of links stands for: an alias of the administrator's, the module known to make them, or an alias of
    /// modules.
    pub(super) fn resolve_kind(&self, kind: &str, module: &str) -> Result<Vec<String>, ModuleError> {
        let alias = format!("rtnl-link-{kind}");
        let configured = aliased(&alias, self.configuration.iter().map(String::as_str));
        if !configured.is_empty() {
            return self.allowed(configured);
        }
        if self.has(module) {
            return self.allowed(vec![canonical(module)]);
        }
        self.generated(&alias).unwrap_or_else(|| Err(self.absent(module)))
    }

    /// What an alias of the modules' own stands for; `None`: there is none of that name.
    fn generated(&self, alias: &str) -> Option<Result<Vec<String>, ModuleError>> {
        let modules = aliased(alias, text(&self.folder.join("modules.alias")).lines());
        (!modules.is_empty()).then(|| self.allowed(modules))
    }

    /// Whether the image or the kernel has a module of this name.
    fn has(&self, module: &str) -> bool {
        self.line_of(module).is_some() || self.is_builtin(module)
    }

    /// What an alias stands for may be on a blacklist; a module asked for by name may not.
    fn allowed(&self, modules: Vec<String>) -> Result<Vec<String>, ModuleError> {
        let first = modules.first().cloned().unwrap_or_default();
        let kept: Vec<String> = modules.into_iter().filter(|module| self.blacklisted(module).is_none()).collect();
        match self.blacklisted(&first).filter(|_| kept.is_empty()) {
            Some(rule) => Err(ModuleError::Banned { module: first, rule }),
            None => Ok(kept),
        }
    }

    fn blacklisted(&self, module: &str) -> Option<String> {
        let line = self
            .configuration
            .iter()
            .find(|line| matches!(fields(line).as_slice(), ["blacklist", name, ..] if canonical(name) == module));
        let word = || {
            self.words.iter().find(|word| {
                let list = word.strip_prefix("modprobe.blacklist=").or(word.strip_prefix("module_blacklist="));
                list.is_some_and(|list| list.split(',').any(|name| canonical(name) == module))
            })
        };
        line.or_else(word).cloned()
    }

    /// The error of a module that is nowhere.
    pub(super) fn absent(&self, module: &str) -> ModuleError {
        ModuleError::Absent { module: module.to_owned(), release: self.release.clone() }
    }

    /// The file of a module and those it needs, from near to far.
    pub(super) fn files(&self, module: &str) -> Option<Vec<PathBuf>> {
        let (file, needs) = self.line_of(module)?;
        Some([file].into_iter().chain(needs.split_whitespace()).map(|file| self.folder.join(file)).collect())
    }

    /// The file of a module, and what it needs.
    fn line_of(&self, module: &str) -> Option<(&str, &str)> {
        self.dependencies.lines().filter_map(|line| line.split_once(':')).find(|(file, _)| same(stem(file), module))
    }

    /// True if the kernel has the module: built in, or loaded and at work.
    pub(super) fn is_there(&self, module: &str) -> bool {
        is_live(&self.root, module) || self.is_builtin(module)
    }

    fn is_builtin(&self, module: &str) -> bool {
        self.builtin.lines().any(|file| same(stem(file), module))
    }

    /// The line that puts a command in the place of loading a module (`install x /bin/false` and the like). No command is run here.
    pub(super) fn install_rule(&self, module: &str) -> Option<String> {
        let rule =
            |line: &&String| matches!(fields(line).as_slice(), ["install", name, ..] if canonical(name) == module);
        self.configuration.iter().find(rule).cloned()
    }

    /// Modules to load before and after this one, where there are such.
    pub(super) fn soft_dependencies(&self, module: &str) -> (Vec<String>, Vec<String>) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for line in self.configuration.iter().map(String::as_str).chain(self.soft.lines()) {
            let fields = fields(line);
            let ["softdep", name, words @ ..] = fields.as_slice() else { continue };
            if canonical(name) != module {
                continue;
            }
            let mut list = None;
            for word in words {
                match *word {
                    "pre:" => list = Some(&mut before),
                    "post:" => list = Some(&mut after),
                    word => list.iter_mut().for_each(|list| list.push(canonical(word))),
                }
            }
        }
        (before, after)
    }

    /// Parameters for a module: those of modprobe.d, then `MODULE.PARAMETER` on the kernel command line.
    pub(super) fn options(&self, module: &str) -> Vec<String> {
        let mut options = Vec::new();
        for line in &self.configuration {
            if let ["options", name, values @ ..] = fields(line).as_slice() {
                options.extend(values.iter().filter(|_| canonical(name) == module).map(|value| (*value).to_owned()));
            }
        }
        let given = self.words.iter().filter_map(|word| word.split_once('.'));
        options.extend(given.filter(|(name, _)| canonical(name) == module).map(|(_, value)| value.to_owned()));
        options
    }
}

/// True if the kernel has loaded this module (`_`, not `-`), and it is at work.
pub(super) fn is_live(root: &Path, module: &str) -> bool {
    let state = root.join("sys/module").join(module).join("initstate");
    fs::read_to_string(state).is_ok_and(|state| state.trim() == "live")
}

/// A file's text; empty if it cannot be read.
fn text(path: &Path) -> String {
    let lossy = |error: std::string::FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
    fs::read(path).map(|bytes| String::from_utf8(bytes).unwrap_or_else(lossy)).unwrap_or_default()
}

/// The modules that these lines have for an alias: `alias NAME MODULE`.
fn aliased<'a>(name: &str, lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let target = |line: &'a str| {
        let mut words = line.split_ascii_whitespace();
        let is_it = words.next() == Some("alias") && same(words.next()?, name);
        words.next().filter(|_| is_it).map(canonical)
    };
    lines.filter_map(target).collect()
}

/// The instructions of modprobe.d: files in the order of their names, comments left out, lines that end in `\` joined.
fn configuration(root: &Path) -> Vec<String> {
    let mut files: BTreeMap<_, PathBuf> = BTreeMap::new();
    for folder in CONFIGURATION {
        for entry in fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "conf") {
                files.entry(entry.file_name()).or_insert(path);
            }
        }
    }
    let mut lines = Vec::new();
    for text in files.values().filter_map(|path| fs::read_to_string(path).ok()) {
        let joined = text.replace("\\\n", " ");
        let kept = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.extend(kept.map(str::to_owned));
    }
    lines
}

fn fields(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}
