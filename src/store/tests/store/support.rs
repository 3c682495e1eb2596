//! What the tests share: a store with one mailbox, items in a line, and the look behind the store's back.

use ewsd_model::ItemKind;
use ewsd_model::Value;
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo, Seq};
use ewsd_model::property::{Column, bit};
use ewsd_store::testing::{Database, database};
use ewsd_store::*;

pub struct House {
    pub database: Database,
    pub store: Store,
    pub account: Account,
    pub mailbox: MailboxNo,
    pub inbox: FolderNo,
    pub drafts: FolderNo,
}

/// A database of its own with the account alice.
pub fn house() -> House {
    let database = database();
    let mut store = Store::connect(&database.options()).unwrap();
    let account = store.create_account(&new_account("alice")).unwrap();
    let mailbox = account.mailbox;
    let inbox = store.mailbox(mailbox).folder_by_distinguished("inbox").unwrap().folder;
    let drafts = store.mailbox(mailbox).folder_by_distinguished("drafts").unwrap().folder;
    store.take_changes();
    House { database, store, account, mailbox, inbox, drafts }
}

/// What is older than so many seconds.
pub fn before(seconds: u64) -> Before {
    Believed::for_test(jiff::Timestamp::now()).older_than_seconds(seconds)
}

pub fn new_account(login: &str) -> NewAccount {
    NewAccount {
        login: login.to_owned(),
        display_name: format!("{login} Example"),
        addresses: vec![format!("{login}@example.test")],
        language: "en".to_owned(),
        ..NewAccount::default()
    }
}

pub fn subject(text: &str) -> Columns {
    let mut columns = Columns::new();
    columns.set(Column::Subject, Value::Text(text.to_owned()));
    columns.set(Column::Size, Value::Long(100));
    columns
}

pub fn message<'a>(folder: FolderNo, text: &str) -> NewItem<'a> {
    NewItem { columns: subject(text), ..NewItem::new(folder, ItemKind::Message) }
}

impl House {
    pub fn add(&mut self, folder: FolderNo, text: &str) -> ItemNo {
        self.store.mailbox(self.mailbox).create_item(&message(folder, text)).unwrap().item
    }

    pub fn other(&self) -> Store {
        Store::connect(&self.database.options()).unwrap()
    }

    pub fn row(&mut self, item: ItemNo) -> Option<ItemRow> {
        let plan = Plan { columns: ColumnSet::of_items(), json: true, ext: true, body: true, mime: true };
        self.store.mailbox(self.mailbox).items(&[item], &plan).unwrap().pop()
    }

    /// Total and unread count.
    pub fn counts(&mut self, folder: FolderNo) -> (i64, i64) {
        let folder = self.store.mailbox(self.mailbox).folder(folder).unwrap();
        (folder.total, folder.unread)
    }

    /// Kinds of the journal's rows after `after`.
    pub fn kinds(&mut self, after: Seq) -> Vec<ChangeKind> {
        let events = self.store.mailbox(self.mailbox).events(&Scope::All, after, 1000).unwrap();
        events.entries.iter().map(|entry| entry.kind).collect()
    }

    pub fn newest(&mut self) -> Seq {
        self.store.mailbox(self.mailbox).newest().unwrap()
    }

    /// Counters of all folders are what a count gives, the journal has no gap and ends at the counter.
    pub fn check(&mut self) {
        let wrong = "
            select count(*) from folder o where
              total <> (select count(*) from item i where i.mailbox = o.mailbox and i.folder = o.folder and flags & 128 = 0)
              or unread <> (select count(*) from item i where i.mailbox = o.mailbox and i.folder = o.folder and flags & 129 = 0)
              or bytes <> (select coalesce(sum(size), 0) from item i where i.mailbox = o.mailbox and i.folder = o.folder)";
        assert_eq!(self.number(wrong), 0, "folder counters");
        let gaps = "select count(*) from counter c where seq - trimmed <>
            (select count(*) from journal j where j.mailbox = c.mailbox) or seq <>
            (select coalesce(max(seq), c.trimmed) from journal j where j.mailbox = c.mailbox)";
        assert_eq!(self.number(gaps), 0, "journal gaps");
        let lost = "select count(*) from item i where not exists
            (select from folder o where o.mailbox = i.mailbox and o.folder = i.folder)";
        assert_eq!(self.number(lost), 0, "items without folder");
    }

    /// Asks the database directly.
    pub fn number(&mut self, sql: &str) -> i64 {
        let mut client = postgres::Client::connect(&self.database.options().url, postgres::NoTls).unwrap();
        client.query_one(sql, &[]).unwrap().get(0)
    }

    pub fn execute(&mut self, sql: &str) {
        let mut client = postgres::Client::connect(&self.database.options().url, postgres::NoTls).unwrap();
        client.batch_execute(sql).unwrap();
    }
}

pub const READ: u32 = bit::READ;
