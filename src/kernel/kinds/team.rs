//! The runner of a team, from teamd's configuration (`[team] config`, JSON).

/// teamd's runner where nothing is said.
const DEFAULT: &str = "roundrobin";

/// `runner.name` of the configuration.
pub(in crate::kernel) fn runner(config: Option<&str>) -> String {
    config.and_then(find).unwrap_or_else(|| DEFAULT.to_owned())
}

/// Walks over the configuration with no more than this needs to be right: strings, and how deep they stand.
fn find(config: &str) -> Option<String> {
    let (mut depth, mut key, mut inside) = (0_usize, String::new(), false);
    let mut rest = config.chars();
    while let Some(c) = rest.next() {
        match c {
            '{' | '[' => {
                depth += 1;
                inside |= depth == 2 && key == "runner";
            }
            '}' | ']' => {
                inside &= depth > 2;
                depth = depth.saturating_sub(1);
            }
            '"' => {
                let text = string(&mut rest);
                if inside && depth == 2 && key == "name" {
                    return Some(text);
                }
                key = text;
            }
            ',' => key.clear(),
            _ => {}
        }
    }
    None
}

/// The rest of a string, up to its closing quote.
fn string(rest: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::runner;

    #[test]
    fn the_name_of_the_runner_and_no_other_name() {
        let cases = [
            (r#"{"runner": {"name": "activebackup"}, "link_watch": {"name": "ethtool"}}"#, "activebackup"),
            (r#"{"link_watch":{"name":"ethtool"},"runner":{"active":true,"name":"lacp"}}"#, "lacp"),
            (r#"{"device":"runner","x":{"name":"no"}}"#, "roundrobin"),
            (r#"{"runner":{"tx_balancer":{"name":"basic"},"name":"loadbalance"}}"#, "loadbalance"),
            (r#"{"runner":{}},"name":"no""#, "roundrobin"),
            (r#"{"a\"runner": {"name": "no"}}"#, "roundrobin"),
            ("", "roundrobin"),
            ("{{{\"", "roundrobin"),
        ];
        for (config, expected) in cases {
            assert_eq!(runner(Some(config)), expected, "{config}");
        }
        assert_eq!(runner(None), "roundrobin");
    }
}
