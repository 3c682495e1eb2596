//! Autodiscover on the wire: how a client that knows a mail address finds the server. Two XML forms, both read and written here:
//! POX (MS-OXDSCLI, `pox.rs`) and SOAP (MS-OXWSADISC, `soap.rs`); the third, JSON, has no elements. What is told of a mailbox is a
//! [`Profile`], whoever asks and in whichever form; the names of the settings are a table (`setting.rs`).
//!
//! Nothing here knows who may ask, or where a mailbox is.

pub mod pox;
mod setting;
pub mod soap;

use ewsd_model::Version;

pub use setting::{Setting, settings};

use crate::soap::SERVER_VERSION;

/// What clients are told of one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub display_name: String,
    /// The primary address.
    pub address: String,
    /// The name of the X.500 kind by which MAPI clients know the mailbox.
    pub dn: String,
    /// A GUID, the same for all mailboxes of this installation.
    pub deployment: String,
    pub home: Home,
}

/// Where the services of a domain's mailboxes are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// Scheme, host and port, without a slash at the end: `https://mail.example.org`.
    pub base: String,
    /// Somebody's web mail for the same mailboxes.
    pub webmail: Option<String>,
    /// Somebody's ActiveSync for the same mailboxes.
    pub activesync: Option<String>,
    /// The login scheme that is named to clients of the POX form: `basic`, `ntlm`, `kerb`, `kerbntlm` or `negotiate`.
    pub package: &'static str,
}

impl Home {
    pub fn ews(&self) -> String {
        format!("{}/EWS/Exchange.asmx", self.base)
    }

    /// Of the POX form.
    pub fn autodiscover(&self) -> String {
        format!("{}/autodiscover/autodiscover.xml", self.base)
    }

    /// The host of [`Home::base`], without its port.
    pub fn host(&self) -> &str {
        let authority = self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest);
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

/// Somewhere else to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// With this address.
    Address(String),
    /// At this URL.
    Url(String),
}

/// The build as the settings name it: `15.01.2507.006`.
fn dotted_version() -> String {
    let [major, minor, build, revision] = SERVER_VERSION;
    format!("{major:02}.{minor:02}.{build:04}.{revision:03}")
}

/// The build as POX names it: one number in eight hexadecimal digits.
fn packed_version() -> String {
    let [major, minor, build, _] = SERVER_VERSION;
    format!("{:08X}", 0x7000_8000 | major << 22 | minor << 16 | build)
}

/// Every schema that is spoken, oldest first; clients take the last they know.
fn schemas() -> String {
    Version::names().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_as_clients_take_them_apart() {
        assert_eq!(dotted_version(), "15.01.2507.006");
        assert_eq!(packed_version(), "73C189CB");
        assert!(schemas().starts_with("Exchange2007, Exchange2007_SP1, ") && schemas().ends_with("Exchange2016"));
    }

    #[test]
    fn a_host_is_what_stands_before_the_port() {
        for (base, host) in [
            ("https://mail.example.org", "mail.example.org"),
            ("https://mail.example.org:8443", "mail.example.org"),
            ("http://[::1]:8080", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            let home = Home { base: base.to_owned(), ..Home::default() };
            assert_eq!(home.host(), host, "{base}");
        }
    }
}
