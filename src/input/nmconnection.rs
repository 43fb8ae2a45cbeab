//! NetworkManager keyfile profiles (`*.nmconnection`): groups and keys to and from [`crate::profile::Profile`].
