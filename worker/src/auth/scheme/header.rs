//! A proxy that has asked the client itself, and says in a header field whom it found: `mod_auth_gssapi`'s user, a certificate's
//! subject. Believed from trusted proxies only, each request by itself. Nothing is offered: the proxy does the asking.

use ewsd_settings::Settings;

use super::{Attempt, Circumstances, Scheme};
use crate::auth::password::{self, principal};
use crate::auth::subject;
use crate::auth::{AdmittedBy, Denied, Entered, Peer};

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
        let Some(said) = said(attempt, settings)? else { return Ok(None) };
        let name = match name(said) {
            Ok(name) => name,
            Err(reason) => return Err(refused(said, attempt, reason)),
        };
        let names = principal::names(&name, settings);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let account = cx.vouched(&names)?.map_err(|reason| refused(said, attempt, reason))?;
        Ok(Some(Entered { account, via: AdmittedBy::Proxy, bound: None, reply: None }))
    }
}

/// What the first of `auth.headers` says that the request has. One that is there twice is of two, of whom only one can be the
/// proxy.
fn said<'a>(attempt: &Attempt<'a>, settings: &Settings) -> Result<Option<&'a str>, Denied> {
    for field in &settings.auth.headers {
        match (attempt.head.count(field), attempt.head.header(field).map(std::str::from_utf8)) {
            (0, _) | (1, Some(Ok(""))) => {}
            (1, Some(Ok(said))) => return Ok(Some(said)),
            (1, _) => return Err(refused("", attempt, "a name that is no UTF-8")),
            _ => return Err(refused("", attempt, "a name in several fields")),
        }
    }
    Ok(None)
}

fn refused(said: &str, attempt: &Attempt<'_>, reason: &str) -> Denied {
    password::refused(said, attempt.peer, reason);
    Denied::Refused
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
