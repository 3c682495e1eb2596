//! Messages to put into mailboxes.

use std::sync::atomic::{AtomicU32, Ordering};

/// A subject that no other message of the run has.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{what} {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Letters that no compression makes short: PostgreSQL's looks for what repeats.
pub fn noise(length: usize) -> String {
    let mut state = 1u64;
    let mut xorshift = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..length).map(|_| char::from(b'a' + (xorshift() % 26) as u8)).collect()
}

/// A plain message.
pub fn plain(subject: &str, body: &str) -> Vec<u8> {
    format!(
        concat!(
            "From: Dora Sender <dora@elsewhere.test>\r\nTo: Somebody <somebody@example.test>\r\n",
            "Subject: {}\r\nDate: Mon, 2 Mar 2026 10:20:30 +0100\r\nMessage-ID: <{}@elsewhere.test>\r\n",
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n",
            "Content-Transfer-Encoding: 8bit\r\n\r\n{}\r\n"
        ),
        subject,
        subject.replace(' ', "."),
        body
    )
    .into_bytes()
}

/// A message with a text and an HTML alternative, an inline picture and an attachment.
pub fn rich(subject: &str) -> Vec<u8> {
    format!(
        concat!(
            "From: =?utf-8?B?SsO8cmdlbiBHcsO8bg==?= <juergen@elsewhere.test>\r\n",
            "To: Somebody <somebody@example.test>, other@example.test\r\nCc: copy@elsewhere.test\r\n",
            "Subject: {}\r\nDate: Mon, 2 Mar 2026 10:20:30 +0000\r\nMessage-ID: <{}@elsewhere.test>\r\n",
            "In-Reply-To: <earlier@elsewhere.test>\r\nReferences: <first@elsewhere.test> <earlier@elsewhere.test>\r\n",
            "X-Priority: 1\r\nX-Test-Header: seen by us\r\nMIME-Version: 1.0\r\n",
            "Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n",
            "--outer\r\nContent-Type: multipart/related; boundary=\"middle\"\r\n\r\n",
            "--middle\r\nContent-Type: multipart/alternative; boundary=\"inner\"\r\n\r\n",
            "--inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlain words\r\n",
            "--inner\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
            "<html><body><p>HTML <b>words</b></p><img src=\"cid:picture@elsewhere.test\"></body></html>\r\n",
            "--inner--\r\n",
            "--middle\r\nContent-Type: image/png; name=\"dot.png\"\r\nContent-ID: <picture@elsewhere.test>\r\n",
            "Content-Disposition: inline; filename=\"dot.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\r\n",
            "--middle--\r\n",
            "--outer\r\nContent-Type: application/octet-stream; name=\"figures.bin\"\r\n",
            "Content-Disposition: attachment; filename=\"figures.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            "AAECAwQFBgcICQoLDA0ODw==\r\n",
            "--outer--\r\n"
        ),
        subject,
        subject.replace(' ', ".")
    )
    .into_bytes()
}
