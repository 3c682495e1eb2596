//! ConvertId.

use crate::support::ops::{folder_id, save_simple};
use crate::support::shared;
use crate::support::xml::escape;

crate::tests![
    converts_ids_there_and_back,
    refuses_ids_that_are_none,
    converts_several_in_order,
    finds_the_mailbox_behind_an_id,
];

const FORMATS: &[&str] = &["EwsLegacyId", "EwsId", "EntryId", "HexEntryId", "StoreId", "OwaId"];

fn convert_request(to: &str, ids: &[(&str, &str, &str)]) -> String {
    let ids: String = ids
        .iter()
        .map(|(format, id, mailbox)| {
            format!("<t:AlternateId Format=\"{format}\" Id=\"{}\" Mailbox=\"{mailbox}\"/>", escape(id))
        })
        .collect();
    format!("<m:ConvertId DestinationFormat=\"{to}\"><m:SourceIds>{ids}</m:SourceIds></m:ConvertId>")
}

fn converts_ids_there_and_back() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    let (item, inbox) = (save_simple(&mut ews, "drafts", "converted").id, folder_id(&mut ews, "inbox"));
    for id in [&item, &inbox] {
        for format in FORMATS {
            let there = ews.one(&convert_request(format, &[("EwsId", id, &address)]));
            let there = there.want("m:AlternateId");
            assert_eq!(
                (there.attribute("Format"), there.attribute("Mailbox")),
                (Some(*format), Some(address.as_str()))
            );
            let converted = there.attribute("Id").unwrap();
            let back = ews.one(&convert_request("EwsId", &[(format, converted, &address)]));
            assert_eq!(back.want("m:AlternateId").attribute("Id"), Some(id.as_str()), "{format}");
        }
    }
}

/// exchangelib's first call converts "DUMMY" of the mailbox "DUMMY", with an error and the version as the answer.
fn refuses_ids_that_are_none() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    for (format, id) in [("EwsId", "DUMMY"), ("HexEntryId", "XYZ"), ("EntryId", "!!"), ("OwaId", "%%%"), ("EwsId", "")]
    {
        let found = ews.error(&convert_request("EntryId", &[(format, id, &address)]));
        assert!(found.starts_with("ErrorInvalidId"), "{format} {id:?}: {found}");
    }
    let found = ews.error(&convert_request("EntryId", &[("EwsId", "DUMMY", "DUMMY")]));
    assert!(found.starts_with("Error") && found != "ErrorInvalidRequest", "{found}");
}

fn converts_several_in_order() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    let (item, inbox) = (save_simple(&mut ews, "drafts", "converted").id, folder_id(&mut ews, "inbox"));
    let answer = ews.call(&convert_request(
        "HexEntryId",
        &[("EwsId", &item, &address), ("EwsId", "XXX", &address), ("EwsId", &inbox, &address)],
    ));
    assert_eq!(answer.codes(), ["NoError", "ErrorInvalidIdMalformed", "NoError"]);
    for n in [0, 2] {
        let hex = answer.messages[n].want("m:AlternateId").attribute("Id").unwrap();
        assert!(hex.bytes().all(|b| b.is_ascii_hexdigit()), "{hex}");
    }
}

/// DavMail converts the root's id with an unknown address and reads `Mailbox` from the answer.
fn finds_the_mailbox_behind_an_id() {
    let mut ews = shared::mailbox();
    let root = folder_id(&mut ews, "root");
    let message = ews.one(&convert_request("EwsId", &[("EwsId", &root, "blah@blah.com")]));
    assert_eq!(message.want("m:AlternateId").attribute("Mailbox"), Some(ews.account.address.as_str()));
}
