//! Lines of a command group, and the dots of a message (RFC 5321 section 4.5.2).

use std::borrow::Cow;

/// The lines of a group, without their line ends. A bare LF ends a command line too; in message data it never does.
pub struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    pub fn new(group: &'a [u8]) -> Lines<'a> {
        Lines(group)
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|b| *b == b'\n').map_or(self.0.len(), |at| at + 1);
        let (line, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// The message without the dots that the sender doubled. `data` ends before the closing dot. Copies only if there is a
/// doubled dot.
pub fn unstuff(data: &[u8]) -> Cow<'_, [u8]> {
    let stuffed = data.starts_with(b".") || data.windows(3).any(|w| w == b"\r\n.");
    if !stuffed {
        return Cow::Borrowed(data);
    }
    let mut out = Vec::with_capacity(data.len());
    let mut line_start = true;
    let mut before = 0u8;
    for &byte in data {
        if !(line_start && byte == b'.') {
            out.push(byte);
        }
        line_start = before == b'\r' && byte == b'\n';
        before = byte;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_falls_into_lines() {
        let lines: Vec<_> = Lines::new(b"RSET\r\nNOOP\n\r\nQUIT").collect();
        assert_eq!(lines, [&b"RSET"[..], b"NOOP", b"", b"QUIT"]);
    }

    #[test]
    fn only_doubled_dots_at_line_starts_go() {
        assert!(matches!(unstuff(b"a.b\r\nc.\r\n"), Cow::Borrowed(_)));
        assert_eq!(&*unstuff(b"..a\r\n..\r\nb.c\r\n\n.d\r\n"), b".a\r\n.\r\nb.c\r\n\n.d\r\n");
        assert_eq!(&*unstuff(b""), b"");
    }
}
