//! What a calendar has in a time, in brief: of each item only what free and busy time is told from, in one statement whose answer
//! has a limit in rows and in octets.

use crate::row::{Fields, all};
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, Map, StoreError};
use ewsd_model::id::{FolderNo, ItemNo};
use jiff::Timestamp;

/// What is read of the documents.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    /// Members.
    pub members: &'a [&'a str],
    /// The one among them that lists what some occurrences have of their own: objects in which `props` holds such members,
    /// and whose `ext` and `body` are left out.
    pub changes: &'a str,
}

/// How much an answer may have.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub rows: usize,
    /// Of the documents, as text.
    pub octets: usize,
}

/// An item that touches a time.
#[derive(Clone, Debug, PartialEq)]
pub struct BusyItem {
    pub item: ItemNo,
    pub starts: Timestamp,
    /// None: a series without end.
    pub ends: Option<Timestamp>,
    pub series: bool,
    /// Bits of [`ewsd_model::property::bit`].
    pub flags: u32,
    /// PidTagSensitivity.
    pub sensitivity: i32,
    pub subject: Option<String>,
    /// The members that were asked for.
    pub props: Map,
}

/// Members of a document, which the place `names` lists, of the changes at `lists` only what was asked for as well.
fn outline(document: &str, names: &str, lists: &str) -> String {
    let members = |of: &str, inner: &str| {
        format!("(select coalesce(jsonb_object_agg(k, {inner}), '{{}}') from unnest({names}::text[]) k where {of} ? k)")
    };
    let change = members("x -> 'props'", "x -> 'props' -> k");
    let changes = format!(
        "case when k = {lists} then (select jsonb_agg(x - '{{ext,body,props}}'::text[] || jsonb_build_object('props', {change})) \
         from jsonb_array_elements({document} -> k) x) else {document} -> k end"
    );
    members(document, &changes)
}

impl Mailbox<'_> {
    /// What an outline has of items, in no particular order; those that are not there are left out.
    pub fn outlines(&mut self, items: &[ItemNo], outline: &Outline<'_>) -> Result<Vec<(ItemNo, Map)>, StoreError> {
        let sql = Sql::new(format!(
            "select i.item, {} from item i where i.mailbox = $1 and i.item = any($2)",
            self::outline("i.props", "$3", "$4")
        ))
        .with([
            self.no.0.into(),
            Param::Ints(items.iter().map(|item| item.0).collect()),
            Param::Texts(outline.members.iter().map(|name| (*name).into()).collect()),
            outline.changes.into(),
        ]);
        all(&self.store.read(&sql)?, |fields| Ok((fields.next()?, fields.next()?)))
    }

    /// The items of a folder that start before `to` and end after `from`, of series those of which an instance may, in the order
    /// of their starts. None: there is more than the bounds allow.
    pub fn busy_between(
        &mut self,
        folder: FolderNo,
        from: Timestamp,
        to: Timestamp,
        outline: &Outline<'_>,
        bounds: Bounds,
    ) -> Result<Option<Vec<BusyItem>>, StoreError> {
        let sql = Sql::new(format!(
            "select item, starts, nullif(ends, 'infinity'), series, flags, sensitivity, subject, \
                 case when octets <= $8 then props end \
             from (select *, sum(octet_length(props::text)) over (order by starts, item) as octets \
                 from (select e.item, e.starts, e.ends, e.series, i.flags, i.sensitivity, i.subject, {} as props \
                     from (select e.* from {} order by e.starts, e.item limit $7) e \
                     join item i on i.mailbox = $1 and i.item = e.item) told) sized \
             order by starts, item",
            self::outline("i.props", "$5", "$6"),
            super::event::looked_at("(select $2::bigint as folder) f", "e.ends > $3")
        ))
        .with([
            self.no.0.into(),
            folder.0.into(),
            from.into(),
            to.into(),
            Param::Texts(outline.members.iter().map(|name| (*name).into()).collect()),
            outline.changes.into(),
            int(bounds.rows.saturating_add(1))?.into(),
            int(bounds.octets)?.into(),
        ]);
        let found = all(&self.store.read(&sql)?, item)?;
        let all: Option<Vec<BusyItem>> = found.into_iter().collect();
        Ok(all.filter(|all| all.len() <= bounds.rows))
    }
}

/// None: the documents before have used up the octets.
fn item(fields: &mut Fields<'_>) -> Result<Option<BusyItem>, StoreError> {
    let (item, starts, ends) = (fields.next()?, fields.next()?, fields.next()?);
    let (series, flags, sensitivity, subject) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let props: Option<Map> = fields.next()?;
    let sensitivity: crate::row::Whole = sensitivity;
    let sensitivity = i32::try_from(sensitivity.0).unwrap_or(0);
    Ok(props.map(|props| BusyItem { item, starts, ends, series, flags, sensitivity, subject, props }))
}
