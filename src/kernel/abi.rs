//! Numbers of the kernel's user-space interface (`linux/rtnetlink.h`, `linux/if_link.h`, `linux/fib_rules.h`, …) that
//! the netlink crates keep to themselves. One table; nothing else in this room spells a number.

/// Message types (`RTM_*`).
pub(super) mod rtm {
    pub(crate) const NEWLINK: u16 = 16;
    pub(crate) const DELLINK: u16 = 17;
    pub(crate) const GETLINK: u16 = 18;
    pub(crate) const SETLINK: u16 = 19;
    pub(crate) const NEWADDR: u16 = 20;
    pub(crate) const DELADDR: u16 = 21;
    pub(crate) const GETADDR: u16 = 22;
    pub(crate) const NEWROUTE: u16 = 24;
    pub(crate) const DELROUTE: u16 = 25;
    pub(crate) const GETROUTE: u16 = 26;
    pub(crate) const GETNEIGH: u16 = 30;
    pub(crate) const NEWRULE: u16 = 32;
    pub(crate) const DELRULE: u16 = 33;
    pub(crate) const GETRULE: u16 = 34;
    pub(crate) const NEWPREFIX: u16 = 52;
    pub(crate) const NEWNDUSEROPT: u16 = 68;
}

/// The flags with which a message that puts something back is sent; 0 for one that takes away or changes.
pub(super) fn flags_to_put_back(kind: u16) -> u16 {
    use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
    match kind {
        rtm::NEWADDR => NLM_F_CREATE | NLM_F_REPLACE,
        rtm::NEWROUTE => NLM_F_CREATE | NLM_F_APPEND,
        rtm::NEWRULE => NLM_F_CREATE | NLM_F_EXCL,
        _ => 0,
    }
}

/// Multicast groups as bits of `sockaddr_nl.nl_groups` (`RTMGRP_*`).
pub(super) mod group {
    pub(crate) const LINK: u32 = 1;
    pub(crate) const IPV4_IFADDR: u32 = 0x10;
    pub(crate) const IPV6_IFADDR: u32 = 0x100;
    pub(crate) const IPV6_ROUTE: u32 = 0x400;
    /// RTNLGRP_IPV6_IFINFO is group 12.
    pub(crate) const IPV6_IFINFO: u32 = 1 << 11;
    /// RTNLGRP_IPV6_PREFIX is group 18.
    pub(crate) const IPV6_PREFIX: u32 = 1 << 17;
    /// RTNLGRP_ND_USEROPT is group 20.
    pub(crate) const ND_USEROPT: u32 = 1 << 19;
}

/// Link attributes (`IFLA_*`).
pub(super) mod ifla {
    pub(crate) const ADDRESS: u16 = 1;
    pub(crate) const BROADCAST: u16 = 2;
    pub(crate) const IFNAME: u16 = 3;
    pub(crate) const MTU: u16 = 4;
    pub(crate) const LINK: u16 = 5;
    pub(crate) const PROTINFO: u16 = 12;
    pub(crate) const MASTER: u16 = 10;
    pub(crate) const OPERSTATE: u16 = 16;
    pub(crate) const LINKINFO: u16 = 18;
    pub(crate) const AF_SPEC: u16 = 26;
    pub(crate) const GROUP: u16 = 27;
    pub(crate) const NET_NS_FD: u16 = 28;
    pub(crate) const EXT_MASK: u16 = 29;
    pub(crate) const LINK_NETNSID: u16 = 37;
    pub(crate) const PERM_ADDRESS: u16 = 54;
    /// Nested in LINKINFO.
    pub(crate) const INFO_KIND: u16 = 1;
    pub(crate) const INFO_DATA: u16 = 2;
    pub(crate) const INFO_SLAVE_KIND: u16 = 4;
    pub(crate) const INFO_SLAVE_DATA: u16 = 5;
    /// Nested in AF_SPEC, in AF_INET6; and in PROTINFO.
    pub(crate) const INET6_FLAGS: u16 = 1;
    /// Bits of INET6_FLAGS: a router answered a solicitation of the kernel's (`IF_RA_RCVD`), and what the last advertisement said
    /// (`IF_RA_MANAGED`, `IF_RA_OTHERCONF`).
    pub(crate) const RA_RECEIVED: u32 = 0x20;
    pub(crate) const RA_MANAGED: u32 = 0x40;
    pub(crate) const RA_OTHERCONF: u32 = 0x80;
    /// Nested in AF_SPEC, in AF_INET6.
    pub(crate) const INET6_TOKEN: u16 = 7;
    pub(crate) const INET6_ADDR_GEN_MODE: u16 = 8;
    /// A bit of EXT_MASK: no counters, please.
    pub(crate) const FILTER_SKIP_STATS: u32 = 8;
}

/// Address attributes (`IFA_*`) and flags (`IFA_F_*`).
pub(super) mod ifa {
    pub(crate) const ADDRESS: u16 = 1;
    pub(crate) const LOCAL: u16 = 2;
    pub(crate) const BROADCAST: u16 = 4;
    pub(crate) const CACHEINFO: u16 = 6;
    pub(crate) const FLAGS: u16 = 8;
    pub(crate) const F_NODAD: u32 = 0x02;
    pub(crate) const F_OPTIMISTIC: u32 = 0x04;
    pub(crate) const F_DADFAILED: u32 = 0x08;
    pub(crate) const F_TENTATIVE: u32 = 0x40;
    pub(crate) const F_MANAGETEMPADDR: u32 = 0x100;
    pub(crate) const F_NOPREFIXROUTE: u32 = 0x200;
}

/// Route attributes (`RTA_*`) and metrics (`RTAX_*`, nested in METRICS).
pub(super) mod rta {
    pub(crate) const DST: u16 = 1;
    pub(crate) const SRC: u16 = 2;
    pub(crate) const OIF: u16 = 4;
    pub(crate) const GATEWAY: u16 = 5;
    pub(crate) const PRIORITY: u16 = 6;
    pub(crate) const PREFSRC: u16 = 7;
    pub(crate) const METRICS: u16 = 8;
    pub(crate) const MULTIPATH: u16 = 9;
    pub(crate) const TABLE: u16 = 15;
    pub(crate) const MARK: u16 = 16;
    pub(crate) const VIA: u16 = 18;
    pub(crate) const X_LOCK: u16 = 1;
    pub(crate) const X_MTU: u16 = 2;
    pub(crate) const X_WINDOW: u16 = 3;
    pub(crate) const X_CWND: u16 = 7;
    pub(crate) const X_ADVMSS: u16 = 8;
    pub(crate) const X_INITCWND: u16 = 11;
    pub(crate) const X_RTO_MIN: u16 = 13;
    pub(crate) const X_INITRWND: u16 = 14;
    pub(crate) const X_QUICKACK: u16 = 15;
    /// `RTNH_F_ONLINK`.
    pub(crate) const F_ONLINK: u32 = 4;
    /// `RTM_F_CLONED`: an entry of the IPv6 cache, not of the table.
    pub(crate) const F_CLONED: u32 = 0x200;
    /// `RTM_F_FIB_MATCH`: the route of the table, not what follows from it.
    pub(crate) const F_FIB_MATCH: u32 = 0x2000;
}

/// Values of `rtm_table`, `rtm_scope`, `rtm_type`.
pub(super) mod route {
    pub(crate) use crate::profile::ip::TABLE_MAIN;
    pub(crate) const SCOPE_LINK: u8 = 253;
    pub(crate) const SCOPE_HOST: u8 = 254;
    pub(crate) const SCOPE_NOWHERE: u8 = 255;
    /// The metric the kernel gives an IPv6 route that asks for 0 (`IP6_RT_PRIO_USER`).
    pub(crate) const IPV6_DEFAULT_METRIC: u32 = 1024;
}

/// Rule attributes (`FRA_*`), actions (`FR_ACT_*`) and flags.
pub(super) mod fra {
    pub(crate) const DST: u16 = 1;
    pub(crate) const SRC: u16 = 2;
    pub(crate) const IIFNAME: u16 = 3;
    pub(crate) const PRIORITY: u16 = 6;
    pub(crate) const FWMARK: u16 = 10;
    pub(crate) const SUPPRESS_PREFIXLEN: u16 = 14;
    pub(crate) const TABLE: u16 = 15;
    pub(crate) const FWMASK: u16 = 16;
    pub(crate) const OIFNAME: u16 = 17;
    pub(crate) const UID_RANGE: u16 = 20;
    pub(crate) const PROTOCOL: u16 = 21;
    pub(crate) const IP_PROTO: u16 = 22;
    pub(crate) const SPORT_RANGE: u16 = 23;
    pub(crate) const DPORT_RANGE: u16 = 24;
    pub(crate) const ACT_TO_TBL: u8 = 1;
    pub(crate) const ACT_BLACKHOLE: u8 = 6;
    pub(crate) const ACT_UNREACHABLE: u8 = 7;
    pub(crate) const ACT_PROHIBIT: u8 = 8;
    pub(crate) const F_INVERT: u32 = 2;
}

/// Address families.
pub(super) mod family {
    pub(crate) const UNSPEC: u8 = 0;
    pub(crate) const INET: u8 = 2;
    pub(crate) const BRIDGE: u8 = 7;
    pub(crate) const INET6: u8 = 10;
}

/// A lifetime that does not end (`INFINITY_LIFE_TIME`).
pub(super) const FOREVER: u32 = u32::MAX;
