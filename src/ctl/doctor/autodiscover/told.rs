//! What clients are told at a place to which they were led, and whether the server is where they are told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ewsd_worker::web::Reply;
use serde_json::Value;

use super::ask::{Met, Question, Silence, Url};
use super::{RULE, Walk, XML, offers};
use crate::ctl::doctor::certificate::judge;
use crate::ctl::doctor::{Finding, right, warning, wrong};

/// As clients spell it.
const SPELLINGS: [&str; 2] = ["/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"];
const SVC: &str = "/autodiscover/autodiscover.svc";

impl Walk {
    /// All that can be asked at an open place; the URLs of EWS that are told there.
    pub fn told_at(
        &self,
        place: &Url,
        login: Option<&(String, String)>,
        rows: &mut Vec<(&'static str, Finding)>,
    ) -> Vec<String> {
        rows.push(("spelling", self.spelling(place)));
        rows.push(("SOAP", self.soap(place)));
        let (finding, by_json) = self.json(place);
        rows.push(("JSON", finding));
        let mut told: Vec<String> = by_json.into_iter().collect();
        if let Some((user, password)) = login {
            let (finding, by_xml) = self.login(place, user, password);
            rows.push(("login", finding));
            told.extend(by_xml);
        }
        told
    }

    fn spelling(&self, place: &Url) -> Finding {
        for path in SPELLINGS {
            let url = place.with_path(path);
            match self.reply(&url, &Question::default()) {
                Ok(reply) if reply.status == 401 => {}
                Ok(reply) => return wrong(format!("{url}: {}, where {XML} asks for a login", reply.status), RULE),
                Err(why) => return wrong(format!("{url}: {why}"), RULE),
            }
        }
        right(format!("{} is found in any spelling", place.with_path(XML)))
    }

    fn soap(&self, place: &Url) -> Finding {
        let url = place.with_path(SVC);
        match self.reply(&url, &Question::default()) {
            Ok(reply) if reply.status != 401 => wrong(format!("{url}: {}", reply.status), RULE),
            Ok(reply) if reply.field("x-soap-enabled").is_none() => warning(
                format!("{url}: no field X-SOAP-Enabled, so clients of Microsoft's do not ask there"),
                "let the proxy pass on all fields of the answer",
            ),
            Ok(_) => right(format!("{url} answers")),
            Err(why) => wrong(format!("{url}: {why}"), RULE),
        }
    }

    /// Asked without a login; the URL that is told.
    fn json(&self, place: &Url) -> (Finding, Option<String>) {
        let path = format!("/autodiscover/autodiscover.json/v1.0/{}?Protocol=Ews", escaped(&self.address));
        let url = place.with_path(&path);
        let reply = match self.reply(&url, &Question::default()) {
            Ok(reply) => reply,
            Err(why) => return (warning(format!("{url}: {why}"), RULE), None),
        };
        let document = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let text_of = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(ews) = text_of("Url").filter(|_| reply.status == 200) {
            return (right(format!("{url} tells {ews}")), Some(ews));
        }
        let finding = match (reply.status, text_of("ErrorCode")) {
            (status @ (301..=303 | 307 | 308), _) => {
                right(format!("{url}: {status}, to {}", reply.field("location").unwrap_or("nowhere")))
            }
            (_, Some(code)) if code == "UserNotFound" => wrong(
                format!("{url}: the server has no mailboxes of that domain"),
                "is the address right, and is there an account (ewsctl account show)?",
            ),
            (status, Some(code)) => wrong(format!("{url}: {status}, {code}"), "the server's log says why"),
            (status, None) => warning(format!("{url}: {status}, so recent clients are told nothing there"), RULE),
        };
        (finding, None)
    }

    /// Logs in, and asks as most clients do; the URL that is told.
    fn login(&self, place: &Url, user: &str, password: &str) -> (Finding, Option<String>) {
        let url = place.with_path(XML);
        let credentials = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
             <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request>\
             <EMailAddress>{}</EMailAddress><AcceptableResponseSchema>\
             http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>\
             </Request></Autodiscover>",
            self.address.replace('&', "&amp;").replace('<', "&lt;")
        );
        let question = Question { body: Some(&body), authorization: Some(&credentials) };
        let reply = match self.reply(&url, &question) {
            Ok(reply) => reply,
            Err(why) => return (wrong(format!("{url}: {why}"), "mend what is told above"), None),
        };
        let text = String::from_utf8_lossy(&reply.body);
        let member = |name: &str| element(&text, name);
        let finding = match reply.status {
            200 => match (member("EwsUrl"), member("RedirectAddr").or(member("RedirectUrl")), member("ErrorCode")) {
                (Some(ews), ..) => return (right(format!("{user} is told {ews}")), Some(ews)),
                (None, Some(to), _) => right(format!("{user} is sent on, to {to}")),
                (None, None, Some(code)) => wrong(
                    format!(
                        "{user} is told nothing of {}: {code} {}",
                        self.address,
                        member("Message").unwrap_or_default()
                    ),
                    "is that an address of an account here (ewsctl account show)?",
                ),
                _ => wrong(format!("{url}: 200 without a URL of EWS"), RULE),
            },
            401 if !offers(&reply).iter().any(|name| name.eq_ignore_ascii_case("basic")) => wrong(
                format!("{url}: a password alone is not taken, only {}", offers(&reply).join(", ")),
                "try it with a client that speaks that, or switch auth.basic on",
            ),
            401 => wrong(format!("{url}: the login {user} is refused"), format!("ewsctl login show {user}")),
            status => wrong(format!("{url}: {status}"), "the server's log says why"),
        };
        (finding, None)
    }

    /// Whether EWS is where clients are told.
    pub fn ews(&self, told: &str) -> Finding {
        let public_url = "set server.public_url to what clients reach, as https://HOST";
        let Some(url) = Url::parse(told).filter(|url| url.tls) else {
            return wrong(format!("{told}: clients are told to come without TLS"), public_url);
        };
        let Met { certificate, reply, .. } =
            match self.asker.ask(&url, &Question { body: Some(""), authorization: None }) {
                Ok(met) => met,
                Err(Silence::NoName(why) | Silence::Closed(why) | Silence::Slow(why)) => {
                    return wrong(format!("{url}: {why}"), format!("let that name lead to the proxy, or {public_url}"));
                }
            };
        if let Some(seen) = certificate.filter(|seen| seen.today.is_err()) {
            let Finding { text, cure, .. } = judge(&url.to_string(), &seen);
            return wrong(text, cure);
        }
        match reply {
            Ok(reply) if reply.status == 401 && !offers(&reply).is_empty() => {
                right(format!("{url}: 401, asks for {}", offers(&reply).join(", ")))
            }
            Ok(reply) if reply.status == 401 => {
                wrong(format!("{url}: 401 without WWW-Authenticate"), "let the proxy pass that field on")
            }
            Ok(reply) => wrong(
                format!("{url}: {}, where a login should be asked for", reply.status),
                "let the proxy pass everything below /EWS/ on to ewsd there, in any case of letters",
            ),
            Err(why) => wrong(format!("{url}: {why}"), "does the web server there answer?"),
        }
    }

    /// The answer of a place that was met before.
    fn reply(&self, url: &Url, question: &Question<'_>) -> Result<Reply, String> {
        match self.asker.ask(url, question) {
            Ok(met) => met.reply,
            Err(Silence::NoName(why) | Silence::Closed(why) | Silence::Slow(why)) => Err(why),
        }
    }
}

/// The text of the first element of that name, which has no attributes and no elements in it.
fn element(document: &str, name: &str) -> Option<String> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once('<')?;
    Some(text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

/// As it stands in a path (RFC 3986 3.3).
fn escaped(address: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._@".contains(&octet);
    let escape = |octet: u8| if plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") };
    address.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_in_paths() {
        assert_eq!(escaped("anna.a+x@example.org"), "anna.a%2Bx@example.org");
        assert_eq!(escaped("j\u{f6}rg/../?@x.test"), "j%C3%B6rg%2F..%2F%3F@x.test");
    }

    #[test]
    fn members_are_found() {
        let document = "<Protocol><Type>EXPR</Type><EwsUrl>https://x/?a&amp;b</EwsUrl></Protocol>";
        assert_eq!(element(document, "EwsUrl").as_deref(), Some("https://x/?a&b"));
        assert_eq!((element(document, "OOFUrl"), element("<EwsUrl>x", "EwsUrl")), (None, None));
    }
}
