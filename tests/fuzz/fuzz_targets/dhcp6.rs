#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sunup::fuzz::target("dhcp6").expect("a target")(data));
