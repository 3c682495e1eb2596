//! ResolveNames.

use crate::support::ews::{Ews, code};
use crate::support::shared;
use crate::support::xml::{Node, escape};

crate::tests![resolves_one_name, warns_of_several_names, finds_no_name, gives_contact_data_when_asked,];

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
