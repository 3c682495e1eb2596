//! The SOAP form ([MS-OXWSADISC]): users or domains by name, and the settings that are wanted of each. What a server of another
//! organisation would ask is refused in the answer's own words.

use super::setting::{self, Lookup, OF_DOMAIN, Setting};
use super::{Home, Profile, Redirect};
use crate::Fault;
use crate::cursor::{Cursor, Element, Space};
use crate::soap::{Form, SERVER_VERSION, decode};
use crate::writer::{Bare, Writer};

const NAMESPACE: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover";
const HEAD: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"http://www.w3.org/2005/08/addressing\">"
);
const FOOT: &str = "</s:Body></s:Envelope>";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Users or domains of one request.
pub const NAMES: usize = 100;

/// The operations of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    UserSettings,
    DomainSettings,
    Federation,
    Relationship,
}

/// Each by the name that its elements and its action begin with.
const OPERATIONS: &[(Op, &str)] = &[
    (Op::UserSettings, "GetUserSettings"),
    (Op::DomainSettings, "GetDomainSettings"),
    (Op::Federation, "GetFederationInformation"),
    (Op::Relationship, "GetOrganizationRelationshipSettings"),
];

impl Op {
    fn name(self) -> &'static str {
        OPERATIONS.iter().find(|(op, _)| *op == self).map_or("", |(_, name)| name)
    }

    fn of(element: &Element<'_>) -> Option<Op> {
        let name =
            element.local_name().strip_suffix("RequestMessage").filter(|_| element.space == Space::Autodiscover)?;
        OPERATIONS.iter().find(|(_, known)| *known == name).map(|(op, _)| *op)
    }
}

/// What somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub op: Op,
    /// Addresses of users, or domains, as they came.
    pub names: Vec<String>,
    /// Names of settings, as they came.
    pub settings: Vec<String>,
}

/// The codes of [MS-OXWSADISC] 2.2.4.5 that are said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    NoError,
    RedirectAddress,
    RedirectUrl,
    InvalidUser,
    InvalidRequest,
    InvalidSetting,
    SettingIsNotAvailable,
    ServerBusy,
    InvalidDomain,
    NotFederated,
    InternalServerError,
}

impl Code {
    fn name(self) -> &'static str {
        match self {
            Code::NoError => "NoError",
            Code::RedirectAddress => "RedirectAddress",
            Code::RedirectUrl => "RedirectUrl",
            Code::InvalidUser => "InvalidUser",
            Code::InvalidRequest => "InvalidRequest",
            Code::InvalidSetting => "InvalidSetting",
            Code::SettingIsNotAvailable => "SettingIsNotAvailable",
            Code::ServerBusy => "ServerBusy",
            Code::InvalidDomain => "InvalidDomain",
            Code::NotFederated => "NotFederated",
            Code::InternalServerError => "InternalServerError",
        }
    }
}

/// What became of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserResult {
    Profile(Box<Profile>),
    Redirect(Redirect),
    Refused(Code, String),
}

/// What became of one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainResult {
    Home(Home),
    Redirect(Redirect),
    Refused(Code, String),
}

/// Reads a request.
///
/// # Errors
/// A sentence that says what is wrong, for a fault.
pub fn parse(document: &[u8]) -> Result<Request, String> {
    let failed = |fault: Fault| fault.text.into_owned();
    let text = decode(document).map_err(failed)?;
    let mut c = Cursor::new(&text);
    let request = read(&mut c).map_err(failed)?;
    request.ok_or_else(|| "There is no such operation: ask for user or domain settings.".to_owned())
}

fn read(c: &mut Cursor<'_>) -> Result<Option<Request>, Fault> {
    let Some(root) = c.child()? else { return Ok(None) };
    if root.space != Space::Soap || root.local_name() != "Envelope" {
        return Ok(None);
    }
    let mut request = None;
    while let Some(child) = c.child()? {
        if child.space != Space::Soap || child.local_name() != "Body" {
            c.skip()?;
            continue;
        }
        while let Some(child) = c.child()? {
            match Op::of(&child).filter(|_| request.is_none()) {
                Some(op) => {
                    let mut read = Request { op, names: Vec::new(), settings: Vec::new() };
                    lists(c, &mut read)?;
                    request = Some(read);
                }
                None => c.skip()?,
            }
        }
    }
    Ok(request)
}

/// What the lists in the element say, however deep they are in it.
fn lists(c: &mut Cursor<'_>, request: &mut Request) -> Result<(), Fault> {
    while let Some(child) = c.child_in_text()? {
        match (request.op, child.local_name()) {
            (Op::UserSettings, "Mailbox") | (Op::DomainSettings, "Domain") => {
                let name = c.text()?.trim().to_owned();
                // One more than allowed is enough to know.
                if request.names.len() <= NAMES {
                    request.names.push(name);
                }
            }
            (_, "Setting") => {
                let name = c.text()?.trim().to_owned();
                // Each is answered once, so there are never more than there are settings, and some that are none.
                if request.settings.len() < 1000 && !request.settings.contains(&name) {
                    request.settings.push(name);
                }
            }
            (_, "Request" | "Users" | "User" | "Domains" | "RequestedSettings") => lists(c, request)?,
            _ => c.skip()?,
        }
    }
    Ok(())
}

/// The answer about users: one for each of the request's names, in its order.
pub fn write_users(request: &Request, told: &[UserResult]) -> Vec<u8> {
    envelope(request.op, |w| {
        outcome(w, Code::NoError, "");
        w.open(Bare, "UserResponses");
        for told in told {
            w.open(Bare, "UserResponse");
            match told {
                UserResult::Profile(profile) => settings(w, "User", &request.settings, profile),
                UserResult::Redirect(redirect) => redirected(w, redirect),
                UserResult::Refused(code, text) => {
                    outcome(w, *code, text);
                    nothing(w, "RedirectTarget");
                }
            }
            w.close(Bare, "UserResponse");
        }
        w.close(Bare, "UserResponses");
    })
}

/// The answer about domains: one for each of the request's names, in its order.
pub fn write_domains(request: &Request, told: &[DomainResult]) -> Vec<u8> {
    envelope(request.op, |w| {
        outcome(w, Code::NoError, "");
        w.open(Bare, "DomainResponses");
        for told in told {
            w.open(Bare, "DomainResponse");
            match told {
                DomainResult::Home(home) => {
                    let profile = Profile {
                        display_name: String::new(),
                        address: String::new(),
                        dn: String::new(),
                        deployment: String::new(),
                        home: home.clone(),
                    };
                    settings(w, "Domain", &request.settings, &profile);
                }
                DomainResult::Redirect(redirect) => redirected(w, redirect),
                DomainResult::Refused(code, text) => outcome(w, *code, text),
            }
            w.close(Bare, "DomainResponse");
        }
        w.close(Bare, "DomainResponses");
    })
}

/// The answer to a request that is refused as a whole.
pub fn write_refusal(op: Op, code: Code, text: &str) -> Vec<u8> {
    envelope(op, |w| outcome(w, code, text))
}

/// A fault, to be sent with status 500.
pub fn write_fault(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut w = Writer::new(&mut out, Form::default());
    w.raw(HEAD);
    w.raw("<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang=\"en-US\">");
    w.text(text);
    w.raw("</faultstring></s:Fault>");
    w.raw(FOOT);
    out
}

fn envelope(op: Op, content: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    let mut w = Writer::new(&mut out, Form::default());
    let message = format!("{}ResponseMessage", op.name());
    w.raw(HEAD);
    w.raw("<s:Header><a:Action s:mustUnderstand=\"1\">");
    w.raw(&format!("{NAMESPACE}/Autodiscover/{}Response", op.name()));
    w.raw("</a:Action>");
    w.raw(&format!("<h:ServerVersionInfo xmlns:h=\"{NAMESPACE}\">"));
    let [major, minor, build, revision] = SERVER_VERSION;
    for (name, number) in [
        ("h:MajorVersion", major),
        ("h:MinorVersion", minor),
        ("h:MajorBuildNumber", build),
        ("h:MinorBuildNumber", revision),
    ] {
        w.number_element(Bare, name, i64::from(number));
    }
    w.text_element(Bare, "h:Version", crate::soap::SERVER_BUILD);
    w.raw("</h:ServerVersionInfo></s:Header><s:Body>");
    w.tag(Bare, &message);
    w.plain_attribute("xmlns", NAMESPACE);
    w.plain_attribute("xmlns:i", INSTANCE);
    w.end_tag();
    w.open(Bare, "Response");
    content(&mut w);
    w.close(Bare, "Response");
    w.close(Bare, &message);
    w.raw(FOOT);
    out
}

fn outcome(w: &mut Writer<'_>, code: Code, text: &str) {
    w.text_element(Bare, "ErrorCode", code.name());
    w.text_element(Bare, "ErrorMessage", if code == Code::NoError { "No error." } else { text });
}

fn nothing(w: &mut Writer<'_>, name: &str) {
    w.tag(Bare, name);
    w.plain_attribute("i:nil", "true");
    w.end_empty();
}

fn redirected(w: &mut Writer<'_>, redirect: &Redirect) {
    let (code, target) = match redirect {
        Redirect::Address(address) => (Code::RedirectAddress, address),
        Redirect::Url(url) => (Code::RedirectUrl, url),
    };
    outcome(w, code, "Ask there.");
    w.text_element(Bare, "RedirectTarget", target);
}

/// `of`: `User` or `Domain`, which the elements begin with. What has no value stands among the errors.
fn settings(w: &mut Writer<'_>, of: &str, asked: &[String], profile: &Profile) {
    let is_domain = of == "Domain";
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for name in asked {
        match setting::find(name, profile) {
            Lookup::Value(name, value) if !is_domain || OF_DOMAIN.contains(&name) => values.push((name, value)),
            Lookup::Value(..) | Lookup::Unknown => {
                errors.push((name.as_str(), Code::InvalidSetting, "There is no such setting."));
            }
            Lookup::Unavailable(name) => {
                errors.push((name, Code::SettingIsNotAvailable, "This server has no value for the setting."));
            }
        }
    }
    outcome(w, Code::NoError, "");
    if !is_domain {
        nothing(w, "RedirectTarget");
    }
    w.open(Bare, &format!("{of}SettingErrors"));
    for (name, code, text) in errors {
        w.open(Bare, &format!("{of}SettingError"));
        outcome(w, code, text);
        w.text_element(Bare, "SettingName", name);
        w.close(Bare, &format!("{of}SettingError"));
    }
    w.close(Bare, &format!("{of}SettingErrors"));
    w.open(Bare, &format!("{of}Settings"));
    for (name, value) in values {
        write_setting(w, of, name, &value);
    }
    w.close(Bare, &format!("{of}Settings"));
    if is_domain {
        nothing(w, "RedirectTarget");
    }
}

fn write_setting(w: &mut Writer<'_>, of: &str, name: &str, value: &Setting) {
    let kind = match (value, of) {
        (Setting::Text(_), "Domain") => "DomainStringSetting",
        (Setting::Text(_), _) => "StringSetting",
        (Setting::WebClients(_), _) => "WebClientUrlCollectionSetting",
    };
    w.tag(Bare, &format!("{of}Setting"));
    w.plain_attribute("i:type", kind);
    w.end_tag();
    w.text_element(Bare, "Name", name);
    match value {
        Setting::Text(text) => w.text_element(Bare, "Value", text),
        Setting::WebClients(urls) => {
            w.open(Bare, "WebClientUrls");
            for url in urls {
                w.open(Bare, "WebClientUrl");
                w.text_element(Bare, "AuthenticationMethods", "Fba");
                w.text_element(Bare, "Url", url);
                w.close(Bare, "WebClientUrl");
            }
            w.close(Bare, "WebClientUrls");
        }
    }
    w.close(Bare, &format!("{of}Setting"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ask(body: &str) -> Result<Request, String> {
        parse(
            format!(
                "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"{NAMESPACE}\"><soap:Header>\
                 <a:RequestedServerVersion>Exchange2013</a:RequestedServerVersion></soap:Header><soap:Body>{body}</soap:Body>\
                 </soap:Envelope>"
            )
            .as_bytes(),
        )
    }

    #[test]
    fn users_and_settings_are_read() {
        let request = ask("<a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox> a@b.test\n</a:Mailbox></a:User>\
             </a:Users><a:RequestedSettings><a:Setting>UserDN</a:Setting><a:Setting>UserDN</a:Setting></a:RequestedSettings>\
             </a:Request></a:GetUserSettingsRequestMessage>")
        .unwrap();
        assert_eq!((request.op, request.names), (Op::UserSettings, vec!["a@b.test".to_owned()]));
        assert_eq!(request.settings, ["UserDN"]);
        assert_eq!(ask("<a:GetFederationInformationRequestMessage/>").unwrap().op, Op::Federation);
    }

    #[test]
    fn what_is_no_request_is_said_to_be_none() {
        for body in ["", "<a:Other/>", "<GetUserSettingsRequestMessage/>"] {
            assert!(ask(body).unwrap_err().contains("no such operation"), "{body}");
        }
        assert!(parse(b"").is_err() && parse(b"<a/>").is_err() && parse(b"<a>").is_err());
        assert!(parse(b"\xff").is_err());
    }

    #[test]
    fn no_more_names_are_kept_than_it_takes_to_refuse_them() {
        let users = "<a:User><a:Mailbox>a@b.test</a:Mailbox></a:User>".repeat(5000);
        let request = ask(&format!(
            "<a:GetUserSettingsRequestMessage><a:Request><a:Users>{users}</a:Users></a:Request></a:GetUserSettingsRequestMessage>"
        ));
        assert_eq!(request.unwrap().names.len(), NAMES + 1);
    }
}
