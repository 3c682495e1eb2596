//! HTML of strangers takes time and memory in proportion to its size, whatever it repeats.
#![allow(clippy::unwrap_used)]

#[path = "../../../tests/growth/mod.rs"]
mod growth;

use ewsd_mailbox::convert::table::Reads;
use ewsd_mailbox::convert::{self, Confined, Conversion, TABLE};

#[global_allocator]
static COUNTING: growth::Counting = growth::Counting;

/// What is repeated.
const UNITS: &[&str] = &[
    // Quotes in tags.
    "<a '='>",
    "<a \"=\">",
    "<a =\">",
    "<a b='",
    "<a b=\"c",
    "<a b=",
    "<a b='\"'>",
    "<a b='c'd=\"e\">",
    "'",
    "\"=",
    // Tags that do not end, or are none.
    "<",
    "<<a",
    "<a",
    "<a ",
    "<p/",
    "</",
    "</a",
    "</a b='c'",
    "<!",
    "<?",
    "<?x?>",
    "</ x>",
    ">",
    // Elements in one another.
    "<b>",
    "<p>",
    "<div><p>",
    "<b><i></b>",
    "</b>",
    "<li>",
    "<ul><li>",
    "<td>",
    "<table><tr><td>",
    "<table></div>",
    "<table><b></table></b>",
    "<a href=x>a",
    "<a href=x></a>",
    "<pre>\n",
    "<br>",
    "<font size=1>x</font>",
    // Entities.
    "&",
    "&amp",
    "&amp;",
    "&#x",
    "&#",
    "&#x41",
    "&#99999999999999999999;",
    "&CounterClockwiseContourIntegral",
    "&a",
    "<a b='&amp'>",
    // Comments, sections, document types.
    "<!--",
    "<!-- -->",
    "<!--->",
    "-->",
    "<!--<!--",
    "--!",
    "<![CDATA[",
    "<![CDATA[x]]>",
    "]]>",
    "<!DOCTYPE html>",
    "<!DOCTYPE html PUBLIC \"",
    // Raw text and hidden content.
    "<script>",
    "<script></script>",
    "<script><!--",
    "<script></scrip",
    "</script",
    "<style>",
    "<style></style>x",
    "<noscript>",
    "<template>",
    "<template></template>x",
    "<object>",
    "<title>",
    "<textarea></textarea>",
    "<svg>",
    "<svg></svg>",
    "<svg><style>",
    "<svg/>",
    "<math><mtext>",
    "<plaintext>",
    "<xmp></xmp>x",
    "<select><option>",
    // Characters.
    "\0",
    "<a\0b\0='\0'>",
    "\u{fffd}",
    "\u{e9}",
    "\r",
    "\r\n",
    " ",
    "\u{a0} ",
    "x",
    "word ",
    "<p style='",
    "<p style='color:red;;background:url(x)'>",
    "<img src=data:image/png;base64,AAAA alt='x y'>",
];

/// What is repeated within something: beginning, unit, end.
const WITHIN: &[(&str, &str, &str)] = &[
    ("<", "a", ">"),
    ("<a ", "b", ">"),
    ("<a ", "b ", ">"),
    ("<a ", "b=c ", ">"),
    ("<a ", "href=x ", ">x</a>"),
    ("<a ", "href='x' title=y ", ">"),
    ("<a ", "= ", ">"),
    ("<a title='", "x", "'>"),
    ("<a title='", "&", "'>"),
    ("<a href=' ", "java\t", "'>"),
    ("<a href='", "/../", "'>x</a>"),
    ("<img src='", " \n", "x'>"),
    ("<img alt='", " x", "'>"),
    ("<p style='", "color:red;", "'>"),
    ("<p style='", "font: a ", "'>"),
    ("<p style='font:", "a", "'>"),
    ("<p style='", "rgb(", "'>"),
    ("<p style='", "/*", "'>"),
    ("<p style=\"font:", "'", "\">"),
    ("<p style='", ":", "'>"),
    ("<p style='", "!", "'>"),
    ("<script>", "</scrip", "</script>"),
    ("<script>", "<!--<script>", "</script>"),
    ("<style>", "</styl", "</style>"),
    ("<textarea>", "&amp", "</textarea>"),
    ("<!--", "-", "-->"),
    ("<!--", "--", ">"),
    ("<!--", "<!-", "-->"),
    ("<!DOCTYPE ", "x", ">"),
    ("<!DOCTYPE x PUBLIC '", "x", "'>"),
    ("<svg><![CDATA[", "]", "]]></svg>"),
    ("<pre>", "\n x", "</pre>"),
    ("<pre>", "<pre>", "x"),
    ("<a href=http://e.test/>", "x ", "</a>"),
    ("<a href=http://e.test/>", "<a href=http://e.test/>x", "</a>"),
    ("<b>", "<i></b>", ""),
    ("<object>", "<object></object>", "</object>"),
    ("</", "a ", ">"),
    ("&#", "9", ";"),
    ("&", "a", ";"),
];

fn none(found: Vec<String>) {
    assert!(found.is_empty(), "grows faster than its input:\n{}", found.join("\n"));
}

fn tables(work: impl Fn(&str) -> usize) {
    assert!(UNITS.len() + WITHIN.len() >= 40);
    none(growth::faster_than_linear(UNITS.iter().copied(), &work));
    none(growth::faster_than_linear(WITHIN.iter().copied(), &work));
}

/// Octets of the answer.
fn read(which: Conversion, html: &str) -> usize {
    let row = TABLE.iter().find(|row| row.conversion == which).unwrap();
    let told = convert::answer(&Confined::claim(), which, &(row.sample)(), html.as_bytes()).unwrap();
    usize::try_from(told.length()).unwrap()
}

macro_rules! linear {
    ($($test:ident $which:ident)*) => {
        $( #[test] fn $test() { tables(|html| read(Conversion::$which, html)); } )*

        #[test]
        fn every_reader_of_html_is_tried() {
            let tried = [$( Conversion::$which, )*];
            let readers = TABLE.iter().filter(|row| row.reads == Reads::Html);
            assert_eq!(readers.map(|row| row.conversion).collect::<Vec<_>>(), tried);
        }
    };
}

linear! {
    words_of_a_file_are_linear FileWords
    text_is_linear HtmlText
    words_are_linear HtmlWords
    filtering_is_linear SafeHtml
    cutting_is_linear NewHtml
}
