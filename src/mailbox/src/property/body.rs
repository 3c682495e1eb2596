//! Bodies in the form a client wants: HTML or text, cut, filtered, only what is new (MS-OXWSCDATA ItemResponseShapeType).

use std::borrow::Cow;

use ewsd_model::property::Column;
use ewsd_model::value::BodyFormat;
use ewsd_model::value::{Body, BodyType};
use ewsd_store::ItemRow;

use crate::convert::html::{self, Images};
use crate::convert::table::{HtmlText, NewHtml, SafeHtml};
use crate::convert::{Failed, ask};
use crate::property::unique::unique_text;

/// How bodies are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bodies {
    pub body: BodyFormat,
    pub unique: BodyFormat,
    pub normalized: BodyFormat,
    /// Without whatever could run or load something.
    pub filter: bool,
    /// Without pictures from elsewhere. That takes the filter too: only in what is written anew is none overlooked.
    pub block_images: bool,
    /// Octets after which a body is cut. None: never.
    pub most: Option<usize>,
}

impl Default for Bodies {
    fn default() -> Self {
        Bodies {
            body: BodyFormat::Best,
            unique: BodyFormat::Best,
            normalized: BodyFormat::Best,
            filter: false,
            block_images: false,
            most: None,
        }
    }
}

/// Which of an item's bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Body,
    Unique,
    Normalized,
    Text,
}

/// The form in which the body is stored.
pub fn stored_type(item: &ItemRow) -> BodyType {
    match item.columns.number(Column::BodyType) {
        Some(number) if number == BodyType::Html as i64 => BodyType::Html,
        _ => BodyType::Text,
    }
}

/// The stored body. Octets that are no UTF-8 cannot have been stored by us; they are shown all the same.
pub fn stored(item: &ItemRow) -> Option<Body> {
    let octets = item.body.as_deref()?;
    let text = String::from_utf8_lossy(octets).into_owned();
    Some(Body { body_type: stored_type(item), text, truncated: None })
}

/// The body as it is wanted. An item without one has an empty one, which clients count on; of the others it has none.
///
/// # Errors
/// [`Failed`] when it could not be converted.
pub fn body(item: &ItemRow, which: Which, wanted: &Bodies) -> Result<Option<Body>, Failed> {
    let Some(octets) = item.body.as_deref() else { return Ok((which == Which::Body).then(|| empty(wanted))) };
    let stored = String::from_utf8_lossy(octets);
    let from = stored_type(item);
    let (format, text) = match which {
        Which::Body => (wanted.body, stored),
        Which::Normalized => (wanted.normalized, stored),
        Which::Text => (BodyFormat::Text, stored),
        Which::Unique => (
            wanted.unique,
            Cow::Owned(match from {
                BodyType::Html => ask(&NewHtml {}, stored.as_bytes())?,
                BodyType::Text => unique_text(&stored),
            }),
        ),
    };
    let to = match format {
        BodyFormat::Best => from,
        BodyFormat::Html => BodyType::Html,
        BodyFormat::Text => BodyType::Text,
    };
    let text = match (from, to) {
        (BodyType::Text, BodyType::Html) => html::from_text(&text),
        (BodyType::Html, BodyType::Text) => ask(&HtmlText {}, text.as_bytes())?,
        (BodyType::Html, BodyType::Html) if wanted.block_images || wanted.filter => {
            let images = if wanted.block_images { Images::Own } else { Images::All };
            ask(&SafeHtml { images }, text.as_bytes())?
        }
        _ => text.into_owned(),
    };
    Ok(Some(cut(Body { body_type: to, text, truncated: None }, wanted.most)))
}

/// What is said of no body.
fn empty(wanted: &Bodies) -> Body {
    let body_type = if wanted.body == BodyFormat::Html { BodyType::Html } else { BodyType::Text };
    cut(Body { body_type, text: String::new(), truncated: None }, wanted.most)
}

/// At most so many octets, whole characters only.
fn cut(mut body: Body, most: Option<usize>) -> Body {
    let Some(most) = most else { return body };
    let fits = body.text.len() <= most;
    if !fits {
        let end = (0..=most).rev().find(|at| body.text.is_char_boundary(*at)).unwrap_or(0);
        body.text.truncate(end);
    }
    body.truncated = Some(!fits);
    body
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::property::testing::row;
    use ewsd_model::Value;

    fn item(kind: BodyType, text: &str) -> ItemRow {
        let mut item = row();
        item.columns.set(Column::BodyType, Value::Int(kind as i32));
        item.body = Some(text.as_bytes().to_vec());
        item
    }

    #[test]
    fn best_is_as_stored() {
        let text = body(&item(BodyType::Text, "a < b"), Which::Body, &Bodies::default()).unwrap().unwrap();
        assert_eq!((text.body_type, text.text.as_str(), text.truncated), (BodyType::Text, "a < b", None));
        let html = body(&item(BodyType::Html, "<p>a</p>"), Which::Body, &Bodies::default()).unwrap().unwrap();
        assert_eq!((html.body_type, html.text.as_str()), (BodyType::Html, "<p>a</p>"));
        let none = body(&row(), Which::Body, &Bodies::default()).unwrap().unwrap();
        assert_eq!((none.body_type, none.text.as_str()), (BodyType::Text, ""));
        assert_eq!(body(&row(), Which::Unique, &Bodies::default()), Ok(None));
    }

    #[test]
    fn forms_are_converted() {
        let wanted = Bodies { body: BodyFormat::Html, ..Bodies::default() };
        let html = body(&item(BodyType::Text, "a < b"), Which::Body, &wanted).unwrap().unwrap();
        assert_eq!(html.body_type, BodyType::Html);
        assert!(html.text.contains("a &lt; b"), "{}", html.text);
        let text = body(&item(BodyType::Html, "<p>Hello HTML</p>"), Which::Text, &wanted).unwrap().unwrap();
        assert_eq!((text.body_type, text.text.trim()), (BodyType::Text, "Hello HTML"));
    }

    #[test]
    fn long_bodies_are_cut_between_characters() {
        let wanted = Bodies { most: Some(4), ..Bodies::default() };
        let cut = body(&item(BodyType::Text, "ab\u{e9}\u{e9}"), Which::Body, &wanted).unwrap().unwrap();
        assert_eq!((cut.text.as_str(), cut.truncated), ("ab\u{e9}", Some(true)));
        let whole = body(&item(BodyType::Text, "abcd"), Which::Body, &wanted).unwrap().unwrap();
        assert_eq!((whole.text.as_str(), whole.truncated), ("abcd", Some(false)));
    }

    #[test]
    fn unique_and_filtered() {
        let item = item(BodyType::Html, "<p>New<script>x()</script></p><div class=\"gmail_quote\">Old</div>");
        let unique = body(&item, Which::Unique, &Bodies::default()).unwrap().unwrap();
        assert!(unique.text.contains("New") && !unique.text.contains("Old"));
        let safe = body(&item, Which::Body, &Bodies { filter: true, ..Bodies::default() }).unwrap().unwrap();
        assert!(safe.text.contains("Old") && !safe.text.contains("x()"));
    }

    #[test]
    fn external_images_are_blocked_where_that_is_asked() {
        let item = item(BodyType::Html, "<p>a<img src=\"http://e.test/x\"><img src=\"cid:1\"></p>");
        let filtered = body(&item, Which::Body, &Bodies { filter: true, ..Bodies::default() }).unwrap().unwrap();
        assert!(filtered.text.contains("http://e.test/x") && filtered.text.contains("cid:1"), "{}", filtered.text);
        for filter in [true, false] {
            let wanted = Bodies { filter, block_images: true, ..Bodies::default() };
            let blocked = body(&item, Which::Body, &wanted).unwrap().unwrap();
            assert!(!blocked.text.contains("e.test") && blocked.text.contains("cid:1"), "{}", blocked.text);
        }
    }
}
