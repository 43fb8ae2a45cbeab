//! The fuzzers' ways in, one for each kind of bytes that come from outside. `tests/fuzz` drives them by coverage (cargo-fuzz); the tests
//! here drive them a fixed number of times on any compiler, `SUNUP_FUZZ_RUNS` times each.

use std::path::Path;

use crate::input::cmdline::{self, CommandLine, Environment};
use crate::input::nmconnection;
use crate::kernel;
use crate::proto::{dhcp4, dhcp6, dns, ndisc};
use crate::state::memory;

/// Takes any bytes, and panics if something that must always hold does not.
pub type Entry = fn(&[u8]);

/// Name, as in `tests/fuzz`, and entry.
pub const TARGETS: [(&str, Entry); 8] = [
    ("dhcp4", |data| _ = dhcp4::fuzz::drive(data)),
    ("dhcp6", |data| _ = dhcp6::fuzz::drive(data)),
    ("ra", |data| _ = ndisc::fuzz::drive(data)),
    ("dns", dns::fuzz::drive),
    ("netlink", kernel::fuzz::drive),
    ("cmdline", command_line),
    ("keyfile", keyfile),
    ("state", |data| _ = std::str::from_utf8(data).map(|text| memory::parse(3, text))),
];

/// The entry of this name.
pub fn target(name: &str) -> Option<Entry> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, entry)| *entry)
}

/// What is read once reads the same when it is printed and read again.
fn command_line(data: &[u8]) {
    let environment = Environment { sysfs: Path::new("/nowhere"), persistent_profiles: false, machine_id: None };
    let line = CommandLine::parse(data);
    let reading = cmdline::read(&line, &environment);
    let again = cmdline::read(&CommandLine::parse(line.to_string().as_bytes()), &environment);
    assert_eq!(again.profiles.len(), reading.profiles.len(), "{line}");
}

/// What was read is written, and what was written reads as the same profile.
fn keyfile(data: &[u8]) {
    let path = Path::new("/etc/NetworkManager/system-connections/one.nmconnection");
    let Ok((profile, _)) = nmconnection::read(data, path) else { return };
    let text = nmconnection::write(&profile);
    let again = nmconnection::read(text.as_bytes(), path);
    assert!(again.is_ok(), "{text}\n{:?}", again.err());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::random::Random;

    /// Texts and messages from which inputs are made.
    const LINES: [&str; 6] = [
        "ip=192.0.2.2::192.0.2.1:255.255.255.0:node:eth0:none:1400:02-00-00-00-00-01 rd.neednet=1 nameserver=192.0.2.53",
        "ip=eth0:dhcp,dhcp6 bond=bond0:eth0,eth1:mode=active-backup,miimon=100:9000 vlan=bond0.5:bond0 bridge=br0:eth2",
        "rd.route=[2001:db8::/32]:[fe80::1]:eth0 ip=[2001:db8::2]::[2001:db8::1]:64::eth0:off BOOTIF=01-02-00-00-00-00-01",
        "ifname=lan:02:00:00:00:00:01 team=team0:eth0 rd.znet=qeth,0.0.0600,0.0.0601,layer2=1 ip=either6 rd.peerdns=0",
        "rd.ethtool=eth0:off:1000 rd.net.dhcp.client-id=eth0:@node rd.net.timeout.dhcp=3 rd.net.dhcp.retry=9 rd.bootif=0",
        "ip=10.0.0.2:10.0.0.9:10.0.0.1:24::ens3:on:1.1.1.1:[::1]:10.0.0.123 root=dhcp \"ip=eth9:dhcp\" single_dhcp",
    ];
    const KEYFILES: [&str; 3] = [
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-00000000abcd\ntype=ethernet\ninterface-name=eth0\n\
         [ipv4]\nmethod=manual\naddress1=192.0.2.2/24,192.0.2.1\nroute1=198.51.100.0/24,192.0.2.9,50\n\
         route1_options=mtu=1400,onlink=true\ndns=192.0.2.53;\n[ipv6]\nmethod=auto\ndhcp-duid=ll\ndhcp-pd-hint=::/56\n",
        "[connection]\nid=b\nuuid=1b3c0f44-0d52-4b0e-9d8a-00000000abce\ntype=bond\ninterface-name=bond0\n[bond]\nmode=802.3ad\n\
         [ipv4]\nmethod=auto\ndhcp-client-id=duid\n[match]\ndriver=e1000*;!veth\n[ethernet]\nmtu=9000\n",
        "[connection]\nid=w\nuuid=1b3c0f44-0d52-4b0e-9d8a-00000000abcf\ntype=wireguard\ninterface-name=wg0\n\
         [wireguard]\nlisten-port=1\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n",
    ];
    const STATES: [&str; 1] = [
        "[link]\nname=eth0\nprofile=0d641a3c-5a0e-5b5c-9f0b-6d0f1f8653a1\nmac=00:53:00:00:00:01\n[dhcp4]\naddress=192.0.2.7\n\
         prefix-len=24\nserver=192.0.2.1\nacquired=1000\nlease-time=3600000\nt1=1800000\nt2=3150000\nrouters=192.0.2.1\n\
         [dhcp6]\naddresses=2001:db8::7,3600000,7200000\nserver-duid=00030001\nduid=00030001aabb\niaid=7\nacquired=1\nt1=5\nt2=9\n",
    ];

    struct Maker(Random);

    impl Maker {
        fn below(&mut self, bound: usize) -> usize {
            usize::try_from(self.0.next_u32()).unwrap() % bound.max(1)
        }

        fn byte(&mut self) -> u8 {
            u8::try_from(self.below(256)).unwrap()
        }

        /// A text with a few pieces changed, doubled, moved from another text, or cut off.
        fn text(&mut self, texts: &[&str]) -> Vec<u8> {
            let mut bytes = texts[self.below(texts.len())].as_bytes().to_vec();
            for _ in 0..self.below(8) {
                let (at, other) = (self.below(bytes.len()), texts[self.below(texts.len())].as_bytes());
                let from = self.below(other.len());
                let piece = &other[from..other.len().min(from + self.below(24))];
                match self.below(6) {
                    0 if !bytes.is_empty() => bytes[at] = self.byte(),
                    1 => drop(bytes.splice(at..at, piece.to_vec())),
                    2 => drop(bytes.drain(at..bytes.len().min(at + self.below(16)))),
                    3 => bytes.insert(at, b" :=,;[]-/\"\n\\0"[self.below(13)]),
                    4 => drop(
                        bytes.splice(at..at, (0..self.below(12)).map(|_| b'0' + self.byte() % 10).collect::<Vec<_>>()),
                    ),
                    _ if self.below(8) == 0 => bytes.truncate(at),
                    _ => {}
                }
            }
            bytes
        }

        /// Messages with headers that fit, attributes of all kinds, some nested.
        fn netlink(&mut self) -> Vec<u8> {
            const KINDS: [u16; 8] = [16, 17, 20, 21, 24, 25, 32, 68];
            let mut out = Vec::new();
            for _ in 0..1 + self.below(3) {
                let header = [16, 8, 12, 12, 16, 10][self.below(6)];
                let mut body: Vec<u8> = (0..header).map(|_| if self.below(2) == 0 { 0 } else { self.byte() }).collect();
                body[0] = [0, 2, 10, 7][self.below(4)];
                (0..self.below(12)).for_each(|_| self.attribute(2, &mut body));
                let length =
                    u32::try_from(body.len() + 16 + if self.below(16) == 0 { self.below(9) } else { 0 }).unwrap();
                out.extend(length.to_ne_bytes());
                out.extend(KINDS[self.below(8)].to_ne_bytes());
                out.extend([0; 10]);
                out.extend(body);
                out.resize(out.len().next_multiple_of(4), 0);
            }
            out
        }

        /// Steps of a look-up, as `dns::fuzz` reads them, with answers that are nearly right.
        fn look_up(&mut self) -> Vec<u8> {
            const RECORDS: [&[u8]; 6] = [
                b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07",
                b"\xc0\x0c\0\x1c\0\x01\0\0\0\x3c\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07",
                b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03cdn\xc0\x0c",
                b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c",
                b"\x03cdn\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x08",
                b"\x01a\x01b\0\0\x10\0\x01\0\0\0\0\0\x02\x01x",
            ];
            let mut out = vec![self.byte(), self.byte(), self.byte()];
            for _ in 0..1 + self.below(12) {
                let mut body = vec![[0, 0, 0, 2, 3, 5, 18][self.below(7)], self.byte() % 5];
                (0..self.below(4)).for_each(|_| body.extend(RECORDS[self.below(6)]));
                if self.below(3) == 0 {
                    let at = self.below(body.len());
                    body[at] = self.byte();
                }
                out.extend([self.byte(), self.byte(), u8::try_from(body.len()).unwrap()]);
                out.extend(body);
            }
            out
        }

        fn attribute(&mut self, depth: usize, out: &mut Vec<u8>) {
            let mut value = Vec::new();
            if depth > 0 && self.below(4) == 0 {
                (0..self.below(4)).for_each(|_| self.attribute(depth - 1, &mut value));
            } else {
                let length = [0, 1, 2, 4, 4, 6, 8, 16, 16, 20, 36][self.below(11)];
                value.extend((0..length).map(|_| self.byte()));
            }
            let length = value.len() + 4 + if self.below(24) == 0 { self.below(300) } else { 0 };
            out.extend(u16::try_from(length).unwrap().to_ne_bytes());
            let kind = if self.below(8) == 0 { self.below(65_536) } else { self.below(60) };
            out.extend(u16::try_from(kind).unwrap().to_ne_bytes());
            out.extend(value);
            out.resize(out.len().next_multiple_of(4), 0);
        }
    }

    /// Runs an entry on what `make` makes of every seed.
    fn campaign(name: &str, make: impl Fn(&mut Maker) -> Vec<u8>) {
        let runs = std::env::var("SUNUP_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(5_000_u64);
        let entry = target(name).unwrap();
        for seed in 0..runs {
            let data = make(&mut Maker(Random::new(seed)));
            if std::panic::catch_unwind(|| entry(&data)).is_err() {
                panic!("{name}, seed {seed}: {}\n{data:?}", String::from_utf8_lossy(&data));
            }
        }
        println!("{name}: {runs} runs");
    }

    #[test]
    fn no_name_server_makes_it_panic() {
        campaign("dns", Maker::look_up);
    }

    #[test]
    fn no_message_of_the_kernel_makes_it_panic() {
        campaign("netlink", Maker::netlink);
    }

    #[test]
    fn no_command_line_makes_it_panic() {
        campaign("cmdline", |maker| maker.text(&LINES));
    }

    #[test]
    fn no_keyfile_makes_it_panic_and_what_was_written_can_be_read() {
        campaign("keyfile", |maker| maker.text(&KEYFILES));
    }

    #[test]
    fn no_state_of_an_earlier_run_makes_it_panic() {
        campaign("state", |maker| maker.text(&STATES));
    }

    #[test]
    fn every_target_has_its_program_for_cargo_fuzz() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for (name, _) in TARGETS {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in tests/fuzz/Cargo.toml");
            let program = std::fs::read_to_string(folder.join("fuzz_targets").join(format!("{name}.rs"))).unwrap();
            assert!(program.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
