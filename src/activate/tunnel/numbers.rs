//! Marks, tables and rule priorities as NetworkManager derives them from a profile's uuid, so that a daemon which adopts the
//! link finds its own numbers (`SipHash-2-4` over the text of the uuid and a zero byte; the same in 1.26 to 1.59).

use uuid::Uuid;

/// The keys of the two numbers.
const MARK: [u8; 16] = 0xb939_8eed_15b3_d1c4_5f45_004f_ecc2_2b7e_u128.to_be_bytes();
const PRIORITY: [u8; 16] = 0x9922_4d7c_37da_8e7b_2f55_167b_75da_42dc_u128.to_be_bytes();

/// The mark of packets that carry the tunnel, and the table with its default route: 51820 to 52319.
pub(super) fn mark(uuid: Uuid) -> u32 {
    51820 + u32::try_from(of(MARK, uuid) % 500).unwrap_or_default()
}

/// The priority of the first of two rules; the second has the next. Even, 30768 to 31766.
pub(super) fn priority(uuid: Uuid) -> u32 {
    let step = u32::try_from(of(PRIORITY, uuid) % 1000).unwrap_or_default();
    31766 - step / 2 * 2
}

fn of(key: [u8; 16], uuid: Uuid) -> u64 {
    let mut text = uuid.hyphenated().to_string().into_bytes();
    text.push(0);
    siphash(u128::from_le_bytes(key), &text)
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012).
fn siphash(key: u128, bytes: &[u8]) -> u64 {
    let low = (key & u128::from(u64::MAX)) as u64;
    let high = (key >> 64) as u64;
    let mut state = [
        low ^ 0x736f_6d65_7073_6575,
        high ^ 0x646f_7261_6e64_6f6d,
        low ^ 0x6c79_6765_6e65_7261,
        high ^ 0x7465_6462_7974_6573,
    ];
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        absorb(&mut state, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
    absorb(&mut state, u64::from_le_bytes(last) | (bytes.len() as u64) << 56);
    state[2] ^= 0xff;
    (0..4).for_each(|_| round(&mut state));
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

fn absorb(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    round(state);
    round(state);
    state[0] ^= word;
}

fn round(state: &mut [u64; 4]) {
    let [mut a, mut b, mut c, mut d] = *state;
    a = a.wrapping_add(b);
    c = c.wrapping_add(d);
    b = b.rotate_left(13) ^ a;
    d = d.rotate_left(16) ^ c;
    a = a.rotate_left(32);
    c = c.wrapping_add(b);
    a = a.wrapping_add(d);
    b = b.rotate_left(17) ^ c;
    d = d.rotate_left(21) ^ a;
    c = c.rotate_left(32);
    *state = [a, b, c, d];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siphash_is_the_published_one() {
        let key = u128::from_le_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let bytes: Vec<u8> = (0..64).collect();
        // The first, ninth and sixteenth vector of the reference.
        assert_eq!(siphash(key, &bytes[..0]), 0x726f_db47_dd0e_0e31);
        assert_eq!(siphash(key, &bytes[..8]), 0x93f5_f579_9a93_2462);
        assert_eq!(siphash(key, &bytes[..15]), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn the_numbers_are_those_that_networkmanager_uses() {
        let rows = [
            ("11111111-1111-4111-8111-111111111111", 51863, 31364),
            ("22222222-2222-4222-8222-222222222222", 51906, 31408),
            ("33333333-3333-4333-8333-333333333333", 52270, 30806),
            ("55555555-5555-4555-8555-555555555555", 51942, 31728),
            ("66666666-6666-4666-8666-666666666666", 52316, 30912),
            ("99999999-9999-4999-8999-999999999999", 52088, 31102),
            ("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", 52250, 31082),
        ];
        for (text, expected_mark, expected_priority) in rows {
            let uuid = text.parse().unwrap();
            assert_eq!((mark(uuid), priority(uuid)), (expected_mark, expected_priority), "{text}");
        }
    }
}
