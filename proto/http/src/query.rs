//! The query of a request's target, and parts of its path, taken out of their percent encoding (RFC 3986 2.1).

/// The pairs of a query, decoded, in their order. `+` is itself: addresses have it.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// The first value of that name, which is compared in any case.
pub fn value(query: &str, name: &str) -> Option<String> {
    pairs(query).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Text with its escapes resolved; what is none stays as it is, what is no UTF-8 becomes U+FFFD.
pub fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *octet == b'%').and_then(|hex| match hex {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        match escaped {
            Some(escaped) => {
                out.push(escaped);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*octet);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let query = "Email=anna%2Bx%40example.org&protocol=Ews&&flag&bad=%4&worse=%zz%";
        assert_eq!(value(query, "email").as_deref(), Some("anna+x@example.org"));
        assert_eq!(value(query, "Protocol").as_deref(), Some("Ews"));
        assert_eq!(value(query, "flag").as_deref(), Some(""));
        assert_eq!(value(query, "bad").as_deref(), Some("%4"));
        assert_eq!(value(query, "worse").as_deref(), Some("%zz%"));
        assert_eq!(value(query, "none"), None);
        assert_eq!(decode("%ff%C3%A4+"), "\u{fffd}\u{e4}+");
    }
}
