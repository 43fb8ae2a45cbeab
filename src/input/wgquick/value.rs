//! Single values of a wg-quick file.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::input::nmconnection::value::integer;

/// A number in base 10, with an optional sign.
pub(super) fn decimal(text: &str, max: u32) -> Option<u32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten()?;
    (number <= max && (number == 0 || !text.starts_with('-'))).then_some(number)
}

/// A number in decimal, hexadecimal (`0x`) or octal (leading `0`).
pub(super) fn any_base(text: &str, max: u32) -> Option<u32> {
    integer(text).and_then(|number| u32::try_from(number).ok()).filter(|&number| number <= max && !text.is_empty())
}

/// `ADDRESS[/PREFIX]`; without prefix it is one address.
pub(super) fn net(text: &str) -> Option<IpNet> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(bits), |prefix| decimal(prefix, bits))?;
    IpNet::new(address, u8::try_from(prefix).ok()?).ok()
}

/// The words between commas. A comma at the end ends the last word, and an empty text has none.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let given = !text.is_empty();
    let text = text.strip_suffix(',').unwrap_or(text);
    text.split(',').filter(move |_| given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_with_a_comma_or_the_line() {
        let all = |text| words(text).collect::<Vec<_>>();
        assert_eq!(all("a,b"), ["a", "b"]);
        assert_eq!(all("a,"), ["a"]);
        assert_eq!(all("a,,b"), ["a", "", "b"]);
        assert_eq!(all(",a"), ["", "a"]);
        assert_eq!(all(","), [""]);
        assert_eq!(all(""), [""; 0]);
    }

    #[test]
    fn numbers_may_have_a_sign() {
        assert_eq!(
            (decimal("+5", 9), decimal("-0", 9), decimal("-1", 9), decimal("10", 9)),
            (Some(5), Some(0), None, None)
        );
        assert_eq!((decimal("", 9), decimal("+", 9), decimal("0x1", 9), decimal("1 ", 9)), (None, None, None, None));
        assert_eq!(
            (any_base("0x10", 99), any_base("010", 99), any_base("", 99), any_base("-1", 99)),
            (Some(16), Some(8), None, None)
        );
    }

    #[test]
    fn an_address_has_a_prefix_length_or_is_one_host() {
        assert_eq!(net("10.0.0.1").unwrap().prefix_len(), 32);
        assert_eq!(net("fd00::1/+64").unwrap().to_string(), "fd00::1/64");
        for text in [
            "",
            "10.0.0.1/",
            "10.0.0.1/33",
            "10.0.0/8",
            "10.0.0.1/255.255.255.0",
            "010.0.0.1",
            "::1/129",
            "fe80::1%eth0",
        ] {
            assert_eq!(net(text), None, "{text}");
        }
    }
}
