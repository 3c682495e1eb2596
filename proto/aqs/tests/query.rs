//! Every form that "Perform an AQS search by using EWS in Exchange" and QueryStringType name, and what is no form of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_aqs::{Error, Flag, Level, Moment, Place, Query, SearchKind, parse};
use jiff::Zoned;

fn now() -> Zoned {
    "2025-11-19T12:00:00Z[UTC]".parse().unwrap()
}

fn query(text: &str) -> Query {
    parse(text, &now()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> Error {
    parse(text, &now()).expect_err(text)
}

fn begins(place: Place, text: &str) -> Query {
    Query::Text { place, text: text.to_owned(), whole: false }
}

fn whole(place: Place, text: &str) -> Query {
    Query::Text { place, text: text.to_owned(), whole: true }
}

fn word(text: &str) -> Query {
    begins(Place::Anywhere, text)
}

fn not(query: Query) -> Query {
    Query::Not(Box::new(query))
}

/// Instants without seconds (`2025-11-01T00:00Z`), or nothing.
fn time(moment: Moment, from: &str, to: &str) -> Query {
    let instant = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    Query::Time { moment, from: instant(from), to: instant(to) }
}

fn received(from: &str, to: &str) -> Query {
    time(Moment::Received, from, to)
}

fn size(least: Option<i64>, most: Option<i64>) -> Query {
    Query::Size { least, most }
}

#[test]
fn words_and_phrases() {
    assert_eq!(query(""), Query::All);
    assert_eq!(query("  hello "), word("hello"));
    assert_eq!(query("a b AND c"), Query::And(vec![word("a"), word("b"), word("c")]));
    assert_eq!(query("\"a b\""), whole(Place::Anywhere, "a b"));
    assert_eq!(query("\"win product\"*"), begins(Place::Anywhere, "win product"));
    assert_eq!(query("proj*"), word("proj"));
    assert_eq!(query("fish & chips"), Query::And(vec![word("fish"), word("chips")]));
    assert_eq!(query("10:30"), word("10:30"));
    assert_eq!(query("\"re: invoice\""), whole(Place::Anywhere, "re: invoice"));
}

#[test]
fn the_operators() {
    let both = Query::And(vec![word("a"), word("b")]);
    assert_eq!(query("a b OR c"), Query::Or(vec![both, word("c")]));
    assert_eq!(query("a (b OR c)"), Query::And(vec![word("a"), Query::Or(vec![word("b"), word("c")])]));
    assert_eq!(query("NOT a"), not(word("a")));
    assert_eq!(query("a -b"), Query::And(vec![word("a"), not(word("b"))]));
    assert_eq!(query("a - b"), query("a -b"));
    assert_eq!(query("a + b"), query("a AND b"));
    assert_eq!(query("project Or plan"), Query::And(vec![word("project"), word("Or"), word("plan")]));
}

#[test]
fn texts_of_a_keyword() {
    let subject = |text| begins(Place::Subject, text);
    for (text, place) in [
        ("subject:x", Place::Subject),
        ("body:x", Place::Body),
        ("Content:x", Place::Body),
        ("attachment:x", Place::Attachment),
        ("attachments: x", Place::Attachment),
        ("to:x", Place::To),
        ("From:x", Place::From),
        ("cc:x", Place::Cc),
        ("BCC:x", Place::Bcc),
        ("participants:x", Place::Participants),
        ("category:x", Place::Category),
    ] {
        assert_eq!(query(text), begins(place, "x"), "{text}");
    }
    assert_eq!(query("subject:project plan"), Query::And(vec![subject("project"), subject("plan")]));
    assert_eq!(query("subject:(project AND plan)"), query("subject:project plan"));
    assert_eq!(query("Subject:(product development)"), Query::And(vec![subject("product"), subject("development")]));
    assert_eq!(query("subject:\"project plan\""), whole(Place::Subject, "project plan"));
    assert_eq!(query("Body:(NOT proposal)"), not(begins(Place::Body, "proposal")));
    assert_eq!(
        query("body:(project - proposal)"),
        Query::And(vec![begins(Place::Body, "project"), not(begins(Place::Body, "proposal"))])
    );
    assert_eq!(
        query("from:(\"Sadie Daniels\" OR \"Hope Gross\")"),
        Query::Or(vec![whole(Place::From, "Sadie Daniels"), whole(Place::From, "Hope Gross")])
    );
    assert_eq!(
        query("from:\"Sadie Daniels\" OR \"Hope Gross\""),
        Query::Or(vec![whole(Place::From, "Sadie Daniels"), whole(Place::Anywhere, "Hope Gross")])
    );
    assert_eq!(
        query("project AND from:\"Sadie Daniels\""),
        Query::And(vec![word("project"), whole(Place::From, "Sadie Daniels")])
    );
    assert_eq!(query("NOT from:\"Ronnie Sturgis\""), not(whole(Place::From, "Ronnie Sturgis")));
    assert_eq!(query("from:\"@hotmail.com\""), whole(Place::From, "@hotmail.com"));
    assert_eq!(query("attachment:BRK3215.pptx"), begins(Place::Attachment, "BRK3215.pptx"));
}

#[test]
fn flags_levels_and_kinds() {
    let attachment = Query::Flag(Flag::HasAttachment, true);
    for text in ["hasattachment:true", "Has attachment:true", "has:attachment:true", "has:attachment"] {
        assert_eq!(query(text), attachment, "{text}");
    }
    assert_eq!(
        query("has attachment:true subject:project"),
        Query::And(vec![attachment, begins(Place::Subject, "project")])
    );
    assert_eq!(query("isread:FALSE"), Query::Flag(Flag::IsRead, false));
    assert_eq!(query("isunread:true"), Query::Flag(Flag::IsRead, false));
    assert_eq!(query("isflagged:true"), Query::Flag(Flag::IsFlagged, true));
    assert_eq!(query("importance:high"), Query::Importance(Level::High));
    for (word, kind) in [
        ("contacts", SearchKind::Contacts),
        ("docs", SearchKind::Docs),
        ("email", SearchKind::Email),
        ("faxes", SearchKind::Faxes),
        ("im", SearchKind::Im),
        ("journals", SearchKind::Journals),
        ("meetings", SearchKind::Meetings),
        ("notes", SearchKind::Notes),
        ("posts", SearchKind::Posts),
        ("rssfeeds", SearchKind::RssFeeds),
        ("tasks", SearchKind::Tasks),
        ("voicemail", SearchKind::Voicemail),
    ] {
        assert_eq!(query(&format!("kind:{word}")), Query::Kind(kind));
    }
    assert_eq!(
        query("kind:(email OR tasks)"),
        Query::Or(vec![Query::Kind(SearchKind::Email), Query::Kind(SearchKind::Tasks)])
    );
}

/// Each is a span of days of the Wednesday that is now.
#[test]
fn days() {
    for (text, from, to) in [
        ("12/11/2013", "2013-12-11", "2013-12-12"),
        ("01/01/2001", "2001-01-01", "2001-01-02"),
        ("2013-12-11", "2013-12-11", "2013-12-12"),
        ("31.12.2013", "2013-12-31", "2014-01-01"),
        ("12/11", "2025-12-11", "2025-12-12"),
        ("12/11/13", "2013-12-11", "2013-12-12"),
        ("December 11, 2013", "2013-12-11", "2013-12-12"),
        ("December 11", "2025-12-11", "2025-12-12"),
        ("11 Dec 2013", "2013-12-11", "2013-12-12"),
        ("December", "2025-12-01", "2026-01-01"),
        ("December 2013", "2013-12-01", "2014-01-01"),
        ("2013", "2013-01-01", "2014-01-01"),
        ("Tuesday", "2025-11-18", "2025-11-19"),
        ("sunday", "2025-11-16", "2025-11-17"),
        ("Saturday", "2025-11-22", "2025-11-23"),
        ("today", "2025-11-19", "2025-11-20"),
        ("yesterday", "2025-11-18", "2025-11-19"),
        ("tomorrow", "2025-11-20", "2025-11-21"),
        ("this week", "2025-11-16", "2025-11-23"),
        ("thisweek", "2025-11-16", "2025-11-23"),
        ("\"last week\"", "2025-11-09", "2025-11-16"),
        ("last week", "2025-11-09", "2025-11-16"),
        ("next month", "2025-12-01", "2026-01-01"),
        ("past month", "2025-10-20", "2025-11-20"),
        ("last month", "2025-10-01", "2025-11-01"),
        ("coming year", "2025-11-19", "2026-11-19"),
        ("this year", "2025-01-01", "2026-01-01"),
        ("12/1/2013..today", "2013-12-01", "2025-11-20"),
        ("01/01/2001 .. 01/15/2001", "2001-01-01", "2001-01-16"),
        ("..yesterday", "", "2025-11-19"),
        ("last week..", "2025-11-09", ""),
        (">11/30/2013", "2013-12-01", ""),
        (">=yesterday", "2025-11-18", ""),
        ("< 2025-01-31", "", "2025-01-31"),
        ("<= January 31 2025", "", "2025-02-01"),
        ("=today", "2025-11-19", "2025-11-20"),
    ] {
        let midnight = |day: &str| if day.is_empty() { String::new() } else { format!("{day}T00:00:00Z") };
        assert_eq!(query(&format!("received:{text}")), received(&midnight(from), &midnight(to)), "{text}");
    }
    assert_eq!(query("sent:today"), time(Moment::Sent, "2025-11-19T00:00:00Z", "2025-11-20T00:00:00Z"));
    assert_eq!(query("received:NOT today"), not(query("received:today")));
    assert_eq!(query("received<>today"), not(query("received:today")));
    assert_eq!(
        query("received:(today OR yesterday)"),
        Query::Or(vec![query("received:today"), query("received:yesterday")])
    );
}

#[test]
fn times_of_a_day() {
    for (text, from, to) in [
        ("2019-04-19 17:51:32", "2019-04-19T17:51:32Z", "2019-04-19T17:51:33Z"),
        ("2019-04-19T17:51:32", "2019-04-19T17:51:32Z", "2019-04-19T17:51:33Z"),
        ("2019-04-19T17:51:32+02:00", "2019-04-19T15:51:32Z", "2019-04-19T15:51:33Z"),
        ("4/19/2019 5:51 PM", "2019-04-19T17:51:00Z", "2019-04-19T17:52:00Z"),
        ("yesterday 12am", "2025-11-18T00:00:00Z", "2025-11-18T01:00:00Z"),
        ("> 2019-04-19 17:51:32", "2019-04-19T17:51:33Z", ""),
        (">2019-04-19 17:51:32", "2019-04-19T17:51:33Z", ""),
        ("today 8:00..today 12:30", "2025-11-19T08:00:00Z", "2025-11-19T12:31:00Z"),
    ] {
        assert_eq!(query(&format!("received:{text}")), received(from, to), "{text}");
    }
    let after = received("2019-04-19T17:51:33Z", "");
    assert_eq!(
        query("received:>2019-04-19 17:51:32 AND subject:normal"),
        Query::And(vec![after.clone(), begins(Place::Subject, "normal")])
    );
    assert_eq!(query("received:>2019-04-19 17:51:32 normal"), Query::And(vec![after, word("normal")]));
}

#[test]
fn days_are_those_of_the_zone() {
    let now: Zoned = "2025-11-19T01:00:00+01:00[Europe/Berlin]".parse().unwrap();
    let today = parse("received:today", &now).unwrap();
    assert_eq!(today, received("2025-11-18T23:00:00Z", "2025-11-19T23:00:00Z"));
}

#[test]
fn sizes() {
    assert_eq!(query("size:10000"), size(Some(10_000), Some(10_000)));
    assert_eq!(query("size:>5000"), size(Some(5001), None));
    assert_eq!(query("size:>=10000"), size(Some(10_000), None));
    assert_eq!(query("size>10 KB"), size(Some(10_241), None));
    assert_eq!(query("size:7000..8000"), size(Some(7000), Some(8000)));
    assert_eq!(query("size: <1MB word"), Query::And(vec![size(None, Some(1_048_575)), word("word")]));
    assert_eq!(query("messagesize:huge"), size(Some(1 << 20), Some((5 << 20) - 1)));
}

#[test]
fn what_is_not_understood_says_so() {
    let wrong = |text: &str| matches!(error(text), Error::Value { .. });
    for text in [
        "received:someday",
        "received:>",
        "received:13/13/2013",
        "received:2019-02-30",
        "size:big",
        "size:..",
        "isread:maybe",
        "importance:3",
        "kind:cars",
        "received:today..someday",
    ] {
        assert!(wrong(text), "{text}: {:?}", error(text));
    }
    for (text, expected) in [
        ("subjekt:x", Error::Keyword("subjekt".into())),
        ("re: invoice", Error::Keyword("re".into())),
        ("subject:", Error::NoValue("subject".into())),
        ("subject: AND x", Error::NoValue("subject".into())),
        ("subject:&", Error::NoValue("subject".into())),
        ("*ject", Error::Wildcard("*ject".into())),
        ("s*t", Error::Wildcard("s*t".into())),
        ("*", Error::Wildcard("*".into())),
        ("\"a", Error::NotClosed('"')),
        ("(a", Error::NotClosed('(')),
        ("a)", Error::NotOpened),
        (")", Error::NotOpened),
        ("a OR", Error::Dangling("OR")),
        ("OR a", Error::Dangling("OR")),
        ("a AND", Error::Dangling("AND")),
        ("NOT", Error::Dangling("NOT")),
        ("a NOT OR b", Error::Dangling("NOT")),
        ("&", Error::NoWord("&".into())),
        ("\"&\"", Error::NoWord("&".into())),
        ("()", Error::NoWord("()".into())),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
    assert!(matches!(error(&"a ".repeat(256)), Error::TooLong(_)));
    assert!(matches!(error(&"(".repeat(100)), Error::TooDeep(_)));
    assert!(matches!(error(&"NOT ".repeat(100)), Error::TooDeep(_)));
    for text in ["subjekt:x", "received:someday", "a OR", "\"", "(", "*"] {
        assert!(!error(text).to_string().is_empty());
    }
}

proptest::proptest! {
    /// Whatever is typed, it ends, and what is understood stays so with blanks around it.
    #[test]
    fn any_text_ends(text in "[ \"()*+:<>=.a-e0-9/-]{0,40}|(subject:|received:|size:|NOT |OR |\\(|\\)|today|\\.\\.|>|5| ){0,12}") {
        let once = parse(&text, &now());
        proptest::prop_assert_eq!(parse(&format!("  {text} "), &now()), once);
    }
}
