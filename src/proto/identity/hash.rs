//! Two digests that the daemons make identifiers with. Not for secrets: nothing here runs in constant time.

/// SipHash-2-4 of `bytes` under `key` (Aumasson and Bernstein 2012).
pub(super) fn siphash24(key: [u8; 16], bytes: &[u8]) -> u64 {
    let key = u128::from_le_bytes(key);
    let (low, high) = (key as u64, (key >> 64) as u64);
    let mut v = [
        low ^ 0x736f_6d65_7073_6575,
        high ^ 0x646f_7261_6e64_6f6d,
        low ^ 0x6c79_6765_6e65_7261,
        high ^ 0x7465_6462_7974_6573,
    ];
    let (blocks, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    let end = u64::from_le_bytes(last) | (bytes.len() as u64) << 56;
    for word in blocks.iter().map(|block| u64::from_le_bytes(*block)).chain([end]) {
        let [_, _, _, v3] = &mut v;
        *v3 ^= word;
        (0..2).for_each(|_| round(&mut v));
        let [v0, ..] = &mut v;
        *v0 ^= word;
    }
    let [_, _, v2, _] = &mut v;
    *v2 ^= 0xff;
    (0..4).for_each(|_| round(&mut v));
    v.into_iter().fold(0, |sum, word| sum ^ word)
}

fn round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

/// SHA-256 (FIPS 180-4) of the parts, one after the other.
pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut message = parts.concat();
    let bits = (message.len() as u64).wrapping_mul(8);
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend(bits.to_be_bytes());
    let (constants, mut state) = CONSTANTS;
    for block in message.as_chunks::<64>().0 {
        compress(&mut state, &constants, block);
    }
    let mut digest = [0; 32];
    digest.iter_mut().zip(state.iter().flat_map(|word| word.to_be_bytes())).for_each(|(to, byte)| *to = byte);
    digest
}

/// The 64 constants and the initial state: the fractions of the cube and square roots of the first primes.
const CONSTANTS: ([u32; 64], [u32; 8]) = constants();

#[allow(clippy::indexing_slicing, reason = "the compiler would be what panics")]
const fn constants() -> ([u32; 64], [u32; 8]) {
    let (mut cubes, mut squares) = ([0; 64], [0; 8]);
    let (mut place, mut number) = (0, 2);
    while place < cubes.len() {
        if is_prime(number) {
            cubes[place] = fraction(number << 96, 3);
            if place < squares.len() {
                squares[place] = fraction(number << 64, 2);
            }
            place += 1;
        }
        number += 1;
    }
    (cubes, squares)
}

const fn is_prime(number: u128) -> bool {
    let mut divisor = 2;
    while divisor * divisor <= number {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 1;
    }
    true
}

/// The lower 32 bits of the root, which has at most 37.
const fn fraction(number: u128, power: u32) -> u32 {
    let (mut root, mut bit) = (0_u128, 1_u128 << 36);
    while bit > 0 {
        if (root | bit).pow(power) <= number {
            root |= bit;
        }
        bit >>= 1;
    }
    root as u32
}

fn compress(state: &mut [u32; 8], constants: &[u32; 64], block: &[u8; 64]) {
    // Of the schedule only the last sixteen words are ever looked at.
    let mut words: std::collections::VecDeque<u32> =
        block.as_chunks().0.iter().map(|b| u32::from_be_bytes(*b)).collect();
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for constant in constants {
        let word = words.pop_front().unwrap_or_default();
        let at = |index: usize| words.get(index).copied().unwrap_or_default();
        let (near, far) = (at(0), at(13));
        let s0 = near.rotate_right(7) ^ near.rotate_right(18) ^ near >> 3;
        let s1 = far.rotate_right(17) ^ far.rotate_right(19) ^ far >> 10;
        words.push_back(word.wrapping_add(s0).wrapping_add(at(8)).wrapping_add(s1));
        let big1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = e & f ^ !e & g;
        let t1 = [big1, choice, *constant, word].into_iter().fold(h, u32::wrapping_add);
        let big0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = a & b ^ a & c ^ b & c;
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(big0).wrapping_add(majority));
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn sha256_gives_the_standard_s_examples() {
        assert_eq!(hex(&sha256(&[b"a", b"bc"])), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hex(&sha256(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let long = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(hex(&sha256(&[long])), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }

    #[test]
    fn siphash_gives_its_authors_example() {
        let key = std::array::from_fn(|index| index as u8);
        let message: [u8; 15] = std::array::from_fn(|index| index as u8);
        assert_eq!(siphash24(key, &message), 0xa129_ca61_49be_45e5);
    }
}
