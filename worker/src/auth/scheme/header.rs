//! A proxy that has asked the client itself, and says in a header field whom it found: `mod_auth_gssapi`'s user, a certificate's
//! subject. Believed from trusted proxies only, each request by itself. Nothing is offered: the proxy does the asking.

use ewsd_settings::Settings;

use super::{Attempt, Circumstances, Scheme};
use crate::auth::password::{self, principal};
use crate::auth::{AdmittedBy, Denied, Entered, Peer, failed};

pub struct Header;

impl Scheme for Header {
    fn number(&self) -> u8 {
        4
    }

    fn name(&self) -> &'static str {
        "headers"
    }

    fn offer(&self, _: &Settings, _: Peer, _: &dyn Fn() -> String) -> Option<String> {
        None
    }

    fn speaks(&self, settings: &Settings, peer: Peer) -> bool {
        peer.proxied && !settings.auth.headers.is_empty()
    }

    fn accept(&self, attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let settings = cx.settings;
        let said =
            settings.auth.headers.iter().find_map(|name| attempt.head.header_str(name).filter(|said| !said.is_empty()));
        let Some(said) = said else { return Ok(None) };
        let names: Vec<String> = names(said).into_iter().flat_map(|name| principal::names(&name, settings)).collect();
        let account = password::find(names.iter().map(String::as_str), cx.store).map_err(failed)?;
        let reason = match account {
            Some(account) if !account.disabled => {
                let account = cx.remember(account);
                return Ok(Some(Entered { account, via: AdmittedBy::Proxy, bound: None, reply: None }));
            }
            Some(_) => "account disabled",
            None => "unknown user",
        };
        password::refused(said, attempt.peer, reason);
        Err(Denied::Refused)
    }
}

/// The names in the value: the value itself, or those in a distinguished name (RFC 4514, or with slashes as older servers write it).
fn names(said: &str) -> Vec<String> {
    if !said.contains('=') {
        return vec![said.to_owned()];
    }
    let parts = || said.split([',', '/']).filter_map(|part| part.trim().split_once('='));
    let of = |wanted: &str| {
        parts()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().to_owned())
            .collect::<Vec<_>>()
    };
    ["emailAddress", "1.2.840.113549.1.9.1", "UID", "CN"].into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_found_in_subjects() {
        assert_eq!(names("anna@EXAMPLE.ORG"), ["anna@EXAMPLE.ORG"]);
        assert_eq!(
            names("emailAddress=anna@example.org,CN=Anna Ahrens,O=Example"),
            ["anna@example.org", "Anna Ahrens"]
        );
        assert_eq!(names("/O=Example/CN=Anna/emailAddress=anna@example.org"), ["anna@example.org", "Anna"]);
        assert!(names("O=Example").is_empty());
    }
}
