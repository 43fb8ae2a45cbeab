//! GKeyFile syntax: groups, keys, escapes, lists.
