//! What makes a whole profile invalid.

/// True for a name the kernel takes for a link: 1 to 15 bytes, no `/`, `:`, `%` or white space, none of the reserved words.
pub(super) fn is_interface_name(name: &str) -> bool {
    const RESERVED: &[&str] = &[".", "..", "all", "default", "bonding_masters"];
    let bad = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b':' | b'%' | 0x0b);
    (1..=15).contains(&name.len()) && !name.bytes().any(bad) && !RESERVED.contains(&name)
}
