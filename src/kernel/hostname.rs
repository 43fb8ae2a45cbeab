//! The host name (`gethostname(2)`, `sethostname(2)`).

use nix::unistd;

use super::error::KernelError;

/// The host name; `None` if none was ever set (`(none)`, the kernel's default).
pub fn get() -> Result<Option<String>, KernelError> {
    let name = unistd::gethostname().map_err(|errno| KernelError::HostName { verb: "read", errno: errno as i32 })?;
    let name = name.to_string_lossy().into_owned();
    Ok(Some(name).filter(|name| !name.is_empty() && name != "(none)"))
}

/// Sets the host name if it differs. True: it was changed.
pub fn set(name: &str) -> Result<bool, KernelError> {
    if get()?.as_deref() == Some(name) {
        return Ok(false);
    }
    unistd::sethostname(name).map_err(|errno| KernelError::HostName { verb: "set", errno: errno as i32 })?;
    Ok(true)
}

/// Sets the host name where the host has none of its own: none at all, or `localhost`; `before` is told what it was, before it is
/// changed. True: it was changed.
pub fn set_if_unset(name: &str, before: impl FnOnce(Option<String>)) -> Result<bool, KernelError> {
    let former = get()?;
    match former.as_deref() {
        None | Some("localhost" | "localhost.localdomain") if former.as_deref() != Some(name) => {
            before(former);
            set(name)
        }
        _ => Ok(false),
    }
}
