//! Writing: content lines folded at 75 octets, between characters, with CRLF (RFC 5545 3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Octets of a line.
const WIDTH: usize = 75;

#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    pub fn begin(&mut self, component: &str) {
        self.line("BEGIN", &[], component);
    }

    pub fn end(&mut self, component: &str) {
        self.line("END", &[], component);
    }

    /// A property whose value is written as it is: a word, a time, an address.
    pub fn line(&mut self, name: &str, parameters: &[(&str, &str)], value: &str) {
        let mut line = name.to_owned();
        for (name, value) in parameters {
            line.push_str(&format!(";{name}={}", parameter(value)));
        }
        line.push(':');
        line.extend(value.chars().filter(|c| !c.is_control() || *c == '\t'));
        self.fold(&line);
    }

    /// A property that is a text.
    pub fn text(&mut self, name: &str, parameters: &[(&str, &str)], text: &str) {
        self.line(name, parameters, &crate::escape(text));
    }

    /// A property that is octets.
    pub fn octets(&mut self, name: &str, parameters: &[(&str, &str)], octets: &[u8]) {
        let mut all = parameters.to_vec();
        all.extend([("ENCODING", "BASE64"), ("VALUE", "BINARY")]);
        self.line(name, &all, &STANDARD.encode(octets));
    }

    pub fn finish(self) -> String {
        self.out
    }

    fn fold(&mut self, line: &str) {
        let mut rest = line;
        let mut width = WIDTH;
        while rest.len() > width {
            let at = (0..=width).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            let (piece, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.out.push_str(piece);
            self.out.push_str("\r\n ");
            rest = after;
            // The space that says that it goes on is one of the line.
            width = WIDTH - 1;
        }
        self.out.push_str(rest);
        self.out.push_str("\r\n");
    }
}

/// A parameter's value: in quotes where it must be, with what cannot be in quotes written as RFC 6868 has it.
fn parameter(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => text.push_str("^'"),
            '^' => text.push_str("^^"),
            '\n' => text.push_str("^n"),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    if text.contains([':', ';', ',']) { format!("\"{text}\"") } else { text }
}
