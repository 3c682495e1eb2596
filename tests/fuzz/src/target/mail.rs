//! Messages: their structure, fields, transfer encodings, and what is made of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_mailbox::convert::table::{Mail, Reads};
use ewsd_mime::{Limits, Message, Part};
use jiff::Timestamp;

use super::{Target, all, ask};

pub const TARGETS: &[Target] = &[
    Target { name: "structure", run: structure, seeds: MESSAGES, pieces: MAIL },
    Target { name: "transfer", run: transfer, seeds: ENCODED, pieces: MAIL },
    Target { name: "fields", run: fields, seeds: MESSAGES, pieces: MAIL },
    Target { name: "message", run: message, seeds: MESSAGES, pieces: MAIL },
];

/// Every part lies within the one around it; a message that has a text to show shows one.
fn structure(octets: &[u8]) {
    let message = Message::read(octets);
    for part in message.parts() {
        let within = match part.parent.and_then(|parent| message.part(parent)) {
            Some(parent) => parent.body.clone(),
            None => 0..octets.len(),
        };
        assert!(part.body.start <= part.body.end && part.body.end <= octets.len(), "a part ends behind the message");
        // A head that a delimiter cuts off has no body: the line end between belongs to both.
        let is_within = within.start <= part.body.start && part.body.end <= within.end;
        assert!(part.body.is_empty() || is_within, "a part reaches out of its multipart");
        assert!(part.number == 0 || part.parent.is_some(), "a part hangs nowhere");
    }
    let shown = ewsd_mime::choose(&message);
    let is_text = |part: &Part<'_>| {
        part.content_type.is("text", "plain")
            && !part.is_attachment()
            && part.file_name().is_none()
            && !part.text().trim().is_empty()
    };
    let is_blank = shown.body(str::to_owned).trim().is_empty();
    assert!(!is_blank || !message.parts().any(is_text) || !shown.files.is_empty(), "a text is not shown");
    let _ = ewsd_mime::class(&message);
}

/// What was encoded comes back, and anything else ends.
fn transfer(octets: &[u8]) {
    let Some((kind, text)) = octets.split_first() else { return };
    match kind % 3 {
        0 => {
            ewsd_mime::base64(text);
            let encoded = STANDARD.encode(text);
            assert_eq!(*ewsd_mime::base64(encoded.as_bytes()), *text, "base64 does not come back");
        }
        1 => {
            ewsd_mime::quoted_printable(text);
            let encoded: String = text.iter().map(|octet| format!("={octet:02X}")).collect();
            assert_eq!(*ewsd_mime::quoted_printable(encoded.as_bytes()), *text, "quoted-printable does not come back");
        }
        _ => {
            let mut end = 0;
            for file in ewsd_mime::uuencoded_files(text) {
                assert!(end <= file.place.start && file.place.end <= text.len(), "files overlap");
                end = file.place.end;
            }
        }
    }
}

/// No address without something to write to, no id with blanks.
fn fields(octets: &[u8]) {
    let head = ewsd_mime::Head::read(octets, Limits::default());
    for field in head.all() {
        let _ = (field.text(), field.line());
        let mut one = b"X: ".to_vec();
        one.extend_from_slice(field.value);
        let _ = ewsd_mime::ContentType::read(field.value, &Limits::default()).essence();
        let _ = ewsd_mime::Disposition::read(field.value, &Limits::default());
        let _ = head.date(field.name);
        for mailbox in head.addresses(field.name).mailboxes {
            assert!(!mailbox.address.is_empty(), "a mailbox without an address");
        }
        for id in head.ids(field.name) {
            assert!(!id.is_empty() && !id.contains(char::is_whitespace), "an id with blanks: {id:?}");
        }
    }
    let text = String::from_utf8_lossy(octets);
    let _ = ewsd_mime::decode_words(&text);
}

/// Everything that reads messages; mail that goes into a mailbox comes out of its answer as it went in.
fn message(octets: &[u8]) {
    all(Reads::Message, octets);
    for attachment in &ask(&Mail { now: Timestamp::UNIX_EPOCH }, octets).attachments {
        assert!(!attachment.name.is_empty(), "an attachment without a name");
    }
}

const MESSAGES: &[&[u8]] = &[
    b"From: Ann <a@x.test>\r\nTo: b@x.test, \"C, D\" <c@x.test>\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n\
      Message-ID: <1@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\npre\r\n--b\r\n\
      Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\ntext\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>x</p>\r\n--c--\r\n\
      --b\r\nContent-Type: application/pdf; name*0*=utf-8''a%20; name*1=b.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n\
      --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n--b--\r\n",
    b"Content-Type: multipart/related; start=\"<r@x>\"; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\n\r\nx\r\n--b\r\n\
      Content-Type: text/html\r\nContent-ID: <r@x>\r\n\r\n<img src=cid:p@x>\r\n--b--\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nt\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
      Action: failed\r\n--b--\r\n",
    b"Subject: x\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: quoted-printable (x)\n\n=1B$B\n",
];

const ENCODED: &[&[u8]] =
    &[b"\0SGVsbG8gd29ybGQ=", b"\x01Gr=C3=BC=\r\n x=ZZ", b"\x02begin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n"];

const MAIL: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"--b",
    b"--b--",
    b"--",
    b": ",
    b"; ",
    b"=",
    b"\"",
    b"(",
    b")",
    b"<",
    b">",
    b",",
    b"@",
    b"\\",
    b"\t",
    b"=?utf-8?b?",
    b"=?iso-8859-1?q?",
    b"?=",
    b"=\r\n",
    b"=3D",
    b"From: ",
    b"To: ",
    b"Date: ",
    b"Subject: ",
    b"Message-ID: ",
    b"References: ",
    b"Content-Type: ",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Disposition: attachment; filename=",
    b"Content-ID: <",
    b"multipart/mixed; boundary=",
    b"multipart/related",
    b"multipart/alternative",
    b"multipart/signed",
    b"multipart/digest",
    b"message/rfc822",
    b"text/html",
    b"text/plain",
    b"application/ms-tnef",
    b"charset=",
    b"utf-7",
    b"utf-16",
    b"hz-gb-2312",
    b"iso-2022-kr",
    b"name*0*=",
    b"name*1=",
    b"UTF-8''",
    b"%FC",
    b"begin 644 a\r\n",
    b"end\r\n",
    b"cid:",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\0",
    b"+0000",
    b"Z",
    b"Mon, ",
];
