//! Verdicts of NetworkManager's own matcher, from the shared data, where that is at hand.

use super::*;
use serde_json::Value;

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_verdict_of_the_shared_data_is_ours() {
    let dir = std::env::var("SUNUP_FIXTURES")
        .map_or_else(|_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")), PathBuf::from);
    let Ok(lines) = std::fs::read_to_string(dir.join("match.jsonl")) else {
        eprintln!("SKIPPED: no match.jsonl in {}; set SUNUP_FIXTURES", dir.display());
        return;
    };
    let mut count = 0;
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let patterns = texts(&case["patterns"]);
        let verdict = match &case["value"] {
            Value::String(value) => matching::satisfies(&patterns, value),
            words => matching::satisfies_words(&patterns, &texts(words)),
        };
        assert_eq!(Some(verdict), case["match"].as_bool(), "{line}");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn prefixes_make_patterns_mandatory_optional_or_inverted() {
    let cases: [(&[&str], &str, bool); 16] = [
        (&[], "eth0", true),
        (&["eth*", "!eth1"], "eth0", true),
        (&["eth*", "!eth1"], "eth1", false),
        (&["&eth*", "&*0"], "eth0", true),
        (&["&eth*", "&*0"], "eth1", false),
        (&["&!eth0", "ens*"], "ens1", true),
        (&["&!eth0", "ens*"], "wlp2", false),
        (&["|!eth0", "eth0"], "eth0", true),
        (&["|!eth0"], "eth0", false),
        (&["|!eth0"], "eth1", true),
        (&["&|x"], "|x", true),
        (&["!!a"], "!a", false),
        (&["!!a"], "a", true),
        (&["\\&a"], "&a", true),
        (&["!\\!a"], "!a", false),
        (&["\\*"], "anything", true),
    ];
    for (patterns, value, want) in cases {
        let owned: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        assert_eq!(matching::satisfies(&owned, value), want, "{patterns:?} on {value}");
    }
}

#[test]
fn an_unknown_driver_is_the_empty_text() {
    assert!(matching::satisfies(&["!veth".to_owned()], ""));
    assert!(matching::satisfies(&["*".to_owned()], ""));
    assert!(!matching::satisfies(&["veth".to_owned()], ""));
}

#[test]
fn words_match_by_whole_word_or_by_name() {
    let cases = [
        ("ip", true),
        ("ip=", false),
        ("ip=dhcp", true),
        ("ip=dhc", false),
        ("IP", false),
        ("rd-x", false),
        ("i", false),
    ];
    for (pattern, want) in cases {
        let words = ["ip=dhcp".to_owned(), "rd_x=1".to_owned()];
        assert_eq!(matching::satisfies_words(&[pattern.to_owned()], &words), want, "{pattern}");
    }
}
