//! `database.url` as libpq takes it: the keys that are about TLS are read here, everything else is the driver's.
//!
//! Two forms: `postgresql://USER:PASSWORD@HOST/NAME?key=value&…`, and `key=value key='another value'` (libpq, "Connection
//! Strings").

use std::path::PathBuf;

use crate::StoreError;

/// How certain one is of the server (libpq, "SSL Support", table of sslmode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// No TLS.
    Disable,
    /// TLS where the server offers it, with whatever certificate. libpq's `allow` is the same here.
    #[default]
    Prefer,
    /// TLS or nothing. With `sslrootcert` as [`Mode::VerifyCa`].
    Require,
    /// A certificate of an authority that is trusted.
    VerifyCa,
    /// Which names the host as well.
    VerifyFull,
}

/// What the URL says of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    pub mode: Mode,
    /// CA certificates (PEM); `system`, or none where some are needed: those of the system.
    pub root: Option<PathBuf>,
    /// The client's certificate and key (PEM).
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// The URL without the keys of TLS, for the driver, and what they say.
pub(crate) fn split(url: &str) -> Result<(String, TlsOptions), StoreError> {
    let mut tls = TlsOptions::default();
    let rest = match url.split_once("://") {
        Some(("postgres" | "postgresql", _)) => split_uri(url, &mut tls)?,
        _ => split_pairs(url, &mut tls)?,
    };
    if tls.mode == Mode::Require && tls.root.is_some() {
        tls.mode = Mode::VerifyCa;
    }
    if tls.certificate.is_some() != tls.key.is_some() {
        return Err(wrong("sslcert and sslkey belong together"));
    }
    Ok((rest, tls))
}

pub(crate) fn wrong(text: impl std::fmt::Display) -> StoreError {
    StoreError::Hopeless(format!("database.url is not understood: {text}"))
}

/// Takes the key if it is one of TLS; else it is the driver's.
fn take(tls: &mut TlsOptions, key: &str, value: &str) -> Result<bool, StoreError> {
    let path = |value: &str| (!value.is_empty()).then(|| PathBuf::from(value));
    match key {
        "sslmode" => {
            tls.mode = match value {
                "disable" => Mode::Disable,
                "allow" | "prefer" => Mode::Prefer,
                "require" => Mode::Require,
                "verify-ca" => Mode::VerifyCa,
                "verify-full" => Mode::VerifyFull,
                _ => {
                    let known = "disable, allow, prefer, require, verify-ca, verify-full";
                    return Err(wrong(format_args!("sslmode={value}: there are {known}")));
                }
            }
        }
        "sslrootcert" => tls.root = path(value),
        "sslcert" => tls.certificate = path(value),
        "sslkey" => tls.key = path(value),
        _ => return Ok(false),
    }
    Ok(true)
}

fn split_uri(url: &str, tls: &mut TlsOptions) -> Result<String, StoreError> {
    let Some((before, query)) = url.split_once('?') else { return Ok(url.to_owned()) };
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !take(tls, key, &percent(value).ok_or_else(|| wrong(format_args!("{key}: a % that is no escape")))?)? {
            kept.push(pair);
        }
    }
    Ok(if kept.is_empty() { before.to_owned() } else { format!("{before}?{}", kept.join("&")) })
}

fn percent(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        rest = rest.get(2..)?;
    }
    String::from_utf8(out).ok()
}

/// Pairs are kept as they are written; only those of TLS are taken out.
fn split_pairs(text: &str, tls: &mut TlsOptions) -> Result<String, StoreError> {
    let mut kept = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(|| wrong("expected key=value"))?;
        let (value, length) = value(after.trim_start()).ok_or_else(|| wrong("a quote that does not end"))?;
        let end = text.len() - after.trim_start().len() + length;
        let start = text.len() - rest.len();
        if !take(tls, key.trim(), &value)? {
            kept.push(text.get(start..end).unwrap_or_default());
        }
        rest = text.get(end..).unwrap_or_default().trim_start();
    }
    Ok(kept.join(" "))
}

/// A value, in quotes or up to a blank, and how many octets it takes.
fn value(text: &str) -> Option<(String, usize)> {
    let quoted = text.starts_with('\'');
    let mut out = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            '\'' if quoted => return Some((out, at + 1)),
            c if !quoted && c.is_whitespace() => return Some((out, at)),
            c => out.push(c),
        }
    }
    (!quoted).then_some((out, text.len()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tls(mode: Mode, root: Option<&str>) -> TlsOptions {
        TlsOptions { mode, root: root.map(PathBuf::from), ..TlsOptions::default() }
    }

    #[test]
    fn both_forms_are_split() {
        for (url, rest, expected) in [
            ("host=/run/postgresql user=x", "host=/run/postgresql user=x", tls(Mode::Prefer, None)),
            (
                "host=db sslmode=verify-full  sslrootcert='/etc/a b.pem' user='o\\'x'",
                "host=db user='o\\'x'",
                tls(Mode::VerifyFull, Some("/etc/a b.pem")),
            ),
            ("sslmode = disable host = db", "host = db", tls(Mode::Disable, None)),
            ("postgresql://u:p@db/ewsd", "postgresql://u:p@db/ewsd", tls(Mode::Prefer, None)),
            (
                "postgres://u@db/ewsd?sslmode=require&connect_timeout=3&sslrootcert=%2Fetc%2Fca.pem",
                "postgres://u@db/ewsd?connect_timeout=3",
                tls(Mode::VerifyCa, Some("/etc/ca.pem")),
            ),
            ("postgresql://db/ewsd?sslmode=verify-ca", "postgresql://db/ewsd", tls(Mode::VerifyCa, None)),
        ] {
            assert_eq!(split(url).unwrap(), (rest.to_owned(), expected), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (url, says) in [
            ("host=db sslmode=full", "sslmode=full: there are disable, allow"),
            ("host=db sslcert=/x.pem", "sslcert and sslkey"),
            ("host='db", "a quote"),
            ("nonsense", "key=value"),
            ("postgresql://db/x?sslrootcert=%zz", "sslrootcert: a %"),
        ] {
            let said = split(url).unwrap_err().to_string();
            assert!(said.contains(says), "{url}: {said}");
        }
    }
}
