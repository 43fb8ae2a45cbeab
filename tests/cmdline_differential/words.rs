//! Words of the kernel command line, sensible and not, of every argument that the generator knows.

use proptest::prelude::*;
use proptest::sample::select;

/// One of these.
fn one(of: &'static [&'static str]) -> BoxedStrategy<String> {
    select(of).prop_map(str::to_owned).boxed()
}

/// One of these, `usual` four times as often as `odd`.
fn mostly(usual: &'static [&'static str], odd: &'static [&'static str]) -> BoxedStrategy<String> {
    prop_oneof![4 => one(usual), 1 => one(odd)].boxed()
}

fn link() -> BoxedStrategy<String> {
    mostly(
        &["eth0", "eth1", "eth2", "ens3", "enp1s0f0", "bond0", "br0", "team0", "vlan7", "eth0.100", "lan", "wlan0"],
        &["", "ib0", "ib0.8004", "52-54-00-12-34-56", "00-53-AB-cd-02-03", "[52:54:00:12:34:57]", "a-very-long-name-here", "e%d",
            "all", ".", "eth 0"],
    )
}

fn method() -> BoxedStrategy<String> {
    mostly(
        &["dhcp", "on", "any", "auto", "none", "off", "dhcp6", "auto6", "link6", "single-dhcp", "dhcp,dhcp6", "auto6,dhcp", ""],
        &["dhcp,", "ibft", "fw", "either6", "link-local", "both", "Dhcp", "dchp", "dhcp,link6", "auto,dhcp6", "none,off", " dhcp",
            "static", "dhcp,,dhcp6"],
    )
}

fn ip4() -> BoxedStrategy<String> {
    mostly(
        &["192.0.2.2", "10.0.0.1", "172.16.5.4", "203.0.113.9", "198.51.100.7"],
        &["224.0.0.5", "0.0.0.0", "255.255.255.255", "127.0.0.1", "169.254.1.1", "1.2.3", "1.2.3.4.5", "010.1.1.1", "1.2.3.256"],
    )
}

fn ip6() -> BoxedStrategy<String> {
    mostly(
        &["[2001:db8::2]", "[fd00::1]", "[fe80::1]"],
        &["[::1]", "[::]", "[ff02::1]", "[2001:db8:0:0::5]", "[2001:DB8::A]", "2001:db8::2", "[::ffff:192.0.2.1]", "[fe80::1%eth0]"],
    )
}

fn address() -> BoxedStrategy<String> {
    prop_oneof![ip4(), ip6()].boxed()
}

fn host() -> BoxedStrategy<String> {
    mostly(&["", "host1", "h.example.com"], &["bad_host", "h.", "-a", "1.2.3", "UPPER", "a..b", "a-", "localhost", ".", "0"])
}

fn mtu() -> BoxedStrategy<String> {
    mostly(&["1500", "9000", ""], &["0", "68", "x", "65536", "4294967295", "4294967296", "-1", "+1400", "1e3", " 1400"])
}

/// What may follow METHOD.
fn tail() -> BoxedStrategy<String> {
    let mac = mostly(
        &["52:54:00:12:34:56", "52-54-00-12-34-56", "random", "stable", "preserve"],
        &["permanent", "junk", "5254.0012.3456", "52:54:00:12:34", "", "01:00:5e:00:00:01"],
    );
    prop_oneof![
        3 => Just(String::new()),
        1 => mtu().prop_map(|mtu| format!(":{mtu}")),
        2 => (mtu(), mac).prop_map(|(mtu, mac)| format!(":{mtu}:{mac}")),
        1 => address().prop_map(|dns| format!(":{dns}")),
        1 => (address(), address(), one(&["", ":192.0.2.123", ":x"])).prop_map(|(a, b, ntp)| format!(":{a}:{b}{ntp}")),
    ]
    .boxed()
}

/// `ip=` in all forms.
fn ip() -> BoxedStrategy<String> {
    let prefix = || mostly(&["", "/24", "/64"], &["/25", "/32", "/0", "/33", "/129", "/x", "/", "/+24", "/024"]);
    let client = (address(), prefix(), any::<bool>()).prop_map(|(address, prefix, inside)| {
        match address.strip_suffix(']').filter(|_| inside && !prefix.is_empty()) {
            Some(open) => format!("{open}{prefix}]"),
            None => address + &prefix,
        }
    });
    let client = prop_oneof![5 => client, 1 => Just(String::new())];
    let peer = prop_oneof![3 => Just(String::new()), 1 => address()];
    let gateway = prop_oneof![2 => Just(String::new()), 3 => address(), 1 => one(&["junk", "0.0.0.0", "[::]"])];
    let mask = mostly(&["", "24", "255.255.255.0", "64"], &["255.255.252.0", "255.0.255.0", "0.0.0.0", "33", "0", "128", "x", "[64]"]);
    let long = (client, peer, gateway, mask, host(), link(), method(), tail(), 3..8_usize).prop_map(
        |(client, peer, gateway, mask, host, link, method, tail, count)| {
            let fields = [client, peer, gateway, mask, host, link, method];
            let fields = fields.get(..count).unwrap_or_default().join(":");
            format!("ip={fields}{}", if count == 7 { tail } else { String::new() })
        },
    );
    prop_oneof![
        1 => method().prop_map(|method| format!("ip={method}")),
        2 => (link(), method(), tail()).prop_map(|(link, method, tail)| format!("ip={link}:{method}{tail}")),
        4 => long,
    ]
    .boxed()
}

const BOND_OPTIONS: &[&str] = &[
    "mode=1", "mode=802.3ad", "mode=4", "mode=active-backup", "mode=balance-rr", "mode=9", "mode=balance-xor", "mode=2",
    "mode=broadcast", "mode=5", "mode=balance-alb", "mode=balance-tlb", "miimon=100", "miimon=0", "miimon=x", "updelay=100",
    "downdelay=200", "primary=eth0", "lacp_rate=fast", "lacp_rate=1", "lacp_rate=slow", "lacp_rate=2",
    "xmit_hash_policy=layer2+3", "xmit_hash_policy=layer3+4", "xmit_hash_policy=vlan+srcmac", "xmit_hash_policy=5",
    "arp_interval=100", "arp_interval=0", "arp_ip_target=10.0.0.1", "arp_ip_target=x", "arp_validate=all", "arp_validate=none",
    "arp_validate=3", "arp_all_targets=any", "ad_select=bandwidth", "ad_actor_sys_prio=10", "ad_actor_system=00:53:00:00:00:01",
    "ad_user_port_key=5", "all_slaves_active=1", "fail_over_mac=active", "fail_over_mac=1", "min_links=2", "num_grat_arp=3",
    "num_unsol_na=3", "packets_per_slave=5", "peer_notif_delay=200", "primary_reselect=always", "resend_igmp=256",
    "resend_igmp=255", "tlb_dynamic_lb=0", "use_carrier=1", "use_carrier=2", "lp_interval=10", "lp_interval=0",
    "active_slave=eth0", "bogus=1", "mode", "=x", "mode=",
];

fn bond() -> BoxedStrategy<String> {
    let options = prop::collection::vec(select(BOND_OPTIONS), 0..4).prop_map(|options| options.join(","));
    let more = prop_oneof![
        2 => Just(String::new()),
        6 => options.clone().prop_map(|options| format!(":{options}")),
        2 => (options, mtu(), one(&["", "", ":x"])).prop_map(|(options, mtu, rest)| format!(":{options}:{mtu}{rest}")),
    ];
    prop_oneof![
        1 => one(&["bond", "bond="]),
        9 => (controller("bond"), ports(), more).prop_map(|(name, ports, more)| format!("{name}:{ports}{more}")),
    ]
    .boxed()
}

fn controller(kind: &'static str) -> BoxedStrategy<String> {
    prop_oneof![6 => one(&["0", "1"]).prop_map(move |n| format!("{kind}={kind}{n}")), 1 => link().prop_map(move |link| format!("{kind}={link}"))]
        .boxed()
}

fn ports() -> BoxedStrategy<String> {
    prop::collection::vec(link(), 0..4).prop_map(|ports| ports.join(",")).boxed()
}

/// A number, or not.
fn number() -> BoxedStrategy<String> {
    mostly(
        &["5", "10", "30", "1"],
        &["0", "x", "", "-1", "infinity", "2147483647", "2147483648", "99999999999999999999", " 7 ", "+3", "0x10", "1.5", "7s", "2147483"],
    )
}

fn switch() -> BoxedStrategy<String> {
    one(&["=0", "=1", "=yes", "=no", "=on", "=off", "=true", "=False", "=x", "=", "= 1 ", "=2", ""])
}

fn route() -> BoxedStrategy<String> {
    let prefix = mostly(&["", "/24", "/8", "/48"], &["/0", "/32", "/64", "/128", "/33", "/x", "/"]);
    let net = (address(), prefix).prop_map(|(net, prefix)| match net.strip_suffix(']') {
        Some(open) => format!("{open}{prefix}]"),
        None => net + &prefix,
    });
    let net = prop_oneof![6 => net, 1 => Just(String::new())];
    let gateway = prop_oneof![5 => address(), 1 => one(&["", "x"])];
    let rest = prop_oneof![2 => Just(String::new()), 3 => link().prop_map(|link| format!(":{link}")), 1 => Just(":eth0:x".to_owned())];
    (net, gateway, rest).prop_map(|(net, gateway, rest)| format!("rd.route={net}:{gateway}{rest}")).boxed()
}

fn vlan() -> BoxedStrategy<String> {
    let name = mostly(
        &["vlan7", "eth0.100", "v0005", "eth0.5", "bond0.9", "eth1.7"],
        &["vlan4094", "vlan4095", "vlan0", "x", "7", "a-very-long-name-7", "vlan99999999999999999999", "vlan007"],
    );
    (name, link(), one(&["", "", "", ":x"])).prop_map(|(name, link, rest)| format!("vlan={name}:{link}{rest}")).boxed()
}

fn znet() -> BoxedStrategy<String> {
    let base = mostly(&["0.0.0800", "0.0.0600", "0.0.f5f0"], &["0.1.abcd", "0800", "0.0.0000", "x", "0.0.f5F0"]);
    let subchannel = mostly(&["0.0.0801", "0.0.0802", "0.0.0601"], &["", "0.0.f5f1"]);
    let option = one(&[
        "layer2=0", "layer2=1", "portno=1", "portno=x", "portname=foo", "protocol=0", "protocol=9", "bogus=1", "layer2", "", "layer2=",
        "buffer_count=128", "bridge_role=primary", "ctcprot=bar",
    ]);
    let options = prop::collection::vec(option, 0..3);
    let subchannels = prop::collection::vec(subchannel, 0..3);
    (mostly(&["qeth", "ctc"], &["lcs", "zzz"]), base, subchannels, options)
        .prop_map(|(kind, base, subchannels, options)| {
            let words: Vec<String> = [kind, base].into_iter().chain(subchannels).chain(options).collect();
            format!("rd.znet={}", words.join(","))
        })
        .boxed()
}

/// The arguments with few fields: name, and what stands behind it.
fn plain() -> Vec<BoxedStrategy<String>> {
    let of = |name: &'static str, value: BoxedStrategy<String>| value.prop_map(move |value| format!("{name}{value}")).boxed();
    let ethtool = (link(), one(&["", ":on", ":off", ":1", ":x", ":"]), one(&["", ":100", ":1000", ":0", ":x", ":4294967296", ":1000:z"]))
        .prop_map(|(link, negotiate, speed)| format!("{link}{negotiate}{speed}"));
    let list = |kind: &'static str| (controller(kind), ports(), one(&["", "", ":x"])).prop_map(|(name, ports, rest)| format!("{name}:{ports}{rest}"));
    vec![
        of("rd.neednet", switch()),
        of("rd.peerdns", switch()),
        of("rd.bootif", switch()),
        of("rd.iscsi.ibft", switch()),
        of("rd.nvmf.nonbft", one(&["", "=1"])),
        of("bootdev=", link()),
        of("nameserver=", prop_oneof![4 => address(), 1 => one(&["junk", "1.1.1.1,2.2.2.2", "", "192.0.2.53:53", "[192.0.2.53]"])].boxed()),
        of("rd.ethtool=", ethtool.boxed()),
        of("net.ifnames=", one(&["0", "1", "", "x"])),
        of("rd.znet_ifname=", one(&["eth0:0.0.0800,0.0.0801,0.0.0802", "ens3:0.0.0600,0.0.0601", "lan:0.0.0800,0.0.0801", "", "eth0"])),
        of("rd.net.timeout.dhcp=", number()),
        of("rd.net.dhcp.retry=", number()),
        of("rd.net.timeout.carrier=", number()),
        of("rd.net.dhcp.vendor-class=", one(&["foo", "", "a;b,c", "a\\040b", "a b", "\\x41", "[foo]", "a=b", "\\000", "\\", "a\\\\b"])),
        of("", (one(&["BOOTIF=", "bootif=", "Bootif="]), one(&["00:53:ab:cd:02:03", "01-00-53-ab-cd-02-03", "00-52-54-00-12-34-56",
            "20-00-53-ab-cd-02-03", "junk", "", "01:52:54:00:12:34:56", "01-52:54:00:12:34:56"])).prop_map(|(a, b)| a + &b).boxed()),
        of("ifname=", one(&["eth0:00:53:ab:cd:02:03", "nbft0:00:53:ab:cd:02:03", "ibx:00:53:ab:cd:02:03", "x", "", "nbft"])),
        of("ib.pkey=", one(&["ib0.8004", "ib0.0x8005", "ib0", "ib0.8004:x", "ib0.xyz", "", "ib0.ffff", "ib0.10000", ".8004", "ib1.8004",
            "ib0.8.4", "eth0.8004", " ib0.8004"])),
        list("bridge").boxed(),
        list("team").boxed(),
        one(&["bridge", "team", "bridge=", "team=", "bridge=br0", "team=team0"]),
        one(&["root=/dev/sda1", "quiet", "=", "ip", "ip=", "[ip]=dhcp", "x[=y", "=foo", "ip=[", "ip=]", "rd.route", "nameserver",
            "bootdev", "ifname", "rd.znet", "rd.ethtool", "netroot=dhcp", "IP=dhcp", "root=nfs:192.0.2.1:/x", "ip6=dhcp", "rd.net.foo=1"]),
    ]
}

/// Any word.
pub(crate) fn word() -> BoxedStrategy<String> {
    let plain = prop::strategy::Union::new(plain());
    prop_oneof![8 => ip(), 2 => route(), 2 => vlan(), 3 => bond(), 2 => znet(), 6 => plain].boxed()
}
