use super::*;

fn hardware(names: &[&str]) -> Vec<Device> {
    names.iter().zip(2..).map(|(name, ifindex)| link(ifindex, name, "e1000e")).collect()
}

fn reasons(plan: &Plan) -> Vec<(Reason, Vec<usize>)> {
    plan.requirements.iter().map(|one| (one.reason, one.profiles.clone())).collect()
}

#[test]
fn links_named_on_the_command_line_are_each_required() {
    let profiles = [named("eth0", argument("ip=eth0:dhcp", 1)), named("eth9", argument("ip=eth9:dhcp", 2))];
    let plan = plan(&profiles, &hardware(&["eth0", "eth1"]), &Context::default());
    assert_eq!(reasons(&plan), [(Reason::Named, vec![0]), (Reason::Named, vec![1])]);
    assert!(plan.activations[0].required);
    assert_eq!(plan.waiting[0].missing, Missing::Device);
    assert_eq!(plan.waiting[0].timeout, Context::DEVICE_TIMEOUT);
}

#[test]
fn of_the_links_of_a_catch_all_one_is_enough() {
    let plan = plan(&[for_any_link(1)], &hardware(&["eth0", "eth1"]), &Context::default());
    let [any] = &plan.requirements[..] else { panic!() };
    assert_eq!((any.reason, any.links.len(), any.exclusive), (Reason::AnyLink, 2, false));
    let one_up = |link| if link == Target::Link(3) { Progress::Up } else { Progress::Pending };
    assert_eq!(any.verdict(one_up, Duration::ZERO), Verdict::Met);
    let one_dead = |link| if link == Target::Link(3) { Progress::Failed } else { Progress::Pending };
    assert_eq!(any.verdict(one_dead, Duration::ZERO), Verdict::Open);
    assert_eq!(any.verdict(|_| Progress::Failed, Duration::ZERO), Verdict::Failed);
}

#[test]
fn without_a_device_the_wait_is_bounded() {
    let mut profile = for_any_link(1);
    profile.wait_device_timeout = Some(Duration::from_secs(60));
    let plan = plan(&[profile], &[], &Context::default());
    let verdict = |seconds| plan.requirements[0].verdict(|_| Progress::Pending, Duration::from_secs(seconds));
    assert_eq!((verdict(59), verdict(60)), (Verdict::Open, Verdict::Failed));
}

#[test]
fn how_long_a_device_may_take_is_said_by_a_keyfile_then_the_command_line_then_what_is_usual() {
    let minute = Some(Duration::from_secs(60));
    let (mut line, mut file) = (named("eth8", argument("ip=eth8:dhcp", 1)), keyfile("k", 2));
    for profile in [&mut line, &mut file] {
        profile.wait_device_timeout = minute;
    }
    let said = Context { device_timeout: Some(Duration::from_secs(2)), ..Context::default() };
    assert_eq!((said.device_timeout(&line).as_secs(), said.device_timeout(&file).as_secs()), (2, 60));
    let usual = Context::default();
    assert_eq!(usual.device_timeout(&line).as_secs(), 60);
    file.wait_device_timeout = None;
    assert_eq!((said.device_timeout(&file).as_secs(), usual.device_timeout(&file).as_secs()), (2, 10));
}

#[test]
fn a_keyfile_that_must_not_fail_is_waited_for_once_its_device_went() {
    let mut profile = keyfile("k", 2);
    profile.ipv4.get_or_insert_default().ip.may_fail = false;
    let lost = |lost| plan(std::slice::from_ref(&profile), &[], &Context { lost, ..Context::default() });
    assert_eq!(reasons(&lost(vec![])), [(Reason::AnyKeyfile, vec![0])]);
    assert_eq!(reasons(&lost(vec![0])), [(Reason::MayNotFail, vec![0])]);
}

#[test]
fn bootdev_is_the_only_one_needed() {
    let profiles =
        [named("eth0", argument("ip=eth0:dhcp", 1)), named("eth1", argument("ip=eth1:dhcp", 2)), keyfile("k", 3)];
    let context = Context { bootdev: Some("eth1".into()), ..Context::default() };
    let plan = plan(&profiles, &hardware(&["eth0", "eth1"]), &context);
    assert_eq!(reasons(&plan), [(Reason::BootDevice, vec![1])]);
    assert_eq!(plan.activations.len(), 2);
}

#[test]
fn bootdev_on_a_catch_all_means_that_link() {
    let context = Context { bootdev: Some("eth1".into()), ..Context::default() };
    let plan = plan(&[for_any_link(1)], &hardware(&["eth0", "eth1"]), &context);
    assert_eq!(plan.requirements[0].links, [Target::Link(3)]);
}

#[test]
fn keyfiles_that_may_not_fail_are_required_the_others_only_as_a_group() {
    let must = |profile: Profile| {
        let mut profile = profile;
        profile.ipv4.as_mut().unwrap().ip.may_fail = false;
        profile
    };
    let devices = hardware(&["eth0", "eth1"]);
    let profiles = [named("eth0", keyfile("a", 1)), named("eth1", keyfile("b", 2))];
    assert_eq!(reasons(&plan(&profiles, &devices, &Context::default())), [(Reason::AnyKeyfile, vec![0, 1])]);
    let profiles = [named("eth0", keyfile("a", 1)), must(named("eth1", keyfile("b", 2)))];
    assert_eq!(reasons(&plan(&profiles, &devices, &Context::default())), [(Reason::MayNotFail, vec![1])]);
    let profiles = [named("eth0", keyfile("a", 1)), must(named("eth9", keyfile("b", 2)))];
    assert_eq!(reasons(&plan(&profiles, &devices, &Context::default())), [(Reason::AnyKeyfile, vec![0, 1])]);
}

#[test]
fn a_required_profile_that_lost_its_link_is_met_by_the_winner() {
    let profiles = [named("eth0", argument("ip=eth0:dhcp", 1)), named("eth0", keyfile("k", 2))];
    let plan = plan(&profiles, &hardware(&["eth0"]), &Context::default());
    assert_eq!(taken(&plan, 1), ["eth0"]);
    assert_eq!(reasons(&plan), [(Reason::Named, vec![0])]);
    assert_eq!(plan.requirements[0].links, [Target::Link(2)]);
}

#[test]
fn a_network_that_is_there_already_meets_the_catch_all() {
    let mut devices = hardware(&["eth0"]);
    devices[0].default_route = true;
    let plan = plan(&[for_any_link(1)], &devices, &Context::default());
    assert_eq!(plan.requirements[0].met_by, Some(2));
    assert_eq!(plan.requirements[0].verdict(|_| Progress::Failed, Duration::ZERO), Verdict::Met);
}

#[test]
fn a_bond_counts_for_its_ports() {
    let profiles = [bond("bond0", 1), port("bond0", named("eth0", argument("eth0", 2)))];
    let plan = plan(&profiles, &hardware(&["eth0"]), &Context::default());
    assert_eq!(reasons(&plan), [(Reason::Named, vec![0])]);
    assert_eq!(plan.requirements[0].links, [Target::Creation(0)]);
    assert!(plan.creations[0].required && !plan.activations[0].required);
}

#[test]
fn needing_the_network_without_a_profile_is_said() {
    let context = Context { need_network: true, ..Context::default() };
    assert_eq!(plan(&[], &hardware(&["eth0"]), &context).warnings.len(), 1);
}

#[test]
fn a_required_bond_waits_for_its_first_port_only() {
    let profiles = [
        bond("bond0", 1),
        port("bond0", named("eth0", argument("eth0", 2))),
        port("bond0", named("eth1", argument("eth1", 3))),
    ];
    let timeouts = |devices: &[&str]| {
        let plan = plan(&profiles, &hardware(devices), &Context::default());
        plan.waiting.iter().map(|waiting| waiting.timeout.is_zero()).collect::<Vec<_>>()
    };
    assert_eq!(timeouts(&[]), [false, false]);
    assert_eq!(timeouts(&["eth0"]), [true]);
}
