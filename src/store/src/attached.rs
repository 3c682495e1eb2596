//! An attached item in one piece: all that its row would hold, its contents, and what is attached to it, which may be such an
//! item again. It is the content of an attachment of kind [`Whole`](AttachmentKind::Whole), a database format: once written,
//! always read.
//!
//! | octets | what |
//! |---|---|
//! | 8 | `ewsd 1\r\n` |
//! | 8 | length of the head, most significant first |
//! | that many | the head: a JSON object; columns by their name in the table `item`, values as in `json.rs` |
//! | the rest | contents one after the other, which the head names by place and length |

use crate::attachment::{AttachmentKind, AttachmentRow};
use crate::column::{COLUMNS, ColumnRow, Columns, Holds, type_of};
use crate::sql::clean_json;
use crate::{ItemRow, Map, NewAttachment, NewItem, StoreError, json};
use ewsd_model::id::{AttachmentNo, FolderNo, ItemNo, Seq};
use ewsd_model::property::Column;
use ewsd_model::{ItemKind, Value};
use jiff::Timestamp;
use serde_json::Value as Json;

const MAGIC: &[u8; 8] = b"ewsd 1\r\n";

/// An attached item, read.
#[derive(Clone, Debug, PartialEq)]
pub struct AttachedItem<'a> {
    /// Without numbers of its own: it is no item of the mailbox.
    pub row: ItemRow,
    /// Without contents.
    pub attachments: Vec<AttachmentRow>,
    /// Those of `attachments`, in their order.
    pub contents: Vec<&'a [u8]>,
}

/// The item as the content of an attachment. Its folder and the words that find it are not kept.
pub fn encode(item: &NewItem) -> Vec<u8> {
    let mut contents: Vec<&[u8]> = Vec::new();
    let mut place = 0;
    let mut put = |content| {
        let at = Json::from([place, content_len(content)].as_slice());
        place += content_len(content);
        contents.push(content);
        at
    };
    let columns: Map = COLUMNS.iter().filter(|row| is_kept(row)).filter_map(|row| column(row, &item.columns)).collect();
    let mut head = Map::new();
    head.insert("kind".to_owned(), Json::from(item.kind as u8));
    head.insert("flags".to_owned(), Json::from(item.flags));
    head.insert("columns".to_owned(), columns.into());
    head.insert("props".to_owned(), item.props.clone().into());
    head.insert("ext".to_owned(), item.ext.clone().into());
    for (name, content) in [("body", item.body), ("mime", item.mime)] {
        if let Some(content) = content {
            head.insert(name.to_owned(), put(content));
        }
    }
    let attachments: Vec<Json> = item.attachments.iter().map(|one| attachment(one, put(one.content))).collect();
    head.insert("attachments".to_owned(), attachments.into());
    let head = clean_json(head.into()).to_string();
    let mut out = Vec::with_capacity(16 + head.len() + contents.iter().map(|content| content.len()).sum::<usize>());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&content_len(head.as_bytes()).to_be_bytes());
    out.extend_from_slice(head.as_bytes());
    contents.into_iter().for_each(|content| out.extend_from_slice(content));
    out
}

fn content_len(content: &[u8]) -> u64 {
    content.len() as u64
}

/// Whether an item that is no row of the table has the column.
fn is_kept(row: &ColumnRow) -> bool {
    !row.item.is_empty() && !row.fixed
}

fn column(row: &ColumnRow, columns: &Columns) -> Option<(String, Json)> {
    Some((row.item.to_owned(), json::encode(columns.get(row.column)?)?))
}

fn attachment(one: &NewAttachment, content: Json) -> Json {
    let mut members = Map::new();
    members.insert("kind".to_owned(), Json::from(one.kind as i16));
    members.insert("name".to_owned(), one.name.into());
    let texts = [
        ("content_type", one.content_type),
        ("content_id", one.content_id),
        ("content_location", one.content_location),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            members.insert(name.to_owned(), text.into());
        }
    }
    if let Some(modified) = one.modified {
        members.insert("modified".to_owned(), modified.to_string().into());
    }
    members.insert("inline".to_owned(), one.inline.into());
    members.insert("props".to_owned(), one.props.clone().into());
    members.insert("content".to_owned(), content);
    members.into()
}

/// What [`encode`] wrote. `modified`: when it was attached, which is the time of all that has none of its own.
pub fn decode(octets: &[u8], modified: Timestamp) -> Result<AttachedItem<'_>, StoreError> {
    parts(octets)
        .and_then(|(head, rest)| read(&head, rest, modified))
        .ok_or_else(|| StoreError::Corrupt("an attached item is none".to_owned()))
}

/// The head, and the contents.
fn parts(octets: &[u8]) -> Option<(Map, &[u8])> {
    let (length, rest) = octets.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
    let (head, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    Some((serde_json::from_slice(head).ok()?, rest))
}

fn read<'a>(head: &Map, contents: &'a [u8], modified: Timestamp) -> Option<AttachedItem<'a>> {
    let kind = ItemKind::from_number(i16::try_from(head.get("kind")?.as_i64()?).ok()?)?;
    let object = |name: &str| head.get(name).and_then(Json::as_object);
    let stored = object("columns")?;
    let mut columns = Columns::new();
    for row in COLUMNS.iter().filter(|row| is_kept(row)) {
        let value = stored.get(row.item).and_then(|value| json::decode(type_of(row.holds), value));
        if let Some(value) = value.or_else(|| unsaid(row, kind, modified)) {
            columns.add(row.column, value);
        }
    }
    let content = |name: &str| head.get(name).map_or(Some(None), |place| piece(place, contents).map(Some));
    let listed = head.get("attachments")?.as_array()?;
    let attachments = listed.iter().map(|one| read_attachment(one, modified)).collect::<Option<Vec<_>>>()?;
    let contents: Vec<&[u8]> =
        listed.iter().map(|one| piece(one.get("content")?, contents)).collect::<Option<Vec<_>>>()?;
    let sizes = contents.iter().map(|content| i64::try_from(content.len()).unwrap_or(i64::MAX));
    let attachments: Vec<_> =
        attachments.into_iter().zip(sizes).map(|(one, size)| AttachmentRow { size, ..one }).collect();
    let row = ItemRow {
        item: ItemNo(0),
        folder: FolderNo(0),
        kind,
        change: Seq(0),
        flags: u32::try_from(head.get("flags")?.as_u64()?).ok()?,
        attachments: u32::try_from(attachments.len()).ok()?,
        creator: None,
        columns,
        props: object("props").cloned(),
        ext: object("ext").cloned(),
        body: content("body")?.map(<[u8]>::to_vec),
        mime: content("mime")?.map(<[u8]>::to_vec),
        occurrence: None,
    };
    Some(AttachedItem { row, attachments, contents })
}

fn piece<'a>(place: &Json, contents: &'a [u8]) -> Option<&'a [u8]> {
    let number = |at: usize| place.get(at)?.as_u64().and_then(|number| usize::try_from(number).ok());
    let (start, length) = (number(0)?, number(1)?);
    contents.get(start..start.checked_add(length)?)
}

/// What a row of the table would have by itself.
fn unsaid(row: &ColumnRow, kind: ItemKind, modified: Timestamp) -> Option<Value> {
    if row.nullable {
        return None;
    }
    match (row.column, row.holds) {
        (_, Holds::Time) => Some(Value::Time(modified)),
        (Column::Class, _) => Some(Value::Text(kind.row().default_class.to_owned())),
        (Column::Importance, _) => Some(Value::Int(1)),
        (_, Holds::Int) => Some(Value::Int(0)),
        (_, Holds::Long) => Some(Value::Long(0)),
        _ => None,
    }
}

fn read_attachment(one: &Json, modified: Timestamp) -> Option<AttachmentRow> {
    let text = |name: &str| one.get(name).and_then(Json::as_str);
    Some(AttachmentRow {
        attachment: AttachmentNo(0),
        item: ItemNo(0),
        kind: AttachmentKind::from_number(i16::try_from(one.get("kind")?.as_i64()?).ok()?)?,
        name: text("name")?.to_owned(),
        content_type: text("content_type").map(str::to_owned),
        content_id: text("content_id").map(str::to_owned),
        content_location: text("content_location").map(str::to_owned),
        size: 0,
        modified: text("modified").and_then(|time| time.parse().ok()).unwrap_or(modified),
        inline: one.get("inline")?.as_bool()?,
        props: one.get("props")?.as_object()?.clone(),
        content: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use ewsd_model::value::Mailbox;
    use serde_json::json;

    /// A value of what the column holds.
    fn some(holds: Holds) -> Value {
        match holds {
            Holds::Long => Value::Long(1 << 40),
            Holds::Int => Value::Int(191),
            Holds::Bool => Value::Bool(true),
            Holds::Text => Value::Text("é".into()),
            Holds::Time => Value::Time("2026-01-02T03:04:05.123456Z".parse().unwrap()),
            Holds::Bytes => Value::Bytes(vec![0, 255]),
            Holds::Texts => Value::Texts(vec!["a".into(), "b".into()]),
            Holds::Mailbox => Value::Mailbox(Mailbox { name: Some("Ann".into()), ..Mailbox::default() }),
        }
    }

    fn item() -> NewItem<'static> {
        let mut item = NewItem::new(FolderNo(1), ItemKind::Task);
        for row in COLUMNS.iter().filter(|row| is_kept(row)) {
            item.columns.set(row.column, some(row.holds));
        }
        item.flags = 0x8000_0001;
        item.props = json!({ "Status": "Completed", "List": [["a", "b"]] }).as_object().unwrap().clone();
        item.ext = json!({ "0x1234001f": "own" }).as_object().unwrap().clone();
        item.body = Some(b"body");
        item.mime = Some(b"Subject: x\r\n\r\n\xff");
        item
    }

    #[test]
    fn everything_comes_back_to_any_depth() {
        let innermost = encode(&item());
        let mut outer = item();
        outer.attachments = vec![
            NewAttachment {
                name: "a",
                content_id: Some("<cid>"),
                inline: true,
                content: b"octets",
                ..NewAttachment::file()
            },
            NewAttachment {
                kind: AttachmentKind::Whole,
                content: &innermost,
                modified: Some("2026-01-01T00:00:00Z".parse().unwrap()),
                ..NewAttachment::file()
            },
        ];
        let octets = encode(&outer);
        let read = decode(&octets, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(read.contents, [b"octets".as_slice(), innermost.as_slice()]);
        let [file, whole] = read.attachments.as_slice() else { panic!("two of them") };
        assert_eq!(
            (file.name.as_str(), file.content_id.as_deref(), file.inline, file.size),
            ("a", Some("<cid>"), true, 6)
        );
        assert_eq!(file.modified, Timestamp::UNIX_EPOCH);
        assert_eq!((whole.kind, whole.modified.to_string().as_str()), (AttachmentKind::Whole, "2026-01-01T00:00:00Z"));
        let inner = decode(read.contents[1], Timestamp::UNIX_EPOCH).unwrap();
        for row in [&read.row, &inner.row] {
            for column in COLUMNS.iter().filter(|row| is_kept(row)) {
                assert_eq!(row.columns.get(column.column), Some(&some(column.holds)), "{}", column.item);
            }
            assert_eq!((row.kind, row.flags), (ItemKind::Task, 0x8000_0001));
            assert_eq!((row.props.as_ref(), row.ext.as_ref()), (Some(&outer.props), Some(&outer.ext)));
            assert_eq!((row.body.as_deref(), row.mime.as_deref()), (outer.body, outer.mime));
        }
        assert_eq!((read.row.attachments, inner.row.attachments), (2, 0));
    }

    #[test]
    fn an_item_that_says_nothing_has_what_every_item_has() {
        let octets = encode(&NewItem::new(FolderNo(1), ItemKind::Contact));
        let row = decode(&octets, Timestamp::UNIX_EPOCH).unwrap().row;
        assert_eq!(row.columns.text(Column::Class), Some("IPM.Contact"));
        assert_eq!(row.columns.time(Column::Received), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(
            (row.columns.number(Column::Importance), row.columns.number(Column::Sensitivity)),
            (Some(1), Some(0))
        );
        assert_eq!((row.columns.get(Column::Subject), row.body, row.mime), (None, None, None));
    }

    #[test]
    fn other_octets_are_refused() {
        let octets = encode(&item());
        for wrong in [&octets[..20], &octets[..octets.len() - 1], b"", b"ewsd 1\r\n", b"Subject: x\r\n\r\n"] {
            assert!(decode(wrong, Timestamp::UNIX_EPOCH).is_err());
        }
        let huge = [MAGIC.as_slice(), &u64::MAX.to_be_bytes(), b"{}"].concat();
        assert!(decode(&huge, Timestamp::UNIX_EPOCH).is_err());
    }
}
