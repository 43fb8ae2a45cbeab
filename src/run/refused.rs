//! What the kernel refused is handed over to nobody.

use crate::activate::{Outcome, Verdict};
use crate::kernel::{Kernel, Request, diff};

/// Forgets routes that are not there although they were asked for: systemd-networkd gives a link up for one that the kernel refuses.
pub(super) fn leave_out(kernel: &mut Kernel, outcome: &mut Outcome) {
    if outcome.result == Verdict::Ok {
        return;
    }
    for link in &mut outcome.links {
        let want = [link.target.clone()];
        let Ok(have) = kernel.snapshot_for(&want) else { continue };
        for request in diff(&have, &want) {
            if let Request::AddRoute(_, missing) = request {
                link.target.routes.retain(|route| route != missing);
            }
        }
    }
}
