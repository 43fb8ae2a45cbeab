//! The list of VLANs of a bridge or of its port, as the keyfile writes it: `1 pvid untagged, 10, 20-30`.

/// VLANs from the first to the last id, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vlans {
    /// 1 to 4094.
    pub first: u16,
    /// Not below `first`.
    pub last: u16,
    /// Frames without a tag belong to it; only for one id.
    pub pvid: bool,
    /// Frames leave without a tag.
    pub untagged: bool,
}

/// The items of a list; `None` for one that is none.
pub fn parse(text: &str) -> impl Iterator<Item = Option<Vlans>> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(item)
}

fn item(text: &str) -> Option<Vlans> {
    let mut words = text.split_ascii_whitespace();
    let ids = words.next()?;
    let (first, last) = ids.split_once('-').unwrap_or((ids, ids));
    let id = |text: &str| text.trim().parse::<u16>().ok().filter(|id| (1..=4094).contains(id));
    let mut vlans = Vlans { first: id(first)?, last: id(last)?, pvid: false, untagged: false };
    for word in words {
        match word {
            "pvid" => vlans.pvid = true,
            "untagged" => vlans.untagged = true,
            _ => return None,
        }
    }
    (vlans.first <= vlans.last && !(vlans.pvid && vlans.first != vlans.last)).then_some(vlans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ranges_and_words() {
        let all: Vec<_> = parse("1 untagged pvid, 10,20-30 untagged,").collect();
        let vlans = |first, last, pvid, untagged| Some(Vlans { first, last, pvid, untagged });
        assert_eq!(all, [vlans(1, 1, true, true), vlans(10, 10, false, false), vlans(20, 30, false, true)]);
        for bad in ["0", "4095", "9-3", "1-4 pvid", "x", "1 tagged", "-", "1-2-3", "+1x"] {
            assert_eq!(parse(bad).collect::<Vec<_>>(), [None], "{bad}");
        }
    }
}
