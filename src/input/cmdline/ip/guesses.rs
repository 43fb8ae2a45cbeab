//! What an `ip=` was probably meant to be: fields left out, the wrong sign between two, a method misspelt.

use std::net::IpAddr;

use super::super::lex::{Field, Fields, Interface};
use super::argument::{Argument, Reader};
use super::method::Method;
use super::print::dashed;

impl<'a> Reader<'_, 'a> {
    /// `CLIENT:IFACE` and `CLIENT:IFACE:METHOD`, the fields between them left out: for that link, not for any.
    pub(super) fn short(&mut self, first: Field<'a>, mut fields: Fields<'a>) -> Option<Argument> {
        let mut parts = first.fields();
        let client = parts.next('/');
        let address: IpAddr = client.text.parse().ok()?;
        let (link, method) = (fields.next(':'), fields.next(':'));
        let interface = Interface::parse(link.text).filter(|_| link.text.parse::<IpAddr>().is_err())?;
        let known = Method::parse(method.text);
        if !fields.is_empty() || (known.is_none() && !method.is_empty()) {
            return None;
        }
        let word = if method.is_empty() { "none" } else { method.text };
        let value = self.value.text();
        let instead = value.get(..link.at.saturating_sub(self.value.field.at)).unwrap_or_default();
        let text = "four fields are missing before the link (maybe empty: server, gateway, mask, host name)";
        self.error(link, text, Some(format!("ip={instead}::::{}:{word}", dashed(&interface))));
        let net = self.network(address, client, parts.rest(), Field { text: "", at: link.at });
        let method = known.or(Some(Method::None));
        Some(Argument { client: Some(net), interface: Some(interface), method, ..Argument::default() })
    }

    /// `ip=IFACE,METHOD` and other signs in place of the colon.
    pub(super) fn joined(&mut self, field: Field<'a>) -> Option<Argument> {
        let (left, right) = field.text.split_once([',', ';', '='])?;
        let (method, link) = match (Method::parse(right), Method::parse(left)) {
            (Some(method), None) => (method, left),
            (None, Some(method)) => (method, right),
            _ => return None,
        };
        let interface = Interface::parse(link).filter(|_| Method::guess(link).is_none())?;
        let instead = format!("ip={}:{method}", dashed(&interface));
        self.error(field, format!("':' stands between link and method; {interface} is configured"), Some(instead));
        Some(Argument { interface: Some(interface), method: Some(method), ..Argument::default() })
    }

    /// `ip=IFACE:WORD…` where WORD is no method: the nearest, else `auto`, for that link. `None` if it is the long form.
    pub(super) fn misspelt(&mut self, first: Field<'a>, second: Field<'a>, rest: Fields<'a>) -> Option<Method> {
        let numeric = first.text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'/'));
        if first.is_empty() || numeric || first.text.split('/').next()?.parse::<IpAddr>().is_ok() {
            return None;
        }
        Interface::parse(first.text)?;
        if let (Some(method), Some(link), 0..=1) =
            (Method::parse(first.text), Interface::parse(second.text), rest.count(':'))
        {
            let text = format!("the method stands behind the link; {} is configured", second.text);
            self.error(first, text, Some(format!("ip={}:{}", second.text, first.text)));
            self.swapped = Some(link);
            return Some(method);
        }
        let guess = Method::guess(second.text);
        if guess.is_none() && rest.count(':') > 1 {
            return None;
        }
        let word = guess.unwrap_or("auto");
        let is_address = |text: &str| text.split('/').next().is_some_and(|text| text.parse::<IpAddr>().is_ok());
        let instead = match (is_address(second.text), rest.is_empty()) {
            (true, true) => format!("ip={}:::::{}:none", second.text, first.text),
            _ => format!("ip={}:{word}", first.text),
        };
        let was =
            if second.is_empty() { "the method is missing".into() } else { format!("'{}' is no method", second.text) };
        self.error(second, format!("{was}; '{word}' is taken instead"), Some(instead));
        Method::parse(word)
    }
}
