//! Entering words: a step takes the items behind those that are in, and leaves a mark in the same transaction. Several
//! programs may try; one of them does it.

use super::places::{self, Stands};
use super::set::place;
use super::term::{self, A, B, C, CUT, D, FAR, LONG, MORE, Vector, of_folder};
use crate::row::{Fields, first, firsts};
use crate::search::Between;
use crate::sql::{Param, Sql};
use crate::{Mailbox, Missing, Store, StoreError};
use ewsd_model::ItemKind;
use ewsd_model::id::MailboxNo;
use ewsd_model::value::BodyType;
use std::collections::{BTreeMap, BTreeSet};

/// Items read at a time.
const PAGE: i64 = 500;
/// Octets of words of one step, as the database has them.
const OCTETS: usize = 32 << 20;
/// Rows of one statement.
const ROWS: usize = 10_000;

/// Of a term: a chunk, and octets for it.
type Row = (String, i64, Vec<u8>);

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    pub items: usize,
    /// There may be more to enter.
    pub more: bool,
}

/// So many items of a row of `word` make its word a frequent one, whose places are kept from then on.
const FREQUENT: i64 = 128;

/// Rows to be: of each term, of each chunk, the numbers; and where the term stands.
#[derive(Default)]
pub(super) struct Rows(BTreeMap<String, Term>);

#[derive(Default)]
struct Term {
    /// The mark of items that have it, if its word may have been another.
    cut: Option<String>,
    numbers: Vec<(i64, Vec<u8>)>,
    places: Vec<(i64, Vec<u8>)>,
}

/// Adds to what there is of a chunk, which is one of the last.
fn add(chunks: &mut Vec<(i64, Vec<u8>)>, chunk: i64, add: impl FnOnce(&mut Vec<u8>)) {
    if let Some((_, octets)) = chunks.iter_mut().rfind(|(known, _)| *known == chunk) {
        return add(octets);
    }
    let mut octets = Vec::new();
    add(&mut octets);
    chunks.push((chunk, octets));
}

impl Rows {
    /// Numbers come in ascending order, page by page; those of attachments behind the page's.
    pub fn add(&mut self, term: &str, number: i64, stands: Option<Stands<'_>>) {
        let (chunk, octets) = place(number);
        // Most terms are there already: look before copying.
        if !self.0.contains_key(term) {
            self.0.insert(term.to_owned(), Term { cut: cut_of(term), ..Term::default() });
        }
        let Some(rows) = self.0.get_mut(term) else { return };
        add(&mut rows.numbers, chunk, |numbers| {
            // A word of the text and of an attachment is one.
            if !numbers.ends_with(&octets) {
                numbers.extend(octets);
            }
        });
        if let Some(stands) = stands {
            add(&mut rows.places, places::chunk(number), |octets| places::put(number, stands, octets));
        }
        if let Some(mark) = rows.cut.clone() {
            self.add(&mark, number, None);
        }
    }

    /// The marks of an item whose words may not be all, or not of their places alone.
    fn mark(&mut self, item: &Entering<'_>) {
        let told = item.words.as_ref().map(Vector::told).unwrap_or_default();
        let [dotted_subject, dotted_author, dotted_body] = item.dotted;
        let has = [
            (A, term::FROM, item.has_author, dotted_author),
            (B, term::SUBJECT, item.has_subject, dotted_subject),
            (C, term::RECIPIENTS, item.has_recipients, false),
        ];
        for (weight, code, has_some, is_dotted) in has {
            if is_dotted || (has_some && !told.has(weight)) {
                self.add(&term::cut(code), item.number, None);
            }
        }
        if dotted_body || item.body.is_some_and(|body| !told.has_body(body)) {
            self.add(CUT, item.number, None);
        }
        if !item.is_mail {
            self.add(MORE, item.number, None);
        }
        if item.has_authors {
            self.add(&term::more(term::FROM), item.number, None);
        }
    }
}

/// The mark of items with a word that may be cut.
fn cut_of(term: &str) -> Option<String> {
    let (code, _) = term::placed(term).filter(|(_, word)| term::is_cut(word))?;
    Some(if code == term::ANYWHERE { LONG.to_owned() } else { term::cut(code) })
}

/// An item as it is read to be entered.
struct Entering<'r> {
    number: i64,
    folder: i64,
    associated: bool,
    words: Option<Vector<'r>>,
    /// Octets of its body's text.
    body: Option<i64>,
    /// What searches for parts look at, if it is not long.
    body_text: Option<&'r str>,
    subject: Option<&'r str>,
    /// Only its body has words of a body.
    is_mail: bool,
    has_subject: bool,
    has_author: bool,
    has_recipients: bool,
    /// Others wrote it besides who is in `from_mailbox`, or in another spelling.
    has_authors: bool,
    /// Of the subject, the author and the body: it has a [`DOT`].
    dotted: [bool; 3],
}

/// U+0307, in SQL. Behind a capital I it is one letter with that for words, whose small letter is i; for PostgreSQL it goes on
/// standing between two letters.
const DOT: &str = "chr(775)";

/// Octets of a body for which what stands between its words is kept.
const TEXT: usize = 64 << 10;

/// Reads [`Entering`]. Of HTML whose text is not kept yet searches will look at another one.
fn entering() -> String {
    format!(
        "item, folder, associated, search, \
         (select sum(case when i.body_type = {html} and b.plain is not null then octet_length(b.plain) else octet_length(b.data) end) \
             from blob b where b.mailbox = $1 and b.hash = i.body), \
         (select {text} from blob b where b.mailbox = $1 and b.hash = i.body and b.part = 0 \
             and (i.body_type is distinct from {html} or b.plain is not null) \
             and octet_length(b.data) <= {TEXT} and coalesce(octet_length(b.plain), 0) <= {TEXT} \
             and not exists (select from blob o where o.mailbox = $1 and o.hash = i.body and o.part = 1)), \
         subject, kind, subject is not null, coalesce(from_mailbox, sender) is not null or from_name is not null, \
         coalesce(display_to, display_cc, display_bcc) is not null, \
         jsonb_typeof(from_mailbox) is distinct from 'object' \
         or (sender is not null and (sender->>'name', sender->>'address') \
             is distinct from (from_mailbox->>'name', from_mailbox->>'address')) \
         or (from_name is distinct from from_mailbox->>'name' and from_name is distinct from from_mailbox->>'address'), \
         coalesce(strpos(subject, {DOT}) > 0, false), coalesce(strpos(from_mailbox::text, {DOT}) > 0, false), \
         exists (select from blob b where b.mailbox = $1 and b.hash = i.body \
             and (strpos(b.plain, {DOT}) > 0 or position(convert_to({DOT}, 'UTF8') in b.data) > 0))",
        text = crate::blob::body_text("i.body_type", "b"),
        html = BodyType::Html as i32,
    )
}

impl<'r> Entering<'r> {
    fn read(fields: &mut Fields<'r>) -> Result<Entering<'r>, StoreError> {
        let (number, folder, associated) = (fields.next()?, fields.next()?, fields.next()?);
        let (words, body): (Option<Vector<'_>>, Option<i64>) = (fields.next()?, fields.next()?);
        let (body_text, subject): (Option<&str>, Option<&str>) = (fields.next()?, fields.next()?);
        let kind: ItemKind = fields.next()?;
        let [has_subject, has_author, has_recipients, has_authors] =
            [fields.next()?, fields.next()?, fields.next()?, fields.next()?];
        let dotted = [fields.next()?, fields.next()?, fields.next()?];
        Ok(Entering {
            number,
            folder,
            associated,
            words,
            body,
            body_text,
            subject,
            is_mail: kind.row().is_mail,
            has_subject,
            has_author,
            has_recipients,
            has_authors,
            dotted,
        })
    }
}

impl Entering<'_> {
    /// At most so many words has its body.
    fn body_words(&self, texts: &[(u8, Between)]) -> Option<usize> {
        let known = texts.iter().find_map(|(weight, text)| (*weight == D).then(|| text.count()));
        known.or_else(|| usize::try_from(self.body?).ok().map(|octets| octets / 2 + 1))
    }
}

impl Store {
    /// Mailboxes with more than `least` changes since their words were entered, or of which the journal begins behind what the
    /// index knows; at most `limit`, those behind `after` first.
    pub fn unindexed(&mut self, least: i64, after: MailboxNo, limit: i64) -> Result<Vec<MailboxNo>, StoreError> {
        let sql = Sql::new(
            "select c.mailbox from counter c left join indexed x on x.mailbox = c.mailbox \
             where c.seq - coalesce(x.upto, 0) > $1 or c.trimmed > x.buried order by c.mailbox <= $2, c.mailbox limit $3",
        )
        .with([least.into(), after.0.into(), limit.into()]);
        firsts(&self.read(&sql)?)
    }
}

impl Mailbox<'_> {
    /// Enters words of at most `limit` items.
    pub fn enter_words(&mut self, limit: usize) -> Result<Entered, StoreError> {
        self.transaction(|mailbox| mailbox.prepare())?;
        self.transaction(|mailbox| mailbox.enter(limit))
    }

    fn enter(&mut self, limit: usize) -> Result<Entered, StoreError> {
        let nothing = Entered { items: 0, more: false };
        let Some(extent) = self.hold_index()? else { return Ok(nothing) };
        // Whatever has a number up to this one is there to be seen.
        let newest = Sql::new("select seq from counter where mailbox = $1").with([self.no.0.into()]);
        let newest: i64 = first(&self.store.read_one(&newest, Missing::Mailbox)?)?;
        if newest <= extent.upto {
            return Ok(nothing);
        }
        if extent.upto == 0 && !self.clear_index()? {
            return Ok(Entered { items: 0, more: true });
        }
        let mut rows = Rows::default();
        let (items, reached) = self.collect(extent.upto, newest, limit, &mut rows)?;
        self.bury(&extent, newest, &mut rows)?;
        self.put(rows)?;
        let end = Sql::new("update indexed set upto = $2, buried = $3 where mailbox = $1");
        self.store.query(&end.with([self.no.0.into(), reached.into(), newest.into()]))?;
        Ok(Entered { items, more: reached < newest })
    }

    /// The terms of the items between two numbers; how many there were, and the number up to which all are in.
    fn collect(&mut self, from: i64, to: i64, limit: usize, rows: &mut Rows) -> Result<(usize, i64), StoreError> {
        let (mut at, mut items, mut octets) = (from, 0, 0);
        while items < limit && octets < OCTETS {
            let sql = Sql::new(format!(
                "select {} from item i where mailbox = $1 and item > $2 and item <= $3 order by item limit $4",
                entering()
            ))
            .with([self.no.0.into(), at.into(), to.into(), PAGE.into()]);
            let page = self.store.read(&sql)?;
            let mut last = at;
            for row in &page {
                let item = Entering::read(&mut Fields::new(row))?;
                last = item.number;
                if item.associated {
                    continue;
                }
                rows.add(&of_folder(item.folder), item.number, None);
                rows.mark(&item);
                if let Some(words) = &item.words {
                    octets += words.size();
                    let texts = [(B, item.subject), (D, item.body_text)];
                    let texts = texts.map(|(weight, text)| Some((weight, Between::new(text?))));
                    let texts: Vec<(u8, Between)> = texts.into_iter().flatten().collect();
                    if words.is_far(item.body_words(&texts)) {
                        rows.add(FAR, item.number, None);
                    }
                    words.terms(&texts, &mut |term, stands| rows.add(term, item.number, stands));
                }
            }
            octets += self.collect_attachments(at, last, rows)?;
            items += page.len();
            if crate::sql::int(page.len())? < PAGE {
                return Ok((items, to));
            }
            at = last;
        }
        Ok((items, at))
    }

    /// Those of their attachments; answers the octets.
    fn collect_attachments(&mut self, after: i64, upto: i64, rows: &mut Rows) -> Result<usize, StoreError> {
        let sql = Sql::new(format!(
            "select a.item, a.search, strpos(a.name, {DOT}) > 0 from attachment a join item i on i.mailbox = $1 and i.item = a.item \
             where a.mailbox = $1 and a.item > $2 and a.item <= $3 and not i.associated order by a.item",
        ))
        .with([self.no.0.into(), after.into(), upto.into()]);
        let (mut octets, mut before, mut end) = (0, 0, 0);
        // A term that an item of the same page brought ends with a later number: it is entered out of order, which is no harm.
        for row in &self.store.read(&sql)? {
            let mut fields = Fields::new(row);
            let item: i64 = fields.next()?;
            let (words, is_dotted): (Option<Vector<'_>>, bool) = (fields.next()?, fields.next()?);
            if is_dotted || !words.as_ref().is_some_and(|words| words.told().has_name()) {
                rows.add(&term::cut(term::NAMES), item, None);
            }
            let Some(words) = words else { continue };
            octets += words.size();
            let base = if item == before { end } else { 0 };
            end = words.terms_of_attachment(base, &mut |term, stands| rows.add(term, item, stands));
            before = item;
        }
        Ok(octets)
    }

    pub(super) fn put(&mut self, rows: Rows) -> Result<(), StoreError> {
        const NUMBERS: &str = "with put as ( \
                insert into word (mailbox, term, chunk, items) \
                select $1, w.term, w.chunk, w.items from unnest($2::text[], $3::bigint[], $4::bytea[]) as w (term, chunk, items) \
                on conflict (mailbox, term, chunk) do update set items = word.items || excluded.items \
                returning term, octet_length(items) as octets, xmax = 0 as is_new \
            ) select p.term, \
                max(p.octets) >= 2 * $5::bigint or exists (select from word_place o where o.mailbox = $1 and o.term = p.term), \
                bool_and(p.is_new) and not exists (select from word o where o.mailbox = $1 and o.term = p.term) \
            from put p group by p.term";
        const PLACES: &str = "insert into word_place (mailbox, term, chunk, items) \
            select $1, w.term, w.chunk, w.items from unnest($2::text[], $3::bigint[], $4::bytea[]) as w (term, chunk, items) \
            on conflict (mailbox, term, chunk) do update set items = word_place.items || excluded.items";
        let (mut numbers, mut places) = (Vec::new(), Vec::new());
        for (term, rows) in rows.0 {
            numbers.extend(rows.numbers.into_iter().map(|(chunk, octets)| (term.clone(), chunk, octets)));
            places.push((term, rows.places));
        }
        let (mut frequent, mut new) = (BTreeSet::new(), BTreeSet::new());
        for row in self.put_rows(NUMBERS, numbers, Some(FREQUENT))? {
            let mut fields = Fields::new(&row);
            let (term, is_frequent, is_new): (String, bool, bool) = (fields.next()?, fields.next()?, fields.next()?);
            if is_new {
                new.insert(term.clone());
            }
            if is_frequent {
                frequent.insert(term);
            }
        }
        self.put_vocabulary(&new)?;
        let places = places.into_iter().filter(|(term, _)| frequent.contains(term));
        let rows =
            places.flat_map(|(term, rows)| rows.into_iter().map(move |(chunk, octets)| (term.clone(), chunk, octets)));
        self.put_rows(PLACES, rows.collect(), None).map(drop)
    }

    /// Writes rows, some at a time; answers what the statement does.
    fn put_rows(
        &mut self,
        text: &'static str,
        rows: Vec<Row>,
        last: Option<i64>,
    ) -> Result<Vec<postgres::Row>, StoreError> {
        let (mut rows, mut answers) = (rows.into_iter(), Vec::new());
        loop {
            let (mut terms, mut chunks, mut octets) = (Vec::new(), Vec::new(), Vec::new());
            for (term, chunk, some) in rows.by_ref().take(ROWS) {
                terms.push(term.into());
                chunks.push(chunk);
                octets.push(some.into());
            }
            if terms.is_empty() {
                return Ok(answers);
            }
            let params = [self.no.0.into(), Param::Texts(terms), Param::Ints(chunks), Param::BytesMany(octets)];
            let sql = Sql::new(text).with(params.into_iter().chain(last.map(Param::from)));
            answers.extend(self.store.query(&sql)?);
        }
    }
}
