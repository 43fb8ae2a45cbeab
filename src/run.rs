//! The straight line for `up`: read, plan, bring up, write. The only file that names every stage.

mod asked;
mod elsewhere;
mod refused;
mod renew;
mod write;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::activate::{Dns, Outcome, Remembered, Session, Settings, TunnelSettings, Verdict};
use crate::cli::Up;
use crate::input::{self, Gathered, Sources, file};
use crate::journal::Journal;
use crate::kernel::{self, Kernel, KernelError};
use crate::plan::{self, Context};
use crate::poll::{self, Driver};
use crate::profile::desired::DesiredLink;
use crate::proto::identity::Host;
use crate::state;
use elsewhere::Elsewhere;
pub use renew::renew;
use write::Leave;

/// Everything that is asked for, below `root`; `cmdline` and `profiles` stand for what is read otherwise.
pub fn gather(root: &Path, cmdline: Option<&str>, profiles: Option<&Path>) -> Gathered {
    let container = std::env::var("container").ok();
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let (container, credentials) = (container.as_deref(), credentials.as_deref());
    input::gather(&Sources { root, cmdline, profiles, container, credentials })
}

/// Brings the network up as asked and writes down what became of it.
pub fn up(arguments: &Up) -> Result<Outcome, KernelError> {
    let started = poll::now();
    asked::read_ibft(&arguments.root, arguments.cmdline.as_deref());
    let gathered = gather(&arguments.root, arguments.cmdline.as_deref(), arguments.profiles.as_deref());
    gathered.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    if gathered.hosts_line_left_out {
        log::info!("in a container: /proc/cmdline is the host's and not read; say what is wanted with --cmdline");
    }
    let remembered = state::memory::read(&arguments.root);
    let mut kernel = Kernel::open()?;
    kernel.require_permission()?;
    kernel.journal = Some(Journal::open(&arguments.root));
    rename(&mut kernel, &gathered)?;
    let line = gathered.line.to_string();
    let said = gathered.warnings.len();
    let owned = remembered.iter().map(|link| link.ifindex).collect();
    let context = context(&gathered, arguments.cmdline.as_deref(), owned);
    let daemon = state::daemon_settings::files(&gathered.reading.global_dns);
    let asked = arguments.dracut.then(|| state::dracut::Asked {
        bootdev: context.bootdev.clone().or_else(|| gathered.reading.bootif.map(|mac| mac.to_string())),
        servers: gathered.reading.servers.clone(),
    });
    let leave = Leave::new(arguments, &gathered.reading, asked);
    let mut settings = settings(gathered, context, host(&arguments.root), remembered, arguments.timeout, &leave);
    let elsewhere = Elsewhere::split(arguments, &mut settings)?;
    loopback(&mut kernel);
    let mut session = Session::new(settings, started);
    let mut driver = Driver::new(&mut kernel, Path::new("/sys"))?;
    let verdict = driver.run(&mut session)?;
    let mut outcome = session.outcome(verdict);
    refused::leave_out(driver.kernel(), &mut outcome);
    let theirs = elsewhere.map(|elsewhere| elsewhere.finish(driver.kernel(), &mut outcome)).transpose();
    let theirs = theirs.unwrap_or_else(|error| {
        log::error!("{error}");
        outcome.result = Verdict::Degraded;
        None
    });
    outcome.warnings.iter().skip(said).for_each(|warning| log::warn!("{warning}"));
    let first = [daemon, theirs.unwrap_or_default()].concat();
    state::write(&arguments.root, &first, driver.journal()).iter().for_each(|error| log::warn!("{error}"));
    write::write(&arguments.root, state::report::hash(&line), &leave, &mut outcome, driver.journal());
    driver.leave();
    Ok(outcome)
}

/// What the plan must know beside profiles and devices. `cmdline` is the command line given in place of the files; `owned`
/// are the links that an earlier run configured.
pub fn context(gathered: &Gathered, cmdline: Option<&str>, owned: Vec<u32>) -> Context {
    let reading = &gathered.reading;
    let line = cmdline.map_or_else(|| gathered.line.to_string(), ToOwned::to_owned);
    Context {
        words: plan::words::split(&line),
        need_network: reading.need_network.is_some(),
        bootdev: reading.bootdev.clone(),
        single_dhcp: reading.single_dhcp,
        device_timeout: reading.timeouts.iflink,
        kept: Vec::new(),
        lost: Vec::new(),
        owned,
    }
}

/// What the session is told.
fn settings(
    gathered: Gathered,
    context: Context,
    host: Rc<Host>,
    remembered: Vec<Remembered>,
    timeout: Option<Duration>,
    leave: &Leave,
) -> Settings {
    let reading = gathered.reading;
    let given = reading.nameservers.iter().map(ToString::to_string).collect();
    let mut resolver = Dns { servers: given, ..Dns::default() };
    let (servers, search) = gathered.resolver;
    resolver.merge(&Dns { servers, search, ..Dns::default() });
    let tunnels = TunnelSettings {
        handshake_timeout: reading.timeouts.handshake.unwrap_or(TunnelSettings::default().handshake_timeout),
        bypass: reading.wireguard_bypass,
        resolver,
        hosts: gathered.hosts,
        ..TunnelSettings::default()
    };
    Settings {
        renew: None,
        renewed: Vec::new(),
        exit: leave.exit.clone(),
        profiles: gathered.profiles,
        context,
        limits: asked::limits(&reading.timeouts),
        timeout,
        hostname: reading.hostname,
        global_dns: asked::global_servers(&reading.global_dns),
        warnings: gathered.warnings,
        remembered,
        host,
        seed: kernel::random::seed(),
        tunnels,
        no_ipv6: !kernel::has_ipv6(),
    }
}

/// What identifiers of this machine are made of, as far as it is to be had here.
fn host(root: &Path) -> Rc<Host> {
    let read = |path: &str| file::contents(&root.join(path), file::SHORT);
    let machine_id = read("etc/machine-id").or_else(|| read("var/lib/dbus/machine-id"));
    let machine_id = machine_id.and_then(|text| String::from_utf8(text).ok());
    let host = Host::new(machine_id.as_deref(), read("var/lib/NetworkManager/secret_key").as_deref());
    let file = || Some(String::from_utf8(read("etc/hostname")?).ok()?.trim().to_owned());
    Rc::new(host.named(kernel::hostname::get().ok().flatten().or_else(file)))
}

/// `ifname=`: gives links the names asked for before anything is matched by name.
fn rename(kernel: &mut Kernel, gathered: &Gathered) -> Result<(), KernelError> {
    if gathered.reading.renames.is_empty() {
        return Ok(());
    }
    let devices = kernel.devices(Path::new("/sys"))?;
    let wanted = |(name, mac): &(String, crate::profile::HwAddr)| {
        let device = devices.iter().find(|device| device.match_mac() == Some(*mac) && device.name != *name)?;
        Some(DesiredLink { ifindex: device.ifindex, name: Some(name.clone()), ..DesiredLink::default() })
    };
    let wanted: Vec<DesiredLink> = gathered.reading.renames.iter().filter_map(wanted).collect();
    kernel.apply(&wanted).failures.iter().for_each(|failure| log::warn!("{failure}"));
    Ok(())
}

/// Sets the loopback link up: nobody else does in an image without a network daemon.
fn loopback(kernel: &mut Kernel) {
    let Ok(snapshot) = kernel.survey() else { return };
    for failure in snapshot.loopback().map(|up| kernel.apply_to(&snapshot, &[up]).failures).unwrap_or_default() {
        log::warn!("{failure}");
    }
}
