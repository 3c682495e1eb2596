//! The invariants of ARCHITECTURE.md that a machine can check in the sources and in what was built. Each says what to do when
//! it is broken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::source::{Source, take_apart};

crate::tests![
    sources_are_taken_apart,
    the_master_links_libc_and_friends_only,
    the_master_depends_on_framing_and_messages_only,
    the_master_runs_no_threads_and_sleeps_in_poll_only,
    sql_is_in_the_store_only,
    element_names_are_in_the_protocol_only,
    the_mailbox_knows_no_protocol,
    the_mailbox_depends_on_no_protocol,
    the_journal_is_written_in_one_place,
    mail_leaves_by_one_door,
    mailboxes_are_opened_by_the_gate,
    strangers_octets_are_read_by_the_confined,
    readers_are_for_the_table_alone,
    nothing_panics_on_purpose,
    dates_of_strangers_are_checked,
    unsafe_code_is_where_it_is_needed,
    clock_chance_and_environment_are_read_in_one_place,
    arrows_point_one_way,
    every_setting_stands_in_the_sample_file,
    files_begin_by_saying_what_they_are,
    the_lock_file_names_no_registry_host,
    every_locked_crate_takes_our_rust,
];

/// Everything that serves.
const ALL: &[&str] = &["src", "proto", "master/src", "worker/src"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust source below the folders, with its path relative to the repository.
fn files(folders: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut queue: Vec<PathBuf> = folders.iter().map(|f| root().join(f)).collect();
    while let Some(path) = queue.pop() {
        if path.is_dir() {
            queue.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "no source below {folders:?}");
    found.sort();
    found
}

/// The files that serve, taken apart, without their tests.
fn sources(folders: &[&str]) -> Vec<(String, Source)> {
    files(folders)
        .into_iter()
        .filter(|(path, _)| !is_proof(path))
        .map(|(path, text)| (path, take_apart(without_tests(&text))))
        .collect()
}

/// Files that prove instead of serving.
fn is_proof(path: &str) -> bool {
    let parts = ["/benches/", "/examples/", "/tests/"];
    parts.iter().any(|part| path.contains(part)) || path.ends_with("tests.rs") || path.ends_with("/testing.rs")
}

/// The text up to its module of tests, which comes last in a file.
fn without_tests(text: &str) -> &str {
    const SIGN: &str = "\n#[cfg(test)]\n";
    let Some(at) = text.rfind(SIGN) else { return text };
    let mut behind = text[at + SIGN.len()..].lines().filter(|line| !line.starts_with("#["));
    if behind.next().is_some_and(|line| line.starts_with("mod ")) { &text[..at] } else { text }
}

/// Lines of code (without comments and texts) that `wrong` finds, as `path:line: code`.
fn offences(folders: &[&str], wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    sources(folders)
        .iter()
        .flat_map(|(path, source)| source.code.lines().enumerate().map(move |(n, line)| (path, n + 1, line)))
        .filter(|(path, _, line)| wrong(path, line))
        .map(|(path, n, line)| format!("{path}:{n}: {}", line.trim()))
        .collect()
}

/// String literals that `wrong` finds, as `path:line: text`.
fn wrong_texts(folders: &[&str], wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    sources(folders)
        .iter()
        .flat_map(|(path, source)| source.texts.iter().map(move |(n, text)| (path, n, text)))
        .filter(|(path, _, text)| wrong(path, text))
        .map(|(path, n, text)| format!("{path}:{n}: {text}"))
        .collect()
}

fn sources_are_taken_apart() {
    crate::support::source::proves_itself();
    let cut = without_tests("fn a() {}\n#[cfg(test)]\nuse b;\nfn c() {}\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {}\n");
    assert!(cut.ends_with("fn c() {}\n"), "{cut}");
}

fn assert_none(offences: Vec<String>, remedy: &str) {
    assert!(offences.is_empty(), "{remedy}\n{}", offences.join("\n"));
}

fn the_master_links_libc_and_friends_only() {
    let output = Command::new("readelf").args(["-d", env!("CARGO_BIN_EXE_ewsd")]).output().expect("readelf (binutils)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let needed: Vec<&str> = text
        .lines()
        .filter(|l| l.contains("(NEEDED)"))
        .filter_map(|l| l.split_once('[')?.1.strip_suffix(']'))
        .collect();
    assert!(!needed.is_empty(), "{text}");
    for library in &needed {
        let known = ["libc.so", "libm.so", "libgcc_s.so", "ld-linux"].iter().any(|k| library.starts_with(k));
        assert!(known, "the master links {library}: what needs it belongs into a worker");
    }
}

/// The direct dependencies named in a manifest.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).unwrap();
    let section = text.split("\n[dependencies]").nth(1).unwrap_or_default();
    section
        .lines()
        .skip(1)
        .take_while(|l| !l.starts_with('['))
        .filter_map(|l| l.split(['.', '=', ' ']).next().map(str::trim))
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn the_master_depends_on_framing_and_messages_only() {
    let allowed = ["ewsd-ipc", "ewsd-http", "ewsd-wire", "nix", "mio", "log", "sd-notify", "libc"];
    let found = dependencies("master/Cargo.toml");
    assert!(!found.is_empty());
    let strange: Vec<&String> = found.iter().filter(|d| !allowed.contains(&d.as_str())).collect();
    assert!(strange.is_empty(), "the master never sees XML, SQL or passwords: {strange:?}");
}

fn the_master_runs_no_threads_and_sleeps_in_poll_only() {
    let wrong = ["std::thread", "thread::spawn", "thread::sleep", "std::sync::Mutex", "mpsc::", ".wait()", "block_on"];
    assert_none(
        offences(&["master/src"], |_, line| wrong.iter().any(|w| line.contains(w))),
        "the master waits in poll alone",
    );
}

/// Whether a text reads like SQL, or like a piece of it.
fn is_sql(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let begins =
        ["insert into ", "delete from ", "create table ", "create index ", "alter table ", "drop table ", "truncate "];
    begins.iter().any(|verb| text.starts_with(verb))
        || text.starts_with("select ") && text.contains(" from ")
        || text.starts_with("update ") && text.contains(" set ")
        || text.starts_with("with ") && text.contains(" as (")
        || (1..10).any(|n| text.contains(&format!("= ${n}")))
}

fn sql_is_in_the_store_only() {
    let elsewhere = |path: &str| !path.starts_with("src/store/");
    assert!(is_sql("SELECT a FROM b") && is_sql("AND mailbox = $1") && !is_sql("select one of the words"));
    assert_none(wrong_texts(ALL, |path, text| elsewhere(path) && is_sql(text)), "SQL belongs into src/store");
    assert_none(
        offences(ALL, |path, line| elsewhere(path) && line.contains("postgres::")),
        "only src/store speaks to PostgreSQL",
    );
}

fn element_names_are_in_the_protocol_only() {
    assert_none(
        wrong_texts(&["src", "master/src", "worker/src"], |_, text| {
            text.starts_with("t:")
                || text.starts_with("m:")
                || ["<t:", "<m:", "<s:"].iter().any(|name| text.contains(name))
        }),
        "a handler speaks properties, values and codes; element names belong into proto/ews and proto/model",
    );
}

/// Other protocols than EWS stand on it as well.
fn the_mailbox_knows_no_protocol() {
    const FOLDER: &[&str] = &["src/mailbox/src"];
    let foreign =
        ["std::net", "std::os::unix::net", "quick_xml", "httparse", "ewsd_ews", "ewsd_http", "ewsd_ipc", "ewsd_lmtp"];
    // What converters are asked and answer is in tables of bytes.
    let is_converting = |path: &str| path.starts_with("src/mailbox/src/convert/");
    assert_none(
        offences(FOLDER, |path, line| {
            let is_wire = line.contains("ewsd_wire") && !is_converting(path);
            is_wire || foreign.iter().any(|name| line.contains(name))
        }),
        "what a mailbox is has no sockets and no XML",
    );
    // Converting HTML is its trade; names with a prefix are the protocol's.
    assert_none(
        wrong_texts(FOLDER, |_, text| ["t:", "m:", "soap:"].iter().any(|prefix| text.starts_with(prefix))),
        "element names belong into proto/ews and proto/model",
    );
}

fn the_journal_is_written_in_one_place() {
    let writes = ["insert into journal", "update journal", "delete from journal", "update counter", "truncate journal"];
    assert_none(
        wrong_texts(&["src", "worker/src"], |path, text| {
            let lower = text.to_ascii_lowercase();
            // The other one leaves out a stretch of numbers in all counters, before anybody goes on.
            let may = ["src/store/src/journal.rs", "src/store/src/incarnation.rs"];
            !may.contains(&path) && writes.iter().any(|w| lower.contains(w))
        }),
        "only src/store/src/journal.rs writes the journal and its counter",
    );
}

fn mail_leaves_by_one_door() {
    assert_none(
        offences(&["src", "worker/src"], |path, line| {
            !path.starts_with("src/store/src/outbox/")
                && path != "src/mailbox/src/item/submit.rs"
                && line.contains("put_outgoing(")
        }),
        "only src/mailbox/src/item/submit.rs puts into the outbox, and only what it checked",
    );
}

/// Who may say that it is shut in: whoever has just shut itself in.
const CONFINED: &[&str] = &["worker/src/convert/confine.rs"];

/// The crates that read mail, TNEF, iCalendar and HTML.
const READERS: &[&str] = &["ewsd_mime::", "ewsd_tnef::", "ewsd_ical::", "html5gum::", "mail_parser::"];

/// Functions beside a reader that anybody may call: they write, look at one text of few words that is known already, or once more
/// at what leaves (`check`).
const FOR_ALL: &[(&str, &[&str])] = &[
    ("src/mailbox/src/convert/ical/write.rs", &["write"]),
    ("src/mailbox/src/convert/mime/header.rs", &["date", "prepend"]),
    ("src/mailbox/src/convert/mime/id.rs", &["id", "ids"]),
    ("src/mailbox/src/convert/mime/outgoing/check.rs", &["check"]),
    ("src/mailbox/src/convert/mime/parse.rs", &["describe", "display", "plain_text"]),
];

/// What reads is for the table of conversions alone, so `pub` no further than that.
fn readers_are_for_the_table_alone() {
    const FOLDER: &str = "src/mailbox/src/convert/";
    let reads = |code: &str| READERS.iter().any(|reader| code.contains(reader));
    let is_for_all =
        |path: &str, name: &str| FOR_ALL.iter().any(|(file, names)| *file == path && names.contains(&name));
    let mut open = Vec::new();
    for (path, source) in sources(&[FOLDER]) {
        let functions = source.code.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split(['(', '<']).next());
        let wrong = functions.filter(|name| reads(&source.code) && !is_for_all(&path, name));
        open.extend(wrong.map(|name| format!("{path}: {name}")));
    }
    assert_none(
        open,
        "what reads strangers' octets is a row of src/mailbox/src/convert/table.rs: pub(in crate::convert)",
    );
}

fn strangers_octets_are_read_by_the_confined() {
    assert_none(
        offences(ALL, |path, line| {
            !path.starts_with("src/mailbox/src/convert/")
                && !path.starts_with("proto/")
                && READERS.iter().any(|reader| line.contains(reader))
        }),
        "what reads strangers' octets is a row of src/mailbox/src/convert/table.rs, and is asked by convert::ask",
    );
    assert_none(
        offences(ALL, |path, line| {
            let is_its_own = path == "src/mailbox/src/convert/mod.rs";
            !is_its_own && !CONFINED.contains(&path) && line.contains("Confined::claim")
        }),
        "only a process without database, network and files may read strangers' octets itself: ask the converter",
    );
}

fn mailboxes_are_opened_by_the_gate() {
    // With a number in the brackets it is the store's.
    let by_number = |line: &str| line.split(".mailbox(").skip(1).any(|behind| !behind.starts_with(')'));
    assert_none(
        offences(&["worker/src/op", "src/mailbox/src/item", "src/mailbox/src/property"], |path, line| {
            path != "src/mailbox/src/item/submit.rs" && (by_number(line) || line.contains("Store::"))
        }),
        "ask the gate for the mailbox that was granted (gate.open); only sending reaches others",
    );
}

/// Clippy's lints say the same and more (indexing); this holds where clippy is not installed, too.
fn nothing_panics_on_purpose() {
    let signs = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("];
    assert_none(
        offences(ALL, |_, line| signs.iter().any(|sign| line.contains(sign))),
        "nothing that the network reaches may panic: return an error",
    );
    let lints = ["unwrap_used", "expect_used", "panic)", "panic,"];
    assert_none(
        offences(ALL, |_, line| line.contains("allow(") && lints.iter().any(|lint| line.contains(lint))),
        "only tests may allow what panics",
    );
    for manifest in manifests() {
        let text = fs::read_to_string(root().join(&manifest)).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest} does not take the workspace's lints");
    }
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for lint in ["unwrap_used", "expect_used", "indexing_slicing", "panic"] {
        assert!(text.contains(&format!("\n{lint} = \"deny\"")), "the workspace does not deny {lint}");
    }
}

/// `date(y, m, d)` and `n.days()` of jiff are for constants: they panic for what no calendar has, `Date::new` and `try_days` say so.
fn dates_of_strangers_are_checked() {
    let spans = ["days", "weeks", "months", "years", "hours", "minutes", "seconds"].map(|unit| format!(".{unit}()"));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut wrong = Vec::new();
    for (path, Source { code, .. }) in sources(ALL) {
        let imports = |name: &str| {
            let mut uses = code.lines().filter(|line| line.contains("use jiff::"));
            uses.any(|line| line.split(|c| !is_word(c)).any(|word| word == name))
        };
        let (date, span) = (imports("date"), imports("ToSpan"));
        for (n, line) in code.lines().enumerate() {
            let called = line.match_indices("date(").any(|(at, call)| {
                let is_ours = !date && !line[..at].ends_with("civil::");
                let is_other = line[..at].ends_with(|c| is_word(c) || c == '.') || line[..at].ends_with("fn ");
                !is_ours && !is_other && line[at + call.len()..].starts_with(|c: char| !c.is_ascii_digit())
            });
            let spanned = spans.iter().flat_map(|unit| line.match_indices(unit)).any(|(at, _)| {
                let of = line[..at].rsplit(|c| !is_word(c)).next().unwrap_or_default();
                of.chars().any(|c| c.is_ascii_lowercase()) || of.is_empty()
            });
            if called || (span && spanned) {
                wrong.push(format!("{path}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    assert_none(wrong, "a variable makes jiff panic there: take Date::new, Span::try_days or a SignedDuration");
}

/// The manifests of every crate of the workspace.
fn manifests() -> Vec<String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = text.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() > 5, "{members:?}");
    members.iter().map(|member| format!("{member}/Cargo.toml")).chain(["Cargo.toml".to_owned()]).collect()
}

fn unsafe_code_is_where_it_is_needed() {
    let allowed = [
        "proto/ipc/src/",
        "master/src/spawn.rs",
        "master/src/inherit.rs",
        "worker/src/login/pam.rs",
        "worker/src/role/",
        "src/ctl/demo/server.rs",
    ];
    assert_none(
        offences(ALL, |path, line| {
            let found =
                ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|sign| line.contains(sign));
            found && !allowed.iter().any(|a| path.starts_with(a))
        }),
        "unsafe is for descriptor passing, memfd mapping, spawning and calls of PAM",
    );
}

fn clock_chance_and_environment_are_read_in_one_place() {
    let folders = ["src/settings", "src/store", "src/mailbox", "proto", "master/src", "worker/src"];
    for (what, signs, allowed) in [
        (
            "the clock",
            &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"][..],
            &["clock.rs", "src/settings/src/logging.rs"][..],
        ),
        ("chance", &["getrandom::", "rand::random", "rand::rng", "thread_rng", "Uuid::new_v4"], &["random.rs"]),
        (
            "the environment",
            &["env::var", "env::vars", "env::set_var"],
            &["src/settings/src/load.rs", "master/src/start.rs", "worker/src/sandbox/reach.rs"],
        ),
    ] {
        let found: Vec<String> = offences(&folders, |path, line| {
            !allowed.iter().any(|a| path.ends_with(a)) && signs.iter().any(|s| line.contains(s))
        });
        assert_none(found, &format!("{what} is read in {allowed:?} only"));
    }
}

/// Which crates may depend on which, as ARCHITECTURE.md says it: `model <- ews, lmtp` is two arrows.
fn arrows() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let line = text.lines().find(|line| line.starts_with("Arrows point one way:")).expect("the arrows");
    let mut arrows = Vec::new();
    for group in line.split('`').skip(1).step_by(2) {
        let (from, to) = group.split_once(" <- ").unwrap_or_else(|| panic!("{group}"));
        let names = |list: &str| list.split(", ").map(str::to_owned).collect::<Vec<_>>();
        arrows.extend(names(from).iter().flat_map(|from| names(to).into_iter().map(|to| (to, from.clone()))));
    }
    arrows
}

fn arrows_point_one_way() {
    let mut drawn = arrows();
    let crates = manifests()
        .into_iter()
        .filter(|path| ["proto/", "src/", "master/", "worker/"].iter().any(|folder| path.starts_with(folder)));
    let mut found: Vec<(String, String)> = crates
        .flat_map(|manifest| {
            let name = manifest.trim_end_matches("/Cargo.toml").rsplit('/').next().unwrap().to_owned();
            let ours = dependencies(&manifest).into_iter().filter_map(|d| d.strip_prefix("ewsd-").map(str::to_owned));
            ours.map(move |on| (name.clone(), on)).collect::<Vec<_>>()
        })
        .collect();
    drawn.sort();
    found.sort();
    assert!(found.len() > 20, "{found:?}");
    assert_eq!(
        found, drawn,
        "(a crate, on which it depends) in the manifests, and in ARCHITECTURE.md's line of arrows"
    );
}

/// What speaks to somebody does not belong below the mailbox either.
fn the_mailbox_depends_on_no_protocol() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "ewsd-mailbox", "--depth", "1", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"ewsd-model"), "{text}");
    for foreign in ["ewsd-ews", "ewsd-http", "ewsd-ipc", "ewsd-lmtp", "quick-xml", "httparse", "mio"] {
        assert!(!names.contains(&foreign), "{foreign} belongs into the worker: {names:?}");
    }
}

fn every_setting_stands_in_the_sample_file() {
    let output = Command::new(crate::support::demo::ewsctl()).args(["config", "show", "--defaults"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sample = fs::read_to_string(root().join("etc/ewsd.toml")).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        sample,
        "write etc/ewsd.toml anew: ewsctl config show --defaults"
    );
}

fn files_begin_by_saying_what_they_are() {
    let silent: Vec<String> = files(&[ALL, &["tests"]].concat())
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert_none(silent, "a file begins with `//!`: what it is, what it may not do, where to go next");
}

fn the_lock_file_names_no_registry_host() {
    let lock = fs::read_to_string(root().join("tests/clients/package-lock.json")).unwrap();
    assert!(!lock.contains("\"resolved\""), "npm install --omit-lockfile-registry-resolved");
}

/// Debian 13 has the workspace's rust-version and no newer one. What only other systems need is not there offline: the
/// metadata are those of this one.
fn every_locked_crate_takes_our_rust() {
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().expect("rustc");
    let host = String::from_utf8_lossy(&host.stdout).trim().to_owned();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", &host])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let version = |text: &str| -> Vec<u32> { text.split('.').take(2).map(|part| part.parse().unwrap()).collect() };
    let packages = metadata["packages"].as_array().unwrap();
    let ours = packages.iter().find(|package| package["name"] == "ewsd").unwrap();
    let ours = version(ours["rust_version"].as_str().unwrap());
    assert!(packages.len() > 100 && ours >= vec![1, 85], "{ours:?}");
    let newer: Vec<String> = packages
        .iter()
        .filter(|package| package["rust_version"].as_str().is_some_and(|asks| version(asks) > ours))
        .map(|package| format!("{} {} asks for Rust {}", package["name"], package["version"], package["rust_version"]))
        .collect();
    assert_none(
        newer,
        "take a version of the crate that the workspace's rust-version builds: cargo update -p NAME --precise VERSION",
    );
}
