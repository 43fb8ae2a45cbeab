//! What was measured, as a table of medians.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::cases::Wanted;

/// The figures in the order of the table, with their units.
const COLUMNS: [(&str, &str); 5] = [("route", "ms"), ("address", "ms"), ("exit", "ms"), ("cpu", "ms"), ("rss", "KiB")];

/// Everything measured in one case.
pub(crate) struct Figures {
    case: String,
    order: Vec<&'static str>,
    values: BTreeMap<(&'static str, &'static str), Vec<f64>>,
    failures: BTreeMap<&'static str, usize>,
}

impl Figures {
    /// Nothing measured yet.
    pub(crate) fn new(case: &str) -> Self {
        Self { case: case.to_owned(), order: Vec::new(), values: BTreeMap::new(), failures: BTreeMap::new() }
    }

    /// Takes in one run. A run that did not do all that the case wants counts as a failure and gives no figures.
    pub(crate) fn add(&mut self, peer: &'static str, run: &Value, wanted: &Wanted) {
        if !self.order.contains(&peer) {
            self.order.push(peer);
        }
        let addresses: Vec<f64> = run["addresses"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        let complete =
            run["code"] == 0 && (run["route"].is_f64() || !wanted.route) && addresses.len() >= wanted.addresses;
        if !complete {
            *self.failures.entry(peer).or_default() += 1;
            eprintln!("{}: {peer} did not do it: {run}", self.case);
            return;
        }
        // The one of one link is announced again with every advertisement of the router.
        let there =
            if wanted.addresses == 1 { addresses.first().copied() } else { addresses.into_iter().reduce(f64::max) };
        there.into_iter().for_each(|there| self.push(peer, "address", there));
        for figure in ["route", "exit", "cpu"] {
            run[figure].as_f64().into_iter().for_each(|value| self.push(peer, figure, value));
        }
    }

    /// Takes in the peak of the largest process, in KiB.
    pub(crate) fn add_rss(&mut self, peer: &'static str, run: &Value) {
        self.push(peer, "rss", run.as_f64().unwrap_or(f64::NAN));
    }

    fn push(&mut self, peer: &'static str, figure: &'static str, value: f64) {
        self.values.entry((peer, figure)).or_default().push(value);
    }

    /// Whether sunup did the case in every round.
    pub(crate) fn complete(&self) -> bool {
        !self.failures.keys().any(|peer| peer.starts_with("sunup"))
    }

    /// The median of a figure; `None` if there is none.
    pub(crate) fn median(&self, peer: &str, figure: &str) -> Option<f64> {
        let found = self.values.iter().find(|((p, f), _)| *p == peer && *f == figure)?.1;
        let mut sorted = found.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let odd = sorted.len() % 2 == 1;
        Some(if odd { sorted[middle] } else { f64::midpoint(*sorted.get(middle.checked_sub(1)?)?, sorted[middle]) })
    }

    /// Smallest, median, largest.
    fn spread(&self, peer: &'static str, figure: &'static str) -> Option<String> {
        let values = self.values.get(&(peer, figure))?;
        let (low, high) = values.iter().fold((f64::MAX, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
        let median = self.median(peer, figure)?;
        Some(if figure == "rss" { format!("{median:.0}") } else { format!("{low:.2}/{median:.2}/{high:.2}") })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}: lowest/median/highest; x = median over the first one's", self.case)?;
        write!(f, "{:<10}", "")?;
        COLUMNS.iter().try_for_each(|(name, unit)| write!(f, "{:>32}", format!("{name} {unit}")))?;
        writeln!(f, "  failed")?;
        for peer in &self.order {
            write!(f, "{peer:<10}")?;
            for (figure, _) in COLUMNS {
                let ratio = self.median(peer, figure).zip(self.median(self.order[0], figure)).map(|(a, b)| a / b);
                let ratio = ratio.map_or(String::new(), |ratio| format!(" {ratio:>6.1}x"));
                write!(f, "{:>32}", self.spread(peer, figure).unwrap_or("-".to_owned()) + &ratio)?;
            }
            writeln!(f, "{:>8}", self.failures.get(peer).copied().unwrap_or(0))?;
        }
        Ok(())
    }
}
