//! FindFolder.

use crate::support::folders::{find_folders, names};
use crate::support::ops::{create_folder, field, folder};
use crate::support::shared;

crate::tests![finds_children_and_descendants, pages_through_folders, filters_folders,];

fn finds_children_and_descendants() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "inbox", "top");
    let b = create_folder(&mut ews, &top, "b");
    create_folder(&mut ews, &top, "a");
    create_folder(&mut ews, &b, "inner");
    let shallow = find_folders(&mut ews, &top, "Shallow", "");
    assert_eq!(names(&shallow), ["a", "b"], "in order of name");
    assert_eq!(shallow.attribute("TotalItemsInView"), Some("2"));
    assert_eq!(shallow.attribute("IncludesLastItemInRange"), Some("true"));
    let mut deep = names(&find_folders(&mut ews, &top, "Deep", ""));
    deep.sort();
    assert_eq!(deep, ["a", "b", "inner"]);
    let root = names(&find_folders(&mut ews, "msgfolderroot", "Shallow", ""));
    for name in
        ["Inbox", "Drafts", "Sent Items", "Deleted Items", "Outbox", "Junk Email", "Calendar", "Contacts", "Tasks"]
    {
        assert!(root.iter().any(|n| n == name), "{name} in {root:?}");
    }
    assert!(find_folders(&mut ews, &b, "Shallow", "").get("t:Folders").is_some_and(|f| f.children.len() == 1));
}

/// exchangelib walks the tree by pages of IdOnly from 0.
fn pages_through_folders() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "inbox", "paged");
    for n in 0..7 {
        create_folder(&mut ews, &top, &format!("f{n}"));
    }
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let view =
            format!("<m:IndexedPageFolderView MaxEntriesReturned=\"3\" Offset=\"{offset}\" BasePoint=\"Beginning\"/>");
        let page = find_folders(&mut ews, &top, "Shallow", &view);
        assert_eq!(page.attribute("TotalItemsInView"), Some("7"));
        seen.extend(names(&page));
        if page.attribute("IncludesLastItemInRange") == Some("true") {
            break;
        }
        offset = page.attribute("IndexedPagingOffset").unwrap().parse().unwrap();
    }
    assert_eq!(seen, ["f0", "f1", "f2", "f3", "f4", "f5", "f6"]);
}

/// DavMail's LIST asks by 0x3613 (the folder's class), or by its absence.
fn filters_folders() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "msgfolderroot", "filtered");
    create_folder(&mut ews, &top, "mail");
    ews.ok(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:CalendarFolder><t:DisplayName>dates</t:DisplayName>\
         </t:CalendarFolder></m:Folders></m:CreateFolder>",
        folder(&top)
    ));
    let equal = |path: &str, value: &str| {
        format!(
            "<m:Restriction><t:IsEqualTo>{path}<t:FieldURIOrConstant><t:Constant Value=\"{value}\"/></t:FieldURIOrConstant>\
             </t:IsEqualTo></m:Restriction>"
        )
    };
    let class = "<t:ExtendedFieldURI PropertyTag=\"0x3613\" PropertyType=\"String\"/>";
    assert_eq!(names(&find_folders(&mut ews, &top, "Shallow", &equal(class, "IPF.Appointment"))), ["dates"]);
    assert_eq!(names(&find_folders(&mut ews, &top, "Shallow", &equal(&field("folder:DisplayName"), "MAIL"))), ["mail"]);
    assert_eq!(
        names(&find_folders(&mut ews, &top, "Shallow", &equal(&field("folder:DisplayName"), "absent"))),
        Vec::<String>::new()
    );
}
