//! `sunup wait`: returns when the network is there, or a host can be reached. Nothing is polled: the kernel tells of changes, and the
//! report of `up` of its own.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

use crate::cli::Wait;
use crate::kernel::{Kernel, KernelError, Watch, reach};
use crate::state::{file, report};

/// How long one attempt to connect is given before the next.
const ATTEMPT: Duration = Duration::from_secs(3);

/// Waits. Exit code 0: it is so; 1: it was not within the time; 2: the host is no address.
pub(super) fn run(arguments: &Wait) -> ExitCode {
    crate::log::start(arguments.verbose);
    let target = match arguments.reach.as_deref().map(target) {
        Some(None) => {
            eprintln!(
                "sunup: --reach takes ADDRESS or ADDRESS:PORT ([ADDRESS]:PORT for IPv6); names are not looked up"
            );
            return ExitCode::from(2);
        }
        Some(found) => found,
        None => None,
    };
    match wait(arguments, target) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            let what = arguments
                .reach
                .as_deref()
                .map_or("the network is not up".to_owned(), |host| format!("{host} is not reached"));
            log::error!("{what} after {} s", arguments.timeout.map_or(0, |timeout| timeout.as_secs()));
            ExitCode::FAILURE
        }
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`.
fn target(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some((address, None));
    }
    text.parse::<SocketAddr>().ok().map(|socket| (socket.ip(), Some(socket.port())))
}

fn wait(arguments: &Wait, target: Option<(IpAddr, Option<u16>)>) -> Result<bool, KernelError> {
    let mut kernel = Kernel::open()?;
    let path = file::below(&arguments.root, std::path::Path::new(report::PATH));
    // Listens before it looks: what happens in between is heard.
    let mut watch = Watch::open(&mut kernel, path.parent().unwrap_or(&arguments.root))?;
    let end = arguments.timeout.map(|timeout| crate::poll::now() + timeout);
    loop {
        let left = end.map(|end| end.since(crate::poll::now()));
        let attempt = left.map_or(ATTEMPT, |left| left.min(ATTEMPT));
        let done = match target {
            None => is_online(&mut kernel, &path)?,
            Some((address, Some(port))) => reach::connects(SocketAddr::new(address, port), attempt),
            Some((address, None)) => kernel.reaches(address, attempt)?,
        };
        let left = end.map(|end| end.since(crate::poll::now()));
        if done || left.is_some_and(|left| left.is_zero()) {
            return Ok(done);
        }
        // A host that comes up far away is announced by nobody.
        let longest = if target.is_some() { Some(ATTEMPT) } else { None };
        watch.wait([left, longest].into_iter().flatten().min());
    }
}

/// True if `up` has ended well enough, and what it made is still there: every link that it counted on has carrier and one of its
/// addresses. Where it counted on none, any link that came up will do.
fn is_online(kernel: &mut Kernel, path: &std::path::Path) -> Result<bool, KernelError> {
    let Some(report) = file::read(path).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_with_or_without_a_port() {
        assert_eq!(target("192.0.2.1"), Some(("192.0.2.1".parse().unwrap(), None)));
        assert_eq!(target("192.0.2.1:80"), Some(("192.0.2.1".parse().unwrap(), Some(80))));
        assert_eq!(target("2001:db8::1"), Some(("2001:db8::1".parse().unwrap(), None)));
        assert_eq!(target("[2001:db8::1]:443"), Some(("2001:db8::1".parse().unwrap(), Some(443))));
        assert_eq!(target("tang.example"), None);
        assert_eq!(target("192.0.2.1:http"), None);
    }
}
