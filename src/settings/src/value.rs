//! What a setting can be: its types, the checks on its value, and the row that describes it.
//!
//! A type is added here once ([`Value`]); keys are added in `table.rs`.

use toml::de::{DeInteger, DeValue};

/// One key of the table.
#[derive(Debug)]
pub struct Row {
    /// The whole key with its section: `limits.idle_seconds`.
    pub key: &'static str,
    pub kind: ValueKind,
    pub reload: Reload,
    pub reader: Reader,
    pub check: Check,
    /// What the key means: one or two sentences.
    pub doc: &'static str,
}

/// A section of the file: `[limits]`.
#[derive(Debug)]
pub struct Section {
    pub name: &'static str,
    pub doc: &'static str,
    pub rows: &'static [Row],
}

/// The type of a value, as the file writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    Flag,
    Number,
    List,
}

impl ValueKind {
    /// The name used in messages and in the manual page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::Text => "a string in quotes",
            ValueKind::Flag => "true or false",
            ValueKind::Number => "a whole number",
            ValueKind::List => "a list of strings: [\"one\", \"two\"]",
        }
    }
}

/// Does `ewsctl reload` (or SIGHUP) take a changed value?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// A reload applies it.
    Live,
    /// Only a restart applies it; a reload keeps the old value and says so.
    Restart,
}

/// The running process that reads the key; `ewsctl` may besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Master,
    Worker,
    Both,
    /// `ewsctl` alone, from the file, each time it is run.
    Control,
}

/// What a value must satisfy beyond its type.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    Any,
    /// An inclusive range.
    Between(u64, u64),
    OneOf(&'static [&'static str]),
    /// A list of one name at least, none of them empty.
    Names,
    /// `ADDRESS:PORT`, `[V6]:PORT` or `unix:/PATH`, with options (`listener.rs`); empty entries are refused.
    Listener,
    /// As `Listener`, and no proxy is in front.
    PlainListener,
    /// As `PlainListener`, where the empty string switches the listener off.
    ListenerOrNone,
    /// `HOST:PORT` or `[V6]:PORT` to connect to; the empty string: none.
    HostPortOrNone,
    /// A path that starts with `/`.
    AbsolutePath,
    /// As `AbsolutePath`, or empty.
    AbsolutePathOrNone,
    /// Mail domains: letters, digits, dots and hyphens (or UTF-8), without `@`.
    Domain,
    /// `https://HOST` or `http://HOST:PORT`, without a path; the empty string: none.
    BaseUrlOrNone,
    /// A URL of any path; the empty string: none.
    UrlOrNone,
    /// A URL of any path whose answers nobody on the way can change: `https://`, or `http://` of this machine; the empty
    /// string: none.
    SafeUrlOrNone,
    /// `DOMAIN=https://HOST`.
    DomainBaseUrl,
    /// `DOMAIN=https://HOST/PATH` or `DOMAIN=OTHER.DOMAIN`.
    DomainTarget,
    /// Servers of a directory (`directory.rs`).
    DirectoryUrl,
    /// A text into which a login is put: `%u`, `%n`, `%d`, and `%%` for a per cent sign.
    Template,
    /// IP addresses or networks: `192.0.2.1`, `2001:db8::/32`.
    Network,
}

/// A type that a setting may have.
pub trait Value: Sized + Clone + PartialEq {
    const KIND: ValueKind;
    /// The value out of the parsed file; `None` when it has another type.
    fn read(value: &DeValue<'_>) -> Option<Self>;
    /// The value out of the right-hand side of `--set KEY=VALUE`; strings need no quotes there.
    fn read_bare(text: &str) -> Option<Self>;
    /// The value as the file writes it.
    fn write(&self) -> String;
    /// What is wrong with the value, if something is.
    fn problem(&self, check: Check) -> Option<String>;
}

impl Value for String {
    const KIND: ValueKind = ValueKind::Text;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }

    fn read_bare(text: &str) -> Option<Self> {
        let quoted = text.starts_with('"') || text.starts_with('\'');
        match DeValue::parse(text) {
            Ok(value) if quoted => Self::read(value.get_ref()),
            _ if quoted => None,
            _ => Some(text.to_owned()),
        }
    }

    fn write(&self) -> String {
        toml::Value::String(self.clone()).to_string()
    }

    fn problem(&self, check: Check) -> Option<String> {
        match check {
            Check::OneOf(names) if !names.contains(&self.as_str()) => {
                Some(format!("must be one of: {}", names.join(", ")))
            }
            Check::Names if self.trim().is_empty() => Some("must not be empty".into()),
            Check::Listener => listener_problem(self),
            Check::PlainListener => plain_listener_problem(self),
            Check::ListenerOrNone if !self.is_empty() => plain_listener_problem(self),
            Check::HostPortOrNone if !self.is_empty() => host_port_problem(self),
            Check::AbsolutePath if !self.starts_with('/') => Some("must be a path that starts with /".into()),
            Check::AbsolutePathOrNone if !self.is_empty() && !self.starts_with('/') => {
                Some("must be empty or a path that starts with /".into())
            }
            Check::Domain if !self.is_empty() => domain_problem(self),
            Check::BaseUrlOrNone if !self.is_empty() => base_url_problem(self),
            Check::UrlOrNone if !self.is_empty() => url_problem(self),
            Check::SafeUrlOrNone if !self.is_empty() => safe_url_problem(self),
            Check::DomainBaseUrl => pair_problem(self, base_url_problem),
            Check::DomainTarget => {
                pair_problem(
                    self,
                    |target| if target.contains("://") { url_problem(target) } else { domain_problem(target) },
                )
            }
            Check::Network => network_problem(self),
            Check::DirectoryUrl => crate::Directory::parse(self).err(),
            Check::Template => template_problem(self),
            _ => self.contains('\0').then(|| "must not contain NUL".into()),
        }
    }
}

impl Value for bool {
    const KIND: ValueKind = ValueKind::Flag;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }

    fn read_bare(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn write(&self) -> String {
        self.to_string()
    }

    fn problem(&self, _: Check) -> Option<String> {
        None
    }
}

impl Value for u64 {
    const KIND: ValueKind = ValueKind::Number;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_integer().and_then(integer)
    }

    fn read_bare(text: &str) -> Option<Self> {
        DeValue::parse(text).ok().and_then(|value| Self::read(value.get_ref()))
    }

    fn write(&self) -> String {
        let digits = self.to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && digits.len() > 4 && (digits.len() - at) % 3 == 0 {
                grouped.push('_');
            }
            grouped.push(digit);
        }
        grouped
    }

    fn problem(&self, check: Check) -> Option<String> {
        match check {
            Check::Between(low, high) if !(low..=high).contains(self) => {
                Some(format!("must lie between {} and {}", low.write(), high.write()))
            }
            _ => None,
        }
    }
}

impl Value for Vec<String> {
    const KIND: ValueKind = ValueKind::List;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let entries = value.as_array()?;
        entries.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned)).collect()
    }

    fn read_bare(text: &str) -> Option<Self> {
        if text.starts_with('[') {
            return DeValue::parse(text).ok().and_then(|value| Self::read(value.get_ref()));
        }
        Some(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect())
    }

    fn write(&self) -> String {
        let entries: Vec<String> = self.iter().map(Value::write).collect();
        format!("[{}]", entries.join(", "))
    }

    fn problem(&self, check: Check) -> Option<String> {
        if self.is_empty() && matches!(check, Check::Names) {
            return Some("must name one at least".into());
        }
        self.iter().find_map(|entry| entry.problem(check).map(|problem| format!("\"{entry}\" {problem}")))
    }
}

fn integer(value: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(&value.as_str().replace('_', ""), value.radix()).ok()
}

fn listener_problem(text: &str) -> Option<String> {
    crate::Listener::parse(text).err()
}

/// Mail and administration come from no proxy.
fn plain_listener_problem(text: &str) -> Option<String> {
    match crate::Listener::parse(text) {
        Ok(listener) if listener.proxy || listener.schemes.is_some() => {
            Some("has an option that is for server.http alone".into())
        }
        parsed => parsed.err(),
    }
}

fn template_problem(text: &str) -> Option<String> {
    let mut behind = text.split('%').skip(1);
    while let Some(part) = behind.next() {
        match part.chars().next() {
            Some('u' | 'n' | 'd') => {}
            // Two of them: what stands behind the second one is no variable.
            None if behind.next().is_some() => {}
            _ => return Some("must have u, n, d or % behind each %".into()),
        }
    }
    text.contains('\0').then(|| "must not contain NUL".into())
}

fn host_port_problem(text: &str) -> Option<String> {
    let fits = text.rsplit_once(':').is_some_and(|(host, port)| {
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let known = match literal {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => domain_problem(host).is_none(),
        };
        known && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    (!fits).then(|| "must be HOST:PORT such as mail.example.org:587, 127.0.0.1:25 or [::1]:25".into())
}

fn domain_problem(text: &str) -> Option<String> {
    let label =
        |label: &str| !label.is_empty() && label.len() <= 63 && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let fits = text.len() <= 253 && text.split('.').all(label);
    (!fits).then(|| "must be a mail domain such as example.org, without @".into())
}

/// Host and port of a URL, and what stands behind them.
fn url_parts(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "443"),
    };
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let known = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => domain_problem(host).is_none(),
    };
    let good = known && port.parse::<u16>().is_ok_and(|port| port > 0) && !path.contains(char::is_whitespace);
    good.then_some((authority, path))
}

fn url_problem(text: &str) -> Option<String> {
    url_parts(text).is_none().then(|| "must be a URL such as https://mail.example.org/path".into())
}

fn safe_url_problem(text: &str) -> Option<String> {
    let Some((authority, _)) = url_parts(text) else { return url_problem(text) };
    let host = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or_else(|| authority.split(':').next().unwrap_or_default(), |(address, _)| address);
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let fits = text.starts_with("https://") || here;
    (!fits).then(|| "must be a URL such as https://login.example.org/keys; http:// only of this machine".into())
}

fn base_url_problem(text: &str) -> Option<String> {
    let fits = url_parts(text).is_some_and(|(_, path)| path.is_empty());
    (!fits).then(|| "must be https://HOST or https://HOST:PORT, without a path".into())
}

fn pair_problem(text: &str, problem: impl Fn(&str) -> Option<String>) -> Option<String> {
    match text.split_once('=') {
        None => Some("must be DOMAIN=VALUE".into()),
        Some((domain, value)) => domain_problem(domain).or_else(|| problem(value)),
    }
}

fn network_problem(text: &str) -> Option<String> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let fits = match address.parse::<std::net::IpAddr>() {
        Ok(address) => {
            let most = if address.is_ipv4() { 32 } else { 128 };
            bits.is_none_or(|bits| bits.parse::<u32>().is_ok_and(|bits| bits <= most))
        }
        Err(_) => false,
    };
    (!fits).then(|| "must be an IP address or a network such as 192.0.2.0/24".into())
}

#[cfg(test)]
mod tests {
    use super::{safe_url_problem, template_problem};

    #[test]
    fn templates_have_known_variables_only() {
        for text in ["", "uid=%n,ou=%d", "%u", "100%%", "%%u%u%%", "%%%%"] {
            assert_eq!(template_problem(text), None, "{text}");
        }
        for text in ["%", "%x", "%%%", "a%%%b", "uid=%n,%"] {
            assert!(template_problem(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_nobody_on_the_way_can_change_is_safe() {
        for text in [
            "https://login.example.org/keys?p=1",
            "https://[2001:db8::1]:8443/",
            "http://127.0.0.1:8080/keys",
            "http://[::1]/keys",
            "http://[::1]:81/keys",
            "http://localhost/keys",
        ] {
            assert_eq!(safe_url_problem(text), None, "{text}");
        }
        for text in [
            "http://login.example.org/keys",
            "http://192.0.2.1/keys",
            "http://[2001:db8::1]/keys",
            "http://localhost.example.org/",
            "http://127.0.0.1@login.example.org/",
            "ftp://localhost/",
            "localhost",
        ] {
            assert!(safe_url_problem(text).is_some(), "{text}");
        }
    }
}
