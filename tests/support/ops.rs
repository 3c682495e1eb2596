//! The operations that tests need on their way: short calls that must succeed, and what they answer as values.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ews::Ews;
use super::xml::{Node, escape};

/// An item's identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Id {
    pub id: String,
    pub key: String,
}

impl Id {
    /// From an element that holds `t:ItemId` (an item), or from the id element itself.
    pub fn of(element: &Node) -> Id {
        let element = element.get("t:ItemId").unwrap_or(element);
        let field =
            |name: &str| element.attribute(name).unwrap_or_else(|| panic!("no {name} in {element:#?}")).to_owned();
        Id { id: field("Id"), key: field("ChangeKey") }
    }

    pub fn xml(&self) -> String {
        format!(r#"<t:ItemId Id="{}" ChangeKey="{}"/>"#, self.id, self.key)
    }

    /// Without the change key.
    pub fn bare(&self) -> String {
        format!(r#"<t:ItemId Id="{}"/>"#, self.id)
    }
}

/// A folder as a request names it: a distinguished name, or an id when it is longer than any name.
pub fn folder(name_or_id: &str) -> String {
    if name_or_id.len() > 60 {
        format!(r#"<t:FolderId Id="{name_or_id}"/>"#)
    } else {
        format!(r#"<t:DistinguishedFolderId Id="{name_or_id}"/>"#)
    }
}

/// A FieldURI element.
pub fn field(uri: &str) -> String {
    format!(r#"<t:FieldURI FieldURI="{uri}"/>"#)
}

/// The properties of a shape: base and additional FieldURIs.
pub fn shape(base: &str, more: &[&str]) -> String {
    let mut out = format!("<t:BaseShape>{base}</t:BaseShape>");
    if !more.is_empty() {
        let paths: String = more.iter().map(|uri| field(uri)).collect();
        out.push_str(&format!("<t:AdditionalProperties>{paths}</t:AdditionalProperties>"));
    }
    out
}

pub fn create_folder(ews: &mut Ews, parent: &str, name: &str) -> String {
    let message = ews.one(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>{}</t:DisplayName>\
         </t:Folder></m:Folders></m:CreateFolder>",
        folder(parent),
        escape(name)
    ));
    message.want("m:Folders/t:Folder/t:FolderId").attribute("Id").expect("an Id").to_owned()
}

/// The folder element of GetFolder.
pub fn get_folder(ews: &mut Ews, which: &str, base: &str, more: &[&str]) -> Node {
    let message = ews.one(&format!(
        "<m:GetFolder><m:FolderShape>{}</m:FolderShape><m:FolderIds>{}</m:FolderIds></m:GetFolder>",
        shape(base, more),
        folder(which)
    ));
    message.want("m:Folders/*").clone()
}

/// The id behind a distinguished name.
pub fn folder_id(ews: &mut Ews, which: &str) -> String {
    let found = get_folder(ews, which, "IdOnly", &[]);
    found.want("t:FolderId").attribute("Id").expect("an Id").to_owned()
}

/// Saves one item, given as its element.
pub fn save(ews: &mut Ews, into: &str, item: &str) -> Id {
    Id::of(ews.one(&save_request(into, item)).want("m:Items/*"))
}

/// The request that saves items.
pub fn save_request(into: &str, items: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId>{}</m:SavedItemFolderId>\
         <m:Items>{items}</m:Items></m:CreateItem>",
        folder(into)
    )
}

/// A message of a subject and a text.
pub fn simple(subject: &str, text: &str) -> String {
    format!(
        r#"<t:Message><t:Subject>{}</t:Subject><t:Body BodyType="Text">{}</t:Body></t:Message>"#,
        escape(subject),
        escape(text)
    )
}

pub fn save_simple(ews: &mut Ews, into: &str, subject: &str) -> Id {
    save(ews, into, &simple(subject, "words"))
}

/// Saves a message from its MIME text.
pub fn save_mime(ews: &mut Ews, into: &str, mime: &[u8]) -> Id {
    let content = STANDARD.encode(mime);
    save(ews, into, &format!(r#"<t:Message><t:MimeContent CharacterSet="UTF-8">{content}</t:MimeContent></t:Message>"#))
}

/// The request for items in a shape.
pub fn get_request(shape: &str, ids: &[&Id]) -> String {
    let ids: String = ids.iter().map(|i| i.bare()).collect();
    format!("<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{ids}</m:ItemIds></m:GetItem>")
}

/// An item's element in a shape.
pub fn get(ews: &mut Ews, id: &Id, shape: &str) -> Node {
    ews.one(&get_request(shape, &[id])).want("m:Items/*").clone()
}

/// An item with the given FieldURIs.
pub fn get_fields(ews: &mut Ews, id: &Id, uris: &[&str]) -> Node {
    get(ews, id, &shape("IdOnly", uris))
}

/// The error of GetItem for an id.
pub fn get_error(ews: &mut Ews, id: &Id) -> String {
    ews.error(&get_request(&shape("IdOnly", &[]), &[id]))
}

/// The RootFolder of FindItem, with whatever view, restriction and order is given as XML.
pub fn find(ews: &mut Ews, which: &str, shape: &str, view: &str) -> Node {
    let message = ews.one(&find_request(which, shape, view));
    message.want("m:RootFolder").clone()
}

pub fn find_request(which: &str, shape: &str, view: &str) -> String {
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape>{shape}</m:ItemShape>{view}<m:ParentFolderIds>{}\
         </m:ParentFolderIds></m:FindItem>",
        folder(which)
    )
}

/// The ids of all items in a folder (up to 1,000), in the server's order.
pub fn list(ews: &mut Ews, which: &str) -> Vec<Id> {
    let root = find(ews, which, &shape("IdOnly", &[]), "");
    assert_eq!(root.attribute("IncludesLastItemInRange"), Some("true"));
    root.all("t:Items/*").into_iter().map(Id::of).collect()
}

/// The subjects of all items in a folder (up to 1,000), sorted.
pub fn subjects(ews: &mut Ews, which: &str) -> Vec<String> {
    let root = find(ews, which, &shape("IdOnly", &["item:Subject"]), "");
    let mut found: Vec<String> =
        root.all("t:Items/*").iter().map(|i| i.text("t:Subject").unwrap_or_default().to_owned()).collect();
    found.sort();
    found
}

/// The request that changes one message: `updates` are SetItemField, AppendToItemField and DeleteItemField elements.
pub fn update_request(id: &str, resolution: &str, updates: &str) -> String {
    format!(
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"{resolution}\"><m:ItemChanges><t:ItemChange>\
         {id}<t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
}

/// A SetItemField of a message's property.
pub fn set(uri: &str, property: &str) -> String {
    format!("<t:SetItemField>{}<t:Message>{property}</t:Message></t:SetItemField>", field(uri))
}

/// Sets a message's property; the new identity.
pub fn set_field(ews: &mut Ews, id: &Id, uri: &str, property: &str) -> Id {
    let request = update_request(&id.xml(), "AlwaysOverwrite", &set(uri, property));
    Id::of(ews.one(&request).want("m:Items/*"))
}

pub fn set_read(ews: &mut Ews, id: &Id, read: bool) -> Id {
    set_field(ews, id, "message:IsRead", &format!("<t:IsRead>{read}</t:IsRead>"))
}

pub fn delete_request(kind: &str, ids: &[&Id]) -> String {
    let ids: String = ids.iter().map(|i| i.bare()).collect();
    format!(r#"<m:DeleteItem DeleteType="{kind}"><m:ItemIds>{ids}</m:ItemIds></m:DeleteItem>"#)
}

pub fn delete(ews: &mut Ews, kind: &str, id: &Id) {
    ews.one(&delete_request(kind, &[id]));
}

/// MoveItem or CopyItem of one item; the new identity.
pub fn transfer(ews: &mut Ews, operation: &str, id: &Id, to: &str) -> Id {
    let message = ews.one(&transfer_request(operation, &[id], to));
    Id::of(message.want("m:Items/*"))
}

pub fn transfer_request(operation: &str, ids: &[&Id], to: &str) -> String {
    let ids: String = ids.iter().map(|i| i.bare()).collect();
    format!("<m:{operation}><m:ToFolderId>{}</m:ToFolderId><m:ItemIds>{ids}</m:ItemIds></m:{operation}>", folder(to))
}

/// One page of SyncFolderItems.
#[derive(Debug)]
pub struct SyncPage {
    pub state: String,
    pub last: bool,
    /// Each change: its name without prefix (`Create`) and its element.
    pub changes: Vec<(String, Node)>,
}

impl SyncPage {
    pub fn of(message: &Node) -> SyncPage {
        let last = message.text("m:IncludesLastItemInRange").or(message.text("m:IncludesLastFolderInRange"));
        SyncPage {
            state: message.want("m:SyncState").text.clone(),
            last: last == Some("true"),
            changes: message
                .all("m:Changes/*")
                .into_iter()
                .map(|c| (c.name.trim_start_matches("t:").to_owned(), c.clone()))
                .collect(),
        }
    }

    /// The kinds of the changes, in order.
    pub fn kinds(&self) -> Vec<&str> {
        self.changes.iter().map(|(kind, _)| kind.as_str()).collect()
    }
}

pub fn sync_request(which: &str, state: &str, most: usize, shape: &str) -> String {
    let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
    format!(
        "<m:SyncFolderItems><m:ItemShape>{shape}</m:ItemShape><m:SyncFolderId>{}</m:SyncFolderId>{state}\
         <m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>",
        folder(which)
    )
}

pub fn sync(ews: &mut Ews, which: &str, state: &str, most: usize) -> SyncPage {
    SyncPage::of(&ews.one(&sync_request(which, state, most, &shape("IdOnly", &[]))))
}

/// Syncs to the end; the state there.
pub fn sync_all(ews: &mut Ews, which: &str) -> String {
    let mut page = sync(ews, which, "", 512);
    while !page.last {
        page = sync(ews, which, &page.state, 512);
    }
    page.state
}

pub fn hierarchy_request(state: &str, shape: &str) -> String {
    let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
    format!("<m:SyncFolderHierarchy><m:FolderShape>{shape}</m:FolderShape>{state}</m:SyncFolderHierarchy>")
}

pub fn sync_hierarchy(ews: &mut Ews, state: &str) -> SyncPage {
    SyncPage::of(&ews.one(&hierarchy_request(state, &shape("Default", &["folder:ParentFolderId"]))))
}

pub const ALL_EVENTS: &[&str] =
    &["CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "NewMailEvent"];

/// A pull subscription: its id and the watermark to ask with next.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub id: String,
    pub watermark: String,
}

/// Subscribes to folders, or to all of the mailbox when none is named.
pub fn subscribe(ews: &mut Ews, folders: &[&str], events: &[&str]) -> Subscription {
    let message = ews.one(&subscribe_request(folders, events, 10));
    Subscription {
        id: message.want("m:SubscriptionId").text.clone(),
        watermark: message.want("m:Watermark").text.clone(),
    }
}

pub fn subscribe_request(folders: &[&str], events: &[&str], minutes: u32) -> String {
    let (all, ids) = if folders.is_empty() {
        (r#" SubscribeToAllFolders="true""#, String::new())
    } else {
        let ids: String = folders.iter().map(|f| folder(f)).collect();
        ("", format!("<t:FolderIds>{ids}</t:FolderIds>"))
    };
    let events: String = events.iter().map(|e| format!("<t:EventType>{e}</t:EventType>")).collect();
    format!(
        "<m:Subscribe><m:PullSubscriptionRequest{all}>{ids}<t:EventTypes>{events}</t:EventTypes><t:Timeout>{minutes}\
         </t:Timeout></m:PullSubscriptionRequest></m:Subscribe>"
    )
}

/// One answer of GetEvents.
#[derive(Debug)]
pub struct Events {
    pub previous: String,
    pub more: bool,
    /// Each event: its name without prefix and its element.
    pub events: Vec<(String, Node)>,
}

impl Events {
    pub fn of(message: &Node) -> Events {
        let notification = message.want("m:Notification");
        Events {
            previous: notification.text("t:PreviousWatermark").unwrap_or_default().to_owned(),
            more: notification.text("t:MoreEvents") == Some("true"),
            events: notification
                .children
                .iter()
                .filter(|c| c.name.ends_with("Event"))
                .map(|c| (c.name.trim_start_matches("t:").to_owned(), c.clone()))
                .collect(),
        }
    }

    /// The watermark of the last event.
    pub fn watermark(&self) -> String {
        self.events.last().expect("at least a StatusEvent").1.want("t:Watermark").text.clone()
    }

    /// The kinds, each marked `folder` where it tells of a folder: `Modified folder`, `NewMail`.
    pub fn kinds(&self) -> Vec<String> {
        self.events
            .iter()
            .map(|(kind, event)| {
                let kind = kind.trim_end_matches("Event");
                if event.get("t:FolderId").is_some() { format!("{kind} folder") } else { kind.to_owned() }
            })
            .collect()
    }
}

pub fn events_request(subscription: &Subscription) -> String {
    format!(
        "<m:GetEvents><m:SubscriptionId>{}</m:SubscriptionId><m:Watermark>{}</m:Watermark></m:GetEvents>",
        subscription.id, subscription.watermark
    )
}

/// GetEvents that never waits; moves the subscription's watermark on.
pub fn poll(ews: &mut Ews, subscription: &mut Subscription) -> Events {
    let answer = ews.call_with(&events_request(subscription), &["Prefer: wait=0"]);
    let events = events_of(&answer);
    subscription.watermark = events.watermark();
    events
}

/// The events of an answer, which must be a success.
pub fn events_of(answer: &super::ews::Answer) -> Events {
    assert_eq!(answer.codes(), ["NoError"], "{:#?}", answer.envelope);
    Events::of(&answer.messages[0])
}

/// Polls until only a StatusEvent comes; every other event on the way.
pub fn drain(ews: &mut Ews, subscription: &mut Subscription) -> Vec<(String, Node)> {
    let mut all = Vec::new();
    loop {
        let events = poll(ews, subscription);
        if events.events.iter().all(|(kind, _)| kind == "StatusEvent") {
            return all;
        }
        all.extend(events.events);
    }
}
