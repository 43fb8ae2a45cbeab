//! The tables as text for the terminal, and as the man page sunup.cmdline(7).

use std::fmt::Write;

use super::deviations::DEVIATIONS;
use super::table::{PARAMETERS, Parameter};

/// Who knows an argument, by the letter in the table.
const PEERS: [(char, &str); 6] = [
    ('K', "kernel"),
    ('I', "klibc ipconfig"),
    ('L', "dracut network-legacy"),
    ('N', "NetworkManager"),
    ('S', "systemd"),
    ('A', "Anaconda"),
];

/// What stands above the table.
const ABOUT: &str = "\
sunup reads /etc/cmdline.d/*.conf, /etc/cmdline, /proc/cmdline (not in a container) and /run/initramfs/cmdline.d/*.conf as one line. \
White space separates words, double quotes group. An argument that is not listed here is left alone. One that cannot be used as \
written is reported with its column, and as little of it as possible is dropped; try a line with 'sunup check'. [brackets] round \
a value protect the colons in it.";

/// The longest line of the man page's source.
const LINE: usize = 78;

/// The arguments for the terminal; `topic` restricts them to those whose name contains it.
pub fn text(topic: &str) -> String {
    let mut out = String::new();
    for parameter in PARAMETERS.iter().filter(|parameter| parameter.name.contains(topic)) {
        let _ = writeln!(out, "{}={}", parameter.name, parameter.form);
        wrap(&mut out, parameter.doc);
        let _ = writeln!(out, "    {}", notes(parameter).join(" "));
    }
    if topic.is_empty() {
        let _ = writeln!(out, "\nWhere nm-initrd-generator differs:");
        for row in DEVIATIONS {
            let _ = writeln!(out, "{}", row.line);
            wrap(&mut out, &format!("There: {}.", row.theirs));
            wrap(&mut out, &format!("Here: {}.", row.ours));
        }
    }
    out
}

/// The default and the peers of an argument.
fn notes(parameter: &Parameter) -> Vec<String> {
    let peers = PEERS.iter().filter(|(letter, _)| parameter.known_by.contains(*letter)).map(|(_, name)| *name);
    let peers: Vec<&str> = peers.collect();
    let mut notes = Vec::new();
    if !parameter.default.is_empty() {
        notes.push(format!("Default: {}.", parameter.default));
    }
    notes.push(if peers.is_empty() {
        "Known to sunup only.".into()
    } else {
        format!("Known to {}.", peers.join(", "))
    });
    notes
}

/// Writes a text in lines of 100 columns, indented by four.
fn wrap(out: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        match column {
            0 => out.push_str("    "),
            _ if column + width > 95 => {
                out.push_str("\n    ");
                column = 0;
            }
            _ => out.push(' '),
        }
        out.push_str(word);
        column += width + 1;
    }
    out.push('\n');
}

/// The man page in roff.
pub fn roff() -> String {
    let mut out = String::from(".TH SUNUP.CMDLINE 7 2026-11-25 sunup \"Kernel command line\"\n");
    out.push_str(".SH NAME\nsunup.cmdline \\- kernel command line arguments that bring up network\n.SH DESCRIPTION\n");
    paragraph(&mut out, ABOUT);
    out.push_str(".SH ARGUMENTS\n");
    for parameter in PARAMETERS {
        let _ = writeln!(
            out,
            ".TP\n.BR {} =\\fI{}\\fR",
            escape(parameter.name),
            escape(parameter.form).replace(' ', "\\ ")
        );
        paragraph(&mut out, parameter.doc);
        paragraph(&mut out, &notes(&parameter).join(" "));
    }
    out.push_str(".SH \"DIFFERENCES FROM NM\\-INITRD\\-GENERATOR\"\n");
    paragraph(
        &mut out,
        "One bad field never loses a working configuration, and what is for one link never becomes one for all:",
    );
    for row in DEVIATIONS {
        let _ = writeln!(out, ".TP\n.B {}", escape(row.line));
        paragraph(&mut out, &format!("There: {}. Here: {}.", row.theirs, row.ours));
    }
    out.push_str(".SH \"SEE ALSO\"\n.BR sunup (8),\n.BR dracut.cmdline (7),\n.BR nm\\-initrd\\-generator (8)\n");
    out
}

/// A paragraph, in lines of its own.
fn paragraph(out: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace().map(escape) {
        let width = word.chars().count();
        if column > 0 && column + width >= LINE {
            out.push('\n');
            column = 0;
        }
        match column {
            0 => out.push_str(guard(&word)),
            _ => out.push(' '),
        }
        out.push_str(&word);
        column += width + 1;
    }
    out.push('\n');
}

/// A period or an apostrophe at the start of a line would be a request.
fn guard(text: &str) -> &'static str {
    if text.starts_with(['.', '\'']) { "\\&" } else { "" }
}

/// Text that roff takes literally.
fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_and_deviation_is_in_the_man_page() {
        let page = roff();
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for parameter in PARAMETERS {
            assert!(page.contains(&format!(".BR {} =", escape(parameter.name))), "{}", parameter.name);
        }
        for row in DEVIATIONS {
            assert!(words.contains(&escape(row.ours)), "{}", row.line);
        }
        let is_request = |line: &&str| line.starts_with(['.', '\'']);
        let known =
            |line: &&str| [".TH ", ".SH ", ".TP", ".B ", ".BR "].iter().any(|request| line.starts_with(request));
        assert_eq!(page.lines().filter(is_request).find(|line| !known(line)), None);
    }

    #[test]
    fn help_can_be_about_one_argument() {
        let help = text("rd.route");
        assert!(help.starts_with("rd.route=NET[/P]:GW[:IFACE]\n    A static route"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 120), "{help}");
        assert_eq!(text("no such thing"), "");
    }
}
