//! Good input made bad at random, repeatably: whatever comes, the answer is well-formed, and no worker dies.
//! `EWSD_MUTANTS` sets how many of each kind.

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::ews::{CONTENT_TYPE, PATH, basic, envelope};
use crate::support::http::{Http, request};
use crate::support::lmtp::Lmtp;
use crate::support::ops::{
    ALL_EVENTS, delete, events_request, find_request, folder, get, get_request, hierarchy_request, list, save_mime,
    save_request, save_simple, set, shape, subscribe, subscribe_request, sync_request, transfer_request,
    update_request,
};
use crate::support::xml::Node;
use crate::support::{message, process, shared};

crate::tests![
    survives_mutated_operations,
    survives_mutated_heads,
    survives_mutated_messages,
    survives_mutated_sessions,
];

fn mutants() -> u64 {
    std::env::var("EWSD_MUTANTS").ok().and_then(|m| m.parse().ok()).unwrap_or(800)
}

/// Repeatable chance (xorshift).
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// Changes bytes here and there: flips, cuts, repeats, swaps, inserts what parsers stumble over.
    fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        const ODD: &[&[u8]] = &[
            b"<",
            b">",
            b"&",
            b"\"",
            b"\0",
            b"\xff",
            b"]]>",
            b"<![CDATA[",
            b"<!--",
            b"-->",
            b"&#0;",
            b"&#x110000;",
            b"-1",
            b"99999999999999999999",
            b"0x",
            b"\r\n",
            b"\r\n\r\n",
            b" ",
            b"xmlns=''",
            b"xsi:nil=\"true\"",
            b"<t:ItemId/>",
            b"A",
            b"%",
        ];
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(2) {
            let mut at = self.below(out.len() + 1);
            if self.below(2) == 0 {
                // Inside a text or an attribute's value the document may stay well-formed.
                at += out[at..].iter().position(|b| matches!(b, b'>' | b'"')).map_or(0, |n| n + 1);
            }
            let end = (at + 1 + self.below(40)).min(out.len());
            match self.below(7) {
                0 if at < out.len() => out[at] ^= 1 << self.below(8),
                1 => drop(out.drain(at..end)),
                2 => out.truncate(at),
                3 => {
                    let piece = out[at..end].to_vec();
                    let times = 1 + self.below(50);
                    out.splice(at..at, piece.repeat(times));
                }
                4 => drop(out.splice(at..end, ODD[self.below(ODD.len())].iter().copied())),
                5 => {
                    // An element moves elsewhere.
                    let piece: Vec<u8> = out.drain(at..end).collect();
                    let to = self.below(out.len() + 1);
                    out.splice(to..to, piece);
                }
                _ => drop(out.splice(at..at, ODD[self.below(ODD.len())].iter().copied())),
            }
        }
        out
    }
}

fn assert_alive(workers: &[u32]) {
    assert!(workers.iter().all(|pid| process::alive(*pid)), "a worker has died");
}

/// One of each operation that reads much.
fn operations() -> Vec<String> {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "seed");
    let subscription = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let path = "<t:ExtendedFieldURI PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\" PropertyName=\"n\" PropertyType=\"Integer\"/>";
    let rich = format!(
        "<t:Message><t:MimeContent>{}</t:MimeContent><t:ItemClass>IPM.Note</t:ItemClass><t:Subject>s</t:Subject><t:Sensitivity>Private</t:Sensitivity>\
         <t:Body BodyType=\"HTML\">&lt;p&gt;x&lt;/p&gt;</t:Body><t:Attachments><t:FileAttachment><t:Name>a</t:Name><t:Content>AAEC</t:Content></t:FileAttachment>\
         </t:Attachments><t:Categories><t:String>c</t:String></t:Categories><t:Importance>Low</t:Importance><t:ReminderDueBy>2026-01-01T00:00:00Z</t:ReminderDueBy>\
         <t:ExtendedProperty>{path}<t:Value>5</t:Value></t:ExtendedProperty><t:Flag><t:FlagStatus>Flagged</t:FlagStatus></t:Flag>\
         <t:ToRecipients><t:Mailbox><t:EmailAddress>a@b.test</t:EmailAddress></t:Mailbox></t:ToRecipients><t:IsRead>true</t:IsRead></t:Message>",
        STANDARD.encode(message::rich("seed"))
    );
    let view = format!(
        "<m:IndexedPageItemView MaxEntriesReturned=\"10\" Offset=\"0\" BasePoint=\"End\"/><m:Restriction><t:And><t:Not><t:Contains ContainmentMode=\"Substring\" \
         ContainmentComparison=\"IgnoreCase\"><t:FieldURI FieldURI=\"item:Subject\"/><t:Constant Value=\"x\"/></t:Contains></t:Not><t:Or><t:IsGreaterThan>{path}\
         <t:FieldURIOrConstant><t:Constant Value=\"5\"/></t:FieldURIOrConstant></t:IsGreaterThan><t:Exists><t:FieldURI FieldURI=\"item:Categories\"/></t:Exists></t:Or>\
         </t:And></m:Restriction><m:SortOrder><t:FieldOrder Order=\"Ascending\"><t:FieldURI FieldURI=\"item:DateTimeReceived\"/></t:FieldOrder></m:SortOrder>"
    );
    let inbox = folder("inbox");
    vec![
        get_request(&shape("AllProperties", &["item:Body", "item:MimeContent"]), &[&id]),
        find_request("drafts", &shape("Default", &["item:Preview"]), &view),
        save_request("drafts", &rich),
        update_request(
            &id.xml(),
            "AutoResolve",
            &(set("item:Subject", "<t:Subject>x</t:Subject>") + &set("message:IsRead", "<t:IsRead>1</t:IsRead>")),
        ),
        transfer_request("CopyItem", &[&id], "inbox"),
        sync_request("drafts", "", 10, &shape("IdOnly", &["item:Subject"])),
        hierarchy_request("", &shape("AllProperties", &[])),
        subscribe_request(&["inbox"], ALL_EVENTS, 5),
        events_request(&subscription),
        format!(
            "<m:GetFolder><m:FolderShape>{}</m:FolderShape><m:FolderIds>{inbox}{inbox}</m:FolderIds></m:GetFolder>",
            shape("AllProperties", &[])
        ),
        format!(
            "<m:FindFolder Traversal=\"Deep\"><m:FolderShape>{}</m:FolderShape><m:ParentFolderIds>{inbox}</m:ParentFolderIds></m:FindFolder>",
            shape("Default", &[])
        ),
        format!(
            "<m:ConvertId DestinationFormat=\"HexEntryId\"><m:SourceIds><t:AlternateId Format=\"EwsId\" Id=\"{}\" Mailbox=\"a@b.test\"/></m:SourceIds></m:ConvertId>",
            id.id
        ),
        "<m:ResolveNames ReturnFullContactData=\"true\"><m:UnresolvedEntry>alice</m:UnresolvedEntry></m:ResolveNames>"
            .into(),
        "<m:GetServerTimeZones ReturnFullTimeZoneData=\"false\"><m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>"
            .into(),
        format!(
            "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>n</t:Name><t:Content>AAEC</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>",
            id.id
        ),
    ]
}

fn survives_mutated_operations() {
    let seeds = operations();
    let account = shared::account();
    let authorization = basic(&account.login, &account.password);
    let workers = shared::server().workers();
    let mut http = Http::connect(shared::server().http());
    let mut by_status = std::collections::BTreeMap::new();
    for seed in 0..mutants() {
        let mut chance = Chance::new(seed + 1);
        let good = envelope(Some("Exchange2013_SP1"), "", &seeds[seed as usize % seeds.len()]);
        let bad = chance.mutate(good.as_bytes());
        let reply = http
            .try_post(PATH, &[CONTENT_TYPE, &authorization, "Prefer: wait=0"], &bad)
            .unwrap_or_else(|e| panic!("seed {seed}: {e}\n{}", String::from_utf8_lossy(&bad)));
        assert!(matches!(reply.status, 200 | 500), "seed {seed}: {} {}", reply.status, reply.text());
        let answer = Node::parse(&reply.text());
        let code = answer.find("m:ResponseCode").or(answer.find("e:ResponseCode"));
        let code = code.unwrap_or_else(|| panic!("seed {seed}: {}", reply.text())).text.clone();
        let text = String::from_utf8_lossy(&bad).into_owned();
        assert_ne!(code, "ErrorInternalServerError", "seed {seed}: {}\n{text}", reply.text());
        *by_status.entry(reply.status).or_insert(0) += 1;
    }
    assert_alive(&workers);
    println!("{} mutated operations, answered by status: {by_status:?}", mutants());
}

fn survives_mutated_heads() {
    let account = shared::account();
    let authorization = basic(&account.login, &account.password);
    let body = envelope(Some("Exchange2013_SP1"), "", &subscribe_request(&["inbox"], ALL_EVENTS, 5));
    let good =
        request("POST", PATH, &[CONTENT_TYPE, &authorization, "Accept-Encoding: gzip", "Expect: 100-continue"], b"");
    let workers = shared::server().workers();
    for seed in 0..mutants() {
        let mut chance = Chance::new(seed + 100_000);
        let mut bad = chance.mutate(&good);
        bad.extend_from_slice(body.as_bytes());
        let mut http = Http::connect(shared::server().http());
        // Whatever it takes for a request, it answers or closes; it may also wait for the rest of a head.
        if std::io::Write::write_all(&mut http.stream, &bad).is_err() {
            continue;
        }
        http.stream.shutdown(std::net::Shutdown::Write).ok();
        http.stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut all = Vec::new();
        let end = http.stream.read_to_end(&mut all);
        assert!(
            end.is_ok()
                || !all.is_empty()
                || matches!(end, Err(ref e) if e.kind() == std::io::ErrorKind::ConnectionReset),
            "seed {seed}: {end:?}"
        );
        let text = String::from_utf8_lossy(&all);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 "), "seed {seed}: {text:.100}");
    }
    assert_alive(&workers);
}

fn survives_mutated_messages() {
    let mut ews = shared::mailbox().unrecorded();
    let workers = shared::server().workers();
    let asked = shape(
        "AllProperties",
        &[
            "item:Body",
            "item:TextBody",
            "item:UniqueBody",
            "item:Preview",
            "item:InternetMessageHeaders",
            "item:MimeContent",
        ],
    );
    for seed in 0..mutants() / 4 {
        let mut chance = Chance::new(seed + 200_000);
        let mime = chance.mutate(&message::rich("mutated"));
        let id = save_mime(&mut ews, "inbox", &mime);
        let item = get(&mut ews, &id, &asked);
        let kept = STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap();
        assert!(kept == mime, "seed {seed}: what was given is not what is kept");
        for attachment in item.all("t:Attachments/t:FileAttachment/t:AttachmentId") {
            let id = attachment.attribute("Id").unwrap();
            ews.one(&format!(
                "<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id=\"{id}\"/></m:AttachmentIds></m:GetAttachment>"
            ));
        }
        delete(&mut ews, "HardDelete", &id);
    }
    assert_alive(&workers);
}

fn survives_mutated_sessions() {
    let mut ews = shared::mailbox();
    let workers = shared::server().workers();
    let address = ews.account.address.clone();
    let good = format!(
        "LHLO a.test\r\nMAIL FROM:<a@b.test> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<{address}>\r\nDATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nRSET\r\nQUIT\r\n"
    );
    for seed in 0..mutants() / 2 {
        let mut chance = Chance::new(seed + 300_000);
        let bad = chance.mutate(good.as_bytes());
        let mut http = Http::connect(shared::server().lmtp());
        if std::io::Write::write_all(&mut http.stream, &bad).is_err() {
            continue;
        }
        http.stream.shutdown(std::net::Shutdown::Write).ok();
        let mut all = Vec::new();
        let _ = http.stream.read_to_end(&mut all);
        for line in String::from_utf8_lossy(&all).lines() {
            assert!(line.len() > 3 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit), "seed {seed}: {line:?}");
        }
    }
    assert_alive(&workers);
    let replies = Lmtp::hello(shared::server().lmtp()).deliver("a@b.test", &[&address], &message::plain("whole", "x"));
    assert_eq!(replies[0].code, 250);
    assert!(!list(&mut ews, "inbox").is_empty());
}
