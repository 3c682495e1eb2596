//! What real clients sent to another server, replayed: the reference's captures, when they are at hand. First as they are:
//! their ids are nobody's here, but no request may be taken for a malformed one. Then with ids, states and subscriptions of
//! this server in their place: what is built must be served, what is not must be declined as the client copes with.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::ews::{CONTENT_TYPE, Ews, PATH};
use crate::support::http::{Http, request};
use crate::support::ops::{self, Id};
use crate::support::xml::Node;
use crate::support::{message, record, shared, stream, validate};

crate::tests![takes_what_real_clients_send, serves_what_real_clients_ask_for];

/// Every captured request: its client and file, and its body.
fn captures() -> Vec<(String, String)> {
    let Some(folder) = validate::reference().map(|r| r.join("captures")).filter(|c| c.is_dir()) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|client| client.unwrap().path())
        .filter(|client| client.is_dir())
        .flat_map(|client| fs::read_dir(client).unwrap().map(|file| file.unwrap().path()))
        .filter(|file| file.extension().is_some_and(|e| e == "xml"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&file).unwrap())
        })
        .filter(|(name, _)| !name.contains("Autodiscover"))
        .collect()
}

fn takes_what_real_clients_send() {
    let captures = captures();
    if captures.is_empty() {
        return println!("skipped: no captures here (EWSD_REFERENCE names the folder of the reference)");
    }
    let mut ews = shared::mailbox().unrecorded();
    let authorization = ews.authorization();
    let mut wrong = Vec::new();
    for (name, body) in &captures {
        let body = body.replace("user1@example.test", &ews.account.address);
        let reply = ews.http.post(PATH, &[CONTENT_TYPE, &authorization, "Prefer: wait=0"], body.as_bytes());
        if reply.status != 200 {
            wrong.push(format!("{name}: {} {}", reply.status, reply.text()));
            continue;
        }
        // A stream ends with a document of its own.
        let text = reply.text();
        for document in text.split_inclusive("</Envelope>") {
            let answer = Node::parse(document);
            let said = answer.find("m:ResponseCode").is_some() || answer.find("t:ErrorCode").is_some();
            assert!(said, "{name}: {answer:#?}");
            record::reply(&record::tag(), document.as_bytes());
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} captured requests are refused:\n{}",
        wrong.len(),
        captures.len(),
        wrong.join("\n")
    );
    println!("{} captured requests of real clients are taken", captures.len());
}

/// What other servers' ids and states become: objects of this mailbox that the request can work on, made afresh.
struct Stage<'e> {
    ews: &'e mut Ews,
    /// Kind of the request's items: element, folder, folder's class.
    kind: (&'static str, &'static str, &'static str),
    /// The first folder that a request names is where its items are, unless it moves something.
    home: String,
    folders: Vec<(String, String)>,
    items: Vec<(String, Id)>,
}

impl<'e> Stage<'e> {
    fn new(ews: &'e mut Ews, name: &str, body: &str) -> Stage<'e> {
        let has = |words: [&str; 2]| words.iter().any(|word| body.contains(word));
        let kind = if has(["Contact>", "contacts:"]) {
            ("Contact", "contacts", "IPF.Contact")
        } else if has(["Task>", "task:"]) {
            ("Task", "tasks", "IPF.Task")
        } else {
            ("Message", "inbox", "IPF.Note")
        };
        let mut stage = Stage { ews, kind, home: String::new(), folders: Vec::new(), items: Vec::new() };
        stage.home = stage.make_folder();
        let relocates = ["MoveItem", "CopyItem", "MoveFolder", "CopyFolder"].iter().any(|op| name.contains(op));
        if !relocates {
            stage.folders.push((String::new(), stage.home.clone()));
        }
        stage
    }

    fn make_folder(&mut self) -> String {
        let (_, parent, class) = self.kind;
        let request = format!(
            "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:FolderClass>{class}</t:FolderClass>\
             <t:DisplayName>{}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>",
            ops::folder(parent),
            message::unique("replay")
        );
        self.ews.one(&request).want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned()
    }

    fn folder(&mut self, foreign: &str) -> String {
        if let Some((_, ours)) = self.folders.iter_mut().find(|(known, _)| known == foreign) {
            return ours.clone();
        }
        if let Some((known, ours)) = self.folders.first_mut().filter(|(known, _)| known.is_empty()) {
            foreign.clone_into(known);
            return ours.clone();
        }
        let ours = self.make_folder();
        self.folders.push((foreign.to_owned(), ours.clone()));
        ours
    }

    fn item(&mut self, foreign: &str) -> Id {
        if let Some((_, ours)) = self.items.iter().find(|(known, _)| known == foreign) {
            return ours.clone();
        }
        let to = format!(
            "<t:ToRecipients><t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox></t:ToRecipients>",
            self.ews.account.address
        );
        let inner = match self.kind.0 {
            "Contact" => "<t:GivenName>Given</t:GivenName><t:Surname>Sur</t:Surname>".to_owned(),
            "Task" => "<t:Subject>to do</t:Subject>".to_owned(),
            _ => format!("<t:Subject>x</t:Subject><t:Body BodyType=\"HTML\">&lt;p&gt;x&lt;/p&gt;</t:Body>{to}"),
        };
        let ours = ops::save(self.ews, &self.home.clone(), &format!("<t:{0}>{inner}</t:{0}>", self.kind.0));
        self.items.push((foreign.to_owned(), ours.clone()));
        ours
    }

    /// The element of an id with ours in it.
    fn id(&mut self, local: &str, foreign: &str) -> Option<(String, Option<String>)> {
        Some(match local {
            "FolderId" | "ParentFolderId" => {
                let id = self.folder(foreign);
                let folder = ops::get_folder(self.ews, &id, "IdOnly", &[]);
                (id, folder.want("t:FolderId").attribute("ChangeKey").map(str::to_owned))
            }
            "ItemId" | "ReferenceItemId" | "ParentItemId" => {
                let id = self.item(foreign);
                (id.id, Some(id.key))
            }
            "AlternateId" => (ops::folder_id(self.ews, "inbox"), None),
            "AttachmentId" => {
                let item = self.item("with an attachment");
                let file = "<t:FileAttachment><t:Name>a</t:Name><t:Content>AAAA</t:Content></t:FileAttachment>";
                let request = format!(
                    "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments>{file}</m:Attachments></m:CreateAttachment>",
                    item.id
                );
                let made = self.ews.one(&request);
                (made.want("m:Attachments/*/t:AttachmentId").attribute("Id").unwrap().to_owned(), None)
            }
            _ => return None,
        })
    }
}

/// The start tag `<prefix:Local … Id="…" …>` with other values for Id and ChangeKey.
fn put_ids(stage: &mut Stage<'_>, body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        let (before, tag_on) = rest.split_at(at);
        let end = tag_on.find('>').map_or(tag_on.len(), |end| end + 1);
        let (tag, after) = tag_on.split_at(end);
        out.push_str(before);
        rest = after;
        let name = tag.trim_start_matches('<').split(|c: char| c.is_whitespace() || "/>".contains(c)).next();
        let local = name.unwrap_or_default().rsplit(':').next().unwrap_or_default();
        let ours = value(tag, "Id").and_then(|foreign| stage.id(local, foreign).map(|ours| (foreign, ours)));
        let Some((foreign, (id, key))) = ours else {
            out.push_str(tag);
            continue;
        };
        let mut tag = tag.replace(&format!(" Id=\"{foreign}\""), &format!(" Id=\"{id}\""));
        if let (Some(theirs), Some(key)) = (value(&tag, "ChangeKey").map(str::to_owned), key) {
            tag = tag.replace(&format!("ChangeKey=\"{theirs}\""), &format!("ChangeKey=\"{key}\""));
        }
        out.push_str(&tag);
    }
    out + rest
}

/// An attribute's value in a start tag.
fn value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The document with other text in the element of that local name; None where it has no such element with text.
fn put_text(body: &str, local: &str, text: impl FnOnce(&str) -> String) -> Option<String> {
    let mut at = 0;
    loop {
        let found = at + body.get(at..)?.find(local)?;
        at = found + local.len();
        if body.as_bytes().get(found - 1).is_some_and(|c| b"<:".contains(c)) {
            let begin = at + body.get(at..)?.find('>')? + 1;
            let end = begin + body.get(begin..)?.find('<')?;
            let old = &body[begin..end];
            if !old.trim().is_empty() && body[end..].starts_with("</") {
                return Some(format!("{}{}{}", &body[..begin], text(old), &body[end..]));
            }
        }
    }
}

/// The request as the client would send it to this server.
fn translate(stage: &mut Stage<'_>, name: &str, body: &str, send: &mut dyn FnMut(&mut Ews, &str) -> Node) -> String {
    let own = stage.ews.account.address.clone();
    let mut body = put_ids(stage, &body.replace("user1@example.test", &own));
    if body.contains("SyncState>") {
        let first = put_text(&body, "SyncState", |_| "@".to_owned()).expect("a state");
        let (head, tail) = first.split_once('@').unwrap();
        let open = head.rfind('<').unwrap();
        let close = tail.find('>').unwrap() + 1;
        let answer = send(stage.ews, &format!("{}{}", &head[..open], &tail[close..]));
        let state = answer.find("m:SyncState").expect("a state").text.clone();
        body = put_text(&body, "SyncState", |_| state).unwrap();
    }
    if name.contains("GetEvents") || name.contains("GetStreamingEvents") || name.contains("Unsubscribe") {
        let ours = if name.contains("GetStreamingEvents") {
            let id = stream::subscribe(stage.ews, &["inbox"], &["NewMailEvent"]);
            ops::Subscription { id, watermark: String::new() }
        } else {
            ops::subscribe(stage.ews, &["inbox"], &["NewMailEvent"])
        };
        body = put_text(&body, "SubscriptionId", |_| ours.id.clone()).unwrap();
        body = put_text(&body, "Watermark", |_| ours.watermark.clone()).unwrap_or(body);
    }
    let mime = |old: &str| match STANDARD.decode(old.trim()) {
        Ok(octets) => STANDARD.encode(String::from_utf8_lossy(&octets).replace("user1@example.test", &own).as_bytes()),
        Err(_) => old.to_owned(),
    };
    put_text(&body, "MimeContent", mime).unwrap_or(body)
}

/// What is not built yet, by a part of the capture's name or of its text, and how it is declined: as the client copes with.
const DECLINED: &[(&str, &str)] = &[
    ("GetUserConfiguration", "ErrorItemNotFound"),
    ("GetUserPhoto", "ErrorItemNotFound"),
    ("UserOofSettings", "ErrorInvalidOperation"),
    ("GetInboxRules", "ErrorInvalidOperation"),
    // Nobody of that name is here.
    ("ResolveNames", "ErrorNameResolutionNoResults"),
    ("OccurrenceItemId", "ErrorInvalidIdMalformed"),
    // Calendars.
    ("CalendarItem>", ""),
];

/// It would go on for minutes: the beginning is enough.
fn opens_a_stream(ews: &Ews, body: &str) {
    let mut http = Http::connect(ews.http.address);
    http.send(&request("POST", PATH, &[CONTENT_TYPE, &ews.authorization()], body.as_bytes()));
    let head = http.read_head().expect("a head");
    assert_eq!((head.status, head.header("transfer-encoding")), (200, Some("chunked")), "{body}");
    let first = http.chunk().expect("a chunk").expect("a document");
    assert!(String::from_utf8_lossy(&first).contains(">OK<"), "{body}");
}

fn serves_what_real_clients_ask_for() {
    let captures = captures();
    if captures.is_empty() {
        return println!("skipped: no captures here (EWSD_REFERENCE names the folder of the reference)");
    }
    let mut ews = shared::mailbox().unrecorded();
    let authorization = ews.authorization();
    let mut send = |ews: &mut Ews, body: &str| {
        let reply = ews.http.post(PATH, &[CONTENT_TYPE, &authorization, "Prefer: wait=0"], body.as_bytes());
        assert_eq!(reply.status, 200, "{body}\n{}", reply.text());
        record::reply(&record::tag(), &reply.body);
        Node::parse(&reply.text())
    };
    let (mut served, mut wrong) = (0, Vec::new());
    for (name, captured) in &captures {
        let mut stage = Stage::new(&mut ews, name, captured);
        let body = translate(&mut stage, name, captured, &mut send);
        if name.contains("GetStreamingEvents") {
            opens_a_stream(&ews, &body);
            served += 1;
            continue;
        }
        let answer = send(&mut ews, &body);
        let codes: Vec<&str> = answer.find_all("m:ResponseCode").iter().map(|code| code.text.as_str()).collect();
        let declined = DECLINED.iter().find(|(part, _)| name.contains(part) || captured.contains(part));
        let good = match declined {
            Some((_, "")) => codes.iter().all(|code| *code != "ErrorInternalServerError"),
            Some((_, expected)) => codes.iter().all(|code| code == expected || *code == "NoError"),
            None => codes.iter().all(|code| *code == "NoError"),
        };
        served += usize::from(declined.is_none() && good);
        if !good || codes.is_empty() {
            wrong.push(format!("{name}: {codes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} captured requests fail:\n{}", wrong.len(), captures.len(), wrong.join("\n"));
    println!("{served} of {} captured requests of real clients are served, the others declined", captures.len());
}
