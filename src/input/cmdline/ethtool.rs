//! `rd.ethtool=IFACE:AUTONEG:SPEED`.

use super::builder::Builder;
use super::lex::{Interface, Value, boolean, number};
use crate::profile::LinkKind;

/// Negotiation of a link. What is no Ethernet link keeps its type.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let mut fields = value.fields();
    let (link, negotiate, speed) = (fields.next(':'), fields.next(':'), fields.next(':'));
    let Some(interface) = Interface::parse(link.text) else {
        let text = format!("'{}' is neither an interface name nor a MAC; the argument is ignored", link.text);
        return builder.error(value.origin_of(link), text);
    };
    let on = negotiate.get().and_then(boolean);
    if on.is_none() && !negotiate.is_empty() {
        builder.error(
            value.origin_of(negotiate),
            format!("'{}' is not a switch (on or off); it is ignored", negotiate.text),
        );
    }
    let given = speed.get().map(|text| number(text, 0, i64::from(u32::MAX)));
    if given == Some(None) {
        builder.error(value.origin_of(speed), format!("'{}' is no speed in Mbit/s; it is ignored", speed.text));
    }
    let mbits = given.flatten().and_then(|mbits| u32::try_from(mbits).ok()).filter(|&mbits| mbits > 0);
    if on == Some(false) && mbits.is_none() {
        builder.error(value.origin_of(negotiate), "without negotiation a link needs a speed; it goes on negotiating");
    }
    if !fields.is_empty() {
        let rest = fields.rest();
        builder.caution(value.origin_of(rest), format!("'{}' is not used", rest.text));
    }
    let stem = interface.to_string();
    let kind = builder.find(&stem).is_none().then_some(LinkKind::Ethernet);
    let entry = builder.link(&interface, kind, value);
    if on.is_none() && mbits.is_none() {
        if negotiate.is_empty() && speed.is_empty() {
            builder.caution(value.origin(), "neither on or off nor a speed: it asks for nothing");
        }
        return;
    }
    if !matches!(entry.profile.kind, LinkKind::Ethernet) {
        return builder.caution(value.origin(), format!("{stem} is no Ethernet link, which has nothing to negotiate"));
    }
    let settings = entry.settings();
    settings.auto_negotiate = Some(on.unwrap_or(false));
    settings.speed = mbits;
    settings.full_duplex = mbits.map(|_| true);
}
