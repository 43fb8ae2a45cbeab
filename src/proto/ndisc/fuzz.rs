//! The fuzzers' way in: any bytes become what routers say over time.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::{Learned, NdOption, RouterAdvert, options};
use crate::proto::Instant;

/// Takes `data` for advertisements, each with a length before it, and answers how many options were understood. Panics if
/// something that must always hold does not.
#[allow(clippy::missing_panics_doc, reason = "a panic is how a fuzzer is told")]
pub fn drive(data: &[u8]) -> usize {
    let router = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    let (mut learned, mut now, mut understood, mut rest) = (Learned::default(), Instant::default(), 0, data);
    while let Some((&[units, wait], more)) = rest.split_first_chunk() {
        let (bytes, more) = more.split_at(more.len().min(usize::from(units) * 8));
        rest = more;
        now = now + Duration::from_secs(u64::from(wait) << (wait % 26));
        let message = [&[134, 0, 0, 0, 64, wait, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0][..], bytes].concat();
        let whole = RouterAdvert::parse(router, 255, &message).map(|advert| advert.options).unwrap_or_default();
        assert_eq!(whole, options(bytes), "both ways in agree");
        whole.iter().for_each(check);
        understood += whole.len();
        learned.apply(&whole, now);
        assert!(learned.servers(now).count() <= 32 && learned.search(now).count() <= 32);
        assert!(learned.nat64(now).count() <= 32);
        let _ = RouterAdvert::from_packet(bytes);
    }
    understood
}

/// What is true of every option, whoever sent it.
fn check(option: &NdOption) {
    match option {
        NdOption::Prefix(prefix) => assert!(prefix.preferred <= prefix.valid && prefix.prefix.trunc() == prefix.prefix),
        NdOption::Mtu(mtu) => assert!(*mtu >= 1280),
        NdOption::Route(route) => assert_eq!(route.prefix.trunc(), route.prefix),
        NdOption::NameServers { servers, .. } => {
            assert!(matches!(servers.len(), 1..=32) && servers.iter().all(|s| !s.is_multicast()));
        }
        NdOption::SearchList { names, .. } => assert!(matches!(names.len(), 1..=32)),
        NdOption::Nat64 { prefix, .. } => assert!((32..=96).contains(&prefix.prefix_len())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::random::Random;

    /// Options of the right shape with a byte here and there that is not.
    fn script(random: &mut Random) -> Vec<u8> {
        let mut byte = || random.next_u32().to_be_bytes()[3];
        let mut script = Vec::new();
        for _ in 0..1 + byte() % 4 {
            let mut options = Vec::new();
            for _ in 0..byte() % 4 {
                let kinds = [(3, 4), (5, 1), (24, 2), (25, 3), (25, 5), (31, 3), (38, 2), (byte(), 1)];
                let (kind, units) = kinds[usize::from(byte() % 8)];
                let text = b"\x01a\x02bc\0\0\0\x03";
                let body =
                    (2..units * 8).map(|_| if kind == 31 { text[usize::from(byte() % 9)] } else { byte() % 130 });
                options.extend([kind, u8::try_from(units).unwrap()].into_iter().chain(body));
            }
            if byte() % 2 == 0 && !options.is_empty() {
                let at = usize::from(byte()) % options.len();
                options[at] = byte();
            }
            script.extend([u8::try_from(options.len() / 8).unwrap(), byte()]);
            script.extend(options);
        }
        script
    }

    /// `SUNUP_FUZZ_RUNS` scripts instead of 20,000.
    #[test]
    fn r_02_no_router_makes_it_panic() {
        let runs = std::env::var("SUNUP_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(20_000_usize);
        let mut random = Random::new(7);
        let understood = (0..runs).filter(|_| drive(&script(&mut random)) > 0).count();
        println!("{runs} scripts, of which {understood} said something");
        assert!(understood > runs / 3, "only {understood} of {runs}: the generator is blunt");
    }

    proptest! {
        #[test]
        fn plain_noise_is_harmless(data in prop::collection::vec(any::<u8>(), 0..400)) {
            drive(&data);
        }
    }
}
