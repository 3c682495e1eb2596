//! Signatures whose bodies are being written. Gone when they are.
#![allow(unused_variables, missing_docs, clippy::too_many_arguments)]
use crate::*;
use ewsd_model::id::*;

type R<T> = Result<T, StoreError>;
fn pending<T>() -> R<T> {
    Err(StoreError::Db("not built yet".to_owned()))
}

impl Store {
    // item
    pub fn items(&mut self, mailbox: MailboxNo, items: &[ItemNo], plan: &Plan) -> R<Vec<ItemRow>> { pending() }
    pub fn create_item(&mut self, mailbox: MailboxNo, new: &NewItem) -> R<ItemRef> { pending() }
    pub fn create_items(&mut self, mailbox: MailboxNo, new: &[NewItem]) -> R<Vec<ItemRef>> { pending() }
    pub fn update_item(&mut self, mailbox: MailboxNo, item: ItemNo, update: &ItemUpdate, expect: Option<Seq>) -> R<ItemRef> { pending() }
    /// Those that changed.
    pub fn set_read(&mut self, mailbox: MailboxNo, items: &[ItemNo], read: bool) -> R<Vec<ItemRef>> { pending() }
    pub fn set_all_read(&mut self, mailbox: MailboxNo, folder: FolderNo, read: bool) -> R<Vec<ItemRef>> { pending() }
    /// In the order given, without those that are not there. StoreError::NotFound(Folder) if the target is not there.
    pub fn move_items(&mut self, mailbox: MailboxNo, items: &[ItemNo], target: FolderNo) -> R<Vec<ItemRef>> { pending() }
    pub fn copy_items(&mut self, mailbox: MailboxNo, items: &[ItemNo], target: FolderNo) -> R<Vec<ItemRef>> { pending() }
    /// Those that were there.
    pub fn delete_items(&mut self, mailbox: MailboxNo, items: &[ItemNo]) -> R<Vec<ItemNo>> { pending() }
    pub fn find_items(&mut self, mailbox: MailboxNo, folders: &[FolderNo], associated: bool, plan: &Plan, filter: &Filter, order: &[Order], page: Page) -> R<Found<ItemRow>> { pending() }
    /// All items of a folder, associated ones too.
    pub fn item_numbers(&mut self, mailbox: MailboxNo, folder: FolderNo) -> R<Vec<ItemNo>> { pending() }
    // folder
    /// By number and by DistinguishedFolderId in one query.
    pub fn folders(&mut self, mailbox: MailboxNo, numbers: &[FolderNo], names: &[&str]) -> R<Vec<FolderRow>> { pending() }
    pub fn folder(&mut self, mailbox: MailboxNo, folder: FolderNo) -> R<FolderRow> { pending() }
    pub fn folder_by_distinguished(&mut self, mailbox: MailboxNo, name: &str) -> R<FolderRow> { pending() }
    pub fn distinguished_map(&mut self, mailbox: MailboxNo) -> R<Vec<(String, FolderNo)>> { pending() }
    pub fn children(&mut self, mailbox: MailboxNo, parent: FolderNo, deep: bool, filter: &Filter, order: &[Order], page: Page) -> R<Found<FolderRow>> { pending() }
    pub fn create_folder(&mut self, mailbox: MailboxNo, new: &NewFolder) -> R<(FolderNo, Seq)> { pending() }
    pub fn update_folder(&mut self, mailbox: MailboxNo, folder: FolderNo, update: &FolderUpdate, expect: Option<Seq>) -> R<Seq> { pending() }
    pub fn move_folder(&mut self, mailbox: MailboxNo, folder: FolderNo, target: FolderNo) -> R<Seq> { pending() }
    pub fn copy_folder(&mut self, mailbox: MailboxNo, folder: FolderNo, target: FolderNo) -> R<(FolderNo, Seq)> { pending() }
    /// With everything in it.
    pub fn delete_folder(&mut self, mailbox: MailboxNo, folder: FolderNo) -> R<Seq> { pending() }
    /// Its items, and with `folders` what is below it.
    pub fn empty_folder(&mut self, mailbox: MailboxNo, folder: FolderNo, folders: bool) -> R<Option<Seq>> { pending() }
    // attachment
    pub fn attachments(&mut self, mailbox: MailboxNo, items: &[ItemNo]) -> R<Vec<AttachmentRow>> { pending() }
    pub fn attachment(&mut self, mailbox: MailboxNo, attachment: AttachmentNo, content: bool) -> R<AttachmentRow> { pending() }
    pub fn create_attachments(&mut self, mailbox: MailboxNo, item: ItemNo, new: &[NewAttachment]) -> R<(Vec<AttachmentNo>, ItemRef)> { pending() }
    pub fn delete_attachments(&mut self, mailbox: MailboxNo, item: ItemNo, attachments: &[AttachmentNo]) -> R<(Vec<AttachmentNo>, ItemRef)> { pending() }
    // sync
    pub fn sync_items(&mut self, mailbox: MailboxNo, state: &ItemState, associated: bool, limit: usize) -> R<ItemPage> { pending() }
    pub fn sync_folders(&mut self, mailbox: MailboxNo, root: FolderNo, base: Option<Seq>) -> R<HierarchyPage> { pending() }
    // directory
    pub fn account_by_login(&mut self, login: &str) -> R<Option<Account>> { pending() }
    pub fn account_by_address(&mut self, address: &str) -> R<Option<Account>> { pending() }
    pub fn account(&mut self, account: i64) -> R<Option<Account>> { pending() }
    pub fn account_by_mailbox(&mut self, mailbox: MailboxNo) -> R<Option<Account>> { pending() }
    pub fn accounts(&mut self) -> R<Vec<Account>> { pending() }
    pub fn addresses(&mut self, account: i64) -> R<Vec<String>> { pending() }
    pub fn create_account(&mut self, new: &NewAccount) -> R<Account> { pending() }
    pub fn set_password(&mut self, account: i64, phc: Option<&str>) -> R<()> { pending() }
    pub fn set_disabled(&mut self, account: i64, disabled: bool) -> R<()> { pending() }
    pub fn set_quota(&mut self, account: i64, octets: Option<i64>) -> R<()> { pending() }
    pub fn set_display_name(&mut self, account: i64, name: &str) -> R<()> { pending() }
    pub fn delete_account(&mut self, account: i64) -> R<()> { pending() }
    pub fn add_address(&mut self, account: i64, address: &str, primary: bool) -> R<()> { pending() }
    pub fn remove_address(&mut self, address: &str) -> R<()> { pending() }
    pub fn mailbox_by_guid(&mut self, guid: Guid) -> R<Option<MailboxNo>> { pending() }
    pub fn mailboxes(&mut self, after: MailboxNo, limit: i64) -> R<Vec<MailboxNo>> { pending() }
    pub fn resolve_names(&mut self, text: &str, limit: i64) -> R<Vec<DirectoryEntry>> { pending() }
    pub fn recipients(&mut self, addresses: &[String]) -> R<Vec<Recipient>> { pending() }
    pub fn domains(&mut self) -> R<Vec<String>> { pending() }
}
