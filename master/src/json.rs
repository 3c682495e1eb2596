//! Just enough JSON for the control socket: one flat object in, objects out. RFC 8259.

use std::fmt::Write as _;

/// A value in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(u64),
    Flag(bool),
    Null,
}

/// Reads a flat object: strings, whole numbers, flags, null; nothing nested.
///
/// # Errors
/// What is wrong, for the answer.
pub fn read(text: &str) -> Result<Vec<(String, Value)>, &'static str> {
    let mut rest = text.trim();
    rest = rest.strip_prefix('{').ok_or("expected one JSON object on one line")?.trim_start();
    let mut members = Vec::new();
    if let Some(end) = rest.strip_prefix('}') {
        return if end.is_empty() { Ok(members) } else { Err("something follows the object") };
    }
    loop {
        let (name, after) = string(rest)?;
        let after = after.trim_start().strip_prefix(':').ok_or("expected : after a name")?;
        let (value, after) = value(after.trim_start())?;
        members.push((name, value));
        let after = after.trim_start();
        if let Some(more) = after.strip_prefix(',') {
            rest = more.trim_start();
        } else {
            let end = after.strip_prefix('}').ok_or("expected , or } after a value")?;
            return if end.is_empty() { Ok(members) } else { Err("something follows the object") };
        }
    }
}

fn value(text: &str) -> Result<(Value, &str), &'static str> {
    for (word, value) in [("true", Value::Flag(true)), ("false", Value::Flag(false)), ("null", Value::Null)] {
        if let Some(rest) = text.strip_prefix(word) {
            return Ok((value, rest));
        }
    }
    if text.starts_with('"') {
        return string(text).map(|(string, rest)| (Value::Text(string), rest));
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let number = digits.parse().map_err(|_| "expected a string, a whole number, true, false or null")?;
    Ok((Value::Number(number), rest))
}

fn string(text: &str) -> Result<(String, &str), &'static str> {
    let mut chars = text.strip_prefix('"').ok_or("expected a string")?.chars();
    let mut out = String::new();
    loop {
        match chars.next().ok_or("a string does not end")? {
            '"' => return Ok((out, chars.as_str())),
            '\\' => match chars.next().ok_or("a string does not end")? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'u' => {
                    let digits = chars.as_str().get(..4).ok_or("malformed \\u")?;
                    let code = u32::from_str_radix(digits, 16).map_err(|_| "malformed \\u")?;
                    out.push(char::from_u32(code).ok_or("surrogates are not taken here")?);
                    chars = chars.as_str().get(4..).unwrap_or_default().chars();
                }
                same @ ('"' | '\\' | '/') => out.push(same),
                _ => return Err("unknown escape"),
            },
            c if c < ' ' => return Err("a control character in a string"),
            c => out.push(c),
        }
    }
}

/// A string as JSON, with its quotes.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An array of already written values.
pub fn array(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(","))
}

/// An object of already written values.
pub fn object<N: AsRef<str>>(members: impl IntoIterator<Item = (N, String)>) -> String {
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("{}:{value}", quote(name.as_ref()))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::{Value, array, object, quote, read};

    #[test]
    fn flat_objects_are_read() {
        assert_eq!(read(" {} "), Ok(Vec::new()));
        let text = r#"{"cmd" : "a\"\u00e9\n" , "n":18446744073709551615,"t":true,"f":false,"z":null}"#;
        let expected = [
            ("cmd", Value::Text("a\"\u{e9}\n".to_owned())),
            ("n", Value::Number(u64::MAX)),
            ("t", Value::Flag(true)),
            ("f", Value::Flag(false)),
            ("z", Value::Null),
        ];
        assert_eq!(read(text), Ok(expected.map(|(name, value)| (name.to_owned(), value)).to_vec()));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "[]",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":-1}",
            "{\"a\":1.5}",
            "{\"a\":{}}",
            "{\"a\":[1]}",
            "{a:1}",
            "{\"a\":\"",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\u00\"}",
            "{\"a\":1}x",
            "{\"a\":18446744073709551616}",
            "{\"a\":\"\u{1}\"}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_json() {
        assert_eq!(quote("a\"\\\n\u{e9}"), "\"a\\\"\\\\\\u000a\u{e9}\"");
        let inner = array(["1".to_owned(), quote("x")]);
        assert_eq!(
            object([("a", inner), ("b", object([("c", "true".to_owned())]))]),
            r#"{"a":[1,"x"],"b":{"c":true}}"#
        );
    }
}
