//! Programs of other people, unmodified: exchangelib, ews-javascript-api, DavMail. Each check is in its script below
//! `tests/clients/`; a relay in front of the server keeps what they say for validation.

use std::process::Command;

use crate::support::demo::Account;
use crate::support::proxy::Relay;
use crate::support::{programs, record, shared};

crate::tests![exchangelib, exchangelib_in_depth, ews_javascript_api, davmail];

fn person(account: &Account) -> serde_json::Value {
    serde_json::json!({ "address": account.address, "login": account.login, "password": account.password })
}

/// Starts a relay and makes the context that the scripts take.
fn context() -> (Relay, serde_json::Value) {
    let relay = Relay::start(shared::server().http());
    let context = serde_json::json!({
        "url": format!("http://{}/EWS/Exchange.asmx", relay.address),
        "me": person(&shared::account()),
        "peer": person(&shared::account()),
    });
    (relay, context)
}

fn exchangelib() {
    python("exchangelib_client.py");
}

fn exchangelib_in_depth() {
    python("exchangelib_deep.py");
}

fn python(script: &str) {
    let Some(python) = programs::python().unwrap_or_else(|e| panic!("{e}")) else {
        return println!("skipped: real clients are switched off");
    };
    let (relay, context) = context();
    let script = programs::scripts().join(script);
    programs::drive(Command::new(python).arg(script).arg(context.to_string()));
    relay.finish();
}

fn ews_javascript_api() {
    let Some(node) = programs::node().unwrap_or_else(|e| panic!("{e}")) else {
        return println!("skipped: real clients are switched off");
    };
    let (relay, context) = context();
    let script = programs::scripts().join("ewsjs_client.js");
    let mut command = Command::new("node");
    command.env("NODE_PATH", node.join("node_modules")).arg(script).arg(context.to_string());
    programs::drive(&mut command);
    relay.finish();
}

fn davmail() {
    let Some(archive) = programs::davmail() else {
        return println!("skipped: DavMail needs java and the package davmail-server (or davmail)");
    };
    let (relay, mut context) = context();
    context["davmail"] = archive.to_string_lossy().into();
    context["folder"] = record::target().join("ewsd-clients/davmail").to_string_lossy().into();
    let script = programs::scripts().join("davmail_client.py");
    programs::drive(Command::new("python3").arg(script).arg(context.to_string()));
    relay.finish();
}
