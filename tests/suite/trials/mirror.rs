//! Copies that clients keep: whatever happens between their calls, SyncFolderItems, SyncFolderHierarchy and GetEvents bring
//! each copy to what the server has. The seed of a failure is printed; `EWSD_ROUNDS` asks for more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::process::Command;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{Ews, code};
use crate::support::ops::{
    ALL_EVENTS, Id, Subscription, SyncPage, create_folder, field, folder, folder_id, get_error, hierarchy_request,
    poll, save_simple, shape, subscribe, subscribe_request, sync_all, sync_hierarchy, sync_request, transfer_request,
};
use crate::support::postgres::Postgres;
use crate::support::xml::Node;
use crate::support::{lmtp, message, shared};

crate::tests![mirrors_whatever_happens, mirrors_a_restored_server];

/// What is compared of an item: subject, whether it is read, whether it has attachments, its change key.
pub(super) type Item = [String; 4];
/// What is compared of a folder: parent, name, counts of items, of folders and of unread items, its change key.
type Folder = [String; 6];

fn mirrors_whatever_happens() {
    let rounds: u64 = std::env::var("EWSD_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(12);
    for seed in 1..=rounds {
        let mut world = World::new(seed);
        let (mut items, mut trees, mut events) = (world.item_copies(), world.tree_copies(), world.event_copies());
        for step in 0..120 {
            world.act(step);
            for _ in 0..world.random.below(4) {
                let at = world.random.below(items.len());
                items[at].take(&mut world.ews);
            }
            if world.random.below(3) == 0 {
                let at = world.random.below(trees.len());
                trees[at].take(&mut world.ews);
            }
            if world.random.below(4) == 0 {
                let at = world.random.below(events.len());
                events[at].take(&mut world.ews);
            }
        }
        let tree = tree(&mut world.ews, "root");
        items.iter_mut().for_each(|copy| copy.compare(&mut world.ews, &tree));
        trees.iter_mut().for_each(|copy| copy.compare(&mut world.ews, &tree));
        events.iter_mut().for_each(|copy| copy.compare(&mut world.ews, &tree, &world.dumpster));
    }
}

/// A mailbox with a client's copies of it, some of them long out of date.
struct Kept {
    world: World,
    items: Vec<ItemCopy>,
    trees: Vec<TreeCopy>,
}

impl Kept {
    fn new(server: &Demo, number: usize) -> Kept {
        let ews = Ews::connect(server, &server.accounts[number]);
        let mut world = World::of(ews, server.lmtp(), number as u64 + 1);
        let (mut items, mut trees) = (world.item_copies(), world.tree_copies());
        for step in 0..60 {
            world.act(step);
            let at = world.random.below(items.len());
            items[at].take(&mut world.ews);
            let at = world.random.below(trees.len());
            trees[at].take(&mut world.ews);
        }
        Kept { world, items, trees }
    }

    /// The same mailbox on another server, with the copies as they are.
    fn on(&mut self, server: &Demo, number: usize) {
        self.world.ews = Ews::connect(server, &server.accounts[number]).unrecorded();
        self.world.lmtp = server.lmtp();
    }

    /// Life goes on, and every copy comes to what the server has.
    fn follows(&mut self, steps: std::ops::Range<u64>) {
        for step in steps {
            self.world.act(step);
        }
        let tree = tree(&mut self.world.ews, "root");
        self.items.iter_mut().for_each(|copy| copy.compare(&mut self.world.ews, &tree));
        self.trees.iter_mut().for_each(|copy| copy.compare(&mut self.world.ews, &tree));
    }
}

/// Everything there is in a mailbox, as the server tells it.
fn truth(ews: &mut Ews) -> (BTreeMap<String, Folder>, Vec<BTreeMap<String, Item>>) {
    let tree = tree(ews, "root");
    let items = tree.keys().flat_map(|which| [(which, false), (which, true)]);
    let items = items.map(|(which, associated)| contents(ews, which, associated)).collect();
    (tree, items)
}

/// Runs one of PostgreSQL's programs on a database.
fn postgres(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What a client was told of a change that no backup has.
struct Told {
    item: Id,
    state: String,
    hierarchy: String,
    watermark: String,
}

impl Told {
    fn after(ews: &mut Ews, number: usize) -> Told {
        let item = save_simple(ews, "inbox", &format!("after the backup, {number}"));
        create_folder(ews, "inbox", &format!("after the backup, {number}"));
        let state = sync_all(ews, "inbox");
        let hierarchy = sync_hierarchy(ews, "").state;
        Told { item, state, hierarchy, watermark: subscribe(ews, &["inbox"], &["NewMailEvent"]).watermark }
    }

    /// However much has happened since.
    fn is_refused(&self, ews: &mut Ews) {
        assert_eq!(get_error(ews, &self.item), "ErrorItemNotFound");
        let sync = ews.error(&sync_request("inbox", &self.state, 10, &shape("IdOnly", &[])));
        let hierarchy = ews.error(&hierarchy_request(&self.hierarchy, &shape("IdOnly", &[])));
        assert_eq!([sync, hierarchy], ["ErrorInvalidSyncStateData", "ErrorInvalidSyncStateData"]);
        let request = subscribe_request(&["inbox"], &["NewMailEvent"], 10);
        let at = format!("</t:EventTypes><t:Watermark>{}</t:Watermark>", self.watermark);
        assert_eq!(ews.error(&request.replace("</t:EventTypes>", &at)), "ErrorInvalidWatermark");
    }
}

/// As UPGRADING.md tells it: out of the private PostgreSQL into the empty database of another one, and into a private one that
/// has made its tables.
fn mirrors_a_restored_server() {
    let server = Demo::start(Options::default());
    let mut kept: Vec<Kept> = (0..2).map(|number| Kept::new(&server, number)).collect();
    let truths: Vec<_> = kept.iter_mut().map(|kept| truth(&mut kept.world.ews)).collect();
    assert!(truths.iter().all(|(tree, items)| tree.len() > 20 && items.iter().any(|folder| !folder.is_empty())));
    let dump = server.folder.join("ewsd.dump");
    let private =
        |server: &Demo| format!("host={} user=ewsd dbname=ewsd", server.folder.join("state/pg-run").display());
    let (file, url) = (dump.to_string_lossy().into_owned(), private(&server));
    postgres("pg_dump", &["--format=custom", "--no-owner", "--file", &file, &url]);
    let account = server.accounts[0].clone();
    let mut late = Ews::connect(&server, &account).unrecorded();
    let lost: Vec<Told> = (0..3).map(|number| Told::after(&mut late, number)).collect();
    server.stop().unwrap();

    let other = Postgres::start();
    let restore = ["--no-owner", "--exit-on-error", "--single-transaction", "--dbname"];
    postgres("pg_restore", &[&restore[..], &[&other.url(), &file]].concat());
    let elsewhere = Demo::start(Options::default().set("database.url", other.url()));
    for (number, (kept, before)) in kept.iter_mut().zip(&truths).enumerate() {
        kept.on(&elsewhere, number);
        assert_eq!(truth(&mut kept.world.ews), *before, "every mailbox is as it was");
        kept.follows(60..90);
    }
    let mut late = Ews::connect(&elsewhere, &account).unrecorded();
    lost.iter().for_each(|told| told.is_refused(&mut late));
    elsewhere.stop().unwrap();

    let fresh = Demo::start(Options::default());
    let url = private(&fresh);
    postgres("pg_restore", &[&["--clean", "--if-exists"], &restore[..], &[&url, &file]].concat());
    let fresh = fresh.restart();
    for (account, before) in fresh.accounts.iter().zip(&truths) {
        let mut ews = Ews::connect(&fresh, account).unrecorded();
        assert_eq!(truth(&mut ews), *before, "every mailbox is as it was");
    }
    server.remove();
}

/// A mailbox and what is done to it.
struct World {
    ews: Ews,
    /// Where mail comes in.
    lmtp: SocketAddr,
    random: Random,
    seed: u64,
    /// Folders of the first hour: two of our own, and some that every mailbox has.
    places: Vec<String>,
    dumpster: String,
    first: BTreeSet<String>,
}

impl World {
    fn new(seed: u64) -> World {
        World::of(shared::mailbox(), shared::server().lmtp(), seed)
    }

    fn of(ews: Ews, lmtp: SocketAddr, seed: u64) -> World {
        let mut ews = ews.unrecorded();
        let (a, b) = (create_folder(&mut ews, "inbox", "a"), create_folder(&mut ews, "inbox", "b"));
        let dumpster = folder_id(&mut ews, "recoverableitemsdeletions");
        let (inbox, trash) = (folder_id(&mut ews, "inbox"), folder_id(&mut ews, "deleteditems"));
        let first = tree(&mut ews, "root").into_keys().collect();
        let places = vec![a, b, inbox, trash, dumpster.clone()];
        World { ews, lmtp, random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), seed, places, dumpster, first }
    }

    fn item_copies(&self) -> Vec<ItemCopy> {
        let kinds = [(1, false), (3, true), (7, false)];
        let copies = |place: &String| kinds.map(|(most, associated)| ItemCopy::new(self.seed, place, most, associated));
        self.places.iter().flat_map(copies).collect()
    }

    fn tree_copies(&mut self) -> Vec<TreeCopy> {
        let top = folder_id(&mut self.ews, "msgfolderroot");
        let [a, _, inbox, trash, dumpster] = &self.places[..] else { panic!("five places") };
        let tops = [None, Some(a), Some(inbox), Some(trash), Some(dumpster), Some(&top)];
        tops.into_iter().map(|top| TreeCopy::new(self.seed, top.cloned())).collect()
    }

    fn event_copies(&mut self) -> Vec<EventCopy> {
        let some = vec![self.places[0].clone(), self.places[3].clone()];
        vec![EventCopy::new(self.seed, &mut self.ews, None), EventCopy::new(self.seed, &mut self.ews, Some(some))]
    }

    fn act(&mut self, step: u64) {
        let now = tree(&mut self.ews, "root");
        let own: Vec<String> = now.keys().filter(|id| !self.first.contains(*id)).cloned().collect();
        let all: Vec<String> = self.places.iter().filter(|id| now.contains_key(*id)).chain(&own).cloned().collect();
        let (place, target) = (self.random.of(&all), self.random.of(&all));
        let movable: Vec<String> = own.iter().chain(&self.places[..2]).filter(|id| all.contains(id)).cloned().collect();
        let request = match self.random.below(13) {
            0..=2 => Some(self.create(&place, step)),
            3 => {
                lmtp::deliver(self.lmtp, &self.ews.account.address, &message::plain("mail", "x"));
                None
            }
            4 => Some(match self.random.below(3) {
                0 => create_folders(&place, step),
                1 => create_folders(&target, step).replace("</m:Folders>", &named(&format!("second {step}"))),
                _ => mark_all(&place, step % 2 == 0),
            }),
            5 if movable.len() > 1 => Some(rename(&self.random.of(&movable), step)),
            6 | 7 if !own.is_empty() => {
                let which = [self.random.of(&movable), self.random.of(&movable)];
                Some(transfer_folders("MoveFolder", &which[..1 + self.random.below(2)], &target))
            }
            8 if !own.is_empty() => Some(match self.random.below(3) {
                0 if own.len() < 30 => transfer_folders("CopyFolder", &[self.random.of(&own)], &target),
                1 => empty(&place, self.random.of(DELETIONS), step % 2 == 0),
                _ => remove(&[self.random.of(&own)], self.random.of(DELETIONS)),
            }),
            _ => self.change_items(&place, &target, step),
        };
        if let Some(request) = request {
            for message in &self.ews.call(&request).messages {
                let code = code(message);
                assert!(code == "NoError" || EXPECTED.contains(&code), "seed {}: {code} {request:.400}", self.seed);
            }
        }
    }

    fn create(&mut self, place: &str, step: u64) -> String {
        let one = |random: &mut Random| {
            let associated = if random.below(5) == 0 { "<t:IsAssociated>true</t:IsAssociated>" } else { "" };
            let read = random.below(2) == 0;
            format!("<t:Message><t:Subject>{step}</t:Subject>{associated}<t:IsRead>{read}</t:IsRead></t:Message>")
        };
        let many: String = (0..1 + self.random.below(4)).map(|_| one(&mut self.random)).collect();
        crate::support::ops::save_request(place, &many)
    }

    /// Something done to a few items of a folder.
    fn change_items(&mut self, place: &str, target: &str, step: u64) -> Option<String> {
        let mut items: Vec<String> = contents(&mut self.ews, place, false).into_keys().collect();
        while items.len() > 4 {
            items.remove(self.random.below(items.len()));
        }
        items.truncate(1 + self.random.below(4));
        let ids: Vec<Id> = items.into_iter().map(|id| Id { id, key: String::new() }).collect();
        let first = ids.first()?.bare();
        let mut refs: Vec<&Id> = ids.iter().collect();
        Some(match self.random.below(7) {
            0 => crate::support::ops::delete_request(self.random.of(DELETIONS), &refs),
            1 | 2 => transfer_request("MoveItem", &refs, target),
            3 => {
                // The same one twice.
                refs.push(&ids[0]);
                transfer_request("CopyItem", &refs, target)
            }
            4 => update_all(&ids, "item:Subject", &format!("<t:Subject>changed {step}</t:Subject>")),
            5 => update_all(&ids, "message:IsRead", &format!("<t:IsRead>{}</t:IsRead>", self.random.below(2) == 0)),
            _ => format!(
                "<m:CreateAttachment>{}<m:Attachments><t:FileAttachment><t:Name>x</t:Name><t:Content>eA==</t:Content>\
                 </t:FileAttachment></m:Attachments></m:CreateAttachment>",
                first.replace("t:ItemId", "m:ParentItemId")
            ),
        })
    }
}

const DELETIONS: &[&str] = &["HardDelete", "SoftDelete", "MoveToDeletedItems"];

/// What some of the actions come to when an earlier one went before.
const EXPECTED: &[&str] = &[
    "ErrorItemNotFound",
    "ErrorFolderNotFound",
    "ErrorFolderExists",
    "ErrorMoveCopyFailed",
    "ErrorToFolderNotFound",
    "ErrorParentFolderNotFound",
    "ErrorDeleteDistinguishedFolder",
    "ErrorMoveDistinguishedFolder",
];

fn named(name: &str) -> String {
    format!("<t:Folder><t:DisplayName>{name}</t:DisplayName></t:Folder></m:Folders>")
}

fn create_folders(parent: &str, step: u64) -> String {
    let parent = folder(parent);
    let folders = named(&format!("made {step}"));
    format!("<m:CreateFolder><m:ParentFolderId>{parent}</m:ParentFolderId><m:Folders>{folders}</m:CreateFolder>")
}

fn rename(which: &str, step: u64) -> String {
    format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{}<t:Updates><t:SetFolderField>{}<t:Folder><t:DisplayName>renamed \
         {step}</t:DisplayName></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>",
        folder(which),
        field("folder:DisplayName")
    )
}

fn folders(which: &[String]) -> String {
    which.iter().map(|id| folder(id)).collect()
}

fn transfer_folders(operation: &str, which: &[String], to: &str) -> String {
    format!(
        "<m:{operation}><m:ToFolderId>{}</m:ToFolderId><m:FolderIds>{}</m:FolderIds></m:{operation}>",
        folder(to),
        folders(which)
    )
}

fn remove(which: &[String], how: &str) -> String {
    let ids = folders(which);
    format!("<m:DeleteFolder DeleteType=\"{how}\"><m:FolderIds>{ids}</m:FolderIds></m:DeleteFolder>")
}

fn empty(which: &str, how: &str, deep: bool) -> String {
    let id = folder(which);
    format!(
        "<m:EmptyFolder DeleteType=\"{how}\" DeleteSubFolders=\"{deep}\"><m:FolderIds>{id}</m:FolderIds></m:EmptyFolder>"
    )
}

fn mark_all(which: &str, read: bool) -> String {
    format!(
        "<m:MarkAllItemsAsRead><m:ReadFlag>{read}</m:ReadFlag><m:SuppressReadReceipts>true</m:SuppressReadReceipts>\
         <m:FolderIds>{}</m:FolderIds></m:MarkAllItemsAsRead>",
        folder(which)
    )
}

fn update_all(ids: &[Id], uri: &str, property: &str) -> String {
    let one = |id: &Id| {
        let set = crate::support::ops::set(uri, property);
        format!("<t:ItemChange>{}<t:Updates>{set}</t:Updates></t:ItemChange>", id.bare())
    };
    let changes: String = ids.iter().map(one).collect();
    format!(
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"AlwaysOverwrite\"><m:ItemChanges>{changes}\
         </m:ItemChanges></m:UpdateItem>"
    )
}

// ---- what the server has

const ITEM: &[&str] = &["item:Subject", "message:IsRead", "item:HasAttachments"];
const FOLDER: &[&str] = &["folder:ParentFolderId", "folder:TotalCount", "folder:UnreadCount"];

fn text(node: &Node, name: &str) -> String {
    node.text(name).unwrap_or_default().to_owned()
}

fn item_of(node: &Node) -> (String, Item) {
    let id = Id::of(node);
    (id.id, [text(node, "t:Subject"), text(node, "t:IsRead"), text(node, "t:HasAttachments"), id.key])
}

fn folder_of(node: &Node) -> (String, Folder) {
    let of = |path: &str, name: &str| node.want(path).attribute(name).unwrap_or_default().to_owned();
    let [name, total, below, unread] =
        ["t:DisplayName", "t:TotalCount", "t:ChildFolderCount", "t:UnreadCount"].map(|member| text(node, member));
    let (parent, key) = (of("t:ParentFolderId", "Id"), of("t:FolderId", "ChangeKey"));
    (of("t:FolderId", "Id"), [parent, name, total, below, unread, key])
}

pub(super) fn contents(ews: &mut Ews, which: &str, associated: bool) -> BTreeMap<String, Item> {
    let traversals = if associated { &["Shallow", "Associated"][..] } else { &["Shallow"] };
    let mut found = BTreeMap::new();
    for traversal in traversals {
        let mut offset = 0;
        loop {
            let view = format!(r#"<m:IndexedPageItemView Offset="{offset}" BasePoint="Beginning"/>"#);
            let request = crate::support::ops::find_request(which, &shape("IdOnly", ITEM), &view);
            let message = ews.one(&request.replace("Shallow", traversal));
            let root = message.want("m:RootFolder");
            let rows = root.all("t:Items/*");
            offset += rows.len();
            found.extend(rows.iter().map(|row| item_of(row)));
            if rows.is_empty() || root.attribute("IncludesLastItemInRange") == Some("true") {
                break;
            }
        }
    }
    found
}

fn tree(ews: &mut Ews, top: &str) -> BTreeMap<String, Folder> {
    let request = format!(
        "<m:FindFolder Traversal=\"Deep\"><m:FolderShape>{}</m:FolderShape><m:ParentFolderIds>{}</m:ParentFolderIds></m:FindFolder>",
        shape("Default", FOLDER),
        folder(top)
    );
    ews.one(&request).all("m:RootFolder/t:Folders/*").into_iter().map(folder_of).collect()
}

pub(super) fn differences<V: PartialEq + std::fmt::Debug>(
    copy: &BTreeMap<String, V>,
    truth: &BTreeMap<String, V>,
) -> Vec<String> {
    let ids: BTreeSet<&String> = copy.keys().chain(truth.keys()).collect();
    let differs = |id: &&&String| copy.get(**id) != truth.get(**id);
    ids.iter().filter(differs).map(|id| format!("copy {:?}, server {:?}", copy.get(*id), truth.get(*id))).collect()
}

// ---- the copies

/// A folder's items by SyncFolderItems.
pub(super) struct ItemCopy {
    seed: u64,
    which: String,
    most: usize,
    associated: bool,
    state: String,
    pub(super) items: BTreeMap<String, Item>,
}

impl ItemCopy {
    pub(super) fn new(seed: u64, which: &str, most: usize, associated: bool) -> ItemCopy {
        let (which, state) = (which.to_owned(), String::new());
        ItemCopy { seed, which, most, associated, state, items: BTreeMap::new() }
    }

    /// What asks for its next page.
    pub(super) fn request(&self) -> String {
        let scope = if self.associated { "<m:SyncScope>NormalAndAssociatedItems</m:SyncScope>" } else { "" };
        crate::support::ops::sync_request(&self.which, &self.state, self.most, &shape("IdOnly", ITEM))
            .replace("</m:SyncFolderItems>", &format!("{scope}</m:SyncFolderItems>"))
    }

    /// Takes one page; whether it was the last and brought nothing.
    fn take(&mut self, ews: &mut Ews) -> bool {
        let answer = ews.call(&self.request());
        if answer.codes() == ["ErrorSyncFolderNotFound"] {
            return true;
        }
        assert_eq!(answer.codes(), ["NoError"]);
        self.apply(&answer.messages[0])
    }

    /// Does as a page says; whether it was the last and brought nothing.
    pub(super) fn apply(&mut self, message: &Node) -> bool {
        let page = SyncPage::of(message);
        assert!(page.changes.len() <= self.most);
        for (kind, change) in &page.changes {
            let id = change.find("t:ItemId").expect("an ItemId");
            let (id, key) = (id.attribute("Id").unwrap(), id.attribute("ChangeKey"));
            let known = self.items.get_mut(id);
            match (kind.as_str(), known) {
                // What came and went while a client pages is deleted though it was never told.
                ("Delete", _) => drop(self.items.remove(id)),
                ("ReadFlagChange", Some(item)) => {
                    (item[1], item[3]) = (text(change, "t:IsRead"), key.unwrap_or_default().to_owned());
                }
                ("Create", None) | ("Update", Some(_)) => {
                    let (id, item) = item_of(change.want("*"));
                    self.items.insert(id, item);
                }
                (kind, known) => panic!("seed {}: {kind} of {known:?}, {} a page", self.seed, self.most),
            }
        }
        self.state = page.state;
        page.last && page.changes.is_empty()
    }

    fn compare(&mut self, ews: &mut Ews, tree: &BTreeMap<String, Folder>) {
        if tree.contains_key(&self.which) {
            // What happened while a client paged may come with its next sync only.
            while !self.take(ews) {}
            let wrong = differences(&self.items, &contents(ews, &self.which, self.associated));
            assert!(wrong.is_empty(), "seed {}, {} a page: {wrong:#?}", self.seed, self.most);
        }
    }
}

/// A tree of folders by SyncFolderHierarchy. Nothing is created twice, changed or deleted that was not told of.
struct TreeCopy {
    seed: u64,
    top: Option<String>,
    state: String,
    folders: BTreeMap<String, Folder>,
}

impl TreeCopy {
    fn new(seed: u64, top: Option<String>) -> TreeCopy {
        TreeCopy { seed, top, state: String::new(), folders: BTreeMap::new() }
    }

    fn take(&mut self, ews: &mut Ews) {
        let top = self.top.as_ref().map(|top| format!("<m:SyncFolderId>{}</m:SyncFolderId>", folder(top)));
        let request = crate::support::ops::hierarchy_request(&self.state, &shape("Default", FOLDER))
            .replace("</m:FolderShape>", &format!("</m:FolderShape>{}", top.unwrap_or_default()));
        let answer = ews.call(&request);
        if answer.codes() == ["ErrorSyncFolderNotFound"] {
            return self.folders.clear();
        }
        assert_eq!(answer.codes(), ["NoError"]);
        let page = SyncPage::of(&answer.messages[0]);
        let mut told = BTreeSet::new();
        for (kind, change) in &page.changes {
            let id = change.find("t:FolderId").and_then(|id| id.attribute("Id")).expect("an id").to_owned();
            let known = self.folders.contains_key(&id);
            assert_eq!(known, kind != "Create", "seed {}: {kind} below {:?}: {change:?}", self.seed, self.top);
            assert!(told.insert(id.clone()), "seed {}: twice: {change:?}", self.seed);
            if kind == "Delete" {
                self.folders.remove(&id);
                continue;
            }
            let (id, now) = folder_of(change.want("*"));
            if let Some(top) = self.top.as_ref().filter(|top| now[0] != **top) {
                assert!(self.folders.contains_key(&now[0]), "seed {}: below {top} before its parent", self.seed);
            }
            self.folders.insert(id, now);
        }
        self.state = page.state;
    }

    fn compare(&mut self, ews: &mut Ews, now: &BTreeMap<String, Folder>) {
        self.take(ews);
        let truth = match &self.top {
            Some(top) if now.contains_key(top) => tree(ews, top),
            Some(_) => BTreeMap::new(),
            None => now.clone(),
        };
        let wrong = differences(&self.folders, &truth);
        assert!(wrong.is_empty(), "seed {}, below {:?}: {wrong:#?}", self.seed, self.top);
    }
}

/// Where items and folders are, by GetEvents alone.
struct EventCopy {
    seed: u64,
    /// None: everything.
    watched: Option<Vec<String>>,
    subscription: Subscription,
    /// Each thing's folder.
    items: BTreeMap<String, String>,
    folders: BTreeMap<String, String>,
    unread: BTreeMap<String, String>,
}

impl EventCopy {
    fn new(seed: u64, ews: &mut Ews, watched: Option<Vec<String>>) -> EventCopy {
        let names: Vec<&str> = watched.iter().flatten().map(String::as_str).collect();
        let subscription = subscribe(ews, &names, ALL_EVENTS);
        let mut copy = EventCopy {
            seed,
            watched,
            subscription,
            items: BTreeMap::new(),
            folders: BTreeMap::new(),
            unread: BTreeMap::new(),
        };
        let now = tree(ews, "root");
        (copy.items, copy.folders) = copy.truth(ews, &now, "");
        copy
    }

    fn watches(&self, which: &str) -> bool {
        self.watched.as_ref().is_none_or(|watched| watched.iter().any(|one| one == which))
    }

    /// What the copy should be. Whoever watches everything is told that soft-deleted items are gone.
    fn truth(
        &self,
        ews: &mut Ews,
        now: &BTreeMap<String, Folder>,
        dumpster: &str,
    ) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        let seen = |id: &str| self.watches(id) && (self.watched.is_some() || id != dumpster);
        let mut items = BTreeMap::new();
        for which in now.keys().filter(|id| seen(id)) {
            items.extend(contents(ews, which, true).into_keys().map(|item| (item, which.clone())));
        }
        let folders = now.iter().filter(|(id, folder)| self.watches(id) || self.watches(&folder[0]));
        (items, folders.map(|(id, folder)| (id.clone(), folder[0].clone())).collect())
    }

    /// Takes one answer; whether it brought nothing.
    fn take(&mut self, ews: &mut Ews) -> bool {
        let events = poll(ews, &mut self.subscription);
        assert!(events.events.len() <= 50);
        for (kind, event) in events.events.iter().filter(|(kind, _)| kind != "StatusEvent") {
            let kind = kind.trim_end_matches("Event");
            let id = |name: &str| event.get(name).and_then(|id| id.attribute("Id")).map(str::to_owned);
            let parent = id("t:ParentFolderId").expect("a parent");
            match (id("t:ItemId"), id("t:FolderId")) {
                (Some(item), _) => self.item(kind, item, id("t:OldItemId"), parent),
                (_, Some(which)) => {
                    assert_ne!(which, parent, "seed {}: below itself: {event:?}", self.seed);
                    self.folder(kind, which, parent, event.text("t:UnreadCount"));
                }
                _ => panic!("of nothing: {event:?}"),
            }
        }
        events.events.iter().all(|(kind, _)| kind == "StatusEvent") && !events.more
    }

    fn item(&mut self, kind: &str, item: String, old: Option<String>, parent: String) {
        let known = self.items.contains_key(&item);
        let (seed, watched) = (self.seed, self.watches(&parent));
        match kind {
            "Created" | "Copied" => assert!(!known, "seed {seed}: {kind} though known"),
            "Deleted" | "Modified" | "NewMail" => assert!(known, "seed {seed}: {kind} though unknown"),
            "Moved" => drop(self.items.remove(&old.expect("an OldItemId"))),
            other => panic!("seed {seed}: {other} of an item"),
        }
        match kind {
            "Deleted" => drop(self.items.remove(&item)),
            _ if watched => drop(self.items.insert(item, parent)),
            _ => {}
        }
    }

    fn folder(&mut self, kind: &str, which: String, parent: String, unread: Option<&str>) {
        let seen = self.watches(&which) || self.watches(&parent);
        match kind {
            "Created" | "Copied" | "Moved" if seen => drop(self.folders.insert(which, parent)),
            "Moved" => drop(self.folders.remove(&which)),
            "Deleted" => assert!(self.folders.remove(&which).is_some(), "seed {}: deleted though unknown", self.seed),
            "Modified" => drop(unread.map(|unread| self.unread.insert(which, unread.to_owned()))),
            other => panic!("seed {}: {other} of a folder", self.seed),
        }
    }

    fn compare(&mut self, ews: &mut Ews, now: &BTreeMap<String, Folder>, dumpster: &str) {
        while !self.take(ews) {}
        let (items, folders) = self.truth(ews, now, dumpster);
        let wrong = [differences(&self.items, &items), differences(&self.folders, &folders)].concat();
        assert!(wrong.is_empty(), "seed {}, watching {:?}: {wrong:#?}", self.seed, self.watched);
        for (which, unread) in &self.unread {
            let truth = now.get(which).filter(|folder| !folder[4].is_empty());
            assert!(truth.is_none_or(|folder| folder[4] == *unread), "seed {}: {unread} unread, {truth:?}", self.seed);
        }
    }
}

/// A small generator of repeatable numbers (xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    pub(super) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}
