//! Contents by their SHA-256: bodies, messages as received, attachments. Stored once per mailbox however often named.
//!
//! A content is written by the statement that names it (see [`Parts`]). What nobody names any more is collected later, so
//! that deleting an item is cheap and a writer that is about to name it again can never meet its removal.

use crate::row::{self, firsts};
use crate::sql::{Param, Sql, clean, int};
use crate::{Before, Mailbox, Missing, Store, StoreError};
use ewsd_model::id::MailboxNo;
use ewsd_model::value::BodyType;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Octets in one row. PostgreSQL reads and writes a row whole.
const PART: usize = 1 << 20;

/// So many parts of a content come with the row that names it, and so many at a time after that: what PostgreSQL sends, the
/// connection holds beside what is made of it.
pub(crate) const GROUP: usize = 4;

/// Above this the parts go ahead of the statement that names them, [`GROUP`] at a time.
pub(crate) const AHEAD: usize = 8 << 20;

/// SHA-256 of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    pub fn of(content: &[u8]) -> Hash {
        Hash(Sha256::digest(content).into())
    }
}

/// Contents that a statement is to write along.
#[derive(Default)]
pub(crate) struct Parts<'a> {
    known: BTreeSet<Hash>,
    parts: Vec<Part<'a>>,
    pub octets: usize,
}

/// A row.
struct Part<'a> {
    hash: Hash,
    number: i64,
    data: &'a [u8],
    plain: Option<Cow<'a, str>>,
}

impl<'a> Parts<'a> {
    /// Adds a content and says under which hash it will be found.
    pub fn add(&mut self, content: &'a [u8]) -> Hash {
        self.add_body(content, None)
    }

    /// The same of a body, and of an HTML body the text without markup, in which searches look. Bodies are added first: what
    /// is there already stays as it is.
    pub fn add_body(&mut self, content: &'a [u8], plain: Option<&'a str>) -> Hash {
        let hash = Hash::of(content);
        if self.known.insert(hash) {
            self.octets += content.len();
            let parts = split(content);
            let mut texts = plain_parts(plain, parts.len());
            for (number, data) in parts.into_iter().enumerate() {
                self.parts.push(Part { hash, number: number as i64, data, plain: texts.next() });
            }
        }
        hash
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Writes the `insert`, its mailbox being `$1`. `from` is empty, or a comma and what must run before.
    /// A content that is there is touched, which keeps the collector away from it.
    pub fn insert(&self, sql: &mut Sql<'a>, from: &str) {
        push_insert(sql, &self.parts, from);
    }

    /// Takes everything out in groups of at most [`GROUP`] parts, each a statement of its own.
    pub fn ahead(&mut self, mailbox: MailboxNo) -> Vec<Sql<'a>> {
        let parts = std::mem::take(&mut self.parts);
        parts.chunks(GROUP).map(|group| statement(mailbox, group)).collect()
    }
}

/// An expression for the first octets of the content whose hash is `hash`; [`Mailbox::read_rest`] reads the others.
pub(crate) fn first_parts(mailbox: &str, hash: &str) -> String {
    format!(
        "(select string_agg(b.data, ''::bytea order by b.part) from blob b \
         where b.mailbox = {mailbox} and b.hash = {hash} and b.part < {GROUP})"
    )
}

/// An expression for the text of a part of a body: of HTML what it says without markup, or, where that is not known yet
/// (`plain_due`), with it. Bodies of today have no NUL; one of before would fail the search of all.
pub(crate) fn body_text(body_type: &str, part: &str) -> String {
    // Two backslashes are one; one before three zeros is a NUL.
    let without =
        format!(r"decode(regexp_replace(encode({part}.data, 'escape'), '(\\\\)|\\000', '\1', 'g'), 'escape')");
    // The encoding's name would lend the text its collation, which knows no letters but ASCII.
    format!(
        "(case when {body_type} = {html} and {part}.plain is not null then {part}.plain \
         else convert_from(case when position('\\x00'::bytea in {part}.data) = 0 then {part}.data else {without} end, 'UTF8') \
         end collate \"default\")",
        html = BodyType::Html as i32
    )
}

fn statement<'a>(mailbox: MailboxNo, parts: &[Part<'a>]) -> Sql<'a> {
    let mut sql = Sql::default();
    sql.params.push(mailbox.0.into());
    push_insert(&mut sql, parts, "");
    sql
}

fn push_insert<'a>(sql: &mut Sql<'a>, parts: &[Part<'a>], from: &str) {
    sql.push(
        "insert into blob (mailbox, hash, part, data, plain) select $1, p.hash, p.part, p.data, p.plain from unnest(",
    );
    sql.bind(Param::BytesMany(parts.iter().map(|part| Cow::Owned(part.hash.0.to_vec())).collect())).push("::bytea[], ");
    sql.bind(Param::Ints(parts.iter().map(|part| part.number).collect())).push("::int[], ");
    sql.bind(Param::BytesMany(parts.iter().map(|part| Cow::Borrowed(part.data)).collect())).push("::bytea[], ");
    sql.bind(Param::OptTexts(parts.iter().map(|part| part.plain.clone()).collect()))
        .push("::text[]) as p (hash, part, data, plain)");
    sql.push(from);
    // The row is locked even where the condition spares writing it. What was a file before may be an HTML body now.
    sql.push(
        " on conflict (mailbox, hash, part) do update set touched = now(), plain = coalesce(blob.plain, excluded.plain) \
         where blob.touched < now() - interval '10 minutes' or (blob.plain is null and excluded.plain is not null)",
    );
}

/// The texts that stand beside so many parts of a body: pieces of the whole one after the other. For the last parts of much
/// markup there is nothing left, and the last takes what is over.
pub(crate) fn plain_parts(plain: Option<&str>, parts: usize) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = plain;
    (1..=parts).map_while(move |number| {
        let whole = rest?;
        let cut = (PART - 3..=PART).rev().find(|at| whole.is_char_boundary(*at));
        let (piece, after) = whole.split_at_checked(cut.filter(|_| number < parts).unwrap_or(whole.len()))?;
        rest = Some(after);
        Some(clean(piece))
    })
}

/// Cuts at most [`PART`] octets at a time and not inside a UTF-8 character, so that each part of a text is a text.
fn split(content: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = content;
    while rest.len() > PART {
        let at = (PART - 3..=PART).rev().find(|&at| rest.get(at).is_none_or(|byte| byte & 0xC0 != 0x80));
        let (part, after) = rest.split_at(at.unwrap_or(PART));
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

impl Mailbox<'_> {
    /// Writes a content by itself. Name it from a row within the hour, or it is collected.
    pub fn put_blob(&mut self, content: &[u8]) -> Result<Hash, StoreError> {
        self.transaction(|mailbox| {
            let mut parts = Parts::default();
            let hash = parts.add(content);
            mailbox.put_ahead(&mut parts)?;
            Ok(hash)
        })
    }

    pub fn blob(&mut self, hash: &Hash) -> Result<Vec<u8>, StoreError> {
        let mut content = Vec::new();
        match self.read_parts(&hash.0, 0, &mut content)? {
            0 => Err(StoreError::NotFound(Missing::Blob)),
            _ => Ok(content),
        }
    }

    /// Completes a content of which [`first_parts`] were read.
    pub(crate) fn read_rest(&mut self, hash: Option<&[u8]>, content: &mut Option<Vec<u8>>) -> Result<(), StoreError> {
        match (hash, content) {
            // A part is cut at most three octets short.
            (Some(hash), Some(content)) if content.len() >= GROUP * (PART - 3) => {
                self.read_parts(hash, GROUP, content).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Appends the parts from `first` on and says how many there were.
    fn read_parts(&mut self, hash: &[u8], first: usize, content: &mut Vec<u8>) -> Result<usize, StoreError> {
        const READ: &str =
            "select data from blob where mailbox = $1 and hash = $2 and part >= $3 and part < $4 order by part";
        let mut next = first;
        loop {
            let sql = Sql::new(READ).with([
                self.no.0.into(),
                Param::Bytes(Cow::Borrowed(hash)),
                int(next)?.into(),
                int(next + GROUP)?.into(),
            ]);
            let rows = self.store.read(&sql)?;
            for row in &rows {
                content.extend_from_slice(row::first(row)?);
            }
            next += rows.len();
            if rows.len() < GROUP {
                return Ok(next - first);
            }
        }
    }

    /// Removes up to `limit` contents that nothing names and that nobody has touched since `before`. Says how many: as many as the limit,
    /// call again; but each call goes through all rows of the mailbox, so let the limit be in the thousands.
    ///
    /// No change waits for it. Who names a content has touched it at most ten minutes before, so that must be well above 600
    /// seconds ago, plus the time that any transaction takes; who copies a name from another row sees that row, and so does
    /// this look.
    pub fn collect_orphans(&mut self, before: Before, limit: i64) -> Result<i64, StoreError> {
        const COLLECT: &str = "
            with orphan as (
                select hash from blob
                where mailbox = $1 and touched < $2
                except ({named})
                limit $3
            )
            delete from blob using orphan
            where blob.mailbox = $1 and blob.hash = orphan.hash
              and blob.touched < $2
            returning blob.part";
        let sql =
            Sql::new(COLLECT.replace("{named}", NAMED)).with([self.no.0.into(), before.time().into(), limit.into()]);
        let gone = self.store.query(&sql)?;
        let parts: Vec<i32> = firsts(&gone)?;
        int(parts.iter().filter(|part| **part == 0).count())
    }
}

impl Store {
    /// Mailboxes with more than so many octets that nothing names any more, or than half of their quota; most first.
    pub fn littered(&mut self, octets: i64, limit: i64) -> Result<Vec<MailboxNo>, StoreError> {
        const LITTERED: &str = "
            select mailbox from counter c join mailbox m using (mailbox)
            where c.dead > least($1, nullif(coalesce(m.quota_bytes, $3), 0) / 2) order by c.dead desc limit $2";
        let quota = self.options().limits.quota_bytes;
        let sql = Sql::new(LITTERED).with([octets.into(), limit.into(), quota.into()]);
        firsts(&self.read(&sql)?)
    }
}

/// The contents of mailbox `$1` that are named.
pub(crate) const NAMED: &str = "
    select body from item where mailbox = $1 and body is not null
    union all select mime from item where mailbox = $1 and mime is not null
    union all select content from attachment where mailbox = $1
    union all select mime from outbox where mailbox = $1";

impl Mailbox<'_> {
    /// Writes large contents before the statement that names them, in the same transaction.
    pub(crate) fn put_ahead(&mut self, parts: &mut Parts) -> Result<(), StoreError> {
        // Counter first, contents after it: the order in which everybody locks.
        self.lock()?;
        for sql in parts.ahead(self.no) {
            self.store.query(&sql)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn parts_of_a_text_are_texts() {
        for shift in 0..4 {
            let text = "x".repeat(shift) + &"€".repeat(PART);
            let parts = split(text.as_bytes());
            assert!(parts.len() > 2);
            assert!(parts.iter().all(|part| part.len() <= PART && std::str::from_utf8(part).is_ok()));
            assert_eq!(parts.concat(), text.as_bytes());
        }
    }

    #[test]
    fn octets_are_cut_where_it_must_be() {
        let octets = vec![0x80; PART * 2 + 5];
        let parts = split(&octets);
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [PART, PART, 5]);
        assert_eq!(split(&[]).len(), 1);
        assert_eq!(split(&octets[..PART]).len(), 1);
    }

    #[test]
    fn one_content_is_added_once() {
        let mut parts = Parts::default();
        assert_eq!(parts.add(b"a"), parts.add(b"a"));
        parts.add(b"b");
        assert_eq!(parts.parts.len(), 2);
        assert_eq!(parts.octets, 2);
    }
}
