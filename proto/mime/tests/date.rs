//! Dates (RFC 5322 3.3, 4.3): seconds and the writer's zone. Reading one ends with its field.
#![allow(clippy::unwrap_used)]

use ewsd_mime::{Head, Limits};

fn read(value: &str) -> Option<(i64, i32)> {
    let octets = format!("Date: {value}\r\nSubject: behind the date\r\nFrom: a@b.test\r\n\r\n");
    let head = Head::read(octets.as_bytes(), Limits::default());
    assert_eq!(head.text("Subject").as_deref(), Some("behind the date"), "{value}");
    assert_eq!(head.addresses("From").mailboxes.len(), 1, "{value}");
    head.date("Date").map(|date| (date.seconds, date.offset))
}

/// 21 November 1997 09:55:06 UTC.
const THEN: i64 = 880_106_106;

#[test]
fn the_standard_form() {
    for (value, is) in [
        ("Fri, 21 Nov 1997 09:55:06 -0600", (THEN + 6 * 3600, -360)),
        ("Fri, 21 Nov 1997 09:55:06 +0000", (THEN, 0)),
        ("Fri, 21 Nov 1997 09:55:06 -0000", (THEN, 0)),
        ("21 Nov 1997 09:55:06 +0530", (THEN - 19800, 330)),
        ("Fri, 21 Nov 1997 09:55 +0000", (THEN - 6, 0)),
        ("Thu, 13 Feb 1969 23:32:54 -0330", (-27_723_426, -210)),
        ("Tue, 1 Jul 2003 10:52:37 +0200", (1_057_049_557, 120)),
        ("Thu, 29 Feb 2024 00:00:00 +0000", (1_709_164_800, 0)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", (1_483_228_800, 0)),
        ("Thu, 01 Jan 1970 00:00:00 +0000", (0, 0)),
    ] {
        assert_eq!(read(value), Some(is), "{value}");
    }
}

#[test]
fn the_obsolete_forms() {
    for (value, is) in [
        ("Fri, 21 Nov 1997 09:55:06 Z", (THEN, 0)),
        ("Fri, 21 Nov 1997 09:55:06 z", (THEN, 0)),
        ("21 Nov 97 09:55:06 GMT", (THEN, 0)),
        ("21 Nov 97 09:55:06 UT", (THEN, 0)),
        ("21 Nov 97 09:55:06 EST", (THEN + 5 * 3600, -300)),
        ("21 Nov 97 09:55:06 EDT", (THEN + 4 * 3600, -240)),
        ("21 Nov 97 09:55:06 CST", (THEN + 6 * 3600, -360)),
        ("21 Nov 97 09:55:06 CDT", (THEN + 5 * 3600, -300)),
        ("21 Nov 97 09:55:06 MST", (THEN + 7 * 3600, -420)),
        ("21 Nov 97 09:55:06 MDT", (THEN + 6 * 3600, -360)),
        ("21 Nov 97 09:55:06 PST", (THEN + 8 * 3600, -480)),
        ("21 Nov 97 09:55:06 PDT", (THEN + 7 * 3600, -420)),
        ("21 Nov 97 09:55:06 A", (THEN, 0)),
        ("21 Nov 97 09:55:06 y", (THEN, 0)),
        ("21 Nov 97 09:55:06 CET", (THEN, 0)),
        ("21 Nov 97 09:55:06", (THEN, 0)),
        ("21 Nov 097 09:55:06 GMT", (THEN, 0)),
        ("21 Nov 03 09:55:06 GMT", (1_069_408_506, 0)),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", (THEN + 6 * 3600, -360)),
        (
            "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
            (-27_723_480, -210),
        ),
        ("(a (nested) one) Fri , 21 Nov 1997 09:55:06 +0000 (UTC)", (THEN, 0)),
    ] {
        assert_eq!(read(value), Some(is), "{value}");
    }
}

#[test]
fn forms_of_no_mail_standard() {
    for (value, is) in [
        ("Fri Nov 21 09:55:06 1997", (THEN, 0)),
        ("Fri Nov 21 09:55:06 EST 1997", (THEN + 5 * 3600, -300)),
        ("Fri Nov 21 09:55:06 1997 +0100", (THEN - 3600, 60)),
        ("Friday, 21-Nov-97 09:55:06 GMT", (THEN, 0)),
        ("mar, 21 nov. 1997 09:55:06 +0000", (THEN, 0)),
        ("mar., 21 Nov 1997 09:55:06 +0000", (THEN, 0)),
        ("mar Nov 21 09:55:06 1997", (THEN, 0)),
        ("1997-11-21T09:55:06Z", (THEN, 0)),
        ("1997-11-21 09:55:06 +0100", (THEN - 3600, 60)),
        ("1997-11-21T09:55:06.123+01:00", (THEN - 3600, 60)),
        ("Fri, 21 November 1997 09:55:06 +0000", (THEN, 0)),
        ("Fri, Nov 21, 1997 09:55:06 AM +0000", (THEN, 0)),
        ("21 Nov 1997 9:55:06 PM +0000", (THEN + 12 * 3600, 0)),
        ("Fri, 21 Nov 1997 09:55:06 GMT+0100", (THEN - 3600, 60)),
        ("Fri, 21 Nov 1997 09:55:06 +01:00", (THEN - 3600, 60)),
        ("Fri,21 Nov 1997 09:55:06+0100", (THEN - 3600, 60)),
        ("Mon, 21 Nov 1997 09:55:06 +0000", (THEN, 0)),
        ("21 Nov 1997", (THEN - 35_706, 0)),
    ] {
        assert_eq!(read(value), Some(is), "{value}");
    }
}

#[test]
fn what_nothing_ends_is_letters_and_ends_with_its_field() {
    for (value, is) in [
        ("Fri, 21 Nov 1997 09:55:06 -0600 (CST", (THEN + 6 * 3600, -360)),
        ("Fri, 21 Nov 1997 09:55:06 -0600 (GMT+05:30", (THEN + 6 * 3600, -360)),
        ("Fri, 21 Nov 1997 09:55:06 -0600 (seen 7:12, 3 Dec 2001", (THEN + 6 * 3600, -360)),
        ("Fri, 21 Nov 1997 09:55:06 +0000 (a (nested) one", (THEN, 0)),
        ("Fri, 21 Nov 1997 09:55:06 +0000 (a \\)", (THEN, 0)),
        ("Fri, 21 Nov 1997 09:55:06 (+0100", (THEN - 3600, 60)),
        ("Fri, 21 Nov 1997 (09:55:06 +0000", (THEN, 0)),
        ("Fri, (21 Nov 1997 09:55:06 +0000", (THEN, 0)),
        ("(Fri, 21 Nov 1997 09:55:06 +0000", (THEN, 0)),
        ("Fri, 21 Nov 1997 09:55:06 EST (unended\r\n\ton two lines", (THEN + 5 * 3600, -300)),
        ("\"Fri, 21 Nov 1997 09:55:06 +0000", (THEN, 0)),
        ("Fri, 21 Nov 1997 09:55:06 +0000 \"unended (both", (THEN, 0)),
    ] {
        assert_eq!(read(value), Some(is), "{value}");
    }
    for value in ["(", "(((", "(yesterday", "\"", "(Fri, 31 Feb 1997 09:55:06 +0000"] {
        assert_eq!(read(value), None, "{value}");
    }
}

#[test]
fn what_is_no_date() {
    for value in [
        "",
        "yesterday",
        "Fri",
        "Fri, 31 Feb 1997 09:55:06 +0000",
        "Fri, 29 Feb 2023 09:55:06 +0000",
        "Fri, 21 Foo 1997 09:55:06 +0000",
        "Fri, 21 Nov 1997 25:55:06 +0000",
        "Fri, 21 Nov 1997 09:61:06 +0000",
        "Fri, 21 Nov 11997 09:55:06 +0000",
        "Fri, 0 Nov 1997 09:55:06 +0000",
        "99999999999999999999999999",
        "::::",
    ] {
        assert_eq!(read(value), None, "{value}");
    }
}
