//! The SOAP 1.1 envelope both ways: headers and operation of a request, the frame of answers, faults.

use std::borrow::Cow;

use ewsd_model::Version;
use ewsd_model::code::Code;
use ewsd_model::operation::Op;
use ewsd_model::timezone::{Definition, ItemZone};
use jiff::tz::TimeZone;

use crate::cursor::{Cursor, ERRORS, Element, MESSAGES, Read, Space, not_text};
use crate::fault::Fault;
use crate::limits;
use crate::reply;
use crate::request::Request;
use crate::writer::{T, Writer};

/// The media type of every answer, to the letter: some clients compare it.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// A request with its headers.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    pub headers: Headers,
    pub request: Request,
}

/// The SOAP headers that mean something here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers {
    /// RequestServerVersion; None when it is absent, which means the newest.
    pub version: Option<Version>,
    pub impersonation: Option<Impersonation>,
    /// MailboxCulture: a language tag, as it came.
    pub culture: Option<String>,
    /// TimeZoneContext: the zone of times that name none; with Exchange2007 it does not count.
    pub time_zone: Option<ItemZone>,
    pub form: Form,
    /// ManagementRole was there: the caller wants rights beyond the account's own.
    pub management_role: bool,
    /// A header by which a trusted server speaks for a user.
    pub delegated_access: bool,
}

impl Headers {
    /// The version whose schema the answer may use.
    pub fn effective_version(&self) -> Version {
        self.version.unwrap_or(Version::LATEST)
    }
}

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// DateTimePrecision: times with milliseconds instead of whole seconds.
    pub milliseconds: bool,
    /// The schema version asked for: some parts of values are left out for older ones.
    pub version: Version,
}

/// ExchangeImpersonation: on whose behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Impersonation {
    PrincipalName(String),
    Sid(String),
    PrimarySmtpAddress(String),
    SmtpAddress(String),
}

/// Reads a whole request. Takes UTF-8, and UTF-16 with a byte order mark.
pub fn parse_envelope(document: &[u8]) -> Result<Envelope, Fault> {
    let text = decode(document)?;
    let mut c = Cursor::new(&text);
    let Some(root) = c.child()? else { return Err(not_text(0, "The document has no root element.")) };
    if root.space != Space::Soap || root.local_name() != "Envelope" {
        return Err(c.violation(root.at, "The root element is not the Envelope of SOAP 1.1."));
    }
    let mut headers = None;
    let mut request = None;
    while let Some(child) = c.child()? {
        match (child.space, child.local_name()) {
            (Space::Soap, "Header") if headers.is_none() && request.is_none() => headers = Some(read_headers(&mut c)?),
            (Space::Soap, "Body") if request.is_none() => request = Some(read_body(&mut c)?),
            _ => return Err(c.unexpected(&child)),
        }
    }
    if let Some(after) = c.child()? {
        return Err(c.unexpected(&after));
    }
    let request = request.ok_or_else(|| c.missing(&root, "Body"))?;
    Ok(Envelope { headers: headers.unwrap_or_default(), request })
}

/// The text of a document: UTF-8, or UTF-16 with a byte order mark.
pub(crate) fn decode(document: &[u8]) -> Result<Cow<'_, str>, Fault> {
    match document {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        _ => match std::str::from_utf8(document) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => Err(not_text(error.valid_up_to(), "The document is not UTF-8.")),
        },
    }
}

fn utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let units = octets.chunks_exact(2).map(|pair| <[u8; 2]>::try_from(pair).map(unit).unwrap_or(0));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if octets.len() % 2 == 0 => Ok(text),
        _ => Err(not_text(0, "The document is not UTF-16.")),
    }
}

// ---- headers

/// Headers of which a request may have one at most, and of all access headers together too.
const ACCESS: &[&str] = &["ExchangeImpersonation", "SerializedSecurityContext", "OpenAsAdminOrSystemService"];

fn read_headers(c: &mut Cursor<'_>) -> Result<Headers, Fault> {
    let mut headers = Headers::default();
    let mut seen: Vec<String> = Vec::new();
    while let Some(child) = c.child()? {
        let name = child.name();
        if !child.space.is_ews() {
            c.skip()?;
            continue;
        }
        if seen.iter().any(|known| known == name) {
            return Err(Fault::new(Code::ErrorDuplicateSOAPHeader));
        }
        if seen.len() >= limits::HEADERS {
            return Err(c.violation(child.at, format!("The request has more than {} headers.", limits::HEADERS)));
        }
        if ACCESS.contains(&name) && seen.iter().any(|known| ACCESS.contains(&known.as_str())) {
            return Err(Fault::new(Code::ErrorMoreThanOneAccessModeSpecified));
        }
        seen.push(name.to_owned());
        read_header(c, &child, &mut headers)?;
    }
    headers.time_zone = headers.time_zone.filter(|_| c.reading.version >= Version::Exchange2010);
    c.reading.zone = headers.time_zone.as_ref().map_or(TimeZone::UTC, ItemZone::time_zone);
    Ok(headers)
}

fn read_header(c: &mut Cursor<'_>, element: &Element<'_>, headers: &mut Headers) -> Result<(), Fault> {
    match element.name() {
        "RequestServerVersion" => {
            let text: String = c.attribute(element, "Version")?;
            let version = Version::parse(&text).ok_or_else(|| Fault::new(Code::ErrorInvalidServerVersion))?;
            headers.version = Some(version);
            headers.form.version = version;
            c.reading.version = version;
            c.empty()
        }
        "ExchangeImpersonation" => {
            headers.impersonation = Some(impersonation(c)?);
            Ok(())
        }
        "MailboxCulture" => {
            headers.culture = Some(c.text()?.trim().to_owned());
            Ok(())
        }
        "TimeZoneContext" => {
            while let Some(child) = c.child()? {
                if child.name() != "TimeZoneDefinition" {
                    return Err(c.unexpected(&child));
                }
                let zone = ItemZone::of_request(&Definition::read(c, &child)?);
                headers.time_zone = Some(zone.map_err(|_| Fault::new(Code::ErrorTimeZone))?);
            }
            Ok(())
        }
        "DateTimePrecision" => {
            headers.form.milliseconds = c.text()?.trim() == "Milliseconds";
            Ok(())
        }
        "ManagementRole" => {
            headers.management_role = true;
            c.skip()
        }
        "SerializedSecurityContext" | "OpenAsAdminOrSystemService" => {
            headers.delegated_access = true;
            c.skip()
        }
        _ => c.skip(),
    }
}

/// ConnectingSID holds exactly one name.
fn impersonation(c: &mut Cursor<'_>) -> Result<Impersonation, Fault> {
    let mut found = None;
    while let Some(child) = c.child()? {
        if child.name() != "ConnectingSID" {
            return Err(c.unexpected(&child));
        }
        while let Some(child) = c.child()? {
            let make = match child.name() {
                "PrincipalName" => Impersonation::PrincipalName,
                "SID" => Impersonation::Sid,
                "PrimarySmtpAddress" => Impersonation::PrimarySmtpAddress,
                "SmtpAddress" => Impersonation::SmtpAddress,
                _ => return Err(c.unexpected(&child)),
            };
            let text = c.text()?.trim().to_owned();
            if found.is_some() || text.is_empty() {
                return Err(Fault::new(Code::ErrorInvalidExchangeImpersonationHeaderData));
            }
            found = Some(make(text));
        }
    }
    found.ok_or_else(|| Fault::new(Code::ErrorInvalidExchangeImpersonationHeaderData))
}

// ---- body

fn read_body(c: &mut Cursor<'_>) -> Result<Request, Fault> {
    let Some(element) = c.child()? else {
        return Err(Fault::with_text(Code::ErrorInvalidRequest, "The SOAP body is empty: put an operation into it."));
    };
    let Some(op) = Op::from_request(element.local_name()) else {
        let text = format!("There is no operation '{}'.", element.local_name());
        return Err(Fault::with_text(Code::ErrorInvalidRequest, text));
    };
    if element.space != Space::Messages {
        let text = format!("The operation '{}' is not of the namespace {MESSAGES}.", element.local_name());
        return Err(c.violation(element.at, text));
    }
    c.since(op.row().since, op.name())?;
    let request = Request::read(c, &element, op)?;
    c.empty()?;
    Ok(request)
}

// ---- answers

/// The version that answers claim. Clients pick features by the numbers (15.1: Exchange 2016), and a build name makes
/// them keep the version they asked for.
macro_rules! server_version {
    () => {
        concat!(
            "<t:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"1\" MajorBuildNumber=\"2507\" ",
            "MinorBuildNumber=\"6\" Version=\"V2017_07_11\"/>"
        )
    };
}

/// The same numbers, for Autodiscover.
pub(crate) const SERVER_VERSION: [u32; 4] = [15, 1, 2507, 6];
pub(crate) const SERVER_BUILD: &str = "V2017_07_11";

macro_rules! declaration {
    () => {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
    };
}

const HEAD: &str = concat!(
    declaration!(),
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"",
    " xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"",
    " xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Header>",
    server_version!(),
    "</s:Header><s:Body>"
);
const FOOT: &str = "</s:Body></s:Envelope>";

const STREAM_HEAD: &str = concat!(
    declaration!(),
    "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"",
    " xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"",
    " xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><Header>",
    server_version!(),
    "</Header><Body>"
);
const STREAM_FOOT: &str = "</Body></Envelope>";

pub(crate) fn envelope(out: &mut Vec<u8>, form: Form, body: impl FnOnce(&mut Writer<'_>)) {
    enclose(Writer::new(out, form), body);
}

/// Around what a writer of any kind writes.
pub(crate) fn enclose(mut w: Writer<'_>, body: impl FnOnce(&mut Writer<'_>)) {
    w.raw(HEAD);
    body(&mut w);
    w.raw(FOOT);
}

pub(crate) fn stream_envelope(out: &mut Vec<u8>, form: Form, body: impl FnOnce(&mut Writer<'_>)) {
    let mut w = Writer::new(out, form);
    w.raw(STREAM_HEAD);
    body(&mut w);
    w.raw(STREAM_FOOT);
}

impl Fault {
    /// Appends the whole SOAP document, to be sent with HTTP status 500.
    pub fn write(&self, out: &mut Vec<u8>) {
        envelope(out, Form::default(), |w| self.write_body(w));
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.write(&mut out);
        out
    }

    fn write_body(&self, w: &mut Writer<'_>) {
        w.raw("<s:Fault><faultcode>t:");
        w.raw(self.code.name());
        w.raw("</faultcode><faultstring xml:lang=\"en-US\">");
        w.text(&self.text);
        w.raw("</faultstring><detail><e:ResponseCode xmlns:e=\"");
        w.raw(ERRORS);
        w.raw("\">");
        w.raw(self.code.name());
        w.raw("</e:ResponseCode><e:Message xmlns:e=\"");
        w.raw(ERRORS);
        w.raw("\">");
        w.text(&self.text);
        w.raw("</e:Message>");
        if !self.details.is_empty() || self.violation.is_some() {
            w.open(T, "MessageXml");
            if let Some(violation) = &self.violation {
                w.number_element(T, "LineNumber", i64::from(violation.line));
                w.number_element(T, "LinePosition", i64::from(violation.position));
                w.text_element(T, "Violation", &violation.text);
            }
            reply::details(w, &self.details);
            w.close(T, "MessageXml");
        }
        w.raw("</detail></s:Fault>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::{SOAP, TYPES};

    #[test]
    fn the_head_names_what_the_reader_and_the_tables_name() {
        for part in [SOAP, MESSAGES, TYPES, SERVER_BUILD] {
            assert!(HEAD.contains(part), "{part}");
        }
        let [major, minor, build, revision] = SERVER_VERSION;
        let version = format!(
            "MajorVersion=\"{major}\" MinorVersion=\"{minor}\" MajorBuildNumber=\"{build}\" MinorBuildNumber=\"{revision}\""
        );
        assert!(HEAD.contains(&version), "{version}");
    }
}
