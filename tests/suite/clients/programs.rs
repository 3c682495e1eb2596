//! Programs of other people, unmodified: exchangelib, ews-javascript-api, DavMail. Each check is in its script below
//! `tests/clients/`; a relay in front of the server keeps what they say for validation.

use std::process::Command;

use crate::support::demo::Account;
use crate::support::proxy::Relay;
use crate::support::{programs, record, shared};

crate::tests![
    exchangelib,
    exchangelib_in_depth,
    exchangelib_calendar,
    ews_javascript_api,
    ews_javascript_api_calendar,
    davmail,
    davmail_calendar,
    davmail_meetings,
    davmail_books
];

fn person(account: &Account) -> serde_json::Value {
    serde_json::json!({ "address": account.address, "login": account.login, "password": account.password })
}

/// Starts a relay and makes the context that the scripts take.
fn context(keep_requests: bool) -> (Relay, serde_json::Value) {
    let relay = Relay::start(shared::server().http(), keep_requests);
    let context = serde_json::json!({
        "url": format!("http://{}/EWS/Exchange.asmx", relay.address),
        "me": person(&shared::account()),
        "peer": person(&shared::account()),
    });
    (relay, context)
}

fn exchangelib() {
    python("exchangelib_client.py", true);
}

/// Its FindPeople, its GetMailTips and the rights in its UpdateFolder are not what the schema allows.
fn exchangelib_in_depth() {
    python("exchangelib_deep.py", false);
}

/// It says more of occurrences that it changes than the schema allows.
fn exchangelib_calendar() {
    python("exchangelib_calendar.py", false);
}

fn python(script: &str, keep_requests: bool) {
    let Some(python) = programs::python().unwrap_or_else(|e| panic!("{e}")) else {
        return println!("skipped: real clients are switched off");
    };
    let (relay, context) = context(keep_requests);
    let script = programs::scripts().join(script);
    programs::drive(Command::new(python).arg(script).arg(context.to_string()));
    relay.finish();
}

fn ews_javascript_api() {
    javascript("ewsjs_client.js");
}

fn ews_javascript_api_calendar() {
    javascript("ewsjs_calendar.js");
}

fn javascript(script: &str) {
    let Some(node) = programs::node().unwrap_or_else(|e| panic!("{e}")) else {
        return println!("skipped: real clients are switched off");
    };
    let (relay, context) = context(true);
    let script = programs::scripts().join(script);
    let mut command = Command::new("node");
    command.env("NODE_PATH", node.join("node_modules")).arg(script).arg(context.to_string());
    programs::drive(&mut command);
    relay.finish();
}

fn davmail() {
    through_davmail("davmail_client.py");
}

fn davmail_calendar() {
    through_davmail("davmail_calendar.py");
}

fn davmail_meetings() {
    through_davmail("davmail_meetings.py");
}

fn davmail_books() {
    through_davmail("davmail_books.py");
}

fn through_davmail(script: &str) {
    let Some(archive) = programs::davmail() else {
        return println!("skipped: DavMail needs java and the package davmail-server (or davmail)");
    };
    let (relay, mut context) = context(true);
    let folder = record::target().join("ewsd-clients").join(script.trim_end_matches(".py"));
    context["davmail"] = archive.to_string_lossy().into();
    context["folder"] = folder.to_string_lossy().into();
    programs::drive(Command::new("python3").arg(programs::scripts().join(script)).arg(context.to_string()));
    relay.finish();
}
