//! ResolveNames, ConvertId, GetServerTimeZones.

use crate::support::ews::{Ews, code};
use crate::support::ops::{folder_id, save_simple};
use crate::support::xml::{Node, escape};
use crate::support::{ops, shared};

crate::tests![
    resolves_one_name,
    warns_of_several_names,
    finds_no_name,
    gives_contact_data_when_asked,
    converts_ids_there_and_back,
    refuses_ids_that_are_none,
    converts_several_in_order,
    finds_the_mailbox_behind_an_id,
    lists_time_zones,
    names_time_zones_asked_for,
];

fn resolve(ews: &mut Ews, name: &str, full: bool) -> Node {
    let request = format!(
        "<m:ResolveNames ReturnFullContactData=\"{full}\" SearchScope=\"ActiveDirectory\"><m:UnresolvedEntry>{}</m:UnresolvedEntry></m:ResolveNames>",
        escape(name)
    );
    ews.call(&request).messages.remove(0)
}

fn addresses(message: &Node) -> Vec<String> {
    let found = message.all("m:ResolutionSet/t:Resolution/t:Mailbox/t:EmailAddress");
    found.into_iter().map(|a| a.text.clone()).collect()
}

fn resolves_one_name() {
    let mut ews = shared::mailbox();
    for name in ["alice@example.test", "ALICE@EXAMPLE.TEST", "smtp:alice@example.test", "alice"] {
        let message = resolve(&mut ews, name, false);
        assert_eq!((code(&message), addresses(&message)), ("NoError", vec!["alice@example.test".to_owned()]), "{name}");
        let set = message.want("m:ResolutionSet");
        assert_eq!(set.attribute("IncludesLastItemInRange"), Some("true"), "exchangelib reads it");
        assert_eq!(set.attribute("TotalItemsInView"), Some("1"));
        let mailbox = set.want("t:Resolution/t:Mailbox");
        assert_eq!((mailbox.text("t:RoutingType"), mailbox.text("t:MailboxType")), (Some("SMTP"), Some("Mailbox")));
        assert!(mailbox.text("t:Name").is_some_and(|n| !n.is_empty()));
        assert!(set.get("t:Resolution/t:Contact").is_none(), "only when asked");
    }
}

/// A Warning, with the candidates, at most 100.
fn warns_of_several_names() {
    let mut ews = shared::mailbox();
    let message = resolve(&mut ews, "user", false);
    assert_eq!(
        (code(&message), message.attribute("ResponseClass")),
        ("ErrorNameResolutionMultipleResults", Some("Warning"))
    );
    let found = addresses(&message);
    assert!(found.len() > 1 && found.len() <= 100, "{} candidates", found.len());
    assert!(found.iter().all(|a| a.starts_with("user")));
    let many = shared::server().accounts.len() > 110;
    let last = message.want("m:ResolutionSet").attribute("IncludesLastItemInRange");
    assert_eq!(last, Some(if many { "false" } else { "true" }));
}

fn finds_no_name() {
    let mut ews = shared::mailbox();
    for name in ["nobody at all", "%", "_lice", "' or ''='"] {
        let message = resolve(&mut ews, name, true);
        assert_eq!(
            (code(&message), message.attribute("ResponseClass")),
            ("ErrorNameResolutionNoResults", Some("Error")),
            "{name}"
        );
        assert_eq!(message.text("m:MessageText"), Some("No results were found."));
    }
}

fn gives_contact_data_when_asked() {
    let mut ews = shared::mailbox();
    let message = resolve(&mut ews, "alice@example.test", true);
    let contact = message.want("m:ResolutionSet/t:Resolution/t:Contact");
    assert!(contact.text("t:DisplayName").is_some_and(|n| !n.is_empty()), "{contact:#?}");
    let entries: Vec<&str> = contact.all("t:EmailAddresses/t:Entry").into_iter().map(|e| e.text.as_str()).collect();
    assert!(entries.iter().any(|e| e.to_ascii_lowercase().contains("alice@example.test")), "{entries:?}");
}

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

/// exchangelib expects 100 to 160 zones, with Periods named Standard and Daylight.
fn lists_time_zones() {
    let mut ews = shared::mailbox();
    let message = ews.one("<m:GetServerTimeZones ReturnFullTimeZoneData=\"true\"/>");
    let zones = message.all("m:TimeZoneDefinitions/t:TimeZoneDefinition");
    assert!((100..=160).contains(&zones.len()), "{} zones", zones.len());
    let ids: std::collections::HashSet<&str> = zones.iter().filter_map(|z| z.attribute("Id")).collect();
    assert_eq!(ids.len(), zones.len(), "each once");
    for wanted in
        ["UTC", "W. Europe Standard Time", "Pacific Standard Time", "India Standard Time", "Tokyo Standard Time"]
    {
        assert!(ids.contains(wanted), "{wanted}");
    }
    for zone in &zones {
        assert!(zone.attribute("Name").is_some_and(|n| !n.is_empty()));
        assert!(!zone.all("t:Periods/t:Period").is_empty(), "{zone:#?}");
        assert!(zone.get("t:TransitionsGroups").is_some() && zone.get("t:Transitions").is_some(), "{zone:#?}");
    }
    let berlin = zones.iter().find(|z| z.attribute("Id") == Some("W. Europe Standard Time")).unwrap();
    let names: std::collections::HashSet<&str> =
        berlin.all("t:Periods/t:Period").into_iter().filter_map(|p| p.attribute("Name")).collect();
    assert_eq!(names, ["Standard", "Daylight"].into_iter().collect());
    let short = ews.one("<m:GetServerTimeZones ReturnFullTimeZoneData=\"false\"/>");
    assert!(short.all("m:TimeZoneDefinitions/t:TimeZoneDefinition").iter().all(|z| z.get("t:Periods").is_none()));
}

fn names_time_zones_asked_for() {
    let mut ews = shared::mailbox();
    let message = ews.one(
        "<m:GetServerTimeZones ReturnFullTimeZoneData=\"true\"><m:Ids><t:Id>Tokyo Standard Time</t:Id><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>",
    );
    let zones = message.all("m:TimeZoneDefinitions/t:TimeZoneDefinition");
    let mut ids: Vec<&str> = zones.iter().filter_map(|z| z.attribute("Id")).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["Tokyo Standard Time", "UTC"]);
    let tokyo = zones.iter().find(|z| z.attribute("Id") == Some("Tokyo Standard Time")).unwrap();
    let bias = tokyo.want("t:Periods/t:Period").attribute("Bias").unwrap();
    assert_eq!(bias, "-PT9H");
    ops::get_folder(&mut ews, "inbox", "IdOnly", &[]);
}
