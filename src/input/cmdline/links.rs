//! Links over links: `bond=`, `bridge=`, `team=`, `vlan=`, `ib.pkey=`.

use super::bond;
use super::builder::{Builder, datagram};
use super::lex::{Field, Interface, Value, is_interface_name, number};
use crate::profile::link::{Infiniband, Vlan};
use crate::profile::{LinkKind, Method4, Method6};

/// `bond=NAME:PORTS:OPTIONS:MTU`.
pub(super) fn bond<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    controller(builder, value, "bond0", LinkKind::Bond { options: bond::defaults() });
}

/// `bridge=NAME:PORTS`. Without spanning tree there is no delay before ports forward.
pub(super) fn bridge<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    controller(builder, value, "br0", LinkKind::Bridge { options: vec![("stp".to_owned(), "false".to_owned())] });
}

/// `team=NAME:PORTS`.
pub(super) fn team<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    controller(builder, value, "team0", LinkKind::Team { config: None });
}

/// A controller and its ports.
fn controller<'a>(builder: &mut Builder<'a>, value: Value<'a>, default: &str, kind: LinkKind) {
    let mut fields = value.fields();
    let name = fields.next(':');
    let ports = fields.next(':');
    let port_type = kind.name().to_owned();
    let Some(interface) = link_name(builder, value, name, default) else { return };
    let is_bond = matches!(kind, LinkKind::Bond { .. });
    let (uuid, options) = {
        let entry = builder.link(&interface, Some(kind), value);
        let options = if let LinkKind::Bond { options } = &entry.profile.kind { options.clone() } else { Vec::new() };
        (entry.profile.uuid.to_string(), options)
    };
    if is_bond {
        let options = bond::read(value, fields.next(':'), options, &mut builder.reading.remarks);
        let mtu = mtu(builder, value, fields.next(':'));
        let entry = builder.link(&interface, Some(LinkKind::Bond { options: Vec::new() }), value);
        entry.profile.kind = LinkKind::Bond { options };
        entry.settings().mtu = mtu.or(entry.settings().mtu).filter(|&mtu| mtu > 0);
    }
    for port in port_names(builder, value, ports, &interface) {
        builder.link(&port, None, value).enslave(uuid.clone(), &port_type);
    }
    if !fields.is_empty() {
        let rest = fields.rest();
        builder.caution(value.origin_of(rest), format!("'{}' is not used", rest.text));
    }
}

/// The name of a link that is to be made.
fn link_name(builder: &mut Builder<'_>, value: Value<'_>, field: Field<'_>, default: &str) -> Option<Interface> {
    let name = field.get().unwrap_or(default);
    if !is_interface_name(name) {
        let text =
            format!("'{name}' cannot be the name of a link (at most 15 bytes, no '/', ':' or blank); it is not made");
        builder.error(value.origin_of(field), text);
        return None;
    }
    Some(Interface::Name(name.to_owned()))
}

/// The ports; `eth0` if none is named.
fn port_names(builder: &mut Builder<'_>, value: Value<'_>, field: Field<'_>, over: &Interface) -> Vec<Interface> {
    if field.is_empty() {
        return vec![Interface::Name("eth0".to_owned())];
    }
    let mut fields = field.fields();
    let mut ports = Vec::new();
    while !fields.is_empty() {
        let field = fields.next(',');
        match Interface::parse(field.text).filter(|port| port != over) {
            Some(port) => ports.push(port),
            None => builder.error(value.origin_of(field), format!("'{}' cannot be a port; it is ignored", field.text)),
        }
    }
    ports
}

/// MTU of a bond; 0 is the default.
fn mtu(builder: &mut Builder<'_>, value: Value<'_>, field: Field<'_>) -> Option<u32> {
    let text = field.get()?;
    let mtu = number(text, 0, i64::from(u32::MAX)).and_then(|mtu| u32::try_from(mtu).ok());
    if mtu.is_none() {
        builder.error(value.origin_of(field), format!("'{text}' is no MTU; it is ignored"));
    }
    mtu
}

/// `vlan=NAME:PARENT`: the id is the number at the end of NAME.
pub(super) fn vlan<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let mut fields = value.fields();
    let (name, parent) = (fields.next(':'), fields.next(':'));
    let wrong = |builder: &mut Builder<'_>, field, text: String| builder.error(value.origin_of(field), text);
    if name.is_empty() {
        return wrong(builder, name, "the name of the VLAN is missing; it is not made".to_owned());
    }
    let Some(over) = Interface::parse(parent.text) else {
        let text = format!("the parent '{}' is neither an interface name nor a MAC; the VLAN is not made", parent.text);
        return wrong(builder, parent, text);
    };
    let stem = name.text.trim_end_matches(|c: char| c.is_ascii_digit());
    let id = name.text.get(stem.len()..).and_then(|id| number(id, 0, 4094));
    let Some(id) = id.and_then(|id| u16::try_from(id).ok()) else {
        let text = format!("'{}' does not end in a VLAN id from 0 to 4094; the VLAN is not made", name.text);
        return wrong(builder, name, text);
    };
    let Some(interface) = link_name(builder, value, name, "") else { return };
    let kind = LinkKind::Vlan(Vlan { id, parent: Some(parent.text.to_owned()), ..Vlan::default() });
    let entry = builder.link(&interface, Some(kind.clone()), value);
    entry.profile.kind = kind;
    if !builder.collected.vlan_parents.iter().any(|(known, _)| *known == over) {
        builder.collected.vlan_parents.push((over, value));
    }
    if !fields.is_empty() {
        let rest = fields.rest();
        builder.caution(value.origin_of(rest), format!("'{}' is not used", rest.text));
    }
}

/// Makes profiles for the parents of VLANs, without addresses unless an `ip=` asks for some.
pub(super) fn vlan_parents(builder: &mut Builder<'_>) {
    for (parent, value) in std::mem::take(&mut builder.collected.vlan_parents) {
        let entry = builder.link(&parent, None, value);
        if entry.ip.is_none() {
            entry.ipv4().method = Method4::Disabled;
            entry.ipv6().method = Method6::Disabled;
        }
        let uuid = entry.profile.uuid.to_string();
        if parent.mac().is_some() {
            name_parent(builder, &parent, &uuid);
        }
    }
}

/// A parent known by its MAC is named by its profile: a keyfile takes names and uuids.
fn name_parent(builder: &mut Builder<'_>, parent: &Interface, uuid: &str) {
    for entry in &mut builder.entries {
        if let LinkKind::Vlan(vlan) = &mut entry.profile.kind {
            let named = vlan.parent.as_deref().and_then(Interface::parse);
            vlan.parent = if named.as_ref() == Some(parent) { Some(uuid.to_owned()) } else { vlan.parent.take() };
        }
    }
}

/// `ib.pkey=PARENT.HEX`: the kernel names the link `PARENT.hhhh`, and truncates that.
pub(super) fn partition<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let mut fields = value.fields();
    let field = fields.next(':');
    let Some((parent, digits)) = field.text.split_once('.').filter(|(parent, _)| is_interface_name(parent)) else {
        return builder.error(value.origin_of(field), "the form is PARENT.PKEY; there is no such partition");
    };
    let hex = digits.trim_ascii();
    let hex = hex.strip_prefix("0x").or_else(|| hex.strip_prefix("0X")).unwrap_or(hex);
    let key = u16::from_str_radix(hex, 16).ok().filter(|key| key & 0x7fff != 0);
    let (Some(p_key), Some(interface)) = (key, Interface::parse(field.text)) else {
        let text = format!("'{digits}' is no partition key (hexadecimal, 1 to 7fff or 8001 to ffff) of a link name");
        return builder.error(value.origin_of(field), text);
    };
    let infiniband = Infiniband { p_key: Some(p_key), parent: Some(parent.to_owned()), ..datagram() };
    let entry = builder.link(&interface, Some(LinkKind::Infiniband(datagram())), value);
    entry.profile.kind = LinkKind::Infiniband(infiniband);
    let name = format!("{parent}.{p_key:04x}");
    entry.profile.interface_name = Some(name.get(..15).unwrap_or(&name).to_owned());
    if !fields.is_empty() {
        let rest = fields.rest();
        builder.caution(value.origin_of(rest), format!("'{}' is not used", rest.text));
    }
}
