//! What RTF says: encapsulated HTML and text, native text, character sets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{Budget, Damage, Limit, Meter, RtfSource, html_of_text, read_rtf};
use support::{Props, Stream, V, read};

fn rtf(text: &[u8]) -> (RtfSource, String) {
    let mut meter = Meter::new(&Budget::default());
    let rtf = read_rtf(text, None, &mut meter);
    assert_eq!(meter.damage(), [], "{}", String::from_utf8_lossy(text));
    (rtf.kind, rtf.text)
}

fn html(body: &str) -> String {
    let text = format!(
        "{{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0\n{{\\fonttbl\n{{\\f0\\fswiss Arial;}}\n{{\\f1\\fmodern\\fcharset204 \
         Courier;}}\n{{\\f2\\fnil\\fcharset128 MS Mincho;}}}}\n{{\\colortbl\\red0\\green0\\blue0;}}\n\\uc1\\pard\\plain\\f0 {body}}}"
    );
    let (kind, text) = rtf(text.as_bytes());
    assert_eq!(kind, RtfSource::Html);
    text
}

fn native(body: &str) -> String {
    let text = format!(
        "{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0\\fnil\\fcharset0 Arial;}}{{\\f1\\fcharset204 Arial \
         Cyr{{\\*\\falt Arial}};}}{{\\f2\\fcharset128 \\'82\\'6c;}}{{\\f3\\fcharset2 Symbol;}}{{\\f4\\cpg437 \
         Box;}}}}{{\\*\\generator Test 1.0;}}\\uc1 {body}}}"
    );
    let (kind, text) = rtf(text.as_bytes());
    assert_eq!(kind, RtfSource::Native);
    text
}

#[test]
fn html_comes_back_out_of_its_tags_and_shared_text() {
    let body = "{\\*\\htmltag64 <html>}{\\*\\htmltag4 \\par }\n{\\*\\htmltag64 <p class=MsoNormal>}\\htmlrtf \
                {\\htmlrtf0 Hello \\htmlrtf {\\b \\htmlrtf0 {\\*\\htmltag84 <b>}big{\\*\\htmltag92 </b>}\\htmlrtf }\\htmlrtf0 \x20world\\htmlrtf\\par}\\htmlrtf0{\\*\\htmltag72 </p>}{\\*\\htmltag4 \\par }{\\*\\htmltag58 </html>}";
    assert_eq!(html(body), "<html>\r\n<p class=MsoNormal>Hello <b>big</b> world</p>\r\n</html>");
}

#[test]
fn shared_text_has_its_line_ends_and_signs() {
    assert_eq!(html("a\\par b\\line c\\tab d"), "a\r\nb\r\nc\td");
    assert_eq!(html("\\lquote x\\rquote \\ldblquote y\\rdblquote"), "\u{2018}x\u{2019}\u{201c}y\u{201d}");
    assert_eq!(html("a\\endash b\\emdash c\\bullet d"), "a\u{2013}b\u{2014}c\u{2022}d");
    assert_eq!(html("a\\~b\\_c\\-d"), "a&nbsp;b&shy;cd");
    assert_eq!(html("\\{\\\\\\}"), "{\\}");
    assert_eq!(html("{\\*\\htmltag84 <style>p \\{ a: '\\\\' \\}}"), "<style>p { a: '\\' }");
}

#[test]
fn references_in_tags_stand_and_their_rendering_is_left_out() {
    assert_eq!(html("it{\\*\\htmltag84 &#8217;}\\htmlrtf \\'92\\htmlrtf0 s"), "it&#8217;s");
    assert_eq!(
        html("{\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 b{\\*\\htmltag84 &gt;}\\htmlrtf >\\htmlrtf0"),
        "&lt;b&gt;"
    );
}

#[test]
fn shared_text_is_text() {
    assert_eq!(html("1 < 2 > 0 & AT&T"), "1 &lt; 2 &gt; 0 &amp; AT&amp;T");
    // Writers that put HTML where text should be.
    assert_eq!(
        html("&lt;a@b.test&gt; &#8217; &#x2019; &;&a;&#;&#x;"),
        "&lt;a@b.test&gt; &#8217; &#x2019; &amp;;&amp;a;&amp;#;&amp;#x;"
    );
}

#[test]
fn suppression_goes_into_groups_and_ends_with_them() {
    assert_eq!(html("a\\htmlrtf b{c\\htmlrtf0 d}e\\htmlrtf0 f"), "adf");
    assert_eq!(html("a{\\htmlrtf1 b}c"), "ac");
    assert_eq!(html("a{\\*\\mhtmltag84 <img src=x>}b{\\*\\unknown c{d}}e"), "abe");
}

#[test]
fn characters_are_of_their_font_s_set() {
    let cyrillic = "\u{41f}\u{440}\u{438}";
    assert_eq!(html("\\f1 \\'cf\\'f0\\'e8 \\f0 \\'fc"), format!("{cyrillic} \u{fc}"));
    assert_eq!(html("\\htmlrtf \\f1\\htmlrtf0 \\'cf\\'f0\\'e8"), cyrillic);
    assert_eq!(html("{\\f1 \\'cf}\\'fc"), "\u{41f}\u{fc}");
    // HTML in tags is of the document's set.
    assert_eq!(html("\\f1{\\*\\htmltag84 <a title=\"\\'fc\">}\\'cf"), "<a title=\"\u{fc}\">\u{41f}");
    assert_eq!(html("\\f2 \\'93\\'fa\\'96{\\b\\'7b}x"), "\u{65e5}\u{672c}x");
    assert_eq!(html("\\f2 \\'83\\\\"), "\u{30bd}", "the second octet may be a backslash");
}

#[test]
fn unicode_and_its_stand_ins() {
    assert_eq!(html("\\u8364?x\\u-4?y"), "\u{20ac}x\u{fffc}y");
    assert_eq!(html("\\uc2\\u26085\\'93\\'fax"), "\u{65e5}x");
    assert_eq!(html("\\uc0\\u26085 x"), "\u{65e5}x");
    assert_eq!(html("{\\uc0\\u26085}\\u26085 ?x"), "\u{65e5}\u{65e5}x");
    assert_eq!(html("\\u-10179?\\u-8704?x"), "\u{1f600}x");
    assert_eq!(html("\\u55357?\\u56832?x"), "\u{1f600}x");
    assert_eq!(html("\\u128512?x"), "\u{1f600}x");
    assert_eq!(html("\\u-10179?x"), "x");
    assert_eq!(html("\\u8217\\rquote s"), "\u{2019}s");
    // No stand-in: nothing is lost to a word or a group that follows.
    assert_eq!(html("\\u8217\\htmlrtf x\\htmlrtf0 s"), "\u{2019}s");
    assert_eq!(html("\\u8217{s}"), "\u{2019}s");
    assert_eq!(html("{\\*\\htmltag84 <a title=\"\\u8364?\">}"), "<a title=\"\u{20ac}\">");
}

#[test]
fn encapsulated_text() {
    let text = "{\\rtf1\\ansi\\fbidis\\ansicpg932\\deff0\\deftab720\\fromtext{\\fonttbl{\\f0\\fswiss\\fcharset128 Times New \
                Roman;}{\\f1\\fswiss\\fcharset2\nSymbol;}}\n{\\colortbl;\\red192\\green192\\blue192;}\n{\\*\\generator \
                Microsoft Exchange Server;}\n{\\*\\formatConverter converted from text;}\n\\viewkind5\\viewscale100\n\
                {\\*\\bkmkstart BM_BEGIN}\\pard\\plain\\f0{\\fs22 Hello <b>\\line\n\\'82\\'B1\\'82\\'F1\\line\n}}";
    assert_eq!(rtf(text.as_bytes()), (RtfSource::Text, "Hello <b>\r\n\u{3053}\u{3093}\r\n".to_owned()));
}

#[test]
fn the_kind_is_told_in_the_head_only() {
    assert_eq!(rtf(b"{\\rtf1 text \\fromhtml1 <b>}").0, RtfSource::Native);
    assert_eq!(rtf(b"{\\rtf1{\\fromhtml1} <b>}").0, RtfSource::Native);
    assert_eq!(rtf(b"{\\rtf1\\fromhtml0 <b>}").0, RtfSource::Native);
}

#[test]
fn native_text_has_its_words() {
    assert_eq!(native("\\pard Hello\\par World\\line again\\tab end\\par"), "Hello\r\nWorld\r\nagain\tend\r\n");
    assert_eq!(native("a\\\r\nb\\\tc"), "a\r\nb\tc");
    assert_eq!(native("{\\b bold}{\\i  it}alic \\b0 x"), "bold italic x");
    assert_eq!(native("\\trowd a\\cell b\\cell\\row c"), "a\tb\t\r\nc");
    assert_eq!(native("x\\~y\\_z\\-!"), "x\u{a0}y-z!");
    assert_eq!(native("{\\field{\\*\\fldinst HYPERLINK \"http://a.test\"}{\\fldrslt here}} now"), "here now");
    assert_eq!(native("{\\pict\\pngblip 89504e47}after"), "after");
    assert_eq!(native("{\\*\\shppict{\\pict 00}}{\\nonshppict{\\pict 00}}after"), "after");
    assert_eq!(native("a{\\bin5 }{}\\}b}c"), "abc");
    assert_eq!(native("{\\info{\\title T}{\\author A}}{\\stylesheet{\\s0 Normal;}}text"), "text");
    assert_eq!(native("{\\header Head}\\par{\\footnote note}"), "Head\r\nnote");
    assert_eq!(native("{\\object\\objemb{\\*\\objclass Word}{\\*\\objdata 0102}{\\result seen}}"), "seen");
    assert_eq!(native("{\\shp{\\*\\shpinst{\\sp{\\sn wz}{\\sv 1}}{\\shptxt boxed}}{\\shprslt boxed}}"), "boxed");
    assert_eq!(native("{\\upr{ansi}{\\*\\ud{\\u26085 ?}}}x"), "\u{65e5}x");
    assert_eq!(native("{\\listtext\\bullet\\tab}point{\\*\\listtable x}"), "\u{2022}\tpoint");
}

#[test]
fn native_text_in_its_sets() {
    assert_eq!(
        native("\\'fc\\f1 \\'cf\\plain \\'fc\\f2 \\'93\\'fa\\f3 \\'b7\\f4 \\'81\\f77 \\'fc"),
        "\u{fc}\u{41f}\u{fc}\u{65e5}\u{b7}\u{fc}\u{fc}"
    );
    assert_eq!(native("\\f2 \\'93\r\n\\'fa \\'93\u{7f}").chars().next(), Some('\u{65e5}'));
    let raw = [&b"{\\rtf1\\ansi\\ansicpg1251 "[..], b"\xcf\xf0\xe8}"].concat();
    assert_eq!(rtf(&raw).1, "\u{41f}\u{440}\u{438}");
    assert_eq!(rtf(b"{\\rtf1\\mac \\'9f}").1, "\u{fc}");
    assert_eq!(rtf(b"{\\rtf1\\pca \\'81}").1, "\u{fc}");
    assert_eq!(rtf(b"{\\rtf1\\pc \\'9b}").1, "\u{a2}");
    assert_eq!(rtf(b"{\\rtf1\\ansi\\ansicpg1200 words \\'fc}").1, "words \u{fc}");
    // A Western font in a document of two octets a character: its own set if they are that.
    let japanese = b"{\\rtf1\\ansi\\ansicpg932{\\fonttbl{\\f0\\fcharset0 A;}}\\f0 \\'93\\'fa}";
    assert_eq!(rtf(japanese).1, "\u{65e5}");
}

#[test]
fn what_does_not_close_is_told() {
    for (text, said) in [
        (&b"{\\rtf1 cut"[..], "cut"),
        (b"{\\rtf1 {cut}", "cut"),
        (b"{\\rtf1 done} and more", "done"),
        (b"{\\rtf1 done\\", "done"),
        (b"{\\rtf1 done\\'f", "done'f"),
    ] {
        let mut meter = Meter::new(&Budget::default());
        assert_eq!(read_rtf(text, None, &mut meter).text, said);
        assert_eq!(meter.damage(), [Damage::Rtf]);
    }
    assert_eq!(rtf(b"\r\n{\\rtf1 x}\r\n\0\0").1, "x");
}

#[test]
fn what_is_no_rtf_is_text() {
    assert_eq!(rtf(b"just words \xfc\0"), (RtfSource::Native, "just words \u{fc}".to_owned()));
    assert_eq!(rtf(b""), (RtfSource::Native, String::new()));
}

#[test]
fn groups_and_output_are_bounded() {
    let budget = Budget { groups: 10, output: 50, ..Budget::default() };
    let deep = [b"{\\rtf1 ".to_vec(), vec![b'{'; 100], b"deep".to_vec(), vec![b'}'; 100], b"after}".to_vec()].concat();
    let mut meter = Meter::new(&budget);
    assert_eq!(read_rtf(&deep, None, &mut meter).text, "deepafter");
    assert_eq!(meter.damage(), [Damage::Over(Limit::Groups)]);
    let long = [&b"{\\rtf1 "[..], &b"word\\par ".repeat(1000), b"}"].concat();
    let mut meter = Meter::new(&budget);
    assert_eq!(read_rtf(&long, None, &mut meter).text.len(), 50);
    assert_eq!(meter.damage(), [Damage::Over(Limit::Output)]);
}

#[test]
fn simple_html_of_a_text() {
    let html = html_of_text("a < b &amp;\r\n  c\n");
    assert_eq!(html, "<div style=\"white-space: pre-wrap\">a &lt; b &amp;amp;<br>\r\n  c</div>");
}

#[test]
fn bodies_of_a_message() {
    let of = |props: Props| {
        let octets = Stream::new(1252).props(&props).0;
        let message = read(&octets);
        assert_eq!(message.damage, []);
        message.body
    };
    let encapsulated = b"{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}Hi{\\*\\htmltag72 </p>}}";
    let body = of(Props::new().rtf(encapsulated));
    assert_eq!(
        (body.html.as_deref(), body.text, body.rtf.as_deref()),
        (Some("<p>Hi</p>"), None, Some(&encapsulated[..]))
    );
    let body = of(Props::new().rtf(b"{\\rtf1 words}"));
    assert_eq!((body.html, body.text.as_deref()), (None, Some("words")));
    let body = of(Props::new().rtf(b"{\\rtf1\\fromtext words}"));
    assert_eq!((body.html, body.text.as_deref()), (None, Some("words")));
    let body = of(Props::new().rtf(b"{\\rtf1 other words}").text(ewsd_tnef::tag::BODY, "words"));
    assert_eq!((body.html, body.text.as_deref()), (None, Some("words")));
    let body = of(Props::new().rtf(b"{\\rtf1 words}").text(ewsd_tnef::tag::BODY, " \r\n"));
    assert_eq!(body.text.as_deref(), Some("words"));
}

#[test]
fn html_by_its_own_code_page() {
    let of = |page: Option<i32>, octets: &[u8]| {
        let props = Props::new().with(ewsd_tnef::tag::HTML, V::Bin(octets.to_vec()));
        let props = page.map_or(props.clone(), |page| props.with(ewsd_tnef::tag::INTERNET_CODEPAGE, V::I4(page)));
        let octets = Stream::new(1251).props(&props).0;
        read(&octets).body.html.unwrap()
    };
    assert_eq!(of(Some(65001), "<p>\u{fc}".as_bytes()), "<p>\u{fc}");
    assert_eq!(of(Some(1252), b"<p>\xfc"), "<p>\u{fc}");
    assert_eq!(of(None, "<p>\u{fc}".as_bytes()), "<p>\u{fc}");
    assert_eq!(of(Some(50220), b"<p>\x1b$BF|\x1b(B"), "<p>\u{65e5}");
    assert_eq!(of(Some(1200), b"<\0p\0>\0\xe5\x65"), "<p>\u{65e5}");
    assert_eq!(of(Some(1200), "\u{feff}<p>\u{fc}".as_bytes()), "<p>\u{fc}");
    assert_eq!(of(None, b"<p>\xcf"), "<p>\u{41f}");
    let text = Stream::new(1252).props(&Props::new().text(ewsd_tnef::tag::HTML, "<p>\u{65e5}")).0;
    assert_eq!(read(&text).body.html.as_deref(), Some("<p>\u{65e5}"));
}
