//! Searching in bodies: what is looked at is the text that people read, whatever markup it is written with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::lmtp::deliver;
use crate::support::ops::{
    Id, create_folder, field, find, find_request, get_fields, list, save, save_mime, save_request, set_field, shape,
    simple, transfer_request,
};
use crate::support::xml::escape;
use crate::support::{message, shared, wait};

crate::tests![
    looks_at_what_html_says,
    compares_what_html_says,
    looks_at_plain_bodies_as_they_are,
    tells_equal_octets_apart,
    follows_an_update,
    follows_copies_and_moves,
    looks_at_mail_that_was_delivered,
    reads_the_characters_that_html_names,
    goes_on_where_a_body_has_what_no_text_may,
    looks_at_calendar_items_and_contacts,
    fills_in_bodies_from_before,
];

const HTML: &str = "<html><head><style>p.lead { color: teal }</style></head><body><div class=\"lead\">Hel<b>lo</b> W&auml;rme, \
    the annual\n  budget</div><p>second paragraph, <a href=\"https://hidden.test/\">link</a></p></body></html>";

fn html(subject: &str, body: &str) -> String {
    format!(
        "<t:Message><t:Subject>{subject}</t:Subject><t:Body BodyType=\"HTML\">{}</t:Body></t:Message>",
        escape(body)
    )
}

fn subjects(ews: &mut Ews, which: &str, condition: &str) -> Vec<String> {
    let root =
        find(ews, which, &shape("IdOnly", &["item:Subject"]), &format!("<m:Restriction>{condition}</m:Restriction>"));
    let items = root.all("t:Items/*");
    let mut found: Vec<String> =
        items.iter().map(|item| item.text("t:Subject").unwrap_or_default().to_owned()).collect();
    found.sort();
    found
}

/// A property that holds a text of this mode.
fn contains(path: &str, mode: &str, text: &str) -> String {
    format!(
        "<t:Contains ContainmentMode=\"{mode}\" ContainmentComparison=\"IgnoreCase\">{path}<t:Constant Value=\"{}\"/></t:Contains>",
        escape(text)
    )
}

/// The subjects of the messages whose body has the text in it.
fn with(ews: &mut Ews, which: &str, text: &str) -> Vec<String> {
    subjects(ews, which, &contains(&field("item:Body"), "Substring", text))
}

fn folder_of(ews: &mut Ews, items: &[String]) -> String {
    let id = create_folder(ews, "inbox", &message::unique("bodies"));
    items.iter().for_each(|item| drop(save(ews, &id, item)));
    id
}

fn looks_at_what_html_says() {
    let mut ews = shared::mailbox();
    let id = folder_of(&mut ews, &[html("markup", HTML)]);
    for (mode, text) in [
        ("Substring", "hello w\u{e4}rme"),
        ("Substring", "LLO"),
        ("Substring", "annual budget"),
        ("ExactPhrase", "Hello W\u{e4}rme"),
        ("ExactPhrase", "second paragraph"),
        ("PrefixOnWords", "budg"),
        ("Prefixed", "Hello"),
    ] {
        for path in
            [field("item:Body"), "<t:ExtendedFieldURI PropertyTag=\"0x1000\" PropertyType=\"String\"/>".to_owned()]
        {
            let found = subjects(&mut ews, &id, &contains(&path, mode, text));
            assert_eq!(found, ["markup"], "{mode} {text} {path}");
        }
    }
    for text in ["div", "style", "lead", "teal", "auml", "<b>", "href", "hidden", "body"] {
        for mode in ["Substring", "ExactPhrase", "PrefixOnWords"] {
            let found = subjects(&mut ews, &id, &contains(&field("item:Body"), mode, text));
            assert!(found.is_empty(), "{mode} {text}");
        }
    }
    let not = format!("<t:Not>{}</t:Not>", contains(&field("item:Body"), "Substring", "div"));
    assert_eq!(subjects(&mut ews, &id, &not), ["markup"]);
}

fn compares_what_html_says() {
    let mut ews = shared::mailbox();
    let id =
        folder_of(&mut ews, &[html("a", "<p>One <i>t</i>wo</p>"), html("b", "<p>Three</p>"), simple("c", "one two")]);
    let mut compare = |operator: &str, text: &str| {
        let condition = format!(
            "<t:{operator}>{}<t:FieldURIOrConstant><t:Constant Value=\"{text}\"/></t:FieldURIOrConstant></t:{operator}>",
            field("item:Body")
        );
        subjects(&mut ews, &id, &condition)
    };
    assert_eq!(compare("IsEqualTo", "One two"), ["a", "c"]);
    assert_eq!(compare("IsNotEqualTo", "One two"), ["b"]);
    assert_eq!(compare("IsGreaterThan", "p"), ["b"]);
    assert_eq!(subjects(&mut ews, &id, &contains(&field("item:Body"), "FullString", "three")), ["b"]);
}

fn looks_at_plain_bodies_as_they_are() {
    let mut ews = shared::mailbox();
    let id = folder_of(&mut ews, &[simple("plain", "use <div> & &auml; here, Hel<b>lo</b>")]);
    for text in ["<div>", "&auml;", "hel<b>lo", "here, "] {
        assert_eq!(with(&mut ews, &id, text), ["plain"], "{text}");
    }
    assert!(with(&mut ews, &id, "hello").is_empty());
}

/// The same octets are kept once, and are HTML for one message and a text for another.
fn tells_equal_octets_apart() {
    let mut ews = shared::mailbox();
    let body = "<p>sa<i>me</i></p>";
    for order in [["html", "text"], ["text", "html"]] {
        // Each time octets that were not there before.
        let body = format!("{body}<!-- {} -->", order[0]);
        let items = order.map(|kind| if kind == "html" { html(kind, &body) } else { simple(kind, &body) });
        let id = folder_of(&mut ews, &items);
        assert_eq!(with(&mut ews, &id, "same"), ["html"], "{order:?}");
        assert_eq!(with(&mut ews, &id, "<i>"), ["text"], "{order:?}");
    }
}

fn html_mail(subject: &str, body: &str) -> Vec<u8> {
    String::from_utf8(message::plain(subject, body)).unwrap().replace("text/plain", "text/html").into_bytes()
}

fn set_body(ews: &mut Ews, item: &Id, kind: &str, body: &str) -> Id {
    set_field(ews, item, "item:Body", &format!("<t:Body BodyType=\"{kind}\">{}</t:Body>", escape(body)))
}

fn follows_an_update() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", &message::unique("bodies"));
    let item = save(&mut ews, &id, &html("x", "<p>be<b>fore</b></p>"));
    let item = set_body(&mut ews, &item, "HTML", "<div>af<b>ter</b></div>");
    assert_eq!(with(&mut ews, &id, "after"), ["x"]);
    assert!(with(&mut ews, &id, "before").is_empty() && with(&mut ews, &id, "div").is_empty());
    // What is not about the body leaves its text alone.
    let item = set_field(&mut ews, &item, "item:Subject", "<t:Subject>y</t:Subject>");
    assert_eq!(with(&mut ews, &id, "after"), ["y"]);
    let item = set_body(&mut ews, &item, "Text", "plain <b>now</b>");
    assert_eq!(with(&mut ews, &id, "<b>now"), ["y"]);
    assert!(with(&mut ews, &id, "after").is_empty());
    let item = set_body(&mut ews, &item, "HTML", "plain <b>now</b>");
    assert_eq!(with(&mut ews, &id, "plain now"), ["y"]);
    assert!(with(&mut ews, &id, "<b>").is_empty());
    let content = STANDARD.encode(html_mail("z", "<p>re<b>placed</b></p>"));
    set_field(&mut ews, &item, "item:MimeContent", &format!("<t:MimeContent>{content}</t:MimeContent>"));
    assert_eq!(with(&mut ews, &id, "replaced"), ["z"]);
    assert!(with(&mut ews, &id, "plain now").is_empty() && with(&mut ews, &id, "<p>").is_empty());
}

fn follows_copies_and_moves() {
    let mut ews = shared::mailbox();
    let [from, to] = [(), ()].map(|()| folder_of(&mut ews, &[]));
    let item = save(&mut ews, &from, &html("x", HTML));
    ews.ok(&transfer_request("CopyItem", &[&item], &to));
    assert_eq!(with(&mut ews, &to, "hello"), ["x"]);
    assert!(with(&mut ews, &to, "div").is_empty());
    // The copy has a text of its own from then on.
    set_body(&mut ews, &item, "HTML", "<p>ano<b>ther</b></p>");
    assert_eq!(with(&mut ews, &to, "hello"), ["x"]);
    assert!(with(&mut ews, &to, "another").is_empty());
    ews.ok(&transfer_request("MoveItem", &[&item], &to));
    assert_eq!(with(&mut ews, &to, "another"), ["x"]);
    assert_eq!(with(&mut ews, &to, "hello"), ["x"]);
    assert!(with(&mut ews, &to, "<p>").is_empty() && list(&mut ews, &from).is_empty());
}

fn looks_at_mail_that_was_delivered() {
    let mut ews = shared::mailbox();
    let octets = html_mail("mail", "<div>de<b>li</b>vered &Auml;pfel</div>");
    deliver(shared::server().lmtp(), &ews.account.address.clone(), &octets);
    let id = create_folder(&mut ews, "inbox", &message::unique("bodies"));
    save_mime(&mut ews, &id, &octets);
    for which in ["inbox", id.as_str()] {
        assert_eq!(with(&mut ews, which, "delivered \u{e4}pfel"), ["mail"], "{which}");
        assert!(with(&mut ews, which, "div").is_empty(), "{which}");
    }
}

/// No parameter says in what characters the text is, only the text itself.
fn reads_the_characters_that_html_names() {
    const SETS: &[(&str, &[u8], &str)] = &[
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"),
        ("shift_jis", b"\x93\xfa\x96\x7b\x8c\xea\x83\x5c", "\u{65e5}\u{672c}\u{8a9e}\u{30bd}"),
        ("iso-8859-2", b"\xa3\xf3d\xbc", "\u{141}\u{f3}d\u{17a}"),
        (
            "windows-1253",
            b"\xea\xe1\xeb\xe7\xec\xdd\xf1\xe1",
            "\u{3ba}\u{3b1}\u{3bb}\u{3b7}\u{3bc}\u{3ad}\u{3c1}\u{3b1}",
        ),
        ("euc-kr", b"\xc7\xd1\xb1\xb9", "\u{d55c}\u{ad6d}"),
        ("big5", b"\xa7A\xa6n", "\u{4f60}\u{597d}"),
    ];
    type Meta = fn(&str) -> String;
    let metas: [(&str, Meta); 3] = [
        ("charset", |set| format!("<meta charset=\"{set}\">")),
        ("http-equiv", |set| format!("<META content='text/html; charset={set}' http-equiv=Content-Type>")),
        ("late", |set| {
            format!("<style>{}</style><meta charset={}>", "p { color: teal }\r\n".repeat(100), set.to_uppercase())
        }),
    ];
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    for (set, octets, word) in SETS {
        for (form, meta) in metas {
            let subject = format!("{set} {form}");
            let start = format!(
                "From: a@far.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\
                 Content-Transfer-Encoding: 8bit\r\n\r\n<html><head>{}</head><body><p>says <b>",
                meta(set)
            );
            let mime = [start.as_bytes(), octets, b"</b></p></body></html>\r\n"].concat();
            deliver(shared::server().lmtp(), &address, &mime);
            save_mime(&mut ews, "drafts", &mime);
            for which in ["inbox", "drafts"] {
                let root = find(&mut ews, which, &shape("IdOnly", &["item:Subject", "item:Preview"]), "");
                let all = root.all("t:Items/*");
                let one = all.into_iter().find(|item| item.text("t:Subject") == Some(&subject)).expect("it is there");
                assert_eq!(one.text("t:Preview"), Some(format!("says {word}").as_str()), "{subject}, {which}");
                let item = get_fields(&mut ews, &Id::of(one), &["item:Body", "item:TextBody"]);
                for body in ["t:Body", "t:TextBody"] {
                    assert!(item.text(body).unwrap_or_default().contains(word), "{subject}, {which}: {item:#?}");
                }
            }
        }
    }
    let mut forms: Vec<&str> = metas.iter().map(|(form, _)| *form).collect();
    forms.sort_unstable();
    for (set, _, word) in SETS {
        let subjects_of: Vec<String> = forms.iter().map(|form| format!("{set} {form}")).collect();
        for which in ["inbox", "drafts"] {
            assert_eq!(with(&mut ews, which, word), subjects_of, "{which}");
            assert_eq!(subjects(&mut ews, which, &contains(&field("item:Body"), "PrefixOnWords", word)), subjects_of);
            for query in [(*word).to_owned(), format!("body:{word}")] {
                assert_eq!(by_query(&mut ews, which, &query), subjects_of, "{which} {query}");
            }
        }
    }
}

/// The subjects of what a query string finds, sorted.
fn by_query(ews: &mut Ews, which: &str, text: &str) -> Vec<String> {
    let request = find_request(which, &shape("IdOnly", &["item:Subject"]), "");
    let query = format!("<m:QueryString>{}</m:QueryString></m:FindItem>", escape(text));
    let answer = ews.one(&request.replace("</m:FindItem>", &query));
    let items = answer.all("m:RootFolder/t:Items/*");
    let mut found: Vec<String> =
        items.iter().map(|item| item.text("t:Subject").unwrap_or_default().to_owned()).collect();
    found.sort();
    found
}

/// PostgreSQL knows no text with a NUL in it.
fn goes_on_where_a_body_has_what_no_text_may() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    for (subject, body) in [("nul", "spoi\0led text\0"), ("other", "another text")] {
        deliver(shared::server().lmtp(), &address, format!("Subject: {subject}\r\n\r\n{body}\r\n").as_bytes());
    }
    assert_eq!(with(&mut ews, "inbox", "spoiled text"), ["nul"]);
    assert_eq!(with(&mut ews, "inbox", "another text"), ["other"]);
}

fn looks_at_calendar_items_and_contacts() {
    let mut ews = shared::mailbox();
    let body = format!("<t:Body BodyType=\"HTML\">{}</t:Body>", escape("<div>mee<b>ting</b> notes</div>"));
    let event = format!(
        "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem><t:Subject>event</t:Subject>{body}\
         <t:Start>2026-05-01T10:00:00Z</t:Start><t:End>2026-05-01T11:00:00Z</t:End></t:CalendarItem></m:Items></m:CreateItem>"
    );
    ews.ok(&event);
    save(&mut ews, "contacts", &format!("<t:Contact><t:Subject>person</t:Subject>{body}</t:Contact>"));
    save(&mut ews, "tasks", &format!("<t:Task><t:Subject>task</t:Subject>{body}</t:Task>"));
    for (which, subject) in [("calendar", "event"), ("contacts", "person"), ("tasks", "task")] {
        assert_eq!(with(&mut ews, which, "meeting notes"), [subject]);
        assert!(with(&mut ews, which, "div").is_empty(), "{which}");
    }
}

/// As an upgrade finds them: nothing is kept of what they say.
fn fills_in_bodies_from_before() {
    let server = Demo::start(Options::default().set("limits.request_seconds", 2));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let items: String = (0..3).map(|n| html(&n.to_string(), &format!("<p>num<b>ber</b> {n}</p>"))).collect();
    ews.ok(&save_request("drafts", &items));
    save(&mut ews, "drafts", &simple("text", "<p>num"));
    server.query("update blob set plain = null");
    server.query("insert into plain_due select mailbox, 0 from mailbox");
    wait::until("they are filled in", wait::LONG, || server.query("select 1 from plain_due").is_empty().then_some(()));
    assert_eq!(with(&mut ews, "drafts", "number"), ["0", "1", "2"]);
    assert_eq!(with(&mut ews, "drafts", "<p>"), ["text"]);
}
