//! The straight line for `up`: read, plan, bring up, write.
