//! What the kernel refused is handed over to nobody.

use crate::activate::{Outcome, Verdict};
use crate::kernel::{Kernel, Request, diff};
use crate::profile::desired::DesiredRoute;
use crate::profile::sort::sort;

/// Forgets routes that are not there although they were asked for: systemd-networkd gives a link up for one that the kernel refuses.
pub(super) fn leave_out(kernel: &mut Kernel, outcome: &mut Outcome) {
    if outcome.result == Verdict::Ok {
        return;
    }
    for link in &mut outcome.links {
        let want = [link.target.clone()];
        let Ok(have) = kernel.snapshot_for(&want) else { continue };
        // Told apart by where they stand: there may be ten thousand.
        let place = |route: &DesiredRoute| std::ptr::from_ref(route).addr();
        let mut missing = Vec::new();
        for request in diff(&have, &want) {
            if let Request::AddRoute(_, route) = request {
                missing.push(place(route));
            }
        }
        sort(&mut missing);
        let [want] = &want;
        let mut asked = want.routes.iter();
        link.target.routes.retain(|_| asked.next().is_some_and(|route| missing.binary_search(&place(route)).is_err()));
    }
}
