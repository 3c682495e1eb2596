//! Other people's programs search among other people's messages (`make corpus`): what they must find is told by Python's `email`
//! (`tests/clients/corpus_common.py`).

use std::path::PathBuf;
use std::process::Command;

use crate::support::demo::Account;
use crate::support::lmtp::Lmtp;
use crate::support::proxy::Relay;
use crate::support::{programs, record, shared};

crate::tests![find_what_they_should];

/// One program after the other, in one mailbox. Without a folder of messages there is nothing to search.
fn find_what_they_should() {
    let Some(folder) = std::env::var_os("EWSD_CORPUS").map(PathBuf::from) else {
        return println!("skipped: EWSD_CORPUS names no folder of messages");
    };
    let account = shared::account();
    println!("{} messages delivered", deliver_all(&folder, &account));
    let relay = Relay::start(shared::server().http(), false);
    let person = serde_json::json!({
        "address": account.address, "login": account.login, "password": account.password,
    });
    let mut context = serde_json::json!({
        "url": format!("http://{}/EWS/Exchange.asmx", relay.address), "me": person, "peer": person, "corpus": folder,
    });
    match programs::python().unwrap_or_else(|e| panic!("{e}")) {
        Some(python) => drive(Command::new(python), "exchangelib_corpus.py", &context),
        None => println!("skipped: real clients are switched off"),
    }
    match programs::davmail() {
        Some(archive) => {
            context["davmail"] = archive.to_string_lossy().into();
            context["folder"] = record::target().join("ewsd-clients/davmail_corpus").to_string_lossy().into();
            drive(Command::new("python3"), "davmail_corpus.py", &context);
        }
        None => println!("skipped: DavMail needs java and the package davmail-server (or davmail)"),
    }
    drive(Command::new("python3"), "thunderbird_corpus.py", &context);
    relay.finish();
}

fn drive(mut python: Command, script: &str, context: &serde_json::Value) {
    programs::drive(python.arg(programs::scripts().join(script)).arg(context.to_string()));
}

/// In the order of the files' names, as the scripts number them.
fn deliver_all(folder: &PathBuf, account: &Account) -> usize {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let mut lmtp = Lmtp::hello(shared::server().lmtp());
    for file in &files {
        let octets = std::fs::read(file).expect("a message");
        let text = octets.split_inclusive(|octet| *octet == b'\n').fold(Vec::new(), |mut text, line| {
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            text.extend_from_slice(bare.strip_suffix(b"\r").unwrap_or(bare));
            text.extend_from_slice(b"\r\n");
            text
        });
        let replies = lmtp.deliver("sender@elsewhere.test", &[&account.address], &text);
        assert_eq!(replies[0].code, 250, "{}: {replies:?}", file.display());
    }
    files.len()
}
