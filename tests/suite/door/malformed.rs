//! What is wrong on purpose: each line of the tables is sent on a connection of its own and must get the status that
//! the documents name. Afterwards the same workers run as before: none has died of it.

use crate::support::ews::{CONTENT_TYPE, Ews, PATH};
use crate::support::http::Http;
use crate::support::xml::Node;
use crate::support::{shared, wait};

crate::tests![refuses_malformed_http, refuses_malformed_documents, refuses_malformed_operations];

/// A table's line: what is wrong, the bytes, the status; status 0: the server closes without an answer.
type Raw = (&'static str, Vec<u8>, u16);

fn get_inbox(ews: &Ews) -> String {
    ews.envelope(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
         <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>",
    )
}

/// A request with these lines between Host and the body, which is sent as it stands.
fn with_lines(ews: &Ews, lines: &str, body: &str) -> Vec<u8> {
    format!("POST {PATH} HTTP/1.1\r\nHost: test\r\n{}\r\n{lines}\r\n{body}", ews.authorization()).into_bytes()
}

fn http_table(ews: &Ews) -> Vec<Raw> {
    let body = get_inbox(ews);
    let length = format!("Content-Length: {}\r\n", body.len());
    let lines = |more: &str| with_lines(ews, more, &body);
    let chunked = |chunks: &str| with_lines(ews, "Transfer-Encoding: chunked\r\n", chunks);
    let start = |line: &str| format!("{line}\r\nHost: test\r\n\r\n").into_bytes();
    vec![
        ("both lengths", lines(&format!("{length}Transfer-Encoding: chunked\r\n")), 400),
        ("two equal lengths", lines(&format!("{length}{length}")), 400),
        ("two different lengths", lines(&format!("{length}Content-Length: 3\r\n")), 400),
        ("a list of lengths", lines("Content-Length: 3, 3\r\n"), 400),
        ("a negative length", lines("Content-Length: -1\r\n"), 400),
        ("a signed length", lines("Content-Length: +5\r\n"), 400),
        ("a hexadecimal length", lines("Content-Length: 0x10\r\n"), 400),
        ("an empty length", lines("Content-Length: \r\n"), 400),
        ("a length beyond 64 bits", lines("Content-Length: 99999999999999999999999\r\n"), 400),
        ("an unknown transfer coding", lines("Transfer-Encoding: gzip\r\n"), 400),
        ("a coding after chunked", lines("Transfer-Encoding: chunked, gzip\r\n"), 400),
        ("chunked twice", lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400),
        ("chunked in disguise", lines("Transfer-Encoding: xchunked\r\n"), 400),
        (
            "chunked over HTTP/1.0",
            {
                let text = String::from_utf8(chunked("0\r\n\r\n")).unwrap();
                text.replacen("HTTP/1.1", "HTTP/1.0", 1).into_bytes()
            },
            400,
        ),
        ("a chunk size that is no number", chunked("zz\r\nhello\r\n0\r\n\r\n"), 400),
        ("a chunk size with a sign", chunked("+5\r\nhello\r\n0\r\n\r\n"), 400),
        ("an endless chunk size", chunked("fffffffffffffffff\r\nhello\r\n"), 400),
        ("a chunk longer than its size", chunked("3\r\nhello\r\n0\r\n\r\n"), 400),
        ("a chunk line ended by LF", chunked("5\nhello\r\n0\r\n\r\n"), 400),
        ("a blank before the colon", lines(&format!("{length}X-Field : 1\r\n")), 400),
        ("a folded header", lines(&format!("{length}X-Field: 1\r\n continued\r\n")), 400),
        ("a header without a colon", lines(&format!("{length}nonsense\r\n")), 400),
        ("an empty header name", lines(&format!("{length}: value\r\n")), 400),
        ("a NUL in a header", lines(&format!("{length}X-Field: a\0b\r\n")), 400),
        ("a CR in a header", lines(&format!("{length}X-Field: a\rb\r\n")), 400),
        ("lines ended by LF", b"POST /EWS/Exchange.asmx HTTP/1.1\nHost: test\nContent-Length: 0\n\n".to_vec(), 400),
        ("no Host", b"GET /EWS/Exchange.asmx HTTP/1.1\r\n\r\n".to_vec(), 400),
        ("two Hosts", b"GET /EWS/Exchange.asmx HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec(), 400),
        ("a Host with a blank", b"GET /EWS/Exchange.asmx HTTP/1.1\r\nHost: a b\r\n\r\n".to_vec(), 400),
        ("a head over the limit", start(&format!("GET /{} HTTP/1.1", "a".repeat(70_000))), 400),
        ("a thousand headers", lines(&format!("{length}{}", "X-Field: 1\r\n".repeat(1000))), 400),
        ("an unknown version", start("GET / HTTP/3.0"), 505),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 505),
        ("no version", start("GET /"), 400),
        ("two blanks in the request line", start("GET  / HTTP/1.1"), 400),
        ("a control character in the target", start("GET /\u{1} HTTP/1.1"), 400),
        ("a fragment in the target", start("GET /EWS/Exchange.asmx#x HTTP/1.1"), 400),
        ("a target without a slash", start("GET EWS HTTP/1.1"), 400),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400),
        ("binary", vec![0xff; 200], 400),
        ("an unknown expectation", lines(&format!("{length}Expect: 200-maybe\r\n")), 417),
    ]
}

fn refuses_malformed_http() {
    let ews = shared::mailbox().unrecorded();
    let workers = shared::server().workers();
    let table = http_table(&ews);
    assert!(table.len() >= 40, "{} kinds", table.len());
    for (what, bytes, status) in table {
        let mut http = Http::connect(ews.http.address);
        http.send(&bytes);
        let reply = http.try_reply().unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(reply.status, status, "{what}");
        assert!(reply.closes() && http.closed(), "{what}: what follows cannot be told apart");
    }
    assert_same_workers(&workers);
}

/// Documents that are no SOAP request at all: a fault with HTTP 500.
fn refuses_malformed_documents() {
    let ews = shared::mailbox().unrecorded();
    let workers = shared::server().workers();
    let good = get_inbox(&ews);
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1).into_bytes()
    };
    let deep = format!("{}{}", "<t:Or>".repeat(100_000), "</t:Or>".repeat(100_000));
    let entities = r#"<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;">]>"#;
    let table: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("nothing", Vec::new(), SCHEMA_OR_REQUEST),
        ("blanks", b"   \r\n  ".to_vec(), SCHEMA_OR_REQUEST),
        ("text", b"hello".to_vec(), SCHEMA_OR_REQUEST),
        ("JSON", br#"{"hello": "world"}"#.to_vec(), SCHEMA_OR_REQUEST),
        ("HTML", b"<html><body>hello<br></body></html>".to_vec(), SCHEMA_OR_REQUEST),
        ("a torn document", good.as_bytes()[..good.len() / 2].to_vec(), SCHEMA),
        ("an element that is not closed", replaced("</m:FolderIds>", ""), SCHEMA),
        ("an element closed by another's name", replaced("</m:FolderIds>", "</m:FolderId>"), SCHEMA),
        ("an undeclared prefix", replaced("<t:BaseShape>", "<q:BaseShape>"), SCHEMA),
        ("an undeclared entity", replaced("IdOnly", "&nothing;"), SCHEMA),
        ("a DOCTYPE", replaced("<s:Envelope", "<!DOCTYPE a><s:Envelope"), SCHEMA_OR_REQUEST),
        ("entities of its own", replaced("<s:Envelope", &format!("{entities}<s:Envelope")), SCHEMA_OR_REQUEST),
        (
            "an external entity",
            replaced("<s:Envelope", r#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><s:Envelope"#),
            SCHEMA_OR_REQUEST,
        ),
        ("an attribute twice", replaced(r#"Id="inbox""#, r#"Id="inbox" Id="drafts""#), SCHEMA),
        ("an attribute without quotes", replaced(r#"Id="inbox""#, "Id=inbox"), SCHEMA),
        (
            "bytes that are no UTF-8",
            {
                let mut bytes = good.clone().into_bytes();
                let at = bytes.windows(6).position(|w| w == b"IdOnly").unwrap();
                bytes[at] = 0xff;
                bytes
            },
            SCHEMA,
        ),
        ("a character that XML forbids", replaced("IdOnly", "Id&#1;Only"), SCHEMA),
        ("100,000 levels", replaced("<m:FolderIds>", &format!("{deep}<m:FolderIds>")), SCHEMA),
        ("no Body", replaced("<s:Body>", "<!--").replace_in("</s:Body>", "-->"), SCHEMA_OR_REQUEST),
        ("an empty Body", ews.envelope("").into_bytes(), &["ErrorInvalidRequest", "ErrorSchemaValidation"]),
        (
            "two operations",
            ews.envelope("<m:GetServerTimeZones/><m:GetServerTimeZones/>").into_bytes(),
            SCHEMA_OR_REQUEST,
        ),
        (
            "another root",
            replaced("<s:Envelope", "<s:Letter").replace_in("</s:Envelope>", "</s:Letter>"),
            SCHEMA_OR_REQUEST,
        ),
        (
            "the wrong namespace of SOAP",
            replaced("http://schemas.xmlsoap.org/soap/envelope/", "urn:soap"),
            SCHEMA_OR_REQUEST,
        ),
        ("something after the end", format!("{good}<more/>").into_bytes(), SCHEMA_OR_REQUEST),
        ("an unknown operation", ews.envelope("<m:GetNothing/>").into_bytes(), &["ErrorInvalidRequest"]),
        ("an unknown element without a prefix", ews.envelope("<XXX/>").into_bytes(), &["ErrorInvalidRequest"]),
    ];
    for (what, body, codes) in table {
        assert_fault(&ews, what, &body, codes);
    }
    assert_same_workers(&workers);
}

const SCHEMA: &[&str] = &["ErrorSchemaValidation"];
const SCHEMA_OR_REQUEST: &[&str] = &["ErrorSchemaValidation", "ErrorInvalidRequest"];

/// Operations that the schema forbids: a fault that names line and position (notes of the documents: "ErrorSchemaValidation:
/// HTTP 500; MessageXml holds LineNumber, LinePosition, Violation").
fn refuses_malformed_operations() {
    let ews = shared::mailbox().unrecorded();
    let workers = shared::server().workers();
    let shape = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>";
    let inbox = "<t:DistinguishedFolderId Id=\"inbox\"/>";
    let parents = format!("<m:ParentFolderIds>{inbox}</m:ParentFolderIds>");
    let event = "<t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes>";
    let table: Vec<(&str, String)> = vec![
        ("GetFolder without a shape", format!("<m:GetFolder><m:FolderIds>{inbox}</m:FolderIds></m:GetFolder>")),
        ("GetFolder without ids", "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape></m:GetFolder>".into()),
        ("an unknown base shape", format!("<m:GetFolder><m:FolderShape><t:BaseShape>Everything</t:BaseShape></m:FolderShape><m:FolderIds>{inbox}</m:FolderIds></m:GetFolder>")),
        ("an unknown distinguished folder", "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"attic\"/></m:FolderIds></m:GetFolder>".into()),
        ("an id without its attribute", format!("<m:GetItem>{shape}<m:ItemIds><t:ItemId/></m:ItemIds></m:GetItem>")),
        ("an element out of order", format!("<m:GetItem><m:ItemIds><t:ItemId Id=\"a\"/></m:ItemIds>{shape}</m:GetItem>")),
        ("an unknown element", format!("<m:GetItem>{shape}<m:Colour>red</m:Colour><m:ItemIds><t:ItemId Id=\"a\"/></m:ItemIds></m:GetItem>")),
        ("an unknown attribute value", format!("<m:FindItem Traversal=\"Sideways\">{shape}{parents}</m:FindItem>")),
        ("a missing attribute", format!("<m:FindItem>{shape}{parents}</m:FindItem>")),
        ("an unknown field", format!("<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Colour\"/></t:AdditionalProperties></m:ItemShape>{parents}</m:FindItem>")),
        ("a page size that is no number", format!("<m:FindItem Traversal=\"Shallow\">{shape}<m:IndexedPageItemView MaxEntriesReturned=\"ten\" Offset=\"0\" BasePoint=\"Beginning\"/>{parents}</m:FindItem>")),
        ("an unknown base point", format!("<m:FindItem Traversal=\"Shallow\">{shape}<m:IndexedPageItemView Offset=\"0\" BasePoint=\"Middle\"/>{parents}</m:FindItem>")),
        ("an unknown order", format!("<m:FindItem Traversal=\"Shallow\">{shape}<m:SortOrder><t:FieldOrder Order=\"Random\"><t:FieldURI FieldURI=\"item:Subject\"/></t:FieldOrder></m:SortOrder>{parents}</m:FindItem>")),
        ("more changes than allowed", format!("<m:SyncFolderItems>{shape}<m:SyncFolderId>{inbox}</m:SyncFolderId><m:MaxChangesReturned>513</m:MaxChangesReturned></m:SyncFolderItems>")),
        ("no change allowed", format!("<m:SyncFolderItems>{shape}<m:SyncFolderId>{inbox}</m:SyncFolderId><m:MaxChangesReturned>0</m:MaxChangesReturned></m:SyncFolderItems>")),
        ("no number of changes", format!("<m:SyncFolderItems>{shape}<m:SyncFolderId>{inbox}</m:SyncFolderId></m:SyncFolderItems>")),
        ("a boolean that is none", format!("<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId>{inbox}</m:SavedItemFolderId><m:Items><t:Message><t:IsRead>perhaps</t:IsRead></t:Message></m:Items></m:CreateItem>")),
        ("a date that is none", format!("<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId>{inbox}</m:SavedItemFolderId><m:Items><t:Message><t:ReminderDueBy>yesterday</t:ReminderDueBy></t:Message></m:Items></m:CreateItem>")),
        ("an unknown importance", format!("<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId>{inbox}</m:SavedItemFolderId><m:Items><t:Message><t:Importance>Extreme</t:Importance></t:Message></m:Items></m:CreateItem>")),
        ("an unknown disposition", format!("<m:CreateItem MessageDisposition=\"Burn\"><m:SavedItemFolderId>{inbox}</m:SavedItemFolderId><m:Items><t:Message/></m:Items></m:CreateItem>")),
        ("a delete type that does not exist", "<m:DeleteItem DeleteType=\"Shred\"><m:ItemIds><t:ItemId Id=\"a\"/></m:ItemIds></m:DeleteItem>".into()),
        ("no delete type", "<m:DeleteItem><m:ItemIds><t:ItemId Id=\"a\"/></m:ItemIds></m:DeleteItem>".into()),
        ("a timeout of no minutes", format!("<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds>{inbox}</t:FolderIds>{event}<t:Timeout>0</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>")),
        ("a timeout of two days", format!("<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds>{inbox}</t:FolderIds>{event}<t:Timeout>2880</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>")),
        ("an unknown event", format!("<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds>{inbox}</t:FolderIds><t:EventTypes><t:EventType>BoredEvent</t:EventType></t:EventTypes><t:Timeout>5</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>")),
        ("no subscription at all", "<m:Subscribe/>".into()),
        ("GetEvents without a watermark", "<m:GetEvents><m:SubscriptionId>a</m:SubscriptionId></m:GetEvents>".into()),
        ("an update of nothing", "<m:UpdateItem ConflictResolution=\"AutoResolve\" MessageDisposition=\"SaveOnly\"/>".into()),
        ("an unknown conflict resolution", "<m:UpdateItem ConflictResolution=\"Fight\" MessageDisposition=\"SaveOnly\"><m:ItemChanges><t:ItemChange><t:ItemId Id=\"a\"/><t:Updates/></t:ItemChange></m:ItemChanges></m:UpdateItem>".into()),
    ];
    for (what, operation) in table {
        let body = ews.envelope(&operation);
        let fault = assert_fault(&ews, what, body.as_bytes(), SCHEMA);
        for name in ["t:LineNumber", "t:LinePosition", "t:Violation"] {
            assert!(fault.find(name).is_some_and(|n| !n.text.is_empty()), "{what}: no {name} in {fault:#?}");
        }
    }
    assert_same_workers(&workers);
}

fn assert_fault(ews: &Ews, what: &str, body: &[u8], codes: &[&str]) -> Node {
    let mut http = Http::connect(ews.http.address);
    let authorization = ews.authorization();
    let reply = http.post(PATH, &[CONTENT_TYPE, &authorization], body);
    assert_eq!(reply.status, 500, "{what}: {}", reply.text());
    assert_eq!(reply.header("content-type"), Some("text/xml; charset=utf-8"), "{what}");
    let envelope = Node::parse(&reply.text());
    let code = envelope.find("e:ResponseCode").unwrap_or_else(|| panic!("{what}: {}", reply.text())).text.clone();
    assert!(codes.contains(&code.as_str()), "{what}: {code}, not one of {codes:?}");
    let again = http.post(PATH, &[CONTENT_TYPE, &authorization], get_inbox(ews).as_bytes());
    assert_eq!(again.status, 200, "{what}: the connection is still good");
    envelope
}

/// No worker has died: retired ones would be replaced, which this little traffic does not bring about.
fn assert_same_workers(before: &[u32]) {
    wait::true_within("the same workers as before", wait::LONG, || {
        before.iter().all(|pid| crate::support::process::alive(*pid))
    });
}

/// `replacen` on bytes that are text.
trait ReplaceIn {
    fn replace_in(self, from: &str, to: &str) -> Vec<u8>;
}

impl ReplaceIn for Vec<u8> {
    fn replace_in(self, from: &str, to: &str) -> Vec<u8> {
        String::from_utf8(self).unwrap().replacen(from, to, 1).into_bytes()
    }
}
