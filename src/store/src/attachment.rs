//! Attachments: rows of their own, with their content among the blobs. Each change of them is a change of their item.

use crate::blob::{AHEAD, Hash, Parts, first_parts};
use crate::folder::TOUCHED;
use crate::item::item_ref;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::{Fields, all, kinds};
use crate::sql::{Param, Sql, clean, int};
use crate::{ItemRef, Mailbox, Map, Missing, StoreError, index, search};
use ewsd_model::PropId;
use ewsd_model::change::mark;
use ewsd_model::id::{AttachmentNo, ItemNo};
use ewsd_model::property::bit;
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub enum AttachmentKind {
    File = 0,
    /// A message that came as such: the content is its RFC 5322 octets.
    Message = 1,
    /// An item with all its properties: the content is what [`attached`](crate::attached) makes of it.
    Whole = 2,
}

impl AttachmentKind {
    pub(crate) fn from_number(number: i16) -> Option<AttachmentKind> {
        [AttachmentKind::File, AttachmentKind::Message, AttachmentKind::Whole]
            .into_iter()
            .find(|kind| *kind as i16 == number)
    }

    /// Whether clients are shown an item.
    pub fn is_item(self) -> bool {
        self != AttachmentKind::File
    }
}

kinds! {
    AttachmentKind: AttachmentKind::from_number, "attachment kind";
}

#[derive(Clone, Debug)]
pub struct NewAttachment<'a> {
    pub kind: AttachmentKind,
    pub name: &'a str,
    pub content_type: Option<&'a str>,
    pub content_id: Option<&'a str>,
    pub content_location: Option<&'a str>,
    pub inline: bool,
    /// Now, if not said.
    pub modified: Option<Timestamp>,
    pub content: &'a [u8],
    /// Text of the content, whose words find the item as those of the name do.
    pub search: &'a str,
    /// Whatever else the worker keeps with it.
    pub props: Map,
}

impl NewAttachment<'_> {
    /// A file without anything, to be filled in.
    pub fn file() -> Self {
        NewAttachment {
            kind: AttachmentKind::File,
            name: "",
            content_type: None,
            content_id: None,
            content_location: None,
            inline: false,
            modified: None,
            content: &[],
            search: "",
            props: Map::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct AttachmentRow {
    pub attachment: AttachmentNo,
    pub item: ItemNo,
    pub kind: AttachmentKind,
    pub name: String,
    pub content_type: Option<String>,
    pub content_id: Option<String>,
    pub content_location: Option<String>,
    /// Octets of the content.
    pub size: i64,
    pub modified: Timestamp,
    pub inline: bool,
    pub props: Map,
    /// Only where asked for.
    pub content: Option<Vec<u8>>,
}

/// What an attachment is written with, and what its copy has too.
pub(crate) const COLUMNS: &str =
    "kind, name, content_type, content_id, content_location, size, modified, is_inline, content, props, search";

/// Adds `attached`: the rows of the attachments, of the item `item`. `taken.attachment` is the last of their numbers.
pub(crate) fn insert_step<'a>(
    write: &mut Write<'a>,
    new: &'a [NewAttachment],
    contents: &[Hash],
    from: &str,
    item: &str,
) {
    let texts = |field: fn(&NewAttachment<'a>) -> Option<&'a str>| {
        Param::OptTexts(new.iter().map(|one| field(one).map(clean)).collect())
    };
    let kinds = write.place(Param::Ints(new.iter().map(|one| one.kind as i64).collect()));
    let names = write.place(texts(|one| Some(one.name)));
    let types = write.place(texts(|one| one.content_type));
    let ids = write.place(texts(|one| one.content_id));
    let locations = write.place(texts(|one| one.content_location));
    let sizes = write.place(Param::Ints(new.iter().map(|one| one.content.len() as i64).collect()));
    let times = write.place(Param::Times(new.iter().map(|one| one.modified).collect()));
    let inline = write.place(Param::Bools(new.iter().map(|one| one.inline).collect()));
    let hashes = write.place(Param::BytesMany(contents.iter().map(|hash| hash.0.to_vec().into()).collect()));
    let props =
        write.place(Param::Jsons(new.iter().map(|one| crate::sql::clean_json(one.props.clone().into())).collect()));
    let vector = |one: &NewAttachment| search::attachment_vector(one.name, one.search).map(Into::into);
    let words = write.place(Param::OptTexts(new.iter().map(vector).collect()));
    let count = new.len();
    write.step(
        "attached",
        &format!(
            "insert into attachment (mailbox, attachment, item, {COLUMNS}) \
             select $1, taken.attachment - cardinality({kinds}::int[]) + w.at, {item}, w.kind, w.name, w.content_type, w.content_id, \
                 w.content_location, w.size, coalesce(w.modified, now()), w.is_inline, w.content, w.props, \
                 w.search::tsvector \
             from {from}, unnest({kinds}::int[], {names}::text[], {types}::text[], {ids}::text[], {locations}::text[], \
                 {sizes}::bigint[], {times}::timestamptz[], {inline}::bool[], {hashes}::bytea[], {props}::jsonb[], \
                 {words}::text[]) \
                 with ordinality as w ({COLUMNS}, at) returning attachment"
        ),
    );
    debug_assert_eq!(count, contents.len());
}

const FIELDS: &str = "a.attachment, a.item, a.kind, a.name, a.content_type, a.content_id, a.content_location, a.size, \
    a.modified, a.is_inline, a.props";

impl Mailbox<'_> {
    /// The attachments of items, without their contents: by item, then in the order in which they were added.
    pub fn attachments(&mut self, items: &[ItemNo]) -> Result<Vec<AttachmentRow>, StoreError> {
        let sql = Sql::new(format!(
            "select {FIELDS} from attachment a where a.mailbox = $1 and a.item = any($2) order by a.item, a.attachment"
        ))
        .with([self.no.0.into(), Param::Ints(items.iter().map(|item| item.0).collect())]);
        all(&self.store.read(&sql)?, attachment)
    }

    /// One attachment of an item, with `content` whole. [`StoreError::NotFound`] if it does not hang on just that item.
    pub fn attachment(
        &mut self,
        item: ItemNo,
        number: AttachmentNo,
        content: bool,
    ) -> Result<AttachmentRow, StoreError> {
        let contents =
            if content { format!(", {}, a.content", first_parts("a.mailbox", "a.content")) } else { String::new() };
        let sql = Sql::new(format!(
            "select {FIELDS}{contents} from attachment a where a.mailbox = $1 and a.attachment = $2 and a.item = $3"
        ))
        .with([self.no.0.into(), number.0.into(), item.0.into()]);
        let row = self.store.read_one(&sql, Missing::Attachment)?;
        let mut fields = Fields::new(&row);
        let mut found = attachment(&mut fields)?;
        if content {
            found.content = fields.next()?;
            let hash: Vec<u8> = fields.next()?;
            drop(row);
            self.read_rest(Some(&hash), &mut found.content)?;
        }
        Ok(found)
    }

    /// Adds attachments to an item: one change of it. Sets `HAS_ATTACHMENTS`, the size, and that the message as received no
    /// longer tells the whole.
    pub fn create_attachments(
        &mut self,
        item: ItemNo,
        new: &[NewAttachment],
    ) -> Result<(Vec<AttachmentNo>, ItemRef), StoreError> {
        let mut parts = Parts::default();
        let contents: Vec<Hash> = new.iter().map(|one| parts.add(one.content)).collect();
        if parts.octets > AHEAD && !self.store.in_transaction() {
            return self.transaction(|mailbox| mailbox.create_attachments(item, new));
        }
        if parts.octets > AHEAD {
            self.put_ahead(&mut parts)?;
        }
        let mut write = Write::new(self.no);
        let place = write.place(item.0);
        let sum: i64 = new.iter().map(|one| one.content.len() as i64).sum();
        let (count, octets) = (write.place(int(new.len())?), write.place(sum));
        let visible = write.place(new.iter().any(|one| !one.inline));
        source(&mut write, &place);
        write.room(sum);
        write.bump(&Count::One, &format!("{count}::bigint"), "exists (select from source)");
        if !parts.is_empty() {
            write.step_with("contents", |sql| parts.insert(sql, ", taken"));
        }
        insert_step(&mut write, new, &contents, "taken, source", "source.item");
        touch(&mut write, &format!("{count}::int"), &format!("{octets}::bigint"), &visible);
        let rows = write.run(self, SELECT, "taken, source")?;
        let row = rows.first().ok_or(StoreError::NotFound(Missing::Item))?;
        let mut fields = Fields::new(row);
        let changed = item_ref(fields.skip(1))?;
        let last: i64 = fields.next()?;
        let first = last - int(new.len())?;
        Ok(((first + 1..=last).map(AttachmentNo).collect(), changed))
    }

    /// Removes attachments of an item: one change of it. Answers those that were there; none: [`StoreError::NotFound`].
    pub fn delete_attachments(
        &mut self,
        item: ItemNo,
        numbers: &[AttachmentNo],
    ) -> Result<(Vec<AttachmentNo>, ItemRef), StoreError> {
        let mut write = Write::new(self.no);
        let place = write.place(item.0);
        let numbers = write.place(Param::Ints(numbers.iter().map(|number| number.0).collect()));
        source(&mut write, &place);
        write.step(
            "gone",
            &format!(
                "select a.attachment, a.size from attachment a, source \
                 where a.mailbox = $1 and a.item = source.item and a.attachment = any({numbers}::bigint[])"
            ),
        );
        write.dead("select coalesce(sum(size), 0) from gone");
        write.bump(&Count::One, "0", "exists (select from gone)");
        write.step(
            "removed",
            "delete from attachment a using taken, gone where a.mailbox = $1 and a.attachment = gone.attachment returning 1",
        );
        let visible = format!(
            "exists (select from attachment a where a.mailbox = $1 and a.item = {place} and not a.is_inline \
             and a.attachment not in (select attachment from gone))"
        );
        touch(
            &mut write,
            "-(select count(*) from gone)::int",
            "-(select coalesce(sum(size), 0) from gone)::bigint",
            &visible,
        );
        let select = format!("{SELECT}, (select array_agg(attachment order by attachment) from gone)");
        let rows = write.run(self, &select, "taken, source")?;
        let row = rows.first().ok_or(StoreError::NotFound(Missing::Attachment))?;
        let mut fields = Fields::new(row);
        let changed = item_ref(fields.skip(1))?;
        let gone: Vec<i64> = fields.skip(1).next()?;
        Ok((gone.into_iter().map(AttachmentNo).collect(), changed))
    }
}

/// What [`item_ref`] reads, and the last attachment number.
const SELECT: &str = ", source.item, source.folder, source.kind, taken.seq, source.item, taken.attachment";

/// `source`: the item as it is.
fn source(write: &mut Write, item: &str) {
    let body = format!("select item, folder, kind, change, flags from item where mailbox = $1 and item = {item}");
    write.step("source", &body);
}

/// `changed`, `counted` and the journal: the item with so many attachments and octets more, and the number that it had before for
/// whoever has not seen that. `visible`: whether it has (or, of additions, gets) one that is not inline.
fn touch(write: &mut Write, count: &str, octets: &str, visible: &str) {
    let (has, stale) = (bit::HAS_ATTACHMENTS, bit::MIME_STALE);
    let mark = mark(None, PropId::ItemAttachments.row().element);
    // An addition keeps the bit that was there; a removal decides it anew.
    let kept = if count.starts_with('-') { !has as i32 } else { -1 };
    write.step(
        "changed",
        &format!(
            "update item i set change = taken.seq, modified = now(), attachments = i.attachments + {count}, \
             size = i.size + {octets}, props = i.props || jsonb_build_object('{mark}', source.change), \
             flags = (i.flags & {kept}) | {stale} | case when {visible} then {has} else 0 end \
             from taken, source where i.mailbox = $1 and i.item = source.item and i.change = source.change returning i.folder"
        ),
    );
    index::reword_step(write, "taken, source");
    write.step(
        "counted",
        &format!(
            "update folder o set bytes = o.bytes + {octets}, {TOUCHED} from taken, source where o.mailbox = $1 and o.folder = source.folder"
        ),
    );
    write.rows(&Rows {
        kind: &ChangeKind::ItemModified.sql(),
        item: "source.item",
        folder: "changed.folder",
        associated: &format!("source.flags & {} <> 0", bit::ASSOCIATED),
        from: "taken cross join source left join changed on true",
        ..Rows::default()
    });
}

fn attachment(fields: &mut Fields<'_>) -> Result<AttachmentRow, StoreError> {
    Ok(AttachmentRow {
        attachment: fields.next()?,
        item: fields.next()?,
        kind: fields.next()?,
        name: fields.next()?,
        content_type: fields.next()?,
        content_id: fields.next()?,
        content_location: fields.next()?,
        size: fields.next()?,
        modified: fields.next()?,
        inline: fields.next()?,
        props: fields.next()?,
        content: None,
    })
}
