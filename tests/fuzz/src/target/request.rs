//! What clients ask: documents of EWS and Autodiscover, ids, query strings.

use ewsd_ews::autodiscover::{pox, soap};
use ewsd_ews::{Envelope, Fault, parse_envelope};
use ewsd_model::code::Code;
use ewsd_model::id::{AttachmentId, ChangeKey, ConversationId, FolderId, ItemId, OccurrenceId};
use jiff::{Timestamp, tz::TimeZone};

use super::Target;

pub const TARGETS: &[Target] = &[
    Target { name: "request", run: request, seeds: REQUESTS, pieces: XML },
    Target { name: "autodiscover", run: autodiscover, seeds: DISCOVERY, pieces: XML },
    Target { name: "id", run: id, seeds: IDS, pieces: ID },
    Target { name: "aqs", run: aqs, seeds: QUERIES, pieces: AQS },
];

/// A request, or a fault that says where; either is told in a document that can be read.
fn request(octets: &[u8]) {
    match parse_envelope(octets) {
        Ok(Envelope { request, .. }) => {
            assert!(request.messages() <= ewsd_ews::limits::MESSAGES, "too many are asked for")
        }
        Err(fault) => {
            assert_eq!(
                fault.violation.is_some(),
                fault.code == Code::ErrorSchemaValidation,
                "a fault without its place"
            );
            is_read_again(&fault);
        }
    }
}

/// A reader of XML reads what is told, whatever of the request stands in it.
fn is_read_again(fault: &Fault) {
    let told = fault.to_bytes();
    let mut reader = quick_xml::Reader::from_reader(told.as_slice());
    while reader.read_event().expect("well-formed XML") != quick_xml::events::Event::Eof {}
}

/// No more names and settings than are answered, and what is asked for names somebody.
fn autodiscover(octets: &[u8]) {
    if let Ok(request) = soap::parse(octets) {
        assert!(request.names.len() <= soap::NAMES + 1 && request.settings.len() <= 1000, "more than is answered");
        let told = soap::write_refusal(request.op, soap::Code::InvalidRequest, "x");
        assert!(told.starts_with(b"<?xml"));
    }
    if let Ok(request) = pox::parse(octets) {
        let (pox::MailboxName::Address(who) | pox::MailboxName::LegacyDn(who)) = request.who;
        assert!(!who.is_empty() && who.trim() == who, "nobody is asked for");
    }
}

/// An id that is taken is one of ours, and comes back when it is written.
fn id(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    macro_rules! comes_back {
        ($($id:ty),+) => { $(
            if let Ok(id) = <$id>::decode(&text) {
                assert_eq!(<$id>::decode(&id.encode()).ok(), Some(id), "another one comes back");
            }
        )+ };
    }
    comes_back!(ItemId, FolderId, AttachmentId, ConversationId, ChangeKey);
    if let Ok((master, Some(date))) = ItemId::decode_any(&text) {
        let again = OccurrenceId { master, date }.encode();
        assert_eq!(ItemId::decode_any(&again).ok(), Some((master, Some(date))), "another occurrence comes back");
    }
}

/// Blanks around a query mean nothing.
fn aqs(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let now = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let once = ewsd_aqs::parse(&text, &now);
    assert_eq!(ewsd_aqs::parse(&format!(" {text} "), &now), once, "blanks around it change it");
    if let Err(error) = once {
        assert!(!error.to_string().is_empty());
    }
}

const QUERIES: &[&[u8]] =
    &[b"subject:\"project plan\" AND NOT from:(a OR b)", b"received:>2019-04-19 17:51:32 size:7000..8000 kind:email"];

const AQS: &[&[u8]] = &[
    b"subject:",
    b"from:",
    b"body:",
    b"attachment:",
    b"category:",
    b"received:",
    b"sent:",
    b"size:",
    b"kind:",
    b"importance:",
    b"has ",
    b"has:",
    b"isread:",
    b" AND ",
    b" OR ",
    b"NOT ",
    b"-",
    b"+",
    b"(",
    b")",
    b"\"",
    b"\xe2\x80\x9c",
    b"*",
    b"..",
    b">=",
    b"<",
    b"<>",
    b"=",
    b":",
    b"today",
    b"last week",
    b"past month",
    b"coming year",
    b"December 11, 2013",
    b"12/11",
    b"31.12.2013",
    b"Tuesday",
    b"17:51:32",
    b"5 pm",
    b"2019-04-19",
    b"9999-12-31",
    b"-9999",
    b"10MB",
    b"1.5",
    b"99999999999999999999",
    b"huge",
    b"true",
    b" ",
    b"\xe4\xbc\x9a",
    b"\0",
];

const REQUESTS: &[&[u8]] = &[
    include_bytes!("../../../../proto/ews/tests/fixtures/get_item.xml"),
    include_bytes!("../../../../proto/ews/tests/fixtures/find_item.xml"),
    include_bytes!("../../../../proto/ews/tests/fixtures/create_item.xml"),
    include_bytes!("../../../../proto/ews/tests/fixtures/update_item.xml"),
    include_bytes!("../../../../proto/ews/tests/fixtures/create_attachment.xml"),
    include_bytes!("../../../../proto/ews/tests/fixtures/sync_folder_items.xml"),
    include_bytes!("../../../../proto/ews/tests/fixtures/subscribe.xml"),
    include_bytes!("../../../../proto/ews/tests/fixtures/create_folder.xml"),
];

const DISCOVERY: &[&[u8]] = &[
    br#"<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>
<EMailAddress> a@x.test </EMailAddress><AcceptableResponseSchema>
http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>"#,
    br#"<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://schemas.microsoft.com/exchange/2010/Autodiscover">
<soap:Header><a:RequestedServerVersion>Exchange2010</a:RequestedServerVersion></soap:Header><soap:Body>
<a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>a@x.test</a:Mailbox></a:User></a:Users><a:RequestedSettings>
<a:Setting>ExternalEwsUrl</a:Setting></a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></soap:Body></soap:Envelope>"#,
];

const XML: &[&[u8]] = &[
    b"<",
    b">",
    b"</",
    b"/>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<?x?>",
    b"<!DOCTYPE x [<!ENTITY a \"b\">]>",
    b"&a;",
    b"&amp;",
    b"&#0;",
    b"&#x10ffff;",
    b"xmlns=\"\"",
    b"xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"",
    b"xsi:nil=\"true\"",
    b"<t:ItemId Id=\"AAA=\"/>",
    b"<t:And>",
    b"<t:Not>",
    b"<t:FieldURI FieldURI=\"item:Subject\"/>",
    b"<t:Constant Value=\"x\"/>",
    b"-1",
    b"99999999999999999999",
    b"0001-01-01T00:00:00Z",
    b"\xef\xbb\xbf",
    b"\xff\xfe<\0",
    b"\0",
    b"\xff",
    b" ",
];

/// Of an item, an occurrence, a folder; a change key.
const IDS: &[&[u8]] = &[
    b"AAMkADNmMjUwNGUwLTRmODktMTFkMy05YTBjLTAzMDVlODJjMzMwMQBGAAAAAADgBCU/iU/TEZoMAwXoLDMBBwDgBCU/iU/TEZoMAwXoLDMBAAAAAAAHAADgBCU/iU/TEZoM\
      AwXoLDMBAAAAAAAJAAA=",
    b"AAMkADNmMjUwNGUwLTRmODktMTFkMy05YTBjLTAzMDVlODJjMzMwMQFOAAAAAADgBCU/iU/TEZoMAwXoLDMBBwDgBCU/iU/TEZoMAwXoLDMBAAAAAAAHAADgBCU/iU/TEZoM\
      AwXoLDMBAAAAAAAJAAAAQHH8Dr/cAQ==",
    b"AAMkADNmMjUwNGUwLTRmODktMTFkMy05YTBjLTAzMDVlODJjMzMwMQAuAAAAAADgBCU/iU/TEZoMAwXoLDMBAQDgBCU/iU/TEZoMAwXoLDMBAAAAAAAHAAA=",
    b"CQAAAAgAAAAAAAAAAAAADA==",
];

const ID: &[&[u8]] = &[b"A", b"AAAA", b"=", b"==", b"/", b"+", b"-", b"_", b"AQMk", b"EwAAAA", b"////", b" "];
