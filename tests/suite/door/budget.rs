//! Answers, searches, mailboxes and the disk have budgets: what is beyond them is refused by name, and nothing else suffers.

use std::fs;

use crate::support::demo::{Demo, Options};
use crate::support::disk::Disk;
use crate::support::ews::{Ews, code};
use crate::support::http::Http;
use crate::support::lmtp::Lmtp;
use crate::support::ops::{
    Id, SyncPage, create_folder, delete, field, find_request, get_fields, get_request, list, save, save_mime,
    save_simple, shape, simple, subjects, sync_request, transfer_request,
};
use crate::support::{message, wait};

crate::tests![
    gives_what_fits_and_names_the_rest,
    ends_a_page_where_the_answer_is_full,
    reads_a_large_message_once,
    refuses_searches_that_cost_too_much,
    fills_a_mailbox_by_no_way,
    refuses_folders_that_lie_too_deep,
    counts_recipients_by_the_hour,
    goes_on_reading_when_the_disk_is_full,
];

const MB: usize = 1 << 20;
const EXCEEDED: &str = "ErrorMessageSizeExceeded";

fn large_text(octets: usize) -> String {
    "0123456789abcdef".repeat(octets / 16)
}

/// The first is given however large; the rest as there is room, the same one by one.
fn gives_what_fits_and_names_the_rest() {
    let server = Demo::start(Options::default().set("limits.answer_bytes", MB));
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let mut put = |octets| save(&mut ews, "drafts", &simple("x", &large_text(octets)));
    let (huge, a, b, small) = (put(3 * MB), put(400_000), put(400_000), put(1_000));
    let bodies = shape("IdOnly", &["item:Body"]);
    let mut codes = |ids: &[&Id]| {
        let answer = ews.call(&get_request(&bodies, ids));
        answer.codes().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(codes(&[&huge]), ["NoError"]);
    assert_eq!(codes(&[&huge, &small]), ["NoError", EXCEEDED]);
    assert_eq!(codes(&[&a, &b, &small]), ["NoError", "NoError", "NoError"]);
    assert_eq!(
        codes(&[&a, &b, &a, &small]),
        ["NoError", "NoError", EXCEEDED, EXCEEDED],
        "one that is named twice is in it twice"
    );
    assert_eq!(codes(&[&small, &huge, &a]), ["NoError", EXCEEDED, EXCEEDED]);
}

/// All rows come, each once, a page at a time.
fn ends_a_page_where_the_answer_is_full() {
    let server = Demo::start(Options::default().set("limits.answer_bytes", MB));
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let id = create_folder(&mut ews, "msgfolderroot", "large");
    let long = "<t:ExtendedFieldURI PropertyTag=\"0x6001\" PropertyType=\"String\"/>";
    for n in 0..9 {
        let text = large_text(300_000);
        let item = format!(
            "<t:Message><t:Subject>{n}</t:Subject><t:ExtendedProperty>{long}<t:Value>{text}</t:Value></t:ExtendedProperty></t:Message>"
        );
        save(&mut ews, &id, &item);
    }
    let more = format!("<t:AdditionalProperties>{}{long}</t:AdditionalProperties>", field("item:Subject"));
    let shape = format!("<t:BaseShape>IdOnly</t:BaseShape>{more}");
    for base in ["Beginning", "End"] {
        let (mut seen, mut offset, mut pages) = (Vec::new(), 0, 0);
        loop {
            let view =
                format!("<m:IndexedPageItemView MaxEntriesReturned=\"100\" Offset=\"{offset}\" BasePoint=\"{base}\"/>");
            let root = ews.one(&find_request(&id, &shape, &view)).want("m:RootFolder").clone();
            assert_eq!(root.attribute("TotalItemsInView"), Some("9"));
            seen.extend(root.all("t:Items/*").iter().map(|i| i.text("t:Subject").unwrap().to_owned()));
            offset = root.attribute("IndexedPagingOffset").unwrap().parse().unwrap();
            pages += 1;
            if root.attribute("IncludesLastItemInRange") == Some("true") {
                break;
            }
        }
        seen.sort();
        assert_eq!((seen.concat().as_str(), pages), ("012345678", 3), "from the {base}");
    }
    let (mut seen, mut state, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = SyncPage::of(&ews.one(&sync_request(&id, &state, 512, &shape)));
        seen.extend(page.changes.iter().map(|(_, change)| change.find("t:Subject").unwrap().text.clone()));
        state = page.state;
        pages += 1;
        if page.last {
            break;
        }
    }
    seen.sort();
    assert_eq!((seen.concat().as_str(), pages), ("012345678", 3));
    // The same folder, named often: one search, and as many answers as there is room for.
    let one = format!("<t:FolderId Id=\"{id}\"/>");
    let often = format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape>{shape}</m:ItemShape><m:IndexedPageItemView MaxEntriesReturned=\"1\" \
         Offset=\"0\" BasePoint=\"Beginning\"/><m:ParentFolderIds>{}</m:ParentFolderIds></m:FindItem>",
        one.repeat(5)
    );
    let answer = ews.call(&often);
    assert_eq!(answer.codes(), ["NoError", "NoError", "NoError", EXCEEDED, EXCEEDED]);
}

/// The most that the workers have had since the last call.
fn peak(workers: &[u32]) -> usize {
    let figure = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kb| kb.parse::<usize>().ok()).unwrap_or(0) << 10
    };
    let peak = workers.iter().map(figure).max().unwrap();
    for pid in workers {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    }
    peak
}

/// Eighty times one message of 5 MB: 14 KB ask for half a gigabyte.
fn reads_a_large_message_once() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let mut mime = b"From: a@elsewhere.test\r\nSubject: large\r\n\r\n".to_vec();
    mime.extend("the quick brown fox jumps over the lazy dog\r\n".bytes().cycle().take(5 * MB));
    let id = save_mime(&mut ews, "drafts", &mime);
    let workers = server.workers();
    peak(&workers);
    let resting = peak(&workers);
    let show = format!("{}<t:IncludeMimeContent>true</t:IncludeMimeContent>", shape("IdOnly", &[]));
    let answer = ews.call(&get_request(&show, &[&id; 80]));
    let given = answer.codes().iter().filter(|code| **code == "NoError").count();
    assert!((8..=9).contains(&given), "64 MB hold so many of 7 MB: {given}");
    assert!(answer.codes()[given..].iter().all(|code| *code == EXCEEDED));
    let took = peak(&workers).saturating_sub(resting);
    println!("an answer of {} MB took a worker {} MB", answer.reply.body.len() / MB, took / MB);
    assert!(took < 32 * MB, "{} MB for a message of 5 MB", took / MB);
}

fn contains(mode: &str, uri: &str, text: &str) -> String {
    format!(
        "<t:Contains ContainmentMode=\"{mode}\" ContainmentComparison=\"IgnoreCase\">{}<t:Constant Value=\"{text}\"/></t:Contains>",
        field(uri)
    )
}

fn refuses_searches_that_cost_too_much() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let any = |conditions: String| format!("<m:Restriction><t:Or>{conditions}</t:Or></m:Restriction>");
    let many = |mode: &str, uri: &str, n: usize| any((0..n).map(|n| contains(mode, uri, &n.to_string())).collect());
    let id_only = shape("IdOnly", &[]);
    for fine in [many("ExactPhrase", "item:Subject", 254), many("Substring", "item:Body", 30)] {
        ews.one(&find_request("inbox", &id_only, &fine));
    }
    let order = |n: usize| {
        let one = format!("<t:FieldOrder Order=\"Ascending\">{}</t:FieldOrder>", field("item:Subject"));
        format!("<m:SortOrder>{}</m:SortOrder>", one.repeat(n))
    };
    ews.one(&find_request("inbox", &id_only, &order(50)));
    for too_much in [many("Substring", "item:Body", 40), many("ExactPhrase", "item:Body", 30), order(100)] {
        assert_eq!(ews.error(&find_request("inbox", &id_only, &too_much)), "ErrorRestrictionTooComplex");
    }
    let words: String = (0..2000).map(|n| format!("w{n} ")).collect();
    let query = find_request("inbox", &id_only, "")
        .replace("</m:ParentFolderIds>", &format!("</m:ParentFolderIds><m:QueryString>\"{words}\"</m:QueryString>"));
    assert_eq!(ews.error(&query), "ErrorRestrictionTooComplex");
}

/// Every operation that writes contents asks.
fn fills_a_mailbox_by_no_way() {
    const FULL: &str = "ErrorQuotaExceeded";
    let server = Demo::start(Options::default().set("mail.quota_bytes", 100_000));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let big = save(&mut ews, "drafts", &simple("big", &large_text(60_000)));
    let create = crate::support::ops::save_request("drafts", &simple("more", &large_text(60_000)));
    assert_eq!(ews.error(&create), FULL);
    assert_eq!(ews.error(&transfer_request("CopyItem", &[&big], "inbox")), FULL);
    let drafts = crate::support::ops::folder("drafts");
    let copy = format!(
        "<m:CopyFolder><m:ToFolderId>{}</m:ToFolderId><m:FolderIds>{drafts}</m:FolderIds></m:CopyFolder>",
        crate::support::ops::folder("inbox")
    );
    assert!(["ErrorQuotaExceeded", "ErrorMoveCopyFailed"].contains(&ews.error(&copy).as_str()));
    let attach = format!(
        "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>a</t:Name><t:Content>{}</t:Content>\
         </t:FileAttachment></m:Attachments></m:CreateAttachment>",
        big.id,
        "AAAA".repeat(20_000)
    );
    assert_eq!(ews.error(&attach), FULL);
    let body = format!("<t:Body BodyType=\"Text\">{}</t:Body>", large_text(80_000));
    let update = crate::support::ops::set("item:Body", &body);
    assert_eq!(ews.error(&crate::support::ops::update_request(&big.xml(), "AlwaysOverwrite", &update)), FULL);
    let mut lmtp = Lmtp::hello(server.lmtp());
    let mail = message::plain("big", &large_text(60_000));
    let to = &server.accounts[0].address;
    assert_eq!(lmtp.deliver("a@elsewhere.test", &[to], &mail)[0].code, 452);
    // What takes no room goes on, and room comes back.
    crate::support::ops::set_read(&mut ews, &big, true);
    let id = list(&mut ews, "drafts").remove(0);
    delete(&mut ews, "HardDelete", &id);
    assert_eq!(lmtp.deliver("a@elsewhere.test", &[to], &mail)[0].code, 250);
}

fn refuses_folders_that_lie_too_deep() {
    let server = Demo::start(Options::default().set("limits.folder_depth", 5).set("limits.folders", 100));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let request = |parent: &str, name: &str| {
        format!(
            "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>{name}</t:DisplayName>\
             </t:Folder></m:Folders></m:CreateFolder>",
            crate::support::ops::folder(parent)
        )
    };
    // The inbox is the second below the root.
    let third = create_folder(&mut ews, "inbox", "third");
    let fourth = create_folder(&mut ews, &third, "fourth");
    let fifth = create_folder(&mut ews, &fourth, "fifth");
    assert_eq!(ews.error(&request(&fifth, "sixth")), "ErrorInvalidParentFolder");
    let into = |operation: &str, what: &str, target: &str| {
        let (to, what) = (crate::support::ops::folder(target), crate::support::ops::folder(what));
        format!("<m:{operation}><m:ToFolderId>{to}</m:ToFolderId><m:FolderIds>{what}</m:FolderIds></m:{operation}>")
    };
    let beside = create_folder(&mut ews, "inbox", "beside");
    let below = create_folder(&mut ews, &beside, "below");
    assert_eq!(ews.error(&into("MoveFolder", &third, &below)), "ErrorInvalidParentFolder");
    assert_eq!(ews.error(&into("CopyFolder", &third, &below)), "ErrorInvalidParentFolder");
    ews.one(&into("MoveFolder", &fifth, &below));
    let full = (0..100).find_map(|n| {
        let answer = ews.call(&request("inbox", &format!("n{n}")));
        Some(code(&answer.messages[0]).to_owned()).filter(|code| code != "NoError")
    });
    assert_eq!(full.as_deref(), Some("ErrorQuotaExceeded"));
}

/// An hour may end in between: then it begins anew, and the second of the two is refused.
fn counts_recipients_by_the_hour() {
    let server = Demo::start(Options::default().set("limits.recipients_per_hour", 3));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let to = |n: usize| {
        let all: String = (0..n)
            .map(|_| format!("<t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox>", server.accounts[1].address))
            .collect();
        format!(
            "<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items><t:Message><t:Subject>x</t:Subject><t:ToRecipients>{all}\
             </t:ToRecipients></t:Message></m:Items></m:CreateItem>"
        )
    };
    let refused = (0..9).find_map(|_| {
        let answer = ews.call_with(&to(1), &[]);
        (answer.status == 500).then_some(answer)
    });
    let refused = refused.expect("it was refused at last");
    assert_eq!(refused.fault_code(), "ErrorServerBusy");
    let back_off =
        refused.envelope.find_all("t:Value").into_iter().find(|v| v.attribute("Name") == Some("BackOffMilliseconds"));
    let back_off: u64 = back_off.expect("how long").text.parse().unwrap();
    assert!((1..=3_600_000).contains(&back_off), "{back_off}");
    save_simple(&mut ews, "drafts", "what is not sent");
}

/// The state directory on a small tmpfs, where whoever runs this may mount one.
fn goes_on_reading_when_the_disk_is_full() {
    let Some(disk) = Disk::mount(400 << 20) else { return };
    let options = Options::default().set("server.min_free_bytes", 60 << 20);
    let server = Demo::start_at(disk.folder.join("server"), options).unwrap();
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let kept = save_simple(&mut ews, "inbox", "kept");
    let filler = disk.fill(40 << 20);
    let create = crate::support::ops::save_request("drafts", &simple("more", "x"));
    wait::true_within("writes are refused", wait::LONG, || {
        ews.call(&create).codes()[0] == "ErrorInsufficientResources"
    });
    assert_eq!(subjects(&mut ews, "inbox"), ["kept"], "reading goes on");
    assert_eq!(get_fields(&mut ews, &kept, &["item:Subject"]).text("t:Subject"), Some("kept"));
    let mut lmtp = Lmtp::hello(server.lmtp());
    lmtp.command("MAIL FROM:<a@elsewhere.test>");
    wait::true_within("mail is put off", wait::LONG, || {
        lmtp.command(&format!("RCPT TO:<{}>", server.accounts[0].address)).code == 452
    });
    delete(&mut ews, "HardDelete", &kept);
    drop(filler);
    wait::true_within("writes are taken again", wait::LONG, || ews.call(&create).codes()[0] == "NoError");
    assert_eq!(Http::connect(server.admin()).get("/readyz", &[]).status, 200);
}
