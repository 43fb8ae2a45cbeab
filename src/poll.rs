//! The one loop: sockets, machines, earliest deadline.
