//! `rd.sunup.handover` and `rd.sunup.exit`: what happens after sunup.

use super::builder::Builder;
use super::lex::Value;
use crate::profile::handover::{ExitRule, Handover};

/// `rd.sunup.handover`: the last one counts.
pub(super) fn handover<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    match Handover::parse(value.text()) {
        Ok(handover) => builder.reading.handover = Some(handover),
        Err(word) => {
            let text = format!("'{word}' is none of networkmanager, networkd, none; the argument is ignored");
            builder.error(value.origin_of_value(), text);
        }
    }
}

/// `rd.sunup.exit`: may be repeated.
pub(super) fn exit<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    match ExitRule::parse(value.text()) {
        Some(rule) => builder.reading.exit.push(rule),
        None => {
            let text = format!("'{}' is no [IFACE:]keep, adopt or flush; it is ignored", value.text());
            builder.error(value.origin_of_value(), text);
        }
    }
}
