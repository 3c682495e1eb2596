//! What real clients sent to another server, replayed: the reference's captures, when they are at hand. Their ids are
//! nobody's here, so that many objects are not found; but no request may be taken for a malformed one.

use std::fs;
use std::path::PathBuf;

use crate::support::ews::{CONTENT_TYPE, PATH};
use crate::support::xml::Node;
use crate::support::{record, shared, validate};

crate::tests![takes_what_real_clients_send];

/// Every captured request: its client and file, and its body.
fn captures() -> Vec<(String, String)> {
    let Some(folder) = validate::reference().map(|r| r.join("captures")).filter(|c| c.is_dir()) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|client| client.unwrap().path())
        .filter(|client| client.is_dir())
        .flat_map(|client| fs::read_dir(client).unwrap().map(|file| file.unwrap().path()))
        .filter(|file| file.extension().is_some_and(|e| e == "xml"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&file).unwrap())
        })
        .filter(|(name, _)| !name.contains("Autodiscover"))
        .collect()
}

fn takes_what_real_clients_send() {
    let captures = captures();
    if captures.is_empty() {
        return println!("skipped: no captures here (EWSD_REFERENCE names the folder of the reference)");
    }
    let mut ews = shared::mailbox().unrecorded();
    let authorization = ews.authorization();
    let mut wrong = Vec::new();
    for (name, body) in &captures {
        let body = body.replace("user1@example.test", &ews.account.address);
        let reply = ews.http.post(PATH, &[CONTENT_TYPE, &authorization, "Prefer: wait=0"], body.as_bytes());
        if reply.status != 200 {
            wrong.push(format!("{name}: {} {}", reply.status, reply.text()));
            continue;
        }
        let answer = Node::parse(&reply.text());
        assert!(answer.find("m:ResponseCode").is_some() || answer.find("t:ErrorCode").is_some(), "{name}: {answer:#?}");
        record::reply(&record::tag(), &reply.body);
    }
    assert!(
        wrong.is_empty(),
        "{} of {} captured requests are refused:\n{}",
        wrong.len(),
        captures.len(),
        wrong.join("\n")
    );
    println!("{} captured requests of real clients are taken", captures.len());
}
