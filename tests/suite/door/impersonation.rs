//! ExchangeImpersonation: as whom, by which name, and what is refused (MS-OXWSCDATA, ExchangeImpersonationType).

use crate::support::demo::Account;
use crate::support::ews::Ews;
use crate::support::{message, ops, shared};

crate::tests![
    acts_as_others_by_every_name,
    refuses_without_a_grant_whoever_is_named,
    grants_reach_as_far_as_they_say,
    sends_and_hears_as_the_other,
];

/// The header.
fn header(kind: &str, name: &str) -> String {
    format!(
        "<t:ExchangeImpersonation><t:ConnectingSID><t:{kind}>{name}</t:{kind}></t:ConnectingSID></t:ExchangeImpersonation>"
    )
}

fn service() -> Ews {
    shared::mailbox()
}

fn grant(service: &Ews, over: &str) {
    shared::server().ewsctl(&["grant", "impersonation", "--to", &service.account.address, "--over", over]);
}

fn act(ews: &mut Ews, kind: &str, name: &str) {
    ews.soap_headers = header(kind, name);
}

fn sid_of(account: &Account) -> String {
    let shown = shared::server().ewsctl(&["account", "show", &account.address, "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    shown["sid"].as_str().unwrap().to_owned()
}

fn acts_as_others_by_every_name() {
    let mut service = service();
    let mut anna = shared::mailbox();
    grant(&service, &anna.account.address);
    let inbox = ops::folder_id(&mut anna, "inbox");
    let sid = sid_of(&anna.account);
    let address = anna.account.address.clone();
    for (kind, name) in [
        ("PrincipalName", anna.account.login.clone()),
        ("PrincipalName", address.to_uppercase()),
        ("SID", sid),
        ("PrimarySmtpAddress", address.clone()),
        ("SmtpAddress", address),
    ] {
        act(&mut service, kind, &name);
        assert_eq!(ops::folder_id(&mut service, "inbox"), inbox, "{kind} {name}");
    }
    service.soap_headers.clear();
    assert_ne!(ops::folder_id(&mut service, "inbox"), inbox, "by itself it is itself again");
}

fn refuses_without_a_grant_whoever_is_named() {
    let mut service = service();
    let anna = shared::account();
    let request = format!(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>{}</m:FolderIds></m:GetFolder>",
        ops::folder("inbox")
    );
    let refused = |service: &mut Ews, kind: &str, name: &str| {
        act(service, kind, name);
        service.fault(&request)
    };
    // Nobody learns from it who exists.
    let sid = sid_of(&anna);
    for (kind, name) in [
        ("SmtpAddress", anna.address.as_str()),
        ("SmtpAddress", "nobody@example.test"),
        ("PrimarySmtpAddress", "nobody@example.test"),
        ("PrincipalName", "nobody"),
        ("SID", sid.as_str()),
        ("SID", "S-1-5-21-1-2-3-4"),
        ("SID", "nonsense"),
    ] {
        assert_eq!(refused(&mut service, kind, name), "ErrorImpersonateUserDenied", "{kind} {name}");
    }
    // Who may act as somebody is told what is wrong with a name.
    grant(&service, &anna.address);
    for (kind, name, code) in [
        ("SmtpAddress", "nobody@example.test", "ErrorNonExistentMailbox"),
        ("PrimarySmtpAddress", "nobody@example.test", "ErrorNonExistentMailbox"),
        ("PrincipalName", "nobody", "ErrorInvalidExchangeImpersonationHeaderData"),
        ("SID", "S-1-5-21-1-2-3-4", "ErrorInvalidExchangeImpersonationHeaderData"),
        ("SID", "nonsense", "ErrorInvalidExchangeImpersonationHeaderData"),
    ] {
        assert_eq!(refused(&mut service, kind, name), code, "{kind} {name}");
    }
    let other = shared::account();
    assert_eq!(refused(&mut service, "SmtpAddress", &other.address), "ErrorImpersonateUserDenied");
    shared::server().ewsctl(&["account", "disable", &anna.address]);
    assert_eq!(refused(&mut service, "SmtpAddress", &anna.address), "ErrorNonExistentMailbox");
}

fn grants_reach_as_far_as_they_say() {
    let server = shared::server();
    let (anna, ben, out) = (shared::account(), shared::account(), shared::account());
    let may = |service: &mut Ews, account: &Account| {
        act(service, "SmtpAddress", &account.address);
        let answer = service.call_with(&ops::find_request("inbox", &ops::shape("IdOnly", &[]), ""), &[]);
        answer.status == 200
    };
    // A group, and a group in it.
    let group = |name: &str| format!("{}@example.test", message::unique(name).replace(' ', "-"));
    let (team, all) = (group("team"), group("all"));
    for group in [&team, &all] {
        server.ewsctl(&["group", "create", group]);
    }
    server.ewsctl(&["group", "add", &team, &anna.address]);
    server.ewsctl(&["group", "add", &all, &team, &ben.address]);
    let mut by_team = service();
    grant(&by_team, &team);
    assert_eq!([may(&mut by_team, &anna), may(&mut by_team, &ben), may(&mut by_team, &out)], [true, false, false]);
    let mut by_all = service();
    grant(&by_all, &all);
    assert_eq!([may(&mut by_all, &anna), may(&mut by_all, &ben), may(&mut by_all, &out)], [true, true, false]);
    let mut everybody = service();
    grant(&everybody, "all");
    assert_eq!([may(&mut everybody, &anna), may(&mut everybody, &out)], [true, true]);
    let listed = server.ewsctl(&["grant", "list"]);
    assert!(listed.contains(&everybody.account.login) && listed.contains(&team), "{listed}");
    server.ewsctl(&["grant", "revoke", "--from", &everybody.account.address, "--over", "all"]);
    assert_eq!([may(&mut everybody, &anna), may(&mut everybody, &out)], [false, false]);
    let again = ["grant", "revoke", "--from", &everybody.account.address, "--over", "all"];
    assert!(!server.ewsctl_with(&again, b"").status.success(), "there is none any more");
    // Who leaves the group is out of reach.
    server.ewsctl(&["group", "remove", &team, &anna.address]);
    assert!(!may(&mut by_team, &anna));
}

fn letter(to: &str, subject: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"SendAndSaveCopy\"><m:Items><t:Message><t:Subject>{subject}</t:Subject><t:ToRecipients>\
         <t:Mailbox><t:EmailAddress>{to}</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></m:Items></m:CreateItem>"
    )
}

/// What is sent looks as if the other had sent it; what happens to its mailbox is told to who acts as it.
fn sends_and_hears_as_the_other() {
    let mut service = service();
    let anna = shared::account();
    let mut ben = shared::mailbox();
    grant(&service, &anna.address);
    act(&mut service, "PrimarySmtpAddress", &anna.address);
    let mut subscription = ops::subscribe(&mut service, &["inbox"], &["NewMailEvent"]);
    let state = ops::sync_all(&mut service, "inbox");
    let subject = message::unique("as the other");
    service.one(&letter(&ben.account.address, &subject));
    let ids = ops::list(&mut ben, "inbox");
    let got = ops::get_fields(&mut ben, &ids[0], &["message:From", "message:Sender", "item:Subject"]);
    assert_eq!(got.text("t:Subject"), Some(subject.as_str()));
    for who in ["t:From", "t:Sender"] {
        assert_eq!(got.text(&format!("{who}/t:Mailbox/t:EmailAddress")), Some(anna.address.as_str()), "{who}");
    }
    assert_eq!(ops::subjects(&mut service, "sentitems"), [subject.as_str()], "the copy is the other's");
    let answer = letter(&anna.address, &subject);
    ben.one(&answer);
    let events = ops::poll(&mut service, &mut subscription);
    assert!(events.kinds().contains(&"NewMail".to_owned()), "{:?}", events.kinds());
    assert_eq!(ops::sync(&mut service, "inbox", &state, 10).kinds(), ["Create"]);
    // By itself the service has neither.
    service.soap_headers.clear();
    assert_ne!(service.error(&ops::events_request(&subscription)), "NoError");
    assert_eq!(ops::list(&mut service, "sentitems").len(), 0);
    let log = shared::server().log_text();
    let line = format!("impersonation: {} as {}", service.account.login, anna.login);
    assert!(log.contains(&line), "an audit line");
}
