//! sunup brings a machine's network up before sunrise: it reads what was asked for, makes it so, writes down what
//! it did, and exits.
//!
//! # The one straight line
//!
//! ```text
//!  kernel command line ┐
//!  *.nmconnection      │              devices (netlink + sysfs)
//!  firmware tables     ├─► profiles ─────────┬─► plan ─► run (one poll loop) ─► outcome + state
//!                      ┘   what is wanted    │   who gets what,                 what the daemon, dracut,
//!                                            │   and why                        cloud-init and people read
//!                           match rules ─────┘
//! ```
//!
//! Every arrow hands on a plain value: [`profile::Profile`], [`profile::Device`], [`plan::Plan`],
//! [`activate::Outcome`]. Each can be printed, compared and tested with no network and no root.
//!
//! | room | what it does | may use |
//! | --- | --- | --- |
//! | [`profile`] | the vocabulary, plain data | `std`, `ipnet`, `uuid` |
//! | [`input`] | text and bytes in, profiles and warnings out | `profile` |
//! | [`plan`] | which profile takes which device, and why | `profile` |
//! | [`proto`] | DHCP and friends as state machines without sockets or clocks | `profile` |
//! | [`activate`] | one link from "down" to "configured", as a state machine | `profile`, `plan`, `proto` |
//! | [`journal`] | what is about to be changed, written ahead, so that it can be undone | `profile` |
//! | [`kernel`] | everything with a file descriptor | `profile`, `journal` |
//! | [`state`] | what is left behind for daemons, programs and people | `profile`, `proto`, `activate`, `journal`, `input` (its keyfile writer) |
//! | [`poll`] | the one loop: sockets, machines, earliest deadline | `profile`, `activate`, `proto`, `journal`, `kernel` |
//! | [`log`] | messages to standard error or the kernel's log | `profile` |
//! | [`run`] | the straight line itself | all of them |

pub mod activate;
pub mod cli;
pub mod command;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
#[allow(clippy::indexing_slicing, clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a fuzzer is told")]
pub mod fuzz;
pub mod input;
pub mod journal;
pub mod kernel;
pub mod log;
pub mod plan;
pub mod poll;
pub mod profile;
pub mod proto;
pub mod run;
pub mod state;
