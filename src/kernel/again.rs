//! Calls that fail for want of a moment's memory are made again, a few times: a machine that starts may be short of it.

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollTimeout, poll};

/// Pauses between attempts; after the last one the error stands.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 16, 32];

/// What passes when something is sent or opened.
pub(super) const SENDING: [Errno; 3] = [Errno::EINTR, Errno::ENOBUFS, Errno::ENOMEM];
/// What passes when something is received: ENOBUFS there says that words were lost.
pub(super) const RECEIVING: [Errno; 2] = [Errno::EINTR, Errno::ENOMEM];

/// What the call answers, or its error once that does not pass.
pub(super) fn again<T>(passing: &[Errno], mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for pause in PAUSES {
        match call() {
            Err(error) if error.raw_os_error().is_some_and(|number| passing.contains(&Errno::from_raw(number))) => {
                let timeout = PollTimeout::try_from(Duration::from_millis(pause)).unwrap_or(PollTimeout::ZERO);
                let _ = poll(&mut [], timeout);
            }
            other => return other,
        }
    }
    call()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(times: usize, errno: Errno) -> (io::Result<usize>, usize) {
        let mut calls = 0;
        let answer = again(&SENDING, || {
            calls += 1;
            if calls > times { Ok(calls) } else { Err(errno.into()) }
        });
        (answer, calls)
    }

    #[test]
    fn what_passes_is_done_again_and_no_more_than_a_few_times() {
        assert_eq!(failing(0, Errno::ENOBUFS).0.unwrap(), 1);
        assert_eq!(failing(3, Errno::ENOMEM).0.unwrap(), 4);
        let (answer, calls) = failing(99, Errno::ENOBUFS);
        assert_eq!((answer.unwrap_err().raw_os_error(), calls), (Some(Errno::ENOBUFS as i32), PAUSES.len() + 1));
    }

    #[test]
    fn what_does_not_pass_is_an_error_at_once() {
        assert_eq!(failing(99, Errno::EPERM).1, 1);
    }
}
