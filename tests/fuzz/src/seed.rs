//! What inputs begin as, and the pieces that the formats are made of.

/// Inputs to begin with.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let texts: &[&[u8]] = match target {
        "aqs" => &[
            b"subject:\"project plan\" AND NOT from:(a OR b)",
            b"received:>2019-04-19 17:51:32 size:7000..8000 kind:email",
        ],
        "html" => &[b"<p>a <b title='x'>b</b><img src=\"cid:x\">&amp;&#x41;<!-- c --><style>p{color:red}</style></p>"],
        "calendar" => CALENDARS,
        "recurrence" => &[RECURRENCE],
        "zone" => {
            &[ZONE, &[0xc4, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xc4, 0xff, 0xff, 0xff, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 3, 0]]
        }
        "tnef" => &[TNEF],
        "rtf" => &[RTF, b"\x20\0\0\0\x10\0\0\0LZFu\0\0\0\0\0{\\rtf1 x}\x0c\xf0"],
        "transfer" => {
            &[b"\0SGVsbG8gd29ybGQ=", b"\x01Gr=C3=BC=\r\n x=ZZ", b"\x02begin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n"]
        }
        _ => MESSAGES,
    };
    texts.iter().map(|text| text.to_vec()).collect()
}

/// Pieces that are put in.
pub fn pieces(target: &str) -> &'static [&'static [u8]] {
    match target {
        "aqs" => AQS,
        "html" => HTML,
        "tnef" | "recurrence" | "zone" => BINARY,
        "calendar" => CALENDAR,
        "rtf" => RTF_WORDS,
        _ => MAIL,
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

const AQS: &[&[u8]] = &[
    b"subject:",
    b"from:",
    b"body:",
    b"attachment:",
    b"category:",
    b"received:",
    b"sent:",
    b"size:",
    b"kind:",
    b"importance:",
    b"has ",
    b"has:",
    b"isread:",
    b" AND ",
    b" OR ",
    b"NOT ",
    b"-",
    b"+",
    b"(",
    b")",
    b"\"",
    b"\xe2\x80\x9c",
    b"*",
    b"..",
    b">=",
    b"<",
    b"<>",
    b"=",
    b":",
    b"today",
    b"last week",
    b"past month",
    b"coming year",
    b"December 11, 2013",
    b"12/11",
    b"31.12.2013",
    b"Tuesday",
    b"17:51:32",
    b"5 pm",
    b"2019-04-19",
    b"9999-12-31",
    b"-9999",
    b"10MB",
    b"1.5",
    b"99999999999999999999",
    b"huge",
    b"true",
    b" ",
    b"\xe4\xbc\x9a",
    b"\0",
];

const HTML: &[&[u8]] = &[
    b"<",
    b">",
    b"</",
    b"/>",
    b"<!--",
    b"-->",
    b"<p>",
    b"<b>",
    b"</b>",
    b"<table><tr><td>",
    b"<style>",
    b"</style>",
    b"<script>",
    b"</script>",
    b"<a href=\"",
    b"<img src=",
    b"'",
    b"\"",
    b"=",
    b"&",
    b"&amp;",
    b"&#",
    b"&#x",
    b";",
    b"<svg>",
    b"<math>",
    b"<plaintext>",
    b"<![CDATA[",
    b"]]>",
    b"javascript:",
    b"url(",
    b"expression(",
    b"@import",
    b"/*",
    b"*/",
    b"{",
    b"}",
    b"style=\"",
    b"onload=",
    b"\0",
    b"\xf0\x9f\x8e\x89",
];

const BINARY: &[&[u8]] = &[
    b"\x78\x9f\x3e\x22",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x01",
    b"\x02",
    b"\x01\x04\x80\x01\0",
    b"\x03\x90\x06\0",
    b"\x05\x90\x06\0",
    b"\x04\x90\x06\0",
    b"\x02\x90\x06\0",
    b"\x0f\x80\x06\0",
    b"\x10\x80\x01\0",
    b"\x1e\0",
    b"\x1f\0",
    b"\x02\x01",
    b"\x0d\0",
    b"\x09\x10\x02\x01",
    b"\x13\x10\x02\x01",
    b"\x01\0\0\0",
    b"LZFu",
    b"MELA",
    b"IPM.Note\0",
];

const RTF_WORDS: &[&[u8]] = &[
    b"{\\rtf1",
    b"\\fromhtml1",
    b"\\fromtext",
    b"{\\*\\htmltag64 ",
    b"\\htmlrtf ",
    b"\\htmlrtf0 ",
    b"\\par ",
    b"\\'e4",
    b"\\u8364?",
    b"\\uc1",
    b"{",
    b"}",
    b"\\",
    b"\\ansicpg1251",
    b"{\\fonttbl{\\f0\\fcharset204 A;}}",
    b"\\f0 ",
    b"\\bin3 ",
    b"\\pntext",
    b"\\~",
    b"\\_",
    b"LZFu",
    b"MELA",
    b"\0",
];

const RTF: &[u8] = b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 a\\'e4 \\u8364?\\par}}";

/// attSubject; attMsgProps with PidTagBody; a file.
const TNEF: &[u8] = b"\x78\x9f\x3e\x22\x01\0\
    \x01\x04\x80\x01\0\x06\0\0\0Hello\0\xf4\x01\
    \x01\x03\x90\x06\0\x14\0\0\0\x01\0\0\0\x1e\0\0\x10\x01\0\0\0\x04\0\0\0abc\0\x5d\x01\
    \x02\x02\x90\x06\0\x0e\0\0\0\x01\0\xff\xff\xff\xff\x20\0\x20\0\0\0\0\0\x3d\x04\
    \x02\x10\x80\x01\0\x06\0\0\0a.txt\0\xf7\x01\
    \x02\x0f\x80\x06\0\x03\0\0\0xyz\x6b\x01";

const CALENDARS: &[&[u8]] = &[b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n\
    TZOFFSETFROM:+0205\r\nTZOFFSETTO:+0105\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
    DTSTART:16010101T020000\r\nTZOFFSETFROM:+0105\r\nTZOFFSETTO:+0205\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n\
    END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Own:20260105T090000\r\nDTEND;TZID=Own:20260105T100000\r\n\
    RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\r\nEXDATE;TZID=Own:20260112T090000\r\nSUMMARY;LANGUAGE=en:a\\, b\r\n\
    ATTENDEE;CN=\"a, b\";ROLE=OPT-PARTICIPANT:mailto:a@x.test\r\nATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a:aGk=\r\n\
    BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;TZID=Own:20260119T090000\r\n\
    DTSTART;VALUE=DATE:20260120\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"];

const CALENDAR: &[&[u8]] = &[
    b"\r\n",
    b"\n ",
    b"BEGIN:VEVENT\r\n",
    b"END:VEVENT\r\n",
    b"BEGIN:VTIMEZONE\r\n",
    b"RRULE:",
    b"FREQ=DAILY",
    b"FREQ=MONTHLY",
    b"FREQ=YEARLY",
    b";INTERVAL=",
    b";COUNT=",
    b";UNTIL=",
    b";BYDAY=",
    b"-1SU",
    b"MO,TU",
    b";BYMONTHDAY=",
    b"-1",
    b"31",
    b";BYSETPOS=",
    b";BYMONTH=",
    b"DTSTART",
    b"DTEND",
    b"DURATION:PT1H\r\n",
    b";VALUE=DATE:",
    b";TZID=",
    b"Europe/Berlin",
    b"Own",
    b"EXDATE:",
    b"RECURRENCE-ID:",
    b"99991231T235959Z",
    b"16010101T000000",
    b"00010101",
    b"TRIGGER:P\r\n",
    b"TZOFFSETTO:-1200\r\n",
    b"X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n",
    b"\\n",
    b"\"",
    b"^n",
];

/// A weekly series with an exception (MS-OXOCAL 2.2.1.44).
const RECURRENCE: &[u8] = &[
    4, 48, 4, 48, 11, 32, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 34, 32, 0, 0, 5, 0, 0, 0, 1, 0,
    0, 0, 2, 0, 0, 0, 192, 42, 83, 13, 0, 54, 83, 13, 1, 0, 0, 0, 160, 59, 83, 13, 0, 220, 82, 13, 128, 121, 83, 13, 6,
    48, 0, 0, 9, 48, 0, 0, 28, 2, 0, 0, 88, 2, 0, 0, 1, 0, 52, 62, 83, 13, 112, 62, 83, 13, 28, 56, 83, 13, 1, 0, 6, 0,
    5, 0, 77, 111, 118, 101, 100, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 52, 62, 83, 13, 112, 62, 83, 13, 28,
    56, 83, 13, 5, 0, 77, 0, 111, 0, 118, 0, 101, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// A zone of a name that nobody knows (MS-OXOCAL 2.2.1.41).
const ZONE: &[u8] = &[
    2, 1, 52, 0, 2, 0, 23, 0, 88, 0, 46, 0, 32, 0, 69, 0, 117, 0, 114, 0, 111, 0, 112, 0, 101, 0, 32, 0, 83, 0, 116, 0,
    97, 0, 110, 0, 100, 0, 97, 0, 114, 0, 100, 0, 32, 0, 84, 0, 105, 0, 109, 0, 101, 0, 1, 0, 2, 1, 62, 0, 3, 0, 65, 6,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 196, 255, 255, 255, 0, 0, 0, 0, 196, 255, 255, 255, 0, 0, 10, 0, 0, 0, 5,
    0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0,
];
