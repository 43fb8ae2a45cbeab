//! The straight line for `up`: read, plan, bring up, write. The only file that names every stage.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::activate::{LinkState, Outcome, Remembered, Session, Settings, Verdict};
use crate::cli::Up;
use crate::input::{self, Gathered, Sources};
use crate::kernel::{self, Kernel, KernelError};
use crate::plan::{self, Context};
use crate::poll::{self, Driver};
use crate::profile::desired::DesiredLink;
use crate::proto::identity::Host;
use crate::state::{self, StateFile};

/// How long carrier is waited for where the command line does not say (`rd.net.timeout.carrier`).
const CARRIER_TIMEOUT: Duration = Duration::from_secs(10);

/// Brings the network up as asked and writes down what became of it.
pub fn up(arguments: &Up) -> Result<Outcome, KernelError> {
    let started = poll::now();
    let container = std::env::var("container").ok();
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let gathered = input::gather(&Sources {
        root: &arguments.root,
        cmdline: arguments.cmdline.as_deref(),
        profiles: arguments.profiles.as_deref(),
        container: container.as_deref(),
        credentials: credentials.as_deref(),
    });
    gathered.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    if gathered.hosts_line_left_out {
        log::info!("in a container: /proc/cmdline is the host's and not read; say what is wanted with --cmdline");
    }
    let remembered = state::memory::read(&arguments.root);
    let mut kernel = Kernel::open()?;
    kernel.require_permission()?;
    rename(&mut kernel, &gathered)?;
    let line = gathered.line.to_string();
    let said = gathered.warnings.len();
    let timeout = arguments.timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let owned = remembered.iter().map(|link| link.ifindex).collect();
    let context = context(&gathered, arguments.cmdline.as_deref(), owned);
    let asked = arguments.dracut.then(|| state::dracut::Asked {
        bootdev: context.bootdev.clone().or_else(|| gathered.reading.bootif.map(|mac| mac.to_string())),
        servers: gathered.reading.servers.clone(),
    });
    let settings = settings(gathered, context, host(&arguments.root), remembered, timeout);
    loopback(&mut kernel);
    let mut session = Session::new(settings, started);
    let mut driver = Driver::new(&mut kernel, Path::new("/sys"))?;
    let verdict = driver.run(&mut session)?;
    let mut outcome = session.outcome(verdict);
    outcome.warnings.iter().skip(said).for_each(|warning| log::warn!("{warning}"));
    write(&arguments.root, &line, asked.as_ref(), &mut outcome);
    driver.leave();
    Ok(outcome)
}

/// What the plan must know beside profiles and devices. `cmdline` is the command line given in place of the files; `owned`
/// are the links that an earlier run configured.
pub fn context(gathered: &Gathered, cmdline: Option<&str>, owned: Vec<u32>) -> Context {
    let (reading, defaults) = (&gathered.reading, Context::default());
    let line = cmdline.map_or_else(|| gathered.line.to_string(), ToOwned::to_owned);
    Context {
        words: plan::words::split(&line),
        need_network: reading.need_network.is_some(),
        bootdev: reading.bootdev.clone(),
        single_dhcp: reading.single_dhcp,
        device_timeout: reading.timeouts.iflink.unwrap_or(defaults.device_timeout),
        kept: Vec::new(),
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
) -> Settings {
    let reading = gathered.reading;
    Settings {
        profiles: gathered.profiles,
        context,
        carrier_timeout: reading.timeouts.carrier.unwrap_or(CARRIER_TIMEOUT),
        timeout,
        hostname: reading.hostname,
        warnings: gathered.warnings,
        remembered,
        host,
        seed: kernel::random::seed(),
    }
}

/// What identifiers of this machine are made of, as far as it is to be had here.
fn host(root: &Path) -> Rc<Host> {
    let read = |path: &str| std::fs::read(root.join(path)).ok();
    let machine_id = read("etc/machine-id").or_else(|| read("var/lib/dbus/machine-id"));
    let machine_id = machine_id.and_then(|text| String::from_utf8(text).ok());
    Rc::new(Host::new(machine_id.as_deref(), read("var/lib/NetworkManager/secret_key").as_deref()))
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
    let wanted = kernel.survey().ok().and_then(|snapshot| snapshot.loopback());
    for failure in wanted.map(|wanted| kernel.apply(&[wanted]).failures).unwrap_or_default() {
        log::warn!("{failure}");
    }
}

/// Leaves behind what daemons, programs and people need. A file that cannot be written makes the run degraded, no more.
fn write(root: &Path, line: &str, asked: Option<&state::dracut::Asked>, outcome: &mut Outcome) {
    set_hostname(outcome);
    let up = || outcome.links.iter().filter(|link| link.state == LinkState::Up);
    let networkmanager: Vec<StateFile> = up().flat_map(|link| state::networkmanager::files(link, root)).collect();
    let remarks: Vec<_> = up().filter_map(state::networkd::remark).collect();
    let networkd: Vec<StateFile> = up().map(state::networkd::file).collect();
    let klibc: Vec<StateFile> = up().flat_map(state::klibc::files).collect();
    let mut files = [networkmanager.as_slice(), &networkd, &klibc].concat();
    let known =
        outcome.links.iter().filter(|link| link.state == LinkState::Up || link.created || !link.tuned.is_empty());
    files.extend(known.map(state::memory::remember));
    files.extend(state::resolv_conf::files(&outcome.dns));
    files.extend(asked.into_iter().flat_map(|asked| state::dracut::files(outcome, asked)));
    let mut errors = state::write(root, &files);
    let handed_over = [("networkmanager", networkmanager), ("networkd", networkd), ("klibc", klibc)];
    remarks.iter().for_each(|remark| log::warn!("{remark}"));
    outcome.warnings.extend(remarks);
    let report = state::report::file(outcome, line, &handed_over);
    errors.extend(state::write(root, &[report]));
    errors.iter().for_each(|error| log::warn!("{error}"));
    if !errors.is_empty() && outcome.result == Verdict::Ok {
        outcome.result = Verdict::Degraded;
    }
}

/// Sets the host name where the host has none of its own yet.
fn set_hostname(outcome: &Outcome) {
    let Some(wanted) = &outcome.hostname else { return };
    if let Err(error) = kernel::hostname::set_if_unset(wanted) {
        log::warn!("{error}");
    }
}
