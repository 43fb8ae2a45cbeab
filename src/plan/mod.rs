//! Which profile takes which device, and why: a pure function from profiles and devices to a [`Plan`].

/// What would be done, and why.
#[derive(Debug, Clone, Default)]
pub struct Plan {}
