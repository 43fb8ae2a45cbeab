//! `sunup wait`: returns when the network is there, or a host can be reached. Nothing is polled: the kernel tells of changes, and the
//! report of `up` of its own.

mod host;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

use self::host::Target;
use crate::cli::Wait;
use crate::kernel::{Kernel, KernelError, Watch, reach};
use crate::state::{file, report};

/// How long one attempt to connect is given before the next.
const ATTEMPT: Duration = Duration::from_secs(3);

/// Less is too short for another one: it would only say that there was no time.
const HARDLY: Duration = Duration::from_millis(50);

/// Waits. Exit code 0: it is so; 1: it was not within the time; 2: the host is no address and no name.
pub(super) fn run(arguments: &Wait) -> ExitCode {
    crate::log::start(arguments.verbose);
    let target = match arguments.reach.as_deref().map(Target::parse) {
        Some(None) => {
            eprintln!(
                "sunup: --reach takes HOST or HOST:PORT, where HOST is a name or an address ([ADDRESS]:PORT for IPv6)"
            );
            return ExitCode::from(2);
        }
        Some(found) => found,
        None => None,
    };
    match wait(arguments, target.as_ref()) {
        Ok(Reached(None)) => ExitCode::SUCCESS,
        Ok(Reached(Some(why))) => {
            log::error!("{why} after {} s", arguments.timeout.map_or(0, |timeout| timeout.as_secs()));
            ExitCode::FAILURE
        }
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Why not, if not.
struct Reached(Option<String>);

fn wait(arguments: &Wait, target: Option<&Target>) -> Result<Reached, KernelError> {
    let mut kernel = Kernel::open()?;
    let path = file::below(&arguments.root, Path::new(report::PATH));
    // Listens before it looks: what happens in between is heard.
    let mut watch = Watch::open(&mut kernel, path.parent().unwrap_or(&arguments.root))?;
    let end = arguments.timeout.map(|timeout| crate::poll::now() + timeout);
    loop {
        let left = end.map(|end| end.since(crate::poll::now()));
        let attempt = left.map_or(ATTEMPT, |left| left.min(ATTEMPT));
        let why = match target {
            None if is_online(&mut kernel, &path)? => None,
            None => Some("the network is not up".to_owned()),
            Some(target) => reaches(&mut kernel, &arguments.root, target, attempt)?,
        };
        let left = end.map(|end| end.since(crate::poll::now()));
        if why.is_none() || left.is_some_and(|left| left.is_zero()) {
            return Ok(Reached(why));
        }
        // A host that comes up far away is announced by nobody.
        let longest = if target.is_some() { Some(ATTEMPT) } else { None };
        watch.wait([left, longest].into_iter().flatten().min());
        let left = end.map(|end| end.since(crate::poll::now()));
        if target.is_some() && left.is_some_and(|left| left < HARDLY) {
            return Ok(Reached(why));
        }
    }
}

/// Tries once, all addresses of the host one after the other. Answers why it is not reached.
fn reaches(kernel: &mut Kernel, root: &Path, target: &Target, within: Duration) -> Result<Option<String>, KernelError> {
    let end = crate::poll::now() + within;
    let addresses = match target.addresses(kernel, root, within) {
        Ok(addresses) => addresses,
        Err(why) => return Ok(Some(why)),
    };
    let mut left = u32::try_from(addresses.len()).unwrap_or(1);
    for address in addresses {
        let share = end.since(crate::poll::now()) / left.max(1);
        left = left.saturating_sub(1);
        let reached = match target.port {
            Some(port) => reach::connects(SocketAddr::new(address, port), share),
            None => kernel.reaches(address, share)?,
        };
        if reached {
            return Ok(None);
        }
    }
    Ok(Some(format!("{target} is not reached")))
}

/// True if `up` has ended well enough, and what it made is still there: every link that it counted on has carrier and one of its
/// addresses. Where it counted on none, any link that came up will do.
fn is_online(kernel: &mut Kernel, path: &Path) -> Result<bool, KernelError> {
    let Some(report) = report::read(path).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
        return Ok(false);
    };
    let snapshot = kernel.survey()?;
    let word = |link: &Value, key: &str| link.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_there = |link: &&Value| {
        let ifindex =
            link.get("ifindex").and_then(Value::as_u64).and_then(|index| u32::try_from(index).ok()).unwrap_or(0);
        let carrier = snapshot.link(ifindex).is_some_and(|link| link.up && link.carrier);
        let mut addresses = link.get("addresses").and_then(Value::as_array).into_iter().flatten().peekable();
        let none = addresses.peek().is_none();
        let usable = |cidr: String| {
            snapshot
                .addresses
                .iter()
                .any(|held| held.ifindex == ifindex && held.net.to_string() == cidr && !held.is_tentative())
        };
        word(link, "state") == "up" && carrier && (none || addresses.any(|address| usable(word(address, "cidr"))))
    };
    let links: Vec<&Value> = report.get("links").and_then(Value::as_array).into_iter().flatten().collect();
    let required: Vec<&Value> =
        links.iter().copied().filter(|link| link.get("required") == Some(&Value::Bool(true))).collect();
    let required_there = required.iter().filter(|link| is_there(link)).count();
    // Several links may stand for one requirement: what `up` itself said decides how many are enough.
    Ok(match (word(&report, "result").as_str(), required.is_empty()) {
        ("ok", true) => links.iter().any(is_there),
        ("ok", false) => required.iter().filter(|link| word(link, "state") == "up").all(is_there) && required_there > 0,
        _ => false,
    })
}
