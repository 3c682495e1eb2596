//! Autodiscover: who asks, about whom, and where that one's mailbox is. The forms are `ewsd-ews`'s; a file here for each:
//! `pox.rs`, `soap.rs`, `json.rs`.
//!
//! Whoever has logged in may ask about any address: shared mailboxes are found that way. The JSON form is asked by clients that
//! have not logged in, and says nothing of anybody.

mod accepted;
mod json;
mod pox;
mod soap;

use ewsd_ews::autodiscover::{Home, Profile, Redirect};
use ewsd_mailbox::log::note;
use ewsd_model::id::Guid;
use ewsd_settings::Settings;
use ewsd_store::{Account, StoreError};
use sha2::{Digest, Sha256};

pub use accepted::Accepted;
pub use json::json;
pub use pox::{pox, pox_by_get};
pub use soap::{soap, soap_by_get};

use super::response::Response;
use super::route::Request;
use crate::auth;

/// What clients of Microsoft's own look for in every answer, whatever its status: without the first they take the SOAP form for
/// missing.
pub const HEADERS: &[(&str, &str)] = &[
    ("X-SOAP-Enabled", "True"),
    ("X-WSSecurity-Enabled", "False"),
    ("X-WSSecurity-SymmetricKey-Enabled", "False"),
    ("X-WSSecurity-X509Cert-Enabled", "False"),
    ("X-OAuth-Enabled", "False"),
];

/// A mailbox's name of the X.500 kind, up to the part that is its own.
const DN: &str = "/o=ewsd/ou=Exchange Administrative Group/cn=Recipients/cn=";

/// What is known of an address.
enum AddressHolder {
    Here(Box<Profile>),
    Elsewhere(Redirect),
    Nobody,
}

/// Who has that address, and where.
fn look_up(address: &str, request: &mut Request<'_>) -> Result<AddressHolder, StoreError> {
    // Fits every index and every statement; nobody has a longer one.
    if address.len() > 1024 {
        return Ok(AddressHolder::Nobody);
    }
    if let Some(redirect) = redirect(address, request.settings) {
        return Ok(AddressHolder::Elsewhere(redirect));
    }
    let account = request.store.account_by_address(address)?;
    Ok(known(account, address, request))
}

/// As [`look_up`], by the name that [`Profile::dn`] gave.
fn look_up_dn(dn: &str, request: &mut Request<'_>) -> Result<AddressHolder, StoreError> {
    let Some(guid) = guid_of(dn) else { return Ok(AddressHolder::Nobody) };
    let Some(mailbox) = request.store.mailbox_by_guid(guid)? else { return Ok(AddressHolder::Nobody) };
    let account = request.store.account_by_mailbox(mailbox)?;
    let address = account.as_ref().and_then(|account| account.primary_address.clone()).unwrap_or_default();
    Ok(known(account, &address, request))
}

fn known(account: Option<Account>, address: &str, request: &Request<'_>) -> AddressHolder {
    match account.filter(|account| !account.disabled) {
        Some(account) => {
            let home = home(domain_of(address), request);
            AddressHolder::Here(Box::new(Profile {
                display_name: account.display_name,
                address: account.primary_address.unwrap_or_else(|| address.to_lowercase()),
                dn: format!("{DN}{}", hex(&account.guid.0)),
                deployment: deployment(&home).to_string(),
                home,
            }))
        }
        None => AddressHolder::Nobody,
    }
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// The value for a domain in a list of `DOMAIN=VALUE`.
fn of_domain<'l>(list: &'l [String], domain: &str) -> Option<&'l str> {
    let pairs = list.iter().filter_map(|entry| entry.split_once('='));
    pairs.filter(|(of, _)| of.eq_ignore_ascii_case(domain)).map(|(_, value)| value).next()
}

fn redirect(address: &str, settings: &Settings) -> Option<Redirect> {
    let (local, domain) = address.rsplit_once('@')?;
    let target = of_domain(&settings.autodiscover.redirect, domain)?;
    Some(if target.contains("://") {
        Redirect::Url(target.to_owned())
    } else {
        Redirect::Address(format!("{local}@{target}"))
    })
}

/// Where the mailboxes of a domain are, as clients are told.
fn home(domain: &str, request: &Request<'_>) -> Home {
    let set = &request.settings.autodiscover;
    let some = |url: &String| Some(url.clone()).filter(|url| !url.is_empty());
    let base = of_domain(&set.domain_urls, domain).map(str::to_owned);
    Home {
        base: base.or_else(|| some(&request.settings.server.public_url)).unwrap_or_else(|| asked_at(request)),
        webmail: some(&set.webmail_url),
        activesync: some(&set.activesync_url),
        package: package(request),
    }
}

/// By which name the client came here: what it believes to be the server's is only told to itself.
fn asked_at(request: &Request<'_>) -> String {
    let scheme = request.head.header_str("X-Forwarded-Proto").filter(|_| request.peer.proxied);
    let scheme = if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")) { "https" } else { "http" };
    format!("{scheme}://{}", request.head.header_str("Host").unwrap_or("localhost"))
}

/// Whether the client says that it can handle something (`X-ClientCanHandle`, a list).
fn can_handle(request: &Request<'_>, what: &str) -> bool {
    let said = request.head.header_str("X-ClientCanHandle").unwrap_or_default();
    said.split([',', ' ']).any(|word| word.eq_ignore_ascii_case(what))
}

/// The best of the schemes offered that POX has a name for.
fn package(request: &Request<'_>) -> &'static str {
    let offers = auth::offers(request.settings, request.peer, &String::new);
    let offered = |name: &str| offers.iter().any(|offer| offer.split(' ').next() == Some(name));
    match (offered("Negotiate"), offered("NTLM")) {
        (true, _) if can_handle(request, "Negotiate") => "negotiate",
        (true, true) => "kerbntlm",
        (true, false) => "kerb",
        (false, true) => "ntlm",
        (false, false) => "basic",
    }
}

/// The same for all mailboxes that are reached in one place, and nowhere else.
fn deployment(home: &Home) -> Guid {
    let digest: [u8; 32] = Sha256::digest(home.base.as_bytes()).into();
    Guid(digest.first_chunk().copied().unwrap_or_default())
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn guid_of(dn: &str) -> Option<Guid> {
    let (start, own) = dn.split_at_checked(DN.len())?;
    if !start.eq_ignore_ascii_case(DN) || own.len() != 32 {
        return None;
    }
    u128::from_str_radix(own, 16).ok().map(|number| Guid(number.to_be_bytes()))
}

/// The accounts cannot be read for a while: what every client understands. None: for good, which each form says in its own way.
fn busy(error: &StoreError) -> Option<Response> {
    match error {
        StoreError::Busy { retry_ms } => Some(
            Response::text(503, "The database is away. Try again later.")
                .with("Retry-After", retry_ms.div_ceil(1000).to_string()),
        ),
        other => {
            note!(Error, "autodiscover: {other}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_found_by_its_name_of_the_x500_kind() {
        let guid = Guid([0xab; 16]);
        let dn = format!("{DN}{}", hex(&guid.0));
        assert_eq!(guid_of(&dn), Some(guid));
        assert_eq!(guid_of(&dn.to_uppercase()), Some(guid));
        for wrong in ["", "/o=other/cn=ab", DN, &dn[..dn.len() - 1], &format!("{DN}{}", "z".repeat(32))] {
            assert_eq!(guid_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_domain_has_its_own_entry_or_none() {
        let list = ["a.test=https://a".to_owned(), "b.test=c.test".to_owned()];
        assert_eq!(of_domain(&list, "A.TEST"), Some("https://a"));
        assert_eq!(of_domain(&list, "x.a.test"), None);
        let mut settings = Settings::default();
        settings.autodiscover.redirect = vec!["b.test=c.test".to_owned(), "d.test=https://d/x".to_owned()];
        assert_eq!(redirect("Anna@B.test", &settings), Some(Redirect::Address("Anna@c.test".to_owned())));
        assert_eq!(redirect("anna@d.test", &settings), Some(Redirect::Url("https://d/x".to_owned())));
        assert_eq!(redirect("anna@a.test", &settings), None);
    }
}
