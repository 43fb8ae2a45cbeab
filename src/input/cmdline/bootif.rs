//! `BOOTIF=`: the link the boot loader used, and `ifname=`: names for links.

use super::builder::Builder;
use super::lex::{Value, is_interface_name};
use crate::profile::{HwAddr, LinkKind, MultiConnect};

/// `connection.autoconnect-priority` of what the firmware asks for.
const PRIORITY: i32 = -200;

/// `BOOTIF=`: the last one counts.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.collected.bootif = Some(value);
}

/// `rd.bootif`.
pub(super) fn switch<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.switches.bootif = super::dhcp::switch(builder, value, true);
}

/// Gives the MAC to the first Ethernet profile that is not bound to a link yet, else to a profile of its own.
pub(super) fn apply(builder: &mut Builder<'_>) {
    let Some(value) = builder.collected.bootif.filter(|_| builder.switches.bootif) else { return };
    let Some(mac) = mac(value.text()) else {
        let text = format!("'{}' is no MAC, nor 01- and a MAC; it is ignored", value.text());
        return builder.error(value.origin_of_value(), text);
    };
    builder.reading.bootif = Some(mac);
    let first = builder.entries.iter().position(|entry| entry.profile.kind == LinkKind::Ethernet);
    let entry = match first {
        Some(at) => builder.at(at),
        None => builder.default_link(value.origin()),
    };
    let bound = entry.profile.matching.mac_address.is_some_and(|known| known != mac);
    if entry.profile.interface_name.is_none() && !bound {
        entry.profile.matching.mac_address = Some(mac);
        return;
    }
    let mut profile = builder.profile("bootif_connection", "BOOTIF Connection", LinkKind::Ethernet, value.origin());
    profile.matching.mac_address = Some(mac);
    profile.autoconnect_priority = PRIORITY;
    profile.multi_connect = MultiConnect::Single;
    builder.add(profile);
}

/// A MAC, or one after its hardware type: 01 is Ethernet (RFC 1700), 00 is taken for "not known".
pub(super) fn mac(text: &str) -> Option<HwAddr> {
    let ethernet = |text: &str| text.parse::<HwAddr>().ok().filter(|mac| mac.as_bytes().len() == 6);
    let typed = || ["01-", "01:", "00-", "00:"].iter().find_map(|prefix| text.strip_prefix(prefix)).and_then(ethernet);
    ethernet(text).or_else(typed)
}

/// `ifname=NAME:MAC`. dracut's own code names links of the NBFT `nbft0` and so on: then it has read the table already.
pub(super) fn ifname<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.switches.nbft_names |= value.text().starts_with("nbft");
    let mut fields = value.fields();
    let name = fields.next(':');
    let mut rest = fields;
    let inside = rest.next('\0');
    match inside.text.parse::<HwAddr>() {
        Ok(mac) if is_interface_name(name.text) => {
            if mac.as_bytes().len() == 6 {
                builder.defaults.ethernet_names.push(name.text.to_owned());
            }
            builder.reading.renames.retain(|(known, _)| known != name.text);
            builder.reading.renames.push((name.text.to_owned(), mac));
        }
        _ => builder.error(value.origin_of_value(), "the form is ifname=NAME:MAC; no link is renamed"),
    }
}
