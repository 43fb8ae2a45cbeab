//! The case of stacks: MACVLANs upon bridges upon network cards, so many of them that it shows what is done side by side.

use crate::support::Lan;

/// What one peer of the case is given: network cards, and MACVLANs upon the bridge of each.
#[derive(Clone, Copy)]
pub(crate) struct Stacks {
    pub(crate) name: &'static str,
    /// The name of `ip -batch`, doing the same.
    pub(crate) ip: &'static str,
    pub(crate) cards: u8,
    upper: u8,
}

/// One stack of three links; 32 links in one such stack; 152, where what is looked at for each pair of links would show; 33 links in
/// eleven stacks.
pub(crate) const SHAPES: [Stacks; 4] = [
    Stacks { name: "sunup-one", ip: "ip-one", cards: 1, upper: 1 },
    Stacks { name: "sunup-wide", ip: "ip-wide", cards: 1, upper: 30 },
    Stacks { name: "sunup-widest", ip: "ip-widest", cards: 1, upper: 150 },
    Stacks { name: "sunup-many", ip: "ip-many", cards: 11, upper: 1 },
];

impl Stacks {
    /// The shape that this peer makes.
    pub(crate) fn named(peer: &str) -> Option<Self> {
        SHAPES.into_iter().find(|shape| [shape.name, shape.ip].contains(&peer))
    }

    /// How many addresses there are in the end.
    pub(crate) fn addresses(self) -> usize {
        usize::from(self.cards) * usize::from(self.upper)
    }

    /// The folder with its keyfiles, in the room.
    pub(crate) fn folder(self) -> String {
        format!("/tmp/{}", self.name)
    }

    /// The file with the lines for `ip -batch`, in the room.
    pub(crate) fn batch(self) -> String {
        format!("{}/batch", self.folder())
    }

    /// Writes the keyfiles, and the same for `ip -batch`.
    pub(crate) fn prepare(self, lan: &Lan) {
        let mut batch = String::new();
        for card in 0..self.cards {
            let bridge = format!("type=bridge\ninterface-name=br{card}\n[bridge]\nstp=false\n");
            self.keyfile(lan, &format!("br{card}"), &bridge, "method=disabled");
            let port = format!("type=ethernet\ninterface-name=eth{card}\nmaster=br{card}\nslave-type=bridge\n");
            self.keyfile(lan, &format!("eth{card}"), &port, "method=disabled");
            batch += &format!("link add br{card} type bridge\nlink set br{card} up\n");
            batch += &format!("link set eth{card} master br{card}\nlink set eth{card} up\n");
            for upper in 0..self.upper {
                let name = format!("mv{card}-{upper}");
                let text = format!("type=macvlan\ninterface-name={name}\n[macvlan]\nparent=br{card}\nmode=2\n");
                let address = format!("10.77.{card}.{}", 100 + upper);
                let method = format!("method=manual\naddress1={address}/24,10.77.{card}.1\nmay-fail=false");
                self.keyfile(lan, &name, &text, &method);
                batch += &format!("link add {name} link br{card} type macvlan mode bridge\nlink set {name} up\n");
                let route = format!(
                    "route add default via 10.77.{card}.1 dev {name} metric {}",
                    400 + u16::from(card) + u16::from(upper)
                );
                batch += &format!("address add {address}/24 brd + dev {name}\n{route}\n");
            }
        }
        let file = lan.client.artifacts().join("batch");
        std::fs::write(&file, batch).expect("the folder of the logs can be written");
        lan.client.sh(&format!("cp '{}' {}", file.display(), self.batch()));
    }

    fn keyfile(self, lan: &Lan, name: &str, text: &str, ipv4: &str) {
        let text = format!("[connection]\nid={name}\n{text}[ipv4]\n{ipv4}\n[ipv6]\nmethod=disabled\n");
        // What is in the folder of the logs is seen in the room.
        let file = lan.client.artifacts().join("keyfile");
        std::fs::write(&file, text).expect("the folder of the logs can be written");
        let place = format!("{}/{name}.nmconnection", self.folder());
        lan.client.sh(&format!("install -D -m 600 '{}' {place}", file.display()));
    }
}
