#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sunup::fuzz::target("keyfile").expect("a target")(data));
