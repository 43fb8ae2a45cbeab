//! Bars: `[CASE:]NAME.FIGURE <= FACTOR*NAME.FIGURE`, or `<= NUMBER`.

use std::fmt;
use std::str::FromStr;

use crate::figures::Figures;

/// Something that must hold.
pub(crate) struct Bar {
    text: String,
    case: String,
    left: Term,
    factor: f64,
    right: Option<Term>,
}

/// A figure of a peer.
struct Term {
    peer: String,
    figure: String,
}

impl Bar {
    /// Whether it is about this case; a bar that names none is about `dhcp`.
    pub(crate) fn is_about(&self, case: &str) -> bool {
        self.case == case
    }

    /// What was found, and whether it holds. A figure that is missing breaks the bar.
    pub(crate) fn judge(&self, figures: &Figures) -> (String, bool) {
        let value = |term: &Term| figures.median(&term.peer, &term.figure);
        let right = self.right.as_ref().map_or(Some(1.0), value);
        let (Some(left), Some(right)) = (value(&self.left), right) else {
            return (format!("{}: not measured", self.text), false);
        };
        (format!("{}: {left:.2}, that is {:.3} of {right:.2}", self.text, left / right), left <= self.factor * right)
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (peer, figure) = text.trim().split_once('.').ok_or_else(|| format!("'{text}': NAME.FIGURE expected"))?;
        Ok(Self { peer: peer.to_owned(), figure: figure.to_owned() })
    }
}

impl FromStr for Bar {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (case, rest) = text.split_once(':').unwrap_or(("dhcp", text));
        let (left, right) = rest.split_once("<=").ok_or_else(|| format!("--assert '{text}': no <="))?;
        let number = |text: &str| text.trim().parse().map_err(|_| format!("--assert '{text}': not a number"));
        let (factor, right) = match right.split_once('*') {
            Some((factor, term)) => (number(factor)?, Some(term.parse()?)),
            None if right.contains(char::is_alphabetic) => (1.0, Some(right.parse()?)),
            None => (number(right)?, None),
        };
        Ok(Self { text: text.to_owned(), case: case.to_owned(), left: left.parse()?, factor, right })
    }
}
