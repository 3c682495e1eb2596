//! The JSON form, version 2: asked without credentials, so every address of a domain of ours is answered alike.

use ewsd_http::query;
use ewsd_mailbox::clock;
use serde_json::json;

use super::{busy, domain_of, home, of_domain};
use crate::front::ews::Answer;
use crate::front::response::{JSON, Response};
use crate::front::route::Request;

/// Redirects that a client has followed, beyond which it is going round in circles.
const REDIRECTS: u32 = 10;

/// The protocols that can be asked for, as they are written.
const PROTOCOLS: &[&str] = &["Ews", "AutodiscoverV1", "ActiveSync"];

/// The code and the words of a refusal.
struct Refused(u16, &'static str, String);

pub fn json(mut request: Request<'_>) -> Answer {
    Answer::Now(match answer(&mut request) {
        Ok(response) => response,
        Err(Refused(status, code, text)) => {
            Response::new(status, JSON, json!({"ErrorCode": code, "ErrorMessage": text}).to_string().into_bytes())
        }
    })
}

fn answer(request: &mut Request<'_>) -> Result<Response, Refused> {
    let asked = request.head.query().unwrap_or_default();
    let address = path_address(request.head.path()).or_else(|| query::value(asked, "Email")).unwrap_or_default();
    let domain = domain_of(&address).to_ascii_lowercase();
    if domain.is_empty() || address.len() > 1024 {
        let text = "Name a mail address: Email=anna@example.org.".to_owned();
        return Err(Refused(400, "MandatoryParameterMissing", text));
    }
    let home = home(&domain, request);
    let supported = |name: &str| name != "ActiveSync" || home.activesync.is_some();
    let offered = || PROTOCOLS.iter().copied().filter(|name| supported(name)).collect::<Vec<_>>().join(", ");
    let Some(wanted) = query::value(asked, "Protocol").filter(|name| !name.is_empty()) else {
        return Err(Refused(400, "MissingProtocol", format!("Name a protocol, one of: {}.", offered())));
    };
    let known = PROTOCOLS.iter().find(|name| name.eq_ignore_ascii_case(&wanted) && supported(name));
    let Some(protocol) = known else {
        return Err(Refused(400, "ProtocolNotSupported", format!("Supported protocols are: {}.", offered())));
    };
    if let Some(target) = of_domain(&request.settings.autodiscover.redirect, &domain).filter(|to| to.contains("://")) {
        return elsewhere(target, &address, protocol, asked);
    }
    let (settings, now) = (request.settings, clock::unix());
    match request.accepted.holds(&address, now, request.store, settings) {
        Ok(true) => {}
        Ok(false) => return Err(Refused(404, "UserNotFound", "The user is not here.".to_owned())),
        Err(error) => {
            let failed = || Response::text(500, "The server failed.");
            return Ok(busy(&error).unwrap_or_else(failed));
        }
    }
    let url = match *protocol {
        "Ews" => home.ews(),
        "AutodiscoverV1" => home.autodiscover(),
        _ => home.activesync.clone().unwrap_or_default(),
    };
    Ok(Response::new(200, JSON, json!({"Protocol": protocol, "Url": url}).to_string().into_bytes()))
}

/// `/autodiscover/autodiscover.json/v1.0/<address>`
fn path_address(path: &str) -> Option<String> {
    let mut parts = path.trim_matches('/').split('/').skip(2);
    let version = parts.next()?;
    let versioned = version.get(..1).is_some_and(|v| v.eq_ignore_ascii_case("v"));
    parts.next().filter(|_| versioned).map(query::decode)
}

/// The other server's JSON form, by the URL of its POX form.
fn elsewhere(target: &str, address: &str, protocol: &str, asked: &str) -> Result<Response, Refused> {
    let followed = query::value(asked, "RedirectCount").and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
    if followed >= REDIRECTS {
        return Err(Refused(400, "TooManyRedirects", "The request was sent on too often.".to_owned()));
    }
    let end = target.find("://").and_then(|at| target.get(at + 3..).map(|rest| (at + 3, rest)));
    let base =
        end.map_or(target, |(at, rest)| target.get(..at + rest.find('/').unwrap_or(rest.len())).unwrap_or(target));
    let address: String = address.bytes().map(escaped).collect();
    let to = format!(
        "{base}/autodiscover/autodiscover.json?Email={address}&Protocol={protocol}&RedirectCount={}",
        followed + 1
    );
    Ok(Response { status: 302, ..Response::default() }.with("Location", to))
}

/// RFC 3986 2.3: everything else is written by its number, so that no octet of a client's ends the header.
fn escaped(octet: u8) -> String {
    match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => char::from(octet).to_string(),
        _ => format!("%{octet:02X}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_address_may_stand_in_the_path() {
        let path = "/autodiscover/autodiscover.json";
        assert_eq!(path_address(&format!("{path}/v1.0/anna%40b.test")).as_deref(), Some("anna@b.test"));
        assert_eq!(path_address(&format!("{path}/V1.0/a@b.test/")).as_deref(), Some("a@b.test"));
        assert_eq!(path_address(path), None);
        assert_eq!(path_address(&format!("{path}/other/a@b.test")), None);
    }

    #[test]
    fn a_client_is_sent_on_so_often_and_no_more() {
        let sent = |count: &str| {
            let to = "https://far.test:444/autodiscover/autodiscover.xml";
            elsewhere(to, "a\r\n+b@c.test", "Ews", &format!("RedirectCount={count}"))
        };
        let response = sent("2").ok().unwrap();
        let expected =
            "https://far.test:444/autodiscover/autodiscover.json?Email=a%0D%0A%2Bb@c.test&Protocol=Ews&RedirectCount=3";
        assert_eq!((response.status, response.headers.first().unwrap().1.as_ref()), (302, expected));
        assert!(sent("10").is_err() && sent("x").is_ok());
    }
}
