//! Keyfiles to be judged: some written out, and the parts that others are made of.

type Keys = &'static [(&'static str, &'static [&'static str])];

/// Sections that any type may have. The values are good, borderline and bad ones.
pub(crate) const COMMON: &[(&str, Keys)] = &[
    (
        "connection",
        &[
            ("interface-name", &["eth0", "eth0", "eth0", "x0", "averyveryverylongname", "a/b", "all", "br 0", ""]),
            ("autoconnect", &["true", "false", "0", "1", "yes", "false "]),
            ("autoconnect-priority", &["10", "-999", "1000", "0x10", "x"]),
            ("autoconnect-retries", &["-1", "0", "5", "-2", ""]),
            ("multi-connect", &["0", "1", "2", "3"]),
            ("wait-device-timeout", &["-1", "0", "60000", "-5"]),
            ("timestamp", &["0", "1700000000"]),
            ("permissions", &["", "user:root:;"]),
            ("zone", &["home"]),
            ("lldp", &["1"]),
        ],
    ),
    (
        "match",
        &[
            ("interface-name", &["eth*;", "eth0;!eth1", "a;;b", "", ";", "\\\\!x;"]),
            ("driver", &["virtio_net;", "&veth"]),
            ("path", &["pci-0000:00:0*", "a\\qb"]),
            ("kernel-command-line", &["ip=dhcp;rd.neednet", "|x"]),
        ],
    ),
    (
        "ipv4",
        &[
            (
                "method",
                &["auto", "auto", "manual", "manual", "manual", "disabled", "link-local", "shared", "bogus", ""],
            ),
            (
                "address1",
                &[
                    "192.0.2.5/24",
                    "192.0.2.5/24,192.0.2.1",
                    "192.0.2.5",
                    "192.0.2.5/33",
                    "192.0.2.5;24;",
                    "x/24",
                    "192.0.2.5/24,x",
                ],
            ),
            ("address2", &["198.51.100.7/32", "192.0.2.5/24", "198.51.100.7/0", "198.51.100.7/24,198.51.100.1,5"]),
            ("addresses", &["203.0.113.1;24;203.0.113.9;", "203.0.113.1/25"]),
            ("address01", &["192.0.2.9/24"]),
            ("gateway", &["192.0.2.1", "192.0.2.2", "::1", "", "0.0.0.0"]),
            (
                "route1",
                &[
                    "10.0.0.0/8",
                    "10.1.2.3/8,192.0.2.1",
                    "10.0.0.0/8,192.0.2.1,7",
                    "10.0.0.0/8,,9",
                    "10.0.0.0/8,0.0.0.0,9",
                    "10.0.0.0",
                    "10.0.0.0/40",
                    "10.0.0.0/8,x",
                ],
            ),
            (
                "route1_options",
                &[
                    "table=5,onlink=true",
                    "type=blackhole",
                    "mtu=1400,lock-mtu=true,tos=16",
                    "scope=253,src=192.0.2.5",
                    "src=bogus,mtu=9",
                    "weight=3",
                    "weight=300",
                    "bogus=1,window=3",
                    "mtu=x",
                    "mtu",
                    "type=local,scope=254",
                    "onlink=yes,quickack=0",
                    "from=2001:db8::1",
                    "src=192.0.2.5\\\\,x",
                ],
            ),
            ("route2", &["0.0.0.0/0,192.0.2.1", "10.0.0.0/8,192.0.2.1,4294967295", "10.0.0.0/8,192.0.2.1,4294967296"]),
            (
                "routing-rule1",
                &[
                    "priority 5 from 192.0.2.0/24 table 10",
                    "priority 5 to 192.0.2.7 table 254",
                    "from 192.0.2.1 table 5",
                    "priority 0x10 iif eth0 fwmark 0x5/0xff table main",
                    "priority 5 not from all tos 0x10 type blackhole",
                    "priority 7 from 192.0.2.0/0 table 3",
                    "priority 7 from 0.0.0.0/0 ipproto 6 sport 5-6 dport 80 table 3",
                    "priority 7 uidrange 5-6 suppress_prefixlength 0 table 9",
                    "priority 7 blackhole",
                    "priority 7 from all table 0",
                    "priority 7 prohibit suppress_prefixlength 1",
                    "priority 7 table 5 table 6",
                    "pref 7 dev lo lookup 5",
                    "priority 7 oif a/b",
                    "priority 7 throw",
                    "",
                    "priority",
                ],
            ),
            (
                "dns",
                &[
                    "192.0.2.53",
                    "192.0.2.53;192.0.2.54;",
                    "192.0.2.53,192.0.2.54",
                    "x;192.0.2.53",
                    "::1",
                    "192.0.2.53#dns.example;",
                    "",
                ],
            ),
            ("dns-search", &["example.org;", "a.example;b.example", "~."]),
            ("dns-options", &["", "edns0;ndots:2"]),
            ("dns-priority", &["-5", "50", "2147483648"]),
            ("ignore-auto-dns", &["true"]),
            ("ignore-auto-routes", &["true", "x"]),
            ("never-default", &["true"]),
            ("may-fail", &["false", "true"]),
            ("required-timeout", &["-1", "0", "20000", "2147483647"]),
            ("route-metric", &["-1", "0", "100", "4294967295", "4294967296"]),
            ("route-table", &["0", "254", "1000"]),
            ("dhcp-timeout", &["0", "45", "2147483647", "-1"]),
            ("dhcp-hostname", &["host", ""]),
            ("dhcp-send-hostname", &["false", "true", "0"]),
            ("dhcp-client-id", &["mac", "01:52:54:00:00:00:01", ""]),
            ("dhcp-fqdn", &["host.example.org", "host"]),
            ("dhcp-iaid", &["mac", "7", "bogus"]),
            ("dhcp-vendor-class-identifier", &["sunup", "a\\\\\\\\b"]),
            ("dad-timeout", &["-1", "0", "200", "30001"]),
            ("link-local", &["0", "2", "3", "7"]),
            ("dhcp-reject-servers", &["192.0.2.1"]),
            ("no-such-key", &["1"]),
        ],
    ),
    (
        "ipv6",
        &[
            (
                "method",
                &[
                    "auto",
                    "auto",
                    "manual",
                    "manual",
                    "manual",
                    "dhcp",
                    "disabled",
                    "ignore",
                    "link-local",
                    "shared",
                    "bogus",
                ],
            ),
            (
                "address1",
                &["2001:db8::5/64", "2001:db8::5/64,2001:db8::1", "2001:db8::5", "2001:db8::5/129", "2001:DB8::5/64"],
            ),
            ("addresses1", &["2001:db8::7/128"]),
            ("gateway", &["fe80::1", "2001:db8::1", "192.0.2.1"]),
            (
                "route1",
                &[
                    "2001:db8:1::/48,2001:db8::1,5",
                    "2001:db8:1::/48,5",
                    "2001:db8:1::5/48",
                    "2001:db8:1::/48,::,5",
                    "::/0,fe80::1",
                ],
            ),
            (
                "route1_options",
                &[
                    "from=2001:db8::/32,src=2001:db8::5",
                    "tos=5,mtu=1300",
                    "type=unreachable",
                    "src=192.0.2.5",
                    "from=2001:db8::/200",
                ],
            ),
            (
                "routing-rule1",
                &[
                    "priority 5 from 2001:db8::/32 table 10",
                    "priority 5 to 2001:db8::1 table 10 not",
                    "priority 5 from 192.0.2.1 table 3",
                ],
            ),
            ("dns", &["2001:db8::53", "fe80::1%eth0", "192.0.2.53;2001:db8::53"]),
            ("dns-search", &["example.org"]),
            ("addr-gen-mode", &["eui64", "stable-privacy", "default", "default-or-eui64", "0", "bogus"]),
            ("ip6-privacy", &["-1", "0", "1", "2", "3"]),
            ("token", &["::42", "::", "2001:db8::1", "bogus", "::0042"]),
            ("dhcp-duid", &["ll", "00:03:00:01:52:54:00:77:00:02", "bogus", "0:3", "00:03:1"]),
            ("dhcp-iaid", &["mac", "0x10", "stable"]),
            ("ra-timeout", &["0", "30", "-1"]),
            ("mtu", &["0", "1400"]),
            ("may-fail", &["false"]),
            ("never-default", &["true", "false"]),
            ("required-timeout", &["5000"]),
            ("dad-timeout", &["0"]),
            ("dhcp-send-hostname", &["false"]),
            ("dhcp-hostname", &["host"]),
        ],
    ),
    (
        "user",
        &[
            ("a.b", &["1", " x", ""]),
            ("nodot", &["1"]),
            ("a.\\20b", &["1"]),
            ("a.b\\2Fc", &["x\\ny"]),
            ("a..b", &["1"]),
        ],
    ),
    (
        "ethtool",
        &[
            ("feature-gro", &["true", "false", "x"]),
            ("ring-rx", &["512", "x", "0x10"]),
            ("coalesce-rx-usecs", &["5"]),
            ("coalesce-adaptive-rx", &["1", "2"]),
            ("pause-autoneg", &["true", "false"]),
            ("pause-rx", &["true"]),
            ("bogus", &["1"]),
        ],
    ),
];

const ETHERNET: (&str, Keys) = (
    "ethernet",
    &[
        (
            "mac-address",
            &[
                "00:53:00:00:00:01",
                "00-53-00-00-00-01",
                "0:83:0:0:0:1",
                "0;83;0;0;0;1;",
                "bogus",
                "00:53:00:00:00:01:02",
            ],
        ),
        ("mac-address-blacklist", &["00:53:00:00:00:02;00:53:00:00:00:03;", "bogus", ""]),
        ("mtu", &["1400", "0", "0x600", "-1", "4294967296"]),
        ("cloned-mac-address", &["00:53:00:00:00:09", "preserve", "permanent", "random", "stable", "bogus"]),
        ("auto-negotiate", &["true", "false"]),
        ("speed", &["1000", "0"]),
        ("duplex", &["full", "half", "bogus"]),
        ("wake-on-lan", &["1", "64", "32768", "3", "0"]),
        ("s390-nettype", &["qeth", "bogus"]),
        ("s390-subchannels", &["0.0.0800;0.0.0801;0.0.0802;", "0.0.0800"]),
        ("accept-all-mac-addresses", &["1"]),
        ("port", &["tp"]),
    ],
);

const ETHERNET_OLD: (&str, Keys) = ("802-3-ethernet", &[("mtu", &["1300"]), ("mac-address", &["00:53:00:00:00:07"])]);

const PORT: (&str, Keys) = (
    "connection",
    &[
        ("master", &["br0", "1b3c0f44-0d52-4b0e-9d8a-000000000009"]),
        ("slave-type", &["bridge", "bond", "vrf", "team", "bogus"]),
    ],
);

/// Types and the sections they may have beside the common ones.
pub(crate) const TYPES: &[(&str, &[(&str, Keys)])] = &[
    ("ethernet", &[ETHERNET]),
    ("802-3-ethernet", &[ETHERNET, ETHERNET_OLD]),
    (
        "ethernet",
        &[PORT, ("bridge-port", &[("priority", &["3", "64"]), ("hairpin-mode", &["true"]), ("path-cost", &["5"])])],
    ),
    ("ethernet", &[PORT, ("bond-port", &[("queue-id", &["3", "70000"])])]),
    ("ethernet", &[PORT, ("team-port", &[("config", &["{\"prio\": 5}"])])]),
    (
        "bond",
        &[
            ETHERNET,
            (
                "bond",
                &[
                    ("mode", &["active-backup", "802.3ad", "1", "balance-alb", "balance-xor", "bogus", "9"]),
                    ("miimon", &["100", "0", "x", "0x10"]),
                    ("updelay", &["200"]),
                    ("downdelay", &["0", "100"]),
                    ("arp_interval", &["0", "100"]),
                    ("arp_ip_target", &["192.0.2.1", "192.0.2.1,192.0.2.2", "x", ""]),
                    ("primary", &["eth0", "a/b"]),
                    ("lacp_rate", &["fast", "slow", "1"]),
                    ("xmit_hash_policy", &["layer2+3", "7"]),
                    ("num_grat_arp", &["3"]),
                    ("num_unsol_na", &["3", "4"]),
                    ("fail_over_mac", &["active", "2"]),
                    ("peer_notif_delay", &["100", "150"]),
                    ("ad_actor_system", &["00:53:00:00:00:01", "x"]),
                    ("bogus", &["1"]),
                    ("interface-name", &["bond7"]),
                ],
            ),
        ],
    ),
    (
        "bridge",
        &[
            ETHERNET,
            (
                "bridge",
                &[
                    ("stp", &["false", "true", "x"]),
                    ("priority", &["100", "65536"]),
                    ("forward-delay", &["0", "1", "4", "31"]),
                    ("hello-time", &["0", "5"]),
                    ("max-age", &["3", "10"]),
                    ("ageing-time", &["0", "100"]),
                    ("group-forward-mask", &["8", "9"]),
                    ("vlan-filtering", &["true"]),
                    ("vlan-default-pvid", &["0", "5", "4095"]),
                    ("vlan-protocol", &["802.1ad", "x"]),
                    ("multicast-router", &["auto", "x"]),
                    ("multicast-hash-max", &["8", "9"]),
                    ("multicast-snooping", &["false"]),
                    ("group-address", &["01:80:C2:00:00:00", "01:80:C2:00:00:01", "x"]),
                    ("mac-address", &["00:53:00:00:00:01", "x"]),
                    ("interface-name", &["br7"]),
                    ("bogus", &["1"]),
                ],
            ),
        ],
    ),
    ("team", &[("team", &[("config", &["{\"runner\":{\"name\":\"lacp\"}}"])])]),
    (
        "vlan",
        &[
            ETHERNET,
            (
                "vlan",
                &[
                    ("id", &["5", "0", "4094", "4095", "4096", "x"]),
                    ("parent", &["eth0", "1b3c0f44-0d52-4b0e-9d8a-000000000009", "a/b"]),
                    ("flags", &["1", "0", "15", "16", "x"]),
                    ("protocol", &["802.1ad", "x"]),
                    ("ingress-priority-map", &["1:2;3:4", "x;1:2", "8:1"]),
                    ("egress-priority-map", &["1:2", "1:9;2:3"]),
                ],
            ),
        ],
    ),
    (
        "infiniband",
        &[(
            "infiniband",
            &[
                ("transport-mode", &["datagram", "connected", "datagram", "x"]),
                ("mtu", &["2044", "70000"]),
                ("p-key", &["5", "0x8005", "-1", "0", "70000"]),
                ("parent", &["ib0", "a/b"]),
                ("mac-address", &["80:00:00:68:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01", "00:53:00:00:00:01"]),
            ],
        )],
    ),
    (
        "macvlan",
        &[
            ETHERNET,
            (
                "macvlan",
                &[
                    ("parent", &["eth0", "a/b"]),
                    ("mode", &["1", "4", "x"]),
                    ("promiscuous", &["false", "true"]),
                    ("tap", &["true"]),
                ],
            ),
        ],
    ),
    ("vrf", &[("vrf", &[("table", &["5", "0", "x"])])]),
    ("veth", &[("veth", &[("peer", &["veth1", "a/b"])])]),
    ("dummy", &[("dummy", &[])]),
    (
        "vxlan",
        &[(
            "vxlan",
            &[
                ("id", &["5", "16777216"]),
                ("parent", &["eth0", "a/b"]),
                ("remote", &["192.0.2.1", "2001:db8::1", "x"]),
                ("local", &["192.0.2.1"]),
                ("source-port-min", &["5"]),
                ("source-port-max", &["9", "3"]),
                ("destination-port", &["4789", "8472"]),
                ("learning", &["false"]),
                ("ttl", &["64", "256"]),
            ],
        )],
    ),
    (
        "wireguard",
        &[
            (
                "wireguard",
                &[
                    (
                        "private-key",
                        &[
                            "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk=",
                            "bogus",
                            "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tl=",
                        ],
                    ),
                    ("private-key-flags", &["0", "1", "2", "4", "3", "9"]),
                    ("listen-port", &["51820", "70000", "0x10"]),
                    ("fwmark", &["5", "0xffffffff"]),
                    ("mtu", &["1380"]),
                    ("peer-routes", &["false", "no"]),
                    ("ip4-auto-default-route", &["-1", "0", "1", "true", "2"]),
                    ("ip6-auto-default-route", &["1"]),
                ],
            ),
            (
                "wireguard-peer.//////////////////////////////////////////8=",
                &[
                    (
                        "endpoint",
                        &[
                            "192.0.2.1:51820",
                            "[2001:db8::1]:5",
                            "host.example:70000",
                            "host",
                            "host:5",
                            ":5",
                            "2001:db8::1:5",
                        ],
                    ),
                    (
                        "allowed-ips",
                        &[
                            "0.0.0.0/0;::/0",
                            "10.0.0.1/8;10.0.0.0/8;",
                            "10.0.0.1,10.0.0.2",
                            "10.0.0.1;x",
                            "2001:db8::1/129",
                        ],
                    ),
                    ("persistent-keepalive", &["25", "70000", "x", "0x10"]),
                    ("preshared-key", &["AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk=", "x"]),
                    ("preshared-key-flags", &["0", "1", "3", "4", "8"]),
                ],
            ),
            ("wireguard-peer.bogus", &[("endpoint", &["192.0.2.1:51820"])]),
        ],
    ),
];

/// Keyfiles written out, with a name each.
pub(crate) const CASES: &[(&str, &str)] = &[
    ("empty file", ""),
    ("no type", "[connection]\nid=a\n"),
    ("type by section", "[connection]\nid=a\n[vlan]\nid=5\nparent=eth0\n[ethernet]\nmtu=1400\n"),
    ("unknown type", "[connection]\nid=a\ntype=bogus\n"),
    ("empty id", "[connection]\nid=\ntype=ethernet\n"),
    ("upper case uuid", "[connection]\nid=a\nuuid=1B3C0F44-0D52-4B0E-9D8A-00000000000A\ntype=ethernet\n"),
    ("no uuid form", "[connection]\nid=a\nuuid=hello\ntype=ethernet\n"),
    (
        "comments, blanks, duplicate groups",
        "# c\n\n[connection]\nid=a\ntype=ethernet\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=disabled\n[ipv4]\nmethod=manual\n  address1 = 192.0.2.1/24\n",
    ),
    ("escapes in id", "[connection]\nid=\\sa\\tb \\\\ ä;\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\n"),
    (
        "slave with old names",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\nmaster=br0\nslave-type=bridge\n[bridge-port]\npriority=5\n[ipv4]\nmethod=auto\n",
    ),
    (
        "slave type from section",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\nmaster=br0\n[bridge-port]\n",
    ),
    (
        "slave type without master",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\nslave-type=bridge\n",
    ),
    (
        "addresses out of order",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\n[ipv4]\nmethod=manual\naddress10=192.0.2.10/24\naddress2=192.0.2.2/24,192.0.2.1\naddress=192.0.2.3/24\naddress0=192.0.2.4/24\naddresses2=192.0.2.5/24\n",
    ),
    ("malformed line", "[connection]\nid=a\ntype=ethernet\nbogus\n"),
    (
        "s390 options",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\n[ethernet]\ns390-nettype=qeth\ns390-subchannels=0.0.0800;0.0.0801;0.0.0802;\n[ethernet-s390-options]\nlayer2=1\nportno=0\n",
    ),
    (
        "bridge without section",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=bridge\ninterface-name=br0\n",
    ),
    (
        "bridge vlans",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=bridge\ninterface-name=br0\n[bridge]\nvlan-filtering=true\nvlans=1 pvid untagged, 5-9\n",
    ),
    (
        "wifi is kept",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=wifi\n[wifi]\nssid=home\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=secretsecret\n[ipv4]\nmethod=auto\n",
    ),
    (
        "proxy is kept",
        "[connection]\nid=a\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\n[proxy]\nmethod=1\npac-url=http://x/\n",
    ),
];
