//! The case of stacks: MACVLANs with DHCP upon bridges upon network cards, so many of them that it shows what is done side by side.

use crate::support::Lan;

/// What one peer of the case is given: network cards, and MACVLANs upon the bridge of each.
#[derive(Clone, Copy)]
pub(crate) struct Stacks {
    pub(crate) name: &'static str,
    pub(crate) cards: u8,
    upper: u8,
}

/// One stack of three links; 32 links in one such stack; 33 links in eleven of them.
pub(crate) const SHAPES: [Stacks; 3] = [
    Stacks { name: "sunup-one", cards: 1, upper: 1 },
    Stacks { name: "sunup-wide", cards: 1, upper: 30 },
    Stacks { name: "sunup-many", cards: 11, upper: 1 },
];

impl Stacks {
    /// The shape with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        SHAPES.into_iter().find(|shape| shape.name == name)
    }

    /// How many leases there are in the end.
    pub(crate) fn leases(self) -> usize {
        usize::from(self.cards) * usize::from(self.upper)
    }

    /// The folder with its keyfiles, in the room.
    pub(crate) fn folder(self) -> String {
        format!("/tmp/{}", self.name)
    }

    /// Writes the keyfiles.
    pub(crate) fn prepare(self, lan: &Lan) {
        for card in 0..self.cards {
            let bridge = format!("type=bridge\ninterface-name=br{card}\n[bridge]\nstp=false\n");
            self.keyfile(lan, &format!("br{card}"), &bridge, "disabled");
            let port = format!("type=ethernet\ninterface-name=eth{card}\nmaster=br{card}\nslave-type=bridge\n");
            self.keyfile(lan, &format!("eth{card}"), &port, "disabled");
            for upper in 0..self.upper {
                let name = format!("mv{card}-{upper}");
                let text = format!("type=macvlan\ninterface-name={name}\n[macvlan]\nparent=br{card}\nmode=2\n");
                self.keyfile(lan, &name, &text, "auto");
            }
        }
    }

    fn keyfile(self, lan: &Lan, name: &str, text: &str, method: &str) {
        let text = format!("[connection]\nid={name}\n{text}[ipv4]\nmethod={method}\n[ipv6]\nmethod=disabled\n");
        // What is in the folder of the logs is seen in the room.
        let file = lan.client.artifacts().join("keyfile");
        std::fs::write(&file, text).expect("the folder of the logs can be written");
        let place = format!("{}/{name}.nmconnection", self.folder());
        lan.client.sh(&format!("install -D -m 600 '{}' {place}", file.display()));
    }
}
