//! Keeps every envelope of the run below `target/ewsd-exchanges/`, in a folder named by the run's process id, one file of
//! requests and one of replies per test, for `validate` to read at the end. What is wrong on purpose is not kept.

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

thread_local! {
    static TEST: RefCell<String> = const { RefCell::new(String::new()) };
}

static WRITING: Mutex<()> = Mutex::new(());

/// The build's folder for things made by tests.
pub fn target() -> PathBuf {
    let temporary = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().expect("target/tmp lies in target").to_owned()
}

pub fn folder() -> PathBuf {
    all().join(std::process::id().to_string())
}

fn all() -> PathBuf {
    target().join("ewsd-exchanges")
}

/// Makes the run's folder and removes those of runs that have ended.
pub fn clear() {
    fs::create_dir_all(folder()).expect("a folder for the exchanges");
    for entry in fs::read_dir(all()).expect("the folder of all runs").flatten() {
        let ended = entry.file_name().to_str().is_none_or(|pid| !PathBuf::from("/proc").join(pid).exists());
        if ended {
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
}

/// Names the test that runs on this thread.
pub fn begin(test: &str) {
    TEST.with_borrow_mut(|t| *t = test.replace("::", "."));
}

/// The name under which this thread's exchanges are kept.
pub fn tag() -> String {
    TEST.with_borrow(|t| if t.is_empty() { "threads".to_owned() } else { t.clone() })
}

pub fn request(tag: &str, envelope: &[u8]) {
    append(tag, "requests", envelope);
}

pub fn reply(tag: &str, envelope: &[u8]) {
    append(tag, "replies", envelope);
}

/// Documents of another schema than that of the services: the part of the file's name that tells so, and the schema's file.
pub const OTHERS: &[(&str, &str)] = &[("autodiscover", "soap.xsd"), ("pox", "pox-response.xsd")];

fn append(tag: &str, kind: &str, envelope: &[u8]) {
    let _one = WRITING.lock().unwrap();
    let has = |words: &str| envelope.windows(words.len()).any(|part| part == words.as_bytes());
    let path = if has("Envelope>") && has("exchange/2010/Autodiscover") {
        folder().join(format!("{tag}.{kind}.autodiscover.xml"))
    } else if has("exchange/autodiscover/responseschema/2006\"") {
        // What is no envelope is one document a file.
        let free = |n: &usize| !folder().join(format!("{tag}.{kind}.{n}.pox.xml")).exists();
        folder().join(format!("{tag}.{kind}.{}.pox.xml", (0..).find(free).unwrap_or_default()))
    } else {
        folder().join(format!("{tag}.{kind}.xml"))
    };
    let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("the exchange's file");
    file.write_all(envelope).and_then(|()| file.write_all(b"\n")).expect("the exchange is kept");
}
