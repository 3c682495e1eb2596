//! What an RTF text says: the HTML or text that it encapsulates (MS-OXRTFEX), or its own words.
//!
//! | question | file |
//! |---|---|
//! | where does a token end? | `token.rs` |
//! | what does a control word begin or stand for? | `word.rs` |
//! | which octets are text, and of which character set? | `reader.rs` |
//! | which set has font 3? | `font.rs` |

mod font;
mod reader;
mod token;
mod word;

use crate::budget::Meter;
use crate::codepage::{self, Charset};

/// What an RTF text was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtfSource {
    /// `\fromhtml1`: the text is the HTML that it was made of.
    Html,
    /// `\fromtext`: the text that it was made of.
    Text,
    /// Neither: the text is what a reader would read, without its dress.
    Native,
}

/// An RTF text's content. Line ends are CRLF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtf {
    pub kind: RtfSource,
    pub text: String,
}

/// Reads RTF; damage is told to `meter`. Octets that are no RTF are text of `charset` as they stand.
pub fn read(octets: &[u8], charset: Option<Charset>, meter: &mut Meter) -> Rtf {
    let begun = octets.iter().position(|octet| !octet.is_ascii_whitespace() && *octet != 0).unwrap_or(octets.len());
    let octets = octets.get(begun..).unwrap_or_default();
    if !octets.starts_with(b"{\\rtf") {
        let text = codepage::guess(charset, meter.cut(octets));
        return Rtf { kind: RtfSource::Native, text: meter.keep(crate::property::without_nul(text)) };
    }
    reader::Reader::new(meter).read(octets)
}

/// A text as simple HTML: lines stay lines, blanks stay blanks.
pub fn html_of_text(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8 + 64);
    html.push_str("<div style=\"white-space: pre-wrap\">");
    for (at, line) in text.lines().enumerate() {
        if at > 0 {
            html.push_str("<br>\r\n");
        }
        reader::escape(line, false, &mut html);
    }
    html.push_str("</div>");
    html
}
