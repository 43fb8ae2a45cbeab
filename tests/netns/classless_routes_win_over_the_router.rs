//! RFC 3442: option 121 present means that option 3 is ignored.

#[test]
fn option_121_is_used_and_option_3_is_not() {
    let lan = crate::lan("classless");
    let _server = lan.serve(&["--dhcp-option=121,192.168.5.0/24,10.77.0.2,0.0.0.0/0,10.77.0.3"]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let default = lan.route("0.0.0.0/0").expect("a default route");
    assert_eq!(default["gateway"], "10.77.0.3", "the router of option 3 is 10.77.0.1");
    let other = lan.route("192.168.5.0/24").expect("the classless route");
    assert_eq!(other["gateway"], "10.77.0.2");
    assert_eq!(other["protocol"], "dhcp");
}

#[test]
fn a_router_of_zeros_means_on_link() {
    let lan = crate::lan("classless-onlink");
    let _server = lan.serve(&["--dhcp-option=121,192.168.6.0/24,0.0.0.0"]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let route = lan.route("192.168.6.0/24").expect("the on-link route");
    assert_eq!(route["scope"], "link");
    assert!(route["gateway"].is_null(), "{route}");
    assert!(lan.route("0.0.0.0/0").is_none(), "option 3 beside option 121 makes no route");
}

#[test]
fn a_router_outside_the_subnet_is_reached_over_the_link() {
    let lan = crate::lan("offlink-router");
    let options = ["--interface=srv0", "--dhcp-option=option:router,10.77.0.1", "--dhcp-option=1,255.255.255.255"];
    let subnet = "--dhcp-range=10.77.0.100,10.77.0.100,255.255.255.0,1h";
    let all: Vec<&str> = options.iter().copied().chain([subnet]).collect();
    let _server = crate::support::Dnsmasq::start(&lan.server, &all);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let address = lan.address("eth0", "10.77.0.100").expect("the leased address");
    assert_eq!(address["prefixlen"], 32);
    assert_eq!(lan.route("0.0.0.0/0").expect("a default route")["gateway"], "10.77.0.1");
    lan.ping("10.77.0.1");
}
