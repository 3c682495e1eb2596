//! What the gate lets in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
use ewsd_model::failure::Detail;
use ewsd_model::value::{Mailbox, WireId};
use ewsd_store::testing::database;
use ewsd_store::{NewAccount, StoreError};

use super::*;
use crate::error::Error;

fn account(store: &mut Store, login: &str) -> Account {
    let addresses = vec![format!("{login}@example.test"), format!("{login}.alias@example.test")];
    let new = NewAccount { login: login.into(), addresses, language: "en".into(), ..NewAccount::default() };
    store.create_account(&new).unwrap()
}

fn inbox_of(address: Option<&str>) -> TargetFolder {
    let mailbox = address.map(|address| Mailbox { address: Some(address.to_owned()), ..Mailbox::default() });
    TargetFolder::Distinguished { name: "inbox", change_key: None, mailbox }
}

fn by_id(id: impl Into<String>, change_key: Option<&str>) -> TargetFolder {
    TargetFolder::Id(WireId { id: id.into(), change_key: change_key.map(str::to_owned) })
}

fn code(result: Result<Folder>) -> Code {
    result.err().map_or(Code::NoError, |error| error.code())
}

#[test]
fn an_account_sees_its_own_mailbox_and_no_other() {
    let database = database();
    let mut store = Store::connect(&database.options()).unwrap();
    let (alice, bob) = (account(&mut store, "alice"), account(&mut store, "bob"));
    let bobs = store.mailbox(bob.mailbox).folder_by_distinguished("inbox").unwrap().folder;
    let bobs = FolderId { mailbox: bob.guid, folder: bobs };
    let mut gate = Gate::new(&mut store, Rc::new(alice.clone()));
    let own = gate.folder(&inbox_of(None), Right::Read).unwrap();
    let own_id = own.granted.folder_id(own.row.folder).encode();
    let key = ChangeKey::new(own.row.kind, own.row.change).encode();
    let nobodys = FolderId { mailbox: Guid([9; 16]), folder: FolderNo(3) }.encode();
    let missing = FolderId { mailbox: alice.guid, folder: FolderNo(1 << 30) }.encode();
    let item = ItemId { mailbox: alice.guid, folder: FolderNo(3), item: ItemNo(4) }.encode();
    for (target, expected) in [
        (inbox_of(Some("ALICE@example.test")), Code::NoError),
        (inbox_of(Some("alice.alias@example.test")), Code::ErrorNonPrimarySmtpAddress),
        (inbox_of(Some("bob@example.test")), Code::ErrorAccessDenied),
        (inbox_of(Some("bob.alias@example.test")), Code::ErrorNonPrimarySmtpAddress),
        (inbox_of(Some("nobody@example.test")), Code::ErrorNonExistentMailbox),
        (inbox_of(Some("")), Code::ErrorNonExistentMailbox),
        (by_id(own_id.as_str(), None), Code::NoError),
        (by_id(own_id.as_str(), Some(&key)), Code::NoError),
        (by_id(own_id.as_str(), Some("XXX")), Code::ErrorInvalidChangeKey),
        (by_id(bobs.encode(), None), Code::ErrorAccessDenied),
        (by_id(nobodys, None), Code::ErrorFolderNotFound),
        (by_id(missing, None), Code::ErrorFolderNotFound),
        (by_id(item, None), Code::ErrorCannotUseItemIdForFolderId),
        (by_id("XXX", None), Code::ErrorInvalidIdMalformed),
        (by_id("", None), Code::ErrorInvalidIdEmpty),
    ] {
        assert_eq!(code(gate.folder(&target, Right::Read)), expected, "{target:?}");
    }
    match gate.folder(&inbox_of(Some("alice.alias@example.test")), Right::Read) {
        Err(Error::Failure(failure)) => {
            assert_eq!(failure.details, [Detail::Value("Primary", "alice@example.test".into())]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn folders_come_in_the_order_asked_for() {
    let database = database();
    let mut store = Store::connect(&database.options()).unwrap();
    let alice = account(&mut store, "alice");
    let mut gate = Gate::new(&mut store, Rc::new(alice));
    let name = |name| TargetFolder::Distinguished { name, change_key: None, mailbox: None };
    let targets = [
        name("drafts"),
        name("archiveroot"),
        name("inbox"),
        name("publicfoldersroot"),
        name("drafts"),
        by_id("AAA=", None),
    ];
    let found = gate.folders(&targets, Right::Visible).unwrap();
    let told: Vec<String> = found
        .into_iter()
        .map(|folder| match folder {
            Ok(folder) => folder.row.distinguished.unwrap_or_default(),
            Err(error) => error.code().name().to_owned(),
        })
        .collect();
    assert_eq!(
        told,
        [
            "drafts",
            "ErrorFolderNotFound",
            "inbox",
            "ErrorNoPublicFolderReplicaAvailable",
            "drafts",
            "ErrorInvalidIdMalformed"
        ]
    );
}

#[test]
fn items_and_attachments_of_others_are_refused() {
    let database = database();
    let mut store = Store::connect(&database.options()).unwrap();
    let (alice, bob) = (account(&mut store, "alice"), account(&mut store, "bob"));
    let mut gate = Gate::new(&mut store, Rc::new(alice.clone()));
    let id = |mailbox| ItemId { mailbox, folder: FolderNo(3), item: ItemNo(44) };
    let mut item = |mailbox| gate.item_by_id(&id(mailbox).encode(), None, Right::Read).map(|item| item.item);
    assert_eq!(item(alice.guid).unwrap(), ItemNo(44));
    assert_eq!(item(bob.guid).unwrap_err().code(), Code::ErrorAccessDenied);
    assert_eq!(item(Guid([9; 16])).unwrap_err().code(), Code::ErrorItemNotFound);
    let attachment = |mailbox| {
        AttachmentId { item: id(mailbox), attachment: AttachmentNo(5), within: AttachmentPath::default() }.encode()
    };
    assert_eq!(
        gate.attachments(&[attachment(alice.guid)], Right::Read).unwrap().remove(0).unwrap().attachment,
        AttachmentNo(5)
    );
    assert_eq!(
        gate.attachments(&[attachment(bob.guid)], Right::Read).unwrap().remove(0).unwrap_err().code(),
        Code::ErrorAccessDenied
    );
    let folder = FolderId { mailbox: alice.guid, folder: FolderNo(3) }.encode();
    let error = gate.item_by_id(&folder, None, Right::Read).unwrap_err();
    assert_eq!(error.code(), Code::ErrorCannotUseFolderIdForItemId);
}

#[test]
fn store_errors_become_what_clients_understand() {
    for (error, code, fault) in [
        (StoreError::Busy { retry_ms: 5 }, Code::ErrorServerBusy, true),
        (StoreError::Hopeless("x".into()), Code::ErrorInternalServerError, true),
        (StoreError::Db("x".into()), Code::ErrorInternalServerError, true),
        (StoreError::Quota, Code::ErrorQuotaExceeded, false),
        (StoreError::Subscriptions, Code::ErrorExceededSubscriptionCount, false),
        (StoreError::Conflict { current: Seq(1) }, Code::ErrorIrresolvableConflict, false),
    ] {
        let told = Error::from(error);
        assert_eq!((told.code(), matches!(told, Error::Fault(_))), (code, fault));
    }
}
