//! The table of what contacts and distribution lists are searched and sorted by, as steps of the statements that write them.

use crate::journal::Write;
use crate::row::all;
use crate::sql::{Param, Sql, clean};
use crate::{Mailbox, StoreError};
use ewsd_model::id::{FolderNo, ItemNo};

fn places<'a>(write: &mut Write<'a>, rows: &'a [(String, String)]) -> (String, String) {
    let keys = write.place(Param::Texts(rows.iter().map(|(key, _)| clean(key)).collect()));
    let texts = write.place(Param::Texts(rows.iter().map(|(_, text)| clean(text)).collect()));
    (format!("{keys}::text[]"), format!("{texts}::text[]"))
}

/// Adds `named`: the rows of a new item. `from`: the step beside `taken` that has its number.
pub(super) fn insert_step<'a>(write: &mut Write<'a>, rows: &'a [(String, String)], from: &str) {
    let (keys, texts) = places(write, rows);
    write.step(
        "named",
        &format!(
            "insert into contact (mailbox, item, key, text) \
             select $1, {from}.item, w.key, w.text from taken, {from}, unnest({keys}, {texts}) as w (key, text) returning 1"
        ),
    );
}

/// Adds `named` and `unnamed`: these rows and no others. What stays is not written.
pub(super) fn replace_steps<'a>(write: &mut Write<'a>, rows: &'a [(String, String)], from: &str) {
    let (keys, texts) = places(write, rows);
    write.step(
        "named",
        &format!(
            "insert into contact (mailbox, item, key, text) \
             select $1, {from}.item, w.key, w.text from taken, {from}, unnest({keys}, {texts}) as w (key, text) \
             on conflict (mailbox, item, key) do update set text = excluded.text \
             where contact.text is distinct from excluded.text returning 1"
        ),
    );
    write.step(
        "unnamed",
        &format!(
            "delete from contact x using taken, {from} where x.mailbox = $1 and x.item = {from}.item and x.key <> all({keys}) returning 1"
        ),
    );
}

/// A contact or list that was found by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundContact {
    pub item: ItemNo,
    /// Of which rows: `DisplayName`, `EmailAddresses/EmailAddress1`.
    pub keys: Vec<String>,
}

/// What of contacts ResolveNames compares. Of a display name there is a row for the rest from each of its words on.
const NAMES: &str = "('DisplayName', 'FileAs', 'GivenName', 'Surname', 'Nickname', 'CompanyName', 'OfficeLocation', \
    'EmailAddresses')";

impl Mailbox<'_> {
    /// Contacts and lists of the folders of whom a name, a word of the display name or an address begins with the text, case
    /// and accents apart, by display name. With `exact` an address must be the whole text, and nothing else counts.
    pub fn resolve_contacts(
        &mut self,
        folders: &[FolderNo],
        text: &str,
        exact: bool,
        limit: i64,
    ) -> Result<Vec<FoundContact>, StoreError> {
        let met = if exact {
            "key like 'EmailAddresses/%' and folded = ewsd_fold($3) and lower(text) = lower($3)".to_owned()
        } else {
            // The largest character ends what begins with the text.
            format!(
                "split_part(key, '/', 1) in {NAMES} \
                 and folded ~>=~ ewsd_fold($3) and folded ~<~ (ewsd_fold($3) || U&'\\+10FFFF')"
            )
        };
        // First who is meant, by the index, then where they are: most are in no folder that is asked for, or all are.
        let sql = Sql::new(format!(
            "with met as materialized ( \
                 select item, array_agg(key order by key) as keys from contact where mailbox = $1 and {met} group by item) \
             select m.item, m.keys from met m \
             join item i on i.mailbox = $1 and i.item = m.item and i.folder = any($2) and not i.associated \
             left join contact d on d.mailbox = $1 and d.item = m.item and d.key = 'DisplayName' \
             order by lower(d.text) collate ewsd_order nulls last, m.item limit $4"
        ))
        .with([
            self.no.0.into(),
            Param::Ints(folders.iter().map(|folder| folder.0).collect()),
            text.into(),
            limit.into(),
        ]);
        all(&self.store.read(&sql)?, |fields| Ok(FoundContact { item: fields.next()?, keys: fields.next()? }))
    }
}
