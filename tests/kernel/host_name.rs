//! The host name, in a room with one of its own.

use sunup::kernel::hostname;

use super::in_a_room;

#[test]
fn a_host_name_of_its_own_is_kept() {
    in_a_room("host_name::a_host_name_of_its_own_is_kept", || {
        assert_eq!(hostname::set("localhost"), Ok(true));
        assert_eq!(hostname::set("localhost"), Ok(false));
        assert_eq!(hostname::set_if_unset("first", |_| {}), Ok(true));
        assert_eq!(hostname::set_if_unset("second", |_| panic!("not changed")), Ok(false));
        assert_eq!(hostname::get(), Ok(Some("first".to_owned())));
        assert!(hostname::set(&"x".repeat(65)).unwrap_err().to_string().starts_with("cannot set the host name: "));
        assert_eq!(hostname::set(""), Ok(true));
        assert_eq!(hostname::get(), Ok(None));
    });
}
