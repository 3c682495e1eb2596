//! A proxy that has asked the client itself, and says in a header field whom it found: `mod_auth_gssapi`'s user, a certificate's
//! subject. Believed from trusted proxies only, each request by itself. Nothing is offered: the proxy does the asking.

use ewsd_settings::Settings;

use super::{Attempt, Circumstances, Scheme};
use crate::auth::password::{self, principal};
use crate::auth::subject;
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
        let name = match name(said) {
            Ok(name) => name,
            Err(reason) => {
                password::refused(said, attempt.peer, reason);
                return Err(Denied::Refused);
            }
        };
        let names = principal::names(&name, settings);
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

/// The name in the value: the value itself, or the one in a certificate's subject.
fn name(said: &str) -> Result<String, &'static str> {
    if said.contains('=') { subject::name(said) } else { Ok(said.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_value_is_a_name_or_a_subject() {
        assert_eq!(name("anna@EXAMPLE.ORG"), Ok("anna@EXAMPLE.ORG".to_owned()));
        assert_eq!(name("emailAddress=anna@example.org,CN=Anna"), Ok("anna@example.org".to_owned()));
        assert!(name("/CN=Anna/emailAddress=anna@example.org").is_err());
    }
}
