//! Texts of an administrator's into which a login is put: a name to bind with, a filter to search by. `%u` is the login, `%n` what
//! stands before its `@`, `%d` what stands behind it, `%%` a per cent sign.

use crate::Malformed;

/// The template with this login in it, each part of it escaped so that it stays one value: by [`of_name`] or [`of_filter`].
///
/// # Errors
/// The template has a `%` with something else behind it.
pub fn fill(template: &str, login: &str, escape: fn(&str) -> String) -> Result<String, Malformed> {
    let (local, domain) = login.rsplit_once('@').unwrap_or((login, ""));
    let mut out = String::with_capacity(template.len() + login.len());
    let mut signs = template.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '%' => match signs.next() {
                Some('u') => out.push_str(&escape(login)),
                Some('n') => out.push_str(&escape(local)),
                Some('d') => out.push_str(&escape(domain)),
                Some('%') => out.push('%'),
                _ => return Err(Malformed("a % without u, n, d or % behind it")),
            },
            sign => out.push(sign),
        }
    }
    Ok(out)
}

/// As the value of an attribute in a distinguished name (RFC 4514 2.4).
pub fn of_name(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (at, sign) in value.chars().enumerate() {
        match sign {
            '\0' => out.push_str("\\00"),
            '"' | '+' | ',' | ';' | '<' | '=' | '>' | '\\' => out.extend(['\\', sign]),
            '#' if at == 0 => out.push_str("\\#"),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            sign => out.push(sign),
        }
    }
    out
}

/// As a value in a filter (RFC 4515 3).
pub fn of_filter(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for sign in value.chars() {
        match sign {
            '\0' => out.push_str("\\00"),
            '(' => out.push_str("\\28"),
            ')' => out.push_str("\\29"),
            '*' => out.push_str("\\2a"),
            '\\' => out.push_str("\\5c"),
            sign => out.push(sign),
        }
    }
    out
}
