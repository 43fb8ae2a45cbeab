//! The kernel's modules, put into it without modprobe: the room `kernel` alone, in the guest itself.

use std::path::Path;

use crate::support::{Options, Room};
use sunup::kernel::module;

#[test]
fn with_those_it_needs() {
    let there = |name: &str| Path::new("/sys/module").join(name).exists();
    let room = Room::new("module-geneve", &crate::artifacts().join("module-geneve"), &Options::default());
    assert!(!there("geneve"), "loaded by somebody else already");
    module::load_for_link("geneve").unwrap();
    assert!(there("geneve") && there("udp_tunnel"));
    room.ip("link add geneve0 type geneve id 7 remote 192.0.2.1");
    module::load_for_link("geneve").unwrap();
}

#[test]
fn or_named_where_it_is_not_in_the_image() {
    let _artifacts = crate::artifacts();
    let said = module::load_for_link("nosuchkind").unwrap_err().to_string();
    assert!(said.contains("no nosuchkind") && said.contains("/lib/modules/"), "{said}");
}
