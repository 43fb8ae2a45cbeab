#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sunup::fuzz::target("dns").expect("a target")(data));
