//! Whole conversations, and bytes that no client should send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_lmtp::{Limits, Lines, Reply, Session, Step, unstuff};
use ewsd_wire::{from_bytes, to_bytes};
use proptest::prelude::*;

const LIMITS: Limits = Limits { message_bytes: 1000, recipients: 3, errors: 5 };

/// Runs a group of lines as the server does: every recipient is known but those that start with "no".
fn run(session: &mut Session, group: &[u8]) -> (String, Step) {
    let mut out = Vec::new();
    for line in Lines::new(group) {
        let mut step = session.line(line, "mx.test", &LIMITS, &mut out);
        if let Step::Recipient(path) = &step {
            let found = if path.as_str().starts_with("no") {
                Err(Reply::NO_SUCH_MAILBOX)
            } else {
                Ok(path.as_str().len() as u64)
            };
            step = session.recipient(found, &LIMITS, &mut out);
        }
        if step != Step::Done {
            return (String::from_utf8(out).unwrap(), step);
        }
    }
    (String::from_utf8(out).unwrap(), Step::Done)
}

fn codes(replies: &str) -> Vec<&str> {
    replies.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect()
}

#[test]
fn a_pipelined_delivery() {
    let mut out = Vec::new();
    let mut session = Session::greet("mx.test", &mut out);
    assert_eq!(out, b"220 mx.test LMTP\r\n");
    let (replies, step) = run(&mut session, b"LHLO client.test\r\n");
    assert!(replies.contains("250-PIPELINING\r\n") && replies.ends_with("250 SIZE 1000\r\n"), "{replies}");
    assert_eq!(step, Step::Done);
    let (replies, step) =
        run(&mut session, b"MAIL FROM:<a@b.test> SIZE=10\r\nRCPT TO:<c@d.test>\r\nRCPT TO:<nobody@d.test>\r\nRCPT TO:<ee@d.test>\r\nDATA\r\n");
    assert_eq!(codes(&replies), ["250", "250", "550", "250", "354"]);
    assert_eq!(step, Step::Data);
    let mut session = from_bytes::<Session>(&to_bytes(&session)).unwrap();
    let transaction = session.take_transaction().unwrap();
    assert_eq!((transaction.from.as_str(), transaction.recipients.as_slice()), ("a@b.test", &[8, 9][..]));
    assert_eq!(session.peer(), "client.test");
    assert_eq!(codes(&run(&mut session, b"MAIL FROM:<>\r\nRSET\r\nQUIT\r\n").0), ["250", "250", "221"]);
}

#[test]
fn the_order_of_commands_is_kept() {
    for (group, expected) in [
        ("MAIL FROM:<a@b>\r\n", vec!["503"]),
        ("LHLO x\r\nRCPT TO:<a@b>\r\nDATA\r\n", vec!["250", "503", "503"]),
        ("LHLO x\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\nDATA\r\n", vec!["250", "250", "503", "503"]),
        ("LHLO x\r\nMAIL FROM:<a@b> SIZE=1001\r\n", vec!["250", "552"]),
        ("LHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<j\u{fc}rgen@b>\r\n", vec!["250", "250", "553"]),
        ("LHLO x\r\nMAIL FROM:<a@b> SMTPUTF8\r\nRCPT TO:<j\u{fc}rgen@b>\r\n", vec!["250", "250", "250"]),
        (
            "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<a@b>\r\nRCPT TO:<a@b>\r\nRCPT TO:<a@b>\r\n",
            vec!["250", "250", "250", "250", "250", "452"],
        ),
        ("LHLO x\r\nMAIL FROM:<>\r\nLHLO y\r\nRCPT TO:<a@b>\r\n", vec!["250", "250", "250", "503"]),
    ] {
        assert_eq!(codes(&run(&mut Session::default(), group.as_bytes()).0), expected, "{group}");
    }
}

#[test]
fn a_client_that_only_errs_is_sent_away() {
    let (replies, step) = run(&mut Session::default(), "GET / HTTP/1.1\r\n".repeat(9).as_bytes());
    assert_eq!(codes(&replies), ["500", "500", "500", "500", "500", "421"]);
    assert_eq!(step, Step::Close);
}

#[test]
fn a_full_context_stays_small() {
    let mut session = Session::default();
    run(&mut session, format!("LHLO {}\r\nMAIL FROM:<{}@b.test>\r\n", "x".repeat(250), "a".repeat(240)).as_bytes());
    let mut transaction = session.take_transaction().unwrap();
    transaction.recipients = (0..1000).map(|n| 1_000_000 + n).collect();
    assert!(to_bytes(&session).len() < 300);
    assert!(from_bytes::<Session>(b"\x01\0\0\0").is_err(), "of another version");
}

proptest! {
    #[test]
    fn no_bytes_break_a_session(groups in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8)) {
        let mut session = Session::default();
        for group in groups {
            let (replies, step) = run(&mut session, &group);
            prop_assert!(replies.lines().all(|line| line.len() > 3));
            if step == Step::Close { break; }
            prop_assert_eq!(from_bytes::<Session>(&to_bytes(&session)).unwrap(), session.clone());
        }
    }

    #[test]
    fn no_grammar_breaks_a_session(
        lines in proptest::collection::vec("(LHLO|MAIL FROM:|RCPT TO:|DATA|RSET) ?<?[a-z@\"\\\\.<>: =\u{e9}]{0,20}>?( SIZE=[0-9]{0,22})?( SMTPUTF8)?", 0..30)
    ) {
        let mut session = Session::default();
        for line in lines {
            if run(&mut session, line.as_bytes()).1 == Step::Close { break; }
            prop_assert_eq!(from_bytes::<Session>(&to_bytes(&session)).unwrap(), session.clone());
        }
    }

    #[test]
    fn hostile_contexts_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = from_bytes::<Session>(&bytes);
        let mut prefixed = vec![2, 0];
        prefixed.extend_from_slice(&bytes);
        if let Ok(session) = from_bytes::<Session>(&prefixed) {
            prop_assert_eq!(to_bytes(&session), prefixed, "two texts of one session");
        }
    }

    #[test]
    fn unstuffing_undoes_stuffing(lines in proptest::collection::vec("[.a\r\n]{0,6}", 0..10)) {
        let message = lines.join("\r\n");
        let stuffed = message.split("\r\n").map(|line| if line.starts_with('.') { format!(".{line}") } else { line.to_owned() }).collect::<Vec<_>>().join("\r\n");
        prop_assert_eq!(&*unstuff(stuffed.as_bytes()), message.as_bytes());
    }
}
