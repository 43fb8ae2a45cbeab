use super::*;

/// An image with these files; removed when dropped.
struct Image(PathBuf);

impl Image {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("sunup-modules-{name}-{}", std::process::id()));
        let base = [("proc/sys/kernel/osrelease", "6.1.0\n"), ("lib/modules/6.1.0/modules.dep", DEPENDENCIES)];
        for (path, text) in base.iter().chain(files) {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(root)
    }

    /// What is put into the kernel for a name, in order: name and parameters.
    fn load(&self, wanted: &str) -> Result<Vec<(String, String)>, ModuleError> {
        let mut inserted = Vec::new();
        let mut insert = |path: &Path, parameters: &str| {
            assert!(path.starts_with(&self.0), "{path:?}");
            inserted.push((name_of(path), parameters.to_owned()));
            Ok(())
        };
        let result = Loader { index: Index::read(&self.0), insert: &mut insert }.load(wanted, 0);
        result.map(|()| inserted)
    }

    /// What is put into the kernel for a kind of links, in order.
    fn for_link(&self, kind: &str) -> Result<Vec<String>, ModuleError> {
        let mut inserted = Vec::new();
        let mut insert = |path: &Path, _: &str| {
            inserted.push(name_of(path));
            Ok(())
        };
        let mut loader = Loader { index: Index::read(&self.0), insert: &mut insert };
        loader.load_for_link(kind, module_of(kind)).map(|()| inserted)
    }

    fn names(&self, wanted: &str) -> Vec<String> {
        self.load(wanted).unwrap().into_iter().map(|(name, _)| name).collect()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const DEPENDENCIES: &str = "\
kernel/drivers/net/bonding/bonding.ko: kernel/net/tls/tls.ko
kernel/net/tls/tls.ko:
kernel/net/8021q/8021q.ko.xz: kernel/net/802/garp.ko kernel/net/802/mrp.ko kernel/net/802/stp.ko kernel/net/llc/llc.ko
kernel/net/802/garp.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko
kernel/net/802/mrp.ko:
kernel/net/802/stp.ko: kernel/net/llc/llc.ko
kernel/net/llc/llc.ko:
kernel/drivers/net/team/team-mode.ko:
kernel/a.ko:
kernel/b.ko:
";
const ALIASES: (&str, &str) = (
    "lib/modules/6.1.0/modules.alias",
    "# Aliases extracted from modules themselves.\nalias rtnl-link-bond bonding\nalias rtnl-link-vlan 8021q\nalias rtnl-link-ab a\nalias rtnl-link-ab b\n",
);

#[test]
fn what_a_module_needs_is_loaded_before_it_the_farthest_first() {
    let image = Image::new("order", &[ALIASES]);
    assert_eq!(image.names("rtnl-link-vlan"), ["llc", "stp", "mrp", "garp", "8021q"]);
    assert_eq!(image.names("rtnl-link-ab"), ["a", "b"], "an alias of two modules is both");
    assert_eq!(image.names("team-mode"), ["team_mode"], "a module's own name, - for _");
}

#[test]
fn modules_that_make_links_are_told_not_to_and_the_administrator_has_the_last_word() {
    let image = Image::new(
        "options",
        &[
            ALIASES,
            ("etc/modprobe.d/a.conf", "# no\noptions bonding miimon=100 \\\n  max_bonds=1\noptions other x=1\n"),
            ("lib/modprobe.d/a.conf", "options bonding mode=1\n"),
            ("proc/cmdline", "quiet bonding.debug=1 bonding2.x=1\n"),
        ],
    );
    let (name, parameters) = image.load("rtnl-link-bond").unwrap().pop().unwrap();
    assert_eq!((name.as_str(), parameters.as_str()), ("bonding", "max_bonds=0 miimon=100 max_bonds=1 debug=1"));
}

#[test]
fn what_is_there_or_built_in_is_not_loaded() {
    let live = ("sys/module/llc/initstate", "live\n");
    let builtin = ("lib/modules/6.1.0/modules.builtin", "kernel/drivers/net/dummy.ko\n");
    let image = Image::new("there", &[ALIASES, live, builtin]);
    assert_eq!(image.names("rtnl-link-vlan"), ["stp", "mrp", "garp", "8021q"]);
    assert!(image.names("dummy").is_empty());
}

#[test]
fn a_ban_is_named_and_an_absent_module_is_named() {
    let image = Image::new(
        "banned",
        &[
            ALIASES,
            ("usr/lib/modprobe.d/x.conf", "blacklist bonding\ninstall a /bin/false\n"),
            ("proc/cmdline", "modprobe.blacklist=garp,8021q"),
        ],
    );
    let banned = image.load("rtnl-link-bond").unwrap_err();
    assert_eq!(banned.to_string(), "the module bonding is not loaded because of 'blacklist bonding'");
    assert_eq!(image.names("bonding"), ["tls", "bonding"], "a blacklist is for aliases");
    assert!(matches!(image.load("rtnl-link-vlan"), Err(ModuleError::Banned { .. })));
    assert!(image.load("a").unwrap_err().to_string().contains("install a /bin/false"));
    let absent = image.load("wireguard").unwrap_err().to_string();
    assert!(absent.contains("no wireguard") && absent.contains("/lib/modules/6.1.0"), "{absent}");
}

#[test]
fn a_kind_of_links_goes_by_the_administrators_alias_then_by_its_module_then_by_the_modules_aliases() {
    assert_eq!(Image::new("kind", &[]).for_link("bond").unwrap(), ["tls", "bonding"], "no list of aliases");
    assert_eq!(Image::new("kind-other", &[ALIASES]).for_link("ab").unwrap(), ["a", "b"], "a kind that is not known");
    let odd = ("lib/modules/6.1.0/modules.alias", "alias rtnl-link-bond a\n");
    assert_eq!(
        Image::new("kind-odd", &[odd]).for_link("bond").unwrap(),
        ["tls", "bonding"],
        "that long list is not read"
    );
    let own = ("etc/modprobe.d/own.conf", "alias\trtnl_link-bond  a\n");
    assert_eq!(Image::new("kind-own", &[ALIASES, own]).for_link("bond").unwrap(), ["a"]);
    let ban = ("etc/modprobe.d/ban.conf", "blacklist bonding\n");
    assert!(matches!(Image::new("kind-ban", &[ban]).for_link("bond"), Err(ModuleError::Banned { .. })));
    let absent = Image::new("kind-absent", &[ALIASES]).for_link("vti").unwrap_err();
    assert!(absent.to_string().contains("no ip_vti"), "{absent}");
}

#[test]
fn soft_dependencies_come_before_and_after_and_may_be_missing() {
    let soft = "softdep bonding pre: a nowhere post: b\nsoftdep a pre: bonding\n";
    let image = Image::new("soft", &[ALIASES, ("lib/modules/6.1.0/modules.softdep", soft)]);
    let names = image.names("rtnl-link-bond");
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    assert!(at("a") < names.len() - 1 && names.iter().any(|name| name == "b"), "{names:?}");
    assert_eq!(names.last().map(String::as_str), Some("b"));
}

#[test]
fn refusals_become_sentences() {
    let image = Image::new("refused", &[ALIASES]);
    let refuse = |wanted: &str, errno: i32| {
        let mut insert = |_: &Path, _: &str| Err(io::Error::from_raw_os_error(errno));
        Loader { index: Index::read(&image.0), insert: &mut insert }.load(wanted, 0)
    };
    assert!(refuse("a", errno::EPERM).unwrap_err().to_string().contains("CAP_SYS_MODULE"));
    assert_eq!(refuse("a", errno::EEXIST), Ok(()));
    assert!(matches!(refuse("a", errno::EINVAL), Err(ModuleError::Refused { .. })));
    assert!(matches!(refuse("a", errno::ENOENT), Err(ModuleError::Absent { .. })), "listed, but the file is not there");
}
