//! `log::Log` to standard error or /dev/kmsg.
