//! Strings from the network: types that cannot be built from bytes that could hurt a shell, a path or a log.
