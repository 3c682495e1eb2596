//! A certificate's subject as text (RFC 4514, and RFC 2253 before it), and whom it names.
//!
//! Whoever asks for a certificate chooses some of what stands in it: a name with a comma in it must not become two attributes. So
//! nothing is guessed: what is not written by the rules, with everything escaped that must be, names nobody.

/// The kinds of attribute that name a person, the best first, each with its number.
const NAMING: &[[&str; 2]] =
    &[["emailAddress", "1.2.840.113549.1.9.1"], ["UID", "0.9.2342.19200300.100.1.1"], ["CN", "2.5.4.3"]];

/// Kind and value.
type Attribute<'s> = (&'s str, String);

/// The name in a subject: the value of the best kind that it has. Others are not asked: the authority vouches for them less.
///
/// # Errors
/// A reason for the log.
pub fn name(subject: &str) -> Result<String, &'static str> {
    // `/CN=x/emailAddress=y`, as older servers write it, escapes nothing: it may be one attribute or two.
    if subject.starts_with('/') {
        return Err("a subject with slashes");
    }
    let attributes = attributes(subject).ok_or("a subject that is not written as RFC 4514 says")?;
    let of = |kinds: &[&str; 2]| {
        attributes.iter().find(|(kind, _)| kinds.iter().any(|known| known.eq_ignore_ascii_case(kind)))
    };
    let found = NAMING.iter().find_map(of).map(|(_, value)| value.clone());
    found.filter(|name| !name.is_empty()).ok_or("a subject that names nobody")
}

/// All attributes, in the order in which they are written: the last of the certificate first. None: there is something else.
fn attributes(subject: &str) -> Option<Vec<Attribute<'_>>> {
    let mut found = Vec::new();
    let mut rest = subject;
    loop {
        let (kind, after) = rest.split_once('=')?;
        let kind = kind.trim_matches(' ');
        let is_kind = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if kind.is_empty() || !kind.chars().all(is_kind) {
            return None;
        }
        let (value, after) = value(after.trim_start_matches(' '))?;
        found.push((kind, value));
        match after {
            None => return Some(found),
            Some(after) => rest = after,
        }
    }
}

/// The value at the start of `text` without its escapes, and what stands behind the comma or plus that ends it.
fn value(text: &str) -> Option<(String, Option<&str>)> {
    // Octets of the certificate as they are (`#0C03…`): nobody reads them here.
    if text.starts_with('#') {
        return None;
    }
    let mut octets: Vec<u8> = Vec::new();
    // Blanks at the end are no part of it unless they are escaped.
    let mut length = 0;
    let mut after = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            ',' | '+' => {
                after = Some(text.get(at + 1..)?);
                break;
            }
            '\\' => {
                octets.push(escaped(&mut chars)?);
                length = octets.len();
            }
            '"' | ';' | '<' | '>' => return None,
            ' ' => octets.push(b' '),
            c => {
                octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                length = octets.len();
            }
        }
    }
    octets.truncate(length);
    let value = String::from_utf8(octets).ok()?;
    (!value.contains(char::is_control)).then_some((value, after))
}

/// What stands behind a backslash: an octet as two digits, or one of the characters that mean something.
fn escaped(chars: &mut std::str::CharIndices<'_>) -> Option<u8> {
    let (_, first) = chars.next()?;
    match first.to_digit(16) {
        Some(high) => {
            let (_, low) = chars.next()?;
            u8::try_from(high * 16 + low.to_digit(16)?).ok()
        }
        None => matches!(first, '"' | '+' | ',' | ';' | '<' | '>' | ' ' | '#' | '=' | '\\').then_some(first as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn the_best_kind_that_is_there_names() {
        for (subject, expected) in [
            ("emailAddress=anna@example.org,CN=Anna Ahrens,O=Example", "anna@example.org"),
            ("CN=Anna Ahrens,emailAddress=anna@example.org,O=Example", "anna@example.org"),
            ("1.2.840.113549.1.9.1=anna@example.org,CN=Anna", "anna@example.org"),
            ("cn=anna , o = Example", "anna"),
            ("UID=anna+CN=Anna Ahrens,O=Example", "anna"),
            ("CN=Anna,CN=Users,DC=example", "Anna"),
            (r"CN=J\C3\BCrgen \23 1\ ,O=Example", "J\u{fc}rgen # 1 "),
            (r"CN=Ahrens\, Anna,O=A \+ B", "Ahrens, Anna"),
            ("CN=a=b", "a=b"),
        ] {
            assert_eq!(name(subject), Ok(expected.to_owned()), "{subject}");
        }
    }

    #[test]
    fn one_value_is_never_two_attributes() {
        for (subject, expected) in [
            (r"CN=x\,emailAddress=boss@example.org,O=Example", "x,emailAddress=boss@example.org"),
            (r"CN=x\2CemailAddress=boss@example.org", "x,emailAddress=boss@example.org"),
            (r"CN=x\+emailAddress=boss@example.org", "x+emailAddress=boss@example.org"),
            ("CN=x/emailAddress=boss@example.org,O=Example", "x/emailAddress=boss@example.org"),
            (r"CN=x\\\,emailAddress=boss@example.org", r"x\,emailAddress=boss@example.org"),
        ] {
            assert_eq!(name(subject), Ok(expected.to_owned()), "{subject}");
        }
    }

    #[test]
    fn what_is_written_otherwise_names_nobody() {
        for subject in [
            "/O=Example/CN=x/emailAddress=boss@example.org",
            "/CN=anna",
            r#"CN="x,emailAddress=boss@example.org""#,
            "CN=x;emailAddress=boss@example.org",
            "emailAddress=#160F626F7373406578616D706C652E6F7267,CN=anna",
            "CN=anna,",
            "CN=anna,O",
            "=anna",
            r"CN=anna\",
            r"CN=anna\2",
            r"CN=anna\z",
            r"CN=anna\00",
            r"CN=anna\FF",
            "CN=",
            "O=Example",
            "",
        ] {
            assert!(name(subject).is_err(), "{subject}");
        }
    }
}
