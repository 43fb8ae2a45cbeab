//! Profile uuids that are the same on every run, so that what a daemon derives from them stays the same too.

use uuid::{Uuid, uuid};

/// The namespace of sunup's profile uuids, drawn at random once. It never changes: daemons derive DHCP identifiers and
/// stable-privacy addresses from the uuids made with it.
const NAMESPACE: Uuid = uuid!("da6753f1-6a9c-46f7-9655-f90eb31cfad8");

/// A version 5 uuid (RFC 9562, section 5.5) that names a profile by `parts`, e.g. its source and its file name.
/// The name hashed is `sunup`, NUL, and the parts joined by NUL.
pub fn stable_uuid(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("sunup\0{}", parts.join("\0")).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_always_give_the_same_uuid() {
        assert_eq!(stable_uuid(&["cmdline", "eth0"]).to_string(), "ec16d2c1-bd34-5421-a54a-fc9314812fc7");
    }

    #[test]
    fn moving_a_boundary_between_parts_gives_another_uuid() {
        assert_ne!(stable_uuid(&["nbft", "12"]), stable_uuid(&["nbft1", "2"]));
    }
}
