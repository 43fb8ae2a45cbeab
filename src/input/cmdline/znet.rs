//! Network devices of s390: `rd.znet=TYPE,SUBCHANNELS,OPTIONS`, `rd.znet_ifname=NAME:SUBCHANNELS`, `net.ifnames=`.

use super::builder::Builder;
use super::lex::{Field, Value};
use crate::input::s390::is_option;
use crate::profile::{LinkKind, LinkSettings};

/// Keeps an `rd.znet=` until all profiles exist.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.collected.znets.push(value);
}

/// `rd.znet_ifname=`.
pub(super) fn name<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let mut fields = value.fields();
    let name = fields.next(':');
    let subchannels = fields.rest().text;
    if name.is_empty() {
        return builder.error(value.origin_of_value(), "the form is rd.znet_ifname=NAME:SUBCHANNELS; it is ignored");
    }
    builder.collected.znet_names.retain(|(known, ..)| *known != subchannels);
    builder.collected.znet_names.push((subchannels, name.text, value));
}

/// `net.ifnames=0`: links keep the kernel's names.
pub(super) fn names<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.switches.net_ifnames = value.text() != "0";
}

/// A device as `rd.znet=` describes it.
struct Znet<'a> {
    nettype: &'a str,
    subchannels: Vec<&'a str>,
    options: Vec<Field<'a>>,
}

impl<'a> Znet<'a> {
    /// Two subchannels for ctc and lcs, three for the others. `None` without any: no device can be told by that.
    fn parse(value: Value<'a>) -> Option<Self> {
        let mut fields = value.fields();
        let nettype = fields.next(',').text;
        let count = if matches!(nettype, "ctc" | "lcs") { 2 } else { 3 };
        let subchannels: Vec<&str> = (0..count).map_while(|_| fields.next(',').get()).collect();
        let options = std::iter::from_fn(|| Some(fields.next(',')).filter(|field| !field.is_empty())).collect();
        (subchannels.len() >= 2).then_some(Self { nettype, subchannels, options })
    }

    /// The name that udev's `net_id` gives the link: the bus id without leading zeros and dots.
    fn predictable_name(&self) -> String {
        let prefix = if self.nettype == "ctc" { "sl" } else { "en" };
        let id = self.subchannels.first().copied().unwrap_or_default();
        let short = id.trim_start_matches(['.', '0']);
        let last = id.char_indices().last().and_then(|(at, _)| id.get(at..)).unwrap_or_default();
        format!("{prefix}c{}", if short.is_empty() { last } else { short })
    }

    /// Writes the device into the settings of its link.
    fn apply(&self, settings: &mut LinkSettings) {
        settings.s390_nettype = Some(self.nettype.to_owned());
        settings.s390_subchannels = self.subchannels.iter().map(|&subchannel| subchannel.to_owned()).collect();
        for option in &self.options {
            let Some((key, value)) = option.text.split_once('=') else { continue };
            settings.s390_options.retain(|(known, _)| known != key);
            if is_option(key, value) {
                settings.s390_options.push((key.to_owned(), value.to_owned()));
            }
        }
    }
}

/// True for `OPTION=VALUE`.
fn is_good(text: &str) -> bool {
    text.split_once('=').is_some_and(|(key, value)| is_option(key, value))
}

/// Writes every device into the profile of its link, where there is one.
pub(super) fn apply(builder: &mut Builder<'_>) {
    let (mut ctc, mut eth) = (0, 0);
    for value in std::mem::take(&mut builder.collected.znets) {
        let Some(znet) = Znet::parse(value) else {
            builder.error(
                value.origin_of_value(),
                "the form is rd.znet=TYPE,SUBCHANNEL,SUBCHANNEL[,SUBCHANNEL][,OPTION=VALUE]…; it is ignored",
            );
            continue;
        };
        let (prefix, count) = if znet.nettype == "ctc" { ("ctc", &mut ctc) } else { ("eth", &mut eth) };
        let index = *count;
        *count += usize::from(!builder.switches.net_ifnames);
        let joined = znet.subchannels.join(",");
        let known = builder.collected.znet_names.iter().position(|(subchannels, ..)| *subchannels == joined);
        let name = match known.map(|at| builder.collected.znet_names.remove(at)) {
            Some((_, name, _)) => name.to_owned(),
            None if builder.switches.net_ifnames => znet.predictable_name(),
            None => format!("{prefix}{index}"),
        };
        if !matches!(znet.nettype, "qeth" | "lcs" | "ctc") {
            builder.error(
                value.origin_of_value(),
                format!("'{}' is none of qeth, lcs, ctc; the device is ignored", znet.nettype),
            );
        } else if let Some(entry) = builder.find(&name).filter(|entry| entry.profile.kind == LinkKind::Ethernet) {
            znet.apply(entry.settings());
        } else {
            builder.caution(value.origin(), format!("no argument gives {name} addresses, so the device is left alone"));
        }
        for field in znet.options.iter().filter(|field| !is_good(field.text)) {
            let text =
                format!("'{}' is no option of a network device of s390, or no value of it; it is ignored", field.text);
            builder.error(value.origin_of(*field), text);
        }
    }
    for (_, name, value) in std::mem::take(&mut builder.collected.znet_names) {
        builder.caution(value.origin(), format!("no rd.znet= has these subchannels, so nothing is named {name}"));
    }
}
