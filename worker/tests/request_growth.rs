//! What a request costs a worker grows as the request does, whatever it repeats: reading it, doing it, writing the answer; and what
//! it costs the database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../tests/growth/mod.rs"]
mod growth;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use ewsd_ews::soap::{Form, parse_envelope};
use ewsd_mailbox::convert::{self, Confined, InProcess};
use ewsd_mailbox::session::Session;
use ewsd_model::Version;
use ewsd_settings::Settings;
use ewsd_store::testing::{Database, Effort, database};
use ewsd_store::{Account, NewAccount, Store};
use ewsd_worker::op::{self, Cx};

#[global_allocator]
static COUNTING: growth::Counting = growth::Counting;

struct World {
    // Dropped last: the database goes with it.
    store: Store,
    settings: Settings,
    alice: Rc<Account>,
    effort: Effort,
    _database: Database,
}

impl World {
    fn new() -> World {
        convert::by(InProcess(Confined::claim()));
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let addresses = vec!["alice@example.test".to_owned()];
        let new = NewAccount { login: "alice".into(), addresses, language: "en".into(), ..NewAccount::default() };
        let alice = Rc::new(store.create_account(&new).unwrap());
        let mut settings = Settings::default();
        // The work is measured, not where it is refused.
        settings.limits.items_per_request = 100_000;
        settings.limits.changes_per_object = 100_000;
        World { store, settings, alice, effort: Effort::default(), _database: database }
    }

    /// What the database has done for it so far: rows, processor time.
    fn others(&mut self) -> (u64, Duration) {
        self.effort.so_far(&mut self.store)
    }

    /// Octets of the answer; of a fault none.
    fn call(&mut self, document: &str) -> usize {
        let Ok(envelope) = parse_envelope(document.as_bytes()) else { return 0 };
        let session = Session::new(&mut self.store, &self.settings, self.alice.clone(), None);
        let mut cx = Cx::new(session, Version::LATEST, &envelope.headers);
        op::run(&mut cx, envelope.request).map_or(0, |reply| reply.to_bytes(Form::default()).len())
    }

    fn answer(&mut self, body: &str) -> String {
        let document = format!("{START}{body}{END}");
        let envelope = parse_envelope(document.as_bytes()).unwrap();
        let session = Session::new(&mut self.store, &self.settings, self.alice.clone(), None);
        let mut cx = Cx::new(session, Version::LATEST, &envelope.headers);
        String::from_utf8(op::run(&mut cx, envelope.request).unwrap().to_bytes(Form::default())).unwrap()
    }
}

const START: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
    xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" \
    xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Body>";
const END: &str = "</s:Body></s:Envelope>";

const IDS: &str = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>";
const INBOX: &str = "<m:ParentFolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:ParentFolderIds>";

/// Beginning, what is repeated, end. `@ID` stands for the id element of a message.
fn units() -> Vec<(String, String, String)> {
    let unit = |before: &str, unit: &str, after: &str| (before.to_owned(), unit.to_owned(), after.to_owned());
    let find = |inside: &str, after: &str| {
        let before = format!("<m:FindItem Traversal=\"Shallow\">{IDS}{inside}");
        (before, format!("{after}{INBOX}</m:FindItem>"))
    };
    let create = |inside: &str, repeated: &str, after: &str| {
        let before = format!("<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items>{inside}");
        (before, repeated.to_owned(), format!("{after}</m:Items></m:CreateItem>"))
    };
    let update = |repeated: &str| {
        let before = "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"AlwaysOverwrite\"><m:ItemChanges>\
             <t:ItemChange>@ID<t:Updates>";
        unit(before, repeated, "</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>")
    };
    let shape = |repeated: &str| {
        let before = "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>";
        unit(before, repeated, "</t:AdditionalProperties></m:ItemShape><m:ItemIds>@ID</m:ItemIds></m:GetItem>")
    };
    let contains = "<t:Contains ContainmentMode=\"PrefixOnWords\" ContainmentComparison=\"IgnoreCase\">\
        <t:FieldURI FieldURI=\"item:Subject\"/><t:Constant Value=\"ab\"/></t:Contains>";
    let tag = "<t:ExtendedFieldURI PropertyTag=\"0x6001\" PropertyType=\"String\"/>";
    let (restricted, restricted_end) = find("<m:Restriction><t:Or>", "</t:Or></m:Restriction>");
    let (nested, nested_end) = find("<m:Restriction>", "</m:Restriction>");
    let (worded, worded_end) = find(
        "<m:Restriction><t:Contains ContainmentMode=\"ExactPhrase\" ContainmentComparison=\"IgnoreCase\">\
         <t:FieldURI FieldURI=\"item:Subject\"/><t:Constant Value=\"",
        "\"/></t:Contains></m:Restriction>",
    );
    let sort = (
        format!("<m:FindItem Traversal=\"Shallow\">{IDS}<m:SortOrder>"),
        format!("</m:SortOrder>{INBOX}</m:FindItem>"),
    );
    let query = (
        format!("<m:FindItem Traversal=\"Shallow\">{IDS}{INBOX}<m:QueryString>"),
        "</m:QueryString></m:FindItem>".to_owned(),
    );
    vec![
        // Ids.
        unit(&format!("<m:GetItem>{IDS}<m:ItemIds>"), "@ID", "</m:ItemIds></m:GetItem>"),
        unit(&format!("<m:GetItem>{IDS}<m:ItemIds>"), "<t:ItemId Id=\"AAMk\"/>", "</m:ItemIds></m:GetItem>"),
        unit(
            "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>",
            "<t:DistinguishedFolderId Id=\"inbox\"/>",
            "</m:FolderIds></m:GetFolder>",
        ),
        unit(
            &format!("<m:FindItem Traversal=\"Shallow\">{IDS}<m:ParentFolderIds>"),
            "<t:DistinguishedFolderId Id=\"inbox\"/>",
            "</m:ParentFolderIds></m:FindItem>",
        ),
        unit(
            "<m:GetAttachment><m:AttachmentIds>",
            "<t:AttachmentId Id=\"AAMk\"/>",
            "</m:AttachmentIds></m:GetAttachment>",
        ),
        unit(
            &format!(
                "<m:SyncFolderItems>{IDS}<m:SyncFolderId><t:DistinguishedFolderId Id=\"inbox\"/></m:SyncFolderId><m:Ignore>"
            ),
            "@ID",
            "</m:Ignore><m:MaxChangesReturned>10</m:MaxChangesReturned></m:SyncFolderItems>",
        ),
        // Paths.
        shape("<t:FieldURI FieldURI=\"item:Subject\"/>"),
        shape(tag),
        shape("<t:IndexedFieldURI FieldURI=\"contacts:PhoneNumber\" FieldIndex=\"HomePhone\"/>"),
        // Conditions, orders, words.
        (restricted, contains.to_owned(), restricted_end),
        (nested, "<t:Not>".to_owned(), nested_end),
        (worded, "word ".to_owned(), worded_end),
        (
            sort.0,
            "<t:FieldOrder Order=\"Ascending\"><t:FieldURI FieldURI=\"item:Subject\"/></t:FieldOrder>".to_owned(),
            sort.1,
        ),
        (query.0.clone(), "word ".to_owned(), query.1.clone()),
        (query.0.clone(), "(".to_owned(), query.1.clone()),
        (query.0, "subject:x ".to_owned(), query.1),
        // Contents.
        create("<t:Message><t:Subject>", "x", "</t:Subject></t:Message>"),
        create("<t:Message><t:Body BodyType=\"Text\">", "a word ", "</t:Body></t:Message>"),
        create("<t:Message><t:Body BodyType=\"HTML\">", "&lt;b&gt;x", "</t:Body></t:Message>"),
        create("<t:Message><t:Categories>", "<t:String>a</t:String>", "</t:Categories></t:Message>"),
        create(
            "<t:Message><t:ToRecipients>",
            "<t:Mailbox><t:EmailAddress>a@b.test</t:EmailAddress></t:Mailbox>",
            "</t:ToRecipients></t:Message>",
        ),
        create(
            "<t:Message>",
            &format!("<t:ExtendedProperty>{tag}<t:Value>x</t:Value></t:ExtendedProperty>"),
            "</t:Message>",
        ),
        create(
            "<t:Contact><t:DisplayName>c</t:DisplayName><t:PhoneNumbers>",
            "<t:Entry Key=\"HomePhone\">1</t:Entry>",
            "</t:PhoneNumbers></t:Contact>",
        ),
        create(
            "<t:Message><t:Attachments>",
            "<t:FileAttachment><t:Name>a</t:Name><t:Content>AAAA</t:Content></t:FileAttachment>",
            "</t:Attachments></t:Message>",
        ),
        // Changes.
        update(
            "<t:SetItemField><t:FieldURI FieldURI=\"item:Subject\"/><t:Message><t:Subject>s</t:Subject></t:Message></t:SetItemField>",
        ),
        update(
            "<t:AppendToItemField><t:FieldURI FieldURI=\"item:Body\"/><t:Message><t:Body BodyType=\"Text\">more </t:Body></t:Message>\
             </t:AppendToItemField>",
        ),
        update(
            "<t:AppendToItemField><t:FieldURI FieldURI=\"message:ToRecipients\"/><t:Message><t:ToRecipients><t:Mailbox>\
             <t:EmailAddress>a@b.test</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></t:AppendToItemField>",
        ),
        update("<t:DeleteItemField><t:FieldURI FieldURI=\"item:Categories\"/></t:DeleteItemField>"),
        // Names.
        unit(
            "<m:ResolveNames ReturnFullContactData=\"false\"><m:UnresolvedEntry>",
            "a",
            "</m:UnresolvedEntry></m:ResolveNames>",
        ),
        unit(
            "<m:ConvertId DestinationFormat=\"EwsId\"><m:SourceIds>",
            "<t:AlternateId Format=\"EwsId\" Id=\"AAMk\" Mailbox=\"alice@example.test\"/>",
            "</m:SourceIds></m:ConvertId>",
        ),
        // XML itself.
        unit("<m:GetFolder>", "<!-- x -->", "</m:GetFolder>"),
        unit("<m:GetFolder>", " ", "</m:GetFolder>"),
        unit("<m:GetFolder a=\"", "&amp;", "\"/>"),
    ]
}

#[test]
fn requests_cost_as_much_as_they_are_long() {
    let mut world = World::new();
    let saved = world.answer(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"inbox\"/>\
         </m:SavedItemFolderId><m:Items><t:Message><t:Subject>one</t:Subject></t:Message></m:Items></m:CreateItem>",
    );
    let from = saved.find("<t:ItemId ").unwrap();
    let element = &saved[from..from + saved[from..].find('>').unwrap() + 1];
    let units: Vec<(String, String, String)> = units()
        .into_iter()
        .map(|(before, unit, after)| {
            let with = |text: String| text.replace("@ID", element);
            (format!("{START}{}", with(before)), with(unit), format!("{}{END}", with(after)))
        })
        .collect();
    assert!(units.len() >= 20);
    let world = RefCell::new(world);
    let units = units.iter().map(|(before, unit, after)| (before.as_str(), unit.as_str(), after.as_str()));
    let found = growth::faster_than_linear_with(units, |document| world.borrow_mut().call(document), &|| {
        world.borrow_mut().others()
    });
    assert!(found.is_empty(), "grows faster than its request:\n{}", found.join("\n"));
}
