//! One link from "down" to "configured", as a state machine.

/// How it went.
#[derive(Debug, Clone)]
pub struct Outcome {}
