//! Where sunup reads a line otherwise than NetworkManager's nm-initrd-generator, and why.

/// One difference.
pub struct Deviation {
    /// What is written.
    pub line: &'static str,
    /// What nm-initrd-generator makes of it.
    pub theirs: &'static str,
    /// What sunup makes of it.
    pub ours: &'static str,
}

/// Every difference. Two rules make them: one bad field never loses a working configuration, and what is for one link
/// never becomes one for all.
#[rustfmt::skip]
pub const DEVIATIONS: [Deviation; 37] = [
    row("root=LABEL=Größe", "any byte beyond ASCII on the whole line: nothing is written, exit status 1", "any bytes are allowed"),
    row("ip=dchp", "unknown: DHCP on every wired link, in silence", "the nearest method, with a warning"),
    row("ip=eth0, ip=eth0:", "DHCP on every wired link", "ip=eth0:auto, with a warning"),
    row("ip=192.0.2.10", "DHCP on every wired link", "a static address, with Anaconda's netmask=, gateway=, ksdevice= beside it"),
    row("ip=dhcp:eth0", "the argument is lost", "ip=eth0:dhcp, with a warning"),
    row("ip=eth0:foo", "the argument is lost", "the nearest method, else auto, for eth0 only, with a warning"),
    row("ip=either6, ip=link-local", "unknown: DHCP on every wired link, or lost with an interface", "dracut's and systemd's meaning"),
    row("ip=both, ip=eth0:bootp, ip=eth0:rarp", "unknown: DHCP on every wired link, or lost with an interface", "auto; the kernel's words"),
    row("nfsaddrs=…", "not understood", "the kernel's old name of ip="),
    row("ip=eth0:auto,dhcp, ip=eth0:dhcp,link6", "unknown: the argument is lost", "auto, with a warning where the list makes no sense"),
    row("ip=…:none:[2001:db8::53]", "a name server of a family that is off: the profile is refused", "only the name server is dropped"),
    row("ip=…:none::192.0.2.53", "an empty DNS1 makes DNS2 a MAC: the profile is refused", "DNS2 is used"),
    row("ip=eth0:dhcp:2001:db8::53", "taken for an MTU and a MAC: the profile is refused", "a name server, with a warning"),
    row("ip=eth0:dhcp:52:54:00:12:34:56", "taken for an MTU and a MAC: the profile is refused", "the MAC, with a warning"),
    row("ip=eth0:dhcp:1500:zz", "a bad MAC: the profile is refused", "the link keeps its own MAC"),
    row("ip=::192.0.2.1::::", "a gateway without address: the profile is refused", "the gateway goes to the links with an address in its network"),
    row("ip=::192.0.2.1:::eth0:dhcp", "a gateway without address: the profile is refused", "only the gateway is dropped"),
    row("ip=dhcp6-of-too-long-a-name:dhcp", "the first profile is changed, or one that matches every link is tried", "the argument is dropped"),
    row("ip=[2001:db8::2]/64:…:eth0:link6", "an address beside link-local: the profile is refused", "the address is kept"),
    row("ip=ib0:dhcp:2044:MAC", "MTU and MAC go to [ethernet], where they have no effect", "the MTU goes to [infiniband]; the MAC is ignored, with a warning"),
    row("ip=eth0:dhcp:1500:[52:54:…]", "a bad MAC: the profile is refused", "the brackets do not matter"),
    row("ifname=ib…:MAC, ibft0", "every name that begins with ib is InfiniBand", "the type of the device or the length of the MAC decides; ibft0 is dracut's name for an Ethernet card"),
    row("rd.ethtool=bond0:on", "the bond becomes an Ethernet profile", "a link that is no Ethernet keeps its type"),
    row("rd.route=[2001:db8::]/48:[…]", "not understood", "the prefix length may stand outside of the brackets"),
    row("BOOTIF=junk, bootdev=, bootdev=[MAC]", "the profile it would change is refused, or the first one is changed", "it is ignored; the brackets do not matter"),
    row("bond=bond0:eth0 ip=eth0:none:192.0.2.53", "a field that is refused loses the port", "a port has no addresses; it stays a port"),
    row("bond=…:mode=802.3ad,primary=eth0", "options that contradict each other: the bond is refused", "only the option is dropped"),
    row("bond=bond0:eth1,,eth2", "an empty port is eth0", "it is ignored"),
    row("bond=bond0:eth1,bond0", "the bond is a port of itself", "the port is ignored"),
    row("vlan=vlan5:52-54-00-…", "a parent by MAC: the VLAN is refused", "the parent is named by its profile"),
    row("rd.znet=lcs,…", "three subchannels: the first option is taken for one", "two subchannels"),
    row("rd.znet=zzz,…", "an unknown type: the profile of the link is refused", "the device is ignored"),
    row("rd.nvmf.nonbft=0", "0 is a yes", "0 is a no"),
    row("ip=…:HOST:… and a host name in the NBFT", "the firmware's wins", "the command line's wins"),
    row("ip=ibft, ip=fw on Open Firmware", "the last byte of the MAC is the fifth once more; a disk to boot from also means DHCP", "the MAC as it is; only a network device counts"),
    row("rd.net.timeout.carrier=2147484 and more", "a number that no daemon reads", "2147483 seconds"),
    row("uuids", "random in every run", "the same in every run, from file name and machine-id; those of the iBFT are the daemon's own"),
];

/// A row of the table.
const fn row(line: &'static str, theirs: &'static str, ours: &'static str) -> Deviation {
    Deviation { line, theirs, ours }
}
