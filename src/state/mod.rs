//! What is left behind for daemons, programs and people.
