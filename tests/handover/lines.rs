//! Command lines that each daemon must adopt like any other: a name, the line, and for leases what the server adds.

/// Static addresses on eth0; 10.77.0.1 answers.
pub(crate) const STATIC: &[(&str, &str)] = &[
    (
        "both-families",
        "ip=10.77.0.50::10.77.0.1:24::eth0:none ip=[fd77::50]::[fd77::1]:64::eth0:none nameserver=10.77.0.1",
    ),
    ("router-outside", "ip=10.77.0.50::10.77.0.1:32::eth0:none nameserver=10.77.0.1"),
    ("two-hosts", "ip=10.77.0.0::10.77.0.1:31::eth0:none nameserver=10.77.0.1"),
    ("no-router", "ip=10.77.0.50:::24::eth0:none nameserver=10.77.0.1"),
    (
        "link-local-router",
        "ip=10.77.0.50::10.77.0.1:24::eth0:none ip=[fd77::50]::[fe80::5054:ff:fe77:1]:64::eth0:none nameserver=10.77.0.1",
    ),
];

/// Leases on eth0.
pub(crate) const LEASED: &[(&str, &str, &[&str])] = &[
    ("by-mac", "ip=52-54-00-77-00-02:dhcp", &[]),
    ("option-121", "ip=dhcp", &["--dhcp-option=121,192.0.2.0/24,10.77.0.7,0.0.0.0/0,10.77.0.1"]),
    ("own-name-server", "ip=dhcp rd.peerdns=0 nameserver=10.77.0.53", &[]),
    ("own-route", "ip=eth0:dhcp rd.route=192.0.2.0/24:10.77.0.7:eth0", &[]),
    ("own-mtu", "ip=eth0:dhcp:1400", &[]),
    ("for-ever", "ip=eth0:dhcp rd.sunup.exit=keep", &[]),
    ("prefix-32", "ip=dhcp", &["--dhcp-option=1,255.255.255.255"]),
];
