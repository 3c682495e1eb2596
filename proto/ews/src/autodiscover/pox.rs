//! The POX form ([MS-OXDSCLI]): plain XML by POST, answered with status 200 whatever comes of it. Two schemas of answers, Outlook's
//! and that of mobile devices.

use super::{Home, Profile, Redirect, packed_version};
use crate::Fault;
use crate::cursor::{Cursor, Space};
use crate::soap::{Form, decode};
use crate::writer::{Bare, Writer};

const OUTLOOK: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
const MOBILE: &str = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
const ROOT: &str = "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">";

/// The schema of answers that a client understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Outlook,
    Mobile,
}

/// Whose settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailboxName {
    Address(String),
    /// [`Profile::dn`] of somebody.
    LegacyDn(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub who: MailboxName,
    pub schema: Schema,
}

/// What goes wrong, by the numbers of [MS-OXDSCLI] 2.2.4.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoxError {
    /// Nobody here has that address.
    NotFound,
    /// The request is none.
    Invalid,
    /// Nothing here speaks the schema that was asked for.
    NoProvider,
    /// The mailbox is here and its settings are not whole.
    Misconfigured,
    Internal,
}

impl PoxError {
    fn code(self) -> (&'static str, &'static str) {
        match self {
            PoxError::NotFound => ("500", "The e-mail address cannot be found."),
            PoxError::Invalid => ("600", "Invalid Request"),
            PoxError::NoProvider => ("601", "Provider is not available"),
            PoxError::Misconfigured => ("602", "The mailbox is not configured as it should be."),
            PoxError::Internal => ("603", "The server failed."),
        }
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Profile(Box<Profile>),
    Redirect(Redirect),
}

/// Reads a request. Blanks and line breaks around what it says do not count.
///
/// # Errors
/// [`PoxError::Invalid`] or [`PoxError::NoProvider`].
pub fn parse(document: &[u8]) -> Result<Request, PoxError> {
    let text = decode(document).map_err(|_| PoxError::Invalid)?;
    let read = read(&mut Cursor::new(&text)).map_err(|_| PoxError::Invalid)?;
    let (who, schema) = read.ok_or(PoxError::Invalid)?;
    let who = who.ok_or(PoxError::Invalid)?;
    let schema = match schema.as_str() {
        OUTLOOK => Schema::Outlook,
        MOBILE => Schema::Mobile,
        _ => return Err(PoxError::NoProvider),
    };
    Ok(Request { who, schema })
}

/// Who, and the name of the schema, which is empty where there is none. None: another document.
fn read(c: &mut Cursor<'_>) -> Result<Option<(Option<MailboxName>, String)>, Fault> {
    let Some(root) = c.child()? else { return Ok(None) };
    if root.local_name() != "Autodiscover" {
        return Ok(None);
    }
    let known = root.space == Space::PoxRequest;
    let (mut address, mut dn, mut schema) = (None, None, String::new());
    while let Some(child) = c.child()? {
        if child.local_name() != "Request" {
            c.skip()?;
            continue;
        }
        while let Some(child) = c.child()? {
            match child.local_name() {
                "EMailAddress" => address = Some(c.text()?.trim().to_owned()),
                "LegacyDN" => dn = Some(c.text()?.trim().to_owned()),
                "AcceptableResponseSchema" if known => schema = c.text()?.trim().to_owned(),
                _ => c.skip()?,
            }
        }
    }
    if c.child()?.is_some() {
        return Ok(None);
    }
    let address = address.filter(|address| !address.is_empty()).map(MailboxName::Address);
    Ok(Some((address.or_else(|| dn.filter(|dn| !dn.is_empty()).map(MailboxName::LegacyDn)), schema)))
}

/// The whole answer. `exhttp`: the client knows protocols of the type EXHTTP, too.
pub fn write(answer: &Answer, schema: Schema, exhttp: bool) -> Vec<u8> {
    document(|w| {
        let space = match schema {
            Schema::Outlook => OUTLOOK,
            Schema::Mobile => MOBILE,
        };
        w.tag(Bare, "Response");
        w.plain_attribute("xmlns", space);
        w.end_tag();
        match schema {
            Schema::Outlook => outlook(w, answer, exhttp),
            Schema::Mobile => mobile(w, answer),
        }
        w.close(Bare, "Response");
    })
}

/// A refusal, in the namespace of the root. `unix`: seconds since 1970.
pub fn write_problem(problem: PoxError, unix: u64) -> Vec<u8> {
    document(|w| {
        let (code, message) = problem.code();
        let (hour, minute, second) = (unix / 3600 % 24, unix / 60 % 60, unix % 60);
        w.open(Bare, "Response");
        w.tag(Bare, "Error");
        w.plain_attribute("Time", &format!("{hour:02}:{minute:02}:{second:02}.0000000"));
        w.plain_attribute("Id", "1");
        w.end_tag();
        w.text_element(Bare, "ErrorCode", code);
        w.text_element(Bare, "Message", message);
        w.empty(Bare, "DebugData");
        w.close(Bare, "Error");
        w.close(Bare, "Response");
    })
}

fn document(content: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    let mut w = Writer::new(&mut out, Form::default());
    w.raw(DECLARATION);
    w.raw(ROOT);
    content(&mut w);
    w.close(Bare, "Autodiscover");
    out
}

fn outlook(w: &mut Writer<'_>, answer: &Answer, exhttp: bool) {
    if let Answer::Profile(profile) = answer {
        w.open(Bare, "User");
        w.text_element(Bare, "DisplayName", &profile.display_name);
        w.text_element(Bare, "LegacyDN", &profile.dn);
        w.text_element(Bare, "AutoDiscoverSMTPAddress", &profile.address);
        w.text_element(Bare, "DeploymentId", &profile.deployment);
        w.close(Bare, "User");
    }
    w.open(Bare, "Account");
    match answer {
        Answer::Profile(profile) => {
            w.text_element(Bare, "AccountType", "email");
            w.text_element(Bare, "Action", "settings");
            w.text_element(Bare, "MicrosoftOnline", "False");
            protocol(w, "EXCH", &profile.home);
            protocol(w, "EXPR", &profile.home);
            if exhttp {
                protocol(w, "EXHTTP", &profile.home);
            }
            web(w, &profile.home);
        }
        Answer::Redirect(Redirect::Address(address)) => {
            w.text_element(Bare, "Action", "redirectAddr");
            w.text_element(Bare, "RedirectAddr", address);
        }
        Answer::Redirect(Redirect::Url(url)) => {
            w.text_element(Bare, "Action", "redirectUrl");
            w.text_element(Bare, "RedirectUrl", url);
        }
    }
    w.close(Bare, "Account");
}

/// Of each type one: a client of Microsoft's own ends at the second.
fn protocol(w: &mut Writer<'_>, kind: &str, home: &Home) {
    let ews = home.ews();
    w.open(Bare, "Protocol");
    w.text_element(Bare, "Type", kind);
    w.text_element(Bare, "Server", home.host());
    if kind == "EXCH" {
        w.text_element(Bare, "ServerVersion", &packed_version());
    }
    w.text_element(Bare, "SSL", if home.base.starts_with("https:") { "On" } else { "Off" });
    w.text_element(Bare, "AuthPackage", home.package);
    // Each client looks at another one of them.
    for name in ["ASUrl", "EwsUrl", "EmwsUrl", "OOFUrl"] {
        w.text_element(Bare, name, &ews);
    }
    w.text_element(Bare, "GroupingInformation", home.host());
    w.close(Bare, "Protocol");
}

fn web(w: &mut Writer<'_>, home: &Home) {
    w.open(Bare, "Protocol");
    w.text_element(Bare, "Type", "WEB");
    for (place, kind) in [("Internal", "EXCH"), ("External", "EXPR")] {
        w.open(Bare, place);
        if let Some(url) = &home.webmail {
            w.tag(Bare, "OWAUrl");
            w.plain_attribute("AuthenticationMethod", "Fba");
            w.end_tag();
            w.text(url);
            w.close(Bare, "OWAUrl");
        }
        w.open(Bare, "Protocol");
        w.text_element(Bare, "Type", kind);
        w.text_element(Bare, "ASUrl", &home.ews());
        w.close(Bare, "Protocol");
        w.close(Bare, place);
    }
    w.close(Bare, "Protocol");
}

/// [MS-ASCMD] 2.2.1.1. Only where there is an ActiveSync to tell of, or somewhere else to ask.
fn mobile(w: &mut Writer<'_>, answer: &Answer) {
    w.text_element(Bare, "Culture", "en:us");
    match answer {
        Answer::Profile(profile) => {
            w.open(Bare, "User");
            w.text_element(Bare, "DisplayName", &profile.display_name);
            w.text_element(Bare, "EMailAddress", &profile.address);
            w.close(Bare, "User");
            let url = profile.home.activesync.as_deref().unwrap_or_default();
            w.raw("<Action><Settings><Server>");
            w.text_element(Bare, "Type", "MobileSync");
            w.text_element(Bare, "Url", url);
            w.text_element(Bare, "Name", url);
            w.raw("</Server></Settings></Action>");
        }
        Answer::Redirect(Redirect::Address(address)) => {
            w.open(Bare, "Action");
            w.text_element(Bare, "Redirect", address);
            w.close(Bare, "Action");
        }
        // Devices know no other way than an address.
        Answer::Redirect(Redirect::Url(_)) => mobile_error(w),
    }
}

fn mobile_error(w: &mut Writer<'_>) {
    w.raw("<Action><Error>");
    w.text_element(Bare, "Status", "1");
    w.text_element(Bare, "Message", "The directory service could not be reached");
    w.text_element(Bare, "DebugData", "MailUser");
    w.raw("</Error></Action>");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ASKS: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";

    fn request(space: &str, address: &str, schema: &str) -> Result<Request, PoxError> {
        parse(
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"{space}\">\n  <Request>\n\
                 <EMailAddress>{address}</EMailAddress>\n<AcceptableResponseSchema>{schema}</AcceptableResponseSchema>\
                 </Request>\n</Autodiscover>\n"
            )
            .as_bytes(),
        )
    }

    #[test]
    fn requests_are_read_with_blanks_in_them() {
        let anna = || MailboxName::Address("anna@example.org".to_owned());
        let read = request(ASKS, "\r\n  anna@example.org ", &format!("\n{OUTLOOK}\n"));
        assert_eq!(read, Ok(Request { who: anna(), schema: Schema::Outlook }));
        let mobile = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006";
        assert_eq!(request(mobile, "anna@example.org", MOBILE), Ok(Request { who: anna(), schema: Schema::Mobile }));
        let dn = format!(
            "<Autodiscover xmlns=\"{ASKS}\"><Request><LegacyDN>/o=x/cn=y</LegacyDN><AcceptableResponseSchema>{OUTLOOK}\
             </AcceptableResponseSchema></Request></Autodiscover>"
        );
        assert_eq!(parse(dn.as_bytes()).unwrap().who, MailboxName::LegacyDn("/o=x/cn=y".to_owned()));
    }

    #[test]
    fn what_is_wrong_has_its_number() {
        assert_eq!(request(ASKS, "a@b.test", "urn:other"), Err(PoxError::NoProvider));
        assert_eq!(request(ASKS, "a@b.test", ""), Err(PoxError::NoProvider));
        assert_eq!(request("urn:other", "a@b.test", OUTLOOK), Err(PoxError::NoProvider));
        assert_eq!(request(ASKS, " ", OUTLOOK), Err(PoxError::Invalid));
        for document in ["", "hello", "<a/>", "<Autodiscover>", "<!DOCTYPE x><Autodiscover/>", "<Autodiscover/><b/>"] {
            assert_eq!(parse(document.as_bytes()), Err(PoxError::Invalid), "{document}");
        }
        let refusal = String::from_utf8(write_problem(PoxError::NoProvider, 3661)).unwrap();
        assert!(refusal.contains("<Response><Error Time=\"01:01:01.0000000\" Id=\"1\"><ErrorCode>601</ErrorCode>"));
    }

    #[test]
    fn devices_are_told_of_addresses_only() {
        let told = |redirect| String::from_utf8(write(&Answer::Redirect(redirect), Schema::Mobile, false)).unwrap();
        assert!(
            told(Redirect::Address("a@b.test".to_owned())).contains("<Action><Redirect>a@b.test</Redirect></Action>")
        );
        assert!(told(Redirect::Url("https://b.test/".to_owned())).contains("<Action><Error><Status>1</Status>"));
    }
}
