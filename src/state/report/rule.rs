//! Policy rules as words.

use crate::profile::desired::DesiredLink;
use crate::profile::ip::RoutingRule;

/// Those of a link; IPv6's begin with `-6`.
pub(super) fn all(target: &DesiredLink) -> impl Iterator<Item = String> {
    target.rules.iter().map(one).chain(target.rules6.iter().map(|rule| format!("-6 {}", one(rule))))
}

/// A policy rule in the words of ip-rule(8).
fn one(rule: &RoutingRule) -> String {
    let part = |name: &str, value: Option<String>| value.map(|v| format!(" {name} {v}")).unwrap_or_default();
    format!(
        "priority {}{}{}{}{}{}",
        rule.priority,
        if rule.invert { " not" } else { "" },
        part("from", rule.from.map(|net| net.to_string())),
        part("to", rule.to.map(|net| net.to_string())),
        part("fwmark", rule.fwmark.map(|(mark, mask)| format!("{mark:#x}/{mask:#x}"))),
        part("table", rule.table.map(|table| table.to_string())),
    )
}
