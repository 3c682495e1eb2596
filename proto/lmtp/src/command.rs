//! One command line into a value (RFC 5321 section 4.1.1, RFC 2033 section 4).

use crate::path::Path;
use crate::reply::Reply;

/// What the client declared of its message's octets (RFC 6152). Nothing depends on it: messages are kept as they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyKind {
    #[default]
    SevenBit,
    EightBitMime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Lhlo { domain: String },
    Mail { from: Path, size: Option<u64>, body: BodyKind, smtputf8: bool },
    Rcpt { to: Path },
    Data,
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
}

/// Octets of a command line with its parameters, without the line end; RFC 5321 4.5.3.1.4 asks for 512 and the extensions
/// for a few hundred more.
const LINE_MOST: usize = 2048;

impl Command {
    /// Reads one line without its line end. An error is the reply to give.
    pub fn parse(line: &[u8]) -> Result<Command, Reply> {
        if line.len() > LINE_MOST {
            return Err(Reply::LINE_TOO_LONG);
        }
        let line = line.trim_ascii_end();
        let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
        let (verb, rest) = line.split_at_checked(end).unwrap_or((line, b""));
        let rest = rest.trim_ascii_start();
        match verb.to_ascii_uppercase().as_slice() {
            b"LHLO" => lhlo(rest),
            b"MAIL" => mail(rest),
            b"RCPT" => rcpt(rest),
            b"DATA" => bare(rest, Command::Data),
            b"RSET" => bare(rest, Command::Rset),
            b"QUIT" => bare(rest, Command::Quit),
            b"NOOP" => Ok(Command::Noop),
            b"HELP" => Ok(Command::Help),
            b"VRFY" if rest.is_empty() => Err(Reply::SYNTAX),
            b"VRFY" => Ok(Command::Vrfy),
            b"HELO" | b"EHLO" => Err(Reply::NOT_SMTP),
            b"EXPN" | b"TURN" | b"ETRN" | b"AUTH" | b"STARTTLS" | b"BDAT" | b"SEND" | b"SOML" | b"SAML"
            | b"XCLIENT" | b"XFORWARD" => Err(Reply::NOT_BUILT),
            _ => Err(Reply::UNKNOWN_COMMAND),
        }
    }
}

fn bare(rest: &[u8], command: Command) -> Result<Command, Reply> {
    if rest.is_empty() { Ok(command) } else { Err(Reply::SYNTAX) }
}

fn lhlo(rest: &[u8]) -> Result<Command, Reply> {
    let domain = std::str::from_utf8(rest).map_err(|_| Reply::SYNTAX)?;
    let legal =
        !domain.is_empty() && domain.len() <= 255 && !domain.contains(|c: char| c.is_control() || c.is_whitespace());
    if legal { Ok(Command::Lhlo { domain: domain.to_owned() }) } else { Err(Reply::SYNTAX) }
}

/// `FROM:<path>` with or without spaces after the colon: widely sent, and harmless.
fn after_keyword<'a>(rest: &'a [u8], keyword: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = rest.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then(|| rest.trim_ascii_start())
}

fn mail(rest: &[u8]) -> Result<Command, Reply> {
    let rest = after_keyword(rest, b"FROM:").ok_or(Reply::SYNTAX)?;
    let (from, parameters) = Path::read(rest).ok_or(Reply::BAD_SENDER)?;
    let (mut size, mut body, mut smtputf8) = (None, BodyKind::default(), false);
    for (name, value) in split(parameters)? {
        match (name.to_ascii_uppercase().as_slice(), value) {
            (b"SIZE", Some(value)) if size.is_none() => size = Some(number(value).ok_or(Reply::SYNTAX)?),
            (b"BODY", Some(value)) if value.eq_ignore_ascii_case(b"7BIT") => body = BodyKind::SevenBit,
            (b"BODY", Some(value)) if value.eq_ignore_ascii_case(b"8BITMIME") => body = BodyKind::EightBitMime,
            (b"SMTPUTF8", None) => smtputf8 = true,
            (b"SIZE" | b"BODY" | b"SMTPUTF8", _) => return Err(Reply::SYNTAX),
            _ => return Err(Reply::UNKNOWN_PARAMETER),
        }
    }
    if from.needs_utf8() && !smtputf8 {
        return Err(Reply::NEED_SMTPUTF8);
    }
    Ok(Command::Mail { from, size, body, smtputf8 })
}

fn rcpt(rest: &[u8]) -> Result<Command, Reply> {
    let rest = after_keyword(rest, b"TO:").ok_or(Reply::SYNTAX)?;
    let (to, parameters) = Path::read(rest).ok_or(Reply::BAD_RECIPIENT)?;
    if to.is_null() {
        return Err(Reply::BAD_RECIPIENT);
    }
    if split(parameters)?.next().is_some() {
        return Err(Reply::UNKNOWN_PARAMETER);
    }
    Ok(Command::Rcpt { to })
}

type Parameter<'a> = (&'a [u8], Option<&'a [u8]>);

/// `NAME` or `NAME=value`, separated by spaces and preceded by one.
fn split(parameters: &[u8]) -> Result<impl Iterator<Item = Parameter<'_>>, Reply> {
    if !parameters.is_empty() && !parameters.starts_with(b" ") {
        return Err(Reply::SYNTAX);
    }
    let words = parameters.split(|b| *b == b' ').filter(|word| !word.is_empty());
    Ok(words.map(|word| match word.iter().position(|b| *b == b'=') {
        Some(at) => (word.get(..at).unwrap_or_default(), word.get(at + 1..)),
        None => (word, None),
    }))
}

/// At most 20 digits (RFC 1870 section 5).
fn number(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_digit) || text.len() > 20 {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn commands_are_known_in_any_case() {
        assert_eq!(Command::parse(b"lhlo mx.test").unwrap(), Command::Lhlo { domain: "mx.test".into() });
        assert_eq!(Command::parse(b"Data ").unwrap(), Command::Data);
        assert_eq!(Command::parse(b"NOOP whatever").unwrap(), Command::Noop);
        assert_eq!(Command::parse(b"vrfy alice").unwrap(), Command::Vrfy);
        assert_eq!(Command::parse(b"quit").unwrap(), Command::Quit);
    }

    #[test]
    fn mail_takes_its_parameters() {
        let Command::Mail { from, size, body, smtputf8 } =
            Command::parse("mail from: <jürgen@b.test> size=1234 BODY=8bitmime SMTPUTF8".as_bytes()).unwrap()
        else {
            panic!("not MAIL")
        };
        assert_eq!((from.as_str(), size, body, smtputf8), ("jürgen@b.test", Some(1234), BodyKind::EightBitMime, true));
        let Command::Mail { from, size, .. } = Command::parse(b"MAIL FROM:<>").unwrap() else { panic!("not MAIL") };
        assert!(from.is_null() && size.is_none());
    }

    #[test]
    fn each_mistake_has_its_reply() {
        for (line, reply) in [
            ("", Reply::UNKNOWN_COMMAND),
            ("HELO a", Reply::NOT_SMTP),
            ("EHLO a", Reply::NOT_SMTP),
            ("LHLO", Reply::SYNTAX),
            ("LHLO a b", Reply::SYNTAX),
            ("MAIL", Reply::SYNTAX),
            ("MAIL FROM a@b", Reply::SYNTAX),
            ("MAIL FROM:a@b", Reply::BAD_SENDER),
            ("MAIL FROM:<a@b>SIZE=1", Reply::SYNTAX),
            ("MAIL FROM:<a@b> SIZE", Reply::SYNTAX),
            ("MAIL FROM:<a@b> SIZE=-1", Reply::SYNTAX),
            ("MAIL FROM:<a@b> SIZE=99999999999999999999999", Reply::SYNTAX),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", Reply::SYNTAX),
            ("MAIL FROM:<a@b> RET=HDRS", Reply::UNKNOWN_PARAMETER),
            ("MAIL FROM:<jürgen@b.test>", Reply::NEED_SMTPUTF8),
            ("RCPT TO:<>", Reply::BAD_RECIPIENT),
            ("RCPT TO:<a@b> NOTIFY=NEVER", Reply::UNKNOWN_PARAMETER),
            ("RCPT FROM:<a@b>", Reply::SYNTAX),
            ("DATA now", Reply::SYNTAX),
            ("STARTTLS", Reply::NOT_BUILT),
            ("BDAT 3 LAST", Reply::NOT_BUILT),
            ("XYZZY", Reply::UNKNOWN_COMMAND),
            ("VRFY", Reply::SYNTAX),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), Err(reply), "{line}");
        }
        assert_eq!(Command::parse(&[b'A'; 3000]), Err(Reply::LINE_TOO_LONG));
    }
}
