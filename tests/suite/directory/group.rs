//! Groups of the directory: `ewsctl group`, mail to them from outside and inside, ResolveNames and ExpandDL.

use crate::support::demo::Demo;
use crate::support::ews::{Ews, code};
use crate::support::lmtp::{self, Lmtp};
use crate::support::ops::{self, subjects};
use crate::support::xml::Node;
use crate::support::{message, shared};

crate::tests![
    administers_groups,
    refuses_rings,
    delivers_to_every_member_once,
    refuses_mail_that_reaches_nobody,
    sends_from_inside,
    is_in_the_directory,
    expands_one_level,
];

/// An address that no other test has.
fn address(word: &str) -> String {
    format!("{}@example.test", message::unique(word).replace(' ', "-").to_lowercase())
}

/// A new group with members.
fn group(server: &Demo, word: &str, members: &[&str]) -> String {
    let group = address(word);
    server.ewsctl(&["group", "create", &group, "--name", word]);
    if !members.is_empty() {
        server.ewsctl(&[&["group", "add", group.as_str()], members].concat());
    }
    group
}

fn refused(server: &Demo, arguments: &[&str]) -> String {
    let output = server.ewsctl_with(arguments, b"");
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn administers_groups() {
    let server = shared::server();
    let (one, two) = (shared::account().address, shared::account().address);
    let team = group(server, "Team", &[&one, &two]);
    let listed: serde_json::Value = serde_json::from_str(&server.ewsctl(&["group", "list", "--json"])).unwrap();
    let found = listed.as_array().unwrap().iter().find(|one| one["address"] == team.as_str()).unwrap();
    assert_eq!((&found["name"], &found["members"]), (&"Team".into(), &2.into()));
    assert!(server.ewsctl(&["group", "list"]).contains(&team));
    let all = group(server, "All", &[&team]);
    let members: serde_json::Value = serde_json::from_str(&server.ewsctl(&["group", "list", &all, "--json"])).unwrap();
    assert_eq!((&members[0]["address"], &members[0]["kind"]), (&team.as_str().into(), &"group".into()));
    server.ewsctl(&["group", "add", &team, &one]);
    assert_eq!(server.ewsctl(&["group", "list", &team]).lines().count(), 2, "once is enough");
    server.ewsctl(&["group", "remove", &team, &one]);
    assert!(!server.ewsctl(&["group", "list", &team]).contains(&one));
    assert!(refused(server, &["group", "remove", &team, &one]).contains("is not in"));
    assert!(refused(server, &["group", "add", &team, "nobody@example.test"]).contains("no account"));
    // An address belongs to one account or group.
    assert!(refused(server, &["group", "create", &one]).contains("taken"));
    assert!(refused(server, &["group", "create", &team.to_uppercase()]).contains("taken"));
    assert!(refused(server, &["address", "add", &one, &team]).contains("taken"));
    assert!(refused(server, &["address", "remove", &team]).contains("nobody has"));
    assert!(refused(server, &["group", "list", "none@example.test"]).contains("no group"));
    server.ewsctl(&["group", "delete", &team]);
    assert!(!server.ewsctl(&["group", "list"]).contains(&team));
    assert!(server.ewsctl(&["group", "list", &all]).is_empty(), "groups that it was in go on without it");
}

fn refuses_rings() {
    let server = shared::server();
    let (a, b, c) = (group(server, "A", &[]), group(server, "B", &[]), group(server, "C", &[]));
    server.ewsctl(&["group", "add", &a, &b]);
    server.ewsctl(&["group", "add", &b, &c]);
    for (into, member) in [(&a, &a), (&b, &a), (&c, &a), (&c, &b)] {
        assert!(refused(server, &["group", "add", into, member]).contains("cannot be in itself"), "{member} in {into}");
    }
    server.ewsctl(&["group", "add", &a, &c]);
}

/// Members of groups in groups, by several ways, directly as well: one message each.
fn delivers_to_every_member_once() {
    let server = shared::server();
    let (mut one, mut two, mut three) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let addresses = [&one, &two, &three].map(|ews| ews.account.address.clone());
    let inner = group(server, "Inner", &[&addresses[0], &addresses[1]]);
    let outer = group(server, "Outer", &[&inner, &addresses[1], &addresses[2]]);
    let subject = message::unique("to all");
    let mut lmtp = Lmtp::hello(server.lmtp());
    let to = [outer.to_uppercase(), addresses[0].clone(), inner.clone()];
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let replies = lmtp.deliver("a@elsewhere.test", &to, &message::plain(&subject, "x"));
    assert_eq!(replies.iter().map(|reply| reply.code).collect::<Vec<_>>(), [250, 250, 250], "{replies:?}");
    for ews in [&mut one, &mut two, &mut three] {
        assert_eq!(subjects(ews, "inbox"), std::slice::from_ref(&subject));
    }
    server.ewsctl(&["account", "disable", &addresses[2]]);
    lmtp::deliver(server.lmtp(), &outer, &message::plain("later", "x"));
    server.ewsctl(&["account", "enable", &addresses[2]]);
    assert_eq!(subjects(&mut two, "inbox").len(), 2);
    assert_eq!(subjects(&mut three, "inbox").len(), 1, "a disabled member gets nothing and keeps nobody from it");
    let from_shell = server.ewsctl_with(&["deliver", "--to", &inner], &message::plain("by hand", "x"));
    assert!(from_shell.status.success(), "{}", String::from_utf8_lossy(&from_shell.stderr));
    assert!(subjects(&mut one, "inbox").contains(&"by hand".to_owned()));
}

fn refuses_mail_that_reaches_nobody() {
    let server = shared::server();
    let empty = group(server, "Empty", &[]);
    let around = group(server, "Around", &[&empty]);
    let mut lmtp = Lmtp::hello(server.lmtp());
    let replies = lmtp.deliver("a@elsewhere.test", &[&empty, &around], &message::plain("x", "x"));
    assert!(replies.iter().all(|reply| reply.code == 550), "{replies:?}");
    assert_eq!(send(&mut shared::mailbox(), &empty, "x"), "ErrorInvalidRecipients");
}

/// The code of sending to an address.
fn send(ews: &mut Ews, to: &str, subject: &str) -> String {
    let request = format!(
        "<m:CreateItem MessageDisposition=\"SendOnly\"><m:Items><t:Message><t:Subject>{subject}</t:Subject><t:ToRecipients>\
         <t:Mailbox><t:EmailAddress>{to}</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></m:Items></m:CreateItem>"
    );
    let answer = ews.call(&request);
    code(&answer.messages[0]).to_owned()
}

fn sends_from_inside() {
    let server = shared::server();
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let own = [me.account.address.clone(), peer.account.address.clone()];
    let team = group(server, "Sales", &[&own[0], &own[1]]);
    let subject = message::unique("inside");
    assert_eq!(send(&mut me, &team, &subject), "NoError");
    for ews in [&mut me, &mut peer] {
        assert_eq!(subjects(ews, "inbox"), std::slice::from_ref(&subject), "whoever sends is a member as well");
    }
    let id = ops::list(&mut peer, "inbox").remove(0);
    let item = ops::get(&mut peer, &id, &ops::shape("Default", &[]));
    assert_eq!(item.text("t:ToRecipients/t:Mailbox/t:EmailAddress"), Some(team.as_str()), "as it was addressed");
}

fn resolve(ews: &mut Ews, name: &str) -> Node {
    let request = format!(
        "<m:ResolveNames ReturnFullContactData=\"true\" SearchScope=\"ActiveDirectory\"><m:UnresolvedEntry>{name}</m:UnresolvedEntry></m:ResolveNames>"
    );
    ews.call(&request).messages.remove(0)
}

fn is_in_the_directory() {
    let server = shared::server();
    let mut ews = shared::mailbox();
    let group = group(server, "Quartet", &[&ews.account.address.clone()]);
    for name in [group.clone(), format!("smtp:{group}"), "quartet".to_owned()] {
        let found = resolve(&mut ews, &name);
        assert_eq!(code(&found), "NoError", "{name}");
        let mailbox = found.want("m:ResolutionSet/t:Resolution/t:Mailbox");
        assert_eq!((mailbox.text("t:MailboxType"), mailbox.text("t:Name")), (Some("PublicDL"), Some("Quartet")));
        assert_eq!(mailbox.text("t:EmailAddress"), Some(group.as_str()));
    }
}

fn expands_one_level() {
    let server = shared::server();
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let inner = group(server, "Innermost", &[&own]);
    let outer = group(server, "Outermost", &[&own, &inner]);
    let request =
        |name: &str| format!("<m:ExpandDL><m:Mailbox><t:EmailAddress>{name}</t:EmailAddress></m:Mailbox></m:ExpandDL>");
    for name in
        [outer.clone(), outer.to_uppercase(), outer.split('@').next().unwrap().to_owned(), "Outermost".to_owned()]
    {
        let message = ews.one(&request(&name));
        let expansion = message.want("m:DLExpansion");
        assert_eq!(expansion.attribute("TotalItemsInView"), Some("2"), "{name}");
        let mut found: Vec<(&str, &str)> = expansion
            .all("t:Mailbox")
            .iter()
            .map(|one| (one.text("t:EmailAddress").unwrap(), one.text("t:MailboxType").unwrap()))
            .collect();
        found.sort_unstable();
        let mut expected = [(own.as_str(), "Mailbox"), (inner.as_str(), "PublicDL")];
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
    assert_eq!(ews.error(&request(&own)), "ErrorNameResolutionNoResults", "an account is no list");
    assert_eq!(ews.error(&request("nobody@example.test")), "ErrorNameResolutionNoResults");
    group(server, "Outermost", &[]);
    assert_eq!(ews.error(&request("Outermost")), "ErrorNameResolutionMultipleResults");
}
