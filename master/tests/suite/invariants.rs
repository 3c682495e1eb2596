//! What the master must never become: checked on its own source.

use std::fs;
use std::path::Path;

/// Name from `src` on and text of every file, those of `state/` included.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

/// DESIGN: the master never sees XML, SQL, passwords or GSSAPI; it links little.
#[test]
fn it_links_these_and_nothing_else() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let section = text.split("[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let mut names: Vec<&str> = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    assert_eq!(names, ["ewsd-http", "ewsd-ipc", "ewsd-wire", "log", "mio", "nix", "sd-notify"]);
}

/// It has one thread, and waits in one place only.
#[test]
fn it_has_one_thread_and_never_sleeps() {
    for (name, text) in sources() {
        for word in ["std::thread", "thread::", "sleep(", "Wait::Yes", "block_on"] {
            assert!(!text.contains(word), "{word} in {name}");
        }
        // Tests may look at what wakes it.
        let serving = text.split("\n#[cfg(test)]\nmod tests").next().unwrap();
        assert_eq!(serving.contains(".poll(&mut events"), name == "master.rs", "poll in {name}");
    }
}

/// Unsafe code is where processes are started and where descriptors are inherited, and nowhere else.
#[test]
fn unsafe_is_in_two_files() {
    for (name, text) in sources() {
        assert!(["spawn.rs", "inherit.rs"].contains(&name.as_str()) || !text.contains("unsafe {"), "unsafe in {name}");
    }
}

/// The clock, randomness and the environment are read in one place each.
#[test]
fn clock_randomness_and_environment_have_one_place() {
    for (name, text) in sources() {
        for (word, place) in [
            ("::now()", "clock.rs"),
            (".elapsed()", "clock.rs"),
            ("/dev/urandom", "start.rs"),
            ("env::var", "start.rs"),
        ] {
            assert!(name == place || !text.contains(word), "{word} in {name}");
        }
    }
}

/// Client sockets are read and written without waiting, whatever a worker did to their flags.
#[test]
fn every_read_and_write_says_dontwait() {
    for (name, text) in sources() {
        for call in ["recv(socket", "send(socket"] {
            for rest in text.split(call).skip(1) {
                let line: String = rest.chars().take(160).collect();
                assert!(
                    ["MSG_DONTWAIT", "flags)", "Wait::No"].iter().any(|word| line.contains(word)),
                    "{call} in {name}: {line}"
                );
            }
        }
    }
}

/// LIFECYCLE.md names every state.
#[test]
fn the_lifecycle_is_written_down() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("LIFECYCLE.md")).unwrap();
    let table = sources().into_iter().find(|(name, _)| name == "state/mod.rs").unwrap().1;
    let states = table.split("pub enum State {").nth(1).unwrap().split("\n}").next().unwrap();
    let names = states.lines().map(str::trim).filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    let mut count = 0;
    for name in names.map(|line| line.split(['(', ',', ' ']).next().unwrap()) {
        assert!(text.contains(&format!("| {name} |")), "{name}");
        count += 1;
    }
    assert_eq!(count, 14);
}
